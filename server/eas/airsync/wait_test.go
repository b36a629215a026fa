package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/wire/wbxml"
)

// waiter is a Sync that waits in the background.
type waiter struct {
	answer chan *wbxml.Element
	cancel context.CancelFunc
}

// hang sends a Sync in the background.
func (k *kit) hang(req *wbxml.Element) *waiter {
	ctx, cancel := context.WithCancel(k.ctx)
	w := &waiter{answer: make(chan *wbxml.Element, 1), cancel: cancel}
	r := k.request("Sync", req)
	go func() {
		resp, err := k.svc.Sync(ctx, r)
		if err == nil && resp.Waiting != nil {
			resp, err = k.svc.Broker.Await(ctx, resp.Waiting)
		}
		if err != nil {
			close(w.answer)
			return
		}
		w.answer <- k.wired(resp.Body)
	}()
	synctest.Wait()
	return w
}

func (w *waiter) waits() bool {
	synctest.Wait()
	return len(w.answer) == 0
}

// waiting runs a test in a bubble of its own time.
func waiting(t *testing.T, f func(k *kit)) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		ctx, cancel := context.WithCancel(k.ctx)
		defer synctest.Wait()
		defer cancel()
		go k.svc.Broker.Run(k.st.Home.Subscribe(ctx))
		f(k)
	})
}

func wait(minutes int, collections ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.Text(wbxml.AirSyncWait, fmt.Sprint(minutes)), wbxml.New(wbxml.AirSyncCollections, collections...))
}

func beat(seconds int, collections ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.Text(wbxml.AirSyncHeartbeatInterval, fmt.Sprint(seconds)), wbxml.New(wbxml.AirSyncCollections, collections...))
}

// MS-ASCMD_R5596: a change ends the wait at once.
func TestWaitForChange(t *testing.T) {
	waiting(t, func(k *kit) {
		at, bt := k.prime(k.contacts), k.prime(k.others)
		w := k.hang(beat(600, collection(k.contacts, at), collection(k.others, bt)))
		if !w.waits() {
			t.Fatal("it does not wait")
		}
		time.Sleep(time.Minute)
		began := time.Now()
		k.write(k.others, tandem.Create, "o", vcard("o", "Other"))
		col := (<-w.answer).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
		k.want(col.Get(wbxml.AirSyncCollectionId)+" "+cmds(col), id(k.others)+" Add "+k.serverID(k.others, "o")+" Other")
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %s", d)
		}
	})
}

// MS-ASCMD_R5595: the interval ends with an empty answer, and an empty request goes on waiting. MS-ASCMD_R656, R658
func TestWaitRunsOut(t *testing.T) {
	for name, c := range map[string]struct {
		req  func(*wbxml.Element) *wbxml.Element
		want time.Duration
	}{
		"heartbeat": {func(c *wbxml.Element) *wbxml.Element { return beat(600, c) }, 10 * time.Minute},
		"wait":      {func(c *wbxml.Element) *wbxml.Element { return wait(59, c) }, 59 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			waiting(t, func(k *kit) {
				at := k.prime(k.contacts)
				for _, req := range []*wbxml.Element{c.req(collection(k.contacts, at)), nil, wbxml.New(wbxml.AirSyncSync, wbxml.Empty(wbxml.AirSyncPartial), wbxml.Text(wbxml.AirSyncHeartbeatInterval,
					fmt.Sprint(int(c.want/time.Second))))} {
					began := time.Now()
					w := k.hang(req)
					if e := <-w.answer; e != nil || time.Since(began) != c.want {
						t.Errorf("%v after %s", e, time.Since(began))
					}
				}
				w := k.hang(nil)
				k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
				col := (<-w.answer).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
				k.want(cmds(col), "Add "+k.serverID(k.contacts, "a")+" Ann")
				// Whether that answer arrived only the device knows: it must say so.
				k.want(show(k.do(k.svc.Sync, "Sync", nil)), "Status=13")
			})
		})
	}
}

