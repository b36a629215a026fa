package engine

import "testing"

// TestOneWayIntoADeletedDirectory: what the target of a one-way pair deleted on its own stays deleted there, but what the source
// changes still reaches it, and a directory comes back for that. A mirror puts everything back.
func TestOneWayIntoADeletedDirectory(t *testing.T) {
	cases := []struct {
		name, edit string
		rule       DeleteRule
		want       string // of the target
		mirror     string
		waits      int
		open       bool
	}{
		{name: "nothing changed", want: "keep=K", mirror: "d=dir d/e=dir d/e/y=Y d/x=X keep=K", waits: 4},
		{name: "a new file", edit: "put d/new N", want: "d=dir d/new=N keep=K", mirror: "d=dir d/e=dir d/e/y=Y d/new=N d/x=X keep=K", waits: 3},
		{name: "a new file where deletions win", edit: "put d/new N", rule: DeleteWins, want: "d=dir d/new=N keep=K",
			mirror: "d=dir d/e=dir d/e/y=Y d/new=N d/x=X keep=K", waits: 3},
		{name: "a new file further down", edit: "put d/e/new N", want: "d=dir d/e=dir d/e/new=N keep=K",
			mirror: "d=dir d/e=dir d/e/new=N d/e/y=Y d/x=X keep=K", waits: 2},
		{name: "a new directory", edit: "mkdir d/s; put d/s/n N", want: "d=dir d/s=dir d/s/n=N keep=K",
			mirror: "d=dir d/e=dir d/e/y=Y d/s=dir d/s/n=N d/x=X keep=K", waits: 3},
		{name: "a changed file", edit: "put d/x X2", want: "d=dir d/x=X2 keep=K", mirror: "d=dir d/e=dir d/e/y=Y d/x=X2 keep=K", waits: 2},
		{name: "a changed file where deletions win", edit: "put d/x X2", rule: DeleteWins, want: "keep=K",
			mirror: "d=dir d/e=dir d/e/y=Y d/x=X2 keep=K", waits: 4},
		{name: "a changed file to be asked about", edit: "put d/x X2", rule: AskDelete, want: "keep=K",
			mirror: "d=dir d/e=dir d/e/y=Y d/x=X2 keep=K", waits: 4, open: true},
		{name: "a renamed file", edit: "mv d/x d/z", want: "d=dir d/z=X keep=K", mirror: "d=dir d/e=dir d/e/y=Y d/z=X keep=K", waits: 2},
		{name: "a renamed directory", edit: "mv d f", want: "f=dir f/e=dir f/e/y=Y f/x=X keep=K", mirror: "f=dir f/e=dir f/e/y=Y f/x=X keep=K"},
		{name: "a file moved in", edit: "mv keep d/keep", want: "d=dir d/keep=K", mirror: "d=dir d/e=dir d/e/y=Y d/keep=K d/x=X", waits: 3},
		{name: "deleted there too", edit: "rm d", want: "keep=K", mirror: "keep=K"},
	}
	for _, c := range cases {
		for _, dir := range []Direction{AToB, BToA, MirrorAToB, MirrorBToA} {
			src, want, waits := 0, c.want, c.waits
			if dir == BToA || dir == MirrorBToA {
				src = 1
			}
			if dir >= MirrorAToB {
				want, waits = c.mirror, 0
			}
			p := newPair(true)
			p.m[src].script(t, "mkdir d; put d/x X; mkdir d/e; put d/e/y Y; put keep K")
			p.mustRun(t)
			p.rules.Direction, p.rules.DeleteVsChange = dir, c.rule
			p.m[src].script(t, c.edit)
			p.m[1-src].script(t, "rm d")
			had := p.m[src].String()
			if _, err := p.settleDown(2); err != nil {
				t.Fatalf("%s, %s: %v", c.name, directionNames[dir], err)
			}
			last := p.plan()
			open := false
			for _, a := range last.Actions() {
				open = open || a.Reason == ConflictOpen
			}
			if p.m[src].String() != had || p.m[1-src].String() != want || len(last.Actions()) != waits || open != (c.open && dir < MirrorAToB) {
				t.Errorf("%s, %s:\nsource %s\ntarget %s\n  want %s\n%s", c.name, directionNames[dir], p.m[src], p.m[1-src], want, last.text())
			}
		}
	}
}

// TestOneWayDirectoryThatCannotComeBack: where its name is taken, what is below it goes on waiting.
func TestOneWayDirectoryThatCannotComeBack(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put d/x X")
	p.mustRun(t)
	p.rules.Direction = AToB
	p.m[0].script(t, "put d/new N")
	p.m[1].script(t, "rm d; put d own")
	if _, err := p.settleDown(3); err != nil {
		t.Fatal(err)
	}
	if p.m[1].String() != "d=own" || len(p.plan().Actions()) == 0 {
		t.Fatal(p.m[1], p.plan().text())
	}
	p.m[1].remove("d")
	if _, err := p.settleDown(3); err != nil {
		t.Fatal(err)
	}
	if p.m[1].recs["d/new"] == nil {
		t.Fatal(p.m[1], p.plan().text())
	}
}
