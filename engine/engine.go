package engine

import (
	"iter"

	"tandem"
)

// Base indexes the rows that a run needs: all of them when a side lists everything or ids are paths (Rules.Tree), only
// those concerned (named by a change of either side) when both sides answered with what changed. It keeps no more per
// row than the run needs.
type Base struct {
	total int
}

// NewBase reads rows into an index. total is how many rows the pair has in all, for the guard's shares.
func NewBase(rows iter.Seq2[tandem.Row, error], total int) (*Base, error) { panic("unwritten") }

// View collects what one side shows, against the base. Rows that are unchanged are counted and dropped at once, so
// that a run keeps memory for what changed.
type View struct{}

// View starts the view of one side. replaced says that the identity or epoch of the store is not the base's: then
// neither versions nor silence mean anything, and rows are paired anew as in a first sync.
func (b *Base) View(side tandem.Side, replaced bool) *View { panic("unwritten") }

// See takes one line of the listing, in any order.
func (v *View) See(c tandem.Change) { panic("unwritten") }

// Seen returns how many records the side has shown to be present so far.
func (v *View) Seen() int { panic("unwritten") }

// Finish closes the view. Only a listing that is Complete and Full turns the silence about a row into Absent; silence
// in a complete listing that is not Full means unchanged; silence in any other listing means Unknown.
func (v *View) Finish(l tandem.Listing) { panic("unwritten") }

// NeedDigests names the records whose digest or UID the decision hangs on and the listing did not give: records with a
// row whose version changed, and new records that the other side could hold too. The caller fetches them and reports
// each with Fill, and asks again until there are none: an answer can raise another question.
func NeedDigests(b *Base, va, vb *View, rules Rules) (a, bb []tandem.ID) { panic("unwritten") }

// Fill completes what See was told of one record; a Problem replaces it.
func (v *View) Fill(c tandem.Change) { panic("unwritten") }

// Reconcile decides what to do about every record that is not as the base has it.
func Reconcile(b *Base, va, vb *View, rules Rules) *Plan { panic("unwritten") }

// Settle turns a Merge action into what follows once the bodies were looked at: equal tells that both bodies mean the
// same (Link), clean that the merge left no clash (Write the merged body); otherwise the policy decides.
func Settle(act Action, equal, clean bool, rules Rules) Action { panic("unwritten") }

// Restore returns the plan with its deletions turned round: what vanished from one side is put back there from the
// other instead, and so is what was emptied. Nothing else changes, except that the guard's reasons are gone.
func Restore(p *Plan, rules Rules) *Plan { panic("unwritten") }

// Ledger follows a plan while it is being applied. It tells what may be done next and which base rows record what was
// done. It is not safe for concurrent use.
type Ledger struct{}

// NewLedger starts following a plan.
func NewLedger(p *Plan) *Ledger { panic("unwritten") }

// Ready reports whether action i may be tried: everything it needs was applied.
func (l *Ledger) Ready(i int) bool { panic("unwritten") }

// Target returns the id and version that a write of action i to side s must name, earlier moves of the run taken into
// account. For a Copy the id is NewID and the version is empty.
func (l *Ledger) Target(i int, s tandem.Side) (tandem.ID, tandem.Version) { panic("unwritten") }

// Applied tells that action act (as settled) at index i was carried out; out holds the outcome of the write on each side,
// nil where nothing was written. It returns the row that the base must now hold: ok is false when there is none to put,
// and drop tells that the row is to be dropped instead. Body and UID of the row are the caller's to fill in where it
// knows better, and Clash.Conflict after a Conflict.
func (l *Ledger) Applied(i int, act Action, out [2]*tandem.Outcome) (row tandem.Row, drop, ok bool) {
	panic("unwritten")
}

// ReadyOp reports whether base op i may be recorded.
func (l *Ledger) ReadyOp(i int) bool { panic("unwritten") }

// Postpone returns the row that remembers that act failed and is not to be tried again for a while: five times longer
// after each failure, from one minute to a day.
func Postpone(act Action, reason string, now int64) tandem.Row { panic("unwritten") }

// Mirror returns the rules as seen with A and B exchanged.
func (r Rules) Mirror() Rules { panic("unwritten") }
