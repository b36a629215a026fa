package storetest

import (
	"crypto/sha256"
	"reflect"
	"slices"
	"testing"

	"tandem"
	"tandem/store"
)

func runHome(t *testing.T, run runner) {
	run(t, "Collections", testCollections)
	run(t, "Create", testCreate)
	run(t, "UpdateAndDelete", testUpdateAndDelete)
	run(t, "Preconditions", testPreconditions)
	run(t, "OneUID", testOneUID)
	run(t, "UIDsElsewhere", testUIDsElsewhere)
	run(t, "Marker", testMarker)
	run(t, "Since", testSince)
	run(t, "Tombstones", testTombstones)
	run(t, "Move", testMove)
	run(t, "Tree", testTree)
	run(t, "Whole", testWhole)
	run(t, "Still", testStill)
	run(t, "OwnBody", testOwnBody)
	run(t, "From", testFrom)
	run(t, "Take", testTake)
	run(t, "Bodies", testBodies)
	run(t, "BrokenBody", testBrokenBody)
	run(t, "Subscribe", testSubscribe)
	run(t, "SubscribeLists", testSubscribeLists)
	run(t, "ManyWriters", testManyWriters)
	run(t, "ReadersSeeWholeBatches", testReadersSeeWholeBatches)
}

// collection makes a user and a collection.
func (k *kit) collection(kind tandem.Kind) tandem.Collection {
	k.Helper()
	err := k.st.Accounts.AddUser(k.ctx, store.User{Name: "ann", Title: "Ann"})
	if !tandem.IsKind(err, tandem.Exists) {
		k.must(err)
	}
	c, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: kind, Name: "c-" + string(kind)})
	k.must(err)
	return c
}

func put(op tandem.Op, id tandem.ID, at tandem.Version, body string) store.HomeWrite {
	w := store.HomeWrite{Write: tandem.Write{Op: op, ID: id, If: at}, Digest: sha256.Sum256([]byte(body)), Title: "title of " + body}
	w.Record = tandem.Record{Body: tandem.Bytes(body), Meta: tandem.Meta{Attrs: tandem.MakeAttrs(map[string]string{"flags": body[:min(len(body), 20)]}), Modified: 12}}
	w.Index = tandem.Index{UID: "uid-" + string(id), Start: 100, End: 200, Name: "name", Keys: []string{"a@example.org", "0123"}}
	return w
}

var author = store.Author{User: "ann", Via: "cli", Session: 3}

func (k *kit) write(c tandem.Collection, writes ...store.HomeWrite) []tandem.Outcome {
	k.Helper()
	out, err := k.st.Home.Write(k.ctx, c.ID, author, writes)
	k.must(err)
	if len(out) != len(writes) {
		k.Fatalf("%d outcomes of %d writes", len(out), len(writes))
	}
	return out
}

// applied performs one write that must succeed.
func (k *kit) applied(c tandem.Collection, w store.HomeWrite) tandem.Outcome {
	k.Helper()
	o := k.write(c, w)[0]
	if o.Status != tandem.Applied {
		k.Fatalf("%s %q: %s, %v", w.Op, w.ID, o.Status, o.Err)
	}
	return o
}

func (k *kit) refused(c tandem.Collection, w store.HomeWrite, want tandem.Status) {
	k.Helper()
	if o := k.write(c, w)[0]; o.Status != want || o.Err == nil {
		k.Fatalf("%s %q: %s, %v; want %s with a reason", w.Op, w.ID, o.Status, o.Err, want)
	}
}

func (k *kit) get(c tandem.Collection, ids ...tandem.ID) map[tandem.ID]store.HomeRecord {
	k.Helper()
	out := map[tandem.ID]store.HomeRecord{}
	for r, err := range k.st.Home.Get(k.ctx, c.ID, ids) {
		k.must(err)
		out[r.ID] = r
	}
	return out
}

func (k *kit) body(b tandem.Body) string {
	k.Helper()
	if b == nil {
		return "(none)"
	}
	data, err := tandem.ReadBody(b, 1<<30)
	k.must(err)
	return string(data)
}

func (k *kit) since(c tandem.Collection, seq int64) []store.HomeRecord {
	k.Helper()
	recs, more, err := k.st.Home.Since(k.ctx, c.ID, seq, 0)
	k.must(err)
	if more {
		k.Fatal("more after all")
	}
	return recs
}

func testCollections(k *kit) {
	_, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "nobody", Kind: tandem.Contact, Name: "x"})
	k.wantKind(err, tandem.NotFound)
	c := k.collection(tandem.Contact)
	if c.ID == 0 || c.Identity.Store == "" || c.Identity.Epoch == "" || c.Seq != 0 {
		k.Fatalf("new collection %+v", c)
	}
	_, err = k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: c.Name})
	k.wantKind(err, tandem.Exists)
	other := k.collection(tandem.Event)
	if other.Identity == c.Identity {
		k.Fatal("two collections with one identity")
	}
	c.Name, c.Props = "renamed", map[string]string{"colour": "#ff0000"}
	c2, err := k.st.Home.PutCollection(k.ctx, c)
	k.must(err)
	if !reflect.DeepEqual(c2, c) {
		k.Fatalf("changed to %+v, want %+v", c2, c)
	}
	second, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "second"})
	k.must(err)
	clash := second
	clash.Name = "renamed"
	_, err = k.st.Home.PutCollection(k.ctx, clash)
	k.wantKind(err, tandem.Exists)
	_, err = k.st.Home.PutCollection(k.ctx, tandem.Collection{ID: 9999, User: "ann", Kind: tandem.Contact, Name: "none"})
	k.wantKind(err, tandem.NotFound)

	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "bob"}))
	bobs, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "bob", Kind: tandem.Contact, Name: "renamed"})
	k.must(err)
	names := func(user string) (ids []int64) {
		list, err := k.st.Home.Collections(k.ctx, user)
		k.must(err)
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		return ids
	}
	if got := names("ann"); !slices.Equal(got, []int64{c.ID, other.ID, second.ID}) {
		k.Fatalf("ann has %v", got)
	}
	if got := names(""); !slices.Equal(got, []int64{c.ID, other.ID, second.ID, bobs.ID}) {
		k.Fatalf("all have %v", got)
	}

	k.applied(c, put(tandem.Create, "r", "", "kept"))
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	k.wantKind(k.st.Home.RemoveCollection(k.ctx, c.ID), tandem.NotFound)
	_, _, err = k.st.Home.Since(k.ctx, c.ID, 0, 0)
	k.wantKind(err, tandem.NotFound)
	past, err := k.st.History.List(k.ctx, store.PastFilter{Record: "r"})
	k.must(err)
	if len(past) != 1 || past[0].Op != tandem.Delete || past[0].Collection != c.ID {
		k.Fatalf("history of a removed collection: %+v", past)
	}
	data, err := k.st.Blobs.Get(k.ctx, past[0].Body)
	k.must(err)
	if string(data) != "kept" {
		k.Fatalf("its body is %q", data)
	}
	again := k.collection(tandem.Contact)
	if again.ID == c.ID || again.Identity == c.Identity {
		k.Fatalf("a new collection is taken for the removed one: %+v", again)
	}
}
