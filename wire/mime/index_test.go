package mime

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func indexed(t *testing.T, encoding string, raw []byte) {
	t.Helper()
	whole, err := io.ReadAll(Decoder(encoding, bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	ix, err := IndexOf(encoding, bytes.NewReader(raw))
	if err != nil || ix.Size != int64(len(whole)) || len(ix.Marks) > marksMax {
		t.Fatalf("size %d of %d, %d marks, %v", ix.Size, len(whole), len(ix.Marks), err)
	}
	for off := int64(0); off <= ix.Size; off += max(ix.Size/7, 1) {
		m := ix.Before(encoding, off)
		if m.Decoded > off || m.Raw > int64(len(raw)) {
			t.Fatalf("%+v is not before %d", m, off)
		}
		rest, err := io.ReadAll(Decoder(encoding, bytes.NewReader(raw[m.Raw:])))
		if err != nil || !bytes.Equal(rest, whole[m.Decoded:]) {
			t.Fatalf("from %+v: %d bytes, want %d, %v", m, len(rest), int64(len(whole))-m.Decoded, err)
		}
	}
}

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
		t.Run(name, func(t *testing.T) { indexed(t, c.encoding, c.raw) })
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

func FuzzIndex(f *testing.F) {
	f.Add("base64", []byte("QUI=\nQQ\n"))
	f.Add("quoted-printable", []byte("=41 =\n=4"))
	f.Fuzz(func(t *testing.T, encoding string, raw []byte) {
		if len(raw) > 0 { // long enough for marks
			raw = bytes.Repeat(raw, min((600<<10)/len(raw)+1, 600<<10))
		}
		indexed(t, encoding, raw)
	})
}
