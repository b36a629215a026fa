package files

import (
	"errors"
	"io/fs"
	"strings"

	"tandem"
)

// install puts what was staged into place and does everything else, in the given order.
func (a *apply) install() {
	for i := range a.jobs {
		j := &a.jobs[i]
		if j.over {
			continue
		}
		if err := a.ctx.Err(); err != nil {
			a.failed(j, err)
			continue
		}
		if err := a.r.step("install"); err != nil {
			a.failed(j, err)
			return
		}
		if err := a.one(j); err != nil {
			a.failed(j, err)
			continue
		}
		if !j.over {
			j.over, j.ok = true, true
		}
	}
}

func (a *apply) one(j *job) error {
	switch j.w.Op {
	case tandem.Create:
		return a.create(j)
	case tandem.Update:
		if j.want.kind == dir {
			return a.setAttrs(j)
		}
		if j.patch != nil {
			return a.applyPatch(j)
		}
		return a.update(j)
	case tandem.SetAttrs:
		return a.setAttrs(j)
	case tandem.Move:
		return a.move(j)
	}
	return a.remove(j)
}

// folderOf opens the directory of an id in the tree and notes that it will change.
func (a *apply) folderOf(id tandem.ID) (*folder, string, error) {
	f, err := a.target.at(parent(string(id)))
	if err != nil {
		return nil, "", err
	}
	a.touched[parent(string(id))] = true
	return f, base(string(id)), nil
}

// stagedFolder opens the directory a job is staged in.
func (a *apply) stagedFolder(j *job) (f *folder, name string, done func(), err error) {
	rel := parent(j.staged)
	if rel == "" {
		return a.run, base(j.staged), func() {}, nil
	}
	if f, err = a.run.sub(rel); err != nil {
		return nil, "", nil, err
	}
	return f, base(j.staged), f.close, nil
}

func (a *apply) create(j *job) error {
	if j.up.inPlace() {
		return nil
	}
	from, name, done, err := a.stagedFolder(j)
	if err != nil {
		return err
	}
	defer done()
	to, toName, err := a.folderOf(j.w.ID)
	if err != nil {
		return err
	}
	err = from.renameNew(name, to, toName)
	if isCrossDevice(err) && j.want.kind == dir {
		// Not placed with all that is staged in it, which follows piece by piece.
		if err := to.mkdir(toName, stagedDirMode(&j.want)); err != nil {
			return err
		}
		j.st, err = to.stat(toName)
		return err
	}
	across := isCrossDevice(err)
	if across {
		err = a.moveAcross(from, name, to, toName)
	}
	if err != nil {
		return err
	}
	j.placed = true
	a.subtree = a.subtree || j.want.kind == dir
	if j.st.kind == regular || across {
		return a.see(j, to, toName, across)
	}
	return nil
}

// see takes the state of a file that was put into place: a rename moves the change time on. If somebody changed the file
// at once, the state it was staged in stands, so that the next listing differs and the change is seen.
func (a *apply) see(j *job, f *folder, name string, copied bool) error {
	now, err := f.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // taken away at once: the next listing tells
	}
	if err != nil {
		return err
	}
	same := now.sameFile(&j.st)
	if copied { // to another file, with the content and the time
		same = now.kind == j.st.kind && (now.kind == link || now.size == j.st.size && now.mtime == j.st.mtime)
	}
	if same {
		j.st = now
	}
	return nil
}

// expect looks at an entry and fails unless it is at the version that the write expects.
func expect(f *folder, name string, v tandem.Version) (st stat, target string, err error) {
	if st, err = f.stat(name); err != nil {
		return st, "", err
	}
	if st.kind == link {
		if target, err = f.readlink(name); err != nil {
			return st, "", err
		}
	}
	if st.kind == special || !st.at(v, target) {
		return st, target, tandem.Errorf(tandem.Changed, "it is not what it was when this was decided")
	}
	return st, target, nil
}

