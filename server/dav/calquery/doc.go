// Package calquery answers what clients ask about calendar objects: whether one matches a filter (RFC 4791 9.7 to 9.9), what part of it is wanted and
// how series are to be shown (9.6), and when its owner is busy (7.10). All of it is a function of bodies and of the elements of requests; nothing is kept.
//
// What a request gets wrong is a *davxml.Condition. A body that makes no sense is an error of kind Invalid: the caller leaves it out and says so in its log.
//
// Floating times and days are read in the zone that the request names, else the calendar's, else UTC (RFC 4791 7.3); see [ZoneOf].
package calquery

import (
	"tandem/kind/recur"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// Env is what a query needs to know beside the request. The zero value is ready for use.
type Env struct {
	Zones        *recur.Zones // memory of zones, shared by all requests; nil: one of this query alone
	Floating     recur.Zone   // what floating times and days are read in; nil: UTC
	MaxInstances int          // of one series, at most so many are expanded; 0: 5,000
}

func (e Env) filled() Env {
	if e.Zones == nil {
		e.Zones = &recur.Zones{}
	}
	if e.Floating == nil {
		e.Floating = recur.Fixed("UTC", 0)
	}
	if e.MaxInstances <= 0 {
		e.MaxInstances = 5000
	}
	return e
}

func refuse(name davxml.Name, text string, about ...*davxml.Element) error {
	c := davxml.Fail(403, name, about...)
	c.Text = text
	return c
}

// ZoneOf is the zone that a CALDAV:calendar-query or CALDAV:free-busy-query names: by CALDAV:timezone with a VTIMEZONE (RFC 4791 9.8) or by
// CALDAV:timezone-id (RFC 7809 5.2). It is fallback where the request names none.
func ZoneOf(report *davxml.Element, zones *recur.Zones, fallback recur.Zone) (recur.Zone, error) {
	if zones == nil {
		zones = &recur.Zones{}
	}
	text, id := report.Child(davxml.C("timezone")), report.Child(davxml.C("timezone-id"))
	switch {
	case text != nil && id != nil:
		return nil, refuse(davxml.C("valid-timezone"), "CALDAV:timezone and CALDAV:timezone-id exclude each other")
	case id != nil:
		if z := zones.Find(id.Value()); z != nil {
			return z, nil
		}
		return nil, refuse(davxml.C("valid-timezone"), "the time zone "+id.Value()+" is not known")
	case text != nil:
		return ParseZone([]byte(text.Chars()), zones)
	}
	return fallback, nil
}

// ParseZone reads a calendar object that holds one VTIMEZONE, as the property CALDAV:calendar-timezone does. RFC 4791 5.2.2
func ParseZone(body []byte, zones *recur.Zones) (recur.Zone, error) {
	if zones == nil {
		zones = &recur.Zones{}
	}
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, refuse(davxml.C("valid-calendar-data"), "the time zone cannot be read: "+err.Error())
	}
	id, n := "", 0
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if c.Is("VTIMEZONE") {
				id = ical.ZoneID(c)
				n++
			}
		}
		if n != 1 {
			continue
		}
		if z := zones.In(cal)(id); z != nil {
			return z, nil
		}
	}
	return nil, refuse(davxml.C("valid-calendar-data"), "the text holds no time zone that makes sense, or more than one")
}
