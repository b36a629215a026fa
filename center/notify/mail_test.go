package notify

import (
	"context"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/store"
)

// post stands for the users' mail.
type post struct {
	from string
	key  string
	sent tandem.Body
}

func (p *post) NoticeFrom(context.Context, store.User) (string, error) { return p.from, nil }

func (p *post) Notify(_ context.Context, _ store.User, key string, body tandem.Body) error {
	p.key, p.sent = key, body
	return nil
}

// TestMail: the message is whole, to the user and from whom the mail service says, and says that a program wrote it.
func TestMail(t *testing.T) {
	t.Parallel()
	out := &post{}
	m := &Mail{Out: out, Host: "hub.example.org", Base: func() string { return "https://sync.example.org/" }, Now: func() time.Time { return time.Unix(1e9, 0).UTC() }}
	u := store.User{Name: "anna", Title: "Änna", Address: "anna@example.org"}
	for want, x := range map[string]struct {
		u store.User
		s Settings
	}{"not wanted": {u, Settings{}}, "tandem user set zoe": {store.User{Name: "zoe"}, Settings{Mail: true}}, "tandem user mail anna": {u, Settings{Mail: true}}} {
		if ok, why := m.Ready(t.Context(), x.u, x.s); ok || !strings.Contains(why, want) {
			t.Errorf("%v, %q, want %q", ok, why, want)
		}
	}
	out.from = "hub@example.org"
	if ok, why := m.Ready(t.Context(), u, Settings{Mail: true}); !ok {
		t.Errorf("not ready: %s", why)
	}
	long := strings.Repeat("wörd ", 100)
	if err := m.Send(t.Context(), u, Message{Key: "notify/9", Title: "Jürgens\r\nBcc: x@example.org", Lines: []string{"one", long + "\r\n.\r\nend"}, Link: "/conflicts"}); err != nil {
		t.Fatal(err)
	}
	if out.key != "notify/9" {
		t.Errorf("sent under %q", out.key)
	}
	raw, err := tandem.ReadBody(out.sent, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 200 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d bytes: %.60q", len(line), line)
		}
	}
	msg, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != "Tandem: Jürgens  Bcc: x@example.org" || msg.Header.Get("Bcc") != "" {
		t.Errorf("%q, %v", subject, err)
	}
	to, err := msg.Header.AddressList("To")
	if err != nil || to[0].Name != "Änna" || to[0].Address != u.Address || msg.Header.Get("From") != `"Tandem" <hub@example.org>` || msg.Header.Get("Auto-Submitted") != "auto-generated" || msg.Header.Get("Message-ID") != "<notify-9@hub.example.org>" {
		t.Errorf("%v, %v", msg.Header, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil || !strings.Contains(string(body), "one\r\n\r\n"+long) || !strings.Contains(string(body), "https://sync.example.org/conflicts\r\n") {
		t.Errorf("%s, %v", body, err)
	}
}
