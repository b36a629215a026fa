package engine

import (
	"strings"
	"testing"

	"tandem"
)

// TestAttrsMergeByKey: what one side changed reaches the other; where both did, the larger value wins on both.
func TestAttrsMergeByKey(t *testing.T) {
	cases := []struct{ name, base, a, b, wantA, wantB string }{
		{"one side", "mode=644", "mode=755", "mode=644", "mode=755", "mode=755"},
		{"other side takes away", "mode=644 tag=x", "mode=644 tag=x", "mode=644", "mode=644", "mode=644"},
		{"two keys", "mode=644 mtime=10", "mode=755 mtime=10", "mode=644 mtime=20", "mode=755 mtime=20", "mode=755 mtime=20"},
		{"same key", "mtime=10", "mtime=9", "mtime=11", "mtime=11", "mtime=11"},
		{"numbers by value", "mtime=5", "mtime=9", "mtime=10", "mtime=10", "mtime=10"},
		{"taken away against changed", "tag=a", "", "tag=b", "tag=b", "tag=b"},
		{"added on both", "", "x=1", "y=2", "x=1 y=2", "x=1 y=2"},
		{"alike on both", "x=1", "x=2", "x=2", "x=2", "x=2"},
	}
	for _, c := range cases {
		for _, flip := range []bool{false, true} {
			p := newPair(true)
			p.m[0].put("f", "F").attrs = attrsOf(c.base)
			p.mustRun(t)
			a, b := 0, 1
			if flip {
				a, b = 1, 0
			}
			for s, text := range map[int]string{a: c.a, b: c.b} {
				p.m[s].recs["f"].attrs = attrsOf(text)
				p.m[s].recs["f"].version = p.m[s].next()
			}
			plan := p.mustRun(t)
			if p.m[a].recs["f"].attrs != attrsOf(c.wantA) || p.m[b].recs["f"].attrs != attrsOf(c.wantB) || plan.doing(Update) > 0 {
				t.Errorf("%s, flipped %v: %q %q\n%s", c.name, flip, p.m[a].recs["f"].attrs, p.m[b].recs["f"].attrs, plan.text())
			}
			p.quiet(t)
		}
	}
}

func attrsOf(text string) tandem.Attrs {
	m := map[string]string{}
	for _, kv := range fields(text) {
		m[kv[0]] = kv[1]
	}
	return tandem.MakeAttrs(m)
}

// TestAttrsGoWithAnEdit: a body edited here and attributes changed there end up together on both.
func TestAttrsGoWithAnEdit(t *testing.T) {
	p := newPair(true)
	p.m[0].put("f", "F").attrs = attrsOf("mode=644")
	p.mustRun(t)
	p.m[0].put("f", "F2")
	p.m[1].recs["f"].attrs = attrsOf("mode=755")
	p.m[1].recs["f"].version = p.m[1].next()
	p.mustRun(t)
	for s := range p.m {
		if f := p.m[s].recs["f"]; f.content != "F2" || f.attrs != attrsOf("mode=755") {
			t.Fatalf("side %d: %+v", s, f)
		}
	}
	p.quiet(t)
}

// TestOwnPrecisionStays: a place that keeps whole seconds differs from the start, which is no change of anybody's.
func TestOwnPrecisionStays(t *testing.T) {
	p := agreedPair(t, true, 1)
	for l, r := range p.rows {
		r.A.Attrs, r.B.Attrs = attrsOf("mtime=100.5"), attrsOf("mtime=100")
		p.rows[l] = r
	}
	p.m[0].recs["x00"].attrs, p.m[1].recs["x00"].attrs = attrsOf("mtime=100.5"), attrsOf("mtime=100")
	p.m[1].recs["x00"].version = p.m[1].next()
	if plan := p.mustRun(t); len(plan.Actions()) > 0 {
		t.Fatal(plan.text())
	}
	p.quiet(t)
}

func TestSideWithoutAttributesIsNotGivenAny(t *testing.T) {
	for s := range 2 {
		p := newPair(true)
		p.rules.NoAttrs[s] = true
		p.m[1-s].put("f", "F").attrs = attrsOf("mode=755 tag=x")
		p.mustRun(t)
		p.m[s].recs["f"].attrs = "" // it did not keep them
		p.m[s].recs["f"].version = p.m[s].next()
		p.mustRun(t)
		p.quiet(t)
		p.m[1-s].recs["f"].attrs = attrsOf("mode=700")
		p.m[1-s].recs["f"].version = p.m[1-s].next()
		if plan := p.mustRun(t); len(plan.Actions()) > 0 {
			t.Fatalf("side %d: %s", s, plan.text())
		}
		p.m[s].put("f", "F2") // an edit there must not take them away here
		p.mustRun(t)
		p.quiet(t)
		if f := p.m[1-s].recs["f"]; f.content != "F2" || f.attrs != attrsOf("mode=700") {
			t.Fatalf("side %d: %+v", s, f)
		}
	}
}

