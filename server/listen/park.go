package listen

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// Parked is a connection whose request waits for something to happen, and which net/http has let go of meanwhile: its buffers, its goroutine and
// the request are free. That makes many waiting clients cheap. A small goroutine listens for the client to hang up.
type Parked struct {
	server *Server
	conn   net.Conn
	keep   bool // the client wants to use the connection again

	heard chan struct{} // closed when listen has ended

	mu     sync.Mutex
	state  parkState // guarded by mu
	broken bool      // guarded by mu: the connection cannot be used again
	gone   func()    // guarded by mu; called at most once
}

type parkState uint8

const (
	waits parkState = iota
	answers
	ended
)

// serverKey is the context key under which a request finds its Server.
type serverKey struct{}

// Park takes the connection of a request over. It fails where that cannot be: on HTTP/2, and outside a Server; the handler then waits as it is.
// After it succeeded the handler must not touch w or r any longer, and return.
func Park(w http.ResponseWriter, r *http.Request) (*Parked, bool) {
	s, ok := r.Context().Value(serverKey{}).(*Server)
	if !ok || r.ProtoMajor != 1 {
		return nil, false
	}
	keep := !r.Close && r.ProtoAtLeast(1, 1)
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	p := &Parked{server: s, conn: conn, keep: keep && buf.Reader.Buffered() == 0, heard: make(chan struct{})}
	_ = conn.SetDeadline(time.Time{}) // on a connection that is broken the read below says so
	go p.listen()
	if !s.remember(p) {
		p.end()
	}
	return p, true
}

// listen waits for the client to hang up, or to say anything: it waits for an answer and has nothing to say.
func (p *Parked) listen() {
	defer close(p.heard)
	// To wait without reading needs half the stack, and a stack is a good part of what a waiting client costs.
	err := quiet(p.conn)
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		err = p.read()
	}
	p.mu.Lock()
	if p.state == answers { // interrupted by Answer, which goes on with the connection
		var ne net.Error
		p.broken = !errors.As(err, &ne) || !ne.Timeout()
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.end()
}

// read reads what was heard. What is not meant for us, such as new keys of TLS, is none of what ends a wait.
func (p *Parked) read() error {
	var b [1]byte
	_, err := p.conn.Read(b[:])
	return err
}

// Context is done when the server stops. Unlike the request's it outlives the handler.
func (p *Parked) Context() context.Context { return p.server.base }

// OnGone has f called when the client is gone, or the server stops, before there is an answer; at once if that is so already.
func (p *Parked) OnGone(f func()) {
	p.mu.Lock()
	if p.state == waits {
		p.gone = f
		p.mu.Unlock()
		return
	}
	now := p.state == ended
	p.mu.Unlock()
	if now {
		f()
	}
}

// end closes the connection.
func (p *Parked) end() {
	p.mu.Lock()
	f := p.gone
	p.gone = nil
	over := p.state == ended
	p.state = ended
	p.mu.Unlock()
	if over {
		return
	}
	p.server.forget(p)
	_ = p.conn.Close() // nobody is there to be told
	if f != nil {
		f()
	}
}

// answerTime is how long a client may take to read its answer.
const answerTime = time.Minute

// Answer writes the answer, and lets the connection serve further requests if the client wants that. It reports whether there was still somebody to
// answer to.
func (p *Parked) Answer(code int, h http.Header, body []byte) error {
	p.mu.Lock()
	if p.state != waits {
		p.mu.Unlock()
		return net.ErrClosed
	}
	p.state, p.gone = answers, nil
	p.mu.Unlock()
	// First of all listen must end: with the answer in hand, the client may send its next request at once.
	_ = p.conn.SetReadDeadline(time.Unix(1, 0))
	<-p.heard
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(code) + " " + http.StatusText(code) + "\r\n")
	h = h.Clone()
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if !p.keep {
		h.Set("Connection", "close")
	}
	_ = h.Write(&b) // a buffer never fails
	b.WriteString("\r\n")
	b.Write(body)
	_ = p.conn.SetWriteDeadline(time.Now().Add(answerTime))
	_, err := p.conn.Write(b.Bytes())
	if err != nil || !p.keep {
		p.end()
		return err
	}
	p.giveBack()
	return nil
}

// giveBack lets the server read the next request off the connection.
func (p *Parked) giveBack() {
	p.mu.Lock()
	broken := p.broken || p.state == ended
	p.mu.Unlock()
	if broken || p.conn.SetDeadline(time.Time{}) != nil {
		p.end()
		return
	}
	p.server.forget(p)
	p.server.again.push(p.conn)
}

// remember keeps a parked connection, so that it is ended when the server stops; false: it stops already.
func (s *Server) remember(p *Parked) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	if s.parked == nil {
		s.parked = map[*Parked]struct{}{}
	}
	s.parked[p] = struct{}{}
	if len(s.parked) >= s.tidied+tidyStep {
		if s.tidy == nil {
			s.tidy = time.AfterFunc(tidyAfter, s.giveMemoryBack)
		} else {
			s.tidy.Reset(tidyAfter)
		}
	}
	return true
}

// When so many more clients wait than before, and for so long no further one came, what their coming needed is given back: each leaves behind
// several times what its waiting takes, and while they wait nothing happens that would have it collected.
const (
	tidyStep  = 1000
	tidyAfter = 10 * time.Second
)

func (s *Server) giveMemoryBack() {
	s.mu.Lock()
	over := s.stopped
	s.tidied = len(s.parked)
	free := s.free
	s.mu.Unlock()
	switch {
	case over:
	case free != nil:
		free()
	default:
		debug.FreeOSMemory()
	}
}

func (s *Server) forget(p *Parked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.parked, p)
	s.tidied = min(s.tidied, len(s.parked))
}

// Parked is how many connections are parked.
func (s *Server) Parked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parked)
}

// unpark ends all parked connections.
func (s *Server) unpark() {
	s.mu.Lock()
	s.stopped = true
	if s.tidy != nil {
		s.tidy.Stop()
	}
	list := make([]*Parked, 0, len(s.parked))
	for p := range s.parked {
		list = append(list, p)
	}
	s.mu.Unlock()
	for _, p := range list {
		p.end()
	}
}

// returned is a listener of connections that come back from being parked.
type returned struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	addr  net.Addr
}

func newReturned(addr net.Addr) *returned {
	return &returned{conns: make(chan net.Conn), done: make(chan struct{}), addr: addr}
}

func (l *returned) push(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close() // the server has stopped
	}
}

// Accept implements net.Listener.
func (l *returned) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *returned) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *returned) Addr() net.Addr { return l.addr }

// withServer is a context by whose requests Park finds the server.
func (s *Server) withServer(ctx context.Context) context.Context {
	return context.WithValue(ctx, serverKey{}, s)
}
