package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
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
	run(t, "Bodies", testBodies)
	run(t, "BrokenBody", testBrokenBody)
	run(t, "Subscribe", testSubscribe)
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

func testCreate(k *kit) {
	c := k.collection(tandem.Contact)
	w := put(tandem.Create, "r1", "", "one")
	o := k.applied(c, w)
	if o.ID != "r1" || o.Version != "1" || o.Node == "" || o.Digest != w.Digest || o.Size != 3 || o.Attrs != w.Record.Attrs || o.Modified != 12 || o.Parked != "" {
		k.Fatalf("outcome %+v", o)
	}
	got := k.get(c, "r1", "none")
	r := got["r1"]
	if len(got) != 1 || k.body(r.Body) != "one" {
		k.Fatalf("got %+v", got)
	}
	r.Body = nil
	want := store.HomeRecord{Record: tandem.Record{ID: "r1", Meta: o.Meta}, Seq: 1, Kind: tandem.Contact, Index: w.Index, Title: w.Title}
	if !reflect.DeepEqual(r, want) {
		k.Fatalf("got  %+v\nwant %+v", r, want)
	}
	if list := k.since(c, 0); len(list) != 1 || !reflect.DeepEqual(list[0], want) {
		k.Fatalf("listed %+v\nwant   %+v", list, want)
	}
	k.refused(c, put(tandem.Create, "r1", "", "two"), tandem.PreconditionFailed)

	byUID, odd := put(tandem.Create, "", "", "three"), put(tandem.Create, "", "", "four")
	byUID.Index.UID, odd.Index.UID = "AB-12@example.org", "../../etc/passwd"
	if o := k.applied(c, byUID); o.ID != "AB-12@example.org" {
		k.Fatalf("id %q, want the UID", o.ID)
	}
	later := put(tandem.Create, "", "", "five")
	k.applied(c, put(tandem.Create, "CD-34", "", "six"))
	later.Index.UID = "CD-34"
	if o := k.applied(c, later); o.ID == "CD-34" || o.ID == "" {
		k.Fatalf("id %q of a record whose UID is the id of another", o.ID)
	}
	if o := k.applied(c, odd); o.ID == "" || strings.ContainsAny(string(o.ID), "/") {
		k.Fatalf("id %q from an unsafe UID", o.ID)
	}
	none := put(tandem.Create, "bare", "", "x")
	none.Record.Body, none.Digest = nil, tandem.Digest{}
	k.applied(c, none)
	if r := k.get(c, "bare")["bare"]; r.Body != nil || !r.Digest.IsZero() {
		k.Fatalf("a record without body came back as %+v", r)
	}
	empty := put(tandem.Create, "empty", "", "x")
	empty.Record.Body = tandem.Bytes(nil)
	k.applied(c, empty)
	if r := k.get(c, "empty")["empty"]; r.Body == nil || k.body(r.Body) != "" {
		k.Fatalf("an empty body came back as %+v", r)
	}
	_, err := k.st.Home.Write(k.ctx, 9999, author, []store.HomeWrite{w})
	k.wantKind(err, tandem.NotFound)
}

func testUpdateAndDelete(k *kit) {
	c := k.collection(tandem.Contact)
	o1 := k.applied(c, put(tandem.Create, "r", "", "one"))
	w2 := put(tandem.Update, "r", o1.Version, "two")
	o2 := k.applied(c, w2)
	attrs := tandem.MakeAttrs(map[string]string{"flags": "three"})
	o3 := k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: "r", If: o2.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}}})
	if o3.Attrs != attrs || o3.Digest != w2.Digest {
		k.Fatalf("outcome of new attributes %+v", o3)
	}
	r := k.get(c, "r")["r"]
	if k.body(r.Body) != "two" || r.Attrs != attrs || r.Version != o3.Version || r.Title != w2.Title {
		k.Fatalf("record %+v", r)
	}
	o4 := k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "r", If: o3.Version}})
	if len(k.get(c, "r")) != 0 {
		k.Fatal("deleted and still there")
	}
	if got, want := k.since(c, 0), (store.HomeRecord{Record: tandem.Record{ID: "r"}, Seq: 4, Deleted: true}); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		k.Fatalf("tombstone %+v, want %+v", got, want)
	}

	past, err := k.st.History.List(k.ctx, store.PastFilter{})
	k.must(err)
	if len(past) != 3 {
		k.Fatalf("history %+v", past)
	}
	for i, want := range []struct {
		op     tandem.Op
		body   string
		parked string
		after  tandem.Version
	}{{tandem.Delete, "two", o4.Parked, ""}, {tandem.SetAttrs, "two", o3.Parked, o3.Version}, {tandem.Update, "one", o2.Parked, o2.Version}} {
		p := past[i]
		data, err := k.st.Blobs.Get(k.ctx, p.Body)
		k.must(err)
		if p.Op != want.op || string(data) != want.body || fmt.Sprint(p.ID) != want.parked || p.After != want.after || p.Record != "r" || p.Collection != c.ID ||
			p.Kind != tandem.Contact || p.Who != "ann" || p.From != "cli" || p.Session != 3 || p.When == 0 || p.Place == "" {
			k.Fatalf("history %d: %+v with body %q, want %+v", i, p, data, want)
		}
	}
	if past[0].Attrs != attrs || past[2].Title != "title of one" {
		k.Fatalf("history %+v", past)
	}
	back := k.applied(c, put(tandem.Create, "r", "", "again"))
	if back.Version != "5" || len(k.since(c, 0)) != 1 || k.since(c, 0)[0].Deleted {
		k.Fatalf("created over a tombstone: %+v, %+v", back, k.since(c, 0))
	}
}

