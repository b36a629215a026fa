package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestUndoComesBack: who puts something back, or does not after all, is where they were again; nobody else says where that is.
func TestUndoComesBack(t *testing.T) {
	t.Parallel()
	k := newKit(t, "phone")
	k.must(k.places["phone"].Put("1", card("u1", "Zoe"), ""))
	k.item("anna", "phone", "mine")
	k.sync("mine")
	k.must(k.places["phone"].Put("1", card("u1", "Zoe Newer"), ""))
	k.sync("mine")
	anna := k.in("anna")
	link := regexp.MustCompile(`href="(/undo\?what=[sh][0-9]+&amp;back=[^"]+)"`)
	undone := false
	for _, page := range []string{"/items/mine/runs/2", "/history?q=Zoe"} {
		links := link.FindAllStringSubmatch(anna.get(page).body, -1)
		if len(links) == 0 {
			t.Errorf("%s has no link to put something back", page)
		}
		for _, l := range links {
			asks := anna.get(html.UnescapeString(l[1]))
			if asks.status != http.StatusOK || !strings.Contains(asks.body, `<a class="button" href="`+html.EscapeString(page)+`"`) {
				t.Errorf("%s: %d, leads back elsewhere: %s", l[1], asks.status, asks.body)
			}
			if undone {
				continue
			}
			undone = true
			to := attrOf(t, asks.body, "back")
			a := anna.form("/undo", url.Values{"csrf": {anna.csrf}, "what": {attrOf(t, asks.body, "what")}, "back": {to}})
			if got := a.head.Get("Location"); a.status != http.StatusSeeOther || !strings.HasPrefix(got, page+"?done=") {
				t.Errorf("%s: %d to %s %s", l[1], a.status, got, a.body)
			}
			if again := anna.get(page + "?done=undone").body; strings.Contains(again, "back="+url.QueryEscape(page+"?done")) {
				t.Error("what was done is said twice")
			}
		}
	}
	for _, evil := range []string{"//evil.example/x", "https://evil.example/", `/\evil.example`, "javascript:alert(1)"} {
		if a := anna.get("/undo?what=h1&back=" + url.QueryEscape(evil)); strings.Contains(a.body, `href="`+evil) || strings.Contains(a.body, `href="https:`) {
			t.Errorf("%q is obeyed", evil)
		}
	}
}

// attrOf is the value of a hidden field.
func attrOf(t *testing.T, body, name string) string {
	t.Helper()
	for n := range parse(t, body).Descendants() {
		if attr(n, "type") == "hidden" && attr(n, "name") == name {
			return attr(n, "value")
		}
	}
	t.Fatalf("no field %s", name)
	return ""
}
