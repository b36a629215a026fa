// Package calview is what the views of tasks and notes have in common: how a calendar object is opened or made, and how its texts,
// categories and descriptions are read and written, with all else in it left as it is.
package calview

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// Object is a calendar object with one series.
type Object struct {
	Doc  *contentline.Document
	Cal  *contentline.Component
	Main *contentline.Component // the series itself, or its first override where there is nothing else
}

// Open parses a body that holds components of this name ("VTODO"); what is opened is safe to edit.
func Open(data []byte, component string) (*Object, error) {
	fail := func(err error) (*Object, error) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read " + component, Err: err}
	}
	doc, err := ical.Parse(data)
	if err != nil {
		return fail(err)
	}
	o := &Object{Doc: doc}
	for c := range doc.Components() {
		if !c.Is("VCALENDAR") {
			continue
		}
		for one := range c.Children() {
			if one.Is(component) && (o.Main == nil || o.Main.Get("RECURRENCE-ID") != nil && one.Get("RECURRENCE-ID") == nil) {
				o.Cal, o.Main = c, one
			}
		}
	}
	if o.Main == nil {
		return fail(fmt.Errorf("no %s", component))
	}
	return o, nil
}

// New makes an object with one component.
func New(component, uid string, now int64) *Object {
	cal, main := contentline.NewComponent("VCALENDAR"), contentline.NewComponent(component)
	cal.Set("VERSION", "2.0")
	cal.Set("PRODID", "-//Tandem//EN")
	if uid != "" {
		main.Set("UID", contentline.EscapeText(uid))
	}
	main.Set("DTSTAMP", Instant(now))
	main.Set("CREATED", Instant(now))
	cal.Add(contentline.Item{Child: main})
	return &Object{Doc: contentline.NewDocument(cal), Cal: cal, Main: main}
}

// Instant is a time in seconds as a DATE-TIME in UTC.
func Instant(at int64) string { return ical.Time{Wall: at, Form: ical.UTC}.String() }

// Stamp says that the component was changed, RFC 5545 3.8.7.
func Stamp(c *contentline.Component, now int64) {
	Set(c, "DTSTAMP", Instant(now))
	Set(c, "LAST-MODIFIED", Instant(now))
}

// Text is the decoded value of the first property of this name, as it can be shown.
func Text(c *contentline.Component, name string) string {
	if l := c.Get(name); l != nil {
		return Line(ical.Text(l))
	}
	return ""
}

// Line is a text as it is shown and compared: without space around it, and fit for XML.
func Line(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(eas.Clean(s), "\r\n", "\n"), "\r", "\n"))
}

// Word is the value of a property that is one word, in upper case.
func Word(c *contentline.Component, name string) string {
	if l := c.Get(name); l != nil {
		return strings.ToUpper(strings.TrimSpace(l.Value()))
	}
	return ""
}

// SetText makes the first property of this name a text; "" removes all of the name.
func SetText(c *contentline.Component, name, text string) {
	if text == "" {
		c.RemoveAll(name)
		return
	}
	Set(c, name, contentline.EscapeText(text))
}

// Set makes the first property of this name an escaped value, without an encoding that only the old one had.
func Set(c *contentline.Component, name, value string) *contentline.Line {
	l := c.Set(name, value)
	if l.Quoted() {
		l.DelParam("ENCODING")
		l.DelParam("CHARSET")
		l.DelParam("")
	}
	return l
}

// SetTime makes the first property of this name a time.
func SetTime(c *contentline.Component, name string, t ical.Time) {
	l := c.Set(name, t.String())
	l.DelParam("VALUE")
	l.DelParam("TZID")
	switch t.Form {
	case ical.Date:
		l.SetParam("VALUE", "DATE")
	case ical.Zoned:
		l.SetParam("TZID", t.TZID)
	}
}

// Find is the first element with this tag, nil if there is none.
func Find(in []*wbxml.Element, tag wbxml.Tag) *wbxml.Element {
	i := slices.IndexFunc(in, func(e *wbxml.Element) bool { return e != nil && e.Tag == tag })
	if i < 0 {
		return nil
	}
	return in[i]
}

// altName is the HTML that Outlook writes beside a description.
const altName = "X-ALT-DESC"

func markup(c *contentline.Component) *contentline.Line {
	for l := range c.All(altName) {
		if kind, _ := l.Param("FMTTYPE"); strings.EqualFold(kind, "text/html") {
			return l
		}
	}
	return nil
}

// Description is the text of a component: all that its descriptions say, since a note may have several (RFC 5545 3.8.1.5). HTML counts where
// it still says what the plain text says; otherwise another program changed that alone.
func Description(c *contentline.Component) body.Text {
	var parts []string
	for l := range c.All("DESCRIPTION") {
		if v := ical.Text(l); v != "" {
			parts = append(parts, v)
		}
	}
	words := strings.Join(parts, "\n\n")
	if html, ok := formatted(c); ok {
		t := body.Text{Type: eas.HTML, Data: html}
		if strings.TrimSpace(words) == "" || letters(t.Plain()) == letters(words) {
			return t
		}
	}
	return body.Text{Type: eas.Plain, Data: words}
}

