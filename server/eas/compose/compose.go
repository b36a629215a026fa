// Package compose answers SendMail, SmartReply and SmartForward: it takes what a phone wrote, makes a whole message of it, and gives it to be sent. A request that
// is repeated, because its answer was lost, is sent once. MS-ASCMD 2.2.1.17, 2.2.1.19, 2.2.1.20
package compose

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/server/eas/items"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// Folders finds the collection behind a folder's id.
type Folders interface {
	// FindView returns a folder's collection and how its records are shown; NotFound.
	FindView(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error)
}

// Sender sends messages; outgoing.Service does.
type Sender interface {
	Send(ctx context.Context, u store.User, m outgoing.Message) (added bool, err error)
}

// Service answers the commands. Now may be nil: time.Now.
type Service struct {
	Home    store.Home
	Lookup  store.Lookup
	Folders Folders
	Sender  Sender
	Far     mailbox.Far // reads messages that are not in the hub; nil: there are none
	Now     func() time.Time
}

// The statuses, MS-ASCMD 2.2.2.
const (
	statusSyntax       = "103"
	statusID           = "104" // InstanceId
	statusMIME         = "107"
	statusRecipient    = "116"
	statusNoRecipient  = "119"
	statusFailed       = "120"
	statusTooLarge     = "122"
	statusNotRecurring = "146"
	statusNotFound     = "150"
	statusAccount      = "166"
)

// sendingHTTP are the statuses as clients of 12.1 are told them, who get no document; 500 for the rest.
var sendingHTTP = map[string]int{statusSyntax: 400, statusID: 400, statusNotRecurring: 400, statusMIME: 400}

// order is what a request asks for.
type order struct {
	key     string // of outgoing.Message
	mime    []byte
	save    bool
	source  string // the ServerId of the message or event that is answered or forwarded
	one     string // the instance of it that this is about; "": all of it
	replace bool   // what the phone wrote is the whole message
}

// SendMail implements proto.Command.
func (s *Service) SendMail(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	return s.run(ctx, r, wbxml.ComposeMailSendMail, nil)
}

// SmartReply implements proto.Command.
func (s *Service) SmartReply(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	return s.run(ctx, r, wbxml.ComposeMailSmartReply, func(f *mail.Flags) { f.Answered = true })
}

// SmartForward implements proto.Command.
func (s *Service) SmartForward(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	return s.run(ctx, r, wbxml.ComposeMailSmartForward, func(f *mail.Flags) { f.Forwarded = true })
}

// run answers a command. mark marks the message that is answered or forwarded; nil where there is none.
func (s *Service) run(ctx context.Context, r *proto.Request, tag wbxml.Tag, mark func(*mail.Flags)) (*proto.Response, error) {
	status, err := s.send(ctx, r, tag, mark)
	switch {
	case err != nil:
		return nil, err
	case status == "":
		return &proto.Response{}, nil // MS-ASCMD_R463: an empty answer
	case r.Version < eas.V140:
		code := sendingHTTP[status]
		if code == 0 {
			code = 500
		}
		return &proto.Response{HTTP: code}, nil
	}
	return proto.Answer(wbxml.New(tag, wbxml.Text(wbxml.ComposeMailStatus, status))), nil
}

// send does what a request asks for; the status is "" if it was done.
func (s *Service) send(ctx context.Context, r *proto.Request, tag wbxml.Tag, mark func(*mail.Flags)) (status string, err error) {
	if forwardsEvent(r, tag) {
		return s.forward(ctx, r)
	}
	o, status := read(r, tag)
	if status != "" {
		return status, nil
	}
	d, ok := parse(o.mime)
	if !ok {
		return statusMIME, nil
	}
	to, ok := d.recipients()
	switch {
	case !ok:
		return statusRecipient, nil
	case len(to) == 0:
		return statusNoRecipient, nil
	}
	from := outgoing.Address(r.User)
	if from == "" {
		return statusFailed, nil
	}
	var at *found
	if mark != nil {
		if at, d, status, err = s.about(ctx, r, d, o, tag == wbxml.ComposeMailSmartForward); status != "" || err != nil {
			return status, err
		}
	}
	d.complete(r.User, from, o.key, s.now().In(zone(r)))
	_, err = s.Sender.Send(ctx, r.User, outgoing.Message{Key: o.key, From: from, To: to, Body: tandem.Bytes(d.bytes()), Save: o.save})
	switch {
	case tandem.IsKind(err, tandem.Invalid), tandem.IsKind(err, tandem.Full), tandem.IsKind(err, tandem.TooLarge):
		return statusFailed, nil
	case err != nil:
		return "", err
	}
	if at != nil && at.in.Kind == tandem.Mail {
		return "", s.mark(ctx, r, at, func(f *mail.Flags) {
			mark(f)
			f.Verb = s.verb(d, at, tag)
		})
	}
	return "", nil
}

