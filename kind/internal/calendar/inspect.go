package calendar

import (
	"crypto/sha256"
	"hash"
	"slices"
	"strings"

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
	r, err := h.open(body)
	if err != nil {
		return kind.Info{}, err
	}
	info := kind.Info{Digest: r.digest(), Summary: r.summary(), Modified: r.modified()}
	info.Index.UID = r.uid
	if start, end, ok := recur.Read(r.components(), r.find).Bounds(r.find); ok {
		info.Index.Start, info.Index.End = start, end
	}
	return info, nil
}

// digest hashes the elements of the record, sorted.
func (r *record) digest() tandem.Digest {
	sum := sha256.New()
	write(sum, "uid", r.uid)
	hashElems(sum, r.calendarElems(false))
	keys := slices.Clone(r.keys)
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(r.recurrenceID(a), r.recurrenceID(b)) })
	for _, k := range keys {
		write(sum, "component", r.recurrenceID(k))
		hashElems(sum, r.elems(k, false))
	}
	refs := map[string]bool{}
	for c := range r.cal.Children() {
		if !c.Is("VTIMEZONE") {
			ical.References(c, refs)
		}
	}
	for _, id := range sorted(refs) {
		if zone := r.ownZone(id); zone != nil && recur.IANA(id) == "" {
			write(sum, "zone", canonical(zone))
		}
	}
	var d tandem.Digest
	sum.Sum(d[:0])
	return d
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

func write(sum hash.Hash, words ...string) {
	for _, w := range words {
		sum.Write([]byte(w))
		sum.Write([]byte{0})
	}
}

func hashElems(sum hash.Hash, elems []propmerge.Elem) {
	lines := flat(elems)
	for _, l := range lines {
		write(sum, l)
	}
}

// flat writes elements as a sorted set of strings.
func flat(elems []propmerge.Elem) []string {
	lines := make([]string, len(elems))
	for i := range elems {
		lines[i] = elems[i].Field + "\x01" + elems[i].Value
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// canonical writes a component within a record as one string.
func canonical(c *contentline.Component) string {
	s := scope{inner: true}
	return strings.ToUpper(c.Name()) + "\x02" + strings.Join(flat(s.elems(c)), "\x02") + "\x03"
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
	s := v[:4] + "-" + v[4:6] + "-" + v[6:8]
	if t.Form == ical.Date {
		return s
	}
	s += " " + v[9:11] + ":" + v[11:13]
	switch t.Form {
	case ical.UTC:
		s += " UTC"
	case ical.Zoned:
		if name := recur.IANA(t.TZID); name != "" {
			return s + " " + name
		}
		s += " " + t.TZID
	}
	return s
}
