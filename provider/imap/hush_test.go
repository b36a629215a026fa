package imap

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/provider"
)

// strict is a server that renames and removes no mailbox that anybody has open. It says what was asked of it.
type strict struct {
	Addr string

	mu    sync.Mutex
	names []string
	open  map[net.Conn]string
	log   []string
}

func newStrict(t *testing.T, names ...string) *strict {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &strict{Addr: l.Addr().String(), names: names, open: map[net.Conn]string{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		done.Wait()
	})
	return s
}

func (s *strict) serve(c net.Conn) {
	const caps = "[CAPABILITY IMAP4rev1 UIDPLUS IDLE UNSELECT]"
	s.mu.Lock()
	s.open[c] = ""
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
	}()
	fmt.Fprintf(c, "* OK %s hello\r\n", caps)
	for in := bufio.NewScanner(c); in.Scan(); {
		tag, rest, _ := strings.Cut(in.Text(), " ")
		name, rest, _ := strings.Cut(rest, " ")
		args := strings.Fields(strings.ReplaceAll(rest, `"`, ""))
		switch name {
		case "LOGIN":
			fmt.Fprintf(c, "%s OK %s in\r\n", tag, caps)
		case "NAMESPACE":
			fmt.Fprintf(c, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n%s OK\r\n", tag)
		case "IDLE":
			fmt.Fprint(c, "+ idling\r\n")
			if !in.Scan() {
				return
			}
			fmt.Fprintf(c, "%s OK done\r\n", tag)
		case "LOGOUT":
			s.do(c, "LOGOUT", nil)
			fmt.Fprintf(c, "* BYE\r\n%s OK\r\n", tag)
			return
		default:
			fmt.Fprintf(c, "%s\r\n", strings.ReplaceAll(s.do(c, name, args), "%", tag))
		}
	}
}

func (s *strict) do(c net.Conn, name string, args []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	within := func(name string) bool { return name == args[0] || strings.HasPrefix(name, args[0]+"/") }
	inUse := func() bool {
		for _, o := range s.open {
			if o != "" && within(o) {
				return true
			}
		}
		return false
	}
	switch name {
	case "LIST":
		out := ""
		for _, n := range s.names {
			out += "* LIST () \"/\" " + n + "\r\n"
		}
		return out + "% OK"
	case "SELECT":
		if !slices.Contains(s.names, args[0]) {
			return "% NO none"
		}
		s.open[c] = args[0]
		return "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 1] .\r\n% OK [READ-WRITE]"
	case "UNSELECT", "LOGOUT":
		s.open[c] = ""
	case "RENAME", "DELETE":
		s.log = append(s.log, fmt.Sprint(name, args, inUse()))
		if inUse() {
			return "% NO [INUSE] somebody has it open"
		}
		for i, n := range s.names {
			if name == "RENAME" && within(n) {
				s.names[i] = args[1] + strings.TrimPrefix(n, args[0])
			}
		}
		if name == "DELETE" {
			s.names = slices.DeleteFunc(s.names, within)
		}
	}
	return "% OK"
}

// TestHush: the hub lets go of a mailbox, and of those within it, before it renames or removes it: where it waits for news, and where it has read before.
func TestHush(t *testing.T) {
	s := newStrict(t, "INBOX", "Work", "Work/Deep", "Workshop")
	account := "imap://anna@" + s.Addr + "/"
	reg, _ := never()
	place, err := reg.ParsePlace(account)
	must(t, err)
	p, err := reg.Provider("imap")
	must(t, err)
	fs, err := p.Folders(t.Context(), place, env())
	must(t, err)
	defer fs.(io.Closer).Close()
	for _, name := range []string{"Work", "Work/Deep", "Workshop"} {
		o, err := tryOpen(t.Context(), reg, account+name)
		must(t, err)
		defer o.Close()
		if name != "Work" { // one has only been read
			ctx, cancel := context.WithCancel(t.Context())
			ch, err := o.Watch(ctx)
			must(t, err)
			defer func() {
				cancel()
				for range ch {
				}
			}()
		}
		lines(t, o, "")
	}
	found := listed(t, reg, account)
	work := found[slices.IndexFunc(found, func(f provider.Found) bool { return f.Name == "Work" })]
	moved, err := fs.Rename(t.Context(), work, "Done")
	must(t, err)
	must(t, fs.Delete(t.Context(), moved))
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := []string{"RENAME[Work Done] false", "DELETE[Done] false"}; !slices.Equal(s.log, want) || !slices.Equal(s.names, []string{"INBOX", "Workshop"}) {
		t.Errorf("asked %q, left with %q", s.log, s.names)
	}
}

// TestRenameWaits: a mailbox is not renamed while somebody reads it, and nobody begins to until it is done.
func TestRenameWaits(t *testing.T) {
	s := newStrict(t, "INBOX", "Work")
	account := "imap://anna@" + s.Addr + "/"
	reg, _ := never()
	place, err := reg.ParsePlace(account)
	must(t, err)
	p, err := reg.Provider("imap")
	must(t, err)
	fs, err := p.Folders(t.Context(), place, env())
	must(t, err)
	defer fs.(io.Closer).Close()
	found := listed(t, reg, account)
	o, err := tryOpen(t.Context(), reg, account+"Work")
	must(t, err)
	defer o.Close()
	a := fs.(*folders).a
	l, err := a.take(t.Context(), "Work", true)
	must(t, err)
	_, err = l.open(t.Context(), "Work")
	must(t, err)
	renamed := make(chan error, 1)
	go func() {
		_, err := fs.Rename(t.Context(), found[slices.IndexFunc(found, func(f provider.Found) bool { return f.Name == "Work" })], "Done")
		renamed <- err
	}()
	for len(a.lone) == 0 && len(renamed) == 0 {
		runtime.Gosched()
	}
	select {
	case err := <-renamed:
		t.Fatalf("renamed while it is read: %v", err)
	default:
	}
	must(t, l.unselect(t.Context()))
	a.done(l)
	must(t, <-renamed)
	if len(a.turn)+len(a.tuning)+len(a.lone) != 0 {
		t.Errorf("still held: %d turns, %d that begin to listen, %d alone", len(a.turn), len(a.tuning), len(a.lone))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := []string{"RENAME[Work Done] false"}; !slices.Equal(s.log, want) {
		t.Errorf("asked %q", s.log)
	}
}

// TestRenameBesideTheSlow: who works at the account for long is not waited for without end, and gets the further connection that it may need.
func TestRenameBesideTheSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := slow(t, 0)
		defer l.close()
		a := &account{users: 1, idle: []*link{l}, turn: make(chan struct{}, 2), tuning: make(chan struct{}, maxListens), lone: make(chan struct{}, 1)}
		a.turn <- struct{}{} // somebody's, who will want another one
		began := time.Now()
		got, done, err := a.takeAlone(t.Context())
		must(t, err)
		if took := time.Since(began); got != l || took != settle {
			t.Errorf("got %v after %v", got, took)
		}
		if len(a.turn) != 2 {
			t.Errorf("%d have a turn", len(a.turn))
		}
		done()
		a.turn <- struct{}{}
		<-a.turn
		<-a.turn
		if len(a.turn)+len(a.tuning)+len(a.lone) != 0 {
			t.Errorf("still held: %d turns, %d that begin to listen, %d alone", len(a.turn), len(a.tuning), len(a.lone))
		}
	})
}
