package imap

import (
	"context"
	"errors"
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
	days     int64
	limit    int64 // largest message that the server takes
	plus     bool  // UIDPLUS: the server says what it made, and removes single messages
	life     context.Context
	end      context.CancelFunc
	once     sync.Once // for Close
	spool    spool
	now      func() time.Time
	opened   atomic.Pointer[box] // what opening saw, for the first who asks

	mu       sync.Mutex // guards what follows
	validity uint32     // of what was told first; 0: nothing was told yet
	listed   imap.UID   // messages from here on are in no listing of this replica's; 0: there was none
	mine     map[imap.UID]bool
	made     map[tandem.Marker]imap.UID
	first    imap.UID                        // messages from here on came since the mailbox was opened, or counted anew
	flying   map[tandem.Digest]chan struct{} // bodies that are on their way; closed when they are not any more
}

func (s *accounts) openMailbox(ctx context.Context, secure bool, place provider.Place, env provider.Env) (*provider.Opened, error) {
	p, err := parse(secure, place, env)
	if err != nil {
		return nil, err
	}
	a, err := s.use(p)
	if err != nil {
		return nil, err
	}
	r := &replica{a: a, place: place, readOnly: place.Bool("read-only"), days: place.Int("days"), limit: maxBody, now: s.now, mine: map[imap.UID]bool{}, made: map[tandem.Marker]imap.UID{}, flying: map[tandem.Digest]chan struct{}{}}
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
	l, err := r.a.take(ctx, "", true)
	if err != nil {
		return f, err
	}
	defer r.a.done(l)
	path := p.path
	if len(path) == 0 {
		path = []string{"INBOX"}
	}
	n, b, err := l.first(ctx, path)
	if err != nil {
		return f, err
	}
	r.delim, r.name = n.delim, b.name
	r.validity, r.first = b.validity, b.next
	r.opened.Store(b)
	r.plus = l.caps.Has(imap.CapUIDPlus)
	if most, ok := l.caps.AppendLimit(); ok && most != nil {
		r.limit = min(r.limit, int64(*most))
	}
	return provider.Features{ReadOnly: r.readOnly, Watch: true, Cursor: b.modseq != 0, Attrs: true, Lasting: true, MaxSize: r.limit, Batch: batch, Workers: cap(r.a.turn)}, nil
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

// with does something on a connection with the mailbox open. fresh: it is opened anew, so that its numbers are of now.
func (r *replica) with(ctx context.Context, fresh bool, f func(*link, *box) error) error {
	l, err := r.a.take(ctx, r.name, !fresh)
	if err != nil {
		return err
	}
	b := l.box
	if fresh || b == nil || b.name != r.name {
		b, err = l.open(ctx, r.name)
		if err != nil && l.old && l.broken() && ctx.Err() == nil { // it had ended: nothing was lost with it
			r.a.done(l)
			if l, err = r.a.take(ctx, r.name, true); err != nil {
				return err
			}
			b, err = l.open(ctx, r.name)
		}
	}
	defer func() { r.a.done(l) }()
	if err != nil {
		return err
	}
	if err := r.same(b, fresh); err != nil {
		return err
	}
	return explain("sync", r.place.Text, f(l, b))
}

// same makes sure that the UIDs which are spoken of are those of the mailbox. In a listing all is new, and the identity tells.
func (r *replica) same(b *box, listing bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.validity == b.validity {
		return nil
	}
	if listing {
		r.validity, r.listed, r.first, r.mine, r.made = b.validity, 0, b.next, map[imap.UID]bool{}, map[tandem.Marker]imap.UID{}
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
	err = r.with(ctx, true, func(_ *link, b *box) error { tell(b); return nil })
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
var errOld = errors.New("it came before the days that are synced (option days)")
