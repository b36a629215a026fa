package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"tandem"
	"tandem/store"
)

func runDevices(t *testing.T, run runner) {
	run(t, "Users", testUsers)
	run(t, "Logins", testLogins)
	run(t, "UseLogin", testUseLogin)
	run(t, "Devices", testDevices)
	run(t, "Sightings", testSightings)
	run(t, "State", testState)
	run(t, "StateRace", testStateRace)
	run(t, "RemoveUser", testRemoveUser)
}

func (k *kit) user(name string) {
	k.Helper()
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: name}))
}

func testUsers(k *kit) {
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "Ann", Address: "ann@example.org"}))
	u, err := k.st.Accounts.User(k.ctx, "ANN")
	k.must(err)
	if u != (store.User{Name: "ann", Address: "ann@example.org"}) {
		k.Fatalf("user %+v", u)
	}
	u.Title, u.Address = "Anna", "anna@example.org"
	k.must(k.st.Accounts.PutUser(k.ctx, u))
	list, err := k.st.Accounts.Users(k.ctx)
	k.must(err)
	if !slices.Equal(list, []store.User{u}) {
		k.Fatalf("users %+v", list)
	}
	k.wantKind(k.st.Accounts.PutUser(k.ctx, store.User{Name: "bob"}), tandem.NotFound)

	// Properties change one by one, and the rest does not touch them.
	k.must(k.st.Accounts.SetProps(k.ctx, "ANN", map[string]string{"zone": "Europe/Berlin", "oof": "away & back"}))
	k.must(k.st.Accounts.SetProps(k.ctx, "ann", map[string]string{"zone": "", "language": "de"}))
	k.must(k.st.Accounts.PutUser(k.ctx, u))
	got, err := k.st.Accounts.User(k.ctx, "ann")
	k.must(err)
	if got.Title != "Anna" || got.Props != tandem.MakeAttrs(map[string]string{"oof": "away & back", "language": "de"}) {
		k.Fatalf("user %+v", got)
	}
	k.wantKind(k.st.Accounts.SetProps(k.ctx, "bob", map[string]string{"zone": "UTC"}), tandem.NotFound)
}

func testLogins(k *kit) {
	k.user("ann")
	k.user("bob")
	own, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: "Ann", Hash: "h1", Added: 10})
	k.must(err)
	app, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: "ann", Label: "phone", Hash: "h2", Added: 11})
	k.must(err)
	if own.ID == 0 || app.ID == own.ID || own.User != "ann" {
		k.Fatalf("logins %+v, %+v", own, app)
	}
	_, err = k.st.Logins.PutLogin(k.ctx, store.Login{User: "ann", Label: "phone", Hash: "h3"})
	k.wantKind(err, tandem.Exists)
	_, err = k.st.Logins.PutLogin(k.ctx, store.Login{User: "nobody", Hash: "h3"})
	k.wantKind(err, tandem.NotFound)
	_, err = k.st.Logins.PutLogin(k.ctx, store.Login{User: "bob", Label: "phone", Hash: "h4"})
	k.must(err)
	again, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: "ann", Hash: "h5", Added: 20})
	k.must(err)
	if again.ID != own.ID {
		k.Fatalf("a new password has id %d, the old one %d", again.ID, own.ID)
	}
	app.Hash = "h2 with better parameters"
	_, err = k.st.Logins.PutLogin(k.ctx, app)
	k.must(err)
	list, err := k.st.Logins.Logins(k.ctx, "ANN")
	k.must(err)
	if !slices.Equal(list, []store.Login{again, app}) {
		k.Fatalf("got %+v, want %+v", list, []store.Login{again, app})
	}
	k.must(k.st.Logins.RemoveLogin(k.ctx, app.ID))
	k.wantKind(k.st.Logins.RemoveLogin(k.ctx, app.ID), tandem.NotFound)
	_, err = k.st.Logins.PutLogin(k.ctx, app)
	k.wantKind(err, tandem.NotFound)
	app.ID = 0
	back, err := k.st.Logins.PutLogin(k.ctx, app)
	k.must(err)
	if back.ID == 0 || back.ID == list[1].ID {
		k.Fatalf("id %d is given out again", back.ID)
	}
	back.User = "bob"
	_, err = k.st.Logins.PutLogin(k.ctx, back)
	k.wantKind(err, tandem.NotFound)
}

