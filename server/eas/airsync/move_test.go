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

func moveOf(msg, from string, to ...string) *wbxml.Element {
	e := wbxml.New(wbxml.MoveMove, wbxml.Text(wbxml.MoveSrcMsgId, msg), wbxml.Text(wbxml.MoveSrcFldId, from))
	for _, d := range to {
		e.Add(wbxml.Text(wbxml.MoveDstFldId, d))
	}
	return e
}

// move moves records: "status DstMsgId" of each.
func (k *kit) move(moves ...*wbxml.Element) string {
	k.Helper()
	e := k.do(k.svc.MoveItems, "MoveItems", wbxml.New(wbxml.MoveMoveItems, moves...))
	var out []string
	for r := range e.All(wbxml.MoveResponse) {
		out = append(out, strings.TrimSpace(r.Get(wbxml.MoveStatus)+" "+r.Get(wbxml.MoveDstMsgId)))
	}
	if len(out) == 0 {
		return "whole " + e.Get(wbxml.MoveStatus)
	}
	return strings.Join(out, ", ")
}

// MS-ASCMD 2.2.1.12; field note 39: nothing that the device moved itself comes back to it.
func TestMove(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TITLE:Boss"))
	body := k.body(k.contacts, "a")
	at, bt := k.prime(k.contacts), k.prime(k.others)
	src := k.serverID(k.contacts, "a")
	got := k.move(moveOf(src, id(k.contacts), id(k.others)))
	dst := k.serverID(k.others, "a")
	k.want(got, "3 "+dst) // MS-ASCMD_R4217, R290
	k.want(k.body(k.others, "a"), body)
	k.want(k.body(k.contacts, "a"), "")
	k.want(k.move(moveOf(src, id(k.contacts), id(k.others))), "3 "+dst) // its answer was lost
	if e := k.do(k.svc.Sync, "Sync", syncOf(collection(k.contacts, at), collection(k.others, bt))); e != nil {
		t.Errorf("its own move comes back: %s", show(e))
	}
	// The device goes on with the new name.
	col := k.sync(k.others, bt, commands(edit(dst, phone("5"))))
	k.want(resps(col)+", "+cmds(col), "nothing, nothing")
	// Others see it go and come. MS-ASCMD_R289
	k.device, _ = k.st.Devices.ChangeDevice(k.ctx, "ann", "phone2", func(d *store.Device) error { return nil })
	k.write(k.contacts, tandem.Create, "b", vcard("b", "Bob"))
	at, bt = k.prime(k.contacts), k.prime(k.others)
	src = k.serverID(k.contacts, "b")
	first := k.device
	k.device, _ = k.st.Devices.ChangeDevice(k.ctx, "ann", "phone1", func(d *store.Device) error { return nil })
	k.move(moveOf(src, id(k.contacts), id(k.others)))
	k.device = first
	k.want(cmds(k.sync(k.contacts, at)), "Delete "+src)
	k.want(cmds(k.sync(k.others, bt)), "Add "+k.serverID(k.others, "b")+" Bob")
	k.validate(30)
}

func TestMoveStatus(t *testing.T) {
	k := newKit(t)
	bobs := k.collection("bob", tandem.Contact, "contacts")
	k.write(bobs, tandem.Create, "x", vcard("x", "Secret"))
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	k.write(k.contacts, tandem.Create, "gone", vcard("gone", "Gone"))
	k.write(k.others, tandem.Create, "twin", vcard("twin", "Other twin"))
	k.write(k.contacts, tandem.Create, "twin", vcard("twin", "Twin"))
	k.write(k.contacts, tandem.Create, "same", vcard("same", "Same"))
	k.write(k.others, tandem.Create, "same", vcard("same", "Same"))
	src, gone, twin, same := k.serverID(k.contacts, "a"), k.serverID(k.contacts, "gone"), k.serverID(k.contacts, "twin"), k.serverID(k.contacts, "same")
	k.write(k.contacts, tandem.Delete, "gone", "")
	c, o := id(k.contacts), id(k.others)
	for _, m := range []struct {
		name string
		move *wbxml.Element
		want string
	}{
		{"MS-ASCMD_R4207 unknown source folder", moveOf(src, "999", o), "1"},
		{"MS-ASCMD_R4208 not in the source folder", moveOf("1:999", c, o), "1"},
		{"deleted before", moveOf(gone, c, o), "1"},
		{"in another folder", moveOf(src, o, c), "1"},
		{"no id of ours", moveOf("x", c, o), "1"},
		{"another user's source", moveOf(k.serverID(bobs, "x"), id(bobs), o), "1"},
		{"MS-ASCMD_R4212 unknown destination", moveOf(src, c, "999"), "2"},
		{"another user's destination", moveOf(src, c, id(bobs)), "2"},
		{"no destination", moveOf(src, c), "2"},
		{"MS-ASCMD_R4219 the same folder", moveOf(src, c, c), "4"},
		{"MS-ASCMD_R4222 two destinations", moveOf(src, c, o, id(k.calendar)), "5"},
		{"a folder of another kind", moveOf(src, c, id(k.calendar)), "5"},
		{"its UID is taken there", moveOf(twin, c, o), "5"},
		{"it is there already", moveOf(same, c, o), "3 " + k.serverID(k.others, "same")},
		{"no name", moveOf("", c, o), "whole 103"},
		{"name too long", moveOf(strings.Repeat("1", 65), c, o), "whole 103"},
	} {
		t.Run(m.name, func(t *testing.T) {
			k.TB = t
			k.want(k.move(m.move), m.want)
		})
	}
	k.TB = t
	k.want(k.move(moveOf("1:999", c, o), moveOf(src, c, o)), "1, 3 "+k.serverID(k.others, "a"))
	var lot []*wbxml.Element
	for i := range 1001 {
		lot = append(lot, moveOf(fmt.Sprint("1:", i), c, o))
	}
	k.want(k.move(lot...), "whole 103") // MS-ASCMD_R5653
	k.want(k.move(), "whole 103")
	k.want(k.body(k.contacts, "twin"), vcard("twin", "Twin"))
	k.validate(40)
}

