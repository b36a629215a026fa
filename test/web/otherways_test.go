package web

import (
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// media looks at the page in a way in which the browser shows it: on a screen or on paper, in a scheme, with or without colours that the system sets.
func (b *browser) media(on, scheme, forced string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: on, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "forced-colors", Value: forced}}}); err != nil {
		b.Fatal(err)
	}
}

// invisible are parts that could not be told from what is around them if the system set all colours: things to press without a line, and marks of state that are backgrounds only.
const invisible = `[...document.querySelectorAll("main :is(button:not(.plain, .switch), .button:not(.plain), .switch span, .sign, .medal, .tag, .key, progress)")].filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).borderTopWidth) < 1).map(e => e.outerHTML.slice(0, 100))`

// otherWays looks at pages as people do who set their own colours, who read at twice the size, and who print.
func (b *browser) otherWays() {
	b.Helper()
	pages := everyPage()
	for _, name := range []string{"center", "item-busy", "log", "conflict", "first", "device", "settings"} {
		b.look(1280, 800, "light")
		b.openWhole(pages[name])

		b.media("screen", "dark", "active")
		if !value[bool](b, `matchMedia("(forced-colors: active)").matches`) {
			b.Fatal("the browser does not play forced colours")
		}
		for _, e := range value[[]string](b, invisible) {
			b.Errorf("%s: with the system's colours this has no line: %s", name, e)
		}
		if !value[bool](b, `(e => !e || getComputedStyle(e).outlineStyle != "none")(document.querySelector(".top nav a[aria-current]"))`) {
			b.Errorf("%s: with the system's colours the menu does not show where one is", name)
		}
		b.shoot(name + "-forced-colors")
		b.media("screen", "light", "none")

		// A window of 1280 pixels at 200 % is one of 640, in which everything is as large again. WCAG 2.2, 1.4.4
		b.do(chromedp.EmulateViewport(640, 400, chromedp.EmulateScale(2)))
		b.audit(name + " at 200 %")
		b.shoot(name + "-zoom")

		b.do(chromedp.EmulateViewport(794, 1123)) // A4 at 96 dots per inch
		for _, scheme := range []string{"light", "dark"} {
			value[bool](b, `(document.documentElement.dataset.theme = "`+scheme+`", true)`) // whatever the person chose
			b.media("print", scheme, "none")
			if left := value[[]string](b, `[...document.querySelectorAll("header.top, nav, button, .button, .acts")].filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 100))`); len(left) > 0 {
				b.Errorf("%s: on paper there is something to press: %q", name, left)
			}
			if ink := value[string](b, `getComputedStyle(document.body).color + " on " + getComputedStyle(document.body).backgroundColor`); ink != "rgb(0, 0, 0) on rgb(255, 255, 255)" {
				b.Errorf("%s: on paper it is %s", name, ink)
			}
			if dark := value[[]string](b, `[...document.querySelectorAll("main *")].filter(e => { const c = getComputedStyle(e).backgroundColor.match(/[\d.]+/g).map(Number); return e.checkVisibility() && !e.matches("progress, .key") && (c[3] ?? 1) > 0.5 && c[0] + c[1] + c[2] < 500 }).map(e => e.outerHTML.slice(0, 100))`); len(dark) > 0 {
				b.Errorf("%s: on paper this is dark: %q", name, dark[:min(3, len(dark))])
			}
			if wide := value[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
				b.Errorf("%s: %d pixels too wide for the paper", name, wide)
			}
		}
		b.shoot(name + "-print")
		b.complaints(name)
	}
}
