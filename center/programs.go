package center

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// foreign is a session that another program reports. Its maps are guarded by Hub.mu.
type foreign struct {
	handler  string
	user     string                  // whose; "": the hub's
	program  bool                    // the handler is known by reports only
	visible  map[string]bool         // items that people see
	proposed map[string]handler.Item // items that nobody sees yet
}

func (f *foreign) has(item string) bool {
	_, proposed := f.proposed[item]
	return f.visible[item] || proposed
}

// How much other programs may make known.
const (
	maxPrograms     = 100
	maxProgramItems = 500
)

// introduce makes the handler and items of a session known, unless they are.
func (h *Hub) introduce(ctx context.Context, n NewSession) (*foreign, error) {
	f := &foreign{handler: n.Handler.ID, user: n.Handler.User, visible: map[string]bool{}, proposed: map[string]handler.Item{}}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	partners, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return nil, err
	}
	if p, ok := findPartner(partners, n.Handler.ID); ok {
		f.user = p.User
		return f, h.introducePartner(ctx, f, n, items)
	}
	f.program = true
	if err := checkName("handler", n.Handler.ID); err != nil {
		return nil, err
	}
	if n.Handler.Type == "" {
		n.Handler.Type = handler.Application
	}
	if n.Handler.Name == "" {
		n.Handler.Name = n.Handler.ID
	}
	x := says(n.Handler)
	x.Items = cleanItems(n.Items)
	if err := h.checkProgram(&x, items); err != nil {
		return nil, err
	}
	for _, it := range x.Items {
		f.visible[it.ID] = true
	}
	return f, h.noteProgram(ctx, x)
}

// introducePartner lets a program report a sync of a partner's items.
func (h *Hub) introducePartner(ctx context.Context, f *foreign, n NewSession, items []store.Item) error {
	if off, err := h.isOff(ctx, n.Handler.ID); err != nil || off != "" {
		return errors.Join(err, denied(n.Handler.ID, off))
	}
	for _, it := range n.Items {
		have := findItem(items, it.ID)
		if have == nil || have.Partner != n.Handler.ID {
			return &tandem.Error{Kind: tandem.NotFound, Op: "report sync of", Thing: it.ID, Err: errors.New("the partner " + n.Handler.ID + " has no such item"), Remedy: "add it with `tandem item add`"}
		}
		if !have.Enabled {
			return denied(it.ID, "it is disabled")
		}
		f.visible[it.ID] = true
	}
	return nil
}

func denied(thing, why string) error {
	if why == "" {
		return nil
	}
	return &tandem.Error{Kind: tandem.Denied, Op: "report sync of", Thing: thing, Err: errors.New(why), Remedy: "let it sync with `tandem handler enable " + thing + "`"}
}

// says is what of a handler a program can know.
func says(x handler.Handler) handler.Handler {
	return handler.Handler{ID: x.ID, Name: x.Name, Type: x.Type, Label: progress.Cut(x.Label, progress.MaxText), Comment: progress.Cut(x.Comment, progress.MaxText), Icon: x.Icon, Can: x.Can,
		Policies: x.Policies, Browse: x.Browse, Shy: x.Shy, User: x.User}
}

// cleanItems is what of items a program can know.
func cleanItems(list []handler.Item) []handler.Item {
	out := make([]handler.Item, 0, len(list))
	for _, it := range list {
		if it.Name == "" {
			it.Name = it.ID
		}
		out = append(out, handler.Item{ID: it.ID, Name: it.Name, Label: progress.Cut(it.Label, progress.MaxText), Comment: progress.Cut(it.Comment, progress.MaxText), Can: it.Can, Policies: it.Policies,
			Browse: it.Browse, Kind: it.Kind, User: it.User, Hidden: it.Hidden})
	}
	return out
}

// checkProgram refuses what contradicts itself, and ids that mean something else already.
func (h *Hub) checkProgram(x *handler.Handler, items []store.Item) error {
	if err := x.Check(); err != nil {
		return err
	}
	for _, link := range append([]string{x.Browse}, itemLinks(x.Items)...) {
		if link != "" && !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "file://") {
			return tandem.Errorf(tandem.Invalid, "%q is no link that can be followed", link)
		}
	}
	for _, it := range x.Items {
		if findItem(items, it.ID) != nil || strings.HasPrefix(it.ID, devicePrefix) || strings.HasPrefix(it.ID, itemPrefix) {
			return &tandem.Error{Kind: tandem.Exists, Op: "report sync of", Thing: it.ID, Err: errors.New("another handler has an item of this id"), Remedy: "begin its id with the program's name"}
		}
	}
	return nil
}

func itemLinks(items []handler.Item) []string {
	var out []string
	for _, it := range items {
		out = append(out, it.Browse)
	}
	return out
}

