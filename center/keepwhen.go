package center

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/engine"
	"tandem/internal/sysevents"
	"tandem/store"
)

// plan is when an item runs, with what its text does not say.
type plan struct {
	when.Plan
	mode when.Mode
	zone *time.Location // the user's
}

func modeWords() []string {
	var out []string
	for _, m := range when.Modes() {
		out = append(out, string(m))
	}
	return out
}

// checkSchedule refuses what is no schedule, or says the mode, which has a setting of its own.
func checkSchedule(text string) error {
	p, err := when.Parse(text)
	if err == nil && p.Mode != when.Unsaid {
		err = &tandem.Error{Kind: tandem.Invalid, Op: "read schedule", Thing: fmt.Sprintf("%q", text), Err: fmt.Errorf("it says the mode, too"), Remedy: "set the mode with mode=, or both with when="}
	}
	return err
}

func setMode(it *store.Item, mode string) error {
	if it.Mode == store.OfAccount {
		return &tandem.Error{Kind: tandem.Invalid, Op: "change item", Thing: it.Name, Err: fmt.Errorf("it is kept in step with the account %s", it.Partner), Remedy: "leave it alone with `tandem item disable " + it.Name + "`"}
	}
	it.Mode = mode
	return nil
}

// setWhen sets mode and schedule from one text. A text that says what starts runs, but no mode, means nothing else starts them; one that only says conditions
// leaves the mode.
func setWhen(it *store.Item, text string) error {
	p, err := when.Parse(text)
	if err != nil {
		return err
	}
	mode := p.Mode
	switch {
	case mode != when.Unsaid:
	case text == "" && it.Mode != store.OfAccount:
		mode = when.Continuous
	case len(p.Rules) > 0 || p.Peak != nil || len(p.On) > 0:
		mode = when.Scheduled
	}
	if mode != when.Unsaid {
		if err := setMode(it, string(mode)); err != nil {
			return err
		}
	}
	p.Mode = when.Unsaid
	it.Schedule = p.String()
	return nil
}

// modeOf is the mode that an item has; the folders of an account are kept in step.
func modeOf(it store.Item) when.Mode {
	if it.Mode == store.OfAccount {
		return when.Continuous
	}
	return when.Mode(it.Mode)
}

// runsByItself reports whether an item ever does. One whose schedule cannot be read does, so that it is seen to fail.
func runsByItself(it store.Item) bool {
	p, err := when.Parse(it.Schedule)
	return err != nil || p.ByItself(modeOf(it))
}

// planOf reads an item's plan, with the time zone of its user.
func (h *Hub) planOf(ctx context.Context, it store.Item) (plan, error) {
	if it.Mode == store.OfAccount && it.Schedule == "" { // as its account
		return h.accountPlan(ctx, it.Partner)
	}
	read, err := when.Parse(it.Schedule)
	p := plan{Plan: read, mode: modeOf(it), zone: time.Local}
	if err != nil {
		return p, err
	}
	p.zone = h.zoneOf(ctx, it.User)
	return p, nil
}

// zoneOf is the time zone of a user. An owner who is not known has the computer's.
func (h *Hub) zoneOf(ctx context.Context, user string) *time.Location {
	u, err := h.cfg.Store.Accounts.User(ctx, user)
	if err != nil {
		return time.Local
	}
	if name := u.Props.Get("zone"); name != "" {
		if z, err := time.LoadLocation(name); err == nil {
			return z
		}
	}
	return time.Local
}

// plannedStatus tells when an item's schedule is due next, and what holds up an item that is kept and follows changes.
func (h *Hub) plannedStatus(ctx context.Context, st *ItemStatus, kept bool) {
	it := st.Item
	if it.Schedule == "" && it.Mode != store.OfAccount || !it.Enabled {
		return
	}
	p, err := h.planOf(ctx, it)
	if err != nil {
		return // running it says why
	}
	now := h.cfg.Now()
	if at := p.Next(now, p.zone, it.Name); !at.IsZero() {
		st.Planned = p.AfterQuiet(at, p.zone).Unix()
	}
	if kept && st.Waits == "" && p.Follows(p.mode, now, p.zone) {
		st.Waits = p.Decide(now, p.zone, h.around.now()).Why
	}
}

