package files

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"tandem"
	"tandem/kind/file"
)

// unit is what a worker stages at a time: entries of one staged directory.
type unit struct {
	rel  string
	jobs []*job
}

const unitSize = 128

// stage puts all new content under temporary names on the place's own file system.
func (a *apply) stage() {
	a.stageDirs()
	units := a.units()
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(a.r.workers, len(units)) {
		group.Go(func() {
			s := newStager(a)
			defer s.close()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(units) {
					return
				}
				s.unit(&units[i])
			}
		})
	}
	group.Wait()
}

// stageDirs makes new directories in the run's own, parents first as they come.
func (a *apply) stageDirs() {
	open := newFolders(a.run)
	defer open.forget()
	for i := range a.jobs {
		j := &a.jobs[i]
		if j.over || j.staged == "" || j.want.kind != dir {
			continue
		}
		if err := a.ctx.Err(); err != nil {
			a.failed(j, err)
			continue
		}
		j.place()
		f, err := open.at(parent(j.staged))
		if err == nil {
			err = f.mkdir(base(j.staged), stagedDirMode(&j.want))
		}
		if err == nil {
			j.st, err = f.stat(base(j.staged))
		}
		if err != nil {
			a.failed(j, err)
		}
	}
}

// stagedDirMode lets us make entries in a directory; what else it is to be comes last.
func stagedDirMode(w *wanted) uint32 {
	if !w.hasMode {
		return 0o777
	}
	return w.mode | 0o700
}

// units groups what is to be staged by directory. Large files come last and alone, since they use all processors.
func (a *apply) units() []unit {
	var units []unit
	var large []unit
	last := map[string]int{}
	for i := range a.jobs {
		j := &a.jobs[i]
		if j.over || j.staged == "" || j.want.kind == dir {
			continue
		}
		j.place()
		rel := parent(j.staged)
		if b := j.w.Record.Body; b != nil && b.Size() >= largeFile {
			large = append(large, unit{rel, []*job{j}})
			continue
		}
		k, ok := last[rel]
		if !ok || len(units[k].jobs) >= unitSize {
			k = len(units)
			last[rel] = k
			units = append(units, unit{rel: rel})
		}
		units[k].jobs = append(units[k].jobs, j)
	}
	return append(units, large...)
}

// stager is one worker's memory.
type stager struct {
	a      *apply
	buf    []byte
	from   *Replica // whose directories are kept open
	source *folders
}

func newStager(a *apply) *stager { return &stager{a: a, buf: make([]byte, file.BlockSize)} }

func (s *stager) close() {
	if s.source != nil {
		s.source.forget()
	}
}

func (s *stager) unit(u *unit) {
	f, err := s.a.run.sub(u.rel)
	if err == nil {
		defer f.close()
	}
	for _, j := range u.jobs {
		if err == nil {
			err = s.a.ctx.Err()
		}
		if full := s.a.full.Load(); full != nil && err == nil {
			err = *full
		}
		if err != nil {
			s.a.failed(j, err)
			continue
		}
		if err := s.job(f, base(j.staged), j); err != nil {
			s.a.failed(j, err)
		}
	}
}

// job stages one file or link.
func (s *stager) job(f *folder, name string, j *job) error {
	if j.want.kind == link {
		if err := f.symlink(j.want.target, name); err != nil {
			return err
		}
		var err error
		j.st, err = f.stat(name)
		return err
	}
	src := j.w.Record.Body
	if src == nil {
		src = tandem.Bytes(nil)
	}
	size := src.Size()
	if s.a.r.maxSize > 0 && size > s.a.r.maxSize {
		return tandem.Errorf(tandem.TooLarge, "it has %d bytes, max-size is %d", size, s.a.r.maxSize)
	}
	var err error
	switch b := src.(type) {
	case *body:
		switch {
		case size <= int64(len(s.buf)):
			err = s.small(f, name, j, b)
		case size < largeFile:
			err = s.large(f, name, j, b)
		default:
			if j.w.Op == tandem.Update {
				if done, err := s.tryPatch(f, name, j, b); done || err != nil {
					return err
				}
			}
			err = s.large(f, name, j, b)
		}
	case tandem.Bytes:
		err = s.whole(f, name, j, b)
	default:
		err = s.stream(f, name, j, src)
	}
	if err == nil {
		err = j.checkSum()
	}
	return err
}

// checkSum makes sure that what was written is what the decision to write was about.
func (j *job) checkSum() error {
	if want := j.w.Record.Digest; !want.IsZero() && want != j.sum {
		return &sourceError{&tandem.Error{Kind: tandem.Changed, Op: "read", Thing: show(string(j.w.Record.ID)),
			Err: errors.New("it is not the content that was decided about")}}
	}
	return nil
}

func (j *job) progress(n int64) {
	if j.w.Progress != nil {
		j.w.Progress(n)
	}
}

// whole writes content that is in memory.
func (s *stager) whole(f *folder, name string, j *job, data []byte) error {
	j.sum = file.Sum(data)
	if err := j.checkSum(); err != nil {
		return err
	}
	st, err := f.createWhole(name, data, &j.want, s.a.r.umask)
	if err != nil {
		return err
	}
	j.st = st
	j.progress(int64(len(data)))
	s.a.wrote(int64(len(data)))
	return nil
}

