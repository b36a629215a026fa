package dav

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/provider"
	"tandem/wire/davxml"
)

const (
	maxBody = 32 << 20 // of one record; larger ones are a Problem
	batch   = 100      // writes in one Apply; what was written is read back once for all of them
	workers = 4        // connections that work at the same time
	get     = 100      // records in one multiget
)

// replica is an address book or a calendar, opened for syncing.
type replica struct {
	a       *acct
	link    *link
	at      *url.URL // of the collection, ends with a slash
	kind    tandem.Kind
	alone   bool // the collection holds records of this kind only
	handler kind.Handler
	life    context.Context // ends with Close
	end     context.CancelFunc
	gets    atomic.Bool // multiget was refused: records are asked for one by one

	can    atomic.Pointer[caps]          // what the server can do; nil: not asked yet
	opened atomic.Pointer[state]         // what opening saw, for the first who asks
	resume atomic.Pointer[tandem.Cursor] // what Identity may be answered from, once

	mu   sync.Mutex // guards what follows
	kept map[tandem.ID]stored
	size int                // of kept, in bytes
	news map[tandem.ID]bool // what the last listing showed as changed and was not read since
}

// caps is what the server says that the collection can do.
type caps struct {
	sync     bool // sync-collection
	ctag     bool // no sync-collection, but a tag of the collection, which changes with all that is in it
	multiget bool
	query    bool
}

// state is what one look at the collection tells.
type state struct {
	resp  *davxml.Response
	bare  bool   // token and ctag were not asked for
	token string // DAV:sync-token
	ctag  string // CS:getctag
	owner string
	at    time.Time
	id    string // DAV:resource-id, RFC 5842
}

// open opens a place.
func open(ctx context.Context, s service, res Resolver, place provider.Place, env provider.Env) (*provider.Opened, error) {
	a, err := s.parse(place, env)
	if err != nil {
		return nil, err
	}
	if err := a.connect(); err != nil {
		return nil, err
	}
	var o *provider.Opened
	if s.name == "webdav" {
		o, err = a.openTree(ctx)
	} else {
		o, err = a.openCollection(ctx, res)
	}
	if err != nil {
		a.link.Close()
		return nil, err
	}
	return o, nil
}

func (a *acct) openCollection(ctx context.Context, res Resolver) (*provider.Opened, error) {
	all, err := a.discover(ctx, res)
	if err != nil {
		return nil, err
	}
	f, k, err := a.choose(all)
	if err != nil {
		return nil, err
	}
	r := &replica{a: a, link: a.link, at: f.at, kind: k, alone: len(f.components) == 1 || k == tandem.Contact, kept: map[tandem.ID]stored{}, news: map[tandem.ID]bool{}}
	r.life, r.end = context.WithCancel(context.WithoutCancel(ctx))
	if a.env.Kind != nil {
		r.handler, _ = a.env.Kind(k)
	}
	// Some servers read a whole collection for its token. Where a sync report is said to work, the token is left for the one who needs it: the next report brings it.
	st := r.stateOf(f.resp)
	st.bare = true
	can := capsOf(st)
	if !can.sync {
		if st, err = r.look(ctx); err != nil {
			r.end()
			return nil, err
		}
		can = r.takeIn(st)
	}
	r.opened.Store(st)
	return &provider.Opened{Replica: r, Kind: k, Place: a.place.Text, Rate: learn(r.at, *r.link.header.Load(), "").rate,
		Features: provider.Features{ReadOnly: f.readOnly || a.place.Bool("read-only"), Cursor: can.sync || can.ctag, MaxSize: maxBody, Batch: batch, Workers: workers}}, nil
}

// takeIn takes over what a look told of the server.
func (r *replica) takeIn(st *state) caps {
	can, ways := capsOf(st), learn(r.at, *r.link.header.Load(), st.token)
	r.link.ways.Store(&ways)
	r.can.Store(&can)
	return can
}

func capsOf(st *state) caps {
	reports := map[davxml.Name]bool{}
	set := st.resp.Prop(davxml.D("supported-report-set"))
	for r := range set.All(davxml.D("supported-report")) {
		if e := r.Child(davxml.D("report")).First(); e != nil {
			reports[e.Name] = true
		}
	}
	unsaid := set == nil || len(reports) == 0
	sync := st.token != "" && unsaid || (st.token != "" || st.bare) && reports[davxml.D("sync-collection")]
	return caps{
		sync:     sync,
		ctag:     !sync && st.ctag != "",
		multiget: unsaid || reports[davxml.A("addressbook-multiget")] || reports[davxml.C("calendar-multiget")],
		query:    unsaid || reports[davxml.A("addressbook-query")] || reports[davxml.C("calendar-query")],
	}
}