func newKeeper(h *Hub, w watched, tell func(SyncNews)) *keeper {
	return &keeper{hub: h, work: w, tell: tell, kicks: make(chan struct{}, 1), anew: make(chan struct{}, 1), events: make(chan when.Trigger, 4), plan: plan{mode: when.Continuous, zone: time.Local}}
}

func (k *keeper) readPlan(ctx context.Context) error {
	p, err := k.hub.planOf(ctx, k.work.item)
	if err == nil {
		k.mu.Lock()
		k.plan, k.ready = p, true
		k.mu.Unlock()
	}
	return err
}

// hint tells of a change, which starts a run if changes are followed now; otherwise it is kept until they are.
func (k *keeper) hint() {
	k.mu.Lock()
	follows := k.ready && k.plan.Follows(k.plan.mode, k.hub.cfg.Now(), k.plan.zone)
	k.hinted = k.hinted || !follows
	k.mu.Unlock()
	if follows {
		k.kick()
	}
}

// owed reports whether a run is due as soon as the keeper starts: for what happened while nobody looked, for a time of the schedule that was missed, however
// many were, or because the start is an event of the item's.
func (k *keeper) owed(ctx context.Context) bool {
	now := k.hub.cfg.Now()
	if k.cut {
		return true
	}
	if k.plan.mode == when.Connection || k.plan.Peak == nil && k.plan.mode == when.Continuous {
		k.kick()
		return false
	}
	k.hint() // followed later, perhaps
	if !k.fresh && !k.rested {
		return false
	}
	if k.fresh && k.plan.Has(when.Start) && !k.ask(ctx, when.Start) {
		return true
	}
	runs, err := k.hub.cfg.Store.Events.Runs(ctx, store.RunFilter{Item: k.work.item.Name, Limit: 1})
	if err != nil {
		return false // the schedule goes on
	}
	last := k.work.item.Added
	if len(runs) > 0 {
		last = max(last, runs[0].Started)
	}
	return k.plan.Missed(time.Unix(last, 0), now, k.plan.zone, k.work.item.Name)
}

// await waits for something to happen. due says that it makes a run.
func (k *keeper) await(ctx context.Context, failures int) (due, ok bool) {
	d, run := k.untilNext(failures)
	timer := time.NewTimer(d)
	defer timer.Stop()
	kicks := k.kicks
	if failures > 0 {
		kicks = nil // a place that fails is not asked again before its time; the kick waits
	}
	select {
	case <-ctx.Done():
		return false, false
	case <-timer.C:
		k.mu.Lock()
		k.polled = run && k.polls
		k.mu.Unlock()
		return run, true
	case <-k.anew:
		return false, true
	case <-kicks:
		k.because("something changed")
		ok := k.settle(ctx)
		return ok, ok
	case event := <-k.events:
		k.because("after " + string(event))
		if event == when.NetworkUp && failures > 0 {
			return true, true
		}
		if event == when.NetworkUp && k.plan.mode == when.Connection && !k.plan.Has(event) {
			return true, true
		}
		return k.plan.Has(event) && !k.ask(ctx, event), true
	}
}

