// Package runs puts together what phones sync, request by request, to runs as people know them: what one device and the hub told each other about one folder, until both were quiet. It is told of
// requests that were answered (eas.Watch), keeps counts and no record, and writes nothing: whoever is told of the end of a run does.
package runs

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Counts are records that one side took from the other.
type Counts struct {
	New, Changed, Moved, Deleted int
	Beyond                       int // taken off a phone because they left the window that it asks for; the hub keeps them
}

func (c *Counts) add(d Counts) {
	c.New += d.New
	c.Changed += d.Changed
	c.Moved += d.Moved
	c.Deleted += d.Deleted
	c.Beyond += d.Beyond
}

func (c *Counts) sub(d Counts) {
	c.add(Counts{-d.New, -d.Changed, -d.Moved, -d.Deleted, -d.Beyond})
}

// carry is what a run, or one answer, carried.
type carry struct {
	to, from Counts
	refused  int
}

// Run is what a device and the hub told each other about one folder.
type Run struct {
	User, DeviceID string // as the device calls itself
	Collection     int64
	Began, Ended   time.Time
	To, From       Counts // what was sent to the device, and what was taken from it
	Refused        int    // commands of the device that were not carried out
	InStep         bool   // it has everything that it asks for
}

// Carried reports whether anything was carried at all.
func (r Run) Carried() bool { return r.To != Counts{} || r.From != Counts{} || r.Refused > 0 }

// Quiet is how long nothing must be told for a run to be over.
const Quiet = 10 * time.Second

// Slow is Quiet for a device that has not fetched everything: one that is far away takes long to take what it got, and asks for the rest then.
const Slow = 2 * time.Minute

// Longest is when a run is over at the latest, so that a folder that is never quiet is told of, too.
const Longest = time.Hour

// most is how many runs go on at most, which takes a few MB. What would be one more is not put together; what is synced does not depend on it.
const most = 10_000

// Book holds the runs that go on. Its methods may be called concurrently.
type Book struct {
	now  func() time.Time
	told func(Run)
	goes func(r Run, over bool) // nil: nobody asks
	ring chan struct{}          // holds a token when there may be something to wait for or to tell

	mu    sync.Mutex // guards what follows
	going map[name]*list.Element
	// Each list is in the order of when runs were heard of last, so that the first one ends first: of those that wait for Quiet, and for Slow. What is over follows neither.
	waits [2]list.List
	over  []ended
	news  map[name]struct{} // runs that go on, and carried something since goes was told
}

// ended is a run that is over.
type ended struct {
	Run
	shown bool // goes was told of it
}

// name is what a run is about.
type name struct {
	user, device string
	collection   int64
}

// going is a run that goes on.
type going struct {
	Run
	heard time.Time
	slow  int  // which list it is in
	shown bool // goes was told of it

	// What the last answer carried, to the request of which key: if the device asks with that key again, it did not get that.
	key  string
	last carry
}

// New makes a book; told is told of each run that ended, one at a time, by Run.
func New(now func() time.Time, told func(Run)) *Book {
	return &Book{now: now, told: told, ring: make(chan struct{}, 1), going: map[name]*list.Element{}}
}

// Follow has goes told how far runs are that go on and carried something, each time anew, and last that they are over, whatever came of them. It is told one at a time, and not while a device waits for its
// answer. Follow is called before Run, once.
func (b *Book) Follow(goes func(r Run, over bool)) {
	b.goes, b.news = goes, map[name]struct{}{}
}

// Going is how many runs go on.
func (b *Book) Going() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.going)
}

// Run tells of runs as they end, until ctx is done; it tells of those that go on then before it returns.
func (b *Book) Run(ctx context.Context) {
	timer := time.NewTimer(Longest)
	defer timer.Stop()
	for {
		ended, wait := b.ended(ctx.Err() != nil)
		for _, r := range ended {
			if r.Carried() {
				b.told(r.Run)
			}
			if r.shown {
				b.goes(r.Run, true)
			}
		}
		for _, r := range b.fresh() {
			b.goes(r, false)
		}
		if ctx.Err() != nil {
			if len(ended) == 0 {
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-b.ring:
		case <-timer.C:
		}
	}
}

// ended takes the runs that are over out of the book, all if all of them are to be. wait is how long none will be.
func (b *Book) ended(all bool) (list []ended, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	wait = Longest
	list, b.over = b.over, nil
	for i, quiet := range [2]time.Duration{Quiet, Slow} {
		for e := b.waits[i].Front(); e != nil; e = b.waits[i].Front() {
			g := e.Value.(*going)
			if left := quiet - now.Sub(g.heard); left > 0 && !all {
				wait = min(wait, left)
				break
			}
			list = append(list, b.drop(e))
		}
	}
	return list, wait
}

// fresh are the runs that go on and of which there is something new to tell.
func (b *Book) fresh() (list []Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range b.news {
		if e := b.going[n]; e != nil {
			g := e.Value.(*going)
			g.shown = true
			list = append(list, g.Run)
		}
	}
	clear(b.news)
	return list
}

// drop takes a run out.
func (b *Book) drop(e *list.Element) ended {
	g := e.Value.(*going)
	b.waits[g.slow].Remove(e)
	delete(b.going, name{g.User, g.DeviceID, g.Collection})
	return ended{g.Run, g.shown}
}

// heard is one answer about a folder.
type heard struct {
	name
	began time.Time // when it was asked
	key   string    // that the device asked with; "": nobody knows
	carry
	beside bool // it is no Sync, and says nothing of what was asked by one
	known  bool // it says whether there is more
	inStep bool
}

// hear adds an answer to the run that it belongs to.
func (b *Book) hear(h heard) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.going[h.name]
	now := b.now()
	if e == nil {
		if h.carry == (carry{}) || len(b.going)+len(b.over) >= most {
			return
		}
		e = b.waits[0].PushBack(&going{Run: Run{User: h.user, DeviceID: h.device, Collection: h.collection, Began: h.began}})
		b.going[h.name] = e
	}
	g := e.Value.(*going)
	if !h.beside && h.key != "" && h.key == g.key { // an answer that was lost
		g.To.sub(g.last.to)
		g.From.sub(g.last.from)
		g.Refused -= g.last.refused
	}
	g.To.add(h.to)
	g.From.add(h.from)
	g.Refused += h.refused
	g.heard, g.Ended = now, now
	if !h.beside {
		g.key, g.last = h.key, h.carry
	}
	b.waits[g.slow].Remove(e)
	if h.known {
		if g.InStep, g.slow = h.inStep, 0; !h.inStep {
			g.slow = 1
		}
	}
	if b.news != nil && h.carry != (carry{}) {
		b.news[h.name] = struct{}{}
	}
	if b.going[h.name] = b.waits[g.slow].PushBack(g); now.Sub(g.Began) > Longest {
		b.over = append(b.over, b.drop(b.going[h.name]))
	}
	select {
	case b.ring <- struct{}{}:
	default:
	}
}

// failed notes that a device could not be told about a folder: it is not in step, until it says otherwise.
func (b *Book) failed(n name) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.going[n]; e != nil {
		e.Value.(*going).InStep = false
	}
}
