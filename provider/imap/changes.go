package imap

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// Changes implements provider.Replica. What the server lists is passed on as it comes: nothing but the set of UIDs is held, so that memory does not follow the size of the
// mailbox.
func (r *replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		ctx, done, err := r.begin(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		defer done()
		if still, ok := r.still(since); ok {
			listing = still
			return
		}
		err = r.with(ctx, true, func(b *box) bool { return since == "" && b.count >= manyListed }, func(l *link, b *box) error {
			li := &lister{r: r, l: l, b: b, yield: yield}
			out, err := li.list(ctx, since)
			if err == nil {
				listing = out
			}
			return err
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(tandem.Change{}, err)
		}
	}
	return seq, func() tandem.Listing { return listing }
}

// errStopped says that the listing's caller has seen enough.
var errStopped = errors.New("listing stopped")

// lister makes one listing.
type lister struct {
	r     *replica
	l     *link
	b     *box
	yield func(tandem.Change, error) bool

	texts  packed // ids and attributes
	states interned
	seen   uids // told of in this listing, or marked as deleted
	known  uids // what is there
	window int64
	added  int64 // messages of b that are newer than the cursor
	from   imap.UID
}

const day = 24 * 60 * 60

func (x *lister) list(ctx context.Context, since tandem.Cursor) (tandem.Listing, error) {
	x.window = x.r.window.first(x.r.now())
	c, ok := parseCursor(since)
	switch {
	case ok && x.same(c):
		x.known = c.known
		x.settled()
		return tandem.Listing{Complete: true, Next: since}, nil
	case ok && x.follows(c):
		if err := x.changed(ctx, c); err != nil {
			return tandem.Listing{}, err
		}
		x.settled()
		return tandem.Listing{Complete: true, Next: x.cursor()}, nil
	}
	if err := x.everything(ctx); err != nil {
		return tandem.Listing{}, err
	}
	x.settled()
	return tandem.Listing{Complete: true, Full: true, Next: x.cursor()}, nil
}

// same tells whether the mailbox is as it was for a cursor.
func (x *lister) same(c *cursor) bool {
	return x.follows(c) && c.modseq == x.b.modseq && c.next == x.b.next && c.count == x.b.count
}

// maxNew is how many numbers may have been given out since a cursor; where there were more, everything is listed.
const maxNew = 1 << 20

// follows tells whether the mailbox is one that came from what the cursor tells. A server that was put back to an earlier state counts lower.
func (x *lister) follows(c *cursor) bool {
	return c.validity == x.b.validity && c.modseq != 0 && x.b.modseq >= c.modseq && x.b.next >= c.next && x.b.next-c.next < maxNew && c.window == x.window
}

func (x *lister) cursor() tandem.Cursor {
	c := &cursor{validity: x.b.validity, modseq: x.b.modseq, next: x.b.next, count: x.b.count, window: x.window, known: x.known}
	return tandem.Cursor(c.String())
}

// settled notes that the session knows of all messages so far.
func (x *lister) settled() {
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	x.r.listed = max(x.r.listed, x.b.next)
}

// everything lists the whole mailbox.
func (x *lister) everything(ctx context.Context) error {
	if x.b.count == 0 {
		return nil
	}
	all := imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}
	if err := x.fetch(ctx, all, 0); err != nil {
		return err
	}
	if x.seen.size() >= int64(x.b.count) {
		return nil
	}
	// Some were removed meanwhile, or the server left some out: only it can tell.
	there, err := x.l.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{all}})
	if err != nil {
		return err
	}
	return x.rest(ctx, there.minus(x.seen))
}

