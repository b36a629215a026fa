package airsync_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/store"
	"tandem/wire/wbxml"
)

// access is what decides who sees what.
func (k *kit) access() *access.Service {
	return &access.Service{Home: k.st.Home, Shares: k.st.Shares}
}

// shared is a collection of bob's that ann may look at, or write to.
func (k *kit) shared(kind tandem.Kind, write bool) tandem.Collection {
	k.Helper()
	c := k.collection("bob", kind, "bobs")
	_, err := k.access().Share(k.ctx, "bob", c.ID, "ann", write)
	k.must(err)
	return c
}

// kept lists what history has of a collection, as "op record: body".
func (k *kit) kept(c tandem.Collection) (list []string) {
	k.Helper()
	past, err := k.st.History.List(k.ctx, store.PastFilter{})
	k.must(err)
	for _, p := range past {
		if p.Collection != c.ID {
			continue
		}
		b, err := k.st.Blobs.Get(k.ctx, p.Body)
		k.must(err)
		list = append(list, fmt.Sprintf("%s %s: %s", p.Op, p.Record, b))
	}
	return list
}

func (k *kit) log() string {
	k.Helper()
	list, err := k.st.Events.List(k.ctx, 0, "", 0)
	k.must(err)
	var out []string
	for _, e := range list {
		out = append(out, e.Text+" ("+e.Remedy+")")
	}
	return strings.Join(out, "\n")
}

func (k *kit) contains(text string, parts ...string) {
	k.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			k.Fatalf("%q does not hold %q", text, p)
		}
	}
}

// seq is where a collection stands: writes of any sort move it.
func (k *kit) seq(c tandem.Collection) int64 {
	k.Helper()
	list, err := k.st.Home.Collections(k.ctx, c.User)
	k.must(err)
	for _, have := range list {
		if have.ID == c.ID {
			return have.Seq
		}
	}
	return -1
}

// Two users write to one collection, each under their own name.
func TestSharedWrite(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, true)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(c)
	ida := k.serverID(c, "a")
	col := k.sync(c, at, commands(edit(ida, phone("1")), add("n", name("New"))))
	k.contains(resps(col), "Add n ", " 1")
	k.contains(k.body(c, "a"), "CELL:1", "X-KEEP")
	k.contains(strings.Join(k.kept(c), ""), "update a:")
	past, err := k.st.History.List(k.ctx, store.PastFilter{Record: "a"})
	k.must(err)
	if len(past) != 1 || past[0].Who != "ann" {
		t.Fatalf("history says %+v", past)
	}
	k.write(c, tandem.Update, "a", vcard("a", "Anna"))
	k.contains(cmds(k.sync(c, key(col))), "Change "+ida+" Anna")
	k.validate(30)
}

// MS-ASCMD_R4444: each sort of command on a collection that may only be read is undone in the next answer, and is in history.
func TestReadOnly(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	for _, n := range []string{"a", "b", "c"} {
		k.write(c, tandem.Create, tandem.ID(n), vcard(n, "Name "+n))
	}
	at := k.prime(c)
	a, b, stays := k.serverID(c, "a"), k.serverID(c, "b"), k.serverID(c, "c")
	before := k.seq(c)
	req := commands(edit(a, phone("1")), drop(b), add("n", name("New")), fetch(stays), edit(airsyncID(c, 999), phone("1")), drop(airsyncID(c, 998)))
	col := k.sync(c, at, req)
	added := col.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
	k.want(resps(col), fmt.Sprintf("Change %s 7, Add n %s 1, Fetch %s 1 Name c, Change %s 8, Delete %s 8", a, added, stays, airsyncID(c, 999), airsyncID(c, 998)))
	if status(col) != "1" || !col.Has(wbxml.AirSyncMoreAvailable) || col.Has(wbxml.AirSyncCommands) {
		t.Fatalf("the answer: %s", show(col))
	}
	k.want(xml(k, k.sync(c, at, req)), xml(k, col)) // its answer was lost
	k.restart()
	back := k.sync(c, key(col))
	k.want(cmds(back), fmt.Sprintf("Change %s Name a, Add %s Name b, Delete %s", a, b, added))
	k.want(xml(k, k.sync(c, key(col))), xml(k, back)) // lost, too
	if e := k.sync(c, key(back)); e != nil {
		t.Fatalf("and then %s", cmds(e))
	}
	// Nothing of it is in the collection; what was written is in history, once.
	if k.seq(c) != before {
		t.Errorf("the collection was written to: %d after %d", k.seq(c), before)
	}
	kept := strings.Join(k.kept(c), "\n")
	k.contains(kept, "update a: BEGIN:VCARD", "CELL:1", "X-KEEP:me", "FN:New")
	if n := strings.Count(kept, "BEGIN:VCARD"); n != 2 {
		t.Errorf("%d entries in history:\n%s", n, kept)
	}
	k.contains(k.log(), "bobs (bob) may only be read: Name a, 1 was changed on the device", "history as h", "Name b was deleted", "New was added", "ask bob for the right")
	k.validate(30)
}

