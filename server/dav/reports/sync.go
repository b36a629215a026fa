package reports

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// syncPage is how many changes are read at a time.
const syncPage = 500

// syncing is one sync-collection report.
type syncing struct {
	*Service
	ctx    context.Context
	target *proto.Resource
	since  int64 // 0: everything
	deep   bool
	limit  int // 0: none
	sent   int
	bodies bool
	out    *props.Stream
}

// sync tells what changed since a token. What it costs follows from what changed, whatever the size of the collection. RFC 6578 3.2
func (s *Service) sync(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	y := &syncing{Service: s, ctx: ctx, target: r.Target}
	if err := y.parse(r); err != nil {
		return err
	}
	env, err := s.env(ctx, r)
	if err != nil {
		return err
	}
	asked, wants, err := s.asked(r, env)
	if err != nil {
		return err
	}
	if asked.Prop == nil {
		return davxml.Failf(http.StatusBadRequest, "sync-collection names properties in a DAV:prop")
	}
	y.bodies = wants.bodies
	y.out = props.NewStream(w, r, s.Props.Query(ctx, r, asked, wants.extra))
	reached, more, err := y.run()
	if err != nil {
		return err
	}
	if more { // RFC 6578 3.6
		err = y.out.Response(davxml.Response{Href: r.Target.Href(), Status: http.StatusInsufficientStorage,
			Error: davxml.New(davxml.D("error"), davxml.New(davxml.D("number-of-matches-within-limits")))})
		if err != nil {
			return err
		}
	}
	return y.out.Close(davxml.NewText(davxml.D("sync-token"), proto.SyncToken(r.Target.Reach.Collection, reached)))
}

// parse reads the request. Clients of earlier drafts say by the header Depth what DAV:sync-level says now, and some send both.
func (y *syncing) parse(r *proto.Request) error {
	level := r.XML.Get(davxml.D("sync-level"))
	if level == "" {
		level = strings.ToLower(r.Header.Get("Depth"))
	}
	switch level {
	case "1":
	case "infinite", "infinity":
		y.deep = true
	default:
		return davxml.Failf(http.StatusBadRequest, "DAV:sync-level is 1 or infinite")
	}
	token := r.XML.Child(davxml.D("sync-token"))
	if token == nil {
		return davxml.Failf(http.StatusBadRequest, "sync-collection holds a DAV:sync-token, empty at first")
	}
	if text := token.Value(); text != "" {
		var ok bool
		if y.since, ok = proto.ParseSyncToken(y.target.Reach.Collection, text); !ok {
			return invalidToken()
		}
	}
	n, err := Limit(r.XML.Path(davxml.D("limit"), davxml.D("nresults")))
	y.limit = n
	return err
}

// Limit reads a DAV:nresults, 0 for none. RFC 5323 5.17
func Limit(e *davxml.Element) (int, error) {
	if e == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(e.Value())
	if err != nil || n < 1 {
		return 0, davxml.Failf(http.StatusBadRequest, "a limit is a number from 1")
	}
	return n, nil
}

func invalidToken() error { return davxml.Fail(http.StatusForbidden, davxml.D("valid-sync-token")) }

// run tells of changes, page by page, and returns the number up to which it did.
func (y *syncing) run() (reached int64, more bool, err error) {
	reached = y.since
	for more = true; more; {
		var recs []store.HomeRecord
		recs, more, err = y.Home.Since(y.ctx, y.target.Reach.ID, reached, syncPage)
		if tandem.IsKind(err, tandem.Gone) { // its tombstones are forgotten, or it was never given out
			return 0, false, invalidToken()
		}
		if err != nil {
			return 0, false, err
		}
		upTo, full, err := y.page(recs)
		if err != nil {
			return 0, false, err
		}
		if full {
			return upTo, true, nil
		}
		reached = max(reached, upTo)
	}
	return max(reached, y.target.Reach.Seq), false, nil
}

// page tells of some changes. It is full if there were more than the client wants.
func (y *syncing) page(recs []store.HomeRecord) (reached int64, full bool, err error) {
	fresh := map[tandem.ID]*store.HomeRecord{}
	if y.bodies {
		if fresh, err = y.read(recs); err != nil {
			return 0, false, err
		}
	}
	for i := range recs {
		rec := &recs[i]
		if !y.tells(rec) {
			reached = rec.Seq
			continue
		}
		if y.limit > 0 && y.sent == y.limit {
			return reached, true, nil
		}
		y.sent++
		reached = rec.Seq
		member := y.Tree.Member(y.target, *rec)
		if rec.Deleted {
			err = y.out.Response(davxml.Response{Href: member.Href(), Status: http.StatusNotFound})
		} else {
			if f := fresh[rec.ID]; f != nil {
				member.Record = f
			}
			err = y.out.Add(member)
		}
		if err != nil {
			return 0, false, err
		}
	}
	return reached, false, nil
}

// tells reports whether a change concerns the client: in what is asked about, and, of what is gone, known to it.
func (y *syncing) tells(rec *store.HomeRecord) bool {
	if y.target.Tree() {
		below := ""
		if y.target.Sort == proto.Member {
			below = string(y.target.ID) + "/"
		}
		name, in := strings.CutPrefix(string(rec.ID), below)
		if !in || !y.deep && strings.Contains(name, "/") {
			return false
		}
	}
	if !rec.Deleted {
		return true
	}
	// A tombstone without a life of its own tells of the id that a record had before it was renamed.
	return y.since > 0 && (rec.ThereAt(y.since) || rec.Born == rec.Seq)
}

// read reads bodies. A record that changed meanwhile comes as it is now, and will be told of once more.
func (y *syncing) read(recs []store.HomeRecord) (map[tandem.ID]*store.HomeRecord, error) {
	ids := make([]tandem.ID, 0, len(recs))
	for i := range recs {
		if !recs[i].Deleted && y.tells(&recs[i]) {
			ids = append(ids, recs[i].ID)
		}
	}
	if y.limit > 0 && len(ids) > y.limit-y.sent {
		ids = ids[:y.limit-y.sent]
	}
	out := make(map[tandem.ID]*store.HomeRecord, len(ids))
	for rec, err := range y.Home.Get(y.ctx, y.target.Reach.ID, ids) {
		if err != nil {
			return nil, err
		}
		out[rec.ID] = &rec
	}
	return out, nil
}
