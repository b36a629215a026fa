package web

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tandem/internal/need"
)

// pictures are those that the tests take of pages.
var pictures = flag.String("web.pictures", "some", "pictures of each page: none, some (narrow and light, wide and dark), or all that it is looked at in")

// browser is a window of a real browser, and what it complained of.
type browser struct {
	*testing.T
	h     *hub
	ctx   context.Context
	axe   string
	shots string

	mu       sync.Mutex // guards problems
	problems []string
}

func openBrowser(t *testing.T, h *hub) *browser {
	t.Helper()
	program := need.Browser(t)
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		need.Missing(t, "axe-core: run npm ci in test/web")
	}
	b := &browser{T: t, h: h, axe: string(axe), shots: cmp.Or(os.Getenv("TANDEM_SHOTS"), "shots")}
	if err := os.MkdirAll(b.shots, 0o755); err != nil {
		t.Fatal(err)
	}
	all, err := chromium(program)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(all, 30*time.Minute)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b.ctx = ctx
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		// That a form was refused is told by its status code, which the browser notes, too.
		if e.Entry.Source != cdplog.EntrySourceNetwork && e.Entry.Level != cdplog.EntryLevelVerbose && e.Entry.Level != cdplog.EntryLevelInfo {
			b.problems = append(b.problems, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		text := "console: " + string(e.Type)
		for _, a := range e.Args {
			text += fmt.Sprintf(" %s", a.Value)
		}
		// htmx tells of requests that ended because their page did.
		if !strings.Contains(text, "htmx:sendAbort") && !strings.Contains(text, "htmx:afterRequest") {
			b.problems = append(b.problems, text)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.problems = append(b.problems, text)
	}
}

// do does one step after the other. What a step finds in a list may be gone before it is used, for the list came anew: then it looks once more.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	for _, step := range steps {
		err := chromedp.Do(ctx, step)
		for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "node with given id") {
			err = chromedp.Do(ctx, step)
		}
		if err == nil {
			continue
		}
		where, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText.slice(0, 600)`))
		b.Fatalf("%v\nat %s", err, where)
	}
}

// value is what a script says of the page.
func value[T any](b *browser, script string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// until waits until a script says true.
func (b *browser) until(script string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](script, chromedp.WithPollingInterval(50*time.Millisecond)))
	for err != nil && ctx.Err() == nil && (strings.Contains(err.Error(), "Cannot find context") || strings.Contains(err.Error(), "navigated")) { // the next page is asked
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](script, chromedp.WithPollingInterval(50*time.Millisecond)))
	}
	if err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText.slice(0, 800)`))
		b.Fatalf("%v\nwaiting for %s\nat %s", err, script, where)
	}
}

// open goes to a page of the hub.
func (b *browser) open(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.h.url+path), chromedp.WaitReady("main h1"))
}

// look sets how wide the window is, and which colours the person likes.
func (b *browser) look(wide, high int64, scheme string) {
	b.Helper()
	b.do(chromedp.EmulateViewport(wide, high))
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
		b.Fatal(err)
	}
}

// logIn logs in as the hub's user.
func (b *browser) logIn() {
	b.Helper()
	b.open("/login")
	b.do(chromedp.SendKeys("#name", user), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitReady("header.top"))
}

// complaints are what the browser complained of since the last time.
func (b *browser) complaints(where string) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.Errorf("%s: %s", where, p)
	}
	b.problems = nil
}

// faults is what axe-core does not look for, or only slowly.
const faults = `(() => {
	const out = [];
	const wide = document.documentElement.scrollWidth - window.innerWidth;
	if (wide > 0) { out.push("wider than the window by " + wide + ": " + [...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, nav")).map(e => e.tagName + "." + e.className).slice(0, 5)) }
	if (document.querySelectorAll("h1").length != 1) out.push("headings: " + document.querySelectorAll("h1").length);
	for (const e of document.querySelectorAll("main :is(button, .button, select, input:not([type=hidden])):not([hidden])")) {
		const r = e.getBoundingClientRect();
		if (r.width && (r.height < 20 || r.width < 20)) out.push("small: " + e.outerHTML.slice(0, 80)); // WCAG 2.2, 2.5.8, with room around it
	}
	for (const e of document.querySelectorAll("main *")) { // WCAG 2.2, 2.1.1
		if (e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1) continue;
		const c = getComputedStyle(e);
		if (/auto|scroll/.test(c.overflowX + c.overflowY) && e.clientHeight && e.tabIndex < 0 && !e.querySelector("a[href], button, input, select, textarea, summary, [tabindex]")) out.push("scrolls, and not by keyboard: " + e.outerHTML.slice(0, 80));
	}
	const text = e => (e?.textContent || "").trim(), ids = e => (e.getAttribute("aria-labelledby") || "").split(" ").map(id => text(document.getElementById(id))).join("");
	const name = e => (e.getAttribute("aria-label") || ids(e) || [...(e.labels || [])].map(text).join("") || (e.matches("input, select, textarea") ? e.value && e.type == "submit" : text(e)) || e.title || "").toString().trim();
	for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, nav, h1, h2, h3")) { // WCAG 2.2, 4.1.2; a word that is missing in a language
		if (e.checkVisibility() && !name(e)) out.push("nameless: " + e.outerHTML.slice(0, 80));
	}
	if (!document.title.trim() || !document.documentElement.lang) out.push("the page has no title, or no language");
	const empty = [...document.querySelectorAll("main p:not(:has(*))")].filter(e => /%!|<no value>|ZgotmplZ/.test(e.textContent));
	if (empty.length || /%!\(|%!s|<no value>|ZgotmplZ/.test(document.documentElement.outerHTML)) out.push("a template went wrong");
	return out;
})()`

