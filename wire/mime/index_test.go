package mime

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// indexed checks what holds of every index of a body, with a mark every step bytes and no more than most of them.
func indexed(t *testing.T, encoding string, raw []byte, step int64, most int) {
	t.Helper()
	decode := func(raw []byte) []byte {
		out, err := io.ReadAll(Decoder(encoding, bytes.NewReader(raw)))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole := decode(raw)
	if len(whole) > len(raw) || encoding == "base64" && len(whole) > len(raw)/4*3+2 {
		t.Fatalf("%d bytes became %d", len(raw), len(whole))
	}
	ix, err := indexOf(encoding, bytes.NewReader(raw), step, most)
	if err != nil || ix.Size != int64(len(whole)) || len(ix.Marks) > most {
		t.Fatalf("size %d of %d, %d marks, %v", ix.Size, len(whole), len(ix.Marks), err)
	}
	if again, err := indexOf(encoding, iotest.HalfReader(bytes.NewReader(raw)), step, most); err != nil || !reflect.DeepEqual(ix, again) {
		t.Fatalf("read again in other pieces: %+v, %v, and not %+v", again, err, ix)
	}
	if !encoded(encoding) {
		if len(ix.Marks) > 0 || ix.Before(encoding, ix.Size) != (Mark{ix.Size, ix.Size}) || !bytes.Equal(raw, whole) {
			t.Fatalf("%+v of what has no encoding", ix)
		}
		return
	}
	last := Mark{}
	for i, m := range ix.Marks {
		if m.Raw <= last.Raw || m.Decoded < last.Decoded+step || m.Raw > int64(len(raw)) || m.Decoded > ix.Size {
			t.Fatalf("mark %d of %d is %+v after %+v, in %d bytes of %d", i, len(ix.Marks), m, last, ix.Size, len(raw))
		}
		if piece := decode(raw[last.Raw:m.Raw]); !bytes.Equal(piece, whole[last.Decoded:m.Decoded]) {
			t.Fatalf("between %+v and %+v: %q, want %q", last, m, cut(piece), cut(whole[last.Decoded:m.Decoded]))
		}
		if rest := decode(raw[m.Raw:]); !bytes.Equal(rest, whole[m.Decoded:]) {
			t.Fatalf("from %+v: %q, want %q", m, cut(rest), cut(whole[m.Decoded:]))
		}
		for off, want := range map[int64]Mark{m.Decoded - 1: last, m.Decoded: m, m.Decoded + 1: m} {
			if i+1 < len(ix.Marks) && ix.Marks[i+1].Decoded <= off {
				continue
			}
			if got := ix.Before(encoding, off); got != want {
				t.Fatalf("before %d is %+v and not %+v", off, got, want)
			}
		}
		last = m
	}
}

func cut(b []byte) []byte { return b[:min(len(b), 100)] }

// TestIndex: decoding from a mark gives what decoding from the beginning gives, whatever the lines are like.
func TestIndex(t *testing.T) {
	long := func(s string) []byte { return []byte(strings.Repeat(s, (2<<20)/len(s))) }
	for name, c := range map[string]struct {
		encoding string
		raw      []byte
	}{
		"empty":          {"base64", nil},
		"regular":        {"base64", long(strings.Repeat("QUJD", 19) + "\r\n")},
		"one line":       {"base64", long("QUJD")},
		"odd lines":      {"base64", long("QUJDR\nU\n JDQUI\n")},
		"padded pieces":  {"base64", long("QUI=\nQQ==\nQUJDRA==\n")},
		"foreign bytes":  {"base64", long("Q!U-J_D\n*")},
		"quoted":         {"quoted-printable", long("=C3=A9t=C3=A9 = \nand so=\r\n on\r\n")},
		"quoted, no end": {"quoted-printable", long("=41=42")},
		"none":           {"", long("text\n")},
		"unknown":        {"x-uuencode", long("text\n")},
	} {
		t.Run(name, func(t *testing.T) { indexed(t, c.encoding, c.raw, markStep, marksMax) })
	}
}

// TestIndexIsBounded: of a very large body there are no more marks than of a large one.
func TestIndexIsBounded(t *testing.T) {
	ix, err := IndexOf("base64", io.LimitReader(&endless{}, 400<<20))
	if err != nil || len(ix.Marks) > marksMax || len(ix.Marks) < marksMax/4 || ix.Size != 300<<20 {
		t.Errorf("%d marks of %d bytes, %v", len(ix.Marks), ix.Size, err)
	}
	for i, m := range ix.Marks {
		if m.Raw != m.Decoded/3*4 || i > 0 && m.Decoded <= ix.Marks[i-1].Decoded {
			t.Fatalf("mark %d is %+v", i, m)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// TestLongQuotedLines: a line that is longer than what is read at once is decoded as any other, wherever it is cut.
func TestLongQuotedLines(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"==X=3D.", "==X=."}, {"=3==41", "=3=A"}, {"=3D=3D", "=="}, {"===41.", "==A."}, {"=\r\n=41", "A"}, {"x=\n=", "x"}, {"a==\r\nb", "a=b"}, {"==", "="},
	} {
		for before := 4085; before < 4100; before++ {
			a := strings.Repeat("a", before)
			got, err := io.ReadAll(Decoder("quoted-printable", strings.NewReader(a+c.in)))
			if err != nil || string(got) != a+c.want {
				t.Errorf("%q behind %d bytes became %q, %v", c.in, before, got[before:], err)
			}
		}
	}
}

// FuzzIndex makes the steps between marks small, so that a short body has many of them, and fills it up in front, so that marks come where a decoder's buffer ends.
func FuzzIndex(f *testing.F) {
	f.Add(byte(0), uint16(1), uint16(0), []byte("QUI=\nQQ\n=QUJD"))
	f.Add(byte(0), uint16(3), uint16(4090), []byte("QUJDRA==\nQUI\n"))
	f.Add(byte(1), uint16(1), uint16(0), []byte("=41 =\n=4\n=\r\nx \t\r\n="))
	f.Add(byte(1), uint16(7), uint16(4094), []byte("=41==\nA=4=\n"))
	f.Add(byte(2), uint16(1), uint16(0), []byte("text"))
	f.Fuzz(func(t *testing.T, encoding byte, step, before uint16, raw []byte) {
		raw = append(bytes.Repeat([]byte("A"), int(before)%(3*4096)), raw...)
		indexed(t, []string{"base64", "quoted-printable", "8bit"}[encoding%3], raw, int64(step)+1, 16)
	})
}
