package outgoing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/store"
	"tandem/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is a submission server that does as it is told.
type sink struct {
	mu   sync.Mutex
	got  []string // "recipients: text"
	rcpt map[string]*smtp.SMTPError
	data *smtp.SMTPError
	cut  bool // the line breaks after the message was taken, before the answer

	from []string // of the envelopes
	null bool     // mail of nobody is refused
}

type sinkSession struct {
	*sink
	conn *smtp.Conn
	to   []string
	in   bool
}

func (s *sinkSession) AuthMechanisms() []string { return []string{"PLAIN"} }

func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "anna" || password != "secret" {
			return &smtp.SMTPError{Code: 535, Message: "no"}
		}
		s.in = true
		return nil
	}), nil
}

func (s *sinkSession) Reset()        { s.to = nil }
func (s *sinkSession) Logout() error { return nil }

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.null && from == "" {
		return &smtp.SMTPError{Code: 553, Message: "who are you?"}
	}
	s.sink.from = append(s.sink.from, from)
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.rcpt[to]; e != nil {
		return e
	}
	s.to = append(s.to, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data != nil {
		return s.data
	}
	s.got = append(s.got, strings.Join(s.to, ",")+": "+string(b))
	if s.cut {
		s.conn.Conn().Close()
	}
	return nil
}

// office is a hub with anna, whose mail goes out through the sink, and ben.
type office struct {
	*testing.T
	st    *store.Store
	boxes *mailbox.Service
	sink  *sink
	out   *outgoing.Service
	now   time.Time
	anna  store.User
}

