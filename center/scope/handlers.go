package scope

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// seesHandler reports whether a handler is shown: one's own, to administrators those of the hub, and to everybody what can be set up in general.
// Places that were discovered are for administrators, who alone name places.
func (s *Scope) seesHandler(x handler.Handler) bool {
	if s.mine(x.User) || x.User == "" && s.who.Admin {
		return true
	}
	return setup(x.ID) && x.Place == ""
}

func setup(id string) bool { return strings.HasPrefix(id, "setup/") }

// own is a handler with one's own items only. Programs and phones have one owner; a partner of the hub may serve items of several people.
func (s *Scope) own(x handler.Handler) handler.Handler {
	x.Items = slices.DeleteFunc(x.Items, func(it handler.Item) bool { return it.User != "" && !s.mine(it.User) && !s.mine(x.User) })
	x.Settle()
	return x
}

// ListHandlers implements center.Service. Administrators see the phones of all, as in ListDevices.
func (s *Scope) ListHandlers(ctx context.Context, f center.HandlerFilter) ([]handler.Handler, error) {
	list, err := s.cfg.Hub.ListHandlers(ctx, f)
	if err != nil {
		return nil, err
	}
	out := []handler.Handler{}
	for _, x := range list {
		if s.seesHandler(x) || s.who.Admin && handler.IsPhone(x.ID) {
			out = append(out, s.own(x))
		}
	}
	return out, nil
}

// FindHandler implements center.Service.
func (s *Scope) FindHandler(ctx context.Context, id string) (handler.Handler, error) {
	x, err := s.cfg.Hub.FindHandler(ctx, id)
	if err != nil || !s.seesHandler(x) && !(s.who.Admin && handler.IsPhone(x.ID)) {
		return handler.Handler{}, missing("handler", id)
	}
	return s.own(x), nil
}

// OrderHandler implements center.Service. What sets something up, and whether a phone may sync, is for administrators; its owner may block it.
func (s *Scope) OrderHandler(ctx context.Context, o center.HandlerOrder) (handler.Handler, error) {
	op := string(o.Do) + " handler"
	x, err := s.FindHandler(ctx, o.Handler)
	if err != nil {
		return x, err
	}
	if o.Item != "" && x.Item(o.Item) == nil {
		return handler.Handler{}, missing("item", o.Item)
	}
	if o.Item == "" && o.Do != handler.Start && o.Do != handler.Stop { // items are enabled and removed by apps, too
		if err := s.notApp(op); err != nil {
			return handler.Handler{}, err
		}
	}
	if setup(o.Handler) || o.Place != "" || handler.IsPhone(x.ID) && o.Do != handler.Disable && o.Do != handler.Show && o.Do != handler.Hide {
		if err := s.adminOnly(op); err != nil {
			return handler.Handler{}, err
		}
		if _, err := s.place(ctx, op, o.Place); err != nil {
			return handler.Handler{}, err
		}
	}
	o.By = s.by()
	after, err := s.cfg.Hub.OrderHandler(ctx, o)
	if err == nil && o.Do != handler.Start && o.Do != handler.Stop {
		s.audit(ctx, x.User, "ordered %s: %s", strings.TrimSuffix(o.Handler+"/"+o.Item, "/"), o.Do)
	}
	return s.own(after), err
}

