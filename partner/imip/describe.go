package imip

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// what is what a message says, for people.
type what struct {
	method    itip.Method
	again     bool   // it was invited to before
	who       string // who writes
	answer    string // PARTSTAT, of an answer
	title     string
	when      []string
	where     string
	organizer string
	comment   string
	notes     string
	names     map[string]string // of people, by address
	host      string            // the organizer's address
	invited   []string          // the attendees' addresses
}

const (
	mostTimes = 20      // times of instances that are told one by one
	mostNotes = 4 << 10 // bytes of a description
	mostNamed = 1000    // attendees
)

// describe reads a message.
func describe(m itip.Message, zone *time.Location) (what, error) {
	w := what{method: m.Method, names: map[string]string{}}
	doc, err := ical.Parse(m.Body)
	if err != nil {
		return w, &tandem.Error{Kind: tandem.Invalid, Op: "write invitation", Err: err}
	}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if c.Is("VEVENT") {
				w.read(c, zone)
			}
		}
	}
	w.who = w.names[strings.ToLower(m.From)]
	if w.who == "" {
		w.who = m.From
	}
	return w, nil
}

// read takes in a component; the first says what all are about.
func (w *what) read(c *contentline.Component, zone *time.Location) {
	text := func(name string) string {
		if l := c.Get(name); l != nil {
			return strings.TrimSpace(ical.Text(l))
		}
		return ""
	}
	first := func(to *string, v string) {
		if *to == "" {
			*to = v
		}
	}
	for l := range c.Lines() {
		if !l.Is("ORGANIZER") && !l.Is("ATTENDEE") {
			continue
		}
		name, _ := l.Param("CN")
		name, address := strings.Trim(strings.TrimSpace(name), `"`), itip.AddressOf(l)
		if name != "" && !strings.Contains(name, "@") {
			w.names[strings.ToLower(address)] = name
		}
		if l.Is("ORGANIZER") {
			first(&w.host, address)
			if first(&w.organizer, address); name != "" && w.organizer == address {
				w.organizer = name + " <" + address + ">"
			}
			continue
		}
		if v, ok := l.Param("PARTSTAT"); ok {
			first(&w.answer, strings.ToUpper(v))
		}
		if len(w.invited) < mostNamed && !slices.Contains(w.invited, address) {
			w.invited = append(w.invited, address)
		}
	}
	first(&w.title, text("SUMMARY"))
	first(&w.where, text("LOCATION"))
	first(&w.comment, text("COMMENT"))
	first(&w.notes, text("DESCRIPTION"))
	if l := c.Get("SEQUENCE"); l != nil && strings.TrimLeft(l.Value(), "0 ") != "" {
		w.again = true
	}
	switch {
	case len(w.when) < mostTimes:
		if t := times(c, zone); t != "" {
			w.when = append(w.when, t)
		}
	case len(w.when) == mostTimes:
		w.when = append(w.when, "and more")
	}
}

// times is when a component happens, for people.
func times(c *contentline.Component, zone *time.Location) string {
	l := c.Get("DTSTART")
	if l == nil {
		return ""
	}
	start, err := ical.TimeOf(l)
	if err != nil {
		return ""
	}
	end := ical.Time{}
	if l := c.Get("DTEND"); l != nil {
		end, _ = ical.TimeOf(l)
	} else if l := c.Get("DURATION"); l != nil {
		if d, err := ical.ParseDuration(l.Value()); err == nil {
			end = start
			end.Wall += d.Days*ical.DaySeconds + d.Seconds
		}
	}
	const day, clock = "Mon, 2 Jan 2006", "15:04"
	show := func(t ical.Time) time.Time {
		if t.Form == ical.UTC {
			return time.Unix(t.Wall, 0).In(zone)
		}
		return time.Unix(t.Wall, 0).UTC()
	}
	from := show(start)
	text := from.Format(day)
	if start.Form == ical.Date {
		if last := show(end).AddDate(0, 0, -1); end.Form == ical.Date && last.After(from) {
			text += " to " + last.Format(day)
		}
		return text + repeats(c)
	}
	text += " " + from.Format(clock)
	if to := show(end); !end.IsZero() && to.After(from) {
		if text += " to "; to.Format(day) != from.Format(day) {
			text += to.Format(day) + " "
		}
		text += to.Format(clock)
	}
	switch start.Form {
	case ical.UTC:
		text += " (" + from.Format("MST") + ")"
	case ical.Zoned:
		text += " (" + start.TZID + ")"
	}
	return text + repeats(c)
}

