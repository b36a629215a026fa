package engine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem"
)

// line is one line of the decision table.
type line struct {
	cells  [5][]string
	result string
	used   bool
	text   string
}

func readTable(t *testing.T) []*line {
	data, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []*line
	for _, text := range strings.Split(string(data), "\n") {
		f := strings.Fields(text)
		if len(f) < 6 || f[0] == "#" {
			continue
		}
		l := &line{result: strings.Join(f[5:], " "), text: text}
		for i := range l.cells {
			l.cells[i] = strings.Split(f[i], "|")
		}
		out = append(out, l)
	}
	return out
}

func (l *line) fits(cells [5]string) bool {
	for i, c := range cells {
		if !slices.Contains(l.cells[i], c) && l.cells[i][0] != "*" {
			return false
		}
	}
	return true
}

var (
	directionNames = []string{"TwoWay", "AToB", "BToA", "MirrorAToB", "MirrorBToA"}
	policyNames    = []string{"ask", "newest", "a", "b", "both"}
	deleteNames    = []string{"change", "delete", "ask"}
	withRow        = []string{"same", "changed", "alike", "gone", "unknown", "ignored", "problem"}
	withoutRow     = []string{"none", "new", "newalike", "problem", "ignored", "unknown"}
)

// oneRecord sets up a pair that holds one record in the given states.
func oneRecord(a, b string, tree bool) (base []tandem.Row, list [2][]tandem.Change) {
	old := tandem.Shown{Version: "1", Digest: sum("old"), Size: 3}
	row := tandem.Row{Link: 7, UID: "u", A: old, B: old, Durable: true}
	ids := [2]tandem.ID{"a-id", "b-id"}
	if tree {
		ids = [2]tandem.ID{"same-id", "same-id"}
	}
	row.A.ID, row.B.ID = ids[0], ids[1]
	rowed := false
	for s, st := range [2]string{a, b} {
		c := tandem.Change{ID: ids[s], Presence: tandem.Present}
		c.Version, c.Digest, c.Size, c.UID, c.Modified = "2", sum("edit "+string(ids[s])+fmt.Sprint(s)), 6, "u", int64(10+s)
		switch st {
		case "same":
			c.Version, c.Digest = "1", tandem.Digest{}
		case "alike", "newalike":
			c.Digest = sum("alike")
		case "gone", "none":
			continue
		case "unknown":
			c = tandem.Change{ID: ids[s], Presence: tandem.Unknown}
		case "ignored":
			c = tandem.Change{ID: ids[s], Presence: tandem.OutOfScope}
		case "problem":
			c = tandem.Change{ID: ids[s], Presence: tandem.Problem, Err: fmt.Errorf("permission denied")}
		}
		list[s] = append(list[s], c)
	}
	for _, st := range []string{a, b} {
		rowed = rowed || st == "same" || st == "changed" || st == "gone" || st == "alike"
	}
	if rowed {
		base = append(base, row)
	}
	return base, list
}

func planOf(t *testing.T, base []tandem.Row, list [2][]tandem.Change, rules Rules) *Plan {
	t.Helper()
	b, v := viewsOf(t, base, list)
	return Reconcile(b, v[0], v[1], rules)
}

func viewsOf(t *testing.T, base []tandem.Row, list [2][]tandem.Change) (*Base, [2]*View) {
	t.Helper()
	b, err := NewBase(func(yield func(tandem.Row, error) bool) {
		for _, r := range base {
			if !yield(r, nil) {
				return
			}
		}
	}, len(base))
	if err != nil {
		t.Fatal(err)
	}
	var v [2]*View
	for s := range v {
		v[s] = b.View(tandem.Side(s), false)
		for _, c := range list[s] {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: true, Full: true})
	}
	return b, v
}

// verdictOf says in the words of the table what a plan does.
func verdictOf(p *Plan, rules Rules) string {
	sameWaits := func(a Action) bool { return a.Do != Wait || a.Reason != p.Actions()[0].Reason }
	if len(p.Actions()) > 1 && slices.ContainsFunc(p.Actions(), sameWaits) {
		return "more than one action: " + p.text()
	}
	if len(p.Actions()) > 0 {
		a := Settle(p.Actions()[0], false, false, rules)
		out := a.Do.String()
		switch a.Do {
		case Copy, Update, Delete:
			out += " " + a.To.String()
		case Wait:
			return "wait: " + map[Reason]string{SideUnreadable: "unreadable", SideUnknown: "unknown", SideIgnored: "ignored", OneWay: "one way"}[a.Reason]
		}
		if a.Lost {
			out += ", losing"
		}
		return out
	}
	switch {
	case len(p.ops()) == 0:
		return "nothing"
	case p.ops()[0].Drop:
		return "drop the row"
	}
	return "link"
}

// TestDecisions checks every combination of states, directions, policies and delete rules against the table.
func TestDecisions(t *testing.T) {
	table := readTable(t)
	mirror := map[string]string{"BToA": "AToB", "MirrorBToA": "MirrorAToB"}
	mirrorPolicy := map[string]string{"a": "b", "b": "a"}
	n := 0
	check := func(a, b string, tree bool) {
		for d, dir := range directionNames {
			for pol, policy := range policyNames {
				for del, rule := range deleteNames {
					rules := Rules{Direction: Direction(d), Policy: Policy(pol), DeleteVsChange: DeleteRule(del), Tree: tree, Guard: Guard{Off: true}}
					cells := [5]string{a, b, dir, policy, rule}
					flip := mirror[dir] != ""
					if flip {
						cells[0], cells[1], cells[2] = b, a, mirror[dir]
						if p := mirrorPolicy[policy]; p != "" {
							cells[3] = p
						}
						if cells[3] == "newest" {
							cells[3] = "a" // the newer one is A's, seen from the other side
						}
					}
					base, list := oneRecord(a, b, tree)
					got := verdictOf(planOf(t, base, list, rules), rules)
					if flip {
						got = strings.NewReplacer(" A", " B", " B", " A").Replace(got)
					}
					i := slices.IndexFunc(table, func(l *line) bool { return l.fits(cells) })
					if i < 0 {
						t.Fatalf("no line for %v", cells)
					}
					table[i].used = true
					n++
					if got != table[i].result {
						t.Errorf("tree %v, %v (as %s/%s): %q, want %q", tree, cells, dir, policy, got, table[i].result)
					}
				}
			}
		}
	}
	for _, tree := range []bool{false, true} {
		for _, a := range withRow {
			for _, b := range withRow {
				if (a == "alike") != (b == "alike") || !slices.Contains([]string{"same", "changed", "gone", "alike"}, a) && !slices.Contains([]string{"same", "changed", "gone", "alike"}, b) {
					continue
				}
				check(a, b, tree)
			}
		}
		for _, a := range withoutRow {
			for _, b := range withoutRow {
				if (a == "newalike") != (b == "newalike") || a == "none" && b == "none" {
					continue
				}
				if !tree && (a == "new" && strings.Contains("problem ignored unknown", b) || b == "new" && strings.Contains("problem ignored unknown", a)) {
					continue // ids mean nothing: nobody can tell that the two are one
				}
				check(a, b, tree)
			}
		}
	}
	for _, l := range table {
		if !l.used {
			t.Errorf("no case reaches the line %q", l.text)
		}
	}
	t.Logf("%d cases", n)
}
