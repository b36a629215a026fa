// Package center keeps sync items in step: partners, items, the queue of runs, what triggers them, and what is told
// about them. The command line and the front doors speak to it through Service; Hub is what stands behind it in the
// process that owns the data folder.
package center

import (
	"context"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/session"
	"tandem/store"
)

// Service is everything a person can ask of the hub. The center implements it in the process that owns the data
// folder; package control carries it over the local socket to every other process. All values are plain data that
// survive JSON. Methods may be called concurrently and return when ctx is done.
type Service interface {
	Partners
	Items
	Inbox
	Policies
	Syncs
	Sessions
	Handlers
	Proposals
	Records
	About
	Users
	Phones
	Sharing
	Mail
	Accounts
	Secrets
	Diagnostics
	Notices
	Webhooks
	Members
}

// About is the part of Service that only looks.
type About interface {
	// Status tells of the named items, or of all.
	Status(ctx context.Context, names []string) ([]ItemStatus, error)
	// ByHand tells of the pairs of places that were synced without an item.
	ByHand(ctx context.Context) ([]PlacesStatus, error)
	// Runs lists runs of the past, and those that go on, newest first: of items, and of what phones sync.
	Runs(ctx context.Context, f store.RunFilter) ([]store.Run, error)
	// FindEvents looks through the results log.
	FindEvents(ctx context.Context, f EventFilter) ([]store.Event, error)
	// ClearEvents removes the events that a filter selects, whatever its limit, and tells how many there were.
	ClearEvents(ctx context.Context, f EventFilter) (int, error)
	// Log lists events with an id above after, oldest first; after < 0 gives the newest -after.
	Log(ctx context.Context, after int64, item string, limit int) ([]store.Event, error)
	// FollowLog tells events as Log lists them, and then each new one as it is written, until ctx is done. It returns nil then,
	// and an error when the log can be followed no longer.
	FollowLog(ctx context.Context, after int64, item string, tell func(store.Event)) error
	Collections(ctx context.Context) ([]tandem.Collection, error)
	// Checks looks for trouble with the store and with the places of all items.
	// What concerns a user's own items and accounts; "": all of them, and the hub.
	Checks(ctx context.Context, user string) ([]Check, error)
	// Follow tells what happens from now on, beginning with MissedNews, whoever began it, until ctx is done; it returns nil then. Progress of an item is told at most twice a second, the latest,
	// and somebody who is slow to listen holds nobody up; see News.
	Follow(ctx context.Context, tell func(News)) error
}

// Partners is the part of Service about partners.
type Partners interface {
	// AddPartner makes a partner of a place; an empty name is made from the place. Exists when the name is taken. An empty user is the only one there
	// is, or else the partner belongs to the hub.
	AddPartner(ctx context.Context, user, name, place string) (store.Partner, error)
	ListPartners(ctx context.Context) ([]store.Partner, error)
	// SetPartner changes options of a partner's place, all or none; an empty value means the default. Its items follow at once: what comes into sight is synced,
	// what leaves it stays where it is, on both sides.
	SetPartner(ctx context.Context, name string, set map[string]string) (store.Partner, error)
	// CallPartner says what people call a partner wherever they see it, "" for its name, which stays what commands and programs know it by. Invalid: more than one line, or too long.
	CallPartner(ctx context.Context, name, title string) (store.Partner, error)
	RemovePartner(ctx context.Context, name string) error
	// LookAt lists the collections at a place or partner, and so tells whether it can be opened. Nothing is written there.
	LookAt(ctx context.Context, l Look) ([]provider.Found, error)
}

// NewItem describes a sync item to be added.
type NewItem struct {
	Home     string // name of the home collection, created when missing
	Kind     string // "" : what the place says
	Partner  string // a partner's name, or a place, which then becomes a partner
	Sub      string
	Name     string // "" : made from the other two
	Rules    RuleWords
	Mode     string // one of the words of ItemKeys for mode; "" : continuous
	Schedule string // as package when reads it, without a mode; or ""
	When     string // mode and schedule at once, as package when reads it; then they are left empty
	User     string // owner of the home collection; "" where there is only one

	// ReadOnly says whether the home collection is one that nobody changes through a phone or program, as a subscription is: "yes", "no", or "" for yes if the
	// item makes the collection and only brings in what a place holds that can only be read.
	ReadOnly string

	// Look has the item wait for a person before its first sync, whatever starts its runs: it does not run by itself before the question how its sides meet is
	// answered, see FirstSync. Without it nothing waits, and the sides are combined, or as the rules say.
	Look bool `json:",omitempty"`
}

