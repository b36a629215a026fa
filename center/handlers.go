package center

import (
	"cmp"
	"context"
	"encoding/json"
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
	Until   int64 `json:",omitempty"` // Pause: Unix seconds when it goes on by itself; 0: when somebody says so
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
	if err := h.knows(ctx, f.User); err != nil {
		return nil, err
	}
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
