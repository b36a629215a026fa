package imip

import (
	"encoding/base64"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
)

// TestEmbed: files that the event names are in it; those that are not there, and what is too much, stay names. RFC 6047 2.6
func TestEmbed(t *testing.T) {
	const wrap = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\n%END:VEVENT\r\nEND:VCALENDAR\r\n"
	file := func(id string, size int) string {
		return "--m\r\nContent-Type: application/pdf; name=\"Plän " + id + ".pdf\"\r\nContent-ID: <" + id + "@x>\r\n\r\n" + strings.Repeat("p", size) + "\r\n"
	}
	line := func(id string) string { return "ATTACH;X-A=b:" + id + "\r\n" }
	for name, c := range map[string]struct {
		attach, files string
		want          int // lines with content
	}{
		"one":                 {line("cid:1@x"), file("1", 10), 1},
		"encoded":             {line("CID:1%40x"), file("1", 10), 1},
		"two and a link":      {line("cid:1@x") + line("cid:2@x") + line("https://example.org/1@x"), file("1", 10) + file("2", 20), 2},
		"not there":           {line("cid:3@x") + line("cid:") + line("cid:%zz"), file("1", 10), 0},
		"too large":           {line("cid:1@x") + line("cid:2@x"), file("1", embedOne+1) + file("2", embedOne), 1},
		"too much together":   {strings.Repeat(line("cid:1@x"), 9), file("1", embedOne), 4},
		"one named too often": {strings.Repeat(line("cid:1@x"), 20000), file("1", 0) + file("1", 1), embedTries},
		"too large too often": {strings.Repeat(line("cid:1@x"), 20000), file("1", embedOne+1), 0},
	} {
		body := tandem.Bytes("From: a@b\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" + c.files + "--m--\r\n")
		e, _, _, err := mail.Read(body)
		if err != nil {
			t.Fatal(err)
		}
		left := room{embedAll, embedTries}
		got, err := embed([]byte(strings.Replace(wrap, "%", c.attach, 1)), body, e, &left)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(got), "ENCODING=BASE64"); n != c.want || left.bytes < 0 || left.tries < 0 {
			t.Errorf("%s: %d embedded, want %d; left %+v", name, n, c.want, left)
		}
		if name == "one" {
			plain := strings.ReplaceAll(string(got), "\r\n ", "")
			if want := "ATTACH;X-A=b;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=application/pdf;FILENAME=Plän 1.pdf:" + base64.StdEncoding.EncodeToString([]byte("pppppppppp")); !strings.Contains(plain, want) {
				t.Errorf("%s", plain)
			}
		}
	}
	if got, err := embed([]byte("no calendar"), tandem.Bytes(""), &mail.Envelope{}, &room{1, 1}); err != nil || string(got) != "no calendar" {
		t.Errorf("%q, %v", got, err)
	}
}
