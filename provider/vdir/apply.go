package vdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	names  []string // Create: the names it may take
	staged *atomicfile.Staged
	print  print  // of what is to be there, once it is
	was    print  // Update, Move, Delete: of what was there
	from   string // Move: the name before
	done   bool
}

// Apply implements provider.Replica. New bodies are all written beside their files first and made durable in one go;
// then each is put in place under its condition.
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
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.checkRoot(); err != nil {
		return out, later(jobs, err)
	}
	if len(jobs) == 0 {
		return out, nil
	}
	_ = atomicfile.Sweep(r.path, leftOver) // what cannot be swept does no harm
	defer discard(jobs)
	trouble := r.stageAll(ctx, jobs)
	if trouble == nil || tandem.IsKind(trouble, tandem.Full) {
		if err := r.installAll(ctx, jobs); err != nil && trouble == nil {
			trouble = err
		}
	}
	if err := r.finish(ctx, jobs); err != nil && trouble == nil {
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

func discard(jobs []*job) {
	for _, j := range jobs {
		if j.staged != nil {
			j.staged.Discard()
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

// stageAll checks all writes and writes their bodies beside the files. It stops when the disk is full; what was staged
// until then can still be put in place.
func (r *Replica) stageAll(ctx context.Context, jobs []*job) error {
	touched := map[string]bool{} // names that earlier writes of this Apply are about
	var staged []*job
	var trouble error
	for _, j := range jobs {
		if err := r.enter(ctx); err != nil {
			return err
		}
		if trouble = r.stage(j, touched); trouble != nil {
			break
		}
		touched[j.name] = true
		if j.staged != nil {
			staged = append(staged, j)
		}
	}
	all := make([]*atomicfile.Staged, len(staged))
	for i, j := range staged {
		all[i] = j.staged
	}
	if err := atomicfile.SyncAll(all); err != nil {
		for _, j := range staged {
			if full := j.refuse(err); full != nil {
				trouble = full
			}
		}
	}
	return trouble
}

// stage checks one write and, if it brings a body, writes it beside the file.
func (r *Replica) stage(j *job, touched map[string]bool) error {
	w := j.w
	switch w.Op {
	case tandem.Create, tandem.Update:
		if !r.takeBody(j) {
			return nil
		}
	case tandem.Delete:
		return nil
	case tandem.Move:
		if to := string(w.To); j.key != "" || !r.plain(to) {
			j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "it cannot be renamed to %q here", to))
		}
		return nil
	default:
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "cannot %s here", w.Op))
		return nil
	}
	perm := fs.FileMode(0o666)
	var old fs.FileInfo
	if w.Op == tandem.Create {
		j.names = r.namesFor(w, j.body, j.uid)
		j.name, j.key = j.names[0], ""
		j.path = filepath.Join(r.path, j.name)
	} else if j.key != "" {
		return nil // written with the others of its file
	} else {
		// A link stays one: what it leads to is replaced.
		if real, err := filepath.EvalSymlinks(j.path); err == nil {
			j.path = real
		}
		p, info, err := r.stat(j.path)
		switch {
		case err == nil && (touched[j.name] || p.at(w.If)):
			old, perm = info, info.Mode().Perm()
		case touched[j.name]:
		case err != nil:
			return j.refuse(err)
		default:
			j.fail(tandem.PreconditionFailed, errMeanwhile)
			return nil
		}
	}
	return r.writeStaged(j, perm, old)
}

func (r *Replica) writeStaged(j *job, perm fs.FileMode, old fs.FileInfo) error {
	s, err := atomicfile.Stage(j.path, j.body, perm)
	if err != nil {
		return j.refuse(err)
	}
	j.staged = s
	if old != nil {
		inherit(s.Temp(), old)
		if err := os.Chmod(s.Temp(), perm); err != nil {
			return j.refuse(err)
		}
	}
	if j.print, _, err = r.stat(s.Temp()); err != nil {
		return j.refuse(err)
	}
	if j.w.Progress != nil {
		j.w.Progress(int64(len(j.body)))
	}
	return nil
}

// takeBody reads the body of a write and makes sure that it is one record of the right kind.
func (r *Replica) takeBody(j *job) bool {
	rec := &j.w.Record
	if rec.Body == nil {
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "it has no body"))
		return false
	}
	body, err := tandem.ReadBody(rec.Body, maxSize)
	switch {
	case tandem.IsKind(err, tandem.TooLarge):
		j.fail(tandem.Rejected, err)
		return false
	case err != nil:
		j.fail(tandem.RetryAfter, fmt.Errorf("read the body: %w", err))
		return false
	}
	f := &file{data: body}
	if f.outline, err = outlineOf(body); err == nil {
		err = f.tellApart()
	}
	if err != nil {
		j.fail(tandem.Rejected, &tandem.Error{Kind: tandem.Invalid, Err: err})
		return false
	}
	if len(f.records) != 1 {
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "a file for one record would hold %d", len(f.records)))
		return false
	}
	if err := r.inScope(&f.records[0]); err != nil {
		j.fail(tandem.Rejected, &tandem.Error{Kind: tandem.Invalid, Err: err})
		return false
	}
	j.body, j.uid = body, f.records[0].uid
	return true
}

