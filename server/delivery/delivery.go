// Package delivery receives mail for the users of the hub: over LMTP from a mail server in front of it (RFC 2033), or over SMTP from the world (RFC 5321). It
// takes mail for users of the hub and for nobody else, so that it is no open relay whatever it is asked; a message is durable in each recipient's inbox before
// it is acknowledged.
package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/wire/mime"
)

// Boxes are the mailboxes that are delivered to; mailbox.Service implements it.
type Boxes interface {
	Who(ctx context.Context, address string, domains []string) (store.User, error)
	Folder(ctx context.Context, user string, role mailbox.Role) (tandem.Collection, error)
	Put(ctx context.Context, c tandem.Collection, m mailbox.Message) (tandem.ID, error)
}

// Config is what a receiver stands on. Everything without a remark must be set.
type Config struct {
	Boxes   Boxes
	Name    string      // the host's name, as it greets: "mail.example.org"
	Domains []string    // domains whose mail is for users by name: "anna@example.org" for anna; none: only users' own addresses
	Max     int64       // bytes of the largest message; 0: 50 MiB
	TLS     *tls.Config // nil: no STARTTLS
	Spool   string      // folder for large messages on their way in; "": the system's
	// Postmaster is who gets mail for "postmaster", where no user has that name; NotFound. nil: nobody does.
	Postmaster func(ctx context.Context) (store.User, error)
	// Arrived is told of every message that was delivered, after it is durable; nil: nobody is.
	Arrived func(ctx context.Context, user store.User, inbox tandem.Collection, id tandem.ID)
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: nowhere
}

const (
	maxMessage    = 50 << 20
	maxRecipients = 1000
	idle          = 5 * time.Minute // RFC 5321 4.5.3.2.7
)

// Server receives mail. LMTP or SMTP is a matter of the listener.
type Server struct {
	cfg  Config
	lmtp *smtp.Server
	smtp *smtp.Server

	mu    sync.Mutex     // guards what follows
	open  []net.Listener // the library forgets those that it comes to after its end
	ended bool
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Max == 0 {
		cfg.Max = maxMessage
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg}
	for _, lmtp := range []bool{false, true} {
		one := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.session(c, lmtp), nil }))
		one.LMTP, one.Domain, one.MaxMessageBytes, one.MaxRecipients = lmtp, cfg.Name, cfg.Max, maxRecipients
		one.ReadTimeout, one.WriteTimeout, one.TLSConfig = idle, idle, cfg.TLS
		one.EnableSMTPUTF8, one.EnableBINARYMIME = true, true
		one.ErrorLog = logger{cfg.Log}
		if lmtp {
			s.lmtp = one
		} else {
			s.smtp = one
		}
	}
	return s
}

// ServeSMTP answers on a listener until it is closed.
func (s *Server) ServeSMTP(l net.Listener) error { return s.serve(s.smtp, l) }

// ServeLMTP answers on a listener until it is closed.
func (s *Server) ServeLMTP(l net.Listener) error { return s.serve(s.lmtp, l) }

func (s *Server) serve(one *smtp.Server, l net.Listener) error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return ended(l.Close())
	}
	s.open = append(s.open, l)
	s.mu.Unlock()
	return ended(one.Serve(newCrowd(l, crowdMost, crowdOfOne)))
}

func ended(err error) error {
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners and waits for what is being received, until ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.ended = true
	for _, l := range s.open {
		_ = l.Close() // error: it was closed
	}
	s.mu.Unlock()
	return errors.Join(ended(s.smtp.Shutdown(ctx)), ended(s.lmtp.Shutdown(ctx)))
}

// logger passes on what the library has to say.
type logger struct{ log *slog.Logger }

func (l logger) Printf(format string, v ...any) {
	l.log.Warn("mail", "what", fmt.Sprintf(format, v...))
}
func (l logger) Println(v ...any) { l.log.Warn("mail", "what", strings.TrimSpace(fmt.Sprintln(v...))) }

