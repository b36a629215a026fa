package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas/body"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/wire/mime"
)

const (
	textMost  = 4 << 20  // bytes of an original's text that are quoted
	wholeMost = 64 << 20 // bytes of a message with what is forwarded
)

// with puts the original below what the phone wrote, with the pictures that it shows, and with forward all of its attachments. What is signed or encrypted on either side stays as it is.
func with(d *draft, orig *original, o order, forward bool, zone *time.Location) (*draft, error) {
	raw := d.bytes()
	mine, _, _, err := mail.Read(tandem.Bytes(raw))
	if err != nil {
		return nil, err
	}
	var below string
	if closed := mine.Class == mail.Signed || mine.Class == mail.Opaque || mine.Class == mail.Encrypted; !closed {
		if raw, below, err = quoted(raw, mine, orig, zone); err != nil {
			return nil, err
		}
		var ok bool
		if d, ok = parse(raw); !ok { // it was sound before: the header is at the limit
			return nil, &tandem.Error{Kind: tandem.TooLarge, Op: "quote message"}
		}
	}
	refer(d, orig.Envelope, forward)
	return d, attach(d, orig, body.Embedded(below), o.key, forward)
}

// refer names the original, unless the phone did. RFC 5322 3.6.4
func refer(d *draft, orig *mail.Envelope, forward bool) {
	id := token(orig.MessageID)
	if id == "" {
		return
	}
	if !forward && !d.has("in-reply-to") {
		d.add("In-Reply-To", "<"+id+">")
	}
	if d.has("references") {
		return
	}
	refs := orig.References
	if len(refs) == 0 {
		refs = orig.InReplyTo
	}
	var all []string
	for _, r := range append(refs[:len(refs):len(refs)], id) {
		if r = token(r); r != "" {
			all = append(all, "<"+r+">")
		}
	}
	d.add("References", strings.Join(all, "\r\n "))
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

// quoted is the phone's message with the original below its texts. markup is what it is below HTML, "" where there is none.
func quoted(raw []byte, mine *mail.Envelope, orig *original, zone *time.Location) (out []byte, markup string, err error) {
	type edit struct {
		at   mail.Section
		text string
		typ  string
	}
	var edits []edit
	if n := len(mine.Plain); n > 0 && mine.Plain[n-1].In == nil {
		own := *mine
		own.Plain, own.HTML = mine.Plain[n-1:], nil
		mineText, err := own.Text(tandem.Bytes(raw), wholeMost)
		if err != nil {
			return nil, "", err
		}
		text, err := orig.Text(orig.body, textMost)
		if err != nil {
			return nil, "", err
		}
		edits = append(edits, edit{mine.Plain[n-1], strings.TrimRight(mineText, "\n") + "\n\n" + heading(orig, zone) + "\n" + text + "\n", "text/plain; charset=utf-8"})
	}
	if n := len(mine.HTML); n > 0 && mine.HTML[n-1].In == nil {
		own := *mine
		own.HTML = mine.HTML[n-1:]
		mineText, err := own.Markup(tandem.Bytes(raw), wholeMost)
		if err != nil {
			return nil, "", err
		}
		if markup, err = orig.Markup(orig.body, textMost); err != nil {
			return nil, "", err
		}
		if markup == "" {
			text, err := orig.Text(orig.body, textMost)
			if err != nil {
				return nil, "", err
			}
			markup = body.ToHTML(text)
		} else {
			markup = body.Quote(markup)
		}
		below := "<hr>\n<p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(heading(orig, zone))), "\n", "<br>\n") + "</p>\n<div>" + markup + "</div>\n"
		end := strings.LastIndex(strings.ToLower(mineText), "</body")
		if end < 0 || len(strings.ToLower(mineText)) != len(mineText) {
			end = len(mineText)
		}
		edits = append(edits, edit{mine.HTML[n-1], mineText[:end] + below + mineText[end:], "text/html; charset=utf-8"})
	}
	if len(edits) == 2 && edits[0].at.Start > edits[1].at.Start {
		edits[0], edits[1] = edits[1], edits[0]
	}
	var all bytes.Buffer
	last := int64(0)
	for _, e := range edits {
		part, ok := parse(append(bytes.TrimRight(raw[e.at.Start:e.at.Body], "\r\n"), "\r\n\r\n"...))
		if !ok {
			part = &draft{} // a part without a header
		}
		part.drop("content-type", "content-transfer-encoding", "content-length")
		part.add("Content-Type", e.typ)
		part.add("Content-Transfer-Encoding", "quoted-printable")
		part.body = printable(e.text)
		all.Write(raw[last:e.at.Start])
		all.Write(part.bytes())
		last = e.at.End
	}
	all.Write(raw[last:])
	return all.Bytes(), markup, nil
}

// printable encodes a text. RFC 2045 6.7
func printable(text string) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(w, strings.ReplaceAll(text, "\n", "\r\n")) // error: a buffer has none
	_ = w.Close()
	return b.Bytes()
}

