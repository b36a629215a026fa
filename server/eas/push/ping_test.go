package push_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/server/eas/push"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/wbxml"
)

type nothing struct{}

func (nothing) Class() string                                             { return "Contacts" }
func (nothing) Get([]byte, eas.Options) ([]*wbxml.Element, error)         { return nil, nil }
func (nothing) Put([]byte, []*wbxml.Element, eas.Put) (eas.Result, error) { return eas.Result{}, nil }

// world is a store with a user, two folders and a device; what is pending is what the test says.
type world struct {
	testing.TB
	st      *store.Store
	svc     *push.Service
	broker  *push.Broker
	folders *folders.Service
	dev     store.Device
	ids     []string
	cols    []tandem.Collection
	pending atomic.Int64 // a collection with news for the device
	unknown atomic.Bool  // the device never synced anything
	answers [][]byte
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	ctx := context.Background()
	if err := st.Accounts.AddUser(ctx, store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, st: st, broker: push.NewBroker()}
	w.folders = &folders.Service{Home: st.Home, Access: &access.Service{Home: st.Home, Shares: st.Shares}, Devices: st.Devices, Views: map[tandem.Kind]eas.View{tandem.Contact: nothing{}}}
	w.svc = &push.Service{Devices: st.Devices, Folders: w.folders,
		Pending: func(_ context.Context, _ int64, c tandem.Collection) (bool, bool, error) {
			return c.ID == w.pending.Load(), !w.unknown.Load(), nil
		}}
	for _, name := range []string{"contacts", "work"} {
		w.add(name)
	}
	w.dev, err = st.Devices.ChangeDevice(ctx, "ann", "phone", func(*store.Device) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) add(name string) {
	w.Helper()
	c, err := w.st.Home.PutCollection(context.Background(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: name})
	if err != nil {
		w.Fatal(err)
	}
	w.cols = append(w.cols, c)
	w.ids = append(w.ids, folders.ID(c.ID))
}

// run passes on wake-ups until the returned function is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	ch := w.st.Home.Subscribe(ctx)
	go func() {
		defer close(done)
		w.broker.Run(ch)
	}()
	return func() {
		cancel()
		<-done
	}
}

// write makes a record, and news for the device.
func (w *world) write(c tandem.Collection, news bool) {
	if news {
		w.pending.Store(c.ID)
	}
	_, err := w.st.Home.Write(context.Background(), c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes("x")}}}})
	if err != nil {
		w.Error(err)
	}
}

func ask(heartbeat string, ids ...string) *wbxml.Element {
	e := wbxml.Empty(wbxml.PingPing)
	if heartbeat != "" {
		e.Add(wbxml.Text(wbxml.PingHeartbeatInterval, heartbeat))
	}
	if ids != nil {
		list := wbxml.Empty(wbxml.PingFolders)
		for _, id := range ids {
			list.Add(wbxml.New(wbxml.PingFolder, wbxml.Text(wbxml.PingId, id), wbxml.Text(wbxml.PingClass, "Contacts")))
		}
		e.Add(list)
	}
	return e
}

// ping answers with the status and what follows it, joined by spaces.
func (w *world) ping(doc *wbxml.Element) string {
	r := &proto.Request{Command: "Ping", User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161, Body: doc}
	resp, err := w.svc.Ping(context.Background(), r)
	if err == nil && resp.Waiting != nil {
		resp, err = w.broker.Await(context.Background(), resp.Waiting)
	}
	if err != nil {
		return err.Error()
	}
	if resp.Body == nil {
		return "HTTP " + resp.Header.Get("Retry-After")
	}
	var b strings.Builder
	if err := wbxml.ToXML(&b, resp.Body); err != nil {
		return err.Error()
	}
	w.answers = append(w.answers, []byte(b.String()))
	var out []string
	for _, c := range resp.Body.Children {
		out = append(out, c.String())
		for _, f := range c.Children {
			out = append(out, f.String())
		}
	}
	return strings.Join(strings.Fields(strings.Join(out, " ")), " ")
}

// TestStatuses covers MS-ASCMD 2.2.3.177.11: what can be answered at once.
func TestStatuses(t *testing.T) {
	w := newWorld(t)
	many := make([]string, 201)
	for i := range many {
		many[i] = strconv.Itoa(1000 + i)
	}
	for name, c := range map[string]struct {
		doc  *wbxml.Element
		want string
	}{
		"nothing was ever asked":  {nil, "3"},                            // MS-ASCMD_R4240
		"an empty Ping":           {wbxml.Empty(wbxml.PingPing), "3"},    // "
		"an interval alone":       {ask("120"), "3"},                     // "
		"folders alone":           {ask("", w.ids[0]), "3"},              // "
		"another document":        {wbxml.Empty(wbxml.AirSyncSync), "4"}, //
		"a folder without an id":  {ask("120", ""), "4"},                 //
		"a folder twice":          {ask("120", w.ids[0], w.ids[0]), "4"}, // MS-ASCMD_R6699
		"an interval of nonsense": {ask("soon", w.ids[0]), "4"},          //
		"a negative interval":     {ask("-5", w.ids[0]), "4"},            //
		"too short an interval":   {ask("5", w.ids[0]), "5 60"},          // MS-ASCMD_R5690
		"too long an interval":    {ask("86400", w.ids[0]), "5 3540"},    // MS-ASCMD_R5691
		"too many folders":        {ask("120", many...), "6 200"},        // MS-ASCMD 2.2.3.96
		"a folder that is gone":   {ask("120", w.ids[0], "999999"), "7"}, //
		"nonsense only":           {ask("120", "InvalidTaskID"), "3"},    // field note 48
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.ping(c.doc); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestWait: a Ping waits for its interval, and no longer than until something changes.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run()
		defer stop()
		begin := time.Now()
		if got := w.ping(ask("120", w.ids[0], "InvalidTaskID")); got != "1" || time.Since(begin) != 2*time.Minute {
			t.Fatalf("%q after %v", got, time.Since(begin))
		}
		for name, c := range map[string]struct {
			happens func()
			want    string
		}{
			"a change":                {func() { w.write(w.cols[0], true) }, "2 " + w.ids[0]},
			"the device's own change": {func() { w.write(w.cols[0], false) }, "1"},
			"a change elsewhere":      {func() { w.write(w.cols[1], false) }, "1"},
		} {
			w.pending.Store(0)
			answer := make(chan string)
			begin := time.Now()
			go func() { answer <- w.ping(nil) }() // as the last time: MS-ASCMD_R335
			synctest.Wait()
			time.Sleep(time.Minute)
			c.happens()
			got := <-answer
			took := time.Since(begin)
			if got != c.want || got != "1" && took != time.Minute || got == "1" && took != 2*time.Minute {
				t.Errorf("%s: %q after %v", name, got, took)
			}
		}
		// What changed before the Ping is told at once.
		w.pending.Store(w.cols[0].ID)
		begin = time.Now()
		if got := w.ping(ask("900", w.ids...)); got != "2 "+w.ids[0] || time.Since(begin) != 0 {
			t.Errorf("%q after %v", got, time.Since(begin))
		}
	})
}

