// Package refill shows a form once more that was refused: as it was sent, with what is wrong beside the field that it is about. It works on the page as it is made, so that every
// form keeps what was typed, whatever its own code keeps.
package refill

import (
	"bytes"
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// wrongID is the id of what is said beside a field that was refused.
const wrongID = "wrong"

// Form is what was sent, and why it was refused.
type Form struct {
	Path    string // where it was sent, escaped
	Sent    url.Values
	Fields  []string // one of which the error is about; "*-x" is one that ends so and was changed. None: the one whose text Said repeats, one that had to be filled in, or the only one
	Said    string   // what the error says of what was typed
	Problem []byte   // the same as HTML: one element
}

// Fill puts what was sent into the form of a page, but secrets and passwords in addresses, and the problem beside the field that it is about, which gets the focus. What has no place in the page is put into
// its element "notice".
func Fill(page []byte, f Form) ([]byte, error) {
	path, sent := f.Path, f.Sent
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	parts, err := html.ParseFragment(bytes.NewReader(bytes.TrimSpace(f.Problem)), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return nil, err
	}
	box := parts[slices.IndexFunc(parts, func(n *html.Node) bool { return n.Type == html.ElementNode })]
	set(box, "id", wrongID)
	for n := range doc.Descendants() {
		remove(n, "autofocus")
	}
	form := formOf(doc, path, sent)
	var at *html.Node
	if form != nil {
		restore(form, f)
		at = faulty(form, f)
	}
	focus := box
	if at != nil {
		focus = at
		set(at, "aria-invalid", "true")
		set(at, "aria-describedby", strings.TrimSpace(wrongID+" "+get(at, "aria-describedby")))
		for n := range at.Ancestors() {
			if n.DataAtom == atom.Details {
				set(n, "open", "")
			}
		}
	} else {
		set(box, "tabindex", "-1")
	}
	set(focus, "autofocus", "")
	if !place(box, form, at) {
		notice := find(doc, func(n *html.Node) bool { return get(n, "id") == "notice" })
		notice.AppendChild(box)
	}
	var out bytes.Buffer
	err = html.Render(&out, doc)
	return out.Bytes(), err
}

// place puts what is said before the part of the form that holds the field. A form of one line gets it before all of it. It reports whether it did.
func place(box, form, at *html.Node) bool {
	if form == nil || at == nil && len(typed(form)) == 0 { // a button
		return false
	}
	before := form
	switch {
	case hasClass(form, "filters"):
		for p := before.Parent; p != nil && p.DataAtom != atom.Section && p.DataAtom != atom.Li && p.DataAtom != atom.Main && p.DataAtom != atom.Td; p = p.Parent {
			before = p
		}
	case at == nil:
		if before = form.FirstChild; before == nil {
			return false
		}
	default:
		before = at
		for p := at.Parent; p != form && !hasClass(p, "stack") && p.DataAtom != atom.Section && p.DataAtom != atom.Fieldset && !hasClass(p, "own"); p = p.Parent {
			before = p
		}
	}
	before.Parent.InsertBefore(box, before)
	return true
}

// formOf is the form of a page that sent this: of those that lead there the one that is most like it.
func formOf(doc *html.Node, path string, sent url.Values) (form *html.Node) {
	most := 0
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Form || !strings.EqualFold(get(n, "method"), "post") || !leadsTo(n, path) {
			continue
		}
		like := 1
		for c := range n.Descendants() {
			name := get(c, "name")
			if !sent.Has(name) || name == "csrf" {
				continue
			}
			like++
			if fixed := c.DataAtom == atom.Button || get(c, "type") == "hidden"; fixed && slices.Contains(sent[name], get(c, "value")) {
				like += 2
			} else if fixed && c.DataAtom != atom.Button {
				like -= 2
			}
		}
		if like > most {
			form, most = n, like
		}
	}
	return form
}

// leadsTo reports whether a form, or one of its buttons, is sent to a path.
func leadsTo(form *html.Node, path string) bool {
	same := func(action string) bool {
		u, err := url.Parse(action)
		return err == nil && (action == "" || u.EscapedPath() == path || u.Path == path)
	}
	if same(get(form, "action")) {
		return true
	}
	return find(form, func(n *html.Node) bool { return get(n, "formaction") != "" && same(get(n, "formaction")) }) != nil
}

