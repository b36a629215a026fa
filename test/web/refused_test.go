package web

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// refused sends one form of each sort with what cannot be used: of one line, of many fields, with a field that is folded away, with a secret, by radio buttons, and where
// scripts fold fields. The page comes back with the focus in the field at fault, which tells what is wrong and is in view; it keeps people out no more than others do, also in German,
// and at the width of a small phone. What browsers themselves refuse is sent all the same, as one without that would.
func (b *browser) refused() {
	b.Helper()
	for _, c := range []struct{ name, page, form, fill, field string }{
		{"news", "/devices/anna/ANNAPHONE01", `form:has([name=news])`, `{news: "dann und wann"}`, "news"},
		{"webhook", "/settings/webhooks", `form:has([name=url])`, `{url: "<b onmouseover=alert(1)>", event: "run.ended"}`, "url"},
		{"folded", "/places/add/imaps", `form:has(#path)`, `{path: "anna@mail.example.org", "o-days": "soon"}`, "o-days"},
		{"program", "/places/add/greenhouse", `form:has(#path)`, `{path: "control.example.org", "o-rows": "many", "o-password": "sesame"}`, "o-rows"},
		{"password", "/settings", `form:has(#old)`, `{old: "not mine", password: "correct horse 2", again: "correct horse 2"}`, "old"},
		{"schedule", "/items/calendar/schedule", `form:has([name=new-sort])`, `{"new-sort": "at", "new-at": "noon"}`, "new-at"},
		{"conflict", "/conflicts/1", `form.decide`, `{answer: "body", body: "BEGIN"}`, "body"},
		{"person", "/people", `form:has(#address)`, `{name: "carl", address: "nowhere", password: "correct horse"}`, "address"},
	} {
		for _, lang := range []string{"en", "de"} {
			b.speak(lang)
			b.open(c.page)
			b.send(c.form, c.fill)
			b.do(chromedp.WaitReady("#wrong"))
			where := c.name + " " + lang
			at := value[struct {
				Name, Said string
				Told, Seen bool
			}](b, `(() => { const e = document.activeElement, r = e.getBoundingClientRect(), w = document.getElementById("wrong"), s = w.getBoundingClientRect();
				return {Name: e.getAttribute("name") || e.outerHTML.slice(0, 80), Said: w.innerText, Told: (e.getAttribute("aria-describedby") || "").split(" ").includes("wrong"), Seen: r.height > 0 && r.top >= 0 && r.bottom <= innerHeight && s.bottom > 0} })()`)
			if at.Name != c.field || !at.Told || !at.Seen {
				b.Errorf("%s: the focus is on %s (told %v, in view %v): %s", where, at.Name, at.Told, at.Seen, at.Said)
			}
			look := b.view
			if lang == "de" {
				look = b.glance
				if found := english.FindString(value[string](b, `(d => { d.querySelectorAll("code").forEach(e => e.remove()); return d.textContent })(document.getElementById("wrong").cloneNode(true))`)); found != "" {
					b.Errorf("%s: %q in %s", where, found, at.Said)
				}
			}
			look("refused-" + c.name + "-" + lang)
			b.complaints(where)
		}
	}
}

// speak chooses a language by the page's form.
func (b *browser) speak(lang string) {
	b.Helper()
	b.open("/settings")
	b.do(chromedp.SetValue("#lang", lang), chromedp.Click(`form[action="/settings/look"] button`))
	b.until(fmt.Sprintf(`document.documentElement.lang == %q && document.querySelector(".done") != null`, lang))
}

// send fills in a form and sends it, without what the browser would say itself.
func (b *browser) send(form, fill string) {
	b.Helper()
	value[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.noValidate = true;
		for (const [name, v] of Object.entries(%s)) for (const e of f.querySelectorAll('[name="' + name + '"]')) {
			if (e.type == "radio" || e.type == "checkbox") { if (e.value == v) e.click() } else e.value = v;
		}
		setTimeout(() => f.requestSubmit(f.querySelector("button.main, button:not([type=button])"))); return true })()`, form, fill))
}
