package web

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// household is a filled hub with a browser in which its user is logged in.
func household(t *testing.T) (*hub, *browser) {
	t.Helper()
	h := filledHub(t)
	return h, visitor(t, h)
}

// filledHub is a hub with a user, an administrator, and all that fill makes.
func filledHub(t *testing.T) *hub {
	t.Helper()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	h.fill()
	return h
}

// visitor is a browser in which the user of a hub is logged in.
func visitor(t *testing.T, h *hub) *browser {
	t.Helper()
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	return b
}

// press clicks on something of a part that may just be brought in anew.
func (b *browser) press(selector string) {
	b.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q) != null`, selector))
	value[bool](b, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, selector))
}

// text says what stands on the page.
func (b *browser) text() string { return value[string](b, `document.querySelector("main").innerText`) }

// has waits until the page says something.
func (b *browser) has(text string) {
	b.Helper()
	b.until(fmt.Sprintf(`document.querySelector("main").innerText.includes(%q)`, text))
}

// TestTasks does what people do with a hub, with the mouse, by keyboard, and without scripts.
func TestTasks(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	b.addPlace(h)
	b.complaints("adding a place")
	b.decideConflicts(h)
	b.complaints("conflicts")
	b.previewAndRun(h)
	b.complaints("preview")
	b.putBack(h)
	b.complaints("undo")
	b.allowPhone()
	b.complaints("devices")
	b.byKeyboard()
	b.complaints("keyboard")
	b.german()
	b.complaints("german")
	b.withoutScripts(h)
}

// addPlace goes through the guide, with a mistake on the way, to a folder that holds other contacts than the hub.
func (b *browser) addPlace(h *hub) {
	b.Helper()
	h.write("old-book/x.vcf", card("uid-x", "Xaver Xylander"))
	b.open("/places/add")
	b.do(chromedp.Click(`a[href="/places/add/vdir"]`), chromedp.WaitReady("#path"), chromedp.SendKeys("#path", h.dir("nowhere")+"\r"), chromedp.WaitReady(".problem"))
	for _, want := range []string{h.dir("nowhere"), "Cause", "What helps"} {
		if !strings.Contains(b.text(), want) {
			b.Errorf("the error does not name %q: %s", want, b.text())
		}
	}
	b.view("40-mistake")
	value[bool](b, `(document.querySelector("#path").value = "", true)`)
	b.do(chromedp.SendKeys("#path", h.dir("old-book")+"\r"), chromedp.WaitReady(".pick"))
	b.has("It works. 1 collection was found.")
	b.view("41-pick")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	b.has("Both sides hold records")
	b.view("42-first")
	b.until(`document.querySelector("input[value=replace-a] ~ label")?.innerText == "Replace here" && document.querySelector("input[value=off] ~ label")?.innerText == "Not now"`)
	if text := b.text(); !strings.Contains(text, "Combine") || !strings.Contains(text, "1 created") || !strings.Contains(text, "deleted") {
		b.Errorf("the ways to meet are not told with their counts: %s", text)
	}
	// Not now: nothing is synced, and the question waits.
	later := value[string](b, `location.pathname + location.search`)
	b.do(chromedp.Click("input[value=off]"), chromedp.Click("form.stack > p button.main"), chromedp.WaitReady("#board"))
	b.has("Waits for your answer")
	b.open("/conflicts")
	b.has("How shall both sides of contacts-old-book meet?")
	b.open(later)
	b.do(chromedp.Click("#when-daily"), chromedp.Click("form.stack > p button.main"), chromedp.WaitReady("#board"))
	b.until(`[...document.querySelectorAll(".item")].some(e => e.innerText.includes("contacts-old-book") && e.innerText.includes("In step"))`)
	if files, err := os.ReadDir(h.dir("old-book")); err != nil || len(files) < 10 {
		b.Errorf("%v: %d files came", err, len(files))
	}
	if said := h.cli("", "item", "list", "--json"); !strings.Contains(said, "@daily") {
		b.Errorf("it does not run daily: %s", said)
	}
}

// decideConflicts answers one conflict with the other side's version, and sees it go.
func (b *browser) decideConflicts(h *hub) {
	b.Helper()
	b.open("/conflicts?item=laptop-book")
	b.until(`document.querySelectorAll("#inbox li").length == 2`)
	b.press("#inbox a.name")
	b.do(chromedp.WaitReady("#a-b"))
	name := value[string](b, `document.querySelector("h1").innerText.split(",")[0]`)
	b.do(chromedp.Click("form.decide button.main")) // without an answer
	if !value[bool](b, `document.querySelector("#a-a").matches(":invalid") && location.pathname != "/conflicts"`) {
		b.Error("no answer is taken for one")
	}
	b.do(chromedp.Click("#a-a"), chromedp.Click("form.decide button.main"), chromedp.WaitReady("#inbox"))
	h.try("sync", "laptop-book")
	b.open("/conflicts?item=laptop-book")
	b.until(`document.querySelectorAll("#inbox li").length == 1`)
	if strings.Contains(b.text(), name) {
		b.Errorf("%s still waits", name)
	}
	// The other one is answered by a version of one's own.
	b.press("#inbox a.name")
	b.do(chromedp.WaitReady("#a-body"), chromedp.Click("details.own summary"), chromedp.Click("#a-body"))
	value[bool](b, `(() => { const t = document.querySelector("#body"); t.value = t.value.replace(/FN:.*/, "FN:Somebody Else"); return true })()`)
	b.do(chromedp.Click("form.decide button.main"), chromedp.WaitReady("#inbox"))
	h.try("sync", "laptop-book")
	b.open("/conflicts")
	b.has("No conflicts wait")
	if !holds(h.dir("laptop-book"), "FN:Somebody Else\r\n") {
		b.Error("the merged version did not reach the folder")
	}
}

// holds reports whether a file of a folder holds a text.
func holds(dir, text string) bool {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, f := range files {
		if body, err := os.ReadFile(dir + "/" + f.Name()); err == nil && strings.Contains(string(body), text) {
			return true
		}
	}
	return false
}

// previewAndRun leaves one step of a preview out and does the other.
func (b *browser) previewAndRun(h *hub) {
	b.Helper()
	h.write("documents/letters/letter 5.txt", "Short.")
	b.open("/items/documents/preview")
	b.until(`document.querySelectorAll(".steps-list li").length == 2`)
	value[bool](b, `(() => { const s = [...document.querySelectorAll(".steps-list li")].find(e => e.innerText.includes("letter 5")).querySelector("select"); s.value = "skip"; return true })()`)
	b.do(chromedp.Click(`button[value=run]`), chromedp.WaitReady("#item-start"))
	b.until(`document.querySelectorAll("tbody tr").length > 0 || (location.reload(), false)`)
	h.cli("", "status", "documents")
	b.open("/items/documents/preview")
	b.until(`document.querySelectorAll(".steps-list li").length == 1`)
	if !strings.Contains(b.text(), "letter 5") {
		b.Errorf("the wrong step was left out: %s", b.text())
	}
}

// putBack undoes the deletion that a run carried out.
func (b *browser) putBack(h *hub) {
	b.Helper()
	b.open("/history?q=" + url.QueryEscape("1.ics"))
	b.press(".item .acts a.button")
	b.do(chromedp.WaitReady(".ask"))
	b.has("Choir practice")
	b.do(chromedp.Click(".ask button.main"), chromedp.WaitReady("main h1"))
	b.until(`document.querySelector(".done")?.innerText.includes("It was put back")`)
	h.try("sync", "calendar")
	if !holds(h.dir("calendar"), "SUMMARY:Choir practice") {
		b.Error("the deleted event is not back in the folder")
	}
}

// allowPhone lets a phone in that waits, and blocks it again after a question that names it.
func (b *browser) allowPhone() {
	b.Helper()
	b.open("/devices")
	b.press(`button[aria-label^="Allow StrangePhone"]`)
	b.do(chromedp.WaitReady("#access"))
	b.has("Syncs")
	b.do(chromedp.Click(`a[href$="ask?do=block"]`), chromedp.WaitReady(".ask"))
	b.has("Block StrangePhone of anna?")
	b.do(chromedp.Click(".ask button.main"), chromedp.WaitReady("#access"))
	b.has("Blocked")
}

// byKeyboard walks through the Sync Center by the tabulator key, and switches an item off and on.
func (b *browser) byKeyboard() {
	b.Helper()
	b.open("/")
	b.tabThrough("/")
	value[bool](b, `(document.getElementById("on-calendar").focus(), true)`)
	b.do(chromedp.KeyEvent(" "))
	b.until(`document.getElementById("on-calendar").getAttribute("aria-checked") == "false"`)
	if id := value[string](b, `document.activeElement.id`); id != "on-calendar" {
		b.Errorf("after a change the focus is on %q", id)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.getElementById("on-calendar").getAttribute("aria-checked") == "true"`)

	// Who presses again as soon as the row has come anew stays on the page, too. A row may come anew for other reasons before that: it is on still.
	value[bool](b, `(() => { window.same = true; let pressed = false;
		document.addEventListener("htmx:afterSwap", e => { if (pressed || e.detail.target.id != "item-calendar" || document.getElementById("on-calendar").getAttribute("aria-checked") != "false") return;
			pressed = window.twice = true; setTimeout(() => document.getElementById("on-calendar").click()) });
		return true })()`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`window.twice && document.getElementById("on-calendar")?.getAttribute("aria-checked") == "true" || !window.same`)
	if !value[bool](b, `window.same == true && document.activeElement.id == "on-calendar"`) {
		b.Errorf("a form that has just come loads the page anew: %s", b.text())
	}
}

