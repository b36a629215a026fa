package eas_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/server/delivery"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// shaky is a connection that breaks before or after so many reads and writes.
type shaky struct {
	net.Conn
	mu    sync.Mutex
	left  int
	after bool
}

var errCut = errors.New("the line was cut")

func (c *shaky) step(do func([]byte) (int, error), p []byte) (int, error) {
	c.mu.Lock()
	c.left--
	cut := c.left == 0
	c.mu.Unlock()
	if cut && !c.after {
		c.Close()
		return 0, errCut
	}
	n, err := do(p)
	if cut {
		c.Close()
	}
	return n, err
}

func (c *shaky) Read(p []byte) (int, error)  { return c.step(c.Conn.Read, p) }
func (c *shaky) Write(p []byte) (int, error) { return c.step(c.Conn.Write, p) }

// post is a submission server elsewhere that counts what it took.
type postOffice struct {
	mu  sync.Mutex
	got map[string]int // by "subject for recipient"
}

type postSession struct {
	*postOffice
	to []string
}

func (s *postSession) AuthMechanisms() []string { return []string{"PLAIN"} }
func (s *postSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(string, string, string) error { return nil }), nil
}
func (s *postSession) Reset()                               { s.to = nil }
func (s *postSession) Logout() error                        { return nil }
func (s *postSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *postSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, to := range s.to {
		s.got[subjectOf(string(b))+" for "+to]++
	}
	return nil
}

func subjectOf(text string) string {
	_, rest, _ := strings.Cut("\n"+text, "\nSubject: ")
	s, _, _ := strings.Cut(rest, "\r\n")
	return s
}

// mailStory is one history of mail on bad lines.
type mailStory struct {
	*postHouse
	random *rand.Rand
	faults *easclient.Faults
	phone  *easclient.Client
	office *postOffice
	lmtp   string
	rate   float64
	keys   *seal.Keeper
	log    []string
	next   int

	sent      map[string]string // subject → recipient, of what the phone was told is taken
	delivered []string          // subjects of what the hub said it took
}

func (s *mailStory) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// TestMailFaults: whatever line breaks and whenever the hub is started again, no message is lost, doubled or sent twice. Where a server may have taken one and its answer was
// lost, the sender is told.
func TestMailFaults(t *testing.T) {
	first, n := uint64(1), min(*seeds, 6)
	if *seeds > 20 { // asked for
		n = *seeds
	}
	if *oneSeed != 0 {
		first, n = *oneSeed, 1
	}
	if testing.Short() {
		n = min(n, 2)
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			runMailStory(t, seed)
		})
	}
}

func runMailStory(t *testing.T, seed uint64) {
	s := &mailStory{postHouse: newPostHouse(t), random: rand.New(rand.NewPCG(seed, 7)), office: &postOffice{got: map[string]int{}}, rate: 0.5, sent: map[string]string{}}
	defer func() {
		if t.Failed() {
			t.Logf("run it alone: go test ./test/eas -run TestMailFaults -eas.seed=%d\n%s", seed, strings.Join(s.log, "\n"))
		}
	}()
	s.keys, _ = seal.New(s.st.Secrets, make([]byte, 32), "a test")
	s.serve(smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &postSession{postOffice: s.office}, nil })))
	s.receive()
	s.phone = s.mailPhone(seed)
	letter := s.arrive(s.box("ann", mailbox.Inbox), 1, letterOf("original", "zoe@example.org", "ann@example.org", "Hello"))
	original := s.server(s.box("ann", mailbox.Inbox), letter)
	for range 25 {
		switch s.random.IntN(8) {
		case 0, 1:
			s.send("SendMail", "")
		case 2:
			s.send("SmartReply", original)
		case 3:
			s.send("SmartForward", original)
		case 4, 5:
			s.deliver()
		default:
			s.submit()
		}
	}
	s.rate, s.faults.Rate = 0, 0
	for range 30 { // all that waits is tried
		s.ahead.Add(6 * 3600)
		s.submit()
	}
	s.judge(t)
}

func (s *mailStory) mailPhone(seed uint64) *easclient.Client {
	c := s.client("ann", "phone1", "14.1")
	s.faults = easclient.NewFaults(s.srv.Client().Transport, seed, 0.4)
	s.faults.Restart = func() {
		s.restart()
		s.open()
	}
	client := *s.srv.Client()
	client.Transport = s.faults
	c.HTTP = &client
	return c
}

// serve opens the server elsewhere, and names it as ann's.
func (s *mailStory) serve(srv *smtp.Server) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	srv.AllowInsecureAuth, srv.Domain, srv.ErrorLog = true, "sink.test", mute{}
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
	s.Cleanup(func() {
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		done.Wait()
	})
	s.restart()
	s.must(s.out.SetAccount(context.Background(), "ann", outgoing.Account{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none", User: "ann"}, "secret"))
	s.open()
}

type mute struct{}

func (mute) Printf(string, ...any) {}
func (mute) Println(...any)        {}

// restart starts the queue anew: nothing is left but what is in the store.
func (s *mailStory) restart() {
	s.out = outgoing.New(outgoing.Service{Accounts: s.st.Accounts, Queue: s.st.Queue, Blobs: s.st.Blobs, Boxes: s.boxes, Secrets: s.keys, Name: "hub.test", Domains: []string{"example.org"},
		Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load()) * time.Second) }, Dial: s.dial})
}

// dial opens a line that may be cut.
func (s *mailStory) dial(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil || s.random.Float64() >= s.rate {
		return c, err
	}
	return &shaky{Conn: c, left: 1 + s.random.IntN(30), after: s.random.IntN(2) == 0}, nil
}

