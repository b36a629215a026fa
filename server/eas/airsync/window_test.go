package airsync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/wire/wbxml"
)

// fill makes n contacts with this first letter.
func (k *kit) fill(c tandem.Collection, letter string, n int) {
	k.Helper()
	for i := range n {
		k.write(c, tandem.Create, tandem.ID(fmt.Sprint(letter, i)), vcard(fmt.Sprint(letter, i), fmt.Sprint(letter, i)))
	}
}

func count(col *wbxml.Element) int {
	if list := col.Child(wbxml.AirSyncCommands); list != nil {
		return len(list.Children)
	}
	return 0
}

func TestWindowSize(t *testing.T) {
	for _, c := range []struct {
		name string
		more []*wbxml.Element
		want int
	}{
		{"MS-ASCMD_R4767 without one, 100", nil, 100},
		{"MS-ASCMD_R5787 small", []*wbxml.Element{window(7)}, 7},
		{"MS-ASCMD_R4764 the limit", []*wbxml.Element{window(512)}, 512},
		{"MS-ASCMD_R4768 nothing means the limit", []*wbxml.Element{window(0)}, 512},
		{"MS-ASCMD_R4768 above the limit", []*wbxml.Element{window(513)}, 512},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			k.fill(k.contacts, "c", 520)
			col := k.sync(k.contacts, key(k.sync(k.contacts, "0")), c.more...)
			if count(col) != c.want || !col.Has(wbxml.AirSyncMoreAvailable) { // MS-ASCMD_R3460, R4765
				t.Errorf("%d, more %v", count(col), col.Has(wbxml.AirSyncMoreAvailable))
			}
		})
	}
}

// The WindowSize of the whole request bounds all collections together; what does not fit is announced. MS-ASCMD_R4776
func TestGlobalWindow(t *testing.T) {
	k := newKit(t)
	k.fill(k.contacts, "c", 5)
	k.fill(k.others, "o", 5)
	at, bt := key(k.sync(k.contacts, "0")), key(k.sync(k.others, "0"))
	ask := func(n int) (counts []int, more []bool) {
		req := wbxml.New(wbxml.AirSyncSync, window(n), wbxml.New(wbxml.AirSyncCollections, collection(k.contacts, at, window(4)), collection(k.others, bt, commands(add("x"+fmt.Sprint(n),
			name("new"))))))
		e := k.do(k.svc.Sync, "Sync", req)
		for c := range e.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
			counts, more = append(counts, count(c)), append(more, c.Has(wbxml.AirSyncMoreAvailable))
			if c.Get(wbxml.AirSyncCollectionId) == id(k.contacts) {
				at = key(c)
			} else {
				bt = key(c)
				if !strings.Contains(resps(c), " 1") { // what the client sends is taken in any case
					t.Errorf("%s", resps(c))
				}
			}
		}
		return counts, more
	}
	counts, more := ask(3)
	if !slices.Equal(counts, []int{3, 0}) || !slices.Equal(more, []bool{true, true}) { // MS-ASCMD_R4778, R4779
		t.Errorf("%v %v", counts, more)
	}
	counts, more = ask(6)
	if !slices.Equal(counts, []int{2, 4}) || !slices.Equal(more, []bool{false, true}) {
		t.Errorf("%v %v", counts, more)
	}
	counts, more = ask(6)
	if !slices.Equal(counts, []int{1}) || !slices.Equal(more, []bool{false}) { // MS-ASCMD_R4780
		t.Errorf("%v %v", counts, more)
	}
	k.validate(20)
}