var units = map[recur.Freq]string{recur.Yearly: "year", recur.Monthly: "month", recur.Weekly: "week", recur.Daily: "day", recur.Hourly: "hour", recur.Minutely: "minute", recur.Secondly: "second"}

// repeats tells of the rule of a series.
func repeats(c *contentline.Component) string {
	l := c.Get("RRULE")
	if l == nil {
		return ""
	}
	r, err := recur.ParseRule(l.Value())
	if err != nil {
		return ", repeated"
	}
	text := ", every " + units[r.Freq]
	if r.Interval > 1 {
		text = fmt.Sprintf(", every %d %ss", r.Interval, units[r.Freq])
	}
	var days []string
	for _, d := range r.ByDay {
		if d.N != 0 {
			return text // more than a line can say; the calendar shows it
		}
		days = append(days, time.Weekday(d.Weekday).String())
	}
	if len(days) > 0 {
		text += " on " + strings.Join(days, ", ")
	}
	switch {
	case r.Count > 0:
		text += fmt.Sprintf(", %d times", r.Count)
	case !r.Until.IsZero():
		text += ", until " + time.Unix(r.Until.Wall, 0).UTC().Format("2 Jan 2006")
	}
	return text
}

// verb is what an answer says.
func (w what) verb() (subject, text string) {
	switch w.answer {
	case "ACCEPTED":
		return "Accepted", "accepts the invitation"
	case "TENTATIVE":
		return "Tentative", "may come"
	case "DECLINED":
		return "Declined", "declines the invitation"
	case "DELEGATED":
		return "Delegated", "passes the invitation on"
	}
	return "Answer", "answers the invitation"
}

func (w what) subject() string {
	title := w.title
	if title == "" {
		title = "a meeting"
	}
	answer, _ := w.verb()
	switch w.method {
	case itip.Request:
		if w.again {
			return "Updated invitation: " + title
		}
		return "Invitation: " + title
	case itip.Cancel:
		return "Cancelled: " + title
	case itip.Reply:
		return answer + ": " + title
	case itip.Counter:
		return "New time proposed: " + title
	}
	return title
}

// text is the message for who reads it with a program that knows no calendars.
func (w what) text() string {
	_, answer := w.verb()
	var b strings.Builder
	switch w.method {
	case itip.Request:
		if w.again {
			fmt.Fprintf(&b, "%s sends you this meeting as it is now.\n", w.who)
		} else {
			fmt.Fprintf(&b, "%s invites you.\n", w.who)
		}
	case itip.Cancel:
		fmt.Fprintf(&b, "%s calls this off.\n", w.who)
	case itip.Reply:
		fmt.Fprintf(&b, "%s %s.\n", w.who, answer)
	case itip.Counter:
		fmt.Fprintf(&b, "%s proposes another time.\n", w.who)
	}
	if w.comment != "" {
		fmt.Fprintf(&b, "\n%s\n", w.comment)
	}
	b.WriteByte('\n')
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name+":", strings.Join(strings.Fields(value), " "))
		}
	}
	line("What", w.title)
	for _, t := range w.when {
		line("When", t)
	}
	line("Where", w.where)
	if w.method != itip.Reply && w.method != itip.Counter {
		line("Organizer", w.organizer)
		if w.notes != "" && w.method == itip.Request {
			notes := w.notes
			if len(notes) > mostNotes {
				notes = strings.ToValidUTF8(notes[:mostNotes], "") + " …"
			}
			fmt.Fprintf(&b, "\n%s\n", notes)
		}
	}
	return b.String()
}
