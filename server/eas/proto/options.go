package proto

import (
	"strconv"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// BodyPreferences reads what an Options element says of bodies, in its order; nonsense is passed over. options may be nil. MS-ASAIRS 2.2.2.12
func BodyPreferences(options *wbxml.Element) []eas.BodyPreference {
	var list []eas.BodyPreference
	for e := range options.All(wbxml.AirSyncBaseBodyPreference) {
		typ, err := strconv.ParseUint(e.Get(wbxml.AirSyncBaseType), 10, 8)
		if err != nil || typ < uint64(eas.Plain) || typ > uint64(eas.MIME) {
			continue
		}
		p := eas.BodyPreference{Type: eas.BodyType(typ), Truncation: -1, AllOrNone: e.Get(wbxml.AirSyncBaseAllOrNone) == "1"}
		if n, err := strconv.ParseInt(e.Get(wbxml.AirSyncBaseTruncationSize), 10, 64); err == nil && n >= 0 && n < 1<<32-1 { // the largest means none
			p.Truncation = n
		}
		if n, err := strconv.Atoi(e.Get(wbxml.AirSyncBasePreview)); err == nil && n > 0 {
			p.Preview = min(n, 255)
		}
		list = append(list, p)
	}
	return list
}
