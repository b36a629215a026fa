package sms

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

// spare is the file as it was before messages were appended to it last. The next ones are appended to it, after those that it lacks, and then it takes the place of the file, which is the
// spare from then on. So each message is written twice and the file is never seen half written, however large it is and however many times messages come.
type spare struct {
	staged *atomicfile.Staged
	print  string
	tail   int64 // where what it lacks goes
}

// drop forgets the spare.
func (r *Replica) drop() {
	if r.spare != nil {
		r.spare.staged.Discard()
		r.spare = nil
	}
}

// known is what is in the file, for whoever writes to it. It is read anew unless this replica wrote it: otherwise whether it is what it was cannot be told from its times alone.
func (r *Replica) known(ctx context.Context) (*index, error) {
	r.mu.Lock()
	x := r.have
	r.mu.Unlock()
	if x != nil && x.ours {
		if now, err := fingerprintOf(r.path); err == nil && now == x.print {
			return x, nil
		}
	}
	return r.refresh(ctx)
}

// aged is how far the time of a file that was written here lies back. Whoever writes to it afterwards, however soon, gives it another.
const aged = 4 * time.Second

// install puts the file as it is to be in place of the old one, if that is still what was read.
func (j *job) install(ctx context.Context) error {
	if len(j.byID) == 0 {
		return nil
	}
	old, err := os.Open(j.r.path)
	if err != nil {
		return err
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return err
	}
	grows, err := j.grows(old)
	if err != nil {
		return err
	}
	var staged *atomicfile.Staged
	if sp := j.r.spare; grows != nil && sp != nil {
		staged, err = sp.staged, j.catchUp(ctx, old, info, grows)
		j.r.spare = nil
	} else {
		j.r.drop()
		staged, err = j.rewrite(ctx, old, info)
	}
	if staged != nil {
		defer staged.Discard()
	}
	if err != nil {
		return err
	}
	when := time.Now().Add(-aged)
	if err := errors.Join(os.Chtimes(staged.Temp(), when, when), staged.Sync()); err != nil {
		return err
	}
	print, err := fingerprintOf(staged.Temp())
	if err != nil {
		return err
	}
	old.Close()
	displaced, err := staged.Swap(func(displaced string) error {
		now, err := fingerprintOf(displaced)
		if err == nil && now != j.x.print {
			err = &tandem.Error{Kind: tandem.Changed, Op: "write backup", Thing: j.r.path, Err: errors.New("it was written to meanwhile")}
		}
		return err
	})
	if err != nil {
		return err
	}
	j.settle(displaced, print, grows != nil)
	return atomicfile.SyncDir(filepath.Dir(j.r.path))
}

// grows is the root's start tag as it will be, if the file changes in nothing but that messages are appended and counted: nil otherwise.
func (j *job) grows(old io.ReaderAt) ([]byte, error) {
	if len(j.edits) > 0 || j.x.tail < 0 || j.x.closed {
		return nil, nil
	}
	size := j.x.root.to - j.x.root.from
	head, err := j.root(io.NewSectionReader(old, j.x.root.from, size), j.x.root)
	if err != nil || int64(len(head)) != size {
		return nil, err
	}
	return head, nil
}

// leftOver is how old a file beside the backup must be to be what a process left that died.
const leftOver = 24 * time.Hour

// rewrite stages the whole file anew.
func (j *job) rewrite(ctx context.Context, old *os.File, info os.FileInfo) (*atomicfile.Staged, error) {
	_ = atomicfile.Sweep(filepath.Dir(j.r.path), leftOver) // what cannot be swept does no harm
	staged, err := atomicfile.Stage(j.r.path, nil, info.Mode().Perm())
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(staged.Temp(), os.O_WRONLY, 0)
	if err != nil {
		return staged, err
	}
	w := bufio.NewWriterSize(f, 256<<10)
	return staged, errors.Join(j.copy(ctx, w, old), w.Flush(), f.Close())
}

// catchUp makes the spare the file as it is to be: what it lacks is in the file.
func (j *job) catchUp(ctx context.Context, old *os.File, info os.FileInfo, head []byte) error {
	sp := j.r.spare
	if now, err := fingerprintOf(sp.staged.Temp()); err != nil || now != sp.print {
		return errors.Join(err, &tandem.Error{Kind: tandem.Changed, Op: "write backup", Thing: sp.staged.Temp(), Err: errors.New("it was written to meanwhile")})
	}
	f, err := os.OpenFile(sp.staged.Temp(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.Seek(sp.tail, io.SeekStart)
	if err == nil {
		err = f.Truncate(sp.tail)
	}
	if err == nil {
		w := bufio.NewWriterSize(f, 256<<10)
		part := func(from, to int64) error {
			_, err := io.Copy(w, cancelled{ctx, io.NewSectionReader(old, from, to-from)})
			return err
		}
		if err = part(sp.tail, j.x.tail); err == nil {
			err = j.added(w)
		}
		if err == nil {
			err = errors.Join(part(j.x.tail, info.Size()), w.Flush())
		}
	}
	if err == nil {
		_, err = f.WriteAt(head, j.x.root.from)
	}
	return errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close())
}

// added writes the new messages, each on a line.
func (j *job) added(w io.Writer) error {
	for _, e := range j.fresh {
		if e.gone {
			continue
		}
		if _, err := io.WriteString(w, "  "); err != nil {
			return err
		}
		if err := e.copy(w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	return nil
}

// settle notes what is in the file now. Where messages were only appended that is known; otherwise it is read when it is needed.
func (j *job) settle(displaced *atomicfile.Staged, print string, grown bool) {
	x := j.x
	if !grown || displaced == nil {
		if displaced != nil {
			displaced.Discard()
		}
		j.r.mu.Lock()
		j.r.have = nil
		j.r.mu.Unlock()
		return
	}
	j.r.spare = &spare{staged: displaced, print: x.print, tail: x.tail}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range j.fresh {
		if e.gone {
			continue
		}
		e.entry.at = span{x.tail + 2, x.tail + 2 + e.size}
		x.tail = e.entry.at.to + 1
		x.byID[e.entry.id] = len(x.entries)
		if e.entry.mark != "" {
			x.byMark[e.entry.mark] = append(x.byMark[e.entry.mark], len(x.entries))
		}
		x.entries = append(x.entries, e.entry)
	}
	x.print, x.ours = print, true
}