// installAll puts everything in place, in the order of the writes; records within files with several come last, file
// by file.
func (r *Replica) installAll(ctx context.Context, jobs []*job) error {
	within := map[string][]*job{}
	var order []string
	for _, j := range jobs {
		if j.failed() {
			continue
		}
		if err := r.enter(ctx); err != nil {
			return err
		}
		if j.key != "" {
			if within[j.name] == nil {
				order = append(order, j.name)
			}
			within[j.name] = append(within[j.name], j)
			continue
		}
		if (j.w.Op == tandem.Create || j.w.Op == tandem.Update) && j.staged == nil {
			continue // not staged: the disk was full before
		}
		if full := r.install(j); full != nil {
			return full
		}
	}
	for _, name := range order {
		if err := r.enter(ctx); err != nil {
			return err
		}
		if full := r.applyWithin(name, within[name]); full != nil {
			return full
		}
	}
	return nil
}

// install puts one write in place.
func (r *Replica) install(j *job) error {
	if j.w.Op == tandem.Create {
		if err := r.installNew(j); err != nil {
			return j.refuse(err)
		}
		j.done = true
		return nil
	}
	now, err := r.expect(j)
	j.was, j.from = now, j.name
	if err == nil {
		switch j.w.Op {
		case tandem.Update:
			err = j.staged.ReplaceIf(r.still(now))
		case tandem.Delete:
			err = atomicfile.RemoveIf(j.path, r.still(now))
		case tandem.Move:
			j.print = now
			err = r.rename(j)
		}
	}
	if err != nil {
		return j.refuse(err)
	}
	j.done = true
	return nil
}

// expect checks that the file is at the version the write was decided on.
func (r *Replica) expect(j *job) (print, error) {
	p, info, err := r.stat(j.path)
	if err != nil {
		return print{}, err
	}
	if !p.at(j.w.If) || !info.Mode().IsRegular() {
		return print{}, errMeanwhile
	}
	return p, nil
}

// still checks a file that was set aside: it must be the one that was looked at. A rename changes only its ctime.
func (r *Replica) still(want print) func(path string) error {
	return func(path string) error {
		p, _, err := r.stat(path)
		if err != nil {
			return err
		}
		if !p.sameContent(want) {
			return errMeanwhile
		}
		return nil
	}
}

// installNew gives a new file the first of its names that is free.
func (r *Replica) installNew(j *job) error {
	var err error
	for i, name := range j.names {
		path := filepath.Join(r.path, name)
		if err = atomicfile.RenameNew(j.staged.Temp(), path); err == nil {
			j.name, j.path = name, path
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		// The same create may have come this far before.
		if f := r.read(name); i+1 < len(j.names) && f.err == nil && string(f.data) == string(j.body) {
			return err
		}
	}
	return err
}

func (r *Replica) rename(j *job) error {
	to := filepath.Join(r.path, string(j.w.To))
	err := atomicfile.RenameNew(j.path, to)
	if errors.Is(err, fs.ErrExist) {
		a, erra := os.Lstat(j.path)
		b, errb := os.Lstat(to)
		if erra == nil && errb == nil && os.SameFile(a, b) && j.path != to {
			err = os.Rename(j.path, to) // another spelling of its own name
		}
	}
	if err == nil {
		j.name, j.path = string(j.w.To), to
	}
	return err
}

// finish makes the names durable and tells what the files are like now.
func (r *Replica) finish(ctx context.Context, jobs []*job) error {
	any, wrote := false, false
	for _, j := range jobs {
		any = any || j.done
		wrote = wrote || (j.done && j.w.Op != tandem.Delete)
	}
	if !any {
		return nil
	}
	if err := atomicfile.SyncDir(r.path); err != nil {
		trouble := &tandem.Error{Kind: tandem.Unreadable, Op: "write to folder", Thing: r.path, Err: cause(err)}
		for _, j := range jobs {
			if j.done {
				j.fail(tandem.Maybe, trouble)
			}
		}
		return trouble
	}
	if wrote {
		_ = r.settle(ctx) // if that is cut short, the versions say that they promise nothing
	}
	now := time.Now()
	for _, j := range jobs {
		if !j.done || j.out.Status != tandem.Maybe {
			continue
		}
		j.out.Status = tandem.Applied
		if j.w.Op == tandem.Delete {
			r.shifted(j, print{})
			continue
		}
		j.out.ID = tandem.ID(j.name)
		j.out.Meta = tandem.Meta{UID: j.uid, Size: j.print.size, Node: j.print.node(), Modified: j.print.mtime}
		p, _, err := r.stat(j.path)
		if err == nil && p.sameContent(j.print) {
			j.out.Version = p.version(now)
			if !p.racy(now) {
				r.shifted(j, p)
			}
		} else {
			// Somebody has written to it since. What we wrote is not what is there: the next listing must be news.
			j.out.Version = tandem.Version(j.print.text() + raceMark)
		}
	}
	return nil
}
