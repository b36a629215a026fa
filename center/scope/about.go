package scope

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/store"
)

// Status implements center.Service.
func (s *Scope) Status(ctx context.Context, names []string) ([]center.ItemStatus, error) {
	list, err := s.items(ctx, names)
	if err != nil || len(list) == 0 {
		return []center.ItemStatus{}, err
	}
	names = nil
	for _, it := range list {
		names = append(names, it.Name)
	}
	out, err := s.cfg.Hub.Status(ctx, names)
	for i := range out {
		out[i].Item = s.quiet(out[i].Item)
	}
	return out, err
}

// ByHand implements center.Service: pairs of places belong to nobody, and are shown to administrators.
func (s *Scope) ByHand(ctx context.Context) ([]center.PlacesStatus, error) {
	if !s.who.Admin {
		return []center.PlacesStatus{}, nil
	}
	return s.cfg.Hub.ByHand(ctx)
}

// Runs implements center.Service. Without an item they are of one's own items and phones. What another's phone synced is for who sees the phone, where its item is named.
func (s *Scope) Runs(ctx context.Context, f store.RunFilter) ([]store.Run, error) {
	f.Of = nil
	if phone, ok := center.PhoneOf(f.Item); ok {
		if _, err := s.FindHandler(ctx, phone); err != nil {
			return nil, missing("sync item", f.Item)
		}
		return s.cfg.Hub.Runs(ctx, f)
	}
	var names []string
	if f.Item != "" {
		names = []string{f.Item}
	}
	items, err := s.items(ctx, names)
	if err != nil {
		return nil, err
	}
	o, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	f.Of = &store.RunsOf{Pairs: slices.Collect(maps.Keys(o.pairs))} // another's item had this name before, maybe
	for _, it := range items {
		f.Of.Items = append(f.Of.Items, it.Name)
	}
	if f.Item == "" {
		own, err := s.cfg.Store.Devices.Devices(ctx, s.who.User)
		if err != nil {
			return nil, err
		}
		for _, d := range own {
			f.Of.Phones = append(f.Of.Phones, d.Number)
		}
	}
	list, err := s.cfg.Hub.Runs(ctx, f)
	return append([]store.Run{}, list...), err
}

// sees reports whether a line of the log is for the person.
func (s *Scope) sees(e store.Event) bool {
	if s.mine(e.User) {
		return true
	}
	return s.who.Admin && (e.User == "" || slices.ContainsFunc(hubLines(), func(p string) bool { return strings.HasPrefix(e.Item, p) }))
}

// hubLines are the beginnings of what lines of the log are about that administrators see of all: log-ins, what was decided about rights, and devices. No sync
// item can be called so.
func hubLines() []string { return []string{"web:", "api:", "device "} }

// Log implements center.Service.
func (s *Scope) Log(ctx context.Context, after int64, item string, limit int) ([]store.Event, error) {
	f := store.EventFilter{After: after, Limit: limit, For: &store.EventsFor{User: s.who.User}}
	if item != "" {
		f.Items = []string{item}
	}
	if after < 0 {
		f.After, f.Limit, f.Newest = 0, int(-after), true
	}
	if s.who.Admin {
		f.For.Hub, f.For.Prefixes = true, hubLines()
	}
	list, err := s.cfg.Store.Results.Find(ctx, f)
	return append([]store.Event{}, list...), err
}

// FollowLog implements center.Service.
func (s *Scope) FollowLog(ctx context.Context, after int64, item string, tell func(store.Event)) error {
	if after < 0 {
		events, err := s.Log(ctx, after, item, 0)
		if err != nil {
			return err
		}
		after = 0
		for _, e := range events {
			tell(e)
			after = e.ID
		}
	}
	return s.cfg.Hub.FollowLog(ctx, after, item, func(e store.Event) {
		if s.sees(e) {
			tell(e)
		}
	})
}

// Follow implements center.Service.
func (s *Scope) Follow(ctx context.Context, tell func(center.News)) error {
	return s.cfg.Hub.Follow(ctx, func(n center.News) {
		switch {
		case n.What == center.MissedNews, s.mine(n.User), s.who.Admin && n.What == center.DeviceNews:
			tell(n)
		}
	})
}

