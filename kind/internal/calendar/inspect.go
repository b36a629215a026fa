package calendar

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync"

	"tandem"
	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Kind implements kind.Handler.
func (h Handler) Kind() tandem.Kind { return h.Of }

// Inspect implements kind.Handler.
func (h Handler) Inspect(body []byte) (kind.Info, error) {
	scratch := scratches.Get().(*contentline.Scratch)
	defer scratches.Put(scratch)
	r, err := h.read(ical.ParseIn(scratch, body))
	if err != nil {
		return kind.Info{}, err
	}
	return r.info(), nil
}

// info tells what there is to know of the record. It keeps nothing of it but strings.
func (r *record) info() kind.Info {
	info := kind.Info{Digest: r.digest(), Summary: r.summary(), Modified: r.modified()}
	info.Index.UID, info.Index.Name = r.uid, info.Summary.Title
	if start, end, ok := recur.Read(r.components(), r.find).Bounds(r.find); ok {
		info.Index.Start, info.Index.End = start, end
	}
	return info
}

// scratches lend memory to Inspect.
var scratches = sync.Pool{New: func() any { return new(contentline.Scratch) }}

// digest hashes the elements of the record, sorted.
func (r *record) digest() tandem.Digest {
	buf := make([]byte, 0, 4096)
	buf = word(buf, "uid", r.uid)
	buf = flatten(buf, r.calendarElems(false))
	keys := slices.Clone(r.keys)
	if len(keys) > 1 {
		slices.SortFunc(keys, func(a, b string) int { return strings.Compare(r.recurrenceID(a), r.recurrenceID(b)) })
	}
	var room [fewElems]propmerge.Elem
	for _, k := range keys {
		buf = word(buf, "component", r.recurrenceID(k))
		buf = flatten(buf, r.appendElems(room[:0], k, false))
	}
	refs := map[string]bool{}
	for c := range r.cal.Children() {
		if !c.Is("VTIMEZONE") {
			ical.References(c, refs)
		}
	}
	for _, id := range sorted(refs) {
		if zone := r.ownZone(id); zone != nil && recur.IANA(id) == "" {
			buf = word(buf, "zone", canonical(zone))
		}
	}
	return sha256.Sum256(buf)
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// ownZone is the definition the body gives of a zone, nil if none.
func (r *record) ownZone(id string) *contentline.Component {
	for c := range r.cal.Children() {
		if c.Is("VTIMEZONE") && ical.ZoneID(c) == id {
			return c
		}
	}
	return nil
}

// recurrenceID is what tells a component from the others of its series, in a spelling that needs no zones, so that a
// digest is the same wherever it is computed.
func (r *record) recurrenceID(key string) string {
	l := r.parts[key].Get("RECURRENCE-ID")
	if l == nil {
		return key
	}
	scope, _ := l.Param("RANGE")
	_, nth, _ := strings.Cut(key, "#")
	return timeValue(l) + ";" + strings.ToUpper(scope) + "#" + nth
}

func word(buf []byte, words ...string) []byte {
	for _, w := range words {
		buf = append(append(buf, w...), 0)
	}
	return buf
}

// fewElems is how many elements most components have at most: those of a digest need no memory of their own then.
const fewElems = 24

// flatten appends elements as a sorted set of words.
func flatten(buf []byte, elems []propmerge.Elem) []byte {
	var few [fewElems]int
	order := few[:0]
	for i := range elems {
		order = append(order, i)
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &elems[i], &elems[j]
		if c := strings.Compare(a.Field, b.Field); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	for i, at := range order {
		e := &elems[at]
		if i > 0 {
			if last := &elems[order[i-1]]; e.Field == last.Field && e.Value == last.Value {
				continue
			}
		}
		buf = word(buf, e.Field, e.Value)
	}
	return buf
}

// canonical writes a component within a record as one string.
func canonical(c *contentline.Component) string {
	s := scope{inner: true}
	var room [512]byte
	return string(append(flatten(word(room[:0], upper(c.Name())), s.elems(c)), 3))
}

// modified is the latest claim of a change.
func (r *record) modified() int64 {
	var latest int64
	for _, name := range []string{"LAST-MODIFIED", "DTSTAMP"} {
		for _, c := range r.components() {
			if l := c.Get(name); l != nil {
				if t, err := ical.TimeOf(l); err == nil && t.Form != ical.Date {
					latest = max(latest, t.Wall)
				}
			}
		}
		if latest != 0 {
			break
		}
	}
	return latest * 1e9
}

func (r *record) summary() tandem.Summary {
	c := r.main()
	var s tandem.Summary
	for _, name := range []string{"SUMMARY", "DESCRIPTION", "COMMENT"} {
		if l := c.Get(name); l != nil && s.Title == "" {
			first, _, _ := strings.Cut(strings.TrimSpace(ical.Text(l)), "\n")
			s.Title = propmerge.Shorten(strings.TrimSpace(first))
		}
	}
	names := []string{"DTSTART", "DUE"}
	if r.h.Of == tandem.Task {
		names = []string{"DUE", "DTSTART"}
	}
	for _, name := range names {
		if l := c.Get(name); l != nil && s.When == "" {
			s.When = readable(l)
		}
	}
	if l := c.Get("ORGANIZER"); l != nil {
		s.Who = propmerge.Shorten(ical.Name(l))
	}
	return s
}

// readable writes a date or time for people: "2026-11-24 09:30 Europe/Berlin".
func readable(l *contentline.Line) string {
	t, err := ical.TimeOf(l)
	if err != nil {
		return propmerge.Shorten(l.Value())
	}
	return readableTime(t)
}

func readableTime(t ical.Time) string {
	v := t.String()
	if len(v) < 8 {
		return v
	}
	b := make([]byte, 0, 48)
	b = append(append(append(append(append(b, v[:4]...), '-'), v[4:6]...), '-'), v[6:8]...)
	if t.Form == ical.Date {
		return string(b)
	}
	b = append(append(append(append(append(b, ' '), v[9:11]...), ':'), v[11:13]...), ' ')
	switch name := recur.IANA(t.TZID); {
	case t.Form == ical.UTC:
		b = append(b, "UTC"...)
	case t.Form == ical.Zoned && name != "":
		b = append(b, name...)
	case t.Form == ical.Zoned:
		b = append(b, t.TZID...)
	}
	return strings.TrimSpace(string(b))
}
