package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// outcome is what came of a run, as far as the tests look at it.
type outcome struct {
	Item string
	Plan *struct {
		Hash  string
		Held  []string
		Steps []struct {
			Key, Do, To, Title string
			Choices            []string
		}
	}
	Report *struct {
		Session int64
		Result  string
		A, B    struct{ Creates, Updates, Deletes int }
	}
	Error *struct{ Kind, Text string }
}

func (b *browser) run(v map[string]any) (out []outcome) {
	b.k.Helper()
	b.call("POST", "/api/sync", v).json(&out)
	return out
}

// TestItemsOverHTTP goes through the life of partners and items.
func TestItemsOverHTTP(t *testing.T) {
	k := newKit(t, "phone")
	anna := k.in("anna")
	var p struct{ Name, User, Provider string }
	anna.call("POST", "/api/partners", map[string]string{"place": "mem:phone", "name": "my-phone"}).json(&p)
	if p.Name != "my-phone" || p.User != "anna" || p.Provider != "mem" {
		t.Errorf("partner %+v", p)
	}
	var it struct {
		Name, Home, Standing string
		Rules                struct{ Policy string }
		Enabled              bool
	}
	a := anna.call("POST", "/api/items", map[string]any{"home": "contacts", "partner": "my-phone", "mode": "manual", "rules": map[string]string{"policy": "newest"}})
	if a.json(&it); a.status != http.StatusCreated || it.Rules.Policy != "newest" {
		t.Fatalf("item %d %s", a.status, a.body)
	}
	name := it.Name
	anna.get("/api/items/" + name).json(&it)
	if it.Home != "contacts" || it.Standing != "new" || !it.Enabled {
		t.Errorf("item %+v", it)
	}
	anna.call("PATCH", "/api/items/"+name, map[string]string{"policy": "a"}).json(&it)
	if it.Rules.Policy != "a" {
		t.Errorf("after a change: %+v", it)
	}
	for _, c := range []struct {
		method, path string
		body         any
		status       int
		kind         string
	}{
		{"POST", "/api/partners", map[string]string{"place": "mem:phone", "name": "my-phone"}, 409, "already exists"},
		{"POST", "/api/partners", map[string]string{"place": "nothing:phone"}, 400, "invalid"},
		{"POST", "/api/partners", map[string]string{"place": "home:ben/contacts"}, 403, "not allowed"},
		{"POST", "/api/partners", map[string]string{}, 422, ""},
		{"POST", "/api/partners", map[string]any{"place": 7}, 422, ""},
		{"POST", "/api/partners", map[string]any{"place": "mem:phone", "colour": "red"}, 422, ""},
		{"PATCH", "/api/items/" + name, map[string]string{"colour": "red"}, 400, "invalid"},
		{"PATCH", "/api/items/" + name, map[string]string{"policy": "red"}, 400, "invalid"},
		{"DELETE", "/api/partners/my-phone", nil, 409, "busy"},
		{"DELETE", "/api/partners/nobody", nil, 404, "not found"},
		{"GET", "/api/items/nothing", nil, 404, "not found"},
		{"GET", "/api/items?limit=0", nil, 422, ""},
		{"GET", "/api/conflicts/77", nil, 404, "not found"},
		{"POST", "/api/undo", map[string]string{"what": "x"}, 400, "invalid"},
	} {
		a := anna.call(c.method, c.path, c.body)
		if a.status != c.status || a.head.Get("Content-Type") != "application/problem+json" || c.kind != "" && !strings.Contains(a.body, `"kind":"`+c.kind+`"`) {
			t.Errorf("%s %s %v: %d %s %s", c.method, c.path, c.body, a.status, a.head.Get("Content-Type"), a.body)
		}
	}
	for _, path := range []string{"/api/items/" + name, "/api/partners/my-phone"} {
		if a := anna.call("DELETE", path, nil); a.status != http.StatusNoContent || a.body != "" {
			t.Errorf("DELETE %s: %d %s", path, a.status, a.body)
		}
	}
}