// update exchanges the staged version with the one in place. Only then, when nobody can slip in any more, is the
// displaced one looked at for the last time; if it is not the expected one, they are exchanged back.
func (a *apply) update(j *job) error {
	to, name, err := a.folderOf(j.w.ID)
	if err != nil {
		return err
	}
	old, _, err := expect(to, name, j.w.If)
	if err != nil {
		return err
	}
	if old.kind == dir {
		a.refuse(j, tandem.Exists, "there is a folder")
		return nil
	}
	from, staged, done, err := a.stagedFolder(j)
	if err != nil {
		return err
	}
	defer done()
	err = from.exchange(staged, to, name)
	if errors.Is(err, errors.ErrUnsupported) || isCrossDevice(err) {
		return a.replace(j, from, staged, to, name, &old)
	}
	if err != nil {
		return err
	}
	displaced, err := from.stat(staged)
	if err == nil && displaced.sameFile(&old) {
		if j.out.Parked, err = a.park(from, staged, string(j.w.ID)); err == nil {
			return a.see(j, to, name, false)
		}
	} else if err == nil {
		err = errChanged
	}
	if back := a.exchangeBack(j, from, staged, to, name); back != nil {
		a.keep = true // what was displaced is found by the next open
		return back
	}
	return err
}

// exchangeBack undoes an exchange. If somebody has replaced our version meanwhile, theirs stays, and the displaced one,
// which they would have replaced too, goes to the history.
func (a *apply) exchangeBack(j *job, from *folder, staged string, to *folder, name string) error {
	if err := from.exchange(staged, to, name); err != nil {
		return err
	}
	back, err := from.stat(staged)
	if err != nil || back.ino == j.st.ino {
		return err
	}
	if err := from.exchange(staged, to, name); err != nil {
		return err
	}
	_, err = a.park(from, staged, string(j.w.ID))
	return err
}

// replace is update where two names cannot be exchanged: the old version gets a second name in the history, then the
// new one is renamed over it.
func (a *apply) replace(j *job, from *folder, staged string, to *folder, name string, old *stat) (err error) {
	if isForeign(a, to) {
		if from, staged, err = a.bring(from, staged, to); err != nil {
			return err
		}
	}
	if j.out.Parked, err = a.parkCopy(to, name, string(j.w.ID)); err != nil {
		return err
	}
	now, err := to.stat(name)
	if err == nil && !now.sameFile(old) {
		err = errChanged
	}
	if err == nil {
		err = from.rename(staged, to, name)
	}
	if err != nil {
		_ = from.unlink(staged)
		return err
	}
	return a.see(j, to, name, true)
}