// small copies a file of another tree in as few calls as can be: most files are small.
func (s *stager) small(f *folder, name string, j *job, b *body) error {
	if err := b.r.enter(); err != nil {
		return &sourceError{err}
	}
	defer b.r.use.RUnlock()
	if s.from != b.r {
		s.close()
		s.from, s.source = b.r, newFolders(b.r.root)
	}
	dir, err := s.source.at(parent(b.id))
	if err != nil {
		return &sourceError{classify("open", tandem.ID(b.id), err)}
	}
	n, st, more, err := dir.readWhole(base(b.id), s.buf)
	if err != nil {
		return &sourceError{classify("read", tandem.ID(b.id), err)}
	}
	if more || int64(n) != st.size || !st.same(&b.st) {
		return &sourceError{b.changed()}
	}
	return s.whole(f, name, j, s.buf[:n])
}

// stream writes content of which nothing is known but how to read it.
func (s *stager) stream(f *folder, name string, j *job, src tandem.Body) (err error) {
	in, err := src.Open()
	if err != nil {
		return &sourceError{err}
	}
	defer in.Close()
	out, err := f.create(name, j.want.perm(0o666))
	if err != nil {
		return err
	}
	defer func() { err = s.finish(f, out, name, j, err) }()
	sum := file.NewHash()
	for {
		if err := s.a.ctx.Err(); err != nil {
			return err
		}
		n, rerr := io.ReadFull(in, s.buf)
		if rerr != nil && rerr != io.EOF && rerr != io.ErrUnexpectedEOF {
			return &sourceError{rerr}
		}
		_, _ = sum.Write(s.buf[:n])
		if _, err := out.Write(s.buf[:n]); err != nil {
			return err
		}
		j.progress(int64(n))
		if limit := s.a.r.maxSize; limit > 0 && sum.Size() > limit {
			return tandem.Errorf(tandem.TooLarge, "it has more than max-size, %d bytes", limit)
		}
		if rerr != nil {
			break
		}
	}
	j.sum = sum.Digest()
	return nil
}

// finish gives a staged file its attributes and closes it, or removes it after a failure.
func (s *stager) finish(f *folder, out *os.File, name string, j *job, err error) error {
	if err == nil {
		err = f.settle(out, name, &j.want, s.a.r.umask)
	}
	if err == nil {
		j.st, err = statFile(out)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = f.unlink(name)
	}
	return err
}

// Writing back begins every writeStep bytes; at most writeWindow bytes are waiting for the disk.
const (
	writeStep   = 16 << 20
	writeWindow = 128 << 20
)

// large copies a file of another tree block by block on several processors, hashing as it goes. Holes stay holes.
func (s *stager) large(f *folder, name string, j *job, b *body) (err error) {
	in, err := b.file()
	if err != nil {
		return &sourceError{err}
	}
	defer in.Close()
	out, err := f.create(name, j.want.perm(0o666))
	if err != nil {
		return err
	}
	defer func() { err = s.finish(f, out, name, j, err) }()
	size := b.st.size
	sums := make([]tandem.Digest, file.Blocks(size))
	cloned := clone(out, in) == nil
	sparse := b.st.room >= 0 && b.st.room < size-file.BlockSize
	switch {
	case cloned:
	case sparse:
		err = out.Truncate(size)
	default:
		err = preallocate(out, size)
	}
	if err != nil {
		return err
	}
	var done atomic.Int64
	err = file.EachBlock(s.a.ctx, size, runtime.GOMAXPROCS(0), func(i int64, buf []byte) error {
		off := i * file.BlockSize
		if err := file.ReadFullAt(in, buf, off); err != nil {
			return &sourceError{readError(b, err)}
		}
		if b.digest.IsZero() {
			sums[i] = file.Sum(buf)
		}
		if !cloned && !(sparse && allZero(buf)) {
			if _, err := out.WriteAt(buf, off); err != nil {
				return err
			}
			if n := done.Add(int64(len(buf))); n%writeStep < int64(len(buf)) {
				startWriting(out, max(off-writeStep, 0), 2*writeStep, writeWindow)
			}
		}
		j.progress(int64(len(buf)))
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.unchanged(in); err != nil {
		return &sourceError{err}
	}
	if j.sum = b.digest; j.sum.IsZero() {
		j.sum = file.Combine(sums, size)
	}
	return nil
}

func readError(b *body, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return b.changed()
	}
	return classify("read", tandem.ID(b.id), err)
}

func allZero(buf []byte) bool {
	var zero [4096]byte
	for len(buf) > len(zero) {
		if !bytes.Equal(buf[:len(zero)], zero[:]) {
			return false
		}
		buf = buf[len(zero):]
	}
	return bytes.Equal(buf, zero[:len(buf)])
}

// flushStep is after how many bytes of small files the disk is set to work while more are staged.
const flushStep = 16 << 20

// wrote lets the disk begin early, so that less is left to wait for at the end.
func (a *apply) wrote(n int64) {
	if !canSyncAll || a.staged.Add(n) < flushStep || !a.flushing.CompareAndSwap(false, true) {
		return
	}
	a.staged.Store(0)
	again, err := a.run.again()
	if err != nil {
		return
	}
	go func() {
		_ = again.syncAll() // an error shows again at the sync that counts
		again.close()
		a.flushing.Store(false)
	}()
}

// place decides where a job is staged: in its directory if that is staged too, else in a place of its own. If the
// directory could not be made, it may be there all the same when the job is installed.
func (j *job) place() {
	switch {
	case j.up != nil && !j.up.over:
		j.staged = join(j.up.staged, base(string(j.w.ID)))
	default:
		j.up = nil
		j.staged = strconv.Itoa(j.n)
	}
}