// fields splits "k=v k=v".
func fields(text string) (out [][2]string) {
	for _, f := range strings.Fields(text) {
		k, v, _ := strings.Cut(f, "=")
		out = append(out, [2]string{k, v})
	}
	return out
}

// TestAttrsWhenBothAreKept: attributes go with the body they stood beside, and rows hold what the places do, also where that is
// none: a row that held the merged ones would pass them on with the next edit.
func TestAttrsWhenBothAreKept(t *testing.T) {
	for _, noMerge := range []bool{false, true} {
		for n := range 4 { // the contents decide which version gets the second name
			flip, plain, marked := n/2, []string{"one", "two"}[n%2], []string{"two", "one"}[n%2]
			p := newPair(true)
			p.rules.Policy, p.rules.NoMerge = Both, noMerge
			p.m[flip].put("f", plain)
			p.m[1-flip].put("f", marked).attrs = attrsOf("mode=600")
			plan := p.mustRun(t)
			if plan.doing(Merge)+plan.doing(KeepBoth) != 1 {
				t.Fatal(plan.text())
			}
			beside := map[string]tandem.Attrs{plain: "", marked: attrsOf("mode=600")}
			for s := range p.m {
				for id, f := range p.m[s].recs {
					if f.attrs != beside[f.content] {
						t.Errorf("merge %v, case %d: side %d has %s with %q", !noMerge, n, s, id, f.attrs)
					}
				}
			}
			for row := range p.baseRows() {
				for s := range p.m {
					if is := row.Side(tandem.Side(s)); is.Attrs != p.m[s].recs[is.ID].attrs {
						t.Errorf("merge %v, case %d: side %d has %s with %q, the row with %q", !noMerge, n, s, is.ID, p.m[s].recs[is.ID].attrs, is.Attrs)
					}
				}
			}
			p.m[flip].put("f", "three")
			p.mustRun(t)
			p.quiet(t)
			if a, b := p.m[0].recs["f"], p.m[1].recs["f"]; a.attrs != b.attrs || a.content != b.content {
				t.Errorf("merge %v, case %d: %+v against %+v", !noMerge, n, a, b)
			}
		}
	}
}

// TestLasting: where a body never changes, another version is one of attributes, and the body is not asked for; but not where the row does not say what that side's body
// is, and not in another store.
func TestLasting(t *testing.T) {
	digest := tandem.Digest{1}
	for _, c := range []struct {
		name              string
		lasting, replaced bool
		version           tandem.Version
		asks              int
	}{{"lasting", true, false, "1", 0}, {"not lasting", false, false, "1", 1}, {"another store", true, true, "1", 1}, {"no version", true, false, "", 1}} {
		base, err := NewBase(func(yield func(tandem.Row, error) bool) {
			yield(tandem.Row{Link: 1, A: tandem.Shown{ID: "a", Version: c.version, Digest: digest, Attrs: "x=1"}, B: tandem.Shown{ID: "b", Version: "1", Digest: digest, Attrs: "x=1"}}, nil)
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
		a, b := base.View(sideA, c.replaced), base.View(sideB, false)
		if c.lasting {
			a.Lasting()
		}
		a.See(tandem.Change{ID: "a", Presence: tandem.Present, Meta: tandem.Meta{Version: "2", Attrs: "x=2"}})
		b.See(tandem.Change{ID: "b", Presence: tandem.Present, Meta: tandem.Meta{Version: "1", Attrs: "x=1"}})
		a.Finish(tandem.Listing{Complete: true, Full: true})
		b.Finish(tandem.Listing{Complete: true, Full: true})
		ask, _ := NeedDigests(base, a, b, Rules{})
		if len(ask) != c.asks {
			t.Errorf("%s: asks for %q", c.name, ask)
		}
		if c.asks > 0 {
			continue
		}
		if plan := Reconcile(base, a, b, Rules{}); len(plan.Actions()) != 1 || plan.Actions()[0].Do != SetAttrs || plan.Actions()[0].Attrs != "x=2" {
			t.Errorf("%s: %+v", c.name, plan.Actions())
		}
	}
}
