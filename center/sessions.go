package center

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem"
	"tandem/center/explain"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// Sessions is the part of Service about what is going on, also where another process does it: it tells of its session, which shows here as any other does.
// ISyncMgrSessionCreator, ISyncMgrSyncCallback
type Sessions interface {
	// Progress tells what is going on now; Follow says when that changes.
	Progress(ctx context.Context) (progress.State, error)
	// OpenSession begins a session. Its handler and items come to be known by it, unless they are already.
	OpenSession(ctx context.Context, n NewSession) (int64, error)
	// ReportSession tells how far a session is, and is answered whether to go on. An empty report only asks. One that says nothing for a
	// few minutes is taken for dead.
	ReportSession(ctx context.Context, session int64, r SessionReport) (SessionAnswer, error)
	// CloseSession ends a session. Items of which it was not said how they ended have failed.
	CloseSession(ctx context.Context, session int64) error
	// ProgramConflicts lists the conflicts that a program reported and that are not settled, with what people answered; own names one of them, "" all.
	ProgramConflicts(ctx context.Context, handler, own string) ([]ProgramConflict, error)
}

// NewSession describes a session that is done elsewhere.
type NewSession struct {
	Handler handler.Handler // only what whoever reports can know: ID, Name, Type, Label, Comment, Browse
	Items   []handler.Item  // likewise; items of a partner are named by ID alone
	Who     string          // the program that reports, for people
}

// SessionReport is what a session has to tell. All parts may be left out; they are looked at in this order.
type SessionReport struct {
	Text      string            // what goes on with the handler as a whole
	Add       []handler.Item    // items that join the session
	Propose   []handler.Item    // likewise, and nobody sees them before they are committed
	Progress  []progress.Report // of its items
	Commit    []string          // proposed items that succeeded, and so are seen from now on
	Conflicts []store.Reported  // for the inbox: Own, Item, Kind, Title, Reason, Takes (see ReportTakes) and Versions; one with the same Own replaces what was
	Closed    []string          // conflicts that are settled, by Own; what is not there is passed over
	Events    []store.Event     // for the results log: Item, Level, Text, Record, Remedy, Code, Link, LinkText
}

// SessionAnswer is what a session is told.
type SessionAnswer struct {
	All        progress.Answer            // whether to go on at all
	Items      map[string]progress.Answer // whether to go on with the items that were reported
	Additional []string                   // items that joined meanwhile: sync them, too
	Answers    []ProgramConflict          // what people answered to conflicts of its handler; each is told until the conflict is closed
}

// Progress implements Service.
func (h *Hub) Progress(context.Context) (progress.State, error) { return h.shown.State(), nil }

// silence is how long a session elsewhere may say nothing.
const silence = 5 * time.Minute

// OpenSession implements Service.
func (h *Hub) OpenSession(ctx context.Context, n NewSession) (int64, error) {
	if n.Who == "" {
		n.Who = n.Handler.Name
	}
	known, err := h.introduce(ctx, n)
	if err != nil {
		return 0, err
	}
	b := progress.Begin{Handler: n.Handler.ID, Who: n.Who, Silence: silence, Names: map[string]string{}}
	for _, it := range n.Items {
		b.Items = append(b.Items, it.ID)
		if it.Name != "" {
			b.Names[it.ID] = it.Name
		}
	}
	began := h.now()
	b.OnEnd = func(e progress.End) { h.endForeign(e, began) }
	s, err := h.shown.Open(b)
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	h.foreign[s.ID()] = known
	h.mu.Unlock()
	for _, it := range n.Items {
		h.news.tell(News{What: StartedNews, Item: it.ID, Handler: n.Handler.ID, User: known.user})
	}
	return s.ID(), nil
}

// ReportSession implements Service.
func (h *Hub) ReportSession(ctx context.Context, id int64, r SessionReport) (SessionAnswer, error) {
	out := SessionAnswer{Items: map[string]progress.Answer{}}
	s, err := h.shown.Session(id)
	if err != nil {
		return out, err
	}
	h.mu.Lock()
	mine := h.foreign[id]
	h.mu.Unlock()
	if mine == nil {
		return out, &tandem.Error{Kind: tandem.Denied, Op: "report to session", Thing: fmt.Sprint(id), Err: errors.New("it is the hub's own"), Remedy: "begin one of your own"}
	}
	if r.Text != "" {
		if _, err := s.SetText(r.Text); err != nil {
			return out, err
		}
	}
	if err := h.joinForeign(ctx, s, mine, r); err != nil {
		return out, err
	}
	var wrong error // the first report out of turn; the others are still taken
	for _, p := range r.Progress {
		answer, err := s.Report(p)
		out.Items[p.Item] = answer
		wrong = errors.Join(wrong, err)
		h.tellRow(mine, s, p.Item, ProgressNews)
	}
	if len(r.Progress) > 0 {
		h.tellMoved()
	}
	if err := h.commitItems(ctx, mine, s, r.Commit); err != nil {
		return out, errors.Join(wrong, err)
	}
	if err := h.reportConflicts(ctx, mine, r); err != nil {
		return out, errors.Join(wrong, err)
	}
	if err := h.reportEvents(ctx, mine, r.Events); err != nil {
		return out, errors.Join(wrong, err)
	}
	if mine.program {
		if out.Answers, err = h.answersFor(ctx, mine.handler); err != nil {
			return out, errors.Join(wrong, err)
		}
	}
	out.All = s.CanContinue("")
	if out.Additional, err = s.Additional(); err != nil {
		return out, errors.Join(wrong, err)
	}
	return out, wrong
}

