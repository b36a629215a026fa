package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// Put implements eas.View: it writes a draft, the one sort of message that clients write by Sync, since 16.0. What they do not send stays, and so does what of the header
// and of the parts they know nothing of. Messages that were sent or received do not change. MS-ASEMAIL 3.1.5.4
func (v View) Put(data []byte, elements []*wbxml.Element, o eas.Put) (eas.Result, error) {
	if o.Version < eas.V160 {
		return eas.Result{}, invalid("messages do not change", "send it with SendMail")
	}
	d := &drafting{o: o, was: data, in: wbxml.New(wbxml.AirSyncApplicationData, elements...)}
	if err := d.open(); err != nil {
		return eas.Result{}, err
	}
	if err := d.text(); err != nil {
		return eas.Result{}, err
	}
	if err := d.attachments(); err != nil {
		return eas.Result{}, err
	}
	d.header()
	out, err := d.write()
	if err != nil {
		return eas.Result{}, err
	}
	return d.result(out)
}

func invalid(what, remedy string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "write message", Err: errors.New(what), Remedy: remedy}
}

// drafting is a draft that is being written.
type drafting struct {
	o     eas.Put
	in    *wbxml.Element
	was   []byte    // as it was; nil: it is new
	e     *Envelope // of it
	fresh bool      // a message came in place of it

	head   fields
	body   []byte // what follows the header, as long as it is not to be built anew
	say    body.Text
	anew   bool // the body is to be built anew
	keep   []piece
	added  []piece
	change bool
	notes  []string
}

// piece is an attachment as it stands in a message: its header and what follows.
type piece struct {
	raw    []byte
	inline bool
	client string // the ClientId of one that is new
}

// open takes apart what is there, or the message that comes in its place.
func (d *drafting) open() (err error) {
	raw := d.was
	if b := d.in.Child(wbxml.AirSyncBaseBody); b.Get(wbxml.AirSyncBaseType) == "4" && b.Has(wbxml.AirSyncBaseData) {
		data := b.Child(wbxml.AirSyncBaseData)
		sent := data.Content()
		if head, _ := cutHeader(sent); len(head) == 0 {
			return invalid("it has no header", "")
		}
		d.fresh = true
		d.change = !bytes.Equal(sent, d.was)
		raw = withOld(sent, d.was)
	}
	d.head, d.body = cutHeader(raw)
	if d.e, _, _, err = Read(tandem.Bytes(raw)); err != nil {
		return err
	}
	for _, f := range d.e.Files {
		part := cutPart(raw, f.Section, f.Type)
		if f.In != nil {
			if part, err = f.Unpacked(tandem.Bytes(raw)); err != nil {
				return err
			}
		}
		d.keep = append(d.keep, piece{raw: part, inline: f.Inline})
	}
	if d.e.Event != nil && !slices.ContainsFunc(d.e.Files, func(f File) bool { return f.Path == d.e.Event.Path }) {
		d.keep = append(d.keep, piece{raw: cutPart(raw, *d.e.Event, "text/calendar")})
	}
	d.say, err = d.e.native(eas.Record{Body: tandem.Bytes(raw)}, "")
	return err
}

// withOld adds to a message the fields of an older version that it lacks and that clients do not show.
func withOld(sent, old []byte) []byte {
	now, content := cutHeader(sent)
	was, _ := cutHeader(old)
	for _, f := range was {
		name := fieldName(f)
		if now.has(name) || strings.HasPrefix(name, "content-") || slices.Contains([]string{"to", "cc", "bcc", "reply-to", "subject", "mime-version"}, name) {
			continue
		}
		now = append(now, f)
	}
	return now.message(content)
}

// text takes the text that the client sent.
func (d *drafting) text() error {
	b := d.in.Child(wbxml.AirSyncBaseBody)
	if b == nil || d.fresh {
		return nil
	}
	t, changed, note := body.Take(d.say, b, d.o.Options)
	if note != "" {
		d.notes = append(d.notes, note)
	}
	if changed {
		d.say, d.anew = t, true
	}
	return nil
}

