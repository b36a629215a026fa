package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"tandem"
)

// Names in metaName. What is overwritten or deleted goes to history/<run>/<path>; reverse patches of large files go to
// patches/<run>-<number>.
const (
	historyName = "history"
	patchesName = "patches"
	trashName   = "trash" // only as the beginning of Outcome.Parked
)

// openHistory makes the run's history.
func (a *apply) openHistory() error {
	if a.history != nil {
		return nil
	}
	f, err := a.r.meta.makeAll(join(historyName, a.name), 0o700)
	if err != nil {
		return classify("make", metaName+"/"+historyName, err)
	}
	a.history, a.kept, a.parked = f, newFolders(f), map[string]bool{}
	return nil
}

// Numbered places in a history have names that no record has.
const (
	asidePrefix = ".tandem-"
	asideSuffix = ".tmp"
)

// intoHistory finds a free place for id and calls put with it. One run may park several versions of one path, and a
// path below one that was a file before, so there are numbered places beside the plain one.
func (a *apply) intoHistory(id string, put func(f *folder, name string) error) (parked string, err error) {
	if err := a.openHistory(); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		place := id
		if n > 1 {
			place = asidePrefix + strconv.Itoa(n) + asideSuffix + "/" + id
		}
		rel := parent(place)
		f, err := a.kept.at(rel)
		if errors.Is(err, fs.ErrNotExist) {
			if f, err = a.history.makeAll(rel, 0o700); err == nil {
				a.kept.put(rel, f)
			}
		}
		if err == nil {
			if err = put(f, base(place)); err == nil {
				a.parked[rel] = true
				return historyName + "/" + a.name + "/" + place, nil
			}
		}
		if n > len(a.jobs)+1 || !errors.Is(err, fs.ErrExist) && !isNotFolder(err) {
			return "", err
		}
	}
}

// park moves an entry to the history by a rename.
func (a *apply) park(from *folder, name, id string) (string, error) {
	return a.intoHistory(id, func(f *folder, to string) error {
		err := from.renameNew(name, f, to)
		if isCrossDevice(err) {
			if err = a.copyEntry(from, name, f, to); err == nil {
				err = from.unlink(name)
			}
		}
		return err
	})
}

// parkExpected moves an entry to the history and makes sure that it is the expected one, else it comes back.
func (a *apply) parkExpected(from *folder, name, id string, old *stat) (string, error) {
	return a.intoHistory(id, func(f *folder, to string) error {
		err := from.renameNew(name, f, to)
		across := isCrossDevice(err)
		if across {
			err = a.copyEntry(from, name, f, to)
		}
		if err != nil {
			return err
		}
		where, what := f, to
		if across {
			where, what = from, name
		}
		now, err := where.stat(what)
		if err == nil && now.sameFile(old) {
			if across {
				return from.unlink(name)
			}
			return nil
		}
		if across {
			_ = f.unlink(to)
		} else if back := f.renameNew(to, from, name); back != nil {
			return tandem.Errorf(tandem.Changed, "it changed meanwhile, and putting it back failed (%v); it is kept in %s/%s/%s",
				back, metaName, historyName, a.name)
		}
		return firstErr(err, errChanged)
	})
}

// parkCopy keeps the version of an entry that stays where it is for now.
func (a *apply) parkCopy(from *folder, name, id string) (string, error) {
	return a.intoHistory(id, func(f *folder, to string) error {
		err := from.link(name, f, to)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		return a.copyEntry(from, name, f, to)
	})
}

// parkDir remembers a deleted directory, which is empty, with its permissions.
func (a *apply) parkDir(id string, mode uint32) (string, error) {
	var dirThere bool
	parked, err := a.intoHistory(id, func(f *folder, name string) error {
		err := f.mkdir(name, mode|0o700)
		if st, serr := f.stat(name); errors.Is(err, fs.ErrExist) && serr == nil && st.kind == dir {
			dirThere = true
			return nil
		}
		return err
	})
	if err != nil || !dirThere {
		return parked, err
	}
	f, err := a.r.meta.sub(parent(parked))
	if err != nil {
		return "", err
	}
	defer f.close()
	return parked, f.chmod(base(parked), mode|0o700, func(*stat) error { return nil })
}

