package memory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
)

// listed reads a whole listing.
func listed(t *testing.T, r provider.Replica, since tandem.Cursor) ([]string, tandem.Listing, error) {
	t.Helper()
	seq, end := r.Changes(t.Context(), since)
	var out []string
	for c, err := range seq {
		if err != nil {
			return out, end(), err
		}
		out = append(out, fmt.Sprintf("%s %s", c.ID, c.Presence))
	}
	return out, end(), nil
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func put(t *testing.T, s *memory.Store, id tandem.ID, body string) {
	t.Helper()
	if err := s.Put(id, []byte(body), ""); err != nil {
		t.Fatal(err)
	}
}

func apply1(t *testing.T, r provider.Replica, w tandem.Write) tandem.Outcome {
	t.Helper()
	out, err := r.Apply(t.Context(), []tandem.Write{w})
	if err != nil || len(out) != 1 {
		t.Fatalf("apply: %v, %v", out, err)
	}
	return out[0]
}

func create(id tandem.ID, body string) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: id, Marker: tandem.Marker("mark " + string(id)), Record: tandem.Record{Body: tandem.Bytes(body)}}
}

func TestCursor(t *testing.T) {
	s := memory.New("x", memory.Knobs{Cursor: true})
	put(t, s, "a", "1")
	put(t, s, "b", "1")
	r := s.Open()
	got, l, _ := listed(t, r, "")
	want(t, got, "a present", "b present")
	if !l.Complete || !l.Full {
		t.Errorf("first listing %+v", l)
	}
	put(t, s, "b", "2")
	put(t, s, "c", "1")
	s.Remove("a")
	got, l2, _ := listed(t, r, l.Next)
	want(t, got, "a absent", "b present", "c present")
	if !l2.Complete || l2.Full {
		t.Errorf("second listing %+v", l2)
	}
	got, _, _ = listed(t, r, l2.Next)
	want(t, got)

	s.ForgetTombstones()
	got, old, _ := listed(t, r, l.Next)
	want(t, got, "b present", "c present")
	if !old.Full {
		t.Error("a listing that lost its tombstones does not say that it is full")
	}
	s.Tune(func(k *memory.Knobs) { k.CursorGone = true })
	if _, _, err := listed(t, r, l.Next); !tandem.IsKind(err, tandem.Gone) {
		t.Errorf("error %v, want gone", err)
	}
}

func TestChangeBehindTroubleIsNotForgotten(t *testing.T) {
	s := memory.New("x", memory.Knobs{Cursor: true})
	put(t, s, "a", "1")
	put(t, s, "b", "1")
	r := s.Open()
	_, l, _ := listed(t, r, "")
	put(t, s, "a", "2")
	put(t, s, "b", "2")
	s.Tune(func(k *memory.Knobs) { k.Problems = map[tandem.ID]error{"a": errors.New("torn")} })
	got, l, _ := listed(t, r, l.Next)
	want(t, got, "a problem", "b present")
	s.Tune(func(k *memory.Knobs) { k.Problems = nil })
	got, _, _ = listed(t, r, l.Next)
	want(t, got, "a present", "b present")
}

func TestTroubleCoversWhatIsBelow(t *testing.T) {
	s := memory.New("x", memory.Knobs{Tree: true})
	put(t, s, "d/e/f", "1")
	put(t, s, "g", "1")
	s.Tune(func(k *memory.Knobs) {
		k.Problems = map[tandem.ID]error{"d/e": errors.New("no permission")}
		k.Hidden = map[tandem.ID]error{"g": errors.New("ignored")}
	})
	r := s.Open()
	got, l, _ := listed(t, r, "")
	want(t, got, "d present", "d/e problem", "g out of scope")
	if !l.Complete {
		t.Error("a problem makes the listing incomplete")
	}
	for _, err := range r.Fetch(t.Context(), []tandem.ID{"d/e/f"}) {
		if !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("error %v, want unreadable", err)
		}
	}
	rec, _ := s.Get("d")
	if o := apply1(t, r, tandem.Write{Op: tandem.Delete, ID: "d", If: rec.Version}); o.Status != tandem.PreconditionFailed {
		t.Errorf("deleting a directory with something unreadable: %v", o.Status)
	}
}

