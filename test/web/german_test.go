package web

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// english are words that no German sentence holds.
var english = regexp.MustCompile(`(?i)\b(the|and|of|is|are|were|with|not|from|this|that|which|when|has|have|been|records?|changed|deleted|failed|nothing)\b`)

// allGerman: on the German pages nothing is English but what people and other programs wrote, and what is marked as English because nobody foresaw it. WCAG 2.2, 3.1.2
func (b *browser) allGerman() {
	b.Helper()
	b.open("/settings")
	b.do(chromedp.SetValue("#lang", "de"), chromedp.Click(`form[action="/settings/look"] button`))
	b.until(`document.documentElement.lang == "de"`)
	b.look(320, 640, "light")
	marked := map[string]bool{}
	for _, page := range germanPages() {
		b.german1(page, marked)
	}
	for text := range marked {
		b.Logf("marked as English: %s", text)
	}
	if len(marked) > 12 {
		b.Errorf("%d texts are not in German", len(marked))
	}
}

// german1 looks at one page for English, and for what keeps people out.
func (b *browser) german1(page string, marked map[string]bool) {
	b.Helper()
	b.openWhole(page)
	text := value[string](b, `(() => { const d = document.querySelector("body").cloneNode(true); d.querySelectorAll("[lang=en], code, textarea, script, pre").forEach(e => e.remove()); return d.textContent + " " + [...d.querySelectorAll("[aria-label], [title], [placeholder]")].map(e => (e.getAttribute("aria-label") || "") + " " + (e.getAttribute("title") || "") + " " + (e.getAttribute("placeholder") || "")).join(" ") })()`)
	text = strings.ReplaceAll(text, "unknown phones are held", "") // a person wrote it
	for _, at := range english.FindAllStringIndex(text, -1) {
		b.Errorf("%s: English: …%s…", page, strings.Join(strings.Fields(text[max(0, at[0]-60):min(len(text), at[1]+60)]), " "))
	}
	for _, e := range value[[]string](b, `[...document.querySelectorAll("[lang=en]")].map(e => e.innerText)`) {
		marked[e] = true
	}
	b.auditFor("German "+page, "") // axe-core has seen it in English
	b.complaints(page)
}

// germanPages are all pages, and forms of places, whose words are those of the providers.
func germanPages() []string {
	pages := slices.Collect(maps.Values(everyPage()))
	return append(pages, "/setup", "/?hidden=1", "/handler?id=setup%2Fvdir", "/partners/phone-book", "/places/add/vdir", "/places/add/sms", "/places/add/webcal", "/places/add/maildir", "/handler?id=phone-book")
}
