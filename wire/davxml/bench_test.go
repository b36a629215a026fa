package davxml_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"testing"

	"tandem/wire/davxml"
)

const responses = 10_000

// listing writes a multistatus as a sync client asks for it: names, entity tags, types.
func listing(w io.Writer, n int) error {
	m := davxml.NewMultistatus(w)
	for i := range n {
		m.Response(davxml.Response{Href: fmt.Sprintf("/dav/calendars/anna/home/%08d-1234-5678-9abc-def012345678.ics", i), Propstats: []davxml.Propstat{
			{Status: 200, Props: []*davxml.Element{davxml.NewText(davxml.D("getetag"), fmt.Sprintf(`"%d-abcdef"`, i)),
				davxml.NewText(davxml.D("getcontenttype"), "text/calendar; charset=utf-8; component=VEVENT"), davxml.New(davxml.D("resourcetype"))}},
			{Status: 404, Props: []*davxml.Element{davxml.New(davxml.D("displayname")), davxml.New(davxml.Name{Space: "http://example.com/ns", Local: "colour"})}},
		}})
	}
	m.Element(davxml.NewText(davxml.D("sync-token"), "data:,123"))
	return m.Close()
}

// data writes one with a calendar object in each response.
func data(w io.Writer, n int) error {
	body := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:12345\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260301T100000\r\n" +
		"SUMMARY:Tea & cake\r\nDESCRIPTION:Some words <about> it\\, so that the body has a usual length\\nand a few lines.\r\nATTENDEE;CN=\"Anna\":mailto:anna@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	m := davxml.NewMultistatus(w)
	for i := range n {
		m.Response(davxml.Response{Href: fmt.Sprintf("/dav/calendars/anna/home/%08d.ics", i), Propstats: []davxml.Propstat{
			{Status: 200, Props: []*davxml.Element{davxml.NewText(davxml.D("getetag"), fmt.Sprintf(`"%d"`, i)), davxml.NewText(davxml.C("calendar-data"), body)}}}})
	}
	return m.Close()
}

var shapes = map[string]func(io.Writer, int) error{"listing": listing, "data": data}

func BenchmarkWrite(b *testing.B) {
	for name, write := range shapes {
		b.Run(name, func(b *testing.B) {
			var c counter
			b.ReportAllocs()
			for b.Loop() {
				c = 0
				if err := write(&c, responses); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(c))
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func document(b testing.TB, write func(io.Writer, int) error) []byte {
	b.Helper()
	var buf bytes.Buffer
	if err := write(&buf, responses); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for name, write := range shapes {
		doc := document(b, write)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				seq, _ := davxml.ReadMultistatus(bytes.NewReader(doc), davxml.Limits{Bytes: 1 << 30})
				for r, err := range seq {
					if err != nil || r.Href == "" {
						b.Fatal(err)
					}
					n++
				}
				if n != responses {
					b.Fatal(n)
				}
			}
		})
		b.Run(name+" by encoding/xml tokens", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				dec := xml.NewDecoder(bytes.NewReader(doc))
				for {
					if _, err := dec.Token(); err != nil {
						if err != io.EOF {
							b.Fatal(err)
						}
						break
					}
				}
			}
		})
		b.Run(name+" by encoding/xml structs", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var m struct {
					Responses []struct {
						Href      string `xml:"DAV: href"`
						Propstats []struct {
							Status string `xml:"DAV: status"`
							ETag   string `xml:"DAV: prop>getetag"`
							Type   string `xml:"DAV: prop>getcontenttype"`
							Data   string `xml:"urn:ietf:params:xml:ns:caldav prop>calendar-data"`
						} `xml:"DAV: propstat"`
					} `xml:"DAV: response"`
				}
				if err := xml.Unmarshal(doc, &m); err != nil || len(m.Responses) != responses {
					b.Fatal(err)
				}
			}
		})
	}
}
