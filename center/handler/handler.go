// Package handler is what the Sync Center shows of whoever offers sync items: partners, phones, programs and places that
// are not set up yet. A handler is a value; which tasks a person may do with it or one of its items follows from its
// state, its capabilities and its policies. After ISyncMgrHandler and ISyncMgrSyncItem (syncmgr.h).
package handler

import (
	"slices"
	"strings"

	"tandem"
	"tandem/center/progress"
)

// Type is what sort of thing a handler is. syncmgr.h: SYNCMGR_HANDLER_TYPE
type Type string

// The types.
const (
	Unspecified Type = "unspecified"
	Application Type = "application"
	Device      Type = "device"
	Folder      Type = "folder"
	Service     Type = "service"
	Computer    Type = "computer"
)

// Types are all types, in the order of syncmgr.h.
func Types() []Type { return []Type{Unspecified, Application, Device, Folder, Service, Computer} }

// Capability is something that a handler or item can do. syncmgr.h: SYNCMGR_HANDLER_CAPABILITIES, SYNCMGR_ITEM_CAPABILITIES
type Capability string

// The capabilities. Those from AskActivate on say that somebody is asked first, who may refuse.
const (
	HasIcon       Capability = "icon"
	HasEvents     Capability = "events"
	HasConflicts  Capability = "conflicts"
	Concurrent    Capability = "concurrent-sessions" // handlers
	CanBrowse     Capability = "browse"
	CanSchedule   Capability = "schedule" // handlers
	CanDelete     Capability = "delete"   // items
	CanPause      Capability = "pause"    // items; SyncMgr: SYNCMGRSTATUS_PAUSED
	AskActivate   Capability = "ask-before-activate"
	AskDeactivate Capability = "ask-before-deactivate"
	AskEnable     Capability = "ask-before-enable"
	AskDisable    Capability = "ask-before-disable"
	AskDelete     Capability = "ask-before-delete"
)

// HandlerCapabilities and ItemCapabilities are those that each may have.
func HandlerCapabilities() []Capability {
	return []Capability{HasIcon, HasEvents, HasConflicts, Concurrent, CanBrowse, CanSchedule, AskActivate, AskDeactivate, AskEnable, AskDisable}
}

// ItemCapabilities are those that an item may have.
func ItemCapabilities() []Capability {
	return []Capability{HasIcon, HasEvents, HasConflicts, CanDelete, CanPause, CanBrowse, AskEnable, AskDisable, AskDelete}
}

// Task is something that a person can do with a handler or item.
type Task string

// The tasks.
const (
	Activate   Task = "activate"
	Deactivate Task = "deactivate"
	Enable     Task = "enable"
	Disable    Task = "disable"
	Start      Task = "start"
	Stop       Task = "stop"
	Browse     Task = "browse"
	Schedule   Task = "schedule"
	Delete     Task = "delete"
	Show       Task = "show" // take it out of hiding
	Hide       Task = "hide"
	Pause      Task = "pause"  // an item rests; a run of it is stopped
	Resume     Task = "resume" // it goes on where it was
)

// How a task is shown.
type How string

// A task is offered, greyed (shown, and cannot be chosen), or hidden.
const (
	Offered How = "offered"
	Greyed  How = "greyed"
	Hidden  How = "hidden"
)

// Policy takes a task away, and says why. syncmgr.h: SYNCMGR_HANDLER_POLICIES, SYNCMGR_ITEM_POLICIES; PREVENT hides, DISABLE greys.
type Policy struct {
	Task Task   `json:"task"`
	How  How    `json:"how"` // Greyed or Hidden
	Why  string `json:"why"`
}

// policies says which tasks can be taken away how, from handlers and from items.
func allowed(item bool, p Policy) bool {
	hide, grey := []Task{Activate, Deactivate, Enable, Disable, Start, Stop}, []Task{Enable, Disable, Start, Stop, Browse, Schedule}
	if item {
		hide, grey = []Task{Enable, Disable, Start, Stop}, []Task{Enable, Disable, Start, Stop, Browse, Delete}
	}
	switch p.How {
	case Hidden:
		return slices.Contains(hide, p.Task)
	case Greyed:
		return slices.Contains(grey, p.Task)
	}
	return false
}

// BackgroundOnly are the policies of what syncs by itself and cannot be told to. syncmgr.h: SYNCMGR_HPM_BACKGROUND_SYNC_ONLY
func BackgroundOnly(why string) []Policy {
	return []Policy{{Start, Hidden, why}, {Stop, Hidden, why}}
}

// Item is a sync item of a handler.
type Item struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Label    string       `json:"label,omitempty"`   // what sort of item it is: "address book"
	Comment  string       `json:"comment,omitempty"` // why a task is missing, or what else is worth knowing
	Can      []Capability `json:"can"`
	Policies []Policy     `json:"policies"`
	Browse   string       `json:"browse,omitempty"` // where its content can be looked at
	Home     string       `json:"home,omitempty"`   // the home collection
	Kind     tandem.Kind  `json:"kind,omitempty"`
	User     string       `json:"user,omitempty"`

	Enabled     bool         `json:"enabled"`
	Paused      bool         `json:"paused,omitempty"`
	PausedUntil int64        `json:"paused_until,omitempty"` // Unix seconds; 0: until a person resumes it
	Connected   bool         `json:"connected"`
	Why         string       `json:"why,omitempty"` // it is not connected
	Hidden      bool         `json:"hidden,omitempty"`
	LastSync    int64        `json:"last_sync"` // Unix seconds, 0: never
	Errors      int          `json:"errors"`
	Conflicts   int          `json:"conflicts"`
	Progress    progress.Row `json:"progress"`
	Syncing     bool         `json:"syncing"`
	Tasks       []TaskState  `json:"tasks"`
}

