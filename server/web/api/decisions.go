package api

import (
	"context"

	"tandem"
	"tandem/center"
	"tandem/center/explain"
	"tandem/center/shape"
	"tandem/store"
)

// Resolution is an answer to a conflict.
type Resolution struct {
	Take string `json:"take" doc:"a, b and so on for a version, both, newest, fields, body, skip, out to sync the record no longer, ask to take that back"`
	Name string `json:"name,omitempty" doc:"both: what the second version (the comparison's second) is to be called; absent: a file as the comparison's name says, others as now"`
	Body string `json:"body,omitempty" doc:"body: the version to be kept"`
	FieldChoice
	All   bool   `json:"all,omitempty" doc:"for all conflicts of the same sort"`
	Stamp string `json:"stamp,omitempty" doc:"as the comparison gave it; if anything changed since, nothing more is decided"`
}

// FieldChoice puts a version together from those of a conflict.
type FieldChoice struct {
	Rest   string            `json:"rest,omitempty" doc:"fields: the version (a, b and so on) that all other fields are from; absent: what only one version changed is taken from that, and the first wins clashes"`
	Fields map[string]string `json:"fields,omitempty" doc:"fields: which version each field is from, by the labels of the comparison"`
}

// EventQuery selects lines of the results log.
type EventQuery struct {
	Level   string   `query:"level" enum:"info,warning,error" doc:"of at least this level"`
	Item    []string `query:"item"`
	Handler string   `query:"handler"`
	Code    string   `query:"code"`
	Text    string   `query:"text" doc:"part of the text or of the record's id"`
	Since   int64    `query:"since" doc:"Unix seconds"`
	Until   int64    `query:"until"`
	After   int64    `query:"after" doc:"with an id above"`
	Before  int64    `query:"before" doc:"with an id below"`
}

func (q EventQuery) filter() center.EventFilter {
	level := map[string]store.Level{"warning": store.Warning, "error": store.Error}[q.Level]
	return center.EventFilter{Handler: q.Handler, EventFilter: store.EventFilter{After: q.After, Before: q.Before, Level: level, Items: q.Item, Since: q.Since, Until: q.Until, Code: q.Code, Text: q.Text}}
}

// Cleared is how many lines were removed.
type Cleared struct {
	Events int `json:"events"`
}

func (a *API) addDecisions() {
	const tag = "inbox"
	get(a, op{id: "compare", method: "GET", path: "/api/conflicts/{id}/comparison", tag: tag, summary: "All versions of a conflict side by side, field by field, and what may be answered"},
		func(ctx context.Context, s center.Service, in *ByNumber) (shape.Comparison, error) {
			c, err := s.Compare(ctx, in.ID)
			return shape.OfComparison(c), err
		})
	get(a, op{id: "merge-fields", method: "POST", path: "/api/conflicts/{id}/merged", tag: tag, summary: "Put a version together from several, field by field, and look at it", about: "Nothing is decided."},
		func(ctx context.Context, s center.Service, in *struct {
			ByNumber
			Body FieldChoice
		}) (shape.ChosenVersion, error) {
			v, err := s.MergeFields(ctx, center.FieldChoice{ID: in.ID, Rest: in.Body.Rest, Fields: in.Body.Fields})
			return shape.OfChosen(v), err
		})
	get(a, op{id: "resolve", method: "POST", path: "/api/conflicts/{id}/resolution", tag: tag, summary: "Answer a conflict, or all of the same sort", largest: maxBody,
		about: "The next run carries it out; the conflict is over then."},
		func(ctx context.Context, s center.Service, in *struct {
			ByNumber
			Body Resolution
		}) (shape.Resolved, error) {
			b := in.Body
			r := center.Resolution{ID: in.ID, Take: b.Take, Name: b.Name, Rest: b.Rest, Fields: b.Fields, All: b.All, Stamp: b.Stamp}
			if b.Take == "body" {
				r.Body = []byte(b.Body)
			}
			out, err := s.Resolve(ctx, r)
			return shape.OfResolved(out), err
		})
	serve(a, op{id: "kind-rules", method: "GET", path: "/api/kind-rules", tag: tag, summary: "What becomes of conflicts in records of a kind, where an item says nothing of its own"},
		func(ctx context.Context, in *Paging) (*list[shape.KindRule], error) {
			all, err := a.cfg.Service(ctx).KindRules(ctx)
			return pageOf(in, shape.List(all, shape.OfKindRule)), err
		})
	do(a, op{id: "set-kind-rule", method: "PUT", path: "/api/kind-rules/{kind}", tag: tag, summary: "Say what becomes of conflicts in records of a kind",
		about: "For oneself, or for administrators for everybody. What is left out is not set any more."},
		func(ctx context.Context, s center.Service, in *struct {
			Kind string `path:"kind"`
			Body struct {
				User           string `json:"user,omitempty" doc:"absent: oneself; *: everybody who set none"`
				Policy         string `json:"policy,omitempty" enum:"ask,newest,a,b,both" doc:"who wins what cannot be merged; a is the home collection"`
				DeleteVsChange string `json:"delete-vs-change,omitempty" enum:"change,delete,ask" doc:"what survives when one side deleted what the other changed"`
			}
		}) error {
			return s.SetKindRule(ctx, center.KindRule{User: in.Body.User, Kind: tandem.Kind(in.Kind), Policy: in.Body.Policy, DeleteVsChange: in.Body.DeleteVsChange})
		})
	serve(a, op{id: "questions", method: "GET", path: "/api/questions", tag: tag, summary: "What waits for a person: plans that the guard holds, how two filled places meet, and runs that want a person's word"},
		func(ctx context.Context, in *Paging) (*list[shape.Question], error) {
			all, err := a.cfg.Service(ctx).Questions(ctx)
			return pageOf(in, shape.List(all, shape.OfQuestion)), err
		})
	get(a, op{id: "answer-question", method: "POST", path: "/api/questions/{name}/answer", tag: tag, summary: "Answer the question of a sync item, and wait for what comes of it"},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body struct {
				Answer string `json:"answer" enum:"go-ahead,restore,leave,combine,replace-here,replace-there,run-now,not-now"`
			}
		}) ([]Outcome, error) {
			o := outcomes{list: []Outcome{}}
			err := s.AnswerQuestion(ctx, in.Name, in.Body.Answer, o.tell)
			return o.list, err
		})
	serve(a, op{id: "find-events", method: "GET", path: "/api/log/find", tag: "hub", summary: "Look through the results log", about: "The newest lines that fit, oldest first; before pages back."},
		func(ctx context.Context, in *struct {
			EventQuery
			Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*list[shape.Event], error) {
			f := in.filter()
			f.Newest, f.Limit = f.After == 0, in.Limit
			all, err := a.cfg.Service(ctx).FindEvents(ctx, f)
			return &list[shape.Event]{Body: shape.List(all, shape.OfEvent)}, err
		})
	get(a, op{id: "clear-events", method: "DELETE", path: "/api/log", tag: "hub", summary: "Remove lines of the results log"},
		func(ctx context.Context, s center.Service, in *EventQuery) (Cleared, error) {
			n, err := s.ClearEvents(ctx, in.filter())
			return Cleared{n}, err
		})
	serve(a, op{id: "codes", method: "GET", path: "/api/codes", tag: "hub", summary: "What the codes of errors mean, and what to do"},
		func(_ context.Context, in *Paging) (*list[shape.Code], error) {
			return pageOf(in, shape.List(explain.All(), shape.OfCode)), nil
		})
}
