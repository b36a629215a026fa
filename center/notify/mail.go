package notify

import (
	"context"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"

	"tandem"
	"tandem/partner/outgoing"
	"tandem/store"
)

// Mail tells by mail: from the user to the user, by the way that the user's other mail goes, or from the hub, through its own server.
type Mail struct {
	Out interface {
		NoticeFrom(ctx context.Context, u store.User) (address string, err error)
		Notify(ctx context.Context, u store.User, key string, body tandem.Body) error
	}
	Host string           // the hub's name, for message ids
	Base func() string    // the address of the page, "" if there is none
	Now  func() time.Time // nil: time.Now
}

var _ Channel = (*Mail)(nil)

// Name implements Channel.
func (m *Mail) Name() string { return "mail" }

// Twice implements Channel: the queue knows a message by its key.
func (m *Mail) Twice() bool { return true }

// Ready implements Channel.
func (m *Mail) Ready(ctx context.Context, u store.User, s Settings) (bool, string) {
	if !s.Mail {
		return false, "not wanted"
	}
	to := outgoing.Address(u)
	if to == "" {
		return false, "the user has no address; set one with `tandem user set " + u.Name + " --address`"
	}
	from, err := m.Out.NoticeFrom(ctx, u)
	if err != nil {
		return false, err.Error()
	}
	if from == "" {
		return false, "there is no server to send through; name one with `tandem user mail " + u.Name + "`, or one for the hub with `tandem mail server`"
	}
	return true, ""
}

// Send implements Channel. The message is durable when it returns.
func (m *Mail) Send(ctx context.Context, u store.User, x Message) error {
	from, err := m.Out.NoticeFrom(ctx, u)
	if err != nil {
		return err
	}
	text, err := m.compose(u, from, outgoing.Address(u), x)
	if err != nil {
		return err
	}
	return m.Out.Notify(ctx, u, x.Key, tandem.Bytes(text))
}

// compose writes the message. RFC 5322, RFC 3834
func (m *Mail) compose(u store.User, from, to string, x Message) (string, error) {
	now := time.Now
	if m.Now != nil {
		now = m.Now
	}
	host := m.Host
	if host == "" {
		host = "localhost"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: %s", (&mail.Address{Name: "Tandem", Address: from}).String())
	line("To: %s", (&mail.Address{Name: u.Title, Address: to}).String())
	line("Subject: %s", mime.QEncoding.Encode("utf-8", "Tandem: "+oneLine(x.Title)))
	line("Date: %s", now().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	line("Message-ID: <%s@%s>", strings.ReplaceAll(x.Key, "/", "-"), host)
	line("Auto-Submitted: auto-generated")
	line("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n")
	q := quotedprintable.NewWriter(&b)
	var body strings.Builder
	for _, l := range x.Lines {
		body.WriteString(oneLine(l) + "\r\n\r\n")
	}
	if base := m.Base(); base != "" && x.Link != "" {
		body.WriteString(strings.TrimSuffix(base, "/") + x.Link + "\r\n\r\n")
	}
	body.WriteString(x.Foot + "\r\n")
	if _, err := q.Write([]byte(body.String())); err != nil {
		return "", err
	}
	if err := q.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Solved implements Channel: what was sent cannot be taken back.
func (m *Mail) Solved([]int64) {}

// oneLine makes a text fit for one line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