func testUseLogin(k *kit) {
	k.user("ann")
	l, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: "ann", Hash: "h"})
	k.must(err)
	use := func(when int64, from string, wantWhen int64, wantFrom string) {
		k.Helper()
		k.must(k.st.Logins.UseLogin(k.ctx, l.ID, when, from))
		list, err := k.st.Logins.Logins(k.ctx, "ann")
		k.must(err)
		if list[0].Used < wantWhen-59 || list[0].Used > wantWhen || list[0].From != wantFrom {
			k.Fatalf("used at %d from %s, want %d from %s", list[0].Used, list[0].From, wantWhen, wantFrom)
		}
	}
	use(1000, "10.0.0.1", 1000, "10.0.0.1")
	use(1010, "10.0.0.1", 1010, "10.0.0.1")
	use(1020, "10.0.0.2", 1020, "10.0.0.2")
	use(1100, "10.0.0.2", 1100, "10.0.0.2")
	use(900, "10.0.0.2", 900, "10.0.0.2") // the clock was wrong
	k.wantKind(k.st.Logins.UseLogin(k.ctx, 4711, 1, ""), tandem.NotFound)
	l.Hash = "h2"
	_, err = k.st.Logins.PutLogin(k.ctx, l)
	k.must(err)
	list, err := k.st.Logins.Logins(k.ctx, "ann")
	k.must(err)
	if list[0].Used != 900 {
		k.Fatalf("a new password forgot the last use: %+v", list[0])
	}
}

// whole is a device with every field set.
func whole(d *store.Device) error {
	*d = store.Device{Number: d.Number, User: d.User, ID: d.ID, Type: "iPhone", Agent: "Apple-iPhone/1", Speaks: "16.1", Info: map[string]string{"model": "X"},
		Access: store.Held, Reason: "why", Offer: "14.1", PolicyKey: 1 << 31, PolicyPending: 1<<32 - 1, Policy: "digest", Wipe: store.WipeSent, WipeAccount: true, Added: 5, Seen: 6,
		Address: "10.0.0.1"}
	return nil
}

