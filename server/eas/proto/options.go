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

// preference are the elements of a BodyPreference in their order, each at most once, with the least and the greatest value. MS-ASAIRS 2.2.2.12
var preference = [...]struct {
	tag         wbxml.Tag
	least, most uint64
}{
	{wbxml.AirSyncBaseType, uint64(eas.Plain), uint64(eas.MIME)}, {wbxml.AirSyncBaseTruncationSize, 0, 1<<32 - 1}, {wbxml.AirSyncBaseAllOrNone, 0, 1}, {wbxml.AirSyncBasePreview, 0, 255},
}

// SoundBodies reports whether the preferences among options keep to their form: one for each type, and what is in each in its place, once, and of its type.
// MS-ASAIRS 3.2.5.1
func SoundBodies(options *wbxml.Element) bool {
	types := map[string]bool{}
	for e := range options.All(wbxml.AirSyncBaseBodyPreference) {
		typ := e.Get(wbxml.AirSyncBaseType)
		if typ == "" || types[typ] {
			return false
		}
		types[typ] = true
		next := 0
		for _, c := range e.Children {
			for next < len(preference) && preference[next].tag != c.Tag {
				next++
			}
			if next == len(preference) {
				return false
			}
			p := preference[next]
			next++
			if c.Tag == wbxml.AirSyncBaseAllOrNone && c.String() == "" { // MS-ASDTYPE_R6: it is true
				continue
			}
			if n, err := strconv.ParseUint(c.String(), 10, 64); err != nil || n < p.least || n > p.most {
				return false
			}
		}
	}
	return true
}