// untilNext is how long to wait when nothing happens, and whether a run is due then, or only a new look at the plan.
func (k *keeper) untilNext(failures int) (time.Duration, bool) {
	t := k.hub.cfg.Times
	now := k.hub.cfg.Now()
	follows := k.plan.Follows(k.plan.mode, now, k.plan.zone)
	name := k.work.item.Name
	var d time.Duration
	run, polls := true, false
	switch {
	case failures > 0:
		d = t.RetryMax
		if failures < 16 {
			d = min(t.RetryMin<<(failures-1), t.RetryMax)
		}
	case k.plan.If.Ask && (!follows || k.watchesAll() || k.isAsked()): // nobody is asked for nothing but that time has passed
	case follows && k.watchesAll():
		d = t.Rescan + when.Shift(name, t.Rescan/10)
	case follows:
		d = max(t.Poll, k.work.job.every)
		polls = k.plan.If.Ask
	}
	if failures == 0 {
		if at := k.plan.Next(now, k.plan.zone, name); !at.IsZero() && (d == 0 || at.Sub(now) < d) {
			d, polls = at.Sub(now), false
		}
	}
	next := d
	if d == 0 {
		d, run = 365*24*time.Hour, false
	}
	if turn := k.plan.Turn(now, k.plan.zone); failures == 0 && !turn.IsZero() && turn.Sub(now) < d {
		d, run = turn.Sub(now), false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next, k.polls = time.Time{}, polls && run
	if next > 0 {
		k.next = k.plan.AfterQuiet(now.Add(next), k.plan.zone)
	}
	if follows && k.hinted { // changes are followed again
		k.hinted = false
		k.kick()
	}
	return d, run
}

// admit waits until the conditions of the item hold.
func (k *keeper) admit(ctx context.Context) bool {
	return k.hub.admitted(ctx, k.plan, k.work.job.target, k.setWaits)
}

// decide decides by what is known; nothing is asked for it.
func (k *keeper) decide() when.Decision { return k.hub.decideFor(k.plan, k.work.job.target) }

// probeFresh is how long a measurement holds.
const probeFresh = time.Minute

// maxProbe is the longest wait between two looks whether a partner is back.
const maxProbe = 2 * time.Minute

// awaitReach waits until the host of a place that was out of reach answers, asking it less and less often, or at once when a network came.
func (k *keeper) awaitReach(ctx context.Context) bool {
	target := k.work.job.target
	if r, ok := k.hub.reached(k.work.item.Name); target == "" || k.work.job.connect != "" || !ok || r.ok {
		return true
	}
	for wait := k.hub.cfg.Times.RetryMin; ; wait = min(2*wait, maxProbe) {
		if k.hub.links.Probe(ctx, target, 0).Err == nil {
			k.setWaits("")
			return true
		}
		k.setWaits(target + " to be reachable")
		for waited := time.After(wait); waited != nil; {
			select {
			case <-ctx.Done():
				return false
			case <-waited:
				waited = nil
			case event := <-k.events:
				if event == when.NetworkUp {
					waited, wait = nil, k.hub.cfg.Times.RetryMin
				}
			}
		}
	}
}

// setWaits notes what a due run waits for, and tells if that is new.
func (k *keeper) setWaits(why string) {
	k.mu.Lock()
	old := k.waits
	k.waits = why
	k.mu.Unlock()
	if old != why {
		k.hub.news.tell(News{What: ItemsNews, Item: k.work.item.Name, User: k.work.item.User})
	}
}

// ask puts the question whether to run for an event, if the item wants to be asked about those, and reports whether it did. Nothing waits for the answer; a run for
// another reason takes the question back.
func (k *keeper) ask(ctx context.Context, event when.Trigger) bool {
	if !k.plan.Ask {
		return false
	}
	k.putQuestion(ctx, fmt.Sprintf("after %s", event))
	return true
}

// putQuestion asks for a person's word, once until it is answered.
func (k *keeper) putQuestion(ctx context.Context, why string) {
	k.mu.Lock()
	asked := k.asks != ""
	k.asks = why
	k.mu.Unlock()
	if asked {
		return
	}
	it := k.work.item
	fresh, err := k.hub.askToRun(ctx, it, why)
	if err == nil && fresh {
		err = k.hub.cfg.Store.Events.Add(ctx, store.Event{When: k.hub.now(), User: it.User, Item: it.Name, Level: store.Info, Text: "asks whether to sync now, " + why,
			Remedy: "sync it with `tandem sync " + it.Name + "`, or leave it", Link: "question/" + it.Name, LinkText: "answer it"})
	}
	if err != nil {
		k.hub.cfg.Log.Error("cannot ask whether to sync", "item", it.Name, "error", err)
	}
	k.hub.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
}

// asksFirst reports whether no run of the item begins by itself without a person's word, and asks for that.
func (k *keeper) asksFirst(ctx context.Context) bool {
	if !k.plan.If.Ask {
		return false
	}
	k.mu.Lock()
	why, polled := firstText(k.cause, "it is due"), k.polled
	k.cause, k.polled = "", false
	k.mu.Unlock()
	if polled {
		if !k.wouldDo(ctx) {
			return true
		}
		why = "something changed"
	}
	k.putQuestion(ctx, why)
	return true
}

// wouldDo looks whether a run would do anything. A place that does not tell of changes is asked so before a person is; one that cannot be looked at has nothing to ask about.
func (k *keeper) wouldDo(ctx context.Context) bool {
	var plan *Planned
	_, err := k.hub.run(ctx, k.work.job, SyncOptions{Preview: true, By: ByHub}, func(n SyncNews) { plan = n.Planned })
	if err != nil || plan == nil {
		return false
	}
	return len(plan.Held) > 0 || slices.ContainsFunc(plan.Actions, func(a PlannedAction) bool { return a.Do != engine.Wait.String() && a.Do != engine.Link.String() })
}

// isAsked reports whether a question waits already.
func (k *keeper) isAsked() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asks != ""
}

