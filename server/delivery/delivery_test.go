package delivery_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/server/delivery"
	"tandem/store"
	"tandem/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is a hub with the users anna and ben, receiving over SMTP and LMTP.
type office struct {
	*testing.T
	st     *store.Store
	boxes  *mailbox.Service
	srv    *delivery.Server
	addr   map[bool]string // by: LMTP?
	spool  string
	mu     sync.Mutex
	events []string      // who was told of what
	later  time.Duration // what the hub's clock is ahead
}

func open(t *testing.T) *office {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, st: st, boxes: mailbox.New(st), addr: map[bool]string{}, spool: t.TempDir()}
	for _, u := range []store.User{{Name: "anna", Address: "Anna@Example.org"}, {Name: "ben"}} {
		if err := st.Accounts.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	o.srv = delivery.New(delivery.Config{Boxes: o.boxes, Name: "hub.test", Domains: []string{"hub.test"}, Max: 8 << 20, Spool: o.spool,
		Now: func() time.Time {
			o.mu.Lock()
			defer o.mu.Unlock()
			return time.Now().Add(o.later)
		},
		Postmaster: func(ctx context.Context) (store.User, error) { return st.Accounts.User(ctx, "anna") },
		Arrived: func(_ context.Context, u store.User, c tandem.Collection, id tandem.ID) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.events = append(o.events, u.Name+"/"+c.Name)
		}})
	var done sync.WaitGroup
	for _, lmtp := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		o.addr[lmtp] = l.Addr().String()
		serve := o.srv.ServeSMTP
		if lmtp {
			serve = o.srv.ServeLMTP
		}
		done.Go(func() {
			if err := serve(l); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		if err := o.srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		done.Wait()
		st.Close()
	})
	return o
}

func (o *office) dial(lmtp bool) *smtp.Client {
	o.Helper()
	conn, err := net.Dial("tcp", o.addr[lmtp])
	if err != nil {
		o.Fatal(err)
	}
	c := smtp.NewClient(conn)
	if lmtp {
		c = smtp.NewClientLMTP(conn)
	}
	o.Cleanup(func() { c.Close() })
	return c
}

// send sends one message and returns the answers by recipient.
func (o *office) send(lmtp bool, from, text string, to ...string) map[string]error {
	o.Helper()
	c := o.dial(lmtp)
	out := map[string]error{}
	if err := c.Mail(from, nil); err != nil {
		o.Fatal(err)
	}
	good := 0
	for _, a := range to {
		if out[a] = c.Rcpt(a, nil); out[a] == nil {
			good++
		}
	}
	if good == 0 {
		return out
	}
	w, err := c.Data()
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil && lmtp {
		_, err = w.CloseWithLMTPResponse()
		var some smtp.LMTPDataError
		if errors.As(err, &some) {
			for a, e := range some {
				out[a] = e
			}
			return out
		}
	} else if err == nil {
		err = w.Close()
	}
	for _, a := range to {
		if out[a] == nil {
			out[a] = err
		}
	}
	return out
}

// inbox are the messages in a user's inbox.
func (o *office) inbox(user string) []string {
	o.Helper()
	c, err := o.boxes.Find(o.Context(), user, mailbox.Inbox)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	if err != nil {
		o.Fatal(err)
	}
	recs, _, err := o.st.Home.Since(o.Context(), c.ID, 0, 0)
	if err != nil {
		o.Fatal(err)
	}
	var out []string
	for _, r := range recs {
		for full, err := range o.st.Home.Get(o.Context(), c.ID, []tandem.ID{r.ID}) {
			if err != nil {
				o.Fatal(err)
			}
			b, err := tandem.ReadBody(full.Body, 64<<20)
			if err != nil {
				o.Fatal(err)
			}
			out = append(out, string(b))
		}
	}
	return out
}

func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

const hello = "From: Zoe <zoe@elsewhere.test>\r\nTo: anna@example.org\r\nSubject: Hello\r\nMessage-ID: <1@elsewhere.test>\r\n\r\nHello Anna\r\n.. dots\r\n"