// A filter tells of what it hides, hides what is below, and lets nothing in that it would hide.
func TestFilter(t *testing.T) {
	s := memory.New("x", memory.Knobs{Tree: true, Cursor: true})
	for _, id := range []tandem.ID{"d/a", "e/b", "c"} {
		put(t, s, id, "1")
	}
	r := s.Open()
	_, l, _ := listed(t, r, "")
	s.Tune(func(k *memory.Knobs) {
		k.Filter = func(id tandem.ID, body []byte) error {
			if id == "d" || strings.HasSuffix(string(id), "no") || string(body) == "secret" {
				return errors.New("filtered")
			}
			return nil
		}
	})
	put(t, s, "d/more", "2")
	got, _, _ := listed(t, r, "")
	want(t, got, "c present", "d out of scope", "e present", "e/b present")
	rec, _ := s.Get("c")
	for _, w := range []tandem.Write{
		{Op: tandem.Create, ID: "d/x", Record: tandem.Record{Body: tandem.Bytes("3")}},
		{Op: tandem.Create, ID: "xno", Record: tandem.Record{Body: tandem.Bytes("3")}},
		{Op: tandem.Create, ID: "y", Record: tandem.Record{Body: tandem.Bytes("secret")}},
		{Op: tandem.Update, ID: "c", If: rec.Version, Record: tandem.Record{Body: tandem.Bytes("secret")}},
		{Op: tandem.Move, ID: "c", To: "cno", If: rec.Version},
	} {
		if o := apply1(t, r, w); o.Status != tandem.Rejected || o.Err == nil {
			t.Errorf("%s %s: %s, %v", w.Op, w.ID, o.Status, o.Err)
		}
	}
	if o := apply1(t, r, tandem.Write{Op: tandem.Move, ID: "c", To: "e/c", If: rec.Version}); o.Status != tandem.Applied {
		t.Errorf("move: %v", o.Err)
	}
	s.Tune(func(k *memory.Knobs) { k.Filter = nil })
	got, _, _ = listed(t, r, l.Next)
	want(t, got, "c absent", "d/more present", "e/c present")
}

// Where ids mean nothing, what has the wished id says nothing of the record that is to be made, whatever it is itself.
func TestIDOfWhatIsOutOfSight(t *testing.T) {
	s := memory.New("x", memory.Knobs{})
	put(t, s, "1", "secret")
	put(t, s, "2", "torn")
	s.Tune(func(k *memory.Knobs) {
		k.Problems = map[tandem.ID]error{"2": errors.New("torn")}
		k.Filter = func(_ tandem.ID, body []byte) error {
			if string(body) == "secret" {
				return errors.New("filtered")
			}
			return nil
		}
	})
	r := s.Open()
	for _, id := range []tandem.ID{"1", "2"} {
		if o := apply1(t, r, create(id, "3")); o.Status != tandem.PreconditionFailed || !tandem.IsKind(o.Err, tandem.Exists) {
			t.Errorf("create %s: %s, %v", id, o.Status, o.Err)
		}
	}
	if o := apply1(t, r, create("", "secret")); o.Status != tandem.Rejected {
		t.Errorf("create of what is out of scope: %s, %v", o.Status, o.Err)
	}
	s.Tune(func(k *memory.Knobs) { k.ReassignCreate = true })
	if o := apply1(t, r, create("1", "3")); o.Status != tandem.Applied || o.ID == "1" {
		t.Errorf("create where the place chooses: %s %q, %v", o.Status, o.ID, o.Err)
	}
}

func TestCutListings(t *testing.T) {
	s := memory.New("x", memory.Knobs{Cut: true, CutAfter: 1})
	put(t, s, "a", "1")
	put(t, s, "b", "1")
	r := s.Open()
	got, l, err := listed(t, r, "")
	want(t, got, "a present")
	if l.Complete || err != nil {
		t.Errorf("listing %+v, error %v", l, err)
	}
	broken := errors.New("broken")
	s.Tune(func(k *memory.Knobs) { k.CutErr = broken })
	if _, l, err = listed(t, r, ""); l.Complete || !errors.Is(err, broken) {
		t.Errorf("listing %+v, error %v", l, err)
	}
	s.Tune(func(k *memory.Knobs) { k.Cut, k.Down = false, tandem.Errorf(tandem.Unreadable, "gone") })
	if _, l, err = listed(t, r, ""); l.Complete || !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("listing %+v, error %v", l, err)
	}
}

func TestNames(t *testing.T) {
	s := memory.New("x", memory.Knobs{FoldCase: true, NFC: true})
	put(t, s, "Caf\u00e9", "1")
	r := s.Open()
	if o := apply1(t, r, create("cafe\u0301", "2")); o.Status != tandem.PreconditionFailed {
		t.Errorf("a second spelling was created: %v", o.Status)
	}
	rec, _ := s.Get("CAFE\u0301")
	o := apply1(t, r, tandem.Write{Op: tandem.Move, ID: "Caf\u00e9", To: "cafe\u0301", If: rec.Version})
	got, _, _ := listed(t, r, "")
	want(t, got, "cafe\u0301 present")
	if o.Status != tandem.Applied || o.ID != "cafe\u0301" {
		t.Errorf("respelling: %+v", o)
	}
}

