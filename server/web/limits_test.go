package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem/partner/account"
)

// TestLimitedPasswords: an app password that is for other doors, or only reads, does no more over the API, and lets nobody in on the pages; the pages make such passwords, and say what they are for.
func TestLimitedPasswords(t *testing.T) {
	k := newKit(t)
	ask := func(method, path, password string) int {
		t.Helper()
		nobody := k.browser()
		req := nobody.request(method, path, strings.NewReader("{}"))
		req.Header.Set("Content-Type", "application/json")
		req.SetBasicAuth("anna", password)
		resp, err := nobody.client.Do(req)
		k.must(err)
		resp.Body.Close()
		return resp.StatusCode
	}
	for label, c := range map[string]struct {
		limits      account.Limits
		reads, does int
	}{
		"all":     {account.Limits{}, 200, 200},
		"api":     {account.Limits{Doors: []account.Door{account.API}}, 200, 200},
		"files":   {account.Limits{Doors: []account.Door{account.Files}}, 403, 403},
		"reading": {account.Limits{ReadOnly: true}, 200, 403},
	} {
		p, err := k.hub.AddAppPassword(t.Context(), "anna", label, c.limits)
		k.must(err)
		if got := ask("GET", "/api/items", p.Password); got != c.reads {
			t.Errorf("%s reads: %d", label, got)
		}
		if got := ask("POST", "/api/syncs", p.Password); (got == http.StatusForbidden) != (c.does == http.StatusForbidden) {
			t.Errorf("%s writes: %d", label, got)
		}
	}
	anna := k.in("anna")
	a := anna.form("/app-passwords", url.Values{"csrf": {anna.csrf}, "label": {"wall"}, "door": {"calendars", "files"}, "read-only": {"yes"}})
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	list, err := k.st.Logins.Logins(t.Context(), "anna")
	k.must(err)
	for _, l := range list {
		if l.Label == "wall" && (l.Only != "calendars,files" || !l.ReadOnly) {
			t.Errorf("%+v", l)
		}
	}
	if a := anna.get("/settings"); !strings.Contains(a.body, "Files (WebDAV), It only reads") {
		t.Errorf("what it is for is not said: %s", a.body)
	}
}