func TestDelivery(t *testing.T) {
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			got := o.send(lmtp, "zoe@elsewhere.test", hello, "anna@example.org", "ben+news@hub.test", "nobody@hub.test", "zoe@elsewhere.test")
			if got["anna@example.org"] != nil || got["ben+news@hub.test"] != nil || code(got["nobody@hub.test"]) != 550 || code(got["zoe@elsewhere.test"]) != 550 {
				t.Fatalf("answers: %v", got)
			}
			for _, user := range []string{"anna", "ben"} {
				all := o.inbox(user)
				if len(all) != 1 || !strings.HasSuffix(all[0], hello) || !strings.HasPrefix(all[0], "Return-Path: <zoe@elsewhere.test>\r\nReceived: from ") {
					t.Errorf("%s has %q", user, all)
				}
				if none := strings.Contains(all[0], "\r\nAuthentication-Results: "); none == lmtp { // RFC 8601 2.2: of mail from the world nobody checked the sender
					t.Errorf("%s has %q", user, all)
				}
			}
			o.send(lmtp, "zoe@elsewhere.test", hello, "anna@example.org") // our answer was lost on the way
			o.send(lmtp, "zoe@elsewhere.test", strings.Replace(hello, "Hello Anna", "Hello again", 1), "anna@example.org")
			if all := o.inbox("anna"); len(all) != 2 {
				t.Errorf("anna has %q", all)
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.events) < 3 || o.events[0] != "anna/Inbox" {
				t.Errorf("told of %q", o.events)
			}
		})
	}
}

// TestSameAgain: what comes again because our answer was lost is there once. A device without a clock writes nothing into its alarms that would tell them apart: the next one, some time later, is another.
func TestSameAgain(t *testing.T) {
	const alarm = "From: door@else.test\r\nSubject: Door opened\r\n\r\nat the back\r\n"
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		for text, want := range map[string][]int{alarm: {1, 1, 2, 2, 3}, "Date: Wed, 20 May 2026 10:00:00 +0000\r\n" + alarm: {1, 1, 1, 1, 1}, hello: {1, 1, 1, 1, 1},
			"Received: from door by relay.test with ESMTP id 7\r\n" + alarm: {1, 1, 1, 1, 1}} {
			o := open(t)
			for i, at := range []time.Duration{0, 4 * time.Minute, 10 * time.Minute, 14 * time.Minute, 20 * time.Minute} {
				o.mu.Lock()
				o.later = at
				o.mu.Unlock()
				if got := o.send(lmtp, "door@else.test", text, "ben@hub.test"); got["ben@hub.test"] != nil {
					t.Fatal(got)
				}
				if n := len(o.inbox("ben")); n != want[i] {
					t.Errorf("%s, after %v: ben has %d of %q, want %d", name, at, n, text, want[i])
				}
			}
		}
	}
}

// TestLarge: a large message goes through a file, which is gone afterwards; one over the limit is refused.
func TestLarge(t *testing.T) {
	o := open(t)
	text := "Subject: large\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 50_000)
	if got := o.send(true, "a@b.test", text, "ben@hub.test", "anna@example.org"); got["ben@hub.test"] != nil || got["anna@example.org"] != nil {
		t.Fatalf("answers: %v", got)
	}
	if all := o.inbox("ben"); len(all) != 1 || !strings.HasSuffix(all[0], text) {
		t.Error("the large message is not as it was sent")
	}
	if got := o.send(true, "a@b.test", text+text+text, "ben@hub.test"); code(got["ben@hub.test"]) != 552 {
		t.Errorf("a message over the limit: %v", got)
	}
	if left, err := os.ReadDir(o.spool); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c := o.dial(false)
	if err := c.Mail("a@b.test", &smtp.MailOptions{Size: 1 << 30}); code(err) != 552 {
		t.Errorf("a size that is announced: %v", err)
	}
}

// TestCutShort: a message whose end never came is nobody's.
func TestCutShort(t *testing.T) {
	o := open(t)
	c := o.dial(false)
	if err := errors.Join(c.Mail("a@b.test", nil), c.Rcpt("ben@hub.test", nil)); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "Subject: half\r\n\r\nthe first ha"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := o.srv.Shutdown(t.Context()); err != nil { // waits for the session
		t.Fatal(err)
	}
	if all := o.inbox("ben"); len(all) != 0 {
		t.Errorf("ben has %q", all)
	}
}

// TestNothingForged: what a sender says of itself cannot add lines to the trace.
func TestNothingForged(t *testing.T) {
	o := open(t)
	if got := o.send(false, "", "Subject: bounce\r\n\r\nx\r\n", "ben@hub.test"); got["ben@hub.test"] != nil {
		t.Fatal(got)
	}
	if all := o.inbox("ben"); len(all) != 1 || !strings.HasPrefix(all[0], "Return-Path: <>\r\n") {
		t.Errorf("ben has %q", all)
	}
}

// TestLongLine: a message with a line that is too long is refused for good, so that nobody tries again for days. RFC 5321 4.5.3.1.6
func TestLongLine(t *testing.T) {
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		for where, text := range map[string]string{"body": hello + strings.Repeat("x", 5000) + "\r\n", "header": "Subject: " + strings.Repeat("x", 5000) + "\r\n\r\nx\r\n",
			"after much": hello + strings.Repeat("short\r\n", 300_000) + strings.Repeat("x", 5000) + "\r\n"} {
			t.Run(name+", "+where, func(t *testing.T) {
				o := open(t)
				if got := o.raw(lmtp, text, "ben@hub.test"); !strings.HasPrefix(got, "554 5.6.0 ") {
					t.Errorf("answer: %q", got)
				}
				if all := o.inbox("ben"); len(all) != 0 {
					t.Errorf("ben has %d messages", len(all))
				}
			})
		}
	}
}

