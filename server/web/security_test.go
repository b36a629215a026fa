package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/center"
	"tandem/store"
)

// TestHeaders checks what every answer has, whatever was asked and whoever asked.
func TestHeaders(t *testing.T) {
	k := newKit(t)
	anna, nobody := k.in("anna"), k.browser()
	var asset string
	if _, rest, ok := strings.Cut(nobody.get("/login").body, `href="/static/`); ok {
		asset, _, _ = strings.Cut("/static/"+rest, `"`)
	}
	for _, b := range []*browser{anna, nobody} {
		for _, path := range []string{"/", "/login", "/login?next=/x", "/nothing", "/welcome/x", asset, "/static/x", "/api/me", "/api/items", "/api/openapi.json", "/api/openapi.yaml", "/api/nothing", "/api/items/%00",
			"/api/items?limit=x", "/logout"} {
			a := b.get(path)
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
				if got := a.head.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			csp := a.head.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("%s: no %s in %q", path, want, csp)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
				t.Errorf("%s: %q lets in what it should not", path, csp)
			}
			if cache := a.head.Get("Cache-Control"); cache != "no-store" && path != asset {
				t.Errorf("%s: Cache-Control %q", path, cache)
			}
			if strings.HasPrefix(a.head.Get("Content-Type"), "text/html") && inline.MatchString(a.body) {
				t.Errorf("%s has inline script or style", path)
			}
		}
	}
	if a := nobody.get(asset); a.status != http.StatusOK || !strings.Contains(a.head.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d, %v", asset, a.status, a.head)
	}
}

// TestCookie checks that the token is where scripts, other sites and listeners do not get at it.
func TestCookie(t *testing.T) {
	k := newKit(t)
	a := k.browser().form("/login", url.Values{"name": {"anna"}, "password": {password}})
	set := a.head["Set-Cookie"]
	if len(set) != 1 {
		t.Fatalf("cookies %q", set)
	}
	for _, want := range []string{"__Host-tandem=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set[0], want) {
			t.Errorf("no %s in %s", want, set[0])
		}
	}
	if strings.Contains(set[0], "Domain") {
		t.Errorf("the cookie %s is sent to other hosts", set[0])
	}
}

// TestFixation checks that a token that somebody planted before a log-in is worth nothing after it, and that none is taken that the hub did not give out.
func TestFixation(t *testing.T) {
	k := newKit(t)
	ben := k.in("ben")
	base, err := url.Parse(k.srv.URL)
	k.must(err)
	planted := ben.client.Jar.Cookies(base)
	victim := k.browser()
	victim.client.Jar.SetCookies(base, planted)
	a := victim.form("/login", url.Values{"name": {"anna"}, "password": {password}, "csrf": {ben.csrf}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("log in: %d %s", a.status, a.body)
	}
	if now := victim.client.Jar.Cookies(base); slices.EqualFunc(now, planted, func(x, y *http.Cookie) bool { return x.Value == y.Value }) {
		t.Error("the planted token is the new one")
	}
	if a := ben.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("the planted token still works: %d %s", a.status, a.body)
	}
	odd := k.browser()
	odd.client.Jar.SetCookies(base, []*http.Cookie{{Name: "__Host-tandem", Value: strings.Repeat("A", 43), Path: "/", Secure: true}})
	if a := odd.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("a made-up token: %d", a.status)
	}
}

