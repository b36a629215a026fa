package event

import (
	"time"

	"tandem/kind/eas/zone"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wintz"
)

// zoneName is a zone and how times in it are written.
type zoneName struct {
	zone recur.Zone
	form ical.Form // UTC, Zoned or Floating
	tzid string    // of Zoned
	blob wintz.Zone
	make bool // no place has this name: the blob says what it means
}

// userZone is how the user's own zone is written.
func userZone(loc *time.Location, now int64) zoneName {
	if loc == nil {
		loc = time.UTC
	}
	z := recur.Location(loc)
	switch name := loc.String(); {
	case name == "UTC":
		return zoneName{zone: recur.Fixed("UTC", 0), form: ical.UTC}
	case recur.IANA(name) != "":
		return zoneName{zone: z, form: ical.Zoned, tzid: name}
	}
	blob := zone.Of(z, now)
	return zoneName{zone: z, form: ical.Zoned, tzid: zone.Invented(blob), blob: blob, make: true}
}

// time is an instant as it is written in the zone.
func (z zoneName) time(at int64) ical.Time {
	if z.form == ical.UTC {
		return ical.Time{Wall: at, Form: ical.UTC}
	}
	return ical.Time{Wall: at + int64(z.zone.Offset(at)), Form: z.form, TZID: z.tzid}
}

// zoneNamed is how a time is written already.
func (ob *object) zoneNamed(t ical.Time) zoneName {
	switch t.Form {
	case ical.UTC:
		return zoneName{zone: recur.Fixed("UTC", 0), form: ical.UTC}
	case ical.Floating:
		return zoneName{zone: ob.user, form: ical.Floating}
	}
	return zoneName{zone: ob.zoneOf(t), form: ical.Zoned, tzid: t.TZID}
}

// zoneFor finds the zone that a client means by a structure, where that is not the event's own.
func (w *writer) zoneFor(blob wintz.Zone, at int64) zoneName {
	wanted := zone.Wanted{Blob: blob, At: at, Now: w.o.Now, User: w.o.Zone}
	switch id := zone.Find(w.zones, wanted); {
	case id == "":
		return zoneName{zone: blob, form: ical.Zoned, tzid: zone.Invented(blob), blob: blob, make: true}
	case id == "UTC" || id == "Etc/UTC":
		return zoneName{zone: recur.Fixed("UTC", 0), form: ical.UTC}
	default:
		return zoneName{zone: w.zones.Find(id), form: ical.Zoned, tzid: id}
	}
}

// define sees to it that the calendar object says what its zones mean (RFC 5545 3.6.5).
func (w *writer) define() {
	refs := map[string]bool{}
	for c := range w.ob.cal.Children() {
		if !c.Is("VTIMEZONE") {
			ical.References(c, refs)
		}
	}
	for c := range w.ob.cal.Children() {
		if c.Is("VTIMEZONE") {
			delete(refs, ical.ZoneID(c))
		}
	}
	for _, z := range w.named {
		if !refs[z.tzid] {
			continue
		}
		delete(refs, z.tzid)
		at := w.ob.span(w.ob.main).start
		blob := z.blob
		if !z.make {
			blob = zone.Of(z.zone, at)
		}
		y, _, _ := ical.Civil(ical.FloorDiv(at, ical.DaySeconds))
		ical.AddZone(w.ob.cal, contentline.Item{Child: zone.Component(z.tzid, blob, y)})
	}
}
