package body

import (
	"html"
	"net/url"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tandem/kind/eas"
)

// Sanitize leaves of HTML what formats a text: no scripts, no forms, nothing that is loaded from elsewhere.
func Sanitize(s string) string { return eas.Clean(policy().Sanitize(s)) }

// Quote leaves of HTML that came with a message what may be shown below an answer to it: what Sanitize leaves, with its layout and its pictures, those that came with the message among them. What is
// loaded from elsewhere is for the program to decide that shows it, as with the message itself.
func Quote(s string) string { return eas.Clean(quotes().Sanitize(s)) }

var (
	policy = sync.OnceValue(func() *bluemonday.Policy { return formatting().AllowElements("html", "body") })
	quotes = sync.OnceValue(func() *bluemonday.Policy {
		p := formatting()
		p.AllowURLSchemes("cid") // RFC 2392
		p.AllowDataURIImages()
		p.AllowImages()
		p.AllowAttrs("bgcolor", "border", "cellpadding", "cellspacing", "width", "height", "valign").OnElements("table", "tbody", "thead", "tfoot", "tr", "td", "th")
		p.AllowStyles("border", "border-top", "border-right", "border-bottom", "border-left", "border-collapse", "border-spacing", "padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
			"margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "width", "max-width", "height", "line-height", "vertical-align", "white-space").Globally()
		return p
	})
)

// Embedded are the Content-IDs of what HTML shows that comes with its message. RFC 2392
func Embedded(s string) (ids []string) {
	z := xhtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return ids
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				if len(a.Val) < 4 || !strings.EqualFold(a.Val[:4], "cid:") || a.Key != "src" {
					continue
				}
				if id, err := url.PathUnescape(a.Val[4:]); err == nil && id != "" {
					ids = append(ids, id)
				}
			}
		}
	}
}

func formatting() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowStandardURLs()
	p.AllowURLSchemes("tel", "sms", "xmpp", "sip")
	p.AllowAttrs("href").OnElements("a")
	p.AllowLists()
	p.AllowTables()
	p.AllowElements("p", "div", "span", "br", "hr", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong",
		"i", "em", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "big", "code", "tt", "center", "font")
	p.AllowAttrs("color", "face", "size").OnElements("font")
	p.AllowAttrs("dir", "align").Globally()
	p.AllowStyles("color", "background-color", "font-weight", "font-style", "font-family", "font-size", "text-align", "text-decoration").Globally()
	return p
}

// ToHTML shows a plain text as HTML: the same lines and the same spaces.
func ToHTML(s string) string {
	s = html.EscapeString(strings.ReplaceAll(eas.Clean(lf(s)), "\t", "    "))
	var b strings.Builder
	b.WriteString("<html><body>")
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\n':
			b.WriteString("<br>\r\n")
		case s[i] == ' ' && (i == 0 || s[i-1] == '\n' || i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\n'):
			b.WriteString("&nbsp;") // HTML folds spaces
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteString("</body></html>")
	return b.String()
}

// ToPlain reads HTML as plain text.
func ToPlain(s string) string {
	w := plainWriter{}
	z := xhtml.NewTokenizer(strings.NewReader(s))
	skip, pre := 0, 0
	for {
		kind := z.Next()
		switch kind {
		case xhtml.ErrorToken:
			return w.text()
		case xhtml.TextToken:
			if skip == 0 {
				w.add(string(z.Text()), pre > 0)
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken, xhtml.EndTagToken:
			t := z.Token()
			step := 1
			switch kind {
			case xhtml.EndTagToken:
				step = -1
			case xhtml.SelfClosingTagToken:
				step = 0
			}
			switch t.DataAtom {
			case atom.Head, atom.Style, atom.Script, atom.Title:
				skip = max(skip+step, 0)
			case atom.Body:
				skip = 0
			case atom.Pre, atom.Textarea:
				pre = max(pre+step, 0)
			}
			if skip == 0 {
				w.tag(t, kind == xhtml.EndTagToken)
			}
		}
	}
}

// plainWriter gathers text; line breaks and spaces are written when something follows them.
type plainWriter struct {
	b      strings.Builder
	breaks int  // lines to end before the next text
	space  bool // a space before the next text
	href   string
	anchor int // where the text of the link began
}

func (w *plainWriter) text() string { return strings.ReplaceAll(w.b.String(), "\u00a0", " ") }

func (w *plainWriter) add(s string, pre bool) {
	if pre {
		w.flush()
		w.b.WriteString(lf(s))
		return
	}
	for i, word := range strings.FieldsFunc(s, isSpace) {
		if i > 0 || isSpace(rune(s[0])) {
			w.space = true
		}
		w.flush()
		w.b.WriteString(word)
	}
	if s != "" && isSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

// isSpace tells white space that HTML folds; a no-break space is none.
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

func (w *plainWriter) flush() {
	if w.breaks > 0 {
		w.b.WriteString(strings.Repeat("\n", w.breaks))
	} else if w.space && w.b.Len() > 0 && !strings.HasSuffix(w.b.String(), "\n") {
		w.b.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
}

// block ends the line, if there is one.
func (w *plainWriter) block(lines int) {
	if w.b.Len() > 0 {
		w.breaks = max(w.breaks, lines)
	}
	w.space = false
}

func (w *plainWriter) tag(t xhtml.Token, end bool) {
	switch t.DataAtom {
	case atom.Br:
		if !end {
			w.breaks++
			w.space = false
		}
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Ul, atom.Ol, atom.Table:
		w.block(2)
	case atom.Div, atom.Tr, atom.Pre, atom.Hr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer:
		w.block(1)
	case atom.Li:
		w.block(1)
		if !end {
			w.flush()
			w.b.WriteString("- ")
		}
	case atom.Td, atom.Th:
		w.space = true
	case atom.A:
		w.link(t, end)
	}
}

// link writes the address of a link behind its text, where the text is not the address.
func (w *plainWriter) link(t xhtml.Token, end bool) {
	if !end {
		w.href, w.anchor = "", w.b.Len()
		for _, a := range t.Attr {
			if a.Key == "href" {
				w.href = a.Val
			}
		}
		return
	}
	text := strings.TrimSpace(w.b.String()[min(w.anchor, w.b.Len()):])
	bare := func(s string) string {
		return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(s, "mailto:"), "tel:"), "/")
	}
	if w.href != "" && !strings.HasPrefix(w.href, "#") && bare(w.href) != bare(text) {
		w.space = text != ""
		w.flush()
		w.b.WriteString("<" + w.href + ">")
	}
	w.href = ""
}

// formatted reports whether HTML says anything that plain text cannot.
func formatted(s string) bool {
	z := xhtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return false
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.S, atom.Strike, atom.Del, atom.A, atom.Ul, atom.Ol, atom.Table, atom.Img,
				atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Blockquote, atom.Code, atom.Sub, atom.Sup:
				return true
			}
		}
	}
}
