package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem/store"
)

// program is a program that syncs mail by itself and reports to the hub, by HTTP and an app password alone.
type program struct {
	*browser
	name, password string
	session        string
}

func (k *kit) program(user, label string) *program {
	k.Helper()
	app, err := k.hub.AddAppPassword(k.Context(), user, label)
	k.must(err)
	p := &program{browser: k.browser(), name: user, password: app.Password}
	var made struct{ ID int64 }
	p.do("POST", "/api/sessions", map[string]any{"handler": "mailer", "name": "Mailer", "can": []string{"conflicts"}, "items": []map[string]any{{"id": "mailer-in", "name": "Inbox"}}}).json(&made)
	p.session = "/api/sessions/" + itoa(made.ID)
	return p
}

// do sends JSON as curl does.
func (p *program) do(method, path string, v any) answer {
	p.k.Helper()
	req := p.jsonRequest(method, path, v)
	req.SetBasicAuth(p.name, p.password)
	return p.send(req)
}

// told is what the program is told of its conflicts.
type told struct {
	Answers []toldConflict
}

type toldConflict struct {
	ID     string
	Number int64
	Title  string
	Answer *struct {
		Take    string
		Version *int
		Name    string
		Body    string
	}
}

func (p *program) report(v map[string]any) (out told) {
	p.k.Helper()
	if v == nil {
		v = map[string]any{}
	}
	p.do("POST", p.session, v).json(&out)
	return out
}

func conflictOf(id string, takes ...string) map[string]any {
	return map[string]any{"id": id, "item": "mailer-in", "title": "Zoe " + markup, "why": "both were edited " + markup, "kind": "contact", "takes": takes, "versions": []map[string]any{
		{"title": "Zoe " + markup, "where": "this computer " + markup, "who": "anna " + markup, "when": 1000, "body": string(card("1", "Zoe"))},
		{"title": "Zoë", "where": "the server", "when": 2000, "body": string(card("1", "Zoë"))}, {"where": "the phone", "deleted": true, "when": 1500}}}
}

