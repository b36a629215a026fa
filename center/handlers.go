package center

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
)

// Handlers is the part of Service about whoever offers sync items: partners, phones, programs, and in Sync Setup what could be set up.
type Handlers interface {
	ListHandlers(ctx context.Context, f HandlerFilter) ([]handler.Handler, error)
	// FindHandler finds a handler by its id, hidden or not, set up or not.
	FindHandler(ctx context.Context, id string) (handler.Handler, error)
	// OrderHandler does a task with a handler or one of its items, and returns the handler as it is then. Denied where a policy takes the task away; Held
	// where there is something to think of first, until Confirm is set.
	OrderHandler(ctx context.Context, o HandlerOrder) (handler.Handler, error)
	// ForgetHandler forgets a handler that only reports of another program made known, and its items. It comes back with its next report.
	ForgetHandler(ctx context.Context, id string) error
}

// HandlerFilter selects handlers; the zero value those that are set up and not hidden.
type HandlerFilter struct {
	Setup  bool // those in Sync Setup instead
	Hidden bool // the hidden ones, too
	Type   handler.Type
	User   string // only those of this user, and the hub's own
}

// HandlerOrder is what a person orders about a handler.
type HandlerOrder struct {
	Handler string
	Item    string // "": the handler itself
	Do      handler.Task
	Place   string // Activate, for what names no place by itself
	By      string // who orders it
	Confirm bool
}

// Discovered is a place that could be set up: a server in the network, a stick that was plugged in.
type Discovered struct {
	ID, Name, Comment string
	Type              handler.Type
	Place             string
}

// note is what the hub remembers about a handler beside what the store keeps of partners and devices.
type note struct {
	Off    bool             `json:"off,omitempty"` // disabled
	Out    bool             `json:"out,omitempty"` // in Sync Setup
	Hidden bool             `json:"hidden,omitempty"`
	Says   *handler.Handler `json:"says,omitempty"` // of a handler that another program reports: what it says of itself
	NoItem map[string]bool  `json:"no_item,omitempty"`
}

// noteName begins the names of settings that hold notes.
const noteName = "handler "

func (h *Hub) notes(ctx context.Context) (map[string]note, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]note{}
	for name, text := range values {
		id, ok := strings.CutPrefix(name, noteName)
		if !ok {
			continue
		}
		var n note
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read what is known of handler", Thing: id, Err: err}
		}
		out[id] = n
	}
	return out, nil
}

// changeNote changes the note about a handler. Changes come one after another.
func (h *Hub) changeNote(ctx context.Context, id string, change func(n *note) error) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	all, err := h.notes(ctx)
	if err != nil {
		return err
	}
	n := all[id]
	if err := change(&n); err != nil {
		return err
	}
	return h.putNote(ctx, id, n)
}

func (h *Hub) putNote(ctx context.Context, id string, n note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if string(text) == "{}" {
		text = nil
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{noteName + id: string(text)})
}

// handlerOff says why nothing of a handler is synced, "" if something is.
func (n note) handlerOff() string {
	switch {
	case n.Out:
		return "its handler is not set up: activate it first"
	case n.Off:
		return "its handler is disabled"
	}
	return ""
}

// ListHandlers implements Service.
func (h *Hub) ListHandlers(ctx context.Context, f HandlerFilter) ([]handler.Handler, error) {
	all, err := h.handlers(ctx)
	if err != nil {
		return nil, err
	}
	out := []handler.Handler{}
	for _, x := range all {
		if x.Active == f.Setup || x.Hidden && !f.Hidden || f.Type != "" && x.Type != f.Type || f.User != "" && x.User != "" && x.User != f.User {
			continue
		}
		if !f.Hidden {
			x.Items = slices.DeleteFunc(x.Items, func(it handler.Item) bool { return it.Hidden })
		}
		out = append(out, x)
	}
	return out, nil
}

// handlers are all there are, now: nothing of the list is kept, so that they appear and vanish with what they stand for.
func (h *Hub) handlers(ctx context.Context) ([]handler.Handler, error) {
	notes, err := h.notes(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string]progress.ItemRow{}
	for _, r := range h.shown.State().Items {
		rows[r.Item] = r
	}
	var all []handler.Handler
	for _, source := range []func(context.Context, map[string]note) ([]handler.Handler, error){h.partnerHandlers, h.deviceHandlers, h.programHandlers, h.setupHandlers} {
		list, err := source(ctx, notes)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	for i := range all {
		x := &all[i]
		if x.Policies == nil {
			x.Policies = []handler.Policy{}
		}
		if x.Items == nil {
			x.Items = []handler.Item{}
		}
		for k := range x.Items {
			it := &x.Items[k]
			if it.Policies == nil {
				it.Policies = []handler.Policy{}
			}
			if r, ok := rows[it.ID]; ok {
				it.Progress, it.Syncing = r.Row, r.Status.Going()
			}
		}
		x.Settle()
	}
	slices.SortFunc(all, func(a, b handler.Handler) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// FindHandler implements Service.
func (h *Hub) FindHandler(ctx context.Context, id string) (handler.Handler, error) {
	all, err := h.handlers(ctx)
	if err != nil {
		return handler.Handler{}, err
	}
	var names []string
	for _, x := range all {
		if x.ID == id {
			return x, nil
		}
		if x.Active {
			names = append(names, x.ID)
		}
	}
	return handler.Handler{}, notFound("handler", id, names, "tandem partner add")
}

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
	return h.changeNote(ctx, o.Handler, func(n *note) error {
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

// isOff reports why a handler's items are not synced, from what is stored.
func (h *Hub) isOff(ctx context.Context, id string) (string, error) {
	notes, err := h.notes(ctx)
	return notes[id].handlerOff(), err
}

// loadOff remembers which handlers are off before items are kept in step.
func (h *Hub) loadOff(ctx context.Context) error {
	notes, err := h.notes(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.off)
	for id, n := range notes {
		h.off[id] = n.handlerOff() != ""
	}
	return nil
}

// forgetHandler drops the note about a handler that is no more.
func (h *Hub) forgetHandler(ctx context.Context, name string) error {
	h.mu.Lock()
	delete(h.off, name)
	h.mu.Unlock()
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{noteName + name: ""})
}
