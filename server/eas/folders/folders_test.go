package folders_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/wbxml"
)

// nothing is a view that shows nothing; folders only want to know that there is one.
type nothing struct{}

func (nothing) Class() string                                             { return "Contacts" }
func (nothing) Get([]byte, eas.Options) ([]*wbxml.Element, error)         { return nil, nil }
func (nothing) Put([]byte, []*wbxml.Element, eas.Put) (eas.Result, error) { return eas.Result{}, nil }

var views = map[tandem.Kind]eas.View{tandem.Contact: nothing{}, tandem.Event: nothing{}, tandem.Task: nothing{}, tandem.Note: nothing{}}

// world is a store with two users and a device of the first.
type world struct {
	testing.TB
	st  *store.Store
	svc *folders.Service
	dev store.Device
	// answers are all documents that were answered, by command.
	answers map[string][][]byte
	version eas.Version
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &world{TB: t, st: st, svc: &folders.Service{Home: st.Home, Access: &access.Service{Home: st.Home, Shares: st.Shares}, Devices: st.Devices, Views: views}, answers: map[string][][]byte{}, version: eas.V161}
	for _, u := range []string{"ann", "bob"} {
		if err := st.Accounts.AddUser(context.Background(), store.User{Name: u}); err != nil {
			t.Fatal(err)
		}
	}
	w.dev, err = st.Devices.ChangeDevice(context.Background(), "ann", "phone", func(*store.Device) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) collection(user string, k tandem.Kind, name string) string {
	w.Helper()
	c, err := w.st.Home.PutCollection(context.Background(), tandem.Collection{User: user, Kind: k, Name: name})
	if err != nil {
		w.Fatal(err)
	}
	return folders.ID(c.ID)
}

func (w *world) do(f func(*folders.Service) proto.Command, name string, doc *wbxml.Element) *wbxml.Element {
	w.Helper()
	r := &proto.Request{Command: name, User: store.User{Name: "ann"}, Device: w.dev, Version: w.version, Body: doc}
	resp, err := f(w.svc)(context.Background(), r)
	if err != nil || resp.Body == nil {
		w.Fatalf("%s: %+v, %v", name, resp, err)
	}
	var b strings.Builder
	if err := wbxml.ToXML(&b, resp.Body); err != nil {
		w.Fatal(err)
	}
	w.answers[name] = append(w.answers[name], []byte(b.String()))
	return resp.Body
}

func tags(in ...string) []*wbxml.Element {
	var out []*wbxml.Element
	for i := 0; i < len(in); i += 2 {
		tag, ok := wbxml.ParseTag("FolderHierarchy:" + in[i])
		if !ok {
			panic(in[i])
		}
		out = append(out, wbxml.Text(tag, in[i+1]))
	}
	return out
}

func (w *world) sync(key string) *wbxml.Element {
	w.Helper()
	return w.do(func(s *folders.Service) proto.Command { return s.FolderSync }, "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, tags("SyncKey", key)...))
}

func (w *world) create(in ...string) *wbxml.Element {
	w.Helper()
	return w.do(func(s *folders.Service) proto.Command { return s.FolderCreate }, "FolderCreate", wbxml.New(wbxml.FolderHierarchyFolderCreate, tags(in...)...))
}

func (w *world) remove(in ...string) *wbxml.Element {
	w.Helper()
	return w.do(func(s *folders.Service) proto.Command { return s.FolderDelete }, "FolderDelete", wbxml.New(wbxml.FolderHierarchyFolderDelete, tags(in...)...))
}

func (w *world) update(in ...string) *wbxml.Element {
	w.Helper()
	return w.do(func(s *folders.Service) proto.Command { return s.FolderUpdate }, "FolderUpdate", wbxml.New(wbxml.FolderHierarchyFolderUpdate, tags(in...)...))
}

func (w *world) status(e *wbxml.Element, want string) string {
	w.Helper()
	if got := e.Get(wbxml.FolderHierarchyStatus); got != want {
		w.Fatalf("status %s, want %s", got, want)
	}
	key := e.Get(wbxml.FolderHierarchySyncKey)
	if (key != "") != (want == "1") {
		w.Fatalf("status %s with key %q", want, key)
	}
	return key
}

// list is what a FolderSync answer changes, one line each.
func list(e *wbxml.Element) string {
	var out []string
	c := e.Child(wbxml.FolderHierarchyChanges)
	for _, f := range c.Children[1:] {
		out = append(out, fmt.Sprintf("%s %s %s %s %s", f.Tag.Name(), f.Get(wbxml.FolderHierarchyServerId), f.Get(wbxml.FolderHierarchyParentId),
			f.Get(wbxml.FolderHierarchyDisplayName), f.Get(wbxml.FolderHierarchyType)))
	}
	if got := c.Get(wbxml.FolderHierarchyCount); got != fmt.Sprint(len(out)) {
		out = append(out, "wrong count "+got)
	}
	return strings.Join(out, "\n")
}

func (w *world) lists(e *wbxml.Element, want ...string) string {
	w.Helper()
	if got := list(e); got != strings.Join(want, "\n") {
		w.Fatalf("changes:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	return w.status(e, "1")
}

// valid holds all answers to the schemas.
func (w *world) valid(t *testing.T) {
	t.Helper()
	schemas := easschema.New(t)
	for name, docs := range w.answers {
		for _, doc := range docs {
			if err := schemas.Validate(name+"Response", doc); err != nil {
				t.Errorf("%v\n%s", err, doc)
			}
		}
	}
}

// TestFolderSync covers MS-ASCMD 2.2.1.5: all folders at first (MS-ASCMD_R119), then what changed.
func TestFolderSync(t *testing.T) {
	w := newWorld(t)
	con := w.collection("ann", tandem.Contact, "contacts")
	cal := w.collection("ann", tandem.Event, "calendar")
	w.collection("ann", tandem.File, "files") // phones have no folder for it
	w.collection("bob", tandem.Contact, "secret")
	key := w.lists(w.sync("0"), "Add "+con+" 0 contacts 9", "Add "+cal+" 0 calendar 8")
	if again := w.lists(w.sync(key)); again != key {
		t.Errorf("nothing changed, and the key did: %s, %s", key, again)
	}
	work := w.collection("ann", tandem.Contact, "work")
	second := w.lists(w.sync(key), "Add "+work+" 0 work 14")
	// The answer is lost, the request repeated: the same answer.
	if again := w.lists(w.sync(key), "Add "+work+" 0 work 14"); again != second {
		t.Errorf("repeated: %s, then %s", second, again)
	}
	// The answer is lost, and meanwhile more happened: everything since the old key.
	note := w.collection("ann", tandem.Note, "notes")
	third := w.lists(w.sync(key), "Add "+work+" 0 work 14", "Add "+note+" 0 notes 10")
	w.lists(w.sync(third))
	// A key given out before the last answer is gone for good; but the device may still hold the one before.
	w.lists(w.sync(key), "Add "+work+" 0 work 14", "Add "+note+" 0 notes 10")
	w.status(w.sync(second), "9")
	w.status(w.sync("12345"), "9")
	w.valid(t)
}

// TestVersion: 12.1 does not know notes (MS-ASNOTE 1.7).
func TestVersion(t *testing.T) {
	w := newWorld(t)
	note := w.collection("ann", tandem.Note, "notes")
	w.version = eas.V121
	key := w.lists(w.sync("0"))
	w.version = eas.V140
	w.lists(w.sync(key), "Add "+note+" 0 notes 10")
}

// TestNamesDiffer covers MS-ASCMD_R2198.
func TestNamesDiffer(t *testing.T) {
	w := newWorld(t)
	a := w.collection("ann", tandem.Contact, "home")
	b := w.collection("ann", tandem.Event, "home")
	w.lists(w.sync("0"), "Add "+a+" 0 home 9", "Add "+b+" 0 home (2) 8")
}

// TestEdits covers FolderCreate, FolderUpdate and FolderDelete, with their statuses.
func TestEdits(t *testing.T) {
	w := newWorld(t)
	con := w.collection("ann", tandem.Contact, "contacts")
	theirs := w.collection("bob", tandem.Contact, "theirs")
	key := w.status(w.sync("0"), "1")
	w.status(w.create("SyncKey", "1", "ParentId", "0", "DisplayName", "x", "Type", "14"), "9")
	w.status(w.create("SyncKey", key, "ParentId", "99", "DisplayName", "x", "Type", "14"), "5")
	w.status(w.create("SyncKey", key, "ParentId", con, "DisplayName", "x", "Type", "14"), "3")
	w.status(w.create("SyncKey", key, "ParentId", "0", "DisplayName", "contacts", "Type", "14"), "2")
	w.status(w.create("SyncKey", key, "ParentId", "0", "DisplayName", "x", "Type", "9"), "10")  // a default folder
	w.status(w.create("SyncKey", key, "ParentId", "0", "DisplayName", "x", "Type", "12"), "10") // mail
	w.status(w.create("SyncKey", key, "ParentId", "0", "DisplayName", strings.Repeat("x", 257), "Type", "14"), "10")
	w.status(w.create("ParentId", "0", "DisplayName", "x", "Type", "14"), "10")
	made := w.create("SyncKey", key, "ParentId", "0", "DisplayName", "friends", "Type", "14")
	second := w.status(made, "1")
	id := made.Get(wbxml.FolderHierarchyServerId)
	again := w.create("SyncKey", key, "ParentId", "0", "DisplayName", "friends", "Type", "14")
	if w.status(again, "1") != second || again.Get(wbxml.FolderHierarchyServerId) != id {
		t.Fatal("a repeated FolderCreate made something else")
	}
	w.lists(w.sync(second)) // the device's own change is no news

	w.status(w.update("SyncKey", second, "ServerId", theirs, "ParentId", "0", "DisplayName", "mine"), "4")
	w.status(w.update("SyncKey", second, "ServerId", con, "ParentId", "0", "DisplayName", "mine"), "2")
	w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "77", "DisplayName", "mine"), "5")
	w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "0", "DisplayName", "contacts"), "2")
	w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "0", "DisplayName", ""), "10")
	w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "0", "DisplayName", "x", "Status", "1"), "10") // MS-ASCMD_R3102
	w.status(w.update("SyncKey", "0", "ServerId", id, "ParentId", "0", "DisplayName", "y"), "9")
	third := w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "0", "DisplayName", "pals"), "1")
	if w.status(w.update("SyncKey", second, "ServerId", id, "ParentId", "0", "DisplayName", "pals"), "1") != third {
		t.Fatal("a repeated FolderUpdate gives another key")
	}
	w.lists(w.sync(third))

	w.status(w.remove("SyncKey", third, "ServerId", con), "3")
	w.status(w.remove("SyncKey", third, "ServerId", theirs), "4")
	w.status(w.remove("SyncKey", third, "ServerId", "x"), "4")
	w.status(w.remove("SyncKey", third), "10")
	w.status(w.remove("SyncKey", "8", "ServerId", id), "9")
	fourth := w.status(w.remove("SyncKey", third, "ServerId", id), "1")
	if w.status(w.remove("SyncKey", third, "ServerId", id), "1") != fourth { // field note 44: sent twice
		t.Fatal("a repeated FolderDelete gives another key")
	}
	w.status(w.remove("SyncKey", fourth, "ServerId", id), "4")
	w.lists(w.sync(fourth))
	w.valid(t)
}

