package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// The arguments of the methods about handlers and what is going on, as they travel.
type (
	runsArg    struct{ Runs []int64 }
	answerArg  struct{ Item, Answer string }
	programArg struct{ Handler, Own string }
	recordsArg struct {
		Item  string
		Limit int
	}
	whenArg   struct{ Partner, When string }
	reportArg struct {
		Session int64
		Report  center.SessionReport
	}
)

func handleCenter(mux *http.ServeMux, s center.Service) {
	handle(mux, "StopHandler", func(ctx context.Context, a nameArg) (int, error) { return s.StopHandler(ctx, a.Name) })
	handle(mux, "Result", func(ctx context.Context, a runsArg) (center.SyncResult, error) { return s.Result(ctx, a.Runs) })
	handle(mux, "Progress", func(ctx context.Context, _ nothing) (progress.State, error) { return s.Progress(ctx) })
	handle(mux, "OpenSession", func(ctx context.Context, n center.NewSession) (int64, error) { return s.OpenSession(ctx, n) })
	handle(mux, "ReportSession", func(ctx context.Context, a reportArg) (center.SessionAnswer, error) {
		return s.ReportSession(ctx, a.Session, a.Report)
	})
	handle(mux, "ProgramConflicts", func(ctx context.Context, a programArg) ([]center.ProgramConflict, error) {
		return s.ProgramConflicts(ctx, a.Handler, a.Own)
	})
	handle(mux, "CloseSession", func(ctx context.Context, a idArg) (nothing, error) { return nothing{}, s.CloseSession(ctx, a.ID) })
	handle(mux, "Compare", func(ctx context.Context, a idArg) (center.Comparison, error) { return s.Compare(ctx, a.ID) })
	handle(mux, "MergeFields", func(ctx context.Context, a center.FieldChoice) (center.ChosenVersion, error) {
		return s.MergeFields(ctx, a)
	})
	handle(mux, "Resolve", func(ctx context.Context, r center.Resolution) (center.Resolved, error) { return s.Resolve(ctx, r) })
	handle(mux, "SetFolders", func(ctx context.Context, a whenArg) (nothing, error) {
		return nothing{}, s.SetFolders(ctx, a.Partner, a.When)
	})
	handle(mux, "KindRules", func(ctx context.Context, _ nothing) ([]center.KindRule, error) { return s.KindRules(ctx) })
	handle(mux, "SetKindRule", func(ctx context.Context, r center.KindRule) (nothing, error) { return nothing{}, s.SetKindRule(ctx, r) })
	handle(mux, "Questions", func(ctx context.Context, _ nothing) ([]center.Question, error) { return s.Questions(ctx) })
	stream(mux, "AnswerQuestion", func(ctx context.Context, a answerArg, tell func(center.SyncNews)) error {
		return s.AnswerQuestion(ctx, a.Item, a.Answer, tell)
	})
	handle(mux, "FindEvents", func(ctx context.Context, f center.EventFilter) ([]store.Event, error) { return s.FindEvents(ctx, f) })
	handle(mux, "ClearEvents", func(ctx context.Context, f center.EventFilter) (int, error) { return s.ClearEvents(ctx, f) })
	handle(mux, "ListHandlers", func(ctx context.Context, f center.HandlerFilter) ([]handler.Handler, error) {
		return s.ListHandlers(ctx, f)
	})
	handle(mux, "ItemRecords", func(ctx context.Context, a recordsArg) ([]center.RecordLine, error) {
		return s.ItemRecords(ctx, a.Item, a.Limit)
	})
	handle(mux, "ItemRecord", func(ctx context.Context, q center.RecordQuery) (center.RecordShown, error) {
		return s.ItemRecord(ctx, q)
	})
	handle(mux, "Proposals", func(ctx context.Context, a nameArg) ([]center.Proposal, error) { return s.Proposals(ctx, a.Name) })
	handle(mux, "CommitProposal", func(ctx context.Context, c center.Commitment) (store.Item, error) { return s.CommitProposal(ctx, c) })
	handle(mux, "FindHandler", func(ctx context.Context, a nameArg) (handler.Handler, error) { return s.FindHandler(ctx, a.Name) })
	handle(mux, "OrderHandler", func(ctx context.Context, o center.HandlerOrder) (handler.Handler, error) {
		return s.OrderHandler(ctx, o)
	})
	handle(mux, "ForgetHandler", func(ctx context.Context, a nameArg) (nothing, error) { return nothing{}, s.ForgetHandler(ctx, a.Name) })
}

// ProgramConflicts implements center.Service.
func (c *Client) ProgramConflicts(ctx context.Context, handler, own string) ([]center.ProgramConflict, error) {
	return call[[]center.ProgramConflict](ctx, c, "ProgramConflicts", programArg{handler, own})
}

// Compare implements center.Service.
func (c *Client) Compare(ctx context.Context, id int64) (center.Comparison, error) {
	return call[center.Comparison](ctx, c, "Compare", idArg{id})
}

