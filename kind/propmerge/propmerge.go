// Package propmerge is the three-way merge of records that are lists of properties: vCards and iCalendar components. A
// kind takes its records apart into elements ([Elem]); [Merge] decides per element from three lists of them; [Apply]
// carries the decisions out on the document of side a, so that every line nobody changed keeps its bytes.
//
// Elements are a set: order and repetition mean nothing. The laws that follow, as long as a kind's Value says all that
// its digest counts: merging with an unchanged side gives the other side; merging equal sides gives them; exchanging
// the sides gives the same set, or clashes over the same fields.
package propmerge

import (
	"tandem/kind"
	"tandem/wire/contentline"
)

// An Elem is what changes as a whole: one phone number with its label, one category, one description.
type Elem struct {
	Field string // elements are only matched within one field: "TEL", "DESCRIPTION"
	Value string // all it means, in canonical form, attributes included; equal means the same
	Ident string // what it is apart from its attributes (the number without "work"); "" for nothing of the sort
	Slot  string // its role within the field ("work", a label); "" is a role like any other

	// Single says that the field is there once: whatever stands there is a new value of the same element.
	Single bool

	Label string // the field as a person names it: "phone (work)"
	Text  string // the value as a person reads it

	Items []contentline.Item // what carries it, the main line first

	// List says that the element is one part of the comma-separated value of the one line in Items. Part is that part,
	// escaped as it stands there. Lists says which parts may share a line: those with equal Field and Lists.
	List  bool
	Part  string
	Lists string

	copies []*Elem // further elements of the same meaning
}

// Op is what a step does to the document of side a.
type Op uint8

const (
	Keep    Op = iota // A stays as it is
	Replace           // B takes the place of A
	Combine           // Items take the place of A
	Remove            // A goes
	Add               // B is added
)

// A Step is one decision. A or B is nil where the side has no such element.
type Step struct {
	Op    Op
	A, B  *Elem
	Items []contentline.Item // Combine
}

// A Combiner tries to merge one element that both sides changed, or that both added (base is nil), below the level of
// elements. The items it returns are for side a's document. It must treat a and b alike but for spelling.
type Combiner func(base, a, b *Elem) (items []contentline.Item, ok bool)

// Merge decides what becomes of every element. combine may be nil. Where it cannot help and both sides changed an
// element differently (one of them perhaps by deleting it), a's state is kept and the field is among the clashes.
func Merge(base, a, b []Elem, combine Combiner) ([]Step, []kind.Clash) {
	m := merger{combine: combine}
	if m.combine == nil {
		m.combine = func(_, _, _ *Elem) ([]contentline.Item, bool) { return nil, false }
	}
	of := map[string]*[3][]*Elem{}
	var fields []string
	for side, list := range [3][]Elem{base, a, b} {
		seen := make(map[[2]string]*Elem, len(list))
		for i := range list {
			e := &list[i]
			key := [2]string{e.Field, e.Value}
			if same := seen[key]; same != nil {
				same.copies = append(same.copies, e)
				continue
			}
			e.copies = nil
			seen[key] = e
			if of[e.Field] == nil {
				of[e.Field] = new([3][]*Elem)
				fields = append(fields, e.Field)
			}
			of[e.Field][side] = append(of[e.Field][side], e)
		}
	}
	for _, f := range fields {
		m.field(of[f][0], of[f][1], of[f][2])
	}
	return m.steps, m.clashes
}

type merger struct {
	combine Combiner
	steps   []Step
	clashes []kind.Clash
}

// field merges the elements of one field.
func (m *merger) field(base, a, b []*Elem) {
	inA, addedA := match(base, a)
	inB, addedB := match(base, b)
	results := map[string]bool{} // Values that the merged field will have
	for i, e := range base {
		m.one(e, inA[i], inB[i], results)
	}
	partner := pairAdded(addedA, addedB)
	taken := map[*Elem]bool{}
	for _, x := range addedA {
		y := partner[x]
		if y != nil {
			taken[y] = true
		}
		m.both(nil, x, y, results)
	}
	for _, y := range addedB {
		if !taken[y] && !results[y.Value] {
			results[y.Value] = true
			m.steps = append(m.steps, Step{Op: Add, B: y})
		}
	}
}

