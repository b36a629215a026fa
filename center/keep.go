package center

import (
	"context"
	"errors"
	"sync"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/provider"
	"tandem/store"
)

// keeper keeps one pair in step: it runs when a place hints at a change, when a home collection was written to, when
// the schedule says so, and every now and then because hints are only hints. It is one goroutine, plus one per watch.
type keeper struct {
	hub    *Hub
	work   watched
	tell   func(SyncNews)
	opt    SyncOptions
	plan   plan
	kicks  chan struct{} // holds at most one: a request while running makes it run once more
	anew   chan struct{} // holds at most one: what is waited for is to be thought over
	fresh  bool          // the hub has just been started
	rested bool          // the item was paused until now
	cut    bool          // and that cut a run
	met    bool          // it does not wait to be looked at before its first sync; the keeper's goroutine only

	events chan when.Trigger // that the item follows; what comes while a few wait is dropped, for they make one run
	stop   context.CancelFunc
	done   chan struct{} // closed when the keeper has ended

	mu       sync.Mutex // guards what follows
	watching int        // watches that are up
	wanted   int        // watches that would be up if all went well
	next     time.Time  // of the next planned run
	waits    string     // what a run that is due waits for
	asks     string     // what for a person is asked to agree to a run
	cause    string     // why a run is due
	polls    bool       // what is waited for is only time to look at a place that does not tell of changes
	polled   bool       // a run is due for that
	hinted   bool       // something changed while changes are not followed
	ready    bool       // job and plan are there, and stay as they are
}

// watched is a job that is to be kept in step. Its item is zero for two places.
type watched struct {
	job  job
	item store.Item
}

// kick asks for a run soon. It never blocks.
func (k *keeper) kick() {
	select {
	case k.kicks <- struct{}{}:
	default:
	}
}

func (h *Hub) keep(it store.Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepLocked(it, false)
}

// keepLocked starts the keeper of an item, if the hub has been started and the item is to run by itself. fresh says that the hub starts, too.
func (h *Hub) keepLocked(it store.Item, fresh bool) {
	h.keepAsLocked(it, func(k *keeper) { k.fresh = fresh })
}

// keepAsLocked is keepLocked with what else the keeper is to know before it begins. It reports whether there is one.
func (h *Hub) keepAsLocked(it store.Item, tell func(*keeper)) bool {
	if h.started == nil || !it.Enabled || h.off[it.Partner] || !runsByItself(it) || h.keepers[it.Name] != nil {
		return h.keepers[it.Name] != nil
	}
	if _, rests := h.resting[it.Name]; rests {
		return false
	}
	ctx, stop := context.WithCancel(h.started)
	k := newKeeper(h, watched{item: it}, h.cfg.News)
	k.opt.By = ByHub
	k.stop, k.done = stop, make(chan struct{})
	tell(k)
	h.keepers[it.Name] = k
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		defer close(k.done)
		k.keepItem(ctx)
	}()
	return true
}

// unkeep ends the keeper of an item and waits for it.
func (h *Hub) unkeep(name string) {
	h.mu.Lock()
	k := h.keepers[name]
	delete(h.keepers, name)
	h.mu.Unlock()
	if k != nil {
		k.stop()
		<-k.done
	}
}

// listen passes the store's wake-ups on to the items that hang on the collection.
func (h *Hub) listen(wakeups <-chan store.Wakeup) {
	for w := range wakeups {
		h.mu.Lock()
		for _, k := range h.keepers {
			if k.work.item.Collection == w.Collection {
				k.hint()
			}
		}
		for _, k := range h.followers {
			if w.Listed && w.User == k.account.User {
				k.kick()
			}
		}
		h.mu.Unlock()
	}
}

// keepItem prepares the item's job, which may fail for as long as its partner or rules are broken, and keeps it.
func (k *keeper) keepItem(ctx context.Context) {
	wait := k.hub.cfg.Times.RetryMin
	for {
		j, err := k.hub.itemJob(ctx, k.work.item)
		if err == nil {
			k.work.job = j
			err = k.readPlan(ctx)
		}
		if err == nil {
			break
		}
		k.hub.noteFailure(ctx, job{name: k.work.item.Name, user: k.work.item.User}, SyncOptions{}, err, nil)
		if !sleep(ctx, wait) {
			return
		}
		wait = min(2*wait, k.hub.cfg.Times.RetryMax)
	}
	k.run(ctx)
}