func open(t *testing.T) *office {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, st: st, boxes: mailbox.New(st), sink: &sink{rcpt: map[string]*smtp.SMTPError{}}, now: time.Unix(1_800_000_000, 0)}
	for _, u := range []store.User{{Name: "anna", Address: "anna@hub.test"}, {Name: "ben", Address: "ben@hub.test"}} {
		o.must(st.Accounts.AddUser(t.Context(), u))
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: o.sink, conn: c}, nil }))
	srv.AllowInsecureAuth, srv.Domain = true, "sink.test"
	srv.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	o.must(err)
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
	t.Cleanup(func() {
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		done.Wait()
		st.Close()
	})
	secrets, err := seal.Open(st.Secrets, t.TempDir())
	o.must(err)
	o.out = outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Boxes: o.boxes, Secrets: secrets, Name: "hub.test", Now: func() time.Time { return o.now }})
	o.must(o.out.SetAccount(t.Context(), "anna", outgoing.Account{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none", User: "anna"}, "secret"))
	o.anna, err = st.Accounts.User(t.Context(), "anna")
	o.must(err)
	return o
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

const text = "From: anna@hub.test\r\nSubject: Plan\r\nMessage-ID: <1@hub.test>\r\n\r\n.Hello\r\n"

func (o *office) send(key string, to ...string) bool {
	o.Helper()
	added, err := o.out.Send(o.Context(), o.anna, outgoing.Message{Key: key, To: to, Body: tandem.Bytes(text), Save: true})
	o.must(err)
	return added
}

// run sends what is due at the store's present, and then what is due after a while.
func (o *office) run(later time.Duration) {
	o.Helper()
	o.now = time.Now().Add(later)
	_, err := o.out.Once(o.Context())
	o.must(err)
}

func (o *office) folder(user string, role mailbox.Role) []string {
	o.Helper()
	c, err := o.boxes.Find(o.Context(), user, role)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	o.must(err)
	recs, _, err := o.st.Home.Since(o.Context(), c.ID, 0, 0)
	o.must(err)
	var out []string
	for _, r := range recs {
		for full, err := range o.st.Home.Get(o.Context(), c.ID, []tandem.ID{r.ID}) {
			o.must(err)
			b, err := tandem.ReadBody(full.Body, 1<<20)
			o.must(err)
			out = append(out, string(b))
		}
	}
	return out
}

func (o *office) got() []string {
	o.sink.mu.Lock()
	defer o.sink.mu.Unlock()
	return slices.Clone(o.sink.got)
}

func (o *office) state() string {
	o.Helper()
	list, err := o.st.Queue.Outgoing(o.Context(), "anna", 1)
	o.must(err)
	if len(list) == 0 {
		return "none"
	}
	return fmt.Sprintf("%s %v", list[0].State, list[0].To)
}

func TestSend(t *testing.T) {
	o := open(t)
	if !o.send("k", "zoe@else.test", "ben@hub.test", "ZOE@else.test", "yan@else.test") || o.send("k", "zoe@else.test") {
		t.Error("a repeated request is another message")
	}
	o.run(0)
	o.run(0)
	if got := o.got(); len(got) != 1 || got[0] != "zoe@else.test,yan@else.test: "+text {
		t.Errorf("the server got %q", got)
	}
	if in := o.folder("ben", mailbox.Inbox); len(in) != 1 || in[0] != text {
		t.Errorf("ben has %q", in)
	}
	if sent := o.folder("anna", mailbox.Sent); len(sent) != 1 || sent[0] != text {
		t.Errorf("sent: %q", sent)
	}
	if got := o.state(); got != "sent []" {
		t.Error(got)
	}
	if o.send("k", "zoe@else.test") {
		t.Error("what was sent is sent again")
	}
}

func TestRefusals(t *testing.T) {
	o := open(t)
	o.sink.rcpt["bad@else.test"] = &smtp.SMTPError{Code: 550, Message: "no such user"}
	o.sink.rcpt["busy@else.test"] = &smtp.SMTPError{Code: 450, Message: "try later"}
	o.send("k", "good@else.test", "bad@else.test", "busy@else.test")
	o.run(0)
	if got := o.got(); len(got) != 1 || !strings.HasPrefix(got[0], "good@else.test: ") {
		t.Fatalf("the server got %q", got)
	}
	in := o.folder("anna", mailbox.Inbox)
	if len(in) != 1 || !strings.Contains(in[0], "bad@else.test") || !strings.Contains(in[0], "no such user") || strings.Contains(in[0], "busy@else.test") || !strings.Contains(in[0], text) {
		t.Fatalf("the notice: %q", in)
	}
	e, _, _, err := mail.Read(tandem.Bytes(in[0]))
	if err != nil || e.Class != mail.Report || !e.Auto || len(e.Files) != 2 {
		t.Errorf("the notice is read as %+v, %v", e, err)
	}
	if got := o.state(); got != "waiting [busy@else.test]" {
		t.Error(got)
	}
	o.sink.mu.Lock()
	delete(o.sink.rcpt, "busy@else.test")
	o.sink.mu.Unlock()
	o.run(10 * time.Second)
	if got := o.got(); len(got) != 1 {
		t.Errorf("tried too early: %q", got)
	}
	o.run(2 * time.Minute)
	if got := o.got(); len(got) != 2 || !strings.HasPrefix(got[1], "busy@else.test: ") {
		t.Errorf("the server got %q", got)
	}
	if got := o.state(); got != "partly [bad@else.test]" || len(o.folder("anna", mailbox.Inbox)) != 1 || len(o.folder("anna", mailbox.Sent)) != 1 {
		t.Error(got)
	}
}

func TestRefusedAsAWhole(t *testing.T) {
	o := open(t)
	o.sink.data = &smtp.SMTPError{Code: 554, Message: "spam"}
	o.send("k", "a@else.test")
	o.run(0)
	o.run(time.Hour)
	if in := o.folder("anna", mailbox.Inbox); len(in) != 1 || !strings.Contains(in[0], "spam") {
		t.Errorf("%q", in)
	}
	if got := o.state(); got != "failed [a@else.test]" {
		t.Error(got)
	}
}

// TestDoubt: when the answer to the whole message never came, it is not sent again, and its sender is told.
func TestDoubt(t *testing.T) {
	o := open(t)
	o.sink.cut = true
	o.send("k", "a@else.test")
	o.run(0)
	o.sink.mu.Lock()
	o.sink.cut = false
	o.sink.mu.Unlock()
	o.run(time.Hour)
	if got := o.got(); len(got) != 1 {
		t.Errorf("sent %d times", len(got))
	}
	if in := o.folder("anna", mailbox.Inbox); len(in) != 1 || !strings.Contains(in[0], "Perhaps not delivered") || !strings.Contains(in[0], "tandem mail doubt 1 --again") {
		t.Errorf("%q", in)
	}
	if got := o.state(); got != "failed []" {
		t.Error(got)
	}
}

// TestStoppedInDoubt: the same holds when the hub itself stopped at that moment.
func TestStoppedInDoubt(t *testing.T) {
	o := open(t)
	o.send("k", "a@else.test")
	list, err := o.st.Queue.Outgoing(o.Context(), "anna", 1)
	o.must(err)
	_, err = o.st.Queue.ChangeOutgoing(o.Context(), list[0].ID, func(m *store.Outgoing) error {
		m.Error = "the server did not say whether it took the message"
		return nil
	})
	o.must(err)
	o.run(0)
	if got := o.got(); len(got) != 0 {
		t.Errorf("sent: %q", got)
	}
	if in := o.folder("anna", mailbox.Inbox); len(in) != 1 {
		t.Errorf("%q", in)
	}
}

func TestGivenUp(t *testing.T) {
	o := open(t)
	o.must(o.out.SetAccount(o.Context(), "anna", outgoing.Account{Host: "127.0.0.1", Port: 1, TLS: "none", User: "anna"}, ""))
	o.send("k", "a@else.test")
	for i := range 14 {
		o.run(time.Duration(i) * 48 * time.Hour)
	}
	if in := o.folder("anna", mailbox.Inbox); len(in) != 1 || !strings.Contains(in[0], "given up after 11 tries") {
		t.Errorf("%q", in)
	}
	if got := o.state(); got != "failed [a@else.test]" {
		t.Error(got)
	}
}

func TestRefusedAtOnce(t *testing.T) {
	o := open(t)
	ben, err := o.st.Accounts.User(o.Context(), "ben")
	o.must(err)
	for name, to := range map[string][]string{"nobody": nil, "elsewhere without a server": {"a@else.test"}} {
		if _, err := o.out.Send(o.Context(), ben, outgoing.Message{Key: name, To: to, Body: tandem.Bytes(text)}); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.out.Send(o.Context(), ben, outgoing.Message{Key: "x", To: []string{"anna@hub.test"}, Body: tandem.Bytes(text)}); err != nil {
		t.Errorf("to a user of the hub: %v", err)
	}
	for _, a := range []outgoing.Account{{}, {Host: "x", Port: 0, TLS: "tls"}, {Host: "mail.example.org", Port: 25, TLS: "none"}, {Host: "x", Port: 1, TLS: "ssl"}} {
		if err := o.out.SetAccount(o.Context(), "ben", a, ""); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

// TestRun: what is asked for while it runs goes out at once.
func TestRun(t *testing.T) {
	o := open(t)
	o.now = time.Now()
	ctx, stop := context.WithCancel(o.Context())
	var done sync.WaitGroup
	done.Go(func() { o.out.Run(ctx) })
	arrived := make(chan bool, 1)
	o.sink.mu.Lock()
	o.sink.data = nil
	o.sink.mu.Unlock()
	wake := o.st.Home.Subscribe(ctx)
	o.send("k", "ben@hub.test")
	go func() {
		for w := range wake {
			if w.User == "ben" && w.Seq > 0 {
				arrived <- true
				return
			}
		}
	}()
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Error("nothing went out")
	}
	stop()
	done.Wait()
	if errors.Is(ctx.Err(), context.Canceled) && len(o.folder("ben", mailbox.Inbox)) != 1 {
		t.Error("ben has nothing")
	}
}
