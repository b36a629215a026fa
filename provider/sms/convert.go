package sms

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/mail"
	kindsms "tandem/kind/sms"
)

// Attributes of our own in the file; the app passes over what it does not know.
const (
	ownID    = "tandem_id"    // the record's id, where it was created through us
	ownMark  = "tandem_mark"  // what the create was marked with
	ownAttrs = "tandem_attrs" // attributes that the format has no place for
	ownFrom  = "tandem_from"  // the own number, of a message whose address is the other's
	ownTo    = "tandem_to"
)

// boxes are the values of type (sms) and msg_box (mms): Android's Telephony.TextBasedSmsColumns.MESSAGE_TYPE_*.
var boxes = map[string]string{"1": kindsms.Inbox, "2": kindsms.Sent, "3": kindsms.Draft, "4": kindsms.Outbox, "5": kindsms.Failed, "6": kindsms.Queued}

func boxNumber(box string) string {
	for n, b := range boxes {
		if b == box {
			return n
		}
	}
	return "1"
}

// Types of addresses of an mms, PduHeaders.FROM and so on.
const (
	addrFrom = "137"
	addrTo   = "151"
	addrCc   = "130"
	addrBcc  = "129"
	self     = "insert-address-token"
)

// placed are the attributes of an element that have a place of their own in a record.
var placed = map[string][]string{
	"sms": {"address", "date", "type", "body", "read", ownID, ownMark, ownAttrs, ownFrom, ownTo},
	"mms": {"date", "msg_box", "read", ownID, ownMark, ownAttrs, ownFrom, ownTo},
}

func (e *element) get(name string) string {
	v, _ := kindsms.Find(e.tag.attrs, name)
	return v
}

func (e *element) boxAttr() string {
	if e.tag.name == "mms" {
		return "msg_box"
	}
	return "type"
}

// attrs are the record's attributes.
func (e *element) attrs() tandem.Attrs {
	a := tandem.Attrs(e.get(ownAttrs)).Map()
	if e.get("read") == "1" {
		a[mail.Seen] = "1"
	}
	if box := boxes[e.get(e.boxAttr())]; box != "" && box != kindsms.Inbox {
		a[kindsms.Box] = box
	}
	return tandem.MakeAttrs(a)
}

