package away

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/arrival"
	"tandem/partner/outgoing"
	"tandem/store"
	"tandem/wire/mime"
)

// Post sends mail; outgoing.Service does.
type Post interface {
	Send(ctx context.Context, u store.User, m outgoing.Message) (added bool, err error)
}

// Users finds users by address; mailbox.Service does.
type Users interface {
	Who(ctx context.Context, address string, domains []string) (store.User, error)
}

// Responder answers mail that arrives. Everything without a remark must be set.
type Responder struct {
	Post    Post
	Users   Users
	Lookup  store.Lookup
	Domains []string                                              // of the hub: who is there is internal
	Other   func(ctx context.Context, u store.User, c int64) bool // another server answers what comes into this inbox; nil: none does
	Now     func() time.Time                                      // nil: time.Now
	Log     *slog.Logger                                          // nil: nowhere
}

var _ arrival.Handler = (*Responder)(nil)

const (
	fresh = 24 * 3600     // seconds after which an answer would come too late to be of use
	week  = 7 * 24 * 3600 // seconds for which nobody is answered twice. RFC 5230 4.1
)

// Arrived implements arrival.Handler.
func (r *Responder) Arrived(ctx context.Context, m arrival.Message) error {
	now := time.Now()
	if r.Now != nil {
		now = r.Now()
	}
	s := Of(m.User)
	since, on := s.Active(now.Unix())
	if !on || m.Received < since || now.Unix()-m.Received > fresh || r.Other != nil && r.Other(ctx, m.User, m.Inbox.ID) {
		return nil
	}
	header, err := headerOf(m)
	if err != nil {
		return err
	}
	to, ok := r.sender(m, header)
	if !ok {
		return nil
	}
	audience, err := r.audience(ctx, m.User, to.Email)
	if err != nil {
		return err
	}
	reply := s.Messages[audience]
	if !reply.Enabled || strings.TrimSpace(reply.Text) == "" {
		return nil
	}
	key := fmt.Sprintf("away/%d/%s/%d", since, strings.ToLower(to.Email), (now.Unix()-since)/week)
	body := compose(m, to, reply, key, now)
	added, err := r.Post.Send(ctx, m.User, outgoing.Message{Key: key, To: []string{to.Email}, Body: tandem.Bytes(body), Auto: true})
	if r.Log != nil && (added || tandem.IsKind(err, tandem.Invalid)) {
		r.Log.Info("answered while away", "user", m.User.Name, "to", to.Email, "err", err)
	}
	if tandem.IsKind(err, tandem.Invalid) { // there is no way there, now or later
		return nil
	}
	return err
}

// headerOf is the header of a message.
func headerOf(m arrival.Message) (mime.Header, error) {
	in, err := m.Record.Body.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	root, err := mime.Scan(io.LimitReader(in, m.Envelope.Header+2), mime.Limits{Parts: 1})
	if err != nil {
		return nil, err
	}
	return root.Header, nil
}

// sender is who gets the answer; not ok if nobody does. RFC 3834 2, 4
func (r *Responder) sender(m arrival.Message, h mime.Header) (to mime.Address, ok bool) {
	e := m.Envelope
	if len(e.From) != 1 || e.From[0].Email == "" || byProgram(e, h) || slices.Contains(mail.FlagsOf(m.Record.Attrs).Keywords, "$Junk") {
		return to, false
	}
	to = e.From[0]
	if h.Has("Return-Path") { // where its sender wants to hear of what becomes of it
		path := mime.ParseAddresses(h.Get("Return-Path"))
		if len(path) != 1 || path[0].Email == "" {
			return to, false
		}
		if !strings.EqualFold(path[0].Email, to.Email) {
			to = path[0]
		}
	}
	own := addresses(m.User)
	if !sound(to.Email) || nobody(to.Email) || nobody(e.From[0].Email) || own.has(to.Email) || own.has(e.From[0].Email) {
		return to, false
	}
	for _, list := range [][]mime.Address{e.To, e.Cc} { // RFC 5230 4.5: what is for a list, or a hidden copy, is not answered
		for _, a := range list {
			if own.has(a.Email) {
				return to, true
			}
		}
	}
	return to, false
}

// byProgram reports mail that no person awaits an answer to. RFC 3834 2, RFC 5230 4.6, RFC 2369
func byProgram(e *mail.Envelope, h mime.Header) bool {
	if e.Auto || e.Class == mail.Report || e.Broken || e.Method != "" && e.Method != "REQUEST" {
		return true
	}
	for _, name := range []string{"List-Help", "List-Subscribe", "List-Post", "List-Owner", "List-Archive", "X-Loop", "Feedback-ID", "X-Autoreply", "X-Autorespond"} {
		if h.Has(name) {
			return true
		}
	}
	return false
}

// nobody reports addresses at which no person reads. RFC 5230 4.6
func nobody(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	switch strings.NewReplacer("-", "", "_", "", ".", "").Replace(local) {
	case "mailerdaemon", "postmaster", "noreply", "donotreply", "nobody", "listserv", "majordomo", "bounce", "bounces", "daemon", "root":
		return true
	}
	for _, end := range []string{"-request", "-owner", "-bounces", "-noreply", "-no-reply", "-errors"} {
		if strings.HasSuffix(local, end) {
			return true
		}
	}
	for _, begin := range []string{"owner-", "bounce-", "bounces-", "bounce+", "bounces+", "noreply-", "no-reply-", "noreply+", "srs0=", "srs1=", "prvs="} {
		if strings.HasPrefix(local, begin) {
			return true
		}
	}
	return false
}

// sound reports whether an answer can be sent to an address at all.
func sound(address string) bool {
	i := strings.LastIndexByte(address, '@')
	return i > 0 && i < len(address)-1 && len(address) <= 254 && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>,;"`, r) })
}

// own are the addresses of a user.
type own []string

func addresses(u store.User) own {
	var out own
	for _, a := range []string{u.Address, outgoing.Address(u), u.Name} {
		if strings.Contains(a, "@") {
			out = append(out, plain(a))
		}
	}
	return out
}

func (o own) has(address string) bool { return slices.Contains(o, plain(address)) }

// plain is an address in lower case and without what is behind a "+".
func plain(address string) string {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return local
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// audience is to whom somebody belongs. MS-ASCMD 2.2.3.12 to 2.2.3.14
func (r *Responder) audience(ctx context.Context, u store.User, address string) (string, error) {
	_, err := r.Users.Who(ctx, address, r.Domains)
	if err == nil {
		return Internal, nil
	}
	if !tandem.IsKind(err, tandem.NotFound) {
		return "", err
	}
	_, domain, _ := strings.Cut(address, "@")
	if slices.ContainsFunc(r.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return Internal, nil
	}
	for rec, err := range r.Lookup.Match(ctx, u.Name, tandem.Contact, address, 20) {
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(rec.Index.Keys, func(k string) bool { return strings.EqualFold(k, address) }) {
			return Known, nil
		}
	}
	return Unknown, nil
}