func (s *Server) session(c *smtp.Conn, lmtp bool) *session {
	ctx, cancel := context.WithCancel(context.Background())
	remote := c.Conn().RemoteAddr().String()
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	return &session{Server: s, ctx: ctx, cancel: cancel, conn: c, remote: remote, lmtp: lmtp}
}

// recipient is one of the envelope.
type recipient struct {
	address string // as it was given
	user    store.User
}

// session is one connection.
type session struct {
	*Server
	ctx    context.Context
	cancel func()
	conn   *smtp.Conn
	remote string
	lmtp   bool

	from string
	to   []recipient
	head int // length of the trace before the message

	named bool // something in the message tells it from others that read the same
}

var (
	_ smtp.Session     = (*session)(nil)
	_ smtp.LMTPSession = (*session)(nil)
)

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error {
	s.cancel()
	return nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if opts != nil && opts.Size > s.cfg.Max {
		return refusal(552, 5, 3, 4, fmt.Sprintf("the message is larger than %d bytes", s.cfg.Max))
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt implements smtp.Session. Who is not a user of the hub is refused here, before any mail is taken.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	u, err := s.cfg.Boxes.Who(s.ctx, to, s.cfg.Domains)
	if tandem.IsKind(err, tandem.NotFound) && s.forPostmaster(to) {
		u, err = s.cfg.Postmaster(s.ctx)
	}
	if tandem.IsKind(err, tandem.NotFound) {
		return refusal(550, 5, 1, 1, "nobody here has this address")
	}
	if err != nil {
		return s.trouble("find recipient", err)
	}
	s.to = append(s.to, recipient{to, u})
	return nil
}

// forPostmaster tells whether an address is that at which people reach who runs a mail server. RFC 5321 4.5.1
func (s *session) forPostmaster(to string) bool {
	local, domain, _ := strings.Cut(strings.TrimSpace(to), "@")
	return s.cfg.Postmaster != nil && strings.EqualFold(local, "postmaster") &&
		(strings.EqualFold(domain, s.cfg.Name) || slices.ContainsFunc(s.cfg.Domains, func(d string) bool { return strings.EqualFold(d, domain) }))
}

// Data implements smtp.Session. SMTP has one answer for all recipients: when some have the message and others do not, it is asked for again, and those who have
// it do not get it twice.
func (s *session) Data(r io.Reader) error {
	body, remove, err := s.take(r)
	if err != nil {
		return err
	}
	defer remove()
	var failed error
	for _, to := range s.to {
		if err := s.deliver(to, body); err != nil && (failed == nil || temporary(err)) {
			failed = err
		}
	}
	return failed
}

// LMTPData implements smtp.LMTPSession: an answer for each recipient. RFC 2033 4.2
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	body, remove, err := s.take(r)
	if err != nil {
		return err
	}
	defer remove()
	for _, to := range s.to {
		status.SetStatus(to.address, s.deliver(to, body))
	}
	return nil
}

func temporary(err error) bool {
	var e *smtp.SMTPError
	return errors.As(err, &e) && e.Temporary()
}

// inMemory is the size in bytes up to which messages are held in memory on their way in.
const inMemory = 256 << 10

// take reads a message, with the trace of its way put before it. RFC 5321 4.4
func (s *session) take(r io.Reader) (body tandem.Body, remove func(), err error) {
	trace := s.trace()
	s.head = len(trace)
	in := io.MultiReader(strings.NewReader(trace), r)
	var head bytes.Buffer
	_, err = io.CopyN(&head, in, inMemory)
	s.named = named(head.Bytes()[min(len(trace), head.Len()):])
	switch {
	case err == io.EOF:
		return tandem.Bytes(head.Bytes()), func() {}, nil
	case err != nil:
		return nil, nil, s.broken(err)
	}
	f, err := newSpool(s.cfg.Spool, io.MultiReader(&head, in))
	if err != nil {
		return nil, nil, s.broken(err)
	}
	return f, f.remove, nil
}

