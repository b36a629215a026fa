package airsync_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/airsync"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// backup is what a device that is put back from it has.
type backup struct {
	key   string
	items map[string]map[wbxml.Tag]string
}

// world is a random history of a collection: a device, a desktop that edits at the same time, and a way between device and hub on which answers get
// lost, requests come twice and the hub restarts.
type world struct {
	*kit
	rnd    *rand.Rand
	col    tandem.Collection
	view   lines
	faults bool
	quiet  bool // it comes to an end
	trace  []string

	// The device.
	me     store.Device
	key    string
	items  map[string]map[wbxml.Tag]string
	backup *backup // of the device
	loose  bool    // it was put back: it may be told what it has
	// company: there is another device. What that one loses to others is written and overwritten, which looks like an echo from here.
	company bool
	// readonly: the collection is somebody else's, to look at only.
	readonly bool
	queue    []*wbxml.Element // commands not yet acknowledged
	filter   int              // -1: not supported by the kind
	tokens   []string         // what was written and acknowledged: it must be somewhere, for ever
	adds     int
	serial   int
	ids      []tandem.ID // records that the desktop made
}

func (w *world) logf(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.Helper()
	w.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.trace, "\n"))
}

func newWorld(t *testing.T, kind tandem.Kind, seed uint64, faults bool) *world {
	k := newKit(t)
	k.limits.Patience = 1000 // the way is bad, the device is not
	k.ahead = seed%2 == 1
	k.restart()
	return worldOf(k, kind, rand.New(rand.NewPCG(seed, 7)), faults)
}

// worldOf is a world with the kit's device.
func worldOf(k *kit, kind tandem.Kind, rnd *rand.Rand, faults bool) *world {
	w := &world{kit: k, rnd: rnd, faults: faults, key: "0", items: map[string]map[wbxml.Tag]string{}, filter: -1, me: k.device}
	w.col = map[tandem.Kind]tandem.Collection{tandem.Contact: w.contacts, tandem.Event: w.calendar, tandem.Task: w.tasks}[kind]
	w.view = testViews()[kind].(lines)
	if kind != tandem.Contact {
		w.filter = 0
	}
	return w
}

// value makes a new value for a field.
func (w *world) value(tag wbxml.Tag) string {
	w.serial++
	switch tag {
	case wbxml.CalendarStartTime, wbxml.CalendarEndTime:
		// Around the present, at most half a year back.
		return w.clock.AddDate(0, 0, w.rnd.IntN(200)-180).Format("20060102T150405Z")
	case wbxml.TasksComplete:
		return fmt.Sprint(w.rnd.IntN(2))
	}
	return fmt.Sprintf("v%d.", w.serial)
}

func (w *world) fresh() []*wbxml.Element {
	var out []*wbxml.Element
	for _, f := range w.view.fields {
		out = append(out, wbxml.Text(f.tag, w.value(f.tag)))
	}
	if w.col.Kind == tandem.Event { // the end is a bit after the start
		start, _ := time.Parse("20060102T150405Z", out[1].Text)
		out[2].Text = start.Add(time.Hour).Format("20060102T150405Z")
	}
	return out
}

// partly makes new values for some fields.
func (w *world) partly() []*wbxml.Element {
	all := w.fresh()
	if w.col.Kind == tandem.Event && w.rnd.IntN(2) == 0 {
		return all[1:]
	}
	i := 0
	if w.col.Kind != tandem.Event {
		i = w.rnd.IntN(len(all))
	}
	return all[i : i+1]
}

func textsOf(data []*wbxml.Element) map[wbxml.Tag]string {
	m := map[wbxml.Tag]string{}
	for _, e := range data {
		m[e.Tag] = e.String()
	}
	return m
}