// attachments performs the Add and Delete of an Attachments element. MS-ASAIRS 2.2.2.8
func (d *drafting) attachments() error {
	e := d.in.Child(wbxml.AirSyncBaseAttachments)
	gone := map[int]bool{}
	for del := range e.All(wbxml.AirSyncBaseDelete) {
		ref := del.Get(wbxml.AirSyncBaseFileReference)
		n, err := strconv.Atoi(ref[strings.LastIndexByte(ref, ':')+1:])
		if err != nil || n < 0 || n >= len(d.e.Files) {
			return &tandem.Error{Kind: tandem.Invalid, Op: "delete attachment", Thing: ref, Err: errors.New("there is none of this name")}
		}
		gone[n] = true
	}
	if len(gone) > 0 {
		d.anew = true
		kept := d.keep[:0:0]
		for i, p := range d.keep {
			if !gone[i] {
				kept = append(kept, p)
			}
		}
		d.keep = kept
	}
	for add := range e.All(wbxml.AirSyncBaseAdd) {
		p, err := newPiece(add)
		if err != nil {
			return err
		}
		if p.raw == nil { // field note 37
			d.notes = append(d.notes, "attachment "+add.Get(wbxml.AirSyncBaseDisplayName)+" without content")
			continue
		}
		d.added, d.anew = append(d.added, p), true
	}
	return nil
}

// newPiece writes an attachment that a client adds; nothing if it has no content. MS-ASAIRS 2.2.2.2
func newPiece(add *wbxml.Element) (piece, error) {
	c := add.Child(wbxml.AirSyncBaseContent)
	data := c.Content()
	if c != nil && c.Data == nil { // MS-ASDTYPE 2.7.1: a byte array may come as base64
		var err error
		if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.Text), "")); err != nil {
			return piece{}, &tandem.Error{Kind: tandem.Invalid, Op: "add attachment", Thing: add.Get(wbxml.AirSyncBaseDisplayName), Err: err}
		}
	}
	if len(data) == 0 {
		return piece{}, nil
	}
	name := oneLine(add.Get(wbxml.AirSyncBaseDisplayName))
	if name == "" {
		name = "attachment"
	}
	typ := mediaType(add.Get(wbxml.AirSyncBaseContentType), name)
	whole := add.Get(wbxml.AirSyncBaseMethod) == "5" || typ == "message/rfc822" // MS-ASAIRS 2.2.2.31.1
	if whole {
		typ = "message/rfc822"
	}
	p := piece{client: add.Get(wbxml.AirSyncBaseClientId)}
	id := strings.Trim(oneLine(add.Get(wbxml.AirSyncBaseContentId)), "<> ")
	if on, err := eas.ParseBool(add.Get(wbxml.AirSyncBaseIsInline)); err == nil && on && add.Has(wbxml.AirSyncBaseIsInline) && id != "" {
		p.inline = true
	}
	var h fields
	h.set("Content-Type", mime.FormatType(typ, map[string]string{"name": name}))
	h.set("Content-Disposition", mime.FormatType(map[bool]string{true: "inline", false: "attachment"}[p.inline], map[string]string{"filename": name}))
	if id != "" {
		h.set("Content-ID", "<"+id+">")
	}
	if l := oneLine(add.Get(wbxml.AirSyncBaseContentLocation)); l != "" {
		h.set("Content-Location", l)
	}
	if whole && !bytes.ContainsRune(data, 0) { // RFC 2046 5.2.1: not in base64
		h.set("Content-Transfer-Encoding", "8bit")
		p.raw = h.message(data)
		return p, nil
	}
	if whole {
		h.set("Content-Type", mime.FormatType("application/octet-stream", map[string]string{"name": name}))
	}
	h.set("Content-Transfer-Encoding", "base64")
	p.raw = h.message(lines64(data))
	return p, nil
}

// header writes the fields that the client sent. One that is empty is taken away.
func (d *drafting) header() {
	was := slices.Clone(d.head)
	for _, f := range []struct {
		tag  wbxml.Tag
		name string
		more []string // that say the same in another way
	}{{wbxml.EmailTo, "To", nil}, {wbxml.EmailCc, "Cc", nil}, {wbxml.Email2Bcc, "Bcc", nil}, {wbxml.EmailReplyTo, "Reply-To", nil}, {wbxml.EmailSubject, "Subject", nil},
		{wbxml.EmailImportance, "Importance", []string{"X-Priority", "Priority", "X-MSMail-Priority"}}} {
		e := d.in.Child(f.tag)
		if e == nil {
			continue
		}
		value := strings.TrimSpace(e.String())
		switch {
		case f.tag == wbxml.EmailImportance:
			value = map[string]string{"0": "low", "2": "high"}[value]
			if i := d.e.Urgency; value == map[int]string{-1: "low", 1: "high"}[i] {
				continue
			}
		case f.tag == wbxml.EmailSubject:
			if oneLine(value) == d.e.Subject && d.head.has("subject") {
				continue
			}
			value = encodeText(oneLine(value))
		default:
			list := mime.ParseAddresses(strings.Join(strings.Fields(value), " "))
			if have := d.people(f.tag); slices.Equal(list, have) || value == AddressList(have) {
				continue
			}
			value = writeAddresses(list)
		}
		for _, n := range f.more {
			d.head.drop(n)
		}
		if d.head.drop(f.name); value != "" {
			d.head.set(f.name, value)
		}
	}
	d.change = d.change || d.anew || d.was == nil || !slices.EqualFunc(was, d.head, bytes.Equal)
	d.complete()
}

