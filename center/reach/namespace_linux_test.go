package reach

import (
	"context"
	"net"
	"testing"
	"time"

	"tandem/test/netspace"
)

// TestSE04LinkThatComesAndGoes: a host across a link is reached and its time to answer is known; while the link is down it is not, and the time that was known stays.
func TestSE04LinkThatComesAndGoes(t *testing.T) {
	serve := func() {
		l, err := net.Listen("tcp", "192.0.2.2:7")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
	}
	if netspace.Serving(t, serve) || !netspace.Enter(t) {
		return
	}
	netspace.Far(t)
	var b Book
	const host, closed = "192.0.2.2:7", "192.0.2.2:9"
	first := b.Probe(t.Context(), host, 0)
	if first.Err != nil || first.RTT <= 0 || first.RTT > patience {
		t.Fatalf("%+v", first)
	}
	if q := b.Probe(t.Context(), closed, 0); q.Err == nil {
		t.Errorf("a port where nobody listens: %+v", q)
	}
	netspace.IP(t, "link set here down")
	if q := b.Probe(t.Context(), host, 0); q.Err == nil || q.RTT == 0 {
		t.Errorf("without the link: %+v", q)
	}
	netspace.IP(t, "link set here up")
	for ctx, stop := context.WithTimeout(t.Context(), time.Minute); ; { // the link takes a moment
		if q := b.Probe(ctx, host, 0); q.Err == nil {
			stop()
			break
		} else if ctx.Err() != nil {
			t.Fatalf("the link is back: %+v", q)
		}
	}
}