// desktop makes a random edit in the hub.
func (w *world) desktop() {
	if len(w.ids) == 0 || w.rnd.IntN(3) == 0 {
		w.serial++
		id := tandem.ID(fmt.Sprint("r", w.serial))
		w.put(id, nil, w.fresh())
		w.ids = append(w.ids, id)
		return
	}
	live := w.all()
	if len(live) == 0 {
		return
	}
	id := live[w.rnd.IntN(len(live))]
	switch w.rnd.IntN(6) {
	case 0:
		w.logf("desktop deletes %s", w.serverID(w.col, id))
		w.write(w.col, tandem.Delete, id, "")
		if w.rnd.IntN(2) == 0 {
			w.put(id, nil, w.fresh()) // and makes it again
		}
	default:
		w.put(id, []byte(w.body(w.col, id)), w.partly())
	}
}

func (w *world) put(id tandem.ID, body []byte, data []*wbxml.Element) {
	op := tandem.Update
	if body == nil {
		op = tandem.Create
	}
	made, err := w.view.Put(body, data, eas.Put{UID: string(id)})
	w.must(err)
	if body != nil { // an edit that says nothing new would look like an echo
		now, err := w.view.Get(made.Body, eas.Options{})
		w.must(err)
		was, err := w.view.Get(body, eas.Options{})
		w.must(err)
		if maps.Equal(textsOf(now), textsOf(was)) {
			return
		}
	}
	w.write(w.col, op, id, string(made.Body))
	w.logf("desktop: %s %s %v", op, w.serverID(w.col, id), textsOf(data))
}

