package davxml

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// binding is a prefix in scope.
type binding struct{ prefix, space string }

// rawName is a name as it is spelled.
type rawName struct{ prefix, local string }

func (n rawName) String() string {
	if n.prefix == "" {
		return n.local
	}
	return n.prefix + ":" + n.local
}

// frame is an open element.
type frame struct {
	raw   rawName
	bound int // bindings in scope outside it
}

// Sorts of token.
type sort uint8

const (
	startToken sort = iota + 1
	endToken
	textToken
)

// token is a piece of a document, names read in full. An element without content is a start and an end.
type token struct {
	sort  sort
	name  Name
	attrs []Attr
	text  string
}

// tokens reads names in full, checks nesting and limits.
type tokens struct {
	scanner
	lim      Limits
	bindings []binding
	open     []frame
	count    int
	begun    bool // the prolog was read
	rooted   bool // the root element was seen
	empty    bool // the element begun last has ended already
	slab     []Element
	single   []*Element
	raw      []rawAttr
	stack    []*Element // of element, kept for its room
}

type rawAttr struct {
	name  rawName
	value string
}

func newTokens(r io.Reader, lim Limits) *tokens {
	lim = lim.filled()
	return &tokens{scanner: scanner{r: r, left: lim.Bytes + 1, mend: lim.Mend}, lim: lim}
}

// fail makes an error of where the document is read.
func (t *tokens) fail(err error) error {
	if t.end == ErrTooLarge && err == io.ErrUnexpectedEOF {
		err = ErrTooLarge
	}
	return &SyntaxError{Line: t.line(), Err: err}
}

func (t *tokens) failf(format string, args ...any) error { return t.fail(fmt.Errorf(format, args...)) }

// torn is the error for a document that ends where it must not: of the reader, if it broke.
func (t *tokens) torn() error {
	if t.end != nil && t.end != io.EOF && t.end != ErrTooLarge {
		return t.end
	}
	return t.fail(io.ErrUnexpectedEOF)
}

// next is the next token; io.EOF after the root's end.
func (t *tokens) next() (token, error) {
	if t.empty {
		t.empty = false
		return t.closed()
	}
	for {
		if !t.need(1) {
			if t.end == io.EOF && len(t.open) == 0 && t.rooted {
				return token{}, io.EOF
			}
			return token{}, t.torn()
		}
		if !t.begun {
			t.begun = true
			if err := t.prolog(); err != nil {
				return token{}, err
			}
			continue
		}
		if t.buf[t.pos] != '<' {
			tok, err := t.chars()
			if err != nil || tok.sort != 0 {
				return tok, err
			}
			continue
		}
		if !t.need(2) {
			return token{}, t.torn()
		}
		switch t.buf[t.pos+1] {
		case '/':
			return t.endTag()
		case '?':
			if err := t.instruction(); err != nil {
				return token{}, err
			}
		case '!':
			tok, err := t.declaration()
			if err != nil || tok.sort != 0 {
				return tok, err
			}
		default:
			return t.startTag()
		}
	}
}

// prolog reads what may stand at the very beginning: a byte order mark and the declaration of the version. XML 1.0 2.8, 4.3.3
func (t *tokens) prolog() error {
	if t.need(3) && string(t.buf[t.pos:t.pos+3]) == "\uFEFF" {
		t.pos += 3
	}
	if t.need(2) && (t.buf[t.pos] == 0xFE || t.buf[t.pos] == 0xFF || t.buf[t.pos] == 0 || t.buf[t.pos+1] == 0) {
		return t.failf("the document is not in UTF-8")
	}
	if !t.need(6) || string(t.buf[t.pos:t.pos+5]) != "<?xml" || !isSpace(t.buf[t.pos+5]) {
		return nil
	}
	n := t.find("?>", 5)
	if n < 0 {
		return t.torn()
	}
	declared := string(t.buf[t.pos+5 : t.pos+n])
	if v := pseudo(declared, "version"); v != "" && !strings.HasPrefix(v, "1.") {
		return t.failf("XML of version %q", v)
	}
	switch enc := strings.ToLower(pseudo(declared, "encoding")); enc {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	default:
		return t.failf("the encoding %q is not known; only UTF-8 is", enc)
	}
	t.pos += n + 2
	return nil
}

