// Package provider is the contract between Tandem and the places it syncs: what a replica does, what it can do, and
// how a provider declares itself. Implementations live in a folder each; package all names them.
package provider

import (
	"context"
	"iter"
	"time"

	"tandem"
)

// A Replica is one collection in one place, opened for syncing.
//
// All methods may be called concurrently, except that Changes, Apply and Close are never called concurrently with
// each other by one session unless Features.Workers or Features.Overlap says so for Apply. Methods return when ctx is done, within two
// seconds. After Close every method returns an error. Errors are *tandem.Error where the cause is known: Unreadable for a place that is not
// there (an unmounted root, a time-out), Gone for a store that no longer honours what was promised.
type Replica interface {
	// Identity names the store behind the replica (planted where the place allows it, else a fingerprint) and its epoch,
	// which changes when history is not continuous. A changed identity is a new store, never a mass deletion.
	Identity(ctx context.Context) (tandem.Identity, error)

	// Changes yields what changed since the cursor. Every id is yielded at most once. The final Listing, valid once the sequence has ended, says whether it is
	// Complete, whether the cursor was honoured or everything was listed (Full), and the next cursor. An error in the
	// sequence ends it and means the listing is not complete; trouble with one record is a Change with Problem.
	// A Problem covers every id below its own, that is, beginning with it and a slash: in a tree what is in a directory,
	// elsewhere the records of a file that holds several, which cannot be told while it cannot be read. A place without
	// Features.Cursor may still give a cursor, as a note to itself, and list everything in less time when it gets it back.
	Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing)

	// Fetch yields the records with these ids, in any order. One that vanished meanwhile is yielded with only its ID and an error of kind
	// NotFound, one that cannot be read with its ID and the error; the sequence goes on. Bodies can be opened until the sequence's caller moves on to Close.
	Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error]

	// Apply performs writes in the given order, each under its precondition, and returns one Outcome per write, in order. A bad
	// record never stops the others. When Apply returns, everything Applied is durable. A non-nil error is about the place
	// as a whole (gone, full, cancelled); outcomes are valid even then, Maybe for the writes whose fate is not known.
	Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error)

	// Find tells whether a create marked so did arrive; it settles every Maybe before anything else is done.
	Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error)

	// Watch hints that something may have changed, until ctx is done, then closes the channel. A nil channel: the place cannot watch. The scan is the truth.
	Watch(ctx context.Context) (<-chan tandem.Hint, error)

	Close() error
}

// A Digester is a replica that can tell digests without handing bodies over, such as one that hashes large files where they are.
type Digester interface {
	// Digest yields, per id, a Change as a listing would show it now, with Digest set where Present.
	Digest(ctx context.Context, ids []tandem.ID) iter.Seq[tandem.Change]
}

// A Parker is a replica that keeps what is overwritten or deleted itself (Outcome.Parked), because bodies are too large to
// travel to the store's history.
type Parker interface {
	// Unpark opens a kept version.
	Unpark(ctx context.Context, parked string) (tandem.Record, error)
	// Purge forgets versions parked before the given time (Unix seconds) and returns the bytes freed.
	Purge(ctx context.Context, before int64) (int64, error)
}

// A Scheduler is a replica of events whose place may tell people of their meetings by itself (RFC 6638), so that nobody else must.
type Scheduler interface {
	// Schedules asks whether it does. An error means that it is not known.
	Schedules(ctx context.Context) (bool, error)
}

// A Flusher is a replica whose records may be listed before they are durable, because other programs write them without
// waiting for the disk. After Flush, everything listed before it survives a power cut.
type Flusher interface {
	Flush(ctx context.Context) error
}

// An Advancer is a replica whose cursors save work in the next listing, and that can move one past its own writes.
type Advancer interface {
	// Advance returns the cursor of the last listing as it would be had that come after what Apply did since. It never
	// moves past what others did.
	Advance(next tandem.Cursor) tandem.Cursor
}

// A Resumer is a replica for which it is work to say who it is, and that shows it by going on from a cursor.
type Resumer interface {
	// Resume tells what Identity said in the run before, and the cursor that Changes will be asked with next. Where it is true, the next Identity may be answered
	// from that without asking the place, which Changes then bears out: should the place not honour the cursor, the error is of kind Gone, and Identity must be
	// asked again before anything is concluded.
	Resume(was tandem.Identity, since tandem.Cursor) bool
}

