package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"tandem"
	"tandem/kind/file"
)

// A large file of which little changed is not written anew. Where the file system can share blocks, a clone is patched and
// takes the old one's place. Elsewhere the file is patched where it is: the blocks that will be overwritten are first
// written to a journal, durably, so that a crash leaves the old version (the next open rolls back) or the new one.
// Afterwards the journal is the way back to the old version, and is kept as such.

// patch is what changed in a large file.
type patch struct {
	src    *body
	blocks []change
}

// change is a block of the new version that differs from the old one.
type change struct {
	block int64
	sum   tandem.Digest // SHA-256 of the new content
}

// maxShare is the part of a file's blocks, one in maxShare, up to which patching beats writing anew.
const maxShare = 4

var errDifferent = errors.New("too much of it changed")

// tryPatch compares a large file with its new version. done: the job is staged, or will be patched in place, or failed.
func (s *stager) tryPatch(f *folder, name string, j *job, b *body) (done bool, err error) {
	dir, err := s.a.r.root.sub(parent(string(j.w.ID)))
	if err != nil {
		return false, err
	}
	defer dir.close()
	old, err := dir.open(base(string(j.w.ID)))
	if err != nil {
		return false, err
	}
	defer old.Close()
	st, err := statFile(old)
	if err != nil {
		return false, err
	}
	if st.kind != regular || !st.at(j.w.If, "") {
		return false, tandem.Errorf(tandem.Changed, "it is not what it was when this was decided")
	}
	if st.size < largeFile {
		return false, nil
	}
	in, err := b.file()
	if err != nil {
		return false, &sourceError{err}
	}
	defer in.Close()
	p, sum, err := compare(s.a.ctx, old, st.size, in, b, j.progress)
	if errors.Is(err, errDifferent) {
		return false, nil
	}
	if err == nil {
		if uerr := b.unchanged(in); uerr != nil {
			err = &sourceError{uerr}
		}
	}
	if err == nil {
		j.sum = sum
		err = j.checkSum()
	}
	if err != nil {
		return true, err
	}
	if done, err := s.patchClone(f, name, j, p, old, in); done || err != nil {
		return true, err
	}
	j.patch = p
	return true, nil
}

// compare finds the blocks that differ and hashes the new version, unless its digest is known.
func compare(ctx context.Context, old *os.File, oldSize int64, in *os.File, b *body, progress func(int64)) (*patch, tandem.Digest, error) {
	size := b.st.size
	limit := int(max(file.Blocks(oldSize), file.Blocks(size)) / maxShare)
	p := &patch{src: b}
	var mu sync.Mutex // guards p.blocks
	sums := make([]tandem.Digest, file.Blocks(size))
	spare := sync.Pool{New: func() any { buf := make([]byte, file.BlockSize); return &buf }}
	err := file.EachBlock(ctx, size, runtime.GOMAXPROCS(0), func(i int64, buf []byte) error {
		off := i * file.BlockSize
		if err := file.ReadFullAt(in, buf, off); err != nil {
			return &sourceError{readError(b, err)}
		}
		if b.digest.IsZero() {
			sums[i] = sha256.Sum256(buf)
		}
		other := spare.Get().(*[]byte)
		defer spare.Put(other)
		n := max(0, min(file.BlockSize, oldSize-off))
		same := n == int64(len(buf))
		if same {
			if err := file.ReadFullAt(old, (*other)[:n], off); err != nil {
				return err
			}
			same = string((*other)[:n]) == string(buf)
		}
		if same {
			progress(int64(len(buf)))
			return nil
		}
		sum := sums[i]
		if sum.IsZero() {
			sum = sha256.Sum256(buf)
		}
		mu.Lock()
		defer mu.Unlock()
		p.blocks = append(p.blocks, change{i, sum})
		if len(p.blocks) > limit {
			return errDifferent
		}
		return nil
	})
	if err != nil {
		return nil, tandem.Digest{}, err
	}
	slices.SortFunc(p.blocks, func(a, b change) int { return int(a.block - b.block) })
	if b.digest.IsZero() {
		return p, file.Combine(sums, size), nil
	}
	return p, b.digest, nil
}

// patchClone stages a clone of the old version with the changes in it. done is false where the file system cannot.
func (s *stager) patchClone(f *folder, name string, j *job, p *patch, old, in *os.File) (done bool, err error) {
	out, err := f.create(name, j.want.perm(0o666))
	if err != nil {
		return false, err
	}
	if clone(out, old) != nil {
		out.Close()
		return false, f.unlink(name)
	}
	err = p.write(s.a.ctx, out, in, j.progress)
	return true, s.finish(f, out, name, j, err)
}

