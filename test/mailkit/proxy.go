package mailkit

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands between a client and a server and can break their connections.
type Proxy struct {
	Addr string // where clients connect

	t    testing.TB
	l    net.Listener
	to   string
	mu   sync.Mutex // guards what follows
	open map[net.Conn]bool
	fuse *fuse
	shut bool
	down bool
	then func()
	sent int64
	told int64
}

// fuse is a fault that waits for its moment.
type fuse struct {
	toServer bool
	left     int64  // bytes that pass before it blows, in its direction, all connections together
	after    []byte // counted from when these bytes went by to the server; nil: at once
	armed    bool
	deaf     bool     // from the moment on nothing of what the server says arrives, and the connection is cut when it says something
	heard    bool     // the server's answer arrives, and the connection is cut on which the client says something then
	on       net.Conn // where the bytes went by
	answered bool     // with heard: on that connection something came back
	blown    bool
}

// NewProxy starts a proxy before a server.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), t: t, l: l, to: to, open: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() { p.accept(&wg) })
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		p.shut = true
		p.mu.Unlock()
		p.CutAll()
		wg.Wait()
	})
	return p
}

// Cut breaks the connection on which the n-th byte from now on goes by, to the server or from it. Where after is not empty, counting begins after the
// client sent it.
func (p *Proxy) Cut(toServer bool, n int64, after string) {
	p.set(&fuse{toServer: toServer, left: n, after: []byte(after), armed: after == ""})
}

// Deafen lets everything reach the server after the client sent a text, and nothing come back: the answer to it is lost.
func (p *Proxy) Deafen(after string) {
	p.set(&fuse{deaf: true, after: []byte(after)})
}

// Hearken lets the server's answer to a text of the client's arrive, and breaks the connection on which the client says something next, whichever it is.
func (p *Proxy) Hearken(after string) {
	p.set(&fuse{heard: true, after: []byte(after)})
}

// Heal takes the fault away that did not happen yet, and tells whether it had.
func (p *Proxy) Heal() (blown bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	blown = p.fuse != nil && p.fuse.blown
	if p.then != nil {
		p.down = false
	}
	p.fuse, p.then = nil, nil
	return blown
}

// Then is done when the fault happens, before anything of it can be seen, and no connection is made any more until Heal.
func (p *Proxy) Then(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.then = f
}

// blow makes the fault happen.
func (p *Proxy) blow() {
	p.fuse.blown = true
	if p.then != nil {
		p.down = true
		p.then()
	}
}

func (p *Proxy) set(f *fuse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fuse = f
}

// CutAll breaks all connections.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}

// Down takes the server away, or gives it back: connections are broken, and new ones end at once.
func (p *Proxy) Down(down bool) {
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	if down {
		p.CutAll()
	}
}

// Sent is how many bytes went to the server.
func (p *Proxy) Sent() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// Told is how many bytes came from the server.
func (p *Proxy) Told() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

func (p *Proxy) accept(wg *sync.WaitGroup) {
	for {
		c, err := p.l.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", p.to)
		if err != nil {
			c.Close()
			continue
		}
		if !p.keep(c, s) {
			continue
		}
		end := func() {
			c.Close()
			s.Close()
			p.mu.Lock()
			delete(p.open, c)
			delete(p.open, s)
			p.mu.Unlock()
		}
		wg.Go(func() { p.carry(s, c, c, true); end() })
		wg.Go(func() { p.carry(c, s, c, false); end() })
	}
}

func (p *Proxy) keep(c, s net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut || p.down {
		c.Close()
		s.Close()
		return false
	}
	p.open[c], p.open[s] = true, true
	return true
}

// carry moves bytes one way until a fault or the end. on is the client's end of the connection.
func (p *Proxy) carry(to io.Writer, from io.Reader, on net.Conn, toServer bool) {
	buf := make([]byte, 32<<10)
	var tail []byte // what went by last, for texts that arrive in pieces
	for {
		n, err := from.Read(buf)
		if n > 0 {
			pass, cut := p.judge(buf[:n], &tail, on, toServer)
			if _, werr := to.Write(buf[:pass]); werr != nil || cut {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// judge tells how many of the bytes pass, and whether the connection is cut then.
func (p *Proxy) judge(data []byte, tail *[]byte, on net.Conn, toServer bool) (pass int, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if toServer {
		p.sent += int64(len(data))
	} else {
		p.told += int64(len(data))
	}
	f := p.fuse
	if f == nil || f.blown {
		return len(data), false
	}
	from := 0
	if !f.armed {
		if !toServer {
			return len(data), false
		}
		seen := append(append([]byte{}, *tail...), data...)
		at := bytes.Index(seen, f.after)
		if at < 0 {
			*tail = seen[max(0, len(seen)-len(f.after)+1):]
			return len(data), false
		}
		f.armed, f.on, from = true, on, max(0, at+len(f.after)-len(*tail))
		if f.heard {
			return len(data), false
		}
	}
	switch {
	case f.heard && toServer && f.answered:
		p.blow()
		return 0, true
	case f.heard:
		f.answered = f.answered || !toServer && on == f.on
		return len(data), false
	case f.deaf && toServer, f.toServer != toServer && !f.deaf:
		return len(data), false
	case f.deaf:
		p.blow()
		return 0, true
	}
	if left := int64(len(data) - from); left < f.left {
		f.left -= left
		return len(data), false
	}
	p.blow()
	return from + int(f.left), true
}
