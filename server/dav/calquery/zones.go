package calquery

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tandem/kind/eas/zone"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// ZonesHeader is the header by which a client says whether it wants the definitions of time zones in what it is sent. RFC 7809 7.1
const ZonesHeader = "CalDAV-Timezones"

// ZonesFor is a calendar object with the definitions of time zones that a client asks for by ZonesHeader: T for all, F for none that everybody knows by name. One
// that does not say gets what is there.
func ZonesFor(h http.Header, body []byte, zones *recur.Zones) []byte {
	switch strings.TrimSpace(h.Get(ZonesHeader)) {
	case "T":
		return WithZones(body, zones)
	case "F":
		return WithoutZones(body, zones)
	}
	return body
}

// maxDefined bounds the definitions that are added to one object.
const maxDefined = 100

// WithZones is a calendar object with a definition of each time zone that it refers to by a name that everybody knows, and does not define. One that lacks none,
// or cannot be read, is given back as it is.
func WithZones(body []byte, zones *recur.Zones) []byte {
	if !bytes.Contains(body, []byte("TZID")) && !bytes.Contains(body, []byte("tzid")) {
		return body
	}
	doc, err := ical.Parse(body)
	if err != nil {
		return body
	}
	if zones == nil {
		zones = &recur.Zones{}
	}
	added := 0
	for cal := range doc.Components() {
		names, year, at := undefined(cal)
		for _, id := range names {
			z := zones.Find(id)
			if z == nil || recur.IANA(id) != id || added == maxDefined {
				continue
			}
			added++
			ical.AddZone(cal, contentline.Item{Child: zone.Component(id, zone.Of(z, at), year)})
		}
	}
	if added == 0 {
		return body
	}
	return doc.Bytes()
}

// undefined lists the time zones that a calendar object refers to and does not define, in order, with when it begins to refer to them.
func undefined(cal *contentline.Component) (names []string, year int, at int64) {
	refs := map[string]bool{}
	year = 9999
	for c := range cal.Children() {
		if c.Is("VTIMEZONE") {
			continue
		}
		ical.References(c, refs)
		l := c.Get("DTSTART")
		if l == nil {
			continue
		}
		if t, err := ical.TimeOf(l); err == nil && !t.IsZero() {
			if y, _, _ := ical.Civil(ical.FloorDiv(t.Wall, ical.DaySeconds)); y < year {
				year, at = y, t.Wall
			}
		}
	}
	for c := range cal.Children() {
		if c.Is("VTIMEZONE") {
			delete(refs, ical.ZoneID(c))
		}
	}
	if year == 9999 {
		year = 1970
	}
	return slices.Sorted(maps.Keys(refs)), year, at
}

// WithoutZones is a calendar object without the definitions of time zones that everybody knows by their name: for clients that send the header
// CalDAV-Timezones: F. Zones of other names stay, and so do all other bytes; an object that holds none of them, or cannot be read, is given back as it is.
func WithoutZones(body []byte, zones *recur.Zones) []byte {
	if !bytes.Contains(body, []byte("TZID")) && !bytes.Contains(body, []byte("tzid")) {
		return body
	}
	doc, err := ical.Parse(body)
	if err != nil {
		return body
	}
	if zones == nil {
		zones = &recur.Zones{}
	}
	cut := false
	for cal := range doc.Components() {
		kept := make([]contentline.Item, 0, len(cal.Items))
		for _, it := range cal.Items {
			if it.Child != nil && it.Child.Is("VTIMEZONE") {
				if id := ical.ZoneID(it.Child); recur.IANA(id) == id && zones.Find(id) != nil {
					cut = true
					continue
				}
			}
			kept = append(kept, it)
		}
		cal.Items = kept
	}
	if !cut {
		return body
	}
	return doc.Bytes()
}