// TestForgery checks that nothing is changed for another site, or without the token that only a page of the hub has.
func TestForgery(t *testing.T) {
	k := newKit(t)
	anna := k.in("anna")
	send := func(change func(r *http.Request)) answer {
		req := anna.request("POST", "/api/collections", strings.NewReader(`{"name":"forged","kind":"contact"}`))
		req.Header.Set("Content-Type", "application/json")
		change(req)
		return anna.send(req)
	}
	for name, change := range map[string]func(r *http.Request){
		"no token":      func(*http.Request) {},
		"another token": func(r *http.Request) { r.Header.Set("X-CSRF-Token", strings.Repeat("A", len(anna.csrf))) },
		"ben's token":   func(r *http.Request) { r.Header.Set("X-CSRF-Token", k.in("ben").csrf) },
		"another site": func(r *http.Request) {
			r.Header.Set("X-CSRF-Token", anna.csrf)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		},
		"a neighbour": func(r *http.Request) {
			r.Header.Set("X-CSRF-Token", anna.csrf)
			r.Header.Set("Sec-Fetch-Site", "same-site")
		},
		"another origin": func(r *http.Request) {
			r.Header.Set("X-CSRF-Token", anna.csrf)
			r.Header.Set("Origin", "https://evil.example")
		},
		"no origin":        func(r *http.Request) { r.Header.Set("X-CSRF-Token", anna.csrf); r.Header.Set("Origin", "null") },
		"a form, no token": func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") },
	} {
		if a := send(change); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, path := range []string{"/login", "/logout", "/welcome/x"} {
		req := anna.request("POST", path, strings.NewReader(url.Values{"csrf": {anna.csrf}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := anna.send(req); a.status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, a.status)
		}
	}
	if a := anna.get("/api/collections"); strings.Contains(a.body, "forged") {
		t.Error("something was changed")
	}
	if a := send(func(r *http.Request) {
		r.Header.Set("X-CSRF-Token", anna.csrf)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}); a.status != http.StatusCreated {
		t.Errorf("from the page itself: %d %s", a.status, a.body)
	}
}

// TestBasic checks requests with name and password.
func TestBasic(t *testing.T) {
	k := newKit(t)
	ask := func(method, path, body, user, word string) answer {
		b := k.browser()
		req := b.request(method, path, strings.NewReader(body))
		req.SetBasicAuth(user, word)
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		return b.send(req)
	}
	if a := ask("GET", "/api/me", "", "anna", password); a.status != http.StatusOK || !strings.Contains(a.body, `"admin":true`) || len(a.head["Set-Cookie"]) > 0 {
		t.Errorf("own password: %d %s", a.status, a.body)
	}
	if a := ask("POST", "/api/collections", `{"name":"more","kind":"contact"}`, "anna", password); a.status != http.StatusCreated {
		t.Errorf("a change: %d %s", a.status, a.body)
	}
	if a := ask("GET", "/api/me", "", "anna", "wrong horse"); a.status != http.StatusUnauthorized || a.head.Get("WWW-Authenticate") == "" {
		t.Errorf("a wrong password: %d %s", a.status, a.body)
	}
	p, err := k.hub.AddAppPassword(t.Context(), "anna", "script")
	k.must(err)
	if a := ask("GET", "/api/me", "", "anna", p.Password); a.status != http.StatusOK || !strings.Contains(a.body, `"admin":false`) || !strings.Contains(a.body, `"app":true`) {
		t.Errorf("app password: %d %s", a.status, a.body)
	}
	for _, c := range []struct{ method, path, body string }{
		{"PUT", "/api/users/anna/password", `{"password":"another horse","present":"` + p.Password + `"}`},
		{"POST", "/api/users/anna/app-passwords", `{"label":"more"}`},
		{"POST", "/api/users", `{"name":"zoe","password":"another horse"}`},
		{"GET", "/api/secrets", ""},
	} {
		if a := ask(c.method, c.path, c.body, "anna", p.Password); a.status != http.StatusForbidden {
			t.Errorf("%s %s with an app password: %d %s", c.method, c.path, a.status, a.body)
		}
	}
	if a := k.browser().form("/login", url.Values{"name": {"anna"}, "password": {p.Password}}); a.status != http.StatusUnauthorized {
		t.Errorf("the page lets in with an app password: %d", a.status)
	}
	b := k.browser()
	req := b.request("GET", "/", nil)
	req.SetBasicAuth("anna", password)
	if a := b.send(req); a.status != http.StatusSeeOther {
		t.Errorf("a page with name and password: %d", a.status)
	}
}

// TestListeners checks that no password is asked for or taken where somebody can listen.
func TestListeners(t *testing.T) {
	k := newKit(t)
	get := func(remote, host string, change func(r *http.Request)) int {
		req, err := http.NewRequest("GET", "http://"+host+"/api/me", nil)
		k.must(err)
		req.RemoteAddr = remote
		change(req)
		w := &recorder{head: http.Header{}}
		k.door.ServeHTTP(w, req)
		return w.status
	}
	basic := func(r *http.Request) { r.SetBasicAuth("anna", password) }
	if got := get("192.0.2.7:999", "hub.example:8080", basic); got != http.StatusForbidden {
		t.Errorf("from elsewhere: %d", got)
	}
	if got := get("127.0.0.1:999", "127.0.0.1:8080", basic); got != http.StatusOK {
		t.Errorf("from this computer: %d", got)
	}
	if got := get("127.0.0.1:999", "hub.example", basic); got != http.StatusForbidden {
		t.Errorf("from this computer under a name that somebody made lead here: %d", got)
	}
}

type recorder struct {
	head   http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header { return r.head }
func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
}
func (r *recorder) Write(b []byte) (int, error) { r.WriteHeader(200); return r.body.Write(b) }

// TestVisits checks that visits are listed and ended, by their users only, that they outlive the program, and end with the password.
func TestVisits(t *testing.T) {
	k := newKit(t)
	one, two, ben := k.in("anna"), k.in("anna"), k.in("ben")
	type visit struct {
		ID      int64
		Current bool
	}
	var list, bens []visit
	one.get("/api/me/visits").json(&list)
	ben.get("/api/me/visits").json(&bens)
	if len(list) != 2 || list[0].Current || !list[1].Current || len(bens) != 1 {
		t.Fatalf("visits %+v; ben's %+v", list, bens)
	}
	path := func(v visit) string { return "/api/me/visits/" + itoa(v.ID) }
	if a := one.call("DELETE", path(bens[0]), nil); a.status != http.StatusNotFound {
		t.Errorf("ending another's visit: %d", a.status)
	}
	if a := one.call("DELETE", path(list[0]), nil); a.status != http.StatusNoContent {
		t.Errorf("ending one's own: %d %s", a.status, a.body)
	}
	if a := two.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("it still works: %d", a.status)
	}
	url := k.srv.URL
	k.restart()
	moved := k.moved(url, one)
	if a := moved.get("/api/me"); a.status != http.StatusOK {
		t.Fatalf("after a restart: %d", a.status)
	}
	third := k.in("anna")
	if a := moved.call("PUT", "/api/users/anna/password", map[string]string{"password": "another horse", "present": "wrong"}); a.status != http.StatusForbidden {
		t.Errorf("without the present password: %d %s", a.status, a.body)
	}
	if a := moved.call("PUT", "/api/users/anna/password", map[string]string{"password": "another horse", "present": password}); a.status != http.StatusNoContent {
		t.Fatalf("a new password: %d %s", a.status, a.body)
	}
	if a := third.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("a visit under the old password: %d", a.status)
	}
	if a := moved.get("/api/me"); a.status != http.StatusOK {
		t.Errorf("the one that changed it: %d", a.status)
	}
	k.must(k.hub.SetPassword(t.Context(), "anna", "third horse"))
	if a := moved.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("after a change from elsewhere: %d", a.status)
	}
}

