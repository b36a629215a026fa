package folders_test

import (
	"strconv"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/store"
)

// share lets ann at a collection of bob's.
func (w *world) share(folder string, write bool) {
	w.Helper()
	id, err := strconv.ParseInt(folder, 10, 64)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.access().Share(w.Context(), "bob", id, "ann", write); err != nil {
		w.Fatal(err)
	}
}

func (w *world) access() *access.Service {
	return &access.Service{Home: w.st.Home, Shares: w.st.Shares}
}

func (w *world) stale() bool {
	w.Helper()
	stale, err := w.svc.Stale(w.Context(), &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: w.version})
	if err != nil {
		w.Fatal(err)
	}
	return stale
}

// TestShared: what others share is a folder like those that the user made, under the same id as its owner's, and never the default one.
func TestShared(t *testing.T) {
	w := newWorld(t)
	bobs := w.collection("bob", tandem.Contact, "contacts")
	con := w.collection("ann", tandem.Contact, "contacts")
	secret := w.collection("bob", tandem.Contact, "secret")
	key := w.lists(w.sync("0"), "Add "+con+" 0 contacts 9")
	w.share(bobs, false)
	if !w.stale() {
		t.Error("a new share leaves the hierarchy as it is")
	}
	key = w.lists(w.sync(key), "Add "+bobs+" 0 contacts (bob) 14")
	if w.stale() {
		t.Error("stale after it was told")
	}
	w.share(bobs, true) // the right is no part of the hierarchy
	if w.stale() {
		t.Error("another right calls for a look at the hierarchy")
	}
	r := &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161}
	if c, _, err := w.svc.FindView(t.Context(), r, bobs); err != nil || c.User != "bob" || c.Right != access.Write || c.Owned {
		t.Errorf("found %+v, %v", c, err)
	}
	if _, err := w.svc.Find(t.Context(), r, secret); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("what is not shared: %v", err)
	}
	id, _ := strconv.ParseInt(bobs, 10, 64)
	if err := w.access().Unshare(t.Context(), "bob", id, "ann"); err != nil {
		t.Fatal(err)
	}
	w.lists(w.sync(key), "Delete "+bobs+"   ")
	if _, err := w.svc.Find(t.Context(), r, bobs); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("what is no longer shared: %v", err)
	}
	w.valid(t)
}

// TestSharedEdits: renaming and deleting what somebody else shares is for the user only.
func TestSharedEdits(t *testing.T) {
	w := newWorld(t)
	w.collection("ann", tandem.Event, "calendar")
	bobs := w.collection("bob", tandem.Event, "family")
	w.share(bobs, false)
	key := w.status(w.sync("0"), "1")
	key = w.status(w.update("SyncKey", key, "ServerId", bobs, "ParentId", "0", "DisplayName", "Ours"), "1")
	w.lists(w.sync(key)) // its own change is no news
	w.status(w.update("SyncKey", key, "ServerId", bobs, "ParentId", "0", "DisplayName", "calendar"), "2")
	cols, err := w.st.Home.Collections(t.Context(), "bob")
	if err != nil || cols[0].Name != "family" {
		t.Fatalf("bob's: %+v, %v", cols, err)
	}
	gone := w.status(w.remove("SyncKey", key, "ServerId", bobs), "1")
	if w.status(w.remove("SyncKey", key, "ServerId", bobs), "1") != gone {
		t.Error("a repeated FolderDelete gives another key")
	}
	w.lists(w.sync(gone))
	if cols, err = w.st.Home.Collections(t.Context(), "bob"); err != nil || len(cols) != 1 {
		t.Fatalf("bob's: %+v, %v", cols, err)
	}
	id := cols[0].ID
	if err := w.access().Hide(t.Context(), "ann", id, false); err != nil {
		t.Fatal(err)
	}
	w.lists(w.sync(gone), "Add "+bobs+" 0 Ours 13")
	w.valid(t)
}

// TestDefaultFolder: a folder that may only be read is never where a phone puts what is new.
func TestDefaultFolder(t *testing.T) {
	w := newWorld(t)
	c, err := w.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Event, Name: "holidays", Props: map[string]string{access.ReadOnly: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	own := w.collection("ann", tandem.Event, "calendar")
	key := w.lists(w.sync("0"), "Add "+folders.ID(c.ID)+" 0 holidays 13", "Add "+own+" 0 calendar 8")
	w.status(w.remove("SyncKey", key, "ServerId", own), "3")
	w.status(w.remove("SyncKey", key, "ServerId", folders.ID(c.ID)), "1") // a subscription is the user's to end
	w.valid(t)
}
