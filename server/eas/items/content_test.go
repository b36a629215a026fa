package items

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
)

// endless is a message with an attachment that no memory should hold.
type endless struct{ size int64 }

func (e endless) Size() int64 { return e.size }

func (e endless) Open() (io.ReadCloser, error) {
	head := "Subject: large\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
	return io.NopCloser(io.MultiReader(strings.NewReader(head), io.LimitReader(&cycle{line: strings.Repeat("QUJD", 19) + "\n"}, e.size), strings.NewReader("\n--b--\n"))), nil
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

// TestLargeAttachment: an attachment of 150 MB is read, as a whole and in stretches, in a few megabytes.
func TestLargeAttachment(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	body := endless{77 * (200 << 20 / 77)}
	i := item{HomeRecord: store.HomeRecord{Record: tandem.Record{Body: body}}, view: mail.View{}}
	e, _, _, err := mail.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	i.sketch = e.Marshal()
	content, media, err := i.attached(0)
	if err != nil || media != "application/zip" || content.Size() != body.size/77*57 {
		t.Fatalf("%v, %q, %v", content, media, err)
	}
	for _, s := range []tandem.Body{content, stretch{content, 100 << 20, 10}} {
		in, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, in)
		if in.Close(); err != nil || n != s.Size() {
			t.Errorf("%d of %d bytes, %v", n, s.Size(), err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes were used", used)
	}
}
