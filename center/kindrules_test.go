package center

import (
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider/memory"
	"tandem/store"
)

// clashing makes Anna's number 2 at home and 3 at the place p, where it was changed later.
func (w *world) clashing() {
	w.t.Helper()
	it, err := w.hub.item(w.t.Context(), "p")
	if err != nil {
		w.t.Fatal(err)
	}
	w.edit(it.Collection, "Anna", "TEL:1", "TEL:2\r\nREV:20260201T000000Z")
	w.put("p", "anna", card("anna", "Anna", "TEL:3", "REV:20260301T000000Z"))
	w.sync("p")
}

// TestM091PoliciesOfItemsAndKinds: what an item says of its own comes first, then what its user says of the kind, then what is said for everybody; else a conflict waits.
func TestM091PoliciesOfItemsAndKinds(t *testing.T) {
	const mine = "me"
	for name, c := range map[string]struct {
		rules []KindRule
		item  string // the item's own policy
		want  string // what the place holds afterwards
		force string
		asks  int
	}{
		"nothing said":       {want: "Anna 3", asks: 1},
		"for everybody":      {rules: []KindRule{{User: Everybody, Kind: tandem.Contact, Policy: "newest"}}, want: "Anna 3", force: "newest"},
		"of another kind":    {rules: []KindRule{{User: Everybody, Kind: tandem.File, Policy: "a"}}, want: "Anna 3", asks: 1},
		"a user's own":       {rules: []KindRule{{User: Everybody, Kind: tandem.Contact, Policy: "newest"}, {User: mine, Kind: tandem.Contact, Policy: "a"}}, want: "Anna 2", force: "a"},
		"the only user":      {rules: []KindRule{{Kind: tandem.Contact, Policy: "both"}}, want: "Anna 2, Anna 3", force: "both"},
		"the item's own":     {rules: []KindRule{{User: mine, Kind: tandem.Contact, Policy: "b"}}, item: "a", want: "Anna 2", force: "a"},
		"the item asks":      {rules: []KindRule{{User: mine, Kind: tandem.Contact, Policy: "b"}}, item: "ask", want: "Anna 3", force: "ask", asks: 1},
		"left to the kind":   {rules: []KindRule{{User: mine, Kind: tandem.Contact, Policy: "a"}}, item: "kind", want: "Anna 2", force: "a"},
		"taken back":         {rules: []KindRule{{User: mine, Kind: tandem.Contact, Policy: "a"}, {User: mine, Kind: tandem.Contact}}, want: "Anna 3", asks: 1},
		"only of the others": {rules: []KindRule{{User: mine, Kind: tandem.Contact, DeleteVsChange: "delete"}}, want: "Anna 3", asks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := pairWorld(t, "p")
			defer w.close()
			if c.item != "" {
				w.set("p", "policy", c.item)
			}
			for _, r := range c.rules {
				if err := w.hub.SetKindRule(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			w.clashing()
			if got := w.phones("p"); got != c.want {
				t.Errorf("the place holds %q, want %q", got, c.want)
			}
			st, err := w.hub.Status(t.Context(), nil)
			if err != nil || st[0].Conflicts != c.asks || st[0].Rules.Policy != c.force {
				t.Errorf("%d conflicts, policy %q, %v; want %d, %q", st[0].Conflicts, st[0].Rules.Policy, err, c.asks, c.force)
			}
		})
	}
}

// TestM091DeletionsByKind: a kind's rule about deletions holds like its policy.
func TestM091DeletionsByKind(t *testing.T) {
	for _, c := range []struct{ rule, want string }{{"", "Anna 2"}, {"delete", ""}} {
		w := pairWorld(t, "p")
		w.set("p", "guard", "off")
		if err := w.hub.SetKindRule(t.Context(), KindRule{Kind: tandem.Contact, DeleteVsChange: c.rule}); err != nil {
			t.Fatal(err)
		}
		w.places["p"].Remove("anna")
		w.edit(1, "Anna", "TEL:1", "TEL:2")
		w.sync()
		if got := w.phones("p"); got != c.want {
			t.Errorf("rule %q: %q, want %q", c.rule, got, c.want)
		}
		w.close()
	}
}

// TestM091PolicyOfANewItem: an item can be added with a policy of its own; one that is a default is kept apart from none.
func TestM091PolicyOfANewItem(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "p")
	defer w.close()
	it := w.add("c", "p", "p", func(n *NewItem) { n.Rules.Policy, n.Rules.DeleteVsChange = "ask", "kind" })
	if got, err := ReadRules(it.Rules); err != nil || got != (RuleWords{Policy: "ask"}) {
		t.Errorf("rules %+v, %v", got, err)
	}
	if _, err := w.hub.AddItem(t.Context(), NewItem{Home: "c", Partner: "mem:p", Rules: RuleWords{Policy: "loudest"}}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an unknown policy: %v", err)
	}
}

