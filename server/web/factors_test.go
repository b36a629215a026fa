package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"tandem/store"
)

var field = regexp.MustCompile(`name="(ticket|uri)" value="([^"]*)"`)

// fieldOf is the value of a hidden field of a page.
func fieldOf(a answer, name string) string {
	for _, m := range field.FindAllStringSubmatch(a.body, -1) {
		if m[1] == name {
			return html.UnescapeString(m[2])
		}
	}
	return ""
}

// clocked is a kit under a clock of its own, which may be moved.
func clocked(t *testing.T) (*kit, *time.Time) {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	k := &kit{T: t, dir: t.TempDir(), clock: func() time.Time { return now }}
	k.open()
	for _, name := range []string{"anna", "ben"} {
		_, err := k.hub.AddUser(t.Context(), store.User{Name: name}, password)
		k.must(err)
	}
	return k, &now
}

func (k *kit) code(secret string) string {
	k.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), k.clock())
	k.must(err)
	return code
}

// withCodes sets codes up for ben on the page, and returns what his app got and the recovery codes.
func (k *kit) withCodes(b *browser, now *time.Time) (secret string, recovery []string) {
	k.Helper()
	a := b.form("/settings/codes", url.Values{"csrf": {b.csrf}, "old": {password}})
	uri := fieldOf(a, "uri")
	u, err := url.Parse(uri)
	k.must(err)
	secret = u.Query().Get("secret")
	if a.status != http.StatusOK || secret == "" || !strings.Contains(a.body, "<svg xmlns") || inline.MatchString(a.body) {
		k.Fatalf("set up: %d %s", a.status, a.body)
	}
	wrong := b.form("/settings/codes/confirm", url.Values{"csrf": {b.csrf}, "uri": {uri}, "code": {"000000"}})
	if wrong.status != http.StatusForbidden || fieldOf(wrong, "uri") != uri {
		k.Errorf("a wrong code: %d %s", wrong.status, wrong.body)
	}
	a = b.form("/settings/codes/confirm", url.Values{"csrf": {b.csrf}, "uri": {uri}, "code": {k.code(secret)}})
	for _, m := range regexp.MustCompile(`<li><code>([^<]+)</code>`).FindAllStringSubmatch(a.body, -1) {
		recovery = append(recovery, m[1])
	}
	if a.status != http.StatusOK || len(recovery) != 10 {
		k.Fatalf("confirm: %d %s", a.status, a.body)
	}
	*now = now.Add(time.Minute)
	var me struct{ CSRF string }
	b.get("/api/me").json(&me)
	b.csrf = me.CSRF
	return secret, recovery
}

// TestCodes walks a person through codes: setting up, logging in in two steps, recovery, and the end of it.
func TestCodes(t *testing.T) {
	k, now := clocked(t)
	ben, other := k.in("ben"), k.in("ben")
	if a := ben.form("/settings/codes", url.Values{"csrf": {ben.csrf}, "old": {"wrong horse"}}); a.status != http.StatusForbidden || fieldOf(a, "uri") != "" {
		t.Errorf("with a wrong password: %d", a.status)
	}
	secret, recovery := k.withCodes(ben, now)
	if a := other.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("a browser that logged in without a code goes on: %d", a.status)
	}
	if a := ben.get("/settings"); !strings.Contains(a.body, "10 recovery codes left") || strings.Contains(a.body, recovery[0]) {
		t.Errorf("settings: %s", a.body)
	}

	b := k.browser()
	first := b.form("/login", url.Values{"name": {"Ben"}, "password": {password}, "next": {"/log"}})
	ticket := fieldOf(first, "ticket")
	if first.status != http.StatusOK || ticket == "" || len(first.head["Set-Cookie"]) != 0 {
		t.Fatalf("the password: %d %v %s", first.status, first.head["Set-Cookie"], first.body)
	}
	if a := b.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("between the steps: %d", a.status)
	}
	step := func(b *browser, ticket, code string) answer {
		return b.form("/login", url.Values{"name": {"ben"}, "ticket": {ticket}, "code": {code}, "next": {"/log"}})
	}
	if a := step(b, ticket, "000000"); a.status != http.StatusUnauthorized || fieldOf(a, "ticket") != ticket || len(a.head["Set-Cookie"]) != 0 {
		t.Errorf("a wrong code: %d", a.status)
	}
	if a := step(b, "1.x.ben", k.code(secret)); a.status != http.StatusUnauthorized || fieldOf(a, "ticket") != "" {
		t.Errorf("a made-up ticket: %d", a.status)
	}
	code := k.code(secret)
	if a := step(b, ticket, code); a.status != http.StatusSeeOther || a.head.Get("Location") != "/log" {
		t.Fatalf("the right code: %d %s", a.status, a.body)
	}
	if a := step(k.browser(), ticket, code); a.status != http.StatusUnauthorized || len(a.head["Set-Cookie"]) != 0 {
		t.Errorf("the same code again: %d", a.status)
	}
	if a := step(k.browser(), ticket, recovery[0]); a.status != http.StatusSeeOther {
		t.Errorf("a recovery code: %d", a.status)
	}
	if a := step(k.browser(), ticket, recovery[0]); a.status != http.StatusUnauthorized {
		t.Errorf("a recovery code again: %d", a.status)
	}
	basic := k.browser().request("GET", "/api/me", nil)
	basic.SetBasicAuth("ben", password)
	if a := k.browser().send(basic); a.status != http.StatusUnauthorized {
		t.Errorf("the password alone over the API: %d %s", a.status, a.body)
	}
	logged := func(text string) {
		t.Helper()
		list, err := k.st.Events.List(t.Context(), 0, "", 0)
		k.must(err)
		for _, e := range list {
			if e.User == "ben" && strings.Contains(e.Text, text) {
				return
			}
		}
		t.Errorf("the log does not say %q: %+v", text, list)
	}
	logged("set up an app for codes")
	logged("used a recovery code; 9 are left")

	if a := ben.form("/settings/codes/remove", url.Values{"csrf": {ben.csrf}, "old": {"wrong horse"}}); a.status != http.StatusForbidden {
		t.Errorf("the end, with a wrong password: %d", a.status)
	}
	if a := ben.form("/settings/codes/remove", url.Values{"csrf": {ben.csrf}, "old": {password}}); a.status != http.StatusSeeOther {
		t.Errorf("the end: %d %s", a.status, a.body)
	}
	if a := ben.get("/api/me"); a.status != http.StatusOK {
		t.Errorf("the browser that ended it: %d", a.status)
	}
	logged("no codes are asked for any longer")
	k.in("ben")
}