// ForgetHandler implements center.Service.
func (s *Scope) ForgetHandler(ctx context.Context, id string) error {
	if err := s.notApp("forget handler"); err != nil {
		return err
	}
	if _, err := s.FindHandler(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.ForgetHandler(ctx, id)
}

// StopHandler implements center.Service. At a partner of the hub it stops one's own items only.
func (s *Scope) StopHandler(ctx context.Context, id string) (int, error) {
	x, err := s.FindHandler(ctx, id)
	if err != nil {
		return 0, err
	}
	if s.mine(x.User) {
		return s.cfg.Hub.StopHandler(ctx, id)
	}
	var names []string
	for _, it := range x.Items {
		if it.Syncing {
			names = append(names, it.ID)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	stopped, err := s.cfg.Hub.Stop(ctx, names)
	return len(stopped), err
}

// Result implements center.Service: of runs of one's own items.
func (s *Scope) Result(ctx context.Context, runs []int64) (center.SyncResult, error) {
	res, err := s.cfg.Hub.Result(ctx, runs)
	if err != nil {
		return res, err
	}
	for _, it := range res.Items {
		if s.item(ctx, it.Item) != nil {
			return center.SyncResult{}, missing("run", strings.Trim(fmt.Sprint(runs), "[]"))
		}
	}
	return res, nil
}

// Progress implements center.Service.
func (s *Scope) Progress(ctx context.Context) (progress.State, error) {
	st, err := s.cfg.Hub.Progress(ctx)
	if err != nil {
		return st, err
	}
	items, handlers, err := s.reach(ctx)
	if err != nil {
		return progress.State{}, err
	}
	theirs := func(r progress.ItemRow) bool { return !items[r.Item] }
	st.Items = slices.DeleteFunc(st.Items, theirs)
	sessions := []progress.SessionState{}
	for _, one := range st.Sessions {
		one.Items = slices.DeleteFunc(one.Items, theirs)
		if len(one.Items) > 0 || handlers[one.Handler] {
			sessions = append(sessions, one)
		}
	}
	st.Sessions = sessions
	return st, nil
}

// reach are the ids of one's own items and handlers.
func (s *Scope) reach(ctx context.Context) (items, handlers map[string]bool, err error) {
	items, handlers = map[string]bool{}, map[string]bool{}
	list, err := s.cfg.Hub.ListHandlers(ctx, center.HandlerFilter{Hidden: true})
	for _, x := range list {
		handlers[x.ID] = s.mine(x.User)
		for _, it := range x.Items {
			items[it.ID] = s.mine(it.User) || handlers[x.ID]
		}
	}
	return items, handlers, err
}

// OpenSession implements center.Service. What a program makes known is its user's.
func (s *Scope) OpenSession(ctx context.Context, n center.NewSession) (int64, error) {
	if x, err := s.cfg.Hub.FindHandler(ctx, n.Handler.ID); err == nil && !s.mine(x.User) {
		return 0, missing("handler", n.Handler.ID)
	}
	n.Handler.User = s.who.User
	for i := range n.Items {
		n.Items[i].User = s.who.User
	}
	return s.cfg.Hub.OpenSession(ctx, n)
}

// session checks that a session is one's own.
func (s *Scope) session(ctx context.Context, id int64) error {
	st, err := s.cfg.Hub.Progress(ctx)
	if err != nil {
		return err
	}
	_, handlers, err := s.reach(ctx)
	if err != nil {
		return err
	}
	for _, one := range st.Sessions {
		if one.ID == id && handlers[one.Handler] {
			return nil
		}
	}
	return missing("session", fmt.Sprint(id))
}

// ReportSession implements center.Service.
func (s *Scope) ReportSession(ctx context.Context, id int64, r center.SessionReport) (center.SessionAnswer, error) {
	if err := s.session(ctx, id); err != nil {
		return center.SessionAnswer{}, err
	}
	for _, list := range [][]handler.Item{r.Add, r.Propose} {
		for i := range list {
			list[i].User = s.who.User
		}
	}
	return s.cfg.Hub.ReportSession(ctx, id, r)
}

// ProgramConflicts implements center.Service: of one's own program.
func (s *Scope) ProgramConflicts(ctx context.Context, handler, own string) ([]center.ProgramConflict, error) {
	x, err := s.FindHandler(ctx, handler)
	if err != nil {
		return nil, err
	}
	if !s.mine(x.User) && !(x.User == "" && s.who.Admin) {
		return nil, missing("handler", handler)
	}
	return s.cfg.Hub.ProgramConflicts(ctx, handler, own)
}

// CloseSession implements center.Service.
func (s *Scope) CloseSession(ctx context.Context, id int64) error {
	if err := s.session(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.CloseSession(ctx, id)
}

// Proposals implements center.Service.
func (s *Scope) Proposals(ctx context.Context, partner string) ([]center.Proposal, error) {
	if err := s.partner(ctx, partner); err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.Proposals(ctx, partner)
	return list, err
}

// CommitProposal implements center.Service, for oneself.
func (s *Scope) CommitProposal(ctx context.Context, c center.Commitment) (store.Item, error) {
	p, err := s.findPartner(ctx, c.Partner)
	if err != nil {
		return store.Item{}, err
	}
	if c.Within = c.Within || !p.Bounded && !s.who.Admin; c.User != "" && !s.mine(c.User) {
		return store.Item{}, missing("user", c.User)
	}
	c.User = s.who.User
	if err := s.mayConnect("commit proposal", c.When); err != nil {
		return store.Item{}, err
	}
	return s.cfg.Hub.CommitProposal(ctx, c)
}
