package mail

import (
	"bytes"
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/wire/mime"
)

func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

func read(t testing.TB, data []byte) (*Envelope, string) {
	t.Helper()
	e, text, _, err := Read(tandem.Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	return e, text
}

const rich = `Return-Path: <x@y>
Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0100
From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>
To: Anna <anna@example.org>, ben@example.org
Subject: AW: Re[2]: Plan
Message-ID: <3@example.org>
In-Reply-To: <2@example.org>
References: <1@example.org> <2@example.org>
Date: Mon, 2 Nov 2026 09:00:00 +0100
Importance: High
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8; format=flowed

The plan is 
attached.
> quoted 
> text

--a
Content-Type: text/html

<p>The plan is <b>attached</b>.<img src="cid:logo"></p>
--a--
--r
Content-Type: image/png
Content-ID: <logo>
Content-Transfer-Encoding: base64

iVBORw==
--r--
--m
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

JVBERi0x
--m
Content-Type: message/rfc822

Subject: older

hello
--m--
`

func TestEnvelope(t *testing.T) {
	e, text := read(t, crlf(rich))
	if e.Subject != "AW: Re[2]: Plan" || e.Topic != "Plan" || e.From[0] != (mime.Address{Name: "Jürgen", Email: "juergen@example.org"}) || len(e.To) != 2 ||
		e.MessageID != "3@example.org" || e.References[0] != "1@example.org" || e.Urgency != 1 || e.Date != 1793606400 || e.Arrived != 1793610000 || e.Auto {
		t.Errorf("%+v", e)
	}
	if e.Preview != "The plan is attached. > quoted text" {
		t.Errorf("preview %q", e.Preview)
	}
	if len(e.Plain) != 1 || len(e.HTML) != 1 || len(e.Files) != 3 {
		t.Fatalf("structure: %+v", e)
	}
	logo, pdf, eml := e.Files[0], e.Files[1], e.Files[2]
	if !logo.Inline || logo.ID != "logo" || pdf.Inline || pdf.Name != "plan.pdf" || pdf.Size != 6 || eml.Name != "older.eml" || eml.Type != "message/rfc822" {
		t.Errorf("files: %+v", e.Files)
	}
	r, err := pdf.Open(tandem.Bytes(crlf(rich)))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); string(data) != "%PDF-1" || err != nil {
		t.Errorf("file: %q, %v", data, err)
	}
	html, err := e.Markup(tandem.Bytes(crlf(rich)), 1<<20)
	if !strings.Contains(html, "<b>attached</b>") || err != nil {
		t.Errorf("markup: %q, %v", html, err)
	}
	for _, want := range []string{"juergen@example.org", "plan.pdf", "attached", "Plan"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not searched", want)
		}
	}
	again, ok := ParseEnvelope(e.Marshal())
	if !ok || !reflect.DeepEqual(again, e) {
		t.Errorf("kept as %+v", again)
	}
	if _, ok := ParseEnvelope([]byte(`{"v":0}`)); ok {
		t.Error("an envelope of an older program passes")
	}
}

func TestClasses(t *testing.T) {
	for want, head := range map[Class]string{
		Plain:     "Subject: x\n\n",
		Signed:    "Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"\n\n--b\n\nhi\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nxx\n--b--\n",
		Opaque:    "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nxx\n",
		Encrypted: "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n",
		Meeting:   "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n",
		Report:    "Content-Type: multipart/report; boundary=b\n\n--b\n\nbounced\n--b\nContent-Type: message/delivery-status\n\nx\n--b--\n",
	} {
		if e, _ := read(t, []byte(head)); e.Class != want || want == Meeting && (e.Method != "REQUEST" || len(e.Files) != 0) {
			t.Errorf("%q: %+v", want, e)
		}
	}
}

