package mime

import (
	"bufio"
	"io"
	"sort"
)

// Mark is a place of an encoded body at which decoding can begin.
type Mark struct {
	Raw     int64 // bytes of the body before it
	Decoded int64 // what they decode to
}

// Index tells where the decoding of a body can begin, so that a piece of it need not be decoded from the beginning.
type Index struct {
	Size  int64  // of the decoded body
	Marks []Mark // in order; none at the beginning, which is always a place
}

const (
	markStep = 256 << 10 // decoded bytes between two marks, at least
	marksMax = 1024      // beyond as many, every second one is dropped
)

// marker is a reader that knows at which byte of its input it could begin anew.
type marker interface {
	io.Reader
	// mark is how many bytes of input were taken; ok is false while some of what they decode to was not read.
	mark() (raw int64, ok bool)
}

func (r *base64Reader) mark() (int64, bool) { return r.off, len(r.out) == 0 }
func (r *qpReader) mark() (int64, bool)     { return r.off, len(r.line) == 0 }

// IndexOf reads an encoded body to its end. A body without an encoding has no marks: its offsets are those of what it holds.
func IndexOf(encoding string, body io.Reader) (Index, error) {
	return indexOf(encoding, body, markStep, marksMax)
}

// indexOf sets a mark every step decoded bytes at the nearest place there is, and keeps most of them.
func indexOf(encoding string, body io.Reader, step int64, most int) (Index, error) {
	r, ok := Decoder(encoding, body).(marker)
	if !ok {
		n, err := io.Copy(io.Discard, body)
		return Index{Size: n}, err
	}
	var ix Index
	buf := make([]byte, 32<<10)
	for last := int64(0); ; {
		n, err := r.Read(buf)
		ix.Size += int64(n)
		if err == io.EOF {
			return ix, nil
		}
		if err != nil {
			return ix, err
		}
		raw, clean := r.mark()
		if !clean || ix.Size-last < step {
			continue
		}
		last = ix.Size
		if ix.Marks = append(ix.Marks, Mark{raw, ix.Size}); len(ix.Marks) > most {
			for i := range most / 2 {
				ix.Marks[i] = ix.Marks[2*i+1]
			}
			ix.Marks, step = ix.Marks[:most/2], 2*step
		}
	}
}

// Before is the last place at or before an offset of the decoded body. encoding is the one that the index was made with.
func (ix Index) Before(encoding string, off int64) Mark {
	if !encoded(encoding) {
		return Mark{off, off}
	}
	i := sort.Search(len(ix.Marks), func(i int) bool { return ix.Marks[i].Decoded > off })
	if i == 0 {
		return Mark{}
	}
	return ix.Marks[i-1]
}

func encoded(encoding string) bool { return encoding == "base64" || encoding == "quoted-printable" }

// Decoder undoes an encoding, as Part.Decode does; the body may begin at a Mark.
func Decoder(encoding string, body io.Reader) io.Reader {
	switch encoding {
	case "base64":
		return &base64Reader{in: bufio.NewReaderSize(body, 4096)}
	case "quoted-printable":
		return &qpReader{in: bufio.NewReaderSize(body, 4096)}
	}
	return body
}
