package engine

import "tandem"

// Plan is what one run intends, in the order it is to be applied. It is plain data: it can be printed, stored, edited
// by a person and compared by its Hash.
type Plan struct {
	Actions []Action
	Base    []BaseOp  // bookkeeping that needs no write on either side: links, refreshed versions, dropped rows
	Held    []Alarm   // the guard's reasons; while any stands and Rules.Approved is not Hash, nothing is performed
	Hash    string    // of Actions; the same plan hashes the same in any listing order
	Totals  [2]Totals // what would be done to side A and to side B
}

// Totals counts what a plan does to one side.
type Totals struct {
	Creates, Updates, Attrs, Moves, Deletes int
	Bytes                                   int64 // of bodies to be written, where known
	Merges, Conflicts, Waits                int
}

// Do is what an action does.
type Do uint8

const (
	Nothing  Do = iota // edited away by a person
	Copy               // create on To what the other side has
	Update             // replace body and attributes on To by the other side's
	SetAttrs           // replace attributes on To by the given
	Move               // rename on To
	Delete             // remove on To
	Merge              // both changed: merge bodies by field, then write whichever sides differ; see Settle
	Conflict           // record or refresh a conflict; writes nothing to either side
	KeepBoth           // both versions live on under two ids on both sides
	Wait               // do nothing now, for Reason; the row stays as it is
)

// Action is one planned step.
type Action struct {
	Do     Do
	To     tandem.Side  // the side that is written to (Copy, Update, SetAttrs, Move, Delete)
	Row    tandem.Row   // the base row concerned, zero Link when there is none yet
	A, B   tandem.Shown // what each side shows now (ID "" when absent); the To side's Version is the write's precondition
	NewID  tandem.ID    // Copy in a tree: the path on To; Move: the new id; KeepBoth: the proposed id of the second version
	Attrs  tandem.Attrs // SetAttrs, and the attributes to write with Update and Copy
	Reason Reason
	Note   string // detail for people, completing Reason: a path, an error
	Lost   bool   // KeepBoth, Update, Delete: a version is overwritten that only history will keep (policy decided)

	ModifiedA, ModifiedB int64 // claimed times, for the policy newest
}

// BaseOp is a change to the base alone.
type BaseOp struct {
	Row  tandem.Row // Link 0: add
	Drop bool
}

// Reason says why an action is planned; String is the sentence part shown in a preview.
type Reason uint8

const (
	NoReason          Reason = iota
	NewHere                  // new on the other side
	ChangedHere              // changed on the other side only
	AttrsChanged             // attributes changed on the other side
	AttrsMerged              // attributes changed on both sides and merged
	MovedHere                // renamed on the other side
	DeletedHere              // deleted on the other side, unchanged here
	BothChanged              // changed on both sides
	BothNew                  // new on both sides under one identity, different content
	ChangeBeatsDelete        // deleted on one side, changed on the other: the change survives
	DeleteBeatsChange        // the same, with the rule turned round
	DeleteClash              // the same, to be asked
	PolicyDecided            // both changed, and the policy names a winner
	PersonDecided            // an answer from the conflict inbox
	MirrorRestored           // one-way: put back as the source has it
	BothMoved                // renamed differently on both sides
	TypeClash                // a directory here, a file there
	NameClash                // two records want one name on a place that cannot tell them apart
	MoveCycle                // two moves that would put directories into each other
	SideUnreadable           // one side cannot be read here
	SideIgnored              // out of scope on one side
	SideUnknown              // the listing was not complete
	DirNotEmpty              // a deleted directory holds something that must stay
	ConflictOpen             // a conflict waits for an answer
	SetAside                 // failed before, retried later
	OneWay                   // the direction forbids it
	TooBig                   // over the target's size limit
	BadName                  // the target cannot hold this name
)

// Alarm is one reason to hold a plan.
type Alarm struct {
	Side  tandem.Side
	Cause Cause
	Count int
	Of    int
}

// Cause is why the guard speaks up.
type Cause uint8

const (
	SideEmptied    Cause = iota + 1 // everything the base knew is gone from one side
	ManyDeletes                     // deletes above max(Rules.Guard.Deletes, DeleteShare) after moves are subtracted
	ManyOverwrites                  // overwrites above OverwriteShare
	ManyShrunk                      // many files shrunk to nothing
	AllChanged                      // everything changed at once
	StoreReplaced                   // another store, or its history is not continuous; first-sync matching applies and a person chooses
)
