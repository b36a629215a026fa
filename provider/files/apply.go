package files

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"tandem"
)

// Apply implements provider.Replica in four steps: stage all that is new in a directory of the run (several workers),
// make that durable in one go, put it into place in the given order, each under its precondition, and make that
// durable. A directory that is new is staged with all that goes into it, and comes into place by one rename.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	a := &apply{r: r, ctx: ctx, jobs: make([]job, len(writes)), dirs: map[string]*job{}, touched: map[string]bool{}}
	for i := range writes {
		out[i].ID = writes[i].ID
		a.jobs[i] = job{w: &writes[i], out: &out[i], n: i}
	}
	if err := r.enter(); err != nil {
		return out, a.giveUp(err)
	}
	defer r.use.RUnlock()
	if r.meta == nil {
		denied := &tandem.Error{Kind: tandem.Denied, Op: "change folder", Thing: show(r.path), Err: errors.New("it is read only")}
		for i := range a.jobs {
			a.fail(&a.jobs[i], tandem.Rejected, denied)
		}
		return out, nil
	}
	if err := r.checkRoot(); err != nil {
		return out, a.giveUp(err)
	}
	if err := a.begin(); err != nil {
		return out, a.giveUp(err)
	}
	defer a.end()
	a.prepare()
	a.stage()
	if err := a.noteUpdates(); err != nil {
		return out, a.giveUp(err)
	}
	if err := a.syncStaged(); err != nil {
		return out, a.giveUp(err)
	}
	a.install()
	if err := a.settle(); err != nil {
		return out, a.giveUp(err)
	}
	a.answer()
	if err := a.full.Load(); err != nil {
		return out, *err
	}
	return out, ctx.Err()
}

// apply is one call of Apply.
type apply struct {
	r     *Replica
	ctx   context.Context
	rules rules
	name  string  // of the run: when and which
	run   *folder // .tandem/tmp/<name>, locked; what is in the making
	jobs  []job
	dirs  map[string]*job // creates of directories by path

	target  *folders        // open directories of the tree
	kept    *folders        // open directories of this run's history, made when first needed
	history *folder         // .tandem/history/<name>
	touched map[string]bool // directories of the tree with changed entries
	parked  map[string]bool // directories of the history likewise
	subtree bool            // a staged directory with content came into place
	patched bool            // a journal was kept
	keep    bool            // the run's directory is left for the next open to recover from

	full     atomic.Pointer[error] // set once the disk is full
	staged   atomic.Int64          // bytes since the disk was last set to work
	flushing atomic.Bool
}

// job is one write on its way.
type job struct {
	w    *tandem.Write
	out  *tandem.Outcome
	n    int
	want wanted

	over   bool // decided: out is final, or will be once the disk is synced
	ok     bool // over, and done
	up     *job // the create of the directory this one is staged in
	staged string
	placed bool // renamed into place by itself
	st     stat // of what was staged or is in place
	sum    tandem.Digest
	patch  *patch
}

// inPlace reports whether what was staged is in place, by itself or with a directory above it.
func (j *job) inPlace() bool {
	for ; j != nil; j = j.up {
		if j.placed {
			return true
		}
	}
	return false
}

func (a *apply) begin() (err error) {
	if a.rules, err = a.r.currentRules(); err != nil {
		return err
	}
	a.name = time.Now().UTC().Format(stampLayout) + "-" + token()[:8]
	// Under the lock, a directory cannot be taken for a leftover before it has its own.
	if _, err := a.r.meta.lock(true); err != nil {
		return a.r.metaTrouble(err)
	}
	defer a.r.meta.unlock()
	tmp, err := a.r.meta.makeAll("tmp", 0o700)
	if err != nil {
		return a.r.metaTrouble(err)
	}
	defer tmp.close()
	if err := tmp.mkdir(a.name, 0o700); err != nil {
		return classify("make", metaName+"/tmp", err)
	}
	if a.run, err = tmp.child(a.name); err != nil {
		return classify("open", metaName+"/tmp", err)
	}
	if _, err := a.run.lock(true); err != nil {
		return classify("lock", metaName+"/tmp", err)
	}
	a.target = newFolders(a.r.root)
	return nil
}

// end removes what was staged and not used.
func (a *apply) end() {
	a.target.forget()
	if a.kept != nil {
		a.kept.forget()
		a.history.close()
	}
	a.run.unlock()
	a.run.close()
	if a.keep || a.r.crashed() {
		return
	}
	if tmp, err := a.r.meta.child("tmp"); err == nil {
		if _, err := tmp.removeAll(a.name); err != nil {
			a.r.log.Warn("removing temporary files failed", "run", a.name, "err", err)
		}
		tmp.close()
	}
}

