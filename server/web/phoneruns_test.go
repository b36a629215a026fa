package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/partner/device"
	"tandem/store"
)

// TestPhoneRunsAreShown: what a phone synced is on its page and in the results, in the reader's language, with the phone's name instead of an id; the API lists it to its owner and to
// administrators, and to nobody else.
func TestPhoneRunsAreShown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	ctx := t.Context()
	_, err := k.devices.Meet(ctx, "ben", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	d, err := k.devices.Find(ctx, "ben", "PHONE1")
	k.must(err)
	c, err := k.st.Home.PutCollection(ctx, tandem.Collection{User: "ben", Kind: tandem.Contact, Name: "friends"})
	k.must(err)
	k.must(k.st.Devices.SwapState(ctx, d.Number, store.Swap{Name: fmt.Sprintf("sync/%d", c.ID), New: []byte("{}")}))
	now := time.Now()
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: now, Done: [2]engine.Totals{{Updates: 17}, {Creates: 23}}, InStep: true}))
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: now, Done: [2]engine.Totals{{}, {Creates: 100}}}))
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: now, Refused: 1, Beyond: 2}))

	ben := k.in("ben")
	ben.shows("/devices/ben/PHONE1", ">friends<", ">In step<", ">23<", ">17<", ">It has not fetched everything yet<", ">1 refused<")
	ben.shows("/log", "to the phone: 23 new; from the phone: 17 changed; in step", `href="/devices/ben/PHONE1">iPhone: friends<`)
	ben.form("/settings/look", url.Values{"csrf": {ben.csrf}, "lang": {"de"}, "theme": {"auto"}})
	ben.shows("/devices/ben/PHONE1", ">Im Gleichschritt<", ">Es hat noch nicht alles geholt<", ">1 abgelehnt<", ">Zum Telefon<")
	ben.shows("/log", "zum Telefon: 23 neu; vom Telefon: 17 geändert; abgeglichen", "zum Telefon: 2 außerhalb der Zeit, die es zeigt; 1 abgelehnt; es hat noch nicht alles geholt")

	path := fmt.Sprintf("/api/runs?item=device%%2F%d%%2F%d", d.Number, c.ID)
	for who, want := range map[string]int{"ben": 200, "anna": 200, "zoe": 404} {
		if who == "zoe" {
			_, err := k.hub.AddUser(ctx, store.User{Name: "zoe"}, password)
			k.must(err)
		}
		if got := k.in(who).get(path); got.status != want {
			t.Errorf("%s: %d, want %d: %s", who, got.status, want, got.body)
		}
	}
}