// CloseSession implements Service.
func (h *Hub) CloseSession(_ context.Context, id int64) error {
	s, err := h.shown.Session(id)
	if err != nil {
		return err
	}
	h.mu.Lock()
	mine := h.foreign[id]
	h.mu.Unlock()
	if mine == nil {
		return &tandem.Error{Kind: tandem.Denied, Op: "close session", Thing: fmt.Sprint(id), Err: errors.New("it is the hub's own"), Remedy: "stop it instead"}
	}
	s.Close()
	return nil
}

// maxEvents bounds what one report may write to the log.
const maxEvents = 1000

func (h *Hub) reportEvents(ctx context.Context, mine *foreign, events []store.Event) error {
	if len(events) == 0 {
		return nil
	}
	if len(events) > maxEvents {
		return tandem.Errorf(tandem.TooLarge, "%d events in one report; at most %d are taken", len(events), maxEvents)
	}
	list := make([]store.Event, 0, len(events))
	for _, e := range events {
		if e.Level > store.Error {
			return tandem.Errorf(tandem.Invalid, "%d is no level of an event", e.Level)
		}
		h.mu.Lock()
		has := mine.has(e.Item)
		h.mu.Unlock()
		if _, err := explain.Find(e.Code); e.Code != "" && err != nil {
			return &tandem.Error{Kind: tandem.Invalid, Op: "write to the results log", Thing: e.Code, Err: errors.New("there is no such code"), Remedy: "leave it out, or name one that `tandem log --explain all` lists"}
		}
		if e.Item != "" && !has {
			return tandem.Errorf(tandem.NotFound, "%q is no item of this session", e.Item)
		}
		if e.Item == "" {
			e.Item = mine.handler
		}
		list = append(list, store.Event{When: h.now(), User: mine.user, Item: e.Item, Level: e.Level, Text: progress.Cut(e.Text, maxEventText), Record: e.Record, Remedy: progress.Cut(e.Remedy, maxEventText), Code: e.Code,
			Link: progress.Cut(e.Link, maxEventText), LinkText: progress.Cut(e.LinkText, progress.MaxText)})
	}
	return h.cfg.Store.Events.Add(ctx, list...)
}

const maxEventText = 4000

// endForeign writes down how a session elsewhere ended.
func (h *Hub) endForeign(e progress.End, began int64) {
	h.mu.Lock()
	mine := h.foreign[e.ID]
	delete(h.foreign, e.ID)
	h.mu.Unlock()
	h.tellMoved()
	if mine == nil {
		return
	}
	ctx := context.Background()
	for item, row := range e.Rows {
		if !mine.visible[item] {
			continue // proposed, and came to nothing
		}
		h.news.tell(News{What: EndedNews, Item: item, Handler: mine.handler, User: mine.user, Row: &row})
		r := store.Run{Item: item, Started: began}
		var err error
		var tell []store.Delivery
		if r.ID, err = h.cfg.Store.Events.StartRun(ctx, r); err == nil {
			r.Finished, r.Result = h.now(), map[progress.Status]string{progress.Succeeded: "ok", progress.Cancelled: "cancelled"}[row.Status]
			if r.Result == "" {
				r.Result = "failed"
			}
			if tell, err = h.foreignDeliveries(ctx, mine, e, r, row); err == nil {
				err = h.cfg.Store.Events.EndRun(ctx, r, nil, tell...)
			}
		}
		if len(tell) > 0 && err == nil {
			h.cfg.Hooks.Poke()
		}
		if err == nil && r.Result == "failed" {
			err = h.cfg.Store.Events.Add(ctx, foreignFailure(mine, e.Who, r, row))
		}
		if err != nil {
			h.cfg.Log.Error("cannot write down how a session ended", "item", item, "error", err)
		}
	}
}

// tellRow tells of an item of a session elsewhere, if people see it.
func (h *Hub) tellRow(f *foreign, s *progress.Session, item, what string) {
	h.mu.Lock()
	seen := f.visible[item]
	h.mu.Unlock()
	if row, ok := s.Row(item); ok && seen {
		h.news.tell(News{What: what, Item: item, Handler: f.handler, User: f.user, Row: &row})
	}
}

// foreignFailure is the line of the log about a session elsewhere that failed.
func foreignFailure(mine *foreign, who string, r store.Run, row progress.Row) store.Event {
	e := store.Event{When: r.Finished, User: mine.user, Session: r.ID, Item: r.Item, Level: store.Error, Text: "the sync by " + who + " failed", Remedy: "look at what " + who + " says about it"}
	if row.Text != "" {
		e.Text += ": " + row.Text
	}
	if row.Status == progress.Disconnected {
		e.Code = tandem.Transient.Code()
	}
	return e
}
