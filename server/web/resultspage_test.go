package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// TestResultsAsTheyAreShown: the results are looked through by what the page shows, in the reader's language, and by what the log says; what is found so is cleared, and
// nothing else. Each line leads to all that it is about.
func TestResultsAsTheyAreShown(t *testing.T) {
	t.Parallel()
	k := newKit(t, "annas")
	k.item("anna", "annas", "mine")
	k.must(k.st.Events.Add(t.Context(),
		store.Event{When: 1, User: "anna", Item: "mine", Level: store.Warning, Text: "has not synced for 9 days: it waits for your word how its sides meet: `tandem item first mine`", Session: 7, Record: tandem.ID("card-5")},
		store.Event{When: 2, User: "anna", Item: "mine", Level: store.Warning, Text: "permission denied", Link: "question/mine"},
		store.Event{When: 3, User: "anna", Item: "device PHONE", Text: "device seen"},
		store.Event{When: 4, User: "anna", Item: "elsewhere", Text: "nothing to do"}))
	anna := k.in("anna")
	events := func(query string) string {
		t.Helper()
		_, rest, ok := strings.Cut(anna.get("/log?"+query).body, `<ul class="events card">`)
		if !ok {
			return ""
		}
		list, _, _ := strings.Cut(rest, "</ul>")
		return list
	}
	count := func(query string) int { return strings.Count(events(query), "<li ") }
	if n := count("q=not+synced+for+9"); n != 1 {
		t.Errorf("English: %d", n)
	}
	anna.form("/settings/look", url.Values{"csrf": {anna.csrf}, "lang": {"de"}, "theme": {"auto"}})
	for text, want := range map[string]int{"seit 9 Tagen": 1, "KEINE berechtigung": 1, "permission": 1, "card-5": 1, "gibt es nicht": 0} {
		if n := count(url.Values{"q": {text}}.Encode()); n != want {
			t.Errorf("%q: %d lines, want %d", text, n, want)
		}
	}
	if list := events("q=seit+9"); !strings.Contains(list, "unter Konflikte gefragt") || strings.Contains(list, `lang="en"`) {
		t.Errorf("the reminder is not in German: %s", list)
	}
	for query, links := range map[string][]string{
		"q=seit+9":       {`href="/items/mine"`, `href="/items/mine/runs/7"`, `href="/history?q=card-5"`},
		"q=permission":   {`href="/conflicts?item=mine"`, `href="/items/mine"`},
		"q=device":       {`href="/devices/anna/PHONE"`},
		"item=elsewhere": nil,
	} {
		list := events(query)
		for _, want := range links {
			if !strings.Contains(list, want) {
				t.Errorf("%s does not lead to %s: %s", query, want, list)
			}
		}
		if got := strings.Count(list, "href="); got != len(links) {
			t.Errorf("%s has %d links, want %d: %s", query, got, len(links), list)
		}
	}
	// What was looked for is cleared, whatever else there is.
	before := count("")
	_, rest, _ := strings.Cut(anna.get("/log/clear?q=seit+9").body, `name="last" value="`)
	last, _, _ := strings.Cut(rest, `"`)
	anna.form("/log/clear", url.Values{"csrf": {anna.csrf}, "q": {"seit 9"}, "last": {last}, "age": {"0"}})
	if n := count("q=seit+9"); n != 0 {
		t.Errorf("%d lines are left", n)
	}
	if n := count("q=permission"); n != 1 || count("") < before-1 {
		t.Errorf("more was cleared than was looked for: %d of %d", count(""), before)
	}
}
