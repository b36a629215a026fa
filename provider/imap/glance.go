package imap

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// glance is what a server said of all mailboxes of an account in one answer (RFC 5819): a mailbox whose numbers are those of a cursor need not be opened to know that nothing happened in it.
type glance struct {
	asked  time.Time // before the question went out
	boxes  map[string]*box
	naming *naming
	plus   bool
	limit  int64
}

// glances are the last ones, each once for all who want one at the same time.
type glances struct {
	turn chan struct{} // held by who asks
	last *glance
}

// maxGlance is how long one is kept at most: whoever began before that asks again.
const maxGlance = 5 * time.Minute

// glancesOf is where the glances of an account are kept. They outlive its connections.
func (s *accounts) glancesOf(key string) *glances {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.seen[key]
	if g == nil {
		g = &glances{turn: make(chan struct{}, 1)}
		s.seen[key] = g
	}
	return g
}

// glance is what the server said of the account at a moment or later. nil: it cannot be asked that way.
func (a *account) glance(ctx context.Context, since time.Time) (*glance, error) {
	g := a.all.glancesOf(a.key())
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-g.turn }()
	if g.last != nil && !g.last.asked.Before(since) && time.Since(g.last.asked) < maxGlance {
		return g.last.use(), nil
	}
	asked := time.Now()
	l, err := a.take(ctx, "", true)
	if err != nil {
		return nil, err
	}
	defer a.done(l)
	if !l.glances() {
		g.last = &glance{asked: asked}
		return nil, nil
	}
	if err := l.unselect(ctx); err != nil {
		return nil, explain("look at", a.host, err)
	}
	n, err := l.naming(ctx)
	if err != nil {
		return nil, explain("look at", a.host, err)
	}
	var all []*imap.ListData
	err = l.do(ctx, func() (err error) {
		all, err = l.listed(&imap.ListOptions{ReturnStatus: l.statusItems()})
		return err
	})
	if err != nil {
		return nil, explain("look at", a.host, err)
	}
	g.last = newGlance(asked, l, n, all)
	return g.last.use(), nil
}

// glances tells whether the server can say of all mailboxes at once whether anything changed in them.
func (l *link) glances() bool {
	return l.caps.Has(imap.CapListExtended) && l.caps.Has(imap.CapListStatus) && l.caps.Has(imap.CapCondStore)
}

// statusItems is what is asked of each mailbox in a list.
func (l *link) statusItems() *imap.StatusOptions {
	o := &imap.StatusOptions{UIDValidity: true}
	if l.glances() {
		o.NumMessages, o.UIDNext, o.HighestModSeq = true, true, true
	}
	return o
}

// unselect closes the mailbox that is open: of one a server may know no more than the connection was told, and some do not rename or remove it.
func (l *link) unselect(ctx context.Context) error {
	if l.box == nil {
		return nil
	}
	l.box = nil
	if !l.caps.Has(imap.CapUnselect) {
		return nil
	}
	err := l.do(ctx, func() error { return l.Unselect().Wait() })
	if refusal(err) != nil {
		return nil
	}
	return err
}

// newGlance reads a list. Mailboxes of which the server does not tell everything are not in it.
func newGlance(asked time.Time, l *link, n *naming, all []*imap.ListData) *glance {
	g := &glance{asked: asked, boxes: make(map[string]*box, len(all)), naming: n, plus: l.caps.Has(imap.CapUIDPlus), limit: l.limit()}
	for _, d := range all {
		if s := d.Status; s != nil && s.NumMessages != nil && s.UIDValidity != 0 && s.UIDNext != 0 && s.HighestModSeq != 0 {
			g.boxes[d.Mailbox] = &box{name: d.Mailbox, validity: s.UIDValidity, next: s.UIDNext, count: *s.NumMessages, modseq: s.HighestModSeq, at: asked}
		}
	}
	return g
}

// use is a glance that says something, or nil.
func (g *glance) use() *glance {
	if g.boxes == nil {
		return nil
	}
	return g
}

// box is what was said of a mailbox; nil: nothing.
func (g *glance) box(name string) *box {
	if g == nil {
		return nil
	}
	return g.boxes[name]
}

// noted keeps what a list of mailboxes told that was made for another reason.
func (a *account) noted(g *glance) {
	at := a.all.glancesOf(a.key())
	select {
	case at.turn <- struct{}{}:
		at.last = g
		<-at.turn
	default: // somebody asks just now
	}
}

// glimpse learns of a mailbox what the last glance at its account shows, if whoever opens it wants no newer news. false: the mailbox is to be opened.
func (r *replica) glimpse(ctx context.Context, path []string) (bool, error) {
	since, ok := provider.Fresh(ctx)
	if !ok {
		return false, nil
	}
	g, err := r.a.glance(ctx, since)
	if g == nil {
		return false, err
	}
	name, err := g.naming.join(path)
	b := g.boxes[name]
	if err != nil || b == nil {
		return false, nil // opening it says why
	}
	r.delim, r.name = g.naming.delim, name
	r.validity, r.first = b.validity, b.next
	r.plus, r.limit = g.plus, min(r.limit, g.limit)
	seen := *b
	seen.at = time.Now()
	r.opened.Store(&seen)
	r.seen.Store(b)
	return true, nil
}

// still tells whether a glance is enough to know that nothing happened since a cursor.
func (r *replica) still(since tandem.Cursor) (listing tandem.Listing, ok bool) {
	b := r.seen.Swap(nil)
	if b == nil {
		return tandem.Listing{}, false
	}
	x := &lister{r: r, b: b, window: r.window.first(r.now())}
	c, ok := parseCursor(since)
	if !ok || !x.same(c) || r.same(b, true) != nil {
		return tandem.Listing{}, false
	}
	x.known = c.known
	x.settled()
	return tandem.Listing{Complete: true, Next: since}, true
}