func (a *apply) setAttrs(j *job) error {
	f, name, err := a.folderOf(j.w.ID)
	if err != nil {
		return err
	}
	st, target, err := expect(f, name, j.w.If)
	if err != nil {
		return err
	}
	if st.kind != j.want.kind || st.kind == link && target != j.want.target {
		return tandem.Errorf(tandem.Invalid, "attributes cannot turn one type of entry into another")
	}
	check := func(now *stat) error {
		if !now.sameFile(&st) {
			return errChanged
		}
		return nil
	}
	if st.kind == dir {
		check = func(now *stat) error {
			if now.kind != dir || now.ino != st.ino {
				return errChanged
			}
			return nil
		}
	}
	if j.want.hasMode && st.kind != link && st.mode != j.want.mode {
		if err := f.chmod(name, j.want.mode, check); err != nil {
			return err
		}
		if st.kind == dir {
			a.touched[string(j.w.ID)] = true
		}
	}
	if j.want.hasMtime && st.kind == regular && st.mtime != j.want.mtime {
		now, err := f.stat(name)
		if err != nil {
			return err
		}
		if now.mode = st.mode; !now.sameFile(&st) {
			return errChanged
		}
		if err := f.setTime(name, j.want.mtime); err != nil {
			return err
		}
	}
	if j.st, err = f.stat(name); err != nil {
		return err
	}
	if st.kind == regular && (j.st.size != st.size || j.st.ino != st.ino) {
		return errChanged
	}
	if st.kind == regular && (!canSyncAll || len(a.touched) <= fewFolders) {
		if err := f.syncFile(name); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

func (a *apply) move(j *job) error {
	id, to := string(j.w.ID), string(j.w.To)
	if strings.HasPrefix(to, id+"/") {
		return tandem.Errorf(tandem.Invalid, "a folder cannot move into itself")
	}
	// Both directories are opened for this alone: the cache may close the first while it opens the second.
	from, err := a.r.root.sub(parent(id))
	if err != nil {
		return err
	}
	defer from.close()
	dest, err := a.r.root.sub(parent(to))
	if err != nil {
		return err
	}
	defer dest.close()
	old, target, err := expect(from, base(id), j.w.If)
	if err != nil {
		return err
	}
	if err := a.renameEntry(from, base(id), dest, base(to)); err != nil {
		return err
	}
	a.touched[parent(id)], a.touched[parent(to)] = true, true
	if old.kind == dir {
		a.target.forget() // directories below have other paths now
	}
	now, err := dest.stat(base(to))
	if err != nil {
		return err
	}
	if moved := now.sameFile(&old) || old.kind == dir && now.kind == dir && now.ino == old.ino; !moved {
		if err := dest.renameNew(base(to), from, base(id)); err != nil {
			return err
		}
		return errChanged
	}
	j.st, j.want.target, j.out.ID = now, target, j.w.To
	return nil
}

// renameEntry renames to a free name. Where the new name is the old one in another spelling that the file system
// does not tell apart, a plain rename most often does it, else one through a third name.
func (a *apply) renameEntry(from *folder, name string, to *folder, toName string) error {
	err := from.renameNew(name, to, toName)
	if !errors.Is(err, fs.ErrExist) || name == toName {
		return err
	}
	old, err1 := from.stat(name)
	there, err2 := to.stat(toName)
	one := err1 == nil && err2 == nil && old.same(&there) && (a.r.foldCase && strings.EqualFold(name, toName) || a.r.nfc && sameNFC(name, toName))
	if !one || to.spells(toName) {
		return err // two names of one file, which are told apart
	}
	if err := from.rename(name, to, toName); err != nil || to.spells(toName) {
		return err
	}
	third := tempName()
	if err := from.renameNew(name, from, third); err != nil {
		return err
	}
	if err := from.renameNew(third, to, toName); err != nil {
		if back := from.renameNew(third, from, name); back != nil {
			return back
		}
		return err
	}
	return nil
}

func (a *apply) remove(j *job) error {
	f, name, err := a.folderOf(j.w.ID)
	if err != nil {
		return err
	}
	old, _, err := expect(f, name, j.w.If)
	if err != nil {
		return err
	}
	if old.kind == dir {
		err := f.rmdir(name)
		if isNotEmpty(err) {
			a.refuse(j, tandem.Exists, "the folder holds something that is not to be deleted")
			return nil
		}
		if err != nil {
			return err
		}
		a.target.forget()
		delete(a.touched, string(j.w.ID))
		j.out.Parked, err = a.parkDir(string(j.w.ID), old.mode)
		if err != nil {
			a.r.log.Warn("keeping a deleted folder failed", "folder", j.w.ID, "err", err)
		}
		return nil
	}
	if a.r.trash {
		parked, err := a.discard(f, name, string(j.w.ID), &old)
		if err == nil || !errors.Is(err, errors.ErrUnsupported) {
			j.out.Parked = parked
			return err
		}
	}
	j.out.Parked, err = a.parkExpected(f, name, string(j.w.ID), &old)
	return err
}

// isForeign reports whether a directory is on another file system than the root's, where nothing staged can be renamed
// to.
func isForeign(a *apply, f *folder) bool {
	st, err := f.self()
	return err == nil && st.dev != a.r.rootStat.dev
}

// moveAcross gives a staged file or link a free name on another file system.
func (a *apply) moveAcross(from *folder, name string, to *folder, toName string) error {
	temp, tempName, err := a.bring(from, name, to)
	if err != nil {
		return err
	}
	if err := temp.renameNew(tempName, to, toName); err != nil {
		_ = temp.unlink(tempName)
		return err
	}
	return nil
}
