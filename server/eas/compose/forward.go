package compose

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	stdmime "mime"
	"mime/quotedprintable"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/event"
	"tandem/partner/outgoing"
	"tandem/server/eas/items"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// The statuses of a forwarded event, MS-ASCMD 2.2.2.
const (
	statusMixed     = "178" // elements that do not go with Forwardees or Body
	statusForwardee = "179"
)

// forwardeesMost is how many people one event is forwarded to at once.
const forwardeesMost = 1000

// eventForward is a request to forward an event. MS-ASCMD 2.2.1.19
type eventForward struct {
	key      string
	to       []mime.Address
	text     string // what its user writes beside it
	markup   bool   // text is HTML
	folder   string // FolderId
	item     string // ItemId or LongId
	instance string
}

// forwardsEvent tells whether a SmartForward is of an event: those have no message with them. MS-ASCMD_R7177
func forwardsEvent(r *proto.Request, tag wbxml.Tag) bool {
	return tag == wbxml.ComposeMailSmartForward && r.Version >= eas.V160 && r.Body != nil && r.Body.Tag == tag && (r.Body.Has(wbxml.ComposeMailForwardees) || r.Body.Has(wbxml.AirSyncBaseBody))
}

// readForward reads the request; status is not "" if it makes no sense.
func readForward(r *proto.Request) (f eventForward, status string) {
	b := r.Body
	for _, tag := range []wbxml.Tag{wbxml.ComposeMailMime, wbxml.ComposeMailSaveInSentItems, wbxml.ComposeMailReplaceMime} { // MS-ASCMD_R7176
		if b.Has(tag) {
			return f, statusMixed
		}
	}
	id := b.Get(wbxml.ComposeMailClientId)
	if id == "" || len(id) > idMost {
		return f, statusSyntax
	}
	if b.Get(wbxml.ComposeMailAccountId) != "" {
		return f, statusAccount
	}
	list := b.Child(wbxml.ComposeMailForwardees)
	if list == nil || len(list.Children) == 0 || len(list.Children) > forwardeesMost {
		return f, statusForwardee
	}
	sum := sha256.New()
	for _, e := range list.Children {
		a := mime.Address{Name: e.Get(wbxml.ComposeMailName), Email: strings.TrimSpace(e.Get(wbxml.ComposeMailEmail))}
		if e.Tag != wbxml.ComposeMailForwardee || !sound(a.Email) {
			return f, statusForwardee
		}
		f.to = append(f.to, a)
		fmt.Fprintf(sum, "%s\n", strings.ToLower(a.Email))
	}
	if t := b.Child(wbxml.AirSyncBaseBody); t != nil {
		kind := t.Get(wbxml.AirSyncBaseType)
		if kind != "1" && kind != "2" {
			return f, statusForwardee
		}
		f.text, f.markup = t.Get(wbxml.AirSyncBaseData), kind == "2"
	}
	src := b.Child(wbxml.ComposeMailSource)
	item, long := src.Get(wbxml.ComposeMailItemId), src.Get(wbxml.ComposeMailLongId)
	if src == nil || (item == "") == (long == "") {
		return f, statusSyntax
	}
	f.folder, f.item, f.instance = src.Get(wbxml.ComposeMailFolderId), item+long, src.Get(wbxml.ComposeMailInstanceId)
	fmt.Fprintf(sum, "%s %s", f.item, f.instance)
	f.key = fmt.Sprintf("eas/%d/%s/%s", r.Device.Number, id, hex.EncodeToString(sum.Sum(nil)[:8]))
	return f, ""
}

// sound tells whether an address is one that can be sent to.
func sound(email string) bool {
	i := strings.LastIndexByte(email, '@')
	return i > 0 && i < len(email)-1 && !strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == ',' || r == ';' })
}

