package delivery

import (
	"io"
	"net"
	"sync"
	"time"
)

// How many connections are served at the same time, in all and of one address. Each may hold a piece of a message in memory for as long as its other side likes; who is turned away comes again. RFC 5321 4.5.4.1
const (
	crowdMost   = 200
	crowdOfOne  = 50
	crowdWait   = 2 * time.Second // for who is turned away to hear it
	crowdAnswer = "421 4.3.2 too many connections, try again later\r\n"
)

// crowd is a listener that turns away whom there is no room for.
type crowd struct {
	net.Listener
	most, ofOne int

	mu  sync.Mutex // guards what follows
	all int
	of  map[string]int // by address
}

func newCrowd(l net.Listener, most, ofOne int) *crowd {
	return &crowd{Listener: l, most: most, ofOne: ofOne, of: map[string]int{}}
}

// Accept implements net.Listener.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host := ""
		if at, ok := conn.RemoteAddr().(*net.TCPAddr); ok { // on a socket of this machine all are alike
			host = at.IP.String()
		}
		if c.enter(host) {
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { c.leave(host) })}, nil
		}
		_ = conn.SetDeadline(time.Now().Add(crowdWait)) // error: the next tells
		_, _ = io.WriteString(conn, crowdAnswer)        // error: nobody waits for it
		_ = conn.Close()
	}
}

func (c *crowd) enter(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || host != "" && c.of[host] >= c.ofOne {
		return false
	}
	c.all++
	c.of[host]++
	return true
}

func (c *crowd) leave(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.of[host]--; c.of[host] == 0 {
		delete(c.of, host)
	}
}

// guest is a connection that leaves its place when it is closed.
type guest struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}
