package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strconv"
	"sync"

	"tandem"
	"tandem/provider"
)

// Changes implements provider.Replica. It always lists everything, in no particular order.
func (r *Replica) Changes(ctx context.Context, _ tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		if err := r.enter(); err != nil {
			yield(tandem.Change{}, err)
			return
		}
		defer r.use.RUnlock()
		err := firstErr(ctx.Err(), r.checkRoot())
		var w *walk
		if err == nil {
			w, err = r.startWalk(ctx)
		}
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		for chunk := range w.out {
			for i := range chunk {
				if !yield(chunk[i], nil) {
					w.stop(nil)
					w.wait()
					return
				}
			}
			w.recycle(chunk)
		}
		err = w.wait()
		if err == nil {
			err = firstErr(ctx.Err(), r.checkRoot())
		}
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		listing = tandem.Listing{Complete: true, Full: true}
	}
	return seq, func() tandem.Listing { return listing }
}

// walk lists a tree with several workers, which take directories from one stack. A directory's own line comes after
// its entries are read, since it is a Problem if they cannot be.
type walk struct {
	r     *Replica
	rules rules
	at    int64  // when it began, for racy times
	salt  string // ends the racy versions of this listing
	out   chan []tandem.Change
	done  chan struct{} // closed by stop
	spare chan []tandem.Change
	group sync.WaitGroup

	mu    sync.Mutex // guards what follows
	more  *sync.Cond // work appeared, or all is done
	todo  []folderTask
	busy  int
	ended bool
	err   error
}

// folderTask is a directory to list. self is its own line, nil for the root.
type folderTask struct {
	id   string
	self *tandem.Change
}

// chunkSize is how many lines travel between goroutines at a time.
const chunkSize = 256

func (r *Replica) startWalk(ctx context.Context) (*walk, error) {
	rules, err := r.currentRules()
	if err != nil {
		return nil, err
	}
	at := now()
	w := &walk{
		r: r, rules: rules, at: at, salt: racyMark + strconv.FormatInt(at, 36), todo: []folderTask{{}},
		out: make(chan []tandem.Change, 2*r.workers), done: make(chan struct{}), spare: make(chan []tandem.Change, 4*r.workers),
	}
	w.more = sync.NewCond(&w.mu)
	for range r.workers {
		w.group.Go(w.work)
	}
	unhook := context.AfterFunc(ctx, func() { w.stop(ctx.Err()) })
	go func() {
		w.group.Wait()
		unhook()
		close(w.out)
	}()
	return w, nil
}

// stop ends the walk early.
func (w *walk) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended, w.err = true, err
		close(w.done)
		w.more.Broadcast()
	}
}

// wait waits for the workers and tells why the walk ended early, if it did.
func (w *walk) wait() error {
	for range w.out {
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *walk) recycle(chunk []tandem.Change) {
	clear(chunk)
	select {
	case w.spare <- chunk[:0]:
	default:
	}
}

// next takes a directory; false when none is left and none can come.
func (w *walk) next() (folderTask, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.todo) == 0 && w.busy > 0 && !w.ended {
		w.more.Wait()
	}
	if w.ended || len(w.todo) == 0 {
		return folderTask{}, false
	}
	t := w.todo[len(w.todo)-1]
	w.todo = w.todo[:len(w.todo)-1]
	w.busy++
	return t, true
}

// finished returns the directories found below one that was taken.
func (w *walk) finished(found []folderTask) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.todo = append(w.todo, found...)
	if len(found) > 0 || w.busy == 0 {
		w.more.Broadcast()
	}
}

func (w *walk) work() {
	l := &lines{walk: w, lister: newLister()}
	for {
		t, ok := w.next()
		if !ok {
			break
		}
		err := l.folder(t)
		w.finished(l.found)
		if err != nil {
			w.stop(err)
			return
		}
	}
	if err := l.flush(); err != nil {
		w.stop(err)
	}
}

// lines makes the lines of one worker.
type lines struct {
	*walk
	lister *lister
	chunk  []tandem.Change
	found  []folderTask
	text   []byte
}

var errStopped = errors.New("stopped")

func (l *lines) flush() error {
	if len(l.chunk) == 0 {
		return nil
	}
	select {
	case l.out <- l.chunk:
		l.chunk = nil
		return nil
	case <-l.done:
		return errStopped
	}
}

func (l *lines) add(c tandem.Change) error {
	if l.chunk == nil {
		select {
		case l.chunk = <-l.spare:
		default:
			l.chunk = make([]tandem.Change, 0, chunkSize)
		}
	}
	if l.chunk = append(l.chunk, c); len(l.chunk) < chunkSize {
		return nil
	}
	return l.flush()
}

