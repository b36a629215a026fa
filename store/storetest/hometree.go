package storetest

import (
	"maps"
	"slices"

	"tandem"
	"tandem/store"
)

func testMove(k *kit) {
	c := k.collection(tandem.Contact)
	o := k.applied(c, put(tandem.Create, "old", "", "x"))
	k.applied(c, put(tandem.Create, "taken", "", "y"))
	move := func(id, to tandem.ID, at tandem.Version) store.HomeWrite {
		return store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: id, To: to, If: at}}
	}
	k.refused(c, move("old", "taken", o.Version), tandem.PreconditionFailed)
	k.refused(c, move("old", "", o.Version), tandem.Rejected)
	m := k.applied(c, move("old", "new", o.Version))
	if m.ID != "new" || m.Digest != o.Digest || m.Version == o.Version || m.Node != o.Node {
		k.Fatalf("moved to %+v", m)
	}
	got := k.since(c, 2)
	if len(got) != 2 || !got[0].Deleted || got[0].ID != "old" || got[1].ID != "new" || got[1].Version != m.Version {
		k.Fatalf("news of a move: %+v", got)
	}
	if k.body(k.get(c, "new")["new"].Body) != "x" {
		k.Fatal("the body did not move")
	}
	back := k.applied(c, move("new", "old", m.Version))
	if all := k.since(c, 0); len(all) != 3 || back.ID != "old" {
		k.Fatalf("moved back: %+v", all)
	}
}

func testTree(k *kit) {
	c := k.collection(tandem.File)
	dir := func(id tandem.ID) store.HomeWrite {
		return store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Meta: tandem.Meta{Attrs: "type=dir"}}}}
	}
	d := k.applied(c, dir("d"))
	k.applied(c, dir("d/e"))
	x := k.applied(c, put(tandem.Create, "d/e/x", "", "x"))
	k.applied(c, put(tandem.Create, "d0", "", "not below d"))
	for _, id := range []tandem.ID{"none/x", "d/e/x/y", "/abs", "d//x", "../x", "d/.", "a\x00b"} {
		k.refused(c, put(tandem.Create, id, "", "x"), tandem.Rejected)
	}
	k.refused(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "d", If: d.Version}}, tandem.PreconditionFailed)
	k.refused(c, put(tandem.Update, "d", d.Version, "a file now"), tandem.Rejected)
	into := store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: "d", To: "d/e/d", If: d.Version}}
	k.refused(c, into, tandem.Rejected)
	before := k.since(c, 0)
	into.To = "f"
	m := k.applied(c, into)
	got := k.get(c, "f", "f/e", "f/e/x", "d", "d/e", "d/e/x", "d0")
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []tandem.ID{"d0", "f", "f/e", "f/e/x"}) {
		k.Fatalf("after a move: %v", ids)
	}
	if got["f"].Version != m.Version || k.body(got["f/e/x"].Body) != "x" || got["f/e/x"].Digest != x.Digest {
		k.Fatalf("after a move: %+v, outcome %+v", got, m)
	}
	news := k.since(c, before[len(before)-1].Seq)
	if len(news) != 6 {
		k.Fatalf("news of a move with two children: %+v", news)
	}
	for _, id := range []tandem.ID{"f/e/x", "f/e", "f"} {
		k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: got[id].Version}})
	}
}
