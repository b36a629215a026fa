package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestPartnerTitle: what a partner is called is changed on the page of its settings, and shown in the Center, on its page and on those of its items, in the API, and to nobody else; its address stays.
func TestPartnerTitle(t *testing.T) {
	k := newKit(t, "phone")
	k.item("anna", "phone", "mine")
	items, err := k.st.Settings.Items(t.Context())
	k.must(err)
	at := "/partners/" + items[0].Partner
	anna, ben := k.in("anna"), k.in("ben")
	if a := anna.get(at + "/settings"); a.status != http.StatusOK || !strings.Contains(a.body, `name="called" value="`+items[0].Partner+`"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	anna.form(at+"/settings", url.Values{"csrf": {anna.csrf}, "called": {"Old & <b>new</b>"}})
	const shown = "Old &amp; &lt;b&gt;new&lt;/b&gt;"
	for _, path := range []string{"/", at, at + "/settings", "/items/mine", "/items/mine/settings"} {
		if a := anna.get(path); a.status != http.StatusOK || !strings.Contains(a.body, shown) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := anna.form(at+"/settings", url.Values{"csrf": {anna.csrf}, "called": {strings.Repeat("x", 99)}}); !strings.Contains(a.body, strings.Repeat("x", 99)) {
		t.Errorf("what was typed is lost: %d %s", a.status, a.body)
	}
	var p struct{ Name, Called string }
	anna.call("PUT", "/api"+at+"/called", map[string]string{"called": "By program"}).json(&p)
	if p.Name != items[0].Partner || p.Called != "By program" {
		t.Errorf("%+v", p)
	}
	if a := ben.call("PUT", "/api"+at+"/called", map[string]string{"called": "Ben's"}); a.status != http.StatusNotFound {
		t.Errorf("somebody else's: %d %s", a.status, a.body)
	}
	anna.form(at+"/settings", url.Values{"csrf": {anna.csrf}, "called": {""}})
	if a := anna.get("/items/mine"); strings.Contains(a.body, "By program") || strings.Contains(a.body, shown) {
		t.Error("it is still called so")
	}
}
