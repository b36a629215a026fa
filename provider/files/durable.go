package files

import (
	"errors"
	"io/fs"
	"maps"
	"slices"

	"tandem"
)

// manyFiles is from how many files on one sync of the whole file system beats one per file.
const manyFiles = 16

// syncStaged makes what was staged durable, so that what comes into place is never ahead of its content.
func (a *apply) syncStaged() error {
	if err := a.r.step("staged"); err != nil {
		return err
	}
	var some []*job
	for i := range a.jobs {
		if j := &a.jobs[i]; !j.over && j.staged != "" && j.patch == nil && j.want.kind == regular {
			some = append(some, j)
		}
	}
	if canSyncAll && len(some) >= manyFiles {
		return a.syncEverything()
	}
	open := newFolders(a.run)
	defer open.forget()
	for _, j := range some {
		f, err := open.at(parent(j.staged))
		if err == nil {
			err = waitFor(a.ctx, func() error { return f.syncFile(base(j.staged)) })
		}
		switch {
		case a.ctx.Err() != nil:
			return a.ctx.Err()
		case errors.Is(err, fs.ErrPermission): // without permission to read it
			err = a.syncEverything()
		}
		if err != nil {
			a.failed(j, err)
		}
	}
	return nil
}

// syncEverything syncs the file system, on a descriptor of its own, since it goes on when the context is done.
func (a *apply) syncEverything() error {
	again, err := a.run.again()
	if err != nil {
		return classify("sync", tandem.ID(a.r.path), err)
	}
	return waitFor(a.ctx, func() error {
		defer again.close()
		err := again.syncAll()
		if errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		return classify("sync", tandem.ID(a.r.path), err)
	})
}

// settle gives directories their permissions, now that nothing more is made in them, and makes everything durable.
func (a *apply) settle() error {
	done := 0
	for i := range a.jobs {
		j := &a.jobs[i]
		if !j.ok {
			continue
		}
		done++
		if !canSyncAll && j.w.Op == tandem.Create && j.want.kind == dir {
			a.touched[string(j.w.ID)] = true
		}
		if j.w.Op != tandem.Create || j.want.kind != dir || !j.want.hasMode || j.st.mode == j.want.mode {
			continue
		}
		f, err := a.target.at(parent(string(j.w.ID)))
		if err == nil {
			err = f.chmod(base(string(j.w.ID)), j.want.mode, func(st *stat) error {
				if st.kind != dir {
					return errChanged
				}
				return nil
			})
		}
		if err != nil {
			// The directory is there; the next listing shows the permissions it has.
			a.r.log.Warn("setting permissions failed", "folder", j.w.ID, "err", err)
			continue
		}
		j.st.mode = j.want.mode
		a.touched[string(j.w.ID)] = true
	}
	if done == 0 {
		return nil
	}
	if err := a.r.step("installed"); err != nil {
		return err
	}
	return a.syncTree()
}

// fewFolders is up to how many changed directories are synced one by one.
const fewFolders = 8

func (a *apply) syncTree() error {
	if canSyncAll && (a.subtree || len(a.touched)+len(a.parked) > fewFolders) {
		return a.syncEverything()
	}
	for _, rel := range slices.Sorted(maps.Keys(a.touched)) {
		f, err := a.target.at(rel)
		if errors.Is(err, fs.ErrNotExist) || isNotFolder(err) {
			continue // removed or moved since
		}
		if err == nil {
			err = f.sync()
		}
		if err != nil {
			return classify("sync", tandem.ID(rel), err)
		}
	}
	if a.history != nil {
		for rel := range a.parked {
			if f, err := a.kept.at(rel); err == nil {
				if err := f.sync(); err != nil {
					return classify("sync", historyName, err)
				}
			}
		}
		if err := a.history.sync(); err != nil {
			return classify("sync", historyName, err)
		}
	}
	return a.syncMeta()
}

// syncMeta makes the names in our own directories durable.
func (a *apply) syncMeta() error {
	names := []string{""}
	if a.history != nil {
		names = append(names, historyName)
	}
	if a.patched {
		names = append(names, patchesName, "tmp/"+a.name)
	}
	for _, name := range names {
		f, err := a.r.meta.sub(name)
		if err == nil {
			err = f.sync()
			f.close()
		}
		if err != nil {
			return classify("sync", metaName, err)
		}
	}
	return nil
}