// Handler offers sync items.
type Handler struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Type     Type         `json:"type"`
	Label    string       `json:"label,omitempty"` // in words: "iPhone 15", "CalDAV server"
	Comment  string       `json:"comment,omitempty"`
	Icon     string       `json:"icon,omitempty"` // which drawing stands for it, with HasIcon; "": that of its type
	Can      []Capability `json:"can"`
	Policies []Policy     `json:"policies"`
	Browse   string       `json:"browse,omitempty"`
	Place    string       `json:"place,omitempty"`
	User     string       `json:"user,omitempty"`

	Active    bool        `json:"active"` // false: it is in Sync Setup
	Enabled   bool        `json:"enabled"`
	Connected bool        `json:"connected"`
	Why       string      `json:"why,omitempty"` // it is not connected
	Hidden    bool        `json:"hidden,omitempty"`
	Shy       bool        `json:"hidden_by_default,omitempty"` // hidden when it first appears; a person may change that
	LastSync  int64       `json:"last_sync"`
	Errors    int         `json:"errors"`
	Conflicts int         `json:"conflicts"`
	Syncing   bool        `json:"syncing"`
	Items     []Item      `json:"items"`
	Tasks     []TaskState `json:"tasks"`
}

// TaskState is a task as it is shown now.
type TaskState struct {
	Task Task   `json:"task"`
	How  How    `json:"how"`
	Why  string `json:"why,omitempty"` // it is not offered
	Asks bool   `json:"asks,omitempty"`
}

// PhonePrefix begins the ids of phones. Nothing else can be called so: names hold no slash.
const PhonePrefix = "device/"

// IsPhone reports whether a handler is a phone that the hub lets in. A program that reports may call itself a device, and is none.
func IsPhone(id string) bool { return strings.HasPrefix(id, PhonePrefix) }

// Check refuses a handler that contradicts itself.
func (h *Handler) Check() error {
	if err := progress.CheckID("handler", h.ID); err != nil {
		return err
	}
	if err := progress.CheckName("handler", h.Name); err != nil {
		return err
	}
	if !slices.Contains(Types(), h.Type) {
		return tandem.Errorf(tandem.Invalid, "%q is no type of a handler", h.Type)
	}
	if err := checkRules(false, h.Can, HandlerCapabilities(), h.Policies); err != nil {
		return err
	}
	if strings.Trim(h.Icon, "abcdefghijklmnopqrstuvwxyz-") != "" || len(h.Icon) > 40 {
		return tandem.Errorf(tandem.Invalid, "%q is no name of a drawing", h.Icon)
	}
	seen := map[string]bool{}
	for i := range h.Items {
		if err := h.Items[i].Check(); err != nil {
			return err
		}
		if seen[h.Items[i].ID] {
			return tandem.Errorf(tandem.Invalid, "the handler %s has two items %s", h.ID, h.Items[i].ID)
		}
		seen[h.Items[i].ID] = true
	}
	return nil
}

// Check refuses an item that contradicts itself.
func (it *Item) Check() error {
	if err := progress.CheckID("item", it.ID); err != nil {
		return err
	}
	if err := progress.CheckName("item", it.Name); err != nil {
		return err
	}
	return checkRules(true, it.Can, ItemCapabilities(), it.Policies)
}

func checkRules(item bool, can, may []Capability, policies []Policy) error {
	for _, c := range can {
		if !slices.Contains(may, c) {
			return tandem.Errorf(tandem.Invalid, "%q is no capability here", c)
		}
	}
	for _, p := range policies {
		if !allowed(item, p) {
			return tandem.Errorf(tandem.Invalid, "the task %q cannot be %s here", p.Task, p.How)
		}
		if p.Why == "" {
			return tandem.Errorf(tandem.Invalid, "it must be said why the task %q is %s", p.Task, p.How)
		}
	}
	return nil
}

// Settle works out what follows: the tasks of the handler and its items, whether it is connected, when it last synced, and sums.
func (h *Handler) Settle() {
	h.LastSync, h.Errors, h.Conflicts, h.Syncing = max(h.LastSync, 0), 0, 0, false
	for i := range h.Items {
		it := &h.Items[i]
		h.LastSync = max(h.LastSync, it.LastSync)
		h.Errors += it.Errors
		h.Conflicts += it.Conflicts
		h.Syncing = h.Syncing || it.Syncing
	}
	h.Tasks = h.tasks()
	for i := range h.Items {
		h.Items[i].Tasks = h.itemTasks(&h.Items[i])
	}
}

// Task is how a task of the handler is shown; Hidden for one that it does not have.
func (h *Handler) Task(t Task) TaskState { return find(h.Tasks, t) }

// Task is how a task of the item is shown; Hidden for one that it does not have.
func (it *Item) Task(t Task) TaskState { return find(it.Tasks, t) }

func find(list []TaskState, t Task) TaskState {
	for _, s := range list {
		if s.Task == t {
			return s
		}
	}
	return TaskState{Task: t, How: Hidden, Why: "this cannot be done here"}
}

// Item finds an item by its id.
func (h *Handler) Item(id string) *Item {
	for i := range h.Items {
		if h.Items[i].ID == id {
			return &h.Items[i]
		}
	}
	return nil
}
