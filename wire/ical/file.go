package ical

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tandem/wire/contentline"
)

// Entry is one record of a file: a series, that is all components of one kind with the same UID.
type Entry struct {
	Component string // "VEVENT", "VTODO" or "VJOURNAL"
	UID       string // "" if it has none
	Line      int    // physical line of its first BEGIN
	Body      []byte // a whole VCALENDAR with this record alone
}

// Parse reads a text of one or several calendar objects. Its errors are of type *contentline.Error, with line and
// column.
func Parse(data []byte) (*contentline.Document, error) {
	return calendars(contentline.Parse(data, contentline.Limits{}))
}

// ParseIn is Parse with memory that is used again: the next call destroys the document and all lines in it. Strings out of it stay.
func ParseIn(scratch *contentline.Scratch, data []byte) (*contentline.Document, error) {
	return calendars(scratch.Parse(data, contentline.Limits{}))
}

// calendars turns down a document without any calendar object.
func calendars(doc *contentline.Document, err error) (*contentline.Document, error) {
	if err != nil {
		return nil, err
	}
	for c := range doc.Components() {
		if c.Is("VCALENDAR") {
			return doc, nil
		}
	}
	return nil, &contentline.Error{Line: 1, Column: 1, Msg: "no VCALENDAR"}
}

// IsRecord reports whether a component is a record by itself rather than a part of one.
func IsRecord(c *contentline.Component) bool {
	return c.Is("VEVENT") || c.Is("VTODO") || c.Is("VJOURNAL")
}

// UID is the component's UID, "" if it has none.
func UID(c *contentline.Component) string {
	if l := c.Get("UID"); l != nil {
		return strings.TrimSpace(Text(l))
	}
	return ""
}

type member struct {
	calendar *contentline.Component
	c        *contentline.Component
}

type series struct {
	component, uid string
	members        []member
}

// group gathers the records of a document by component and UID, in the order of their first appearance. A record
// without a UID stands alone.
func group(doc *contentline.Document) (list []*series, calendars int) {
	index := map[[2]string]*series{}
	for cal := range doc.Components() {
		if !cal.Is("VCALENDAR") {
			continue
		}
		calendars++
		for c := range cal.Children() {
			if !IsRecord(c) {
				continue
			}
			key := [2]string{strings.ToUpper(c.Name()), UID(c)}
			s := index[key]
			if s == nil || key[1] == "" {
				s = &series{component: key[0], uid: key[1]}
				index[key] = s
				list = append(list, s)
			}
			s.members = append(s.members, member{cal, c})
		}
	}
	return list, calendars
}

// Split cuts a file into its records. The body of the only record of a file is the file itself, byte for byte; other
// bodies are made of the bytes of the record, of the time zones it names and of the properties of its calendar, but
// for those that describe the calendar as a whole.
func Split(data []byte) ([]Entry, error) {
	doc, err := Parse(data)
	if err != nil {
		return nil, err
	}
	list, calendars := group(doc)
	entries := make([]Entry, len(list))
	heads, total := map[*contentline.Component]*head{}, 0
	for i, s := range list {
		entries[i] = Entry{Component: s.component, UID: s.uid, Line: s.members[0].c.Begin.Num()}
		if len(list) == 1 && calendars == 1 {
			entries[i].Body = data
			break
		}
		entries[i].Body = alone(doc, s, heads)
		if total += len(entries[i].Body); total > maxSplit {
			return nil, &contentline.Error{Line: entries[i].Line, Column: 1, Msg: fmt.Sprintf("the records take more than %d MiB, each with its time zones", maxSplit>>20)}
		}
	}
	return entries, nil
}

const maxSplit = 256 << 20 // bytes of all bodies of a file together; a long head of the file counts for every record

// head is what the records of one calendar have in common.
type head struct {
	lines []contentline.Item
	zones []*contentline.Component
}

func headOf(cal *contentline.Component, heads map[*contentline.Component]*head) *head {
	h := heads[cal]
	if h != nil {
		return h
	}
	h = &head{}
	heads[cal] = h
	for l := range cal.Lines() {
		if !DescribesCalendar(l) {
			h.lines = append(h.lines, contentline.Item{Line: l})
		}
	}
	for c := range cal.Children() {
		if c.Is("VTIMEZONE") {
			h.zones = append(h.zones, c)
		}
	}
	return h
}

// alone writes one series as a calendar object of its own.
func alone(doc *contentline.Document, s *series, heads map[*contentline.Component]*head) []byte {
	cal := s.members[0].calendar
	out := &contentline.Component{Begin: cal.Begin, End: cal.End, Items: slices.Clone(headOf(cal, heads).lines)}
	zones := map[string]bool{}
	for _, m := range s.members {
		References(m.c, zones)
	}
	for i, m := range s.members {
		if i > 0 && m.calendar == s.members[i-1].calendar || len(zones) == 0 {
			continue
		}
		for _, c := range headOf(m.calendar, heads).zones {
			if id := ZoneID(c); zones[id] {
				zones[id] = false // once is enough
				out.Items = append(out.Items, contentline.Item{Child: c})
			}
		}
	}
	for _, m := range s.members {
		out.Items = append(out.Items, contentline.Item{Child: m.c})
	}
	body := out.Bytes(doc.EOL())
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(body, doc.EOL()...)
	}
	return bytes.TrimPrefix(body, []byte("\ufeff"))
}