// TestGuess checks that guessing makes its sender wait, and is in the log.
func TestGuess(t *testing.T) {
	k := newKit(t)
	b := k.browser()
	last := 0
	for i := range 8 {
		last = b.form("/login", url.Values{"name": {"ben"}, "password": {"guess number " + itoa(int64(i))}}).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after eight guesses: %d", last)
	}
	a := b.form("/login", url.Values{"name": {"ben"}, "password": {password}})
	if a.status != http.StatusTooManyRequests || a.head.Get("Retry-After") == "" {
		t.Errorf("the right one while one has to wait: %d %v", a.status, a.head)
	}
	events, err := k.st.Events.List(t.Context(), 0, "", 0)
	k.must(err)
	n := 0
	for _, e := range events {
		if e.User == "ben" && e.Level == store.Warning && strings.Contains(e.Text, "a log-in as ben from 127.0.0.1 was refused") {
			n++
		}
		if strings.Contains(e.Text, "guess") {
			t.Errorf("the log has a password: %s", e.Text)
		}
	}
	if n == 0 {
		t.Error("no refused log-in is in the log")
	}
}

// TestNext checks that a log-in leads to a page of this hub, whatever it is asked to.
func TestNext(t *testing.T) {
	k := newKit(t)
	for next, want := range map[string]string{"/items?x=1": "/items?x=1", "": "/", "https://evil.example": "/", "//evil.example": "/", "/\\evil.example": "/", "javascript:alert(1)": "/",
		"/x\r\nSet-Cookie: a=b": "/", "x": "/"} {
		a := k.browser().form("/login", url.Values{"name": {"anna"}, "password": {password}, "next": {next}})
		if got := a.head.Get("Location"); got != want || len(a.head["Set-Cookie"]) != 1 {
			t.Errorf("next %q leads to %q with %q", next, got, a.head["Set-Cookie"])
		}
	}
}

