package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/internal/need"
	"tandem/test/easclient"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// busyHouse is a household with all that pages can show: places of several sorts and a mailbox, runs enough for a chart, a plan that the guard holds, an item that waits to be
// looked at, another user who shares, a program that reports, a webhook.
func busyHouse(t *testing.T) *hub {
	t.Helper()
	h := filledHub(t)
	h.program()
	h.shares()
	h.mailbox()
	h.held()
	h.chart()
	h.write("club/1.vcf", card("club-1", "Olga Ort"))
	h.cli("", "item", "add", "contacts", "vdir:"+h.dir("club"), "--name", "club", "--look", "--user", user)
	h.cli("", "webhook", "add", "http://localhost:9/hook", "--events", "problem.began", "--user", user)
	h.report("sessions", `{"handler": "frame", "name": "Photo frame", "type": "application", "who": "frame 1.0", "items": [{"id": "frame-pictures", "name": "Pictures"}]}`)
	h.phoneSyncs()
	h.longNames()
	h.cli("", "device", "news", "ANNAPHONE01", "peak mon-fri 08:00-18:00 on change; off-peak every 2h")
	return h
}

// program registers a provider that is a program, with an option of each sort.
func (h *hub) program() {
	h.Helper()
	at, err := filepath.Abs(filepath.Join("testdata", "greenhouse.py"))
	if err != nil {
		h.Fatal(err)
	}
	h.cli("", "provider", "add", need.Program(h.T, "python3"), at)
}

// longNames adds what is called at length, as a word that breaks nowhere, and that a schedule of cron and a policy hold.
func (h *hub) longNames() {
	h.Helper()
	const long = "geburtstagskalender-der-urgrosseltern-seit-neunzehnhundertzwoelf"
	h.write(long+"/1.ics", event("long-1", "Donaudampfschifffahrtsgesellschaftskapitänswitwenversicherungsgesellschaft", "20261205"))
	h.cli("", "item", "add", "birthdays", "vdir:"+h.dir(long), "--name", long, "--mode", "manual", "--user", user)
	h.cli("", "item", "set", long, "schedule=*/20 8-18 * * 1-5")
	h.try("sync", long)
	h.cli("", "device", "policy", "set", "DevicePasswordEnabled=yes", "MinDevicePasswordLength=6", "AllowBluetooth=1", "AllowCamera=no", "--user", user, "--device", "ANNAPHONE01")
}

// shares adds another user, whose calendar is a place on a server for the first one, and who shares a collection.
func (h *hub) shares() {
	h.Helper()
	h.cli(password, "user", "add", "ben", "--title", "Ben Adams", "--password-file", "-")
	for i, title := range []string{"Rowing", "Piano lesson", "Grandma's birthday"} {
		h.write(fmt.Sprintf("ben/%d.ics", i), event(fmt.Sprintf("ben-%d", i), title, fmt.Sprintf("2026120%d", i+3)))
	}
	h.cli("", "item", "add", "calendar", "vdir:"+h.dir("ben"), "--name", "ben-laptop", "--mode", "manual", "--user", "ben")
	h.try("sync", "ben-laptop")
	h.cli("", "collection", "share", "ben/calendar", "--with", user)
	u, err := url.Parse(h.url)
	if err != nil {
		h.Fatal(err)
	}
	account := "caldav://ben@" + u.Host + "/"
	said := h.cli(password, "partner", "login", account, "--password-file", "-")
	at := regexp.MustCompile(`(?m)^calendar +event +(\S+)`).FindStringSubmatch(said)
	if at == nil {
		h.Fatalf("no calendar is found: %s", said)
	}
	h.cli("", "partner", "add", at[1], "--name", "bens-hub", "--user", user)
	h.cli("", "item", "add", "family", "bens-hub", "--name", "family", "--mode", "manual", "--user", user)
	h.try("sync", "family")
}

// mailbox adds an account of mail on a real server.
func (h *hub) mailbox() {
	h.Helper()
	server := mailkit.Dovecot(h, mailkit.Config{})
	account := "imap://anna@" + server.IMAP + "/"
	h.cli(mailkit.Password, "partner", "login", account, "--password-file", "-")
	h.cli("", "partner", "add", account, "--name", "mailbox", "--user", user)
	h.cli("", "item", "add", "--all", "mailbox", "--user", user)
	h.try("sync")
}