func testPreconditions(k *kit) {
	c := k.collection(tandem.Contact)
	o := k.applied(c, put(tandem.Create, "r", "", "one"))
	gone := k.applied(c, put(tandem.Create, "gone", "", "one"))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "gone", If: gone.Version}})
	before := k.since(c, 0)
	for _, op := range []tandem.Op{tandem.Update, tandem.SetAttrs, tandem.Delete, tandem.Move} {
		for _, w := range []store.HomeWrite{put(op, "r", "7", "x"), put(op, "r", "", "x"), put(op, "none", "1", "x"), put(op, "gone", gone.Version, "x"), put(op, "gone", "3", "x")} {
			w.To = "elsewhere"
			k.refused(c, w, tandem.PreconditionFailed)
		}
	}
	if after := k.since(c, 0); !reflect.DeepEqual(after, before) {
		k.Fatalf("refused writes left %+v, before %+v", after, before)
	}
	k.refused(c, put(0, "r", o.Version, "x"), tandem.Rejected)
	k.refused(c, put(tandem.Update, "", o.Version, "x"), tandem.Rejected)

	outs := k.write(c, put(tandem.Create, "a", "", "x"), put(tandem.Update, "r", "99", "x"), put(tandem.Create, "b", "", "x"), put(tandem.Create, "a", "", "y"))
	for i, want := range []tandem.Status{tandem.Applied, tandem.PreconditionFailed, tandem.Applied, tandem.PreconditionFailed} {
		if outs[i].Status != want {
			k.Fatalf("write %d of a batch: %s, want %s", i, outs[i].Status, want)
		}
	}
	if n := len(k.since(c, 0)); n != 4 {
		k.Fatalf("%d records after a batch, want 4", n)
	}
}

func testMarker(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	_, err := k.st.Home.Find(k.ctx, c.ID, "m")
	k.wantKind(err, tandem.NotFound)
	w := put(tandem.Create, "", "", "one")
	w.Index.UID, w.Marker = "", "m"
	first := k.applied(c, w)
	again := k.applied(c, w)
	if !reflect.DeepEqual(first, again) || len(k.since(c, 0)) != 1 {
		k.Fatalf("the same create gave %+v and %+v", first, again)
	}
	if o := k.applied(other, w); o.ID == first.ID {
		k.Fatalf("the same marker in another collection: %+v", o)
	}
	edited := k.applied(c, put(tandem.Update, first.ID, first.Version, "two"))
	found, err := k.st.Home.Find(k.ctx, c.ID, "m")
	k.must(err)
	again = k.applied(c, w)
	if found.ID != first.ID || found.Version != first.Version || found.Digest != w.Digest || found.Deleted || again.Version != first.Version || again.Digest != w.Digest {
		k.Fatalf("after an edit: found %+v, answered %+v; want it as created, %+v", found, again, first)
	}
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: first.ID, If: edited.Version}})
	found, err = k.st.Home.Find(k.ctx, c.ID, "m")
	k.must(err)
	if !found.Deleted {
		k.Fatalf("after its deletion: %+v", found)
	}
	// Other content is another create.
	other2 := put(tandem.Create, "wished", "", "other content")
	other2.Marker = "m"
	o := k.applied(c, other2)
	if o.ID != "wished" || k.body(k.get(c, "wished")["wished"].Body) != "other content" {
		k.Fatalf("another create under a known marker: %+v", o)
	}
}

