package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
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
	write := func(op tandem.Op, at tandem.Version, body string) tandem.Version {
		t.Helper()
		out, err := k.st.Home.Write(ctx, c.ID, store.Author{User: "ben", Via: d.Via()}, []store.HomeWrite{{Title: "Zoe", Write: tandem.Write{Op: op, ID: "zoe", If: at, Record: tandem.Record{Body: tandem.Bytes(body)}}}})
		k.must(err)
		return out[0].Version
	}
	const zoe = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:zoe\r\nFN:Zoe\r\nNOTE:before\r\nEND:VCARD\r\n"
	now := time.Now()
	write(tandem.Update, write(tandem.Create, "", zoe), strings.ReplaceAll(zoe, "before", "after"))
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: time.Now(), Done: [2]engine.Totals{{Updates: 17}, {Creates: 23}}, InStep: true}))
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: now, Done: [2]engine.Totals{{}, {Creates: 100}}}))
	k.must(k.hub.PhoneRan(ctx, center.PhoneRun{User: "ben", DeviceID: "PHONE1", Collection: c.ID, Began: now, Ended: now, Refused: 1, Beyond: 2}))

	ben := k.in("ben")
	ben.shows("/devices/ben/PHONE1", ">friends<", ">In step<", ">23<", ">17<", ">It has not fetched everything yet<", ">1 refused<")
	ben.shows("/log", "to the phone: 23 new; from the phone: 17 changed; in step", `href="/devices/ben/PHONE1">iPhone: friends<`)
	ben.form("/settings/look", url.Values{"csrf": {ben.csrf}, "lang": {"de"}, "theme": {"auto"}})
	ben.shows("/devices/ben/PHONE1", ">Im Gleichschritt<", ">Es hat noch nicht alles geholt<", ">1 abgelehnt<", ">Zum Telefon<")
	ben.shows("/log", "zum Telefon: 23 neu; vom Telefon: 17 geändert; abgeglichen", "zum Telefon: 2 außerhalb der Zeit, die es zeigt; 1 abgelehnt; es hat noch nicht alles geholt")

	run := regexp.MustCompile(`/undo\?what=(s[0-9]+)`).FindAllStringSubmatch(ben.get("/devices/ben/PHONE1").body, -1)
	if len(run) != 1 {
		t.Fatalf("of three runs one can be undone, not %q", run)
	}
	if a := k.in("anna").get("/devices/ben/PHONE1"); strings.Contains(a.body, "/undo?") {
		t.Error("another is offered to undo it")
	}
	if a := k.in("anna").call("POST", "/api/undo", map[string]string{"what": run[0][1]}); a.status != 404 {
		t.Errorf("another undoes it: %d: %s", a.status, a.body)
	}
	ben.shows("/undo?what="+run[0][1], "1 Fassung kommt zurück")
	ben.form("/undo", url.Values{"csrf": {ben.csrf}, "what": {run[0][1]}, "back": {"/devices/ben/PHONE1"}})
	for rec, err := range k.st.Home.Get(ctx, c.ID, []tandem.ID{"zoe"}) {
		k.must(err)
		if body, _ := tandem.ReadBody(rec.Body, 1<<20); string(body) != zoe {
			t.Errorf("put back is %s", body)
		}
	}

	var seen []float64
	for path := "/api/runs?limit=2"; path != ""; {
		a := ben.get(path)
		var list []map[string]any
		k.must(json.Unmarshal([]byte(a.body), &list))
		for _, r := range list {
			seen = append(seen, r["id"].(float64))
			if r["item"] != fmt.Sprintf("device/%d/%d", d.Number, c.ID) {
				t.Errorf("%+v", r)
			}
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(a.head.Get("Link"), "<"), ">")
	}
	if len(seen) != 3 || seen[0] < seen[1] || seen[1] < seen[2] {
		t.Errorf("without an item ben is told of the runs %v", seen)
	}
	if a := k.in("anna").get("/api/runs"); a.status != 200 || strings.Contains(a.body, "device/") {
		t.Errorf("another is told of runs: %d: %s", a.status, a.body)
	}

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

// TestPhoneWindowIsShown: what a phone does not ask for is on its page, with what to do, in the reader's language; the API tells it to its owner, and to nobody else.
func TestPhoneWindowIsShown(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	ctx := t.Context()
	_, err := k.devices.Meet(ctx, "ben", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	d, err := k.devices.Find(ctx, "ben", "PHONE1")
	k.must(err)
	c, err := k.st.Home.PutCollection(ctx, tandem.Collection{User: "ben", Kind: tandem.Mail, Name: "inbox"})
	k.must(err)
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes("x")}}}
	w.Index.Start, w.Index.End = 1_000_000_000, 1_000_000_000
	_, err = k.st.Home.Write(ctx, c.ID, store.Author{User: "ben"}, []store.HomeWrite{w})
	k.must(err)
	k.must(k.st.Devices.SwapState(ctx, d.Number, store.Swap{Name: fmt.Sprintf("sync/%d", c.ID), New: []byte(`{"options":{"filter":3}}`)}))

	ben := k.in("ben")
	ben.shows("/devices/ben/PHONE1", "What takes no part", "1 record, the phone asks only for what is newer than a week", "newer than a week. On the phone, in the settings of the account: choose more days of mail.")
	ben.form("/settings/look", url.Values{"csrf": {ben.csrf}, "lang": {"de"}, "theme": {"auto"}})
	ben.shows("/devices/ben/PHONE1", "1 Datensatz, das Telefon fragt nur nach dem, was neuer ist als eine Woche", "eine Woche. Auf dem Telefon, in den Einstellungen des Kontos: mehr Tage Mail wählen.")

	path := fmt.Sprintf("/api/items/device%%2F%d%%2F%d/first", d.Number, c.ID)
	if a := ben.get(path); a.status != 200 || !strings.Contains(a.body, `"side":"phone","phone":"iPhone","sort":"window","option":"FilterType","value":"a week"`) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if a := k.in("anna").get(path); a.status != 404 {
		t.Errorf("another is told: %d: %s", a.status, a.body)
	}
	if a := k.in("anna").get("/devices/ben/PHONE1"); a.status != 200 || strings.Contains(a.body, "What takes no part") {
		t.Errorf("another is shown: %d", a.status)
	}
}
