package device

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// kit is a service for the users anna and bob, on a store in memory, under a clock that stands still.
type kit struct {
	*testing.T
	*Service
	ctx context.Context
	st  *store.Store
	now time.Time
}

func newKit(t *testing.T) *kit {
	t.Helper()
	t.Parallel()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := &kit{T: t, ctx: t.Context(), st: st, now: time.Unix(1_800_000_000, 0)}
	k.Service = New(Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Now: func() time.Time { return k.now }})
	for _, name := range []string{"anna", "bob"} {
		k.must(st.Accounts.AddUser(k.ctx, store.User{Name: name}))
	}
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) kind(err error, kind tandem.ErrorKind) {
	k.Helper()
	var e *tandem.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Op == "" {
		k.Fatalf("error %v, want kind %q", err, kind)
	}
}

var phone = Sighting{ID: "APPL1234", Type: "iPhone", Agent: "iOS/17.0 (21A329) dataaccessd/1.0", Address: "192.0.2.1", Protocol: "16.1"}

func (k *kit) meet(user string, g Sighting) store.Device {
	k.Helper()
	d, err := k.Meet(k.ctx, user, g)
	k.must(err)
	return d
}

// have is the device as it is stored.
func (k *kit) have(user, id string) store.Device {
	k.Helper()
	d, err := k.st.Devices.Device(k.ctx, user, id)
	k.must(err)
	return d
}

// log takes the lines of the results log since the last call.
func (k *kit) logged(after *int64) (texts []string) {
	k.Helper()
	list, err := k.st.Events.List(k.ctx, *after, "", 0)
	k.must(err)
	for _, e := range list {
		texts = append(texts, e.Text)
		*after = e.ID
	}
	return texts
}

func (k *kit) wantLog(after *int64, parts ...string) {
	k.Helper()
	got := k.logged(after)
	if len(got) != len(parts) {
		k.Fatalf("log %q, want %q", got, parts)
	}
	for i, p := range parts {
		if !strings.Contains(got[i], p) {
			k.Fatalf("log %q, want %q", got[i], p)
		}
	}
}

func TestFirstContact(t *testing.T) {
	k := newKit(t)
	var at int64
	d := k.meet("anna", phone)
	if d.Number == 0 || d.Access != store.Allowed || d.Type != "iPhone" || d.Agent != phone.Agent || d.Speaks != "16.1" || d.Address != "192.0.2.1" || d.Added != k.now.Unix() || d.Seen != d.Added {
		t.Fatalf("met %+v", d)
	}
	k.wantLog(&at, "iPhone APPL1234 of anna: first contact from 192.0.2.1: allowed")
	if again := k.meet("anna", phone); again.Number != d.Number {
		t.Fatalf("met again as %+v", again)
	}
	if other := k.meet("bob", phone); other.Number == d.Number {
		t.Fatal("two users' devices are one")
	}
	k.wantLog(&at, "of bob")
	if g := (Sighting{ID: "validate", Type: "Android"}); k.meet("anna", g).Number != 0 || k.meet("anna", g).Access != store.Allowed {
		t.Fatal("the try of an account is recorded")
	}
	if list, err := k.Devices(k.ctx, ""); err != nil || len(list) != 2 {
		t.Fatalf("devices %+v, %v", list, err)
	}
	for _, g := range []Sighting{{}, {ID: strings.Repeat("x", 129)}, {ID: "a\nb"}, {ID: "a", Type: "b\x00"}, {ID: "\xff"}} {
		_, err := k.Meet(k.ctx, "anna", g)
		k.kind(err, tandem.Invalid)
	}
	_, err := k.Meet(k.ctx, "nobody", phone)
	k.kind(err, tandem.NotFound)
	long := phone
	long.ID, long.Agent = "LONG", strings.Repeat("ä", 5000)
	if d := k.meet("anna", long); len(d.Agent) > 600 {
		t.Fatalf("an agent of %d bytes", len(d.Agent))
	}
}

func TestSeen(t *testing.T) {
	k := newKit(t)
	first := k.meet("anna", phone)
	k.now = k.now.Add(30 * time.Second)
	if d := k.meet("anna", phone); d.Seen != first.Seen {
		t.Fatalf("seen at %d, half a minute after %d", d.Seen, first.Seen)
	}
	k.now = k.now.Add(time.Minute)
	moved := phone
	moved.Address, moved.Protocol = "198.51.100.7", ""
	k.meet("anna", moved)
	if d := k.have("anna", phone.ID); d.Seen != k.now.Unix() || d.Address != "198.51.100.7" || d.Speaks != "16.1" {
		t.Fatalf("seen %+v", d)
	}
	moved.Protocol = "14.1"
	if d := k.meet("anna", moved); d.Speaks != "14.1" {
		t.Fatalf("speaks %s", d.Speaks)
	}
	upgraded := phone
	upgraded.Agent = "iOS/18.1 (22B83) dataaccessd/1.0"
	if d := k.meet("anna", upgraded); d.Agent != upgraded.Agent {
		t.Fatalf("agent %s after an upgrade", d.Agent)
	}
}

