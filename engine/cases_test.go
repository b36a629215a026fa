package engine

import (
	"slices"
	"strings"
	"testing"

	"tandem"
)

// script does what a person does: "mkdir d; put f X; mv f d/f; rm d"; and what becomes of a place: "lock f; hide d; lose x".
// The time of a record is as late as the word given for it is long.
func (m *model) script(t *testing.T, text string) {
	t.Helper()
	for _, line := range strings.Split(text, ";") {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "mkdir":
			m.put(tandem.ID(f[1]), "dir")
		case f[0] == "link":
			m.put(tandem.ID(f[1]), "").attrs = tandem.MakeAttrs(map[string]string{"type": "link", "target": f[2]})
		case f[0] == "put": // put ID CONTENT [UID]
			x := m.put(tandem.ID(f[1]), strings.Trim(f[2], `"`))
			if len(f) > 3 {
				x.uid = f[3]
			}
		case f[0] == "attr": // attr ID mode=600
			x := m.recs[tandem.ID(f[1])]
			all := x.attrs.Map()
			if all == nil {
				all = map[string]string{}
			}
			key, val, _ := strings.Cut(f[2], "=")
			all[key] = val
			x.attrs, x.version = tandem.MakeAttrs(all), m.next()
		case f[0] == "time":
			m.recs[tandem.ID(f[1])].modified = int64(len(f[2]))
		case f[0] == "lock":
			m.trouble[tandem.ID(f[1])] = tandem.Problem
		case f[0] == "hide":
			m.trouble[tandem.ID(f[1])] = tandem.OutOfScope
		case f[0] == "lose":
			m.trouble[tandem.ID(f[1])] = tandem.Unknown
		case f[0] == "mv":
			m.rename(tandem.ID(f[1]), tandem.ID(f[2]))
		case f[0] == "rm":
			m.remove(tandem.ID(f[1]))
		default:
			t.Fatalf("no such step: %s", line)
		}
	}
}

// treeCase is a history that a planner, ours or another, was found to fail on: a base, and rounds of edits on both sides.
type treeCase struct {
	name   string
	rules  Rules
	blind  bool // the sides tell no nodes
	base   string
	rounds [][2]string
	part   [2]bool
	want   string // both sides in the end; "": conflicts or waits stay
	open   bool   // a conflict waits for an answer in the end
}

