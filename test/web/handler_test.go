package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// report tells the hub of a sync that another program does, as that program would.
func (h *hub) report(path, says string) {
	h.Helper()
	h.asProgram("POST", path, says)
}

// asProgram is what a program is answered that logs in with the password.
func (h *hub) asProgram(method, path, says string) string {
	h.Helper()
	r, err := http.NewRequest(method, h.url+"/api/"+path, strings.NewReader(says))
	if err != nil {
		h.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	text := body(h.T, answer)
	if answer.StatusCode >= 300 {
		h.Fatalf("%s: %s: %s", path, answer.Status, text)
	}
	return text
}

// TestProgramsConflict: a conflict of a program is answered in its page like any other, with what the program takes, and waits there until the program says that it is settled. SC-42
func TestProgramsConflict(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	number := func(text, after string) string {
		t.Helper()
		_, rest, ok := strings.Cut(text, after)
		if n := strings.IndexAny(rest, ",}"); ok && n > 0 {
			return rest[:n]
		}
		t.Fatalf("no %s in %s", after, text)
		return ""
	}
	at := "sessions/" + number(h.asProgram("POST", "sessions", `{"handler": "frame", "name": "Photo frame", "can": ["conflicts"], "items": [{"id": "frame-pictures"}]}`), `"id":`)
	h.report(at, `{"conflicts": [{"id": "p1", "item": "frame-pictures", "title": "The <b>garden</b>", "why": "both were painted over", "takes": ["version", "body", "skip"], "versions": [
		{"title": "Garden", "where": "the frame", "who": "Zoe Zebra", "when": 1766000000, "body": "roses\ntulips"}, {"title": "Garden", "where": "the shelf", "body": "roses\nweeds"}, {"where": "the cellar", "deleted": true}]}]}`)
	page := "/conflicts/" + number(h.asProgram("GET", "handler/conflicts?id=frame", ""), `"number":`)
	b.open("/conflicts")
	b.has("The <b>garden</b>")
	b.has("reported by frame")
	b.open(page)
	for _, want := range []string{"both were painted over", "the shelf", "by Zoe Zebra", "Deleted here", "tulips", "weeds"} {
		b.has(want)
	}
	b.view("77-program-conflict")
	b.do(chromedp.Click("#a-b"), chromedp.Click("form.decide button.main"), chromedp.WaitReady("#told"))
	b.has("waits for frame, which carries it out")
	b.view("78-program-answered")
	if text := h.asProgram("POST", at, `{}`); !strings.Contains(text, `"take":"b","version":1`) {
		t.Errorf("the program is told %s", text)
	}
	b.open(page)
	b.has("It stays here until frame says that it is settled")
	h.report(at, `{"closed": ["p1"]}`)
	b.open("/conflicts")
	b.until(`!document.querySelector("main").innerText.includes("garden")`)
	b.complaints("a conflict of a program")
}

// TestHandlers: whoever offers sync items is shown with its type, its state and the tasks that it has; a task that a policy greys says why, one that it hides is not there; what is
// set aside waits in Sync Setup. SC-01, SC-02, SC-03, SC-12, SC-13, SC-17, SC-32
func TestHandlers(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	h.report("sessions", `{"handler": "frame", "name": "Photo frame", "type": "application", "label": "Digital picture frame", "comment": "It shows <b>pictures</b>.", "who": "frame 1.0",
		"items": [{"id": "frame-pictures", "name": "Pictures on the wall"}]}`)
	b.setAside()
	b.complaints("setting aside")
	b.greyed()
	b.complaints("greyed tasks")
	b.hidden()
	b.complaints("hiding")
	b.phoneFolders()
	b.complaints("a phone's folders")
	for name, path := range map[string]string{"70-setup": "/sync-setup", "71-partner": "/partners/laptop-book", "72-disconnected": "/partners/old-stick", "73-program": "/handler?id=frame", "74-centre-of-many": "/?hidden=1"} {
		b.open(path)
		b.view(name)
	}
}

// setAside puts a partner with conflicts into Sync Setup, which asks first, and takes it back.
func (b *browser) setAside() {
	b.Helper()
	b.open("/partners/laptop-book")
	for _, want := range []string{"Folder of vCards or iCalendar files", "Connected", "ask about conflicts"} {
		b.has(want)
	}
	b.do(chromedp.Click("#task-deactivate-laptop-book"), chromedp.WaitReady(".ask"))
	b.has("2 conflicts wait for an answer")
	b.view("75-set-aside")
	b.do(chromedp.Click(".ask button.main"), chromedp.WaitReady("main h1"))
	b.has("conflicts wait for a decision") // it was not confirmed
	b.do(chromedp.Navigate(b.h.url+"/handler/ask?id=laptop-book&do=deactivate"), chromedp.WaitReady("#tick"), chromedp.Click("#tick"), chromedp.Click(".ask button.main"), chromedp.WaitReady("#sorts"))
	b.has("laptop-book")
	b.open("/")
	if strings.Contains(b.text(), "laptop-book") {
		b.Error("what was set aside is in the Sync Center")
	}
	b.open("/sync-setup")
	b.do(chromedp.Click("#task-activate-laptop-book"), chromedp.WaitReady("#items"))
	b.open("/")
	b.has("laptop-book")
	// Switched off it stays, and nothing of it can be started.
	b.open("/partners/phone-book")
	b.do(chromedp.Click("#task-disable-phone-book"), chromedp.WaitReady("#task-enable-phone-book"))
	b.has("Sync: it is disabled")
	if !value[bool](b, `[...document.querySelectorAll(".tasks button")].some(e => e.disabled && e.innerText.includes("Sync") && document.getElementById(e.getAttribute("aria-describedby")) != null)`) {
		b.Error("the task that cannot be done is not greyed with its reason")
	}
	b.open("/")
	if value[bool](b, `document.querySelector("#start-item-phone-book") != null`) {
		b.Error("an item of a disabled partner can be started")
	}
	b.open("/partners/phone-book")
	b.do(chromedp.Click("#task-enable-phone-book"), chromedp.WaitReady("#task-disable-phone-book"))
}

// greyed looks at a program that only it itself can start.
func (b *browser) greyed() {
	b.Helper()
	b.open("/")
	b.has("Photo frame")
	b.open("/handler?id=frame")
	for _, want := range []string{"Digital picture frame", "It shows <b>pictures</b>.", "Pictures on the wall", "Program"} {
		b.has(want)
	}
}

// hidden takes a handler out of sight and brings it back.
func (b *browser) hidden() {
	b.Helper()
	b.open("/partners/documents")
	b.do(chromedp.Click("#task-hide-documents"), chromedp.WaitReady("#task-show-documents"))
	b.open("/")
	if strings.Contains(b.text(), "documents") {
		b.Error("a hidden handler is shown")
	}
	b.press(`a[href="/?hidden=1"]`)
	b.until(`document.querySelector(".veiled")?.innerText.includes("documents")`)
	b.open("/partners/documents")
	b.do(chromedp.Click("#task-show-documents"), chromedp.WaitReady("#task-hide-documents"))
}

// phoneFolders: a phone is a handler with what it syncs, which only it can start.
func (b *browser) phoneFolders() {
	b.Helper()
	b.open("/")
	b.has("1 device waits to be allowed")
	if n := value[int](b, `[...document.querySelectorAll(".partner")].filter(e => e.innerText.includes("iPhone"))[0].querySelectorAll("form").length`); n != 0 {
		b.Errorf("a phone, which asks for news by itself, has %d buttons", n)
	}
	b.open("/sync-setup")
	b.has("unknown phones are held")
	if !value[bool](b, `[...document.querySelectorAll("main .acts")].some(e => e.innerText.includes("Allow"))`) {
		b.Error("a phone that waits cannot be allowed from Sync Setup")
	}
}