func testDevices(k *kit) {
	k.user("ann")
	k.user("bob")
	_, err := k.st.Devices.Device(k.ctx, "ann", "D1")
	k.wantKind(err, tandem.NotFound)
	d, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D1", func(d *store.Device) error {
		if d.Number != 0 || d.User != "ann" || d.ID != "D1" {
			k.Errorf("a new device: %+v", d)
		}
		d.User, d.ID, d.Number = "bob", "D2", 99 // none of its business
		d.User, d.ID = "ann", "D1"
		return whole(d)
	})
	k.must(err)
	got, err := k.st.Devices.Device(k.ctx, "Ann", "D1")
	k.must(err)
	if d.Number == 0 || !reflect.DeepEqual(got, d) {
		k.Fatalf("got  %+v\nwant %+v", got, d)
	}
	bare, err := k.st.Devices.ChangeDevice(k.ctx, "bob", "D1", func(d *store.Device) error { d.Access = store.Allowed; return nil })
	k.must(err)
	if bare.Number == d.Number {
		k.Fatal("two users' devices are one")
	}
	boom := errors.New("boom")
	_, err = k.st.Devices.ChangeDevice(k.ctx, "ann", "D1", func(d *store.Device) error { d.Type, d.Info["model"] = "other", "Y"; return boom })
	if !errors.Is(err, boom) {
		k.Fatalf("error %v, want the caller's", err)
	}
	_, err = k.st.Devices.ChangeDevice(k.ctx, "ann", "D9", func(*store.Device) error { return boom })
	if !errors.Is(err, boom) {
		k.Fatalf("error %v, want the caller's", err)
	}
	if got, err := k.st.Devices.Device(k.ctx, "ann", "D1"); err != nil || !reflect.DeepEqual(got, d) {
		k.Fatalf("after a change that failed: %+v, %v", got, err)
	}
	changed, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D1", func(d *store.Device) error { d.Wipe, d.Info["model"] = store.Wiped, "Z"; return nil })
	k.must(err)
	list, err := k.st.Devices.Devices(k.ctx, "")
	k.must(err)
	if len(list) != 2 || !reflect.DeepEqual(list[0], changed) || changed.Wipe != store.Wiped || changed.Info["model"] != "Z" || list[1].User != "bob" {
		k.Fatalf("devices %+v", list)
	}
	list, err = k.st.Devices.Devices(k.ctx, "bob")
	k.must(err)
	if len(list) != 1 || list[0].Number != bare.Number {
		k.Fatalf("bob's devices %+v", list)
	}
	_, err = k.st.Devices.ChangeDevice(k.ctx, "nobody", "D1", whole)
	k.wantKind(err, tandem.NotFound)
	_, err = k.st.Devices.ChangeDevice(k.ctx, "ann", "", whole)
	k.wantKind(err, tandem.Invalid)

	k.must(k.st.Devices.RemoveDevice(k.ctx, "bob", "D1"))
	k.wantKind(k.st.Devices.RemoveDevice(k.ctx, "bob", "D1"), tandem.NotFound)
	again, err := k.st.Devices.ChangeDevice(k.ctx, "bob", "D1", whole)
	k.must(err)
	if again.Number <= bare.Number {
		k.Fatalf("number %d is given out again", again.Number)
	}
}

// testSightings lets a device be seen again and again: that may be written late, everything else at once.
func testSightings(k *kit) {
	k.user("ann")
	see := func(when int64, from string, more func(d *store.Device)) store.Device {
		k.Helper()
		_, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D", func(d *store.Device) error {
			d.Seen, d.Address = when, from
			if more != nil {
				more(d)
			}
			return nil
		})
		k.must(err)
		d, err := k.st.Devices.Device(k.ctx, "ann", "D")
		k.must(err)
		return d
	}
	see(1000, "a", func(d *store.Device) { d.Added = 1000 })
	if d := see(1030, "a", nil); d.Seen < 1000-59 || d.Seen > 1030 {
		k.Fatalf("seen at %d", d.Seen)
	}
	if d := see(1100, "b", nil); d.Seen != 1100 || d.Address != "b" {
		k.Fatalf("seen at %d from %s", d.Seen, d.Address)
	}
	if d := see(1101, "b", func(d *store.Device) { d.PolicyKey = 7 }); d.PolicyKey != 7 || d.Seen != 1101 {
		k.Fatalf("a change beside the sighting: %+v", d)
	}
	if d := see(500, "b", nil); d.Seen != 500 {
		k.Fatalf("after the clock was put back: %d", d.Seen)
	}
}