// changed lists what changed since a cursor. Of the messages that came since, the session may know some, for it made them: those that are gone again are told of, too.
func (x *lister) changed(ctx context.Context, c *cursor) error {
	x.known, x.from = append(uids{}, c.known...), c.next
	before := append(uids{}, c.known...)
	if x.b.next > c.next {
		before.addSpan(span{c.next, x.b.next - 1})
	}
	if err := x.fetch(ctx, imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}, c.modseq); err != nil {
		return err
	}
	if int64(c.count)+x.added == int64(x.b.count) && int64(x.b.next-c.next) == x.added {
		return nil // nothing was removed, for what is new is all that the mailbox has more
	}
	there, err := x.l.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: 1, Stop: 0}}}, NotFlag: []imap.Flag{imap.FlagDeleted}})
	if err != nil {
		return err
	}
	for u := range before.minus(there).each() {
		if !x.seen.has(u) && !x.tell(tandem.Change{ID: idOf(u), Presence: tandem.Absent}) {
			return errStopped
		}
	}
	fresh := there.minus(x.known).minus(x.seen)
	x.known = x.known.minus(x.known.minus(there))
	return x.rest(ctx, fresh)
}

// rest asks again for what must be there and was not listed. What the server then still does not list is there and cannot be read.
func (x *lister) rest(ctx context.Context, left uids) error {
	if len(left) == 0 {
		return nil
	}
	if err := x.fetch(ctx, left.set(), 0); err != nil {
		return err
	}
	if left = left.minus(x.seen); len(left) == 0 {
		return nil
	}
	there, err := x.l.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{left.set()}})
	if err != nil {
		return err
	}
	for u := range left.minus(left.minus(there)).each() {
		x.known.add(u)
		why := &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: fmt.Sprintf("message %d of %s", u, x.r.name), Err: errors.New("the server has it and does not tell of it")}
		if !x.tell(tandem.Change{ID: idOf(u), Presence: tandem.Problem, Err: why}) {
			return errStopped
		}
	}
	return nil
}

// fetch lists messages, of which only those count that changed since a number, if there is one.
func (x *lister) fetch(ctx context.Context, set imap.UIDSet, since uint64) error {
	opt := plain()
	opt.ChangedSince = since
	var torn uids
	stopped := false
	err := x.l.do(ctx, func() error {
		cmd := x.l.Client.Fetch(set, opt)
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &message{}
			for item := data.Next(); item != nil; item = data.Next() {
				m.take(item)
			}
			if m.uid != 0 && !m.whole() {
				torn.add(m.uid)
			} else if m.uid != 0 && !x.present(m) {
				stopped = true
				x.l.wire.fail(errStopped) // the rest of the answer is of no use
				break
			}
		}
		return cmd.Close()
	})
	if stopped {
		return errStopped
	}
	if err != nil || len(torn) == 0 {
		return err
	}
	again, err := x.l.states(ctx, torn, false)
	if err != nil {
		return err
	}
	for _, m := range again {
		if !x.present(m) {
			return errStopped
		}
	}
	return nil
}

// present tells of one message. false: the caller has seen enough.
func (x *lister) present(m *message) bool {
	if x.seen.has(m.uid) {
		return true
	}
	x.seen.add(m.uid)
	if m.uid >= x.from && m.uid < x.b.next {
		x.added++
	}
	was := x.known.has(m.uid)
	if m.deleted() {
		if was { // a mailbox may hold any number that are marked and were never known
			x.known = x.known.minus(uids{{m.uid, m.uid}})
		}
		if was || x.from != 0 && m.uid >= x.from {
			return x.tell(tandem.Change{ID: idOf(m.uid), Presence: tandem.Absent})
		}
		return true
	}
	if !was {
		x.known.add(m.uid)
	}
	c := tandem.Change{ID: tandem.ID(x.texts.keep(string(idOf(m.uid)))), Presence: tandem.Present, Meta: m.meta()}
	c.Attrs, c.Version = tandem.Attrs(x.texts.keep(string(c.Attrs))), tandem.Version(x.states.keep(string(c.Version)))
	if x.window != 0 && m.date/day < x.window && !x.r.window.beside(m.date/day) {
		c.Presence, c.Meta, c.Err = tandem.OutOfScope, tandem.Meta{}, errOld
	}
	return x.tell(c)
}

// tell hands a change on. Whoever takes it may take its time.
func (x *lister) tell(c tandem.Change) bool {
	defer x.l.wire.pause()()
	return x.yield(c, nil)
}
