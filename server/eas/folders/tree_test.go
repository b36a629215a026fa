package folders_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/server/eas/folders"
	"tandem/wire/wbxml"
)

// newMail is a world whose user has mail: the ids of the folders that are there.
func newMail(t testing.TB) (w *world, inbox, con string) {
	w = newWorld(t)
	w.svc.Views = maps.Clone(views)
	w.svc.Views[tandem.Mail] = nothing{}
	con = w.collection("ann", tandem.Contact, "contacts")
	boxes := mailbox.Service{Home: w.st.Home}
	c, err := boxes.Folder(t.Context(), "ann", mailbox.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	return w, folders.ID(c.ID), con
}

// boxes are the names of the mail folders that are for nothing in particular.
func (w *world) boxes() string {
	w.Helper()
	all, err := w.st.Home.Collections(context.Background(), "ann")
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, c := range all {
		if c.Kind == tandem.Mail && mailbox.RoleOf(c) == "" {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// seen are all folders of mail as a phone that begins sees them, as paths of what they are shown as.
func (w *world) seen() string {
	w.Helper()
	return pathsOf(w.TB, w.sync("0").Child(wbxml.FolderHierarchyChanges).Children[1:])
}

// pathsOf takes folders in the order of an answer, in which each must come after the one it lies in.
func pathsOf(t testing.TB, list []*wbxml.Element) string {
	t.Helper()
	at := map[string]string{"0": ""}
	var out []string
	for _, f := range list {
		parent, ok := at[f.Get(wbxml.FolderHierarchyParentId)]
		if !ok {
			t.Fatalf("%s comes before the folder it lies in", f.Get(wbxml.FolderHierarchyDisplayName))
		}
		path := parent + ">" + f.Get(wbxml.FolderHierarchyDisplayName)
		at[f.Get(wbxml.FolderHierarchyServerId)] = path
		if f.Get(wbxml.FolderHierarchyType) == "12" {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestTreeShown: folders of mail lie in each other as their names say, and in the nearest that there is.
func TestTreeShown(t *testing.T) {
	w, _, _ := newMail(t)
	w.collection("ann", tandem.Mail, "Projects/House/Garden") // before those it lies in
	w.collection("ann", tandem.Mail, "Projects/House")
	w.collection("ann", tandem.Mail, "Projects")
	w.collection("ann", tandem.Mail, "Nowhere/Garden")
	w.collection("ann", tandem.Mail, "Projects/Gone/Deep")
	w.collection("ann", tandem.Mail, "INBOX/Lists")
	w.collection("ann", tandem.Mail, "inbox/lower")
	w.collection("ann", tandem.Mail, "Either∕Or")
	w.collection("ann", tandem.Mail, "/odd/")
	w.collection("ann", tandem.Event, "Projects/calendar")
	w.collection("bob", tandem.Mail, "Projects/OfBob")
	if got := w.seen(); got != ">/odd/ >Either/Or >Inbox>Lists >Inbox>lower >Nowhere/Garden >Projects >Projects>Gone/Deep >Projects>House >Projects>House>Garden" {
		t.Errorf("shown as %s", got)
	}
	w.valid(t)
}

// TestTreeEdits: folders are made, renamed, moved and deleted within others; what is in a folder goes with it. MS-ASCMD_R79, R139, R140, R5769
func TestTreeEdits(t *testing.T) {
	w, inbox, con := newMail(t)
	key := w.status(w.sync("0"), "1")
	ids := map[string]string{}
	for _, f := range [][2]string{{"A", "0"}, {"B", "A"}, {"C", "B"}, {"In", inbox}, {"x/y", "A"}} {
		parent := f[1]
		if ids[parent] != "" {
			parent = ids[parent]
		}
		made := w.create("SyncKey", key, "ParentId", parent, "DisplayName", f[0], "Type", "12")
		next := w.status(made, "1")
		if again := w.create("SyncKey", key, "ParentId", parent, "DisplayName", f[0], "Type", "12"); w.status(again, "1") != next ||
			again.Get(wbxml.FolderHierarchyServerId) != made.Get(wbxml.FolderHierarchyServerId) {
			t.Fatalf("%s is made twice", f[0])
		}
		key, ids[f[0]] = next, made.Get(wbxml.FolderHierarchyServerId)
	}
	if got := w.boxes(); got != "A A/B A/B/C A/x∕y INBOX/In" {
		t.Fatalf("made %s", got)
	}
	w.lists(w.sync(key)) // no news
	for _, c := range []struct{ parent, name, typ, want string }{
		{ids["A"], "B", "12", "2"}, {ids["B"], "x", "14", "3"}, {con, "x", "12", "3"}, {"99", "x", "12", "5"}, {ids["C"], "B", "12", "1"},
	} {
		e := w.create("SyncKey", key, "ParentId", c.parent, "DisplayName", c.name, "Type", c.typ)
		if w.status(e, c.want); c.want == "1" {
			key, ids["deep"] = e.Get(wbxml.FolderHierarchySyncKey), e.Get(wbxml.FolderHierarchyServerId)
		}
	}
	update := func(id, parent, name, want string) {
		t.Helper()
		e := w.update("SyncKey", key, "ServerId", id, "ParentId", parent, "DisplayName", name)
		next := w.status(e, want)
		if want != "1" {
			return
		}
		if again := w.status(w.update("SyncKey", key, "ServerId", id, "ParentId", parent, "DisplayName", name), "1"); again != next {
			t.Errorf("%s asked for again gives another key", name)
		}
		key = next
		w.lists(w.sync(key)) // its own doing is no news, and what was in the folder is still in it
	}
	update(ids["A"], ids["C"], "A", "5") // into itself
	update(ids["A"], ids["A"], "A", "5")
	update(ids["A"], "98", "A", "5")
	update(ids["A"], con, "A", "3")
	update(con, ids["A"], "contacts", "2")
	update(inbox, ids["A"], "Inbox", "2")
	update(ids["B"], ids["A"], "x/y", "2")
	update(ids["B"], ids["A"], "New", "1")
	if got := w.boxes(); got != "A A/New A/New/C A/New/C/B A/x∕y INBOX/In" {
		t.Fatalf("renamed to %s", got)
	}
	update(ids["B"], inbox, "New", "1")
	update(ids["A"], ids["In"], "a/b", "1")
	if got := w.boxes(); got != "INBOX/In INBOX/In/a∕b INBOX/In/a∕b/x∕y INBOX/New INBOX/New/C INBOX/New/C/B" {
		t.Fatalf("moved to %s", got)
	}
	update(ids["In"], "0", "Out", "1")
	if got := w.seen(); got != ">Inbox>New >Inbox>New>C >Inbox>New>C>B >Out >Out>a/b >Out>a/b>x/y" {
		t.Fatalf("shown as %s", got)
	}
	key = w.status(w.sync("0"), "1")
	key = w.status(w.remove("SyncKey", key, "ServerId", ids["B"]), "1")
	if got := w.boxes(); got != "Out Out/a∕b Out/a∕b/x∕y" {
		t.Fatalf("left are %s", got)
	}
	key = w.lists(w.sync(key), "Delete "+ids["C"]+"   ", "Delete "+ids["deep"]+"   ") // which went with it
	w.status(w.remove("SyncKey", key, "ServerId", inbox), "3")
	w.valid(t)
}

// TestTreeCutShort: a move that was cut short after the folder itself goes on with what is in it when the phone asks again.
func TestTreeCutShort(t *testing.T) {
	w, _, _ := newMail(t)
	a := w.collection("ann", tandem.Mail, "A")
	w.collection("ann", tandem.Mail, "A/B")
	w.collection("ann", tandem.Mail, "A/B/C")
	key := w.status(w.sync("0"), "1")
	for _, c := range must(w.st.Home.Collections(t.Context(), "ann")) {
		if c.Name == "A" {
			c.Name = "Z"
			must(w.st.Home.PutCollection(t.Context(), c))
		}
	}
	w.status(w.update("SyncKey", key, "ServerId", a, "ParentId", "0", "DisplayName", "Z"), "1")
	if got := w.boxes(); got != "Z Z/B Z/B/C" {
		t.Errorf("there are %s", got)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestTreeFollow: whatever is done with folders within folders, here and on the phone, the phone ends with what there is.
func TestTreeFollow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, inbox, _ := newMail(t)
		key, has := "0", map[string]string{} // parent and name by id
		take := func(e *wbxml.Element) {
			if key == "0" {
				clear(has)
			}
			for _, f := range e.Child(wbxml.FolderHierarchyChanges).Children[1:] {
				if id := f.Get(wbxml.FolderHierarchyServerId); f.Tag == wbxml.FolderHierarchyDelete {
					delete(has, id)
				} else {
					has[id] = f.Get(wbxml.FolderHierarchyParentId) + ">" + f.Get(wbxml.FolderHierarchyDisplayName)
				}
			}
			key = w.status(e, "1")
		}
		take(w.sync("0"))
		any := func(name string) string { return rapid.SampledFrom(slices.Sorted(maps.Keys(has))).Draw(rt, name) }
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			name := rapid.StringMatching("[a-c]").Draw(rt, "name")
			parent := "0"
			if rapid.Bool().Draw(rt, "nested") {
				parent = any("parent")
			}
			switch rapid.SampledFrom([]string{"sync", "lost", "add", "create", "remove", "update"}).Draw(rt, "step") {
			case "sync":
				take(w.sync(key))
			case "lost":
				w.sync(key)
			case "add":
				path := rapid.StringMatching("[a-c](/[a-c]){0,2}").Draw(rt, "path")
				if _, err := w.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Mail, Name: path}); err != nil && !tandem.IsKind(err, tandem.Exists) {
					rt.Fatal(err)
				}
			case "create":
				if e := w.create("SyncKey", key, "ParentId", parent, "DisplayName", name, "Type", "12"); e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					has[e.Get(wbxml.FolderHierarchyServerId)] = parent + ">" + name
				}
			case "remove":
				id := any("id")
				if e := w.remove("SyncKey", key, "ServerId", id); e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					delete(has, id)
				}
			case "update":
				id, before := any("id"), strings.Count(w.boxes(), " ")
				e := w.update("SyncKey", key, "ServerId", id, "ParentId", parent, "DisplayName", name)
				if strings.Count(w.boxes(), " ") != before {
					rt.Fatalf("a move loses folders: %s", w.boxes())
				}
				if e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					has[id] = parent + ">" + name
				}
			}
		}
		take(w.sync(key))
		had := maps.Clone(has)
		key = "0"
		take(w.sync("0"))
		if !maps.Equal(had, has) {
			rt.Fatalf("the device has %v, there are %v", had, has)
		}
		if _, ok := has[inbox]; !ok {
			rt.Fatal("the inbox is gone")
		}
	})
}