// TestFirstContactsAtOnce lets a new device send several requests at once, and many devices under a rule that counts.
func TestFirstContactsAtOnce(t *testing.T) {
	k := newKit(t)
	_, err := k.AddRule(k.ctx, Rule{Max: 3, Access: store.Held}, 0)
	k.must(err)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := k.Meet(k.ctx, "anna", Sighting{ID: fmt.Sprint("device", i/4)}); err != nil {
				k.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := k.Devices(k.ctx, "anna")
	k.must(err)
	allowed := 0
	for _, d := range list {
		if d.Access == store.Allowed {
			allowed++
		}
	}
	var at int64
	if n := len(k.logged(&at)); len(list) != 10 || allowed != 3 || n != 10 {
		t.Fatalf("%d devices, %d allowed, %d lines", len(list), allowed, n)
	}
}

func TestAccess(t *testing.T) {
	k := newKit(t)
	k.meet("anna", phone)
	var at int64
	k.logged(&at)
	for _, step := range []struct {
		f    func(context.Context, string, string, string) (store.Device, error)
		want store.Access
		line string
	}{{k.Block, store.Blocked, "blocked by bob, was allowed"}, {k.Hold, store.Held, "held by bob, was blocked"}, {k.Allow, store.Allowed, "allowed by bob, was held"}} {
		for range 2 { // again, without a second line
			d, err := step.f(k.ctx, "anna", phone.ID, "bob")
			k.must(err)
			if d.Access != step.want || d.Reason != string(step.want)+" by bob" {
				t.Fatalf("device %+v", d)
			}
		}
		k.wantLog(&at, step.line)
		_, err := step.f(k.ctx, "bob", phone.ID, "bob")
		k.kind(err, tandem.NotFound)
	}
	if _, err := k.st.Devices.Device(k.ctx, "bob", phone.ID); !tandem.IsKind(err, tandem.NotFound) {
		t.Fatalf("a device was made: %v", err)
	}
}

func TestFind(t *testing.T) {
	k := newKit(t)
	for _, id := range []string{"APPL1234", "APPL1235", "SEC999"} {
		k.meet("anna", Sighting{ID: id})
	}
	k.meet("bob", Sighting{ID: "SEC999"})
	for _, test := range []struct {
		user, id, want string
		kind           tandem.ErrorKind
	}{
		{"", "APPL1234", "APPL1234", 0}, {"anna", "SEC999", "SEC999", 0}, {"anna", "sec9", "SEC999", 0}, {"anna", "SEC", "", tandem.NotFound}, {"", "SEC999", "", tandem.Invalid},
		{"", "appl", "", tandem.Invalid}, {"bob", "APPL1234", "", tandem.NotFound}, {"", "", "", tandem.NotFound},
	} {
		d, err := k.Find(k.ctx, test.user, test.id)
		if test.want == "" {
			k.kind(err, test.kind)
		} else if err != nil || d.ID != test.want {
			t.Errorf("%+v: %+v, %v", test, d, err)
		}
	}
}

func TestRemoveAndResync(t *testing.T) {
	k := newKit(t)
	d := k.meet("anna", phone)
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "sync/5", New: []byte("x")}, store.Swap{Name: "folders", New: []byte("y")}, store.Swap{Name: trailName, New: []byte("{}")}))
	var at int64
	k.logged(&at)
	k.must(k.Resync(k.ctx, "anna", phone.ID, "cli"))
	docs, err := k.st.Devices.State(k.ctx, d.Number)
	k.must(err)
	if names := slices.Collect(maps.Keys(docs)); !slices.Equal(names, []string{trailName}) {
		t.Fatalf("left %v", names)
	}
	k.wantLog(&at, "starts over, asked by cli")
	k.kind(k.Resync(k.ctx, "bob", phone.ID, "cli"), tandem.NotFound)

	_, err = k.AskWipe(k.ctx, "anna", phone.ID, false, "cli")
	k.must(err)
	k.kind(k.Remove(k.ctx, "anna", phone.ID, "cli"), tandem.Held)
	_, err = k.CancelWipe(k.ctx, "anna", phone.ID, "cli")
	k.must(err)
	k.must(k.Remove(k.ctx, "anna", phone.ID, "cli"))
	k.kind(k.Remove(k.ctx, "anna", phone.ID, "cli"), tandem.NotFound)
	if again := k.meet("anna", phone); again.Number <= d.Number {
		t.Fatalf("met again as %+v", again)
	}
}