// all are the ids of the live records.
func (w *world) all() (ids []tandem.ID) {
	recs, _, err := w.st.Home.Since(w.ctx, w.col.ID, 0, 0)
	w.must(err)
	for _, r := range recs {
		if !r.Deleted {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// person makes a random edit on the device.
func (w *world) person() {
	have := slices.Sorted(maps.Keys(w.items))
	if len(have) == 0 || w.rnd.IntN(4) == 0 {
		w.adds++
		data := w.fresh()
		w.queue = append(w.queue, add(fmt.Sprint("client", w.adds), data...))
		w.logf("person adds client%d %v", w.adds, textsOf(data))
		return
	}
	server := have[w.rnd.IntN(len(have))]
	if strings.Contains(server, ":-") {
		return // what was added and refused goes away in a moment
	}
	for _, q := range w.queue { // one edit of a record at a time
		if q.Get(wbxml.AirSyncServerId) == server {
			return
		}
	}
	if w.rnd.IntN(5) == 0 {
		delete(w.items, server)
		w.queue = append(w.queue, drop(server))
		w.logf("person deletes %s", server)
		return
	}
	data := w.partly()
	maps.Copy(w.items[server], textsOf(data))
	w.queue = append(w.queue, edit(server, data...))
	w.logf("person edits %s %v", server, textsOf(data))
}

var errLost = errors.New("the answer was lost")

// exchange sends a request over a bad way.
func (w *world) exchange(req *wbxml.Element) (*wbxml.Element, error) {
	w.device = w.me
	if w.faults && w.rnd.IntN(6) == 0 {
		e := w.do(w.svc.Sync, "Sync", req)
		w.logf("  the request comes twice; first %s", cmds(e.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)))
		if w.rnd.IntN(2) == 0 {
			w.desktop()
		}
	}
	e := w.do(w.svc.Sync, "Sync", req)
	if w.faults {
		switch w.rnd.IntN(6) {
		case 0:
			w.logf("  the answer is lost: %s", cmds(e.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)))
			return nil, errLost
		case 1:
			w.logf("  the hub restarts")
			w.restart()
			return nil, errLost
		}
	}
	return e, nil
}

// round is one request of the device; more tells that another should follow.
func (w *world) round() (more bool) {
	var opts []*wbxml.Element
	if w.key != "0" {
		if w.rnd.IntN(3) > 0 {
			opts = append(opts, window(1+w.rnd.IntN(4)))
		}
		if w.filter >= 0 {
			opts = append(opts, options(filter(w.filter)))
		}
		if len(w.queue) > 0 && w.rnd.IntN(6) == 0 && !w.quiet {
			opts = append(opts, silent())
		}
	}
	sent := len(w.queue)
	if w.key == "0" {
		sent = 0
	}
	for {
		more := slices.Clone(opts)
		if sent > 0 {
			more = append(more, commands(w.queue[:sent]...))
		}
		w.logf("sync %s with %s (%s)", last(w.key), show(commands(w.queue[:sent]...)), show(wbxml.New(wbxml.AirSyncCollection, opts...)))
		e, err := w.exchange(syncOf(collection(w.col, w.key, more...)))
		if err == nil {
			return w.take(e, sent)
		}
		// The same again, or with what came up since.
		for w.rnd.IntN(3) == 0 {
			w.desktop()
		}
		if w.rnd.IntN(2) == 0 && w.key != "0" {
			w.person()
			sent = len(w.queue)
		}
	}
}

func last(key string) string { return key[max(0, len(key)-4):] }

// take takes an answer in as a strict device does.
func (w *world) take(e *wbxml.Element, sent int) (more bool) {
	if e == nil {
		if sent > 0 {
			w.fail("an empty answer to commands")
		}
		return false
	}
	col := e.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
	if status(col) != "1" {
		w.fail("status %s", status(col))
	}
	if key(col) == w.key {
		w.fail("the key stays")
	}
	w.logf("  answer %s: %s; %s", last(key(col)), resps(col), cmds(col))
	w.results(col, sent)
	w.queue = w.queue[sent:]
	if list := col.Child(wbxml.AirSyncCommands); list != nil {
		for _, c := range list.Children {
			w.command(c)
		}
	}
	fresh := w.key == "0"
	w.key = key(col)
	return fresh || col.Has(wbxml.AirSyncMoreAvailable)
}

func (w *world) results(col *wbxml.Element, sent int) {
	failed, added := map[string]string{}, map[string]string{}
	if list := col.Child(wbxml.AirSyncResponses); list != nil {
		for _, c := range list.Children {
			if c.Tag == wbxml.AirSyncAdd {
				added[c.Get(wbxml.AirSyncClientId)] = c.Get(wbxml.AirSyncServerId)
			} else {
				failed[c.Get(wbxml.AirSyncServerId)] = c.Get(wbxml.AirSyncStatus)
			}
		}
	}
	for _, q := range w.queue[:sent] {
		server := q.Get(wbxml.AirSyncServerId)
		if q.Tag == wbxml.AirSyncAdd {
			if server = added[q.Get(wbxml.AirSyncClientId)]; server == "" {
				w.fail("no answer to the Add of %s", q.Get(wbxml.AirSyncClientId))
			}
			if w.items[server] != nil && !w.loose {
				w.fail("%s was added twice", server)
			}
			w.items[server] = textsOf(q.Child(wbxml.AirSyncApplicationData).Children)
		}
		switch failed[server] {
		case "", "7", "8":
		default:
			w.fail("command for %s: status %s", server, failed[server])
		}
		if data := q.Child(wbxml.AirSyncApplicationData); data != nil {
			for _, v := range textsOf(data.Children) {
				if strings.HasPrefix(v, "v") {
					w.tokens = append(w.tokens, v)
				}
			}
		}
	}
}

func (w *world) command(c *wbxml.Element) {
	server := c.Get(wbxml.AirSyncServerId)
	queued := slices.IndexFunc(w.queue, func(q *wbxml.Element) bool { return q.Get(wbxml.AirSyncServerId) == server })
	dropped := queued >= 0 && w.queue[queued].Tag == wbxml.AirSyncDelete
	have := w.items[server]
	switch c.Tag {
	case wbxml.AirSyncAdd, wbxml.AirSyncChange:
		data := textsOf(c.Child(wbxml.AirSyncApplicationData).Children)
		if c.Tag == wbxml.AirSyncAdd && have != nil && !w.loose {
			w.fail("Add of %s, which the device has", server)
		}
		if c.Tag == wbxml.AirSyncChange && have == nil && !dropped && !w.loose {
			w.fail("Change of %s, which the device does not have", server)
		}
		if !w.faults && !w.company && w.col.Kind == tandem.Contact && c.Tag == wbxml.AirSyncChange && queued < 0 && maps.Equal(have, data) {
			w.fail("Change of %s to what the device has: an echo", server)
		}
		if dropped {
			return
		}
		if queued >= 0 {
			maps.Copy(data, textsOf(w.queue[queued].Child(wbxml.AirSyncApplicationData).Children))
		}
		w.items[server] = data
	default:
		if have == nil && !dropped && !w.loose {
			w.fail("%s of %s, which the device does not have", c.Tag.Name(), server)
		}
		delete(w.items, server)
	}
}

// putBack makes a backup of the device, or puts the device back to the last one.
func (w *world) putBack() {
	if w.key == "0" {
		return
	}
	if w.backup == nil || w.rnd.IntN(3) > 0 {
		w.backup = &backup{w.key, map[string]map[wbxml.Tag]string{}}
		for server, data := range w.items {
			w.backup.items[server] = maps.Clone(data)
		}
		for _, q := range w.queue { // which the hub has not heard of
			if q.Tag != wbxml.AirSyncAdd {
				w.backup = nil
				return
			}
		}
		return
	}
	w.logf("the device is put back to %s", last(w.backup.key))
	w.key, w.queue, w.loose = w.backup.key, nil, true
	w.items = map[string]map[wbxml.Tag]string{}
	for server, data := range w.backup.items {
		w.items[server] = maps.Clone(data)
	}
}

// settle syncs until nothing is left to say, without faults.
func (w *world) settle() {
	w.logf("now all is quiet")
	w.faults, w.quiet = false, true
	for n := 0; w.round() || len(w.queue) > 0; n++ {
		if n > 1000 {
			w.fail("it never ends")
		}
	}
	if w.round() {
		w.fail("more after the end")
	}
}

// check compares the device with the hub, and looks for what got lost.
func (w *world) check() {
	want := map[string]map[wbxml.Tag]string{}
	bodies := map[string]bool{}
	target := synckey.Window{Open: w.filter == 8}
	if w.filter == 4 || w.filter == 5 {
		from := w.clock.AddDate(0, 0, -14)
		if w.filter == 5 {
			from = w.clock.AddDate(0, -1, 0)
		}
		target = synckey.Window{Limited: true, Cutoff: synckey.Floor(from.Unix())}
	}
	for _, id := range w.all() {
		r, _ := w.record(w.col, id)
		body := w.body(w.col, id)
		bodies[body] = true
		if w.filter >= 0 && !target.Has(synckey.Facts{Start: r.Index.Start, End: r.Index.End, Finished: w.view.Finished([]byte(body))}) {
			continue
		}
		data, err := w.view.Get([]byte(body), eas.Options{})
		w.must(err)
		want[airsync.ServerID(w.col.ID, r.Number)] = textsOf(data)
	}
	for server, data := range want {
		if !maps.Equal(data, w.items[server]) {
			w.fail("%s is %v in the hub and %v on the device", server, data, w.items[server])
		}
	}
	for server := range w.items {
		if want[server] == nil {
			w.fail("%s is on the device and not in the hub", server)
		}
	}
	past, err := w.st.History.List(w.ctx, store.PastFilter{})
	w.must(err)
	for _, p := range past {
		if p.Body.IsZero() {
			continue
		}
		b, err := w.st.Blobs.Get(w.ctx, p.Body)
		w.must(err)
		bodies[string(b)] = true
	}
	text := strings.Join(slices.Sorted(maps.Keys(bodies)), "\n")
	for _, token := range w.tokens {
		if !strings.Contains(text, token) {
			w.fail("%s was lost", token)
		}
	}
}

func (w *world) run(steps int) {
	for range steps {
		w.step()
	}
	w.settle()
	w.check()
}

// step is something that happens.
func (w *world) step() {
	switch w.rnd.IntN(5) {
	case 0, 1:
		w.desktop()
	case 2:
		w.person()
	case 3:
		if w.faults && w.rnd.IntN(8) == 0 && !w.readonly {
			w.putBack()
		}
		w.round()
	case 4:
		if w.filter >= 0 && w.rnd.IntN(4) == 0 {
			w.filter = []int{0, 4, 5}[w.rnd.IntN(3)]
			if w.col.Kind == tandem.Task {
				w.filter = []int{0, 8}[w.rnd.IntN(2)]
			}
			w.logf("the person chooses filter %d", w.filter)
		}
		if w.rnd.IntN(6) == 0 {
			w.clock = w.clock.AddDate(0, 0, 1)
			w.logf("a day goes by")
		}
		for n := 0; w.round() && n < 8; n++ {
			if w.rnd.IntN(2) == 0 {
				w.desktop()
			}
		}
	}
}

var histories = flag.Int("histories", 12, "how many random histories to run of each sort")

// historySeeds is the number of histories to run: fewer with -short.
func historySeeds() uint64 {
	if testing.Short() {
		return uint64(min(*histories, 3))
	}
	return uint64(*histories)
}

func TestHistories(t *testing.T) {
	for _, kind := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task} {
		for _, faults := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s faults=%v", kind, faults), func(t *testing.T) {
				t.Parallel()
				for seed := range historySeeds() {
					t.Run(fmt.Sprint(seed), func(t *testing.T) {
						w := newWorld(t, kind, seed, faults)
						w.run(40)
						if seed%8 == 0 {
							w.validate(20)
						}
					})
				}
			})
		}
	}
}