// receive opens the door for mail.
func (s *mailStory) receive() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.lmtp = l.Addr().String()
	srv := delivery.New(delivery.Config{Boxes: s.boxes, Name: "hub.test", Domains: []string{"example.org"}})
	var done sync.WaitGroup
	done.Go(func() { _ = srv.ServeLMTP(l) }) // error: it was closed
	s.Cleanup(func() {
		_ = srv.Shutdown(context.Background()) // error: a line that a test left
		done.Wait()
	})
}

// deliver is a mail server that hands over a message until it hears that it was taken, as RFC 5321 4.5.4.1 says.
func (s *mailStory) deliver() {
	s.next++
	subject := fmt.Sprint("In", s.next)
	text := letterOf(subject, "zoe@example.org", "ann@example.org", "Hello "+subject)
	for try := 1; ; try++ {
		err := s.handOver(text)
		s.note("delivery of %s, try %d: %v", subject, try, err)
		if err == nil {
			s.delivered = append(s.delivered, subject)
			return
		}
		if try > 20 {
			s.Fatalf("%s is not taken: %v", subject, err)
		}
	}
}

func (s *mailStory) handOver(text string) error {
	conn, err := s.dial(context.Background(), s.lmtp)
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Hello("mta.test"); err != nil {
		return err
	}
	if err := c.Mail("zoe@example.org", nil); err != nil {
		return err
	}
	if err := c.Rcpt("ann@example.org", nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Close()
}

// submit lets the queue run; it may be killed in the middle.
func (s *mailStory) submit() {
	s.ahead.Add(1800)
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	if s.random.Float64() < s.rate/3 {
		before := s.out
		s.out = outgoing.New(outgoing.Service{Accounts: s.st.Accounts, Queue: s.st.Queue, Blobs: s.st.Blobs, Boxes: s.boxes, Secrets: s.keys, Name: "hub.test", Domains: []string{"example.org"}, Now: before.Now,
			Dial: func(ctx context.Context, address string) (net.Conn, error) {
				c, err := s.dial(ctx, address)
				if err != nil {
					return c, err
				}
				return &deadly{Conn: c, left: 1 + s.random.IntN(25), kill: kill}, nil
			}})
		_, err := s.out.Once(ctx)
		s.note("queue, killed on the way: %v", err)
		s.restart()
		s.open()
		return
	}
	_, err := s.out.Once(ctx)
	s.note("queue: %v", err)
}

// deadly ends the process, as far as the store can tell, after so many reads and writes.
type deadly struct {
	net.Conn
	mu   sync.Mutex
	left int
	kill func()
}

func (c *deadly) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		c.kill()
		c.Close()
	}
}

func (c *deadly) Read(p []byte) (int, error) {
	c.step()
	return c.Conn.Read(p)
}

func (c *deadly) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.step()
	return n, err
}

// send is a phone that sends a message until it hears that it was taken: each time the same request.
func (s *mailStory) send(command, source string) {
	s.next++
	subject, to := fmt.Sprint("Out", s.next), []string{"bob@example.org", "carl@elsewhere.test"}[s.random.IntN(2)]
	mime := base64.StdEncoding.EncodeToString([]byte("To: " + to + "\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nText of " + subject + "\r\n"))
	about := ""
	if source != "" {
		about = "<Source><FolderId>" + strings.SplitN(source, ":", 2)[0] + "</FolderId><ItemId>" + source + "</ItemId></Source>"
	}
	doc, err := wbxml.FromXML(strings.NewReader(fmt.Sprintf(`<%s xmlns="ComposeMail"><ClientId>c%d</ClientId>%s<SaveInSentItems/><Mime>%s</Mime></%s>`, command, s.next, about, mime, command)))
	s.must(err)
	for try := 1; ; try++ {
		a, err := s.phone.Do(context.Background(), command, doc)
		s.note("%s of %s to %s, try %d: %v", command, subject, to, try, err)
		if err == nil {
			if a.Code != 200 || a.Doc != nil {
				s.Fatalf("%s: %d, status %s", command, a.Code, a.Status())
			}
			s.sent[subject] = to
			return
		}
		if try > 40 {
			s.Fatal(err)
		}
	}
}

// judge looks where every message came to be.
func (s *mailStory) judge(t *testing.T) {
	inbox, others := s.count(s.box("ann", mailbox.Inbox)), s.count(s.box("bob", mailbox.Inbox))
	kept, notices := s.count(s.box("ann", mailbox.Sent)), strings.Join(s.texts(s.box("ann", mailbox.Inbox)), "\n")
	for _, subject := range s.delivered {
		if inbox[subject] != 1 {
			t.Errorf("%s was delivered and is %d times in the inbox", subject, inbox[subject])
		}
	}
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	for subject, to := range s.sent {
		if kept[subject] != 1 {
			t.Errorf("%s is %d times among what was sent", subject, kept[subject])
		}
		n := s.office.got[subject+" for "+to]
		if to == "bob@example.org" {
			n = others[subject]
		}
		told := strings.Contains(notices, "Text of "+subject+"\r\n") || strings.Contains(notices, "Subject: "+subject+"\r\n")
		if n > 1 || n == 0 && !told {
			t.Errorf("%s for %s arrived %d times; its sender was told: %v", subject, to, n, told)
		}
	}
	if list, err := s.out.List(context.Background(), "ann", 100); err != nil || len(waiting(list)) > 0 {
		t.Errorf("left in the queue: %v, %v", waiting(list), err)
	}
}

func waiting(list []store.Outgoing) (out []store.Outgoing) {
	for _, m := range list {
		if m.State == store.Waiting {
			out = append(out, m)
		}
	}
	return out
}

// count is how often each subject is in a folder.
func (s *mailStory) count(c tandem.Collection) map[string]int {
	out := map[string]int{}
	for _, text := range s.texts(c) {
		out[subjectOf(text)]++
	}
	return out
}
