package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/test/easclient"
	"tandem/test/hubkit"
)

func TestMain(m *testing.M) {
	code := hubkit.Main(m)
	if err := endChromium(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// hub is the real program, serving on loopback.
type hub struct {
	*testing.T
	data, places string
	url, link    string // where it is, and the one-time set-up link
	end          func() // ends it, as Ctrl-C does
}

const (
	user     = "anna"
	password = "correct horse battery"
)

// startHub starts a hub without users; it ends with the test.
func startHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{T: t, data: t.TempDir(), places: t.TempDir()}
	h.link, h.end = hubkit.Start(t, h.data, "http://127.0.0.1:0", regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/welcome/\S+`))
	h.url, _, _ = strings.Cut(h.link, "/welcome/")
	return h
}

// restart ends the hub and starts it anew where it was.
func (h *hub) restart() {
	h.Helper()
	h.end()
	_, h.end = hubkit.Start(h, h.data, h.url, regexp.MustCompile(regexp.QuoteMeta(h.url)+"/"))
}

// cli runs a command of the program on the hub's data.
func (h *hub) cli(stdin string, args ...string) string {
	h.Helper()
	return hubkit.CLI(h, h.data, stdin, args...)
}

// try runs a command that may say that something is left to do.
func (h *hub) try(args ...string) {
	h.Helper()
	cmd := exec.Command(hubkit.Program(h), append(args, "--data", h.data)...)
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 3 && cmd.ProcessState.ExitCode() != 1 {
		h.Fatalf("tandem %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// dir is a folder below the hub's places.
func (h *hub) dir(name string) string { return filepath.Join(h.places, name) }

// write writes a file below the hub's places.
func (h *hub) write(name, body string) {
	h.Helper()
	path := h.dir(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		h.Fatal(err)
	}
}

// card is a contact.
func card(uid, name string, extra ...string) string {
	lines := append([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "FN:" + name, "N:" + name + ";;;;"}, extra...)
	return strings.Join(append(lines, "END:VCARD", ""), "\r\n")
}

// event is an appointment.
func event(uid, title, day string) string {
	return strings.Join([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "BEGIN:VEVENT", "UID:" + uid, "DTSTAMP:20260101T000000Z", "DTSTART:" + day + "T090000Z",
		"DTEND:" + day + "T100000Z", "SUMMARY:" + title, "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")
}

// evil is a name that would be a script if a page did not show it as text.
const evil = "<script>alert(1)</script> <b>Bobby</b>"

// fill makes a household: two address books that disagree about somebody, a calendar, a folder of files, one place that is gone, and phones.
func (h *hub) fill() {
	h.Helper()
	names := []string{"Anna Adams", "Ben Bauer", "Carla Costa", "Dora Diaz", "Emil Ehrlich", "Fatima Farsi", "Georg Grün", "Hana Hasegawa", "Ivo Ilić", "Jana Jansen"}
	for i, n := range names {
		for _, book := range []string{"phone-book", "laptop-book"} {
			h.write(fmt.Sprintf("%s/%d.vcf", book, i), card(fmt.Sprintf("uid-%d", i), n, "TEL;TYPE=CELL:+49 30 "+fmt.Sprint(1000+i), fmt.Sprintf("EMAIL:%d@example.org", i)))
		}
	}
	h.write("phone-book/evil.vcf", card("uid-evil", evil))
	for i, title := range []string{"Dentist", "Choir practice", "Parents' evening", "Train to Leipzig"} {
		h.write(fmt.Sprintf("calendar/%d.ics", i), event(fmt.Sprintf("ev-%d", i), title, fmt.Sprintf("2026120%d", i+1)))
	}
	for i := range 12 {
		h.write(fmt.Sprintf("documents/letters/letter %d.txt", i), strings.Repeat("Dear reader. ", 200*(i+1)))
	}
	h.write("old-stick/one.txt", "one")
	for _, it := range [][]string{
		{"contacts", "vdir:" + h.dir("phone-book"), "phone-book"}, {"contacts", "vdir:" + h.dir("laptop-book"), "laptop-book"}, {"calendar", "vdir:" + h.dir("calendar"), "calendar"},
		{"documents", "files:" + h.dir("documents"), "documents"}, {"stick", "files:" + h.dir("old-stick"), "stick"},
	} {
		h.cli("", "item", "add", it[0], it[1], "--name", it[2], "--mode", "manual", "--user", user)
		h.try("sync", it[2])
	}
	// Everybody changes something, and then the two books disagree.
	h.write("phone-book/2.vcf", card("uid-2", "Carla Costa", "TEL;TYPE=CELL:+49 30 5555", "EMAIL:2@example.org", "REV:20261120T101500Z"))
	h.write("laptop-book/2.vcf", card("uid-2", "Carla Costa", "TEL;TYPE=CELL:+49 40 7777", "EMAIL:carla@example.com", "REV:20261119T080000Z"))
	h.write("phone-book/3.vcf", card("uid-3", "Dora Diaz", "TEL;TYPE=CELL:+49 30 6666"))
	h.write("laptop-book/3.vcf", card("uid-3", "Dora Diaz-Meier", "TEL;TYPE=CELL:+49 40 8888"))
	h.write("calendar/0.ics", event("ev-0", "Dentist, at last", "20261201"))
	h.write("calendar/9.ics", event("ev-9", "Ice skating", "20261212"))
	if err := os.Remove(h.dir("calendar/1.ics")); err != nil {
		h.Fatal(err)
	}
	for _, it := range []string{"phone-book", "laptop-book", "calendar"} {
		h.try("sync", it)
	}
	h.write("documents/letters/letter 3.txt", "Dear reader, this is all.")
	if err := os.RemoveAll(h.dir("old-stick")); err != nil {
		h.Fatal(err)
	}
	h.try("sync", "stick")
	h.cli("", "item", "set", "calendar", "schedule=0 7 * * 1-5")
	h.phones()
}

// phones makes two phones known, one of which waits to be allowed.
func (h *hub) phones() {
	h.Helper()
	h.cli("", "device", "rule", "add", "hold", "--type", "Strange*", "--note", "unknown phones are held")
	for id, typ := range map[string]string{"ANNAPHONE01": "iPhone", "STRANGER02": "StrangePhone"} {
		p := easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, Base: h.url, User: user, Password: password, DeviceID: id, DeviceType: typ, Agent: "Apple-iPhone15C2/2101.44", Version: "16.1"})
		ctx, cancel := context.WithTimeout(h.Context(), 5*time.Minute)
		err := p.FolderSync(ctx)
		cancel()
		if err != nil && typ == "iPhone" {
			h.Fatal(err)
		}
	}
}

// body is what an answer says.
func body(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