// TestReadOnlyHistories: whatever the device does to a collection that its user may only look at, in the end it has what is there, nothing of it is in
// the collection, and all of it is in history.
func TestReadOnlyHistories(t *testing.T) {
	for _, kind := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task} {
		for _, faults := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s faults=%v", kind, faults), func(t *testing.T) {
				t.Parallel()
				for seed := range historySeeds() {
					t.Run(fmt.Sprint(seed), func(t *testing.T) {
						w := newWorld(t, kind, seed, faults)
						w.readonly, w.col = true, w.shared(kind, false)
						w.run(40)
						recs, _, err := w.st.Home.Since(w.ctx, w.col.ID, 0, 0)
						w.must(err)
						for _, r := range recs {
							if !r.Deleted && !strings.HasPrefix(string(r.ID), "r") {
								w.fail("%s is in the collection", r.ID)
							}
						}
					})
				}
			})
		}
	}
}

// A line so bad that records are taken for such as break the device: in the end, all of them come all the same.
func TestBadLine(t *testing.T) {
	for seed := range historySeeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tandem.Contact, seed, true)
			w.limits.Patience = 2
			w.restart()
			w.loose = true // what is set aside may be told twice
			for range 60 {
				w.step()
			}
			for range 40 {
				w.settle()
				w.clock = w.clock.AddDate(0, 0, 8)
			}
			w.check()
		})
	}
}

// Two devices and a desktop on one folder.
func TestTwoDevices(t *testing.T) {
	for _, kind := range []tandem.Kind{tandem.Contact, tandem.Event} {
		for _, faults := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s faults=%v", kind, faults), func(t *testing.T) {
				t.Parallel()
				for seed := range historySeeds() {
					t.Run(fmt.Sprint(seed), func(t *testing.T) {
						one := newWorld(t, kind, seed, faults)
						var err error
						one.device, err = one.st.Devices.ChangeDevice(one.ctx, "ann", "phone2", func(*store.Device) error { return nil })
						one.must(err)
						two := worldOf(one.kit, kind, one.rnd, faults)
						two.serial, two.adds = 100_000, 100_000
						one.company, two.company = true, true
						for range 40 {
							[]*world{one, two}[one.rnd.IntN(2)].step()
						}
						for range 4 { // what one says last, the other hears
							one.settle()
							two.settle()
						}
						one.check()
						two.check()
					})
				}
			})
		}
	}
}
