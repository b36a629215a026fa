package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestNobody checks what those get who are not logged in: the page to do that, and nothing else.
func TestNobody(t *testing.T) {
	k := newKit(t)
	b := k.browser()
	if a := b.get("/"); a.status != http.StatusSeeOther || a.head.Get("Location") != "/login" {
		t.Errorf("/: %d to %s", a.status, a.head.Get("Location"))
	}
	if a := b.get("/login"); a.status != http.StatusOK || inline.MatchString(a.body) || !strings.Contains(a.body, `name="password"`) {
		t.Errorf("/login: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/api/me", "/api/items", "/api/events", "/api/openapi.json", "/api/nothing", "/api/"} {
		a := b.get(path)
		if a.status != http.StatusUnauthorized || a.head.Get("Content-Type") != "application/problem+json" || !strings.HasPrefix(a.head.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/nothing", "/static/nothing.css", "/owa/"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := b.form("/login", url.Values{"name": {"anna"}, "password": {"wrong horse"}}); a.status != http.StatusUnauthorized || len(a.head["Set-Cookie"]) != 0 {
		t.Errorf("a wrong password: %d", a.status)
	}
}

func TestLogIn(t *testing.T) {
	k := newKit(t)
	b := k.in("anna")
	var me struct {
		Name  string
		Admin bool
	}
	b.get("/api/me").json(&me)
	if me.Name != "anna" || !me.Admin {
		t.Errorf("me: %+v", me)
	}
	if a := b.get("/"); a.status != http.StatusOK || !strings.Contains(a.body, "Sync Center") || inline.MatchString(a.body) {
		t.Errorf("/: %d %s", a.status, a.body)
	}
	if a := b.form("/logout", url.Values{"csrf": {b.csrf}}); a.status != http.StatusSeeOther {
		t.Errorf("log out: %d %s", a.status, a.body)
	}
	if a := b.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", a.status)
	}
}
