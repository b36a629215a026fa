package home_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tandem"
	"tandem/kind"
	"tandem/kind/file"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/providertest"
	"tandem/store"
	"tandem/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is a kind whose bodies begin with "record" and mean their bytes; the first two words are the UID.
type plain struct{}

func (plain) Kind() tandem.Kind { return tandem.Contact }

func (plain) Inspect(body []byte) (kind.Info, error) {
	words := strings.Fields(string(body[:min(len(body), 100)]))
	if len(words) < 2 || words[0] != "record" {
		return kind.Info{}, tandem.Errorf(tandem.Invalid, "no record")
	}
	return kind.Info{Digest: sha256.Sum256(body), Index: tandem.Index{UID: words[0] + "-" + words[1]}, Summary: tandem.Summary{Title: words[1]}, Modified: 7}, nil
}

func (plain) Merge(base, a, b []byte) (kind.Merged, error) {
	if !bytes.Equal(a, base) {
		return kind.Merged{Body: a}, nil
	}
	return kind.Merged{Body: b}, nil
}

func kinds() map[tandem.Kind]kind.Handler {
	return map[tandem.Kind]kind.Handler{tandem.Contact: plain{}, tandem.File: file.Handler{}}
}

func sample(n, v, size int) []byte {
	head := fmt.Sprintf("record %d version %d", n, v)
	return []byte(head + strings.Repeat(".", max(0, size-len(head))))
}

func attrs(v int) tandem.Attrs {
	return tandem.MakeAttrs(map[string]string{"flags": fmt.Sprint("flag", v)})
}

// world is a store with a user and a collection.
type world struct {
	*testing.T
	st     *store.Store
	opener home.Opener
	col    tandem.Collection
}

func newWorld(t *testing.T, st *store.Store, k tandem.Kind) *world {
	t.Helper()
	t.Cleanup(func() { st.Close() })
	if err := st.Accounts.AddUser(t.Context(), store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	col, err := st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: k, Name: "things"})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, st, home.Opener{Store: st, User: "ann", Kinds: kinds()}, col}
}

func memoryWorld(t *testing.T, k tandem.Kind) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, st, k)
}

func fileWorld(t *testing.T, k tandem.Kind) *world {
	t.Helper()
	st, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, st, k)
}

func (w *world) open(context.Context) (*provider.Opened, error) { return w.opener.Open(w.col) }

// edit changes the collection as a front door would.
func (w *world) edit(id tandem.ID, body []byte) error {
	ctx := context.Background()
	write := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Body: tandem.Bytes(body)}}, Digest: sha256.Sum256(body)}
	for rec, err := range w.st.Home.Get(ctx, w.col.ID, []tandem.ID{id}) {
		if err != nil {
			return err
		}
		write.Op, write.If = tandem.Update, rec.Version
		if body == nil {
			write.Op = tandem.Delete
		}
	}
	out, err := w.st.Home.Write(ctx, w.col.ID, store.Author{User: "ann", Via: "phone"}, []store.HomeWrite{write})
	if err == nil && out[0].Status != tandem.Applied {
		err = out[0].Err
	}
	return err
}

func TestConformity(t *testing.T) {
	worlds := map[string]func(*testing.T, tandem.Kind) *world{"Memory": memoryWorld, "File": fileWorld}
	for name, open := range worlds {
		for _, k := range []tandem.Kind{tandem.Contact, tandem.File} {
			t.Run(name+"/"+string(k), func(t *testing.T) {
				providertest.Run(t, providertest.Factory{
					Kind: k, Body: sample, Attrs: attrs,
					OddIDs: []tandem.ID{"with space", "größer", "名前", "a\\b", "%41", "CON", "x.y.z", "a?b"},
					New: func(t *testing.T) *providertest.Place {
						w := open(t, k)
						return &providertest.Place{Open: w.open, Edit: w.edit}
					},
				})
			})
		}
	}
}

