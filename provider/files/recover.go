package files

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"tandem"
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
		if err := r.salvage(ctx, run, name); err != nil {
			return err
		}
		run.unlock()
	}
	if _, err := tmp.removeAll(name); err != nil {
		r.log.Warn("removing temporary files of a run that died failed", "run", name, "err", err)
	}
	return nil
}

// updatesName is the file in a run's directory that lists what is about to be exchanged. Between the exchange and the move
// to the history, the displaced version has no other name than that of the staged one.
const updatesName = "updates.json"

// maxUpdates bounds that file.
const maxUpdates = 64 << 20

// noted is one line of it.
type noted struct {
	Path   string `json:"path"` // as a Go string literal
	Staged string `json:"staged"`
	Inode  uint64 `json:"inode"` // of the new version
}

// noteUpdates writes the list, which becomes durable with what was staged.
func (a *apply) noteUpdates() error {
	var list []noted
	for i := range a.jobs {
		if j := &a.jobs[i]; !j.over && j.w.Op == tandem.Update && j.staged != "" && j.patch == nil {
			list = append(list, noted{strconv.Quote(string(j.w.ID)), j.staged, j.st.ino})
		}
	}
	if len(list) == 0 {
		return nil
	}
	text, err := json.Marshal(list)
	if err == nil {
		err = a.run.writeNew(updatesName, text)
	}
	return classify("write", metaName+"/tmp", err)
}

// salvage moves versions that were displaced, but not yet kept, to the history.
func (r *Replica) salvage(ctx context.Context, run *folder, name string) error {
	text, err := run.readAll(updatesName, maxUpdates)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []noted
	if err != nil || json.Unmarshal(text, &list) != nil {
		return nil // it was never complete, so nothing was exchanged
	}
	a := &apply{r: r, ctx: ctx, name: name, jobs: make([]job, len(list))}
	defer func() {
		if a.history != nil {
			a.kept.forget()
			a.history.close()
		}
	}()
	for _, n := range list {
		st, err := run.stat(n.Staged)
		path, perr := strconv.Unquote(n.Path)
		if err != nil || perr != nil || st.ino == n.Inode || checkID(tandem.ID(path)) != nil {
			continue
		}
		parked, err := a.park(run, n.Staged, path)
		if err != nil {
			return classify("keep old version of", tandem.ID(path), err)
		}
		r.log.Info("kept the old version from an interrupted run", "file", path, "copy", metaName+"/"+parked)
	}
	return nil
}
