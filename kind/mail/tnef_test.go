package mail_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/mail"
	"tandem/wire/mime"
	. "tandem/wire/tnef/tneftest"
	"tandem/wire/wbxml"
)

// winmail is a message with text outside, if there is one, and a packed part.
func winmail(text string, packed []byte) []byte {
	part := "Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrap(packed)
	head := "From: Zoe <zoe@example.org>\r\nTo: ann@example.org\r\nSubject: Plan\r\nMessage-ID: <plan@x>\r\nMIME-Version: 1.0\r\n"
	if text == "" {
		return []byte(head + part)
	}
	return []byte(head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n--b\r\n" + part + "\r\n--b\r\nContent-Type: text/x-footer; name=after.txt\r\n\r\nafter\r\n--b--\r\n")
}

func wrap(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s + "\r\n"
}

// TestPacked: a message in Outlook's own format shows its text and its files, and those of messages within it.
func TestPacked(t *testing.T) {
	file := func(name, data string) []byte { return File(Wide(0x3707, name), Binary(0x3701, []byte(data))) }
	rtf := body.Compress(body.ToRTF("Rich text"))
	inner := Stream(Props(Wide(0x37, "Old: news"), Wide(0x1000, "inner text")), file("inner.txt", "within"))
	richInner := Stream(Props(Binary(0x1009, rtf)))
	for _, c := range []struct {
		name       string
		text       string
		packed     []byte
		plain, mkp string // text and markup
		files      string
	}{
		{"HTML", "", Stream(Props(Binary(0x1013, []byte("<p>H\xe9llo</p>\x00")), Long(0x3fde, 1252)), file("ä.txt", "data")), "Héllo", "<p>Héllo</p>", "text/plain ä.txt data"},
		{"HTML beside its text", "Hello", Stream(Props(Binary(0x1013, []byte("<p>Hello</p>")), Long(0x3fde, 65001))), "Hello", "<p>Hello</p>", "text/x-footer after.txt after"},
		{"HTML beside no text", " ", Stream(Props(Binary(0x1013, []byte("<p>Hello</p>")), Long(0x3fde, 65001))), "Hello", "<p>Hello</p>", "text/x-footer after.txt after"},
		{"RTF", "", Stream(Props(Binary(0x1009, rtf))), "Rich text", "", ""},
		{"RTF beside its text", "Plain text", Stream(Props(Binary(0x1009, rtf)), file("a.bin", "1")), "Plain text", "", "application/octet-stream a.bin 1|text/x-footer after.txt after"},
		{"RTF that is none", "", Stream(Props(Binary(0x1009, []byte("not any rich text at all")))), "", "", ""},
		{"text", "", Stream(CodePage(1251), Attribute(1, 0x0002800c, []byte("\xcf\xeb\xe0\xed\x00"))), "План", "", ""},
		{"text in UTF-16", "", Stream(Props(Wide(0x1000, "Grüße"))), "Grüße", "", ""},
		{"a message within", "", Stream(Props(Wide(0x1000, "see")), File(Text(0x3001, "x"), Object(0x3701, inner)), File(Text(0x3001, "rich"), Object(0x3701, richInner)), file("last", "z")), "see", "",
			"message/rfc822 Old_ news.eml *|message/rfc822 rich.eml *|application/octet-stream last z"},
		{"damaged", "", append(Stream(Props(Wide(0x1000, "still here")), file("a", "b")), 9, 9, 9), "still here", "", "application/octet-stream a b|application/ms-tnef winmail.dat *"},
		{"not what it says", "outside", []byte("hello"), "outside", "", "application/ms-tnef winmail.dat hello|text/x-footer after.txt after"},
		{"nothing in it", "", Stream(CodePage(1252)), "", "", "application/ms-tnef winmail.dat *"},
		{"an invitation", "", Stream(Attribute(1, 0x00078008, []byte("IPM.Microsoft Schedule.MtgReq\x00")), Props(Wide(0x1000, "Come at ten"))), "Come at ten", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := winmail(c.text, c.packed)
			b := tandem.Bytes(data)
			e, search, _, err := mail.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			kept, ok := mail.ParseEnvelope(e.Marshal())
			if !ok {
				t.Fatal("the envelope cannot be kept")
			}
			text, err := kept.Text(b, 1<<20)
			if err != nil || strings.TrimSpace(text) != c.plain {
				t.Errorf("text %q, %v", text, err)
			}
			if !strings.Contains(search, c.plain) {
				t.Errorf("it is searched in %q", search)
			}
			if markup, err := kept.Markup(b, 1<<20); err != nil || markup != c.mkp {
				t.Errorf("markup %q, %v", markup, err)
			}
			var out []string
			for i, f := range kept.Files {
				got := contentOf(t, eas.Record{Body: b, Sketch: e.Marshal()}, i)
				if f.Type == "application/ms-tnef" && got == string(c.packed) && got != "hello" {
					got = "*"
				}
				if f.Type == "message/rfc822" { // TestPackedLetter
					if len(got) < int(f.Size)/2 || len(got) > int(f.Size)*2 {
						t.Errorf("%s says %d bytes, and has %d", f.Name, f.Size, len(got))
					}
					got = "*"
				} else if c.name != "damaged" && f.In != nil && !f.In.RTF && f.Size != int64(len(got)) {
					t.Errorf("%s says %d bytes, and has %d", f.Name, f.Size, len(got))
				}
				out = append(out, f.Type+" "+f.Name+" "+strings.TrimRight(got, "\x00\r\n"))
			}
			if got := strings.Join(out, "|"); got != c.files {
				t.Errorf("files %q\nwant  %q", got, c.files)
			}
			if _, err := (mail.View{}).Get(data, eas.Options{Version: eas.V161, Attachment: func(int) string { return "1" }}); err != nil {
				t.Error(err)
			}
		})
	}
}