// Collections implements center.Service.
func (s *Scope) Collections(ctx context.Context) ([]tandem.Collection, error) {
	list, err := s.cfg.Hub.Collections(ctx)
	return slices.DeleteFunc(list, func(c tandem.Collection) bool { return !s.mine(c.User) }), err
}

// Checks implements center.Service. Administrators see the health of all; nobody else's places are opened for anybody else.
func (s *Scope) Checks(ctx context.Context, user string) ([]center.Check, error) {
	if s.who.Admin {
		return s.cfg.Hub.Checks(ctx, user)
	}
	if user != "" && !s.mine(user) {
		return nil, missing("user", user)
	}
	list, err := s.cfg.Hub.Checks(ctx, s.who.User)
	return slices.DeleteFunc(list, func(c center.Check) bool { return !s.mine(c.User) }), err
}

// Conflicts implements center.Service.
func (s *Scope) Conflicts(ctx context.Context, open bool) ([]store.Conflict, error) {
	o, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.Conflicts(ctx, open)
	return slices.DeleteFunc(list, func(c store.Conflict) bool { return !o.pairs[c.Pair] && !s.reported(c.Reported) }), err
}

// reported tells whether a conflict is one that a program reported for oneself, or for administrators for the hub.
func (s *Scope) reported(r *store.Reported) bool {
	return r != nil && (s.mine(r.User) || r.User == "" && s.who.Admin)
}

// conflict checks that a conflict is one's own.
func (s *Scope) conflict(ctx context.Context, id int64) error {
	c, err := s.cfg.Store.Conflicts.Conflict(ctx, id)
	if tandem.IsKind(err, tandem.NotFound) {
		r, err := s.cfg.Store.Reported.Reported(ctx, id)
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
		if err != nil || !s.reported(&r) {
			return missing("conflict", strconv.FormatInt(id, 10))
		}
		return nil
	}
	if err != nil {
		return err
	}
	o, ownErr := s.owned(ctx)
	if ownErr != nil {
		return ownErr
	}
	if !o.pairs[c.Pair] {
		return missing("conflict", strconv.FormatInt(id, 10))
	}
	return nil
}

// Conflict implements center.Service.
func (s *Scope) Conflict(ctx context.Context, id int64) (store.Conflict, []string, error) {
	if err := s.conflict(ctx, id); err != nil {
		return store.Conflict{}, nil, err
	}
	return s.cfg.Hub.Conflict(ctx, id)
}

// Decide implements center.Service.
func (s *Scope) Decide(ctx context.Context, id int64, decision string, body []byte) error {
	if err := s.conflict(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.Decide(ctx, id, decision, body)
}

// History implements center.Service.
func (s *Scope) History(ctx context.Context, f store.PastFilter) ([]store.Past, error) {
	o, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	f.Of = o.past()
	return s.cfg.Hub.History(ctx, f)
}

// Undo implements center.Service.
func (s *Scope) Undo(ctx context.Context, what string) ([]center.UndoResult, error) {
	if err := s.undoable(ctx, what); err != nil {
		return nil, err
	}
	return s.cfg.Hub.Undo(ctx, what)
}

// undoable checks that everything that an undo is about is one's own.
func (s *Scope) undoable(ctx context.Context, what string) error {
	o, err := s.owned(ctx)
	if err != nil {
		return err
	}
	entry := strings.HasPrefix(what, "h")
	id, err := strconv.ParseInt(strings.TrimLeft(what, "sh"), 10, 64)
	if err != nil || id <= 0 {
		return &tandem.Error{Kind: tandem.Invalid, Op: "undo", Thing: what, Err: errors.New("this names neither a session nor a history entry"), Remedy: "name a session like s12 or an entry like h7"}
	}
	if entry {
		p, err := s.cfg.Store.History.Past(ctx, id)
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
		if err != nil || !o.has(p) {
			return missing("history entry", fmt.Sprintf("h%d", id))
		}
		return nil
	}
	all, err := s.cfg.Store.History.List(ctx, store.PastFilter{Session: id})
	if err != nil {
		return err
	}
	if len(all) == 0 || slices.ContainsFunc(all, func(p store.Past) bool { return !o.has(p) }) {
		return missing("session", fmt.Sprintf("s%d", id))
	}
	return nil
}