// begin starts an operation: its context ends with the replica's. The second result must be called when it is over.
func (r *replica) begin(ctx context.Context) (context.Context, func(), error) {
	if r.life.Err() != nil {
		return nil, nil, tandem.Errorf(tandem.Invalid, "%s is closed", r.a.place.Text)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.life, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// ready is begin for operations that need to know what the server can do.
func (r *replica) ready(ctx context.Context) (context.Context, func(), error) {
	ctx, done, err := r.begin(ctx)
	if err != nil || r.can.Load() != nil {
		return ctx, done, err
	}
	st, err := r.look(ctx)
	if err != nil {
		done()
		return nil, nil, err
	}
	r.takeIn(st)
	return ctx, done, nil
}

// stateProps are what tells who a collection is and what can be done with it, and cost a server nothing.
func stateProps() []davxml.Name {
	return []davxml.Name{davxml.D("resourcetype"), davxml.D("resource-id"), davxml.D("owner"), davxml.D("supported-report-set")}
}

// look asks the collection who it is and what state it is in.
func (r *replica) look(ctx context.Context) (*state, error) {
	resp, err := r.link.propfind(ctx, r.at, append(stateProps(), davxml.D("sync-token"), davxml.S("getctag"))...)
	if err != nil {
		return nil, err
	}
	if !r.a.isOurs(resp) {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: r.at.Redacted(), Err: errors.New("it is no " + r.a.name + " collection any more"), Remedy: "check the address"}
	}
	return r.stateOf(resp), nil
}

func (r *replica) stateOf(resp *davxml.Response) *state {
	return &state{resp: resp, token: resp.Prop(davxml.D("sync-token")).Value(), ctag: resp.Prop(davxml.S("getctag")).Value(), at: time.Now(),
		owner: resp.Prop(davxml.D("owner")).Get(davxml.D("href")), id: resp.Prop(davxml.D("resource-id")).Get(davxml.D("href"))}
}

// fresh is how long what was seen at opening says who the collection is.
const fresh = 10 * time.Second

// Identity implements provider.Replica. A server rarely names its collections for good; then the address and the owner do. The epoch is the manner in which
// the server counts changes: another server software at the same address, or one that counts anew, remembers nothing of before.
func (r *replica) Identity(ctx context.Context) (tandem.Identity, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer done()
	st, since := r.opened.Swap(nil), r.resume.Swap(nil)
	switch {
	case st != nil && since != nil && time.Since(st.at) <= fresh:
		st.token = tokenOf(*since)
		st.bare = false
	case st == nil || st.bare || time.Since(st.at) > fresh:
		if st, err = r.look(ctx); err != nil {
			return tandem.Identity{}, err
		}
	}
	r.takeIn(st)
	return r.identity(st), nil
}

// identity is who the collection is by what a look told.
func (r *replica) identity(st *state) tandem.Identity {
	id := tandem.Identity{Store: r.a.name + "://" + strings.ToLower(r.at.Host) + cleanPath(r.at), Epoch: "etag"}
	if st.id != "" {
		id.Store = st.id
	} else if u, err := r.at.Parse(st.owner); err == nil && st.owner != "" {
		id.Store += " of " + cleanPath(u)
	}
	if capsOf(st).sync {
		id.Epoch = "sync " + family(st.token)
	}
	return id
}

// Resume implements provider.Resumer. A server that honours a token of its own is the one that gave it; it need not be asked for another before, for which some
// read the whole collection.
func (r *replica) Resume(was tandem.Identity, since tandem.Cursor) bool {
	st := r.opened.Load()
	if st == nil || !st.bare || time.Since(st.at) > fresh || tokenOf(since) == "" {
		return false
	}
	as := *st
	if as.token = tokenOf(since); r.identity(&as) != was {
		return false
	}
	r.resume.Store(&since)
	return true
}

// family is what the tokens of one server software have in common.
func family(token string) string {
	if i := strings.LastIndexByte(token, '/'); i > 0 && strings.Contains(token, ":") {
		return token[:i]
	}
	return ""
}

// Watch implements provider.Replica. Servers tell of changes only to those who ask.
func (r *replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	_, done, err := r.begin(ctx)
	if err == nil {
		done()
	}
	return nil, err
}

// Close implements provider.Replica.
func (r *replica) Close() error {
	r.end()
	r.link.Close()
	return nil
}

// stored is a record as the server has it: what came in one answer.
type stored struct {
	tag   string // entity tag as the server spells it; "": it gave none
	body  []byte
	until time.Time // when it is too old to be told again; zero: at the next listing
}

// maxKept bounds in bytes the bodies that are kept for the fetches that follow.
const maxKept = 16 << 20

func (r *replica) keep(id tandem.ID, s stored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepLocked(id, s)
}

func (r *replica) keepLocked(id tandem.ID, s stored) {
	if r.size+len(s.body) <= maxKept {
		r.size += len(s.body) - len(r.kept[id].body)
		r.kept[id] = s
	}
}

// keepNews keeps what was read of a record that changed, once: a run reads it to see what changed, and again a moment later to carry it over.
func (r *replica) keepNews(id tandem.ID, s stored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.news[id] {
		delete(r.news, id)
		s.until = time.Now().Add(fresh)
		r.keepLocked(id, s)
	}
}

// recall hands out what was kept of a record, once.
func (r *replica) recall(id tandem.ID) (stored, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.kept[id]
	if !ok {
		return stored{}, false
	}
	r.size -= len(s.body)
	delete(r.kept, id)
	return s, s.until.IsZero() || time.Now().Before(s.until)
}

// drop forgets what is known of a record that was written.
func (r *replica) drop(id tandem.ID) {
	r.recall(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.news, id)
}

func (r *replica) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.kept)
	clear(r.news)
	r.size = 0
}

// holds tells whether a body is one of the replica's kind.
func (r *replica) holds(body []byte) bool {
	return outlineOf(body).components[componentOf(r.kind)]
}

// componentHint reads the component that a media type names, as in "text/calendar; component=vevent". RFC 5545 8.1
func componentHint(contentType string) string {
	for _, p := range strings.Split(contentType, ";")[1:] {
		if k, v, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(k), "component") {
			return strings.ToUpper(strings.Trim(strings.TrimSpace(v), `"`))
		}
	}
	return ""
}

var recordComponents = []string{"VEVENT", "VTODO", "VJOURNAL", "VCARD"}

func isRecordComponent(c string) bool { return slices.Contains(recordComponents, c) }
