// Package store is the contract of the database behind a hub: home collections, bases of pairs, history, conflicts,
// the results log, and the settings of partners and sync items. It is split by who uses it. Implementations (sqlite, later
// postgres) pass one suite, storetest.
//
// Whatever returns without an error is durable. All methods may be called concurrently.
package store

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"tandem"
)

// Store is an opened store.
type Store struct {
	Accounts  Accounts
	Home      Home
	Lookup    Lookup
	Listing   Listing
	Logins    Logins
	Devices   Devices
	Shares    Shares
	Props     Properties
	Locks     Locks
	Texts     Texts
	Queue     Queue
	Secrets   Secrets
	Visits    Visits
	Factors   Factors
	Bases     Bases
	Blobs     Blobs
	History   History
	Conflicts Conflicts
	Reported  ReportedConflicts
	Events    Events
	Results   Results
	Settings  Settings
	Counts    Counts
	Mending   Mending
	Notices   Notices
	Hooks     Hooks
	io.Closer
}

// User is the owner of home collections.
type User struct {
	Name    string // as typed when logging in; lower case, unique
	Title   string // as shown
	Address string // the user's own mail address; "": Name, where it is one

	// Props is what front doors keep for the user: "zone" (IANA name of the time zone), "oof" (the answer while away, JSON), "me" (the own card). SetProps changes them.
	Props tandem.Attrs
}

// Accounts keeps users.
type Accounts interface {
	AddUser(ctx context.Context, u User) error // Exists
	User(ctx context.Context, name string) (User, error)
	Users(ctx context.Context) ([]User, error)
	// UserByAddress is the user with this mail address, or else of this name, without regard to case. NotFound.
	UserByAddress(ctx context.Context, address string) (User, error)
	PutUser(ctx context.Context, u User) error // title and address of the one of that name; NotFound
	// SetProps changes the named properties of a user and leaves the others; an empty value removes one. NotFound.
	SetProps(ctx context.Context, name string, set map[string]string) error
	RemoveUser(ctx context.Context, name string) error // with logins, visits, devices, locks, notices, webhooks, conflicts that its programs report and what others share with it; its partners become the hub's; Busy while it owns collections
}

// HomeRecord is one record of a home collection as stored.
type HomeRecord struct {
	tandem.Record       // Version is the decimal sequence number of its last write; Digest and Node are set
	Seq           int64 // as a number
	Deleted       bool  // a tombstone: ID, Seq, Number and the lives only
	Number        int64 // names the record within the store, whatever its id becomes; never given to another one

	// Born is the sequence number at which its present life began; for a tombstone, its last one. A record that was deleted and made again under
	// its id has an earlier life, from WasBorn to WasGone (0: none known); made once more, it has a new number.
	Born, WasBorn, WasGone int64

	Written int64 // when it was last written, Unix seconds; 0 for tombstones and for what comes from history
	Made    int64 // when its present life began, here or in the collection it was moved out of; 0: not known

	Kind  tandem.Kind
	Index tandem.Index
	Title string // Summary.String of the body
}

// ThereAt reports whether the record was there, alive, when the collection was at seq.
func (r HomeRecord) ThereAt(seq int64) bool {
	if r.Born <= seq && (!r.Deleted || seq < r.Seq) {
		return true
	}
	return r.WasBorn != 0 && r.WasBorn <= seq && seq < r.WasGone
}

// HomeWrite is a write to a home collection. Digest, index and title come from the kind; the store parses nothing. A body that the store itself
// returned is not copied.
type HomeWrite struct {
	tandem.Write
	Digest tandem.Digest
	Index  tandem.Index
	Title  string

	// From is the number of the record, of any collection, whose body a Create or Update takes over instead of Record.Body, 0 for none; FromSeq is the sequence
	// number that it must be at. It is a precondition as If is.
	From, FromSeq int64

	// Take says that the record From goes into history as the Create is done, in the same transaction: it moves here from wherever it was. Not for trees.
	Take bool

	// Still is the sequence number that the collection must stand at before the list, nil for any. It is a precondition as If is.
	Still *int64

	// Whole says that if this write is not done none of its list is: the ones before it are taken back, the ones after it are not tried, and all of them
	// are RetryAfter.
	Whole bool
}

// IsTree reports whether home collections of a kind are trees.
func IsTree(k tandem.Kind) bool { return k == tandem.File || k == tandem.Picture }

// OneUID reports whether no two records that are there in one home collection of a kind may share a UID, as calendars
// (RFC 4791 5.3.2.1) and address books (RFC 6352 5.1) want it. For other kinds a UID is a hint: a message may be there twice.
func OneUID(k tandem.Kind) bool {
	return k == tandem.Contact || k == tandem.Event || k == tandem.Task || k == tandem.Note
}

