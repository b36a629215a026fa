package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// State that cannot be read is no reason to take away what a device has. It can start over.
func TestTornState(t *testing.T) {
	k := newKit(t)
	at := k.prime(k.contacts)
	doc := "sync/" + id(k.contacts)
	docs, err := k.st.Devices.State(k.ctx, k.device.Number, doc)
	k.must(err)
	for name, c := range map[string]struct{ state, status, anew string }{
		"torn":                 {`{"v":1,"secret"`, "5", "1"},
		"of a newer program":   {`{"v":99}`, "5", "5"}, // MS-ASCMD_R4435
		"of no key, for all":   {`{"v":1}`, "3", "1"},
		"an older key's alone": {string(docs[doc]), "", ""},
	} {
		old, err := k.st.Devices.State(k.ctx, k.device.Number, doc)
		k.must(err)
		k.must(k.st.Devices.SwapState(k.ctx, k.device.Number, store.Swap{Name: doc, Old: old[doc], New: []byte(c.state)}))
		if got := status(k.sync(k.contacts, at)); got != c.status {
			t.Errorf("%s: status %q", name, got)
		}
		if c.anew == "" {
			continue
		}
		if got := status(k.sync(k.contacts, "0")); got != c.anew {
			t.Errorf("%s: starting over: status %q", name, got)
		}
	}
}

// refusing is a store that takes no writes.
type refusing struct {
	store.Home
	out tandem.Outcome
	err error
}

func (r refusing) Write(_ context.Context, _ int64, _ store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	outs := make([]tandem.Outcome, len(writes))
	for i := range outs {
		outs[i] = r.out
	}
	return outs, r.err
}

// MS-ASCMD_R4450, R4440: what the store says of a write becomes the status of the command, and what is refused is not lost on the device.
func TestFull(t *testing.T) {
	full := &tandem.Error{Kind: tandem.Full, Op: "write record"}
	for what, c := range map[string]struct {
		home refusing
		want string // status of each command
	}{
		"full":            {refusing{out: tandem.Outcome{Status: tandem.RetryAfter, Err: full}}, "9"},
		"full as a whole": {refusing{out: tandem.Outcome{Status: tandem.RetryAfter, Err: full}, err: full}, "9"},
		"rejected":        {refusing{out: tandem.Outcome{Status: tandem.Rejected}}, "6"},
		"not now":         {refusing{out: tandem.Outcome{Status: tandem.RetryAfter}}, "5"},
	} {
		t.Run(what, func(t *testing.T) {
			k := newKit(t)
			k.fill(k.contacts, "c", 2)
			c0, c1 := k.serverID(k.contacts, "c0"), k.serverID(k.contacts, "c1")
			at := k.prime(k.contacts)
			c.home.Home = k.st.Home
			k.svc.Home = c.home
			col := k.sync(k.contacts, at, commands(add("n", name("New")), edit(c0, phone("1")), drop(c1)))
			k.want(resps(col), fmt.Sprintf("Add n %s, Change %s %s, Delete %s %s", c.want, c0, c.want, c1, c.want))
			k.validate(10)
		})
	}
}

// MS-ASCMD_R4225
func TestMoveFails(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 1)
	src := k.serverID(k.contacts, "c0")
	k.svc.Home = refusing{Home: k.st.Home, err: &tandem.Error{Kind: tandem.Transient, Op: "write record"}}
	k.want(k.move(moveOf(src, id(k.contacts), id(k.others))), "7")
	k.svc.Home = refusing{Home: k.st.Home, out: tandem.Outcome{Status: tandem.Rejected}}
	k.want(k.move(moveOf(src, id(k.contacts), id(k.others))), "5")
	k.svc.Home = refusing{Home: k.st.Home, out: tandem.Outcome{Status: tandem.PreconditionFailed}}
	k.want(k.move(moveOf(src, id(k.contacts), id(k.others))), "7")
	k.restart()
	k.want(k.move(moveOf(src, id(k.contacts), id(k.others))), "3 "+k.serverID(k.others, "c0"))
	k.validate(10)
}

// MS-ASCMD_R7309: since 16.0 a device that says in Supported that it manages an element of events leaves it alone all the same.
func TestGhostingOfEvents(t *testing.T) {
	for v, kept := range map[eas.Version]bool{eas.V141: false, eas.V160: true, eas.V161: true} {
		k := newKit(t)
		k.version = v
		k.write(k.calendar, tandem.Create, "e", vevent("e", "Subject", "20260601T090000Z", "20260601T100000Z"))
		server := k.serverID(k.calendar, "e")
		col := k.sync(k.calendar, key(k.sync(k.calendar, "0", wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.CalendarSubject)))))
		k.sync(k.calendar, key(col), commands(edit(server, wbxml.Text(wbxml.CalendarEndTime, "20260601T110000Z"))))
		if body := k.body(k.calendar, "e"); strings.Contains(body, "Subject") != kept || !strings.Contains(body, "T110000Z") {
			t.Errorf("%s: %s", v, body)
		}
	}
}

// MS-ASCMD_R5647
func TestEstimateOfTooMany(t *testing.T) {
	k := newKit(t)
	cols := wbxml.New(wbxml.GetItemEstimateCollections)
	for i := range 1001 {
		cols.Add(wbxml.New(wbxml.GetItemEstimateCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"), wbxml.Text(wbxml.GetItemEstimateCollectionId, fmt.Sprint(i+100))))
	}
	e := k.do(k.svc.GetItemEstimate, "GetItemEstimate", wbxml.New(wbxml.GetItemEstimateGetItemEstimate, cols))
	k.want(show(e), "Status=103")
	k.validate(10)
}

// Requests of one device come one after another; those of several do not hinder each other, nor lose or double anything.
func TestAtOnce(t *testing.T) {
	k := newKit(t)
	const devices, adds = 4, 10
	var wg sync.WaitGroup
	for d := range devices {
		dev, err := k.st.Devices.ChangeDevice(k.ctx, "ann", fmt.Sprint("dev", d), func(d *store.Device) error { return nil })
		k.must(err)
		ask := func(col *wbxml.Element) *wbxml.Element {
			r := k.request("Sync", syncOf(col))
			r.Device = dev
			resp, err := k.svc.Sync(k.ctx, r)
			if err != nil {
				t.Error(err)
				return nil
			}
			return k.wired(resp.Body).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
		}
		for range 2 { // the same device twice: only the keys of one will do, and both are served
			wg.Go(func() {
				col := ask(collection(k.contacts, "0"))
				for i := range adds {
					next := ask(collection(k.contacts, key(col), commands(add(fmt.Sprint("n", i), name(fmt.Sprint(d, " ", i))))))
					if next == nil || status(next) != "1" || resps(next) == "nothing" {
						t.Errorf("%s", show(next))
						return
					}
					col = next
				}
			})
		}
	}
	wg.Wait()
	recs, _, err := k.st.Home.Since(k.ctx, k.contacts.ID, 0, 0)
	k.must(err)
	if len(recs) != devices*adds {
		t.Errorf("%d records", len(recs))
	}
}