// pseudo is a value of the XML declaration.
func pseudo(declared, name string) string {
	_, v, ok := strings.Cut(declared, name)
	if v = strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(v, " \n\t\r"), "="), " \n\t\r"); !ok || v == "" {
		return ""
	}
	v, _, _ = strings.Cut(v[1:], v[:1])
	return v
}

// chars reads text up to the next markup.
func (t *tokens) chars() (token, error) {
	n := t.find("<", 0)
	if n < 0 {
		if t.end != io.EOF {
			return token{}, t.torn()
		}
		n = len(t.buf) - t.pos
	}
	b := t.buf[t.pos : t.pos+n]
	if len(t.open) == 0 {
		if len(skipSpace(b)) > 0 {
			return token{}, t.failf("text outside the root element")
		}
		t.pos += n
		return token{}, nil
	}
	text, err := t.decode(b, false)
	if err != nil {
		return token{}, t.fail(err)
	}
	t.pos += n
	return token{sort: textToken, text: text}, nil
}

// instruction passes over a processing instruction. XML 1.0 2.6
func (t *tokens) instruction() error {
	n := t.find("?>", 2)
	if n < 0 {
		return t.torn()
	}
	b := t.buf[t.pos+2 : t.pos+n]
	if size := nameLength(b); size == 0 || strings.EqualFold(string(b[:size]), "xml") || size < len(b) && !isSpace(b[size]) {
		return t.failf("a processing instruction that is none")
	}
	if _, err := t.decodeRaw(b); err != nil {
		return t.fail(err)
	}
	t.pos += n + 2
	return nil
}

// declaration reads a comment, which is nothing, or a CDATA section, which is text. XML 1.0 2.5, 2.7
func (t *tokens) declaration() (token, error) {
	switch {
	case t.need(4) && string(t.buf[t.pos:t.pos+4]) == "<!--":
		n := t.find("--", 4)
		if n < 0 || !t.need(n+3) {
			return token{}, t.torn()
		}
		if t.buf[t.pos+n+2] != '>' {
			return token{}, t.failf("-- within a comment")
		}
		if _, err := t.decodeRaw(t.buf[t.pos+4 : t.pos+n]); err != nil {
			return token{}, t.fail(err)
		}
		t.pos += n + 3
		return token{}, nil
	case t.need(9) && string(t.buf[t.pos:t.pos+9]) == "<![CDATA[":
		n := t.find("]]>", 9)
		if n < 0 {
			return token{}, t.torn()
		}
		if len(t.open) == 0 {
			return token{}, t.failf("text outside the root element")
		}
		text, err := t.decodeRaw(t.buf[t.pos+9 : t.pos+n])
		if err != nil {
			return token{}, t.fail(err)
		}
		t.pos += n + 3
		return token{sort: textToken, text: text}, nil
	case !t.need(9) && t.end != io.EOF:
		return token{}, t.torn()
	}
	return token{}, t.failf("a document type declaration is not allowed") // RFC 4918 20.6
}

// decodeRaw is text without references.
func (t *tokens) decodeRaw(b []byte) (string, error) {
	err := checkWide(b)
	for _, c := range b {
		if inText[c] == bad {
			err = errChar
			break
		}
	}
	if err != nil && !t.mend {
		return "", err
	}
	if err != nil {
		b = t.repair(b)
	}
	if bytes.IndexByte(b, '\r') >= 0 {
		return lineEnds.Replace(string(b)), nil
	}
	return t.keep(b), nil
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
