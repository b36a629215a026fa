package away

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"tandem/kind/eas/body"
	"tandem/partner/arrival"
	"tandem/partner/outgoing"
	wiremime "tandem/wire/mime"
)

// compose writes the answer to a message. RFC 3834 3.1
func compose(m arrival.Message, to wiremime.Address, reply Reply, key string, now time.Time) []byte {
	sum := sha256.Sum256([]byte(m.User.Name + "\x00" + key))
	id := hex.EncodeToString(sum[:12])
	from := outgoing.Address(m.User)
	domain := "localhost"
	if _, d, ok := strings.Cut(from, "@"); ok {
		domain = d
	}
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: %s", wiremime.Address{Name: m.User.Title, Email: from})
	line("To: %s", to)
	line("Subject: %s", subject("Automatic reply: "+m.Envelope.Subject))
	line("Date: %s", now.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	line("Message-ID: <away-%s@%s>", id, domain)
	if re := token(m.Envelope.MessageID); re != "" {
		line("In-Reply-To: <%s>", re)
		line("References: <%s>", re)
	}
	line("Auto-Submitted: auto-replied")
	line("X-Auto-Response-Suppress: All")
	line("MIME-Version: 1.0")
	text, markup := reply.Text, ""
	if reply.Type == "HTML" {
		text, markup = body.ToPlain(reply.Text), body.Sanitize(reply.Text)
	}
	part := func(typ, text string) {
		line("Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", typ)
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))) // error: a buffer has none
		_ = w.Close()
		line("")
	}
	if markup == "" {
		part("plain", text)
		return b.Bytes()
	}
	line("Content-Type: multipart/alternative; boundary=\"%s\"\r\n", id)
	for _, p := range [][2]string{{"plain", text}, {"html", markup}} {
		line("--%s", id)
		part(p[0], p[1])
	}
	line("--%s--", id)
	return b.Bytes()
}

// subject is a subject as a header has it.
func subject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// token is an id as a header may have it.
func token(id string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '<' || r == '>' {
			return -1
		}
		return r
	}, id)
}