// about finds what is answered or forwarded, and puts it below what the phone wrote, unless that is the whole message.
func (s *Service) about(ctx context.Context, r *proto.Request, d *draft, o order, forward bool) (*found, *draft, string, error) {
	at, err := s.find(ctx, r, o.source)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil, nil, statusNotFound, nil
	}
	if tandem.IsKind(err, tandem.Unreadable) {
		return nil, nil, statusFailed, nil
	}
	if err != nil {
		return nil, nil, "", err
	}
	orig, status, err := s.original(r, at, o.one)
	if status != "" || err != nil {
		return nil, nil, status, err
	}
	if !o.replace {
		switch d, err = with(d, orig, o, forward, r.Options.Zone); {
		case tandem.IsKind(err, tandem.TooLarge):
			return nil, nil, statusTooLarge, nil
		case err != nil:
			return nil, nil, "", err
		}
	}
	if at.in.Kind == tandem.Mail && !d.has("thread-index") { // where in its conversation the message is, unless the phone said it
		d.add("Thread-Index", orig.Answer(s.now().Unix()))
	}
	return at, d, "", nil
}

// verb is what was done with a message, and when. An answer that goes to others of its recipients is one to all.
func (s *Service) verb(d *draft, at *found, tag wbxml.Tag) string {
	verb := "1"
	if tag == wbxml.ComposeMailSmartForward {
		verb = "3"
	} else if orig, _, _, err := mail.Read(at.rec.Body); err == nil {
		to, _ := d.recipients()
		for _, a := range append(orig.To[:len(orig.To):len(orig.To)], orig.Cc...) {
			if slices.ContainsFunc(to, func(s string) bool { return strings.EqualFold(s, a.Email) }) {
				verb = "2"
			}
		}
	}
	return fmt.Sprintf("%s %d", verb, s.now().Unix())
}

// statusNoAddress is for a draft without recipients, or with one that is none. MS-ASCMD_R7472
const statusNoAddress, statusUnsent = 183, 5

// SendDraft implements proto.Drafts: the message that a phone asks Sync to send. The status is 0 if it is on its way.
func (s *Service) SendDraft(ctx context.Context, r *proto.Request, key string, text []byte) (status int, err error) {
	d, ok := parse(text)
	if !ok {
		return statusUnsent, nil
	}
	to, ok := d.recipients()
	if !ok || len(to) == 0 {
		return statusNoAddress, nil
	}
	from := outgoing.Address(r.User)
	if from == "" {
		return statusUnsent, nil
	}
	d.drop("x-unsent")
	d.complete(r.User, from, key, s.now().In(zone(r)))
	_, err = s.Sender.Send(ctx, r.User, outgoing.Message{Key: key, From: from, To: to, Body: tandem.Bytes(d.bytes()), Save: true})
	if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.Full) || tandem.IsKind(err, tandem.TooLarge) {
		return statusUnsent, nil
	}
	return 0, err
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func zone(r *proto.Request) *time.Location {
	if r.Options.Zone == nil {
		return time.UTC
	}
	return r.Options.Zone
}

// idMost is the length of the longest ClientId. MS-ASCMD 2.2.3.28.1
const idMost = 40

