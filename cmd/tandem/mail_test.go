package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/server/listen"
	"tandem/store"
)

// mailHub is a running hub that receives mail, for anna and ben.
type mailHub struct {
	*testing.T
	hub *hub
}

func newMailHub(t *testing.T, f mailFlags) *mailHub {
	t.Helper()
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{domains: f.domains})
	if err != nil {
		t.Fatal(err)
	}
	m := &mailHub{T: t, hub: h}
	for _, u := range []store.User{{Name: "anna", Address: "anna@example.org"}, {Name: "ben"}} {
		_, err := h.accounts.Add(t.Context(), u, "correct horse battery")
		m.must(err)
	}
	log := slog.New(slog.DiscardHandler)
	d, err := h.openDoors(doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}, log)
	m.must(err)
	m.must(h.openMail(f, d, log))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	go func() { done <- a.serveQuietly(ctx, h, d) }()
	t.Cleanup(func() {
		stop()
		m.must(<-done)
		m.must(h.Close())
	})
	return m
}

func (m *mailHub) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// inbox are the texts in a user's inbox, once there are so many.
func (m *mailHub) inbox(user string, want int) (all []string) {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), time.Minute)
	defer cancel()
	news := m.hub.store.Home.Subscribe(ctx)
	for {
		all = nil
		c, err := m.hub.boxes.Folder(ctx, user, mailbox.Inbox)
		m.must(err)
		recs, _, err := m.hub.store.Home.Since(ctx, c.ID, 0, 0)
		m.must(err)
		var ids []tandem.ID
		for _, r := range recs {
			ids = append(ids, r.ID)
		}
		for rec, err := range m.hub.store.Home.Get(ctx, c.ID, ids) {
			m.must(err)
			b, err := tandem.ReadBody(rec.Body, 1<<20)
			m.must(err)
			all = append(all, string(b))
		}
		if len(all) >= want {
			return all
		}
		select {
		case <-news:
		case <-ctx.Done():
			m.Fatalf("%s has %d messages, not %d", user, len(all), want)
		}
	}
}

// TestMailByLMTP: what a mail server gives to a hub that is served is in the inbox; what it gives twice is there once.
func TestMailByLMTP(t *testing.T) {
	t.Parallel()
	m := newMailHub(t, mailFlags{lmtp: unixPrefix + filepath.Join(shortDir(t), "l"), smtp: "127.0.0.1:0", domains: []string{"example.org"}})
	conn, err := net.Dial("unix", m.hub.mail.lmtp.Addr().String())
	m.must(err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for range 2 {
		m.must(c.Mail("zoe@elsewhere.test", nil))
		m.must(c.Rcpt("anna@example.org", nil))
		m.must(c.Rcpt("ben@example.org", nil))
		if err := c.Rcpt("nobody@example.org", nil); err == nil {
			t.Error("nobody is a user")
		}
		w, err := c.Data()
		m.must(err)
		_, err = w.Write([]byte("From: zoe@elsewhere.test\r\nSubject: hi\r\n\r\nhello\r\n"))
		m.must(err)
		m.must(w.Close())
	}
	m.must(c.Quit())
	for _, user := range []string{"anna", "ben"} {
		if all := m.inbox(user, 1); len(all) != 1 || !strings.HasSuffix(all[0], "\r\n\r\nhello\r\n") {
			t.Errorf("%s has %q", user, all)
		}
	}
}

// TestHasMail: people have mail where the hub receives it for them, or where they can send it.
func TestHasMail(t *testing.T) {
	t.Parallel()
	door := func(domains ...string) *mailDoor { return &mailDoor{domains: domains} }
	sends := tandem.MakeAttrs(map[string]string{"submission": `{"host":"smtp.example.org","port":465,"tls":"tls"}`})
	for i, c := range []struct {
		door *mailDoor
		user store.User
		want bool
	}{
		{nil, store.User{Name: "ben", Address: "ben@example.org"}, false}, {nil, store.User{Name: "ben", Props: sends}, true},
		{door(), store.User{Name: "ben"}, false}, {door(), store.User{Name: "ben", Address: "ben@example.org"}, true}, {door(), store.User{Name: "ben@example.org"}, true},
		{door("example.org"), store.User{Name: "ben"}, true},
	} {
		if got := (&hub{mail: c.door}).hasMail(c.user); got != c.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

// TestPostmaster: mail for who runs the hub comes to an administrator, rather to one with an address.
func TestPostmaster(t *testing.T) {
	t.Parallel()
	m := newMailHub(t, mailFlags{smtp: "127.0.0.1:0", domains: []string{"example.org"}})
	ctx := t.Context()
	who := func() string {
		u, err := m.hub.postmaster(ctx)
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			t.Fatal(err)
		}
		return u.Name
	}
	for _, name := range []string{"aaron", "zoe"} {
		address := ""
		if name == "zoe" {
			address = "zoe@example.org"
		}
		_, err := m.hub.accounts.Add(ctx, store.User{Name: name, Address: address}, "correct horse battery")
		m.must(err)
		m.must(m.hub.accounts.SetAdmin(ctx, name, true))
	}
	users, err := m.hub.accounts.Users(ctx)
	m.must(err)
	for _, u := range users {
		if u.Name != "aaron" && u.Name != "zoe" {
			m.must(m.hub.accounts.SetAdmin(ctx, u.Name, false))
		}
	}
	if got := who(); got != "zoe" {
		t.Errorf("of two administrators %q", got)
	}
	m.must(m.hub.accounts.SetAdmin(ctx, "zoe", false))
	if got := who(); got != "aaron" {
		t.Errorf("without an address %q", got)
	}
	c, err := smtp.Dial(m.hub.mail.smtp.Addr().String())
	m.must(err)
	defer c.Close()
	m.must(c.Mail("x@elsewhere.test", nil))
	m.must(c.Rcpt("postmaster@example.org", nil))
	if err := c.Rcpt("postmaster@elsewhere.test", nil); err == nil {
		t.Error("a postmaster elsewhere")
	}
}

// TestMailSTARTTLS: the certificate of the hub is that of the mail door, too.
func TestMailSTARTTLS(t *testing.T) {
	t.Parallel()
	m := newMailHub(t, mailFlags{smtp: "127.0.0.1:0"})
	c, err := smtp.Dial(m.hub.mail.smtp.Addr().String())
	m.must(err)
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); !ok {
		t.Error("STARTTLS is not offered")
	}
}

// TestMailOut: a hub that is served sends what is in the queue: to a user of the hub without any server.
func TestMailOut(t *testing.T) {
	t.Parallel()
	m := newMailHub(t, mailFlags{smtp: "127.0.0.1:0", domains: []string{"example.org"}})
	u, err := m.hub.store.Accounts.User(t.Context(), "anna")
	m.must(err)
	_, err = m.hub.outgoing.Send(t.Context(), u, outgoing.Message{Key: "k", To: []string{"ben@example.org"}, Body: tandem.Bytes("Subject: out\r\n\r\nhello\r\n")})
	m.must(err)
	if all := m.inbox("ben", 1); !strings.Contains(all[0], "Subject: out") {
		t.Errorf("ben has %q", all)
	}
	m.must(m.hub.SetMailServer(t.Context(), "anna", outgoing.Account{Host: "localhost", Port: 1, TLS: "none"}, ""))
}
