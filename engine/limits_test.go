package engine

import (
	"slices"
	"strings"
	"testing"

	"tandem"
)

// What a side cannot hold, or may not be made to.

func TestTooLargeBodiesWait(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := newPair(tree)
		p.rules.MaxSize[1] = 4
		p.m[0].put("big", "12345").uid = "1"
		p.m[0].put("fits", "1234").uid = "2"
		plan := p.mustRun(t)
		if len(p.m[1].recs) != 1 || plan.doing(Copy) != 1 || plan.doing(Wait) != 1 {
			t.Fatal(plan.text())
		}
		p.quiet(t)
		p.m[0].put("fits", "grown") // an update is no way round the limit
		if plan := p.mustRun(t); plan.doing(Update) != 0 || !strings.Contains(plan.text(), "too large") {
			t.Fatal(plan.text())
		}
		p.rules.MaxSize[1] = 5
		p.mustRun(t)
		if strings.Join(p.m[1].contents(), " ") != "12345 grown" {
			t.Fatal(p.m[1])
		}
		p.quiet(t)
	}
}

func TestTooLargeWinnerOfAPolicyWaits(t *testing.T) {
	p := agreedPair(t, true, 1)
	p.rules.Policy, p.rules.MaxSize[1] = PreferA, 12
	p.m[0].put("x00", "longer than that")
	p.m[1].put("x00", "short")
	p.mustRun(t)
	if p.m[1].recs["x00"].content != "short" || p.m[0].recs["x00"].content != "longer than that" {
		t.Fatal(p.m[0], p.m[1])
	}
}

func TestWindowsNamesWait(t *testing.T) {
	p := newPair(true)
	p.rules.Names[1].Windows = true
	bad := []tandem.ID{"CON", "aux.txt", "com1", "LPT9.log", "a:b", "what?", "end.", "end ", "tab\t", "nul.tar.gz", "COM¹", "con .txt"}
	good := []tandem.ID{"console", "COM", "com10", ".hidden", "a.b", "ümlaut", "LPT", "nul-1"}
	for _, id := range append(bad, good...) {
		p.m[0].put(id, string(id))
	}
	p.m[0].script(t, "mkdir ok; put ok/prn 1; mkdir lpt1; put lpt1/in 2")
	plan := p.mustRun(t)
	for _, id := range append(good, "ok") {
		if p.m[1].recs[id] == nil {
			t.Errorf("%q was not copied:\n%s", id, plan.text())
		}
	}
	if len(p.m[1].recs) != len(good)+1 || plan.doing(Wait) != len(bad)+3 {
		t.Fatalf("%s\n%s", plan.text(), p.m[1])
	}
	p.quiet(t)
	p.m[0].rename("CON", "allowed")
	p.m[0].rename("a.b", "a.b.") // what is there already stays under its old name
	p.mustRun(t)
	if p.m[1].recs["allowed"] == nil || p.m[1].recs["a.b"] == nil {
		t.Fatal(p.m[1])
	}
}

func TestNormalFormsAreOneName(t *testing.T) {
	const nfc, nfd = "caf\u00e9", "cafe\u0301"
	p := newPair(true)
	p.rules.Names[1].NFC, p.m[1].rule.NFC = true, true
	p.m[0].script(t, "mkdir "+nfd+"; put "+nfd+"/x X")
	p.mustRun(t)
	p.m[1].rename(nfd, nfc) // a place that keeps names in a form of its own
	p.mustRun(t)
	if p.m[0].recs[nfd] == nil || p.m[1].recs[nfc] == nil || len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2 {
		t.Fatalf("%q %q", p.m[0], p.m[1])
	}
	p.quiet(t)
	p.m[1].script(t, "put "+nfc+"/y Y")
	p.m[0].script(t, "put "+nfd+"/x X2; mv "+nfd+" new")
	p.mustRun(t)
	if p.m[0].String() != "new=dir new/x=X2 new/y=Y" || p.m[1].String() != p.m[0].String() {
		t.Fatalf("%q %q", p.m[0], p.m[1])
	}
	p.quiet(t)
}

func TestNormalFormsMeetOnAFirstSync(t *testing.T) {
	p := newPair(true)
	p.rules.Names[1].NFC, p.m[1].rule.NFC = true, true
	p.m[0].put("cafe\u0301", "same")
	p.m[1].put("caf\u00e9", "same")
	if plan := p.mustRun(t); len(plan.Actions()) != 0 || len(p.rows) != 1 {
		t.Fatal(plan.text())
	}
	p.quiet(t)
	p.m[0].put("caf\u00e9", "a second one") // possible here, not there
	p.mustRun(t)
	if len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2 || p.m[0].recs["cafe\u0301"].content != "same" || p.m[1].recs["caf\u00e9"].content != "same" {
		t.Fatal(p.m[0], p.m[1])
	}
	p.quiet(t)
}

func TestReadOnlySideIsNotWritten(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 4)
		var ids []tandem.ID // on B, in the order of A's
		for r := range p.baseRows() {
			ids = append(ids, r.B.ID)
		}
		slices.SortFunc(ids, func(x, y tandem.ID) int { return strings.Compare(p.m[1].recs[x].content, p.m[1].recs[y].content) })
		p.rules.ReadOnly[0], p.rules.Guard.Off = true, true
		before := p.m[0].String()
		p.m[1].remove(ids[0])
		p.m[1].put(ids[1], "edited there")
		p.m[1].put("new", "new there").uid = "u"
		p.mustRun(t)
		if p.m[0].String() != before {
			t.Fatal("a side that may only be read was written", p.m[0])
		}
		p.quiet(t)
		p.m[0].put("x02", "edited here")
		p.m[0].remove("x03")
		p.mustRun(t)
		p.quiet(t)
		if p.m[1].recs[ids[2]].content != "edited here" || p.m[1].recs[ids[3]] != nil {
			t.Fatal(p.m[1])
		}
		p.rules.ReadOnly[0] = false // what waited is caught up with
		p.mustRun(t)
		if strings.Join(p.m[0].contents(), " ") != strings.Join(p.m[1].contents(), " ") || len(p.m[0].recs) != 3 {
			t.Fatalf("tree %v: %s | %s", tree, p.m[0], p.m[1])
		}
	}
}
