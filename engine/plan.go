package engine

import "tandem"

// Plan is what one run intends: actions in the order they are to be applied, and bookkeeping. It can be printed, edited by a person (an
// action turned into Nothing) and compared by its Hash. What the base and the views told it is part of it.
type Plan struct {
	Base   []BaseOp  // bookkeeping that needs no write on either side: links, refreshed versions, dropped rows; more of it is in InStep
	Held   []Alarm   // the guard's reasons; while any stands and Rules.Approved is not Hash, nothing is performed
	Hash   string    // of the actions; the same plan hashes the same in any listing order
	Totals [2]Totals // what would be done to side A and to side B

	// Pending names by Key records below directories whose move has to wait, and by side the ids under which the base is to know
	// them meanwhile: those they would have had the directory not moved. "": where they are.
	Pending map[int32][2]tandem.ID

	steps  steps
	inStep packedRows
}

// Totals counts what a plan does to one side.
type Totals struct {
	Creates, Updates, Attrs, Moves, Deletes int
	Bytes                                   int64 // of bodies to be written, where known
	Merges, Conflicts, Waits                int   // of the pair; counted once, on side A
}

// Do is what an action does.
type Do uint8

const (
	Nothing  Do = iota // edited away by a person
	Copy               // create on To, at NewID in a tree, what the other side has
	Update             // replace body and attributes on To by the other side's
	SetAttrs           // replace the attributes on the sides in Into by Attrs
	Move               // rename on To from At[To] to NewID; in a tree the children follow
	Delete             // remove At[To] on To
	Merge              // both changed: merge the bodies by field, then ask Settle what follows
	Write              // write one body (the merged one, or the blob Row.Clash.Body) and Attrs to the sides in Into that differ from it
	Link               // write nothing: record what both sides show as agreed
	Conflict           // record or refresh a conflict; writes nothing to either side
	KeepBoth           // on To, NewID is made from To's body and At[To] updated from the other side; the other side gets NewID too
	Wait               // do nothing now, for Reason; the row stays as it is
)

// Action is one planned step. Row, A and B are never nil; they are shared with other actions and must not be changed.
//
// A record has at most one action that is not a Move, and its moves come before it. A Ledger tells, while a plan is being
// applied, what each action may rely on and which row records it.
type Action struct {
	Do     Do
	To     tandem.Side // the side that is written to (Copy, Update, Move, Delete, KeepBoth)
	Reason Reason
	Lost   bool    // a version is overwritten that only history will keep (policy decided)
	Into   [2]bool // SetAttrs, Merge, Write: the sides to be written; Update: the other side too is to get Attrs, by SetAttrs

	Key   int32         // actions with the same Key concern the same record
	Row   *tandem.Row   // the base row with its ids as they are after the plan's moves; Link 0 when there is none yet
	A, B  *tandem.Shown // what each side listed (ID "" when absent): what to fetch, and at which Version
	At    [2]tandem.ID  // where each side has the record when this action's turn comes, earlier moves done; "" absent
	NewID tandem.ID     // Copy in a tree: the path on To; Move: the new id; KeepBoth: the second version's id ("": the place chooses, under a new UID); Delete in a tree: where Restore would put it
	Attrs tandem.Attrs  // the attributes to write with Copy, Update, SetAttrs, Write; KeepBoth: with the update of At[To]
	Needs []int         // indexes of earlier actions without which this one must be skipped
	UID   string        // of the record where a side told it: for the row, if that has none
	Note  string        // detail for people, completing Reason: a path, an error

	ModifiedA, ModifiedB int64 // claimed times, for the policy newest
}

// Shown returns what side s listed of the record.
func (a *Action) Shown(s tandem.Side) *tandem.Shown {
	if s == tandem.SideA {
		return a.A
	}
	return a.B
}

// BaseOp is a change to the base alone.
type BaseOp struct {
	Row   tandem.Row // Link 0: add
	Drop  bool
	Needs []int // indexes of actions that must have been applied, else the op must be left out
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
	Torn                     // not yet durable when the machine went down, and not what was written: not taken for an edit
	MadeRoom                 // moved out of the way of another step of the same plan
	PutBack                  // a person had a deletion taken back
	TypeChanged              // a file became a directory or the reverse: the old one goes, the new one comes
	DirWaits                 // both versions are to be kept, but the directory is not in the same place on both sides yet
	InConflict               // a directory above it is a file on the other side, and an answer has to say which it is to be
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
	SideEmptied    Cause = iota + 1 // everything the base knew is gone from Side
	ManyDeletes                     // deletes on Side above max(Rules.Guard.Deletes, DeleteShare) after moves are subtracted
	ManyOverwrites                  // overwrites on Side above OverwriteShare
	ManyShrunk                      // many files on Side would shrink to nothing
	AllChanged                      // everything on Side changed at once
	StoreReplaced                   // another store on Side, or its history is not continuous; first-sync matching applies and a person chooses
)