// one decides about an element of the base. x and y are what the sides made of it, nil for deleted.
func (m *merger) one(base, x, y *Elem, results map[string]bool) {
	sameX, sameY := x != nil && x.Value == base.Value, y != nil && y.Value == base.Value
	switch {
	case x == nil && (y == nil || sameY):
	case sameX && y == nil:
		m.steps = append(m.steps, Step{Op: Remove, A: x})
	case sameX && !sameY:
		results[y.Value] = true
		m.steps = append(m.steps, Step{Op: Replace, A: x, B: y})
	case sameY:
		m.keep(x, results)
	default:
		m.both(base, x, y, results)
	}
}

// both decides about an element that is new on both sides, in its value or altogether. y may be nil when base is: then
// only a has it. With a base, nil means deleted.
func (m *merger) both(base, x, y *Elem, results map[string]bool) {
	switch {
	case base == nil && y == nil, x != nil && y != nil && x.Value == y.Value:
		m.keep(x, results)
		return
	case x != nil && y != nil && !x.List && !y.List:
		if items, ok := m.combine(base, x, y); ok {
			m.steps = append(m.steps, Step{Op: Combine, A: x, B: y, Items: items})
			return
		}
	}
	m.clash(base, x, y)
	if x != nil {
		m.keep(x, results)
	}
}

func (m *merger) keep(x *Elem, results map[string]bool) {
	results[x.Value] = true
	m.steps = append(m.steps, Step{Op: Keep, A: x})
}

// clash records a clash under the name that the base has for the field, so that it does not depend on the sides.
func (m *merger) clash(base, x, y *Elem) {
	var c kind.Clash
	for _, s := range []struct {
		e  *Elem
		to *string
	}{{base, &c.Base}, {x, &c.A}, {y, &c.B}} {
		if s.e == nil {
			continue
		}
		if *s.to = Shorten(s.e.Text); c.Field == "" || base == nil && s.e.Label < c.Field {
			c.Field = s.e.Label
		}
	}
	m.clashes = append(m.clashes, c)
}

// match finds for every element of base what side has made of it (nil: nothing), and what side has besides: first what
// is the same, then what is the same but for its attributes, then what has the same role, and where a field is there
// but once, whatever is left.
func match(base, side []*Elem) (of []*Elem, added []*Elem) {
	of = make([]*Elem, len(base))
	used := make([]bool, len(side))
	pass := func(key func(*Elem) (string, bool)) {
		waiting := make(map[string][]int, len(side))
		for j, s := range side {
			if k, ok := key(s); ok && !used[j] {
				waiting[k] = append(waiting[k], j)
			}
		}
		for i, e := range base {
			if of[i] != nil {
				continue
			}
			if k, ok := key(e); ok && len(waiting[k]) > 0 {
				j := waiting[k][0]
				waiting[k] = waiting[k][1:]
				of[i], used[j] = side[j], true
			}
		}
	}
	pass(byValue)
	pass(byIdent)
	pass(bySlot)
	pass(bySingle)
	for j, s := range side {
		if !used[j] {
			added = append(added, s)
		}
	}
	return of, added
}

// pairAdded finds elements that both sides added. A common role alone does not make them one: two new phones at work
// are two phones.
func pairAdded(a, b []*Elem) map[*Elem]*Elem {
	of := make(map[*Elem]*Elem)
	for _, key := range []func(*Elem) (string, bool){byValue, byIdent, bySingle} {
		waiting := map[string][]*Elem{}
		back := make(map[*Elem]bool, len(of))
		for _, y := range of {
			back[y] = true
		}
		for _, y := range b {
			if k, ok := key(y); ok && !back[y] {
				waiting[k] = append(waiting[k], y)
			}
		}
		for _, x := range a {
			if k, ok := key(x); ok && of[x] == nil && len(waiting[k]) > 0 {
				of[x] = waiting[k][0]
				waiting[k] = waiting[k][1:]
			}
		}
	}
	return of
}

func byValue(e *Elem) (string, bool)  { return e.Value, true }
func byIdent(e *Elem) (string, bool)  { return e.Ident, e.Ident != "" }
func bySlot(e *Elem) (string, bool)   { return e.Slot, !e.List && !e.Single }
func bySingle(e *Elem) (string, bool) { return "", e.Single }

// Shorten cuts a text to what fits on a line of a conflict.
func Shorten(s string) string {
	const most = 100
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
