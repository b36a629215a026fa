package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/server/control"
)

// logReader runs `tandem log --follow` and reads what it prints, line by line.
type logReader struct {
	*testing.T
	dir   string
	lines *bufio.Reader
	stop  func() error
}

func followIn(t *testing.T, dir string, args ...string) *logReader {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	a := &app{in: strings.NewReader(""), out: out, err: io.Discard}
	root := a.root()
	root.SetArgs(append([]string{"log", "--follow", "--data", dir}, args...))
	go func() {
		err := root.ExecuteContext(ctx)
		out.CloseWithError(fmt.Errorf("nobody follows any more: %w", cmp.Or(err, io.EOF)))
		ended <- err
	}()
	return &logReader{t, dir, bufio.NewReader(in), func() error { cancel(); return <-ended }}
}

// says waits for the next line, and checks that it holds a text.
func (r *logReader) says(want string) {
	r.Helper()
	if line, err := r.lines.ReadString('\n'); err != nil || !strings.Contains(line, want) {
		r.Fatalf("the log says %q (%v), want %q", line, err, want)
	}
}

// owned takes the data folder, once whoever looks into it has let go, as a command on the same folder does.
func (r *logReader) owned() *hub {
	r.Helper()
	for {
		h, err := openHub(r.dir, hubOptions{})
		if err == nil {
			return h
		}
		if !tandem.IsKind(err, tandem.Busy) {
			r.Fatal(err)
		}
		runtime.Gosched()
	}
}

// sync puts a file into one folder and syncs it to another, which writes a line to the log.
func (r *logReader) sync(s center.Service, name string) {
	r.Helper()
	a, b := filepath.Join(r.dir, "..", "a"), filepath.Join(r.dir, "..", "b")
	for _, d := range []string{a, b} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			r.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(a, name), []byte(name), 0o600); err != nil {
		r.Fatal(err)
	}
	if err := s.SyncPlaces(r.Context(), center.Places{A: "files:" + a, B: "files:" + b}, center.SyncOptions{}, func(center.SyncNews) {}); err != nil {
		r.Fatal(err)
	}
}

func TestFollowLog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := &logReader{T: t, dir: dir}
	h := first.owned()
	first.sync(h, "one")
	first.sync(h, "two")
	ctx, cancel := context.WithCancel(t.Context())
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- control.Serve(ctx, l, h, "test") }()

	// Beside a running hub, lines come as they are written.
	r := followIn(t, dir, "--lines", "1")
	r.says("1 new")
	for _, name := range []string{"three", "four"} {
		r.sync(h, name)
		r.says("1 new")
	}
	// The hub stops; another command works on the folder; another hub comes.
	cancel()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"five", "six"} {
		alone := r.owned()
		r.sync(alone, name)
		if err := alone.Close(); err != nil {
			t.Fatal(err)
		}
		r.says("1 new")
	}
	h = r.owned()
	ctx, cancel = context.WithCancel(t.Context())
	if l, err = control.Listen(dir); err != nil {
		t.Fatal(err)
	}
	go func() { served <- control.Serve(ctx, l, h, "test") }()
	r.sync(h, "seven")
	r.says("1 new")
	if err := r.stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	// A log that nobody wrote to yet is followed, too, and from an event on.
	r = followIn(t, filepath.Join(t.TempDir(), "data"), "--json", "--after", "0")
	alone := r.owned()
	r.sync(alone, "first")
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	r.says(`"text":"to files:`)
	if err := r.stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
}
