package center

import (
	"errors"
	"strings"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/store"
)

var plain = memory.Knobs{Kind: tandem.Contact}

// The base of two places is the same whichever is named first, and news are told as the person named them.
func TestSwappedPlacesShareTheirBase(t *testing.T) {
	w := newWorld(t, plain, "a", "b")
	defer w.close()
	w.put("a", "1", card("1", "Anna"))
	w.put("a", "2", card("2", "Ben"))
	w.put("b", "3", card("3", "Carla"))
	if got := done(w.syncPlaces("a", "b", SyncOptions{})); got != "A +1 ~0 -0 B +2 ~0 -0" {
		t.Fatalf("first sync: %s", got)
	}
	w.places["b"].Remove("3") // known to the base only under its first order
	w.put("a", "1", card("1", "Anja"))
	n := w.syncPlaces("b", "a", SyncOptions{Preview: true})
	if n.Planned == nil || len(n.Planned.Actions) != 2 {
		t.Fatalf("preview: %+v", n)
	}
	for _, act := range n.Planned.Actions {
		want := map[string]string{"update": "A", "delete": "B"}[act.Do]
		if act.To != want {
			t.Errorf("%s goes to %s, want %s", act.Do, act.To, want)
		}
	}
	if got := done(w.syncPlaces("b", "a", SyncOptions{})); got != "A +0 ~1 -0 B +0 ~0 -1" {
		t.Errorf("swapped sync: %s", got)
	}
	w.want("a", "Anja Ben")
	w.want("b", "Anja Ben")
	pairs, err := w.store.Bases.Pairs(t.Context())
	if err != nil || len(pairs) != 1 {
		t.Errorf("%d bases, %v", len(pairs), err)
	}
	// Directions mean the sides as named.
	w.put("a", "4", card("4", "Dora"))
	w.syncPlaces("b", "a", SyncOptions{}, func(p *Places) { p.Rules.Direction = engine.AToB })
	w.want("b", "Anja Ben")
	w.syncPlaces("a", "b", SyncOptions{}, func(p *Places) { p.Rules.Direction = engine.AToB })
	w.want("b", "Anja Ben Dora")
}