// UIDTaken is the cause of an error of kind Exists: another record of the collection has the UID of a write.
type UIDTaken struct {
	UID string
	By  tandem.ID
}

func (e *UIDTaken) Error() string {
	return fmt.Sprintf("its UID %s is that of the record %s", e.UID, e.By)
}

// Author says who wrote, for history.
type Author struct {
	User    string
	Via     string // "vdir:~/contacts", "eas:iPhone", "cli"
	Session int64  // 0 outside sessions
}

// Wakeup tells that a collection reached a sequence number, or that it was added, renamed, given other properties, shared or removed: then the
// users it is shared with are told, too.
type Wakeup struct {
	User       string // whom it concerns: the owner; of Listed, also somebody it is or was shared with
	Collection int64
	Seq        int64
	Listed     bool // the collection itself changed, and not only what is in it
}

// Home keeps the collections of users. Every write takes the next sequence number of its collection in the same
// transaction; deletions leave tombstones; what is overwritten or deleted goes to history in the same transaction.
// Collections of the kinds for which IsTree holds are trees: ids are clean slash-separated paths, a record's parent is
// there and has the attribute type "dir", a directory with anything in it is neither deleted nor made a file, and
// what is in it moves with it.
// A create or update that would give a second record of a collection the UID of one that is there fails its precondition,
// with an error of kind Exists and a UIDTaken as its cause, for the kinds for which OneUID holds. Records that share a UID
// since a time without this rule stay, and may be updated as long as they keep it.
type Home interface {
	Collections(ctx context.Context, user string) ([]tandem.Collection, error)         // "" : of all users
	PutCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) // ID 0 creates (Exists); else renames or sets props
	RemoveCollection(ctx context.Context, id int64) error                              // its records go to history; shares, properties, locks and items of mode OfAccount go with it; Busy while another item uses it
	// Since yields what changed after seq, in order, at most limit records (0: all), without bodies, tombstones included,
	// and whether there is more. A seq below the oldest tombstone kept is Gone, except 0, and so is one never reached.
	Since(ctx context.Context, collection, seq int64, limit int) (recs []HomeRecord, more bool, err error)
	Get(ctx context.Context, collection int64, ids []tandem.ID) iter.Seq2[HomeRecord, error] // with bodies; missing ones are left out
	// Write performs writes in order, in one transaction; one that fails does not stop the others. A Create whose Marker is
	// known, with the digest and attributes it came with, is answered as it was then, unless what it made is gone since; Outcome.Parked is the ID of the history entry of what was overwritten.
	Write(ctx context.Context, collection int64, who Author, writes []HomeWrite) ([]tandem.Outcome, error)
	// Find tells what a create marked so made: the record without body, as the create left it, even if it was edited since;
	// Deleted is set, too, if it is gone since. NotFound.
	Find(ctx context.Context, collection int64, m tandem.Marker) (HomeRecord, error)
	// Subscribe delivers a wake-up after each commit to a collection, and after each change of the list of collections, coalesced per
	// user and collection, until ctx is done. Commit first, then broadcast.
	Subscribe(ctx context.Context) <-chan Wakeup
}

// Pair is the standing of a pair of replicas.
type Pair struct {
	ID         int64
	Key        string
	Identities [2]tandem.Identity
	Cursors    [2]tandem.Cursor
	Scope      string // hash of the filters in force when the base was written
	Rows       int
	Boot       string // boot id of the machine when the oldest row not known durable, or else the base, was last written
	Last       int64  // Unix seconds of the last completed run, 0: never
}

// Commit is one transaction on a pair's base. Everything in it becomes durable together. When it has, and only then, Put,
// History and Conflicts of the caller's value carry the links and IDs they were given.
type Commit struct {
	Put        []tandem.Row   // Link 0 adds; otherwise replaces
	Drop       []int64        // links
	Bodies     []tandem.Bytes // bodies that rows, conflicts or history of this commit name by their SHA-256
	History    []Past         // ID 0 adds, and the new ID is set in the caller's slice; otherwise that entry's After and Parked are set
	Retract    []int64        // history entries recorded ahead of writes that then did not happen
	Conflicts  []Conflict     // ID 0 adds; the row of the same Put index names it through Row.Clash.Conflict = -(index+1)
	Resolved   []int64        // conflicts that are over
	Identities *[2]tandem.Identity
	Cursors    *[2]tandem.Cursor
	Scope      *string
	Durable    bool  // all rows of the pair recorded so far are backed by durable data
	Finished   int64 // Unix seconds when a run completes; 0 within a run
}