// write puts the changed blocks of in into out, which then has in's length.
func (p *patch) write(ctx context.Context, out, in *os.File, progress func(int64)) error {
	size := p.src.st.size
	buf := make([]byte, file.BlockSize)
	for _, c := range p.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		off := c.block * file.BlockSize
		part := buf[:min(file.BlockSize, size-off)]
		if err := file.ReadFullAt(in, part, off); err != nil {
			return &sourceError{readError(p.src, err)}
		}
		if sha256.Sum256(part) != c.sum {
			return &sourceError{p.src.changed()}
		}
		if _, err := out.WriteAt(part, off); err != nil {
			return err
		}
		progress(int64(len(part)))
	}
	return out.Truncate(size)
}

// verify reads the changed blocks back.
func (p *patch) verify(out *os.File) error {
	buf := make([]byte, file.BlockSize)
	for _, c := range p.blocks {
		off := c.block * file.BlockSize
		part := buf[:min(file.BlockSize, p.src.st.size-off)]
		if err := file.ReadFullAt(out, part, off); err != nil {
			return err
		}
		if sha256.Sum256(part) != c.sum {
			return tandem.Errorf(tandem.Changed, "what was written could not be read back: the disk is failing, or somebody else writes to the file")
		}
	}
	return nil
}

// applyPatch patches a large file where it is.
func (a *apply) applyPatch(j *job) error {
	dir, name, err := a.folderOf(j.w.ID)
	if err != nil {
		return err
	}
	out, err := dir.openWrite(name)
	if errors.Is(err, fs.ErrPermission) {
		return a.replaceLarge(j)
	}
	if err != nil {
		return err
	}
	defer out.Close()
	release, busy := lease(out)
	defer release()
	if busy { // somebody has it open, and must not see a mixture of versions
		release()
		return a.replaceLarge(j)
	}
	st, err := statFile(out)
	if err != nil {
		return err
	}
	if st.kind != regular || !st.at(j.w.If, "") {
		return errChanged
	}
	in, err := j.patch.src.file()
	if err != nil {
		return &sourceError{err}
	}
	defer in.Close()
	log, err := a.writeJournal(j, out, &st)
	if err != nil {
		return err
	}
	defer log.file.Close()
	if err = a.r.step("journal"); err != nil {
		return err
	}
	if err = a.patchFile(j, dir, name, out, in); err != nil {
		if a.r.crashed() {
			return err
		}
		// Nothing but the whole old version may stay.
		if back := log.restore(out, dir, name); back != nil {
			a.r.log.Error("rolling back failed; the next open tries again", "file", j.w.ID, "err", back)
			a.keep = true
			return back
		}
		_ = a.run.unlink(log.name)
		return err
	}
	if err := a.r.step("patched"); err != nil {
		return err
	}
	return a.keepJournal(j, log)
}

// patchFile writes the changes, durably, and looks whether they arrived.
func (a *apply) patchFile(j *job, dir *folder, name string, out, in *os.File) error {
	// From the first block on, finishing is quicker than going back.
	if err := j.patch.write(context.WithoutCancel(a.ctx), out, in, j.progress); err != nil {
		return err
	}
	if err := a.r.step("blocks"); err != nil {
		return err
	}
	if err := j.patch.src.unchanged(in); err != nil {
		return &sourceError{err}
	}
	if err := dir.settle(out, name, &j.want, anyMode); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := j.patch.verify(out); err != nil {
		return err
	}
	st, err := statFile(out)
	if err != nil {
		return err
	}
	if j.want.hasMtime && st.mtime != j.want.mtime || st.size != j.patch.src.st.size {
		st.ctime = 0 // somebody writes to it already: the next listing has to differ
	}
	j.st = st
	return nil
}

// replaceLarge writes the new version anew after all.
func (a *apply) replaceLarge(j *job) error {
	s := newStager(a)
	j.staged = strconv.Itoa(j.n)
	src := *j.patch.src
	src.digest = j.sum
	if err := s.large(a.run, j.staged, j, &src); err != nil {
		return err
	}
	if err := waitFor(a.ctx, func() error { return a.run.syncFile(j.staged) }); err != nil {
		return err
	}
	return a.update(j)
}
