package vdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tandem"
	"tandem/internal/atomicfile"
)

// prepareAll is prepare for several writes at a time.
func (r *Replica) prepareAll(ctx context.Context, d *dir, jobs []*job) error {
	return inParallel(len(jobs), func(part func() (int, bool)) error {
		for i, ok := part(); ok; i, ok = part() {
			if err := r.enter(ctx); err != nil {
				return err
			}
			r.prepare(d, jobs[i])
		}
		return nil
	})
}

// prepare reads the body that a write brings, and names a new file.
func (r *Replica) prepare(d *dir, j *job) {
	if op := j.w.Op; op != tandem.Create && op != tandem.Update || !r.takeBody(j) || op == tandem.Update {
		return
	}
	j.names = r.namesFor(j.w, j.body, j.uid)
	j.name, j.key, j.path = j.names[0], "", d.join(j.names[0])
}

// create stages a new file.
func (r *Replica) create(d *dir, j *job, nameless bool) error {
	f, e, err := d.stage(j.body, 0o666, nameless)
	if err != nil {
		return j.refuse(err)
	}
	j.fresh, j.print = &f, r.ofOurs(e).print
	if j.w.Progress != nil {
		j.w.Progress(int64(len(j.body)))
	}
	return nil
}

// manyFiles is from how many files on one sync of the whole file system is cheaper than one per file.
const manyFiles = 4

// syncStaged makes what is staged of jobs durable. What links lead to may be on another file system.
func (r *Replica) syncStaged(d *dir, jobs []*job) error {
	here := 0
	for _, j := range jobs {
		if j.fresh != nil || j.staged != nil && filepath.Dir(j.staged.Temp()) == r.path {
			here++
		}
	}
	all := false
	if here >= manyFiles {
		err := d.syncAll()
		if all = !errors.Is(err, errors.ErrUnsupported); all && err != nil {
			return err
		}
	}
	for _, j := range jobs {
		var err error
		switch {
		case j.staged != nil && !(all && filepath.Dir(j.staged.Temp()) == r.path):
			err = j.staged.Sync()
		case j.fresh != nil && !all:
			err = d.sync(j.fresh)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stage checks one write to what is there and, if it brings a body, writes it beside the file. touched are the names that
// earlier writes are about. nameless is how many files may be made without a name.
func (r *Replica) stage(d *dir, j *job, touched map[string]bool, nameless *int) error {
	w := j.w
	switch w.Op {
	case tandem.Delete:
		return nil
	case tandem.Create:
		if j.failed() {
			return nil
		}
		*nameless--
		return r.create(d, j, *nameless >= 0)
	case tandem.Update:
		if j.failed() || j.key != "" { // written with the others of its file
			return nil
		}
	case tandem.Move:
		if to := string(w.To); j.key != "" || !r.plain(to) {
			j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "it cannot be renamed to %q here", to))
		}
		return nil
	default:
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "cannot %s here", w.Op))
		return nil
	}
	// A link stays one: what it leads to is replaced.
	if real, err := filepath.EvalSymlinks(j.path); err == nil {
		j.path = real
	}
	p, info, err := r.stat(j.path)
	switch {
	case err == nil && (touched[j.name] || p.at(w.If)):
		return r.writeStaged(j, info.Mode().Perm(), info)
	case touched[j.name]:
		return r.writeStaged(j, 0o666, nil)
	case err != nil:
		return j.refuse(err)
	}
	j.fail(tandem.PreconditionFailed, errMeanwhile)
	return nil
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
