package setup_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tandem"
	"tandem/server/eas/check"
	"tandem/server/setup"
)

// checker is a page whose check answers what the test wants.
func checker(t *testing.T, base string, f func(ctx context.Context, r *http.Request, user, password string) ([]check.Line, error)) *setup.Handler {
	t.Helper()
	h, err := setup.New(setup.Config{Base: func(*http.Request) string { return base }, Check: f, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func post(t *testing.T, h http.Handler, form string) (*http.Response, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/setup/check", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(rec, r)
	resp := rec.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	var lines []check.Line
	var fault error
	h := checker(t, "https://sync.example.org", func(_ context.Context, _ *http.Request, user, password string) ([]check.Line, error) {
		if user != "anna" || password != "correct horse & <battery>" {
			return nil, &tandem.Error{Kind: tandem.Denied}
		}
		return lines, fault
	})
	right := url.Values{"user": {" anna "}, "password": {"correct horse & <battery>"}}.Encode()
	for name, test := range map[string]struct {
		form  string
		lines []check.Line
		err   error
		code  int
		want  string
	}{
		"fine":     {right, []check.Line{{Name: "door", Level: "ok", Text: "a<b>c"}, {Name: "clock", Level: "warn", Text: "late", Remedy: "set it"}}, nil, 200, "Your phone can connect."},
		"trouble":  {right, []check.Line{{Name: "push", Level: "fail", Text: "was cut", Remedy: "proxy_read_timeout"}}, nil, 200, "proxy_read_timeout"},
		"wrong":    {"user=anna&password=x", nil, nil, 403, "The user name or the password is wrong."},
		"no name":  {"password=x", nil, nil, 400, "Please type"},
		"nothing":  {"user=anna", nil, nil, 400, "Please type"},
		"too much": {"user=" + strings.Repeat("a", 5000), nil, nil, 413, "too much"},
		"guesses":  {right, nil, &tandem.Error{Kind: tandem.Busy, Wait: 77}, 429, "77 seconds"},
		"broken":   {right, nil, errors.New("a secret of the inside"), 500, "log says why"},
	} {
		lines, fault = test.lines, test.err
		resp, body := post(t, h, test.form)
		if resp.StatusCode != test.code || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d, lacks %q", name, resp.StatusCode, test.want)
		}
		for _, secret := range []string{"battery", "a<b>", "secret of the inside"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: the page shows %q", name, secret)
			}
		}
		if (resp.Header.Get("Retry-After") != "") != (test.code == 429) {
			t.Errorf("%s: %v", name, resp.Header)
		}
	}
	if resp, _ := get(t, h, "/setup/check"); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("GET: %d", resp.StatusCode)
	}
}

// TestCheckOffered: a password is asked for only where it cannot be read on the way.
func TestCheckOffered(t *testing.T) {
	t.Parallel()
	never := func(context.Context, *http.Request, string, string) ([]check.Line, error) {
		return nil, errors.New("called")
	}
	for base, want := range map[string]bool{"https://sync.example.org": true, "http://sync.example.org": false} {
		if _, body := get(t, checker(t, base, never), "/setup"); strings.Contains(body, `type="password"`) != want {
			t.Errorf("%s: offered %v", base, !want)
		}
	}
	if _, body := get(t, checker(t, "http://localhost:8080", never), "http://127.0.0.1:8080/setup"); !strings.Contains(body, `type="password"`) {
		t.Error("not offered on this computer")
	}
	none := handler(t, nil)
	if resp, _ := post(t, none, "user=anna&password=x"); resp.StatusCode < 400 {
		t.Errorf("a check that is not there: %d", resp.StatusCode)
	}
}

// TestChecksAtOnce: only so many check-ups run at the same time.
func TestChecksAtOnce(t *testing.T) {
	t.Parallel()
	entered, release := make(chan bool), make(chan bool)
	h := checker(t, "https://sync.example.org", func(context.Context, *http.Request, string, string) ([]check.Line, error) {
		entered <- true
		<-release
		return []check.Line{{Name: "door", Level: "ok", Text: "x"}}, nil
	})
	codes := make(chan int, 2)
	for range 2 {
		go func() {
			resp, _ := post(t, h, "user=anna&password=x")
			codes <- resp.StatusCode
		}()
		<-entered
	}
	if resp, body := post(t, h, "user=anna&password=x"); resp.StatusCode != 429 || !strings.Contains(body, "try again") {
		t.Errorf("%d", resp.StatusCode)
	}
	close(release)
	for range 2 {
		if code := <-codes; code != 200 {
			t.Errorf("%d", code)
		}
	}
}