// An answer ends early when it gets large or takes long, never without progress, and the rest follows.
func TestBudgets(t *testing.T) {
	long := strings.Repeat("x", 1000)
	all := func(k *kit) (sizes []int) {
		at := key(k.sync(k.contacts, "0"))
		for {
			col := k.sync(k.contacts, at)
			if col == nil || len(sizes) > 50 {
				return sizes
			}
			sizes, at = append(sizes, count(col)), key(col)
			if !col.Has(wbxml.AirSyncMoreAvailable) {
				return sizes
			}
		}
	}
	setUp := func(t *testing.T) *kit {
		k := newKit(t)
		for i := range 10 {
			k.write(k.contacts, tandem.Create, tandem.ID(fmt.Sprint(i)), vcard(fmt.Sprint(i), long))
		}
		return k
	}
	t.Run("bytes", func(t *testing.T) {
		k := setUp(t)
		k.svc.Limits.Bytes = 3500
		if got := all(k); !slices.Equal(got, []int{3, 3, 3, 1}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("bytes for less than one", func(t *testing.T) {
		k := setUp(t)
		k.svc.Limits.Bytes = 10
		if got := all(k); len(got) != 10 {
			t.Errorf("%v", got)
		}
	})
	for _, c := range []struct {
		device, agent string
		step          time.Duration
		least         int // how many fit at this pace
		most          int
	}{
		{"Test", "", 5 * time.Second, 2, 5},
		{"SAMSUNGSMS908B", "SAMSUNG-SM-S908B/101.13", 5 * time.Second, 8, 10}, // field note 20
		{"iPhone", "Apple-iPhone15C2/2203.75", 20 * time.Second, 7, 10},
		{"Test", "", time.Hour, 1, 1},
	} {
		t.Run(fmt.Sprint("time of ", c.device, c.step), func(t *testing.T) {
			k := setUp(t)
			k.device.Type, k.device.Agent, k.step = c.device, c.agent, c.step
			if got := all(k); got[0] < c.least || got[0] > c.most {
				t.Errorf("%v", got)
			}
		})
	}
}

// MS-ASCMD 2.2.3.68.2
func TestFilter(t *testing.T) {
	stamp := func(day int) string {
		return time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("20060102T150405Z")
	}
	event := func(k *kit, uid string, day int) {
		k.write(k.calendar, tandem.Create, tandem.ID(uid), vevent(uid, uid, stamp(day), strings.Replace(stamp(day), "T09", "T10", 1)))
	}
	for _, c := range []struct {
		name   string
		filter int
		want   string
	}{
		{"MS-ASCMD_R3044 all", 0, "year half quarter month fortnight yesterday tomorrow next series"},
		{"MS-ASCMD_R3048 two weeks", 4, "yesterday tomorrow next series"},
		{"MS-ASCMD_R3049 a month", 5, "fortnight yesterday tomorrow next series"},
		{"MS-ASCMD_R3050 three months", 6, "month fortnight yesterday tomorrow next series"},
		{"MS-ASCMD_R3051 six months", 7, "quarter month fortnight yesterday tomorrow next series"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			for i, day := range []int{-400, -200, -100, -40, -20, -1, 1, 400} {
				event(k, strings.Fields("year half quarter month fortnight yesterday tomorrow next")[i], day)
			}
			// MS-ASCMD_R5878: what repeats without end, and what is to come (MS-ASCMD_R3065), is always sent.
			k.write(k.calendar, tandem.Create, "series", strings.Replace(vevent("series", "series", stamp(-900), strings.Replace(stamp(-900), "T09", "T10", 1)),
				"END:VEVENT", "RRULE:FREQ=WEEKLY\r\nEND:VEVENT", 1))
			names := func(col *wbxml.Element) string {
				var out []string
				for _, e := range col.Child(wbxml.AirSyncCommands).Children {
					out = append(out, e.Child(wbxml.AirSyncApplicationData).Get(wbxml.CalendarSubject))
				}
				return strings.Join(out, " ")
			}
			first := k.sync(k.calendar, "0")
			k.want(names(k.sync(k.calendar, key(first), options(filter(c.filter)))), c.want) // MS-ASCMD_R2987
			k.validate(10)
		})
	}
}

// The window moves: what leaves it is removed softly, what comes back is added, and options are remembered.
func TestWindowMoves(t *testing.T) {
	k := newKit(t)
	day := func(n int) string { return k.clock.AddDate(0, 0, n).Format("20060102T150405Z") }
	for i := range 6 {
		k.write(k.calendar, tandem.Create, tandem.ID(fmt.Sprint("e", i)), vevent(fmt.Sprint("e", i), fmt.Sprint("E", i), day(-i*10-1), day(-i*10)))
	}
	soft := func(ids ...int) string {
		var out []string
		for _, i := range ids {
			out = append(out, "SoftDelete "+k.serverID(k.calendar, tandem.ID(fmt.Sprint("e", i))))
		}
		return strings.Join(out, ", ")
	}
	at := k.prime(k.calendar, options(filter(0)))
	col := k.sync(k.calendar, at, options(filter(5)), window(1)) // MS-ASCMD_R3967
	k.want(cmds(col), soft(5))
	if !col.Has(wbxml.AirSyncMoreAvailable) {
		t.Error("no more is announced")
	}
	// In the middle of it, records on either side of the way change.
	k.write(k.calendar, tandem.Update, "e5", vevent("e5", "Past", day(-51), day(-50)))
	k.write(k.calendar, tandem.Update, "e1", vevent("e1", "Present", day(-11), day(-10)))
	col = k.sync(k.calendar, key(col), window(2))
	k.want(cmds(col), "Change "+k.serverID(k.calendar, "e1")+" Present "+day(-11)+" "+day(-10)+", "+soft(4))
	if col.Has(wbxml.AirSyncMoreAvailable) {
		t.Error("more is announced")
	}
	// Days go by.
	k.clock = k.clock.AddDate(0, 0, 5)
	col = k.sync(k.calendar, key(col))
	k.want(cmds(col), soft(3))
	if e := k.sync(k.calendar, key(col)); e != nil {
		t.Errorf("and then %s", show(e))
	}
	// An event that ended long ago moves to tomorrow, and one from the window to long ago.
	k.write(k.calendar, tandem.Update, "e5", vevent("e5", "Tomorrow", day(1), day(2)))
	k.write(k.calendar, tandem.Update, "e1", vevent("e1", "Long ago", day(-400), day(-399)))
	col = k.sync(k.calendar, key(col))
	k.want(cmds(col), "Add "+k.serverID(k.calendar, "e5")+" Tomorrow "+day(1)+" "+day(2)+", "+soft(1))
	// Wide again.
	col = k.sync(k.calendar, key(col), options(filter(0)), window(100))
	if got := count(col); got != 3 || strings.Contains(cmds(col), "Change") {
		t.Errorf("%s", cmds(col))
	}
	k.validate(20)
}

// FilterType 8 leaves finished tasks out. MS-ASCMD_R3061
func TestFinishedTasks(t *testing.T) {
	k := newKit(t)
	k.write(k.tasks, tandem.Create, "open", vtodo("open", "Open", "NEEDS-ACTION"))
	k.write(k.tasks, tandem.Create, "done", vtodo("done", "Done", "COMPLETED"))
	open, done := k.serverID(k.tasks, "open"), k.serverID(k.tasks, "done")
	col := k.sync(k.tasks, key(k.sync(k.tasks, "0")), options(filter(8)))
	k.want(cmds(col), "Add "+open+" Open 0")
	k.write(k.tasks, tandem.Update, "open", vtodo("open", "Open", "COMPLETED"))
	k.write(k.tasks, tandem.Update, "done", vtodo("done", "Done", "NEEDS-ACTION"))
	col = k.sync(k.tasks, key(col))
	k.want(cmds(col), "SoftDelete "+open+", Add "+done+" Done 0")
	col = k.sync(k.tasks, key(col), options(filter(0)))
	k.want(cmds(col), "Add "+open+" Open 1")
	col = k.sync(k.tasks, key(col), options(filter(8)))
	k.want(cmds(col), "SoftDelete "+open)
	// The device finishes one itself.
	col = k.sync(k.tasks, key(col), commands(edit(done, wbxml.Text(wbxml.TasksComplete, "1"))))
	k.want(cmds(col), "SoftDelete "+done)
	if e := k.sync(k.tasks, key(col)); e != nil {
		t.Errorf("and then %s", show(e))
	}
	k.validate(20)
}

// MS-ASCMD_R3125: no changes are sent that are not wanted, and they are not lost.
func TestGetChanges(t *testing.T) {
	k := newKit(t)
	at := k.prime(k.contacts)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	if e := k.sync(k.contacts, at, silent()); e != nil {
		t.Fatalf("%s", show(e))
	}
	col := k.sync(k.contacts, at, silent(), commands(add("n", name("New"))))
	k.want(cmds(col), "nothing")
	col = k.sync(k.contacts, key(col))
	k.want(cmds(col), "Add "+k.serverID(k.contacts, "a")+" Ann")
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Errorf("and then %s", show(e))
	}
}

// A request that finds nothing to tell among many records ends, and the next goes on where it ended.
func TestLooksInVain(t *testing.T) {
	drive := func(k *kit, at string, more ...*wbxml.Element) (requests, got int, end string) {
		for {
			m := k.metered()
			col := k.sync(k.calendar, at, more...)
			k.restart()
			if m.records > 200 {
				t.Errorf("one request looks at %d records", m.records)
			}
			requests++
			if col == nil {
				return requests, got, at
			}
			got, at = got+count(col), key(col)
			if !col.Has(wbxml.AirSyncMoreAvailable) {
				return requests, got, at
			}
		}
	}
	k := newKit(t)
	k.limits.Look = 50
	k.restart()
	k.crowd(k.calendar, 500)
	k.clock = k.clock.AddDate(0, 3, 0) // they ended long ago
	k.write(k.calendar, tandem.Create, "new", vevent("new", "New", "20260901T090000Z", "20260901T100000Z"))
	requests, got, _ := drive(k, key(k.sync(k.calendar, "0")), options(filter(4)))
	if got != 1 || requests < 3 {
		t.Errorf("%d records in %d requests", got, requests)
	}
	if pending, known, err := k.svc.Pending(k.ctx, k.device.Number, k.calendar); pending || !known || err != nil {
		t.Errorf("pending %v, %v", pending, err)
	}

	// And so does a sweep over tasks of which none is finished.
	for i := range 300 {
		k.write(k.tasks, tandem.Create, tandem.ID(fmt.Sprint(i)), vtodo(fmt.Sprint(i), "Open", "NEEDS-ACTION"))
	}
	at := k.prime(k.tasks, window(512))
	n := 0
	for col := k.sync(k.tasks, at, options(filter(8))); col != nil; col = k.sync(k.tasks, key(col)) {
		if n++; n > 50 || count(col) != 0 {
			t.Fatalf("request %d: %s", n, cmds(col))
		}
	}
	if n < 3 {
		t.Errorf("%d requests", n)
	}
}