// An Arbiter is a replica that may know better than the hub what becomes of a conflict: whether there is one at all, or which side is right.
type Arbiter interface {
	// Judge is asked about two versions of a record that cannot be merged, before the rules of the item are, and before anybody. It may be asked again about the same two.
	// An error is no verdict.
	Judge(ctx context.Context, d Dispute) (Verdict, error)
}

// Dispute is what a replica is to judge.
type Dispute struct {
	ID          tandem.ID // of the record at the replica
	Mine, Other []byte    // the version at the replica and the one at the other side
}

// Verdict is what an Arbiter says.
type Verdict string

// The verdicts. CES: RERR_IGNORE, RERR_DEVICE_WIN, RERR_DESKTOP_WIN
const (
	NoVerdict  Verdict = ""            // the rules of the item decide, or a person
	NoConflict Verdict = "no-conflict" // both mean the same: each side may keep its own
	MineWins   Verdict = "mine"
	OtherWins  Verdict = "other"
)

// Features says what an opened replica can do.
type Features struct {
	Tree     bool   // ids are paths; parents exist before children
	ReadOnly bool   // Apply rejects everything
	Watch    bool   // Watch works
	Cursor   bool   // Changes honours cursors: asking costs in proportion to what changed
	Rename   bool   // Move keeps body and identity without sending the body again
	Parks    bool   // keeps overwritten versions itself; see Parker
	FoldCase bool   // two ids that differ only in case are one
	NFC      bool   // two ids that differ only in Unicode normal form are one
	OneUID   bool   // refuses what would give two records one UID: PreconditionFailed with an error of kind Exists
	Attrs    bool   // stores attributes
	Lasting  bool   // the body behind an id never changes; another body is another id
	MaxSize  int64  // largest body in bytes, 0: no limit known
	Batch    int    // how many writes one Apply should carry; 0: 100
	Workers  int    // how many Apply and Fetch calls may run at the same time; 0: 1
	Overlap  bool   // Apply with nothing but creates may be called while another such call is under way, one more than Workers says
	Names    string // rule for ids: "" any, "windows" (reserved names and characters)
}

// Outside is the reason of a change that is out of scope because of an option of its place, such as a window of days, a limit or a pattern. People read from it which
// one to change to get more.
type Outside struct {
	Option string // its name in the place's declaration
	Why    string // for people
}

func (o *Outside) Error() string { return o.Why }

// Missing is the cause of an error of a place that answers and has no such collection: it may have been renamed, which a fresh list of the place tells.
type Missing struct{ Err error }

func (m *Missing) Error() string { return m.Err.Error() }

// Unwrap is for errors.As.
func (m *Missing) Unwrap() error { return m.Err }

// Opened is a replica with what it can do and how to speak of it.
type Opened struct {
	Replica
	Features Features
	Kind     tandem.Kind
	Place    string  // as a person wrote it, secrets left out: "vdir:./phone-book"
	Rate     float64 // calls or records per second that the place bears; 0: any
}

