package sieve_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/internal/need"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/seal"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/mailkit"
)

// sink is where the server's answers go.
type sink struct{ got chan string }

type session struct {
	*sink
	to string
}

func (s *session) Reset()                                    {}
func (s *session) Logout() error                             { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.got <- s.to + " " + string(b)
	return err
}

// place is a Dovecot with Pigeonhole, and a hub whose user anna has her mail there.
type place struct {
	*testing.T
	srv  *mailkit.Server
	port int
	sink *sink
	st   *store.Store
	svc  *sieve.Service
}

func open(t *testing.T) *place {
	t.Helper()
	need.Program(t, "dovecot", "dovecot-imapd")
	if _, err := os.Stat("/usr/lib/dovecot/managesieve"); err != nil {
		need.Missing(t, "the Debian package dovecot-managesieved")
	}
	p := &place{T: t, sink: &sink{make(chan string, 20)}}
	out := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: p.sink}, nil }))
	out.ErrorLog = silence{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	done := make(chan struct{})
	go func() { defer close(done); _ = out.Serve(l) }() // error: it was closed
	t.Cleanup(func() {
		out.Close()
		_ = l.Close() // Serve may not have come to it yet
		<-done
	})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	p.port = free.Addr().(*net.TCPAddr).Port
	p.must(free.Close())
	p.srv = mailkit.Dovecot(t, mailkit.Config{TLS: true, Lines: fmt.Sprintf(`
protocols = imap lmtp sieve
submission_host = %s
postmaster_address = postmaster@example.org
service managesieve-login {
  chroot =
  inet_listener sieve {
    address = 127.0.0.1
    port = %d
  }
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_vacation_min_period = 1s
}
protocol lmtp {
  mail_plugins = sieve
}
`, l.Addr(), p.port)})
	p.st, err = sqlite.OpenMemory(sqlite.Options{})
	p.must(err)
	t.Cleanup(func() { p.st.Close() })
	p.must(p.st.Accounts.AddUser(t.Context(), store.User{Name: "anna", Address: "anna@example.org"}))
	keys, err := seal.Open(p.st.Secrets, t.TempDir())
	p.must(err)
	p.svc = sieve.New(sieve.Service{Accounts: p.st.Accounts, Secrets: keys, Roots: p.roots(), Domains: []string{"hub.test"}, Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))})
	return p
}

type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *place) roots() *tls.Config {
	p.Helper()
	pem, err := os.ReadFile(p.srv.CA)
	p.must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool}
}

func (p *place) server() sieve.Server {
	return sieve.Server{Host: "127.0.0.1", Port: p.port, TLS: "starttls", User: "anna", Password: mailkit.Password, Roots: p.roots()}
}

func (p *place) dial() *sieve.Client {
	p.Helper()
	c, err := sieve.Dial(p.Context(), p.server())
	p.must(err)
	p.Cleanup(func() { c.Close() })
	return c
}

func (p *place) user() store.User {
	p.Helper()
	u, err := p.st.Accounts.User(context.Background(), "anna")
	p.must(err)
	return u
}

// set sets what is answered and tells the server.
func (p *place) set(s away.Settings) {
	p.Helper()
	p.must(away.Save(p.Context(), p.st.Accounts, "anna", s, time.Now().Unix()))
	if p.svc.Once(p.Context()) {
		p.Fatalf("not told:\n%s", p.srv.Log())
	}
}

