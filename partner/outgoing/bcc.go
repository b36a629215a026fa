package outgoing

import (
	"bufio"
	"bytes"
	"io"

	"tandem"
)

// cut is a body without some pieces of its beginning.
type cut struct {
	tandem.Body
	gone [][2]int64 // from, to; ascending
}

// Open implements tandem.Body.
func (c cut) Open() (io.ReadCloser, error) {
	in, err := c.Body.Open()
	if err != nil {
		return nil, err
	}
	return &cutReader{Closer: in, in: in, gone: c.gone}, nil
}

// Size implements tandem.Body.
func (c cut) Size() int64 {
	n := c.Body.Size()
	for _, g := range c.gone {
		n -= g[1] - g[0]
	}
	return max(n, -1)
}

type cutReader struct {
	io.Closer
	in   io.Reader
	at   int64
	gone [][2]int64
}

func (r *cutReader) Read(p []byte) (int, error) {
	for len(r.gone) > 0 && r.at == r.gone[0][0] {
		n, err := io.CopyN(io.Discard, r.in, r.gone[0][1]-r.at)
		r.at += n
		if err != nil {
			return 0, err
		}
		r.gone = r.gone[1:]
	}
	if len(r.gone) > 0 {
		p = p[:min(int64(len(p)), r.gone[0][0]-r.at)]
	}
	n, err := r.in.Read(p)
	r.at += int64(n)
	return n, err
}

// public is a message as its recipients get it: without the lines that name those who are not to be known. The copy of its sender has them. RFC 5322 3.6.3
func public(body tandem.Body) (tandem.Body, error) {
	in, err := body.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out := cut{Body: body}
	r := bufio.NewReader(in)
	at, start, hide := int64(0), true, false // start: of a line
	for {
		piece, err := r.ReadSlice('\n')
		if start {
			if len(bytes.TrimRight(piece, "\r\n")) == 0 {
				break
			}
			if piece[0] != ' ' && piece[0] != '\t' {
				name, _, _ := bytes.Cut(piece, []byte(":"))
				name = bytes.TrimRight(name, " \t")
				hide = bytes.EqualFold(name, []byte("Bcc")) || bytes.EqualFold(name, []byte("Resent-Bcc"))
			}
		}
		if n := int64(len(piece)); hide && n > 0 {
			if last := len(out.gone) - 1; last >= 0 && out.gone[last][1] == at {
				out.gone[last][1] += n
			} else {
				out.gone = append(out.gone, [2]int64{at, at + n})
			}
		}
		at += int64(len(piece))
		start = err == nil
		if err == io.EOF {
			break
		}
		if err != nil && err != bufio.ErrBufferFull {
			return nil, err
		}
	}
	if len(out.gone) == 0 {
		return body, nil
	}
	return out, nil
}
