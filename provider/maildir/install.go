package maildir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

// staged is a new message in tmp, complete.
type staged struct {
	path    string
	size    int64
	virtual int64 // with CRLF at the ends of lines
}

// stageAll writes the bodies that writes bring to tmp, and makes them durable. When the disk is full, what was written until then can still be installed.
func (a *applier) stageAll(ctx context.Context) error {
	var list []*staged
	var full error
	for _, j := range a.jobs {
		if err := a.enter(ctx); err != nil {
			return err
		}
		switch j.w.Op {
		case tandem.Delete, tandem.SetAttrs:
			continue
		case tandem.Create:
			j.id = idFor(j.w)
		case tandem.Update:
		default:
			j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "cannot %s here", j.w.Op))
			continue
		}
		if full != nil {
			continue
		}
		s, err := a.stageOne(ctx, j)
		if err != nil {
			full = j.refuse(a.Replica, err)
			continue
		}
		if s != nil {
			j.staged, list = s, append(list, s)
		}
	}
	if err := a.syncAll(list); err != nil {
		if isFull(err) { // delayed allocation: nobody knows which of them have their bytes
			for _, j := range a.jobs {
				if j.staged != nil {
					_ = j.refuse(a.Replica, err)
				}
			}
		}
		return a.dirTrouble(err)
	}
	return full
}

// stageOne writes one body to tmp. It settles a job whose body cannot be read.
func (a *applier) stageOne(ctx context.Context, j *job) (*staged, error) {
	rec := &j.w.Record
	if rec.Body == nil {
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "it has no body"))
		return nil, nil
	}
	in, err := rec.Body.Open()
	if err != nil {
		j.fail(tandem.RetryAfter, fmt.Errorf("read the body: %w", err))
		return nil, nil
	}
	defer in.Close()
	s := &staged{path: filepath.Join(a.dir(tmpDir), fmt.Sprintf("%d.T%s.%s", time.Now().Unix(), token()[:24], hostName()))}
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, a.filePerm())
	if err != nil {
		return nil, err
	}
	from := &source{ctx: ctx, in: in, staged: s, progress: j.w.Progress}
	_, err = io.Copy(struct{ io.Writer }{f}, from)
	if err == nil {
		err = f.Chmod(a.filePerm())
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(s.path)
		if from.err != nil {
			j.fail(tandem.RetryAfter, fmt.Errorf("read the body: %w", from.err))
			return nil, nil
		}
		return nil, err
	}
	a.giveToOwner(s.path)
	a.date(s.path, flagsOf(rec.Attrs).Received)
	return s, nil
}

// date gives a file the time at which its message was received. What file systems cannot say is left as it is.
func (r *Replica) date(path string, received int64) {
	if received > 0 {
		_ = os.Chtimes(path, time.Now(), time.Unix(received, 0))
	}
}

