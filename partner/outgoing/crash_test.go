package outgoing_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

var errDead = errors.New("the hub is dead")

// life is the time of a hub up to one write, at which it dies: before the write is made, or after.
type life struct {
	mu    sync.Mutex
	left  int // writes until then
	after bool
	dead  bool
	lines []net.Conn // go with it
}

// write makes a write, if the hub lives.
func write[T any](l *life, do func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var none T
	if l.dead {
		return none, errDead
	}
	l.left--
	if l.left > 0 {
		return do()
	}
	l.dead = true
	for _, c := range l.lines {
		c.Close()
	}
	if l.after {
		_, _ = do() // error: nobody hears of it
	}
	return none, errDead
}

type mortalQueue struct {
	store.Queue
	*life
}

func (q mortalQueue) Enqueue(ctx context.Context, m store.Outgoing, body tandem.Body) (store.Outgoing, bool, error) {
	added := false
	out, err := write(q.life, func() (out store.Outgoing, err error) {
		out, added, err = q.Queue.Enqueue(ctx, m, body)
		return out, err
	})
	return out, added, err
}

func (q mortalQueue) ChangeOutgoing(ctx context.Context, id int64, change func(m *store.Outgoing) error) (store.Outgoing, error) {
	return write(q.life, func() (store.Outgoing, error) { return q.Queue.ChangeOutgoing(ctx, id, change) })
}

type mortalHome struct {
	store.Home
	*life
}

func (h mortalHome) PutCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) {
	return write(h.life, func() (tandem.Collection, error) { return h.Home.PutCollection(ctx, c) })
}

func (h mortalHome) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	return write(h.life, func() ([]tandem.Outcome, error) { return h.Home.Write(ctx, collection, who, writes) })
}

// begin starts a hub on the store of the office that dies at its n-th write; n 0: it lives.
func (o *office) begin(n int, after bool) (*outgoing.Service, *life) {
	l := &life{left: n, after: after}
	if n == 0 {
		l.left = 1 << 30
	}
	st := *o.st
	st.Queue, st.Home = mortalQueue{o.st.Queue, l}, mortalHome{o.st.Home, l}
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, conn)
		return conn, nil
	}
	return outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Boxes: mailbox.New(&st), Secrets: o.out.Secrets, Name: "hub.test", Dial: dial, Now: func() time.Time { return o.now }}), l
}

// TestDies: a hub that dies at any write, and is started again, sends each message once to each recipient: taken by the server of one at once, refused and put off for others, delivered to a user of the hub, and
// saved. Where it is not known whether it was sent, the sender is told, and that once. With the answer of the server lost, too.
func TestDies(t *testing.T) {
	for _, lost := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				name := fmt.Sprintf("at write %d, made %v, answer lost %v", n, after, lost)
				died := false
				t.Run(name, func(t *testing.T) { died = dies(t, n, after, lost) })
				if !died {
					if n < 9 {
						t.Errorf("%s: only %d writes", name, n)
					}
					break
				}
				if n > 50 {
					t.Fatal("it never lives to the end")
				}
			}
		}
	}
}

func dies(t *testing.T, n int, after, lost bool) (died bool) {
	o := open(t)
	o.now = time.Now()
	o.sink.rcpt["bad@else.test"] = &smtp.SMTPError{Code: 550, Message: "no such user"}
	o.sink.rcpt["busy@else.test"] = &smtp.SMTPError{Code: 450, Message: "try later"}
	o.sink.cut = lost
	message := outgoing.Message{Key: "k", To: []string{"zoe@else.test", "bad@else.test", "busy@else.test", "ben@hub.test"}, Body: tandem.Bytes(text), Save: true}
	hub, l := o.begin(n, after)
	_, err := hub.Send(t.Context(), o.anna, message)
	if err == nil {
		_, _ = hub.Once(t.Context()) // error: it may die
	}
	died = l.dead
	heir, _ := o.begin(0, false)
	if err != nil { // the phone was not told, and asks again
		_, err = heir.Send(t.Context(), o.anna, message)
		o.must(err)
	}
	for i := range 20 {
		o.now = o.now.Add(12 * time.Hour)
		_, err := heir.Once(t.Context())
		o.must(err)
		if i == 2 {
			o.sink.mu.Lock()
			delete(o.sink.rcpt, "busy@else.test")
			o.sink.cut = false
			o.sink.mu.Unlock()
		}
	}
	if _, err := heir.Send(t.Context(), o.anna, message); err != nil {
		t.Error(err)
	}
	o.judge(t)
	return died
}

// judge looks at who has the message, and what its sender was told.
func (o *office) judge(t *testing.T) {
	t.Helper()
	notices := o.folder("anna", mailbox.Inbox)
	told := func(to string) (n int) {
		for _, text := range notices {
			n += strings.Count(text, "\r\nFinal-Recipient: rfc822; "+to+"\r\n")
		}
		return n
	}
	count := func(to string) (n int) {
		for _, m := range o.got() {
			head, _, _ := strings.Cut(m, ": ")
			for _, a := range strings.Split(head, ",") {
				if a == to {
					n++
				}
			}
		}
		return n
	}
	for _, to := range []string{"zoe@else.test", "busy@else.test"} {
		if n := count(to); n > 1 || n == 0 && told(to) != 1 || told(to) > 1 {
			t.Errorf("%s got it %d times; its sender was told %d times", to, n, told(to))
		}
	}
	if count("busy@else.test") != 1 || told("busy@else.test") != 0 {
		t.Errorf("who was put off got it %d times, told %d times", count("busy@else.test"), told("busy@else.test"))
	}
	if n := told("bad@else.test"); count("bad@else.test") != 0 || n != 1 {
		t.Errorf("of the refused one the sender was told %d times", n)
	}
	if in := o.folder("ben", mailbox.Inbox); len(in) != 1 {
		t.Errorf("ben has %d", len(in))
	}
	if sent := o.folder("anna", mailbox.Sent); len(sent) != 1 {
		t.Errorf("%d among what was sent", len(sent))
	}
	if list, err := o.st.Queue.Outgoing(o.Context(), "anna", 0); err != nil || len(list) != 1 || list[0].State == store.Waiting {
		t.Errorf("%+v, %v", list, err)
	}
}