// named tells whether a message, of which this is the beginning, says when it was written, which it is, or how it came: one that comes again with all of that is the same one. Small devices that send
// alarms write nothing of it, and two of their messages that read the same are two.
func named(head []byte) bool {
	root, _ := mime.Scan(bytes.NewReader(head[:min(len(head), 64<<10)]), mime.Limits{Parts: 1}) // error: a reader of bytes has none
	h := root.Header
	return h.Has("Message-ID") || h.Has("Date") || h.Has("Received")
}

// unnamedSame is for how many seconds a message that nothing names is the same if it comes again: as long as a device tries again that did not hear our answer.
const unnamedSame = 5 * 60

// broken tells why a message was not taken in.
func (s *session) broken(err error) error {
	var e *smtp.SMTPError
	if errors.Is(err, smtp.ErrTooLongLine) { // RFC 5321 4.5.3.1.6: as long as it is, it is never taken
		return refusal(554, 5, 6, 0, "a line of the message is too long")
	}
	if errors.As(err, &e) { // the library's own: too large
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return refusal(451, 4, 3, 0, "the message is cut short")
	}
	return s.trouble("take message", err)
}

// trace are the lines that tell where a message came from, and when. Of mail straight from the world the hub says that nobody checked its sender, so that nobody believes what the message itself
// says; what a server in front noted stays the topmost of its sort. RFC 8601 2.2, 5
func (s *session) trace() string {
	with := "ESMTP"
	if s.lmtp {
		with = "LMTP"
	}
	if _, ok := s.conn.TLSConnectionState(); ok {
		with += "S"
	}
	lines := fmt.Sprintf("Return-Path: <%s>\r\nReceived: from %s (%s)\r\n\tby %s with %s; %s\r\n", clean(s.from), clean(s.conn.Hostname()), clean(s.remote), clean(s.cfg.Name), with,
		s.cfg.Now().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	if !s.lmtp {
		lines += fmt.Sprintf("Authentication-Results: %s; none\r\n", clean(s.cfg.Name))
	}
	return lines
}

// clean makes a word fit for a header.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '<' || r == '>' {
			return -1
		}
		return r
	}, s)
}

// deliver puts the message into one inbox, under a marker made of what was sent: a server that did not hear our answer sends it again.
func (s *session) deliver(to recipient, body tandem.Body) error {
	inbox, err := s.cfg.Boxes.Folder(s.ctx, to.user.Name, mailbox.Inbox)
	if err != nil {
		return s.trouble("find inbox", err)
	}
	marker, err := s.marker(to, body)
	if err != nil {
		return s.trouble("read message", err)
	}
	m := mailbox.Message{Body: body, Flags: mail.Flags{Received: s.cfg.Now().Unix()}, Marker: marker, For: to.address, Author: store.Author{User: to.user.Name, Via: "mail:" + clean(s.from)}}
	if !s.named {
		m.Same = unnamedSame
	}
	id, err := s.cfg.Boxes.Put(s.ctx, inbox, m)
	switch {
	case tandem.IsKind(err, tandem.Full):
		return refusal(452, 4, 2, 2, "the mailbox is full")
	case tandem.IsKind(err, tandem.TooLarge):
		return refusal(552, 5, 2, 3, "the message is too large for this mailbox")
	case err != nil:
		return s.trouble("deliver", err)
	}
	s.cfg.Log.Info("mail delivered", "user", to.user.Name, "from", s.from, "id", id)
	if s.cfg.Arrived != nil {
		s.cfg.Arrived(s.ctx, to.user, inbox, id)
	}
	return nil
}

// marker names a message for a recipient. The trace that we put before it differs each time and does not count.
func (s *session) marker(to recipient, body tandem.Body) (tandem.Marker, error) {
	r, err := body.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", s.from, strings.ToLower(to.address))
	if _, err := io.CopyN(io.Discard, r, int64(s.head)); err != nil {
		return "", err
	}
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return tandem.Marker("smtp/" + hex.EncodeToString(h.Sum(nil))), nil
}

// trouble is our own: the sender may try again later.
func (s *session) trouble(what string, err error) error {
	s.cfg.Log.Error("mail not delivered", "what", what, "from", s.from, "err", err)
	return refusal(451, 4, 3, 0, "local trouble, try again later")
}

func refusal(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}