// TestDeletedFolderIsInHistory: what a phone throws away can be put back.
func TestDeletedFolderIsInHistory(t *testing.T) {
	w := newWorld(t)
	w.collection("ann", tandem.Contact, "contacts")
	key := w.status(w.sync("0"), "1")
	made := w.create("SyncKey", key, "ParentId", "0", "DisplayName", "friends", "Type", "14")
	var c tandem.Collection
	cols, err := w.st.Home.Collections(t.Context(), "ann")
	for _, col := range cols {
		if col.Name == "friends" {
			c = col
		}
	}
	if err != nil || c.ID == 0 {
		t.Fatalf("%v, %v", cols, err)
	}
	out, err := w.st.Home.Write(t.Context(), c.ID, store.Author{User: "ann"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes("x")}}, Title: "Eve"}})
	if err != nil || out[0].Status != tandem.Applied {
		t.Fatalf("%+v, %v", out, err)
	}
	w.status(w.remove("SyncKey", w.status(made, "1"), "ServerId", made.Get(wbxml.FolderHierarchyServerId)), "1")
	past, err := w.st.History.List(t.Context(), store.PastFilter{Text: "Eve"})
	if err != nil || len(past) != 1 {
		t.Fatalf("%+v, %v", past, err)
	}
}

// TestTrial: a device that only tries the account (AOSP's "validate") is answered and not remembered.
func TestTrial(t *testing.T) {
	w := newWorld(t)
	con := w.collection("ann", tandem.Contact, "contacts")
	w.dev = store.Device{ID: "validate"}
	w.lists(w.sync("0"), "Add "+con+" 0 contacts 9")
}

