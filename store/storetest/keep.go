package storetest

import (
	"strings"

	"tandem"
	"tandem/store"
)

// testKeep puts into history what was never stored.
func testKeep(k *kit) {
	c := k.collection(tandem.Contact)
	at := k.applied(c, put(tandem.Create, "a", "", "x"))
	sum, _, err := k.st.Blobs.Put(k.ctx, strings.NewReader("refused"))
	k.must(err)
	in := store.Past{When: 17, Collection: c.ID, Record: "a", Op: tandem.Update, Who: "zoe", From: "eas:phone", Title: "t", Digest: sum, Body: sum, After: at.Meta.Version}
	id, err := k.st.History.Keep(k.ctx, in)
	k.must(err)
	got, err := k.st.History.Past(k.ctx, id)
	k.must(err)
	in.ID, in.Kind, in.Place = id, tandem.Contact, "home:c-contact?kind=contact"
	if got != in {
		k.Fatalf("kept %+v, want %+v", got, in)
	}
	if r := k.get(c, "a")["a"]; r.Version != at.Meta.Version || k.body(r.Body) != "x" {
		k.Fatalf("the record is at %s", r.Version)
	}
	if _, err := k.st.Blobs.Sweep(k.ctx); err != nil {
		k.Fatal(err)
	}
	if data, err := k.st.Blobs.Get(k.ctx, got.Body); err != nil || string(data) != "refused" {
		k.Fatalf("its body: %q, %v", data, err)
	}
	in.Collection = 9999
	_, err = k.st.History.Keep(k.ctx, in)
	k.wantKind(err, tandem.NotFound)
}
