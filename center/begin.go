package center

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tandem"
	"tandem/center/progress"
	"tandem/store"
)

// active is a run that goes on or waits for its turn.
type active struct {
	item  string
	id    int64 // for Result
	shows shows // as others see it
	stop  context.CancelCauseFunc
	begun bool // it has its turn; guarded by Hub.mu
	plain bool // it runs under no special options, so that one that waits stands for all
}

// errByHand is the cause of a run's end that a person asked for.
var errByHand = errors.New("stopped by hand")

// Begun tells what became of an item that was to run.
type Begun struct {
	Item  string
	State string // see below
	Run   int64  `json:",omitempty"` // the run's number, for Result
	Why   string `json:",omitempty"` // Skipped: why
}

// The states of an item that was to run.
const (
	Starting = "started"
	Queued   = "queued"  // it is running, here or elsewhere, and runs once more afterwards
	Ignored  = "running" // it is running, and that is all
	Skipped  = "skipped" // it is not to run now
)

// activate notes a run before it has its turn.
func (h *Hub) activate(ctx context.Context, j job, opt SyncOptions) (context.Context, *active) {
	ctx, stop := context.WithCancelCause(ctx)
	me := &active{item: j.name, stop: stop, plain: opt.plain()}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.results.begin(me)
	me.shows = h.show(j, opt, me)
	h.active[me] = struct{}{}
	return ctx, me
}

func (h *Hub) begun(me *active) {
	h.mu.Lock()
	defer h.mu.Unlock()
	me.begun = true
}

func (h *Hub) retire(me *active) {
	me.stop(nil)
	me.shows.close()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.active, me)
	h.results.end(me)
}

// plain reports whether a run under these options is like any other.
func (o SyncOptions) plain() bool {
	return !o.Preview && !o.Full && !o.Approve && o.Approved == "" && o.First == "" && !o.Restore && o.Chosen == nil
}

// Begin implements Service.
func (h *Hub) Begin(ctx context.Context, names []string, opt SyncOptions) ([]Begun, error) {
	const op = "begin sync"
	if opt.Preview || opt.Watch {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("a preview and a watch have somebody who waits for them"), Remedy: "use sync"}
	}
	items, err := h.beginItems(ctx, names, opt)
	if err != nil {
		return nil, err
	}
	out := []Begun{}
	for _, it := range items {
		if why := h.notBegun(ctx, it, len(names) > 0); why != "" {
			out = append(out, Begun{Item: it.Name, State: Skipped, Why: why})
			continue
		}
		j, err := h.itemJob(ctx, it)
		if err != nil {
			h.noteFailure(ctx, job{name: it.Name, user: it.User}, SyncOptions{}, err, nil)
			return out, err
		}
		b, err := h.beginOne(it, j, opt)
		if err != nil {
			return out, err
		}
		out = append(out, b)
	}
	return out, nil
}

// beginOne has one item run, unless a run that waits will do the same.
func (h *Hub) beginOne(it store.Item, j job, opt SyncOptions) (Begun, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started == nil {
		return Begun{}, &tandem.Error{Kind: tandem.Transient, Op: "begin sync", Thing: it.Name, Err: errors.New("no hub is running"), Remedy: "start it with `tandem serve`"}
	}
	away := h.elsewhereLocked(it.Name)
	running, waiting := away, int64(0)
	for a := range h.active {
		if a.item == it.Name {
			running = true
			if a.plain && !a.begun {
				waiting = a.id
			}
		}
	}
	switch {
	case running && opt.IfIdle:
		return Begun{Item: it.Name, State: Ignored}, nil
	case waiting != 0 && opt.plain():
		return Begun{Item: it.Name, State: Queued, Run: waiting}, nil
	}
	// Noted before this returns, so that a second request finds it.
	ctx, stop := context.WithCancelCause(h.started)
	me := &active{item: it.Name, stop: stop, plain: opt.plain()}
	h.results.begin(me)
	me.shows = h.show(j, opt, me)
	h.active[me] = struct{}{}
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		defer h.retire(me)
		if away {
			h.awaitElsewhere(ctx, it.Name)
		}
		_, _ = h.runActive(ctx, j, opt, h.cfg.News, me) // told to followers, and in the log
	}()
	h.news.tell(News{What: WaitingNews, Item: it.Name, User: it.User})
	if running {
		return Begun{Item: it.Name, State: Queued, Run: me.id}, nil
	}
	return Begun{Item: it.Name, State: Starting, Run: me.id}, nil
}

