package outgoing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

// bounceMax is how much of a message a notice carries, in bytes.
const bounceMax = 1 << 20

// bounce puts a notice into the sender's inbox: who did not get the message, why, and the message. RFC 3464
func (s *Service) bounce(ctx context.Context, u store.User, m store.Outgoing, body tandem.Body, f failure) error {
	if m.From == "" { // RFC 5321 6.1: nobody sent it
		return nil
	}
	r, err := body.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	original, err := io.ReadAll(io.LimitReader(r, bounceMax))
	if err != nil {
		return err
	}
	inbox, err := s.Boxes.Folder(ctx, u.Name, mailbox.Inbox)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(m.ID, f.to, f.text)))
	id := hex.EncodeToString(sum[:12])
	text := s.notice(u, m, f, id, original)
	at, err := s.Boxes.Put(ctx, inbox, mailbox.Message{Body: tandem.Bytes(text), Flags: mail.Flags{Received: s.Now().Unix()}, Marker: tandem.Marker("bounce/" + id),
		Author: store.Author{User: u.Name, Via: "mail:bounce"}})
	if err == nil && s.Arrived != nil {
		s.Arrived(ctx, u, inbox, at)
	}
	return err
}

// notice writes the report.
func (s *Service) notice(u store.User, m store.Outgoing, f failure, id string, original []byte) string {
	name := s.Name
	if name == "" {
		name = "localhost"
	}
	subject, what, action := "Not delivered", "did not reach", "failed"
	if f.text == doubt {
		subject, what, action = "Perhaps not delivered", "may not have reached", "delayed"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: Mail of %s <postmaster@%s>", name, name)
	line("To: <%s>", oneLine(m.From))
	line("Subject: %s", subject)
	line("Date: %s", s.Now().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	line("Message-ID: <bounce-%s@%s>", id, name)
	line("Auto-Submitted: auto-replied")
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/report; report-type=delivery-status; boundary=\"%s\"", id)
	line("")
	line("--%s\r\nContent-Type: text/plain; charset=utf-8\r\n", id)
	line("Your message %s:\r\n", what)
	for _, to := range f.to {
		line("  %s", oneLine(to))
	}
	line("\r\n%s\r\n", oneLine(f.text))
	if f.text == doubt {
		line("It is not sent again by itself. If they do not have it, have it sent again to them alone: in the Sync Center under Settings, or with `tandem mail doubt %d --again`.\r\n", m.ID)
	}
	line("The message is attached.\r\n")
	line("--%s\r\nContent-Type: message/delivery-status\r\n", id)
	line("Reporting-MTA: dns; %s", name)
	line("Arrival-Date: %s\r\n", time.Unix(m.Added, 0).Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	for _, to := range f.to {
		line("Final-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; %s\r\n", oneLine(to), action, oneLine(f.text))
	}
	line("--%s\r\nContent-Type: message/rfc822\r\n", id)
	b.Write(original)
	line("\r\n--%s--", id)
	return b.String()
}

// oneLine makes a text fit for one line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