// Bases keeps what both sides of each pair last agreed on.
type Bases interface {
	Open(ctx context.Context, key string) (Pair, error) // created empty when new
	Pairs(ctx context.Context) ([]Pair, error)
	Rows(ctx context.Context, pair int64) iter.Seq2[tandem.Row, error]
	RowsOf(ctx context.Context, pair int64, side tandem.Side, ids []tandem.ID) ([]tandem.Row, error)
	Pending(ctx context.Context, pair int64) ([]tandem.Row, error) // rows with a Clash or an Aside
	Commit(ctx context.Context, pair int64, c Commit) error
	Remove(ctx context.Context, pair int64) error
	// Lease makes the caller the only one to sync the pair until released; Busy names the holder. It dies with the process.
	Lease(ctx context.Context, pair int64, owner string) (release func(), err error)
}

// Blobs keeps bodies by the SHA-256 of their bytes.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (tandem.Digest, int64, error)
	Get(ctx context.Context, sum tandem.Digest) ([]byte, error)       // NotFound; for bodies known to be small
	Open(ctx context.Context, sum tandem.Digest) (tandem.Body, error) // NotFound
	Sweep(ctx context.Context) (freed int64, err error)               // removes blobs nothing refers to
}

// Past is a version that was overwritten or deleted.
type Past struct {
	ID         int64
	When       int64 // Unix seconds
	Session    int64
	Pair       int64 // 0: a home collection outside sessions
	Collection int64 // home collection, 0 if elsewhere
	Place      string
	Kind       tandem.Kind
	Record     tandem.ID
	Op         tandem.Op // what was done to it
	Who        string    // author
	From       string    // where the write came from
	Title      string
	Attrs      tandem.Attrs
	Digest     tandem.Digest
	Body       tandem.Digest  // blob; zero: no body, or Parked
	Parked     string         // kept by the place itself
	After      tandem.Version // the version that replaced it, the precondition of an undo; "" if deleted
}

// PastFilter selects history; zero fields do not restrict.
type PastFilter struct {
	Session int64
	Record  tandem.ID
	Place   string
	Text    string // part of title or record id
	Before  int64  // entries with a lower ID only
	Of      *PastOf
	Limit   int
}

// PastOf selects the history of some home collections, and of what some pairs have at places elsewhere. Without any there is none.
type PastOf struct{ Collections, Pairs []int64 }

// Claim selects what one author overwrote or deleted in a home collection, from one second to another.
type Claim struct {
	Collection   int64
	User, Via    string // as Author has them
	Since, Until int64  // both included
}

// History keeps what was overwritten, within the retention limit. An entry of a home collection that another entry of the same
// record names as Parked is not listed beside it.
type History interface {
	Past(ctx context.Context, id int64) (Past, error)
	List(ctx context.Context, f PastFilter) ([]Past, error) // newest first
	Purge(ctx context.Context, before int64) (n int, err error)
	// Claim gives what somebody overwrote or deleted in a home collection the session that it was part of, as far as it has none, and says how much that is. What was kept because it was refused is
	// no part of any.
	Claim(ctx context.Context, session int64, c Claim) (n int, err error)
	// Keep adds a version that somebody wrote and that was refused, so that it is not lost: Op Update with After the version that stands, or Delete for a
	// record that was not made. Its body is in Blobs already. For a home collection Place is set here; NotFound if there is none such.
	Keep(ctx context.Context, p Past) (id int64, err error)
}

// Conflict is two or more versions of a record that no rule could merge.
type Conflict struct {
	ID       int64
	Pair     int64
	Item     string // the sync item or "A B" as people know it
	Kind     tandem.Kind
	When     int64
	Title    string
	Versions []ConflictVersion // A first, then B
	Fields   []ConflictField
	Reason   string
	Resolved int64 // Unix seconds, 0: open
	Decision tandem.Decision
	Body     tandem.Digest // TakeBody

	// Reported is what a program says of a conflict of its own, nil for those of pairs. Pair is 0 then, and Decision only says that an answer is given.
	Reported *Reported `json:",omitempty"`
}

// ConflictVersion is one of the versions. A deletion has Deleted set.
type ConflictVersion struct {
	Place    string
	ID       tandem.ID
	Version  tandem.Version
	Digest   tandem.Digest
	Body     tandem.Digest // blob; zero where bodies are too large to copy
	Attrs    tandem.Attrs
	Title    string
	Modified int64
	Deleted  bool
	Keep     string // what it is to be called if several are kept; "": as it was
}

// ConflictField is one field that clashes.
type ConflictField struct{ Name, Base, A, B string }

