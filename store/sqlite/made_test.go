package sqlite_test

import (
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestMade: a record says when its present life began, whatever is done to it, also in another collection; so does a collection.
func TestMade(t *testing.T) {
	now := int64(1000)
	st, err := sqlite.OpenMemory(sqlite.Options{Now: func() int64 { return now }})
	must(t, err)
	defer st.Close()
	ctx := t.Context()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "ann"}))
	made := func(name string) tandem.Collection {
		c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "ann", Kind: tandem.Mail, Name: name})
		must(t, err)
		if c.Made != now {
			t.Errorf("%s was made at %d, says %d", name, now, c.Made)
		}
		return c
	}
	a, b := made("a"), made("b")
	get := func(c tandem.Collection, id tandem.ID) (r store.HomeRecord) {
		t.Helper()
		for rec, err := range st.Home.Get(ctx, c.ID, []tandem.ID{id}) {
			must(t, err)
			r = rec
		}
		return r
	}
	do := func(c tandem.Collection, want int64, w store.HomeWrite) {
		t.Helper()
		now += 100
		if w.Op != tandem.Create {
			w.If = get(c, w.ID).Version
		}
		out, err := st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{w})
		must(t, err)
		must(t, out[0].Err)
		if r := get(c, out[0].ID); r.Made != want {
			t.Errorf("after %d of %s it says that it was made at %d, want %d", w.Op, w.ID, r.Made, want)
		}
	}
	write := func(op tandem.Op, id tandem.ID) store.HomeWrite {
		return store.HomeWrite{Write: tandem.Write{Op: op, ID: id, To: "y", Record: tandem.Record{Body: tandem.Bytes("x")}}}
	}
	do(a, 1100, write(tandem.Create, "x"))
	do(a, 1100, write(tandem.Update, "x"))
	do(a, 1100, write(tandem.SetAttrs, "x"))
	do(a, 1100, write(tandem.Move, "x"))
	from := get(a, "y")
	do(b, 1100, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: "z"}, From: from.Number, FromSeq: from.Seq, Take: true})
	from = get(b, "z")
	do(b, 1600, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: "copy"}, From: from.Number, FromSeq: from.Seq})
	do(a, 1700, write(tandem.Create, "y"))
	do(a, 0, write(tandem.Delete, "y"))
	do(a, 1900, write(tandem.Create, "y"))
}