// MergeFields implements center.Service.
func (c *Client) MergeFields(ctx context.Context, a center.FieldChoice) (center.ChosenVersion, error) {
	return call[center.ChosenVersion](ctx, c, "MergeFields", a)
}

// Resolve implements center.Service.
func (c *Client) Resolve(ctx context.Context, r center.Resolution) (center.Resolved, error) {
	return call[center.Resolved](ctx, c, "Resolve", r)
}

// SetFolders implements center.Service.
func (c *Client) SetFolders(ctx context.Context, partner, when string) error {
	_, err := call[nothing](ctx, c, "SetFolders", whenArg{partner, when})
	return err
}

// KindRules implements center.Service.
func (c *Client) KindRules(ctx context.Context) ([]center.KindRule, error) {
	return call[[]center.KindRule](ctx, c, "KindRules", nothing{})
}

// SetKindRule implements center.Service.
func (c *Client) SetKindRule(ctx context.Context, r center.KindRule) error {
	_, err := call[nothing](ctx, c, "SetKindRule", r)
	return err
}

// Questions implements center.Service.
func (c *Client) Questions(ctx context.Context) ([]center.Question, error) {
	return call[[]center.Question](ctx, c, "Questions", nothing{})
}

// AnswerQuestion implements center.Service.
func (c *Client) AnswerQuestion(ctx context.Context, item, answer string, tell func(center.SyncNews)) error {
	return c.follow(ctx, "AnswerQuestion", answerArg{item, answer}, tell)
}

// FindEvents implements center.Service.
func (c *Client) FindEvents(ctx context.Context, f center.EventFilter) ([]store.Event, error) {
	return call[[]store.Event](ctx, c, "FindEvents", f)
}

// ClearEvents implements center.Service.
func (c *Client) ClearEvents(ctx context.Context, f center.EventFilter) (int, error) {
	return call[int](ctx, c, "ClearEvents", f)
}

// StopHandler implements center.Service.
func (c *Client) StopHandler(ctx context.Context, id string) (int, error) {
	return call[int](ctx, c, "StopHandler", nameArg{id})
}

// Result implements center.Service.
func (c *Client) Result(ctx context.Context, runs []int64) (center.SyncResult, error) {
	return call[center.SyncResult](ctx, c, "Result", runsArg{runs})
}

// Progress implements center.Service.
func (c *Client) Progress(ctx context.Context) (progress.State, error) {
	return call[progress.State](ctx, c, "Progress", nothing{})
}

// OpenSession implements center.Service.
func (c *Client) OpenSession(ctx context.Context, n center.NewSession) (int64, error) {
	return call[int64](ctx, c, "OpenSession", n)
}

// ReportSession implements center.Service.
func (c *Client) ReportSession(ctx context.Context, id int64, r center.SessionReport) (center.SessionAnswer, error) {
	return call[center.SessionAnswer](ctx, c, "ReportSession", reportArg{id, r})
}

// CloseSession implements center.Service.
func (c *Client) CloseSession(ctx context.Context, id int64) error {
	return do(ctx, c, "CloseSession", idArg{id})
}

// ListHandlers implements center.Service.
func (c *Client) ListHandlers(ctx context.Context, f center.HandlerFilter) ([]handler.Handler, error) {
	return call[[]handler.Handler](ctx, c, "ListHandlers", f)
}

// FindHandler implements center.Service.
func (c *Client) FindHandler(ctx context.Context, id string) (handler.Handler, error) {
	return call[handler.Handler](ctx, c, "FindHandler", nameArg{id})
}

// OrderHandler implements center.Service.
func (c *Client) OrderHandler(ctx context.Context, o center.HandlerOrder) (handler.Handler, error) {
	return call[handler.Handler](ctx, c, "OrderHandler", o)
}

// ForgetHandler implements center.Service.
func (c *Client) ForgetHandler(ctx context.Context, id string) error {
	return do(ctx, c, "ForgetHandler", nameArg{id})
}

// ItemRecords implements center.Service.
func (c *Client) ItemRecords(ctx context.Context, item string, limit int) ([]center.RecordLine, error) {
	return call[[]center.RecordLine](ctx, c, "ItemRecords", recordsArg{item, limit})
}

// ItemRecord implements center.Service.
func (c *Client) ItemRecord(ctx context.Context, q center.RecordQuery) (center.RecordShown, error) {
	return call[center.RecordShown](ctx, c, "ItemRecord", q)
}

// Proposals implements center.Service.
func (c *Client) Proposals(ctx context.Context, partner string) ([]center.Proposal, error) {
	return call[[]center.Proposal](ctx, c, "Proposals", nameArg{partner})
}

// CommitProposal implements center.Service.
func (c *Client) CommitProposal(ctx context.Context, o center.Commitment) (store.Item, error) {
	return call[store.Item](ctx, c, "CommitProposal", o)
}