// TestNeverSynced: a folder that the device never synced is watched from the beginning of the Ping.
func TestNeverSynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.unknown.Store(true)
		stop := w.run()
		defer stop()
		w.write(w.cols[0], false)
		answer := make(chan string)
		go func() { answer <- w.ping(ask("60", w.ids[0])) }()
		synctest.Wait()
		w.write(w.cols[0], false)
		if got := <-answer; got != "2 "+w.ids[0] {
			t.Fatal(got)
		}
	})
}

// TestHierarchy: a new folder ends a Ping, and so does one that came before it.
func TestHierarchy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run()
		defer stop()
		r := &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161,
			Body: wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0"))}
		if _, err := w.folders.FolderSync(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		answer := make(chan string)
		go func() { answer <- w.ping(ask("60", w.ids[0])) }()
		synctest.Wait()
		w.add("friends")
		if got := <-answer; got != "7" {
			t.Fatal(got)
		}
		if got := w.ping(nil); got != "7" {
			t.Fatal(got)
		}
	})
}

// TestSuperseded covers field note 17: of two Pings at the same time the newer waits, and the older is not told to come again at once.
func TestSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run()
		defer stop()
		first, second := make(chan string), make(chan string)
		go func() { first <- w.ping(ask("600", w.ids[0])) }()
		synctest.Wait()
		go func() { second <- w.ping(ask("60", w.ids[0])) }()
		if got := <-first; got != "HTTP 60" {
			t.Errorf("the older: %q", got)
		}
		if got := <-second; got != "1" {
			t.Errorf("the newer: %q", got)
		}
		third := make(chan string)
		go func() { third <- w.ping(ask("600", w.ids[0])) }()
		synctest.Wait()
		w.broker.Supersede(w.dev.Number, "Sync") // after which the client asks again
		if got := <-third; got != "1" {
			t.Errorf("ended by a Sync: %q", got)
		}
		if w.broker.Waiting() != 0 {
			t.Error("somebody is left waiting")
		}
	})
}

// TestClientGone: when the client hangs up, nothing is left behind.
func TestClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			resp, err := w.svc.Ping(ctx, &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161, Body: ask("600", w.ids[0])})
			if err == nil {
				_, err = w.broker.Await(ctx, resp.Waiting)
			}
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err == nil {
			t.Error("answered nobody")
		}
		if w.broker.Waiting() != 0 {
			t.Error("somebody is left waiting")
		}
	})
}

// TestValid holds the answers to the schema.
func TestValid(t *testing.T) {
	w := newWorld(t)
	w.pending.Store(w.cols[0].ID)
	for _, doc := range []*wbxml.Element{nil, ask("5", "1"), ask("60", make([]string, 0)...), ask("60", w.ids...), ask("60", "999")} {
		w.ping(doc)
	}
	schemas := easschema.New(t)
	for _, a := range w.answers {
		if err := schemas.Validate("PingResponse", a); err != nil {
			t.Errorf("%v\n%s", err, a)
		}
	}
}

// TestTrying: a device that only tries the account waits, beside others of its sort, and is not remembered.
func TestTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dev = store.Device{User: "ann", ID: "validate"}
		first := make(chan error)
		begin := time.Now()
		go func() {
			resp, err := w.svc.Ping(context.Background(), &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161, Body: ask("90", w.ids[0])})
			if err == nil {
				_, err = w.broker.Await(context.Background(), resp.Waiting)
			}
			first <- err
		}()
		synctest.Wait()
		if got := w.ping(ask("60", w.ids[0])); got != "1" || time.Since(begin) != time.Minute {
			t.Errorf("%q after %v", got, time.Since(begin))
		}
		if err := <-first; err != nil || time.Since(begin) != 90*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if got := w.ping(nil); got != "3" {
			t.Errorf("remembered: %q", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.svc.Ping(ctx, &proto.Request{User: store.User{Name: "ann"}, Device: w.dev, Version: eas.V161, Body: ask("600", w.ids[0])}); err == nil {
			t.Error("answered nobody")
		}
	})
}
