// Package outgoing sends the mail of users: through the submission server that each of them has (RFC 6409), and straight into the inbox of those who are users of the
// hub. What is to be sent is durable before anybody is told that it was taken, and it is sent once: a request that is repeated finds what it asked for done.
//
// # In doubt
//
// When a server was given the whole message and its answer never came, nobody can know whether the message goes on its way. It is not sent a second
// time: its sender gets a notice with the message in it, and decides. That is noted before the last byte is given out, so that it also holds if the hub itself
// stops at that moment. The queue goes on naming those of whom it is not known (store.Outgoing.Doubt) until the sender has it sent to them once more or counts them as reached (AnswerDoubt).
package outgoing

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/partner/seal"
	"tandem/store"
)

// Account is how a user's mail goes out.
type Account struct {
	Host string `json:"host"`
	Port int    `json:"port"`           // 465, 587 or 25
	TLS  string `json:"tls"`            // "tls" from the first byte, "starttls", or "none" for servers on this computer
	User string `json:"user,omitempty"` // "": no login
	From string `json:"from,omitempty"` // the address that mail comes from, "": the user's own
	Auth string `json:"auth,omitempty"` // "password" (default) or "token": OAUTHBEARER, or XOAUTH2 where the server knows only that

	// Guarded says that it was named by somebody who does not administer the hub: it is reached by Service.Guard. Who asks does not set it.
	Guarded bool `json:"guarded,omitempty" readOnly:"true" doc:"set by the hub: not by an administrator, so that it must be a server on the internet"`
}

// accountProp is the property of a user that keeps the Account, and secretName the name under which its password is kept.
const accountProp = "submission"

func secretName(user string) string { return "submission/" + user }

// Secrets keep passwords; seal.Keeper does.
type Secrets interface {
	Get(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, secret string) error
}

var _ Secrets = (*seal.Keeper)(nil)

// Service sends. Everything without a remark must be set.
type Service struct {
	Accounts store.Accounts
	Queue    store.Queue
	Blobs    store.Blobs
	Boxes    *mailbox.Service
	Secrets  Secrets
	Domains  []string                                                          // whose mail is for users of the hub by name
	Name     string                                                            // the host's name, as it greets
	Roots    *tls.Config                                                       // for servers with certificates of their own; nil: the system's
	Dial     func(ctx context.Context, address string) (net.Conn, error)       // nil: the network
	Guard    func(ctx context.Context, user, address string) (net.Conn, error) // connects a user to servers of accounts that are Guarded; nil: those are refused
	Arrived  func(ctx context.Context, user store.User, inbox tandem.Collection, id tandem.ID)
	Wrote    func(ctx context.Context, user string, to []string, message tandem.Body) error // hears of what people send; nil: nobody does
	Now      func() time.Time                                                               // nil: time.Now
	Log      *slog.Logger                                                                   // nil: nowhere

	wake chan struct{}
}

// New makes a service of what is set in s.
func New(s Service) *Service {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Dial == nil {
		s.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return netguard.System(ctx, "tcp", address)
		}
	}
	s.wake = make(chan struct{}, 1)
	return &s
}

// SetAccount says through which server a user's mail goes out. An empty password leaves the one that is kept.
func (s *Service) SetAccount(ctx context.Context, user string, a Account, password string) error {
	if err := a.check(); err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set mail server of", Thing: user, Err: err, Remedy: "give host, port and tls|starttls, as the provider's help says"}
	}
	if err := s.sameServer(ctx, user, a, password); err != nil {
		return err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return &tandem.Error{Op: "set mail server of", Thing: user, Err: err}
	}
	if password != "" {
		if err := s.Secrets.Put(ctx, secretName(user), password); err != nil {
			return err
		}
	}
	return s.Accounts.SetProps(ctx, user, map[string]string{accountProp: string(text)})
}

// sameServer refuses to send the password that is kept to another server than it was given for: who names servers need not be who knows it.
func (s *Service) sameServer(ctx context.Context, user string, a Account, password string) error {
	if password != "" || a.User == "" {
		return nil
	}
	u, err := s.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	if old, ok := AccountOf(u); !ok || strings.EqualFold(old.Host, a.Host) {
		return nil
	}
	if _, err := s.Secrets.Get(ctx, secretName(user)); tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	return &tandem.Error{Kind: tandem.Invalid, Op: "set mail server of", Thing: user, Err: errors.New("the password that is kept is for another server"), Remedy: "give the password, too"}
}