// Items is the part of Service about sync items.
type Items interface {
	AddItem(ctx context.Context, n NewItem) (store.Item, error)
	// FirstSync looks at how the sides of an item would meet the first time: each way with its counts, and what windows, limits and faults leave out of all of them.
	// Nothing is written but, for an item that waits to be looked at, what was seen: AnswerQuestion then permits just that. Of an item that was synced
	// already it tells only what is left out, and so of what a phone syncs (device/N/C): what the phone does not ask for.
	FirstSync(ctx context.Context, item string) (First, error)
	ListItems(ctx context.Context) ([]store.Item, error)
	EnableItem(ctx context.Context, name string, on bool) error
	// SetItem changes settings of an item, all or none; see ItemKeys. An empty value means the default. The next run
	// follows them; a run that is going on is stopped for it. Invalid names what may be chosen.
	SetItem(ctx context.Context, name string, set map[string]string) (store.Item, error)
	// RemoveItem forgets an item and its base; records stay where they are, on both sides.
	RemoveItem(ctx context.Context, name string) error
}

// Syncs is the part of Service that runs things. News arrive one at a time, the last about each pair carrying its
// Report or Err. The error is about what could not even start.
type Syncs interface {
	// Sync runs items now (none named: all enabled ones), and reports progress as it goes.
	Sync(ctx context.Context, names []string, opt SyncOptions, tell func(SyncNews)) error
	// Begin has items run (none named: all) and returns at once; Follow tells how it goes, and Result how it ended. An item that is running runs once more
	// afterwards, unless opt.IfIdle is set. What is disabled is skipped and said so, and so is what was out of reach the last time, unless it is named.
	Begin(ctx context.Context, names []string, opt SyncOptions) ([]Begun, error)
	// Stop ends the runs of items that are under way or wait for their turn (none named: of all items), whoever began them, and returns the names of those items. What
	// is kept in step goes on with the next change.
	Stop(ctx context.Context, names []string) ([]string, error)
	// StopHandler does so for the items of a handler, and tells how many runs it reached.
	StopHandler(ctx context.Context, id string) (int, error)
	// Result waits for runs that Begin began, by their numbers, and tells how they ended. NotFound for one that never was, or was long ago.
	Result(ctx context.Context, runs []int64) (SyncResult, error)
	// SyncPlaces runs two places against each other that need not belong to any item.
	SyncPlaces(ctx context.Context, p Places, opt SyncOptions, tell func(SyncNews)) error
}

// Places are two places to be kept in step without a partnership.
type Places struct {
	A, B  string // canonical texts: paths are absolute, since the hub's working directory is another
	Kind  string // "" : what the places say
	Rules engine.Rules
}

// SyncOptions are the switches of one run that travel between processes.
type SyncOptions struct {
	Preview  bool
	Full     bool
	Approve  bool   // let a plan go ahead that the guard would hold
	Approved string // the same, for the plan with this hash only
	Restore  bool   // answer the guard with Restore
	By       string `json:",omitempty"` // who asks, for history; "": the command line
	IfIdle   bool   `json:",omitempty"` // Begin: do nothing about an item that is running
	Handler  string `json:",omitempty"` // Begin: of all items only those of this handler
	First    string `json:",omitempty"` // how two filled places meet in this run, if they never did: as the rule of that name
	Watch    bool   // stay, and run again whenever something changes, until ctx is done

	// Chosen, when not nil, restricts the run to what a person chose from a preview: action key to Keep, Skip,
	// Reverse, TakeA or TakeB. Actions that were not in the preview are left for the next run.
	Chosen map[string]string `json:",omitempty"`

	ways *wayPlans // Preview: what is asked for besides; not for other processes
}

