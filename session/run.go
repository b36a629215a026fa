package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/internal/boot"
	"tandem/kind"
	"tandem/provider"
	"tandem/store"
)

// quiet is how long a run that changed nothing may go unrecorded, in seconds: short runs in a row must not wear the
// disk with "nothing to do".
const quiet = 60

// maxPasses bounds how often one run looks again because records changed while it worked.
const maxPasses = 2

// Run brings the two replicas of pair in step and tells what it did. The report is never nil, not even beside an
// error; an error of kind Held means that the guard waits for a person. Records that fail are in the report, not in
// the error: that is only about a place as a whole, the store, or ctx.
func Run(ctx context.Context, deps Deps, pair Pair, opt Options) (*Report, error) {
	r := newRun(deps, pair, opt)
	defer r.tell.stop()
	defer func() { r.report.Seconds = time.Since(r.began).Seconds() }()
	release, err := r.open(ctx)
	if err != nil {
		return r.report, err
	}
	defer release()
	err = r.passes(ctx)
	var c crash
	if errors.As(err, &c) {
		return r.report, err
	}
	return r.report, r.end(ctx, err)
}

// crash marks an error injected by Options.Fault: nothing at all may happen after it.
type crash struct{ error }

func (c crash) Unwrap() error { return c.error }

// run is the state of one Run. Its fields belong to the goroutine that called Run, except where noted.
type run struct {
	deps   Deps
	pair   Pair
	opt    Options
	rules  engine.Rules
	stream kind.Streamer // the kind's bodies may be too large for memory; else nil
	sides  [2]*side

	st       store.Pair // as read when the pass began
	known    bool       // the pair is in the store
	rescoped bool       // other filters than those the base was made with: what comes into sight or leaves it is in no cursor
	boot     string
	rebooted bool // since the base was last written
	volatile bool // some row of the base was not durable when it was recorded

	conflictOf map[int64]int64 // row link → open conflict
	session    int64           // 0 until something is about to be written
	wrote      bool            // a replica or the base was changed
	left       int             // actions of this pass the next look must see again
	stay       bool            // something out of scope on one side hangs on the other: the cursors must not move on
	lastPass   bool            // there is no further look in this run
	again      bool            // records changed while we worked: look again now
	taken      map[spot]*claim // by source: creates whose wished id was taken
	spent      map[spot]bool   // by source: creates that need another marker; as the pass began, for staging reads it

	report  *Report
	tell    *progress
	pending []store.Event
	dropped int             // problems beyond those reported
	told    map[string]bool // problems reported
	began   time.Time
	started int64      // Unix seconds, by Options.Now
	faultMu sync.Mutex // Options.Fault is not called concurrently
	runErr  error
}

// side is one replica within a run.
type side struct {
	*provider.Opened
	tandem.Side
	id       tandem.Identity
	replaced bool          // another store than the base remembers, or its history is not continuous
	resumed  bool          // id is what it was, and the listing is to bear that out
	full     bool          // the cursor was not honoured in a way that asks for a fresh look
	down     error         // the place failed as a whole; nothing more is asked of it in this run
	gate     chan struct{} // holds as many as may call Fetch and Apply at the same time

	fell atomic.Pointer[error] // down, for who stages
}

func newSide(o *provider.Opened, s tandem.Side) *side {
	calls := max(1, o.Features.Workers)
	if o.Features.Overlap {
		calls++
	}
	return &side{Opened: o, Side: s, gate: make(chan struct{}, calls)}
}

// enter waits for one's turn to call Fetch or Apply, leave ends it.
func (s *side) enter() { s.gate <- struct{}{} }
func (s *side) leave() { <-s.gate }

// fallen tells whoever stages why the place failed as a whole, nil as long as it did not.
func (s *side) fallen() error {
	if err := s.fell.Load(); err != nil {
		return *err
	}
	return nil
}

func newRun(deps Deps, pair Pair, opt Options) *run {
	if opt.Now == nil {
		opt.Now = func() int64 { return time.Now().Unix() }
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Batch <= 0 {
		opt.Batch = 16 << 20
	}
	r := &run{deps: deps, pair: pair, opt: opt, report: &Report{}, taken: map[spot]*claim{}, told: map[string]bool{}, began: time.Now(), boot: boot.ID()}
	r.started = opt.Now()
	r.sides[tandem.SideA] = newSide(pair.A, tandem.SideA)
	r.sides[tandem.SideB] = newSide(pair.B, tandem.SideB)
	r.stream, _ = pair.Kind.(kind.Streamer)
	r.rules = fillRules(pair)
	r.tell = newProgress(opt.Progress)
	return r
}

// fillRules completes a pair's rules with what its replicas demand.
func fillRules(p Pair) engine.Rules {
	rules := p.Rules
	rules.Tree = p.A.Features.Tree && p.B.Features.Tree
	for s, o := range [2]*provider.Opened{p.A, p.B} {
		f := o.Features
		rules.Names[s] = engine.NameRule{FoldCase: f.FoldCase, NFC: f.NFC, Windows: f.Names == "windows"}
		rules.MaxSize[s] = f.MaxSize
		rules.ReadOnly[s] = f.ReadOnly
		rules.NoAttrs[s] = !f.Attrs
	}
	return rules
}

// PairKey is the key of a pair's base: the same kind and canonical place texts in the same order give the same base.
func PairKey(k tandem.Kind, a, b string) string { return fmt.Sprintf("%s %q %q", k, a, b) }

// open takes the lease. A preview leaves no trace, so it takes none.
func (r *run) open(ctx context.Context) (release func(), err error) {
	if r.opt.Preview {
		return func() {}, nil
	}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	return r.deps.Store.Bases.Lease(ctx, r.st.ID, fmt.Sprintf("sync of %s", r.pair.Name))
}

// load reads the pair's standing.
func (r *run) load(ctx context.Context) error {
	if !r.opt.Preview {
		st, err := r.deps.Store.Bases.Open(ctx, r.pair.Key)
		r.st, r.known = st, true
		return err
	}
	pairs, err := r.deps.Store.Bases.Pairs(ctx)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if p.Key == r.pair.Key {
			r.st, r.known = p, true
		}
	}
	return nil
}

