package sms

import (
	"bufio"
	"fmt"
	"io"
	stdmime "mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/wire/mime"
)

// Box is the attribute that says where a message lies on the phone.
const Box = "box"

// The boxes. A message without one is in the inbox.
const (
	Inbox  = "inbox"
	Sent   = "sent"
	Draft  = "draft"
	Outbox = "outbox" // to be sent, or being sent
	Failed = "failed"
	Queued = "queued" // to be sent later
)

// BoxOf is where a message lies.
func BoxOf(a tandem.Attrs) string {
	if b := a.Get(Box); b != "" {
		return b
	}
	return Inbox
}

// Domain is the domain of numbers.
const Domain = "sms.invalid"

// Party is somebody at an end of a message.
type Party struct {
	Name   string
	Number string // as the phone wrote it: a number, a word, or an address of e-mail
}

// Attr is an attribute of an element in a phone's backup.
type Attr struct{ Name, Value string }

// Part is a part of a message with pictures.
type Part struct {
	Type    string // "image/jpeg"
	Name    string // of a file; "": none
	Text    bool   // the backup has it as text rather than as data
	Attrs   []Attr
	Content tandem.Body // decoded
}

// Message is a text message taken apart.
type Message struct {
	From, To []Party
	Date     int64 // Unix milliseconds; 0: not known
	Subject  string
	Element  string // "sms", "mms", or "" for one that was in no backup
	Attrs    []Attr
	Addrs    [][]Attr
	Text     string // of one without parts
	Parts    []Part // nil: it is a plain text
}

// Get is the value of an attribute of the element.
func (m *Message) Get(name string) (string, bool) { return Find(m.Attrs, name) }

