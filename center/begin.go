package center

import (
	"context"
	"errors"
	"slices"

	"tandem"
	"tandem/store"
)

// active is a run that goes on or waits for its turn.
type active struct {
	item  string
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
}

// The states of an item that was to run.
const (
	Starting = "started"
	Queued   = "queued"  // it is running, and runs once more afterwards
	Ignored  = "running" // it is running, and that is all
)

// activate notes a run before it has its turn.
func (h *Hub) activate(ctx context.Context, j job, opt SyncOptions) (context.Context, *active) {
	ctx, stop := context.WithCancelCause(ctx)
	me := &active{item: j.name, stop: stop, plain: opt.plain()}
	h.mu.Lock()
	defer h.mu.Unlock()
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
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.active, me)
}

// plain reports whether a run under these options is like any other.
func (o SyncOptions) plain() bool {
	return !o.Preview && !o.Full && !o.Approve && o.Approved == "" && !o.Restore && o.Chosen == nil
}

// Begin implements Service.
func (h *Hub) Begin(ctx context.Context, names []string, opt SyncOptions) ([]Begun, error) {
	const op = "begin sync"
	if opt.Preview || opt.Watch {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("a preview and a watch have somebody who waits for them"), Remedy: "use sync"}
	}
	items, err := h.selectItems(ctx, names)
	if err != nil {
		return nil, err
	}
	out := []Begun{}
	for _, it := range items {
		if len(names) == 0 && !it.Enabled {
			continue
		}
		j, err := h.itemJob(ctx, it)
		if err != nil {
			h.noteFailure(ctx, job{name: it.Name, user: it.User}, err, nil)
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
	running, waiting := false, false
	for a := range h.active {
		if a.item == it.Name {
			running = true
			waiting = waiting || a.plain && !a.begun
		}
	}
	switch {
	case running && opt.IfIdle:
		return Begun{it.Name, Ignored}, nil
	case waiting && opt.plain():
		return Begun{it.Name, Queued}, nil
	}
	// Noted before this returns, so that a second request finds it.
	ctx, stop := context.WithCancelCause(h.started)
	me := &active{item: it.Name, stop: stop, plain: opt.plain()}
	h.active[me] = struct{}{}
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		defer h.retire(me)
		_, _ = h.runActive(ctx, j, opt, h.cfg.News, me) // told to followers, and in the log
	}()
	h.news.tell(News{What: WaitingNews, Item: it.Name, User: it.User})
	if running {
		return Begun{it.Name, Queued}, nil
	}
	return Begun{it.Name, Starting}, nil
}

// Stop implements Service.
func (h *Hub) Stop(ctx context.Context, names []string) ([]string, error) {
	items, err := h.selectItems(ctx, names)
	if err != nil {
		return nil, err
	}
	stopped := []string{}
	h.mu.Lock()
	defer h.mu.Unlock()
	for a := range h.active {
		if findItem(items, a.item) != nil {
			a.stop(errByHand)
			stopped = append(stopped, a.item)
		}
	}
	slices.Sort(stopped)
	return slices.Compact(stopped), nil
}