// elsewhereLocked reports whether another program says that it is syncing an item.
func (h *Hub) elsewhereLocked(item string) bool {
	for id := range h.foreign {
		s, err := h.shown.Session(id)
		if err != nil {
			continue // it has just ended
		}
		if row, ok := s.Row(item); ok && row.Status.Going() {
			return true
		}
	}
	return false
}

// elsewhere is elsewhereLocked for whoever does not hold the lock.
func (h *Hub) elsewhere(item string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.elsewhereLocked(item)
}

// awaitElsewhere waits until no other program syncs an item, or ctx is done. One that falls silent is taken for dead after a while.
func (h *Hub) awaitElsewhere(ctx context.Context, item string) {
	for {
		h.mu.Lock()
		away, moved := h.elsewhereLocked(item), h.moved
		h.mu.Unlock()
		if !away {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
		}
	}
}

// tellMoved wakes whoever waits for an item that another program syncs.
func (h *Hub) tellMoved() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.moved)
	h.moved = make(chan struct{})
}

// beginItems are the items that Begin is asked to run.
func (h *Hub) beginItems(ctx context.Context, names []string, opt SyncOptions) ([]store.Item, error) {
	items, err := h.selectItems(ctx, names)
	if err != nil || opt.Handler == "" {
		return items, err
	}
	if _, err := h.partner(ctx, opt.Handler); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(items), func(it store.Item) bool { return it.Partner != opt.Handler }), nil
}

// notBegun says why an item does not run, "" if it does. One that was named is tried even if its place was out of reach the last time.
func (h *Hub) notBegun(ctx context.Context, it store.Item, named bool) string {
	if !it.Enabled {
		return "it is disabled"
	}
	if why, err := h.isOff(ctx, it.Partner); err != nil || why != "" {
		return cmp.Or(why, "what is known of its handler cannot be read")
	}
	if why, err := h.rests(ctx, it); !named && (err != nil || why != "") {
		return cmp.Or(why, "what is known of it cannot be read")
	}
	if waits, err := h.waitsFirst(ctx, it.Name); !named && (err != nil || waits) {
		return "it waits for " + firstWait(it.Name)
	}
	if r, ok := h.reached(it.Name); ok && !r.ok && !named {
		return "it is disconnected: " + r.why
	}
	return ""
}

// Stop implements Service.
func (h *Hub) Stop(ctx context.Context, names []string) ([]string, error) {
	state := h.shown.State()
	elsewhere := func(name string) bool {
		return slices.ContainsFunc(state.Items, func(r progress.ItemRow) bool { return r.Item == name })
	}
	var mine []string
	for _, name := range names {
		if !elsewhere(name) {
			mine = append(mine, name)
		}
	}
	if _, err := h.selectItems(ctx, mine); err != nil {
		return nil, err
	}
	stopped := []string{}
	for _, r := range state.Items {
		if r.Status.Going() && (len(names) == 0 || slices.Contains(names, r.Item)) {
			if h.shown.StopItem(r.Item) > 0 {
				stopped = append(stopped, r.Item)
			}
		}
	}
	slices.Sort(stopped)
	return stopped, nil
}

// StopHandler implements Service.
func (h *Hub) StopHandler(_ context.Context, id string) (int, error) {
	return h.shown.StopHandler(id), nil
}