// watched tells of each write before and after it is done.
type watched struct {
	store.Home
	before, after func()
}

func (w watched) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	w.before()
	out, err := w.Home.Write(ctx, collection, who, writes)
	w.after()
	return out, err
}

// A record that is moved is never lost and never doubled, whatever fails in between and whoever writes to it then: at no moment is it in both places, or in none.
func TestMoveInterrupted(t *testing.T) {
	edit := func(k *kit) { k.write(k.contacts, tandem.Update, "a", vcard("a", "Anna")) }
	die := func(*kit) { panic("dead") }
	for name, c := range map[string]struct {
		before, after func(k *kit) // of the first write
		want          string
	}{
		"the hub dies before the write":        {before: die, want: "Ann"},
		"the hub dies after the write":         {after: die, want: "Ann"},
		"somebody edits before the write":      {before: edit, want: "Anna"},
		"somebody edits, and the hub dies":     {before: func(k *kit) { edit(k); die(k) }, want: "Anna"},
		"somebody edits where it is now":       {after: func(k *kit) { k.write(k.others, tandem.Update, "a", vcard("a", "Anna")) }, want: "Anna"},
		"the same, and the hub dies":           {after: func(k *kit) { k.write(k.others, tandem.Update, "a", vcard("a", "Anna")); die(k) }, want: "Anna"},
		"an older hub died between two writes": {before: func(k *kit) {}, want: "Ann"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
			src := k.serverID(k.contacts, "a")
			older := strings.HasPrefix(name, "an older hub")
			if older { // which made the copy first
				info, err := k.kinds[tandem.Contact].Inspect([]byte(vcard("a", "Ann")))
				k.must(err)
				_, err = k.st.Home.Write(k.ctx, k.others.ID, store.Author{User: "ann"}, []store.HomeWrite{{Digest: info.Digest, Index: info.Index, Write: tandem.Write{Op: tandem.Create, ID: "a",
					Marker: tandem.Marker(fmt.Sprintf("eas/%d/move/%s", k.device.Number, src)), Record: tandem.Record{Meta: tandem.Meta{UID: "a"}, Body: tandem.Bytes(vcard("a", "Ann"))}}}})
				k.must(err)
			}
			n := 0
			there := func() {
				if count := len(k.live(k.contacts)) + len(k.live(k.others)); count != 1 && !older {
					t.Errorf("at write %d it is there %d times", n, count)
				}
			}
			k.svc.Home = watched{k.st.Home, func() {
				there()
				if n == 0 && c.before != nil {
					c.before(k)
				}
			}, func() {
				there()
				if n++; n == 1 && c.after != nil {
					c.after(k)
				}
			}}
			func() {
				defer func() { _ = recover() }()
				k.move(moveOf(src, id(k.contacts), id(k.others)))
			}()
			k.restart()
			got := k.move(moveOf(src, id(k.contacts), id(k.others)))
			k.want(got, "3 "+k.serverID(k.others, "a"))
			k.want(k.body(k.contacts, "a"), "")
			k.want(k.body(k.others, "a"), vcard("a", c.want))
			if recs := k.live(k.others); len(recs) != 1 {
				t.Errorf("%d records", len(recs))
			}
		})
	}
}

// live are the records that are there.
func (k *kit) live(c tandem.Collection) (out []store.HomeRecord) {
	k.Helper()
	recs, _, err := k.st.Home.Since(k.ctx, c.ID, 0, 0)
	k.must(err)
	for _, r := range recs {
		if !r.Deleted {
			out = append(out, r)
		}
	}
	return out
}