// TestDigest: line ends do not count, everything else does.
func TestDigest(t *testing.T) {
	sum := func(s string) tandem.Digest {
		d, err := Handler{}.DigestReader(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		info, err := Handler{}.Inspect([]byte(s))
		if err != nil || info.Digest != d {
			t.Fatalf("%q: %v, %v", s, d, info.Digest)
		}
		return d
	}
	if sum("a\r\nb\r\n") != sum("a\nb\n") {
		t.Error("line ends count")
	}
	for _, s := range []string{"a\rb\r\n", "a\nb", "ab\n", "a\n\nb\n", "a\nb\n\r"} {
		if sum(s) == sum("a\nb\n") {
			t.Errorf("%q does not count", s)
		}
	}
}

func TestMerge(t *testing.T) {
	a, b, c := []byte("Subject: a\r\n\r\n1\r\n"), []byte("Subject: b\r\n\r\n1\r\n"), []byte("Subject: a\n\n1\n")
	for name, tt := range map[string]struct {
		base, a, b, want []byte
		clashes          int
	}{
		"only a changed":   {a, b, a, b, 0},
		"only b changed":   {a, a, b, b, 0},
		"both alike":       {a, b, b, b, 0},
		"line ends only":   {a, c, a, c, 0},
		"without a base":   {nil, a, c, a, 0},
		"both differently": {a, b, []byte("x"), b, 1},
	} {
		m, err := Handler{}.Merge(tt.base, tt.a, tt.b)
		if err != nil || !bytes.Equal(m.Body, tt.want) || len(m.Clashes) != tt.clashes {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func TestFlags(t *testing.T) {
	f := Flags{Seen: true, Flagged: true, Received: 17, Keywords: []string{"Work", "später"}, Task: "<x/>"}
	if got := FlagsOf(f.Attrs()); !reflect.DeepEqual(got, f) {
		t.Errorf("%+v", got)
	}
	base := Flags{Received: 5}.Attrs()
	a := Flags{Received: 5, Seen: true, Keywords: []string{"x"}}.Attrs()
	b := Flags{Received: 5, Flagged: true}.Attrs()
	for range 2 { // it does not matter which side is which
		got := FlagsOf(Handler{}.MergeAttrs(base, a, b))
		if !got.Seen || !got.Flagged || got.Received != 5 || len(got.Keywords) != 1 {
			t.Errorf("%+v", got)
		}
		a, b = b, a
	}
	if got := FlagsOf(Handler{}.MergeAttrs(a, Flags{}.Attrs(), a)); got.Seen || len(got.Keywords) != 0 {
		t.Errorf("what was taken away is back: %+v", got)
	}
}

func TestTopic(t *testing.T) {
	for in, want := range map[string]string{"Re: a": "a", "RE: Fwd: AW: a": "a", "a: b": "a: b", "Re[3]: a": "a", "": "", "Re:": "", "回复: a": "a"} {
		if got := Topic(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestConversation(t *testing.T) {
	first, _ := read(t, []byte("Message-ID: <1@x>\n\n"))
	second, _ := read(t, []byte("Message-ID: <2@x>\nIn-Reply-To: <1@x>\n\n"))
	third, _ := read(t, []byte("Message-ID: <3@x>\nReferences: <1@x> <2@x>\n\n"))
	other, _ := read(t, []byte("Message-ID: <4@x>\n\n"))
	if first.Conversation() != second.Conversation() || first.Conversation() != third.Conversation() || first.Conversation() == other.Conversation() {
		t.Error("answers are not of the conversation of what they answer")
	}
}

// TestCorpus: every message of the corpora is read without an error, twice alike, and its pieces lie within it.
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
		e, _ := read(t, data)
		if e.Size != int64(len(data)) {
			t.Errorf("%s: %d bytes of %d", path, e.Size, len(data))
		}
		if again, ok := ParseEnvelope(e.Marshal()); !ok || !reflect.DeepEqual(again, e) {
			t.Errorf("%s: the envelope does not survive being kept", path)
		}
		for _, f := range e.Files {
			r, err := f.Open(tandem.Bytes(data))
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Errorf("%s, %s: %v", path, f.Name, err)
			}
			r.Close()
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d messages: %v", n, err)
	}
}

// endless is a message of a size that no memory should hold.
type endless struct{ size int64 }

func (e endless) Size() int64 { return e.size }

func (e endless) Open() (io.ReadCloser, error) {
	head := "Subject: large\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
	line := strings.Repeat("A", 76) + "\n"
	return io.NopCloser(io.MultiReader(strings.NewReader(head), io.LimitReader(&cycle{line: line}, e.size), strings.NewReader("\n--b--\n"))), nil
}

type cycle struct {
	line string
	at   int
}

func (c *cycle) Read(p []byte) (int, error) {
	n := copy(p, c.line[c.at:])
	c.at = (c.at + n) % len(c.line)
	return n, nil
}

// TestLargeMessage: a message of 200 MB is read in a few megabytes.
func TestLargeMessage(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	info, err := Handler{}.InspectBody(endless{200 << 20})
	runtime.ReadMemStats(&after)
	if err != nil || info.Summary.Title != "large" {
		t.Fatalf("%+v, %v", info, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were used", used)
	}
	e, ok := ParseEnvelope(info.Index.Sketch)
	if !ok || len(e.Files) != 1 || e.Files[0].Name != "a.zip" || e.Preview != "hello" {
		t.Errorf("%+v", e)
	}
}

// TestReadingIsSmall: a mailbox is hundreds of thousands of small messages, and what each takes to be read is what a first sync of them costs.
func TestReadingIsSmall(t *testing.T) {
	body := tandem.Bytes("From: Anna <anna@example.org>\r\nTo: bert@example.org\r\nSubject: Letter\r\nMessage-ID: <1@example.org>\r\nDate: Wed, 1 Jan 2025 10:00:00 +0000\r\n\r\nA short letter.\r\n")
	const count = 500
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range count {
		if _, _, _, err := Read(body); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got, most := (after.TotalAlloc-before.TotalAlloc)/count, uint64(16<<10); got > most {
		t.Errorf("a message of %d bytes takes %d to be read, want at most %d", len(body), got, most)
	}
}

// TestPreview: words with one blank between them, cut at a number of characters; what is no character counts as one, and is shown as such where the text is cut.
func TestPreview(t *testing.T) {
	long := strings.Repeat("wörds ", 60)
	whole := strings.TrimSpace(long)
	for in, want := range map[string]string{
		"":                                "",
		" \r\n\t ":                        "",
		" one \n\n two\u00a0three\t":      "one two three",
		long:                              string([]rune(whole)[:previewMax]),
		strings.Repeat("x", 254) + " y":   strings.Repeat("x", 254) + " ",
		strings.Repeat("x", 255) + " y":   strings.Repeat("x", 255),
		strings.Repeat("x", 256):          strings.Repeat("x", 255),
		"bad \xff\xfe bytes":              "bad \xff\xfe bytes",
		"\xff" + strings.Repeat("é", 300): "\uFFFD" + strings.Repeat("é", 254),
	} {
		if got := preview(in); got != want {
			t.Errorf("%.40q: %q, want %q", in, got, want)
		}
	}
}

// TestDigestWhateverThePieces: however a message is handed over, its digest is that of its bytes with line ends made equal.
func TestDigestWhateverThePieces(t *testing.T) {
	text := []byte(strings.Repeat("a line\r\nand another\n\rodd\r\r\n", 200) + strings.Repeat("long", 2000) + "\r\nend\r")
	want := tandem.Digest(sha256.Sum256(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	for _, piece := range []int{1, 2, 3, 7, 100, 2047, 2048, 2049, len(text)} {
		d := newDigest()
		for p := range slices.Chunk(text, piece) {
			if n, err := d.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		}
		if got := d.sum(); got != want {
			t.Errorf("pieces of %d: %x, want %x", piece, got, want)
		}
	}
}

func TestUnixLines(t *testing.T) {
	for _, in := range []string{"", "a", "\r", "\r\n", "\n\r", "a\r\nb\r\n", "\r\r\n\r", "a\rb\r\n\r\n", strings.Repeat("line\r\n", 100)} {
		if got, want := unixLines(in), strings.ReplaceAll(in, "\r\n", "\n"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
