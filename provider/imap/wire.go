package imap

import (
	"errors"
	"net"
	"sync"
	"time"
)

// patience is how long a server may say and take nothing while something is asked of it. Some look through a large mailbox before they answer.
const patience = 2 * time.Minute

// maxLine bounds in bytes what a server may send without an end of a line: what stands within one line is held in memory.
const maxLine = 64 << 20

// wire is a connection that ends when it is silent while it should not be. The deadlines that the library sets are not heard: they would break off an answer
// whose reader is busy elsewhere.
type wire struct {
	net.Conn
	patience time.Duration
	unbroken int // bytes since the last end of a line; only the reader touches it

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	cause error
}

// SetDeadline implements net.Conn.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

var (
	errSilent = errors.New("the server did not answer in time")
	errLine   = errors.New("the server sends a line without end")
)

// Read implements io.Reader.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.stir()
		if i := lastLF(p[:n]); i >= 0 {
			w.unbroken = n - i - 1
		} else if w.unbroken += n; w.unbroken > maxLine {
			w.fail(errLine)
			return 0, errLine
		}
	}
	return n, err
}

func lastLF(p []byte) int {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == '\n' {
			return i
		}
	}
	return -1
}

// Write implements io.Writer.
func (w *wire) Write(p []byte) (int, error) {
	for done := 0; done < len(p); { // in pieces, so that a slow line is seen to move
		n, err := w.Conn.Write(p[done:min(len(p), done+64<<10)])
		if done += n; err != nil {
			return done, err
		}
		w.stir()
	}
	return len(p), nil
}

// expect begins to count: from now on the server owes an answer. rest ends that.
func (w *wire) expect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		w.timer = time.AfterFunc(w.patience, func() { w.fail(errSilent) })
	} else {
		w.timer.Reset(w.patience)
	}
}

func (w *wire) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = nil
}

// pause stops counting while somebody else takes his time; what it returns goes on, if it was counted before.
func (w *wire) pause() (resume func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return func() {}
	}
	w.timer.Stop()
	w.timer = nil
	return w.expect
}

func (w *wire) stir() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Reset(w.patience)
	}
}

// fail closes the connection for a reason.
func (w *wire) fail(why error) {
	w.mu.Lock()
	if w.cause == nil {
		w.cause = why
	}
	w.mu.Unlock()
	w.Conn.Close()
}

// why is the reason for which the connection was closed by us, or nil.
func (w *wire) why() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cause
}