func TestReassignment(t *testing.T) {
	s := memory.New("x", memory.Knobs{ReassignCreate: true, ReassignUpdate: true, ReassignMove: true})
	r := s.Open()
	o := apply1(t, r, create("wish", "1"))
	if o.ID == "wish" || o.ID == "" {
		t.Fatalf("created as %q", o.ID)
	}
	found, ok, _ := r.Find(t.Context(), create("wish", "1"))
	if !ok || found.ID != o.ID || found.Version != o.Version {
		t.Errorf("found %+v, %v", found, ok)
	}
	u := apply1(t, r, tandem.Write{Op: tandem.Update, ID: o.ID, If: o.Version, Record: tandem.Record{Body: tandem.Bytes("2")}})
	m := apply1(t, r, tandem.Write{Op: tandem.Move, ID: u.ID, If: u.Version, To: "to"})
	if u.ID == o.ID || m.ID == u.ID || m.ID == "to" || s.Len() != 1 {
		t.Errorf("ids %q %q %q, %d records", o.ID, u.ID, m.ID, s.Len())
	}
	got, _, _ := listed(t, r, "")
	want(t, got, string(m.ID)+" present")
}

func TestBodiesAsThePlaceHasThem(t *testing.T) {
	s := memory.New("x", memory.Knobs{
		Project: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("x"), nil) },
		Rewrite: func(b []byte) []byte { return append([]byte("seen "), b...) }})
	r := s.Open()
	apply1(t, r, create("a", "axb"))
	put(t, s, "b", "axb")
	for id, want := range map[tandem.ID]string{"a": "seen ab", "b": "ab"} {
		if rec, _ := s.Get(id); string(rec.Body.(tandem.Bytes)) != want {
			t.Errorf("%s is %q, want %q", id, rec.Body, want)
		}
	}
}

func TestWeakVersions(t *testing.T) {
	s := memory.New("x", memory.Knobs{NoVersions: true})
	r := s.Open()
	if o := apply1(t, r, create("a", "1")); o.Version != "" || o.Status != tandem.Applied {
		t.Errorf("%+v", o)
	}
	if o := apply1(t, r, tandem.Write{Op: tandem.Delete, ID: "a"}); o.Status != tandem.Applied {
		t.Errorf("%+v", o)
	}
	s.Tune(func(k *memory.Knobs) { k.NoVersions, k.FlakyVersions = false, true })
	put(t, s, "b", "1")
	before, _ := s.Get("b")
	listed(t, r, "")
	after, _ := s.Get("b")
	if before.Version == after.Version {
		t.Error("the version did not change by itself")
	}
	if o := apply1(t, r, tandem.Write{Op: tandem.Delete, ID: "b", If: before.Version}); o.Status != tandem.Applied {
		t.Errorf("%+v", o)
	}
}

