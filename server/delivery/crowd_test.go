package delivery

import (
	"io"
	"net"
	"strings"
	"testing"
)

// TestCrowd: who comes when there is no room, in all or for one address, is told to come again, and comes in once somebody has left.
func TestCrowd(t *testing.T) {
	for name, limit := range map[string][2]int{"in all": {2, 100}, "of one address": {100, 2}} {
		t.Run(name, func(t *testing.T) {
			plain, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l := newCrowd(plain, limit[0], limit[1])
			in := make(chan net.Conn)
			go func() {
				defer close(in)
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					in <- c
				}
			}()
			dial := func() net.Conn {
				t.Helper()
				c, err := net.Dial("tcp", plain.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			a, b := dial(), dial()
			atA, atB := <-in, <-in
			late := dial()
			if said, err := io.ReadAll(late); err != nil || !strings.HasPrefix(string(said), "421 4.3.2 ") {
				t.Errorf("one too many hears %q, %v", said, err)
			}
			atA.Close()
			atA.Close() // leaves once
			c := dial()
			atC := <-in
			if said, err := io.ReadAll(dial()); err != nil || !strings.HasPrefix(string(said), "421 ") {
				t.Errorf("the next hears %q, %v", said, err)
			}
			for _, x := range []io.Closer{a, b, c, late, atB, atC, l} {
				x.Close()
			}
			if _, open := <-in; open || l.all != 0 || len(l.of) != 0 {
				t.Errorf("%d are left, %v", l.all, l.of)
			}
		})
	}
}