// copyEntry copies a file or link with its attributes, durably, to a free name.
func (a *apply) copyEntry(from *folder, name string, to *folder, toName string) error {
	st, err := from.stat(name)
	if err != nil {
		return err
	}
	if st.kind == link {
		target, err := from.readlink(name)
		if err != nil {
			return err
		}
		return to.symlink(target, toName)
	}
	in, err := from.open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := to.create(toName, st.mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, contextReader{a.ctx, in})
	if err == nil {
		err = to.settle(out, toName, &wanted{mode: st.mode, hasMode: hasModes, mtime: st.mtime, hasMtime: true}, anyMode)
	}
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = to.unlink(toName)
	}
	return err
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// bring copies a staged entry to a temporary name in the directory it is meant for.
func (a *apply) bring(from *folder, name string, to *folder) (*folder, string, error) {
	temp := tempName()
	if err := a.copyEntry(from, name, to, temp); err != nil {
		return nil, "", err
	}
	return to, temp, nil
}

// tempName is a name that no listing shows.
func tempName() string { return asidePrefix + token()[:16] + asideSuffix }

func sameNFC(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) }

// Unpark implements provider.Parker.
func (r *Replica) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	if err := r.enter(); err != nil {
		return tandem.Record{}, err
	}
	defer r.use.RUnlock()
	area, rest, _ := strings.Cut(parked, "/")
	var rec tandem.Record
	err := fs.ErrNotExist
	switch {
	case r.meta == nil:
	case area == historyName && cleanPath(parked):
		if _, id, ok := strings.Cut(rest, "/"); ok {
			rec, err = r.unparkFile(parked, id)
		}
	case area == patchesName && cleanPath(parked):
		rec, err = r.unparkPatch(ctx, rest)
	case area == trashName:
		rec, err = r.unparkTrash(rest)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return rec, &tandem.Error{Kind: tandem.NotFound, Op: "open kept version", Thing: show(parked), Err: errors.New("it is not kept any more")}
	}
	return rec, classify("open kept version", tandem.ID(parked), err)
}

func cleanPath(p string) bool { return fs.ValidPath(p) || checkID(tandem.ID(p)) == nil }

// unparkFile opens a version that lies in the history under its path, perhaps below a number.
func (r *Replica) unparkFile(parked, id string) (tandem.Record, error) {
	if first, rest, ok := strings.Cut(id, "/"); ok && isOurs(first) {
		id = rest
	}
	f, err := r.meta.sub(parent(parked))
	if err != nil {
		return tandem.Record{}, err
	}
	defer f.close()
	return r.parkedRecord(f, base(parked), metaName+"/"+parked, id)
}

// parkedRecord makes a record of an entry that is kept at path, relative to the root.
func (r *Replica) parkedRecord(f *folder, name, path, id string) (tandem.Record, error) {
	st, err := f.stat(name)
	if err != nil {
		return tandem.Record{}, err
	}
	target := ""
	if st.kind == link {
		if target, err = f.readlink(name); err != nil {
			return tandem.Record{}, err
		}
	}
	rec := tandem.Record{ID: tandem.ID(id), Meta: st.meta(r.rootStat.dev, target)}
	if st.kind == regular {
		rec.Body = &body{r: r, id: path, st: st}
	}
	return rec, nil
}

// Purge implements provider.Parker.
func (r *Replica) Purge(ctx context.Context, before int64) (freed int64, err error) {
	if err := r.enter(); err != nil {
		return 0, err
	}
	defer r.use.RUnlock()
	if r.meta == nil {
		return 0, nil
	}
	limit := time.Unix(before, 0).UTC().Format(stampLayout)
	for _, area := range []string{historyName, patchesName} {
		f, err := r.meta.child(area)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return freed, classify("purge", tandem.ID(metaName+"/"+area), err)
		}
		var old []string
		err = f.list(newLister(), func(name []byte, _ *stat, _ error) error {
			if n := string(name); len(n) > len(stampLayout) && n[:len(stampLayout)] < limit {
				old = append(old, n)
			}
			return nil
		})
		for _, n := range old {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				break
			}
			var size int64
			size, err = f.removeAll(n)
			freed += size
		}
		f.close()
		if err != nil {
			return freed, classify("purge", tandem.ID(metaName+"/"+area), err)
		}
	}
	return freed, nil
}
