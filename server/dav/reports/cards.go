package reports

import (
	"context"
	"net/http"

	"tandem"
	"tandem/server/dav/calquery"
	"tandem/server/dav/cardquery"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// cardsQuery is one addressbook-query.
type cardsQuery struct {
	*Service
	r      *proto.Request
	filter *cardquery.Filter
	limit  int // 0: none
	out    *props.Stream
	found  int
	more   bool // than the limit
}

// addressbookQuery finds cards. RFC 6352 8.6
func (s *Service) addressbookQuery(ctx context.Context, w http.ResponseWriter, r *proto.Request) (err error) {
	q := &cardsQuery{Service: s, r: r}
	if q.filter, err = cardquery.ParseFilter(r.XML.Child(davxml.A("filter"))); err != nil {
		return err
	}
	limit, limited, err := cardquery.ParseLimit(r.XML)
	if err != nil {
		return err
	}
	asked, wants, err := s.asked(r, calquery.Env{Zones: s.Zones})
	if err != nil {
		return err
	}
	q.limit = limit
	q.more = limited && limit == 0
	q.out = props.NewStream(w, r, s.Props.Query(ctx, r, asked, wants.extra))
	if err := q.run(ctx, wants.bodies); err != nil {
		return err
	}
	if q.more { // RFC 6352 8.6.2
		err := q.out.Response(davxml.Response{Href: r.Target.Href(), Status: http.StatusInsufficientStorage,
			Error: davxml.New(davxml.D("error"), davxml.New(davxml.D("number-of-matches-within-limits")))})
		if err != nil {
			return err
		}
	}
	return q.out.Close()
}

// run goes through the cards.
func (q *cardsQuery) run(ctx context.Context, bodies bool) error {
	t := q.r.Target
	switch {
	case q.more:
		return nil
	case t.Sort == proto.Member:
		_, err := q.one(*t.Record)
		return err
	case !within(q.r):
		return nil
	}
	all := proto.Bodies(ctx, q.Home, t.Reach.ID)
	if !bodies && q.filter.Everything() {
		all = q.listed(ctx, q.r)
	}
	for rec, err := range all {
		if err != nil {
			return err
		}
		if goOn, err := q.one(rec); err != nil || !goOn {
			return err
		}
	}
	return nil
}

// one looks at a card, and reports whether to go on.
func (q *cardsQuery) one(rec store.HomeRecord) (goOn bool, err error) {
	member := q.Tree.Member(q.r.Target, rec)
	if !q.filter.Everything() {
		data, err := body(&rec)
		if err != nil {
			return false, err
		}
		match, err := q.filter.Match(data)
		if tandem.IsKind(err, tandem.Invalid) {
			q.unreadable(member, err)
			return true, nil
		}
		if err != nil || !match {
			return true, err
		}
	}
	if q.more = q.limit > 0 && q.found == q.limit; q.more {
		return false, nil
	}
	q.found++
	return true, q.out.Add(member)
}
