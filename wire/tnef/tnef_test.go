package tnef_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"tandem/internal/corpus"
	"tandem/wire/tnef"
	. "tandem/wire/tnef/tneftest"
)

// told is a message in short: its texts and files, with what is at their places.
func told(t testing.TB, data []byte, m *tnef.Message) string {
	t.Helper()
	at := func(s tnef.Span) string {
		if s.Off < 0 || s.Len < 0 || s.Off+s.Len > int64(len(data)) {
			t.Fatalf("%+v is not in %d bytes", s, len(data))
		}
		return strings.ReplaceAll(string(data[s.Off:s.Off+s.Len]), "\x00", "")
	}
	var out []string
	add := func(name, text string) {
		if text != "" {
			out = append(out, name+"="+text)
		}
	}
	add("class", m.Class)
	add("subject", m.Subject)
	for name, text := range map[string]*tnef.Text{"plain": m.Plain, "html": m.HTML} {
		if text != nil {
			add(name, at(text.Span)+"/"+text.Charset)
		}
	}
	if m.Rich != nil {
		add("rich", at(*m.Rich))
	}
	for _, f := range m.Files {
		s := f.Name
		for _, more := range []string{f.Media, f.ID, f.Place} {
			if more != "" {
				s += "," + more
			}
		}
		if f.Hidden {
			s += ",hidden"
		}
		if f.Inner != nil {
			s += ",{" + told(t, data, f.Inner) + "}"
		} else {
			s += "," + at(f.Data)
		}
		add("file", s)
	}
	if m.Cut {
		out = append(out, "cut")
	}
	return strings.Join(out, " ")
}

func TestRead(t *testing.T) {
	title := func(s string) []byte { return Attribute(2, 0x00018010, []byte(s+"\x00")) }
	begin := Attribute(2, 0x00069002, make([]byte, 14))
	inner := Stream(Props(Wide(0x37, "Inside"), Wide(0x1000, "Hi")), File(Text(0x3707, "a.txt"), Binary(0x3701, []byte("aaa"))))
	deep := inner
	for range 20 {
		deep = Stream(File(Text(0x3001, "level"), Object(0x3701, deep)))
	}
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", Stream(), ""},
		{"attributes", Stream(CodePage(1251), Attribute(1, 0x00078008, []byte("IPM.Note\x00")), Attribute(1, 0x00018004, []byte("\xcf\xeb\xe0\xed\x00")), Attribute(1, 0x0002800c, []byte("text\x00"))),
			"class=IPM.Note subject=План plain=text/windows-1251"},
		{"properties", Stream(Props(Named("odd"), Many(0x1234, "a", "bcd"), Text(0x1a, "IPM.X"), Text(0x37, "Plan"), Wide(0x1000, "Hello"), Binary(0x1009, []byte("some compressed RTF")))),
			"class=IPM.X subject=Plan plain=Hello/utf-16le rich=some compressed RTF"},
		{"HTML before its code page", Stream(Props(Binary(0x1013, []byte("<p>x</p>")), Long(0x3fde, 20866))), "html=<p>x</p>/koi8-r"},
		{"HTML as text", Stream(Props(Text(0x1013, "<p>x</p>"))), "html=<p>x</p>/windows-1252"},
		{"HTML of an odd code page", Stream(Props(Binary(0x1013, []byte("<p>x</p>")), Long(0x3fde, 99))), "html=<p>x</p>/"},
		{"old files", Stream(begin, title("A.TXT"), Attribute(2, 0x0006800f, []byte("aaa")), begin, Attribute(2, 0x0006800f, []byte("bbb")), title("B.TXT")), "file=A.TXT,aaa file=B.TXT,bbb"},
		{"files", Stream(begin, title("LONGNA~1.TXT"), File(Wide(0x3707, "ünd.png"), Text(0x370e, "image/png"), Text(0x3712, "x@y"), Text(0x3713, "http://x"), Long(0x3714, 4), Binary(0x3701, []byte("data")))),
			"file=LONGNA~1.TXT, file=ünd.png,image/png,x@y,http://x,hidden,data"},
		{"a long name counts", Stream(begin, title("LONGNA~1.TXT"), Attribute(2, 0x00069005, append([]byte{1, 0, 0, 0}, Text(0x3707, "long name.txt")...))), "file=long name.txt,"},
		{"hidden", Stream(File(Text(0x3704, "a"), Bool(0x7ffe))), "file=a,hidden,"},
		{"a message within", Stream(File(Text(0x3001, "its name"), Object(0x3701, inner)), File(Text(0x3704, "b"))),
			"file=its name,{subject=Inside plain=Hi/utf-16le file=a.txt,aaa} file=b,"},
		{"an object that is none", Stream(File(Text(0x3001, "ole"), Object(0x3701, []byte("abcdef")))), "file=ole,abcdef"},
		{"garbage at the end", append(Stream(Attribute(1, 0x00018004, []byte("x\x00"))), "garbage"...), "subject=x cut"},
		{"cut in an attribute", Stream(Attribute(1, 0x00018004, []byte("subject\x00")))[:18], "cut"},
		{"cut in a header", append(Stream(), 1, 4), "cut"},
		{"cut properties", Stream(Attribute(1, 0x00069003, []byte{9, 0, 0, 0, 3, 0, 1, 0, 1, 0, 0, 0})), "cut"},
		{"a size that lies", Stream(Attribute(1, 0x00069003, []byte{1, 0, 0, 0, 2, 1, 0, 0x10, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})), "cut"},
		{"a count that lies", Stream(Attribute(1, 0x00069003, []byte{1, 0, 0, 0, 3, 0x10, 0, 0x10, 0xff, 0xff, 0xff, 0xff})), "cut"},
		{"a type that is none", Stream(Props(append([]byte{0x99, 0, 1, 0}, 1, 2, 3, 4))), "cut"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{"at once": bytes.NewReader(c.in), "by bytes": iotest.OneByteReader(bytes.NewReader(c.in))} {
				m, err := tnef.Read(r)
				if err != nil {
					t.Fatal(err)
				}
				if got := told(t, c.in, m); got != c.want {
					t.Errorf("%s: %q\nwant %q", name, got, c.want)
				}
			}
		})
	}
	m, err := tnef.Read(bytes.NewReader(deep))
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for ; len(m.Files) == 1 && m.Files[0].Inner != nil; depth++ {
		m = m.Files[0].Inner
	}
	if depth != 5 {
		t.Errorf("read to a depth of %d", depth)
	}
}