var treeCases = []treeCase{
	{name: "a ring of which one part is not known", base: "mkdir A; mkdir A/b; mkdir A/a", part: [2]bool{true, false},
		rounds: [][2]string{{"rm A/b", "mv A/b b; mv A b/a"}}},
	{name: "a ring that only one move of two opens", base: "mkdir c; mkdir a; mkdir A; mkdir A/a",
		rounds: [][2]string{{"mv A/a A/b; mv c A/b/a", "mv A c/a"}}, want: "A=dir A/b=dir A/b/a=dir a=dir"},
	{name: "an unchanged record stays in the way of two", base: "mkdir b; mkdir a; put b/b base", blind: true,
		rules:  Rules{ReadOnly: [2]bool{true, false}, Names: [2]NameRule{{}, {FoldCase: true}}},
		rounds: [][2]string{{"mkdir a/a; mkdir b/A; mkdir b/a", "mv b/b b/a"}}},
	{name: "two versions in a directory that waits", base: "mkdir b; put b/a base", rules: Rules{Policy: Both},
		rounds: [][2]string{{"put A 7; put a 10", "mkdir a; rm b/a; mv b a/a"}, {"put b/a 13", "mkdir a/a/b; put a/a/a 12"}}, open: true},
	{name: "a record in conflict renamed over one that waits", base: "mkdir c",
		rounds: [][2]string{{"mkdir A; put c/A 5", "put A 3"}, {"mv c/A t; mv A c/A; mv t c/A/a", ""}}, open: true},
	{name: "a directory that is gone holds nobody", base: "mkdir a; mkdir a/a; mkdir a/A; mkdir a/A/b; mkdir a/A/a",
		rounds: [][2]string{{"mv a/A/b a/a/a", "rm a; put a 16"}, {"mkdir a/a/A", "rm a"}},
		want:   "a=dir a/a=dir a/a/A=dir a/a/a=dir"},
	{name: "both put a directory where a renamed file was", base: "put a base",
		rounds: [][2]string{{"mv a b; mkdir a", "rm a; mkdir a"}}, want: "a=dir b=base"},
	{name: "the old name of a directory that waits is taken", base: "mkdir b; mkdir A; put A/x X; mkdir A/d; put A/d/y Y",
		rounds: [][2]string{{"mv A b/a; put b/a/n N", "rm b; put b F"}, {"mkdir A", "rm b; put A/d/m M"}},
		want:   "A=dir b=dir b/a=dir b/a/d=dir b/a/d/m=M b/a/d/y=Y b/a/n=N b/a/x=X"},
	{name: "a directory moves on after what was put into it", base: "mkdir c; mkdir b; put a two; mkdir c/b; put c/a one",
		rounds: [][2]string{{"mv c b/b", "mv c/b b/b; mv a b/b/a"}},
		want:   "b=dir b/b=dir b/b (conflict beb0d021)=dir b/b (conflict beb0d021)/a=two b/b/a=one"},
	{name: "a conflict at the old name of what waits is recorded once it is free", base: "put a one; put A two", rules: Rules{ReadOnly: [2]bool{true, false}},
		rounds: [][2]string{{"rm a; rm A; mkdir a", "mv A b; mv a A; put a three"}}},
	{name: "Archives into Drafts, Drafts into January", base: "mkdir Archives; mkdir Archives/January; put Archives/January/bill B; mkdir Drafts; put Drafts/letter L",
		rounds: [][2]string{{"mv Archives Drafts/Archives", "mv Drafts Archives/January/Drafts"}}, want: "Archives=dir Archives/January=dir Archives/January/Drafts=dir Archives/January/Drafts/letter=L Archives/January/bill=B"},
	{name: "directories moved into each other", base: "mkdir a; put a/x X; mkdir b; put b/y Y",
		rounds: [][2]string{{"mv a b/a", "mv b a/b"}}, want: "a=dir a/b=dir a/b/y=Y a/x=X"},
	{name: "three directories in a ring", base: "mkdir a; mkdir b; mkdir c; put c/z Z",
		rounds: [][2]string{{"mv a b/a; mv b c/b", "mv c a/c"}}, want: "a=dir a/c=dir a/c/b=dir a/c/z=Z"},
	{name: "a name in another case", base: "put readme X; mkdir dir; put dir/in IN", rules: Rules{Names: [2]NameRule{{FoldCase: true}, {FoldCase: true}}},
		rounds: [][2]string{{"mv readme README; mv dir Dir", "put dir/new N"}}, want: "Dir=dir Dir/in=IN Dir/new=N README=X"},
	{name: "a name in two other cases", base: "put readme X", rules: Rules{Names: [2]NameRule{{FoldCase: true}, {FoldCase: true}}},
		rounds: [][2]string{{"mv readme README", "mv readme Readme"}}, want: "README=X"},
	{name: "two names that are one on the other side", base: "put one X", rules: Rules{Names: [2]NameRule{{}, {FoldCase: true}}},
		rounds: [][2]string{{"put ONE Y", ""}}},
	{name: "a directory deleted where the other side works", base: "mkdir d; mkdir d/e; put d/e/f F; put d/g G; put d/h H",
		rounds: [][2]string{{"rm d", "put d/e/f F2; put d/n N; rm d/h"}}, want: "d=dir d/e=dir d/e/f=F2 d/n=N"},
	{name: "a directory renamed where the other side deletes it", base: "mkdir d; put d/f F; mkdir d/e; put d/e/g G",
		rounds: [][2]string{{"mv d kept", "rm d"}}, want: "kept=dir kept/e=dir kept/e/g=G kept/f=F"},
	{name: "moved out of a directory that the other side deletes", base: "mkdir d; put d/f F; put d/g G",
		rounds: [][2]string{{"mv d/f f", "rm d"}}, want: "f=F"},
	{name: "moved into a directory that the other side deletes", base: "mkdir d; put d/g G; put f F",
		rounds: [][2]string{{"mv f d/f", "rm d"}}, want: "d=dir d/f=F"},
	{name: "one file moved to two places", base: "mkdir a; mkdir b; put f F",
		rounds: [][2]string{{"mv f a/f", "mv f b/f"}}, want: "a=dir a/f=F b=dir"},
	{name: "two files moved to one place", base: "put f F; put g G; mkdir d",
		rounds: [][2]string{{"mv f d/x", "mv g d/x"}}, want: "d=dir d/x=G d/x (conflict 5769a382)=F"},
	{name: "saved by an editor that renames", base: "put doc v1",
		rounds: [][2]string{{"put tmp v2; rm doc; mv tmp doc", ""}}, want: "doc=v2"},
	{name: "saved by an editor that keeps a backup", base: "put doc v1",
		rounds: [][2]string{{"mv doc doc~; put doc v2", "put doc v3"}}, open: true},
	{name: "the same done on both sides", base: "mkdir d; put d/f F; put g G",
		rounds: [][2]string{{"mv d e; put e/f F2; rm g; mkdir n", "mv d e; put e/f F2; rm g; mkdir n"}}, want: "e=dir e/f=F2 n=dir"},
	{name: "both put a file where a renamed directory was", base: "mkdir a; put a/x X",
		rounds: [][2]string{{"mv a b; put a one", "rm a; put a one"}}, want: "a=one b=dir b/x=X"},
}

