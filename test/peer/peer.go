// Package peer runs foreign programs for one test: each ends with the test, with all that it started, and what it says is kept for when the test fails.
package peer

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Process is a program that runs until its test ends.
type Process struct {
	Cmd  *exec.Cmd
	out  output
	done chan struct{}
}

// keepOutput bounds what is kept of what a program says, in bytes.
const keepOutput = 1 << 20

// output gathers what a program says.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() > keepOutput {
		o.buf.Reset()
	}
	return o.buf.Write(p)
}

// Start runs a command until the test ends. What the command starts belongs to a group of its own, which ends with it.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	cmd.WaitDelay = 5 * time.Second
	apart(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ends is told by what the test sees
	}()
	t.Cleanup(p.Stop)
	return p
}

// Output is what the program said lately.
func (p *Process) Output() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.buf.String()
}

// Stop ends the program and waits until it is gone.
func (p *Process) Stop() {
	select {
	case <-p.done:
		return
	default:
	}
	terminate(p.Cmd)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		kill(p.Cmd)
		<-p.done
	}
}

// Ready waits until ask says that the program serves. log is what to tell beside its output where it never does; nil: nothing.
func (p *Process) Ready(t testing.TB, ask func(context.Context) bool, log func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ask(ctx) {
		select {
		case <-p.done:
		case <-ctx.Done():
		case <-tick.C:
			continue
		}
		said := p.Output()
		if log != nil {
			said += log()
		}
		t.Fatalf("%s is not ready:\n%s", p.Cmd.Path, said)
	}
}

// Answers asks whether somebody takes connections at an address.
func Answers(network, addr string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
}

// FreePorts are ports on loopback that nobody uses, each another.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	out, err := Ports(n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Ports are FreePorts for those who have no test at hand. They are below what systems give to connections and to who asks for any port, so that
// nobody on a busy machine is given one between this look and the start of the program that is to listen there.
func Ports(n int) ([]int, error) {
	var out []int
	for misses := 0; len(out) < n; {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(16000+rand.IntN(16000)))
		if err != nil {
			if misses++; misses > 100 {
				return nil, fmt.Errorf("find a free port on loopback: %w", err)
			}
			continue
		}
		defer l.Close() // not before all are found
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}
