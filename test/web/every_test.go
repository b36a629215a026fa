package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// tabThrough walks through a page by the tabulator key: each stop must be seen, and all that can be used be reached. Of the buttons of one choice, one is a stop. A list that comes anew under the walk may
// take a stop out of view, once: what is wrong with the page is wrong each time.
func (b *browser) tabThrough(page string) {
	b.Helper()
	var faults []string
	for range 3 {
		if faults = b.walk(); len(faults) == 0 {
			return
		}
	}
	for _, f := range faults {
		b.Errorf("%s: %s", page, f)
	}
}

// walk is one walk of tabThrough, with what is wrong.
func (b *browser) walk() (faults []string) {
	b.Helper()
	const usable = `[...document.querySelectorAll("a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility() && !(e.type == "radio" && e.name && [...document.getElementsByName(e.name)].some(o => o != e && (o.checked || !e.checked && o.compareDocumentPosition(e) & 4 && ![...document.getElementsByName(e.name)].some(x => x.checked)))))`
	want := value[int](b, `(document.activeElement?.blur(), scrollTo(0, 0), `+usable+`.length)`)
	within := value[int](b, `document.querySelectorAll("input:is([type=time], [type=date], [type=datetime-local])").length * 8`) // day, month, year, hours, minutes, half of the day and the button are stops within
	// Where the focus is, is noted when the next key is pressed, for the page has come to rest then.
	value[bool](b, `(() => { const stops = window.stops = new Map();
		window.noteStop = () => { const e = document.activeElement, c = getComputedStyle(e), r = e.getBoundingClientRect();
			if (e == document.body || stops.has(e)) return;
			const at = document.elementFromPoint(r.left + r.width / 2, r.top + Math.min(r.height / 2, innerHeight - 8));
			stops.set(e, {What: e.outerHTML.slice(0, 200), Shown: c.outlineStyle != "none" && parseFloat(c.outlineWidth) >= 2, Seen: e.contains(at) || (at != null && at.contains(e))}) };
		addEventListener("keydown", noteStop, true); return true })()`)
	key := func(how input.DispatchKeyEventType) {
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: how, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9, NativeVirtualKeyCode: 9}); err != nil {
			b.Fatal(err)
		}
	}
	for range want + 2 + within {
		key(input.DispatchKeyEventTypeRawKeyDown)
	}
	key(input.DispatchKeyEventTypeKeyUp)
	stops := value[[]struct {
		What        string
		Shown, Seen bool
	}](b, `(noteStop(), removeEventListener("keydown", noteStop, true), [...stops.values()])`)
	for _, s := range stops {
		if !s.Shown || !s.Seen {
			faults = append(faults, fmt.Sprintf("the focus cannot be seen (%v, %v) on %s", s.Shown, s.Seen, s.What))
		}
	}
	if len(stops) < want {
		faults = append(faults, fmt.Sprintf("%d of %d are reached by keyboard", len(stops), want))
	}
	return faults
}

// TestEveryPage looks at every page of a hub on which much goes on, in four browsers at once.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	h := busyHouse(t)
	names := slices.Sorted(maps.Keys(everyPage()))
	var parts [2][]string // of about the same length: what is beside one another in the alphabet is alike
	for i, name := range names {
		parts[i%2] = append(parts[i%2], name)
	}
	for i, part := range parts {
		t.Run(fmt.Sprintf("part %d", i+1), func(t *testing.T) { t.Parallel(); visitor(t, h).english(part) })
	}
	t.Run("other ways", func(t *testing.T) { t.Parallel(); visitor(t, h).otherWays() })
	t.Run("refused", func(t *testing.T) { t.Parallel(); visitor(t, h).refused() })
	t.Run("German", func(t *testing.T) { t.Parallel(); visitor(t, h).allGerman() })
}

// english looks at pages from the width of a small phone to that of a desk, in light and dark: nothing is wider than the window, nothing moves for those who do not want that,
// axe finds nothing, and all is reached by keyboard.
func (b *browser) english(names []string) {
	b.Helper()
	for _, name := range names {
		path := everyPage()[name]
		b.openWhole(path)
		b.view(name)
		if moving := value[int](b, `document.getAnimations().filter(a => a.playState == "running").length`); moving > 0 {
			b.Errorf("%s: %d things move for somebody who does not want that", path, moving)
		}
		if name == "records" && !strings.Contains(b.text(), evil) {
			b.Errorf("the evil name is not shown as it is: %s", b.text())
		}
		b.tabThrough(path)
		b.complaints(path)
	}
}

