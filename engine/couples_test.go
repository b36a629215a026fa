package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// What both sides have without a base is decided couple by couple. These tests hold that against making a record of everything.

// listed makes the views of two listings, without a base.
func listed(a, b []tandem.Change, whole bool) (*Base, [2]*View) {
	base, err := NewBase(nil, 0)
	if err != nil {
		panic(err)
	}
	v := [2]*View{base.View(sideA, false), base.View(sideB, false)}
	for s, list := range [2][]tandem.Change{a, b} {
		for _, c := range list {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: whole, Full: true})
	}
	return base, v
}

// inOrder is everything that a plan says, as it says it, but for the keys.
func (p *Plan) inOrder() string {
	var out strings.Builder
	for _, a := range p.Actions() {
		fmt.Fprintf(&out, "%s %s %s lost %v into %v row %s a %+v b %+v at %q new %q attrs %q needs %v uid %q note %q %d %d %q\n",
			a.Do, a.To, a.Reason, a.Lost, a.Into, whole(*a.Row), *a.A, *a.B, a.At, a.NewID, a.Attrs, a.Needs, a.UID, a.Note, a.ModifiedA, a.ModifiedB, p.Pending[a.Key])
	}
	var rows []string
	for _, op := range p.Base {
		rows = append(rows, fmt.Sprintf("row %s %v %v\n", whole(op.Row), op.Drop, op.Needs))
	}
	for row := range p.InStep() {
		rows = append(rows, fmt.Sprintf("row %s %v %v\n", whole(row), false, []int(nil)))
	}
	slices.Sort(rows)
	out.WriteString(strings.Join(rows, ""))
	fmt.Fprintln(&out, p.Hash, p.Held, p.Totals, p.Bookkeeping())
	return out.String()
}

// whole is all of a row, with what it points to.
func whole(r tandem.Row) string {
	out := ""
	if r.Clash != nil {
		out += fmt.Sprintf(" clash %+v", *r.Clash)
	}
	if r.Aside != nil {
		out += fmt.Sprintf(" aside %+v", *r.Aside)
	}
	r.Clash, r.Aside = nil, nil
	return fmt.Sprintf("%+v%s", r, out)
}

// withAndWithout plans with couples and with a record for everything.
func withAndWithout(a, b []tandem.Change, whole bool, rules Rules) (with, without *Plan, records int) {
	base, v := listed(a, b, whole)
	w := newWork(base, v[0], v[1], rules)
	with, records = w.reconcile(), len(w.recs)
	base, v = listed(a, b, whole)
	w = newWork(base, v[0], v[1], rules)
	w.alone = false
	return with, w.reconcile(), records
}

// TestCouplesTakeNoRecords: two filled places of which all differs must not take a record for each.
func TestCouplesTakeNoRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	const n = 1000
	var lists [2][]tandem.Change
	for c := range many(n) {
		c.UID = "uid of " + string(c.ID)
		lists[0] = append(lists[0], c)
		if c.Size > 0 {
			c.Attrs += "1"
		}
		lists[1] = append(lists[1], c)
	}
	for _, rules := range []Rules{
		{Tree: true},
		{Tree: true, Names: [2]NameRule{{FoldCase: true, NFC: true}, {}}},
		{Tree: true, ReadOnly: [2]bool{true, true}},
		{Tree: true, Direction: BToA},
		{},
	} {
		with, without, records := withAndWithout(lists[0], lists[1], true, rules)
		if a, b := with.inOrder(), without.inOrder(); a != b {
			t.Errorf("%+v: with couples\n%.2000s\nwithout\n%.2000s", rules, a, b)
		}
		if records > 2*n/100 || with.Len()+with.Bookkeeping() < n {
			t.Errorf("%+v: %d records for %d actions and %d rows", rules, records, with.Len(), with.Bookkeeping())
		}
		keys := map[int32]bool{}
		for _, a := range with.Actions() {
			keys[a.Key] = true
		}
		if len(keys) != len(with.Actions()) {
			t.Errorf("%+v: %d keys for %d actions, each about another record", rules, len(keys), len(with.Actions()))
		}
	}
}