// TestCodesByAPI does the same over the API, with what others may and may not do about it.
func TestCodesByAPI(t *testing.T) {
	k, now := clocked(t)
	anna, ben := k.in("anna"), k.in("ben")
	if a := ben.call("POST", "/api/users/ben/codes", map[string]string{"present": "wrong horse"}); a.status != http.StatusForbidden {
		t.Errorf("begin with a wrong password: %d %s", a.status, a.body)
	}
	if a := ben.call("POST", "/api/users/BEN/codes", map[string]string{"present": ""}); a.status < 400 {
		t.Errorf("begin without a password: %d %s", a.status, a.body)
	}
	var set struct{ Secret, URI string }
	ben.call("POST", "/api/users/ben/codes", map[string]string{"present": password, "hub": "home"}).json(&set)
	var codes struct{ Codes []string }
	ben.call("PUT", "/api/users/ben/codes", map[string]string{"code": k.code(set.Secret)}).json(&codes)
	if len(codes.Codes) != 10 || !strings.HasPrefix(set.URI, "otpauth://totp/Tandem%20home:ben?") {
		t.Errorf("%v, %v", set, codes)
	}
	var me struct{ CSRF string }
	ben.get("/api/me").json(&me)
	ben.csrf = me.CSRF
	*now = now.Add(time.Minute)
	if a := anna.call("POST", "/api/users/ben/recovery-codes", map[string]string{}); a.status != http.StatusForbidden {
		t.Errorf("an administrator makes ben's recovery codes: %d %s", a.status, a.body)
	}
	if a := ben.call("POST", "/api/users/anna/codes/remove", map[string]string{}); a.status != http.StatusNotFound {
		t.Errorf("ben removes anna's codes: %d", a.status)
	}
	var again struct{ Codes []string }
	ben.call("POST", "/api/users/ben/recovery-codes", map[string]string{"present": password}).json(&again)
	if len(again.Codes) != 10 || again.Codes[0] == codes.Codes[0] {
		t.Errorf("other recovery codes: %v", again)
	}
	if a := anna.get("/api/users"); strings.Contains(a.body, set.Secret) || strings.Contains(a.body, again.Codes[0]) || !strings.Contains(a.body, `"sort":"totp"`) {
		t.Errorf("users: %s", a.body)
	}
	if a := anna.get("/api/secrets"); strings.Contains(a.body, "totp") {
		t.Errorf("secrets: %s", a.body)
	}
	if a := anna.call("PUT", "/api/secrets", map[string]string{"name": "user/ben/totp", "secret": "AAAAAAAAAAAAAAAA"}); a.status != http.StatusNotFound {
		t.Errorf("an administrator sets what ben's codes are made of: %d %s", a.status, a.body)
	}
	if a := anna.call("POST", "/api/users/ben/codes/remove", map[string]string{}); a.status != http.StatusNoContent {
		t.Errorf("an administrator removes ben's codes: %d %s", a.status, a.body)
	}
	if a := ben.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("ben's browser after that: %d", a.status)
	}
	k.in("ben")
}

// TestOwnPasswordNeedsThePresentOne: whoever finds a browser open takes no account over with it, however the name is written.
func TestOwnPasswordNeedsThePresentOne(t *testing.T) {
	k := newKit(t)
	for _, user := range []string{"anna", "ben"} {
		b := k.in(user)
		for _, name := range []string{user, strings.ToUpper(user), strings.ToUpper(user[:1]) + user[1:]} {
			for _, body := range []map[string]string{{"password": "taken over"}, {"password": "taken over", "present": "wrong horse"}} {
				if a := b.call("PUT", "/api/users/"+name+"/password", body); a.status < 400 {
					t.Errorf("%s as %s over the API with %v: %d", user, name, body, a.status)
				}
			}
			if a := b.form("/people/"+name+"/password", url.Values{"csrf": {b.csrf}, "password": {"taken over"}}); a.status < 400 {
				t.Errorf("%s as %s on the page: %d", user, name, a.status)
			}
		}
		k.in(user)
	}
}
