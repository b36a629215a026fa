package files

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

// recover clears up after runs whose process died: a patch of a large file that was not finished is undone, and what
// was staged is removed. Runs of living processes hold the lock of their directory.
func (r *Replica) recover(ctx context.Context) error {
	if _, err := r.meta.lock(true); err != nil {
		return r.metaTrouble(err)
	}
	defer r.meta.unlock()
	tmp, err := r.meta.child("tmp")
	if err != nil {
		return r.metaTrouble(err)
	}
	defer tmp.close()
	var runs []string
	err = tmp.list(newLister(), func(name []byte, st *stat, err error) error {
		runs = append(runs, string(name))
		return nil
	})
	if err != nil {
		return r.metaTrouble(err)
	}
	for _, name := range runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.recoverRun(ctx, tmp, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *Replica) recoverRun(ctx context.Context, tmp *folder, name string) error {
	run, err := tmp.child(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	if err == nil {
		defer run.close()
		busy, err := run.lock(false)
		if err != nil || busy {
			return nil
		}
		var journals []string
		err = run.list(newLister(), func(name []byte, _ *stat, _ error) error {
			if strings.HasSuffix(string(name), journalSuffix) {
				journals = append(journals, string(name))
			}
			return nil
		})
		if err != nil {
			return r.metaTrouble(err)
		}
		for _, j := range journals {
			if err := r.rollBack(ctx, run, j); err != nil {
				return err
			}
		}
		run.unlock()
	}
	if _, err := tmp.removeAll(name); err != nil {
		r.log.Warn("removing temporary files of a run that died failed", "run", name, "err", err)
	}
	return nil
}
