package objects

import (
	"bufio"
	"bytes"
	"context"
	"mime"
	"net/http"
	"strings"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// wantsFile reports whether a GET of a collection is for its content, and not for a page to look at.
func wantsFile(r *http.Request) bool {
	return r.URL.Query().Has("export") || !strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html")
}

// download gives a whole collection as one file: what subscribers of a calendar read.
func (s *Service) download(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	h := w.Header()
	h.Set("ETag", proto.CTag(t.Reach.Collection))
	h.Set("Vary", "Accept")
	if NotModified(r, proto.CTag(t.Reach.Collection)) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	ext, kind := proto.Ext(t.Reach.Kind), "text/calendar; charset=utf-8"
	if t.Reach.Kind == tandem.Contact {
		kind = "text/vcard; charset=utf-8"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": t.Reach.Title() + ext}))
	harmless(h)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriterSize(w, 32<<10)
	var add func(body []byte)
	if t.Reach.Kind == tandem.Contact {
		add = func(body []byte) { addCard(out, body) }
	} else {
		c := &calendarFile{out: out, zones: map[string]bool{}}
		c.begin(t.Reach.Collection)
		add = c.add
	}
	for rec, err := range proto.Bodies(ctx, s.Home, t.Reach.ID) {
		if err != nil {
			return err
		}
		data, err := read(&rec)
		if err != nil {
			return err
		}
		add(data)
	}
	if t.Reach.Kind != tandem.Contact {
		out.WriteString("END:VCALENDAR\r\n")
	}
	return out.Flush()
}

// addCard adds a card as it is.
func addCard(out *bufio.Writer, body []byte) {
	out.Write(body)
	if !bytes.HasSuffix(body, []byte("\n")) {
		out.WriteString("\r\n")
	}
}

// calendarFile writes many calendar objects as one, each time zone once.
type calendarFile struct {
	out   *bufio.Writer
	zones map[string]bool
}

func (c *calendarFile) begin(col tandem.Collection) {
	head := contentline.NewComponent("VCALENDAR")
	head.Set("VERSION", "2.0")
	head.Set("PRODID", "-//Tandem//EN")
	line := head.Set("X-WR-CALNAME", "")
	line.SetValue(escapeText(col.Title()))
	text := head.Bytes("\r\n")
	c.out.Write(bytes.TrimSuffix(text, []byte("END:VCALENDAR\r\n")))
}

// escapeText writes a value of text. RFC 5545 3.3.11
func escapeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// add adds the components of one object. One that cannot be read is left out.
func (c *calendarFile) add(body []byte) {
	doc, err := ical.Parse(body)
	if err != nil {
		return
	}
	for cal := range doc.Components() {
		for part := range cal.Children() {
			if part.Is("VTIMEZONE") {
				id := ical.ZoneID(part)
				if c.zones[id] {
					continue
				}
				c.zones[id] = true
			}
			c.out.Write(part.Bytes("\r\n"))
		}
	}
}
