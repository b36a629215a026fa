package center

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"tandem/center/progress"
	"tandem/session"
	"tandem/store"
)

// News is something that just happened, told to whoever follows. It is a hint where to look again, not a record of it: what must not be missed is in the store.
type News struct {
	What     string            // see below
	Item     string            `json:",omitempty"` // the sync item, or "A B" for two places
	User     string            `json:",omitempty"` // whom it concerns; "": the hub as a whole
	Device   string            `json:",omitempty"`
	Handler  string            `json:",omitempty"`
	Row      *progress.Row     `json:",omitempty"` // how far the item is, where another program syncs it
	Progress *session.Progress `json:",omitempty"`
	Report   *session.Report   `json:",omitempty"` // of a run that ended; without plan and problems
	Err      *Failure          `json:",omitempty"` // of a run that failed
}

// What News tell of.
const (
	ItemsNews     = "item"      // an item was added, changed or removed
	WaitingNews   = "waiting"   // a run waits for its turn
	StartedNews   = "started"   // a run began
	ProgressNews  = "progress"  // it goes on
	EndedNews     = "ended"     // it is over: Report or Err
	ConflictsNews = "conflicts" // some were found or decided
	HandlersNews  = "handler"   // a handler appeared, vanished or changed
	DeviceNews    = "device"    // a device was seen, or somebody decided about it
	MissedNews    = "missed"    // told first, and when there was more than the listener could take: look at everything
)

// maxNews is how much waits for a listener who is slow. Progress is kept once per item and does not count.
const maxNews = 256

// progressEvery is how often the progress of an item is told at most. A run itself tells ten times a second, so that what is shown is well below a second old.
const progressEvery = 500 * time.Millisecond

// board tells news to everybody who listens. Its zero value is ready.
type board struct {
	mu     sync.Mutex // guards what follows
	all    map[*listener]struct{}
	closed bool
}

// listener is one who listens, with what waits for it.
type listener struct {
	ring chan struct{} // holds one token while something waits

	mu       sync.Mutex // guards what follows
	queue    []News
	progress map[string]News // by item
	missed   bool
	over     bool
}

func (b *board) listen() *listener {
	l := &listener{ring: make(chan struct{}, 1), progress: map[string]News{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.over = b.closed; l.over {
		l.ring <- struct{}{}
		return l
	}
	if b.all == nil {
		b.all = map[*listener]struct{}{}
	}
	b.all[l] = struct{}{}
	return l
}

func (b *board) leave(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, l)
}

// close ends all listening.
func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for l := range b.all {
		l.put(func() { l.over = true })
	}
}

// tell never blocks.
func (b *board) tell(n News) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.all {
		l.put(func() { l.add(n) })
	}
}

// run tells what comes from a run.
func (b *board) run(j job, n SyncNews) {
	out := News{Item: j.name, User: j.user, Progress: n.Progress, Err: n.Err}
	switch {
	case n.Progress != nil:
		out.What = ProgressNews
	case n.Err != nil:
		out.What = EndedNews
	case n.Report != nil:
		rep := *n.Report
		rep.Problems, rep.Plan = nil, nil
		out.What, out.Report = EndedNews, &rep
	default:
		return // lines of the log are told by the log
	}
	b.tell(out)
}

func (l *listener) put(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	select {
	case l.ring <- struct{}{}:
	default:
	}
}

func (l *listener) add(n News) {
	if n.What == ProgressNews {
		l.progress[n.Item] = n
		return
	}
	if n.What == EndedNews || n.What == StartedNews {
		delete(l.progress, n.Item) // of a run that is over
	}
	if len(l.queue) == maxNews {
		l.queue, l.missed = nil, true
	}
	l.queue = append(l.queue, n)
}

// take takes what waits, of progress only that of items for which due says that its time has come. next is how long it takes until more of it comes, 0: none waits.
func (l *listener) take(due func(item string) time.Duration) (list []News, next time.Duration, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.missed {
		list = append(list, News{What: MissedNews})
	}
	list = append(list, l.queue...)
	for _, item := range slices.Sorted(maps.Keys(l.progress)) {
		if in := due(item); in > 0 {
			if next == 0 || in < next {
				next = in
			}
			continue
		}
		list = append(list, l.progress[item])
		delete(l.progress, item)
	}
	l.queue, l.missed = nil, false
	return list, next, l.over
}

// wait waits for something to take, or for that long if it is not 0. It reports whether ctx goes on.
func (l *listener) wait(ctx context.Context, next time.Duration) bool {
	var later <-chan time.Time
	if next > 0 {
		t := time.NewTimer(next)
		defer t.Stop()
		later = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-l.ring:
	case <-later:
	}
	return true
}

// Follow implements Service. It ends, too, when the hub does.
func (h *Hub) Follow(ctx context.Context, tell func(News)) error {
	l := h.news.listen()
	defer h.news.leave(l)
	tell(News{What: MissedNews})
	last := map[string]time.Time{} // when the progress of an item was told
	for {
		now := h.cfg.Now()
		list, next, over := l.take(func(item string) time.Duration {
			told, ok := last[item]
			if since := now.Sub(told); ok && since >= 0 { // a clock that was put back holds nothing up
				return progressEvery - since
			}
			return 0
		})
		for _, n := range list {
			switch n.What {
			case ProgressNews:
				last[n.Item] = now
			case EndedNews:
				delete(last, n.Item)
			}
			tell(n)
		}
		if over {
			return nil
		}
		if !l.wait(ctx, next) {
			return nil
		}
	}
}

// DeviceSeen tells that a device was seen, or that somebody decided about it.
func (h *Hub) DeviceSeen(d store.Device) {
	h.news.tell(News{What: DeviceNews, User: d.User, Device: d.ID})
}

// userOf is whose item is behind a pair, "" where there is none.
func (h *Hub) userOf(ctx context.Context, pair int64) string {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return ""
	}
	for _, it := range items {
		if p, ok, err := h.pairOf(ctx, it); err == nil && ok && p.ID == pair {
			return it.User
		}
	}
	return ""
}