// TestFollow: whatever happens, and whatever answers are lost, the device ends with the folders that there are.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.collection("ann", tandem.Contact, "contacts")
		key, has := "0", map[string]string{}
		take := func(e *wbxml.Element) {
			if key == "0" {
				clear(has)
			}
			for _, f := range e.Child(wbxml.FolderHierarchyChanges).Children[1:] {
				id := f.Get(wbxml.FolderHierarchyServerId)
				if f.Tag == wbxml.FolderHierarchyDelete {
					if has[id] == "" {
						rt.Fatalf("folder %s is deleted, which the device does not have", id)
					}
					delete(has, id)
				} else {
					has[id] = f.Get(wbxml.FolderHierarchyDisplayName)
				}
			}
			key = w.status(e, "1")
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"sync", "lost", "add", "create", "lost create", "remove", "rename"}).Draw(rt, "step") {
			case "sync":
				take(w.sync(key))
			case "lost":
				w.sync(key)
			case "add":
				name := rapid.StringMatching("[a-f]").Draw(rt, "name")
				_, err := w.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Event, Name: name})
				if err != nil && !tandem.IsKind(err, tandem.Exists) {
					rt.Fatal(err)
				}
			case "create", "lost create":
				if key == "0" {
					continue
				}
				name := rapid.StringMatching("[g-k]").Draw(rt, "name")
				lost := rapid.Bool().Draw(rt, "lost")
				e := w.create("SyncKey", key, "ParentId", "0", "DisplayName", name, "Type", "14")
				if lost {
					e = w.create("SyncKey", key, "ParentId", "0", "DisplayName", name, "Type", "14")
				}
				if e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					has[e.Get(wbxml.FolderHierarchyServerId)] = name
				}
			case "remove":
				ids := slices.Sorted(maps.Keys(has))
				if len(ids) == 0 {
					continue
				}
				id := rapid.SampledFrom(ids).Draw(rt, "id")
				if e := w.remove("SyncKey", key, "ServerId", id); e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					delete(has, id)
				}
			case "rename":
				ids := slices.Sorted(maps.Keys(has))
				if len(ids) == 0 {
					continue
				}
				id, name := rapid.SampledFrom(ids).Draw(rt, "id"), rapid.StringMatching("[a-k]").Draw(rt, "name")
				if e := w.update("SyncKey", key, "ServerId", id, "ParentId", "0", "DisplayName", name); e.Get(wbxml.FolderHierarchyStatus) == "1" {
					key = e.Get(wbxml.FolderHierarchySyncKey)
					has[id] = name
				}
			}
		}
		take(w.sync(key))
		fresh := map[string]string{}
		for _, f := range w.sync("0").Child(wbxml.FolderHierarchyChanges).Children[1:] {
			fresh[f.Get(wbxml.FolderHierarchyServerId)] = f.Get(wbxml.FolderHierarchyDisplayName)
		}
		if !maps.Equal(has, fresh) {
			rt.Fatalf("the device has %v, there are %v", has, fresh)
		}
	})
}
