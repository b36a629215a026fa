package engine

import (
	"iter"

	"tandem"
)

// Base indexes the rows that a run needs: all of them when a side lists everything, only those concerned when both
// sides answered with what changed. It keeps no more per row than the run needs.
type Base struct {
	total int
}

// NewBase reads rows into an index. total is how many rows the pair has in all, for the guard's shares.
func NewBase(rows iter.Seq2[tandem.Row, error], total int) (*Base, error) { panic("unwritten") }

// View collects what one side shows, against the base. Rows that are unchanged are counted and dropped at once, so
// that a run keeps memory for what changed.
type View struct{}

// View starts the view of one side.
func (b *Base) View(side tandem.Side) *View { panic("unwritten") }

// See takes one line of the listing, in any order.
func (v *View) See(c tandem.Change) { panic("unwritten") }

// Finish closes the view. Only a listing that is Complete and Full turns the silence about a row into Absent; silence
// in a complete listing that is not Full means unchanged; silence in any other listing means Unknown. replaced says
// that the identity or epoch of the store is not the base's: then there is no evidence of absence at all, and
// rows are paired anew as in a first sync.
func (v *View) Finish(l tandem.Listing, replaced bool) { panic("unwritten") }

// NeedDigests names the records whose digest or UID the decision hangs on and the listing did not give: records with a
// row whose version changed, and new records that the other side could hold too. The caller fetches them and reports
// each with Fill.
func NeedDigests(b *Base, va, vb *View, rules Rules) (a, bb []tandem.ID) { panic("unwritten") }

// Fill completes what See was told of one record; a Problem replaces it.
func (v *View) Fill(c tandem.Change) { panic("unwritten") }

// Reconcile decides what to do about every record that is not as the base has it.
func Reconcile(b *Base, va, vb *View, rules Rules) *Plan { panic("unwritten") }

// Settle turns a Merge action into what follows once the bodies were looked at: equal tells that both bodies mean the same (link),
// clean that the merge left no clash (write the merged body to whichever side differs); otherwise the policy decides.
func Settle(act Action, equal, clean bool, rules Rules) []Action { panic("unwritten") }

// Mirror returns the rules as seen with A and B exchanged.
func (r Rules) Mirror() Rules { panic("unwritten") }
