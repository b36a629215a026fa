package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabThrough walks through a page by the tabulator key: each stop must be seen, and all that can be used be reached. Of the buttons of one choice, one is a stop.
func (b *browser) tabThrough(page string) {
	b.Helper()
	const usable = `[...document.querySelectorAll("a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility() && !(e.type == "radio" && e.name && [...document.getElementsByName(e.name)].some(o => o != e && (o.checked || !e.checked && o.compareDocumentPosition(e) & 4 && ![...document.getElementsByName(e.name)].some(x => x.checked)))))`
	want := value[int](b, `(document.activeElement?.blur(), scrollTo(0, 0), `+usable+`.length)`)
	stops := map[string]bool{}
	within := value[int](b, `document.querySelectorAll("input[type=time]").length * 3`) // hours, minutes, and half of the day are stops within
	for range want + 2 + within {
		b.do(chromedp.KeyEvent(kb.Tab))
		stop := value[struct {
			What, Key   string
			Shown, Seen bool
		}](b, `(() => { const e = document.activeElement, c = getComputedStyle(e), r = e.getBoundingClientRect();
			const at = document.elementFromPoint(r.left + r.width / 2, r.top + Math.min(r.height / 2, innerHeight - 8));
			return {What: e.outerHTML.slice(0, 200), Key: [...document.querySelectorAll("*")].indexOf(e) + "", Shown: c.outlineStyle != "none" && parseFloat(c.outlineWidth) >= 2, Seen: e == document.body || e.contains(at) || (at != null && at.contains(e))} })()`)
		if strings.HasPrefix(stop.What, "<body") {
			continue
		}
		if !stop.Shown || !stop.Seen {
			b.Errorf("%s: the focus cannot be seen (%v, %v) on %s", page, stop.Shown, stop.Seen, stop.What)
		}
		stops[stop.Key] = true
	}
	if len(stops) < want {
		b.Errorf("%s: %d of %d are reached by keyboard", page, len(stops), want)
	}
}

// TestEveryPage walks through the pages by keyboard alone, and looks at them as on a tablet: nothing is wider than the window, nothing moves for those who do not want that, and
// axe finds nothing.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	h.report("sessions", `{"handler": "frame", "name": "Photo frame", "type": "application", "who": "frame 1.0", "items": [{"id": "frame-pictures", "name": "Pictures"}]}`)
	for name, page := range map[string]string{"center": "/", "handler": "/handler?id=frame", "forget": "/handler/forget?id=frame", "setup": "/sync-setup", "item": "/items/calendar", "runs": "/items/calendar/runs",
		"records": "/items/phone-book/records", "item-settings": "/items/calendar/settings", "schedule": "/items/calendar/schedule", "plan": "/items/documents/plan", "remove-item": "/items/calendar/remove",
		"history": "/history", "add": "/places/add", "place": "/places/add/carddavs", "partner": "/partners/phone-book?look=1", "remove-partner": "/partners/phone-book/remove", "conflicts": "/conflicts", "conflict": "/conflicts/1",
		"log": "/log", "phone": "/phone", "devices": "/devices", "device": "/devices/anna/ANNAPHONE01", "wipe": "/devices/anna/ANNAPHONE01/ask?do=wipe", "people": "/people", "person": "/people/anna",
		"remove-person": "/people/anna/remove", "collections": "/collections", "collection": "/collections/1", "health": "/health?look=1", "settings": "/settings", "codes": "/settings/codes", "passkeys": "/settings/passkeys"} {
		b.open(page)
		for _, scheme := range []string{"light", "dark"} {
			b.look(768, 900, scheme)
			b.audit(page + " tablet " + scheme)
			b.shoot("tablet-" + name + "-" + scheme)
		}
		if moving := value[int](b, `document.getAnimations().filter(a => a.playState == "running").length`); moving > 0 {
			b.Errorf("%s: %d things move for somebody who does not want that", page, moving)
		}
		b.look(1280, 800, "light")
		b.tabThrough(page)
		b.complaints(page)
	}
}
