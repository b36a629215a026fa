package center

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	"tandem"
	"tandem/center/command"
	"tandem/center/progress"
	"tandem/engine"
	"tandem/provider"
	"tandem/session"
	"tandem/store"
)

// job is one pair to be run: an item, or two places.
type job struct {
	name     string // as people know it
	key      string // of the pair, for Status; an item's is that of its base
	user     string // whose; "" for two places
	item     bool   // a sync item; otherwise two places
	account  string // that the item's folder belongs to, "" for others
	single   bool   // it is run once by somebody who waits, and not by what keeps the item in step
	target   string // host and port of its place; "": it is not across a network
	handler  string // whose item it is; "" for two places
	home     string // the name of its home collection; likewise
	kind     string // of its records; likewise
	commands command.Set
	connect  string // the connection that its runs need; "": none
	lane     string // runs with the same lane follow one another
	rules    engine.Rules
	mirrored bool // A and B were exchanged to meet an existing base; news are turned back for the person
	open     func(ctx context.Context) (a, b *provider.Opened, err error)
	// base names the base of the opened pair, and says whether it was made with A and B exchanged.
	base  func(ctx context.Context, a, b *provider.Opened) (key string, swapped bool, err error)
	scope string
	every time.Duration // how long a place wants to be left alone between two looks; 0: as the hub likes
}

// run performs one run of a job, waiting for its turn first. The last news carries the report or the failure, which is
// also returned.
func (h *Hub) run(ctx context.Context, j job, opt SyncOptions, tell func(SyncNews)) (*session.Report, error) {
	ctx, me := h.activate(ctx, j, opt)
	defer h.retire(me)
	return h.runActive(ctx, j, opt, tell, me)
}

// runActive is run for a run that is noted already.
func (h *Hub) runActive(ctx context.Context, j job, opt SyncOptions, tell func(SyncNews), me *active) (*session.Report, error) {
	send := func(n SyncNews) {
		n.Item = j.name
		h.news.run(j, n)
		if j.mirrored { // known only once the places are open; nothing is told of their sides before
			n = mirrorNews(n)
		}
		tell(n)
	}
	shows := me.shows
	h.carry(ctx, j, opt)
	leave, err := h.enter(ctx, j.lane, j.key)
	if err != nil {
		err = stoppedBy(ctx, err)
		shows.end(nil, err)
		send(SyncNews{Err: FailureOf(err)})
		return nil, err
	}
	leave = sync.OnceFunc(leave) // before it is told that the run is over: whoever looks then must not find it going on
	defer func() { leave() }()
	h.begun(me)
	shows.report(progress.Report{Status: progress.Indeterminate, Text: "opening both places"})
	began := h.cfg.Now()
	h.news.tell(News{What: StartedNews, Item: j.name, User: j.user})
	var speed meter
	work := func() (*session.Report, *Planned, error) {
		return h.runCommanded(ctx, &j, opt, func(n SyncNews) {
			if n.Progress != nil {
				speed.saw(*n.Progress, h.cfg.Now())
				shows.report(stepOf(*n.Progress))
			}
			send(n)
		})
	}
	rep, plan, err := work()
	if again, rerr := h.enterRenamed(ctx, j, err, leave); rerr != nil {
		err = rerr
	} else if again != nil {
		leave = again
		rep, plan, err = work()
	}
	if err != nil {
		err = stoppedBy(ctx, err)
	}
	h.noteReach(j, err)
	h.noteMoved(ctx, j, &speed)
	if qerr := h.noteQuestion(context.WithoutCancel(ctx), j, opt, rep, plan, err); qerr != nil {
		h.cfg.Log.Error("cannot note what a run asks", "item", j.name, "error", qerr)
	}
	shows.end(rep, err)
	h.ran(&j, opt, began, rep, err)
	if err != nil {
		h.tellRun(ctx, j, opt, h.noteFailure(ctx, j, opt, err, rep), rep, err)
		leave()
		send(SyncNews{Err: FailureOf(err)})
		return rep, err
	}
	h.tellRun(ctx, j, opt, rep.Session, rep, nil)
	h.noteSuccess(j)
	leave()
	if c, ok := PairCollection(j.key); ok && j.item && !opt.Preview {
		h.fetchLost(context.WithoutCancel(ctx), c)
	}
	send(SyncNews{Report: shown(rep), Planned: plan})
	return rep, nil
}

