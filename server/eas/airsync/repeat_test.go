package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/wire/wbxml"
)

func xml(k *kit, e *wbxml.Element) string {
	k.Helper()
	var b strings.Builder
	k.must(wbxml.ToXML(&b, e))
	return b.String()
}

// The same request gets the same answer, whatever happened in between, and also from another process.
func TestSameRequestSameAnswer(t *testing.T) {
	k := newKit(t)
	for i := range 6 {
		k.write(k.contacts, tandem.Create, tandem.ID(fmt.Sprint("c", i)), vcard(fmt.Sprint("u", i), fmt.Sprint("Person ", i)))
	}
	c0, c1 := k.serverID(k.contacts, "c0"), k.serverID(k.contacts, "c1")
	at := k.prime(k.contacts)
	k.write(k.contacts, tandem.Update, "c0", vcard("u0", "Changed 0"))
	k.write(k.contacts, tandem.Delete, "c1", "")
	k.write(k.contacts, tandem.Create, "c6", vcard("u6", "Person 6"))
	k.write(k.contacts, tandem.Update, "c2", vcard("u2", "Changed 2"))
	req := []*wbxml.Element{window(3), commands(add("n1", name("New")), add("n2", name("nonsense")), edit("1:999", name("x")), edit(c0, phone("77")))}
	first := k.sync(k.contacts, at, req...)
	k.want(cmds(first), fmt.Sprintf("Delete %s, Add %s Person 6, Change %s Changed 2", c1, k.serverID(k.contacts, "c6"), k.serverID(k.contacts, "c2")))
	// Meanwhile what was told changes again, in every way.
	k.write(k.contacts, tandem.Delete, "c6", "")
	k.write(k.contacts, tandem.Update, "c2", vcard("u2", "Changed again"))
	k.write(k.contacts, tandem.Create, "c1", vcard("u1", "Back"))
	k.write(k.contacts, tandem.Create, "c9", vcard("u9", "Person 9"))
	for range 2 {
		k.restart()
		k.want(xml(k, k.sync(k.contacts, at, req...)), xml(k, first))
	}
	// And the next key brings what happened since, once.
	col := k.sync(k.contacts, key(first))
	k.want(cmds(col), fmt.Sprintf("Change %s Changed 0 77, Delete %s, Change %s Changed again, Add %s Back, Add %s Person 9", c0, strings.Fields(cmds(first))[3],
		k.serverID(k.contacts, "c2"), k.serverID(k.contacts, "c1"), k.serverID(k.contacts, "c9")))
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Fatalf("and then %s", cmds(e))
	}
	k.validate(30)
}

// The previous key with another request goes back: everything since is told, the device's own lost changes included.
func TestPreviousKey(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	ida := k.serverID(k.contacts, "a")
	at := k.prime(k.contacts)
	lost := k.sync(k.contacts, at, commands(add("n1", name("New")), edit(ida, phone("1"))))
	server := lost.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
	col := k.sync(k.contacts, at)
	k.want(cmds(col), fmt.Sprintf("Add %s New, Change %s Ann 1", server, ida))
	if key(col) == key(lost) {
		t.Error("two answers have one key")
	}
	// The lost key is ours all the same.
	col = k.sync(k.contacts, key(lost))
	if status(col) != "" && status(col) != "1" {
		t.Errorf("status %s", status(col))
	}
	k.validate(30)
}

// A person who edits again before the lost answer is made good is in no conflict with themselves.
func TestEditAgainAfterLostAnswer(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	ida := k.serverID(k.contacts, "a")
	at := k.prime(k.contacts)
	k.sync(k.contacts, at, commands(edit(ida, phone("1"))))
	col := k.sync(k.contacts, at, commands(edit(ida, phone("2"))))
	k.want(resps(col), "nothing")
	if b := k.body(k.contacts, "a"); !strings.Contains(b, "CELL:2") {
		t.Errorf("the second edit was lost: %s", b)
	}
}

