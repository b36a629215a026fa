package outgoing

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"tandem"
)

func TestPublic(t *testing.T) {
	long := strings.Repeat("x", 10000)
	for _, test := range []struct{ name, in, want string }{
		{"none", "To: a\r\n\r\nBcc: b\r\n", "To: a\r\n\r\nBcc: b\r\n"},
		{"one", "To: a\r\nBCC: b\r\nCc: c\r\n\r\nBcc: b\r\n", "To: a\r\nCc: c\r\n\r\nBcc: b\r\n"},
		{"first and folded", "Bcc : b,\r\n\tc\r\n d\r\nTo: a\r\n\r\nx", "To: a\r\n\r\nx"},
		{"last, and no end", "To: a\nBcc: b", "To: a\n"},
		{"long", "Bcc: " + long + "\r\nTo: a\r\nX: " + long + "\r\nResent-Bcc: c\r\n\r\n" + long, "To: a\r\nX: " + long + "\r\n\r\n" + long},
		{"empty", "", ""},
	} {
		b, err := public(tandem.Bytes(test.in))
		if err != nil {
			t.Fatal(err)
		}
		in, err := b.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(in))
		if err != nil || string(got) != test.want || b.Size() != int64(len(test.want)) {
			t.Errorf("%s: %q (%d), %v; want %q", test.name, got, b.Size(), err, test.want)
		}
	}
}
