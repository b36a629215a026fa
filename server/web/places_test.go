package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestMembersAddPlaces: who does not administer the hub adds places of the sorts that an administrator leaves to everybody, by the same pages, with passwords of their own.
func TestMembersAddPlaces(t *testing.T) {
	t.Parallel()
	k := newKit(t, "//dav.example.org/book")
	anna, ben := k.in("anna"), k.in("ben")
	post := func(b *browser, path string, v url.Values) answer {
		t.Helper()
		v.Set("csrf", b.csrf)
		return b.form(path, v)
	}
	has := func(a answer, status int, want string, not ...string) {
		t.Helper()
		_, a.body, _ = strings.Cut(a.body, "<main")
		if a.status != status || !strings.Contains(a.body, want) {
			t.Errorf("%d without %q: %s", a.status, want, a.body)
		}
		for _, x := range not {
			if strings.Contains(a.body, x) {
				t.Errorf("it holds %q: %s", x, a.body)
			}
		}
	}
	has(anna.get("/places/add"), 200, "/places/add/mem")
	has(ben.get("/places/add"), 200, "/places/add/net", "/places/add/mem", "/places/add/home")
	has(ben.get("/sync-setup"), 200, "/places/add/net", "/places/add/mem")
	has(ben.get("/"), 200, "/places/add")
	has(ben.get("/places/add/net"), 200, "o-password", "o-password-from", "on-behalf")
	has(ben.get("/places/add/mem"), 403, "the administrator allows no places of this sort")
	has(post(ben, "/places/add/mem", url.Values{"path": {"//dav.example.org/book"}}), 403, "the administrator allows no places of this sort")
	has(post(ben, "/places/pick", url.Values{"name": {"x"}, "text": {"mem://dav.example.org/book"}, "place": {"mem://dav.example.org/book"}, "pick-0": {"yes"}, "new-0": {"x"}, "kind-0": {"contact"}}), 403, "only administrators")

	form := url.Values{"path": {"dav.example.org/book"}, "o-password": {"wrong"}}
	has(post(ben, "/places/add/net", form), 403, "the password is wrong", "It works")
	form.Set("o-password", "right")
	tried := post(ben, "/places/add/net", form)
	has(tried, 200, "It works.", "on-behalf")
	has(tried, 200, `value="net://dav.example.org/book"`)
	added := post(ben, "/places/pick", url.Values{"name": {"mine"}, "text": {"net://dav.example.org/book"}, "place": {"net://dav.example.org/book"}, "pick-0": {"yes"}, "new-0": {"people"}, "kind-0": {"contact"}})
	if to := added.head.Get("Location"); added.status != http.StatusSeeOther || !strings.HasPrefix(to, "/places/first?item=") {
		t.Fatalf("%d %s %s", added.status, to, added.body)
	}
	partners, err := k.hub.ListPartners(t.Context())
	k.must(err)
	if len(partners) != 1 || partners[0].User != "ben" || !partners[0].Bounded {
		t.Errorf("%+v", partners)
	}
	names, err := k.st.Secrets.SecretNames(t.Context())
	k.must(err)
	if said := strings.Join(names, " "); !strings.Contains(said, "ben/place/password of //dav.example.org/book") {
		t.Errorf("the password is kept as %s", said)
	}
	has(ben.get("/partners/mine?look=1"), 200, `value="net://dav.example.org/book"`)

	// What an administrator takes back is gone.
	has(post(ben, "/bounds", url.Values{"provider": {"net"}, "private": {"yes"}}), 403, "")
	has(anna.get("/people"), 200, `id="may-net" name="provider" value="net" checked`, "may-mem")
	has(anna.get("/people/ben"), 200, `id="may-net"`)
	// What is said for one person counts for that one, and goes again.
	has(post(ben, "/people/ben/bounds", url.Values{"provider": {"net"}, "private": {"yes"}}), 403, "")
	if a := post(anna, "/people/ben/bounds", url.Values{"private": {"yes"}}); a.head.Get("Location") != "/people/ben?done=saved" {
		t.Errorf("%d %s", a.status, a.head)
	}
	has(anna.get("/people/ben"), 200, "said for this user alone")
	has(ben.get("/places/add"), 200, "leaves no places to you", "/places/add/net")
	has(post(ben, "/places/add/net", form), 403, "the administrator allows no places of this sort")
	has(post(anna, "/people/ben/bounds", url.Values{"provider": {"mem"}}), 400, "cannot be left to everybody")
	has(post(anna, "/people/nobody/bounds", url.Values{"provider": {"net"}}), 404, "")
	post(anna, "/people/ben/bounds", url.Values{"do": {"everybody"}})
	has(anna.get("/people/ben"), 200, "what everybody may", "said for this user alone")
	has(ben.get("/places/add"), 200, "/places/add/net")
	if a := post(anna, "/bounds", url.Values{"private": {"yes"}}); a.status != http.StatusSeeOther || a.head.Get("Location") != "/people?done=saved" {
		t.Errorf("%d %s", a.status, a.head)
	}
	if b, err := k.hub.MemberBounds(t.Context()); err != nil || len(b.Providers) != 0 || !b.Private {
		t.Errorf("%+v %v", b, err)
	}
	has(ben.get("/places/add"), 200, "leaves no places to you", "/places/add/net")
	has(post(ben, "/places/add/net", form), 403, "the administrator allows no places of this sort")
}