// read reads a request: a document, or before 14.0 the message alone. status is not "" if it makes no sense.
func read(r *proto.Request, tag wbxml.Tag) (o order, status string) {
	if r.Version < eas.V140 {
		if len(r.Raw) == 0 {
			return o, statusMIME
		}
		sum := sha256.New()
		fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%s\x00", r.Command, r.CollectionID, r.ItemID, r.LongID)
		if r.Occurrence != "" {
			fmt.Fprintf(sum, "%s\x00", r.Occurrence)
		}
		sum.Write(r.Raw)
		o = order{key: fmt.Sprintf("eas/%d/raw/%s", r.Device.Number, hex.EncodeToString(sum.Sum(nil))), mime: r.Raw, save: r.SaveInSent, source: r.ItemID, one: r.Occurrence}
		if o.source == "" {
			o.source = r.LongID
		}
		return o, ""
	}
	b := r.Body
	if b == nil || b.Tag != tag {
		return o, statusSyntax
	}
	id, text := b.Get(wbxml.ComposeMailClientId), b.Child(wbxml.ComposeMailMime)
	if id == "" || len(id) > idMost || text == nil {
		return o, statusSyntax
	}
	if b.Get(wbxml.ComposeMailAccountId) != "" { // MS-ASCMD_R724: there is one account, and it has no id
		return o, statusAccount
	}
	o = order{key: fmt.Sprintf("eas/%d/%s/%s", r.Device.Number, id, sameness(text.Content())), mime: text.Content(), save: b.Has(wbxml.ComposeMailSaveInSentItems), replace: b.Has(wbxml.ComposeMailReplaceMime)}
	if tag == wbxml.ComposeMailSendMail {
		return o, ""
	}
	src := b.Child(wbxml.ComposeMailSource)
	item, long := src.Get(wbxml.ComposeMailItemId), src.Get(wbxml.ComposeMailLongId)
	if src == nil || (item == "") == (long == "") {
		return o, statusSyntax
	}
	o.source, o.one = item+long, src.Get(wbxml.ComposeMailInstanceId)
	if o.one != "" && item == "" { // MS-ASCMD_R3243
		return o, statusID
	}
	return o, ""
}

// sameness tells a message that is sent once more from another one that a phone gives a ClientId which it gave out before: by its Message-ID or, without one,
// by whom it is for and what it is about. The text of a repeated request may differ, for some phones write it anew.
func sameness(text []byte) string {
	root, _ := mime.Scan(bytes.NewReader(text), mime.Limits{Parts: 1}) // error: a reader of bytes has none
	h := sha256.New()
	if id := root.Header.Get("Message-ID"); id != "" {
		fmt.Fprintf(h, "id %s", id)
	} else {
		for _, name := range []string{"To", "Cc", "Bcc", "Subject"} {
			fmt.Fprintf(h, "%s %q\n", name, root.Header.All(name))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// found is the message or event that is answered or forwarded.
type found struct {
	id   string
	in   access.Reach
	view eas.View
	rec  store.HomeRecord
}

// find finds a message or an event by its ServerId or LongId. NotFound.
func (s *Service) find(ctx context.Context, r *proto.Request, id string) (*found, error) {
	folder, number, ok := items.Number(id)
	missing, name := &tandem.Error{Kind: tandem.NotFound, Op: "find message", Thing: id}, ""
	if !ok && s.Far != nil {
		folder, name, ok = items.FarID(id)
	}
	if !ok {
		return nil, missing
	}
	c, view, err := s.Folders.FindView(ctx, r, folder)
	if err != nil {
		return nil, err
	}
	if c.Kind != tandem.Mail && c.Kind != tandem.Event {
		return nil, missing
	}
	if name != "" {
		rec, err := items.FarRecord(ctx, s.Far, r.User.Name, c.ID, name)
		return &found{id, c, view, rec}, err
	}
	for rec, err := range s.Lookup.ByNumber(ctx, c.ID, []int64{number}) {
		if err != nil {
			return nil, err
		}
		if !rec.Deleted {
			return &found{id, c, view, rec}, nil
		}
	}
	return nil, missing
}

// tries is how often a mark is set anew because the message changed meanwhile.
const tries = 5

// mark marks a message, if the user may.
func (s *Service) mark(ctx context.Context, r *proto.Request, at *found, mark func(*mail.Flags)) error {
	if at.in.Right < access.Write || at.rec.ID == "" { // one that is not in the hub is not written to
		return nil
	}
	for range tries {
		f := mail.FlagsOf(at.rec.Attrs)
		mark(&f)
		attrs := f.Attrs()
		if attrs == at.rec.Attrs {
			return nil
		}
		out, err := s.Home.Write(ctx, at.in.ID, store.Author{User: r.User.Name, Via: r.Device.Via()}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.SetAttrs, ID: at.rec.ID, If: at.rec.Version,
			Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}}}})
		if err != nil || out[0].Status != tandem.PreconditionFailed {
			return err // where it is refused, the message was sent all the same
		}
		again, err := s.find(ctx, r, at.id)
		if tandem.IsKind(err, tandem.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		at = again
	}
	return nil
}