// A repeated Add is never stored twice, whatever comes with it. MS-ASCMD 2.2.3.28.2
func TestAddAgain(t *testing.T) {
	for what, again := range map[string]func(k *kit) []*wbxml.Element{
		"the same request": func(k *kit) []*wbxml.Element { return []*wbxml.Element{commands(add("n1", name("New")))} },
		"with something else": func(k *kit) []*wbxml.Element {
			return []*wbxml.Element{commands(add("n1", name("New")), add("n2", name("Other")))}
		},
		"with other options": func(k *kit) []*wbxml.Element { return []*wbxml.Element{window(7), commands(add("n1", name("New")))} },
		"after it was edited": func(k *kit) []*wbxml.Element {
			k.editAll("Edited")
			return []*wbxml.Element{window(7), commands(add("n1", name("New")))}
		},
		"after the state broke": func(k *kit) []*wbxml.Element {
			k.svc.Devices = k.st.Devices
			return []*wbxml.Element{commands(add("n1", name("New")))}
		},
	} {
		t.Run(what, func(t *testing.T) {
			k := newKit(t)
			at := k.prime(k.contacts)
			if what == "after the state broke" { // the write is done, the state not saved, and the hub dies
				k.svc.Devices = noSwap{k.st.Devices}
			}
			first := k.sync(k.contacts, at, commands(add("n1", name("New"))))
			server := first.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
			col := k.sync(k.contacts, at, again(k)...)
			got := col.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd)
			if got.Get(wbxml.AirSyncStatus) != "1" || server != "" && got.Get(wbxml.AirSyncServerId) != server {
				t.Errorf("%s, want %s", resps(col), server)
			}
			recs, _, err := k.st.Home.Since(k.ctx, k.contacts.ID, 0, 0)
			k.must(err)
			n := 0
			for _, r := range recs {
				if strings.Contains(r.Title, "New") || strings.Contains(r.Title, "Edited") {
					n++
				}
			}
			if n != 1 {
				t.Errorf("it is there %d times", n)
			}
		})
	}
}

// editAll gives every contact another name.
func (k *kit) editAll(name string) {
	recs, _, err := k.st.Home.Since(k.ctx, k.contacts.ID, 0, 0)
	k.must(err)
	for _, r := range recs {
		if !r.Deleted {
			k.write(k.contacts, tandem.Update, r.ID, vcard(r.Index.UID, name))
		}
	}
}

// Keys of any age are ours: none is refused, and the device catches up from where it stood.
func TestOldKeys(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	ida := k.serverID(k.contacts, "a")
	old := k.prime(k.contacts)
	keys := map[string]bool{old: true}
	at := old
	for i := range 5 {
		k.write(k.contacts, tandem.Update, "a", vcard("a", fmt.Sprint("Ann ", i)))
		at = key(k.sync(k.contacts, at))
		if keys[at] || len(at) > 64 {
			t.Fatalf("key %q", at)
		}
		keys[at] = true
	}
	k.write(k.contacts, tandem.Create, "b", vcard("b", "Bob"))
	col := k.sync(k.contacts, old)
	k.want(status(col)+" "+cmds(col), fmt.Sprintf("1 Change %s Ann 4, Add %s Bob", ida, k.serverID(k.contacts, "b")))
	events, err := k.st.Events.List(k.ctx, 0, "", 10)
	k.must(err)
	if len(events) != 1 || !strings.Contains(events[0].Text, "old key") {
		t.Errorf("%v", events)
	}
	// Also after starting over, and never given out again.
	col = k.sync(k.contacts, "0")
	if keys[key(col)] {
		t.Error("a key was given out twice")
	}
	k.want(status(k.sync(k.contacts, at)), "1")
	k.validate(30)
}

// Field note 33: a folder that is begun twice.
func TestBegunTwice(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	one, two := key(k.sync(k.contacts, "0")), key(k.sync(k.contacts, "0"))
	if one == two {
		t.Error("one key for two beginnings")
	}
	want := "Add " + k.serverID(k.contacts, "a") + " Ann"
	k.want(cmds(k.sync(k.contacts, one)), want)
	k.want(cmds(k.sync(k.contacts, two)), want)
	events, err := k.st.Events.List(k.ctx, 0, "", 10)
	k.must(err)
	if len(events) != 0 {
		t.Errorf("%v", events)
	}
}

// A device that was away for longer than deletions are remembered is told everything again, and not wiped.
func TestForgotten(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	at := k.prime(k.contacts)
	k.svc.Listing = &amnesia{Listing: k.st.Listing}
	k.write(k.contacts, tandem.Create, "b", vcard("b", "Bob"))
	col := k.sync(k.contacts, at)
	k.want(status(col)+" "+cmds(col), fmt.Sprintf("1 Add %s Ann, Add %s Bob", k.serverID(k.contacts, "a"), k.serverID(k.contacts, "b")))
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Errorf("and then %s", cmds(e))
	}
}

// amnesia is a store that has forgotten what changed, once.
type amnesia struct {
	store.Listing
	done bool
}

func (a *amnesia) Filled(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	if !a.done && seq > 0 {
		a.done = true
		return nil, false, &tandem.Error{Kind: tandem.Gone, Op: "list collection"}
	}
	return a.Listing.Filled(ctx, collection, seq, limit)
}

// noSwap loses the device's state.
type noSwap struct{ devices }

type devices = store.Devices // whose method Devices would hide a field of that name

