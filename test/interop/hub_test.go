package interop

import (
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"tandem/test/hubkit"
)

// atOnce is how many tests run at once at least. They wait for other programs more than they compute.
const atOnce = 4

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && runtime.GOMAXPROCS(0) < atOnce {
		if err := f.Value.Set(strconv.Itoa(atOnce)); err != nil {
			panic(err)
		}
	}
	os.Exit(hubkit.Main(m))
}

// hub is the real program, serving on loopback, with the user anna.
type hub struct {
	*testing.T
	data     string
	url      string // http://127.0.0.1:PORT, or https
	user     string
	password string
}

// startHub starts a hub; it ends with the test.
func startHub(t *testing.T) *hub {
	t.Helper()
	return startHubAt(t, "http://127.0.0.1:0")
}

// startHubAt starts a hub that listens there.
func startHubAt(t *testing.T, listen string) *hub {
	t.Helper()
	h := &hub{T: t, data: t.TempDir(), user: "anna", password: "correct horse battery"}
	h.cli("correct horse battery", "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	h.url = hubkit.Serve(t, h.data, listen, regexp.MustCompile(`https?://127\.0\.0\.1:[0-9]+`))
	return h
}

// cli runs a command of the program on the hub's data.
func (h *hub) cli(stdin string, args ...string) string {
	h.Helper()
	return hubkit.CLI(h, h.data, stdin, args...)
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
