package session_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider/home"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
)

// homeWorld is a place and a home collection, which takes a UID only once.
type homeWorld struct {
	*world
	col tandem.Collection
}

func newHomeWorld(t *testing.T, knobs ...func(*memory.Knobs)) *homeWorld {
	w := &homeWorld{world: newWorld(t, knobs...)}
	if err := w.store.Accounts.AddUser(t.Context(), store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	var err error
	w.col, err = w.store.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "cards"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *homeWorld) sync(opts ...func(*session.Options)) *session.Report {
	w.t.Helper()
	b, err := home.Opener{Store: w.store, User: "ann", Kinds: map[tandem.Kind]kind.Handler{tandem.Contact: card{}}}.Open(w.col)
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.side[0].Open()
	defer a.Close()
	defer b.Close()
	opt := session.Options{Now: func() int64 { return w.now }, Who: "tester"}
	for _, f := range opts {
		f(&opt)
	}
	p := session.Pair{Key: session.PairKey(tandem.Contact, a.Place, b.Place), Name: "left cards", A: a, B: b, Kind: card{}, Rules: w.rules}
	rep, err := session.Run(w.t.Context(), session.Deps{Store: w.store}, p, opt)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

// cards are the bodies in the home collection by UID.
func (w *homeWorld) cards() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	recs, _, err := w.store.Home.Since(w.t.Context(), w.col.ID, 0, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []tandem.ID
	for _, r := range recs {
		if !r.Deleted {
			ids = append(ids, r.ID)
		}
	}
	for r, err := range w.store.Home.Get(w.t.Context(), w.col.ID, ids) {
		if err != nil {
			w.t.Fatal(err)
		}
		body, err := tandem.ReadBody(r.Body, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		if out[r.UID] != "" {
			w.t.Errorf("two records of UID %s", r.UID)
		}
		out[r.UID] = string(body)
	}
	return out
}

// phone writes to the home collection as a front door does.
func (w *homeWorld) phone(id, body string) {
	w.t.Helper()
	info, err := card{}.Inspect([]byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	outs, err := w.store.Home.Write(w.t.Context(), w.col.ID, store.Author{User: "ann", Via: "phone"}, []store.HomeWrite{{
		Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Record: tandem.Record{Body: tandem.Bytes(body)}}, Digest: info.Digest, Index: info.Index}})
	if err != nil || outs[0].Status != tandem.Applied {
		w.t.Fatal(outs, err)
	}
}

// still checks that nothing more is done.
func (w *homeWorld) still() {
	w.t.Helper()
	if rep := w.sync(); rep.Session != 0 { // it may be recorded that trouble is over
		w.sync()
	}
	for range 2 {
		if rep := w.sync(); rep.Done != [2]engine.Totals{} || rep.Session != 0 {
			w.t.Errorf("a further run did %+v as session %d: %v", rep.Done, rep.Session, rep.Problems)
		}
	}
}

// A second record of one UID is set aside by name, stays where it is, and comes once the first is gone.
func TestSecondOfOneUIDIsSetAside(t *testing.T) {
	w := newHomeWorld(t)
	w.put(a, "1", "uid=u\nname=One\n")
	w.sync()
	w.put(a, "2", "uid=u\nname=Two\n")
	w.put(a, "3", "uid=v\nname=Three\n")
	rep := w.sync()
	if rep.Aside != 1 || rep.Left != 0 || len(rep.Problems) != 1 {
		t.Fatalf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	if text := rep.Problems[0].Text; rep.Problems[0].Record != "2" || !strings.Contains(text, "UID u is that of the record") {
		t.Errorf("it is said of %q: %s", rep.Problems[0].Record, text)
	}
	if got := w.cards(); len(got) != 2 || got["u"] != "uid=u\nname=One\n" || len(w.dump(a)) != 3 {
		t.Errorf("the collection holds %q, the place %q", got, w.dump(a))
	}
	w.still()
	w.put(a, "1", "uid=u\nname=Once\n") // the first goes on
	w.sync()
	if got := w.cards(); got["u"] != "uid=u\nname=Once\n" {
		t.Errorf("the collection holds %q", got)
	}
	w.remove(a, "1")
	w.now += 30 * 24 * 3600 // it is tried again by itself
	w.sync()
	w.sync()
	if got := w.cards(); len(got) != 2 || got["u"] != "uid=u\nname=Two\n" {
		t.Errorf("the collection holds %q", got)
	}
	w.still()
}

// A record whose new UID is taken for good is set aside, and nothing of it is lost on either side.
func TestUpdateToTakenUIDIsSetAside(t *testing.T) {
	w := newHomeWorld(t)
	w.put(a, "1", "uid=u\nname=One\n")
	w.put(a, "2", "uid=v\nname=Two\n")
	w.sync()
	w.put(a, "2", "uid=u\nname=Two again\n")
	rep := w.sync()
	if rep.Aside != 1 || rep.Left != 0 {
		t.Fatalf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	if got := w.cards(); got["v"] != "uid=v\nname=Two\n" || got["u"] != "uid=u\nname=One\n" {
		t.Errorf("the collection holds %q", got)
	}
	w.still()
	w.put(a, "2", "uid=x\nname=Two again\n")
	w.sync()
	if got := w.cards(); got["x"] != "uid=x\nname=Two again\n" || len(got) != 2 {
		t.Errorf("the collection holds %q", got)
	}
	w.still()
}

// One record written over another: the UID that is taken when the update comes is free once the deletion is done.
func TestUIDThatIsGivenUpInTheSameRun(t *testing.T) {
	w := newHomeWorld(t)
	w.put(a, "1", "uid=u\nname=One\n")
	w.put(a, "2", "uid=v\nname=Two\n")
	w.sync()
	w.remove(a, "1")
	w.put(a, "2", "uid=u\nname=Moved over\n")
	if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 || len(rep.Problems) != 0 {
		t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	if got := w.cards(); len(got) != 1 || got["u"] != "uid=u\nname=Moved over\n" {
		t.Errorf("the collection holds %q", got)
	}
	w.still()
}

// What a phone creates while a run is about to create the same is matched with it, not doubled.
func TestUIDThatIsTakenMeanwhileIsMatched(t *testing.T) {
	w := newHomeWorld(t)
	w.put(a, "1", "uid=u\nname=One\n")
	came := false
	rep := w.sync(func(o *session.Options) {
		o.Fault = func(step string) error {
			if step == "stage" && !came {
				came = true
				w.phone("phone", "uid=u\nname=One\ntel=7\n")
			}
			return nil
		}
	})
	if !came || rep.Aside != 0 || rep.Left != 0 {
		t.Fatalf("came: %v; %d set aside, %d left: %v", came, rep.Aside, rep.Left, rep.Problems)
	}
	if got := w.cards(); len(got) != 1 || got["u"] != "uid=u\nname=One\ntel=7\n" {
		t.Errorf("the collection holds %q", got)
	}
	if got := w.bodies(a); len(got) != 1 || got[0] != "name=One\ntel=7\nuid=u\n" {
		t.Errorf("the place holds %q", got)
	}
	w.still()
}
