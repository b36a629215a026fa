package vdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tandem"
	"tandem/internal/atomicfile"
)

// installer puts writes in place, in their order; records within files with several come last, file by file.
type installer struct {
	*Replica
	dir    *dir
	within map[string][]*job
	order  []string
}

// take puts the next writes in place. An error is about the place as a whole.
func (in *installer) take(ctx context.Context, jobs []*job) error {
	for _, j := range jobs {
		if j.failed() {
			continue
		}
		if err := in.enter(ctx); err != nil {
			return err
		}
		if j.key != "" {
			if in.within[j.name] == nil {
				in.order = append(in.order, j.name)
			}
			in.within[j.name] = append(in.within[j.name], j)
			continue
		}
		if j.w.Op == tandem.Create && j.fresh == nil || j.w.Op == tandem.Update && j.staged == nil {
			continue // not staged: the disk was full before
		}
		if full := in.install(in.dir, j); full != nil {
			return full
		}
	}
	return nil
}

// end performs the writes within files with several records.
func (in *installer) end(ctx context.Context) error {
	for _, name := range in.order {
		if err := in.enter(ctx); err != nil {
			return err
		}
		if full := in.applyWithin(name, in.within[name]); full != nil {
			return full
		}
	}
	return nil
}

// install puts one write in place.
func (r *Replica) install(d *dir, j *job) error {
	if j.w.Op == tandem.Create {
		if err := r.installNew(d, j); err != nil {
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
func (r *Replica) installNew(d *dir, j *job) error {
	var err error
	for i, name := range j.names {
		if err = d.install(j.fresh, name); err != nil && !errors.Is(err, fs.ErrExist) && j.fresh.temp == "" {
			err = r.installNamed(d, j, name)
		}
		if err == nil {
			j.name, j.path = name, d.join(name)
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

// installNamed stages a file once more, under a name, where the system does not let a file without one have any.
func (r *Replica) installNamed(d *dir, j *job, name string) error {
	d.discard(j.fresh)
	f, e, err := d.stage(j.body, 0o666, false)
	if err != nil {
		return err
	}
	j.fresh, j.print = &f, r.ofOurs(e).print
	if err := d.sync(j.fresh); err != nil {
		return err
	}
	return d.install(j.fresh, name)
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