// stampLayout begins the names of runs, so that they sort by time.
const stampLayout = "20060102-150405.000000"

// giveUp ends all writes that are not over because of err, which concerns the place as a whole.
func (a *apply) giveUp(err error) error {
	for i := range a.jobs {
		j := &a.jobs[i]
		switch {
		case j.ok: // done, but perhaps not durable
			j.out.Status, j.out.Err = tandem.Maybe, err
		case !j.over:
			a.fail(j, tandem.RetryAfter, err)
		}
	}
	return err
}

func (a *apply) fail(j *job, s tandem.Status, err error) {
	if s == tandem.RetryAfter && tandem.IsKind(err, tandem.Full) {
		a.full.CompareAndSwap(nil, &err)
	}
	*j.out = tandem.Outcome{Status: s, ID: j.w.ID, Err: err}
	j.over = true
}

// sourceError is trouble with reading what is to be written.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// failed ends a job for a system error of the place, or of the source.
func (a *apply) failed(j *job, err error) {
	var src *sourceError
	if errors.As(err, &src) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		a.fail(j, tandem.RetryAfter, err)
		return
	}
	err = classify(j.w.Op.String(), j.w.ID, err)
	s := tandem.RetryAfter
	switch tandem.KindOf(err) {
	case tandem.Exists, tandem.NotFound, tandem.Changed:
		s = tandem.PreconditionFailed
	case tandem.Denied, tandem.Invalid, tandem.TooLarge:
		s = tandem.Rejected
	}
	if isNotFolder(err) {
		s = tandem.PreconditionFailed
	}
	a.fail(j, s, err)
}

func (a *apply) refuse(j *job, kind tandem.ErrorKind, why string) {
	a.failed(j, &tandem.Error{Kind: kind, Op: j.w.Op.String(), Thing: show(string(j.w.ID)), Err: errors.New(why)})
}

// prepare looks at every write and decides where it is staged.
func (a *apply) prepare() {
	for i := range a.jobs {
		j := &a.jobs[i]
		if err := a.check(j); err != nil {
			a.fail(j, tandem.Rejected, classify(j.w.Op.String(), j.w.ID, err))
			continue
		}
		if j.w.Op != tandem.Create && j.w.Op != tandem.Update || j.w.Op == tandem.Update && j.want.kind == dir {
			continue
		}
		if j.want.kind == regular && !j.want.hasMtime && a.r.traits.granularity > 0 {
			// Old enough that the next listing does not take it for just modified, and that an edit shows.
			j.want.mtime, j.want.hasMtime = now()-2*a.r.traits.granularity, true
		}
		id := string(j.w.ID)
		if j.w.Op == tandem.Create {
			j.up = a.dirs[parent(id)]
		}
		j.place()
		if j.want.kind == dir {
			a.dirs[id] = j
		}
	}
}

func (a *apply) check(j *job) (err error) {
	if err := checkID(j.w.ID); err != nil {
		return err
	}
	if j.want, err = parseAttrs(j.w.Record.Attrs); err != nil {
		return err
	}
	dest := j.w.ID
	switch j.w.Op {
	case tandem.Move:
		if err := checkID(j.w.To); err != nil {
			return err
		}
		dest = j.w.To
	case tandem.Create:
	case tandem.Update, tandem.SetAttrs, tandem.Delete:
		return nil
	default:
		return tandem.Errorf(tandem.Invalid, "there is no such operation")
	}
	if by, yes := a.rules.leavesOut(string(dest)); yes {
		return tandem.Errorf(tandem.Invalid, "the pattern %s leaves it out here", by)
	}
	return nil
}

// answer completes the outcomes of all that is done and durable.
func (a *apply) answer() {
	for i := range a.jobs {
		j := &a.jobs[i]
		if !j.ok {
			continue
		}
		o := j.out
		o.Status = tandem.Applied
		if j.w.Op == tandem.Delete {
			continue
		}
		o.Meta = j.st.meta(a.r.rootStat.dev, j.want.target)
		if j.st.kind == regular && !j.sum.IsZero() {
			o.Meta.Digest = j.sum
			a.r.remember(string(o.ID), &j.st, j.sum)
		}
	}
}

// step is a point at which tests may let the process die.
func (r *Replica) step(name string) error {
	if r.fault == nil {
		return nil
	}
	err := r.fault(name)
	r.dead = r.dead || err != nil
	return err
}
