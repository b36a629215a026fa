package imap

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// replica is a mailbox, opened for syncing.
type replica struct {
	a        *account
	place    provider.Place
	name     string // of the mailbox, as the server writes it
	delim    rune
	readOnly bool
	window   window
	limit    int64 // largest message that the server takes
	plus     bool  // UIDPLUS: the server says what it made, and removes single messages
	life     context.Context
	end      context.CancelFunc
	once     sync.Once // for Close
	spool    spool
	now      func() time.Time
	opened   atomic.Pointer[box] // what opening saw, for the first who asks
	seen     atomic.Pointer[box] // what a glance at the account showed, for the first listing

	mu       sync.Mutex // guards what follows
	validity uint32     // of what was told first; 0: nothing was told yet
	listed   imap.UID   // messages from here on are in no listing of this replica's; 0: there was none
	mine     uids       // messages that were made here
	made     map[tandem.Marker]imap.UID
	first    imap.UID                        // messages from here on came since the mailbox was opened, or counted anew
	flying   map[tandem.Digest]chan struct{} // bodies that are on their way; closed when they are not any more
}

func (s *accounts) openMailbox(ctx context.Context, secure bool, place provider.Place, env provider.Env) (*provider.Opened, error) {
	p, err := parse(secure, place, env)
	if err != nil {
		return nil, err
	}
	in, err := p.windowOf(p.path)
	if err != nil {
		return nil, err
	}
	a, err := s.use(p)
	if err != nil {
		return nil, err
	}
	r := &replica{a: a, place: place, readOnly: place.Bool("read-only"), window: in, limit: maxBody, now: s.now, made: map[tandem.Marker]imap.UID{}, flying: map[tandem.Digest]chan struct{}{}}
	r.life, r.end = context.WithCancel(context.WithoutCancel(ctx))
	features, err := r.learn(ctx, p)
	if err != nil {
		r.Close()
		return nil, err
	}
	return &provider.Opened{Replica: r, Kind: tandem.Mail, Place: place.Text, Features: features}, nil
}

// learn opens the mailbox for the first time and finds out what can be done there.
func (r *replica) learn(ctx context.Context, p *spot) (provider.Features, error) {
	var f provider.Features
	path := p.path
	if len(path) == 0 {
		path = []string{"INBOX"}
	}
	if ok, err := r.glimpse(ctx, path); ok || err != nil {
		return r.features(true), err
	}
	l, err := r.a.take(ctx, "", true)
	if err != nil {
		return f, err
	}
	defer r.a.done(l)
	n, b, err := l.first(ctx, path)
	if err != nil {
		return f, err
	}
	r.delim, r.name = n.delim, b.name
	r.validity, r.first = b.validity, b.next
	r.opened.Store(b)
	r.plus = l.caps.Has(imap.CapUIDPlus)
	r.limit = min(r.limit, l.limit())
	return r.features(b.modseq != 0), nil
}

func (r *replica) features(cursor bool) provider.Features {
	return provider.Features{ReadOnly: r.readOnly, Watch: true, Cursor: cursor, Attrs: true, Lasting: true, MaxSize: r.limit, Batch: batch, Workers: cap(r.a.turn)}
}

// limit is the size of the largest message that the server takes. RFC 7889
func (l *link) limit() int64 {
	if most, ok := l.caps.AppendLimit(); ok && most != nil {
		return int64(*most)
	}
	return maxBody
}

// begin starts an operation: its context ends with the replica's. The second result must be called when it is over.
func (r *replica) begin(ctx context.Context) (context.Context, func(), error) {
	if r.life.Err() != nil {
		return nil, nil, tandem.Errorf(tandem.Invalid, "%s is closed", r.place.Text)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.life, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// with does something on a connection with the mailbox open. fresh: it is opened anew, so that its numbers are of now. much tells whether enough goes over the line for it to be compressed; nil: no.
func (r *replica) with(ctx context.Context, fresh bool, much func(*box) bool, f func(*link, *box) error) error {
	l, b, err := r.lend(ctx, fresh)
	if err == nil && (much != nil && much(b) || r.place.Options["compress"] == "yes") {
		if err = l.squeeze(ctx); err != nil && ctx.Err() == nil { // nothing was lost with it
			r.a.done(l)
			l, b, err = r.lend(ctx, fresh)
		}
	}
	if l != nil {
		defer r.a.done(l)
	}
	if err != nil {
		return err
	}
	if err := r.same(b, fresh); err != nil {
		return err
	}
	return explain("sync", r.place.Text, f(l, b))
}

// lend takes a connection with the mailbox open. One that is returned is to be given back, whether or not there is an error.
func (r *replica) lend(ctx context.Context, fresh bool) (*link, *box, error) {
	l, err := r.a.take(ctx, r.name, !fresh)
	if err != nil {
		return nil, nil, err
	}
	b := l.box
	if fresh || b == nil || b.name != r.name {
		b, err = l.open(ctx, r.name)
		if err != nil && l.old && l.broken() && ctx.Err() == nil { // it had ended: nothing was lost with it
			r.a.done(l)
			if l, err = r.a.take(ctx, r.name, true); err != nil {
				return nil, nil, err
			}
			b, err = l.open(ctx, r.name)
		}
	}
	return l, b, err
}

// What makes a connection worth compressing: so many messages to be listed or read, or bytes to be written.
const (
	manyListed = 300
	manyRead   = 8
	manyBytes  = 64 << 10
)

// same makes sure that the UIDs which are spoken of are those of the mailbox. In a listing all is new, and the identity tells.
func (r *replica) same(b *box, listing bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.validity == b.validity {
		return nil
	}
	if listing {
		r.validity, r.listed, r.first, r.mine, r.made = b.validity, 0, b.next, nil, map[tandem.Marker]imap.UID{}
		return nil
	}
	return &tandem.Error{Kind: tandem.Gone, Op: "sync", Thing: r.place.Text, Err: fmt.Errorf("the server counts its messages anew (UIDVALIDITY was %d and is %d)", r.validity, b.validity)}
}

// recently is how long what opening saw is good for.
const recently = 10 * time.Second

// Identity implements provider.Replica. The epoch is UIDVALIDITY: when it changes, the same messages have other UIDs, and are paired again by what they hold.
func (r *replica) Identity(ctx context.Context) (tandem.Identity, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer done()
	id := tandem.Identity{Store: "imap://" + strings.ToLower(r.a.user) + "@" + r.a.addr + "/" + r.name}
	tell := func(b *box) { id.Epoch = fmt.Sprint(b.validity) }
	if b := r.opened.Swap(nil); b != nil && time.Since(b.at) < recently {
		tell(b)
		return id, nil
	}
	err = r.with(ctx, true, nil, func(_ *link, b *box) error { tell(b); return nil })
	return id, err
}

// Close implements provider.Replica.
func (r *replica) Close() error {
	r.once.Do(func() {
		r.end()
		r.spool.close()
		r.a.release()
	})
	return nil
}

// number reads an id. false: no message has it.
func number(id tandem.ID) (imap.UID, bool) {
	n := uint64(0)
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' || i == 0 && id[i] == '0' || i > 9 {
			return 0, false
		}
		n = n*10 + uint64(id[i]-'0')
	}
	return imap.UID(n), n > 0 && n < 1<<32
}

func idOf(u imap.UID) tandem.ID { return tandem.ID(fmt.Sprint(uint32(u))) }

// errOld is why a message is out of scope.
var errOld = &provider.Outside{Option: "days", Why: "it came before the days that are synced (option days)"}
