package api

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/store"
)

type ByNumber struct {
	ID int64 `path:"id"`
}

// Undone tells of one version that was put back, or why not.
type Undone struct {
	Past shape.Past `json:"past"`
	Done bool       `json:"done"`
	Why  string     `json:"why,omitempty" doc:"why not"`
}

// maxBody bounds a version of a record written by hand, in bytes.
const maxBody = 64 << 20

func (a *API) addInbox() {
	const tag = "inbox"
	serve(a, op{id: "conflicts", method: "GET", path: "/api/conflicts", tag: tag, summary: "List the conflicts"}, func(ctx context.Context, in *struct {
		Paging
		All  bool   `query:"all" doc:"those that are over, too"`
		Item string `query:"item" doc:"only those of this sync item"`
	}) (*list[shape.Conflict], error) {
		all, err := a.cfg.Service(ctx).Conflicts(ctx, !in.All)
		all = slices.DeleteFunc(all, func(c store.Conflict) bool { return in.Item != "" && c.Item != in.Item })
		return pageOf(&in.Paging, shape.List(all, func(c store.Conflict) shape.Conflict { return shape.OfConflict(c, nil) })), err
	})
	get(a, op{id: "conflict", method: "GET", path: "/api/conflicts/{id}", tag: tag, summary: "A conflict with the bodies of its versions"}, func(ctx context.Context, s center.Service, in *ByNumber) (shape.Conflict, error) {
		c, bodies, err := s.Conflict(ctx, in.ID)
		return shape.OfConflict(c, bodies), err
	})
	do(a, op{id: "decide", method: "POST", path: "/api/conflicts/{id}/decision", tag: tag, summary: "Answer a conflict; the next run carries it out", largest: maxBody}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Body struct {
			Decision string `json:"decision" enum:"a,b,both,body"`
			Body     string `json:"body,omitempty" doc:"with the decision body: the version that both sides get"`
		}
	}) error {
		var body []byte // nil: none was given
		if in.Body.Body != "" {
			body = []byte(in.Body.Body)
		}
		return s.Decide(ctx, in.ID, in.Body.Decision, body)
	})
	serve(a, op{id: "history", method: "GET", path: "/api/history", tag: tag, summary: "List what was overwritten or deleted, newest first"}, a.history)
	get(a, op{id: "undo", method: "POST", path: "/api/undo", tag: tag, summary: "Put back what a run or one entry of history overwrote or deleted, where nothing changed since"},
		func(ctx context.Context, s center.Service, in *one[UndoRequest]) ([]Undone, error) {
			all, err := s.Undo(ctx, in.Body.What)
			return shape.List(all, func(r center.UndoResult) Undone { return Undone{shape.OfPast(r.Past), r.Done, r.Why} }), err
		})
}

// HistoryPage is a page of history. Skip would count through everything that is newer; Before does not.
type HistoryPage struct {
	Paging
	Session string `query:"session" doc:"s12: what this run overwrote"`
	Record  string `query:"record"`
	Place   string `query:"place"`
	Text    string `query:"text" doc:"part of a title or a record's id"`
	Before  string `query:"before" doc:"h7: entries before this one"`
}

func (a *API) history(ctx context.Context, in *HistoryPage) (*list[shape.Past], error) {
	f := store.PastFilter{Record: tandem.ID(in.Record), Place: in.Place, Text: in.Text, Limit: in.Skip + in.Limit + 1}
	var err error
	if f.Session, err = numberOf(in.Session, "s"); err != nil {
		return nil, err
	}
	if f.Before, err = numberOf(in.Before, "h"); err != nil {
		return nil, err
	}
	all, err := a.cfg.Service(ctx).History(ctx, f)
	if err != nil {
		return nil, err
	}
	out := pageOf(&in.Paging, shape.List(all, shape.OfPast))
	if out.Link != "" {
		q := in.at.Query()
		q.Del("skip")
		in.at.RawQuery = q.Encode()
		out.Link = in.next("before", out.Body[len(out.Body)-1].ID)
	}
	return out, nil
}

// numberOf reads "s12" or "12", "" being 0.
func numberOf(text, prefix string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(text, prefix), 10, 64)
	if err != nil || n <= 0 {
		return 0, tandem.Errorf(tandem.Invalid, "%q is not of the form %s12", text, prefix)
	}
	return n, nil
}

// UndoRequest says what is to be undone.
type UndoRequest struct {
	What string `json:"what" doc:"a session, s12, or an entry of history, h7"`
}
