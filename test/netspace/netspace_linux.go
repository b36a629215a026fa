package netspace

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tandem/internal/need"
)

const (
	inside = "TANDEM_NETSPACE" // set in the process that has a network of its own
	served = "TANDEM_NETSPACE_SERVE"
)

// Enter runs a test in a process with a network of its own: it starts the test's binary once more with nothing but this test, and tells the one that is inside by true. The
// other returns at once, and has the other's result. It skips where such a network may not be made.
//
//	if !netspace.Enter(t) {
//		return
//	}
func Enter(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	need.Program(t, "ip", "iproute2")
	cmd := again(t)
	cmd.Env = append(os.Environ(), inside+"=1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		mayNot(t, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("in a network of its own: %v\n%s", err, &said)
	}
	if strings.Contains(said.String(), "--- SKIP") {
		t.Skip(said.String())
	}
	return false
}

// again is the test's binary, with this test and a network of its own.
func again(t *testing.T) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-test.v", "-test.count=1", "-test.run=^"+t.Name()+"$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 { // root of a namespace of users, in which making networks is allowed
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

func mayNot(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		need.Missing(t, "the right to make network namespaces")
	}
	t.Fatal(err)
}

// IP runs the program ip with these words: "link set here down".
func IP(t *testing.T, words string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), need.Program(t, "ip", "iproute2"), strings.Fields(words)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", words, err, out)
	}
}

// Far starts the test once more in another network, where Serving tells it its part, and joins the two by a link, which is "here" in this one and has the addresses 192.0.2.1 and
// 192.0.2.2 (RFC 5737). It returns when the other has said that it is ready, and ends it with the test.
func Far(t *testing.T) {
	t.Helper()
	cmd := again(t)
	cmd.Env = append(os.Environ(), served+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		mayNot(t, err)
	}
	t.Cleanup(func() {
		in.Close() // what Serving waits for
		if err := cmd.Wait(); err != nil {
			t.Errorf("the far end: %v", err)
		}
	})
	IP(t, "link add here type veth peer name there netns "+strconv.Itoa(cmd.Process.Pid))
	IP(t, "addr add 192.0.2.1/24 dev here")
	IP(t, "link set here up")
	if _, err := io.WriteString(in, "joined\n"); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			go func() { io.Copy(io.Discard, out) }() // until the other closes it
			return
		}
	}
	t.Fatalf("the far end said nothing: %v", lines.Err())
}

// Serving tells whether this process is the far end. If so it runs serve there, with the link up, and returns when the near end is done. serve must not block.
func Serving(t *testing.T, serve func()) bool {
	t.Helper()
	if os.Getenv(served) == "" {
		return false
	}
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	IP(t, "addr add 192.0.2.2/24 dev there")
	IP(t, "link set there up")
	serve()
	if _, err := os.Stdout.WriteString("ready\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, in)
	return true
}
