package account

import (
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// TestLimits: an app password opens the doors that it is for and reads where it only reads; what it is not for is refused in words, and is no wrong password.
func TestLimits(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		limits Limits
		use    Use
		why    string
	}{
		{Limits{}, Use{Doors: []Door{Phones}, Writes: true}, ""},
		{Limits{Doors: Doors()}, Use{Doors: []Door{API}, Writes: true}, ""},
		{Limits{Doors: []Door{Files, Calendars}}, Use{Doors: []Door{Calendars}, Writes: true}, ""},
		{Limits{Doors: []Door{Files}}, Use{Doors: []Door{Calendars, Files}}, ""},
		{Limits{Doors: []Door{Files}}, Use{Doors: []Door{Phones}, Writes: true}, "is for files only"},
		{Limits{Doors: []Door{Files, Calendars}}, Use{Doors: []Door{API}}, "is for calendars, files only"},
		{Limits{Doors: []Door{Files}}, Use{}, "is for files only"},
		{Limits{ReadOnly: true}, Use{Doors: []Door{Files}}, ""},
		{Limits{ReadOnly: true}, Use{Doors: []Door{Files}, Writes: true}, "only reads"},
		{Limits{Doors: []Door{Files}, ReadOnly: true}, Use{Doors: []Door{Files}, Writes: true}, "only reads"},
	} {
		p, l, err := k.NewAppPassword(k.ctx, "anna", "tool", c.limits)
		if err != nil {
			t.Fatal(err)
		}
		_, used, err := k.AdmitBasic(k.ctx, basic("anna:"+p), "192.0.2.1", c.use)
		switch {
		case c.why == "" && (err != nil || used.ID != l.ID):
			t.Errorf("%+v for %+v: %v", c.limits, c.use, err)
		case c.why != "" && (!Beyond(err) || !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "tool "+c.why)):
			t.Errorf("%+v for %+v: %v, want %q", c.limits, c.use, err, c.why)
		}
		list, err := k.Logins(k.ctx, "anna")
		i := slices.IndexFunc(list, func(l store.Login) bool { return l.Label == "tool" })
		if got := LimitsOf(list[i]); err != nil || got.ReadOnly != c.limits.ReadOnly || len(c.limits.Doors) < 4 && len(got.Doors) != len(c.limits.Doors) {
			t.Errorf("%+v is kept as %+v", c.limits, got)
		}
		if err := k.Revoke(k.ctx, "anna", "tool"); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []Limits{{Doors: []Door{"cellar"}}, {Doors: []Door{Phones}, ReadOnly: true}} {
		if _, _, err := k.NewAppPassword(k.ctx, "anna", "tool", bad); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := k.VerifyBasic(k.ctx, basic("anna:wrong"), "192.0.2.1", Use{Doors: []Door{Files}}); err == nil || Beyond(err) {
		t.Errorf("a wrong one: %v", err)
	}
}