// SyncNews is one message while items run.
type SyncNews struct {
	Item     string
	Progress *session.Progress `json:",omitempty"`
	Event    *store.Event      `json:",omitempty"` // a warning or an error as it happened
	Report   *session.Report   `json:",omitempty"` // the last message of a run; Plan is left out, see Planned
	Planned  *Planned          `json:",omitempty"` // with the report of a preview, and of a run that the guard held
	Err      *Failure          `json:",omitempty"` // the last message of a run that failed
}

// Failure is an error that survives the way between processes.
type Failure struct {
	Kind   tandem.ErrorKind
	Op     string `json:",omitempty"`
	Thing  string `json:",omitempty"`
	Remedy string `json:",omitempty"`
	Text   string // the cause
	Wait   int64  `json:",omitempty"`
}

// Inbox is the part of Service about conflicts, history and undo.
type Inbox interface {
	Conflicts(ctx context.Context, open bool) ([]store.Conflict, error)
	Conflict(ctx context.Context, id int64) (store.Conflict, []string, error) // with the versions' bodies as text
	// Decide answers a conflict with "a", "b", "both" or "body", which takes the given body.
	Decide(ctx context.Context, id int64, decision string, body []byte) error
	// Compare shows all versions of a conflict side by side, field by field, and what may be answered.
	Compare(ctx context.Context, id int64) (Comparison, error)
	// MergeFields puts a version of a conflict together from several, field by field, and shows it. Nothing is decided: Resolve does that, with the same choice.
	MergeFields(ctx context.Context, c FieldChoice) (ChosenVersion, error)
	// Resolve answers a conflict, or all of the same sort.
	Resolve(ctx context.Context, r Resolution) (Resolved, error)
	// Questions are what waits for a person: plans that the guard holds, how two filled places meet the first time, and runs that want a person's word.
	Questions(ctx context.Context) ([]Question, error)
	// AnswerQuestion answers the question of an item; see Question.Answers. What it permits is done for the very plan that was asked about: if that changed, the question
	// is asked anew.
	AnswerQuestion(ctx context.Context, item, answer string, tell func(SyncNews)) error
	History(ctx context.Context, f store.PastFilter) ([]store.Past, error)
	// Undo puts back what a session ("s12" or "12") or one history entry ("h7") overwrote or deleted, where nothing
	// changed since.
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
	Kind      tandem.Kind
	Rules     RuleWords // in force: the item's own, filled up with those of its kind
	Place     string
	Running   bool // here, or as another program reports it
	Watching  bool
	Last      *store.Run
	Conflicts int
	Aside     int
	Problems  int    // of the last run, with single records
	Failing   string // why the last run failed, "" if it did not
	Next      int64  // Unix seconds of the next planned run, 0: none
	Planned   int64  // Unix seconds of when its schedule is due next, whether or not the hub runs; 0: never
	Waits     string // what a run that is due waits for, or a question to a person; "" if none is due

	Paused      bool  // it rests, and goes on where it was
	PausedUntil int64 // Unix seconds; 0: until a person resumes it

	PartnerCalled string // what people call the item's partner

	Pending Pending   // what changed at home and waits to be carried to its place
	Link    LinkState // how its place is connected
}

// PlacesStatus is how a pair of places stands that was synced without an item.
type PlacesStatus struct {
	Kind      tandem.Kind
	A, B      string // bare places, without options
	Last      int64  // Unix seconds of the last completed run, 0: none
	Rows      int    // records in agreement
	Conflicts int
}

// Check is one line of a check-up.
type Check struct {
	Name   string `json:"name"`
	User   string `json:"user,omitempty"` // whose item it is about; "": the hub's
	Level  string `json:"level"`          // "ok", "warn" or "fail"
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
	Parts  []Part `json:"parts,omitempty"` // what it found, one by one
}

// Part is one finding of a check that finds several.
type Part struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Count int    `json:"count"`
	Bytes int64  `json:"bytes,omitempty"` // the room it takes, as far as that is known
}