// waitsFirst reports whether the item is new and was to be looked at first. It is looked up until it is not, which is for good.
func (k *keeper) waitsFirst(ctx context.Context) bool {
	if k.met || k.work.item.Name == "" {
		return false
	}
	waits, err := k.hub.waitsFirst(ctx, k.work.item.Name)
	if err != nil {
		k.hub.cfg.Log.Error("cannot read what is asked about an item", "item", k.work.item.Name, "error", err)
		return true
	}
	k.met = !waits
	return waits
}

// because notes why a run is due, for the question.
func (k *keeper) because(why string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cause = why
}

// answered takes a question back.
func (k *keeper) answered() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asks = ""; k.plan.If.Ask {
		select {
		case k.anew <- struct{}{}:
		default:
		}
	}
}

// state is what Status shows of the keeper.
func (k *keeper) state() (watching bool, next time.Time, waits string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	waits = k.waits
	if waits == "" && k.asks != "" {
		waits = fmt.Sprintf("your word, %s: `tandem sync %s`", k.asks, k.work.item.Name)
	}
	return k.watching > 0, k.next, waits
}

// around is what is known of the computer.
type around struct {
	mu      sync.Mutex
	state   when.State
	changed chan struct{} // closed and replaced when the state changes
}

func (a *around) now() when.State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func (a *around) whenChanged() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

func (a *around) set(s sysevents.State) {
	names := s.Networks
	if s.Named && names == nil {
		names = []string{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = when.State{OnBattery: s.OnBattery, Percent: s.Percent, Metered: s.Metered, Networks: names, Offline: s.Offline, Idle: s.Idle, IdleKnown: s.IdleKnown}
	close(a.changed)
	a.changed = make(chan struct{})
}

// happened takes in an event of the system. Where the system waits for what is to be done before, that is done here, and cut in time.
func (h *Hub) happened(ctx context.Context, e sysevents.Event) {
	h.around.set(e.State)
	if e.Kind == sysevents.NetworkUp || !h.sameNetworks(e.State) {
		h.forgetRates(ctx)
	}
	event := when.Trigger(e.Kind)
	h.mu.Lock()
	var before []*keeper
	for _, k := range h.keepers {
		switch {
		case e.Done != nil && k.wants(event):
			before = append(before, k)
		case e.Kind != sysevents.Changed:
			select {
			case k.events <- event:
			default:
			}
		}
	}
	for _, k := range h.followers {
		if e.Kind != sysevents.Changed {
			select {
			case k.events <- event:
			default:
			}
		}
	}
	if e.Done == nil {
		h.mu.Unlock()
		return
	}
	h.tasks.Add(1)
	h.mu.Unlock()
	go func() {
		defer h.tasks.Done()
		defer e.Done()
		h.runBefore(ctx, before, e.Within)
	}()
}

// wants reports whether an event starts a run without a question, and the item is ready for one.
func (k *keeper) wants(event when.Trigger) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ready && k.plan.Has(event) && !k.plan.Ask && !k.plan.If.Ask
}

// runBefore runs items before the computer sleeps or is switched off. What is not through in time is stopped; a run takes a moment to end, which is kept back.
func (h *Hub) runBefore(ctx context.Context, keepers []*keeper, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within-min(within/4, 2*time.Second))
	defer cancel()
	var group sync.WaitGroup
	for _, k := range keepers {
		if k.decide().Go {
			group.Go(func() { _, _ = h.run(ctx, k.work.job, SyncOptions{By: ByHub}, k.tell) })
		}
	}
	group.Wait()
}