// forward sends an event to people who were not invited to it. The copy that is kept goes to Sent.
func (s *Service) forward(ctx context.Context, r *proto.Request) (status string, err error) {
	f, status := readForward(r)
	if status != "" {
		return status, nil
	}
	from := outgoing.Address(r.User)
	if from == "" {
		return statusFailed, nil
	}
	ics, status, err := s.invitation(ctx, r, f, from)
	if status != "" || err != nil {
		return status, err
	}
	d := invite(f, ics)
	d.complete(r.User, from, f.key, s.now().In(zone(r)))
	to := make([]string, len(f.to))
	for i, a := range f.to {
		to[i] = a.Email
	}
	_, err = s.Sender.Send(ctx, r.User, outgoing.Message{Key: f.key, From: from, To: to, Body: tandem.Bytes(d.bytes()), Save: true})
	if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.Full) || tandem.IsKind(err, tandem.TooLarge) {
		return statusFailed, nil
	}
	return "", err
}

// invitation is what is sent of the event that a request names; status is not "" if there is none.
func (s *Service) invitation(ctx context.Context, r *proto.Request, f eventForward, from string) (ics []byte, status string, err error) {
	folder, number, ok := items.Number(f.item)
	if !ok || f.folder != "" && f.folder != folder {
		return nil, statusNotFound, nil
	}
	c, view, err := s.Folders.FindView(ctx, r, folder)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return nil, statusNotFound, nil
	case err != nil:
		return nil, "", err
	}
	v, ok := view.(forwarder)
	if c.Kind != tandem.Event || !ok {
		return nil, statusNotFound, nil
	}
	var rec store.HomeRecord
	for got, err := range s.Lookup.ByNumber(ctx, c.ID, []int64{number}) {
		if err != nil {
			return nil, "", err
		}
		rec = got
	}
	if rec.ID == "" || rec.Deleted {
		return nil, statusNotFound, nil
	}
	text, err := tandem.ReadBody(rec.Body, wholeMost)
	if tandem.IsKind(err, tandem.TooLarge) {
		return nil, statusTooLarge, nil
	}
	if err != nil {
		return nil, "", err
	}
	ics, err = v.Forward(text, f.instance, from, r.Options)
	switch {
	case err != nil && f.instance != "": // MS-ASCMD_R541
		return nil, noInstance(text, err), nil
	case err != nil:
		return nil, statusFailed, nil
	}
	return ics, "", nil
}

// invite makes the message: what its user wrote, the event beside it as programs take it in, and as a file for those that only take files. RFC 6047 2.4
func invite(f eventForward, ics []byte) *draft {
	info, _ := event.Handler{}.Inspect(ics) // error: it has no title
	method := "PUBLISH"
	if strings.Contains(string(ics), "METHOD:REQUEST") {
		method = "REQUEST"
	}
	text, typ := f.text, "text/plain"
	if f.markup {
		text, typ = body.Sanitize(f.text), "text/html"
	} else if text == "" {
		text = info.Summary.Title
	}
	d := &draft{}
	all := make([]string, len(f.to))
	for i, a := range f.to {
		all[i] = a.String()
	}
	d.add("To", strings.Join(all, ",\r\n "))
	d.add("Subject", subject("Fwd: "+info.Summary.Title))
	d.add("Content-Class", "urn:content-classes:calendarmessage")
	encoded := wrapped(ics)
	var b strings.Builder
	mixed, either := boundaryFor(f.key+"mixed", [][]byte{[]byte(text)}), boundaryFor(f.key+"either", [][]byte{[]byte(text)})
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("--%s\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n", mixed, either)
	line("--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", either, typ)
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))) // error: a builder has none
	_ = w.Close()
	line("\r\n--%s\r\nContent-Type: text/calendar; charset=utf-8; method=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s--%s--\r\n", either, method, encoded, either)
	line("--%s\r\nContent-Type: application/ics; name=\"invite.ics\"\r\nContent-Disposition: attachment; filename=\"invite.ics\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s--%s--", mixed, encoded, mixed)
	d.body = []byte(b.String())
	d.add("Content-Type", mime.FormatType("multipart/mixed", map[string]string{"boundary": mixed}))
	return d
}

// subject is a subject as a header has it, folded between its words. RFC 2047
func subject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return strings.ReplaceAll(stdmime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// wrapped is base64 in lines. RFC 2045 6.8
func wrapped(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return b.String()
}