// enterRenamed looks where the folder of an account is that its place does not have under the name that it was looked for, and takes the turn of its item again if that is known by then. The turn
// that is held is given up meanwhile, since whatever renames a folder waits for it. What keeps an item in step cannot look itself: whoever renames the folder waits for its end, so that it leaves that to
// what keeps the account. nil: nothing is gained by another try.
func (h *Hub) enterRenamed(ctx context.Context, j job, err error, leave func()) (again func(), failed error) {
	var missing *provider.Missing
	if err == nil || j.account == "" || !errors.As(err, &missing) {
		return nil, nil
	}
	if !j.single {
		h.mu.Lock()
		if k := h.followers[j.account]; k != nil {
			k.kick()
		}
		h.mu.Unlock()
		return nil, nil
	}
	leave()
	a, err := h.account(ctx, j.account)
	if err == nil {
		err = h.follow(ctx, a, namesOnly) // that it is not there is no proof that it was removed
	}
	if err != nil {
		h.cfg.Log.Debug("cannot look where a folder is", "item", j.name, "error", err)
		return nil, nil // what is wrong with the item is told
	}
	if again, failed = h.enter(ctx, j.lane, j.key); failed != nil {
		return nil, failed
	}
	return sync.OnceFunc(again), nil
}

// stoppedBy names a cancellation as what it is for people.
func stoppedBy(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) {
		return &tandem.Error{Kind: tandem.Transient, Op: "sync", Err: stopped{byHand: errors.Is(context.Cause(ctx), errByHand)}, Remedy: "run it again to go on"}
	}
	return err
}

// stopped is a cancellation in words.
type stopped struct{ byHand bool }

func (stopped) Error() string { return "stopped before the end" }
func (stopped) Unwrap() error { return context.Canceled }

// wasStopped reports whether a run ended because a person asked for it.
func wasStopped(err error) bool {
	var s stopped
	return errors.As(err, &s) && s.byHand
}

// shown is a report fit to travel: without the plan, which may be large and says nothing to people.
func shown(rep *session.Report) *session.Report {
	out := *rep
	out.Plan, out.Ways = nil, nil
	return &out
}

func (h *Hub) runOpened(ctx context.Context, j *job, opt SyncOptions, send func(SyncNews)) (*session.Report, *Planned, error) {
	a, b, err := j.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	defer b.Close()
	if a.Kind != b.Kind {
		return nil, nil, unequalKinds(a, b)
	}
	j.kind = string(a.Kind)
	handler, ok := h.cfg.Kind(a.Kind)
	if !ok {
		return nil, nil, tandem.Errorf(tandem.Invalid, "kind %q is not known", a.Kind)
	}
	key, swapped, err := j.base(ctx, a, b)
	if err != nil {
		return nil, nil, err
	}
	if swapped {
		a, b, j.rules, j.mirrored = b, a, j.rules.Mirror(), true
		j.name = a.Place + " " + b.Place // one name in the log for one pair
	}
	pair := session.Pair{Key: key, Name: j.name, User: j.user, A: a, B: b, Kind: handler, Rules: j.rules, Scope: j.scope}
	if pair.Rules, err = withFirst(pair.Rules, opt.First); err != nil {
		return nil, nil, err
	}
	pair.Rules.Approved = opt.Approved
	sopt := h.sessionOptions(opt, send)
	if sopt.Ways, err = opt.ways.rules(); err != nil {
		return nil, nil, err
	}
	sopt.Told = func(tctx context.Context, rep *session.Report, err error) ([]store.Delivery, error) {
		if err != nil {
			err = stoppedBy(ctx, err)
		}
		return h.runDeliveries(tctx, *j, opt, rep.Session, rep, err)
	}
	rep, err := h.cfg.Run(ctx, pair, sopt)
	held := rep != nil && rep.Held
	if err != nil && !(held && tandem.IsKind(err, tandem.Held)) {
		return rep, nil, err
	}
	opt.ways.took(rep, a, b)
	if (opt.Preview || held) && rep.Plan != nil {
		return rep, planned(ctx, rep.Plan, a, b, handler), nil
	}
	return rep, nil, nil
}

func (h *Hub) sessionOptions(opt SyncOptions, send func(SyncNews)) session.Options {
	sopt := session.Options{Preview: opt.Preview, Full: opt.Full, Now: h.now, Who: cmp.Or(opt.By, "cli"), Log: h.cfg.Log,
		Progress: func(p session.Progress) { send(SyncNews{Progress: &p}) },
		Event: func(e store.Event) {
			if e.Level > store.Info {
				send(SyncNews{Event: &e})
			}
		},
		OnHeld: func(_ context.Context, plan *engine.Plan) (session.Answer, error) {
			switch {
			case opt.Approve, opt.Approved != "" && opt.Approved == plan.Hash:
				return session.GoAhead, nil
			case opt.Restore:
				return session.Restore, nil
			}
			return session.Leave, nil
		},
	}
	if opt.Chosen != nil && !opt.Preview {
		sopt.Review = func(_ context.Context, plan *engine.Plan) error {
			choosePlan(plan, opt.Chosen)
			return nil
		}
	}
	return sopt
}