// TestResyncWhileTalking has the device answer between reading its state and dropping it.
func TestResyncWhileTalking(t *testing.T) {
	k := newKit(t)
	d := k.meet("anna", phone)
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", New: []byte("0")}))
	talks := &talking{inner: k.st.Devices, left: 3}
	k.cfg.Devices = talks
	k.must(k.Resync(k.ctx, "anna", phone.ID, "cli"))
	docs, err := k.st.Devices.State(k.ctx, d.Number)
	k.must(err)
	if len(docs) != 0 {
		t.Fatalf("left %q", docs)
	}
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", New: []byte("0")}))
	talks.left = 1000
	k.kind(k.Resync(k.ctx, "anna", phone.ID, "cli"), tandem.Busy)
}

type inner = store.Devices // embedded under its own name, it would hide its method Devices

type talking struct {
	inner
	left int
}

func (s *talking) State(ctx context.Context, device int64, names ...string) (map[string][]byte, error) {
	docs, err := s.inner.State(ctx, device, names...)
	if s.left--; err == nil && s.left > 0 && docs["a"] != nil {
		err = s.inner.SwapState(ctx, device, store.Swap{Name: "a", Old: docs["a"], New: append(slices.Clone(docs["a"]), '.')})
	}
	return docs, err
}

func TestOffer(t *testing.T) {
	k := newKit(t)
	k.meet("anna", phone)
	for _, v := range []string{"14.1", ""} {
		d, err := k.SetOffer(k.ctx, "anna", phone.ID, v, "cli")
		k.must(err)
		if d.Offer != v {
			t.Fatalf("offer %q", d.Offer)
		}
	}
	for _, v := range []string{"2.5", "17", "14"} {
		_, err := k.SetOffer(k.ctx, "anna", phone.ID, v, "cli")
		k.kind(err, tandem.Invalid)
	}
	_, err := k.SetOffer(k.ctx, "anna", "none", "14.1", "cli")
	k.kind(err, tandem.NotFound)
}

func TestWipe(t *testing.T) {
	k := newKit(t)
	k.meet("anna", phone)
	var at int64
	k.logged(&at)
	is := func(want store.Wipe, access store.Access) {
		k.Helper()
		if d := k.have("anna", phone.ID); d.Wipe != want || d.Access != access {
			k.Fatalf("device %+v, want %q and %q", d, want, access)
		}
	}
	step := func(d store.Device, err error) {
		k.Helper()
		k.must(err)
	}
	step(k.WipeSent(k.ctx, "anna", phone.ID)) // nobody asked
	step(k.WipeDone(k.ctx, "anna", phone.ID, true))
	is(store.NoWipe, store.Allowed)
	_, err := k.CancelWipe(k.ctx, "anna", phone.ID, "cli")
	k.kind(err, tandem.Invalid)
	k.wantLog(&at)

	step(k.AskWipe(k.ctx, "anna", phone.ID, true, "anna"))
	is(store.WipeAsked, store.Allowed)
	_, err = k.Allow(k.ctx, "anna", phone.ID, "cli")
	k.kind(err, tandem.Held)
	step(k.CancelWipe(k.ctx, "anna", phone.ID, "anna"))
	is(store.NoWipe, store.Allowed)
	k.wantLog(&at, "anna asks for a wipe of this account", "anna takes the wipe back")

	step(k.AskWipe(k.ctx, "anna", phone.ID, false, "anna"))
	step(k.WipeSent(k.ctx, "anna", phone.ID))
	step(k.WipeSent(k.ctx, "anna", phone.ID)) // the answer was lost, it asked again
	is(store.WipeSent, store.Allowed)
	step(k.WipeDone(k.ctx, "anna", phone.ID, false))
	is(store.WipeFail, store.Allowed)
	step(k.AskWipe(k.ctx, "anna", phone.ID, false, "anna"))
	step(k.WipeSent(k.ctx, "anna", phone.ID))
	step(k.WipeDone(k.ctx, "anna", phone.ID, true))
	step(k.WipeDone(k.ctx, "anna", phone.ID, true))
	is(store.Wiped, store.Blocked)
	k.wantLog(&at, "asks for a wipe of the whole device", "was told to wipe the whole device", "could not wipe", "asks for a wipe", "was told", "has wiped the whole device")
	_, err = k.AskWipe(k.ctx, "anna", phone.ID, false, "anna")
	k.kind(err, tandem.Invalid)
	step(k.Allow(k.ctx, "anna", phone.ID, "cli"))
	is(store.NoWipe, store.Allowed)

	old := phone
	old.ID, old.Protocol = "old", "14.1"
	k.meet("anna", old)
	_, err = k.AskWipe(k.ctx, "anna", "old", true, "cli")
	k.kind(err, tandem.Invalid)
	for _, f := range []func() (store.Device, error){
		func() (store.Device, error) { return k.AskWipe(k.ctx, "bob", "old", false, "cli") }, func() (store.Device, error) { return k.WipeSent(k.ctx, "bob", "old") },
		func() (store.Device, error) { return k.WipeDone(k.ctx, "bob", "old", true) }, func() (store.Device, error) { return k.CancelWipe(k.ctx, "bob", "old", "cli") },
	} {
		_, err := f()
		k.kind(err, tandem.NotFound)
	}
}
