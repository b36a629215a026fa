package vdir

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

// leftOver is the age from which files in the making are taken for those of a process that died long ago. They may
// hold what a crash left displaced, so they are kept long enough for a person to miss something.
const leftOver = 30 * 24 * time.Hour

// job is one write on its way.
type job struct {
	w    *tandem.Write
	out  *tandem.Outcome
	name string // of the file
	key  string // of the record in it, "" for the file itself
	path string // of the file, with links followed

	body   []byte
	uid    string
	names  []string           // Create: the names it may take
	fresh  *fresh             // Create: what was staged
	staged *atomicfile.Staged // Update: likewise
	print  print              // of what is to be there, once it is
	was    print              // Update, Move, Delete: of what was there
	from   string             // Move: the name before
	done   bool
	told   bool // out tells what it came to
	sure   bool // print is what is there now and will move on with any further change
}

// Apply implements provider.Replica. New bodies are written beside their files first and made durable, many in one go; then
// each is put in place under its condition.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	jobs := make([]*job, len(writes))
	for i := range writes {
		w := &writes[i]
		out[i] = tandem.Outcome{ID: w.ID}
		jobs[i] = &job{w: w, out: &out[i]}
		jobs[i].name, jobs[i].key = split(w.ID)
		jobs[i].path = filepath.Join(r.path, jobs[i].name)
	}
	if err := r.enter(ctx); err != nil {
		return out, later(jobs, err)
	}
	if r.readOnly {
		for _, j := range jobs {
			j.fail(tandem.Rejected, tandem.Errorf(tandem.Denied, "the folder is read only"))
		}
		return out, nil
	}
	if onlyCreates(jobs) {
		r.writing.RLock()
		defer r.writing.RUnlock()
	} else {
		r.writing.Lock()
		defer r.writing.Unlock()
	}
	if err := r.checkRoot(); err != nil {
		return out, later(jobs, err)
	}
	if len(jobs) == 0 {
		return out, nil
	}
	r.sweep.Do(func() { _ = atomicfile.Sweep(r.path, leftOver) }) // what cannot be swept does no harm
	d, err := openDir(r.path)
	if err != nil {
		return out, later(jobs, r.rootTrouble(err))
	}
	defer d.close()
	defer discard(d, jobs)
	trouble := r.carry(ctx, d, jobs)
	if err := r.finish(ctx, d, jobs); err != nil && trouble == nil {
		trouble = err
	}
	if trouble != nil {
		return out, later(jobs, trouble)
	}
	return out, nil
}

// later settles the jobs that were not come to: nothing was done for them.
func later(jobs []*job, err error) error {
	for _, j := range jobs {
		if j.out.Status == tandem.Maybe && j.out.Err == nil && !j.done {
			j.fail(tandem.RetryAfter, err)
		}
	}
	return err
}

func discard(d *dir, jobs []*job) {
	for _, j := range jobs {
		if j.staged != nil {
			j.staged.Discard()
		}
		if j.fresh != nil {
			d.discard(j.fresh)
		}
	}
}

func (j *job) fail(s tandem.Status, err error) {
	j.out.Status = s
	j.out.Err = &tandem.Error{Kind: tandem.KindOf(err), Op: j.w.Op.String(), Thing: j.path, Err: err}
}

func (j *job) failed() bool { return j.out.Err != nil }

// refuse settles a job by what the file system said. It returns an error if the place as a whole is in trouble.
func (j *job) refuse(err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		j.fail(tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Exists, Err: errors.New("the name is taken")})
	case errors.Is(err, fs.ErrNotExist):
		j.fail(tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Err: errors.New("it is not there")})
	case tandem.IsKind(err, tandem.Changed):
		j.fail(tandem.PreconditionFailed, err)
	case isFull(err):
		full := &tandem.Error{Kind: tandem.Full, Op: "write to folder", Thing: filepath.Dir(j.path), Err: cause(err), Remedy: "make room on the disk, then run again"}
		j.fail(tandem.RetryAfter, full)
		return full
	case errors.Is(err, fs.ErrPermission):
		j.fail(tandem.RetryAfter, &tandem.Error{Kind: tandem.Denied, Err: cause(err)})
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		j.fail(tandem.Rejected, &tandem.Error{Kind: tandem.Invalid, Err: cause(err)})
	default:
		j.fail(tandem.RetryAfter, &tandem.Error{Kind: tandem.KindOf(err), Err: cause(err)})
	}
	return nil
}

var errMeanwhile = &tandem.Error{Kind: tandem.Changed, Err: errors.New("it changed meanwhile")}

// finish makes the names durable and tells what the files are like now.
func (r *Replica) finish(ctx context.Context, d *dir, jobs []*job) error {
	if !slices.ContainsFunc(jobs, func(j *job) bool { return j.done }) {
		return nil
	}
	if err := atomicfile.SyncDir(r.path); err != nil {
		trouble := &tandem.Error{Kind: tandem.Unreadable, Op: "write to folder", Thing: r.path, Err: cause(err)}
		for _, j := range jobs {
			if j.done {
				*j.out = tandem.Outcome{ID: j.w.ID}
				j.fail(tandem.Maybe, trouble)
			}
		}
		return trouble
	}
	r.answer(d, which(jobs, func(j *job) bool { return j.done && !j.told }))
	if soon := which(jobs, func(j *job) bool { return j.done && !j.sure }); len(soon) > 0 {
		_ = r.settle(ctx) // if that is cut short, the versions say that they promise nothing
		r.answer(d, soon)
	}
	for _, j := range jobs {
		if j.done && j.sure {
			r.shifted(j, j.print)
		}
	}
	return nil
}

// which are the jobs of which something is true.
func which(jobs []*job, is func(*job) bool) []*job {
	var list []*job
	for _, j := range jobs {
		if is(j) {
			list = append(list, j)
		}
	}
	return list
}

// answer tells the outcome of what is done.
func (r *Replica) answer(d *dir, jobs []*job) {
	now := r.clock()
	_ = inParallel(len(jobs), func(part func() (int, bool)) error {
		for i, ok := part(); ok; i, ok = part() {
			j := jobs[i]
			if j.done {
				r.answerOne(d, j, now)
			}
			if j.fresh != nil {
				d.discard(j.fresh) // here, where several are at it, and not one by one while others wait for the folder
			}
		}
		return nil
	})
}

func (r *Replica) answerOne(d *dir, j *job, now clock) {
	j.out.Status, j.told = tandem.Applied, true
	if j.w.Op == tandem.Delete {
		j.print, j.sure = print{}, true
		return
	}
	j.out.ID = tandem.ID(j.name)
	j.out.Meta = tandem.Meta{UID: j.uid, Size: j.print.size, Node: j.print.node(), Modified: j.print.mtime}
	e, err := d.statOf(j.fresh, j.name)
	if e = r.ofOurs(e); err == nil && e.sameContent(j.print) {
		j.print, j.sure = e.print, !e.racy(now)
		j.out.Version = e.version(now)
		return
	}
	// Somebody has written to it since. What we wrote is not what is there: the next listing must be news.
	j.out.Version = tandem.Version(j.print.text() + raceMark)
}
