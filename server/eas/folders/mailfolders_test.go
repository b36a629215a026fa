package folders_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// TestGetHierarchy: the folders of mail and no others, each in the one it lies in, under the ids that FolderSync gives; the state of FolderSync stays. MS-ASCMD 2.2.1.7
func TestGetHierarchy(t *testing.T) {
	w, inbox, _ := newMail(t)
	w.version = eas.V121
	lists, within := w.collection("ann", tandem.Mail, "Lists"), w.collection("ann", tandem.Mail, "Lists/go")
	first := w.sync("0")
	key := w.status(first, "1")
	ids := map[string]string{}
	for _, f := range first.Child(wbxml.FolderHierarchyChanges).Children[1:] {
		ids[f.Get(wbxml.FolderHierarchyServerId)] = f.Get(wbxml.FolderHierarchyDisplayName)
	}
	ask := func(s *folders.Service) proto.Command { return s.GetHierarchy }
	got := w.do(ask, "GetHierarchy", nil)
	if got.Tag != wbxml.FolderHierarchyFolders {
		t.Fatalf("answered %v", got.Tag)
	}
	var all []string
	for _, f := range got.Children {
		id := f.Get(wbxml.FolderHierarchyServerId)
		if ids[id] != f.Get(wbxml.FolderHierarchyDisplayName) || len(id) > 64 {
			t.Errorf("%s is %q to FolderSync", id, ids[id])
		}
		switch id {
		case inbox, lists, within:
			all = append(all, fmt.Sprintf("%s %s in %s", f.Get(wbxml.FolderHierarchyDisplayName), f.Get(wbxml.FolderHierarchyType), map[string]string{lists: "Lists", "0": "the root"}[f.Get(wbxml.FolderHierarchyParentId)]))
		default:
			all = append(all, f.Get(wbxml.FolderHierarchyType))
		}
	}
	slices.Sort(all)
	if got, want := strings.Join(all, ", "), "3, 4, 5, 6, Inbox 2 in the root, Lists 1 in the root, go 1 in Lists"; got != want {
		t.Errorf("listed %s, want %s", got, want)
	}
	w.lists(w.sync(key))
	w.valid(t)
}

// TestGetHierarchyWithoutMail: nothing can be listed.
func TestGetHierarchyWithoutMail(t *testing.T) {
	w := newWorld(t)
	w.collection("ann", tandem.Contact, "contacts")
	resp, err := w.svc.GetHierarchy(t.Context(), &proto.Request{Command: "GetHierarchy", User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V121})
	if err != nil || resp.Body != nil || resp.HTTP != 500 {
		t.Errorf("%+v, %v", resp, err)
	}
}

// TestMailBeforeAny: who can send or receive is shown the folders of mail before the first message, so that there is something to write in; who has no mail is shown none.
func TestMailBeforeAny(t *testing.T) {
	for _, has := range []bool{false, true} {
		w, _, _ := newMail(t)
		all, err := w.st.Home.Collections(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if err := w.st.Home.RemoveCollection(t.Context(), c.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.collection("ann", tandem.Contact, "contacts")
		w.svc.Mail = func(u store.User) bool { return has && u.Name == "ann" }
		first := w.sync("0")
		var types []string
		for _, f := range first.Child(wbxml.FolderHierarchyChanges).Children[1:] {
			types = append(types, f.Get(wbxml.FolderHierarchyType))
		}
		slices.Sort(types)
		if got, want := strings.Join(types, " "), map[bool]string{false: "9", true: "2 3 4 5 6 9"}[has]; got != want {
			t.Errorf("folders of the types %s, want %s", got, want)
		}
		w.lists(w.sync(w.status(first, "1")))
		w.valid(t)
	}
}