// contentOf fetches an attachment as a phone does: from its beginning, and from its middle.
func contentOf(t *testing.T, r eas.Record, n int) string {
	t.Helper()
	e, err := mail.View{}.AttachmentOf(r, n)
	if err != nil {
		t.Fatal(err)
	}
	read := func(off int64) string {
		in, err := e.Raw(off)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	whole := read(0)
	if half := len(whole) / 2; read(int64(half)) != whole[half:] {
		t.Errorf("attachment %d is another one from its middle on", n)
	}
	if e.Encoding == "base64" {
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(whole), ""))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return whole
}

// TestPackedLetter: a message within one in Outlook's format is a message with its header, its text and its files, and messages within it; it is one to whom it is forwarded to, too.
func TestPackedLetter(t *testing.T) {
	sent := time.Date(2025, 3, 1, 8, 30, 0, 0, time.UTC).Unix()
	rtf := body.Compress(body.ToRTF("Rich text"))
	deepest := Stream(Props(Wide(0x37, "Deepest"), Binary(0x1009, rtf)))
	inner := Stream(Props(Wide(0x37, "Grüße: news"), Wide(0x0c1a, "Zoë Bird"), Text(0x0c1f, "/O=X/CN=ZOE"), Text(0x5d01, "zoe@example.org"), Wide(0x0e04, "Ann Adams; 'ben@example.org'"), Time(0x39, sent), Text(0x1035, "<old-1@example.org>"),
		Wide(0x1000, "inner text, größer")), File(Wide(0x3707, "plän.bin"), Binary(0x3701, bytes.Repeat([]byte{0, 1, 0}, 5000))), File(Text(0x3001, "deep"), Object(0x3701, deepest)), File(Wide(0x3707, "end.txt"), Binary(0x3701, []byte("end"))))
	data := winmail("", Stream(Props(Wide(0x1000, "see")), File(Text(0x3001, "x"), Object(0x3701, inner))))
	outer, _, _, err := mail.Read(tandem.Bytes(data))
	if err != nil || len(outer.Files) != 1 || outer.Files[0].Name != "Grüße_ news.eml" {
		t.Fatalf("%+v, %v", outer, err)
	}
	letter := tandem.Bytes(contentOf(t, eas.Record{Body: tandem.Bytes(data)}, 0))
	e, _, _, err := mail.Read(letter)
	if err != nil {
		t.Fatal(err)
	}
	if e.Subject != "Grüße: news" || len(e.From) != 1 || e.From[0] != (mime.Address{Name: "Zoë Bird", Email: "zoe@example.org"}) || len(e.To) != 1 || e.To[0].Email != "ben@example.org" || e.Date != sent || e.MessageID != "old-1@example.org" {
		t.Errorf("the header says %+v", e)
	}
	if !strings.Contains(string(letter), "Ann Adams:;") {
		t.Errorf("who has no address is not told: %s", letter)
	}
	if text, err := e.Text(letter, 1<<20); err != nil || strings.TrimSpace(text) != "inner text, größer" {
		t.Errorf("text %q, %v", text, err)
	}
	if len(e.Files) != 3 || e.Files[0].Name != "plän.bin" || e.Files[1].Type != "message/rfc822" || e.Files[2].Name != "end.txt" {
		t.Fatalf("files %+v", e.Files)
	}
	if got := contentOf(t, eas.Record{Body: letter}, 0); got != strings.Repeat("\x00\x01\x00", 5000) {
		t.Errorf("the file is %d bytes", len(got))
	}
	deep := tandem.Bytes(contentOf(t, eas.Record{Body: letter}, 1))
	if e, _, _, err := mail.Read(deep); err != nil || e.Subject != "Deepest" || len(e.Files) != 1 || contentOf(t, eas.Record{Body: deep}, 0) != string(body.ToRTF("Rich text")) {
		t.Errorf("within it is %q, %v", deep, err)
	}
	for line := range strings.SplitSeq(string(letter), "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r >= 0x80 }) {
			t.Errorf("a line cannot be sent: %q", line)
		}
	}
	part, err := outer.Files[0].Unpacked(tandem.Bytes(data))
	if err != nil || !strings.Contains(string(part), "Content-Type: message/rfc822") || strings.Contains(strings.SplitN(string(part), "\r\n\r\n", 2)[0], "base64") || !bytes.HasSuffix(part, letter) {
		t.Errorf("forwarded it is %q, %v", part[:200], err)
	}
}

