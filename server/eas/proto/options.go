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
		if p := one(e); p.Type >= eas.Plain && p.Type <= eas.MIME {
			list = append(list, p)
		}
	}
	return list
}

// one reads a preference; its type is 0 if that is none.
func one(e *wbxml.Element) eas.BodyPreference {
	typ, _ := strconv.ParseUint(e.Get(wbxml.AirSyncBaseType), 10, 8) // 0 for what is no number
	p := eas.BodyPreference{Type: eas.BodyType(typ), Truncation: -1, AllOrNone: e.Get(wbxml.AirSyncBaseAllOrNone) == "1"}
	if n, err := strconv.ParseInt(e.Get(wbxml.AirSyncBaseTruncationSize), 10, 64); err == nil && n >= 0 && n < 1<<32-1 { // the largest means none
		p.Truncation = n
	}
	if n, err := strconv.Atoi(e.Get(wbxml.AirSyncBasePreview)); err == nil && n > 0 {
		p.Preview = min(n, 255)
	}
	return p
}

// Shown sets what an Options element says of how records are shown: bodies, message parts, and whether messages come as they are. MS-ASCMD 2.2.3.125
func Shown(o *eas.Options, options *wbxml.Element) {
	o.Bodies, o.Part, o.MIME = BodyPreferences(options), PartPreference(options), MIMESupport(options)
}

// MIMESupport reads for which messages the client wants the message itself. MS-ASCMD 2.2.3.110
func MIMESupport(options *wbxml.Element) int {
	switch options.Get(wbxml.AirSyncMIMESupport) {
	case "1":
		return 1
	case "2":
		return 2
	}
	return 0
}

// mimeSizes are the sizes in bytes that the values of MIMETruncation stand for. MS-ASCMD 2.2.3.111
var mimeSizes = [...]int64{0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, -1}

// MIMETruncation adds to preferences how much of a message the client wants where it says so apart from them; a preference for messages with a size of its own counts.
func MIMETruncation(options *wbxml.Element, list []eas.BodyPreference) []eas.BodyPreference {
	n, err := strconv.Atoi(options.Get(wbxml.AirSyncMIMETruncation))
	if err != nil || n < 0 || n >= len(mimeSizes) || MIMESupport(options) == 0 {
		return list
	}
	for i := range list {
		if list[i].Type == eas.MIME {
			if list[i].Truncation < 0 {
				list[i].Truncation = mimeSizes[n]
			}
			return list
		}
	}
	return append(list, eas.BodyPreference{Type: eas.MIME, Truncation: mimeSizes[n]})
}

// PartPreference reads what an Options element says of message parts, nil for nothing. MS-ASAIRS 2.2.2.11
func PartPreference(options *wbxml.Element) *eas.BodyPreference {
	var out *eas.BodyPreference
	for e := range options.All(wbxml.AirSyncBaseBodyPartPreference) {
		if p := one(e); out == nil || p.Type == eas.HTML {
			out = &p
		}
	}
	return out
}

// PartFits reports whether a preference for message parts can be met, if the version has such. MS-ASCON 3.2.5.7
func PartFits(p *eas.BodyPreference, v eas.Version) bool {
	return p == nil || v < eas.V141 || p.Type == eas.HTML
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
