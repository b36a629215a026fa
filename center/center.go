// Package center keeps sync items in step: partners, items, the queue of runs, what triggers them, and what is told
// about them. The command line and the front doors speak to it through Service.
package center

import (
	"context"

	"tandem/engine"
	"tandem/session"
	"tandem/store"
)

// Service is everything a person can ask of the hub. The center implements it in the process that owns the data
// folder; package control carries it over the local socket to every other process.
type Service interface {
	Partners
	Items
	Inbox
	Status(ctx context.Context, names []string) ([]ItemStatus, error)
	Runs(ctx context.Context, item string, limit int) ([]store.Run, error)
	Log(ctx context.Context, after int64, item string, limit int) ([]store.Event, error)
}

// Partners is the part of Service about partners.
type Partners interface {
	AddPartner(ctx context.Context, name, place string) (store.Partner, error)
	ListPartners(ctx context.Context) ([]store.Partner, error)
	RemovePartner(ctx context.Context, name string) error
}

// NewItem describes a sync item to be added.
type NewItem struct {
	Home    string // name of the home collection, created when missing
	Kind    string // "" : what the place says
	Partner string // a partner's name, or a place, which then becomes a partner
	Sub     string
	Name    string // "" : made from the other two
	Policy  string
	Rules   engine.Rules
	Mode    string
}

// Items is the part of Service about sync items and running them.
type Items interface {
	AddItem(ctx context.Context, n NewItem) (store.Item, error)
	ListItems(ctx context.Context) ([]store.Item, error)
	EnableItem(ctx context.Context, name string, on bool) error
	RemoveItem(ctx context.Context, name string) error
	// Sync runs items now (none named: all enabled ones), and reports progress as it goes.
	Sync(ctx context.Context, names []string, opt SyncOptions, tell func(SyncNews)) error
}

// SyncOptions are the switches of one run that travel between processes.
type SyncOptions struct {
	Preview bool
	Full    bool
	Approve bool // let a plan go ahead that the guard would hold
	Restore bool // answer the guard with Restore
}

// SyncNews is one message while items run.
type SyncNews struct {
	Item     string
	Progress *session.Progress `json:",omitempty"`
	Report   *session.Report   `json:",omitempty"` // the last message of an item
	Err      string            `json:",omitempty"`
	ErrKind  int               `json:",omitempty"`
}

// Inbox is the part of Service about conflicts, history and undo.
type Inbox interface {
	Conflicts(ctx context.Context, open bool) ([]store.Conflict, error)
	Conflict(ctx context.Context, id int64) (store.Conflict, []string, error) // with the versions' bodies as text
	Decide(ctx context.Context, id int64, decision string, body []byte) error
	History(ctx context.Context, f store.PastFilter) ([]store.Past, error)
	// Undo puts back what a session (or one history entry) overwrote or deleted, where nothing changed since.
	Undo(ctx context.Context, what string) ([]UndoResult, error)
}

// UndoResult tells of one version put back, or why not.
type UndoResult struct {
	Past store.Past
	Done bool
	Why  string
}

// ItemStatus is a row of the Sync Center.
type ItemStatus struct {
	Item      store.Item
	Home      string // the collection's name
	Place     string
	Running   bool
	Watching  bool
	Last      *store.Run
	Conflicts int
	Aside     int
	Next      int64 // Unix seconds of the next planned run, 0: none
}
