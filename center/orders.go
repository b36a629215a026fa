package center

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/center/handler"
)

// OrderHandler implements Service.
func (h *Hub) OrderHandler(ctx context.Context, o HandlerOrder) (handler.Handler, error) {
	x, err := h.FindHandler(ctx, o.Handler)
	if err != nil {
		return x, err
	}
	state, thing := x.Task(o.Do), o.Handler
	if o.Item != "" {
		it := x.Item(o.Item)
		if it == nil {
			return x, &tandem.Error{Kind: tandem.NotFound, Op: "find item", Thing: o.Item, Err: errors.New("the handler " + o.Handler + " has no such item"), Remedy: "see them with `tandem handler show " + o.Handler + "`"}
		}
		state, thing = it.Task(o.Do), o.Handler+"/"+o.Item
		if o.Do == handler.Pause && it.Paused { // for another time
			state = it.Task(handler.Resume)
		}
	}
	if state.How != handler.Offered {
		return x, &tandem.Error{Kind: tandem.Denied, Op: string(o.Do), Thing: thing, Err: errors.New(state.Why), Remedy: "see what can be done with `tandem handler show " + o.Handler + "`"}
	}
	if err := h.ask(ctx, &x, o); err != nil {
		return x, err
	}
	if err := h.obey(ctx, &x, o); err != nil {
		return x, err
	}
	h.news.tell(News{What: HandlersNews, Item: o.Item, Handler: o.Handler, User: x.User})
	after, err := h.FindHandler(ctx, o.Handler)
	if tandem.IsKind(err, tandem.NotFound) { // that was the order
		x.Items = slices.DeleteFunc(x.Items, func(it handler.Item) bool { return o.Item == "" || it.ID == o.Item })
		return x, nil
	}
	return after, err
}

// ForgetHandler implements Service.
func (h *Hub) ForgetHandler(ctx context.Context, id string) error {
	x, err := h.FindHandler(ctx, id)
	if err != nil {
		return err
	}
	if _, err := h.program(ctx, id); err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "forget handler", Thing: id, Err: errors.New("it is no program that reports"), Remedy: "remove a partner with `tandem partner remove`, a phone with `tandem device remove`"}
	}
	if x.Syncing || h.reports(id) {
		return &tandem.Error{Kind: tandem.Busy, Op: "forget handler", Thing: id, Err: errors.New("it has a session going on"), Remedy: "stop that first"}
	}
	h.noting.Lock()
	defer h.noting.Unlock()
	if err := h.forgetReported(ctx, &x, ""); err != nil {
		return err
	}
	if err := h.forgetHandler(ctx, id); err != nil {
		return err
	}
	h.news.tell(News{What: HandlersNews, Handler: id, User: x.User})
	return nil
}

// ask lets those refuse an order who are to be asked before it. ISyncMgrHandler: QueryBeforeActivate, Deactivate, Enable, Disable, Delete
func (h *Hub) ask(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	if h.cfg.Query != nil {
		if err := h.cfg.Query(ctx, o); err != nil {
			return err
		}
	}
	switch o.Do {
	case handler.Activate, handler.Deactivate, handler.Enable, handler.Disable:
		if o.Item == "" { // of items, whatever changes them asks
			if err := h.mayDo(ctx, o.Handler, o.Handler, o.Do); err != nil {
				return err
			}
		}
	}
	if o.Confirm || o.Do != handler.Deactivate && o.Do != handler.Delete {
		return nil
	}
	waiting := x.Conflicts
	if o.Item != "" {
		waiting = x.Item(o.Item).Conflicts
	}
	if waiting > 0 {
		return &tandem.Error{Kind: tandem.Held, Op: string(o.Do), Thing: strings.Trim(o.Handler+"/"+o.Item, "/"), Err: errors.New("conflicts wait for a decision"),
			Remedy: "decide them with `tandem conflict list`, or confirm with --yes: both places then keep what they have"}
	}
	return nil
}

