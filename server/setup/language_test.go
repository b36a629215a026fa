package setup_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/server/eas/check"
)

// TestLanguage: the page is in the language that was chosen under Settings, or that the browser prefers, and says that it hangs on these.
func TestLanguage(t *testing.T) {
	t.Parallel()
	h := handler(t, []byte("der"))
	for _, c := range []struct{ header, cookie, want string }{
		{"", "", "en"}, {"de-AT,de;q=0.9,en;q=0.5", "", "de"}, {"fr, en;q=0.8, de;q=0.7", "", "en"}, {"fr,de;q=0.1", "", "de"}, {"de;q=0", "", "en"}, {"de;q=x", "", "en"},
		{"en", "de", "de"}, {"de", "en", "en"}, {"de", "fr", "de"}, {"DE", "", "de"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/setup", nil)
		r.Header.Set("Accept-Language", c.header)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "tandem-lang", Value: c.cookie})
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if got := rec.Header().Get("Content-Language"); got != c.want || !strings.Contains(rec.Body.String(), `<html lang="`+c.want+`">`) || rec.Header().Get("Vary") != "Accept-Language, Cookie" {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestSamePage: the page has the same forms, links and steps in both languages, in the same order, and the German one has no English sentence.
func TestSamePage(t *testing.T) {
	t.Parallel()
	read := func(lang string) string {
		body, err := os.ReadFile("page/setup." + lang + ".html")
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	en, de := read("en"), read("de")
	bones := func(page string) []string {
		return regexp.MustCompile(`\{\{[^}]*\}\}|</?[a-z0-9]+|(?:id|name|href|action|src|for|type|method|class|role|autocomplete)="[^"]*"`).FindAllString(page, -1)
	}
	a, b := bones(en), bones(de)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("part %d is %s in English and %s in German", i, a[i], b[i])
		}
	}
	if len(a) != len(b) || len(a) < 200 {
		t.Errorf("%d parts in English, %d in German", len(a), len(b))
	}
	text := regexp.MustCompile(`\{\{[^}]*\}\}|<code>[^<]*</code>|<[^>]*>`).ReplaceAllString(de, " ")
	if found := regexp.MustCompile(`(?i)\b(the|and|of|with|your|this|open|tap|type|settings|password)\b`).FindAllString(text, -1); len(found) > 0 {
		t.Errorf("English in the German page: %q", found)
	}
	lines := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return !regexp.MustCompile(`<(li|p|h1|h2|dd|label)[ >]`).MatchString(l) })
	}
	for i, l := range lines(en) {
		if other := lines(de)[i]; l == other && regexp.MustCompile(`>[^<{]*[a-z]{3} [a-z]{2}`).MatchString(l) {
			t.Errorf("not translated: %s", l)
		}
	}
}

// TestGermanAnswers: what the forms are answered with is German, too; what the check itself says is marked as English.
func TestGermanAnswers(t *testing.T) {
	t.Parallel()
	var lines []check.Line
	var fault error
	h := checker(t, "https://sync.example.org", func(context.Context, *http.Request, string, string) ([]check.Line, error) { return lines, fault })
	right := url.Values{"user": {"anna"}, "password": {"x"}}.Encode()
	for name, c := range map[string]struct {
		form  string
		lines []check.Line
		err   error
		want  []string
	}{
		"fine":     {right, []check.Line{{Name: "door", Level: "ok", Text: "open"}, {Name: "clock", Level: "warn", Text: "late"}}, nil, []string{"Ihr Telefon kann sich verbinden.", `aria-label="geht"`, `aria-label="Warnung"`, `<span lang="en"><b>door</b> open`}},
		"trouble":  {right, []check.Line{{Name: "push", Level: "fail", Text: "cut"}}, nil, []string{"Etwas ist im Weg:", `aria-label="geht nicht"`}},
		"wrong":    {right, nil, &tandem.Error{Kind: tandem.Denied}, []string{"Der Benutzername oder das Passwort ist falsch."}},
		"nothing":  {"user=anna", nil, nil, []string{"Bitte geben Sie Ihren Benutzernamen"}},
		"too much": {"user=" + strings.Repeat("a", 5000), nil, nil, []string{"Das ist zu viel"}},
		"guesses":  {right, nil, &tandem.Error{Kind: tandem.Busy, Wait: 77}, []string{"Bitte warten Sie 77 Sekunden."}},
		"broken":   {right, nil, &tandem.Error{Kind: tandem.Internal}, []string{"Das Protokoll des Hubs sagt, warum."}},
	} {
		lines, fault = c.lines, c.err
		r := httptest.NewRequest(http.MethodPost, "/setup/check", strings.NewReader(c.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", "de")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		for _, want := range c.want {
			if !strings.Contains(rec.Body.String(), want) {
				t.Errorf("%s: it lacks %q", name, want)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/setup/tandem.mobileconfig?address=anna", nil)
	r.Header.Set("Accept-Language", "de")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if !strings.Contains(rec.Body.String(), "Bitte geben Sie Ihre Mailadresse ein, etwa anna@example.org.") {
		t.Error("the profile's mistake is not in German")
	}
}