// passes looks and acts, and looks once more if records changed meanwhile. A person who reviewed the plan is not
// surprised by a second one.
func (r *run) passes(ctx context.Context) error {
	for n := range maxPasses {
		err := r.pass(ctx, n)
		r.report.Left = r.left
		if err != nil || !r.again || r.opt.Review != nil {
			return err
		}
	}
	return nil
}

// pass is one look at both sides and what follows from it.
func (r *run) pass(ctx context.Context, n int) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	r.left, r.again, r.stay = 0, false, false
	r.lastPass = n+1 == maxPasses || r.opt.Review != nil
	r.rules.Now = r.opt.Now()
	r.rescoped = (r.st.Last != 0 || r.st.Rows != 0) && r.st.Scope != r.pair.Scope
	r.rebooted = r.st.Boot != "" && r.st.Boot != r.boot
	r.rules.Unclean = r.rebooted
	r.conflictOf, r.volatile, r.spent = map[int64]int64{}, false, r.spentMarkers()

	r.tell.phase(Observing)
	seen, err := r.observe(ctx)
	if err != nil {
		return err
	}
	if err := r.fault("observe"); err != nil {
		return err
	}
	r.tell.phase(Planning)
	if err := r.fillDigests(ctx, seen); err != nil {
		return err
	}
	if err := r.fault("digest"); err != nil {
		return err
	}
	plan, err := r.reconcile(ctx, seen)
	if err != nil {
		return err
	}
	if r.opt.Preview {
		if r.report.Ways, err = r.ways(ctx, seen); err != nil {
			return err
		}
	}
	seen.base, seen.views = nil, [2]*engine.View{} // what the plan does not need can go
	r.opt.Log.Debug("planned", "pair", r.pair.Name, "pass", n, "actions", plan.Len(), "bookkeeping", plan.Bookkeeping(), "held", len(plan.Held))
	if n == 0 {
		r.report.Plan = plan
	}
	r.noteWaits(plan)
	if r.opt.Preview {
		r.report.Held = r.held(plan)
		return nil
	}
	plan, err = r.permit(ctx, plan, n)
	if err != nil || plan == nil {
		return err
	}
	if n == 0 {
		r.report.Plan = plan
	}
	if err := r.fault("plan"); err != nil {
		return err
	}
	return r.perform(ctx, plan, seen)
}

// ways plans what a preview is asked for besides, from what was seen once.
func (r *run) ways(ctx context.Context, seen *observed) (plans []*engine.Plan, err error) {
	rules := r.rules
	defer func() { r.rules = rules }()
	for _, first := range r.opt.Ways {
		r.rules.First = first
		plan, err := r.reconcile(ctx, seen)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// perform carries a permitted plan out and records what it made of the base.
func (r *run) perform(ctx context.Context, plan *engine.Plan, seen *observed) error {
	x := newExecutor(r, plan)
	err := x.execute(ctx)
	var c crash
	if errors.As(err, &c) {
		_ = x.rec.join() // nothing of a run outlives it
		return err
	}
	if err == nil {
		err = ctx.Err()
	}
	// What is done is recorded even when the run was cancelled, within the two seconds that a cancel may take.
	safe, cancel := detached(ctx)
	defer cancel()
	r.tell.phase(Recording)
	rerr := x.finish(safe, plan, seen, err == nil)
	if jerr := x.rec.join(); rerr == nil {
		rerr = jerr
	}
	if err == nil {
		err = rerr
	}
	return err
}

// detached is ctx while it lasts, and a little more time once it is done.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return context.WithTimeout(context.WithoutCancel(ctx), 1500*time.Millisecond)
	}
	return context.WithoutCancel(ctx), func() {}
}

// fault lets a test crash the run between two steps.
func (r *run) fault(step string) error {
	if r.opt.Fault == nil {
		return nil
	}
	r.faultMu.Lock()
	defer r.faultMu.Unlock()
	if err := r.opt.Fault(step); err != nil {
		return crash{err}
	}
	return nil
}

// start records that a session began. It is called before the first write, so that a run with nothing to do costs no
// transaction.
func (r *run) start(ctx context.Context) error {
	if r.session != 0 {
		return nil
	}
	id, err := r.deps.Store.Events.StartRun(ctx, store.Run{Pair: r.st.ID, Item: r.pair.Name, Started: r.started})
	if err != nil {
		return err
	}
	r.session, r.report.Session = id, id
	return r.fault("start")
}

// mark notes a place-level failure and returns the first one as the run's error.
func (r *run) mark(s *side, err error) {
	if s.down == nil {
		s.down = err
		s.fell.Store(&err)
	}
	if r.runErr == nil {
		r.runErr = named(err, s.Place)
	}
}

// named says at which place an error came about, where its text does not. Full disks and missing rights are told of
// single records, of which both places have one.
func named(err error, place string) error {
	e, ok := err.(*tandem.Error)
	_, path, _ := strings.Cut(place, ":")
	if !ok || strings.Contains(err.Error(), place) || path != "" && strings.Contains(err.Error(), path) {
		return err
	}
	bare := *e
	bare.Remedy = ""
	return &tandem.Error{Kind: e.Kind, Op: "sync", Thing: place, Err: &bare, Remedy: e.Remedy}
}