// TestMarkupIsData checks that what places, people and programs call themselves is shown and not obeyed.
func TestMarkupIsData(t *testing.T) {
	const bad = `<script>alert("x")</script>`
	k := newKit(t, bad)
	k.must(k.hub.SetUser(t.Context(), store.User{Name: "anna", Title: bad}))
	_, err := k.hub.AddItem(t.Context(), center.NewItem{Home: "contacts", Partner: "mem:" + bad, User: "anna", Mode: center.Manual})
	k.must(err)
	anna := k.in("anna")
	if a := anna.get("/"); strings.Contains(a.body, bad) || !strings.Contains(a.body, "&lt;script&gt;") {
		t.Errorf("/: %s", a.body)
	}
	if a := anna.get("/login?next=" + url.QueryEscape(`"><script>`)); strings.Contains(a.body, "<script>") {
		t.Errorf("/login: %s", a.body)
	}
	a := k.browser().form("/login", url.Values{"name": {bad}, "password": {"x"}})
	if strings.Contains(a.body, bad) {
		t.Errorf("/login: %s", a.body)
	}
	for _, path := range []string{"/api/items", "/api/me", "/api/items/" + url.PathEscape(bad)} {
		if a := anna.get(path); !strings.Contains(a.head.Get("Content-Type"), "json") || a.head.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %s", path, a.head.Get("Content-Type"), a.body)
		}
	}
}