// obey carries an order out that nobody objects to.
func (h *Hub) obey(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	switch o.Do {
	case handler.Start:
		if x.Place == "" {
			return h.handOver(x, o)
		}
		opt := SyncOptions{By: o.By, Handler: o.Handler}
		var names []string
		if o.Item != "" {
			names, opt.Handler = []string{o.Item}, ""
		}
		_, err := h.Begin(ctx, names, opt)
		return err
	case handler.Stop:
		if o.Item != "" {
			_, err := h.Stop(ctx, []string{o.Item})
			return err
		}
		_, err := h.StopHandler(ctx, o.Handler)
		return err
	case handler.Pause, handler.Resume:
		return h.obeyPause(ctx, o)
	case handler.Show, handler.Hide:
		return h.changeNote(ctx, o.Handler, func(n *note) error {
			n.Hidden = o.Do == handler.Hide
			return nil
		})
	case handler.Browse, handler.Schedule:
		return &tandem.Error{Kind: tandem.Invalid, Op: string(o.Do), Thing: o.Handler, Err: errors.New("there is nothing to order"), Remedy: "follow the link that the handler shows, or set the item's schedule"}
	}
	switch {
	case strings.HasPrefix(x.ID, devicePrefix):
		return h.obeyDevice(ctx, x, o)
	case strings.HasPrefix(x.ID, setupPrefix):
		return h.obeySetup(ctx, x, o)
	case o.Item != "":
		return h.obeyItem(ctx, x, o)
	}
	return h.obeyHandler(ctx, x, o)
}

// handOver asks a program that has a session going on to sync an item, or all its items, too.
func (h *Hub) handOver(x *handler.Handler, o HandlerOrder) error {
	taken := 0
	for _, it := range x.Items {
		if (o.Item == "" || it.ID == o.Item) && it.Enabled && h.shown.Offer(x.ID, it.ID) {
			taken++
		}
	}
	if taken == 0 {
		return &tandem.Error{Kind: tandem.Busy, Op: "start", Thing: strings.Trim(o.Handler+"/"+o.Item, "/"), Err: errors.New("its program takes nothing more just now"), Remedy: "it is being synced already; otherwise start it in the program"}
	}
	return nil
}

// obeyItem enables, disables or deletes an item of a partner or program.
func (h *Hub) obeyItem(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	program := x.Place == ""
	switch {
	case !program && o.Do == handler.Delete:
		return h.RemoveItem(ctx, o.Item)
	case !program:
		return h.EnableItem(ctx, o.Item, o.Do == handler.Enable)
	}
	err := h.changeNote(ctx, o.Handler, func(n *note) error {
		if o.Do == handler.Delete {
			n.Says.Items = slices.DeleteFunc(n.Says.Items, func(it handler.Item) bool { return it.ID == o.Item })
			delete(n.NoItem, o.Item)
			return nil
		}
		if n.NoItem == nil {
			n.NoItem = map[string]bool{}
		}
		n.NoItem[o.Item] = true
		if o.Do == handler.Enable {
			delete(n.NoItem, o.Item)
		}
		return nil
	})
	if err == nil && o.Do == handler.Delete {
		err = h.forgetReported(ctx, x, o.Item)
	}
	return err
}

// obeyHandler activates, deactivates, enables or disables a partner or program. Its items keep their own settings.
func (h *Hub) obeyHandler(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	var now note
	err := h.changeNote(ctx, o.Handler, func(n *note) error {
		switch o.Do {
		case handler.Activate, handler.Deactivate:
			n.Out = o.Do == handler.Deactivate
		case handler.Enable, handler.Disable:
			n.Off = o.Do == handler.Disable
		}
		now = *n
		return nil
	})
	if err != nil {
		return err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	off := now.handlerOff() != ""
	h.mu.Lock()
	h.off[o.Handler] = off
	h.mu.Unlock()
	for _, it := range items {
		if it.Partner != o.Handler || x.Place == "" {
			continue
		}
		h.unkeep(it.Name)
		if !off {
			h.keep(it)
		}
	}
	if off {
		h.unkeepAccount(o.Handler)
		h.shown.StopHandler(o.Handler)
		return nil
	}
	accounts, err := h.accounts(ctx)
	for _, a := range accounts {
		if a.name == o.Handler {
			h.keepAccount(a)
		}
	}
	return err
}
