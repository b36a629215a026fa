package calendar

import (
	"bytes"
	"slices"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/kind/recur"
	"tandem/kind/text"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Merge implements kind.Handler. A base that cannot be read counts as none.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	ra, err := h.open(a)
	if err != nil {
		return kind.Merged{}, err
	}
	rb, err := h.open(b)
	if err != nil {
		return kind.Merged{}, err
	}
	da, db := ra.digest(), rb.digest()
	if da == db {
		return kind.Merged{Body: a}, nil
	}
	m := merger{a: ra, b: rb}
	if base != nil {
		if m.base, err = h.open(base); err != nil {
			m.base = nil
		}
	}
	if m.base != nil {
		switch m.base.digest() {
		case da:
			return kind.Merged{Body: b}, nil
		case db:
			return kind.Merged{Body: a}, nil
		}
	}
	m.merge()
	out := kind.Merged{Body: ra.doc.Bytes(), Clashes: m.clashes}
	switch m.result() {
	case da:
		out.Body = a
	case db:
		out.Body = b
	}
	return out, nil
}

// merger edits a into the merge.
type merger struct {
	base, a, b *record // base may be nil
	clashes    []kind.Clash
}

func (m *merger) merge() {
	planA, planB := m.plan(m.a), m.plan(m.b)
	m.uid()
	m.lines(m.a.cal, m.baseElems(func(r *record) []propmerge.Elem { return r.calendarElems(true) }), m.a.calendarElems(true), m.b.calendarElems(true))
	for _, key := range m.keys() {
		m.part(key)
	}
	m.zones()
	m.orphans(planA, planB)
}

// result is what the edited a means now.
func (m *merger) result() tandem.Digest {
	return m.a.digest()
}

func (m *merger) uid() {
	was := ""
	if m.base != nil {
		was = m.base.uid
	}
	uid, ok := propmerge.Pick(was, m.a.uid, m.b.uid)
	switch {
	case !ok && (m.a.uid == "" || m.b.uid == ""):
		uid = m.a.uid + m.b.uid
	case !ok:
		m.clashes = append(m.clashes, kind.Clash{Field: "UID", Base: was, A: m.a.uid, B: m.b.uid})
	}
	if uid != m.a.uid {
		m.a.setUID(uid)
		m.a.uid = uid
	}
}

func (m *merger) baseElems(of func(*record) []propmerge.Elem) []propmerge.Elem {
	if m.base == nil {
		return nil
	}
	return of(m.base)
}