func TestOpenByPlace(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	reg := provider.NewRegistry(home.Provider())
	if err := reg.Check(); err != nil {
		t.Fatal(err)
	}
	open := func(place string, env provider.Env) error {
		o, err := reg.Open(t.Context(), place, env)
		if err == nil {
			if o.Kind != tandem.Contact {
				t.Errorf("%s holds %q", place, o.Kind)
			}
			o.Close()
		}
		return err
	}
	env := provider.Env{Home: w.opener}
	for _, place := range []string{"home:things", "home:things?kind=contact"} {
		if err := open(place, env); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
	if err := open("home:other", env); !tandem.IsKind(err, tandem.NotFound) || !strings.Contains(err.Error(), "other") {
		t.Errorf("missing collection: %v", err)
	}
	if err := open("home:things?kind=event", env); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("missing kind: %v", err)
	}
	if err := open("home:things", provider.Env{}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("without a hub: %v", err)
	}
	if _, err := w.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Event, Name: "things"}); err != nil {
		t.Fatal(err)
	}
	if err := open("home:things", env); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "?kind=contact or ?kind=event") {
		t.Errorf("two of one name: %v", err)
	}
	if err := open("home:things?kind=event", env); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a kind without a handler: %v", err)
	}
}

func (w *world) list(r *provider.Opened, since tandem.Cursor) (map[tandem.ID]tandem.Change, tandem.Listing, error) {
	seq, end := r.Changes(w.Context(), since)
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			return nil, end(), err
		}
		if _, twice := out[c.ID]; twice {
			w.Errorf("%q is listed twice", c.ID)
		}
		out[c.ID] = c
	}
	return out, end(), nil
}

