package interop

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
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

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tandem-interop-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "tandem")
	out, err := exec.Command("go", "build", "-o", bin, "tandem/cmd/tandem").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: "go build: " + string(out), Err: err}
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built {
		if bin, err := binary(); err == nil {
			os.RemoveAll(filepath.Dir(bin))
		}
	}
	os.Exit(code)
}

// built is set once the program was built; written before any test that uses it ends.
var built bool

var buildMu sync.Mutex

func program(t *testing.T) string {
	t.Helper()
	buildMu.Lock()
	defer buildMu.Unlock()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	built = true
	return bin
}

// hub is the real program, serving on loopback, with the user anna.
type hub struct {
	*testing.T
	bin, data string
	url       string // http://127.0.0.1:PORT, or https
	user      string
	password  string
}

// startHub starts a hub; it ends with the test.
func startHub(t *testing.T) *hub {
	t.Helper()
	return startHubAt(t, "http://127.0.0.1:0")
}

// startHubAt starts a hub that listens there.
func startHubAt(t *testing.T, listen string) *hub {
	t.Helper()
	h := &hub{T: t, bin: program(t), data: t.TempDir(), user: "anna", password: "correct horse battery"}
	h.cli("correct horse battery", "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	cmd := exec.Command(h.bin, "serve", "--data", h.data, "--listen", listen)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // error: it is gone already, which Wait tells
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("the hub: %v\n%s", err, log.String())
		}
	})
	found := make(chan string, 1)
	go func() {
		address := regexp.MustCompile(`https?://127\.0\.0\.1:[0-9]+`)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if a := address.FindString(lines.Text()); a != "" {
				found <- a
				break
			}
		}
		close(found)
		_, _ = io.Copy(io.Discard, out) // error: the hub ended
	}()
	select {
	case h.url = <-found:
	case <-time.After(30 * time.Second):
	}
	if h.url == "" {
		t.Fatalf("the hub did not say where it is: %s", log.String())
	}
	return h
}

// cli runs a command of the program on the hub's data.
func (h *hub) cli(stdin string, args ...string) string {
	h.Helper()
	cmd := exec.Command(h.bin, append(args, "--data", h.data)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("tandem %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// do sends a request without a body as the hub's user.
func (h *hub) do(method, path string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, nil)
	if err != nil {
		h.Fatal(err)
	}
	r.SetBasicAuth(h.user, h.password)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		h.Fatalf("%s %s: %s %s", method, path, resp.Status, body)
	}
}

// run runs a foreign program with a home of its own and returns what it printed.
func run(t *testing.T, home string, stdin string, name string, args ...string) string {
	t.Helper()
	out, err := try(t, home, stdin, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return out
}

func try(t *testing.T, home string, stdin string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_DATA_HOME="+filepath.Join(home, ".local/share"),
		"XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "LC_ALL=C.UTF-8", "TZ=Europe/Berlin")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// glob reads the files of a folder whose names match, by name.
func glob(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(b)
	}
	return out
}

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func card(uid, name, tel string) string {
	return crlf("BEGIN:VCARD", "VERSION:3.0", "UID:"+uid, "FN:"+name, "N:"+name+";;;;", "TEL;TYPE=CELL:"+tel, "X-ODD;X-P=1:kept", "END:VCARD")
}

func event(uid, summary, start string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:20260101T000000Z", "DTSTART:"+start, "DURATION:PT1H",
		"SUMMARY:"+summary, "X-ODD:kept", "END:VEVENT", "END:VCALENDAR")
}

func todo(uid, summary string) string {
	return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VTODO", "UID:"+uid, "DTSTAMP:20260101T000000Z", "SUMMARY:"+summary, "STATUS:NEEDS-ACTION",
		"END:VTODO", "END:VCALENDAR")
}