// What axe-core is asked: all rules that tell of a fault; those of what was not yet looked at; or those of its colours.
const (
	tags    = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	colours = `["color-contrast", "link-in-text-block"]`

	allRules      = `document, {runOnly: ` + tags + `}`
	unseen        = `{include: axeUnseen()}, {runOnly: ` + tags + `}`
	unseenColours = `{include: axeUnseen()}, {runOnly: {type: "rule", values: ` + colours + `}}`
)

// seeing notes which elements were looked at, in light and in dark. axeUnseen are those which are shown now and were not, without what is within others of them.
const seeing = `
	window.axeSeen = {light: new WeakSet(), dark: new WeakSet()};
	window.axeUnseen = () => {
		const before = axeSeen[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
		const fresh = new Set([...document.querySelectorAll("body *")].filter(e => !before.has(e) && e.checkVisibility()));
		fresh.forEach(e => before.add(e));
		return [...fresh].filter(e => !fresh.has(e.parentElement));
	};`

// audit looks for what keeps people out.
func (b *browser) audit(where string) {
	b.Helper()
	b.auditFor(where, allRules)
}

// auditFor is audit by what axe-core is asked, nothing if that is empty, and by our own rules.
func (b *browser) auditFor(where, ask string) {
	b.Helper()
	for _, f := range value[[]string](b, faults) {
		b.Errorf("%s: %s", where, f)
	}
	if ask == "" {
		return
	}
	if !value[bool](b, `"axe" in window`) { // once for each page, however often it is looked at
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: b.axe + ";" + seeing + ";0"})
			return err
		}))
	}
	if strings.Contains(ask, "axeUnseen()") {
		if value[int](b, `(axeFresh = axeUnseen()).length`) == 0 {
			return
		}
		ask = strings.Replace(ask, "axeUnseen()", "axeFresh", 1)
	} else {
		value[int](b, `axeUnseen().length`) // axe-core looks at all of it
	}
	run := `axe.run(` + strings.TrimSuffix(ask, "}") + `, resultTypes: ["violations"], iframes: false, preload: false}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.help + " — " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0] ? n.any[0].message : "")).join(" | "))))`
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	var found []string
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.Fatal(err)
	}
	for _, f := range found {
		b.Errorf("%s: axe: %s", where, f)
	}
}

// shoot takes a picture of the whole page, if pictures are wanted.
func (b *browser) shoot(name string) {
	b.Helper()
	if *pictures == "none" {
		return
	}
	value[bool](b, `(scrollTo(0, 0), true)`) // what stays at the top of the window would be in the middle of the picture
	yes := true
	picture, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, FromSurface: &yes, OptimizeForSpeed: &yes})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.shots, strings.ReplaceAll(name, "/", "-")+".png"), picture.Data, 0o644); err != nil {
		b.Fatal(err)
	}
}

// looks are the ways in which a page is looked at: as wide as a small phone, a tablet and a desk, in light and dark. Colours do not depend on how wide a page is but for what
// only narrow or wide ones show, and nothing else depends on colours, so that no rule is asked where it cannot say anything new; a tablet shows what
// phones and desks show, at other places.
var looks = []struct {
	name       string
	wide, high int64
	scheme     string
	ask        string // of axe-core; our rules are always asked
	picture    bool   // also with -web.pictures=some
}{
	{"320-light", 320, 640, "light", allRules, true}, {"768-light", 768, 1024, "light", "", false}, {"1280-light", 1280, 800, "light", unseen, false},
	{"1280-dark", 1280, 800, "dark", unseenColours, true}, {"320-dark", 320, 640, "dark", unseenColours, false},
}

// view looks at the page as it is, in all ways, and takes pictures.
func (b *browser) view(name string) {
	b.Helper()
	b.seen(name, true)
}

// glance is view by our own rules alone: of a page whose like axe-core has seen in another language.
func (b *browser) glance(name string) {
	b.Helper()
	b.seen(name, false)
}

func (b *browser) seen(name string, axe bool) {
	b.Helper()
	for _, l := range looks {
		ask := l.ask
		if !axe {
			ask = ""
		}
		b.look(l.wide, l.high, l.scheme)
		b.auditFor(name+" "+l.name, ask)
		if l.picture || *pictures == "all" {
			b.shoot(name + "-" + l.name)
		}
	}
	b.look(1280, 800, "light")
	b.complaints(name)
}