// TestPreviewAndChoices looks at a plan, leaves out a step, and has the rest done.
func TestPreviewAndChoices(t *testing.T) {
	k := newKit(t, "phone")
	k.item("anna", "phone", "mine")
	anna := k.in("anna")
	k.must(k.places["phone"].Put("1", card("u1", "Zoe"), ""))
	k.must(k.places["phone"].Put("2", card("u2", "Yan"), ""))
	out := anna.run(map[string]any{"items": []string{"mine"}, "preview": true})
	if len(out) != 1 || out[0].Plan == nil || out[0].Report != nil || len(out[0].Plan.Steps) != 2 {
		t.Fatalf("preview %+v", out)
	}
	if runs := anna.get("/api/runs"); strings.Contains(runs.body, `"result":"ok"`) {
		t.Errorf("a preview did something: %s", runs.body)
	}
	choices := map[string]string{}
	for _, s := range out[0].Plan.Steps {
		choices[s.Key] = "keep"
		if s.Title == "Zoe" {
			choices[s.Key] = "skip"
		}
		if !slices.Contains(s.Choices, "skip") {
			t.Errorf("choices of %+v", s)
		}
	}
	out = anna.run(map[string]any{"items": []string{"mine"}, "choices": choices})
	if len(out) != 1 || out[0].Report == nil || out[0].Report.A.Creates != 1 {
		t.Fatalf("run %+v", out)
	}
	if out = anna.run(all()); len(out) != 1 || out[0].Report == nil || out[0].Report.A.Creates != 1 || out[0].Report.Result != "ok" {
		t.Errorf("the next run %+v", out)
	}
}

// all asks for whatever there is.
func all() map[string]any { return map[string]any{} }

// TestGuardOverHTTP has the guard hold a plan, puts back what was deleted, and then lets the deletion go ahead.
func TestGuardOverHTTP(t *testing.T) {
	k := newKit(t, "phone")
	k.item("anna", "phone", "mine")
	anna := k.in("anna")
	empty := func() {
		for _, r := range k.places["phone"].List() {
			k.places["phone"].Remove(r.ID)
		}
	}
	for i := range 30 {
		k.must(k.places["phone"].Put(tandem.ID(fmt.Sprint(i)), card(fmt.Sprint("u", i), fmt.Sprint("N", i)), ""))
	}
	anna.run(all())
	empty()
	held := anna.run(all())
	if len(held) != 1 || held[0].Report == nil || held[0].Report.Result != "held" || held[0].Plan == nil || len(held[0].Plan.Held) == 0 {
		t.Fatalf("the guard lets it go: %+v", held)
	}
	if out := anna.run(map[string]any{"approved": "another plan"}); out[0].Report == nil || out[0].Report.Result != "held" {
		t.Errorf("approving another plan: %+v", out)
	}
	if out := anna.run(map[string]any{"restore": true}); out[0].Report == nil || out[0].Report.B.Creates != 30 {
		t.Fatalf("restore: %+v", out)
	}
	empty()
	held = anna.run(all())
	out := anna.run(map[string]any{"approved": held[0].Plan.Hash})
	if out[0].Report == nil || out[0].Report.Result != "ok" || out[0].Report.A.Deletes != 30 {
		t.Fatalf("approve: %+v", out[0].Report)
	}
	var undone []struct {
		Done bool
		Why  string
	}
	anna.call("POST", "/api/undo", map[string]string{"what": "s" + itoa(out[0].Report.Session)}).json(&undone)
	if len(undone) != 30 || !undone[0].Done {
		t.Errorf("undo: %+v", undone)
	}
}

// TestBeginOverHTTP begins a run, and hears of its end.
func TestBeginOverHTTP(t *testing.T) {
	k := newKit(t, "phone")
	k.item("anna", "phone", "mine")
	anna := k.in("anna")
	s := anna.follow("")
	s.until("beginning", is("missed"))
	var begun []struct{ Item, State string }
	a := anna.call("POST", "/api/runs", all())
	if a.json(&begun); a.status != http.StatusAccepted || len(begun) != 1 || begun[0].Item != "mine" || begun[0].State != "started" {
		t.Fatalf("begin: %d %s", a.status, a.body)
	}
	s.until("end", is("run", `"item":"mine"`, `"report"`))
	var stopped []string
	if anna.call("POST", "/api/runs/stop", all()).json(&stopped); len(stopped) != 0 {
		t.Errorf("stopped %q", stopped)
	}
	past, err := k.hub.History(t.Context(), store.PastFilter{})
	k.must(err)
	for _, p := range past {
		if p.Who != "web:anna" {
			t.Errorf("history says that %q did it", p.Who)
		}
	}
}

