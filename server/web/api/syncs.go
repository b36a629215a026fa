package api

import (
	"context"
	"net/http"
	"sync"

	"tandem/center"
	"tandem/center/shape"
	"tandem/store"
)

// SyncRequest says what is to run, and how.
type SyncRequest struct {
	Items    []string          `json:"items,omitempty" doc:"sync items by name; none: all that are enabled"`
	Full     bool              `json:"full,omitempty" doc:"look at everything"`
	Approve  bool              `json:"approve,omitempty" doc:"let a plan go ahead that the guard would hold"`
	Approved string            `json:"approved,omitempty" doc:"the same, for the plan with this hash only"`
	Restore  bool              `json:"restore,omitempty" doc:"answer the guard by bringing back what was deleted"`
	First    string            `json:"first,omitempty" enum:"combine,replace-a,replace-b" doc:"how two sides meet in this run, if they never did"`
	Choices  map[string]string `json:"choices,omitempty" doc:"restricts the run to what was chosen from a preview: step key to keep, skip, reverse, a or b"`
}

func (r SyncRequest) options() center.SyncOptions {
	return center.SyncOptions{Full: r.Full, Approve: r.Approve, Approved: r.Approved, Restore: r.Restore, First: r.First, Chosen: r.Choices}
}

// Begun is what became of an item that was to run.
type Begun struct {
	Item  string `json:"item"`
	State string `json:"state" enum:"started,queued,running,skipped" doc:"queued: it is running, and runs once more afterwards; running: it is, and that is all; skipped: it does not run, see why"`
	Run   int64  `json:"run,omitempty" doc:"the run's number while the hub runs"`
	Why   string `json:"why,omitempty" doc:"why it is skipped"`
}

// Outcome is what came of a run.
type Outcome struct {
	Item   string         `json:"item"`
	Plan   *shape.Plan    `json:"plan,omitempty" doc:"of a preview, and of a run that the guard held"`
	Report *shape.Report  `json:"report,omitempty"`
	Error  *shape.Failure `json:"error,omitempty"`
}

// outcomes gathers the last news of each run.
type outcomes struct {
	mu      sync.Mutex
	preview bool
	list    []Outcome
}

func (o *outcomes) tell(n center.SyncNews) {
	if n.Report == nil && n.Err == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	out := Outcome{Item: n.Item, Plan: shape.OfPlan(n.Planned), Error: shape.OfFailure(n.Err)}
	if !o.preview {
		out.Report = shape.OfReport(n.Report)
	}
	o.list = append(o.list, out)
}

// PlacesRequest names two places to be synced without a partnership.
type PlacesRequest struct {
	A       string           `json:"a"`
	B       string           `json:"b"`
	Kind    string           `json:"kind,omitempty"`
	Rules   center.RuleWords `json:"rules,omitempty"`
	Preview bool             `json:"preview,omitempty"`
	Approve bool             `json:"approve,omitempty"`
	Restore bool             `json:"restore,omitempty"`
	Full    bool             `json:"full,omitempty"`
}

func (a *API) addSyncs() {
	const tag = "runs"
	get(a, op{id: "begin", method: "POST", path: "/api/runs", tag: tag, summary: "Have sync items run", status: http.StatusAccepted,
		about: "Returns at once; /api/events tells how it goes. An item that is running runs once more afterwards, unless if_idle is set."},
		func(ctx context.Context, s center.Service, in *one[BeginRequest]) ([]Begun, error) {
			opt := in.Body.options()
			opt.IfIdle = in.Body.IfIdle
			list, err := s.Begin(ctx, in.Body.Items, opt)
			return shape.List(list, func(b center.Begun) Begun { return Begun(b) }), err
		})
	get(a, op{id: "sync", method: "POST", path: "/api/sync", tag: tag, summary: "Run sync items, or preview what would be done, and wait for the outcome",
		about: "Breaking the connection stops the runs. With preview nothing is written anywhere; the steps of the plan have keys, which choices name."},
		func(ctx context.Context, s center.Service, in *one[WaitRequest]) ([]Outcome, error) {
			opt := in.Body.options()
			opt.Preview = in.Body.Preview
			o := outcomes{preview: opt.Preview, list: []Outcome{}}
			err := s.Sync(ctx, in.Body.Items, opt, o.tell)
			return o.list, err
		})
	get(a, op{id: "stop", method: "POST", path: "/api/runs/stop", tag: tag, summary: "Stop runs, whoever began them", about: "Answers with the items whose runs are ending. What is kept in step goes on with the next change."},
		func(ctx context.Context, s center.Service, in *one[StopRequest]) ([]string, error) {
			return s.Stop(ctx, in.Body.Items)
		})
	get(a, op{id: "sync-places", method: "POST", path: "/api/sync-places", tag: tag, summary: "Run two places against each other, and wait for the outcome", about: "For administrators."},
		func(ctx context.Context, s center.Service, in *one[PlacesRequest]) ([]Outcome, error) {
			b := in.Body
			rules, err := b.Rules.Rules()
			if err != nil {
				return nil, err
			}
			o := outcomes{preview: b.Preview, list: []Outcome{}}
			err = s.SyncPlaces(ctx, center.Places{A: b.A, B: b.B, Kind: b.Kind, Rules: rules}, center.SyncOptions{Preview: b.Preview, Approve: b.Approve, Restore: b.Restore, Full: b.Full}, o.tell)
			return o.list, err
		})
	serve(a, op{id: "runs", method: "GET", path: "/api/runs", tag: tag, summary: "List the runs of the past, and those that go on, newest first",
		about: "Without an item: of all that is synced, and of all that one's phones sync. What a phone syncs is an item such as device/3/17, of the handler device/3. The next page goes on with before, so that runs that end meanwhile do not move it."}, func(ctx context.Context, in *struct {
		Paging
		Item   string `query:"item"`
		Before int64  `query:"before" minimum:"0" doc:"only runs with a lower id than this"`
	}) (*list[shape.Run], error) {
		all, err := a.cfg.Service(ctx).Runs(ctx, store.RunFilter{Item: in.Item, Before: in.Before, Limit: in.Skip + in.Limit + 1})
		return pageAfter(&in.Paging, shape.List(all, shape.OfRun), func(r shape.Run) int64 { return r.ID }), err
	})
	serve(a, op{id: "by-hand", method: "GET", path: "/api/pairs", tag: tag, summary: "List the pairs of places that were synced without an item", about: "For administrators; others get none."},
		func(ctx context.Context, in *Paging) (*list[Pair], error) {
			all, err := a.cfg.Service(ctx).ByHand(ctx)
			return pageOf(in, shape.List(all, func(p center.PlacesStatus) Pair { return Pair{string(p.Kind), p.A, p.B, p.Last, p.Rows, p.Conflicts} })), err
		})
}

// Pair is a pair of places that was synced without an item.
type Pair struct {
	Kind      string `json:"kind"`
	A         string `json:"a"`
	B         string `json:"b"`
	Last      int64  `json:"last_run,omitempty"`
	Records   int    `json:"records" doc:"in agreement"`
	Conflicts int    `json:"conflicts"`
}

// BeginRequest says what is to run, and how.
type BeginRequest struct {
	SyncRequest
	IfIdle bool `json:"if_idle,omitempty" doc:"do nothing about an item that is running"`
}

// WaitRequest says what is to run, and how, or what to preview.
type WaitRequest struct {
	SyncRequest
	Preview bool `json:"preview,omitempty" doc:"write nothing anywhere, and answer with the plan"`
}

// StopRequest says what is to stop.
type StopRequest struct {
	Items []string `json:"items,omitempty" doc:"none: all"`
}