// TestKindRuleReachesRunningItems: a running hub follows a rule from its next run on.
func TestKindRuleReachesRunningItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "p")
		defer w.close()
		it := w.add("c", "p", "p")
		w.put("p", "anna", card("anna", "Anna", "TEL:1"))
		w.start()
		time.Sleep(5 * time.Second)
		if err := w.hub.SetKindRule(t.Context(), KindRule{Kind: tandem.Contact, Policy: "a"}); err != nil {
			t.Fatal(err)
		}
		w.put("p", "anna", card("anna", "Anna", "TEL:3"))
		w.edit(it.Collection, "Anna", "TEL:1", "TEL:2")
		time.Sleep(5 * time.Second)
		if got := w.phones("p"); got != "Anna 2" {
			t.Errorf("the place holds %q", got)
		}
	})
}

func TestKindRules(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "p")
	defer w.close()
	ctx := t.Context()
	for name, r := range map[string]KindRule{"no kind": {User: Everybody, Policy: "a"}, "unknown kind": {User: Everybody, Kind: "zebra", Policy: "a"}, "unknown word": {User: Everybody, Kind: tandem.Contact, Policy: "loudest"},
		"unknown word for deletions": {User: Everybody, Kind: tandem.Contact, DeleteVsChange: "b"}} {
		if err := w.hub.SetKindRule(ctx, r); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.hub.SetKindRule(ctx, KindRule{User: "nobody", Kind: tandem.Contact, Policy: "a"}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("a rule of nobody: %v", err)
	}
	for _, name := range []string{"anna", "ben"} {
		if err := w.store.Accounts.AddUser(ctx, store.User{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.hub.SetKindRule(ctx, KindRule{Kind: tandem.Contact, Policy: "a"}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a rule of one of several: %v", err)
	}
	for _, r := range []KindRule{{User: "Anna", Kind: tandem.File, Policy: "Both", DeleteVsChange: "kind"}, {User: Everybody, Kind: tandem.Contact, DeleteVsChange: "ask"}} {
		if err := w.hub.SetKindRule(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	want := []KindRule{{User: Everybody, Kind: tandem.Contact, DeleteVsChange: "ask"}, {User: "anna", Kind: tandem.File, Policy: "both"}}
	if got, err := w.hub.KindRules(ctx); err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("rules %+v, %v", got, err)
	}
	if err := w.hub.forgetKindRules(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	if got, _ := w.hub.KindRules(ctx); len(got) != 1 || got[0] != want[0] {
		t.Errorf("rules %+v after anna left", got)
	}
}

// TestAddItemWhen: what starts a new item is said in the words of when, as it can be set later.
func TestAddItemWhen(t *testing.T) {
	for _, c := range []struct{ when, mode, schedule, want, left string }{
		{want: Continuous},
		{when: "at 02:30 on mon-fri; not metered", want: Scheduled, left: "at 02:30 on mon-fri; not metered"},
		{when: "on connection; quiet 22:00-07:00", want: Connection, left: "quiet 22:00-07:00"},
		{when: "not on battery below 20%", want: Continuous, left: "not on battery below 20%"},
		{mode: Manual, schedule: "30 2 * * *", want: Manual, left: "30 2 * * *"},
		{when: "whenever"}, {when: "manual", mode: Manual}, {when: "manual", schedule: "@daily"}, {mode: "sometimes"},
	} {
		w := newWorld(t, memory.Knobs{}, "p")
		it, err := w.hub.AddItem(t.Context(), NewItem{Home: "p", Partner: "mem:p", When: c.when, Mode: c.mode, Schedule: c.schedule})
		if c.want == "" {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%+v: %v", c, err)
			}
		} else if err != nil || it.Mode != c.want || it.Schedule != c.left {
			t.Errorf("%+v: mode %q, schedule %q, %v", c, it.Mode, it.Schedule, err)
		}
		w.close()
	}
}