// openWhole goes to a page and waits for what it says after it was loaded.
func (b *browser) openWhole(path string) {
	b.Helper()
	b.open(path)
	if strings.HasSuffix(path, "/preview") {
		b.until(`document.querySelector(".steps-list") != null`)
	}
}

// everyPage are the pages that TestEveryPage walks through, by name.
func everyPage() map[string]string {
	return map[string]string{
		"center":           "/",
		"handler":          "/handler?id=frame",
		"forget":           "/handler/forget?id=frame",
		"setup":            "/sync-setup",
		"item":             "/items/calendar",
		"runs":             "/items/documents/runs",
		"run":              "/items/calendar/runs/8",
		"item-busy":        "/items/documents",
		"item-failed":      "/items/stick",
		"item-held":        "/items/camera",
		"item-mail":        "/items/mailbox-inbox",
		"item-conflicts":   "/items/laptop-book",
		"item-first":       "/items/club",
		"records":          "/items/phone-book/records",
		"item-settings":    "/items/calendar/settings",
		"schedule":         "/items/calendar/schedule",
		"plan":             "/items/documents/plan",
		"plan-held":        "/items/camera/plan",
		"remove-item":      "/items/calendar/remove",
		"history":          "/history",
		"undo":             "/undo?what=s8",
		"add":              "/places/add",
		"place":            "/places/add/carddavs",
		"place-files":      "/places/add/files",
		"place-imap":       "/places/add/imaps",
		"place-program":    "/places/add/greenhouse",
		"first":            "/places/first?item=club",
		"partner":          "/partners/phone-book?look=1",
		"partner-settings": "/partners/phone-book/settings",
		"partner-mail":     "/partners/mailbox?look=1",
		"partner-folders":  "/partners/mailbox/folders",
		"folders-ask":      "/partners/mailbox/folders/ask?do=stop",
		"partner-gone":     "/partners/old-stick",
		"remove-partner":   "/partners/phone-book/remove",
		"conflicts":        "/conflicts",
		"conflict":         "/conflicts/1",
		"kind-rules":       "/conflicts/rules",
		"log":              "/log",
		"log-codes":        "/log/codes",
		"log-filtered":     "/log?item=stick&level=error",
		"phone":            "/phone",
		"iphone":           "/phone?for=ios",
		"android":          "/phone?for=android",
		"devices":          "/devices",
		"device":           "/devices/anna/ANNAPHONE01",
		"wipe":             "/devices/anna/ANNAPHONE01/ask?do=wipe",
		"device-rules":     "/device-rules",
		"rule-gone":        "/device-rules/remove?rule=1",
		"people":           "/people",
		"person":           "/people/anna",
		"person-other":     "/people/ben",
		"remove-person":    "/people/anna/remove",
		"collections":      "/collections",
		"collection":       "/collections/1",
		"collection-gone":  "/collections/1/remove",
		"health":           "/health?look=1",
		"settings":         "/settings",
		"mail":             "/settings/mail",
		"mail-gone":        "/mail/1/remove",
		"codes":            "/settings/codes",
		"passkeys":         "/settings/passkeys",
		"notify":           "/settings/notify",
		"webhooks":         "/settings/webhooks",
		"webhook":          "/settings/webhooks/1",
		"clear":            "/log/clear?level=error",
		"repair":           "/health/repair",
		"trace":            "/devices/anna/ANNAPHONE01/trace",
		"task":             "/handler/ask?id=phone-book&do=deactivate",
		"preview":          "/items/documents/preview",
		"missing":          "/items/nothing",
	}
}

// TestEveryRoute: each page that the program serves is among those that TestEveryPage looks at.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../server/web/page/page.go")
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"/center/list", "/center/sum", "/center/waiting", "/items/{item}/row", "/phone/seen"} // of pages
	var routes []string
	for _, m := range regexp.MustCompile(`"GET (/[^"]*)": +p\.`).FindAllStringSubmatch(string(body), -1) {
		if !slices.Contains(parts, m[1]) {
			routes = append(routes, m[1])
		}
	}
	if len(routes) < 35 {
		t.Fatalf("only %d routes were found", len(routes))
	}
	seen := map[string]bool{}
	for _, page := range everyPage() {
		path, _, _ := strings.Cut(page, "?")
		mux := http.NewServeMux()
		for _, r := range routes {
			mux.HandleFunc("GET "+r, func(http.ResponseWriter, *http.Request) { seen[r] = true })
		}
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	for _, r := range routes {
		if !seen[r] {
			t.Errorf("TestEveryPage does not look at %s", r)
		}
	}
}
