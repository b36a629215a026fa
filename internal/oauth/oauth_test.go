package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
)

// shelf keeps secrets in memory.
type shelf struct {
	mu sync.Mutex
	m  map[string]string
}

func (s *shelf) Get(_ context.Context, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.m[name]; ok {
		return d, nil
	}
	return "", tandem.Errorf(tandem.NotFound, "no %s", name)
}

func (s *shelf) Put(_ context.Context, name, secret string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[name] = secret
	return nil
}

// issuer answers from a script, one line per request.
type issuer struct {
	t      *testing.T
	script []string // "status JSON"
	forms  []url.Values
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	i.forms = append(i.forms, r.PostForm)
	if len(i.script) == 0 {
		i.t.Errorf("asked once too often: %v", r.PostForm)
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	status := 0
	line := i.script[0]
	i.script = i.script[1:]
	fmt.Sscanf(line, "%d", &status)
	_, body, _ := strings.Cut(line, " ")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

type trial struct {
	*Source
	issuer *issuer
	shelf  *shelf
	told   []string
	slept  []time.Duration
	now    time.Time
}

func newTrial(t *testing.T, script ...string) *trial {
	x := &trial{issuer: &issuer{t: t, script: script}, shelf: &shelf{m: map[string]string{}}, now: time.Unix(1_000_000, 0)}
	s := httptest.NewServer(x.issuer)
	t.Cleanup(s.Close)
	x.Source = New(Config{Endpoints: Endpoints{Device: s.URL + "/device", Token: s.URL + "/token", Scope: "dav"}, ClientID: "id", Name: "login", Keep: x.shelf,
		ClientSecret: func(context.Context) (string, error) { return "s", nil },
		Tell:         func(_ context.Context, text string) { x.told = append(x.told, text) },
		Now:          func() time.Time { return x.now },
		Sleep: func(ctx context.Context, d time.Duration) error {
			x.slept, x.now = append(x.slept, d), x.now.Add(d)
			return ctx.Err()
		}})
	return x
}

const device = `200 {"device_code":"D","user_code":"ABCD-EFGH","verification_uri":"https://example.org/device","interval":2,"expires_in":600}`

// A login by code: it is waited for at the pace that the provider asks, kept, renewed before it ends and when it is refused.
func TestDeviceLogin(t *testing.T) {
	x := newTrial(t, device, `400 {"error":"authorization_pending"}`, `400 {"error":"slow_down"}`, `200 {"access_token":"A1","refresh_token":"R1","expires_in":3600}`,
		`200 {"access_token":"A2","expires_in":3600}`, `200 {"access_token":"A3","refresh_token":"R3"}`)
	token := func(stale, want string) {
		t.Helper()
		if got, err := x.Token(t.Context(), stale); got != want || err != nil {
			t.Errorf("token %q, %v; want %q", got, err, want)
		}
	}
	token("", "A1")
	if len(x.told) != 1 || !strings.Contains(x.told[0], "ABCD-EFGH") || !strings.Contains(x.told[0], "https://example.org/device") {
		t.Errorf("told %q", x.told)
	}
	if fmt.Sprint(x.slept) != "[2s 2s 7s]" {
		t.Errorf("waited %v", x.slept)
	}
	token("", "A1")
	x.now = x.now.Add(time.Hour)
	token("", "A2") // renewed with R1, which stays good
	token("A2", "A3")
	if got := x.issuer.forms[5].Get("refresh_token"); got != "R1" {
		t.Errorf("renewed with %q, want R1", got)
	}
	var k kept
	if err := json.Unmarshal([]byte(x.shelf.m["login"]), &k); err != nil || k.Access != "A3" || k.Refresh != "R3" {
		t.Errorf("kept %+v, %v", k, err)
	}
	if x.issuer.forms[0].Get("client_secret") != "s" || x.issuer.forms[0].Get("scope") != "dav" {
		t.Errorf("asked with %v", x.issuer.forms[0])
	}
	// Another process finds the login.
	again := New(x.cfg)
	if got, err := again.Token(t.Context(), ""); got != "A3" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLoginRefused(t *testing.T) {
	for name, c := range map[string]struct {
		script []string
		kind   tandem.ErrorKind
	}{
		"denied":    {[]string{device, `400 {"error":"access_denied"}`}, tandem.Denied},
		"no client": {[]string{`401 {"error":"invalid_client","error_description":"who are you"}`}, tandem.Denied},
		"a page":    {[]string{`200 <html>`}, tandem.Transient},
		"trouble":   {[]string{`503 {}`}, tandem.Transient},
	} {
		x := newTrial(t, c.script...)
		if got, err := x.Token(t.Context(), ""); got != "" || !tandem.IsKind(err, c.kind) {
			t.Errorf("%s: %q, %v; want kind %v", name, got, err, c.kind)
		}
	}
	x := newTrial(t)
	x.cfg.Tell = nil
	if _, err := x.Token(t.Context(), ""); !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "partner login") {
		t.Errorf("nobody is there: %v", err)
	}
	// A passing trouble while a login is renewed is no reason to ask the person again.
	x = newTrial(t, `503 {}`)
	x.shelf.m["login"] = `{"access":"old","refresh":"R","expires":1}`
	if _, err := x.Token(t.Context(), ""); !tandem.IsKind(err, tandem.Transient) || len(x.told) != 0 {
		t.Errorf("%v, told %q", err, x.told)
	}
}

// A provider that repeats in its refusal what it was sent is quoted without it.
func TestRefusalSaysNoSecret(t *testing.T) {
	x := newTrial(t, `400 {"error":"invalid_grant","error_description":"no token refresh-of-anna+1, refresh-of-anna%2B1"}`)
	x.shelf.m["login"] = `{"access":"old","refresh":"refresh-of-anna+1","expires":1}`
	x.cfg.Tell = nil
	if _, err := x.renewed(t); err == nil || strings.Contains(err.Error(), "refresh-of-anna") || !strings.Contains(err.Error(), "no token ***, ***") {
		t.Errorf("%v", err)
	}
}

// renewed renews what is kept.
func (x *trial) renewed(t *testing.T) (string, error) {
	x.has = &kept{}
	if err := json.Unmarshal([]byte(x.shelf.m["login"]), x.has); err != nil {
		t.Fatal(err)
	}
	err := x.renew(t.Context())
	return x.has.Access, err
}

// A login in the browser of this machine: only the return with the right state counts, and the code is asked for with its proof.
func TestLoopbackLogin(t *testing.T) {
	x := newTrial(t, `200 {"access_token":"A","refresh_token":"R"}`)
	x.cfg.Device, x.cfg.Auth = "", "https://example.org/auth"
	page := make(chan url.Values, 1)
	x.cfg.Tell = func(_ context.Context, text string) {
		u, err := url.Parse(strings.TrimSpace(text[strings.Index(text, "https://"):]))
		if err != nil {
			t.Error(err)
		}
		page <- u.Query()
	}
	go func() {
		q := <-page
		for _, back := range []url.Values{{"code": {"forged"}, "state": {"wrong"}}, {"code": {"C"}, "state": {q.Get("state")}}} {
			resp, err := http.Get(q.Get("redirect_uri") + "?" + back.Encode())
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		}
	}()
	if got, err := x.Token(t.Context(), ""); got != "A" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	f := x.issuer.forms[0]
	if f.Get("code") != "C" || f.Get("grant_type") != "authorization_code" || len(f.Get("code_verifier")) < 43 {
		t.Errorf("asked with %v", f)
	}
}

func TestKnownProviders(t *testing.T) {
	for host, want := range map[string]bool{"www.googleapis.com": true, "apidata.googleusercontent.com": true, "evilgoogle.com": false, "example.org": false} {
		if e, ok := For(host, "caldav"); ok != want || ok && !strings.Contains(e.Scope, "calendar") {
			t.Errorf("%s: %+v, %v", host, e, ok)
		}
	}
}
