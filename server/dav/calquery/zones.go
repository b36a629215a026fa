package calquery

import (
	"bytes"

	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// WithoutZones is a calendar object without the definitions of time zones that everybody knows by their name: for clients that send the header
// CalDAV-Timezones: F. Zones of other names stay, and so do all other bytes; an object that holds none of them, or cannot be read, is given back as it is.
// RFC 7809 3.1.2
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
