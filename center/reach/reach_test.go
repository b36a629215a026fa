package reach

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tandem/provider"
)

func TestTarget(t *testing.T) {
	for _, c := range []struct{ scheme, path, want string }{
		{"caldav", "//cal.example.org/dav/", "cal.example.org:443"}, {"imap", "//anna@mail.example.org/INBOX", "mail.example.org:993"},
		{"imap", "//anna@localhost:1143/INBOX", "localhost:1143"}, {"webcal", "//[2001:db8::1]/x.ics", "[2001:db8::1]:443"},
		{"vdir", "/home/anna/book", ""}, {"files", "//", ""}, {"x", "//%zz/", ""},
	} {
		got, ok := Target(provider.Place{Provider: c.scheme, Path: c.path})
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s:%s is at %q", c.scheme, c.path, got)
		}
	}
}

func TestLocal(t *testing.T) {
	for target, want := range map[string]bool{"localhost:1": true, "127.0.0.1:1": true, "[::1]:1": true, "a.localhost:1": true, "192.0.2.1:1": false, "example.org:1": false, "x": false} {
		if Local(target) != want {
			t.Errorf("%s: %v", target, !want)
		}
	}
}

// TestSE03RealHost: a listening port is reached, a closed one is not, and nothing is sent.
func TestSE03RealHost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			n, _ := c.Read(make([]byte, 1))
			c.Close()
			got <- n
		}
	}()
	var b Book
	if q := b.Probe(t.Context(), l.Addr().String(), 0); q.Err != nil || q.RTT <= 0 || q.RTT > 5*time.Second {
		t.Errorf("%+v", q)
	}
	if n := <-got; n != 0 {
		t.Errorf("%d bytes were sent", n)
	}
	l.Close()
	if q := b.Probe(t.Context(), l.Addr().String(), 0); q.Err == nil {
		t.Error("a closed port was reached")
	}
}

// TestSE04Quality: the time to connect is smoothed, what is fresh is not asked again, and a host that does not answer is given up.
func TestSE04Quality(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes, dials := 100*time.Millisecond, 0
		b := Book{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials++
			select {
			case <-time.After(takes):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			c, s := net.Pipe()
			s.Close()
			return c, nil
		}}
		for _, want := range []time.Duration{100 * time.Millisecond, 60 * time.Millisecond, 40 * time.Millisecond} {
			if q := b.Probe(t.Context(), "x:1", 0); q.RTT != want || q.Err != nil {
				t.Errorf("%+v, want %v", q, want)
			}
			takes = 20 * time.Millisecond
		}
		if b.Probe(t.Context(), "x:1", time.Minute); dials != 3 {
			t.Errorf("%d dials", dials)
		}
		takes = time.Hour
		began := time.Now()
		if q := b.Probe(t.Context(), "x:1", 0); !errors.Is(q.Err, context.DeadlineExceeded) || time.Since(began) > patience {
			t.Errorf("%+v after %v", q, time.Since(began))
		}
	})
}
