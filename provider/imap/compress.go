package imap

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// capDeflate is what a server says that can compress. RFC 4978 3
const capDeflate imap.Cap = "COMPRESS=DEFLATE"

// deflater is a connection that can be compressed from some moment on (RFC 4978). The library does not know that: the command goes out below it, between its own, and the answer is taken out of what it
// reads.
type deflater struct {
	net.Conn
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex // guards what follows
	tag  string     // of the command whose answer is awaited, with the blank behind it; "": none is
	say  chan error // where the answer goes
	text string     // of the last answer that agreed
	out  *flate.Writer

	squeezes bool // the command has the connection compressed

	// Only the reader has these.
	in     io.ReadCloser // nil as long as nothing is compressed
	ready  []byte        // for the library
	line   []byte        // the beginning of a line, while an answer is awaited
	within bool          // what was read last did not end a line
}

func newDeflater(c net.Conn) *deflater { return &deflater{Conn: c, closed: make(chan struct{})} }

// askTag begins no command of the library's.
const askTag = "Z1 "

// squeeze asks the server to compress both directions.
func (d *deflater) squeeze() error { return d.ask("COMPRESS DEFLATE", true) }

// ask sends a command that the library does not have. Nothing else may be on its way. Its refusal is an imap.Error. squeeze: if the server agrees, both directions are compressed from then on.
func (d *deflater) ask(command string, squeeze bool) error {
	_, err := d.await(squeeze, func() error {
		_, err := io.WriteString(d, askTag+command+"\r\n")
		return err
	})
	return err
}

// await is ask for what write sends, which begins with askTag. It tells what the server says behind its OK.
func (d *deflater) await(squeeze bool, write func() error) (string, error) {
	say := make(chan error, 1)
	d.mu.Lock()
	d.tag, d.say, d.squeezes, d.text = askTag, say, squeeze, ""
	d.mu.Unlock()
	if err := write(); err != nil {
		return "", err
	}
	select {
	case err := <-say:
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.text, err
	case <-d.closed:
		return "", net.ErrClosed
	}
}

// Read implements io.Reader.
func (d *deflater) Read(p []byte) (int, error) {
	for {
		if len(d.ready) > 0 {
			n := copy(p, d.ready)
			d.ready = d.ready[n:]
			return n, nil
		}
		from := io.Reader(d.Conn)
		if d.in != nil {
			from = d.in
		}
		n, err := from.Read(p)
		d.mu.Lock()
		tag := d.tag
		d.mu.Unlock()
		if tag == "" {
			if n > 0 {
				d.within = p[n-1] != '\n'
			}
			return n, err
		}
		if serr := d.sift(p[:n], tag); serr != nil {
			return 0, serr
		}
		if err != nil && len(d.ready) == 0 {
			d.answer(err)
			return 0, err
		}
	}
}

// maxAwaited bounds a line that comes while the answer is awaited: there is nothing that a server has to say.
const maxAwaited = 64 << 10

// sift takes the answer out of what came in. What is behind it is compressed already, if the server agreed.
func (d *deflater) sift(data []byte, tag string) error {
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			if d.line = append(d.line, data...); len(d.line) > maxAwaited {
				return hostile(fmt.Errorf("a line has no end after %d bytes", len(d.line)))
			}
			return nil
		}
		line := append(d.line, data[:n]...)
		data, d.line = data[n:], nil
		rest, ours := strings.CutPrefix(string(line), tag)
		if d.within || !ours {
			d.ready, d.within = append(d.ready, line...), false
			continue
		}
		no := refusalIn(rest)
		if no == nil {
			_, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
			d.mu.Lock()
			d.text = text
			d.mu.Unlock()
		}
		if no == nil && d.squeezing() {
			d.in = flate.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(data)), d.Conn))
			d.mu.Lock()
			d.out, _ = flate.NewWriter(d.Conn, flate.BestSpeed) // error: never with this level
			d.mu.Unlock()
			d.answer(nil)
			return nil
		}
		d.answer(no)
		d.ready = append(d.ready, data...)
		return nil
	}
	return nil
}

func (d *deflater) squeezing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.squeezes
}

// refusalIn reads how the command ended; nil: OK.
func refusalIn(status string) error {
	typ, text, _ := strings.Cut(strings.TrimSpace(status), " ")
	if typ = strings.ToUpper(typ); typ == "OK" {
		return nil
	}
	no := &imap.Error{Type: imap.StatusResponseType(typ), Text: text}
	if code, rest, ok := strings.Cut(text, "]"); ok && strings.HasPrefix(code, "[") {
		code, _, _ = strings.Cut(code[1:], " ")
		no.Code, no.Text = imap.ResponseCode(strings.ToUpper(code)), strings.TrimSpace(rest)
	}
	return no
}

// answer tells who waits for it.
func (d *deflater) answer(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tag != "" {
		d.say <- err
		d.tag = ""
	}
}

// Write implements io.Writer. Each write arrives whole: the library collects what belongs together.
func (d *deflater) Write(p []byte) (int, error) {
	d.mu.Lock()
	out := d.out
	d.mu.Unlock()
	if out == nil {
		return d.Conn.Write(p)
	}
	n, err := out.Write(p)
	if err == nil {
		err = out.Flush()
	}
	return n, err
}

// Close implements io.Closer.
func (d *deflater) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.Conn.Close()
}

// squeeze has a link compressed, where that is worth it and the server can. It is asked before much goes over the line, and not before: two round trips are more than a look that finds nothing new
// would gain. A server that refuses, or that cannot be understood afterwards, is asked no more.
func (l *link) squeeze(ctx context.Context) error {
	if l.squeezed || !l.a.squeezes(l.deflater.RemoteAddr()) || !l.caps.Has(capDeflate) {
		return nil
	}
	l.squeezed = true
	err := l.do(ctx, l.deflater.squeeze)
	if err == nil {
		if l.alive(ctx) {
			return nil
		}
		err = errors.New("the server does not answer once the connection is compressed")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.a.plainly()
	if refusal(err) != nil {
		return nil
	}
	return &lostError{err}
}