// TestFirst checks the set-up link: it works once, makes an administrator, and logs in.
func TestFirst(t *testing.T) {
	k := &kit{T: t, dir: t.TempDir()}
	k.open()
	link, err := k.door.Login.FirstLink(t.Context())
	k.must(err)
	b := k.browser()
	if a := b.get("/welcome/" + strings.Repeat("A", 43)); a.status != http.StatusNotFound || strings.Contains(a.body, "minlength") {
		t.Errorf("a guessed link: %d", a.status)
	}
	if a := b.get(link); a.status != http.StatusOK || !strings.Contains(a.body, "Welcome") || inline.MatchString(a.body) {
		t.Fatalf("the link: %d %s", a.status, a.body)
	}
	fill := func(b *browser, name, word, again string) answer {
		return b.form(link, url.Values{"name": {name}, "password": {word}, "again": {again}})
	}
	if a := fill(b, "anna", password, "typo"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "differ") {
		t.Errorf("two passwords: %d %s", a.status, a.body)
	}
	if a := fill(b, "anna", "short", "short"); a.status != http.StatusBadRequest {
		t.Errorf("a short password: %d", a.status)
	}
	at, err := url.Parse(k.srv.URL)
	k.must(err)
	for _, lang := range []string{"en", "de"} { // as every other form, see TestRefusals
		b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "tandem-lang", Value: lang, Path: "/"}})
		for _, r := range []refusal{{send: sent("name", "anna", "title", markup, "password", "short", "again", "short"), field: "password", says: "8"}, {send: sent("name", "", "title", "A", "password", password, "again", password), field: "name", says: "a name"},
			{send: sent("name", markup, "title", "A", "password", password, "again", password), field: "name", says: "letters"}, {send: sent("name", "anna", "title", "A", "password", password, "again", "typo"), field: "again", says: "differ"},
			{send: sent("name", "anna", "title", strings.Repeat("a", 300), "password", password, "again", password), field: "title", says: "200"}} {
			a := b.form(link, r.send)
			shown(t, r, a, lang)
			doc := parse(t, a.body)
			(&refusing{kit: k}).keeps(t, formTo(doc, link, r.send), r.send)
			atFault(t, r, doc)
		}
	}
	if a := fill(b, "anna", password, password); a.status != http.StatusSeeOther {
		t.Fatalf("the form: %d %s", a.status, a.body)
	}
	var me struct{ Admin bool }
	b.get("/api/me").json(&me)
	if !me.Admin {
		t.Error("the first user is no administrator")
	}
	if a := fill(k.browser(), "mallory", password, password); a.status != http.StatusNotFound {
		t.Errorf("the link again: %d", a.status)
	}
	if again, err := k.door.Login.FirstLink(t.Context()); err != nil || again != "" {
		t.Errorf("another link: %q, %v", again, err)
	}
}

// TestFirstTakesOver checks that the user whom a hub made for its first sync item gets a password, and no second one is made.
func TestFirstTakesOver(t *testing.T) {
	k := &kit{T: t, dir: t.TempDir()}
	k.open()
	k.must(k.st.Accounts.AddUser(t.Context(), store.User{Name: "me"}))
	link, err := k.door.Login.FirstLink(t.Context())
	k.must(err)
	b := k.browser()
	if a := b.form(link, url.Values{"name": {"other"}, "password": {password}, "again": {password}}); a.status != http.StatusSeeOther {
		t.Fatalf("the form: %d %s", a.status, a.body)
	}
	users, err := k.hub.ListUsers(t.Context())
	k.must(err)
	if len(users) != 1 || users[0].User.Name != "me" || len(users[0].Logins) != 1 {
		t.Errorf("users %+v", users)
	}
	var me struct {
		Name  string
		Admin bool
	}
	b.get("/api/me").json(&me)
	if me.Name != "me" || !me.Admin {
		t.Errorf("me: %+v", me)
	}
}

// TestVisitsEnd checks how long a visit lasts.
func TestVisitsEnd(t *testing.T) {
	k := newKit(t)
	now := time.Now()
	k.clock = func() time.Time { return now }
	k.reopenDoor()
	idle, used := k.in("anna"), k.in("anna")
	for range 5 {
		now = now.Add(6 * 24 * time.Hour)
		want := http.StatusOK
		if now.After(k.opened.Add(30*24*time.Hour - time.Minute)) {
			want = http.StatusUnauthorized
		}
		if a := used.get("/api/me"); a.status != want {
			t.Errorf("used, after %s: %d", now.Sub(k.opened), a.status)
		}
	}
	now = k.opened.Add(8 * 24 * time.Hour)
	if a := idle.get("/api/me"); a.status != http.StatusUnauthorized {
		t.Errorf("unused for eight days: %d", a.status)
	}
}