func TestReadNone(t *testing.T) {
	for _, in := range []string{"", "abc", "From: a@b\r\n\r\nx", "\x78\x9f\x3e"} {
		if _, err := tnef.Read(strings.NewReader(in)); !errors.Is(err, tnef.ErrFormat) {
			t.Errorf("%q: %v", in, err)
		}
	}
	broken := errors.New("the disk is broken")
	for _, n := range []int{0, 3, 6, 20} {
		in := io.MultiReader(bytes.NewReader(Stream(CodePage(1252), CodePage(1252))[:n]), iotest.ErrReader(broken))
		if _, err := tnef.Read(in); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// TestManyFiles: there is a bound on what a stream may hold.
func TestManyFiles(t *testing.T) {
	in := Stream(bytes.Repeat(File(Text(0x3704, "a")), 600))
	m, err := tnef.Read(bytes.NewReader(in))
	if err != nil || len(m.Files) != 500 || !m.Cut {
		t.Errorf("%d files, cut %v, %v", len(m.Files), m.Cut, err)
	}
}

// TestCorpus reads what programs have written, and what was damaged since.
func TestCorpus(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(corpus.Dir(t), "mime", "tnef-MimeKit", "*.tnef"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no samples, %v", err)
	}
	want := map[string]string{
		"attachments": "zappa_av1.jpg:2937 bookmark.htm:85805 +rich", "body": "+html", "data-before-name": "AUTOEXEC.BAT:0 CONFIG.SYS:0 boot.ini:289 +rich", "garbage-at-end": "+cut",
		"long-filename": "allproductsmar2000.dat:279 +rich", "missing-filenames": "generpts.src:61210 TechlibDEC99.doc:33792 TechlibDEC99-JAN00.doc:34304 TechlibNOV99.doc:33792 +rich",
		"multi-name-property": "", "multi-value-attribute": "208225__5_seconds__Voice_Mail.mp3:10656 +rich", "one-file": "AUTHORS:244", "panic": "image001.jpg:11250 image002.jpg:9583 image003.png:7147 +html +cut",
		"rtf": "+rich", "triples": "+plain +rich", "two-files": "AUTHORS:244 README:893", "unicode-mapi-attr-name": "spaconsole2.cfg:8387 image001.png:3815 image002.png:3573 image003.png:3792 +html",
		"unicode-mapi-attr": "example.dat:1024 +html", "winmail": "Untitled Attachment:29184 Untitled Attachment:68608 +rich",
	}
	for _, path := range list {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "tnef__"), ".tnef")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := tnef.Read(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			told(t, data, m)
			var out []string
			for _, f := range m.Files {
				out = append(out, fmt.Sprintf("%s:%d", f.Name, f.Data.Len))
			}
			for mark, there := range map[string]bool{"+html": m.HTML != nil, "+plain": m.Plain != nil} {
				if there {
					out = append(out, mark)
				}
			}
			if m.Rich != nil {
				out = append(out, "+rich")
			}
			if m.Cut {
				out = append(out, "+cut")
			}
			if got := strings.Join(out, " "); got != want[name] {
				t.Errorf("%q, want %q", got, want[name])
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Stream(CodePage(1251), Props(Named("x"), Many(0x1234, "a"), Binary(0x1013, []byte("<p>"))), File(Text(0x3707, "a"), Object(0x3701, Stream(Props(Wide(0x1000, "x")))))))
	f.Add(Stream(Attribute(1, 0x00069003, []byte{1, 0, 0, 0, 3, 0x10, 0, 0x10, 0xff, 0xff, 0xff, 0xff})))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := tnef.Read(bytes.NewReader(in))
		if err != nil {
			if !errors.Is(err, tnef.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		told(t, in, m)
	})
}