// Conflicts is the inbox. Conflicts are added by Bases.Commit.
type Conflicts interface {
	Conflict(ctx context.Context, id int64) (Conflict, error)
	List(ctx context.Context, pair int64, open bool) ([]Conflict, error) // pair 0: all; a record that was left out is no open conflict
	// Decide records an answer, in the conflict and in its row; the next run of the pair carries it out.
	Decide(ctx context.Context, id int64, d tandem.Decision, body tandem.Bytes) error
	// Name says what the versions are to be called if several are kept, in their order; "" leaves a name as it was. It is forgotten when the versions change.
	Name(ctx context.Context, id int64, names []string) error
}

// Level of an event.
type Level uint8

const (
	Info Level = iota
	Warning
	Error
)

// Event is one line in the results log.
type Event struct {
	ID      int64
	When    int64
	Session int64
	User    string // whom it concerns: the owner of the item or device; "": the hub as a whole
	Item    string
	Level   Level
	Text    string
	Record  tandem.ID
	Remedy  string
	Code    string // the kind of error, as a word (tandem.ErrorKind.Code); "": none

	Link     string // where to go from here: "conflict/3", or an address; "": nowhere
	LinkText string // what to call that
}

// Below reports whether an event is about one of these records, or about something below one; of none given all are. A path names what is below it, and nothing that only begins alike.
func (e Event) Below(paths []string) bool {
	return len(paths) == 0 || slices.ContainsFunc(paths, func(p string) bool {
		rest, ok := strings.CutPrefix(string(e.Record), p)
		return ok && (rest == "" || strings.HasSuffix(p, "/") || rest[0] == '/')
	})
}

// Run is one session's result.
type Run struct {
	ID       int64
	Pair     int64
	Item     string
	Started  int64  // Unix seconds
	Finished int64  // 0: running, or died
	Result   string // "ok", "conflicts", "held", "failed", "cancelled"
	Detail   string // JSON of session.Report's counts
}

// RunFilter selects runs; zero fields do not restrict.
type RunFilter struct {
	Item   string
	Before int64 // runs with a lower ID only
	Of     *RunsOf
	Limit  int
}

// RunsOf selects the runs of some items that were recorded with some pairs, and of all that some phones sync, by their numbers. Without any there is none.
type RunsOf struct {
	Items  []string
	Pairs  []int64
	Phones []int64
}

// Events is the results log and the list of sessions.
type Events interface {
	StartRun(ctx context.Context, r Run) (int64, error)
	// EndRun records how a run ended, adds the last lines of its log as Add does, and queues what webhooks are sent about it as Hooks.Deliver does, all in one transaction.
	EndRun(ctx context.Context, r Run, last []Event, tell ...Delivery) error
	Runs(ctx context.Context, f RunFilter) ([]Run, error) // newest first
	Add(ctx context.Context, events ...Event) error
	List(ctx context.Context, after int64, item string, limit int) ([]Event, error) // oldest first, ID > after
	// Subscribe tells after each Add, and each EndRun with lines, that there is something new to List, coalesced, until ctx is done. Commit first, then broadcast.
	Subscribe(ctx context.Context) <-chan struct{}
	Purge(ctx context.Context, before int64) (int, error)
}

// Partner is a device, computer, service or folder that has a partnership.
type Partner struct {
	Name     string // unique
	User     string // the owner; "": the hub, for its administrators
	Provider string
	Place    string // without secrets
	Title    string // of its provider
	Called   string // what people call it; "": by its name
	Added    int64
	Bounded  bool // the owner named it without administering the hub: it is opened within the bounds that are set for that
}

// Call is what people call it.
func (p Partner) Call() string { return cmp.Or(p.Called, p.Name) }

// Item is a sync item: a home collection paired with a collection of a partner.
type Item struct {
	Name       string // unique: "contacts-phone"
	User       string
	Collection int64
	Partner    string
	Sub        string // collection at the partner, "" for the partner's place itself
	Enabled    bool
	Mode       string // "continuous", "manual", or OfAccount
	Schedule   string // cron expression, or ""
	Rules      string // JSON of the item's rules
	Commands   string // JSON of the commands around its runs, "": none
	Added      int64
}

// OfAccount is the mode of an item that pairs a folder of an account, which the hub keeps in step as a whole: the item goes with its collection.
const OfAccount = "account"

// Settings keeps partners, sync items, and what the hub remembers about itself.
type Settings interface {
	Values(ctx context.Context) (map[string]string, error)    // all of them, by name; a handful of short texts
	PutValues(ctx context.Context, v map[string]string) error // adds or replaces together; an empty text forgets
	PutPartner(ctx context.Context, p Partner) error
	Partners(ctx context.Context) ([]Partner, error)
	RemovePartner(ctx context.Context, name string) error // Busy while items use it
	PutItem(ctx context.Context, it Item) error
	Items(ctx context.Context) ([]Item, error)
	RemoveItem(ctx context.Context, name string) error
}
