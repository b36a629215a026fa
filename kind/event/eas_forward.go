package event

import (
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// Forward makes of an event what is sent to somebody who was not invited to it: the invitation unchanged, but without what is its owner's alone, as reminders are. An event that
// nobody is invited to is published. With an instance, that one alone is sent; NotFound if there is none. RFC 5546 3.2.2.6, MS-ASCMD 2.2.1.19
func (v View) Forward(body []byte, instance, from string, o eas.Options) ([]byte, error) {
	zones := v.zones()
	ob, err := open(zones, body, userZone(o.Zone, o.Now))
	if err != nil {
		return nil, err
	}
	w := &writer{ob: ob, o: eas.Put{Options: o}, zones: zones, s: &shower{ob: ob, o: o}}
	if instance != "" {
		key, err := w.locate(instance)
		if err != nil {
			return nil, err
		}
		if !ob.repeats() && ob.override(key) == nil {
			return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find instance", Thing: instance, Remedy: "forward the event, it does not repeat"}
		}
		w.alone(key)
		one := ob.override(key)
		if one == nil {
			one = w.adopt(key)
		}
		w.bookkeeping(one.c, wbxml.New(wbxml.AirSyncApplicationData))
		w.define()
		drop(ob.cal, func(it contentline.Item) bool { return it.Child != nil && it.Child.Is("VEVENT") && it.Child != one.c })
	}
	method := "PUBLISH"
	for c := range ob.cal.Children() {
		if !c.Is("VEVENT") {
			continue
		}
		drop(c, func(it contentline.Item) bool {
			return it.Child != nil && it.Child.Is("VALARM") || it.Line != nil && strings.HasPrefix(strings.ToUpper(it.Line.Name()), "X-TANDEM-")
		})
		if c.Get("ORGANIZER") == nil {
			c.Set("ORGANIZER", "mailto:"+from)
		} else if c.Get("ATTENDEE") != nil {
			method = "REQUEST"
		}
	}
	ob.cal.Set("METHOD", method)
	return ob.doc.Bytes(), nil
}

// Repeats reports whether an event happens more than once.
func Repeats(body []byte) bool {
	doc, err := ical.Parse(body)
	if err != nil {
		return false
	}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if c.Is("VEVENT") && (c.Get("RRULE") != nil || c.Get("RDATE") != nil || c.Get("RECURRENCE-ID") != nil) {
				return true
			}
		}
	}
	return false
}

// drop removes items of a component.
func drop(c *contentline.Component, gone func(contentline.Item) bool) {
	kept := c.Items[:0:0]
	for _, it := range c.Items {
		if !gone(it) {
			kept = append(kept, it)
		}
	}
	c.Items = kept
}
