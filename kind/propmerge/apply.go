package propmerge

import (
	"strings"

	"tandem/wire/contentline"
)

// An Adopter makes items for side a's document out of an element of side b. replaces is the element of side a whose
// place they take, nil if none.
type Adopter func(b, replaces *Elem) []contentline.Item

// Hooks are what a kind does its own way. Each may be nil.
type Hooks struct {
	Adopt Adopter // nil: items are copied as they are
	// Plain and SetPlain read and write the escaped value of a list, where lines may be encoded besides.
	Plain    func(*contentline.Line) string
	SetPlain func(*contentline.Line, string)
}

// Apply carries out steps on a component of side a's document. adopt may be nil: then items are copied as they are.
func Apply(doc *contentline.Document, c *contentline.Component, steps []Step, adopt Adopter) {
	ApplyWith(doc, c, steps, Hooks{Adopt: adopt})
}

// ApplyWith is Apply with more hooks. It takes time linear in the component and the steps.
func ApplyWith(doc *contentline.Document, c *contentline.Component, steps []Step, hooks Hooks) {
	ap := applier{doc: doc, hooks: hooks, removed: map[contentline.Item]bool{}, instead: map[contentline.Item][]contentline.Item{},
		lists: map[[2]string]*contentline.Line{}, parts: map[*contentline.Line]*partEdit{}}
	if ap.hooks.Adopt == nil {
		ap.hooks.Adopt = ap.copyItems
	}
	if ap.hooks.Plain == nil {
		ap.hooks.Plain, ap.hooks.SetPlain = (*contentline.Line).Value, (*contentline.Line).SetValue
	}
	for _, s := range steps {
		if s.Op != Remove && s.A != nil && s.A.List {
			ap.lists[[2]string{s.A.Field, s.A.Lists}] = s.A.Items[0].Line
		}
	}
	for _, s := range steps {
		switch {
		case s.Op == Remove:
			ap.remove(s.A)
		case s.Op == Replace && (s.A.List || s.B.List):
			ap.remove(s.A)
			ap.add(s.B)
		case s.Op == Replace:
			ap.replace(s.A, ap.hooks.Adopt(s.B, s.A))
		case s.Op == Combine:
			ap.replace(s.A, s.Items)
		case s.Op == Add:
			ap.add(s.B)
		}
	}
	ap.editLists()
	c.Items = ap.place(ap.withoutRemoved(c.Items))
}

// applier gathers what is to be done, to do it in one pass.
type applier struct {
	doc     *contentline.Document
	hooks   Hooks
	removed map[contentline.Item]bool
	instead map[contentline.Item][]contentline.Item // what takes the place of an item
	added   [][]contentline.Item
	lists   map[[2]string]*contentline.Line // where parts of a field go
	parts   map[*contentline.Line]*partEdit
	edited  []*contentline.Line // the keys of parts in order
}

// partEdit is what happens to one list.
type partEdit struct {
	gone map[string]int // parts to take out, and how many of each
	more []string
	made bool // the line is new: its value is only what is in more
}

func (ap *applier) copyItems(b, _ *Elem) []contentline.Item {
	items := make([]contentline.Item, len(b.Items))
	for i, it := range b.Items {
		items[i] = ap.doc.AdoptItem(it)
	}
	return items
}

// remove takes out an element and all of its copies.
func (ap *applier) remove(e *Elem) {
	ap.removeOne(e)
	for _, same := range e.copies {
		ap.removeOne(same)
	}
}

func (ap *applier) removeOne(e *Elem) {
	if e.List {
		ap.partsOf(e.Items[0].Line).gone[e.Part]++
		return
	}
	for _, it := range e.Items {
		ap.removed[it] = true
	}
}

// replace puts items where an element stood.
func (ap *applier) replace(e *Elem, items []contentline.Item) {
	ap.remove(e)
	ap.instead[e.Items[0]] = items
}

func (ap *applier) add(e *Elem) {
	if !e.List {
		if items := ap.hooks.Adopt(e, nil); len(items) > 0 {
			ap.added = append(ap.added, items)
		}
		return
	}
	key := [2]string{e.Field, e.Lists}
	l := ap.lists[key]
	if l == nil {
		items := ap.hooks.Adopt(e, nil)
		l = items[0].Line
		ap.lists[key] = l
		ap.added = append(ap.added, items[:1])
		ap.partsOf(l).made = true
	}
	edit := ap.partsOf(l)
	edit.more = append(edit.more, e.Part)
}

func (ap *applier) partsOf(l *contentline.Line) *partEdit {
	edit := ap.parts[l]
	if edit == nil {
		edit = &partEdit{gone: map[string]int{}}
		ap.parts[l] = edit
		ap.edited = append(ap.edited, l)
	}
	return edit
}

// editLists rewrites the lists and removes those that have lost all their parts.
func (ap *applier) editLists() {
	for _, l := range ap.edited {
		edit := ap.parts[l]
		var parts []string
		if !edit.made {
			for p := range contentline.SplitText(ap.hooks.Plain(l), ',') {
				if edit.gone[p] > 0 {
					edit.gone[p]--
				} else if p != "" || len(edit.more) == 0 {
					parts = append(parts, p)
				}
			}
		}
		parts = append(parts, edit.more...)
		if len(parts) == 0 {
			ap.removed[contentline.Item{Line: l}] = true
		}
		ap.hooks.SetPlain(l, contentline.JoinText(parts, ','))
	}
}

func (ap *applier) withoutRemoved(items []contentline.Item) []contentline.Item {
	out := make([]contentline.Item, 0, len(items))
	for _, it := range items {
		switch in, ok := ap.instead[it]; {
		case ok:
			out = append(out, in...)
		case !ap.removed[it]:
			out = append(out, it)
		}
	}
	return out
}

// place puts the added items in: a line with what belongs to it after the last line of its name, else after the last
// line; a component at the end.
func (ap *applier) place(items []contentline.Item) []contentline.Item {
	if len(ap.added) == 0 {
		return items
	}
	last, lastOf := 0, map[string]int{} // indices after which to put, plus one
	for i, it := range items {
		if it.Line != nil && !it.Line.Blank() {
			last = i + 1
			lastOf[strings.ToUpper(it.Line.Name())] = i + 1
		}
	}
	after := map[int][]contentline.Item{}
	for _, add := range ap.added {
		at := len(items)
		if l := add[0].Line; l != nil {
			at = last
			if i, ok := lastOf[strings.ToUpper(l.Name())]; ok && l.Name() != "" {
				at = i
			}
		}
		after[at] = append(after[at], add...)
	}
	out := append([]contentline.Item(nil), after[0]...)
	for i, it := range items {
		out = append(append(out, it), after[i+1]...)
	}
	return out
}
