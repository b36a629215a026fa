package center

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider/memory"
	"tandem/store"
)

// TestPhoneLeavesOut: what a phone does not ask for is counted, for what it syncs and for an item with the same home collection, with how to get it; a phone that asks for everything leaves out
// nothing.
func TestPhoneLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "book")
		defer w.close()
		ctx := t.Context()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		it := w.add("contacts", "book", "book")
		user := it.User
		d, err := w.store.Devices.ChangeDevice(ctx, user, "PHONE", func(d *store.Device) error { d.Access, d.Type = store.Allowed, "iPhone"; return nil })
		check(err)
		folder := func(k tandem.Kind, name string, records int, doc string) (c tandem.Collection, item string) {
			c, err := w.store.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: k, Name: name})
			check(err)
			var writes []store.HomeWrite
			for n := range records { // one a day, the newest now
				at := time.Now().AddDate(0, 0, -n).Unix()
				hw := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Meta: tandem.Meta{UID: fmt.Sprint(name, n)}, Body: tandem.Bytes("x")}}}
				hw.Index.Start, hw.Index.End = at, at
				writes = append(writes, hw)
			}
			_, err = w.store.Home.Write(ctx, c.ID, store.Author{User: user}, writes)
			check(err)
			check(w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: "sync/" + number(c.ID), New: []byte(doc)}))
			return c, PhoneID(d) + "/" + number(c.ID)
		}
		first := func(item string) First {
			t.Helper()
			f, err := w.hub.FirstSync(ctx, item)
			check(err)
			return f
		}
		inbox, item := folder(tandem.Mail, "inbox", 10, `{"options":{"filter":2},"now":{"kin":[9]}}`)
		f := first(item)
		if f.User != user || f.Kind != tandem.Mail || !f.Met || len(f.Ways) != 0 || f.Places != [2]string{"inbox", "iPhone"} || f.Records != [2]int{10, 5} || len(f.LeftOut) != 1 {
			t.Fatalf("%+v", f)
		}
		l := f.LeftOut[0]
		if l.Count != 5 || l.AtLeast || len(l.Records) != 3 || l.Phone != "iPhone" || l.Sort != LeftByWindow || l.Option != FilterOption || l.Value != "3 days" || !strings.HasSuffix(l.Why, "newer than 3 days") || !strings.Contains(l.More, "more days of mail") {
			t.Errorf("%+v", l)
		}
		other, err := w.hub.leftByPhones(ctx, inbox)
		check(err)
		if len(other) != 1 || other[0].Count != 5 {
			t.Errorf("%+v", other)
		}
		if got := first("book").LeftOut; len(got) != 0 {
			t.Errorf("%+v", got)
		}
		check(w.store.Accounts.AddUser(ctx, store.User{Name: "somebody"}))
		theirs, err := w.store.Home.PutCollection(ctx, tandem.Collection{User: "somebody", Kind: tandem.Mail, Name: "theirs"}) // it was shared when the phone synced it, maybe
		check(err)
		check(w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: "sync/" + number(theirs.ID), New: []byte(`{}`)}))
		if f, err := w.hub.FirstSync(ctx, PhoneID(d)+"/"+number(theirs.ID)); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("of a folder that is not shared any more: %+v, %v", f, err)
		}
		_, item = folder(tandem.Mail, "archive", 1200, `{"options":{"filter":1}}`)
		if got := first(item).LeftOut; len(got) != 1 || got[0].Count != maxBeyond || !got[0].AtLeast {
			t.Errorf("%+v", got)
		}
		_, item = folder(tandem.Event, "calendar", 3, `{"options":{"filter":4}}`)
		if got := first(item).LeftOut; len(got) != 1 || got[0].Count != 0 || !strings.Contains(got[0].More, "calendar") {
			t.Errorf("%+v", got)
		}
		_, item = folder(tandem.Task, "tasks", 1, `{"options":{"filter":8}}`)
		if got := first(item).LeftOut; len(got) != 1 || !strings.Contains(got[0].Why, "not finished") {
			t.Errorf("%+v", got)
		}
		_, item = folder(tandem.Note, "notes", 1, `{"options":{"filter":3}}`)
		if got := first(item).LeftOut; len(got) != 0 {
			t.Errorf("%+v", got)
		}
		for _, item := range []string{PhoneID(d) + "/999", "device/99/1", "device/x/y", PhoneID(d) + "/" + number(it.Collection)} {
			if _, err := w.hub.FirstSync(ctx, item); !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("%s: %v", item, err)
			}
		}
	})
}
