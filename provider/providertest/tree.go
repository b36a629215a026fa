package providertest

import (
	"tandem"
)

func dirAttrs() tandem.Attrs { return tandem.MakeAttrs(map[string]string{"type": "dir"}) }

// mkdir is the write that makes a directory.
func (b *bench) mkdir(id tandem.ID) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: id, Marker: marker(id), Record: tandem.Record{Meta: tandem.Meta{Attrs: dirAttrs()}}}
}

// tree makes d, d/e, d/e/x (sample 1), d/y (sample 2) in one go, parents first.
func (b *bench) tree() map[tandem.ID]tandem.Outcome {
	b.Helper()
	outs := map[tandem.ID]tandem.Outcome{}
	for _, o := range b.apply(b.mkdir("d"), b.mkdir("d/e"), b.createAs(1, "d/e/x"), b.createAs(2, "d/y")) {
		if o.Status != tandem.Applied {
			b.Fatalf("%q: %s, %v", o.ID, o.Status, o.Err)
		}
		outs[o.ID] = o
	}
	return outs
}

func values(m map[tandem.ID]tandem.Outcome) []tandem.Outcome {
	var out []tandem.Outcome
	for _, o := range m {
		out = append(out, o)
	}
	return out
}

func testTreeOrder(b *bench) {
	b.needs(b.features.Tree, "directories")
	outs := b.tree()
	// What happens inside a directory is no news of the directory.
	b.exactly(values(outs)...)
	for _, id := range []tandem.ID{"d", "d/e"} {
		if outs[id].Attrs.Get("type") != "dir" {
			b.Errorf("%q has attributes %q, want a directory", id, outs[id].Attrs)
		}
		if rec, _ := b.fetch(id); rec.Body != nil || rec.Attrs.Get("type") != "dir" {
			b.Errorf("%q is fetched with body %v and attributes %q, want a directory", id, rec.Body, rec.Attrs)
		}
	}
	b.holds("d/e/x", 1, 1, 0)
	del := func(id tandem.ID) tandem.Write {
		return tandem.Write{Op: tandem.Delete, ID: id, If: outs[id].Version}
	}
	for _, o := range b.apply(del("d/e/x"), del("d/e"), del("d/y"), del("d")) {
		if o.Status != tandem.Applied {
			b.Errorf("delete %q: %s, %v", o.ID, o.Status, o.Err)
		}
	}
	b.exactly()
}

func testTreeMoves(b *bench) {
	b.needs(b.features.Tree && b.features.Rename, "moving directories")
	outs := b.tree()
	moved := b.must(tandem.Write{Op: tandem.Move, ID: "d/e", To: "f", If: outs["d/e"].Version})
	all := b.all()
	if len(all) != 4 {
		b.Errorf("%d records after a move, want 4", len(all))
	}
	b.shows(all["f"], moved)
	if all["f/x"].Presence != tandem.Present {
		b.Errorf("the child did not follow: %+v", all)
	}
	b.holds("f/x", 1, 1, 0)
	b.holds("d/y", 2, 1, 0)
	b.shows(all["d/y"], outs["d/y"])
	// A file between directories, and a directory into another.
	o := b.must(tandem.Write{Op: tandem.Move, ID: "f/x", To: "d/x", If: all["f/x"].Version})
	b.must(tandem.Write{Op: tandem.Move, ID: "f", To: "d/f", If: moved.Version})
	b.holds(o.ID, 1, 1, 0)
	if all := b.all(); len(all) != 4 || all["d/f"].Attrs.Get("type") != "dir" {
		b.Errorf("after three moves: %+v", all)
	}
}

func testTreeRefusals(b *bench) {
	b.needs(b.features.Tree, "directories")
	outs := b.tree()
	// not applies a write that may be refused in any way but must not happen.
	not := func(what string, w tandem.Write) {
		b.Helper()
		if o := b.apply(w)[0]; o.Status == tandem.Applied || o.Status == tandem.Maybe {
			b.Errorf("%s: %s", what, o.Status)
		}
	}
	b.refused(tandem.Write{Op: tandem.Delete, ID: "d", If: outs["d"].Version}, tandem.PreconditionFailed)
	b.refused(b.createAs(3, "d"), tandem.PreconditionFailed)
	b.refused(b.mkdir("d/y"), tandem.PreconditionFailed)
	not("a record below nothing", b.createAs(3, "none/x"))
	not("a record below a file", b.createAs(3, "d/y/x"))
	not("a file over a filled directory", tandem.Write{Op: tandem.Update, ID: "d", If: outs["d"].Version, Record: b.record(3, 1, 0)})
	for _, id := range []tandem.ID{"../escape", "/absolute", "d/../../escape", "d//x", "d/./x", "..", "."} {
		not("an id outside the tree or not clean", b.createAs(3, id))
	}
	if b.features.Rename {
		not("a directory moved into itself", tandem.Write{Op: tandem.Move, ID: "d", To: "d/e/d", If: outs["d"].Version})
		not("a file moved outside", tandem.Write{Op: tandem.Move, ID: "d/y", To: "../y", If: outs["d/y"].Version})
		not("a file moved below nothing", tandem.Write{Op: tandem.Move, ID: "d/y", To: "none/y", If: outs["d/y"].Version})
	}
	b.exactly(values(outs)...)
	b.holds("d/y", 2, 1, 0)
	b.holds("d/e/x", 1, 1, 0)
}