func testSince(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.applied(other, put(tandem.Create, "elsewhere", "", "x"))
	for i := range 10 {
		k.applied(c, put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x"))
	}
	k.applied(c, put(tandem.Update, "3", "4", "y"))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "5", If: "6"}})
	seqs := func(recs []store.HomeRecord) (list []int64) {
		for _, r := range recs {
			list = append(list, r.Seq)
			if r.Body != nil {
				k.Fatalf("listed with a body: %+v", r)
			}
		}
		return list
	}
	if got := seqs(k.since(c, 0)); !slices.Equal(got, []int64{1, 2, 3, 5, 7, 8, 9, 10, 11, 12}) {
		k.Fatalf("all: %v", got)
	}
	if got := k.since(c, 10); len(got) != 2 || got[0].ID != "3" || !got[1].Deleted || got[1].ID != "5" {
		k.Fatalf("since 10: %+v", got)
	}
	if got := k.since(c, 12); len(got) != 0 {
		k.Fatalf("since the end: %+v", got)
	}
	var all []int64
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		var err error
		recs, more, err = k.st.Home.Since(k.ctx, c.ID, seq, 3)
		k.must(err)
		if len(recs) == 0 || len(recs) > 3 || len(recs) < 3 && more {
			k.Fatalf("a page of %d, more %v", len(recs), more)
		}
		all = append(all, seqs(recs)...)
		seq = recs[len(recs)-1].Seq
	}
	if !slices.Equal(all, seqs(k.since(c, 0))) {
		k.Fatalf("page by page: %v", all)
	}
	if _, more, err := k.st.Home.Since(k.ctx, c.ID, 0, 10); err != nil || more {
		k.Fatalf("a page that holds all: more %v, %v", more, err)
	}
	if _, _, err := k.st.Home.Since(k.ctx, c.ID, -1, 0); !tandem.IsKind(err, tandem.Gone) {
		k.Fatalf("since -1: %v", err)
	}
}

func testTombstones(k *kit) {
	c := k.collection(tandem.Contact)
	o := k.applied(c, put(tandem.Create, "r", "", "x"))
	k.applied(c, put(tandem.Create, "kept", "", "x"))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "r", If: o.Version}})
	n, err := k.st.History.Purge(k.ctx, 1)
	k.must(err)
	if n != 0 || len(k.since(c, 0)) != 2 {
		k.Fatalf("purged %d, left %+v; nothing is that old", n, k.since(c, 0))
	}
	n, err = k.st.History.Purge(k.ctx, 1<<40)
	k.must(err)
	if got := k.since(c, 0); n != 1 || len(got) != 1 || got[0].ID != "kept" {
		k.Fatalf("purged %d, left %+v", n, got)
	}
	for _, seq := range []int64{1, 2} {
		_, _, err := k.st.Home.Since(k.ctx, c.ID, seq, 0)
		k.wantKind(err, tandem.Gone)
	}
	if got := k.since(c, 3); len(got) != 0 {
		k.Fatalf("since the end: %+v", got)
	}
	// A number from a future that was undone: history is not continuous, and numbers are not used twice.
	_, _, err = k.st.Home.Since(k.ctx, c.ID, 50, 0)
	k.wantKind(err, tandem.Gone)
	list, err := k.st.Home.Collections(k.ctx, "ann")
	k.must(err)
	if list[0].Identity.Store != c.Identity.Store || list[0].Identity.Epoch == c.Identity.Epoch {
		k.Fatalf("identity %+v, before %+v", list[0].Identity, c.Identity)
	}
	if o := k.applied(c, put(tandem.Create, "next", "", "x")); o.Version != "51" {
		k.Fatalf("the next version is %s", o.Version)
	}
}

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

func testBodies(k *kit) {
	c := k.collection(tandem.Contact)
	var outs []tandem.Outcome
	sizes := []int{1, 8191, 8192, 8193, 100_000, 3 << 20}
	text := func(n int) string { return strings.Repeat("0123456789abcdef", n/16+1)[:n] }
	for i, n := range sizes {
		w := put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", text(n))
		var told int64
		w.Progress = func(n int64) { told += n }
		if i%2 == 0 {
			w.Record.Body = unsized{tandem.Bytes(text(n))}
		}
		outs = append(outs, k.applied(c, w))
		if told != int64(n) || outs[i].Size != int64(n) {
			k.Fatalf("a body of %d bytes: progress %d, size %d", n, told, outs[i].Size)
		}
	}
	for i, n := range sizes {
		r := k.get(c, outs[i].ID)[outs[i].ID]
		for range 2 { // a body can be opened any number of times
			if k.body(r.Body) != text(n) {
				k.Fatalf("a body of %d bytes came back otherwise", n)
			}
		}
		up := k.applied(c, put(tandem.Update, r.ID, r.Version, "short"))
		if k.body(k.get(c, r.ID)[r.ID].Body) != "short" {
			k.Fatal("update of a long body by a short one")
		}
		var id int64
		fmt.Sscan(up.Parked, &id)
		p, err := k.st.History.Past(k.ctx, id)
		k.must(err)
		b, err := k.st.Blobs.Open(k.ctx, p.Body)
		k.must(err)
		if k.body(b) != text(n) {
			k.Fatalf("history of a body of %d bytes holds another", n)
		}
	}
}