// noteProgram writes down what a program says of its handler. What a person decided about it stays.
func (h *Hub) noteProgram(ctx context.Context, x handler.Handler) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	all, err := h.notes(ctx)
	if err != nil {
		return err
	}
	programs := 0
	for id, n := range all {
		if n.Says == nil {
			continue
		}
		programs++
		for _, it := range n.Says.Items {
			if id != x.ID && slices.ContainsFunc(x.Items, func(mine handler.Item) bool { return mine.ID == it.ID }) {
				return &tandem.Error{Kind: tandem.Exists, Op: "report sync of", Thing: it.ID, Err: errors.New("the handler " + id + " has an item of this id"), Remedy: "begin its id with the program's name"}
			}
		}
	}
	n, known := all[x.ID]
	if why := n.handlerOff(); why != "" {
		return denied(x.ID, why)
	}
	for _, it := range x.Items {
		if n.NoItem[it.ID] {
			return denied(it.ID, "it is disabled")
		}
	}
	if !known {
		n.Hidden = x.Shy // hidden by default counts the first time only
	}
	was := 0
	if n.Says != nil {
		was = len(n.Says.Items)
		x.Items = mergeItems(n.Says.Items, x.Items)
	} else if programs >= maxPrograms {
		return tandem.Errorf(tandem.Full, "%d programs report already", programs)
	}
	if len(x.Items) > maxProgramItems {
		return tandem.Errorf(tandem.TooLarge, "%d items of one handler; at most %d are taken", len(x.Items), maxProgramItems)
	}
	n.Says = &x
	if err := h.putNote(ctx, x.ID, n); err != nil {
		return err
	}
	if !known || len(x.Items) != was {
		h.news.tell(News{What: HandlersNews, Handler: x.ID, User: x.User})
	}
	return nil
}

// mergeItems adds items to those that are known, or replaces what is known of them.
func mergeItems(have, more []handler.Item) []handler.Item {
	out := slices.Clone(have)
	for _, it := range more {
		if i := slices.IndexFunc(out, func(x handler.Item) bool { return x.ID == it.ID }); i >= 0 {
			out[i] = it
		} else {
			out = append(out, it)
		}
	}
	return out
}

// reports tells whether a program has a session open, so that it can be handed items.
func (h *Hub) reports(id string) bool {
	for _, s := range h.shown.State().Sessions {
		if s.Handler == id {
			return true
		}
	}
	return false
}

// joinForeign takes items into a session that is going on, those that are proposed without anybody seeing them.
func (h *Hub) joinForeign(ctx context.Context, s *progress.Session, f *foreign, r SessionReport) error {
	if len(r.Add)+len(r.Propose) == 0 {
		return nil
	}
	if !f.program {
		return &tandem.Error{Kind: tandem.Invalid, Op: "add to session", Thing: f.handler, Err: errors.New("items of a partner are not made by reports"), Remedy: "add them with `tandem item add`"}
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	x, err := h.program(ctx, f.handler)
	if err != nil {
		return err
	}
	add, propose := cleanItems(r.Add), cleanItems(r.Propose)
	x.Items = slices.Concat(add, propose)
	if err := h.checkProgram(&x, items); err != nil {
		return err
	}
	if x.Items = add; len(add) > 0 {
		if err := h.noteProgram(ctx, x); err != nil {
			return err
		}
	}
	h.mu.Lock()
	for _, it := range add {
		f.visible[it.ID] = true
	}
	for _, it := range propose {
		if !f.visible[it.ID] {
			f.proposed[it.ID] = it
		}
	}
	h.mu.Unlock()
	for _, it := range propose {
		if _, there := s.Row(it.ID); !there {
			s.Hide(it.ID)
		}
	}
	for _, it := range slices.Concat(add, propose) {
		if err := s.Add(it.ID); err != nil {
			return err
		}
	}
	return nil
}

// program is what a program said of its handler, without items.
func (h *Hub) program(ctx context.Context, id string) (handler.Handler, error) {
	notes, err := h.notes(ctx)
	if err != nil {
		return handler.Handler{}, err
	}
	n := notes[id]
	if n.Says == nil {
		return handler.Handler{}, &tandem.Error{Kind: tandem.Gone, Op: "find handler", Thing: id, Err: errors.New("it was removed"), Remedy: "begin another session"}
	}
	x := *n.Says
	x.Items = nil
	return x, nil
}

// commitItems makes proposed items seen. ISyncMgrSyncCallback::CommitItem: they appear only after their first success.
func (h *Hub) commitItems(ctx context.Context, f *foreign, s *progress.Session, ids []string) error {
	for _, id := range ids {
		h.mu.Lock()
		it, ok := f.proposed[id]
		h.mu.Unlock()
		if !ok {
			return &tandem.Error{Kind: tandem.NotFound, Op: "commit item", Thing: id, Err: errors.New("it was not proposed in this session"), Remedy: "propose it first"}
		}
		if row, _ := s.Row(id); row.Status != progress.Succeeded {
			return &tandem.Error{Kind: tandem.Invalid, Op: "commit item", Thing: id, Err: fmt.Errorf("it is %s", row.Status), Remedy: "report that it succeeded first"}
		}
		x, err := h.program(ctx, f.handler)
		if err != nil {
			return err
		}
		x.Items = []handler.Item{it}
		if err := h.noteProgram(ctx, x); err != nil {
			return err
		}
		h.mu.Lock()
		delete(f.proposed, id)
		f.visible[id] = true
		h.mu.Unlock()
		s.Reveal(id)
	}
	return nil
}