func TestFaults(t *testing.T) {
	never := errors.New("never")
	faults := map[tandem.ID]memory.Fault{"answer": {LostAnswer: true}, "request": {LostRequest: true}, "later": {Later: 7}, "never": {Reject: never}}
	s := memory.New("x", memory.Knobs{Fault: func(w tandem.Write) memory.Fault { return faults[w.ID] }, MaxSize: 10, Quota: 12})
	r := s.Open()
	var writes []tandem.Write
	for _, id := range []tandem.ID{"answer", "request", "later", "never", "plain"} {
		writes = append(writes, create(id, "1"))
	}
	writes = append(writes, create("long", "12345678901"))
	out, err := r.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []tandem.Status{tandem.Maybe, tandem.Maybe, tandem.RetryAfter, tandem.Rejected, tandem.Applied, tandem.Rejected} {
		if out[i].Status != want || (want != tandem.Applied) != (out[i].Err != nil) {
			t.Errorf("%s: %v (%v), want %v", writes[i].ID, out[i].Status, out[i].Err, want)
		}
	}
	if out[2].Wait != 7 || !errors.Is(out[3].Err, never) || !tandem.IsKind(out[5].Err, tandem.TooLarge) {
		t.Errorf("wait %d, errors %v, %v", out[2].Wait, out[3].Err, out[5].Err)
	}
	for w, want := range map[int]bool{0: true, 1: false} {
		if _, ok, _ := r.Find(t.Context(), writes[w]); ok != want {
			t.Errorf("%s is found: %v, want %v", writes[w].ID, ok, want)
		}
	}
	out, err = r.Apply(t.Context(), []tandem.Write{create("fits", "12345678"), create("bursts", "123456789"), create("after", "1")})
	if !tandem.IsKind(err, tandem.Full) || out[0].Status != tandem.Applied || out[1].Status != tandem.RetryAfter || out[2].Status != tandem.RetryAfter {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestHookEditsAndCrashes(t *testing.T) {
	s := memory.New("x", memory.Knobs{})
	put(t, s, "a", "1")
	rec, _ := s.Get("a")
	crash := errors.New("crash")
	s.Tune(func(k *memory.Knobs) {
		k.Hook = func(step string, id tandem.ID) error {
			switch {
			case step == "write" && id == "a":
				return s.Put("a", []byte("by hand"), "")
			case step == "written" && id == "b":
				return crash
			}
			return nil
		}
	})
	out, err := s.Open().Apply(t.Context(), []tandem.Write{
		{Op: tandem.Update, ID: "a", If: rec.Version, Record: tandem.Record{Body: tandem.Bytes("2")}}, create("b", "1"), create("c", "1")})
	if !errors.Is(err, crash) || out[0].Status != tandem.PreconditionFailed || out[1].Status != tandem.Maybe || out[2].Status != tandem.Maybe {
		t.Errorf("%+v, %v", out, err)
	}
	if now, _ := s.Get("a"); string(now.Body.(tandem.Bytes)) != "by hand" {
		t.Errorf("a is %q", now.Body)
	}
	if _, ok := s.Get("b"); !ok || s.Len() != 2 {
		t.Error("b was not written before the crash, or c was")
	}
}

func TestRollback(t *testing.T) {
	s := memory.New("x", memory.Knobs{Cursor: true})
	put(t, s, "a", "1")
	snap := s.Snapshot()
	r := s.Open()
	id1, _ := r.Identity(t.Context())
	put(t, s, "a", "2")
	newer, _ := s.Get("a")
	_, l, _ := listed(t, r, "")
	s.Tune(func(k *memory.Knobs) { k.Stale = snap })
	got, _, _ := listed(t, r, "")
	want(t, got, "a present")
	s.Tune(func(k *memory.Knobs) { k.Stale = nil })

	s.Rollback(snap, false)
	got, again, _ := listed(t, r, l.Next)
	want(t, got, "a present")
	if !again.Full {
		t.Error("a cursor of the future is honoured")
	}
	put(t, s, "a", "3")
	if now, _ := s.Get("a"); now.Version == newer.Version {
		t.Error("a version stands for two contents")
	}
	s.Rollback(snap, true)
	id2, _ := r.Identity(t.Context())
	if id2.Store != id1.Store || id2.Epoch == id1.Epoch {
		t.Errorf("identities %v, %v", id1, id2)
	}
	s.Replace("y")
	id3, _ := r.Identity(t.Context())
	if id3.Store == id1.Store || s.Len() != 0 {
		t.Errorf("identity %v, %d records", id3, s.Len())
	}
}

func TestHands(t *testing.T) {
	s := memory.New("x", memory.Knobs{Tree: true})
	put(t, s, "d/e/f", "1")
	for _, c := range []struct{ from, to tandem.ID }{{"d", "d/e/x"}, {"none", "x"}, {"d/e", "d/e/f/g"}, {"d", "../x"}, {"d", ""}} {
		if err := s.Rename(c.from, c.to); err == nil {
			t.Errorf("%s became %s", c.from, c.to)
		}
	}
	if err := s.Put("d/e/f/g", nil, ""); err == nil {
		t.Error("a file became a directory")
	}
	if err := s.Put("d/e", []byte("x"), ""); err == nil {
		t.Error("a filled directory became a file")
	}
	if err := s.Rename("d/e", "h/i"); err != nil {
		t.Fatal(err)
	}
	if err := s.PutDir("j"); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range s.List() {
		ids = append(ids, string(r.ID))
	}
	want(t, ids, "d", "h", "h/i", "h/i/f", "j")
	if !s.Remove("h") || s.Remove("h") || s.Len() != 2 {
		t.Errorf("%d records after removing h", s.Len())
	}
}

func TestDigestOnDemand(t *testing.T) {
	inspect := func(b []byte) (tandem.Digest, string) { return tandem.Digest{b[0]}, "uid" }
	s := memory.New("x", memory.Knobs{Inspect: inspect, Digester: true})
	put(t, s, "a", "1")
	r := s.Open()
	if rec, _ := s.Get("a"); !rec.Digest.IsZero() {
		t.Error("the listing carries a digest")
	}
	d, ok := r.Replica.(provider.Digester)
	if !ok {
		t.Fatal("not a digester")
	}
	var got []string
	for c := range d.Digest(context.Background(), []tandem.ID{"a", "b"}) {
		got = append(got, fmt.Sprint(c.ID, c.Presence, c.Digest[0], c.UID))
	}
	want(t, got, "apresent 49uid", "babsent 0")
	s.Tune(func(k *memory.Knobs) { k.Digester = false })
	if rec, _ := s.Get("a"); rec.Digest.IsZero() || rec.UID != "uid" {
		t.Error("the listing carries no digest")
	}
}
