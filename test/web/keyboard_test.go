package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// announced begins to gather what a screen reader says by itself: what comes into live regions.
const announced = `(() => {
	window.heard = [];
	const live = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]";
	new MutationObserver(list => { for (const m of list) {
		const region = (m.target.nodeType == 1 ? m.target : m.target.parentElement)?.closest(live);
		const text = region?.innerText?.trim();
		if (text && heard.at(-1) != text) heard.push(text);
	} }).observe(document.body, { childList: true, characterData: true, subtree: true });
	return true
})()`

// TestKeyboard syncs, looks and goes back by keys alone: what is read aloud of a run of many records is its end and nothing else, the focus stays where it is while rows are brought in
// anew, titles tell how things stand, and Escape closes what is open.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	for i := range 400 {
		h.write(fmt.Sprintf("crowd/%d.vcf", i), card(fmt.Sprintf("c-%d", i), fmt.Sprintf("Person %d", i)))
	}
	h.cli("", "item", "add", "crowd", "vdir:"+h.dir("crowd"), "--name", "crowd", "--mode", "manual", "--user", user)
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	b.open("/")
	title := func() string { return value[string](b, `document.title`) }
	if got := title(); got != "Nothing has run yet – Sync Center – Tandem" {
		t.Errorf("the title is %q", got)
	}
	b.until(`document.body.getAttribute("sse-connect") == "/live" && document.readyState == "complete"`)
	value[bool](b, announced)
	b.tabTo(`#item-crowd form[action="/sync/start"] button`)
	at := value[string](b, `document.activeElement.id`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("#item-crowd").innerText.includes("In step")`)
	b.until(`document.title == "Everything is in step – Sync Center – Tandem"`)
	b.until(`heard.some(x => x.includes("crowd has been synced."))`)
	heard := value[[]string](b, `heard`)
	if len(heard) != 1 {
		t.Errorf("a run of 400 records is told of %d times: %q", len(heard), heard)
	}
	if now := value[string](b, `document.activeElement.id`); now != at || at == "" {
		t.Errorf("the focus went from %q to %q", at, now)
	}
	b.complaints("sync by keyboard")

	// The page of the item: its title follows, too.
	b.tabTo(`#item-crowd a.name`)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitReady("#runs"))
	if got := title(); got != "crowd: In step – Tandem" {
		t.Errorf("the title is %q", got)
	}
	// A question is left by Escape as by Cancel, and nothing is done.
	b.tabTo(`a[href="/items/crowd/remove"]`)
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(".ask"))
	b.tabTo(`.ask form a.button`)
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitReady("#runs"))
	if !strings.Contains(h.cli("", "item", "list"), "crowd") {
		t.Error("Escape removed the item")
	}
	// What folds out is opened by Enter, reached within by Tab, and closed by Escape, with the focus on what opened it.
	b.open("/places/add/carddavs")
	b.tabTo("details summary")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("details").open`)
	b.do(chromedp.KeyEvent(kb.Tab))
	if !value[bool](b, `document.activeElement.matches("details :is(input, select)")`) {
		t.Error("what was opened is not reached by the tabulator key")
	}
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("details").open && document.activeElement.matches("summary")`)

	// What waits is in the title of the conflicts, and goes from it by itself.
	h.write("other/1.vcf", card("c-1", "Somebody else"))
	h.cli("", "item", "add", "crowd", "vdir:"+h.dir("other"), "--name", "other", "--look", "--user", user)
	b.open("/conflicts")
	if got := title(); got != "Conflicts (1) – Tandem" {
		t.Errorf("the title is %q", got)
	}
	h.cli("", "item", "remove", "other")
	b.until(`document.title == "Conflicts – Tandem"`)
	b.complaints("keyboard")
}

// tabTo presses the tabulator key until the focus is on something.
func (b *browser) tabTo(selector string) {
	b.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q) != null`, selector))
	var seen []string
	for range 80 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if value[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
		seen = append(seen, value[string](b, `document.activeElement.outerHTML.slice(0, 60)`))
	}
	b.Fatalf("the tabulator key does not lead to %s, but to %q", selector, slices.Compact(seen))
}