func (noSwap) SwapState(context.Context, int64, ...store.Swap) error {
	return &tandem.Error{Kind: tandem.Transient, Op: "save state"}
}

// A record that cannot be shown is set aside, said so once, and tried again when it changes.
func TestUnshowable(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	k.write(k.contacts, tandem.Create, "p", vcard("p", "POISON"))
	k.write(k.contacts, tandem.Create, "z", vcard("z", "Zoe"))
	p := k.serverID(k.contacts, "p")
	col := k.sync(k.contacts, key(k.sync(k.contacts, "0")))
	k.want(cmds(col), fmt.Sprintf("Add %s Ann, Add %s Zoe", k.serverID(k.contacts, "a"), k.serverID(k.contacts, "z")))
	events := func() string {
		list, err := k.st.Events.List(k.ctx, 0, "", 10)
		k.must(err)
		var out []string
		for _, e := range list {
			out = append(out, fmt.Sprint(e.Level, " ", e.Record, " ", e.Text))
		}
		return strings.Join(out, "; ")
	}
	said := fmt.Sprint(store.Error, " p a record of contacts is not sent to the device: this record is poison")
	k.want(events(), said)
	for range 3 {
		if e := k.sync(k.contacts, key(col)); e != nil {
			t.Fatalf("and then %s", show(e))
		}
	}
	k.want(events(), said)
	k.clock = k.clock.AddDate(0, 0, 2) // tried again in vain, in silence
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Fatalf("and then %s", show(e))
	}
	k.want(events(), said)
	k.write(k.contacts, tandem.Update, "p", vcard("p", "Healed"))
	col = k.sync(k.contacts, key(col))
	k.want(cmds(col), "Add "+p+" Healed")
	// A record that the device has becomes unshowable, and then is deleted.
	k.write(k.contacts, tandem.Update, "a", vcard("a", "POISON"))
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Fatalf("and then %s", show(e))
	}
	ida := k.serverID(k.contacts, "a")
	k.write(k.contacts, tandem.Delete, "a", "")
	col = k.sync(k.contacts, key(col))
	k.want(cmds(col), "Delete "+ida)
	k.validate(20)
}

// A device that does not get on with an answer gets fewer and fewer records, until the one is found with which it cannot cope. That one is set
// aside, and tried again later.
func TestPoison(t *testing.T) {
	k := newKit(t)
	for i := range 40 {
		k.write(k.contacts, tandem.Create, tandem.ID(fmt.Sprint("c", i)), vcard(fmt.Sprint("u", i), fmt.Sprint("Person ", i)))
	}
	poison := k.serverID(k.contacts, "c29")
	have := map[string]bool{}
	at := key(k.sync(k.contacts, "0"))
	requests := 0
	drive := func() {
		for {
			if requests++; requests > 200 {
				t.Fatal("the device never gets on")
			}
			col := k.sync(k.contacts, at, window(20))
			if col == nil {
				return
			}
			list := col.Child(wbxml.AirSyncCommands)
			if strings.Contains(show(list), poison+" ") {
				k.restart()
				continue // it dies, and asks again
			}
			if list != nil {
				for _, c := range list.Children {
					have[c.Get(wbxml.AirSyncServerId)] = true
				}
			}
			at = key(col)
		}
	}
	drive()
	if len(have) != 39 || have[poison] {
		t.Fatalf("the device has %d records", len(have))
	}
	t.Logf("%d requests", requests)
	list, err := k.st.Events.List(k.ctx, 0, "", 10)
	k.must(err)
	if len(list) != 1 || list[0].Record != "c29" || list[0].Level != store.Error {
		t.Fatalf("%v", list)
	}
	if pending, known, err := k.svc.Pending(k.ctx, k.device.Number, k.contacts); pending || !known || err != nil {
		t.Errorf("pending %v, known %v, %v", pending, known, err)
	}
	// Other records go on; the day after, it is tried once more, and not again for two days.
	k.write(k.contacts, tandem.Create, "later", vcard("later", "Later"))
	k.clock = k.clock.AddDate(0, 0, 1)
	before := requests
	drive()
	if !have[k.serverID(k.contacts, "later")] || requests-before < 3 {
		t.Errorf("%d requests", requests-before)
	}
	k.clock = k.clock.AddDate(0, 0, 1)
	if col := k.sync(k.contacts, at); col != nil {
		t.Errorf("tried again too soon: %s", cmds(col))
	}
	// When it changes, the device gets it.
	k.write(k.contacts, tandem.Update, "c29", vcard("u29", "Healed"))
	k.want(cmds(k.sync(k.contacts, at)), "Add "+poison+" Healed")
	k.validate(10)
}