// TestSC42ProgramOverHTTP: a program puts a conflict into the inbox by the API alone, its user answers it in the page, and it is over when the program says so, not before. Nobody else sees it.
func TestSC42ProgramOverHTTP(t *testing.T) {
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	p := k.program("anna", "mailer")
	s, others := anna.follow(""), ben.follow("")
	s.until("beginning", is("conflicts"))
	p.report(map[string]any{"conflicts": []any{conflictOf("c1", "version", "both", "body", "newest"), conflictOf("c2")}})
	s.until("conflicts", is("conflicts", `"open":2`))
	var list []struct {
		ID                   int64
		Item, Title, Handler string
		Own, Answer          string
		Decided              bool
	}
	anna.get("/api/conflicts").json(&list)
	if len(list) != 2 || list[0].Handler != "mailer" || list[0].Own != "c1" || list[0].Item != "mailer-in" || list[0].Decided {
		t.Fatalf("%+v", list)
	}
	at := "/conflicts/" + itoa(list[0].ID)
	if a := anna.get("/api" + at + "/comparison"); a.status != http.StatusOK || !strings.Contains(a.body, `"takes":["a","b","c","both","newest","fields","body"]`) || !strings.Contains(a.body, `"same":2`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/conflicts", at, "/conflicts/" + itoa(list[1].ID), "/handler?id=mailer"} {
		a := anna.get(path)
		if a.status != http.StatusOK || strings.Contains(a.body, markup) || inline.MatchString(strings.ReplaceAll(a.body, "&lt;b onmouseover", "")) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	anna.shows("/conflicts", "reported by mailer", "mailer-in")
	anna.shows(at, "the server", "Deleted here", `value="newest"`, `value="c"`, "reported by mailer", "Zoë (the server)")
	if a := anna.get("/conflicts/" + itoa(list[1].ID)); strings.Contains(a.body, `value="newest"`) || strings.Contains(a.body, `value="out"`) || strings.Contains(a.body, `value="both"`) {
		t.Errorf("what the program does not take is offered: %s", a.body)
	}
	for _, path := range []string{at, "/api" + at, "/api" + at + "/comparison", "/api/handler/conflicts?id=mailer"} {
		if a := ben.get(path); a.status != http.StatusNotFound {
			t.Errorf("ben gets %s: %d", path, a.status)
		}
	}
	if a := ben.call("POST", "/api"+at+"/resolution", map[string]any{"take": "a"}); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
	ben.get("/api/conflicts").json(&list)
	if len(list) != 0 {
		t.Errorf("ben sees %+v", list)
	}

	anna.submit(at, url.Values{"answer": {"both"}, "name": {"Zoe, old"}}, "/conflicts")
	s.until("answer", is("conflicts", `"open":1`))
	anna.shows("/conflicts", "waits for mailer, which carries it out")
	anna.shows(at, "It stays here until mailer says that it is settled", "Take the answer back")
	if got := p.report(nil).Answers; len(got) != 1 || got[0].ID != "c1" || got[0].Answer.Take != "both" || got[0].Answer.Name != "Zoe, old" || got[0].Answer.Version != nil {
		t.Errorf("%+v", got)
	}
	anna.submit(at, url.Values{"answer": {"newest"}}, "/conflicts")
	s.until("another answer", is("conflicts"))
	p.do("DELETE", p.session, nil)
	var mine []toldConflict
	p.do("GET", "/api/handler/conflicts?id=mailer", nil).json(&mine)
	if len(mine) != 2 || mine[0].Answer == nil || mine[0].Answer.Take != "b" || mine[0].Answer.Version == nil || *mine[0].Answer.Version != 1 || mine[1].Answer != nil {
		t.Errorf("%+v", mine)
	}
	anna.get("/api/conflicts").json(&list)
	if len(list) != 2 || !list[0].Decided || list[0].Answer != "b" {
		t.Errorf("%+v", list)
	}
	p = k.program("anna", "mailer once more")
	if got := p.report(map[string]any{"closed": []string{"c1"}}).Answers; len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if a := anna.get(at); a.status != http.StatusNotFound {
		t.Errorf("it is settled, and there: %d", a.status)
	}
	p.report(map[string]any{"closed": []string{"c2"}})
	s.until("end", is("conflicts", `"open":0`))
	anna.shows("/conflicts", "No conflicts wait")
	k.must(k.st.Events.Add(t.Context(), store.Event{User: "ben", Item: "bens", Text: "the last"}))
	heard, _ := others.until("a line", is("log", "the last"))
	for _, h := range heard {
		if strings.Contains(h.data, "mailer") || h.typ == "removed" {
			t.Errorf("ben is told %v", h)
		}
	}
}

// TestSC42SeveralConflictsOfAProgram: those that are ticked are answered at once, beside those of the hub; what is refused is said.
func TestSC42SeveralConflictsOfAProgram(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	anna := k.in("anna")
	p := k.program("anna", "mailer")
	p.report(map[string]any{"conflicts": []any{conflictOf("c1", "version"), conflictOf("c2", "version"), conflictOf("c3", "version")}})
	var list []struct{ ID int64 }
	anna.get("/api/conflicts?item=mailer-in").json(&list)
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	anna.submit("/conflicts", url.Values{"conflict": {itoa(list[0].ID)}, "take": {"b"}}, "/conflicts")
	anna.refused("/conflicts", url.Values{"conflict": {itoa(list[1].ID)}, "take": {"out"}}, http.StatusBadRequest, "is not an answer to it")
	anna.submit("/conflicts/"+itoa(list[1].ID), url.Values{"answer": {"a"}, "alike": {"yes"}}, "/conflicts")
	got := p.report(nil).Answers
	if len(got) != 3 || got[0].Answer.Take != "b" || got[1].Answer.Take != "a" || got[2].Answer.Take != "a" {
		t.Errorf("%+v", got)
	}
	plain := map[string]any{"handler": "plain", "name": "Plain", "items": []map[string]any{{"id": "plain-in"}}}
	var made struct{ ID int64 }
	p.do("POST", "/api/sessions", plain).json(&made)
	if a := p.do("POST", "/api/sessions/"+itoa(made.ID), map[string]any{"closed": []string{"c1"}}); a.status/100 != 4 || !strings.Contains(a.body, "does not say that it has conflicts") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
