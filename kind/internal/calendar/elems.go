package calendar

import (
	"slices"
	"strings"

	"tandem/kind/propmerge"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// scope says how a component's lines are to be taken.
type scope struct {
	inner  bool // a component within a record (an alarm), or a zone
	task   bool
	labels bool   // for a merge: fill in Label and Text
	merge  bool   // for a merge of something whose labels nobody sees
	of     string // " of 2026-03-01": which override the labels speak of
}

// What changes as a whole (the fields of elements that several lines make up).
const (
	fieldTime   = "\x02time"
	fieldStatus = "\x02status"
	fieldOpaque = "\x02opaque"
)

func (r *record) elems(key string, labels bool) []propmerge.Elem {
	return r.appendElems(nil, key, labels)
}

// appendElems is elems into memory of the caller's.
func (r *record) appendElems(out []propmerge.Elem, key string, labels bool) []propmerge.Elem {
	c := r.parts[key]
	s := scope{labels: labels, task: r.h.Component == "VTODO"}
	if labels {
		s.of = overrideName(c)
	}
	return s.appendElems(out, c)
}

// overrideName is " of 2026-03-01" for an override, "" for the series.
func overrideName(c *contentline.Component) string {
	l := c.Get("RECURRENCE-ID")
	if l == nil {
		return ""
	}
	when, _, _ := strings.Cut(readable(l), " ")
	return " of " + when
}

// calendarElems are the properties of the calendar object that matter to the record, and components nobody knows.
func (r *record) calendarElems(labels bool) []propmerge.Elem {
	s := scope{inner: true, labels: labels}
	var out []propmerge.Elem
	for i := range r.cal.Items {
		it := r.cal.Items[i]
		switch {
		case it.Child != nil:
			if !it.Child.Is("VTIMEZONE") && !it.Child.Is(r.h.Component) {
				out = append(out, s.child(s.carrier(r.cal, i)))
			}
		case it.Line.Blank(), it.Line.Is("PRODID"), it.Line.Is("VERSION"), ical.DescribesCalendar(it.Line),
			it.Line.Is("CALSCALE") && strings.EqualFold(it.Line.Value(), "GREGORIAN"), it.Line.Is("METHOD") && strings.EqualFold(it.Line.Value(), "PUBLISH"):
		default:
			out = s.line(out, s.carrier(r.cal, i))
		}
	}
	return out
}

// carrier is one item of a component as an element holds it. Where only a digest is made, it is the component's own
// memory; a merge edits the component and needs a copy.
func (s scope) carrier(c *contentline.Component, i int) []contentline.Item {
	if s.labels || s.merge {
		return []contentline.Item{c.Items[i]}
	}
	return c.Items[i : i+1 : i+1]
}

// elems takes a component apart.
func (s scope) elems(c *contentline.Component) []propmerge.Elem { return s.appendElems(nil, c) }

// appendElems is elems into memory of the caller's.
func (s scope) appendElems(out []propmerge.Elem, c *contentline.Component) []propmerge.Elem {
	if cap(out)-len(out) < len(c.Items) {
		out = append(make([]propmerge.Elem, 0, len(out)+len(c.Items)), out...)
	}
	var time, status []contentline.Item
	for i := range c.Items {
		it := c.Items[i]
		if it.Child != nil {
			out = append(out, s.child(s.carrier(c, i)))
			continue
		}
		if it.Line.Blank() {
			continue
		}
		switch name := upper(it.Line.Name()); {
		case s.inner:
			out = s.line(out, s.carrier(c, i))
		case isTime(name):
			time = append(time, it)
		case s.task && isStatus(name):
			status = append(status, it)
		default:
			out = s.line(out, s.carrier(c, i))
		}
	}
	if len(time) > 0 {
		out = append(out, s.unit(fieldTime, "start", time))
	}
	if len(status) > 0 {
		out = append(out, s.unit(fieldStatus, "status", status))
	}
	return out
}

func isTime(name string) bool {
	switch name {
	case "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXRULE":
		return true
	}
	return false
}

func isStatus(name string) bool {
	return name == "STATUS" || name == "COMPLETED" || name == "PERCENT-COMPLETE"
}

// upper is strings.ToUpper, which costs nothing for what is in upper case already.
func upper(s string) string { return strings.ToUpper(s) }

// unit makes one element of lines that only make sense together.
func (s scope) unit(field, label string, items []contentline.Item) propmerge.Elem {
	e := propmerge.Elem{Field: field, Single: true, Items: items}
	values := make([]string, 0, len(items))
	start := startOf(items)
	for _, it := range items {
		if v := s.lengthMeaning(it.Line, start); v != "" {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	e.Value = strings.Join(slices.Compact(values), "\x01")
	if s.labels {
		e.Label = label + s.of
		var texts []string
		for _, it := range items {
			texts = append(texts, valueText(it.Line))
		}
		e.Text = strings.Join(texts, ", ")
	}
	return e
}

// child makes an element of a component within.
func (s scope) child(items []contentline.Item) propmerge.Elem {
	c := items[0].Child
	e := propmerge.Elem{Field: "\x03" + upper(c.Name()), Value: canonical(c), Items: items}
	switch {
	case c.Get("UID") != nil:
		e.Ident = ical.UID(c)
	case c.Is("VALARM"):
		for _, name := range []string{"TRIGGER", "ACTION"} {
			if l := c.Get(name); l != nil {
				e.Ident += lineMeaning(l) + "\x01"
			}
		}
	}
	e.Slot = e.Ident
	if s.labels {
		e.Label = strings.ToLower(c.Name())
		if c.Is("VALARM") {
			e.Label = "alarm"
			if l := c.Get("TRIGGER"); l != nil {
				e.Text = l.Value()
			}
		}
		e.Label += s.of
	}
	return e
}

// line adds the elements of one line.
func (s scope) line(out []propmerge.Elem, items []contentline.Item) []propmerge.Elem {
	l := items[0].Line
	if l.Opaque() {
		v := strings.Join(strings.FieldsFunc(l.Raw(), func(r rune) bool { return r == '\r' || r == '\n' }), "\n")
		return append(out, propmerge.Elem{Field: fieldOpaque, Value: v, Ident: v, Slot: v, Label: "a line that makes no sense" + s.of, Text: v,
			Items: items})
	}
	name := upper(l.Name())
	if s.silent(name, l) {
		return out
	}
	e := propmerge.Elem{Field: name, Items: items}
	switch name {
	case "EXDATE", "RDATE", "CATEGORIES", "RESOURCES":
		if !l.Quoted() {
			return s.list(out, e, l)
		}
	}
	e.Value = lineMeaning(l)
	switch name {
	case "ATTENDEE":
		e.Ident = ical.Address(l)
		e.Slot = e.Ident
	case "ATTACH", "CONTACT", "RELATED-TO", "REQUEST-STATUS", "IMAGE", "CONFERENCE", "LINK", "REFID", "CONCEPT":
		e.Ident = value(l)
		e.Slot = e.Ident
	case "COMMENT":
		e.Ident = value(l)
	default:
		e.Single = true
	}
	if s.labels {
		e.Label, e.Text = label(name)+s.of, valueText(l)
		if name == "ATTENDEE" {
			e.Label, e.Text = "attendee "+ical.Address(l)+s.of, attendeeText(l)
		}
	}
	return append(out, e)
}

// silent reports whether a line says nothing: bookkeeping, a default, or an empty text.
func (s scope) silent(name string, l *contentline.Line) bool {
	switch name {
	case "DTSTAMP", "LAST-MODIFIED", "CREATED":
		return true
	case "SEQUENCE", "UID", "RECURRENCE-ID":
		return !s.inner
	case "TZURL", "X-LIC-LOCATION":
		return s.inner
	}
	return says(name, l) == ""
}

// says is a line's value, "" where that is the default.
func says(name string, l *contentline.Line) string {
	v := l.Value()
	switch name {
	case "TRANSP":
		if strings.EqualFold(v, "OPAQUE") {
			return ""
		}
	case "CLASS":
		if strings.EqualFold(v, "PUBLIC") {
			return ""
		}
	case "PRIORITY":
		if strings.TrimSpace(v) == "0" {
			return ""
		}
	case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CATEGORIES", "RESOURCES", "URL", "STATUS", "CONTACT", "EXDATE", "RDATE":
		return strings.TrimSpace(v)
	default:
		return "\x01"
	}
	return v
}

// list adds one element for each part of a list.
func (s scope) list(out []propmerge.Elem, e propmerge.Elem, l *contentline.Line) []propmerge.Elem {
	e.List, e.Lists = true, params(l, "")
	dates := e.Field == "EXDATE" || e.Field == "RDATE"
	tzid, _ := l.Param("TZID")
	for part := range contentline.SplitText(l.Value(), ',') {
		if strings.TrimSpace(part) == "" {
			continue
		}
		e.Part = part
		if dates {
			e.Value = listedTime(part, tzid) + params(l, "TZID")
		} else {
			e.Value = strings.TrimSpace(contentline.UnescapeText(part)) + e.Lists
		}
		if s.labels {
			e.Text = contentline.UnescapeText(part)
			e.Label = label(e.Field) + " " + e.Text + s.of
		}
		out = append(out, e)
	}
	return out
}

func listedTime(part, tzid string) string {
	first, length, isPeriod := strings.Cut(part, "/")
	t, err := ical.ParseTime(first, tzid)
	if err != nil {
		return part + "\x01" + tzid
	}
	if !isPeriod {
		return timeText(t)
	}
	if d, err := ical.ParseDuration(length); err == nil {
		return timeText(t) + "/" + d.String()
	}
	if e, err := ical.ParseTime(length, tzid); err == nil {
		return timeText(t) + "/" + timeText(e)
	}
	return timeText(t) + "/" + length
}

// timeText is a time in a spelling of its own: with its zone, by its IANA name where it has one.
func timeText(t ical.Time) string {
	if t.Form != ical.Zoned {
		return t.String()
	}
	if name := recur.IANA(t.TZID); name != "" {
		return t.String() + "\x01" + name
	}
	return t.String() + "\x01" + t.TZID
}

func timeValue(l *contentline.Line) string {
	tzid, _ := l.Param("TZID")
	return listedTime(l.Value(), tzid)
}