// Find is the value of an attribute.
func Find(list []Attr, name string) (string, bool) {
	for _, a := range list {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// boundary stands in no line of base64.
const boundary = "=_part"

// Body writes the message. What it says of parts is read when the body is.
func (m *Message) Body() tandem.Body {
	var h strings.Builder
	field := func(name, value string) {
		if value != "" {
			h.WriteString(name + ": " + value + "\r\n")
		}
	}
	field("From", addresses(m.From))
	field("To", addresses(m.To))
	if m.Date != 0 {
		t := time.UnixMilli(m.Date).UTC()
		if t.Year() > 0 && t.Year() < 10000 {
			field("Date", t.Format(time.RFC1123Z))
		}
		field("X-SMS-Date", strconv.FormatInt(m.Date, 10))
	}
	field("Subject", word(m.Subject))
	field("X-SMS-Element", m.Element)
	field("X-SMS-Attrs", formatAttrs(m.Attrs))
	for _, a := range m.Addrs {
		field("X-SMS-Addr", formatAttrs(a))
	}
	field("MIME-Version", "1.0")
	if m.Parts == nil {
		field("Content-Type", "text/plain; charset=utf-8")
		field("Content-Transfer-Encoding", "base64")
		h.WriteString("\r\n")
		return tandem.Bytes(h.String() + lines([]byte(m.Text)))
	}
	field("Content-Type", `multipart/related; boundary="`+boundary+`"`)
	out := composed{text(h.String())}
	for _, p := range m.Parts {
		h.Reset()
		h.WriteString("\r\n--" + boundary + "\r\n")
		params := map[string]string{}
		if p.Name != "" && !p.Text { // a text with a name would count as a file
			params["name"] = p.Name
		}
		if p.Text {
			params["charset"] = "utf-8"
		}
		field("Content-Type", mime.FormatType(mediaType(p.Type), params))
		field("Content-Transfer-Encoding", "base64")
		if p.Text {
			field("X-SMS-Text", "1")
		}
		field("X-SMS-Attrs", formatAttrs(p.Attrs))
		h.WriteString("\r\n")
		out = append(out, text(h.String()), encoded{p.Content})
	}
	return append(out, text("\r\n--"+boundary+"--\r\n"))
}

// mediaType is a type that may stand in a header.
func mediaType(s string) string {
	if main, _, err := stdmime.ParseMediaType(s); err == nil && strings.Count(main, "/") == 1 {
		return main
	}
	return "application/octet-stream"
}

// word writes a text for a header.
func word(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ReplaceAll(stdmime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

func addresses(list []Party) string {
	var out []string
	for _, p := range list {
		a := "<" + mailbox(p.Number) + ">"
		if p.Name != "" {
			a = phrase(p.Name) + " " + a
		}
		out = append(out, a)
	}
	return strings.Join(out, ",\r\n ")
}

// phrase writes a name in front of an address. RFC 5322 3.2.5, RFC 2047
func phrase(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] < ' ' || s[i] == 0x7f {
			return strings.ReplaceAll(stdmime.BEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
		}
	}
	if strings.Contains(s, "=?") {
		return stdmime.BEncoding.Encode("utf-8", s+"\u200b")
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// mailbox is the address of a number.
func mailbox(number string) string {
	plain := number != ""
	for i := range len(number) {
		c := number[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '-' || c == '_' || c == '*' || c == '#') {
			plain = false
		}
	}
	if !plain {
		number = "%" + strings.ReplaceAll(url.QueryEscape(number), ".", "%2E")
	}
	return number + "@" + Domain
}

// number reads what mailbox wrote; any other address is one of e-mail.
func number(email string) string {
	local, ok := strings.CutSuffix(email, "@"+Domain)
	if !ok {
		return email
	}
	if esc, ok := strings.CutPrefix(local, "%"); ok {
		if s, err := url.QueryUnescape(esc); err == nil {
			return s
		}
	}
	return local
}

// formatAttrs writes attributes for a header, folded.
func formatAttrs(list []Attr) string {
	var b strings.Builder
	width := 20
	for i, a := range list {
		item := url.QueryEscape(a.Name) + "=" + url.QueryEscape(a.Value)
		if i > 0 {
			b.WriteByte('&')
			width++
		}
		for len(item) > 0 {
			if width > 20 && width+len(item) > 900 || width > 70 {
				b.WriteString("\r\n ")
				width = 1
			}
			n := min(len(item), 900)
			b.WriteString(item[:n])
			width += n
			item = item[n:]
		}
	}
	return b.String()
}

// parseAttrs reads what formatAttrs wrote. Blanks are of folding.
func parseAttrs(s string) []Attr {
	s = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(s)
	var out []Attr
	for s != "" {
		var item string
		item, s, _ = strings.Cut(s, "&")
		name, value, _ := strings.Cut(item, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 == nil && err2 == nil && name != "" {
			out = append(out, Attr{name, value})
		}
	}
	return out
}

// Parse takes a body apart. Any message is one; what it has that a text message does not is left out.
func Parse(b tandem.Body) (*Message, error) {
	in, err := b.Open()
	if err != nil {
		return nil, err
	}
	root, err := mime.Scan(bufio.NewReaderSize(in, 64<<10), mime.Limits{Header: 4 << 20})
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	h := root.Header
	m := &Message{From: parties(h, "From"), To: parties(h, "To"), Subject: h.Text("Subject"), Element: strings.TrimSpace(h.Get("X-SMS-Element")), Attrs: parseAttrs(h.Get("X-SMS-Attrs"))}
	m.Date = date(h)
	for _, a := range h.All("X-SMS-Addr") {
		m.Addrs = append(m.Addrs, parseAttrs(a))
	}
	if !root.Multipart() {
		m.Text, err = readText(b, root)
		return m, err
	}
	m.Parts = []Part{}
	root.Walk(func(p *mime.Part) bool {
		if !p.Multipart() {
			m.Parts = append(m.Parts, Part{Type: p.Type, Name: p.Name, Text: p.Header.Has("X-SMS-Text"), Attrs: parseAttrs(p.Header.Get("X-SMS-Attrs")), Content: section{b, p}})
		}
		return true
	})
	return m, nil
}

func date(h mime.Header) int64 {
	if ms, err := strconv.ParseInt(strings.TrimSpace(h.Get("X-SMS-Date")), 10, 64); err == nil {
		return ms
	}
	if t, ok := h.Date("Date"); ok {
		return t.UnixMilli()
	}
	return 0
}

func parties(h mime.Header, name string) (out []Party) {
	for _, a := range h.Addresses(name) {
		out = append(out, Party{Name: a.Name, Number: number(a.Email)})
	}
	return out
}

// MaxText bounds the text of a message that is no MMS, in bytes.
const MaxText = 16 << 20

func readText(b tandem.Body, p *mime.Part) (string, error) {
	in, err := b.Open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	if _, err := io.CopyN(io.Discard, in, p.Body); err != nil {
		return "", err
	}
	s, whole, err := p.Text(io.LimitReader(in, p.Size()), MaxText)
	if err == nil && !whole {
		err = &tandem.Error{Kind: tandem.TooLarge, Op: "read text message", Err: fmt.Errorf("its text has more than %d bytes", MaxText)}
	}
	return s, err
}