// noteFailure logs a failure of an item that the session itself could not log, once as long as it stays the same. It returns the number of the run if it is recorded.
func (h *Hub) noteFailure(ctx context.Context, j job, opt SyncOptions, err error, rep *session.Report) (run int64) {
	if rep != nil {
		run = rep.Session
	}
	if errors.Is(err, context.Canceled) {
		return run
	}
	h.mu.Lock()
	old := h.failing[j.name]
	h.failing[j.name] = failedState{text: err.Error(), user: j.user, failure: FailureOf(err)}
	h.tried[j.name] = true
	h.mu.Unlock()
	if old.text != err.Error() {
		h.stir()
	}
	if old.text == err.Error() || run != 0 {
		return run // told before, or logged by the session itself
	}
	f := FailureOf(err)
	remedy := f.Remedy
	plain := *f
	plain.Remedy = ""
	e := store.Event{When: h.now(), User: j.user, Item: j.name, Level: store.Error, Text: plain.Err().Error(), Remedy: remedy, Code: f.Kind.Code()}
	ctx = context.WithoutCancel(ctx)
	logErr := h.cfg.Store.Events.Add(ctx, e)
	if logErr == nil && j.item {
		run, logErr = h.noteFailedRun(ctx, j, opt, err, rep)
	}
	if logErr != nil {
		h.cfg.Log.Error("cannot write to the results log", "item", j.name, "error", logErr)
	}
	return run
}

// noteFailedRun records a run that failed before it could begin, so that Status never calls a place in step that could
// not be reached.
func (h *Hub) noteFailedRun(ctx context.Context, j job, opt SyncOptions, failed error, rep *session.Report) (int64, error) {
	pair, err := h.cfg.Store.Bases.Open(ctx, j.key)
	if err != nil {
		return 0, err
	}
	r := store.Run{Pair: pair.ID, Item: j.name, Started: h.now()}
	if r.ID, err = h.cfg.Store.Events.StartRun(ctx, r); err != nil {
		return 0, err
	}
	tell, err := h.runDeliveries(ctx, j, opt, r.ID, rep, failed)
	if err != nil {
		return 0, err
	}
	r.Finished, r.Result = h.now(), "failed"
	return r.ID, h.cfg.Store.Events.EndRun(ctx, r, nil, tell...)
}

func (h *Hub) noteSuccess(j job) {
	h.mu.Lock()
	_, failed := h.failing[j.name]
	fresh := !h.tried[j.name]
	h.tried[j.name] = true
	delete(h.failing, j.name)
	h.mu.Unlock()
	if failed || fresh {
		h.stir()
	}
	h.noteAnswered(j.name)
}

func unequalKinds(a, b *provider.Opened) error {
	for _, o := range []*provider.Opened{a, b} {
		if o.Kind == "" {
			return &tandem.Error{Kind: tandem.Invalid, Op: "sync", Thing: o.Place, Err: errors.New("it does not show what kind of records it holds"), Remedy: "name places of one kind; of a folder that is empty or holds something else, say which with --kind"}
		}
	}
	return &tandem.Error{Kind: tandem.Invalid, Op: "sync", Err: fmt.Errorf("%s holds records of kind %s, but %s of kind %s", a.Place, a.Kind, b.Place, b.Kind),
		Remedy: "name two places of one kind"}
}

// scopeOf condenses the settings of two places. When one of them changes, records may come into sight or leave it
// without having been made or deleted.
func scopeOf(a, b provider.Place) string {
	sum := sha256.New()
	for _, p := range []provider.Place{a, b} {
		names := make([]string, 0, len(p.Options))
		for n := range p.Options {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			fmt.Fprintf(sum, "%q=%q\n", n, p.Options[n])
		}
		fmt.Fprintln(sum, "--")
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// mirrorNews turns news about (B, A) into news about (A, B).
func mirrorNews(n SyncNews) SyncNews {
	if n.Progress != nil {
		p := *n.Progress
		p.Seen[0], p.Seen[1] = p.Seen[1], p.Seen[0]
		n.Progress = &p
	}
	if n.Report != nil {
		r := *n.Report
		r.Done[0], r.Done[1] = r.Done[1], r.Done[0]
		r.Seen[0], r.Seen[1] = r.Seen[1], r.Seen[0]
		n.Report = &r
	}
	if n.Planned != nil {
		p := *n.Planned
		p.Totals[0], p.Totals[1] = p.Totals[1], p.Totals[0]
		p.Actions = append([]PlannedAction(nil), p.Actions...)
		for i := range p.Actions {
			switch p.Actions[i].To {
			case "A":
				p.Actions[i].To = "B"
			case "B":
				p.Actions[i].To = "A"
			}
		}
		n.Planned = &p
	}
	return n
}