func (a Account) check() error {
	switch {
	case a.Host == "":
		return errors.New("it has no host")
	case len(a.Host) > maxHost:
		return errors.New("the name of the server is too long")
	case strings.ContainsFunc(a.Host, notInHost):
		return fmt.Errorf("%q is no name or number of a computer", a.Host)
	case a.Port < 1 || a.Port > 65535:
		return fmt.Errorf("%d is no port", a.Port)
	case a.TLS != "tls" && a.TLS != "starttls" && a.TLS != "none":
		return fmt.Errorf("tls is %q and not tls, starttls or none", a.TLS)
	case a.Guarded && a.TLS == "none":
		return errors.New("mail goes over encrypted connections only")
	case a.TLS == "none" && !loopback(a.Host):
		return errors.New("without encryption, mail goes to servers on this computer only")
	case a.Auth != "" && a.Auth != "password" && a.Auth != "token":
		return fmt.Errorf("auth is %q and neither password nor token", a.Auth)
	}
	return nil
}

// maxHost is the longest name of a computer, in bytes. RFC 1035 2.3.4
const maxHost = 255

// notInHost reports whether a rune is in no name or number of a computer; letters of all languages are.
func notInHost(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("!\"#$&'()*+,/;<=>?@\\^`{|}~", r)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// AccountOf is how a user's mail goes out; ok is false if no server was named.
func AccountOf(u store.User) (a Account, ok bool) {
	text := u.Props.Get(accountProp)
	return a, text != "" && json.Unmarshal([]byte(text), &a) == nil
}

// Address is the address that a user's mail comes from, "" if none is known.
func Address(u store.User) string {
	if a, ok := AccountOf(u); ok && a.From != "" {
		return a.From
	}
	if u.Address != "" {
		return u.Address
	}
	if strings.Contains(u.Name, "@") {
		return u.Name
	}
	return ""
}

// Message is a message to be sent.
type Message struct {
	Key  string   // names the request, unique per user
	From string   // the envelope's sender; "": the user's address
	To   []string // the envelope's recipients
	Body tandem.Body
	Save bool // keep a copy in the folder of sent mail

	// Auto says that a program answers: the envelope names no sender, so that nothing comes back, and nobody is told if it cannot be delivered. RFC 3834 3.1.3
	Auto bool
}

// Reaches reports whether mail of a user comes to an address: there is a server to send through, or it is that of a user of the hub.
func (s *Service) Reaches(ctx context.Context, u store.User, address string) (bool, error) {
	if _, ok := AccountOf(u); ok && Address(u) != "" {
		return true, nil
	}
	_, err := s.Boxes.Who(ctx, address, s.Domains)
	if tandem.IsKind(err, tandem.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Send takes a message. When it returns without an error, the message is durable and on its way; added is false if this very request was taken before.
// Invalid: it has no recipients, or the user has no server and somebody elsewhere is to get it.
func (s *Service) Send(ctx context.Context, u store.User, m Message) (added bool, err error) {
	const op = "send message"
	switch {
	case m.Auto:
		m.From = ""
	case m.From == "":
		m.From = Address(u)
	}
	var to []string
	for _, a := range m.To {
		if a = strings.TrimSpace(a); a != "" && !slices.ContainsFunc(to, func(b string) bool { return strings.EqualFold(a, b) }) {
			to = append(to, a)
		}
	}
	if len(to) == 0 {
		return false, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("it has no recipients"), Remedy: "name one"}
	}
	if _, ok := AccountOf(u); !ok {
		for _, a := range to {
			if _, err := s.Boxes.Who(ctx, a, s.Domains); tandem.IsKind(err, tandem.NotFound) {
				return false, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: a, Err: errors.New("there is no server to send through"),
					Remedy: "name one: tandem user mail " + u.Name}
			} else if err != nil {
				return false, err
			}
		}
	}
	_, added, err = s.Queue.Enqueue(ctx, store.Outgoing{User: u.Name, Key: m.Key, From: m.From, To: to, Saved: !m.Save}, m.Body)
	if err != nil {
		return false, err
	}
	s.poke()
	if added && !m.Auto && s.Wrote != nil {
		if err := s.Wrote(ctx, u.Name, to, m.Body); err != nil { // the message is on its way all the same
			s.Log.Error("recipients not noted", "user", u.Name, "err", err)
		}
	}
	return added, nil
}

// Run sends what is due until ctx is done.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := s.Once(ctx)
		wait := time.Minute
		if err != nil {
			s.Log.Error("queue of mail not read", "err", err)
		} else if next == 0 {
			wait = time.Hour
		} else {
			wait = max(time.Second, min(time.Hour, time.Unix(next, 0).Sub(s.Now())))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// batch is how many messages are taken from the queue at a time.
const batch = 20

// Once sends what is due now and tells when the next message is.
func (s *Service) Once(ctx context.Context) (next int64, err error) {
	for {
		list, next, err := s.Queue.Due(ctx, s.Now().Unix(), batch)
		if err != nil || len(list) == 0 || ctx.Err() != nil {
			return next, err
		}
		for _, m := range list {
			if err := s.one(ctx, m); err != nil && ctx.Err() == nil {
				s.Log.Error("mail not sent", "user", m.User, "key", m.Key, "err", err)
				// It is not known how far it came in our own records; it waits, so that the others go on.
				if _, err := s.Queue.ChangeOutgoing(ctx, m.ID, func(m *store.Outgoing) error { m.Next = s.Now().Unix() + 60; return nil }); err != nil {
					return 0, err
				}
			}
		}
	}
}

// one brings one message further. An error is our own, the servers' are in the queue.
func (s *Service) one(ctx context.Context, m store.Outgoing) error {
	u, err := s.Accounts.User(ctx, m.User)
	if err != nil {
		return err
	}
	body, err := s.Blobs.Open(ctx, m.Body)
	if err != nil {
		return err
	}
	if !m.Saved {
		if err := s.save(ctx, u, &m, body); err != nil {
			return err
		}
	}
	if strings.HasPrefix(m.Error, doubt) { // we stopped, or the line broke, between the last byte and the answer
		return s.doubted(ctx, u, m, body)
	}
	if body, err = public(body); err != nil {
		return err
	}
	if err := s.locals(ctx, u, &m, body); err != nil {
		return err
	}
	if len(m.To) == 0 {
		return s.settle(ctx, &m, func(m *store.Outgoing) { end(m, "") })
	}
	return s.submit(ctx, u, m, body)
}

// settle changes a message in the queue.
func (s *Service) settle(ctx context.Context, m *store.Outgoing, change func(m *store.Outgoing)) error {
	out, err := s.Queue.ChangeOutgoing(ctx, m.ID, func(m *store.Outgoing) error { change(m); return nil })
	if err == nil {
		*m = out
	}
	return err
}

// save keeps a copy in the folder of sent mail, once.
func (s *Service) save(ctx context.Context, u store.User, m *store.Outgoing, body tandem.Body) error {
	c, err := s.Boxes.Folder(ctx, u.Name, mailbox.Sent)
	if err != nil {
		return err
	}
	_, err = s.Boxes.Put(ctx, c, mailbox.Message{Body: body, Flags: mail.Flags{Seen: true, Received: m.Added}, Marker: tandem.Marker(fmt.Sprintf("sent/%d", m.ID)),
		Author: store.Author{User: u.Name, Via: "sent"}})
	if err != nil {
		return err
	}
	return s.settle(ctx, m, func(m *store.Outgoing) { m.Saved = true })
}

// locals delivers to users of the hub.
func (s *Service) locals(ctx context.Context, u store.User, m *store.Outgoing, body tandem.Body) error {
	var rest []string
	for _, a := range m.To {
		out, err := s.elsewhere(ctx, u, m, a)
		if err != nil {
			return err
		}
		to, err := s.Boxes.Who(ctx, a, s.Domains)
		if out || tandem.IsKind(err, tandem.NotFound) {
			rest = append(rest, a)
			continue
		}
		if err != nil {
			return err
		}
		inbox, err := s.Boxes.Folder(ctx, to.Name, mailbox.Inbox)
		if err != nil {
			return err
		}
		id, err := s.Boxes.Put(ctx, inbox, mailbox.Message{Body: body, Flags: mail.Flags{Received: m.Added}, For: a, Marker: tandem.Marker(fmt.Sprintf("local/%d", m.ID)),
			Author: store.Author{User: to.Name, Via: "mail:" + u.Name}})
		if err != nil {
			return err
		}
		if s.Arrived != nil {
			s.Arrived(ctx, to, inbox, id)
		}
	}
	if len(rest) == len(m.To) {
		return nil
	}
	reached := len(m.To) - len(rest)
	return s.settle(ctx, m, func(m *store.Outgoing) { m.To, m.Reached = rest, m.Reached+reached })
}
