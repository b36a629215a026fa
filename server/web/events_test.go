package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/partner/device"
	"tandem/store"
)

// heard is one event of a stream.
type heard struct{ typ, id, data string }

// stream is an event stream that somebody reads.
type stream struct {
	k      *kit
	events chan heard
	stop   func()
	resp   *http.Response
}

// follow opens a stream, and returns once it is answered.
func (b *browser) follow(query string, change ...func(*http.Request)) *stream {
	b.k.Helper()
	return b.followAt("/api/events"+query, change...)
}

// followAt opens the stream at a path.
func (b *browser) followAt(path string, change ...func(*http.Request)) *stream {
	b.k.Helper()
	ctx, stop := context.WithCancel(b.k.Context())
	req := b.request("GET", path, nil).WithContext(ctx)
	for _, f := range change {
		f(req)
	}
	resp, err := b.client.Do(req)
	b.k.must(err)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		text, _ := io.ReadAll(resp.Body) // error: what was read is told
		b.k.Fatalf("events: %d %v %s", resp.StatusCode, resp.Header, text)
	}
	s := &stream{k: b.k, events: make(chan heard, 1000), stop: stop, resp: resp}
	b.k.Cleanup(func() { stop(); resp.Body.Close() })
	go s.read()
	return s
}

func (s *stream) read() {
	defer close(s.events)
	var h heard
	lines := bufio.NewScanner(s.resp.Body)
	for lines.Scan() {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); {
		case lines.Text() == "":
			if h.typ != "" {
				s.events <- h
			}
			h = heard{}
		case name == "event":
			h.typ = value
		case name == "id":
			h.id = value
		case name == "data":
			h.data = value
		}
	}
}

// until reads events until one fits, and returns it with those before it.
func (s *stream) until(what string, fits func(h heard) bool) (all []heard, last heard) {
	s.k.Helper()
	for {
		select {
		case h, ok := <-s.events:
			if !ok {
				s.k.Fatalf("the stream ended before %s; heard %v", what, all)
			}
			if fits(h) {
				return all, h
			}
			all = append(all, h)
		case <-time.After(time.Minute):
			s.k.Fatalf("no %s; heard %v", what, all)
		}
	}
}

func is(typ string, parts ...string) func(h heard) bool {
	return func(h heard) bool {
		for _, p := range parts {
			if !strings.Contains(h.data, p) {
				return false
			}
		}
		return h.typ == typ
	}
}

func (k *kit) item(user, place, name string) {
	k.Helper()
	_, err := k.hub.AddItem(k.Context(), center.NewItem{Home: "contacts", Partner: "mem:" + place, User: user, Mode: center.Manual, Name: name})
	k.must(err)
}

func (k *kit) sync(item string) {
	k.Helper()
	k.must(k.hub.Sync(k.Context(), []string{item}, center.SyncOptions{}, func(center.SyncNews) {}))
}

