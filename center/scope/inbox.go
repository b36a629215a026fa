package scope

import (
	"context"
	"slices"
	"strings"

	"tandem/center"
	"tandem/store"
)

// Compare implements center.Service.
func (s *Scope) Compare(ctx context.Context, id int64) (center.Comparison, error) {
	if err := s.conflict(ctx, id); err != nil {
		return center.Comparison{}, err
	}
	return s.cfg.Hub.Compare(ctx, id)
}

// MergeFields implements center.Service.
func (s *Scope) MergeFields(ctx context.Context, c center.FieldChoice) (center.ChosenVersion, error) {
	if err := s.conflict(ctx, c.ID); err != nil {
		return center.ChosenVersion{}, err
	}
	return s.cfg.Hub.MergeFields(ctx, c)
}

// Resolve implements center.Service.
func (s *Scope) Resolve(ctx context.Context, r center.Resolution) (center.Resolved, error) {
	if err := s.conflict(ctx, r.ID); err != nil {
		return center.Resolved{}, err
	}
	return s.cfg.Hub.Resolve(ctx, r)
}

// KindRules implements center.Service: one's own, and those of everybody.
func (s *Scope) KindRules(ctx context.Context) ([]center.KindRule, error) {
	list, err := s.cfg.Hub.KindRules(ctx)
	return slices.DeleteFunc(list, func(r center.KindRule) bool { return r.User != center.Everybody && !s.mine(r.User) }), err
}

// SetKindRule implements center.Service: one's own, or for administrators that of everybody.
func (s *Scope) SetKindRule(ctx context.Context, r center.KindRule) error {
	switch {
	case r.User == center.Everybody:
		if err := s.adminOnly("set rule for everybody"); err != nil {
			return err
		}
	case r.User == "":
		r.User = s.who.User
	case !s.mine(r.User):
		return missing("user", r.User)
	}
	err := s.cfg.Hub.SetKindRule(ctx, r)
	if err == nil && r.User == center.Everybody {
		s.audit(ctx, "", "changed what becomes of conflicts in records of kind %s, for everybody", r.Kind)
	}
	return err
}

// Questions implements center.Service.
func (s *Scope) Questions(ctx context.Context) ([]center.Question, error) {
	list, err := s.cfg.Hub.Questions(ctx)
	return slices.DeleteFunc(list, func(q center.Question) bool { return !s.mine(q.User) }), err
}

// AnswerQuestion implements center.Service.
func (s *Scope) AnswerQuestion(ctx context.Context, item, answer string, tell func(center.SyncNews)) error {
	if err := s.item(ctx, item); err != nil {
		return err
	}
	return s.cfg.Hub.AnswerQuestion(ctx, item, answer, tell)
}

// logPage is how many lines of the log are looked through at a time.
const logPage = 1000

// FindEvents implements center.Service. It looks through the log until enough is found that the person sees.
func (s *Scope) FindEvents(ctx context.Context, f center.EventFilter) ([]store.Event, error) {
	if f.Handler != "" {
		if _, err := s.FindHandler(ctx, f.Handler); err != nil {
			return nil, err
		}
	}
	if !s.who.Admin {
		f.User = s.stored()
		return s.cfg.Hub.FindEvents(ctx, f)
	}
	limit := f.Limit
	f.Limit = logPage
	out := []store.Event{}
	for {
		page, err := s.cfg.Hub.FindEvents(ctx, f)
		if err != nil {
			return nil, err
		}
		full := len(page) == logPage
		if f.Newest && full {
			f.Before = page[0].ID
		} else if full {
			f.After = page[len(page)-1].ID
		}
		page = slices.DeleteFunc(page, func(e store.Event) bool { return !s.sees(e) })
		if f.Newest {
			out = slices.Concat(page, out)
		} else {
			out = append(out, page...)
		}
		switch {
		case limit > 0 && len(out) >= limit && f.Newest:
			return out[len(out)-limit:], nil
		case limit > 0 && len(out) >= limit:
			return out[:limit], nil
		case !full:
			return out, nil
		}
	}
}

// stored is the person's name as the store has it.
func (s *Scope) stored() *string {
	name := strings.ToLower(s.who.User)
	return &name
}

// ClearEvents implements center.Service: one's own, and for administrators the hub's.
func (s *Scope) ClearEvents(ctx context.Context, f center.EventFilter) (int, error) {
	const op = "clear events"
	if err := s.notApp(op); err != nil {
		return 0, err
	}
	if f.Handler != "" {
		if _, err := s.FindHandler(ctx, f.Handler); err != nil {
			return 0, err
		}
	}
	f.User = s.stored()
	n, err := s.cfg.Hub.ClearEvents(ctx, f)
	if err != nil || !s.who.Admin {
		return n, err
	}
	f.User = new(string)
	more, err := s.cfg.Hub.ClearEvents(ctx, f)
	if err == nil && more > 0 { // lines of the hub say who decided what; that some are gone must show
		s.audit(ctx, "", "cleared %d lines of the log", more)
	}
	return n + more, err
}