// TestPackedCorpus: what programs have packed is shown, and no byte of the message changes.
func TestPackedCorpus(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(corpus.Dir(t), "mime", "tnef-MimeKit", "*.tnef"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no samples, %v", err)
	}
	unpacked := 0
	for _, path := range list {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		message := winmail("", data)
		e, _, _, err := mail.Read(tandem.Bytes(message))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range e.Files {
			got := contentOf(t, eas.Record{Body: tandem.Bytes(message)}, i)
			if f.In != nil {
				unpacked++
				if !strings.Contains(string(data), got) {
					t.Errorf("%s: %s is not as it is in there", path, f.Name)
				}
			}
		}
		shown, err := mail.View{}.Get(message, eas.Options{Version: eas.V161, MIME: 2, Bodies: []eas.BodyPreference{{Type: eas.MIME, Truncation: -1}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, el := range shown {
			if el.Tag == wbxml.AirSyncBaseBody && !bytes.Equal(el.Child(wbxml.AirSyncBaseData).Content(), message) {
				t.Errorf("%s: the message itself is another one", path)
			}
		}
	}
	if unpacked < 15 {
		t.Errorf("%d files", unpacked)
	}
}

// TestPackedDraft: a draft in Outlook's format that a phone goes on writing keeps its files.
func TestPackedDraft(t *testing.T) {
	data := winmail("", Stream(Props(Binary(0x1013, []byte("<p>Hello</p>")), Long(0x3fde, 65001)), File(Wide(0x3707, "plan.txt"), Text(0x370e, "text/plain"), Binary(0x3701, []byte("the plan"))),
		File(Wide(0x3707, "logo.png"), Text(0x370e, "image/png"), Text(0x3712, "logo@x"), Long(0x3714, 4), Binary(0x3701, []byte("a picture")))))
	changed := append(slices.DeleteFunc(shownOf(t, data), func(e *wbxml.Element) bool { return e.Tag == wbxml.AirSyncBaseBody }), wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "2"), wbxml.Text(wbxml.AirSyncBaseData, "<p>Hello again</p>")))
	res, err := mail.View{}.Put(data, changed, puts())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files(t, res.Body), "|"); got != "image/png a picture|text/plain the plan" {
		t.Errorf("files %q", got)
	}
	if e, _, _, err := mail.Read(tandem.Bytes(res.Body)); err != nil || !strings.Contains(e.Preview, "Hello again") {
		t.Errorf("preview %q, %v", e.Preview, err)
	}
}

func FuzzPacked(f *testing.F) {
	f.Add(Stream(CodePage(1251), Props(Named("x"), Binary(0x1009, body.Compress(body.ToRTF("x"))), Binary(0x1013, []byte("<p>"))), File(Text(0x3707, "a"), Object(0x3701, Stream(Props(Wide(0x1000, "x")))))))
	f.Fuzz(func(t *testing.T, packed []byte) {
		data := winmail("", packed)
		e, _, _, err := mail.Read(tandem.Bytes(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range e.Files {
			a, err := mail.View{}.AttachmentOf(eas.Record{Body: tandem.Bytes(data)}, i)
			if err != nil {
				t.Fatal(err)
			}
			in, err := a.Raw(0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Fatal(err)
			}
			in.Close()
		}
		if _, err := (mail.View{}).Get(data, eas.Options{Version: eas.V161, Attachment: func(int) string { return "1" }}); err != nil {
			t.Fatal(err)
		}
	})
}