// A newer request takes the place of one that waits; a client that goes away leaves nothing behind.
func TestSuperseded(t *testing.T) {
	waiting(t, func(k *kit) {
		at := k.prime(k.contacts)
		w1 := k.hang(beat(600, collection(k.contacts, at)))
		w2 := k.hang(beat(600, collection(k.contacts, at)))
		if w1.waits() || !w2.waits() {
			t.Fatal("the older one waits on")
		}
		if e := <-w1.answer; e != nil {
			t.Errorf("%s", show(e))
		}
		if e := k.sync(k.contacts, at); e != nil || w2.waits() { // one that does not wait, too
			t.Errorf("%s", show(e))
		}
		<-w2.answer
		w3 := k.hang(beat(600, collection(k.contacts, at)))
		w3.cancel()
		if _, ok := <-w3.answer; ok {
			t.Error("an answer to nobody")
		}
		if n := k.svc.Broker.Waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

// MS-ASCMD_R5599, R5789: a request with commands is answered at once.
func TestWaitWithCommands(t *testing.T) {
	waiting(t, func(k *kit) {
		at := k.prime(k.contacts)
		w := k.hang(beat(600, collection(k.contacts, at, commands(add("n", name("New"))))))
		if w.waits() {
			t.Fatal("it waits")
		}
		<-w.answer
	})
}

// Field note 14: a heartbeat for no collection is no busy loop.
func TestWaitForNothing(t *testing.T) {
	waiting(t, func(k *kit) {
		began := time.Now()
		w := k.hang(beat(60))
		if e := <-w.answer; e != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", e, time.Since(began))
		}
	})
}

// A change that means nothing to the device does not end its wait.
func TestWaitSleepsOn(t *testing.T) {
	waiting(t, func(k *kit) {
		k.clock = time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)
		at := k.prime(k.calendar, options(filter(4)))
		w := k.hang(beat(600, collection(k.calendar, at)))
		k.write(k.calendar, tandem.Create, "old", vevent("old", "Old", "20200101T090000Z", "20200101T100000Z"))
		k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
		if !w.waits() {
			t.Error(show(<-w.answer))
		}
		k.write(k.calendar, tandem.Create, "new", vevent("new", "New", "20260601T090000Z", "20260601T100000Z"))
		if w.waits() {
			t.Error("it waits on")
		}
		<-w.answer
	})
}

// MS-ASCMD_R3644: what a partial request leaves out is as it was.
func TestPartial(t *testing.T) {
	k := newKit(t)
	at, bt := k.prime(k.contacts), k.prime(k.others)
	if e := k.do(k.svc.Sync, "Sync", syncOf(collection(k.contacts, at, window(3)), collection(k.others, bt))); e != nil {
		t.Fatal(show(e))
	}
	partial := func(cols ...*wbxml.Element) *wbxml.Element {
		e := wbxml.New(wbxml.AirSyncSync, wbxml.Empty(wbxml.AirSyncPartial))
		if len(cols) > 0 {
			e.Add(wbxml.New(wbxml.AirSyncCollections, cols...))
		}
		return e
	}
	k.fill(k.contacts, "c", 5)
	k.fill(k.others, "o", 1)
	req := partial(collection(k.others, bt, commands(add("n", name("New")))))
	first := k.do(k.svc.Sync, "Sync", req)
	var got []string
	for c := range first.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
		got = append(got, fmt.Sprint(c.Get(wbxml.AirSyncCollectionId), ":", count(c)))
	}
	k.want(strings.Join(got, " "), id(k.others)+":1 "+id(k.contacts)+":3") // with the window of before
	// The answer is lost, and the request comes again.
	k.want(xml(k, k.do(k.svc.Sync, "Sync", req)), xml(k, first))
	// Another one leaves open which key the device has: it must say all.
	k.want(show(k.do(k.svc.Sync, "Sync", partial())), "Status=13")
	k.validate(10)
}

// MS-ASCMD_R4453: a new folder ends the wait, so that the device asks for the hierarchy.
func TestWaitForHierarchy(t *testing.T) {
	waiting(t, func(k *kit) {
		k.schema[wbxml.FolderHierarchyFolderSync] = "FolderSyncResponse"
		hierarchy := func(at string) string {
			e := k.do(k.folders.FolderSync, "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, at)))
			return e.Get(wbxml.FolderHierarchySyncKey)
		}
		folders := hierarchy("0")
		at := k.prime(k.contacts)
		w := k.hang(beat(600, collection(k.contacts, at)))
		if !w.waits() {
			t.Fatal("it does not wait")
		}
		k.collection("ann", tandem.Contact, "more")
		k.want(show(<-w.answer), "Status=12")
		hierarchy(folders)
		if w = k.hang(beat(600, collection(k.contacts, at))); !w.waits() {
			t.Error(show(<-w.answer))
		}
	})
}
