package calendar

import (
	"slices"
	"strconv"
	"strings"

	"tandem/kind/propmerge"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// lineMeaning is all that a line says, in canonical form: name, value and parameters, without spelling and defaults.
func lineMeaning(l *contentline.Line) string {
	return upper(l.Name()) + ":" + value(l) + params(l, valueParams(l))
}

// startOf is the DTSTART among lines.
func startOf(items []contentline.Item) (start ical.Time) {
	for _, it := range items {
		if it.Line.Is("DTSTART") {
			start, _ = ical.TimeOf(it.Line)
		}
	}
	return start
}

// lengthMeaning is lineMeaning, but where DTEND, DUE and DURATION say how long it is from the start, they say it in the
// same words, and nothing where an event is that long without them (RFC 5545 3.6.1).
func (s scope) lengthMeaning(l *contentline.Line, start ical.Time) string {
	seconds := int64(-1)
	switch {
	case start.IsZero() || params(l, "TZID") != "":
	case l.Is("DURATION"):
		if d, err := ical.ParseDuration(l.Value()); err == nil {
			seconds = d.Days*ical.DaySeconds + d.Seconds
		}
	case l.Is("DTEND"), l.Is("DUE"):
		if t, err := ical.TimeOf(l); err == nil && t.Form == start.Form && t.TZID == start.TZID {
			seconds = t.Wall - start.Wall
		}
	}
	switch {
	case seconds < 0:
		return lineMeaning(l)
	case s.task, seconds != 0 && start.Form != ical.Date, seconds != ical.DaySeconds && start.Form == ical.Date:
		return "LENGTH:" + strconv.FormatInt(seconds, 10)
	}
	return ""
}

// valueParams names the parameter that value takes into account already.
func valueParams(l *contentline.Line) string {
	if isTimed(upper(l.Name())) {
		return "TZID"
	}
	return ""
}

func isTimed(name string) bool {
	switch name {
	case "DTSTART", "DTEND", "DUE", "COMPLETED", "RECURRENCE-ID", "ACKNOWLEDGED", "EXDATE", "RDATE", "X-MOZ-LASTACK", "TRIGGER":
		return true
	}
	return false
}

// value is the canonical form of a line's value.
func value(l *contentline.Line) string {
	v := l.Value()
	switch name := upper(l.Name()); name {
	case "DTSTART", "DTEND", "DUE", "COMPLETED", "ACKNOWLEDGED", "X-MOZ-LASTACK":
		return timeValue(l)
	case "TRIGGER", "DURATION", "REFRESH-INTERVAL":
		if d, err := ical.ParseDuration(v); err == nil {
			return d.String()
		}
		return timeValue(l)
	case "RRULE", "EXRULE":
		if r, err := recur.ParseRule(v); err == nil {
			return r.String()
		}
	case "ATTENDEE", "ORGANIZER":
		return ical.Address(l)
	case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "CATEGORIES", "RESOURCES", "UID", "TZID", "TZNAME", "RELATED-TO":
		return ical.Text(l)
	case "STATUS", "CLASS", "TRANSP", "ACTION", "METHOD":
		return upper(strings.TrimSpace(v))
	case "PRIORITY", "PERCENT-COMPLETE", "REPEAT", "GEO", "URL", "TZOFFSETFROM", "TZOFFSETTO":
		return strings.TrimSpace(v)
	}
	if l.Quoted() {
		return ical.Raw(l)
	}
	return v
}

// params writes the parameters of a line, sorted and without those that only say the default. without is left out.
func params(l *contentline.Line, without string) string {
	ps := l.Params()
	if len(ps) == 0 {
		return ""
	}
	var out []string
	for i := range ps {
		name := upper(ps[i].Name)
		if name == "" {
			name = "\x01" // a bare value of vCalendar 1.0
		}
		if name == without || name == "CHARSET" || name == "ENCODING" && l.Quoted() || name == "\x01" && strings.EqualFold(ps[i].Value, "QUOTED-PRINTABLE") {
			continue
		}
		values := ps[i].Values()
		v := strings.Join(values, "\x01")
		if isEnum(name) {
			v = upper(v)
		}
		if name == "MEMBER" || name == "DELEGATED-TO" || name == "DELEGATED-FROM" {
			slices.Sort(values)
			v = strings.Join(slices.Compact(values), "\x01")
		}
		if !isDefault(l, name, v) {
			out = append(out, "\x02"+name+"="+v)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "")
}

func isEnum(name string) bool {
	switch name {
	case "PARTSTAT", "ROLE", "CUTYPE", "RSVP", "VALUE", "ENCODING", "RELATED", "RANGE", "RELTYPE", "FBTYPE":
		return true
	}
	return false
}

// isDefault reports a parameter that says what holds without it (RFC 5545 3.2).
func isDefault(l *contentline.Line, name, v string) bool {
	switch name {
	case "VALUE":
		switch v {
		case "DATE-TIME", "DATE": // the value itself shows which
			return isTimed(upper(l.Name()))
		case "DURATION":
			return l.Is("TRIGGER") || l.Is("DURATION")
		case "TEXT":
			return !l.Is("ATTACH") && !l.Is("IMAGE")
		case "CAL-ADDRESS":
			return l.Is("ATTENDEE") || l.Is("ORGANIZER")
		case "RECUR":
			return l.Is("RRULE") || l.Is("EXRULE")
		case "URI":
			return l.Is("URL") || l.Is("ATTACH")
		}
	case "PARTSTAT":
		return v == "NEEDS-ACTION"
	case "ROLE":
		return v == "REQ-PARTICIPANT"
	case "CUTYPE":
		return v == "INDIVIDUAL"
	case "RSVP":
		return v == "FALSE"
	case "RELATED":
		return v == "START"
	case "RELTYPE":
		return v == "PARENT"
	}
	return false
}

// label is a property's name for people.
func label(name string) string {
	switch name {
	case "EXDATE":
		return "exception"
	case "RDATE":
		return "extra date"
	case "CATEGORIES":
		return "category"
	case "RESOURCES":
		return "resource"
	case "CLASS":
		return "privacy"
	case "TRANSP":
		return "free or busy"
	case "URL":
		return "web address"
	case "ATTACH":
		return "attachment"
	case "RELATED-TO":
		return "relation"
	case "PERCENT-COMPLETE":
		return "percentage"
	}
	if strings.HasPrefix(name, "X-") {
		return name
	}
	return strings.ToLower(name)
}

// valueText is a line's value for people.
func valueText(l *contentline.Line) string {
	switch upper(l.Name()) {
	case "DTSTART":
		return readable(l)
	case "DTEND":
		return "to " + readable(l)
	case "DUE":
		return "due " + readable(l)
	case "COMPLETED":
		return "completed " + readable(l)
	case "DURATION":
		return "for " + l.Value()
	case "RRULE":
		return "repeats " + l.Value()
	case "PERCENT-COMPLETE":
		return l.Value() + " %"
	case "ATTENDEE", "ORGANIZER":
		return ical.Name(l)
	}
	return propmerge.Shorten(ical.Text(l))
}

func attendeeText(l *contentline.Line) string {
	s := ical.Name(l)
	for _, name := range []string{"PARTSTAT", "ROLE"} {
		if v, ok := l.Param(name); ok {
			s += ", " + strings.ToLower(v)
		}
	}
	return s
}
