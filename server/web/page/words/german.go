package words

import "maps"

// german are the texts in German, by the English, put together of those of each part of the pages.
func german() map[string]string {
	all := map[string]string{}
	for _, part := range []map[string]string{germanCenter(), germanCommon(), germanConflict(), germanDevice(), germanItem(), germanLog(), germanPeople(), germanPhone(), germanPlace(), germanSettings()} {
		maps.Copy(all, part)
	}
	return all
}