// formatted is the HTML beside a description.
func formatted(c *contentline.Component) (string, bool) {
	if l := markup(c); l != nil {
		return ical.Text(l), true
	}
	if l := c.Get("DESCRIPTION"); l != nil {
		return body.AltRep(l)
	}
	return "", false
}

// letters are the letters and digits of a text.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// SetDescription writes the text of a component.
func SetDescription(c *contentline.Component, t body.Text) {
	for i, l := range slices.Collect(c.All("DESCRIPTION")) {
		if i > 0 {
			c.Remove(contentline.Item{Line: l})
		}
	}
	SetText(c, "DESCRIPTION", t.Plain())
	old := markup(c)
	if l := c.Get("DESCRIPTION"); l != nil {
		if _, has := body.AltRep(l); has && old == nil && t.Type == eas.HTML {
			body.SetAltRep(l, t.Data)
			return
		}
		l.DelParam("ALTREP") // RFC 5545 3.2.1: it says what was
	}
	switch {
	case t.Type != eas.HTML && old == nil:
	case t.Type != eas.HTML:
		c.Remove(contentline.Item{Line: old})
	case old == nil:
		c.Add(contentline.Item{Line: contentline.NewLine(altName, contentline.EscapeText(t.Data), contentline.NewParam("FMTTYPE", "text/html"))})
	default:
		old.SetValue(contentline.EscapeText(t.Data))
	}
}

// PutDescription takes the Body element of a change. The note, if any, is for the log.
func PutDescription(c *contentline.Component, in []*wbxml.Element, o eas.Options) (note string) {
	t, changed, note := body.Take(Description(c), Find(in, wbxml.AirSyncBaseBody), o)
	if changed {
		SetDescription(c, t)
	}
	return note
}

// maxListed is how many categories are shown, MS-ASNOTE 2.2.2.3 and MS-ASTASK_R395. Further ones stay.
const maxListed = 300

// Categories are the component's categories, each once.
func Categories(c *contentline.Component) []string {
	var out []string
	seen := map[string]bool{}
	for l := range c.All("CATEGORIES") {
		for _, v := range ical.TextList(l) {
			if v = Line(v); v != "" && !seen[v] {
				seen[v] = true
				out = append(out, v)
			}
		}
	}
	return out
}

// ShowCategories makes the element of the categories, nil if there are none.
func ShowCategories(c *contentline.Component, tag, item wbxml.Tag) *wbxml.Element {
	all := Categories(c)
	if len(all) == 0 {
		return nil
	}
	e := wbxml.New(tag)
	for _, v := range all[:min(len(all), maxListed)] {
		e.Add(wbxml.Text(item, v))
	}
	return e
}

// PutCategories makes the categories those of an element; nil or empty removes all that were shown.
func PutCategories(c *contentline.Component, e *wbxml.Element, item wbxml.Tag) {
	have := Categories(c)
	var wanted []string
	for one := range e.All(item) {
		if v := Line(one.String()); v != "" && !slices.Contains(wanted, v) {
			wanted = append(wanted, v)
		}
	}
	gone := map[string]bool{}
	for _, v := range have[:min(len(have), maxListed)] {
		if !slices.Contains(wanted, v) {
			gone[v] = true
		}
	}
	removeCategories(c, gone)
	for _, v := range wanted {
		if slices.Contains(have, v) {
			continue
		}
		l := c.Get("CATEGORIES")
		if l == nil || strings.TrimSpace(l.Value()) == "" || l.Quoted() {
			c.Add(contentline.Item{Line: contentline.NewLine("CATEGORIES", contentline.EscapeText(v))})
			continue
		}
		l.SetValue(l.Value() + "," + contentline.EscapeText(v))
	}
}

func removeCategories(c *contentline.Component, gone map[string]bool) {
	if len(gone) == 0 {
		return
	}
	for _, l := range slices.Collect(c.All("CATEGORIES")) {
		had := slices.Collect(contentline.SplitText(ical.Raw(l), ','))
		left := slices.DeleteFunc(slices.Clone(had), func(raw string) bool {
			return gone[Line(contentline.UnescapeText(strings.TrimSpace(raw)))]
		})
		switch {
		case len(left) == len(had):
		case len(left) == 0:
			c.Remove(contentline.Item{Line: l})
		default:
			l.SetValue(contentline.JoinText(left, ','))
			if l.Quoted() {
				l.DelParam("ENCODING")
				l.DelParam("CHARSET")
				l.DelParam("")
			}
		}
	}
}

// Changed is when the component was last changed, in Unix seconds, as far as it says so.
func Changed(c *contentline.Component) (int64, bool) {
	for _, name := range []string{"LAST-MODIFIED", "DTSTAMP", "CREATED"} {
		if l := c.Get(name); l != nil {
			if t, err := ical.TimeOf(l); err == nil {
				return t.Wall, true
			}
		}
	}
	return 0, false
}

// ShowTime is an instant as dateTime.
func ShowTime(at int64) string { return eas.FormatTime(time.Unix(at, 0)) }