func airsyncID(c tandem.Collection, n int64) string { return fmt.Sprintf("%d:%d", c.ID, n) }

// A change that says what is there already is none.
func TestReadOnlySame(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(c)
	col := k.sync(c, at, commands(edit(k.serverID(c, "a"), name("Ann"))))
	k.want(resps(col), "nothing")
	if kept := k.kept(c); len(kept) != 0 || k.log() != "" {
		t.Errorf("history %v, log %s", kept, k.log())
	}
}

// What cannot be read is refused as ever; a record that is gone is gone.
func TestReadOnlyStatus(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	k.write(c, tandem.Create, "gone", vcard("gone", "Gone"))
	gone, a := k.serverID(c, "gone"), k.serverID(c, "a")
	at := k.prime(c)
	k.write(c, tandem.Delete, "gone", "")
	col := k.sync(c, at, commands(add("n1", name("nonsense")), wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncClientId, "n2")), edit(gone, phone("1")), drop(gone), edit(a, name("nonsense"))))
	k.want(resps(col), fmt.Sprintf("Add n1 6, Add n2 6, Change %s 8, Change %s 7", gone, a))
	col = k.sync(c, key(col))
	k.want(cmds(col), "Change "+a+" Ann") // it heard of the deletion when it deleted, too
	k.validate(30)
}

// The owner's edits of the same records go on meanwhile.
func TestReadOnlyMeanwhile(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	for _, n := range []string{"a", "b", "d", "e"} {
		k.write(c, tandem.Create, tandem.ID(n), vcard(n, "Name "+n))
	}
	at := k.prime(c)
	a, b, d, e := k.serverID(c, "a"), k.serverID(c, "b"), k.serverID(c, "d"), k.serverID(c, "e")
	k.write(c, tandem.Update, "a", vcard("a", "Before"))
	col := k.sync(c, at, commands(edit(a, phone("1")), drop(b), drop(d), edit(e, phone("5"))))
	k.write(c, tandem.Update, "b", vcard("b", "After"))
	k.write(c, tandem.Delete, "d", "")
	k.write(c, tandem.Delete, "e", "")
	back := k.sync(c, key(col))
	k.want(cmds(back), fmt.Sprintf("Change %s Before, Add %s After, Delete %s", a, b, e)) // it has deleted d itself
	if e := k.sync(c, key(back)); e != nil {
		t.Fatalf("and then %s", cmds(e))
	}
	k.validate(30)
}

// The key before the refusal, with another request: what was refused is undone all the same.
func TestReadOnlyPreviousKey(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(c)
	a := k.serverID(c, "a")
	k.sync(c, at, commands(drop(a)))
	k.want(cmds(k.sync(c, at)), "Add "+a+" Ann")
}

// Windows: a refused change of what the filter hides takes it off the device.
func TestReadOnlyWindow(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Event, false)
	k.write(c, tandem.Create, "old", vevent("old", "Old", "20250101T100000Z", "20250101T110000Z"))
	k.write(c, tandem.Create, "new", vevent("new", "New", "20260519T100000Z", "20260519T110000Z"))
	two := options(filter(4))
	at := k.prime(c, two)
	old, fresh := k.serverID(c, "old"), k.serverID(c, "new")
	subject := func(s string) *wbxml.Element { return wbxml.Text(wbxml.CalendarSubject, s) }
	col := k.sync(c, at, two, commands(edit(old, subject("x")), drop(old), edit(fresh, subject("y"))))
	back := k.sync(c, key(col), two)
	k.want(cmds(back), fmt.Sprintf("Change %s New 20260519T100000Z 20260519T110000Z", fresh))
	k.validate(30)
}

// An instance of 16.0 is undone with the whole series.
func TestReadOnlyInstance(t *testing.T) {
	k := newKit(t)
	k.version = eas.V161
	c := k.shared(tandem.Event, false)
	k.write(c, tandem.Create, "e", vevent("e", "Series", "20260101T090000Z", "20260101T100000Z"))
	at := k.prime(c)
	e := k.serverID(c, "e")
	del := drop(e)
	del.Add(wbxml.Text(wbxml.AirSyncBaseInstanceId, "20260101T090000Z"))
	col := k.sync(c, at, commands(del))
	k.contains(resps(col), "Delete "+e, " 7")
	k.contains(cmds(k.sync(c, key(col))), "Change "+e+" Series")
	k.contains(strings.Join(k.kept(c), ""), "EXDATE")
	k.validate(30)
}