// raw sends a message as it is, which the library would not, and returns the answer to it.
func (o *office) raw(lmtp bool, text, to string) string {
	o.Helper()
	conn, err := net.Dial("tcp", o.addr[lmtp])
	if err != nil {
		o.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	answer := func() string {
		for {
			line, err := in.ReadString('\n')
			if err != nil || len(line) < 4 || line[3] == ' ' {
				return line
			}
		}
	}
	answer()
	greet := "EHLO"
	if lmtp {
		greet = "LHLO"
	}
	for _, line := range []string{greet + " c.test", "MAIL FROM:<a@b.test>", "RCPT TO:<" + to + ">", "DATA"} {
		if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
			o.Fatal(err)
		}
		answer()
	}
	go func() { _, _ = io.WriteString(conn, text+".\r\n") }() // error: the server need not hear all of it
	return answer()
}

// TestPostmaster: who runs the hub is reached by the name that everybody knows, and in no domain of others. RFC 5321 4.5.1
func TestPostmaster(t *testing.T) {
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			for i, to := range []string{"Postmaster@hub.test", "POSTMASTER@HUB.TEST"} {
				text := strings.Replace(hello, "Hello Anna", "Hello "+to, 1)
				if got := o.send(lmtp, "zoe@elsewhere.test", text, to); got[to] != nil || len(o.inbox("anna")) != i+1 {
					t.Errorf("%s: %v, %d messages", to, got[to], len(o.inbox("anna")))
				}
			}
			for _, to := range []string{"postmaster@elsewhere.test", "postmaster2@hub.test"} {
				if got := o.send(lmtp, "zoe@elsewhere.test", hello, to); code(got[to]) != 550 {
					t.Errorf("%s: %v", to, got[to])
				}
			}
			if err := o.st.Accounts.AddUser(t.Context(), store.User{Name: "postmaster"}); err != nil {
				t.Fatal(err)
			}
			if got := o.send(lmtp, "zoe@elsewhere.test", hello, "postmaster@hub.test"); got["postmaster@hub.test"] != nil || len(o.inbox("postmaster")) != 1 || len(o.inbox("anna")) != 2 {
				t.Errorf("with a user of that name: %v", got)
			}
		})
	}
}

// TestSmuggling: a message ends with a line that holds a dot and nothing else, where lines end with both characters; a second message that hides behind another end is text of the first. RFC 5321 2.3.8, 4.1.1.4
func TestSmuggling(t *testing.T) {
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		for _, end := range []string{"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r\n.\n", "\r.\r\n", "\r\n\x00.\r\n"} {
			t.Run(fmt.Sprintf("%s, %q", name, end), func(t *testing.T) {
				o := open(t)
				o.raw(lmtp, "Subject: one\r\n\r\nx"+end+"MAIL FROM:<boss@b.test>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\nSubject: two\r\n\r\ny\r\n", "ben@hub.test")
				if all := o.inbox("ben"); len(all) != 1 || !strings.Contains(all[0], "Subject: two") {
					t.Errorf("ben has %q", all)
				}
				if all := o.inbox("anna"); len(all) != 0 {
					t.Errorf("anna has %q", all)
				}
			})
		}
	}
}

// TestManyRecipients: a message for many is taken once for each, and nobody is told who is here. RFC 5321 4.5.3.1.8, 3.5
func TestManyRecipients(t *testing.T) {
	for name, lmtp := range map[string]bool{"SMTP": false, "LMTP": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			var to []string
			for i := range 500 {
				to = append(to, fmt.Sprintf("ben+%d@hub.test", i))
			}
			for a, err := range o.send(lmtp, "zoe@elsewhere.test", hello, to...) {
				if err != nil {
					t.Fatalf("%s: %v", a, err)
				}
			}
			if n := len(o.inbox("ben")); n != 500 {
				t.Errorf("%d messages", n)
			}
			c := o.dial(lmtp)
			if known, other := c.Verify("anna@example.org"), c.Verify("nobody@hub.test"); code(known) != code(other) {
				t.Errorf("VRFY: %v and %v", known, other)
			}
		})
	}
}

// TestEndedBeforeItBegan: a server that is shut down before it came to its listener does not go on there.
func TestEndedBeforeItBegan(t *testing.T) {
	o := open(t)
	if err := o.srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, serve := range map[string]func(net.Listener) error{"SMTP": o.srv.ServeSMTP, "LMTP": o.srv.ServeLMTP} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := serve(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
			c.Close()
			t.Errorf("%s still answers", name)
		}
	}
}
