package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"tandem"
	"tandem/provider"
)

// Replica is one file.
type Replica struct {
	path string
	life context.Context // done when it is closed
	end  context.CancelFunc

	writing sync.Mutex // held while the file is written to; it guards spare
	spare   *spare

	mu   sync.Mutex
	have *index // guarded by mu: what was read last
}

var _ provider.Replica = (*Replica)(nil)

// index is what is known of a file. It grows while messages are appended; whoever is not the one that appends uses its methods.
type index struct {
	mu      sync.RWMutex // guards what follows
	print   string       // of the file that was read
	entries []entry      // in the order of the file
	byID    map[tandem.ID]int
	byMark  map[string][]int // of those that were made here
	tail    int64            // where new messages go: before the root's end tag; -1: there is no root
	root    span             // the root's start tag
	closed  bool             // the root is an empty tag
	ours    bool             // the file is as this replica wrote it
}

// all are the messages that are there now.
func (x *index) all() []entry {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.entries
}

func (x *index) get(id tandem.ID) (entry, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, ok := x.byID[id]
	if !ok {
		return entry{}, false
	}
	return x.entries[i], true
}

func (x *index) state() string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.print
}

// entry is a message in the file.
type entry struct {
	id   tandem.ID
	at   span
	mark string
	meta tandem.Meta
}