// deliver gives the server a message for anna, and waits until the server has it.
func (p *place) deliver(from, subject string) {
	p.Helper()
	conn, err := net.Dial("tcp", p.srv.LMTP)
	p.must(err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	p.must(c.Mail(from, nil))
	p.must(c.Rcpt("anna", nil))
	w, err := c.Data()
	p.must(err)
	_, err = fmt.Fprintf(w, "From: %s\r\nTo: anna@example.org\r\nSubject: %s\r\nMessage-ID: <%s@x.org>\r\n\r\nHello\r\n", from, subject, strings.ReplaceAll(subject, " ", ""))
	p.must(err)
	_, err = w.CloseWithLMTPResponse()
	p.must(err)
}

// answers are the answers that went out so far: the server answers before it says that it has a message.
func (p *place) answers() (all []string) {
	for {
		select {
		case m := <-p.sink.got:
			all = append(all, m)
		default:
			return all
		}
	}
}

func everybody(text string) map[string]away.Reply {
	r := away.Reply{Enabled: true, Text: text, Type: "Text"}
	return map[string]away.Reply{away.Internal: r, away.Known: r, away.Unknown: r}
}

const filing = "require [\"fileinto\", \"mailbox\"];\r\nif header :contains \"subject\" \"invoice\" { fileinto :create \"Invoices\"; stop; }\r\n"

// TestDovecot: a server answers while a user is away; the user's own script goes on, and is the active one again afterwards. RFC 5804, RFC 5230, RFC 6609
func TestDovecot(t *testing.T) {
	p := open(t)
	c := p.dial()
	p.must(c.Put("mine", filing))
	p.must(c.Put("other", "keep;\r\n"))
	p.must(c.Activate("mine"))
	p.must(p.svc.SetAccount(t.Context(), "anna", sieve.Account{Host: "127.0.0.1", Port: p.port, TLS: "starttls", User: "anna"}, mailkit.Password))
	if p.svc.Answers(t.Context(), p.user(), 0) {
		t.Error("it answers before it was told")
	}

	s := away.Settings{State: away.On, Messages: everybody("Back in \"May\".\n\n.\nAnna \\o/")}
	s.Messages[away.Internal] = away.Reply{}
	p.set(s)
	names, active, err := c.Scripts()
	if err != nil || active != sieve.Name || len(names) != 3 || !p.svc.Answers(t.Context(), p.user(), 0) {
		t.Fatalf("%v, active %q, %v", names, active, err)
	}
	p.deliver("zoe@x.org", "hello")
	p.deliver("zoe@x.org", "hello again")
	p.deliver("yan@hub.test", "from within")
	p.deliver("yan@y.org", "invoice 1")
	got := p.answers()
	if len(got) != 2 || !strings.HasPrefix(got[0], "zoe@x.org ") || !strings.Contains(got[0], "Back in \"May\".") || !strings.Contains(got[0], "Anna \\o/") || !strings.HasPrefix(got[1], "yan@y.org ") {
		t.Errorf("answered %q", got)
	}
	if _, err := os.Stat(p.srv.Home("anna") + "/mail/.Invoices"); err != nil {
		t.Errorf("the user's script does not run: %v", err)
	}

	// Another text, and times; told twice is told once.
	now := time.Now().Unix()
	for _, c := range []struct {
		from, until int64
		want        int
	}{{now - 100, now + 1000, 1}, {now + 1000, now + 2000, 0}, {now - 2000, now - 1000, 0}} {
		p.set(away.Settings{State: away.Between, Start: c.from, End: c.until, Messages: everybody("Between")})
		p.deliver("d"+strconv.FormatInt(c.from, 10)+"@x.org", "when "+strconv.FormatInt(c.from, 10))
		if got := p.answers(); len(got) != c.want {
			t.Errorf("from %d until %d: answered %q", c.from-now, c.until-now, got)
		}
	}
	if text, err := c.Get(sieve.Name); err != nil || !strings.Contains(text, `include :personal "mine"`) {
		t.Errorf("the script: %v\n%s", err, text)
	}

	p.set(away.Settings{State: away.Off, Messages: everybody("x")})
	if names, active, err = c.Scripts(); err != nil || active != "mine" || len(names) != 2 {
		t.Errorf("afterwards %v, active %q, %v", names, active, err)
	}
	if text, err := c.Get("mine"); err != nil || strings.TrimSpace(text) != strings.TrimSpace(filing) {
		t.Errorf("the user's script: %v\n%s", err, text)
	}
	p.deliver("late@x.org", "late")
	if got := p.answers(); len(got) != 0 {
		t.Errorf("answered %q", got)
	}
}

// TestDovecotAlone: without a script of the user's; what the server cannot tell apart the hub answers; a server that cannot be reached is told later; who is forgotten
// leaves nothing there.
func TestDovecotAlone(t *testing.T) {
	p := open(t)
	c := p.dial()
	account := sieve.Account{Host: "127.0.0.1", Port: p.port, TLS: "starttls", User: "anna"}
	p.must(p.svc.SetAccount(t.Context(), "anna", account, mailkit.Password))
	p.set(away.Settings{State: away.On, Messages: everybody("Away")})
	p.deliver("zoe@x.org", "one")
	if got := p.answers(); len(got) != 1 {
		t.Errorf("answered %q", got)
	}
	known := everybody("Away")
	known[away.Unknown] = away.Reply{}
	p.set(away.Settings{State: away.On, Messages: known})
	if names, active, err := c.Scripts(); err != nil || active != "" || len(names) != 0 || p.svc.Answers(t.Context(), p.user(), 0) {
		t.Errorf("for contacts only: %v %q %v", names, active, err)
	}
	p.set(away.Settings{State: away.On, Messages: everybody("Away again")})

	p.srv.Stop()
	p.must(away.Save(t.Context(), p.st.Accounts, "anna", away.Settings{State: away.Off}, 1))
	if !p.svc.Once(t.Context()) || p.svc.Answers(t.Context(), p.user(), 0) {
		t.Error("told, although the server is away")
	}
	p.srv.Start()
	if p.svc.Once(t.Context()) {
		t.Error("not told")
	}
	p.set(away.Settings{State: away.On, Messages: everybody("x")})
	p.must(p.svc.RemoveAccount(t.Context(), "anna"))
	c = p.dial()
	if names, _, err := c.Scripts(); err != nil || len(names) != 0 {
		t.Errorf("left there: %v, %v", names, err)
	}
	if _, ok := sieve.AccountOf(p.user()); ok {
		t.Error("it is still known")
	}
	p.must(p.svc.RemoveAccount(t.Context(), "anna"))
}

// TestDovecotRefusals: what is refused is said, and nothing is kept of it.
func TestDovecotRefusals(t *testing.T) {
	p := open(t)
	good := sieve.Account{Host: "127.0.0.1", Port: p.port, TLS: "starttls", User: "anna"}
	if err := p.svc.SetAccount(t.Context(), "anna", good, "wrong"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("a wrong password: %v", err)
	}
	if err := p.svc.SetAccount(t.Context(), "nobody", good, mailkit.Password); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	for _, bad := range []sieve.Account{{}, {Host: "h", User: "u"}, {Host: "h", User: "u", Port: 1, TLS: "maybe"}, {Host: "sieve.example.org", User: "u", Port: 1, TLS: "none"}} {
		if err := p.svc.SetAccount(t.Context(), "anna", bad, "x"); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, ok := sieve.AccountOf(p.user()); ok {
		t.Error("something is kept")
	}
	c := p.dial()
	if err := c.Put("bad", "this is no script"); err == nil {
		t.Error("nonsense is a script")
	}
	if _, err := c.Get("missing"); err == nil {
		t.Error("a script that is not there")
	}
	other := p.server()
	other.Roots = nil
	if _, err := sieve.Dial(t.Context(), other); err == nil {
		t.Error("a certificate of nobody's is trusted")
	}
}

// TestDovecotLeaves: with the user the script goes; where the server is out of reach that is said, as it is when the absence is set or ended.
func TestDovecotLeaves(t *testing.T) {
	p, ctx := open(t), t.Context()
	account := sieve.Account{Host: "127.0.0.1", Port: p.port, TLS: "starttls", User: "anna"}
	p.must(p.svc.Leave(ctx, "anna")) // no server was named
	p.must(p.svc.SetAccount(ctx, "anna", account, mailkit.Password))
	set := func(state int) error {
		p.must(away.Save(ctx, p.st.Accounts, "anna", away.Settings{State: state, Messages: map[string]away.Reply{away.Unknown: {Enabled: true, Text: "Away", Type: "Text"}}}, 0))
		return p.svc.Tell(ctx, "anna")
	}
	has := func(want bool) {
		t.Helper()
		c := p.dial()
		defer c.Close()
		names, _, err := c.Scripts()
		p.must(err)
		if got := slices.Contains(names, sieve.Name); got != want {
			t.Errorf("the script is there: %v", got)
		}
	}
	p.must(set(away.On))
	has(true)
	p.must(set(away.Off))
	has(false)
	p.must(set(away.On))
	p.must(p.svc.Leave(ctx, "anna"))
	has(false)
	p.must(p.svc.Stay(ctx, "anna"))
	p.must(p.svc.Tell(ctx, "anna"))
	has(true)
	p.srv.Stop()
	for what, err := range map[string]error{"leaving": p.svc.Leave(ctx, "anna"), "ending": set(away.Off)} {
		if !tandem.IsKind(err, tandem.Transient) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.must(p.svc.Leave(ctx, "nobody"))
}