// DescribesCalendar reports whether a property of a VCALENDAR is about the calendar as a whole and not about the
// records in it (RFC 7986 5, and what Apple began).
func DescribesCalendar(l *contentline.Line) bool {
	name := strings.ToUpper(l.Name())
	switch name {
	case "NAME", "DESCRIPTION", "UID", "LAST-MODIFIED", "URL", "CATEGORIES", "REFRESH-INTERVAL", "SOURCE", "COLOR", "IMAGE", "X-PUBLISHED-TTL",
		"X-APPLE-CALENDAR-COLOR", "X-PRIMARY-CALENDAR", "X-OWNER":
		return true
	}
	return strings.HasPrefix(name, "X-WR-")
}

// ZoneID is the TZID that a VTIMEZONE defines.
func ZoneID(c *contentline.Component) string {
	if l := c.Get("TZID"); l != nil {
		return strings.TrimSpace(Text(l))
	}
	return ""
}

// References adds the TZIDs that a component and those within it name.
func References(c *contentline.Component, to map[string]bool) {
	for l := range c.Lines() {
		if tzid, ok := l.Param("TZID"); ok {
			to[tzid] = true
		}
	}
	for sub := range c.Children() {
		References(sub, to)
	}
}

// Put returns the file with the record of body in the place of the record with its component and UID, or added at the
// end if there is none. All other bytes stay. A file that holds no other record becomes body, byte for byte.
func Put(file, body []byte) ([]byte, error) {
	from, err := Parse(body)
	if err != nil {
		return nil, err
	}
	news, _ := group(from)
	if len(news) != 1 {
		return nil, fmt.Errorf("calendar object with %d records, want one", len(news))
	}
	doc, err := Parse(file)
	if err != nil {
		return nil, err
	}
	olds, _ := group(doc)
	at := slices.IndexFunc(olds, func(s *series) bool { return s.component == news[0].component && s.uid == news[0].uid })
	if len(olds) == 0 || at >= 0 && len(olds) == 1 {
		return body, nil
	}
	var cal *contentline.Component
	if at >= 0 {
		cal = olds[at].members[0].calendar
	} else {
		last := olds[len(olds)-1].members
		cal = last[len(last)-1].calendar
	}
	items := make([]contentline.Item, len(news[0].members))
	for i, m := range news[0].members {
		items[i] = doc.AdoptItem(contentline.Item{Child: m.c})
	}
	if at >= 0 {
		i := cal.Index(contentline.Item{Child: olds[at].members[0].c})
		cal.Items = slices.Insert(cal.Items, i, items...)
		takeOut(doc, olds[at])
	} else {
		cal.Items = append(cal.Items, items...)
	}
	addZones(doc, cal, items, news[0].members[0].calendar)
	return doc.Bytes(), nil
}

// Remove returns the file without a record and without the time zones that only it named. left is how many records
// remain.
func Remove(file []byte, component, uid string) (out []byte, left int, err error) {
	doc, err := Parse(file)
	if err != nil {
		return nil, 0, err
	}
	list, _ := group(doc)
	at := slices.IndexFunc(list, func(s *series) bool { return s.uid == uid && strings.EqualFold(s.component, component) })
	if at < 0 {
		return file, len(list), nil
	}
	takeOut(doc, list[at])
	return doc.Bytes(), len(list) - 1, nil
}

// takeOut removes a series and the zones that nothing else names.
func takeOut(doc *contentline.Document, s *series) {
	orphans := map[string]bool{}
	for _, m := range s.members {
		References(m.c, orphans)
		m.calendar.Remove(contentline.Item{Child: m.c})
	}
	used := map[string]bool{}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if !c.Is("VTIMEZONE") {
				References(c, used)
			}
		}
	}
	for _, m := range s.members {
		m.calendar.Items = slices.DeleteFunc(m.calendar.Items, func(it contentline.Item) bool {
			return it.Child != nil && it.Child.Is("VTIMEZONE") && orphans[ZoneID(it.Child)] && !used[ZoneID(it.Child)]
		})
	}
}

// addZones adds the definitions that items need and cal lacks, before the first record.
func addZones(doc *contentline.Document, cal *contentline.Component, items []contentline.Item, from *contentline.Component) {
	need := map[string]bool{}
	for _, it := range items {
		References(it.Child, need)
	}
	for c := range cal.Children() {
		if c.Is("VTIMEZONE") {
			delete(need, ZoneID(c))
		}
	}
	for c := range from.Children() {
		if c.Is("VTIMEZONE") && need[ZoneID(c)] {
			delete(need, ZoneID(c))
			AddZone(cal, doc.AdoptItem(contentline.Item{Child: c}))
		}
	}
}

// AddZone puts a VTIMEZONE before the first component of another sort.
func AddZone(cal *contentline.Component, zone contentline.Item) {
	at := slices.IndexFunc(cal.Items, func(it contentline.Item) bool { return it.Child != nil && !it.Child.Is("VTIMEZONE") })
	if at < 0 {
		at = len(cal.Items)
	}
	cal.Items = slices.Insert(cal.Items, at, zone)
}
