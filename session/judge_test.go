package session_test

import (
	"context"
	"errors"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/session"
)

// judging is a place that knows better.
type judging struct {
	provider.Replica
	say   provider.Verdict
	err   error
	asked *[]provider.Dispute
}

// Judge implements provider.Arbiter.
func (j judging) Judge(_ context.Context, d provider.Dispute) (provider.Verdict, error) {
	*j.asked = append(*j.asked, d)
	return j.say, j.err
}

// TestM099PlacesDecide: a place may say that there is no conflict, or who is right, whatever the rules of the item are; where it cannot be asked, the rules hold.
func TestM099PlacesDecide(t *testing.T) {
	const left, right, merged = "name=Anne\nphone=1\nuid=x\n", "name=Anja\nphone=2\nuid=x\n", "name=Anja\nphone=2\nuid=x\n"
	for name, c := range map[string]struct {
		judge     tandem.Side
		say       provider.Verdict
		err       error
		policy    engine.Policy
		a, b      string
		conflicts int
	}{
		"no conflict":        {a, provider.NoConflict, nil, engine.Ask, left, right, 0},
		"no conflict, other": {b, provider.NoConflict, nil, engine.PreferA, left, right, 0},
		"mine":               {a, provider.MineWins, nil, engine.Ask, "name=Anne\nphone=2\nuid=x\n", "name=Anne\nphone=2\nuid=x\n", 0},
		"other":              {a, provider.OtherWins, nil, engine.PreferA, merged, merged, 0},
		"mine, on B":         {b, provider.MineWins, nil, engine.PreferA, merged, merged, 0},
		"no verdict":         {a, provider.NoVerdict, nil, engine.Ask, left, right, 1},
		"cannot be asked":    {a, provider.NoConflict, errors.New("out of order"), engine.Ask, left, right, 1},
		"strange verdict":    {a, "maybe", nil, engine.Ask, left, right, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules.Policy = c.policy
			w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
			w.sync()
			w.put(a, "1", left)
			w.put(b, "1", right)
			var asked []provider.Dispute
			run := func() {
				t.Helper()
				p := w.pair()
				defer p.A.Close()
				defer p.B.Close()
				sides := [2]*provider.Opened{p.A, p.B}
				sides[c.judge].Replica = judging{sides[c.judge].Replica, c.say, c.err, &asked}
				if rep, err := session.Run(t.Context(), session.Deps{Store: w.store}, p, session.Options{Now: func() int64 { return w.now }}); err != nil || rep.Conflicts != c.conflicts {
					t.Fatalf("%+v %v", rep, err)
				}
			}
			run()
			mine := [2]string{left, right}[c.judge]
			if len(asked) != 1 || asked[0].ID != "1" || string(asked[0].Mine) != mine || string(asked[0].Other) == mine {
				t.Errorf("asked %+v", asked)
			}
			w.wantSide(a, map[string]string{"1": c.a})
			w.wantSide(b, map[string]string{"1": c.b})
			if got := len(w.conflicts()); got != c.conflicts {
				t.Errorf("%d conflicts", got)
			}
			run() // nothing is asked, and nothing moves, a second time
			if len(asked) != 1 {
				t.Errorf("asked again: %+v", asked)
			}
			if c.say == provider.NoConflict && c.err == nil { // the next edit travels, over what only looked different
				w.put(b, "1", "name=Anja\nphone=3\nuid=x\n")
				run()
				w.want("name=Anja\nphone=3\nuid=x\n")
			}
		})
	}
}
