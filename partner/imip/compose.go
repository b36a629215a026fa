package imip

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"tandem/kind/event/itip"
	"tandem/partner/outgoing"
	"tandem/store"
	wiremime "tandem/wire/mime"
)

// compose writes the mail for a message: a text for people, the calendar object beside it as programs take it in, and the same as a file for those that only take
// files. RFC 6047 2.4, 4
func compose(from store.User, m itip.Message, key string, now time.Time, zone *time.Location) ([]byte, error) {
	what, err := describe(m, zone)
	if err != nil {
		return nil, err
	}
	address := outgoing.Address(from)
	if own := strings.ToLower(from.Address); own != "" && strings.EqualFold(m.From, own) { // the meeting's own name for them, where it is theirs
		address = own
	}
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: %s", wiremime.Address{Name: from.Title, Email: address})
	line("To: %s", wiremime.Address{Name: what.names[strings.ToLower(m.To)], Email: m.To})
	line("Subject: %s", subject(what.subject()))
	line("Date: %s", now.In(zone).Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	line("Message-ID: <imip-%s@%s>", key, domain(address))
	if m.Auto {
		line("Auto-Submitted: auto-replied")
	}
	line("Content-Class: urn:content-classes:calendarmessage")
	line("MIME-Version: 1.0")
	mixed, either := "mix-"+key, "alt-"+key
	line("Content-Type: multipart/mixed; boundary=\"%s\"\r\n", mixed)
	line("--%s\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n", mixed, either)
	line("--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", either)
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(what.text(), "\n", "\r\n"))) // error: a buffer has none
	_ = w.Close()
	line("")
	line("--%s\r\nContent-Type: text/calendar; charset=utf-8; method=%s\r\nContent-Transfer-Encoding: base64\r\n", either, m.Method)
	encode(&b, m.Body)
	line("--%s--\r\n", either)
	line("--%s\r\nContent-Type: application/ics; name=\"invite.ics\"\r\nContent-Disposition: attachment; filename=\"invite.ics\"\r\nContent-Transfer-Encoding: base64\r\n", mixed)
	encode(&b, m.Body)
	line("--%s--", mixed)
	return b.Bytes(), nil
}

// encode writes base64 in lines. RFC 2045 6.8
func encode(b *bytes.Buffer, data []byte) {
	text := base64.StdEncoding.EncodeToString(data)
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
}

// subject is a subject as a header has it, folded between its words.
func subject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	encoded := mime.QEncoding.Encode("utf-8", s)
	return strings.ReplaceAll(encoded, "?= =?", "?=\r\n =?")
}

func domain(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 && i < len(address)-1 {
		return address[i+1:]
	}
	return "localhost"
}
