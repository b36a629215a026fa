package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/center"
	"tandem/partner/away"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

// world is a mail server that keeps what it is given.
type world struct{ got chan string }

type worldSession struct {
	*world
	from string
}

func (s *worldSession) Reset()                                      {}
func (s *worldSession) Logout() error                               { return nil }
func (s *worldSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *worldSession) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (s *worldSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.got <- "<" + s.from + "> " + string(b)
	return err
}

func newWorld(t *testing.T) (w *world, port int) {
	t.Helper()
	w = &world{make(chan string, 10)}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &worldSession{world: w}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }() // error: it was closed
	t.Cleanup(func() {
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		<-done
	})
	return w, l.Addr().(*net.TCPAddr).Port
}

// next is the next message that reaches the world.
func (w *world) next(t *testing.T) string {
	t.Helper()
	select {
	case m := <-w.got:
		return m
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return ""
	}
}

// events are the bodies of a user's events, once there is one.
func (m *mailHub) events(user string) string {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), time.Minute)
	defer cancel()
	news := m.hub.store.Home.Subscribe(ctx)
	for {
		for rec, err := range m.hub.store.Lookup.ByUID(ctx, user, tandem.Event, "far-1") {
			m.must(err)
			b, err := tandem.ReadBody(rec.Body, 1<<20)
			m.must(err)
			return string(b)
		}
		select {
		case <-news:
		case <-ctx.Done():
			m.Fatalf("%s has no event", user)
		}
	}
}

// TestMeetingsServed: a hub that is served takes invitations out of the mail, answers people elsewhere by mail, and answers while somebody is away.
func TestMeetingsServed(t *testing.T) {
	t.Parallel()
	m := newMailHub(t, mailFlags{lmtp: unixPrefix + filepath.Join(shortDir(t), "l"), domains: []string{"example.org"}})
	w, port := newWorld(t)
	m.must(m.hub.SetMailServer(t.Context(), "anna", outgoing.Account{Host: "localhost", Port: port, TLS: "none"}, ""))
	m.must(m.hub.SetAway(t.Context(), "anna", away.Settings{State: away.On, Messages: map[string]away.Reply{away.Unknown: {Enabled: true, Text: "Back in May", Type: "Text"}}}))
	ics := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:far-1\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:20300304T100000Z\r\nDTEND:20300304T110000Z\r\n" +
		"SUMMARY:Talk\r\nORGANIZER:mailto:zoe@elsewhere.test\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	inbox, err := m.hub.boxes.Folder(t.Context(), "anna", mailbox.Inbox)
	m.must(err)
	_, err = m.hub.boxes.Put(t.Context(), inbox, mailbox.Message{Author: store.Author{User: "anna"}, Body: tandem.Bytes("From: zoe@elsewhere.test\r\nTo: anna@example.org\r\nSubject: Talk\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + ics)})
	m.must(err)
	if e := m.events("anna"); !strings.Contains(e, "PARTSTAT=NEEDS-ACTION") {
		t.Errorf("the event:\n%s", e)
	}
	if reply := w.next(t); !strings.HasPrefix(reply, "<> ") || !strings.Contains(reply, "Back in May") {
		t.Errorf("away: %s", reply)
	}
	u, err := m.hub.store.Accounts.User(t.Context(), "anna")
	m.must(err)
	if ok, err := m.hub.meetings.Outgoing.Reaches(t.Context(), u, "zoe@elsewhere.test"); err != nil || !ok {
		t.Errorf("no way out: %v", err)
	}
}

// TestTellsItself: a calendar that is kept in step with a CalDAV server leaves invitations to it, while its item is enabled.
func TestTellsItself(t *testing.T) {
	t.Parallel()
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ctx := t.Context()
	if err := h.store.Accounts.AddUser(ctx, store.User{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	tells := center.SendsItself(h.store.Settings)
	for i, c := range []struct {
		provider string
		enabled  bool
		said     string
		want     bool
	}{{"caldavs", true, "", true}, {"caldavs", false, "", false}, {"caldav", true, "", true}, {"vdir", true, "", false}, {"caldavs", true, "no 1795380844", false}, {"caldavs", true, "yes 1795380844", true}} {
		name := c.provider + strings.Repeat("x", i)
		made, err := h.store.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		col := made.ID
		if err := h.store.Settings.PutPartner(ctx, store.Partner{Name: name, Provider: c.provider, Place: c.provider + "://anna@" + name + ".test/cal"}); err != nil {
			t.Fatal(err)
		}
		if err := h.store.Settings.PutItem(ctx, store.Item{Name: name, User: "anna", Collection: col, Partner: name, Enabled: c.enabled}); err != nil {
			t.Fatal(err)
		}
		if err := h.store.Settings.PutValues(ctx, map[string]string{"schedules/" + name + ".test": c.said}); err != nil {
			t.Fatal(err)
		}
		if got, err := tells(ctx, tandem.Collection{ID: col}); err != nil || got != c.want {
			t.Errorf("%s, enabled %v: %v, %v", c.provider, c.enabled, got, err)
		}
	}
	if got, err := tells(ctx, tandem.Collection{ID: 99}); err != nil || got {
		t.Errorf("alone: %v, %v", got, err)
	}
}
