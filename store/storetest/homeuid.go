package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"tandem"
	"tandem/store"
)

// withUID is a write of a record with a UID of the caller's choice.
func withUID(op tandem.Op, id tandem.ID, at tandem.Version, uid string) store.HomeWrite {
	w := put(op, id, at, "body "+string(id))
	w.Index.UID = uid
	return w
}

// taken performs a write that must be refused because the record by has its UID.
func (k *kit) taken(c tandem.Collection, w store.HomeWrite, by tandem.ID) {
	k.Helper()
	before := k.since(c, 0)
	o := k.write(c, w)[0]
	var cause *store.UIDTaken
	if o.Status != tandem.PreconditionFailed || !tandem.IsKind(o.Err, tandem.Exists) || !errors.As(o.Err, &cause) {
		k.Fatalf("%s %q with the UID of %s: %s, %v", w.Op, w.ID, by, o.Status, o.Err)
	}
	if cause.By != by || cause.UID != w.Index.UID {
		k.Fatalf("%s %q: UID %q is said to be taken by %q, want %q", w.Op, w.ID, cause.UID, cause.By, by)
	}
	k.wantText(o.Err, string(by))
	if after := k.since(c, 0); !reflect.DeepEqual(after, before) {
		k.Fatalf("a refused write left %+v, before %+v", after, before)
	}
}

func testOneUID(k *kit) {
	for _, kind := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note} {
		c := k.collection(kind)
		a := k.applied(c, withUID(tandem.Create, "a", "", "u"))
		b := k.applied(c, withUID(tandem.Create, "b", "", "v"))
		k.taken(c, withUID(tandem.Create, "c", "", "u"), "a")
		k.taken(c, withUID(tandem.Create, "", "", "u"), "a")
		k.taken(c, withUID(tandem.Update, "b", b.Version, "u"), "a")
		marked := withUID(tandem.Create, "c", "", "u")
		marked.Marker = "m"
		k.taken(c, marked, "a")
		if _, err := k.st.Home.Find(k.ctx, c.ID, "m"); !tandem.IsKind(err, tandem.NotFound) {
			k.Fatalf("a refused create left its marker: %v", err)
		}
		past, err := k.st.History.List(k.ctx, store.PastFilter{Record: "b"})
		k.must(err)
		for _, p := range past {
			if p.Collection == c.ID {
				k.Fatalf("a refused update left history: %+v", p)
			}
		}
		a = k.applied(c, withUID(tandem.Update, "a", a.Version, "u"))
		a = k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: "a", To: "d", If: a.Version}})
		k.taken(c, marked, "d")
		a = k.applied(c, withUID(tandem.Update, "d", a.Version, "w"))
		first := k.applied(c, marked) // the UID was given up
		k.taken(c, withUID(tandem.Update, "d", a.Version, "u"), "c")
		k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "c", If: first.Version}})
		k.applied(c, withUID(tandem.Update, "d", a.Version, "u"))
		for range 2 {
			bare := withUID(tandem.Create, "", "", "") // no UID is no UID in common
			bare.Record.UID = ""
			k.applied(c, bare)
		}
		byMeta := withUID(tandem.Create, "", "", "") // a kind may name it only beside the body
		byMeta.Record.UID = "v"
		o := k.write(c, byMeta)[0]
		if !tandem.IsKind(o.Err, tandem.Exists) {
			k.Fatalf("a UID told beside the index: %s, %v", o.Status, o.Err)
		}
	}
}

// testUIDsElsewhere gives one UID to records that may share it: in other collections, of other people, of other kinds.
func testUIDsElsewhere(k *kit) {
	anns := k.collection(tandem.Contact)
	k.applied(anns, withUID(tandem.Create, "a", "", "u"))
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "bob"}))
	for _, c := range []tandem.Collection{{User: "bob", Kind: tandem.Contact, Name: anns.Name}, {User: "ann", Kind: tandem.Contact, Name: "second"},
		{User: "ann", Kind: tandem.Event, Name: anns.Name}} {
		c, err := k.st.Home.PutCollection(k.ctx, c)
		k.must(err)
		k.applied(c, withUID(tandem.Create, "a", "", "u"))
	}
	for _, kind := range []tandem.Kind{tandem.Mail, tandem.File, tandem.Bookmark} {
		c := k.collection(kind)
		k.applied(c, withUID(tandem.Create, "a", "", "u"))
		k.applied(c, withUID(tandem.Create, "b", "", "u"))
	}

	// Of many writers that come with one UID at the same time, one is served.
	var wg sync.WaitGroup
	statuses := make([]tandem.Status, 8)
	for i := range statuses {
		wg.Go(func() {
			outs, err := k.st.Home.Write(k.ctx, anns.ID, author, []store.HomeWrite{withUID(tandem.Create, tandem.ID(fmt.Sprint("w", i)), "", "race")})
			if err != nil {
				k.Error(err)
				return
			}
			statuses[i] = outs[0].Status
		})
	}
	wg.Wait()
	n := 0
	for _, s := range statuses {
		if s == tandem.Applied {
			n++
		}
	}
	if n != 1 {
		k.Fatalf("%d of %d writers with one UID were served", n, len(statuses))
	}
}
