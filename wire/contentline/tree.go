package contentline

import (
	"iter"
	"slices"
	"strings"
)

// A Document is a parsed text: components, and whatever stands around them.
type Document struct {
	Items []Item
	eol   string
}

// An Item is either a line or a component within a component.
type Item struct {
	Line  *Line
	Child *Component
}

// A Component is what stands between BEGIN and END, in order.
type Component struct {
	Begin, End *Line
	Items      []Item
}

// NewComponent makes an empty component.
func NewComponent(name string) *Component {
	return &Component{Begin: NewLine("BEGIN", name), End: NewLine("END", name)}
}

// NewDocument makes a document of CRLF lines with these components.
func NewDocument(components ...*Component) *Document {
	d := &Document{eol: "\r\n"}
	for _, c := range components {
		d.Items = append(d.Items, Item{Child: c})
	}
	return d
}

// EOL is the line ending that new and changed lines get: that of the first line, CRLF if there is none.
func (d *Document) EOL() string { return d.eol }

// Components yields the outermost components.
func (d *Document) Components() iter.Seq[*Component] { return children(d.Items) }

// Stray returns the first line outside of all components that is not blank, or nil.
func (d *Document) Stray() *Line {
	for _, it := range d.Items {
		if it.Line != nil && !it.Line.Blank() {
			return it.Line
		}
	}
	return nil
}

// Adopt returns a copy of a line of another document, verbatim except that its line endings become this document's.
func (d *Document) Adopt(l *Line) *Line {
	c := l.Clone()
	c.seq = 0
	if c.raw != "" {
		c.raw = withEOL(c.raw, d.eol)
	}
	return c
}

// AdoptItem is Adopt for a line or a component with all that is in it.
func (d *Document) AdoptItem(it Item) Item {
	if it.Line != nil {
		return Item{Line: d.Adopt(it.Line)}
	}
	c := &Component{Begin: d.Adopt(it.Child.Begin), End: d.Adopt(it.Child.End), Items: make([]Item, len(it.Child.Items))}
	for i, sub := range it.Child.Items {
		c.Items[i] = d.AdoptItem(sub)
	}
	return Item{Child: c}
}

// withEOL replaces every line ending of a raw line and adds one where it is missing.
func withEOL(raw, eol string) string {
	var b strings.Builder
	for s := raw; s != ""; {
		end, next := lineEnd(s)
		b.WriteString(s[:end])
		b.WriteString(eol)
		s = s[next:]
	}
	return b.String()
}

// lineEnd finds the end of the first physical line of s and the start of the next. It only ever sees single lines, so
// the search for the line feed is short.
func lineEnd(s string) (end, next int) {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return len(s), len(s)
	}
	return i, i + breakLen(s[i:])
}

// breakLen is the length of the line ending at the start of s: LF, CR, CRLF, or CR CR LF, which is what a CRLF becomes
// when a text is converted twice.
func breakLen(s string) int {
	switch {
	case s[0] == '\n':
		return 1
	case len(s) > 1 && s[1] == '\n':
		return 2
	case len(s) > 2 && s[1] == '\r' && s[2] == '\n':
		return 3
	}
	return 1
}

// Name is the component's name as spelled.
func (c *Component) Name() string { return strings.TrimSpace(c.Begin.value) }

// Is reports whether the component has this name, ignoring case.
func (c *Component) Is(name string) bool { return strings.EqualFold(c.Name(), name) }

// Lines yields the component's own content lines, not those of components within, nor blank and opaque ones.
func (c *Component) Lines() iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		for i := range c.Items {
			if l := c.Items[i].Line; l != nil && l.kind == content && !yield(l) {
				return
			}
		}
	}
}

// All yields the component's own lines of this name.
func (c *Component) All(name string) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		for l := range c.Lines() {
			if l.Is(name) && !yield(l) {
				return
			}
		}
	}
}

// Get returns the first of the component's own lines of this name, or nil.
func (c *Component) Get(name string) *Line {
	for l := range c.All(name) {
		return l
	}
	return nil
}

// Children yields the components directly within.
func (c *Component) Children() iter.Seq[*Component] { return children(c.Items) }

func children(items []Item) iter.Seq[*Component] {
	return func(yield func(*Component) bool) {
		for i := range items {
			if c := items[i].Child; c != nil && !yield(c) {
				return
			}
		}
	}
}

// Set gives the first line of this name the (escaped) value, or adds such a line after the last property. It returns
// the line.
func (c *Component) Set(name, value string) *Line {
	l := c.Get(name)
	if l == nil {
		l = NewLine(name, value)
		c.Add(Item{Line: l})
		return l
	}
	l.SetValue(value)
	return l
}

// Add puts an item where one of its sort belongs: a line after the last line of the same name, else after the last
// line; a component at the end.
func (c *Component) Add(it Item) {
	at := len(c.Items)
	if it.Line != nil {
		same, last := -1, -1
		for i, have := range c.Items {
			if have.Line == nil || have.Line.kind == blank {
				continue
			}
			if last = i; it.Line.name != "" && have.Line.Is(it.Line.name) {
				same = i
			}
		}
		if at = last + 1; same >= 0 {
			at = same + 1
		}
	}
	c.Items = slices.Insert(c.Items, at, it)
}

// Index tells where in Items the line or component of it stands, -1 if nowhere.
func (c *Component) Index(it Item) int { return slices.Index(c.Items, it) }

// Remove takes a line or component out and reports whether it was there.
func (c *Component) Remove(it Item) bool {
	i := c.Index(it)
	if i >= 0 {
		c.Items = slices.Delete(c.Items, i, i+1)
	}
	return i >= 0
}

// RemoveAll takes out all of the component's own lines of this name and tells how many there were.
func (c *Component) RemoveAll(name string) int {
	n := len(c.Items)
	c.Items = slices.DeleteFunc(c.Items, func(it Item) bool { return it.Line != nil && it.Line.Is(name) })
	return n - len(c.Items)
}
