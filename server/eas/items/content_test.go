package items

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
	"tandem/wire/mime"
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
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	body := endless{77 * (200 << 20 / 77)}
	i := item{HomeRecord: store.HomeRecord{Record: tandem.Record{Body: body}}, view: mail.View{}}
	e, _, _, err := mail.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	i.sketch = e.Marshal()
	content, media, err := new(Service).attached(i, 0)
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

// counted is a body that can be read from any offset, and counts what is read of it.
type counted struct {
	text string
	read *int64
}

func (c counted) Size() int64 { return int64(len(c.text)) }

func (c counted) Open() (io.ReadCloser, error) {
	return &countedReader{strings.NewReader(c.text), c.read}, nil
}

type countedReader struct {
	*strings.Reader
	read *int64
}

func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	*r.read += int64(n)
	return n, err
}

// WriteTo hides that of the reader within, which would not be counted.
func (r *countedReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

func (*countedReader) Close() error { return nil }

// TestRangesCostWhatTheyAre: an attachment fetched in ranges is read about twice, whatever its encoding and the number of ranges; what comes is what the whole is.
func TestRangesCostWhatTheyAre(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	lines := map[string]string{"base64": strings.Repeat("QUJD", 19) + "\n", "quoted-printable": "caf=C3=A9 and so on=\n and more\n", "7bit": "plain text\n"}
	for encoding, line := range lines {
		t.Run(encoding, func(t *testing.T) {
			head := "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: " + encoding + "\n\n"
			body := counted{head + strings.Repeat(line, (16<<20)/len(line)) + "\n--b--\n", new(int64)}
			e, _, _, err := mail.Read(body)
			if err != nil {
				t.Fatal(err)
			}
			i := item{HomeRecord: store.HomeRecord{Record: tandem.Record{Meta: tandem.Meta{Version: "1"}, Body: body}, Number: 1}, view: mail.View{}, sketch: e.Marshal()}
			*body.read = 0
			svc := new(Service)
			var pieces []byte
			for off := int64(0); ; off += 300_001 {
				content, _, err := svc.attached(i, 0)
				if err != nil {
					t.Fatal(err)
				}
				if off >= content.Size() {
					break
				}
				data, err := tandem.ReadBody(stretch{content, off, min(300_001, content.Size()-off)}, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				pieces = append(pieces, data...)
			}
			if most := 4 * body.Size(); *body.read > most {
				t.Errorf("%d bytes were read, %d at most", *body.read, most)
			}
			content, _, err := svc.attached(i, 0)
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := tandem.ReadBody(content, 32<<20); err != nil || string(whole) != string(pieces) {
				t.Errorf("%d bytes in pieces, %d as a whole, %v", len(pieces), len(whole), err)
			}
		})
	}
}

// TestIndexesAreBounded: the attachment that was not asked for longest is forgotten.
func TestIndexesAreBounded(t *testing.T) {
	var x indexes
	for n := range int64(10 * indexesMost) {
		x.keep(place{number: n}, mime.Index{Size: n})
		if _, ok := x.recall(place{number: 0}); !ok {
			t.Fatal("the one that is asked for all the time is forgotten")
		}
	}
	if len(x.all) != indexesMost || len(x.old) != indexesMost {
		t.Errorf("%d and %d are remembered", len(x.all), len(x.old))
	}
}