// An empty place takes the kind of the other side; two filled ones of different kinds are refused.
func TestKinds(t *testing.T) {
	w := newWorld(t, plain, "cards", "empty", "events")
	defer w.close()
	w.places["events"] = memory.New("events", memory.Knobs{Kind: tandem.Event})
	w.places["empty"] = memory.New("empty", memory.Knobs{Kind: tandem.Event})
	w.put("cards", "1", card("1", "Anna"))
	w.put("events", "e", []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	if got := done(w.syncPlaces("cards", "empty", SyncOptions{})); got != "A +0 ~0 -0 B +1 ~0 -0" {
		t.Errorf("cards to empty: %s", got)
	}
	n := w.syncPlaces("cards", "events", SyncOptions{})
	if n.Err == nil || n.Err.Kind != tandem.Invalid || !strings.Contains(n.Err.Text, "kind") {
		t.Errorf("cards with events: %s", done(n))
	}
}

// What a person chose from a preview is done, and nothing else.
func TestChosen(t *testing.T) {
	w := newWorld(t, plain, "a", "b")
	defer w.close()
	for _, n := range []string{"Changed", "Deleted", "Kept", "Skipped"} {
		w.put("a", n, card(n, n))
	}
	w.syncPlaces("a", "b", SyncOptions{})
	w.put("a", "Changed", card("Changed", "Wrong"))
	w.places["a"].Remove("Deleted")
	w.put("a", "Kept", card("Kept", "Better"))
	w.put("a", "Skipped", card("Skipped", "Later"))
	w.put("b", "New", card("New", "New"))
	plan := w.syncPlaces("a", "b", SyncOptions{Preview: true}).Planned
	if plan == nil || len(plan.Actions) != 5 {
		t.Fatalf("plan %+v", plan)
	}
	chosen := map[string]string{}
	for _, act := range plan.Actions {
		chosen[act.Key] = map[string]string{"Wrong": Reverse, "Deleted": Reverse, "Better": Keep, "Later": Skip, "New": Reverse}[act.Title]
	}
	w.put("b", "Since", card("Since", "Since")) // after the preview
	if got := done(w.syncPlaces("a", "b", SyncOptions{Chosen: chosen})); got != "A +1 ~1 -0 B +0 ~1 -1" {
		t.Errorf("done %s", got)
	}
	w.want("a", "Better Changed Deleted Later")
	w.want("b", "Better Changed Deleted Since Skipped")
	// What was skipped is still there to be done.
	w.syncPlaces("a", "b", SyncOptions{})
	w.want("a", "Better Changed Deleted Later Since")
	w.want("b", "Better Changed Deleted Later Since")
}

// An approval holds for exactly the plan it was given for.
func TestApproval(t *testing.T) {
	w := newWorld(t, plain, "a", "b")
	defer w.close()
	for _, n := range []string{"Anna", "Ben", "Carla"} {
		w.put("a", n, card(n, n))
	}
	w.syncPlaces("a", "b", SyncOptions{})
	for _, n := range []string{"Anna", "Ben"} {
		w.places["a"].Remove(tandem.ID(n))
	}
	w.places["a"].Remove("Carla")
	n := w.syncPlaces("a", "b", SyncOptions{})
	if n.Report == nil || !n.Report.Held || n.Planned == nil || len(n.Planned.Held) == 0 {
		t.Fatalf("not held: %s", done(n))
	}
	w.put("b", "Ben", card("Ben", "Bernd")) // the plan is another one now
	if again := w.syncPlaces("a", "b", SyncOptions{Approved: n.Planned.Hash}); again.Report == nil || again.Report.Done[1].Deletes > 0 {
		t.Errorf("an old approval was taken: %s", done(again))
	}
	w.want("b", "Anna Bernd Carla")
	if last := w.syncPlaces("a", "b", SyncOptions{Approve: true}); last.Err != nil || last.Report.Held {
		t.Errorf("approved: %s", done(last))
	}
	w.want("b", "Bernd")
}

func TestAddItem(t *testing.T) {
	w := newWorld(t, plain, "phone", "laptop")
	defer w.close()
	ctx := t.Context()
	first := w.add("contacts", "phone", "")
	if first.Name != "contacts-phone" || first.Partner != "phone" || first.User != defaultUser || first.Mode != Continuous {
		t.Errorf("added %+v", first)
	}
	for name, n := range map[string]NewItem{
		"taken":       {Home: "contacts", Partner: "mem:laptop", Name: "contacts-phone"},
		"same two":    {Home: "contacts", Partner: "phone", Name: "other"},
		"bad home":    {Home: "con tacts", Partner: "mem:laptop"},
		"bad mode":    {Home: "contacts", Partner: "mem:laptop", Mode: "sometimes"},
		"bad time":    {Home: "contacts", Partner: "mem:laptop", Schedule: "now and then"},
		"bad kind":    {Home: "contacts", Partner: "mem:laptop", Kind: "thing"},
		"no partner":  {Home: "contacts", Partner: "nobody"},
		"no provider": {Home: "contacts", Partner: "nope:x"},
		"unreachable": {Home: "contacts", Partner: "mem:missing"},
		"other user":  {Home: "contacts", Partner: "mem:laptop", User: "nobody"},
		"other kind":  {Home: "contacts", Partner: "mem:laptop?kind=event"},
	} {
		if it, err := w.hub.AddItem(ctx, n); err == nil {
			t.Errorf("%s: accepted as %+v", name, it)
		}
	}
	partners, err := w.hub.ListPartners(ctx)
	if err != nil || len(partners) != 1 {
		t.Errorf("refused items left partners: %+v, %v", partners, err)
	}
	colls, err := w.hub.Collections(ctx)
	if err != nil || len(colls) != 1 {
		t.Errorf("refused items left collections: %+v, %v", colls, err)
	}
	if _, err := w.hub.AddPartner(ctx, "", "mem", "mem:laptop"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a partner was named like a provider: %v", err)
	}
	if _, err := w.hub.AddPartner(ctx, "", "phone", "mem:laptop"); !tandem.IsKind(err, tandem.Exists) {
		t.Errorf("a partner's name was given twice: %v", err)
	}
	if err := w.hub.RemovePartner(ctx, "phone"); !tandem.IsKind(err, tandem.Busy) {
		t.Errorf("a partner in use was removed: %v", err)
	}
}

// Removing an item forgets its base and touches no record; adding it again meets both sides as the first time.
func TestRemoveItem(t *testing.T) {
	w := newWorld(t, plain, "phone")
	defer w.close()
	ctx := t.Context()
	w.put("phone", "a", card("a", "Anna"))
	w.add("contacts", "phone", "p")
	sync := func() SyncNews {
		var last SyncNews
		if err := w.hub.Sync(ctx, nil, SyncOptions{}, func(n SyncNews) { last = n }); err != nil {
			t.Fatal(err)
		}
		return last
	}
	sync()
	if err := w.hub.RemoveItem(ctx, "p"); err != nil {
		t.Fatal(err)
	}
	if pairs, err := w.store.Bases.Pairs(ctx); err != nil || len(pairs) != 0 {
		t.Errorf("%d bases left, %v", len(pairs), err)
	}
	w.want("phone", "Anna")
	if err := w.hub.Sync(ctx, nil, SyncOptions{}, func(SyncNews) {}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("sync without items: %v", err)
	}
	w.add("contacts", "phone", "again")
	if got := done(sync()); got != "A +0 ~0 -0 B +0 ~0 -0" {
		t.Errorf("after adding it again: %s", got)
	}
	if err := w.hub.RemoveItem(ctx, "nobody"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("removing what is not there: %v", err)
	}
}

func TestConflictDecideUndo(t *testing.T) {
	w := newWorld(t, plain, "a", "b")
	defer w.close()
	ctx := t.Context()
	w.put("a", "1", card("1", "Anna", "TEL:1"))
	w.syncPlaces("a", "b", SyncOptions{})
	id := w.places["b"].List()[0].ID
	w.put("a", "1", card("1", "Anna", "TEL:2"))
	w.put("b", string(id), card("1", "Anna", "TEL:3"))
	if n := w.syncPlaces("a", "b", SyncOptions{}); n.Report == nil || n.Report.Conflicts != 1 {
		t.Fatalf("no conflict: %s", done(n))
	}
	open, err := w.hub.Conflicts(ctx, true)
	if err != nil || len(open) != 1 {
		t.Fatalf("%d open, %v", len(open), err)
	}
	_, bodies, err := w.hub.Conflict(ctx, open[0].ID)
	if err != nil || len(bodies) != 2 || !strings.Contains(bodies[0], "TEL:2") || !strings.Contains(bodies[1], "TEL:3") {
		t.Fatalf("versions %q, %v", bodies, err)
	}
	for _, bad := range []struct {
		id       int64
		decision string
		body     string
	}{{open[0].ID, "maybe", ""}, {open[0].ID + 7, "a", ""}, {open[0].ID, "body", "no card"}} {
		if err := w.hub.Decide(ctx, bad.id, bad.decision, []byte(bad.body)); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	if err := w.hub.Decide(ctx, open[0].ID, "b", nil); err != nil {
		t.Fatal(err)
	}
	n := w.syncPlaces("b", "a", SyncOptions{}) // the other way round: a decision is about places, not about their order
	if n.Report == nil || n.Report.Conflicts != 0 {
		t.Fatalf("not carried out: %s", done(n))
	}
	past, err := w.hub.History(ctx, store.PastFilter{})
	if err != nil || len(past) == 0 || past[0].Place != "mem:a" {
		t.Fatalf("history %+v, %v", past, err)
	}
	for _, bad := range []string{"", "x", "s", "h0", "-1"} {
		if _, err := w.hub.Undo(ctx, bad); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("undo %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"h999", "s999", "999"} {
		if _, err := w.hub.Undo(ctx, bad); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("undo %q: %v", bad, err)
		}
	}
	res, err := w.hub.Undo(ctx, "s"+itoa(past[0].Session))
	if err != nil || len(res) != 1 || !res[0].Done {
		t.Fatalf("undo: %+v, %v", res, err)
	}
	rec, _ := w.places["a"].Get("1")
	if body, _ := tandem.ReadBody(rec.Body, 1<<20); !strings.Contains(string(body), "TEL:2") {
		t.Errorf("undo put back %s", body)
	}
}

func itoa(n int64) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

func TestFailureSurvives(t *testing.T) {
	in := &tandem.Error{Kind: tandem.Busy, Op: "open", Thing: "x", Remedy: "wait", Wait: 7, Err: errors.New("held")}
	out := FailureOf(in).Err()
	if out.Error() != in.Error() || !tandem.IsKind(out, tandem.Busy) {
		t.Errorf("%v became %v", in, out)
	}
	wrapped := errors.Join(in, errors.New("and more"))
	if out := FailureOf(wrapped).Err(); !tandem.IsKind(out, tandem.Busy) || out.Error() != wrapped.Error() {
		t.Errorf("%v became %v", wrapped, out)
	}
	if FailureOf(nil) != nil || (*Failure)(nil).Err() != nil {
		t.Error("no error became one")
	}
}

func TestRuleWords(t *testing.T) {
	for _, w := range []RuleWords{{}, {Direction: "mirror-b-to-a", Policy: "newest", DeleteVsChange: "ask", First: "ask", NoMerge: true, GuardOff: true}, {Policy: "a", First: "replace-b"}} {
		r, err := w.Rules()
		if err != nil {
			t.Fatal(err)
		}
		if back := WordsOf(r); back != w {
			t.Errorf("%+v became %+v", w, back)
		}
		text, err := encodeRules(w)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decodeRules(text); err != nil || again != r {
			t.Errorf("%s became %+v, %v", text, again, err)
		}
	}
	r, _ := RuleWords{Direction: "mirror-a-to-b", Policy: "both"}.Rules()
	if r.Direction != engine.MirrorAToB || r.Policy != engine.Both {
		t.Errorf("words mean %+v", r)
	}
	for _, bad := range []string{`{"policy":"loudest"}`, `{"new-rule":true}`, `[]`} {
		if _, err := decodeRules(bad); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestApart(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		path, dir string
		want      bool
	}{{dir + "/a/b", dir + "/a", true}, {dir, dir, false}, {dir + "/ab", dir + "/a", false}, {dir, dir + "/a", false}} {
		if got := inside(c.path, c.dir); got != c.want {
			t.Errorf("inside(%s, %s) = %v", c.path, c.dir, got)
		}
	}
}