// id is the record's: its own, or made of what no backup of the message writes differently.
func (e *element) id() string {
	if id := e.get(ownID); id != "" {
		return id
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q", e.tag.name, e.get("date"), e.get("address"))
	if e.tag.name == "sms" {
		fmt.Fprintf(h, "%q", e.get("body"))
	} else {
		fmt.Fprintf(h, "%q %q", e.get("m_id"), e.get("tr_id"))
	}
	return e.tag.name + "-" + hex.EncodeToString(h.Sum(nil)[:12])
}

func (e *element) version() tandem.Version { return tandem.Version(hex.EncodeToString(e.sum[:12])) }

// message is the element as a record's body says it. open opens a span of the file.
func (e *element) message(open func(span) (io.ReadCloser, error)) *kindsms.Message {
	m := &kindsms.Message{Element: e.tag.name}
	for _, a := range e.tag.attrs {
		if !slices.Contains(placed[e.tag.name], a.Name) {
			m.Attrs = append(m.Attrs, a)
		}
	}
	var err error
	if m.Date, err = strconv.ParseInt(e.get("date"), 10, 64); err != nil || strconv.FormatInt(m.Date, 10) != e.get("date") {
		m.Date = 0
		m.Attrs = append(m.Attrs, kindsms.Attr{Name: "date", Value: e.get("date")})
	}
	if t := e.get(e.boxAttr()); boxes[t] == "" {
		m.Attrs = append(m.Attrs, kindsms.Attr{Name: e.boxAttr(), Value: t})
	}
	if s := e.get("subject"); s != "null" && e.tag.name == "sms" {
		m.Subject = s
	}
	if s := e.get("sub"); s != "null" && e.tag.name == "mms" {
		m.Subject = s
	}
	e.people(m)
	if e.tag.name == "sms" {
		m.Text = e.get("body")
		return m
	}
	m.Addrs, m.Parts = e.addrs, []kindsms.Part{}
	for _, p := range e.parts {
		m.Parts = append(m.Parts, part(p, open))
	}
	return m
}

// people fills in who wrote and who gets a message.
func (e *element) people(m *kindsms.Message) {
	split := func(s string) (out []kindsms.Party) {
		for _, n := range strings.Split(s, "~") {
			if n != "" && n != self {
				out = append(out, kindsms.Party{Number: n})
			}
		}
		return out
	}
	for _, a := range e.addrs {
		number, _ := kindsms.Find(a, "address")
		switch typ, _ := kindsms.Find(a, "type"); {
		case number == self || number == "":
		case typ == addrFrom:
			m.From = append(m.From, kindsms.Party{Number: number})
		case typ == addrTo, typ == addrCc, typ == addrBcc:
			m.To = append(m.To, kindsms.Party{Number: number})
		}
	}
	peers := split(e.get("address"))
	if len(m.From)+len(m.To) == 0 {
		if boxes[e.get(e.boxAttr())] == kindsms.Inbox {
			m.From, m.To = peers, split(e.get(ownTo))
		} else {
			m.From, m.To = split(e.get(ownFrom)), peers
		}
	}
	name := e.get("contact_name")
	if name == "null" || name == "(Unknown)" || len(peers) != 1 {
		return
	}
	for _, list := range [][]kindsms.Party{m.From, m.To} {
		for i := range list {
			if list[i].Number == peers[0].Number {
				list[i].Name = name
			}
		}
	}
}

// part is a part of an mms. What is no valid base64 is kept as an attribute only if there is no data at all.
func part(t partTag, open func(span) (io.ReadCloser, error)) kindsms.Part {
	p := kindsms.Part{Content: tandem.Bytes(nil)}
	for _, a := range t.attrs {
		switch a.Name {
		case "ct":
			p.Type = a.Value
			p.Attrs = append(p.Attrs, a)
		case "text":
			if t.data == (span{}) && a.Value != "null" {
				p.Text, p.Content = true, tandem.Bytes(a.Value)
				continue
			}
			p.Attrs = append(p.Attrs, a)
		default:
			p.Attrs = append(p.Attrs, a)
		}
	}
	for _, name := range []string{"cl", "name", "fn"} {
		if v, _ := kindsms.Find(p.Attrs, name); v != "" && v != "null" && p.Name == "" {
			p.Name = v
		}
	}
	if t.data != (span{}) {
		p.Content = data{t.data, open}
	}
	return p
}

// data is a part's content in the file.
type data struct {
	at   span
	open func(span) (io.ReadCloser, error)
}

// Size implements tandem.Body: what it is decoded is known when it was read.
func (data) Size() int64 { return -1 }

// Open implements tandem.Body.
func (d data) Open() (io.ReadCloser, error) {
	in, err := d.open(d.at)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{base64.NewDecoder(base64.StdEncoding, &noRefs{in: bufio.NewReader(in)}), in}, nil
}

// noRefs leaves out line breaks that are written as references; the decoder passes over others itself.
type noRefs struct{ in *bufio.Reader }

// Read implements io.Reader.
func (r *noRefs) Read(p []byte) (int, error) {
	for {
		if _, err := r.in.Peek(1); err != nil || len(p) == 0 {
			return 0, err
		}
		have, err := r.in.Peek(min(r.in.Buffered(), len(p)))
		if err != nil {
			return 0, err
		}
		switch i := bytes.IndexAny(have, "& \t"); {
		case i < 0:
			return r.in.Read(p[:len(have)])
		case i > 0:
			return r.in.Read(p[:i])
		case have[0] != '&':
			_, err = r.in.Discard(1)
		default:
			_, err = r.in.ReadBytes(';')
		}
		if err != nil {
			return 0, err
		}
	}
}

// order is in which the app writes the attributes of an sms.
var order = []string{"protocol", "address", "date", "type", "subject", "body", "toa", "sc_toa", "service_center", "read", "status", "locked", "date_sent", "sub_id",
	"readable_date", "contact_name"}

// writeElement writes a record as an element. The text goes through memory, pictures do not.
func writeElement(w io.Writer, m *kindsms.Message, attrs tandem.Attrs, own []kindsms.Attr) error {
	name := m.Element
	if name != "sms" && name != "mms" || m.Parts != nil {
		name = "sms"
		if m.Parts != nil {
			name = "mms"
		}
	}
	list := elementAttrs(name, m, attrs)
	for _, a := range own {
		if a.Value != "" {
			list = append(list, a)
		}
	}
	var b bytes.Buffer
	writeTag(&b, name, list)
	if name == "sms" {
		b.WriteString(" />")
		_, err := w.Write(b.Bytes())
		return err
	}
	b.WriteString(">\n    <parts>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	for i, p := range m.Parts {
		if err := writePart(w, i, p); err != nil {
			return err
		}
	}
	b.Reset()
	b.WriteString("    </parts>\n    <addrs>\n")
	for _, a := range addressList(m) {
		b.WriteString("      ")
		writeTag(&b, "addr", a)
		b.WriteString(" />\n")
	}
	b.WriteString("    </addrs>\n  </mms>")
	_, err := w.Write(b.Bytes())
	return err
}

func writeTag(b *bytes.Buffer, name string, list []kindsms.Attr) {
	b.WriteString("<" + name)
	for _, a := range list {
		b.WriteString(" " + a.Name + "=\"" + escape(a.Value) + "\"")
	}
}

// elementAttrs are all attributes of an element, in the order of the app.
func elementAttrs(name string, m *kindsms.Message, attrs tandem.Attrs) []kindsms.Attr {
	list := slices.Clone(m.Attrs)
	set := func(name, value string) {
		for i := range list {
			if list[i].Name == name {
				list[i].Value = value
				return
			}
		}
		list = append(list, kindsms.Attr{Name: name, Value: value})
	}
	def := func(name, value string) {
		if _, ok := kindsms.Find(list, name); !ok {
			set(name, value)
		}
	}
	peers, from, to := m.To, m.From, []kindsms.Party(nil)
	box := map[string]string{"sms": "type", "mms": "msg_box"}[name]
	odd, _ := kindsms.Find(list, box) // a value that is not known
	if kindsms.BoxOf(attrs) == kindsms.Inbox && odd == "" {
		peers, from, to = m.From, nil, m.To
	}
	if name == "sms" {
		set("address", numbers(peers))
		set("body", m.Text)
		if n := numbers(from); n != "" {
			set(ownFrom, n)
		}
		if n := numbers(to); n != "" {
			set(ownTo, n)
		}
	} else {
		def("address", numbers(peers))
	}
	if m.Date != 0 {
		set("date", strconv.FormatInt(m.Date, 10))
	}
	def("date", "0")
	a, read, left := attrs.Map(), "0", map[string]string{}
	for k, v := range a {
		switch k {
		case mail.Seen:
			read = "1"
		case kindsms.Box:
		default:
			left[k] = v
		}
	}
	set("read", read)
	if odd == "" || a[kindsms.Box] != "" {
		set(box, boxNumber(kindsms.BoxOf(attrs)))
	}
	if len(left) > 0 {
		set(ownAttrs, string(tandem.MakeAttrs(left)))
	}
	if m.Element == "" {
		contact := "(Unknown)"
		if len(peers) == 1 && peers[0].Name != "" {
			contact = peers[0].Name
		}
		def("contact_name", contact)
		defaults(name, m, def)
	}
	slices.SortStableFunc(list, func(x, y kindsms.Attr) int { return rank(x.Name) - rank(y.Name) })
	return list
}

// defaults are what the app wants of a message that no phone wrote.
func defaults(name string, m *kindsms.Message, def func(name, value string)) {
	subject := m.Subject
	if subject == "" {
		subject = "null"
	}
	if name == "mms" {
		def("sub", subject)
		def("ct_t", "application/vnd.wap.multipart.related")
		def("m_type", "132")
		def("v", "18")
		def("seen", "1")
		return
	}
	def("protocol", "0")
	def("subject", subject)
	for _, n := range []string{"toa", "sc_toa", "service_center"} {
		def(n, "null")
	}
	def("status", "-1")
	def("locked", "0")
}

func rank(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func numbers(list []kindsms.Party) string {
	var out []string
	for _, p := range list {
		out = append(out, p.Number)
	}
	return strings.Join(out, "~")
}

func addressList(m *kindsms.Message) [][]kindsms.Attr {
	if m.Addrs != nil {
		return m.Addrs
	}
	var out [][]kindsms.Attr
	add := func(list []kindsms.Party, typ string) {
		for _, p := range list {
			out = append(out, []kindsms.Attr{{Name: "address", Value: p.Number}, {Name: "type", Value: typ}, {Name: "charset", Value: "106"}})
		}
		if len(list) == 0 {
			out = append(out, []kindsms.Attr{{Name: "address", Value: self}, {Name: "type", Value: typ}, {Name: "charset", Value: "106"}})
		}
	}
	add(m.From, addrFrom)
	add(m.To, addrTo)
	return out
}

func writePart(w io.Writer, n int, p kindsms.Part) (err error) {
	list := slices.Clone(p.Attrs)
	def := func(name, value string) {
		if _, ok := kindsms.Find(list, name); !ok {
			list = append(list, kindsms.Attr{Name: name, Value: value})
		}
	}
	if len(list) == 0 { // it comes from no backup
		name := p.Name
		if name == "" {
			name = "null"
		}
		def("seq", strconv.Itoa(n))
		def("ct", p.Type)
		def("name", name)
		def("cl", name)
	}
	var b bytes.Buffer
	b.WriteString("      ")
	writeTag(&b, "part", list)
	if p.Text {
		text, err := tandem.ReadBody(p.Content, kindsms.MaxText)
		if err != nil {
			return err
		}
		b.WriteString(" text=\"" + escape(string(text)) + "\" />\n")
		_, err = w.Write(b.Bytes())
		return err
	}
	b.WriteString(" data=\"")
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	in, err := p.Content.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	enc := base64.NewEncoder(base64.StdEncoding, w)
	if _, err := io.Copy(enc, in); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\" />\n")
	return err
}