// Neither out of a collection that may only be read, nor into one.
func TestReadOnlyMove(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	k.write(k.contacts, tandem.Create, "own", vcard("own", "Own"))
	at, mine := k.prime(c), k.prime(k.contacts)
	a, own := k.serverID(c, "a"), k.serverID(k.contacts, "own")
	before := k.seq(c)
	k.want(k.move(moveOf(a, id(c), id(k.contacts)), moveOf(own, id(k.contacts), id(c)), moveOf(airsyncID(c, 999), id(c), id(k.contacts))), "5, 2, 5")
	k.want(cmds(k.sync(c, at)), "Add "+a+" Ann")
	k.want(cmds(k.sync(k.contacts, mine)), "Add "+own+" Own")
	if k.seq(c) != before || k.body(k.contacts, "a") != "" || k.body(k.contacts, "own") == "" {
		t.Error("something was moved")
	}
	k.contains(k.log(), "moved")

	// With the right to write, both ways.
	_, err := k.access().Share(k.ctx, "bob", c.ID, "ann", true)
	k.must(err)
	k.contains(k.move(moveOf(a, id(c), id(k.contacts))), "3 ")
	k.contains(k.body(k.contacts, "a"), "Ann")
	k.validate(30)
}

// A right that is taken away between two requests.
func TestRightTakenAway(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, true)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(c)
	a := k.serverID(c, "a")
	col := k.sync(c, at, commands(edit(a, phone("1"))))
	k.want(resps(col), "nothing")
	_, err := k.access().Share(k.ctx, "bob", c.ID, "ann", false)
	k.must(err)
	col = k.sync(c, key(col), commands(edit(a, phone("2"))))
	k.want(resps(col), "Change "+a+" 7")
	k.want(cmds(k.sync(c, key(col))), "Change "+a+" Ann 1")
	k.must(k.access().Unshare(k.ctx, "bob", c.ID, "ann"))
	k.want(status(k.sync(c, key(col))), "12")
	k.want(status(k.sync(c, key(col))), "3") // it never comes back to the key: the state is gone, and the folder with it
}

// Somebody else's write, and what a refusal leaves to tell, wake a device that waits; so does the end of the share.
func TestWaitForShared(t *testing.T) {
	waiting(t, func(k *kit) {
		c := k.shared(tandem.Contact, false)
		at := k.prime(c)
		w := k.hang(beat(600, collection(c, at)))
		if !w.waits() {
			t.Fatal("it does not wait")
		}
		began := time.Now()
		k.write(c, tandem.Create, "a", vcard("a", "Ann"))
		col := (<-w.answer).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
		a := k.serverID(c, "a")
		k.want(cmds(col), "Add "+a+" Ann")
		col = k.sync(c, key(col), commands(drop(a)))
		w = k.hang(beat(600, collection(c, key(col))))
		col = (<-w.answer).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
		k.want(cmds(col), "Add "+a+" Ann")
		w = k.hang(beat(600, collection(c, key(col))))
		if !w.waits() {
			t.Fatal("it does not wait")
		}
		k.must(k.access().Unshare(k.ctx, "bob", c.ID, "ann"))
		if e := <-w.answer; e.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection).Get(wbxml.AirSyncStatus) != "12" {
			t.Errorf("answer %s", show(e))
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %s", d)
		}
	})
}

// A subscription of one's own may only be read, too.
func TestReadOnlyOwn(t *testing.T) {
	k := newKit(t)
	k.calendar.Props = map[string]string{access.ReadOnly: "1"}
	_, err := k.st.Home.PutCollection(k.ctx, k.calendar)
	k.must(err)
	k.write(k.calendar, tandem.Create, "e", vevent("e", "Holiday", "20260101T090000Z", "20260101T100000Z"))
	at := k.prime(k.calendar)
	e := k.serverID(k.calendar, "e")
	col := k.sync(k.calendar, at, commands(drop(e)))
	k.contains(cmds(k.sync(k.calendar, key(col))), "Add "+e+" Holiday")
	k.contains(k.log(), "change it where it comes from")
}

// Pending: a Ping is answered while there is something to take back.
func TestReadOnlyPending(t *testing.T) {
	k := newKit(t)
	c := k.shared(tandem.Contact, false)
	k.write(c, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(c)
	col := k.sync(c, at, silent(), commands(drop(k.serverID(c, "a"))))
	pending, known, err := k.svc.Pending(k.ctx, k.device.Number, c)
	if !pending || !known || err != nil {
		t.Fatalf("pending %v, known %v, %v", pending, known, err)
	}
	k.contains(cmds(k.sync(c, key(col))), "Ann")
	if pending, _, err := k.svc.Pending(k.ctx, k.device.Number, c); pending || err != nil {
		t.Fatalf("still pending: %v, %v", pending, err)
	}
}