// typed are the fields of a form that a person fills in.
func typed(form *html.Node) (out []*html.Node) {
	for n := range form.Descendants() {
		switch n.DataAtom {
		case atom.Select, atom.Textarea:
			out = append(out, n)
		case atom.Input:
			if t := get(n, "type"); t != "hidden" && t != "submit" && !has(n, "hidden") {
				out = append(out, n)
			}
		}
	}
	return out
}

// secret reports whether a field holds what no page shows.
func secret(n *html.Node) bool {
	return get(n, "type") == "password" || get(n, "autocomplete") == "one-time-code"
}

// Addresses with a password in them. Of what has no slashes only the hub's refusal tells that it is one.
var (
	inAddress = regexp.MustCompile(`^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^:/?#@\s]*):[^?#\s]*@`)
	inBare    = regexp.MustCompile(`^([^:/?#@\s]*):[^?#\s]*@`)
)

// shown is what of a text that was typed stands in its field again: all of it but a password in an address.
func (f Form) shown(value string) string {
	if inAddress.MatchString(value) {
		return inAddress.ReplaceAllString(value, "$1@")
	}
	if strings.Contains(f.Said, "passwords are not taken") {
		value = inBare.ReplaceAllString(value, "$1@")
	}
	return value
}

// restore puts what was sent into the fields.
func restore(form *html.Node, f Form) {
	sent, taken := f.Sent, map[string]int{}
	for _, n := range typed(form) {
		name := get(n, "name")
		value, there := "", false
		if list := sent[name]; taken[name] < len(list) {
			value, there = list[taken[name]], true
		}
		switch kind := get(n, "type"); {
		case kind == "checkbox" || kind == "radio":
			remove(n, "checked")
			if on := cmp.Or(get(n, "value"), "on"); slices.Contains(sent[name], on) {
				set(n, "checked", "")
			}
			continue
		case secret(n):
			remove(n, "value")
		case !there:
		case n.DataAtom == atom.Select:
			choose(n, value)
		case n.DataAtom == atom.Textarea:
			for n.FirstChild != nil {
				n.RemoveChild(n.FirstChild)
			}
			n.AppendChild(&html.Node{Type: html.TextNode, Data: value})
		default:
			set(n, "value", f.shown(value))
		}
		taken[name]++
	}
}

// choose selects a value, and leaves alone what does not offer it.
func choose(list *html.Node, value string) {
	var is *html.Node
	for n := range list.Descendants() {
		if n.DataAtom == atom.Option && (get(n, "value") == value && has(n, "value") || !has(n, "value") && text(n) == value) {
			is = n
		}
	}
	if is == nil {
		return
	}
	for n := range list.Descendants() {
		remove(n, "selected")
	}
	set(is, "selected", "")
}

// named reports whether a field is the one that an error is about.
func (f Form) named(field, name string) bool {
	end, some := strings.CutPrefix(name, "*")
	return field == name || some && strings.HasSuffix(field, end) && f.Sent.Get(field) != f.Sent.Get("was-"+field)
}

// repeated is the field whose text is repeated by what was said: the longest, and one that was typed before one that was chosen.
func (f Form) repeated(fields []*html.Node) (best *html.Node) {
	said, long := strings.ToLower(f.Said), 0
	for _, chosen := range []bool{false, true} {
		for _, n := range fields {
			value := strings.ToLower(strings.TrimSpace(f.Sent.Get(get(n, "name"))))
			kind := get(n, "type")
			if (n.DataAtom == atom.Select) == chosen && kind != "checkbox" && kind != "radio" && !secret(n) && len(value) > long && strings.Contains(said, value) {
				best, long = n, len(value)
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// faulty is the field that an error is about, nil if that is not known.
func faulty(form *html.Node, f Form) *html.Node {
	fields := typed(form)
	for _, name := range f.Fields {
		if i := slices.IndexFunc(fields, func(n *html.Node) bool { return f.named(get(n, "name"), name) }); i >= 0 {
			return fields[i]
		}
	}
	if n := f.repeated(fields); n != nil {
		return n
	}
	for _, n := range fields {
		if has(n, "required") && strings.TrimSpace(f.Sent.Get(get(n, "name"))) == "" {
			return n
		}
	}
	if len(fields) == 1 && fields[0].DataAtom != atom.Select {
		return fields[0]
	}
	return nil
}
