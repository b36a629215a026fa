package maildir

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"tandem"
)

// body is a message in its file, wherever that is when it is opened.
type body struct {
	r     *Replica
	id    tandem.ID
	print print
}

// Size implements tandem.Body.
func (b *body) Size() int64 { return b.print.size }

// Open implements tandem.Body.
func (b *body) Open() (io.ReadCloser, error) { return b.open(context.Background()) }

func (b *body) open(ctx context.Context) (io.ReadCloser, error) {
	f := &finder{Replica: b.r}
	for range chases {
		e, err := f.find(ctx, b.id)
		if err != nil {
			return nil, err
		}
		if e.print != b.print {
			return nil, b.changed()
		}
		in, err := os.Open(b.r.join(e))
		if errors.Is(err, fs.ErrNotExist) { // renamed this very moment
			continue
		}
		if err != nil {
			return nil, unreadable(b.r.join(e), cause(err), "check that you may read it")
		}
		out := &reader{File: in, body: b}
		if err := out.check(); err != nil {
			in.Close()
			return nil, err
		}
		return out, nil
	}
	return nil, &tandem.Error{Kind: tandem.Busy, Op: "read", Thing: string(b.id), Err: errors.New("another program renames it again and again"), Wait: 1}
}

func (b *body) changed() error {
	return &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: string(b.id), Err: errors.New("it changed meanwhile")}
}

// reader reads a message and notices if somebody writes to it.
type reader struct {
	*os.File
	body *body
}

func (r *reader) check() error {
	info, err := r.Stat()
	if err != nil {
		return unreadable(r.Name(), cause(err), "check the disk")
	}
	if r.body.r.printFor(info) != r.body.print {
		return r.body.changed()
	}
	return nil
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.File.Read(p)
	if errors.Is(err, io.EOF) {
		if changed := r.check(); changed != nil {
			return n, changed
		}
		return n, io.EOF
	}
	if err != nil {
		err = unreadable(r.Name(), cause(err), "check the disk")
	}
	return n, err
}

// WriteTo hides the one of the file, which would not notice.
func (r *reader) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{r}) }

// sameBytes compares two bodies.
func sameBytes(a, b tandem.Body) (bool, error) {
	if a == nil || b == nil {
		return false, nil
	}
	x, err := a.Open()
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := b.Open()
	if err != nil {
		return false, err
	}
	defer y.Close()
	p, q := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errX := io.ReadFull(x, p)
		m, errY := io.ReadFull(y, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		for _, err := range []error{errX, errY} {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
		}
		if errX != nil || errY != nil {
			return errX != nil && errY != nil, nil
		}
	}
}