// folder lists one directory. The error ends the walk; trouble with the directory is a line.
func (l *lines) folder(t folderTask) error {
	l.found = l.found[:0]
	f, err := l.r.root.sub(t.id)
	if err == nil {
		err = f.list(l.lister, func(name []byte, st *stat, err error) error { return l.entry(f, t.id, name, st, err) })
		f.close()
	}
	var stop *stopError
	switch {
	case errors.As(err, &stop):
		return stop.err
	case t.self == nil && err != nil:
		return l.r.missing(err)
	case t.self == nil:
		return nil
	case err == nil:
		return l.add(*t.self)
	case errors.Is(err, fs.ErrNotExist) || isNotFolder(err):
		// It went, or became something else, since its parent was listed: nothing can be concluded this time.
		return l.add(tandem.Change{ID: t.self.ID})
	}
	return l.add(tandem.Change{ID: t.self.ID, Presence: tandem.Problem, Err: classify("read folder", t.self.ID, err)})
}

// stopError tells an end of the walk from trouble with a directory.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }

func (l *lines) entry(f *folder, dirID string, name []byte, st *stat, err error) error {
	if string(name) == metaName {
		if dirID == "" {
			return nil
		}
		return l.leaveOut(join(dirID, metaName), nil, "", "it belongs to another tree that Tandem syncs")
	}
	if isOurs(string(name)) {
		return nil
	}
	l.text = l.text[:0]
	if dirID != "" {
		l.text = append(append(l.text, dirID...), '/')
	}
	l.text = append(l.text, name...)
	id := len(l.text)
	if err != nil {
		return l.trouble(string(l.text), err)
	}
	if len(l.rules) > 0 {
		if by, yes := l.rules.ignores(string(l.text), st.kind == dir); yes {
			return l.leaveOut(string(l.text), st, "ignore", "the pattern "+by+" leaves it out")
		}
	}
	target := ""
	switch {
	case st.kind == special:
		return l.leaveOut(string(l.text), st, "", "it is a socket, pipe or device")
	case st.kind == regular && l.r.maxSize > 0 && st.size > l.r.maxSize:
		return l.leaveOut(string(l.text), st, "max-size", "it is larger than max-size")
	case st.kind == link:
		if target, err = f.readlink(string(name)); err != nil {
			return l.trouble(string(l.text), err)
		}
	}
	// All texts of a line are parts of one string: one allocation instead of four.
	l.text = st.appendVersion(l.text, target)
	if l.r.racy(st, l.at) {
		l.text = append(l.text, l.salt...)
	}
	version := len(l.text)
	l.text = st.appendAttrs(l.text, target)
	attrs := len(l.text)
	l.text = st.appendNode(l.text, l.r.rootStat.dev)
	s := string(l.text)
	c := tandem.Change{ID: tandem.ID(s[:id]), Presence: tandem.Present, Meta: tandem.Meta{
		Version: tandem.Version(s[id:version]), Attrs: tandem.Attrs(s[version:attrs]), Node: s[attrs:]}}
	st.complete(&c.Meta, target)
	if st.kind == dir {
		self := c
		l.found = append(l.found, folderTask{id: s[:id], self: &self})
		return nil
	}
	return l.mustAdd(c)
}

func (l *lines) mustAdd(c tandem.Change) error {
	if err := l.add(c); err != nil {
		return &stopError{err}
	}
	return nil
}

// leaveOut tells of what is out of scope, which option of the place makes it so, if one does, and by its node what it was before it was
// renamed. st may be nil.
func (l *lines) leaveOut(id string, st *stat, option, why string) error {
	c := tandem.Change{ID: tandem.ID(id), Presence: tandem.OutOfScope, Err: &provider.Outside{Option: option, Why: why}}
	if st != nil {
		c.Node = string(st.appendNode(nil, l.r.rootStat.dev))
	}
	return l.mustAdd(c)
}

// trouble reports an entry whose state is not known. One that vanished after its name was read may be on its way to
// another name, so nothing is concluded.
func (l *lines) trouble(id string, err error) error {
	c := tandem.Change{ID: tandem.ID(id), Presence: tandem.Problem, Err: classify("read", tandem.ID(id), err)}
	if errors.Is(err, fs.ErrNotExist) {
		c = tandem.Change{ID: tandem.ID(id)}
	}
	return l.mustAdd(c)
}