// run is the keeper's life.
func (k *keeper) run(ctx context.Context) {
	var watches sync.WaitGroup
	defer watches.Wait()
	if k.plan.EverFollows(k.plan.mode) {
		k.watchPlaces(ctx, &watches)
	}
	var failures int
	for owed := k.owed(ctx); ; owed = false {
		if !owed {
			due, ok := k.await(ctx, failures)
			if !ok {
				return
			}
			if !due {
				continue
			}
		}
		if k.waitsFirst(ctx) {
			continue
		}
		if !k.admit(ctx) || failures > 0 && !k.awaitReach(ctx) {
			return
		}
		if k.asksFirst(ctx) {
			continue
		}
		if k.once(ctx) {
			failures = 0
		} else {
			failures++
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// settle waits until hints have been quiet for a moment, but not for ever.
func (k *keeper) settle(ctx context.Context) bool {
	patience := time.NewTimer(k.hub.cfg.Times.Patience)
	defer patience.Stop()
	for {
		quiet := time.NewTimer(k.hub.cfg.Times.Quiet)
		select {
		case <-ctx.Done():
			quiet.Stop()
			return false
		case <-patience.C:
			quiet.Stop()
			return true
		case <-quiet.C:
			return true
		case <-k.kicks:
			quiet.Stop()
		}
	}
}

// once runs the job and reports whether it went well enough not to be repeated before something happens.
func (k *keeper) once(ctx context.Context) bool {
	rep, err := k.hub.run(ctx, k.work.job, k.opt, func(n SyncNews) {
		if n.Err == nil || ctx.Err() == nil { // being told to stop is no news
			k.tell(n)
		}
	})
	// An approval, an answer or a full look is for one run, not for all that follow.
	k.opt = SyncOptions{Preview: k.opt.Preview, Watch: k.opt.Watch, By: k.opt.By}
	return err == nil && rep != nil || wasStopped(err) // who stops a run wants it to rest
}

func (k *keeper) watchesAll() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wanted > 0 && k.watching == k.wanted
}

// watchPlaces watches the sides that can be watched and are not home collections, whose writes the store tells of.
func (k *keeper) watchPlaces(ctx context.Context, group *sync.WaitGroup) {
	sides := []tandem.Side{tandem.SideB}
	if k.work.item.Name == "" {
		sides = []tandem.Side{tandem.SideA, tandem.SideB}
	}
	k.wanted = len(sides)
	for _, side := range sides {
		group.Go(func() { k.watch(ctx, side) })
	}
}

// watch keeps the watch of one side up, and kicks for every hint. A watch that ends is begun anew, later each time.
func (k *keeper) watch(ctx context.Context, side tandem.Side) {
	wait := k.hub.cfg.Times.RetryMin
	for first := true; ; first = false {
		up, err := k.watchOnce(ctx, side, first)
		if errors.Is(err, errNoWatch) || ctx.Err() != nil {
			return
		}
		if up {
			wait = k.hub.cfg.Times.RetryMin
		}
		if !sleep(ctx, wait) {
			return
		}
		wait = min(2*wait, k.hub.cfg.Times.RetryMax)
	}
}

var errNoWatch = errors.New("the place cannot watch")

// watchOnce opens the places for watching and follows the hints of one until they end. up says that the watch stood.
func (k *keeper) watchOnce(ctx context.Context, side tandem.Side, first bool) (up bool, err error) {
	a, b, err := k.work.job.open(ctx)
	if err != nil {
		return false, err
	}
	defer a.Close()
	defer b.Close()
	o := map[tandem.Side]*provider.Opened{tandem.SideA: a, tandem.SideB: b}[side]
	hints, err := o.Watch(ctx)
	if err != nil {
		return false, err
	}
	if hints == nil {
		return false, errNoWatch
	}
	k.count(1)
	defer k.count(-1)
	if !first {
		k.hint() // what happened while the watch was down
	}
	for range hints {
		k.hint()
	}
	return true, nil
}

func (k *keeper) count(n int) {
	k.mu.Lock()
	k.watching += n
	k.mu.Unlock()
}

// sleep waits, and reports whether it was for the whole time.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// watchJobs keeps jobs in step until ctx is done, which is how it is meant to end: the error is nil then.
func (h *Hub) watchJobs(ctx context.Context, jobs []watched, opt SyncOptions, tell func(SyncNews)) error {
	var one sync.Mutex // news arrive one at a time
	serial := func(n SyncNews) {
		one.Lock()
		defer one.Unlock()
		if ctx.Err() == nil {
			tell(n)
		}
	}
	var group sync.WaitGroup
	var all []*keeper
	collections := map[int64][]*keeper{}
	for _, w := range jobs {
		k := newKeeper(h, w, serial)
		k.opt, k.ready = opt, true
		if w.item.Name != "" {
			collections[w.item.Collection] = append(collections[w.item.Collection], k)
		}
		all = append(all, k)
	}
	wakeups := h.cfg.Store.Home.Subscribe(ctx)
	group.Go(func() {
		for w := range wakeups {
			for _, k := range collections[w.Collection] {
				k.kick()
			}
		}
	})
	if !h.isStarted() {
		group.Go(func() { h.tidyDaily(ctx) })
	}
	for _, k := range all {
		group.Go(func() { k.run(ctx) })
	}
	group.Wait()
	return nil
}

// runAll runs jobs at the same time, as many as the hub allows, and waits for all.
func (h *Hub) runAll(ctx context.Context, jobs []watched, opt SyncOptions, tell func(SyncNews)) {
	var one sync.Mutex // news arrive one at a time
	serial := func(n SyncNews) {
		one.Lock()
		defer one.Unlock()
		tell(n)
	}
	var group sync.WaitGroup
	for _, w := range jobs {
		group.Go(func() { _, _ = h.run(ctx, w.job, opt, serial) })
	}
	group.Wait()
}
