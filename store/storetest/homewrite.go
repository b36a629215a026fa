package storetest

import (
	"fmt"
	"reflect"
	"strings"

	"tandem"
	"tandem/store"
)

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
	if r.Number == 0 || r.Written == 0 {
		k.Fatal("a record without a number, or without the time when it was written")
	}
	want := store.HomeRecord{Record: tandem.Record{ID: "r1", Meta: o.Meta}, Seq: 1, Number: r.Number, Born: 1, Written: r.Written, Made: r.Written, Kind: tandem.Contact, Index: w.Index, Title: w.Title}
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
	if got, want := k.since(c, 0), (store.HomeRecord{Record: tandem.Record{ID: "r"}, Seq: 4, Deleted: true, Number: r.Number, Born: 1}); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
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
