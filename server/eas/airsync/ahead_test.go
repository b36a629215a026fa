package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/all"
	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// catchUp syncs a folder in windows until nothing more comes, and returns all commands.
func (k *kit) catchUp(c tandem.Collection, n int, between func(i int)) (all string) {
	k.Helper()
	at := key(k.sync(c, "0"))
	for i := range 1000 {
		col := k.sync(c, at, window(n))
		if col == nil {
			return all
		}
		all += cmds(col) + "\n"
		at = key(col)
		between(i)
	}
	k.Fatal("it never ends")
	return ""
}

func nothing(int) {}

// Answers that were made ahead are those that would have been made.
func TestAhead(t *testing.T) {
	for name, between := range map[string]func(k *kit, i int){
		"nothing else happens": func(*kit, int) {},
		"others write": func(k *kit, i int) {
			switch i {
			case 1:
				k.write(k.contacts, tandem.Update, "c3", vcard("u3", "Written again"))
			case 2:
				k.write(k.contacts, tandem.Delete, "c39", "")
				k.write(k.contacts, tandem.Update, "c38", vcard("u38", "Written again"))
			case 3:
				k.write(k.contacts, tandem.Create, "new", vcard("new", "New"))
			}
		},
		"others write elsewhere": func(k *kit, i int) {
			k.write(k.others, tandem.Create, tandem.ID(fmt.Sprint("o", i)), vcard(fmt.Sprint("o", i), "Other"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(ahead bool) string {
				k := newKit(t)
				k.fill(k.contacts, "c", 40)
				k.ahead = ahead
				k.restart()
				return k.catchUp(k.contacts, 7, func(i int) { between(k, i) })
			}
			want := run(false)
			(&kit{TB: t}).want(run(true), want)
		})
	}
}

// What was made ahead of a request is not what the request's own commands made of it.
func TestAheadOfCommands(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 3)
	k.ahead = true
	k.restart()
	k.clock = k.clock.Add(time.Second)
	at := k.prime(k.contacts)
	k.write(k.contacts, tandem.Update, "c0", vcard("u0", "Written"))
	k.write(k.contacts, tandem.Update, "c1", vcard("u1", "Written"))
	mine := k.serverID(k.contacts, "c2")
	first := k.sync(k.contacts, at, window(1), commands(edit(mine, phone("1"))))
	second := k.sync(k.contacts, key(first), window(5), commands(edit(mine, phone("2"))))
	if got := resps(second) + cmds(second); strings.Contains(got, mine) {
		t.Errorf("the device was told of its own edit: %s", got)
	}
	if b := k.body(k.contacts, "c2"); !strings.Contains(b, "CELL:2") {
		t.Errorf("the record is %s", b)
	}
}

// What is made ahead fails as if it had not been made.
func TestAheadFails(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 40)
	k.write(k.contacts, tandem.Update, "c20", vcard("u20", "POISON"))
	k.svc.Listing = moody{k.st.Listing}
	k.ahead = true
	k.prepare()
	all := k.catchUp(k.contacts, 7, nothing)
	if n := strings.Count(all, "Add "); n != 39 {
		t.Errorf("%d records came", n)
	}
	list, err := k.st.Events.List(k.ctx, 0, "", 10)
	k.must(err)
	if len(list) != 1 || list[0].Record != "c20" {
		t.Errorf("%v", list)
	}
}

// moody is a store that fails whoever works ahead.
type moody struct{ store.Listing }

func (m moody) Filled(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	if ctx.Value(early{}) != nil {
		return nil, false, &tandem.Error{Kind: tandem.Transient, Op: "list collection"}
	}
	return m.Listing.Filled(ctx, collection, seq, limit)
}

// Many devices at once, more than there is room for.
func TestAheadOfMany(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 12)
	k.ahead = true
	k.restart()
	devices := make([]store.Device, 100)
	keys := make([]string, len(devices))
	var err error
	for i := range devices {
		devices[i], err = k.st.Devices.ChangeDevice(k.ctx, "ann", fmt.Sprint("many", i), func(*store.Device) error { return nil })
		k.must(err)
		k.device = devices[i]
		keys[i] = key(k.sync(k.contacts, "0"))
	}
	for round := range 4 {
		for i := range devices {
			k.device = devices[i]
			col := k.sync(k.contacts, keys[i], window(3))
			if got := count(col); got != 3 || col.Has(wbxml.AirSyncMoreAvailable) != (round < 3) {
				t.Fatalf("round %d, device %d: %d records", round, i, got)
			}
			keys[i] = key(col)
		}
	}
}

// glances counts how often records are shown.
type glances struct {
	eas.View
	n *int
}

func (g glances) Get(body []byte, o eas.Options) ([]*wbxml.Element, error) {
	*g.n++
	return g.View.Get(body, o)
}

// The next device of a user costs no second look at the records; one that wants them otherwise does, and so does one that is shown what changed.
func TestShelf(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 10)
	shown := 0
	views := testViews()
	views[tandem.Contact] = glances{views[tandem.Contact], &shown}
	k.svc.Views = views
	for _, step := range []struct {
		name   string
		device string
		do     func()
		more   []*wbxml.Element
		want   int
	}{
		{"the first device", "one", func() {}, nil, 10},
		{"the first again", "one", func() {}, nil, 0},
		{"another", "two", func() {}, nil, 0},
		{"one record changed", "two", func() { k.write(k.contacts, tandem.Update, "c4", vcard("u4", "Changed")) }, nil, 1},
		{"with other options", "two", func() {}, []*wbxml.Element{options(wbxml.New(wbxml.AirSyncBaseBodyPreference, wbxml.Text(wbxml.AirSyncBaseType, "2")))}, 10},
		{"in another version", "two", func() { k.version = eas.V160 }, nil, 10},
	} {
		var err error
		k.device, err = k.st.Devices.ChangeDevice(k.ctx, "ann", step.device, func(*store.Device) error { return nil })
		k.must(err)
		step.do()
		shown = 0
		at := key(k.sync(k.contacts, "0", step.more...))
		if col := k.sync(k.contacts, at); count(col) != 10 || shown != step.want {
			t.Errorf("%s: %d records came, %d were shown, want %d", step.name, count(col), shown, step.want)
		}
	}
}

// Records are shown as of the hour, and written as of the second.
func TestPresent(t *testing.T) {
	k := newKit(t)
	k.svc.Views, k.folders.Views = all.Views(), all.Views()
	k.fill(k.contacts, "c", 1)
	server := k.serverID(k.contacts, "c0")
	at := k.prime(k.contacts)
	k.clock = k.clock.Add(1234 * time.Second)
	k.sync(k.contacts, at, commands(edit(server, name("Edited"))))
	if b := k.body(k.contacts, "c0"); !strings.Contains(b, "REV:2026-05-20T10:20:34Z") {
		t.Errorf("%s", b)
	}
}