func testState(k *kit) {
	k.user("ann")
	d, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D", whole)
	k.must(err)
	other, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "E", whole)
	k.must(err)
	state := func(device int64, names ...string) map[string]string {
		k.Helper()
		got, err := k.st.Devices.State(k.ctx, device, names...)
		k.must(err)
		out := map[string]string{}
		for n, b := range got {
			out[n] = string(b)
		}
		return out
	}
	b := func(s string) []byte { return []byte(s) }
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", New: b("1")}, store.Swap{Name: "b", New: b("")}, store.Swap{Name: "c", New: b("3")}))
	k.must(k.st.Devices.SwapState(k.ctx, other.Number, store.Swap{Name: "a", New: b("other")}))
	before := map[string]string{"a": "1", "b": "", "c": "3"}
	if got := state(d.Number); !maps.Equal(got, before) {
		k.Fatalf("state %v", got)
	}
	if got := state(d.Number, "c", "none", "b"); !maps.Equal(got, map[string]string{"b": "", "c": "3"}) {
		k.Fatalf("two of the state: %v", got)
	}
	for _, bad := range [][]store.Swap{
		{{Name: "a", New: b("2")}}, {{Name: "a", Old: b("2"), New: b("3")}}, {{Name: "b", New: b("2")}}, {{Name: "none", Old: b(""), New: b("2")}}, {{Name: "a", Old: b("")}},
		{{Name: "c", Old: b("3"), New: b("4")}, {Name: "d", New: b("x")}, {Name: "a"}},
	} {
		k.wantKind(k.st.Devices.SwapState(k.ctx, d.Number, bad...), tandem.Changed)
	}
	if got := state(d.Number); !maps.Equal(got, before) {
		k.Fatalf("after refused swaps: %v", got)
	}
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", Old: b("1"), New: b("2")}, store.Swap{Name: "b", Old: b(""), New: nil}, store.Swap{Name: "none"}))
	if got := state(d.Number); !maps.Equal(got, map[string]string{"a": "2", "c": "3"}) {
		k.Fatalf("after swaps: %v", got)
	}
	large := bytes.Repeat(b("x"), 1<<20)
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "large", New: large}))
	if got := state(d.Number, "large")["large"]; got != string(large) {
		k.Fatal("a large document came back otherwise")
	}
	k.must(k.st.Devices.RemoveDevice(k.ctx, "ann", "D"))
	if got := state(d.Number); len(got) != 0 {
		k.Fatalf("state of a removed device: %v", got)
	}
	k.wantKind(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", New: b("2")}), tandem.NotFound)
	if got := state(other.Number); !maps.Equal(got, map[string]string{"a": "other"}) {
		k.Fatalf("the other device: %v", got)
	}
}

// testStateRace lets several swap one document: each value has exactly one successor.
func testStateRace(k *kit) {
	k.user("ann")
	d, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D", whole)
	k.must(err)
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 0; i < each; {
				now, err := k.st.Devices.State(k.ctx, d.Number, "n")
				if err != nil {
					k.Error(err)
					return
				}
				err = k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "n", Old: now["n"], New: fmt.Appendf(slices.Clone(now["n"]), "%d", w)})
				switch {
				case err == nil:
					i++
				case !tandem.IsKind(err, tandem.Changed):
					k.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := k.st.Devices.State(k.ctx, d.Number)
	k.must(err)
	if len(got["n"]) != writers*each {
		k.Fatalf("%d swaps arrived, want %d", len(got["n"]), writers*each)
	}
	for w := range writers {
		if n := bytes.Count(got["n"], fmt.Append(nil, w)); n != each {
			k.Fatalf("writer %d: %d swaps arrived, want %d", w, n, each)
		}
	}
}

func testRemoveUser(k *kit) {
	k.user("ann")
	k.user("bob")
	for _, name := range []string{"ann", "bob"} {
		_, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: name, Hash: "h"})
		k.must(err)
		d, err := k.st.Devices.ChangeDevice(k.ctx, name, "D", whole)
		k.must(err)
		k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "a", New: []byte("x")}))
	}
	k.must(k.st.Accounts.RemoveUser(k.ctx, "Ann"))
	for _, name := range []string{"ann", "bob"} {
		logins, err := k.st.Logins.Logins(k.ctx, name)
		k.must(err)
		devices, err := k.st.Devices.Devices(k.ctx, name)
		k.must(err)
		if want := map[string]int{"ann": 0, "bob": 1}[name]; len(logins) != want || len(devices) != want {
			k.Fatalf("%s has %d logins and %d devices, want %d", name, len(logins), len(devices), want)
		}
	}
	k.user("ann")
	devices, err := k.st.Devices.Devices(k.ctx, "ann")
	k.must(err)
	if len(devices) != 0 {
		k.Fatalf("a new user of an old name has %+v", devices)
	}
	k.collection(tandem.Contact)
	k.wantKind(k.st.Accounts.RemoveUser(k.ctx, "ann"), tandem.Busy)
}
