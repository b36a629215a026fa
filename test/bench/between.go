package main

import (
	"net"
	"slices"
	"sync"
	"time"
)

// between stands before a server and notes when the server has something to answer: from the first byte of a request to the last of its answer, without the time that
// the client takes to read it. What a server spends on its disk is in it, as is what it computes.
type between struct {
	listener net.Listener
	server   string
	conns    sync.WaitGroup

	mu    sync.Mutex
	spans []span // guarded by mu
}

// span is a time in which a connection waited for its answer.
type span struct{ from, to time.Time }

func standBetween(server string) (*between, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &between{listener: l, server: server}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Go(func() { b.pass(client) })
		}
	}()
	return b, nil
}

func (b *between) addr() string { return b.listener.Addr().String() }

func (b *between) close() { b.listener.Close() }

// pass carries one connection. What the server sends is taken at once, however slowly the client reads.
func (b *between) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", b.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	var waiting span // to: the last byte of an answer so far
	asked := func(now time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if !waiting.to.IsZero() { // the next request on this connection
			b.note(waiting)
			waiting = span{}
		}
		if waiting.from.IsZero() {
			waiting.from = now
		}
	}
	answered := func(now time.Time) {
		mu.Lock()
		defer mu.Unlock()
		waiting.to = now
	}
	var ways sync.WaitGroup
	ways.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := client.Read(buf)
			if n > 0 {
				asked(time.Now())
				if _, err := server.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				_ = server.(*net.TCPConn).CloseWrite() // the other way ends with it
				return
			}
		}
	})
	out := newQueue()
	ways.Go(func() {
		defer out.end()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 {
				answered(time.Now())
				out.add(buf[:n])
			}
			if err != nil {
				return
			}
		}
	})
	for part, ok := out.next(); ok; part, ok = out.next() {
		if _, err := client.Write(part); err != nil {
			break
		}
	}
	client.Close() // servers end a connection with the answer, or the client has gone
	server.Close()
	ways.Wait()
	if !waiting.from.IsZero() {
		if waiting.to.IsZero() {
			waiting.to = time.Now()
		}
		b.note(waiting)
	}
}

func (b *between) note(s span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spans = append(b.spans, s)
}

// take is how long the server had something to answer since it was asked last. The clients must have ended.
func (b *between) take() time.Duration {
	b.conns.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := covered(b.spans)
	b.spans = nil
	return sum
}

// covered is how much time at least one of the spans covers.
func covered(spans []span) (sum time.Duration) {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var end time.Time
	for _, s := range spans {
		if s.from.Before(end) {
			s.from = end
		}
		if s.to.After(s.from) {
			sum += s.to.Sub(s.from)
			end = s.to
		}
	}
	return sum
}

// queue keeps what is on its way to a slow reader.
type queue struct {
	mu    sync.Mutex
	parts [][]byte
	ended bool
	news  chan struct{}
}

func newQueue() *queue { return &queue{news: make(chan struct{}, 1)} }

func (q *queue) add(part []byte) {
	q.mu.Lock()
	q.parts = append(q.parts, slices.Clone(part))
	q.mu.Unlock()
	q.ring()
}

func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.ring()
}

func (q *queue) ring() {
	select {
	case q.news <- struct{}{}:
	default:
	}
}

// next waits for the next part; false after the last.
func (q *queue) next() ([]byte, bool) {
	for {
		q.mu.Lock()
		if len(q.parts) > 0 {
			part := q.parts[0]
			q.parts = q.parts[1:]
			q.mu.Unlock()
			return part, true
		}
		ended := q.ended
		q.mu.Unlock()
		if ended {
			return nil, false
		}
		<-q.news
	}
}