// heading tells of the original.
func heading(e *original, zone *time.Location) string {
	var b strings.Builder
	title := "Message"
	if e.meeting != nil {
		title = "Appointment"
	}
	b.WriteString("-----Original " + title + "-----\n")
	people := func(name string, list []mime.Address) {
		var all []string
		for _, a := range list {
			switch {
			case a.Name == "":
				all = append(all, a.Email)
			case a.Email == "":
				all = append(all, a.Name)
			default:
				all = append(all, a.Name+" <"+a.Email+">")
			}
		}
		if len(all) > 0 {
			b.WriteString(name + ": " + strings.Join(all, ", ") + "\n")
		}
	}
	people("From", e.From)
	if e.Date != 0 {
		if zone == nil {
			zone = time.UTC
		}
		b.WriteString("Sent: " + time.Unix(e.Date, 0).In(zone).Format("Mon, 2 Jan 2006 15:04 -0700") + "\n")
	}
	people("To", e.To)
	people("Cc", e.Cc)
	b.WriteString("Subject: " + e.Subject + "\n")
	if e.meeting != nil {
		for _, t := range e.meeting.When {
			b.WriteString("When: " + t + "\n")
		}
		if where := strings.Join(strings.Fields(e.meeting.Where), " "); where != "" {
			b.WriteString("Where: " + where + "\n")
		}
	}
	return b.String()
}

// attach puts what belongs to the original beside the draft: the files that the text below it shows, so that it is a multipart/related of itself and them (RFC 2387), and with forward the others, each as it is in
// there. What only its reader can open goes as a whole; an invitation goes with it, so that who gets it can take it into a calendar.
func attach(d *draft, orig *original, shown []string, key string, forward bool) error {
	var within, beside []mail.File
	for _, f := range orig.Files {
		switch {
		case f.ID != "" && slices.Contains(shown, f.ID):
			within = append(within, f)
		case forward:
			beside = append(beside, f)
		}
	}
	closed := forward && (orig.Class == mail.Opaque || orig.Class == mail.Encrypted)
	ics := forward && orig.ics != nil
	if !closed && len(within)+len(beside) == 0 && !ics {
		return nil
	}
	data, err := tandem.ReadBody(orig.body, wholeMost)
	switch {
	case tandem.IsKind(err, tandem.TooLarge) && !forward: // an answer goes without pictures
		return nil
	case err != nil:
		return err
	}
	var parts [][]byte
	if ics {
		parts = append(parts, fmt.Appendf(nil, "Content-Type: text/calendar; charset=utf-8; method=%s; name=\"invite.ics\"\r\nContent-Disposition: attachment; filename=\"invite.ics\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", itip.MethodOf(orig.ics), wrapped(orig.ics)))
		beside = slices.DeleteFunc(beside, func(f mail.File) bool { return f.Type == "text/calendar" || f.Type == "application/ics" })
	}
	if closed {
		within, beside, parts = nil, nil, append(parts, append([]byte("Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"message.eml\"\r\n\r\n"), data...))
	}
	related, err := filesOf(orig, data, within)
	if err != nil {
		return err
	}
	mixed, err := filesOf(orig, data, beside)
	if err != nil {
		return err
	}
	parts = append(parts, mixed...)
	size := len(d.body)
	for _, p := range slices.Concat(related, parts) {
		size += len(p)
	}
	switch {
	case size <= wholeMost || closed:
	case !forward:
		return nil
	default:
		return &tandem.Error{Kind: tandem.TooLarge, Op: "forward message"}
	}
	d.join("related", key+" related", related)
	d.join("mixed", key, parts)
	return nil
}

// filesOf are files of the original as parts, each with those fields of its header that are about its content. data is the original.
func filesOf(orig *original, data []byte, files []mail.File) (parts [][]byte, err error) {
	for _, f := range files {
		if f.In != nil {
			part, err := f.Unpacked(orig.body)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
			continue
		}
		if f.Start < 0 || f.Start > f.Body || f.Body > f.End || f.End > int64(len(data)) {
			continue
		}
		head, _ := parse(append(bytes.TrimRight(bytes.Clone(data[f.Start:f.Body]), "\r\n"), "\r\n\r\n"...))
		part := &draft{body: data[f.Body:f.End]}
		for _, line := range head.fields {
			if strings.HasPrefix(nameOf(line), "content-") {
				part.fields = append(part.fields, line)
			}
		}
		parts = append(parts, part.bytes())
	}
	return parts, nil
}

// join makes the draft a multipart of what it is and further parts; without any it stays as it is.
func (d *draft) join(sub, key string, parts [][]byte) {
	if len(parts) == 0 {
		return
	}
	first := &draft{body: d.body}
	var rest [][]byte
	root := "text/plain" // RFC 2045 5.2
	for _, line := range d.fields {
		if name := nameOf(line); name == "content-type" {
			_, value, _ := bytes.Cut(line, []byte(":"))
			root, _, _ = strings.Cut(strings.ToLower(string(value)), ";")
			root = strings.TrimSpace(root)
		}
		if strings.HasPrefix(nameOf(line), "content-") {
			first.fields = append(first.fields, line)
		} else {
			rest = append(rest, line)
		}
	}
	parts = append([][]byte{first.bytes()}, parts...)
	boundary := boundaryFor(key, parts)
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n")
		b.Write(p)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	params := map[string]string{"boundary": boundary}
	if sub == "related" && strings.Count(root, "/") == 1 && !strings.ContainsAny(root, " \t\r\n\"") {
		params["type"] = root // RFC 2387 3.1
	}
	d.fields, d.body = rest, b.Bytes()
	d.add("Content-Type", mime.FormatType("multipart/"+sub, params))
}

// boundaryFor is a boundary that is in none of the parts.
func boundaryFor(key string, parts [][]byte) string {
	for {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:16])
		inside := false
		for _, p := range parts {
			inside = inside || bytes.Contains(p, []byte(key))
		}
		if !inside {
			return key
		}
	}
}