func TestTreeCases(t *testing.T) {
	for _, c := range treeCases {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(true)
			p.m[0].nodes, p.m[1].nodes = !c.blind, !c.blind
			p.m[0].script(t, c.base)
			p.mustRun(t)
			c.rules.Tree, c.rules.Guard.Off = true, true
			p.rules, p.partial = c.rules, c.part
			for s := range p.m {
				p.m[s].rule = c.rules.Names[s]
			}
			for _, edits := range c.rounds {
				p.m[0].script(t, edits[0])
				p.m[1].script(t, edits[1])
				had := p.contents()
				if a, b := p.plan().lines(false), p.mirrored().plan().lines(true); a != b {
					t.Fatalf("not symmetric:\n%s\nmirror image:\n%s", a, b)
				}
				if _, err := p.settleDown(3); err != nil {
					t.Fatal(err)
				}
				for c := range had {
					if !p.contents()[c] {
						t.Fatalf("%s is lost\n%s", c, p.log)
					}
				}
			}
			last := p.plan()
			if c.want != "" && (p.m[0].String() != c.want || p.m[1].String() != c.want || len(last.Actions()) > 0) {
				t.Fatalf("%s\nA %s\nB %s\nwant %s\n%s", p.log, p.m[0], p.m[1], c.want, last.text())
			}
			open := slices.ContainsFunc(last.Actions(), func(a Action) bool { return a.Reason == ConflictOpen })
			if open != c.open {
				t.Fatalf("open conflict %v, want %v\n%s%s", open, c.open, p.log, last.text())
			}
			if c.want == "" && len(last.Actions()) == 0 {
				t.Fatalf("nothing waits\n%s\nA %s\nB %s", p.log, p.m[0], p.m[1])
			}
		})
	}
}

// contents is what both sides hold or have overwritten.
func (p *pair) contents() map[string]bool {
	out := map[string]bool{}
	for s := range p.m {
		for _, c := range append(p.m[s].contents(), p.m[s].gone...) {
			out[c] = true
		}
	}
	return out
}

// A row whose store was replaced is dropped: what stood below it is decided about once, not twice.
func TestVoidRowIsNoDirectory(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir b; mkdir b/a")
	p.mustRun(t)
	p.rules.Direction = MirrorBToA
	p.m[0].script(t, "rm b/a; mkdir a")
	p.m[1].script(t, "rm b; mkdir a")
	p.replaced[0], p.partial[0] = true, true
	n := 0
	for _, a := range p.plan().Actions() {
		if a.At[0] == "b" {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d actions about one directory:\n%s", n, p.plan().text())
	}
}

// TestRowsFollowWhatThePlanMoves: a file that one side renamed and the other moved ends where a younger directory is, which is
// renamed on both sides. What is in it keeps its row, so that a deletion made there next is one.
func TestRowsFollowWhatThePlanMoves(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "put g G")
	p.mustRun(t)
	p.m[0].script(t, "mkdir x; mkdir x/b; put x/b/in IN; mkdir x/b/sub; put x/b/sub/deep DEEP")
	p.mustRun(t)
	p.m[0].script(t, "mv g b")
	p.m[1].script(t, "mv g x/g")
	plan := p.mustRun(t)
	if p.m[0].recs["x/b"] == nil || p.m[0].recs["x/b"].content != "G" || len(p.rows) != 6 {
		t.Fatal(plan.text(), p.m[0], p.m[1])
	}
	for _, id := range p.m[0].ids() {
		if name(id) == "in" || name(id) == "deep" {
			p.m[0].remove(id)
		}
	}
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[1].recs) != 4 || p.m[0].String() != p.m[1].String() {
		t.Fatal("a deletion was reverted: ", p.m[0], p.m[1])
	}
}