// A Provider is the driver for one sort of place. It is a declaration plus one function; it holds no state.
type Provider struct {
	Name     string        // the scheme of its places: "vdir"
	Title    string        // "Folder of vCards or iCalendar files"
	Help     string        // one paragraph; what is kept, what is not
	Examples []string      // complete places
	Icon     string        // which of the pages' drawings stands for it, such as "cards" or "bookmark"; "" or one that is not there: that of its sort
	Kinds    []tandem.Kind // which it can hold; the first is the default where a place does not tell
	Options  []Option
	Local    bool          // what follows the scheme is a path on this machine: "~" is expanded and it is made absolute
	Address  bool          // what follows the scheme is an address, kept as it is written; its parameters that are no options are part of it
	Network  bool          // the place is across a network: what fails for a moment is tried again (package wrap)
	Poll     time.Duration // how long a hub leaves between two looks at a place that does not tell of changes; 0: as it likes
	Features Features      // the most any replica of it can do; for help and forms

	// Open opens the collection that place names. It must not write, except to plant an identity.
	Open func(ctx context.Context, place Place, env Env) (*Opened, error)

	// List tells which collections there are where place points, which may be an account or a server. nil: a place is always one collection.
	List func(ctx context.Context, place Place, env Env) ([]Found, error)

	// Ask lets the provider object to something that a person wants to do with a place of it or one of its items: "activate", "deactivate", "enable", "disable" or "delete". Its error says
	// why not, and is shown as it is. nil: it objects to nothing. ISyncMgrHandler: QueryBeforeActivate and its like
	Ask func(ctx context.Context, place Place, env Env, task string) error

	// Folders opens the collections where place points for being made, renamed and deleted. nil: the place cannot do that.
	Folders func(ctx context.Context, place Place, env Env) (Folders, error)

	// Carry takes records from one collection of an account to another without their bodies leaving the place. There is one Outcome per id, in order: Applied with the
	// id and Meta that the record has where it went, PreconditionFailed for one that is not there, Maybe where the answer was lost, Rejected where the place will not. left are
	// the ids that the place took away from where they were, Applied or not: what is found there later under another id came there anew. Whatever else was Applied is still
	// there, too, and whoever carries removes it. An error of kind Denied says that the
	// two are not of one account, or that the place cannot do it: nothing was done. nil: no place of the provider can.
	Carry func(ctx context.Context, from, to Place, env Env, what Carried) (outs []tandem.Outcome, left []tandem.ID, err error)

	// Seek looks for records of a collection that a window of the place keeps out of sight, without making them known to any run. One that keeps nothing out of sight answers nothing at
	// once. What is there and in sight is not told. nil: no place of the provider can.
	Seek func(ctx context.Context, place Place, env Env, q Sought) (Beyond, error)
}

// Carried is what is taken from one collection to another.
type Carried struct {
	From, To tandem.Identity // what the two must be; else Gone
	IDs      []tandem.ID     // in the first

	// Since is the cursor of the last look at the second that was recorded. What came there since may be what an earlier run has made of these very records without
	// having heard of it: RetryAfter for each that it may be.
	Since tandem.Cursor
}

// Folders makes, renames and deletes the collections of an account. Paths are slash-separated names from the account's root, as in Found.Name,
// whatever the place itself puts between them; a name with a slash of its own has it as "%2F", and a percent sign as "%25". An error of kind Exists says that the name
// is taken, NotFound that the collection is not there. A place may be asked again for what it did already, since answers are lost: Create of a collection that
// is there is Exists, and List tells the rest. Methods are not called concurrently. A Folders that is an io.Closer is closed after use.
type Folders interface {
	// Create makes a collection, and those above it where the place needs them. The role is what it is for (RFC 6154, in lower case: "sent",
	// "drafts", "trash", "junk", "archive"; "" for none); a place that cannot note that leaves Found.Role empty.
	Create(ctx context.Context, path string, role string) (Found, error)

	// Rename gives a collection another path; those below it follow. The records in it keep their ids where the place can do that.
	Rename(ctx context.Context, from Found, to string) (Found, error)

	// Delete removes a collection with all its records, not those below it. Whether it may go is decided before, from its records. The collection must
	// be the one that was found: where the place tells that another took its name (Found.Stable), the error is of kind Changed.
	Delete(ctx context.Context, f Found) error
}

// A FolderWatcher is a Folders that hints when collections may have been made, renamed or deleted, until ctx is done; then it closes the channel. List is the truth.
type FolderWatcher interface {
	WatchFolders(ctx context.Context) (<-chan tandem.Hint, error)
}

// Found is a collection that List found.
type Found struct {
	Name     string      `json:"name"`  // as people see it there; where there are folders within folders, the path (see Folders)
	Place    string      `json:"place"` // opens it
	Kind     tandem.Kind `json:"kind"`
	ReadOnly bool        `json:"readOnly,omitempty"`
	Role     string      `json:"role,omitempty"`   // what a mail folder is for: "inbox", "sent", … (RFC 6154), "" for none
	Stable   string      `json:"stable,omitempty"` // the place's own identity of the collection, surviving a rename (RFC 8474); "" where the place cannot tell
}

// Option is one setting of a place, declared once for the command line, the web form and the documentation.
type Option struct {
	Name    string
	Type    string // "string", "bool", "int", "size", "list", "path", "choice"
	Choices []string
	Default string
	Help    string
	Secret  bool // never in a place's text, never logged
	Machine bool // names something of the hub's own computer or network, or needs somebody there: not for places on behalf of somebody (OnBehalf)
}
