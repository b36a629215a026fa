package itip

import (
	"slices"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

const product = "-//Tandem//EN"

// message writes components of the object as a message. They are copies, fit to be sent.
func (d Desk) message(ob *object, m Method, list []*contentline.Component) []byte {
	cal := contentline.NewComponent("VCALENDAR")
	cal.Set("PRODID", product)
	cal.Set("VERSION", "2.0")
	cal.Set("METHOD", string(m))
	refs := map[string]bool{}
	for _, c := range list {
		d.stamp(c)
		ical.References(c, refs)
	}
	for zone := range ob.cal.Children() {
		if id := ical.ZoneID(zone); zone.Is("VTIMEZONE") && refs[id] {
			refs[id] = false
			cal.Add(ob.doc.AdoptItem(contentline.Item{Child: zone}))
		}
	}
	for _, c := range list {
		cal.Add(contentline.Item{Child: c})
	}
	return contentline.NewDocument(cal).Bytes()
}

// stamp says when a component of a message was written. RFC 5545 3.8.7.2
func (d Desk) stamp(c *contentline.Component) {
	setTime(c, "DTSTAMP", ical.Time{Wall: d.Now, Form: ical.UTC})
}

// copyOf is a component of the object as a copy that can be edited, with the line endings of messages.
func copyOf(c *contentline.Component) *contentline.Component {
	return contentline.NewDocument().AdoptItem(contentline.Item{Child: c}).Child
}

// only leaves the lines of these names in a component, and nothing within.
func only(c *contentline.Component, names ...string) {
	c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool {
		return it.Line == nil || !slices.ContainsFunc(names, it.Line.Is)
	})
}

// MethodOf is the METHOD of a message, "" of a body that is none.
func MethodOf(body []byte) Method {
	doc, err := ical.Parse(body)
	if err != nil {
		return ""
	}
	for cal := range doc.Components() {
		if cal.Is("VCALENDAR") {
			return Method(word(cal, "METHOD"))
		}
	}
	return ""
}