// TestEvents follows what happens, begun by whomever.
func TestEvents(t *testing.T) {
	k := newKit(t, "phone", "other")
	k.item("anna", "phone", "mine")
	k.item("ben", "other", "bens")
	anna := k.in("anna")
	s := anna.follow("")
	s.until("beginning", is("missed"))
	before, _ := s.until("conflicts", is("conflicts", `"open":0`))
	if len(before) != 1 || !is("item", `"name":"mine"`, `"standing":"new"`)(before[0]) {
		t.Errorf("at the beginning: %v", before)
	}
	k.must(k.places["phone"].Put("1", card("u1", "Zoe"), ""))
	k.sync("bens") // as a phone or the command line has it run
	k.sync("mine")
	// The lines of the log come another way than the rest: which is told first is not promised.
	wanted := []func(heard) bool{is("item", `"running":true`), is("run", `"item":"mine"`, `"creates":1`), is("log", `"item":"mine"`), is("item", `"standing":"in step"`)}
	all, last := s.until("end of the run", func(h heard) bool {
		wanted = slices.DeleteFunc(wanted, func(fits func(heard) bool) bool { return fits(h) })
		return len(wanted) == 0
	})
	all = append(all, last)
	for _, h := range all {
		if strings.Contains(h.data, "bens") {
			t.Errorf("anna is told %v", h)
		}
		if (h.id != "") != (h.typ == "log") {
			t.Errorf("id of %v", h)
		}
	}
	if a := anna.call("PUT", "/api/items/mine/enabled", map[string]bool{"enabled": false}); a.status != http.StatusNoContent {
		t.Fatalf("disable: %d %s", a.status, a.body)
	}
	s.until("disabled item", is("item", `"standing":"disabled"`))
	if a := anna.call("DELETE", "/api/items/mine", nil); a.status != http.StatusNoContent {
		t.Fatalf("remove: %d %s", a.status, a.body)
	}
	s.until("removed item", is("removed", `"item":"mine"`))
	_, err := k.devices.Meet(t.Context(), "anna", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	s.until("phone", is("device", `"device":"PHONE1"`))
}

// TestSC33SessionsOverHTTP: a program reports its session by the API alone: what may be done with it and why not, how far it is and how it ends. Its user hears of all of it on the stream, nobody else does,
// and nothing is said to be removed that never was an item of the hub.
func TestSC33SessionsOverHTTP(t *testing.T) {
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	s, others := anna.follow(""), ben.follow("")
	s.until("beginning", is("conflicts"))
	start := map[string]any{"handler": "mailer", "name": "Mailer", "type": "computer", "who": "mailer 2.1", "can": []string{"concurrent-sessions", "ask-before-disable"},
		"policies": []map[string]string{{"task": "stop", "how": "greyed", "why": "it ends by itself"}, {"task": "deactivate", "how": "hidden", "why": "it belongs to the computer"}},
		"items": []map[string]any{{"id": "mailer-in", "name": "Inbox", "can": []string{"delete"}, "policies": []map[string]string{{"task": "delete", "how": "greyed", "why": "an inbox stays"}}},
			{"id": "mailer-spam", "hidden": true}}}
	a := anna.call("POST", "/api/sessions", start)
	var made struct{ ID int64 }
	k.must(json.Unmarshal([]byte(a.body), &made))
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.until("handler", is("handler", `"handler":"mailer"`))
	at := "/api/sessions/" + itoa(made.ID)
	a = anna.call("POST", at, map[string]any{"progress": []map[string]any{{"item": "mailer-in", "status": "updating", "step": 3, "max": 9, "text": "message 3"}}})
	if a.status != http.StatusOK || !strings.Contains(a.body, `"all":"go on"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	before, _ := s.until("progress", is("progress", `"item":"mailer-in"`, `"handler":"mailer"`, `"status":"updating"`, `"step":3`, `"max":9`, `"text":"message 3"`))
	a = anna.get("/api/handler?id=mailer")
	for _, want := range []string{`"type":"computer"`, `"task":"stop","how":"greyed","why":"it ends by itself"`, `"task":"deactivate","how":"hidden","why":"it belongs to the computer"`,
		`"task":"disable","how":"offered","asks":true`, `"task":"delete","how":"greyed","why":"an inbox stays"`, `"syncing":true`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if a := anna.get("/api/handlers"); strings.Contains(a.body, "mailer-spam") {
		t.Errorf("what is hidden is listed: %s", a.body)
	}
	if a := anna.call("POST", "/api/handler/order", map[string]string{"handler": "mailer", "do": "stop"}); a.status != http.StatusForbidden || !strings.Contains(a.body, "it ends by itself") {
		t.Errorf("%d %s", a.status, a.body)
	}
	anna.call("POST", at, map[string]any{"progress": []map[string]any{{"item": "mailer-in", "status": "succeeded"}, {"item": "mailer-spam", "status": "succeeded"}}})
	if a := anna.call("DELETE", at, nil); a.status != http.StatusNoContent {
		t.Errorf("%d %s", a.status, a.body)
	}
	more, _ := s.until("end", is("run", `"item":"mailer-in"`, `"handler":"mailer"`, `"status":"succeeded"`))
	for _, h := range append(before, more...) {
		if h.typ == "removed" {
			t.Errorf("told %v", h)
		}
	}
	start["policies"] = []map[string]string{{"task": "stop", "how": "greyed", "why": ""}}
	if a := anna.call("POST", "/api/sessions", start); a.status/100 != 4 || !strings.Contains(a.body, "why the task") {
		t.Errorf("a policy without a reason: %d %s", a.status, a.body)
	}
	k.must(k.st.Events.Add(t.Context(), store.Event{User: "ben", Item: "bens", Text: "the last"}))
	told, _ := others.until("a line", is("log", "the last"))
	for _, h := range told {
		if strings.Contains(h.data, "mailer") {
			t.Errorf("ben is told %v", h)
		}
	}
}

// TestEventsOfConflicts checks that conflicts are told when they come and when they are decided.
func TestEventsOfConflicts(t *testing.T) {
	k := newKit(t, "phone")
	k.must(k.places["phone"].Put("1", card("u1", "Zoe"), ""))
	k.item("anna", "phone", "mine")
	k.sync("mine")
	anna := k.in("anna")
	s := anna.follow("?types=conflicts")
	s.until("beginning", is("conflicts"))
	k.clash("mine", "u1")
	_, h := s.until("conflict", is("conflicts", `"open":1`))
	var told struct{ Opened []int64 }
	k.must(json.Unmarshal([]byte(h.data), &told))
	if len(told.Opened) != 1 {
		t.Fatalf("told %s", h.data)
	}
	if a := anna.call("POST", "/api/conflicts/"+itoa(told.Opened[0])+"/decision", map[string]string{"decision": "a"}); a.status != http.StatusNoContent {
		t.Fatalf("decide: %d %s", a.status, a.body)
	}
	before, _ := s.until("decision", is("conflicts", `"open":0`, `"closed":[`+itoa(told.Opened[0])+`]`))
	if slices.ContainsFunc(before, func(h heard) bool { return h.typ != "conflicts" && h.typ != "missed" }) {
		t.Errorf("the filter lets through %v", before)
	}
}

// TestEventsGoOn checks that who comes back gets the lines of the log that were missed, after a restart of the hub, too.
func TestEventsGoOn(t *testing.T) {
	k := newKit(t)
	note := func(text string) {
		k.must(k.st.Events.Add(t.Context(), store.Event{User: "anna", Item: "mine", Text: text}, store.Event{User: "ben", Item: "bens", Text: "not for anna"}))
	}
	anna := k.in("anna")
	s := anna.follow("?types=log")
	s.until("beginning", is("missed"))
	note("one")
	_, first := s.until("first line", is("log", `"text":"one"`))
	s.stop()
	note("two")
	url := k.srv.URL
	k.restart()
	note("three")
	anna = k.moved(url, anna)
	for _, again := range []*stream{
		anna.follow("?types=log", func(r *http.Request) { r.Header.Set("Last-Event-ID", first.id) }),
		anna.follow("?types=log&after=" + first.id),
	} {
		all, _ := again.until("third line", is("log", `"text":"three"`))
		all = slices.DeleteFunc(all, func(h heard) bool { return h.typ == "missed" })
		if len(all) != 1 || !is("log", `"text":"two"`)(all[0]) {
			t.Errorf("in between: %v", all)
		}
		again.stop()
	}
}

// TestStreams checks that one user cannot take all streams.
// TestM055FilterOfPaths: who names paths hears of lines about those records and what is below them only, also of those that were missed.
func TestM055FilterOfPaths(t *testing.T) {
	k := newKit(t)
	for _, e := range [][2]string{{"work/plan.odt", "one"}, {"workshop/a", "two"}, {"home/b", "three"}, {"", "four"}, {"work", "five"}, {"home/b", "six"}} {
		k.must(k.st.Events.Add(t.Context(), store.Event{User: "anna", Item: "files", Record: tandem.ID(e[0]), Text: e[1]}))
	}
	s := k.in("anna").follow("?types=log&after=0&path=work,home/")
	var told []string
	before, last := s.until("the last line", is("log", `"text":"six"`))
	for _, l := range append(before, last) {
		var line struct{ Text string }
		if l.typ == "log" {
			k.must(json.Unmarshal([]byte(l.data), &line))
			told = append(told, line.Text)
		}
	}
	if got := strings.Join(told, " "); got != "one three five six" {
		t.Errorf("told %s", got)
	}
}

func TestStreams(t *testing.T) {
	k := newKit(t)
	anna := k.in("anna")
	for range 32 {
		anna.follow("?types=device").until("beginning", is("missed"))
	}
	if a := anna.get("/api/events"); a.status != http.StatusTooManyRequests {
		t.Errorf("one more: %d", a.status)
	}
	k.in("ben").follow("").until("beginning", is("missed"))
}
