// Package hubkit runs the real program for tests: a hub that serves on loopback, and commands on its data.
package hubkit

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the program, built once for all tests of a package.
var built struct {
	once sync.Once
	dir  string // "" until it is wanted
	err  error
}

// Program is the path of the program, which is built when it is first asked for. The package's tests run by Main.
func Program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "tandem-program-"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "tandem"), "tandem/cmd/tandem").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "tandem")
}

// Main runs the tests of a package and removes the program that they built. It returns the exit status.
func Main(m *testing.M) int {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	return code
}

// Serve starts a hub on a folder of data, which ends with the test, and returns the first thing that it says of the sort wanted.
func Serve(t testing.TB, data, listen string, wanted *regexp.Regexp) string {
	t.Helper()
	said, _ := Start(t, data, listen, wanted)
	return said
}

// Start is Serve for a hub that is to end before the test does, by end; more are further flags.
func Start(t testing.TB, data, listen string, wanted *regexp.Regexp, more ...string) (said string, end func()) {
	t.Helper()
	said, end, _ = Mortal(t, data, listen, wanted, more...)
	return said, end
}

// Mortal is Start for a hub that may be killed, too, as by a power cut. Only one of end and kill has an effect.
func Mortal(t testing.TB, data, listen string, wanted *regexp.Regexp, more ...string) (said string, end, kill func()) {
	t.Helper()
	said, end, kill, _ = begin(t, data, listen, wanted, more)
	return said, end, kill
}

// Telling is Start for a hub of which a test wants to know what it wrote down: end returns that.
func Telling(t testing.TB, data, listen string, wanted *regexp.Regexp, more ...string) (said string, end func() string) {
	t.Helper()
	said, stop, _, log := begin(t, data, listen, wanted, more)
	return said, func() string {
		stop()
		return log.String()
	}
}

func begin(t testing.TB, data, listen string, wanted *regexp.Regexp, more []string) (said string, end, kill func(), log *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(Program(t), append([]string{"serve", "--data", data, "--listen", listen}, more...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func() {
		once.Do(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM) // error: it is gone already, which Wait tells
			if err := cmd.Wait(); err != nil || t.Failed() {
				t.Logf("the hub: %v\n%s", err, log.String())
			}
		})
	}
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill() // error: it is gone already
			_ = cmd.Wait()         // error: it was killed
		})
	}
	t.Cleanup(end)
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if a := wanted.FindString(lines.Text()); a != "" {
				found <- a
				break
			}
		}
		close(found)
		_, _ = io.Copy(io.Discard, out) // error: the hub ended
	}()
	select {
	case said = <-found:
	case <-time.After(time.Minute):
	}
	if said == "" {
		t.Fatalf("the hub did not say where it is: %s", log.String())
	}
	return said, end, kill, log
}

// CLI runs a command of the program on a folder of data and returns what it printed.
func CLI(t testing.TB, data, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(Program(t), append(args, "--data", data)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tandem %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
