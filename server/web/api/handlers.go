package api

import (
	"context"

	"tandem/center"
	"tandem/center/handler"
	"tandem/center/shape"
)

// HandlerRef names a handler. Ids of phones and of what can be set up have a slash, so that they are no part of paths.
type HandlerRef struct {
	ID string `query:"id" required:"true"`
}

// HandlerOrder is what is to be done with a handler or one of its items.
type HandlerOrder struct {
	Handler string `json:"handler"`
	Item    string `json:"item,omitempty" doc:"absent: the handler itself"`
	Do      string `json:"do" enum:"activate,deactivate,enable,disable,start,stop,delete,show,hide,pause,resume"`
	Place   string `json:"place,omitempty" doc:"activate: where it is, for a provider"`
	Until   int64  `json:"until,omitempty" doc:"pause: when it goes on by itself; absent: when somebody says so"`
	Confirm bool   `json:"confirm,omitempty" doc:"even if conflicts wait for a decision"`
}

// SessionRef names a session.
type SessionRef struct {
	ID int64 `path:"id"`
}

// maxReport bounds a report of a session, in bytes: conflicts come with their versions.
const maxReport = 32 << 20

// NewID is the number of something that was made.
type NewID struct {
	ID int64 `json:"id"`
}

// Stopped is how many runs were asked to stop.
type Stopped struct {
	Runs int `json:"runs"`
}

func (a *API) addHandlers() {
	const tag = "handlers"
	serve(a, op{id: "list-handlers", method: "GET", path: "/api/handlers", tag: tag, summary: "List whoever offers sync items"}, func(ctx context.Context, in *struct {
		Paging
		Setup  bool   `query:"setup" doc:"those that are not set up yet, instead"`
		Hidden bool   `query:"hidden" doc:"also the hidden ones"`
		Type   string `query:"type"`
	}) (*list[shape.Handler], error) {
		all, err := a.cfg.Service(ctx).ListHandlers(ctx, center.HandlerFilter{Setup: in.Setup, Hidden: in.Hidden, Type: handler.Type(in.Type)})
		return pageOf(&in.Paging, shape.List(all, shape.OfHandler)), err
	})
	get(a, op{id: "find-handler", method: "GET", path: "/api/handler", tag: tag, summary: "A handler, its items and what can be done with them"},
		func(ctx context.Context, s center.Service, in *HandlerRef) (shape.Handler, error) {
			x, err := s.FindHandler(ctx, in.ID)
			return shape.OfHandler(x), err
		})
	get(a, op{id: "order-handler", method: "POST", path: "/api/handler/order", tag: tag, summary: "Do a task with a handler or one of its items"},
		func(ctx context.Context, s center.Service, in *one[HandlerOrder]) (shape.Handler, error) {
			b := in.Body
			x, err := s.OrderHandler(ctx, center.HandlerOrder{Handler: b.Handler, Item: b.Item, Do: handler.Task(b.Do), Place: b.Place, Confirm: b.Confirm, Until: b.Until})
			return shape.OfHandler(x), err
		})
	get(a, op{id: "stop-handler", method: "POST", path: "/api/handler/stop", tag: tag, summary: "Stop what is being synced of a handler"},
		func(ctx context.Context, s center.Service, in *HandlerRef) (Stopped, error) {
			n, err := s.StopHandler(ctx, in.ID)
			return Stopped{n}, err
		})
	do(a, op{id: "forget-handler", method: "DELETE", path: "/api/handler", tag: tag, summary: "Forget a program that reports; it comes back with its next report"},
		func(ctx context.Context, s center.Service, in *HandlerRef) error { return s.ForgetHandler(ctx, in.ID) })
	get(a, op{id: "progress", method: "GET", path: "/api/progress", tag: tag, summary: "What is being synced now", about: "/api/events says when that changes."},
		func(ctx context.Context, s center.Service, _ *struct{}) (shape.Ongoing, error) {
			st, err := s.Progress(ctx)
			return shape.OfState(st), err
		})
	get(a, op{id: "result", method: "GET", path: "/api/runs/result", tag: tag, summary: "Wait for runs that were begun, and tell how they ended"},
		func(ctx context.Context, s center.Service, in *struct {
			Run []int64 `query:"run" required:"true" doc:"numbers of runs, as begin gave them"`
		}) (shape.RunResult, error) {
			res, err := s.Result(ctx, in.Run)
			return shape.OfResult(res), err
		})
	get(a, op{id: "open-session", method: "POST", path: "/api/sessions", tag: tag, summary: "Report a sync that another program does", status: created,
		about: "Its handler and items come to be known by it. A session that says nothing for a few minutes is taken for dead."},
		func(ctx context.Context, s center.Service, in *one[shape.SessionStart]) (NewID, error) {
			id, err := s.OpenSession(ctx, in.Body.Session())
			return NewID{id}, err
		})
	get(a, op{id: "report-session", method: "POST", path: "/api/sessions/{id}", tag: tag, summary: "Tell how far a session is; the answer says whether to go on", about: "An empty report only asks.", largest: maxReport},
		func(ctx context.Context, s center.Service, in *struct {
			SessionRef
			Body shape.SessionNews
		}) (shape.SessionAnswer, error) {
			r, err := in.Body.Report()
			if err != nil {
				return shape.SessionAnswer{}, err
			}
			answer, err := s.ReportSession(ctx, in.ID, r)
			return shape.OfAnswer(answer), err
		})
	serve(a, op{id: "program-conflicts", method: "GET", path: "/api/handler/conflicts", tag: tag, summary: "The conflicts that a program reported, and what people answered",
		about: "For the program: those that it did not close, with or without a session. /api/conflicts shows them to people."}, func(ctx context.Context, in *struct {
		Paging
		HandlerRef
		Conflict string `query:"conflict" doc:"only the one with this id of the program's"`
	}) (*list[shape.ProgramConflict], error) {
		all, err := a.cfg.Service(ctx).ProgramConflicts(ctx, in.ID, in.Conflict)
		return pageOf(&in.Paging, shape.List(all, shape.OfProgramConflict)), err
	})
	do(a, op{id: "close-session", method: "DELETE", path: "/api/sessions/{id}", tag: tag, summary: "End a session", about: "Items of which it was not said how they ended have failed."},
		func(ctx context.Context, s center.Service, in *SessionRef) error { return s.CloseSession(ctx, in.ID) })
}
