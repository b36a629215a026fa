package web

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// english are words that no German sentence holds.
var english = regexp.MustCompile(`(?i)\b(the|and|of|is|are|were|with|not|from|this|that|which|when|has|have|been|records?|changed|deleted|failed|nothing)\b`)

// TestGerman: on the German pages nothing is English but what people and other programs wrote, and what is marked as English because nobody foresaw it. WCAG 2.2, 3.1.2
func TestGerman(t *testing.T) {
	t.Parallel()
	_, b := household(t)
	b.open("/settings")
	b.do(chromedp.SetValue("#lang", "de"), chromedp.Click(`form[action="/settings/look"] button`))
	b.until(`document.documentElement.lang == "de"`)
	marked := map[string]bool{}
	for _, page := range []string{"/", "/?hidden=1", "/sync-setup", "/handler?id=setup%2Fvdir", "/handler/ask?id=phone-book&do=deactivate", "/partners/phone-book", "/partners/old-stick", "/partners/phone-book?look=1", "/partners/phone-book/remove",
		"/items/calendar", "/items/stick", "/items/calendar/runs", "/items/phone-book/records", "/items/calendar/settings", "/items/calendar/schedule", "/items/calendar/remove", "/items/documents/plan",
		"/places/add", "/places/add/carddav", "/places/add/imaps", "/places/add/files", "/places/add/vdir", "/places/add/sms", "/places/add/webcal", "/places/add/maildir",
		"/conflicts", "/log", "/history", "/devices", "/devices/anna/ANNAPHONE01", "/devices/anna/ANNAPHONE01/ask?do=wipe", "/phone", "/people", "/people/anna", "/collections", "/health?look=1", "/settings", "/items/nothing"} {
		b.german1(page, marked)
	}
	b.open("/conflicts")
	b.press("#inbox a.name")
	b.do(chromedp.WaitReady(".versions"))
	b.german1(value[string](b, `location.pathname`), marked)
	for text := range marked {
		t.Logf("marked as English: %s", text)
	}
	if len(marked) > 12 {
		t.Errorf("%d texts are not in German", len(marked))
	}
}

// german1 looks at one page for English, and for what keeps people out.
func (b *browser) german1(page string, marked map[string]bool) {
	b.Helper()
	b.open(page)
	text := value[string](b, `(() => { const d = document.querySelector("body").cloneNode(true); d.querySelectorAll("[lang=en], code, textarea, script, pre").forEach(e => e.remove()); return d.textContent + " " + [...d.querySelectorAll("[aria-label], [title], [placeholder]")].map(e => (e.getAttribute("aria-label") || "") + " " + (e.getAttribute("title") || "") + " " + (e.getAttribute("placeholder") || "")).join(" ") })()`)
	text = strings.ReplaceAll(text, "unknown phones are held", "") // a person wrote it
	for _, at := range english.FindAllStringIndex(text, -1) {
		b.Errorf("%s: English: …%s…", page, strings.Join(strings.Fields(text[max(0, at[0]-60):min(len(text), at[1]+60)]), " "))
	}
	for _, e := range value[[]string](b, `[...document.querySelectorAll("[lang=en]")].map(e => e.innerText)`) {
		marked[e] = true
	}
	for _, scheme := range []string{"light", "dark"} {
		b.look(320, 640, scheme)
		b.audit("German " + page + " " + scheme)
	}
	b.look(1280, 800, "light")
	b.complaints(page)
}