func testBrokenBody(k *kit) {
	c := k.collection(tandem.Contact)
	for _, n := range []int{10, 100_000} {
		w := put(tandem.Create, "broken", "", "x")
		w.Record.Body = broken{n}
		outs := k.write(c, w, put(tandem.Create, tandem.ID(fmt.Sprint("whole", n)), "", "y"))
		if outs[0].Status == tandem.Applied || outs[0].Status == tandem.Maybe || outs[0].Err == nil || outs[1].Status != tandem.Applied {
			k.Fatalf("a body that breaks off after %d bytes: %+v", n, outs)
		}
		if len(k.get(c, "broken")) != 0 {
			k.Fatal("half a record")
		}
	}
}

func testSubscribe(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	ctx, cancel := context.WithCancel(k.ctx)
	ch := k.st.Home.Subscribe(ctx)
	slow := k.st.Home.Subscribe(ctx)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	if w := <-ch; w != (store.Wakeup{User: "ann", Collection: c.ID, Seq: 1}) {
		k.Fatalf("wake-up %+v", w)
	}
	k.refused(c, put(tandem.Create, "a", "", "x"), tandem.PreconditionFailed)
	for i := range 50 {
		k.applied(c, put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x"))
	}
	k.applied(other, put(tandem.Create, "a", "", "x"))
	// Coalesced: however slow the listener, it hears little more than the last number of each collection.
	for name, ch := range map[string]<-chan store.Wakeup{"reader": ch, "sleeper": slow} {
		last := map[int64]int64{}
		n := 0
		for last[c.ID] != 51 || last[other.ID] != 1 {
			w := <-ch
			if w.Seq <= last[w.Collection] {
				k.Fatalf("%s: wake-up for %d after %d", name, w.Seq, last[w.Collection])
			}
			last[w.Collection] = w.Seq
			n++
		}
		if name == "sleeper" && n > 4 {
			k.Fatalf("a sleeping listener got %d wake-ups", n)
		}
	}
	cancel()
	for range ch {
		k.Fatal("a wake-up without a write")
	}
	for range slow {
		k.Fatal("a wake-up without a write")
	}
}

// testManyWriters lets writers and a reader that follows by sequence number race: the reader must not miss anything.
func testManyWriters(k *kit) {
	const writers, each = 4, 50
	c := k.collection(tandem.Contact)
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	wake := k.st.Home.Subscribe(ctx)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := tandem.ID(fmt.Sprint(w, "-", i))
				outs, err := k.st.Home.Write(ctx, c.ID, author, []store.HomeWrite{put(tandem.Create, id, "", "x"), put(tandem.Create, id+"b", "", "x")})
				if err != nil || outs[0].Status != tandem.Applied {
					k.Errorf("%+v, %v", outs, err)
				}
			}
		})
	}
	seen := map[int64]tandem.ID{}
	for at := int64(0); len(seen) < writers*each*2; {
		<-wake
		for more := true; more; {
			var recs []store.HomeRecord
			var err error
			recs, more, err = k.st.Home.Since(ctx, c.ID, at, 7)
			k.must(err)
			for _, r := range recs {
				if r.Seq != at+1 {
					k.Fatalf("number %d came after %d: there was a gap when it was read", r.Seq, at)
				}
				at = r.Seq
				seen[r.Seq] = r.ID
			}
		}
	}
	wg.Wait()
}

// testReadersSeeWholeBatches checks that a batch is seen whole or not at all.
func testReadersSeeWholeBatches(k *kit) {
	const size, rounds = 20, 15
	c := k.collection(tandem.Contact)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for stop := false; !stop; {
				select {
				case <-done:
					stop = true
				default:
				}
				recs, _, err := k.st.Home.Since(k.ctx, c.ID, 0, 0)
				if err != nil || len(recs)%size != 0 {
					k.Errorf("%d records seen, %v", len(recs), err)
					return
				}
			}
		})
	}
	for r := range rounds {
		var batch []store.HomeWrite
		for i := range size {
			batch = append(batch, put(tandem.Create, tandem.ID(fmt.Sprint(r, "-", i)), "", "x"))
		}
		k.write(c, batch...)
	}
	close(done)
	wg.Wait()
}
