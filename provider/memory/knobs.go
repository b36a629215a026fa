package memory

import (
	"tandem"
)

// Knobs are the manners of the place. The zero value is a flat, well-behaved place that honours wished ids, keeps
// bodies as they are and lists everything every time. Functions must be deterministic and must not call the Store.
type Knobs struct {
	Kind     tandem.Kind // default Contact
	Tree     bool        // ids are paths; see provider.Features.Tree
	ReadOnly bool        // writes are rejected; direct edits work
	Attrs    bool        // keeps attributes; a tree always does
	Watch    bool        // replicas can watch
	FoldCase bool        // ids that differ only in case are one
	NFC      bool        // ids that differ only in Unicode normal form are one
	Spell    func(tandem.ID) tandem.ID

	// Cursor makes listings answer with what changed. A cursor that cannot be honoured is answered with everything, or,
	// with CursorGone, refused with kind Gone.
	Cursor, CursorGone bool

	NoVersions    bool // shows only empty versions; writes then check presence alone
	FlakyVersions bool // shows another version in each listing, although nothing changed

	// ReassignCreate, ReassignUpdate and ReassignMove make the place give ids of its own choosing.
	ReassignCreate, ReassignUpdate, ReassignMove bool

	// Rewrite is what the place makes of a body that is written through a replica. Project is what it can hold at all:
	// it is applied to direct edits too.
	Rewrite, Project func(body []byte) []byte

	// Inspect tells digest and UID of a body; listings and outcomes then carry them. With Digester set replicas
	// implement provider.Digester instead and listings carry none.
	Inspect  func(body []byte) (tandem.Digest, string)
	Digester bool

	MaxSize int64 // larger bodies are rejected; 0: no limit
	Quota   int64 // bytes of all bodies together; a write beyond ends its Apply with kind Full; 0: no limit
	Batch   int   // Features.Batch
	Workers int   // Features.Workers; 0: 4
	Overlap bool  // Features.Overlap
	Parks   bool  // keeps what is overwritten or deleted; see provider.Parker

	Problems map[tandem.ID]error // these ids are there but cannot be read; in a tree, nor what is below them
	Hidden   map[tandem.ID]error // these ids are there but out of scope; in a tree, so is what is below them

	// Filter tells why a record is out of scope, nil if it is not. In a tree what is below it is, too. What is
	// written into a place must be in scope.
	Filter func(id tandem.ID, body []byte) error

	// HiddenUID is the UID that listings tell of a record that is out of scope; nil: they tell none.
	HiddenUID func(body []byte) string

	Down error // when set, every operation of a replica fails with it

	// CutAfter ends every listing after so many changes, with CutErr, or, where that is nil, silently and not
	// Complete. It is in force while Cut is true.
	Cut      bool
	CutAfter int
	CutErr   error

	// Stale, when set, is what listings show instead of what is there.
	Stale *Snapshot

	// Order rearranges the ids of a listing, which are otherwise sorted.
	Order func([]tandem.ID)

	// Clock gives the claimed time of each change, Unix nanoseconds; nil: the place claims none.
	Clock func() int64

	// Fault is asked once per write. Hook is called before every operation with its step ("identity", "changes",
	// "list", "fetch", "apply", "write", "written", "find", "digest", "watch", "close") and the record concerned; it may call the Store,
	// and an error from it ends the operation there as a crash or a broken line would.
	Fault func(w tandem.Write) Fault
	Hook  func(step string, id tandem.ID) error
}

// Fault is what goes wrong with one write.
type Fault struct {
	LostAnswer  bool  // the write is performed, the answer is Maybe
	LostRequest bool  // the write is not performed, the answer is Maybe
	Later       int64 // answered RetryAfter with so many seconds, when not 0
	Reject      error // answered Rejected, when set
}
