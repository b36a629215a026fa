package imap

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/provider"
)

// slow is a link to a server that takes its time for each answer.
func slow(t *testing.T, takes time.Duration) *link {
	here, there := net.Pipe()
	over := make(chan struct{})
	t.Cleanup(func() { here.Close(); there.Close(); close(over) })
	go func() {
		fmt.Fprint(there, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
		for in := bufio.NewScanner(there); in.Scan(); {
			tag, _, _ := strings.Cut(in.Text(), " ")
			select {
			case <-time.After(takes):
			case <-over:
			}
			fmt.Fprintf(there, "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n%s OK done\r\n", tag)
		}
	}()
	l := &link{wire: &wire{Conn: here, patience: patience}}
	l.Client = imapclient.New(l.wire, nil)
	must(t, l.WaitGreeting())
	return l
}

// TestPatience: a server that waits for a lock of its own is waited for; one that has gone silent is not waited for forever. The first is what Dovecot 2.3 does: with a file dovecot-uidlist.lock that nobody
// holds, SELECT takes 122.6 s, without a word meanwhile.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		takes  time.Duration
		answer bool
	}{{0, true}, {123 * time.Second, true}, {time.Hour, false}} {
		synctest.Test(t, func(t *testing.T) {
			l := slow(t, c.takes)
			defer l.close()
			_, err := l.open(t.Context(), "Box")
			if c.answer != (err == nil) || !c.answer && !errors.Is(err, errSilent) {
				t.Errorf("a server that takes %s: %v", c.takes, err)
			}
		})
	}
}

// TestMissing: a mailbox that is not there is told apart from a server that is not.
func TestMissing(t *testing.T) {
	var missing *provider.Missing
	for _, say := range []string{"% NO [NONEXISTENT] no such thing\r\n", "% NO whatever\r\n"} {
		addr := script(t, map[string]string{"SELECT": say})
		_, err := tryOpen(t.Context(), registry(), "imap://anna@"+addr+"/Box")
		if !errors.As(err, &missing) || !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("%q: %v", say, err)
		}
	}
	addr := script(t, map[string]string{"SELECT": "!"})
	if _, err := tryOpen(t.Context(), registry(), "imap://anna@"+addr+"/Box"); err == nil || errors.As(err, &missing) {
		t.Errorf("a server that hangs up: %v", err)
	}
}
