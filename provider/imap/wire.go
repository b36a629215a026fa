package imap

import (
	"errors"
	"net"
	"sync"
	"time"
)

// patience is how long a server may say and take nothing while something is asked of it. Some look through a large mailbox before they answer. Dovecot says nothing for up to 122 seconds
// while it waits for the lock of a mailbox: one that was renamed while another connection wrote to it keeps that one's lock file, which counts as forgotten after two minutes only.
const patience = 4 * time.Minute

// wire is a connection that ends when it is silent while it should not be. The deadlines that the library sets are not heard: they would break off an answer
// whose reader is busy elsewhere.
type wire struct {
	net.Conn
	patience time.Duration
	limits   limits // only the reader touches it

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	heard int64 // answers since something was asked
	most  int64 // answers that may come then; 0: as in a mailbox without messages
	cause error
	news  func() // told when something came; nil: nobody is
}

// SetDeadline implements net.Conn.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

var errSilent = errors.New("the server did not answer in time")

// Read implements io.Reader.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		was := w.limits.answers
		w.came()
		err := w.limits.see(p[:n])
		if err == nil {
			err = w.hear(w.limits.answers - was)
		}
		if err != nil {
			w.fail(err)
			return 0, err
		}
	}
	return n, err
}

// hear notes that something came, and how many answers it ended.
func (w *wire) hear(answers int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return nil
	}
	w.timer.Reset(w.patience)
	if w.heard += answers; w.heard > max(w.most, 2*maxMore) {
		return hostile(errMore)
	}
	return nil
}

// holds says how many messages are in the open mailbox.
func (w *wire) holds(messages uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.most = 2 * (int64(messages) + maxMore)
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
	w.heard = 0
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
	heard := w.heard
	return func() {
		w.expect()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.heard = heard
	}
}

func (w *wire) stir() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Reset(w.patience)
	}
}

// tell has somebody told whenever something comes.
func (w *wire) tell(news func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.news = news
}

func (w *wire) came() {
	w.mu.Lock()
	news := w.news
	w.mu.Unlock()
	if news != nil {
		news()
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
