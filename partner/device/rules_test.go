package device

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

func TestRules(t *testing.T) {
	k := newKit(t)
	for _, r := range []Rule{
		{User: "anna", Type: "iPhone", Access: store.Allowed}, {Model: "*outlook*", Access: store.Blocked, Note: "no Outlook here"}, {Type: "SAMSUNG*", Max: 1, Access: store.Held},
		{User: "b*", Access: store.Held},
	} {
		_, err := k.AddRule(k.ctx, r, 0)
		k.must(err)
	}
	for i, test := range []struct {
		user, kind, agent string
		want              store.Access
		reason            string
	}{
		{"anna", "iPhone", "Outlook-iOS/1.0", store.Allowed, "rule 1: user anna, type iPhone"}, {"anna", "Android", "Outlook-Android/2.0", store.Blocked, "rule 2: no Outlook here"},
		{"anna", "samsungS21", "x", store.Held, "rule 3: type SAMSUNG*, the user has 1 others"}, {"anna", "TbSync", "Thunderbird", store.Allowed, "no rule is against it"},
		{"bob", "SAMSUNG", "x", store.Held, "rule 4: user b*"},
	} {
		d := k.meet(test.user, Sighting{ID: fmt.Sprint(i), Type: test.kind, Agent: test.agent})
		if d.Access != test.want || d.Reason != test.reason {
			t.Errorf("%+v: %s, %q", test, d.Access, d.Reason)
		}
	}
	rules, err := k.AddRule(k.ctx, Rule{Type: "TbSync", Access: store.Blocked}, 1)
	k.must(err)
	if len(rules) != 5 || rules[0].Type != "TbSync" || rules[1].User != "anna" {
		t.Fatalf("rules %+v", rules)
	}
	rules, err = k.RemoveRule(k.ctx, 2)
	k.must(err)
	again, err := k.Rules(k.ctx)
	k.must(err)
	if len(rules) != 4 || rules[1].Note == "" || !slices.Equal(again, rules) {
		t.Fatalf("rules %+v, read %+v", rules, again)
	}
	for _, n := range []int{0, -1, 5} {
		_, err = k.RemoveRule(k.ctx, n)
		k.kind(err, tandem.NotFound)
	}
	for _, bad := range []struct {
		r  Rule
		at int
	}{{Rule{}, 0}, {Rule{Access: "maybe"}, 0}, {Rule{Access: store.Held, Max: -1}, 0}, {Rule{Access: store.Held}, 5}, {Rule{Access: store.Held}, -1}} {
		_, err = k.AddRule(k.ctx, bad.r, bad.at)
		k.kind(err, tandem.Invalid)
	}
	k.must(k.st.Settings.PutValues(k.ctx, map[string]string{rulesValue: "{"}))
	_, err = k.Meet(k.ctx, "anna", Sighting{ID: "new"})
	k.kind(err, tandem.Unreadable)
}

// TestRulesOfModels checks that rules about models are asked when the model is known, and that a person's word stands.
func TestRulesOfModels(t *testing.T) {
	k := newKit(t)
	_, err := k.AddRule(k.ctx, Rule{Model: "Galaxy S2", Access: store.Held}, 0)
	k.must(err)
	a, b := phone, phone
	b.ID = "other"
	k.meet("anna", a)
	k.meet("anna", b)
	_, err = k.Allow(k.ctx, "anna", b.ID, "cli")
	k.must(err)
	var at int64
	k.logged(&at)
	for _, g := range []Sighting{a, b} {
		_, err := k.SetInfo(k.ctx, "anna", g.ID, map[string]string{"model": "Galaxy S2", "os": "Android 4", "imei": ""})
		k.must(err)
	}
	if d := k.have("anna", a.ID); d.Access != store.Held || d.Info["model"] != "Galaxy S2" || d.Info["os"] != "Android 4" || len(d.Info) != 2 {
		t.Fatalf("device %+v", d)
	}
	if d := k.have("anna", b.ID); d.Access != store.Allowed {
		t.Fatalf("a person allowed it: %+v", d)
	}
	k.wantLog(&at, "Galaxy S2 APPL1234 of anna: held, was allowed")
	_, err = k.SetInfo(k.ctx, "anna", a.ID, map[string]string{"os": "Android 5"})
	k.must(err)
	if d := k.have("anna", a.ID); d.Info["os"] != "Android 5" || d.Info["model"] == "" {
		t.Fatalf("information %v", d.Info)
	}
	many := map[string]string{}
	for i := range 100 {
		many[fmt.Sprint(i)] = strings.Repeat("x", 10_000)
	}
	d, err := k.SetInfo(k.ctx, "anna", a.ID, many)
	k.must(err)
	if len(d.Info) > maxInfo {
		t.Fatalf("%d pieces of information", len(d.Info))
	}
	_, err = k.SetInfo(k.ctx, "anna", "none", many)
	k.kind(err, tandem.NotFound)
}

func TestLike(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "x", true}, {"", "", true}, {"*", "", true}, {"?", "", false}, {"a", "A", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"*b*", "abc", true}, {"a*c", "abd", false},
		{"a?c", "äbc", false}, {"?bc", "äbc", true}, {"*a*a*a*b", strings.Repeat("a", 500), false}, {"ab", "abc", false}, {"**", "x/y", true}, {"a*b*c", "a1b2b3c", true},
	} {
		if got := like(test.pattern, test.text); got != test.want {
			t.Errorf("%q, %q: %v", test.pattern, test.text, got)
		}
	}
}