// keys lists the components of all three bodies, each once.
func (m *merger) keys() []string {
	var keys []string
	seen := map[string]bool{}
	for _, r := range []*record{m.a, m.b, m.base} {
		if r == nil {
			continue
		}
		for _, k := range r.keys {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// part merges the component of one key: the series itself, or one override.
func (m *merger) part(key string) {
	inA, inB := m.a.parts[key], m.b.parts[key]
	var was *contentline.Component
	if m.base != nil {
		was = m.base.parts[key]
	}
	switch {
	case inA != nil && inB != nil:
		m.lines(inA, m.baseElems(func(r *record) []propmerge.Elem {
			if was == nil {
				return nil
			}
			return r.elems(key, true)
		}), m.a.elems(key, true), m.b.elems(key, true))
		sameInstance(was, inA, inB)
		bookkeeping(m.a.doc, inA, inB)
	case inA == nil && inB == nil:
	case was == nil && inB != nil:
		m.adopt(key, inB)
	case was == nil:
	case inB == nil && sameElems(m.base, m.a, key):
		m.a.drop(key)
	case inA == nil && sameElems(m.base, m.b, key):
	default: // changed on one side, taken away on the other
		c := kind.Clash{Field: partName(was), Base: gist(was)}
		if inA != nil {
			c.A = gist(inA)
		} else {
			c.B = gist(inB)
		}
		m.clashes = append(m.clashes, c)
	}
}

// sameInstance settles in which zone RECURRENCE-ID is written where the sides differ; it names the same instant.
func sameInstance(was, a, b *contentline.Component) {
	inA, inB := a.Get("RECURRENCE-ID"), b.Get("RECURRENCE-ID")
	if inA == nil || inB == nil {
		return
	}
	before := ""
	if was != nil {
		before = timeValue(was.Get("RECURRENCE-ID"))
	}
	picked, ok := propmerge.Pick(before, timeValue(inA), timeValue(inB))
	if !ok {
		picked = min(timeValue(inA), timeValue(inB))
	}
	if picked != timeValue(inA) {
		inA.SetParams(slices.Clone(inB.Params()))
		inA.SetValue(inB.Value())
	}
}

func sameElems(x, y *record, key string) bool {
	return bytes.Equal(flatten(nil, x.elems(key, false)), flatten(nil, y.elems(key, false)))
}

func partName(c *contentline.Component) string {
	if of := overrideName(c); of != "" {
		return "occurrence" + of
	}
	return "series"
}

// gist tells a component for people.
func gist(c *contentline.Component) string {
	var parts []string
	for _, name := range []string{"SUMMARY", "DTSTART", "DUE"} {
		if l := c.Get(name); l != nil {
			parts = append(parts, valueText(l))
		}
	}
	return propmerge.Shorten(strings.Join(parts, ", "))
}

func (m *merger) adopt(key string, c *contentline.Component) {
	it := m.a.doc.AdoptItem(contentline.Item{Child: c})
	at := len(m.a.cal.Items)
	if last := m.a.parts[m.a.keys[max(0, len(m.a.keys)-1)]]; last != nil {
		if i := m.a.cal.Index(contentline.Item{Child: last}); i >= 0 {
			at = i + 1
		}
	}
	m.a.cal.Items = slices.Insert(m.a.cal.Items, at, it)
	m.a.keys = append(m.a.keys, key)
	m.a.parts[key] = it.Child
	setUID(it.Child, m.a.uid)
}

// drop takes a component out.
func (r *record) drop(key string) {
	r.cal.Remove(contentline.Item{Child: r.parts[key]})
	delete(r.parts, key)
	r.keys = slices.DeleteFunc(r.keys, func(k string) bool { return k == key })
}

// lines merges the elements of one component of a.
func (m *merger) lines(c *contentline.Component, base, a, b []propmerge.Elem) {
	steps, clashes := propmerge.Merge(base, a, b, combiner{m.a.doc}.combine)
	propmerge.Apply(m.a.doc, c, steps, nil)
	m.clashes = append(m.clashes, clashes...)
	if len(steps) > 0 {
		dropSilent(c)
	}
}

// dropSilent takes out lines that state a default or nothing where another line of the same name now says something.
func dropSilent(c *contentline.Component) {
	loud := map[string]bool{}
	quiet := 0
	for l := range c.Lines() {
		if name := upper(l.Name()); says(name, l) != "" {
			loud[name] = true
		} else {
			quiet++
		}
	}
	if quiet == 0 {
		return
	}
	c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool {
		if it.Line == nil || it.Line.Blank() || it.Line.Opaque() {
			return false
		}
		name := upper(it.Line.Name())
		return loud[name] && says(name, it.Line) == ""
	})
}

// bookkeeping brings a's sequence number and time stamps to the later of both sides.
func bookkeeping(doc *contentline.Document, a, b *contentline.Component) {
	for _, name := range []string{"SEQUENCE", "DTSTAMP", "LAST-MODIFIED"} {
		have, other := a.Get(name), b.Get(name)
		switch {
		case other == nil:
		case have == nil:
			a.Add(contentline.Item{Line: doc.Adopt(other)})
		case later(strings.TrimSpace(have.Value()), strings.TrimSpace(other.Value())):
			have.SetParams(slices.Clone(other.Params()))
			have.SetValue(other.Value())
		}
	}
}

// later reports whether the number or UTC time b is greater than a. Both are plain digits, so that a longer one is
// greater, and of equal length the one that sorts later.
func later(a, b string) bool {
	if len(a) != len(b) {
		return len(b) > len(a)
	}
	return b > a
}

// zones sees to it that every zone that the merge names is defined where a or b defined it, and merges definitions of
// zones that only their definition tells.
func (m *merger) zones() {
	refs := map[string]bool{}
	for c := range m.a.cal.Children() {
		if !c.Is("VTIMEZONE") {
			ical.References(c, refs)
		}
	}
	for _, id := range sorted(refs) {
		inA, inB := m.a.ownZone(id), m.b.ownZone(id)
		var was *contentline.Component
		if m.base != nil {
			was = m.base.ownZone(id)
		}
		switch {
		case inA == nil && inB == nil && was == nil:
		case inA == nil && inB != nil:
			ical.AddZone(m.a.cal, m.a.doc.AdoptItem(contentline.Item{Child: inB}))
		case inA == nil:
			ical.AddZone(m.a.cal, m.a.doc.AdoptItem(contentline.Item{Child: was}))
		case inB == nil || recur.IANA(id) != "":
		default:
			m.zone(id, was, inA, inB)
		}
	}
}

func (m *merger) zone(id string, was, inA, inB *contentline.Component) {
	base := ""
	if was != nil {
		base = canonical(was)
	}
	a, b := canonical(inA), canonical(inB)
	picked, ok := propmerge.Pick(base, a, b)
	if !ok {
		m.clashes = append(m.clashes, kind.Clash{Field: "time zone " + id})
	}
	if picked != a {
		i := m.a.cal.Index(contentline.Item{Child: inA})
		m.a.cal.Items[i] = m.a.doc.AdoptItem(contentline.Item{Child: inB})
	}
}

// combiner merges single elements that both sides changed.
type combiner struct{ doc *contentline.Document }

func (c combiner) combine(base, a, b *propmerge.Elem) ([]contentline.Item, bool) {
	if a.Field == fieldTime || a.Field == fieldStatus || a.Field == fieldOpaque {
		return nil, false
	}
	if a.Items[0].Child != nil {
		return c.children(base, a, b)
	}
	la, lb := a.Items[0].Line, b.Items[0].Line
	var was *contentline.Line
	if base != nil {
		was = base.Items[0].Line
	}
	rules := propmerge.LineRules{Value: func(l *contentline.Line) string { return value(l) }, With: []string{"VALUE", "TZID", "ENCODING", "CHARSET"}}
	switch a.Field {
	case "DESCRIPTION", "COMMENT":
		return texts(was, la, lb, rules)
	}
	l, ok := rules.Combine(was, la, lb)
	if !ok && value(la) != value(lb) {
		switch a.Field {
		case "X-MOZ-LASTACK", "X-MOZ-GENERATION", "X-MOZ-SNOOZE-TIME", "ACKNOWLEDGED":
			// What a program notes for itself only ever goes forward.
			if l, ok = la, true; later(la.Value(), lb.Value()) {
				l = c.doc.Adopt(lb)
			}
		}
	}
	return []contentline.Item{{Line: l}}, ok
}

// texts merges by lines of text.
func texts(was, a, b *contentline.Line, rules propmerge.LineRules) ([]contentline.Item, bool) {
	if a.Quoted() || b.Quoted() {
		return nil, false
	}
	before := ""
	if was != nil {
		before = ical.Text(was)
	}
	merged, ok := text.Merge3(before, ical.Text(a), ical.Text(b))
	if !ok {
		return nil, false
	}
	rules.Value = func(*contentline.Line) string { return "" }
	l, ok := rules.Combine(was, a, b)
	if !ok {
		return nil, false
	}
	if merged != ical.Text(a) {
		l.SetValue(contentline.EscapeText(merged))
	}
	return []contentline.Item{{Line: l}}, true
}

// children merges components within a record: an alarm that both sides changed.
func (c combiner) children(base, a, b *propmerge.Elem) ([]contentline.Item, bool) {
	s := scope{inner: true, merge: true}
	merged := c.doc.AdoptItem(a.Items[0])
	var was []propmerge.Elem
	if base != nil {
		was = s.elems(base.Items[0].Child)
	}
	steps, clashes := propmerge.Merge(was, s.elems(merged.Child), s.elems(b.Items[0].Child), c.combine)
	if len(clashes) > 0 {
		return nil, false
	}
	propmerge.Apply(c.doc, merged.Child, steps, nil)
	dropSilent(merged.Child)
	return []contentline.Item{merged}, true
}

var _ kind.Handler = Handler{}