// held deletes most of a collection, so that the guard holds the plan.
func (h *hub) held() {
	h.Helper()
	for i := range 30 {
		h.write(fmt.Sprintf("camera/2026/IMG_%04d.jpg", 4100+i), strings.Repeat(fmt.Sprint(i), 4000))
	}
	h.cli("", "item", "add", "photos", "files:"+h.dir("camera"), "--name", "camera", "--mode", "manual", "--user", user)
	h.try("sync", "camera")
	for i := range 26 {
		if err := os.Remove(filepath.Join(h.dir("camera"), "2026", fmt.Sprintf("IMG_%04d.jpg", 4100+i))); err != nil {
			h.Fatal(err)
		}
	}
	h.try("sync", "camera")
}

// chart runs an item several times, each with something to do, and leaves something for a preview.
func (h *hub) chart() {
	h.Helper()
	for i := range 7 {
		for k := range 1 + i*i%5 {
			h.write(fmt.Sprintf("documents/minutes/2026-%02d-%d.txt", i+1, k), strings.Repeat("It was agreed that. ", 40*(7-i)))
		}
		h.try("sync", "documents")
	}
	h.write("documents/letters/letter 3.txt", "Dear reader, this is all for today.")
	h.write("documents/letters/landlord.txt", "Dear Sir or Madam")
	if err := os.Remove(h.dir("documents/letters/letter 7.txt")); err != nil {
		h.Fatal(err)
	}
}

// phoneSyncs has the phone that is let in take a calendar and the contacts.
func (h *hub) phoneSyncs() {
	h.Helper()
	p := easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, Base: h.url, User: user, Password: password, DeviceID: "ANNAPHONE01", DeviceType: "iPhone", Agent: "Apple-iPhone15C2/2101.44", Version: "16.1"})
	ctx, cancel := context.WithTimeout(h.Context(), 5*time.Minute)
	defer cancel()
	if err := p.FolderSync(ctx); err != nil {
		h.Fatal(err)
	}
	for _, typ := range []int{8, 9} { // MS-ASCMD 2.2.3.186.3: the calendar, of two weeks, and the contacts
		p.Filter = map[int]int{8: 4}[typ]
		if err := p.Sync(ctx, p.FolderOf(typ)); err != nil {
			h.Fatal(err)
		}
	}
	h.doubtfulMail(ctx, p)
	h.stuckMail(ctx, p)
}

// doubtfulMail has the phone send a message of which nobody knows whether it arrived: the server took it, and its answer was lost.
func (h *hub) doubtfulMail(ctx context.Context, p *easclient.Phone) {
	h.Helper()
	sink := mailkit.NewSink(h)
	line := mailkit.NewProxy(h, sink.Addr)
	line.Deafen("\r\n.\r\n")
	h.cli("", "user", "mail", user, "--server", line.Addr, "--tls", "none", "--from", "anna@example.org")
	h.send(ctx, p, "2", "To: aunt.wilhelmina@example.com, uncle@example.com\r\nSubject: Sunday\r\n\r\nWe shall come.\r\n")
	for { // asking takes as long as a wait would
		var queue []struct{ Doubt []string }
		if err := json.Unmarshal([]byte(h.cli("", "mail", "queue", "--json", "--user", user)), &queue); err != nil {
			h.Fatal(err)
		}
		if len(queue) > 0 && len(queue[0].Doubt) == 2 {
			return
		}
		if ctx.Err() != nil {
			h.Fatalf("the message is not in doubt: %+v", queue)
		}
	}
}

// send sends a message from a phone.
func (h *hub) send(ctx context.Context, p *easclient.Phone, id, mime string) {
	h.Helper()
	doc, err := wbxml.FromXML(strings.NewReader(`<SendMail xmlns="ComposeMail"><ClientId>` + id + `</ClientId><Mime>` + base64.StdEncoding.EncodeToString([]byte(mime)) + `</Mime></SendMail>`))
	if err != nil {
		h.Fatal(err)
	}
	if _, err := p.Do(ctx, "SendMail", doc); err != nil {
		h.Fatal(err)
	}
}

// stuckMail has the phone send a message that cannot go out: nobody answers where the user's mail server is said to be.
func (h *hub) stuckMail(ctx context.Context, p *easclient.Phone) {
	h.Helper()
	h.cli("", "user", "mail", user, "--server", "localhost:9", "--tls", "none", "--from", "anna@example.org")
	h.send(ctx, p, "1", "To: grandma@example.com\r\nSubject: Pictures\r\n\r\nThey are lovely.\r\n")
}
