package propmerge

import (
	"slices"

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

// ApplyWith is Apply with more hooks.
func ApplyWith(doc *contentline.Document, c *contentline.Component, steps []Step, hooks Hooks) {
	adopt := hooks.Adopt
	if adopt == nil {
		adopt = func(b, _ *Elem) []contentline.Item {
			items := make([]contentline.Item, len(b.Items))
			for i, it := range b.Items {
				items[i] = doc.AdoptItem(it)
			}
			return items
		}
	}
	if hooks.Plain == nil {
		hooks.Plain, hooks.SetPlain = (*contentline.Line).Value, (*contentline.Line).SetValue
	}
	ap := applier{doc: doc, c: c, hooks: hooks, lists: map[[2]string]*contentline.Line{}}
	for _, s := range steps {
		if s.Op != Remove && s.A != nil && s.A.List {
			ap.lists[[2]string{s.A.Field, s.A.Lists}] = s.A.Items[0].Line
		}
	}
	for _, s := range steps {
		switch s.Op {
		case Remove:
			ap.remove(s.A)
		case Replace:
			if s.A.List || s.B.List {
				ap.remove(s.A)
				ap.add(s.B, adopt)
			} else {
				ap.replace(s.A, adopt(s.B, s.A))
			}
		case Combine:
			ap.replace(s.A, s.Items)
		case Add:
			ap.add(s.B, adopt)
		}
	}
	ap.dropEmptied()
}

type applier struct {
	doc     *contentline.Document
	c       *contentline.Component
	hooks   Hooks
	lists   map[[2]string]*contentline.Line // where parts of a field go
	emptied []*contentline.Line             // lists that lost a part and may have none left
}

// remove takes out an element and all of its copies.
func (ap *applier) remove(e *Elem) {
	for _, each := range append([]*Elem{e}, e.copies...) {
		if each.List {
			ap.removePart(each.Items[0].Line, each.Part)
			continue
		}
		for _, it := range each.Items {
			ap.c.Remove(it)
		}
	}
}

// replace puts items where an element stood.
func (ap *applier) replace(e *Elem, items []contentline.Item) {
	at := len(ap.c.Items)
	if len(e.Items) > 0 {
		if i := ap.c.Index(e.Items[0]); i >= 0 {
			at = i
		}
	}
	mark := contentline.Item{Line: &contentline.Line{}}
	ap.c.Items = slices.Insert(ap.c.Items, at, mark)
	ap.remove(e)
	at = ap.c.Index(mark)
	ap.c.Items = slices.Replace(ap.c.Items, at, at+1, items...)
}

func (ap *applier) add(e *Elem, adopt Adopter) {
	if e.List {
		ap.addPart(e, adopt)
		return
	}
	items := adopt(e, nil)
	if len(items) == 0 {
		return
	}
	ap.c.Add(items[0])
	at := ap.c.Index(items[0])
	ap.c.Items = slices.Insert(ap.c.Items, at+1, items[1:]...)
}

func (ap *applier) removePart(l *contentline.Line, part string) {
	var left []string
	gone := false
	for p := range contentline.SplitText(ap.hooks.Plain(l), ',') {
		if p == part && !gone {
			gone = true
			continue
		}
		left = append(left, p)
	}
	ap.hooks.SetPlain(l, contentline.JoinText(left, ','))
	if len(left) == 0 {
		ap.emptied = append(ap.emptied, l)
	}
}

func (ap *applier) addPart(e *Elem, adopt Adopter) {
	key := [2]string{e.Field, e.Lists}
	l := ap.lists[key]
	if l == nil {
		alone := *e
		items := adopt(&alone, nil)
		l = items[0].Line
		ap.hooks.SetPlain(l, e.Part)
		ap.c.Add(items[0])
		ap.lists[key] = l
		return
	}
	if l.Value() == "" {
		ap.hooks.SetPlain(l, e.Part)
	} else {
		ap.hooks.SetPlain(l, ap.hooks.Plain(l)+","+e.Part)
	}
}

// dropEmptied removes the lists that have lost all their parts.
func (ap *applier) dropEmptied() {
	for _, l := range ap.emptied {
		if l.Value() == "" {
			ap.c.Remove(contentline.Item{Line: l})
		}
	}
}
