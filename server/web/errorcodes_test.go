package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"tandem/center/explain"
	"tandem/store"
)

// TestM158CodesOnThePages: each code of an error has a part of the page that says what it means, why it comes about and what to do there, in the reader's language; a line of the results leads to that of its
// code, and what is copied of it holds the code.
func TestM158CodesOnThePages(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.must(k.st.Events.Add(t.Context(), store.Event{When: 1, User: "anna", Item: "mine", Level: store.Error, Text: "no route to host", Code: "temporary", Remedy: "check the network"}))
	anna := k.in("anna")
	for _, lang := range []string{"en", "de"} {
		anna.form("/settings/look", url.Values{"csrf": {anna.csrf}, "lang": {lang}, "theme": {"auto"}})
		_, body, ok := strings.Cut(anna.get("/log/codes").body, "<main")
		if !ok {
			t.Fatal("no page of codes")
		}
		body, _, _ = strings.Cut(body, "</main>")
		if strings.Contains(body, `lang="en"`) {
			t.Errorf("%s: something is not said in the language: %s", lang, body)
		}
		for _, c := range explain.All() {
			_, part, ok := strings.Cut(body, `id="`+c.Code+`"`)
			part, _, _ = strings.Cut(part, "</section>")
			if n := strings.Count(part, "<li>"); !ok || n != len(c.Causes)+len(c.Next) || !strings.Contains(part, `data-copy="code-`+c.Code+`"`) {
				t.Errorf("%s: %s has %d lines: %s", lang, c.Code, n, part)
			}
			if has := strings.Contains(part, html.EscapeString(c.Meaning)); has != (lang == "en") {
				t.Errorf("%s: the meaning of %s in English: %v", lang, c.Code, has)
			}
			for _, line := range c.Next {
				if strings.Contains(line, "`tandem ") && !strings.Contains(line, "--keep-history") && strings.Contains(part, "<code>tandem ") {
					t.Errorf("%s: %s is told what to type: %s", lang, c.Code, part)
				}
			}
		}
		anna.shows("/log", map[string]string{"en": ">What this means, and what to do<", "de": ">Was das bedeutet, und was zu tun ist<"}[lang], `href="/log/codes#temporary"`, ">tandem/error/temporary/1<", `href="/log/codes"`)
	}
}
