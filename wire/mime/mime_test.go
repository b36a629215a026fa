package mime

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tandem/internal/corpus"
)

func scan(t testing.TB, text string) *Part {
	t.Helper()
	p, err := Scan(strings.NewReader(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTree(t *testing.T) {
	text := strings.ReplaceAll(`From: Anna <anna@example.org>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Content-Type: multipart/mixed; boundary="x y"

preamble
--x y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe=20
line two
--x y
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/alternative; boundary=in

--in

one
--in
Content-Type: text/html

<b>two</b>
--in--
--x y
Content-Type: application/pdf; name*0*=utf-8''%c3%bc; name*1=ber.pdf
Content-Disposition: attachment
Content-Transfer-Encoding: base64
Content-ID: <id@x>

aGVs
bG8=
--x y--
epilogue
`, "\n", "\r\n")
	p := scan(t, text)
	if p.Header.Text("subject") != "Grüße" || p.Type != "multipart/mixed" || len(p.Parts) != 3 || p.End != int64(len(text)) {
		t.Fatalf("%+v", p)
	}
	one := p.Find("1")
	got, whole, err := one.Text(one.Section(strings.NewReader(text)), 1000)
	if got != "Grüße \r\nline two" || !whole || err != nil {
		t.Errorf("text: %q, %v, %v", got, whole, err)
	}
	if one.Lines != 1 {
		t.Errorf("%d lines", one.Lines)
	}
	inner := p.Find("2.1")
	if inner.Header.Get("Subject") != "inner" || len(inner.Parts) != 2 || inner.Parts[1].Type != "text/html" || inner.Parts[1].Path != "2.1.2" {
		t.Errorf("inner: %+v", inner)
	}
	if got := text[inner.Start:inner.End]; !strings.HasPrefix(got, "Subject: inner") || !strings.HasSuffix(got, "--in--") {
		t.Errorf("the inner message is %q", got)
	}
	pdf := p.Find("3")
	data, err := io.ReadAll(iotest.OneByteReader(pdf.Decode(pdf.Section(strings.NewReader(text)))))
	if string(data) != "hello" || err != nil || pdf.Name != "über.pdf" || pdf.ID != "id@x" || pdf.Disposition != "attachment" {
		t.Errorf("file: %q, %v, %+v", data, err, pdf)
	}
}

func TestBroken(t *testing.T) {
	for name, c := range map[string]struct{ text, body string }{
		"no header":              {"just text\nmore", "just text\nmore"},
		"no empty line":          {"Subject: a\nhello there\nmore", "hello there\nmore"},
		"mailbox line":           {"From anna Mon\nSubject: a\n\nx", "x"},
		"header only":            {"Subject: a\n", ""},
		"nothing":                {"", ""},
		"empty":                  {"\n", ""},
		"almost empty line":      {"Subject: a\n \nx", "x"},
		"long line":              {"Subject: " + strings.Repeat("a", 100_000) + "\n\nx", "x"},
		"a boundary never comes": {"Content-Type: multipart/mixed; boundary=b\n\nx\n--c\n", "x\n--c\n"},
	} {
		p := scan(t, c.text)
		if got := c.text[p.Body:p.End]; got != c.body && !(name == "almost empty line" && strings.HasSuffix(got, "x")) {
			t.Errorf("%s: the body is %q", name, got)
		}
	}
}

func TestDecodeText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                     "plain",
		"=?UTF-8?B?w7xiZXI=?= =?UTF-8?Q?_all?=":     "über all",
		"=?utf-8?B?w7w?=":                           "ü",
		"=?utf-8?q?=C3?= =?utf-8?q?=BC?=":           "ü",
		"a =?iso-8859-1?q?=FC?= b":                  "a ü b",
		"=?iso-8859-1*de?q?=FC?=":                   "ü",
		"=?x?y":                                     "=?x?y",
		"=?utf-8?x?abc?=":                           "=?utf-8?x?abc?=",
		"M\xfcller":                                 "Müller",
		"Müller":                                    "Müller",
		"=?unknown?q?a_b?=":                         "a b",
		"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=":        "日本",
		"=?utf-7?q?Hi_Mom_+Jjo-!?=":                 "Hi Mom ☺!",
		"=?gb2312?B?xOO6ww==?= =?big5?B?p0Gmbg==?=": "你好你好",
	} {
		if got := DecodeText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"a@b.c":                              "|a@b.c",
		`"Adams, Anna" <a@b.c>, Ben <b@c.d>`: "Adams, Anna|a@b.c Ben|b@c.d",
		"a@b.c (Anna A)":                     "Anna A|a@b.c",
		"Team: a@b.c, Ben <b@c.d>;, c@d.e":   "|a@b.c Ben|b@c.d |c@d.e",
		"=?utf-8?q?J=C3=BCrgen?= <j@x.y>":    "Jürgen|j@x.y",
		`"=?utf-8?q?J=C3=BCrgen?=" <j@x.y>`:  "Jürgen|j@x.y",
		"undisclosed-recipients:;":           "",
		"<@relay:a@b.c>":                     "|a@b.c",
		`"never closed <a@b.c>`:              "never closed <a@b.c>|",
		"Anna <a@b.c> Ben <b@c.d>":           "Anna|a@b.c Ben|b@c.d",
		"Anna Adams":                         "Anna Adams|",
		`"quo\"te" <a@b.c>`:                  `quo"te|a@b.c`,
		"a@b.c; b@c.d":                       "|a@b.c |b@c.d",
		"":                                   "",
	} {
		var got []string
		for _, a := range ParseAddresses(in) {
			got = append(got, a.Name+"|"+a.Email)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	want := time.Date(2026, 11, 2, 9, 5, 7, 0, time.UTC)
	for _, in := range []string{"Mon, 2 Nov 2026 09:05:07 +0000", "2 Nov 2026 09:05:07 GMT", "Mon, 02 Nov 2026 10:05:07 +0100 (CET)", "Mon, 2 Nov 26 4:05:07 EST",
		"Mon Nov 2 09:05:07 2026", "Mon Nov  2 09:05:07 UTC 2026", "2026-11-02T09:05:07Z", "Monday, 2 Nov 2026 09:05:07 XYZ"} {
		if got, ok := ParseDate(in); !ok || !got.Equal(want) {
			t.Errorf("%s: %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "tomorrow", "32 Foo 2026"} {
		if got, ok := ParseDate(in); ok {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestQuotedPrintable(t *testing.T) {
	p := &Part{Encoding: "quoted-printable"}
	long := strings.Repeat("=41", 10_000)
	for in, want := range map[string]string{"a=\r\nb": "ab", "a=20\r\nb": "a \r\nb", "a  \r\nb": "a\r\nb", "=3D=3d": "==", "=XY=": "=XY", "caf=E9": "caf\xe9", long: strings.Repeat("A", 10_000)} {
		got, err := io.ReadAll(p.Decode(strings.NewReader(in)))
		if string(got) != want || err != nil {
			t.Errorf("%.40q: %.60q, %v", in, got, err)
		}
	}
}

// TestLimits: what is too much is left out of the tree, and the message is read to its end all the same.
func TestLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b\n" + strings.Repeat("X: y\n", 5000) + "\n")
	for range 10_000 {
		b.WriteString("--b\n\nx\n")
	}
	b.WriteString("--b--\n")
	p := scan(t, b.String())
	if len(p.Parts) != 999 || len(p.Header) != 1000 || p.End != int64(b.Len()) {
		t.Errorf("%d parts, %d fields", len(p.Parts), len(p.Header))
	}
	b.Reset()
	for range 100 {
		b.WriteString("Content-Type: message/rfc822\n\n")
	}
	depth := 0
	for p := scan(t, b.String()); len(p.Parts) > 0; p = p.Parts[0] {
		depth++
	}
	if depth > 20 {
		t.Errorf("%d deep", depth)
	}
	if p := scan(t, "A: "+strings.Repeat("b\n c", 1<<20)+"\n\nx"); len(p.Header.Get("a")) > 300<<10 {
		t.Errorf("a field of %d bytes was kept", len(p.Header.Get("a")))
	}
}

// sound checks what holds of every tree: parts lie one behind another within the part around them, their bodies are what the message has there, and each read by itself is built as it is within the message.
func sound(t *testing.T, root *Part, data []byte) {
	t.Helper()
	paths := map[string]bool{}
	var walk func(p *Part)
	walk = func(p *Part) {
		if p.Start < 0 || p.Start > p.Body || p.Body > p.End || p.End > int64(len(data)) {
			t.Fatalf("%q: from %d, body from %d to %d, of %d", p.Path, p.Start, p.Body, p.End, len(data))
		}
		if paths[p.Path] || root.Find(p.Path) != p {
			t.Fatalf("two parts at %q", p.Path)
		}
		paths[p.Path] = true
		body, err := io.ReadAll(p.Section(bytes.NewReader(data)))
		if err != nil || !bytes.Equal(body, data[p.Body:p.End]) {
			t.Fatalf("%q: the section is %q, %v", p.Path, body, err)
		}
		if n := int64(bytes.Count(body, []byte("\n"))); n != p.Lines {
			t.Fatalf("%q has %d lines, says %d: %q", p.Path, n, p.Lines, body)
		}
		decoded, err := io.ReadAll(p.Decode(bytes.NewReader(body)))
		if err != nil || len(decoded) > len(body) {
			t.Fatalf("%q: %d bytes became %d, %v", p.Path, len(body), len(decoded), err)
		}
		at := p.Body
		for _, c := range p.Parts {
			if c.Start < at || c.End > p.End {
				t.Fatalf("%q lies from %d to %d, within %d to %d", c.Path, c.Start, c.End, at, p.End)
			}
			at = c.End
			walk(c)
		}
	}
	walk(root)
	again, err := Scan(iotest.HalfReader(bytes.NewReader(data)), Limits{})
	if err != nil || !reflect.DeepEqual(again, root) {
		t.Fatalf("read again in other pieces: %v, %+v, and not %+v", err, again, root)
	}
}

// TestCorpus: every message and fragment of the corpora is read, and its parts lie where parts can lie.
func TestCorpus(t *testing.T) {
	n := 0
	err := filepath.WalkDir(filepath.Join(corpus.Dir(t), "mime"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		p, err := Scan(iotest.HalfReader(bytes.NewReader(data)), Limits{})
		if err != nil {
			return err
		}
		sound(t, p, data)
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d files: %v", n, err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n--a--\n"))
	f.Add([]byte("Content-Type: multipart/digest; boundary=a\n\n--a\n\n\n--a\nX\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Scan(bytes.NewReader(data), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		sound(t, p, data)
		p.Walk(func(c *Part) bool {
			_, _, err := c.Text(c.Section(bytes.NewReader(data)), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			c.Header.Addresses("From")
			c.Header.Date("Date")
			c.Header.Text("Subject")
			return true
		})
	})
}
