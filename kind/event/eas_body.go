package event

import (
	"slices"
	"strings"
	"unicode"

	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// markup is the HTML of a description, as Outlook writes it beside the plain one; nil if there is none.
func markup(c *contentline.Component) *contentline.Line {
	for l := range c.All("X-ALT-DESC") {
		if kind, _ := l.Param("FMTTYPE"); strings.EqualFold(kind, "text/html") {
			return l
		}
	}
	return nil
}

// description is the text of a component. HTML counts where it still says what the plain text says; otherwise another
// program changed that alone.
func description(c *contentline.Component) body.Text {
	words := text(c, "DESCRIPTION")
	if l := markup(c); l != nil {
		t := body.Text{Type: eas.HTML, Data: ical.Text(l)}
		if strings.TrimSpace(words) == "" || letters(t.Plain()) == letters(words) {
			return t
		}
	}
	return body.Text{Type: eas.Plain, Data: words}
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

func showBody(s *shower, c *contentline.Component) *wbxml.Element {
	e, _ := body.Show(description(c), s.o)
	return e
}

// MS-ASCAL 2.2.2.31
func showNative(s *shower, c *contentline.Component) *wbxml.Element {
	_, native := body.Show(description(c), s.o)
	return native
}

func putBody(w *writer, c *contentline.Component, e *wbxml.Element) error {
	t, changed, note := body.Take(description(c), e, w.o.Options)
	if note != "" {
		w.note("%s", note)
	}
	if !changed {
		return nil
	}
	w.edited()
	words := t.Plain()
	calview.SetText(c, "DESCRIPTION", words)
	if l := c.Get("DESCRIPTION"); l != nil {
		l.DelParam("ALTREP") // RFC 5545 3.2.1: it says what was
	}
	old := markup(c)
	if t.Type != eas.HTML {
		if old != nil {
			c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool { return it.Line == old })
		}
		return nil
	}
	if old == nil {
		old = contentline.NewLine("X-ALT-DESC", "", contentline.NewParam("FMTTYPE", "text/html"))
		c.Add(contentline.Item{Line: old})
	}
	old.SetValue(contentline.EscapeText(t.Data))
	for _, p := range []string{"ENCODING", "CHARSET"} {
		old.DelParam(p)
	}
	return nil
}