var nextPage = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// TestPages reads lists page by page.
func TestPages(t *testing.T) {
	k := newKit(t, "phone")
	anna := k.in("anna")
	for i := range 7 {
		_, err := k.hub.AddCollection(t.Context(), tandem.Collection{User: "anna", Kind: tandem.Contact, Name: fmt.Sprint("more", i)})
		k.must(err)
		k.must(k.st.Events.Add(t.Context(), store.Event{User: "anna", Item: "x", Text: fmt.Sprint("line ", i)}))
	}
	k.item("anna", "phone", "mine")
	k.must(k.places["phone"].Put("1", card("u1", "N0"), ""))
	anna.run(all())
	for i := range 7 {
		k.must(k.places["phone"].Put("1", card("u1", fmt.Sprint("N", i+1)), ""))
		anna.run(all())
	}
	for _, path := range []string{"/api/collections?limit=3", "/api/history?limit=3", "/api/runs?limit=3", "/api/log?limit=3&after=0"} {
		var got []map[string]any
		pages := 0
		for next := path; next != ""; pages++ {
			a := anna.get(next)
			var page []map[string]any
			if a.json(&page); len(page) > 3 {
				t.Errorf("%s: %d in a page", next, len(page))
			}
			got = append(got, page...)
			next = ""
			if m := nextPage.FindStringSubmatch(a.head.Get("Link")); m != nil {
				next = m[1]
			}
		}
		seen := map[any]bool{}
		for _, x := range got {
			if seen[x["id"]] {
				t.Errorf("%s: %v is there twice", path, x["id"])
			}
			seen[x["id"]] = true
		}
		if len(got) < 7 || pages < 3 {
			t.Errorf("%s: %d in %d pages", path, len(got), pages)
		}
	}
	if a := anna.get("/api/collections"); a.head.Get("Link") != "" {
		t.Errorf("a last page has %q", a.head.Get("Link"))
	}
}

// TestOthersOverHTTP asks for another's things by their addresses: all of them are missing.
func TestOthersOverHTTP(t *testing.T) {
	k := newKit(t, "phone")
	k.must(k.places["phone"].Put("1", card("u1", "Zoe"), ""))
	k.item("anna", "phone", "annas")
	k.sync("annas")
	k.clash("annas", "u1")
	conflicts, err := k.hub.Conflicts(t.Context(), true)
	k.must(err)
	items, err := k.hub.ListItems(t.Context())
	k.must(err)
	past, err := k.hub.History(t.Context(), store.PastFilter{})
	k.must(err)
	c, x, h := itoa(conflicts[0].ID), itoa(items[0].Collection), "h"+itoa(past[0].ID)
	ben := k.in("ben")
	for _, q := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/api/items/annas", nil}, {"DELETE", "/api/items/annas", nil}, {"PATCH", "/api/items/annas", map[string]string{}}, {"PUT", "/api/items/annas/enabled", map[string]bool{"enabled": false}},
		{"POST", "/api/runs", map[string]any{"items": []string{"annas"}}}, {"POST", "/api/sync", map[string]any{"items": []string{"annas"}}}, {"POST", "/api/runs/stop", map[string]any{"items": []string{"annas"}}},
		{"GET", "/api/runs?item=annas", nil}, {"GET", "/api/conflicts/" + c, nil}, {"POST", "/api/conflicts/" + c + "/decision", map[string]string{"decision": "a"}}, {"POST", "/api/undo", map[string]string{"what": h}},
		{"PATCH", "/api/collections/" + x, map[string]string{"name": "n"}}, {"DELETE", "/api/collections/" + x + "?all=true", nil}, {"PUT", "/api/collections/" + x + "/shares/ben", map[string]bool{"write": true}},
		{"POST", "/api/collections/" + x + "/links", map[string]string{"label": "l"}}, {"PUT", "/api/users/anna", map[string]string{"title": "T", "address": ""}}, {"PUT", "/api/users/anna/password", map[string]string{"password": "another horse"}},
		{"POST", "/api/users/anna/app-passwords", map[string]string{"label": "l"}}, {"GET", "/api/devices?user=anna", nil}, {"GET", "/api/device-policy?user=anna", nil},
	} {
		if a := ben.call(q.method, q.path, q.body); a.status != http.StatusNotFound {
			t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
		}
	}
	for _, path := range []string{"/api/items", "/api/partners", "/api/conflicts?all=true", "/api/history", "/api/log", "/api/runs", "/api/collections", "/api/users", "/api/devices", "/api/checks", "/api/outgoing", "/api/handlers", "/api/progress"} {
		if a := ben.get(path); a.status != http.StatusOK || strings.Contains(strings.ToLower(a.body), "anna") || strings.Contains(a.body, "Zoe") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := ben.get("/api/secrets"); a.status != http.StatusOK || strings.TrimSpace(a.body) != "[]" { // his own, of which there are none
		t.Errorf("/api/secrets: %d %s", a.status, a.body)
	}
	if st, err := k.hub.Status(t.Context(), nil); err != nil || !st[0].Item.Enabled || st[0].Conflicts != 1 {
		t.Errorf("something was done: %+v, %v", st, err)
	}
}
