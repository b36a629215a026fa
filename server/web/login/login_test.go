package login

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzNext checks that no text leads a browser to another host after a log-in. The URL Standard, 4.4: browsers take a backslash for a slash, and leave out
// tabs and line ends.
func FuzzNext(f *testing.F) {
	for _, s := range []string{"/", "/items?x=1", "//evil", "/\\evil", "\\\\evil", "https://evil", "/\t/evil", "/%2f/evil", "javascript:x", "", "/a//b", "/.//evil", "/..//evil", "?x", "#x", "/\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := next(httptest.NewRequest("GET", "/login?"+url.Values{"next": {to}}.Encode(), nil))
		browser := strings.NewReplacer("\t", "", "\r", "", "\n", "", "\\", "/").Replace(strings.Trim(got, " "))
		if !strings.HasPrefix(browser, "/") || strings.HasPrefix(browser, "//") {
			t.Errorf("%q leads to %q", to, got)
		}
		base, err := url.Parse("https://hub.example/login")
		if err != nil {
			t.Fatal(err)
		}
		if u, err := base.Parse(got); err == nil && u.Host != base.Host {
			t.Errorf("%q leads to %s", to, u)
		}
	})
}

// TestRefusals checks that strangers write so many lines a minute into the log and no more.
func TestRefusals(t *testing.T) {
	var r refusals
	n := 0
	for range 1000 {
		if r.may(60) {
			n++
		}
	}
	if n != perMinute || !r.may(120) {
		t.Errorf("%d in a minute", n)
	}
}

// TestCSRF checks that the second token follows from the first one, differs from it, and is another one for another.
func TestCSRF(t *testing.T) {
	a, b := csrfOf("a"), csrfOf("b")
	if a == b || a != csrfOf("a") || strings.Contains(a, "a=") || len(a) != 43 {
		t.Errorf("%q, %q", a, b)
	}
}
