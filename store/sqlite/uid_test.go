package sqlite_test

import (
	"crypto/sha256"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// A store in which earlier versions gave one UID to two records opens, and both can be worked with. Nothing is added to them.
func TestDoubledUIDsStay(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	ctx := t.Context()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "ann"}))
	c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "c"})
	must(t, err)
	write := func(op tandem.Op, id tandem.ID, at tandem.Version, uid, body string) tandem.Outcome {
		t.Helper()
		w := store.HomeWrite{Write: tandem.Write{Op: op, ID: id, If: at, Record: tandem.Record{Body: tandem.Bytes(body)}}, Digest: sha256.Sum256([]byte(body)),
			Index: tandem.Index{UID: uid}}
		outs, err := st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{w})
		must(t, err)
		return outs[0]
	}
	one, two := write(tandem.Create, "one", "", "u", "1"), write(tandem.Create, "two", "", "v", "2")
	must(t, st.Close())
	db := raw(t, dir)
	_, err = db.Exec("UPDATE record SET uid = 'u' WHERE id = 'two'") // as the program wrote it before it knew the rule
	must(t, err)
	must(t, db.Close())

	st, err = sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	if o := write(tandem.Create, "three", "", "u", "3"); !tandem.IsKind(o.Err, tandem.Exists) {
		t.Fatalf("a third with that UID: %s, %v", o.Status, o.Err)
	}
	one, two = write(tandem.Update, "one", one.Version, "u", "1b"), write(tandem.Update, "two", two.Version, "u", "2b")
	if one.Status != tandem.Applied || two.Status != tandem.Applied {
		t.Fatalf("edits of the two: %+v, %+v", one, two)
	}
	two = write(tandem.Update, "two", two.Version, "w", "2c")
	if back := write(tandem.Update, "two", two.Version, "u", "2d"); !tandem.IsKind(back.Err, tandem.Exists) {
		t.Fatalf("doubled once more: %+v", back)
	}
	if o := write(tandem.Delete, "one", one.Version, "", ""); o.Status != tandem.Applied {
		t.Fatalf("%+v", o)
	}
	if o := write(tandem.Update, "two", two.Version, "u", "2d"); o.Status != tandem.Applied {
		t.Fatalf("the UID is free again: %+v", o)
	}
}
