package body

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/internal/corpus"
)

func TestToPlain(t *testing.T) {
	for html, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"a<br>b<br/>c":             "a\nb\nc",
		"<p>a</p><p>b</p>":         "a\n\nb",
		"<div>a</div><div>b</div>": "a\nb",
		"<html><head><title>T</title><style>p{}</style></head><body>x":    "x",
		"a<script>alert(1)</script>b":                                     "ab",
		"  a \n b\t<b>c</b> d ":                                           "a b c d",
		"<ul><li>one<li>two</ul>after":                                    "- one\n- two\n\nafter",
		"<table><tr><td>a<td>b</tr><tr><td>c</td><td>d</td></tr></table>": "a b\nc d",
		"&lt;tag&gt; &amp; &eacute;&nbsp;x":                               "<tag> & é x",
		`<a href="https://x.example/p">here</a>.`:                         "here <https://x.example/p>.",
		`<a href="mailto:a@x.example">a@x.example</a>`:                    "a@x.example",
		`<a href="#top">up</a>`:                                           "up",
		"<pre>  a\n   b</pre>":                                            "  a\n   b",
		"a<br><br>b":                                                      "a\n\nb",
		"<p>unclosed <b>bold":                                             "unclosed bold",
	} {
		if got := ToPlain(html); got != want {
			t.Errorf("%q is %q, want %q", html, got, want)
		}
	}
}

func TestSanitize(t *testing.T) {
	for html, without := range map[string]string{
		`<b onclick="x()">a</b>`:                                  "onclick",
		`<script>x()</script>a`:                                   "x()",
		`<img src="https://track.example/1.gif">a`:                "track",
		`<a href="javascript:x()">a</a>`:                          "javascript",
		`<iframe src="https://x.example"></iframe>a`:              "iframe",
		`<div style="background:url(https://x.example/)">a</div>`: "url",
	} {
		if got := Sanitize(html); strings.Contains(got, without) || !strings.Contains(got, "a") {
			t.Errorf("%q is %q", html, got)
		}
	}
	if got := Sanitize(`<p>a <b>b</b> <a href="https://x.example/">c</a></p>`); !strings.Contains(got, "<b>b</b>") || !strings.Contains(got, "https://x.example/") {
		t.Errorf("formatting is lost: %q", got)
	}
}

func texts() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab <>&\\{}\t\n\n  é€😀;'\"-0")), 0, 60, -1)
}

// Plain text that goes through HTML or RTF comes back.
func TestPlainRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := texts().Draw(t, "text")
		if got := ToPlain(ToHTML(s)); loose(got) != loose(strings.ReplaceAll(s, "\t", "    ")) {
			t.Fatalf("%q through HTML is %q: %q", s, got, ToHTML(s))
		}
		if got := FromRTF(ToRTF(s)); got != strings.TrimRight(s, "\n") {
			t.Fatalf("%q through RTF is %q: %q", s, got, ToRTF(s))
		}
	})
}

func TestFromRTF(t *testing.T) {
	for rtf, want := range map[string]string{
		`{\rtf1\ansi\ansicpg1252\pard hello world}`:                                            "hello world",
		`{\rtf1\ansi{\fonttbl{\f0 Arial;}{\f1 X;}}{\*\generator Y;}{\colortbl;\red0;}a\par b}`: "a\nb",
		`{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}`:                                    "Привет",
		`{\rtf1 \u8364?\u-10179?\u-8704?x}`:                                                    "€😀x",
		`{\rtf1{\uc2\u8364\'80\'80}y}`:                                                         "€y",
		`{\rtf1 a\~b\_c\tab d\line e\{\}\\}`:                                                   "a b-c\td\ne{}\\",
		`{\rtf1\bin3 {}}z}`:                                                                    "z",
		`{\rtf1{\pict\bin2 xx 0123}{\info{\title T}}q}`:                                        "q",
		`{\rtf1 \lquote a\rquote\emdash\bullet}`:                                               "‘a’—•",
		"plain":                                                                                "plain",
		"{{{{":                                                                                 "", `\`: "", `{\rtf1 \'`: "", `{\rtf1 \u`: "", "}}}}a": "a", `\'zzb`: "b",
	} {
		if got := FromRTF([]byte(rtf)); got != want {
			t.Errorf("%s is %q, want %q", rtf, got, want)
		}
	}
}

// The example of MS-OXRTFCP 4.1.1, and 4.1.2 whose reference crosses the place of writing.
func TestDecompressExamples(t *testing.T) {
	for packed, want := range map[string]string{
		"2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0": "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
		"1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0":                                        "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(packed, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decompress(b); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", packed, got, err)
		}
		for i := range b { // every byte counts, and none makes a panic
			c := bytes.Clone(b)
			c[i] ^= 0x41
			if got, err := Decompress(c); err == nil && string(got) == want && (i < 4 || i > 7) {
				t.Errorf("byte %d does not count", i)
			}
			if _, err := Decompress(b[:i]); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("cut at %d: %v", i, err)
			}
		}
	}
}

func TestCompress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for range rapid.IntRange(0, 30).Draw(t, "parts") {
			part := rapid.SampledFrom([]string{"{\\rtf1", "\\par", "aaaaaaaaaaaaaaaaaaaaaaaaa", "xyz", "\x00\xff"}).Draw(t, "part")
			b = append(b, strings.Repeat(part, rapid.SampledFrom([]int{1, 2, 300}).Draw(t, "times"))...)
		}
		if got, err := Decompress(Compress(b)); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes come back as %d, %v", len(b), len(got), err)
		}
	})
	large := bytes.Repeat([]byte("0123456789"), 20000)
	if got, err := Decompress(Compress(large)); err != nil || !bytes.Equal(got, large) {
		t.Errorf("a large one comes back as %d bytes, %v", len(got), err)
	}
}

// Rich text that Exchange packed, out of the winmail.dat files.
func TestDecompressCorpus(t *testing.T) {
	found := 0
	err := filepath.WalkDir(filepath.Join(corpus.Dir(t), "mime"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for rest, at := data, 0; ; {
			i := bytes.Index(rest, []byte(lzfu))
			if i < 0 {
				return nil
			}
			at += i
			rest = rest[i+4:]
			if at < 8 {
				at += 4
				continue
			}
			b := data[at-8:]
			at += 4
			got, err := Decompress(b)
			if err != nil {
				t.Logf("%s: %v", path, err)
				continue
			}
			found++
			if raw := binary.LittleEndian.Uint32(b[4:]); uint32(len(got)) != raw {
				t.Errorf("%s: %d bytes, the header says %d", path, len(got), raw)
			}
			if text := FromRTF(got); strings.Contains(text, "\\par") {
				t.Errorf("%s: text %q", path, text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no compressed rich text in the corpus")
	}
	t.Logf("%d texts", found)
}

func FuzzFromRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg1252\uc1 \u8364?\'80\par{\*\x}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		FromRTF(b)
		if got, err := Decompress(Compress(b)); err != nil || !bytes.Equal(got, b) {
			t.Fatal(err)
		}
		_, _ = Decompress(b)
	})
}

func FuzzToPlain(f *testing.F) {
	f.Add("<p>a<ul><li>b</ul><a href=x>y</a>")
	f.Fuzz(func(t *testing.T, s string) {
		ToPlain(s)
		ToPlain(Sanitize(s))
		formatted(s)
	})
}