// begin refuses what comes after Close, and ends what is under way with it.
func (r *Replica) begin(ctx context.Context) (context.Context, func(), error) {
	if r.life.Err() != nil {
		return ctx, nil, &tandem.Error{Kind: tandem.Gone, Op: "use backup", Thing: r.path, Err: errors.New("it is closed")}
	}
	if err := ctx.Err(); err != nil {
		return ctx, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.life, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// Close implements provider.Replica.
func (r *Replica) Close() error {
	r.end()
	r.writing.Lock() // what is under way ends with the replica's context
	defer r.writing.Unlock()
	r.drop()
	return nil
}

func (r *Replica) trouble(op string, err error) error {
	var e *tandem.Error
	switch {
	case errors.As(err, &e) && e.Thing == r.path:
		return err
	case errors.As(err, &e):
		return &tandem.Error{Kind: e.Kind, Op: op, Thing: r.path, Err: err}
	case errors.Is(err, os.ErrNotExist):
		return &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: r.path, Err: errors.New("there is no such file"),
			Remedy: "put it back; to begin a new backup, make an empty file there"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: r.path, Err: err, Remedy: "see that this user may read and write it"}
}

// check looks whether there is a file.
func (r *Replica) check() error {
	info, err := os.Stat(r.path)
	if err == nil && !info.Mode().IsRegular() {
		return &tandem.Error{Kind: tandem.Invalid, Op: "open backup", Thing: r.path, Err: errors.New("it is no file"), Remedy: "name the XML file itself"}
	}
	if err != nil {
		return r.trouble("open backup", err)
	}
	return nil
}

// Identity implements provider.Replica: a backup is where it lies, since the app writes each anew.
func (r *Replica) Identity(ctx context.Context) (tandem.Identity, error) {
	_, done, err := r.begin(ctx)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer done()
	if err := r.check(); err != nil {
		return tandem.Identity{}, err
	}
	abs, err := filepath.Abs(r.path)
	return tandem.Identity{Store: "sms:" + filepath.ToSlash(abs)}, err
}

// fingerprint tells two states of a file apart as far as the system can tell; what decides is the content.
func fingerprint(f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(info.Size(), 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10), nil
}

func fingerprintOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return fingerprint(f)
}

// cancelled ends a read when a context is done.
type cancelled struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (c cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// read goes through the file.
func (r *Replica) read(ctx context.Context, each func(*element, tandem.ID) error) (*index, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x := &index{byID: map[tandem.ID]int{}, byMark: map[string][]int{}, tail: -1}
	if x.print, err = fingerprint(f); err != nil {
		return nil, err
	}
	s := newScanner(cancelled{ctx, f}, 0)
	there, err := s.begin()
	if err != nil || !there {
		return x, err
	}
	x.root, x.closed = s.root, s.closed
	for {
		e, err := s.element()
		if err == io.EOF {
			x.tail = s.rootEnd
			break
		}
		if err != nil {
			return nil, err
		}
		id := free(x.byID, tandem.ID(e.id()))
		x.byID[id] = len(x.entries)
		mark := e.get(ownMark)
		if mark != "" {
			x.byMark[mark] = append(x.byMark[mark], len(x.entries))
		}
		x.entries = append(x.entries, entry{id: id, at: e.at, mark: mark, meta: tandem.Meta{Version: e.version(), Attrs: e.attrs()}})
		if each != nil {
			if err := each(e, id); err != nil {
				return nil, err
			}
		}
	}
	after, err := fingerprint(f)
	if err == nil && after != x.print {
		err = &tandem.Error{Kind: tandem.Changed, Op: "read backup", Thing: r.path, Err: errors.New("it was written to meanwhile")}
	}
	return x, err
}

// free is an id that nothing has: the same message may be in a file several times.
func free(taken map[tandem.ID]int, id tandem.ID) tandem.ID {
	if _, ok := taken[id]; !ok {
		return id
	}
	for n := 2; ; n++ {
		next := tandem.ID(fmt.Sprintf("%s-%d", id, n))
		if _, ok := taken[next]; !ok {
			return next
		}
	}
}

// Changes implements provider.Replica. Nothing is yielded before all was read: half a file proves nothing.
func (r *Replica) Changes(ctx context.Context, _ tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	return func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		x, err := r.refresh(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		for _, e := range x.all() {
			if !yield(tandem.Change{ID: e.id, Presence: tandem.Present, Meta: e.meta}, nil) {
				return
			}
		}
		listing = tandem.Listing{Complete: true, Full: true}
	}, func() tandem.Listing { return listing }
}

func (r *Replica) refresh(ctx context.Context) (*index, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	x, err := r.read(ctx, nil)
	if err != nil {
		return nil, r.trouble("read backup", err)
	}
	r.mu.Lock()
	r.have = x
	r.mu.Unlock()
	return x, nil
}

// opener opens spans of the file as it was when it was read.
func (r *Replica) opener(print string) func(span) (io.ReadCloser, error) {
	return func(at span) (io.ReadCloser, error) {
		f, err := os.Open(r.path)
		if err != nil {
			return nil, r.trouble("read backup", err)
		}
		if now, err := fingerprint(f); err != nil || now != print {
			f.Close()
			return nil, &tandem.Error{Kind: tandem.Changed, Op: "read backup", Thing: r.path, Err: errors.New("it was written to meanwhile")}
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, at.from, at.to-at.from), f}, nil
	}
}

// follow opens spans of a message that was read, also after the file was replaced: the other direction of a sync may be writing to it. Where the message is no
// longer what it was, it is Changed.
func (r *Replica) follow(x *index, was entry) func(span) (io.ReadCloser, error) {
	const tries = 5 // the file may be replaced again between two looks at it
	return func(at span) (in io.ReadCloser, err error) {
		seen, moved := x, int64(0)
		for range tries {
			if in, err = r.opener(seen.state())(span{at.from + moved, at.to + moved}); !tandem.IsKind(err, tandem.Changed) {
				return in, err
			}
			now, failed := r.current(r.life)
			if failed != nil {
				return nil, failed
			}
			e, ok := now.get(was.id)
			if !ok || e.meta.Version != was.meta.Version {
				return nil, err
			}
			seen, moved = now, e.at.from-was.at.from
		}
		return nil, err
	}
}

// current is what is known of the file, read now if it is not what it was.
func (r *Replica) current(ctx context.Context) (*index, error) {
	r.mu.Lock()
	x := r.have
	r.mu.Unlock()
	if x != nil {
		if now, err := fingerprintOf(r.path); err != nil {
			return nil, r.trouble("read backup", err)
		} else if now == x.state() {
			return x, nil
		}
	}
	return r.refresh(ctx)
}

// Fetch implements provider.Replica.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if len(ids) == 0 {
			return
		}
		ctx, done, err := r.begin(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer done()
		x, err := r.current(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		for _, id := range ids {
			if ctx.Err() != nil {
				yield(tandem.Record{}, ctx.Err())
				return
			}
			e, ok := x.get(id)
			if !ok {
				if !yield(tandem.Record{ID: id}, &tandem.Error{Kind: tandem.NotFound, Op: "read message", Thing: string(id)}) {
					return
				}
				continue
			}
			rec, err := r.fetch(e, r.follow(x, e))
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (r *Replica) fetch(at entry, open func(span) (io.ReadCloser, error)) (tandem.Record, error) {
	rec := tandem.Record{ID: at.id}
	e, err := readAt(at.at, open)
	if err != nil {
		return rec, r.trouble("read message", err)
	}
	if e.version() != at.meta.Version {
		return rec, &tandem.Error{Kind: tandem.Changed, Op: "read message", Thing: string(at.id)}
	}
	rec.Meta, rec.Body = at.meta, e.message(open).Body()
	return rec, nil
}

// readAt reads the element at a span.
func readAt(at span, open func(span) (io.ReadCloser, error)) (*element, error) {
	in, err := open(at)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	e, err := newScanner(in, at.from).element()
	if err == io.EOF {
		err = &tandem.Error{Kind: tandem.Changed, Op: "read backup", Err: errors.New("the message is not where it was")}
	}
	return e, err
}

// Find implements provider.Replica.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	x, err := r.refresh(ctx)
	if err != nil {
		return tandem.Outcome{}, false, err
	}
	mark := markOf(w)
	for _, at := range x.byMark[mark] {
		e := x.entries[at]
		return tandem.Outcome{Status: tandem.Applied, ID: e.id, Meta: e.meta}, true, nil
	}
	return tandem.Outcome{}, false, nil
}

// Watch implements provider.Replica: the file is looked at.
func (r *Replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	_, done, err := r.begin(ctx)
	if err == nil {
		done()
	}
	return nil, err
}
