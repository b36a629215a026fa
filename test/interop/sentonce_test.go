package interop

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"tandem/test/easclient"
	"tandem/test/hubkit"
	"tandem/wire/wbxml"
)

// deadly is a mail server that has something happen at one step of the next message.
type deadly struct {
	mu   sync.Mutex
	step string
	then func()
	got  map[string]int // by subject
}

// at is told of each step.
func (d *deadly) at(step string) {
	d.mu.Lock()
	then := d.then
	if step != d.step {
		then = nil
	} else {
		d.then = nil
	}
	d.mu.Unlock()
	if then != nil {
		then()
	}
}

func (d *deadly) arm(step string, then func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step, d.then = step, then
}

// blown reports whether it happened.
func (d *deadly) blown() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.then == nil
}

func (d *deadly) count(subject string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.got[subject]
}

type deadlySession struct {
	*deadly
	took bool
}

func (s *deadlySession) Logout() error { return nil }
func (s *deadlySession) Reset() {
	if s.took {
		s.took = false
		s.at("answered")
	}
}

func (s *deadlySession) Mail(string, *smtp.MailOptions) error {
	s.at("sender")
	return nil
}

func (s *deadlySession) Rcpt(string, *smtp.RcptOptions) error {
	s.at("recipient")
	return nil
}

func (s *deadlySession) Data(r io.Reader) error {
	s.at("text")
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.got[subjectOf(string(b))]++
	s.mu.Unlock()
	s.at("end of text")
	s.took = true
	return nil
}

// TestSentOnceKilled: the hub is killed at every step of giving a message to a mail server, and started again; the phone, which was not told, asks again. The message reaches the server once, is once among
// what was sent, and where the server may have it and has not said so, its sender is told. RFC 5321 6.1
func TestSentOnceKilled(t *testing.T) {
	t.Parallel()
	d := &deadly{got: map[string]int{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		d.at("greeting")
		return &deadlySession{deadly: d}, nil
	}))
	srv.Domain = "sink.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
	t.Cleanup(func() {
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		done.Wait()
	})
	h := &hub{T: t, data: t.TempDir(), user: "anna", password: "correct horse battery"}
	h.cli(h.password, "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	h.cli("", "user", "mail", "anna", "--server", l.Addr().String(), "--tls", "none")
	var app struct{ Password string }
	if err := json.Unmarshal([]byte(h.cli("", "user", "app-password", "add", "anna", "phone", "--json")), &app); err != nil {
		t.Fatal(err)
	}
	client := &easclient.Client{HTTP: http.DefaultClient, User: "anna@example.org", Password: app.Password, DeviceID: "phone", DeviceType: "test", Agent: "test", Version: "16.1"}
	phone := easclient.NewPhone(client)
	start := func() (end, kill func()) {
		client.Base, end, kill = hubkit.Mortal(t, h.data, "http://127.0.0.1:0", regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`))
		return end, kill
	}
	notices := 0
	for _, step := range []string{"greeting", "sender", "recipient", "text", "end of text", "answered"} {
		subject := "killed at " + strings.ReplaceAll(step, " ", "-")
		dead := make(chan struct{})
		_, kill := start()
		d.arm(step, func() {
			kill()
			close(dead)
		})
		ask := func() error { return sendOnce(t.Context(), phone, subject) }
		_ = ask() // error: the hub may be killed before it answers
		<-dead
		end, _ := start()
		if err := ask(); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		for state := "waiting"; state == "waiting"; { // until the queue is through
			var list []struct{ State, Error string }
			if err := json.Unmarshal([]byte(h.cli("", "mail", "queue", "--json")), &list); err != nil || len(list) == 0 {
				t.Fatalf("%s: the queue: %+v, %v", subject, list, err)
			}
			state = list[0].State
		}
		sent, told := folderSubjects(t, phone, 5), folderSubjects(t, phone, 2)
		if n := strings.Count(strings.Join(sent, "|")+"|", subject+"|"); n != 1 {
			t.Errorf("%s: %d times among what was sent: %q", subject, n, sent)
		}
		news := len(told) - notices
		notices = len(told)
		reached := d.count(subject)
		if !d.blown() || !sentRight(step, reached, news) {
			t.Errorf("%s: the server has it %d times, and the sender got %d notices: %q", subject, reached, news, told)
		}
		end()
	}
}

// sentRight says whether a message whose delivery was killed at a step may be at the server so often, and its sender told so often. The server asks for the text before it comes to the step "text", so the hub may have sent
// its end by then, and must take the server to have it, though it never read it. It answers before it comes to the step "answered", so the hub may know of the answer or not.
func sentRight(step string, reached, news int) bool {
	switch step {
	case "end of text":
		return reached == 1 && news == 1
	case "text":
		return reached == 1 && news == 0 || reached == 0 && news == 1
	case "answered":
		return reached == 1 && (news == 0 || news == 1)
	}
	return reached == 1 && news == 0
}

// sendOnce has the phone send a message, under one name however often it does.
func sendOnce(ctx context.Context, phone *easclient.Phone, subject string) error {
	text := crlf("To: zoe@elsewhere.org", "Subject: "+subject, "Content-Type: text/plain", "", "Hello.")
	doc, err := wbxml.FromXML(strings.NewReader("<SendMail xmlns=\"ComposeMail\"><ClientId>" + subject + "</ClientId><SaveInSentItems/><Mime>" + base64.StdEncoding.EncodeToString([]byte(text)) + "</Mime></SendMail>"))
	if err != nil {
		return err
	}
	_, err = phone.Do(ctx, "SendMail", doc)
	return err
}

// folderSubjects are the subjects in the phone's folder of a type.
func folderSubjects(t *testing.T, phone *easclient.Phone, typ int) (all []string) {
	t.Helper()
	if err := phone.FolderSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := phone.FolderOf(typ)
	if err := phone.Sync(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, it := range phone.Stores[id].Items {
		all = append(all, field(it, wbxml.EmailSubject))
	}
	return all
}