// TestListingWhileOthersWrite changes records between the pages of a listing.
func TestListingWhileOthersWrite(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var writes []tandem.Write
	for n := range 2500 {
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprint(n)), Record: tandem.Record{Body: tandem.Bytes(sample(n, 1, 0))}})
	}
	if _, err := r.Apply(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	for _, since := range []tandem.Cursor{"", "0"} {
		_, before, err := w.list(r, since)
		if err != nil {
			t.Fatal(err)
		}
		seq, end := r.Changes(t.Context(), since)
		seen, n := map[tandem.ID]bool{}, 0
		for c, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			if seen[c.ID] {
				t.Fatalf("%q is listed twice", c.ID)
			}
			seen[c.ID] = true
			if n++; n == 500 { // one already listed, one still to come, one new, one gone
				for id, body := range map[tandem.ID][]byte{"3": sample(3, 2, 0), "2400": sample(2400, 2, 0), "new": sample(9999, 1, 0), "2401": nil} {
					if err := w.edit(id, body); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		l := end()
		if !l.Complete || l.Next != before.Next {
			t.Fatalf("listing %+v, the one before %+v", l, before)
		}
		for n := range 2500 {
			if id := tandem.ID(fmt.Sprint(n)); !seen[id] && id != "2401" {
				t.Fatalf("%q was there all the time and is not listed", id)
			}
		}
		news, _, err := w.list(r, l.Next)
		if err != nil || len(news) != 4 || news["2401"].Presence != tandem.Absent {
			t.Fatalf("the next listing has %d changes (%v), want 4", len(news), err)
		}
		for id, body := range map[tandem.ID][]byte{"new": nil, "2401": sample(2401, 3, 0)} {
			if err := w.edit(id, body); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestForgottenTombstonesMakeAFullListing(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, id := range []tandem.ID{"a", "b"} {
		if err := w.edit(id, sample(1, 1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	_, l, err := w.list(r, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.edit("a", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.History.Purge(t.Context(), 1<<40); err != nil {
		t.Fatal(err)
	}
	got, l2, err := w.list(r, l.Next)
	if err != nil || !l2.Full || !l2.Complete || len(got) != 1 || got["b"].Presence != tandem.Present {
		t.Fatalf("%+v, %+v, %v; want everything", got, l2, err)
	}
	if _, l3, err := w.list(r, l2.Next); err != nil || l3.Full {
		t.Fatalf("the cursor after that: %+v, %v", l3, err)
	}
}

// TestStoreThatWentBack is opened with a cursor that the store never gave out, as after putting back an old backup.
func TestStoreThatWentBack(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := w.edit("a", sample(1, 1, 0)); err != nil {
		t.Fatal(err)
	}
	before, err := r.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, l, err := w.list(r, tandem.Cursor("500@"+before.Epoch))
	if !tandem.IsKind(err, tandem.Gone) || l.Complete {
		t.Fatalf("%+v, %v; want gone", l, err)
	}
	after, err := r.Identity(t.Context())
	if err != nil || after.Store != before.Store || after.Epoch == before.Epoch {
		t.Fatalf("identity %+v, before %+v (%v); want a new epoch", after, before, err)
	}
	if _, l, err := w.list(r, tandem.Cursor("500@"+before.Epoch)); err != nil || !l.Full {
		t.Fatalf("a cursor of the old epoch: %+v, %v; want a full listing", l, err)
	}
	out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, ID: "b", Record: tandem.Record{Body: tandem.Bytes(sample(2, 1, 0))}}})
	if err != nil || out[0].Version != "501" {
		t.Fatalf("%+v, %v; want no version that may have been given out", out, err)
	}
}

func TestRemovedCollectionIsTroubleNotEmptiness(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := w.edit("a", sample(1, 1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := w.st.Home.RemoveCollection(t.Context(), w.col.ID); err != nil {
		t.Fatal(err)
	}
	if _, l, err := w.list(r, ""); !tandem.IsKind(err, tandem.Unreadable) || l.Complete {
		t.Errorf("listing: %+v, %v", l, err)
	}
	if out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, ID: "b", Record: tandem.Record{Body: tandem.Bytes(sample(2, 1, 0))}}}); !tandem.IsKind(err, tandem.Unreadable) || out[0].Status == tandem.Applied {
		t.Errorf("apply: %+v, %v", out, err)
	}
	for rec, err := range r.Fetch(t.Context(), []tandem.ID{"a"}) {
		if !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("fetch: %+v, %v", rec, err)
		}
	}
	if _, found, err := r.Find(t.Context(), tandem.Write{Marker: "m"}); found || !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("find: %v, %v", found, err)
	}
	past, err := w.st.History.List(t.Context(), store.PastFilter{Record: "a"})
	if err != nil || len(past) != 1 {
		t.Errorf("history after removal: %+v, %v", past, err)
	}
}

func TestBodyThatIsNotOfTheKind(t *testing.T) {
	w := memoryWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, err := r.Apply(t.Context(), []tandem.Write{
		{Op: tandem.Create, ID: "bad", Record: tandem.Record{Body: tandem.Bytes("torn")}},
		{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(sample(5, 1, 0))}},
	})
	if err != nil || out[0].Status != tandem.Rejected || out[0].Err == nil || out[1].Status != tandem.Applied {
		t.Fatalf("%+v, %v", out, err)
	}
	if out[1].ID != "record-5" || out[1].UID != "record-5" || out[1].Modified != 7 || out[1].Digest != sha256.Sum256(sample(5, 1, 0)) {
		t.Fatalf("%+v: what the kind tells is not in the outcome", out[1])
	}
	past, err := w.st.History.List(t.Context(), store.PastFilter{})
	if err != nil || len(past) != 0 {
		t.Fatalf("history %+v, %v", past, err)
	}
	r.Replica.(*home.Replica).WriteAs(store.Author{User: "ann", Via: "vdir:x", Session: 4})
	up, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Update, ID: "record-5", If: out[1].Version, Record: tandem.Record{Body: tandem.Bytes(sample(5, 2, 0))}}})
	if err != nil || up[0].Status != tandem.Applied {
		t.Fatal(up, err)
	}
	past, err = w.st.History.List(t.Context(), store.PastFilter{Session: 4})
	if err != nil || len(past) != 1 || past[0].From != "vdir:x" || past[0].Title != "5" || past[0].After != up[0].Version || up[0].Parked != fmt.Sprint(past[0].ID) {
		t.Fatalf("history %+v, %v", past, err)
	}
}