// german changes the language and the colours.
func (b *browser) german() {
	b.Helper()
	b.open("/settings")
	b.do(chromedp.SetValue("#lang", "de"), chromedp.SetValue("#theme", "dark"), chromedp.Click(`form[action="/settings/look"] button`))
	b.until(`document.documentElement.lang == "de" && document.documentElement.dataset.theme == "dark"`)
	for path, want := range map[string]string{"/": "Ort hinzufügen", "/log": "Ergebnisse", "/devices": "Telefon verbinden", "/items/calendar": "Nächster Lauf", "/items/nothing": "Das ist nicht da"} {
		b.open(path)
		b.has(want)
	}
	b.open("/")
	b.view("50-german")
	b.open("/settings")
	b.do(chromedp.SetValue("#lang", "en"), chromedp.SetValue("#theme", "auto"), chromedp.Click(`form[action="/settings/look"] button`))
	b.until(`document.documentElement.lang == "en"`)
}

// withoutScripts does the same with a browser that runs none.
func (b *browser) withoutScripts(h *hub) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: time.Minute}
	post := func(path string, form url.Values) string {
		b.Helper()
		r, err := c.PostForm(h.url+path, form)
		if err != nil {
			b.Fatal(err)
		}
		return body(b.T, r)
	}
	get := func(path string) string {
		b.Helper()
		r, err := c.Get(h.url + path)
		if err != nil {
			b.Fatal(err)
		}
		return body(b.T, r)
	}
	page := post("/login", url.Values{"name": {user}, "password": {password}})
	_, rest, _ := strings.Cut(page, `name="csrf" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	if token == "" {
		b.Fatalf("not logged in: %s", page)
	}
	for _, f := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/sync/start", url.Values{"item": {"calendar"}, "back": {"/items/calendar"}}, "The sync has begun."},
		{"/sync/stop", url.Values{"item": {"calendar"}}, "The sync was stopped."},
		{"/items/calendar/enabled", url.Values{"on": {"no"}, "back": {"/items/calendar"}}, "Switched off"},
		{"/items/calendar/enabled", url.Values{"on": {"yes"}, "back": {"//evil.example.org/"}}, "Sync Center"},
		{"/items/calendar/settings", url.Values{"schedule": {"bad"}}, "This cannot be used as it is"},
		{"/items/calendar/settings", url.Values{"schedule": {"@daily"}, "policy": {"newest"}}, "The newest version wins"},
		{"/people", url.Values{"name": {"ben"}, "title": {"<i>Ben</i>"}, "password": {"battery staple"}}, "&lt;i&gt;Ben&lt;/i&gt;"},
		{"/people/ben/mail", url.Values{"host": {"smtp.example.org"}, "port": {"587"}, "tls": {"starttls"}, "login": {"ben"}, "from": {"ben@example.org"}, "password": {"secret"}}, "smtp.example.org"},
		{"/people/ben/remove", url.Values{"all": {"yes"}}, "Removed."},
		{"/settings/password", url.Values{"old": {"wrong"}, "password": {"12345678"}, "again": {"12345678"}}, "This is not allowed"},
	} {
		f.form.Set("csrf", token)
		if got := post(f.path, f.form); !strings.Contains(got, f.want) {
			b.Errorf("%s %v lacks %q: %.1500s", f.path, f.form, f.want, got)
		}
	}
	for path, want := range map[string]string{"/items/documents/preview": "/items/documents/plan", "/items/documents/plan": "letter 5", "/health": "/health?look=1", "/health?look=1": "All is well",
		"/history?before=x": "History", "/items/calendar/runs/999": "This is not there", "/undo?what=x": "This cannot be used as it is", "/undo?what=": "This cannot be used as it is", "/conflicts/99": "This is not there"} {
		if got := get(path); !strings.Contains(got, want) && !(want == "All is well" && strings.Contains(got, "Something needs a look")) {
			b.Errorf("%s lacks %q: %.1500s", path, want, got)
		}
	}
	if got := post("/sync/start", url.Values{"csrf": {"wrong"}}); strings.Contains(got, "begun") {
		b.Error("a form without the page's token is obeyed")
	}
}

// TestWhileBusy: while thousands of records are synced, pages come at once, and show how far it is.
func TestWhileBusy(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	const many = 15000
	for i := range many {
		h.write(fmt.Sprintf("many/%d.vcf", i), card(fmt.Sprintf("m-%d", i), fmt.Sprintf("Person %d", i), "NOTE:"+strings.Repeat("long ", 40)))
	}
	h.cli("", "item", "add", "crowd", "vdir:"+h.dir("many"), "--name", "crowd", "--mode", "manual", "--user", user)
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	b.open("/")
	b.press("#start-all")
	b.until(`document.querySelector("progress") != null`)
	b.until(`/[0-9]/.test(document.querySelector(".progress")?.innerText)`) // told as it happens
	b.shoot("60-running")
	busy, slowest := 0, time.Duration(0)
	for range 40 {
		began := time.Now()
		b.open("/log")
		b.open("/")
		slowest = max(slowest, time.Since(began)/2)
		if value[bool](b, `document.querySelector(".sign.busy") != null`) {
			busy++
		} else {
			break
		}
	}
	t.Logf("%d times two pages while %d records were synced; the slowest took %v on average", busy, many, slowest)
	if slowest > 3*time.Second {
		t.Errorf("a page took %v", slowest)
	}
	b.until(`document.querySelector(".items .item").innerText.includes("In step")`)
	b.complaints("busy")
}
