package imip

import (
	"encoding/base64"
	"io"
	"net/url"
	"strings"

	"tandem"
	"tandem/kind/mail"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// room bounds what of a message is put into events.
type room struct {
	bytes int // that are left
	tries int // how often a file may still be opened
}

// embedAll and embedOne are the bytes together and of one file; embedTries is how many files are looked at.
const embedAll, embedOne, embedTries = 4 << 20, 1 << 20, 50

// embed puts the files of a message that its event names by their Content-ID into the event, so that they are there where the message is not. What is too large stays a name, and with the message.
// RFC 6047 2.6, RFC 2392
func embed(ics []byte, body tandem.Body, e *mail.Envelope, left *room) ([]byte, error) {
	doc, err := ical.Parse(ics)
	if err != nil {
		return ics, nil // who takes it in says so
	}
	changed := false
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if !c.Is("VEVENT") {
				continue
			}
			for l := range c.All("ATTACH") {
				f := named(e, l.Value())
				if f == nil || left.tries == 0 {
					continue
				}
				left.tries--
				data, err := contents(f, body, min(embedOne, left.bytes))
				if err != nil {
					return nil, err
				}
				if data == nil {
					continue
				}
				left.bytes -= len(data)
				fill(l, f, data)
				changed = true
			}
		}
	}
	if !changed {
		return ics, nil
	}
	return doc.Bytes(), nil
}

// named is the file with the Content-ID that a URI names, nil if there is none. RFC 2392 2
func named(e *mail.Envelope, uri string) *mail.File {
	uri = strings.TrimSpace(uri)
	if len(uri) < 5 || !strings.EqualFold(uri[:4], "cid:") {
		return nil
	}
	id, err := url.PathUnescape(uri[4:])
	if err != nil {
		return nil
	}
	for i, f := range e.Files {
		if f.ID != "" && f.ID == id {
			return &e.Files[i]
		}
	}
	return nil
}

// contents are the bytes of a file, nil if there are more than most.
func contents(f *mail.File, body tandem.Body, most int) ([]byte, error) {
	in, err := f.Open(body)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err != nil || len(data) > most {
		return nil, err
	}
	return data, nil
}

// fill makes an ATTACH one that holds the file. RFC 5545 3.8.1.1, RFC 8607 4.5
func fill(l *contentline.Line, f *mail.File, data []byte) {
	l.SetValue(base64.StdEncoding.EncodeToString(data))
	l.SetParam("ENCODING", "BASE64")
	l.SetParam("VALUE", "BINARY")
	if f.Type != "" {
		l.SetParam("FMTTYPE", f.Type)
	}
	if f.Name != "" {
		l.SetParam("FILENAME", f.Name)
	}
}
