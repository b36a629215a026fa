package center

import (
	"context"
	"time"

	"tandem"
	way "tandem/center/reach"
	"tandem/center/when"
	"tandem/provider"
)

// accountKeeper keeps the folders of one account in step: it looks when the place hints that its folders changed, when the user's collections did, and every now and
// then.
type accountKeeper struct {
	hub     *Hub
	account mailAccount
	kicks   chan struct{} // holds at most one
	events  chan when.Trigger
	stop    context.CancelFunc
	done    chan struct{} // closed when the keeper has ended
}

func (k *accountKeeper) kick() {
	select {
	case k.kicks <- struct{}{}:
	default:
	}
}

func (h *Hub) keepAccount(a mailAccount) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepAccountLocked(a)
}

// keepAccountLocked starts the keeper of an account if the hub has been started.
func (h *Hub) keepAccountLocked(a mailAccount) {
	if h.started == nil || h.off[a.name] || h.followers[a.name] != nil {
		return
	}
	ctx, stop := context.WithCancel(h.started)
	k := &accountKeeper{hub: h, account: a, kicks: make(chan struct{}, 1), events: make(chan when.Trigger, 4), stop: stop, done: make(chan struct{})}
	h.followers[a.name] = k
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		defer close(k.done)
		k.run(ctx)
	}()
}

// unkeepAccount ends the keeper of an account and waits for it.
func (h *Hub) unkeepAccount(name string) {
	h.mu.Lock()
	k := h.followers[name]
	delete(h.followers, name)
	h.mu.Unlock()
	if k != nil {
		k.stop()
		<-k.done
	}
}

// run is the keeper's life.
func (k *accountKeeper) run(ctx context.Context) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		k.watch(ctx)
	}()
	defer func() { <-watched }()
	wait := k.hub.cfg.Times.RetryMin
	who := job{name: k.account.name, user: k.account.User}
	for first := true; ctx.Err() == nil; first = false {
		p, err := k.hub.accountPlan(ctx, k.account.name)
		failed := time.Duration(0)
		// An account that is kept by times or events alone is not looked at because the hub starts, unless that is one of them.
		if err == nil && (!first || p.Follows(p.mode, k.hub.cfg.Now(), p.zone) || p.mode == when.Connection || p.Has(when.Start)) {
			if !k.hub.admitted(ctx, p, k.target(ctx), k.waits) {
				return
			}
			var hangUp func()
			if hangUp, err = k.hub.connect(ctx, job{name: who.name, connect: p.Connect}); err == nil {
				err = k.hub.follow(ctx, k.account, unanswered)
				hangUp()
			}
		}
		if err != nil && ctx.Err() == nil {
			k.hub.noteFailure(ctx, who, SyncOptions{}, err, nil)
			failed, wait = wait, min(2*wait, k.hub.cfg.Times.RetryMax)
		} else if !first || err == nil {
			k.hub.noteSuccess(who)
			wait = k.hub.cfg.Times.RetryMin
		}
		if !k.due(ctx, p, failed) {
			return
		}
	}
}

// target is where the account's place is across a network, "" if it is here.
func (k *accountKeeper) target(ctx context.Context) string {
	p, err := k.hub.partner(ctx, k.account.name)
	if err != nil {
		return "" // following it says why
	}
	place, _, err := k.hub.accountPlace(p)
	if err != nil {
		return ""
	}
	if place.Options[provider.OnBehalf] != "" { // as for items (itemJob)
		return ""
	}
	target, _ := way.Target(place)
	return target
}

// waits is told what the account waits for. Its items show it: they have the same conditions.
func (k *accountKeeper) waits(why string) {
	k.hub.cfg.Log.Debug("account waits", "account", k.account.name, "for", why)
}

// every is how long nothing need happen before the folders are listed again.
func (k *accountKeeper) every() time.Duration {
	t := k.hub.cfg.Times.Poll
	if p, err := k.hub.partner(context.Background(), k.account.name); err == nil {
		if prov, err := k.hub.cfg.Places.Provider(p.Provider); err == nil {
			t = max(t, prov.Poll)
		}
	}
	return t
}

// watch keeps the watch of the place's folders up, if it has one.
func (k *accountKeeper) watch(ctx context.Context) {
	for wait := k.hub.cfg.Times.RetryMin; ; wait = min(2*wait, k.hub.cfg.Times.RetryMax) {
		p, err := k.hub.partner(ctx, k.account.name)
		if err == nil {
			err = k.hub.withFolders(ctx, p, func(fs provider.Folders) error {
				w, ok := fs.(provider.FolderWatcher)
				if !ok {
					return errNoWatch
				}
				hints, err := w.WatchFolders(ctx)
				if err != nil || hints == nil {
					return err
				}
				k.kick() // what happened before the watch stood
				for range hints {
					k.kick()
				}
				return nil
			})
		}
		if err == errNoWatch || tandem.IsKind(err, tandem.Denied) || !sleep(ctx, wait) {
			return
		}
	}
}

// followAll keeps the folders of all accounts in step, once. An account that fails is told of, and does not stop the others.
func (h *Hub) followAll(ctx context.Context, tell func(SyncNews)) error {
	all, err := h.accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		off, err := h.isOff(ctx, a.name)
		if err != nil {
			return err
		}
		if off != "" {
			continue
		}
		if err := h.follow(ctx, a, unanswered); err != nil {
			err = stoppedBy(ctx, err)
			h.noteFailure(ctx, job{name: a.name, user: a.User}, SyncOptions{}, err, nil)
			tell(SyncNews{Item: a.name, Err: FailureOf(err)})
		}
	}
	return nil
}
