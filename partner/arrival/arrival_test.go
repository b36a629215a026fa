package arrival_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/arrival"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/store/sqlite"
)

// ear hears of messages, and fails at those whose subject says so.
type ear struct {
	mu    sync.Mutex
	heard []string
	fail  int // how often it still fails
	news  chan struct{}
}

func (e *ear) Arrived(_ context.Context, m arrival.Message) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case e.news <- struct{}{}:
	default:
	}
	e.heard = append(e.heard, m.User.Name+" "+m.Envelope.Subject)
	if strings.HasPrefix(m.Envelope.Subject, "bad") && e.fail > 0 {
		e.fail--
		return errors.New("not now")
	}
	return nil
}

func (e *ear) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.heard, ", ")
}

// place is a hub with anna and ben.
type place struct {
	*testing.T
	st    *store.Store
	boxes *mailbox.Service
	ear   *ear
}

func newPlace(t *testing.T) *place {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, st, mailbox.New(st), &ear{news: make(chan struct{}, 1)}}
	for _, name := range []string{"anna", "ben"} {
		if err := st.Accounts.AddUser(t.Context(), store.User{Name: name, Address: name + "@example.org"}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *place) put(user string, role mailbox.Role, subject string, age time.Duration) tandem.ID {
	p.Helper()
	c, err := p.boxes.Folder(context.Background(), user, role)
	if err != nil {
		p.Fatal(err)
	}
	id, err := p.boxes.Put(context.Background(), c, mailbox.Message{Body: tandem.Bytes("Subject: " + subject + "\r\n\r\ntext"), Flags: mail.Flags{Received: time.Now().Add(-age).Unix()}})
	if err != nil {
		p.Fatal(err)
	}
	return id
}

// run watches until stop is called.
func (p *place) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	w := &arrival.Watcher{Home: p.st.Home, Texts: p.st.Texts, Accounts: p.st.Accounts, Props: p.st.Props, Handlers: []arrival.Handler{p.ear}}
	go func() { defer close(done); w.Run(ctx) }()
	return func() { cancel(); <-done }
}

// TestArrivals: what comes into inboxes is told of, in order and once; what was moved elsewhere, is old, or only changed its marks is not.
func TestArrivals(t *testing.T) {
	p := newPlace(t)
	defer p.st.Close()
	p.put("anna", mailbox.Inbox, "old", 8*24*time.Hour)
	first := p.put("anna", mailbox.Inbox, "one", 0)
	p.put("anna", mailbox.Sent, "sent", 0)
	stop := p.run()
	await := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for p.ear.all() != want {
			select {
			case <-p.ear.news:
			case <-ctx.Done():
				t.Fatalf("heard %q, not %q", p.ear.all(), want)
			}
		}
	}
	await("anna one")
	inbox, err := p.boxes.Find(t.Context(), "anna", mailbox.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range p.st.Home.Get(t.Context(), inbox.ID, []tandem.ID{first}) {
		if err != nil {
			t.Fatal(err)
		}
		w := tandem.Write{Op: tandem.SetAttrs, ID: first, If: rec.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: mail.Flags{Seen: true}.Attrs()}}}
		if out, err := p.st.Home.Write(t.Context(), inbox.ID, store.Author{}, []store.HomeWrite{{Write: w}}); err != nil || out[0].Status != tandem.Applied {
			t.Fatal(out, err)
		}
	}
	p.put("ben", mailbox.Inbox, "two", 0) // an inbox that there was not
	await("anna one, ben two")
	stop()
	p.put("anna", mailbox.Inbox, "three", time.Hour)
	stop = p.run()
	await("anna one, ben two, anna three")
	stop()

	// With the tombstones of its past forgotten, an inbox is looked through from the beginning, and nothing is told of twice.
	if err := p.st.Props.SetProperties(t.Context(), inbox.ID, 0, map[string]string{"tandem:arrived": "2"}); err != nil {
		t.Fatal(err)
	}
	stop = p.run()
	await("anna one, ben two, anna three, anna three")
	stop()
}

// TestFailing: a message that is failed at is told of again, and after some tries passed over; the others are heard of.
func TestFailing(t *testing.T) {
	for _, fails := range []int{2, 100} {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			p := newPlace(t)
			defer p.st.Close()
			p.ear.fail = fails
			p.put("anna", mailbox.Inbox, "bad", 0)
			p.put("anna", mailbox.Inbox, "good", 0)
			w := &arrival.Watcher{Home: p.st.Home, Texts: p.st.Texts, Accounts: p.st.Accounts, Props: p.st.Props, Handlers: []arrival.Handler{p.ear}}
			tries := 0
			for ; tries < 20 && !strings.Contains(p.ear.all(), "good"); tries++ {
				w.Once(t.Context())
			}
			if want := min(fails+1, 5); tries != want {
				t.Errorf("%d tries, not %d: %s", tries, want, p.ear.all())
			}
			w.Once(t.Context())
			if n := strings.Count(p.ear.all(), "good"); n != 1 {
				t.Errorf("the good one %d times", n)
			}
		})
	}
}