// TestWhatIsNoCouple: couples that hang on others after all, which a record for each shows.
func TestWhatIsNoCouple(t *testing.T) {
	file := func(id, content string) tandem.Change {
		return tandem.Change{ID: tandem.ID(id), Presence: tandem.Present, Meta: tandem.Meta{Version: tandem.Version(content), Digest: sum(content), Size: 7, Attrs: "mode=644"}}
	}
	dir := func(id string) tandem.Change {
		return tandem.Change{ID: tandem.ID(id), Presence: tandem.Present, Meta: tandem.Meta{Version: "d", Attrs: "type=dir"}}
	}
	link := func(id string) tandem.Change {
		return tandem.Change{ID: tandem.ID(id), Presence: tandem.Present, Meta: tandem.Meta{Version: "l", Attrs: "target=x&type=link"}}
	}
	bad := func(id string) tandem.Change {
		return tandem.Change{ID: tandem.ID(id), Presence: tandem.Problem, Err: fmt.Errorf("no")}
	}
	type list = []tandem.Change
	second := conflictName("f.txt", contentOf(&tandem.Shown{Digest: sum("2")}))
	for name, c := range map[string]struct {
		a, b    list
		rules   Rules
		records int // without a record for what is at one path
	}{
		"plain":                                {list{file("f", "1")}, list{file("f", "2")}, Rules{Tree: true}, 0},
		"in a folder":                          {list{dir("d"), file("d/f", "1")}, list{dir("d"), file("d/f", "2")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 2},
		"in a folder nobody listed":            {list{file("d/f", "1")}, list{file("d/f", "2")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 4},
		"in a folder one side did not list":    {list{dir("d"), file("d/f", "1")}, list{file("d/f", "2")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 4},
		"below a folder nobody listed":         {list{dir("d/e"), file("d/e/f", "1")}, list{dir("d/e"), file("d/e/f", "2")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 6},
		"below a file":                         {list{file("f", "1"), file("f/x", "1")}, list{file("f", "2")}, Rules{Tree: true}, 3},
		"above what cannot be read":            {list{file("f", "1"), bad("f/x")}, list{file("f", "2")}, Rules{Tree: true}, 3},
		"beside what cannot be read":           {list{file("f", "1"), bad("x")}, list{file("f", "2")}, Rules{Tree: true}, 1},
		"a file and a link":                    {list{file("f", "1")}, list{link("f")}, Rules{Tree: true}, 2},
		"its second name is taken":             {list{file("f.txt", "1"), file(second, "x")}, list{file("f.txt", "2"), file(second, "y")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 0},
		"its second name is taken on a side":   {list{file("f.txt", "1")}, list{file("f.txt", "2"), file(second, "y")}, Rules{Tree: true, Policy: Both, NoMerge: true}, 1},
		"a name that the other cannot tell":    {list{file("f", "1"), file("F", "1")}, list{file("f", "2")}, Rules{Tree: true, Names: [2]NameRule{{}, {FoldCase: true}}}, 3},
		"names that neither can tell":          {list{file("f", "1"), file("F", "1")}, list{file("f", "2"), file("Ff", "2")}, Rules{Tree: true, Names: [2]NameRule{{FoldCase: true}, {FoldCase: true}}}, 4},
		"a folder that only one side has":      {list{file("f", "1"), dir("d")}, list{file("f", "2"), file("d", "1")}, Rules{Tree: true, Names: [2]NameRule{{FoldCase: true}, {FoldCase: true}}}, 4},
		"the name of a folder in another case": {list{dir("d"), file("d/f", "1")}, list{dir("D"), file("D/f", "2")}, Rules{Tree: true, Names: [2]NameRule{{FoldCase: true}, {FoldCase: true}}}, 4},
	} {
		with, without, records := withAndWithout(c.a, c.b, true, c.rules)
		if a, b := with.inOrder(), without.inOrder(); a != b {
			t.Errorf("%s: with couples\n%s\nwithout\n%s", name, a, b)
		}
		if records != c.records {
			t.Errorf("%s: %d records, want %d\n%s", name, records, c.records, with.text())
		}
	}
}

// TestRandomCouples: two places that know nothing of each other.
func TestRandomCouples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(rapid.Bool().Draw(t, "tree"))
		drawSides(t, p)
		edits(t, p.m[0], "base", 8)
		if rapid.Bool().Draw(t, "copied") {
			p.m[1] = p.m[0].clone()
			p.m[1].seq += 100
		}
		edits(t, p.m[0], "A", rapid.IntRange(0, 6).Draw(t, "edits"))
		edits(t, p.m[1], "B", rapid.IntRange(0, 6).Draw(t, "edits"))
		drawRules(t, p)
		p.rules.First = First(rapid.IntRange(0, int(Refuse)).Draw(t, "first"))
		p.rules.MaxSize[1] = int64(rapid.IntRange(0, 3).Draw(t, "size"))
		drawTrouble(t, p)
		with, without, _ := withAndWithout(p.m[0].changes(), p.m[1].changes(), !p.partial[0], p.rules)
		if a, b := with.inOrder(), without.inOrder(); a != b {
			t.Fatalf("A %s\nB %s\nrules %+v\nwith couples:\n%s\nwithout:\n%s", p.m[0].nodeText(), p.m[1].nodeText(), p.rules, a, b)
		}
	})
}

// ops is all the bookkeeping of a plan, whether kept or told row by row, by link.
func (p *Plan) ops() []BaseOp {
	all := slices.Clone(p.Base)
	for row := range p.InStep() {
		all = append(all, BaseOp{Row: row})
	}
	slices.SortStableFunc(all, func(a, b BaseOp) int { return cmp.Compare(a.Row.Link, b.Row.Link) })
	return all
}