// people are those whom a field of the draft names.
func (d *drafting) people(tag wbxml.Tag) []mime.Address {
	switch tag {
	case wbxml.EmailTo:
		return d.e.To
	case wbxml.EmailCc:
		return d.e.Cc
	case wbxml.Email2Bcc:
		return d.e.Bcc
	}
	return d.e.ReplyTo
}

// complete adds what a message must have.
func (d *drafting) complete() {
	if !d.change {
		return
	}
	if !d.head.has("from") && strings.Contains(d.o.Address, "@") {
		d.head.set("From", mime.Address{Name: d.o.Name, Email: d.o.Address}.String())
	}
	zone := d.o.Zone
	if zone == nil {
		zone = time.UTC
	}
	if !d.fresh || !d.head.has("date") {
		d.head.set("Date", time.Unix(d.o.Now, 0).In(zone).Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	}
	if _, domain, ok := strings.Cut(d.o.Address, "@"); !d.head.has("message-id") && d.o.UID != "" && ok {
		d.head.set("Message-ID", "<"+d.o.UID+"@"+domain+">")
	}
	if !d.head.has("mime-version") {
		d.head.set("MIME-Version", "1.0")
	}
}

// write is the draft as it is now.
func (d *drafting) write() ([]byte, error) {
	if !d.change && d.was != nil {
		return d.was, nil
	}
	if !d.anew && (d.was != nil || d.fresh) {
		return d.head.message(d.body), nil
	}
	root := d.build()
	head, content := cutHeader(root)
	d.head = slices.DeleteFunc(d.head, func(f []byte) bool { return strings.HasPrefix(fieldName(f), "content-") })
	return append(d.head, head...).message(content), nil
}

// build makes the content of the text and the attachments: alternatives where the text is HTML, what it shows beside it, and files after it.
func (d *drafting) build() []byte {
	text := textPart("text/plain", d.say.Plain())
	if d.say.Type == eas.HTML {
		text = multipart("alternative", text, textPart("text/html", d.say.Data))
	}
	beside, after := [][]byte{text}, [][]byte(nil)
	for _, p := range append(slices.Clone(d.keep), d.added...) {
		if p.inline && d.say.Type == eas.HTML {
			beside = append(beside, p.raw)
		} else {
			after = append(after, p.raw)
		}
	}
	if len(beside) > 1 {
		text = multipart("related", beside...)
	}
	if len(after) > 0 {
		text = multipart("mixed", append([][]byte{text}, after...)...)
	}
	return text
}

// result tells of what was written: the conversation of what is new, and the names of what was attached. MS-ASEMAIL_R1184, MS-ASAIRS_R1336
func (d *drafting) result(out []byte) (eas.Result, error) {
	f := Flags{Draft: true, Seen: true, Received: d.o.Now}
	res := eas.Result{Body: out, Attrs: f.Attrs(), Notes: d.notes}
	e, _, _, err := Read(tandem.Bytes(out))
	if err != nil {
		return res, err
	}
	if d.was == nil {
		id := e.Conversation()
		res.Answer = append(res.Answer, wbxml.Opaque(wbxml.Email2ConversationId, id[:]), wbxml.Opaque(wbxml.Email2ConversationIndex, e.ConversationIndex()))
	}
	list := wbxml.Empty(wbxml.AirSyncBaseAttachments)
	for _, p := range d.added {
		i := slices.IndexFunc(e.Files, func(f File) bool { return bytes.Contains(out[f.Start:f.End], p.raw) })
		if i >= 0 && d.o.Attachment != nil {
			a := wbxml.New(wbxml.AirSyncBaseAttachment, wbxml.Text(wbxml.AirSyncBaseFileReference, d.o.Attachment(i)))
			if p.client != "" {
				a.Add(wbxml.Text(wbxml.AirSyncBaseClientId, eas.Clean(p.client)))
			}
			list.Add(a)
		}
	}
	if len(list.Children) > 0 {
		res.Answer = append(res.Answer, list)
	}
	return res, nil
}