// source reads a body and counts what goes by.
type source struct {
	ctx      context.Context
	in       io.Reader
	staged   *staged
	progress func(int64)
	cr       bool  // the last byte was a carriage return
	err      error // why reading failed
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.in.Read(p)
	data := p[:n]
	s.staged.size += int64(n)
	s.staged.virtual += int64(n)
	for rest := data; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		at := n - len(rest) + i
		if at == 0 && !s.cr || at > 0 && data[at-1] != '\r' {
			s.staged.virtual++
		}
		rest = rest[i+1:]
	}
	if n > 0 {
		s.cr = data[n-1] == '\r'
		if s.progress != nil {
			s.progress(int64(n))
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// install does one write. What is staged is durable.
func (a *applier) install(ctx context.Context, j *job) error {
	if j.w.Op == tandem.Create {
		return a.create(ctx, j)
	}
	e, err := a.expect(ctx, j)
	if err != nil {
		return err
	}
	switch j.w.Op {
	case tandem.Update:
		return a.update(ctx, j, e)
	case tandem.SetAttrs:
		return a.setAttrs(ctx, j, e)
	}
	return a.remove(j, e)
}

// expect finds a message and checks that it is at the version the write was decided on.
func (a *applier) expect(ctx context.Context, j *job) (*entry, error) {
	e, err := a.find(ctx, j.id)
	if err != nil {
		return nil, err
	}
	if e.err != nil || !e.at(j.w.If) {
		return nil, meanwhile()
	}
	return e, nil
}

// create delivers a message: to new where nobody has done anything with it, else to cur with its flags.
func (a *applier) create(ctx context.Context, j *job) error {
	switch _, err := a.find(ctx, j.id); {
	case err == nil:
		return fs.ErrExist
	case !tandem.IsKind(err, tandem.NotFound):
		return err
	}
	n := name{unique: string(j.id)}.sized(j.staged.size, j.staged.virtual)
	e := a.named(&entry{id: j.id, sub: "new"}, n.withFlags(flagsOf(j.w.Record.Attrs), a.words))
	if err := atomicfile.RenameNew(j.staged.path, a.join(e)); err != nil {
		return err
	}
	a.moved(j.id, e)
	j.made = e
	return nil
}

// named is a message with another name. One with flags is in cur, where alone names may have them; one in cur stays there.
func (a *applier) named(e *entry, n name) *entry {
	out := *e
	if n.info != "" || e.sub == "cur" {
		out.sub = "cur"
		if n.sep == 0 {
			n.sep = a.sep
		}
	}
	out.parsed, out.file = n, n.String()
	return &out
}

// setAttrs renames a message to its new flags.
func (a *applier) setAttrs(ctx context.Context, j *job, e *entry) error {
	f := flagsOf(j.w.Record.Attrs)
	to := a.named(e, e.parsed.withFlags(f, a.words))
	if err := a.rename(e, to); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // somebody was faster
			return meanwhile()
		}
		return err
	}
	if j.made = to; f.Received != e.received() {
		a.date(a.join(to), f.Received)
	}
	return nil
}

func (a *applier) rename(e, to *entry) error {
	if a.join(e) == a.join(to) {
		return nil
	}
	if err := atomicfile.RenameNew(a.join(e), a.join(to)); err != nil {
		return err
	}
	a.moved(e.id, to)
	return nil
}

// update puts another message in the place of one. To programs that know messages by their names it is another one, since it gets another name.
func (a *applier) update(ctx context.Context, j *job, e *entry) error {
	err := atomicfile.Exchange(j.staged.path, a.join(e))
	switch {
	case err == nil: // the old one is in tmp now
		if info, serr := os.Lstat(j.staged.path); serr != nil || a.printFor(info) != e.print {
			if back := atomicfile.Exchange(j.staged.path, a.join(e)); back != nil {
				return fmt.Errorf("%w; putting back %s failed: %w", meanwhile(), j.staged.path, back)
			}
			return meanwhile()
		}
	case errors.Is(err, errors.ErrUnsupported):
		if err := os.Rename(j.staged.path, a.join(e)); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist):
		return meanwhile()
	default:
		return err
	}
	now := e
	for try := range chases {
		n := now.parsed.sized(j.staged.size, j.staged.virtual)
		if n.base() == e.parsed.base() {
			n = n.with('E', token()[:8])
		}
		ours := n.withFlags(flagsOf(j.w.Record.Attrs), a.words)
		if try == 0 { // flags that somebody has set since are theirs
			n = ours
		}
		to := a.named(now, n)
		made := *to
		made.parsed.info = ours.info
		j.made = &made
		if err = a.rename(now, to); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if now, err = a.find(ctx, e.id); err != nil {
			break
		}
	}
	return err
}

// remove takes a message away: aside first, so that what is removed is what was looked at.
func (a *applier) remove(j *job, e *entry) error {
	aside := filepath.Join(a.dir(tmpDir), fmt.Sprintf("%d.R%s.%s", time.Now().Unix(), token()[:24], hostName()))
	if err := atomicfile.RenameNew(a.join(e), aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return meanwhile()
		}
		return err
	}
	info, err := os.Lstat(aside)
	if err == nil && a.printFor(info) == e.print {
		err = os.Remove(aside)
	} else if err == nil {
		err = meanwhile()
	}
	if err != nil {
		if back := atomicfile.RenameNew(aside, a.join(e)); back != nil {
			return fmt.Errorf("%w; putting back %s failed: %w", err, aside, back)
		}
		return err
	}
	a.moved(j.id, nil)
	return nil
}
