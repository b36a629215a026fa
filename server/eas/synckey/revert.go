package synckey

import "slices"

// Revert is a record that the device holds otherwise than it is, because a change that it made was refused. It is told what the record is in an
// answer after the one in which the change was refused: a device that has removed a record is not given it back before it has heard that it did.
type Revert struct {
	Number int64 `json:"n"`             // negative: of what the device added, which is no record
	Has    Has   `json:"has,omitempty"` // whether it has something under this number; Unsaid: nobody knows
}

// maxReverts bounds the document. What is forgotten stays on the device as it left it.
const maxReverts = 5000

// Revert adds an entry, which replaces what was said of the record.
func (g *Generation) Revert(v Revert) {
	g.Reverted(v.Number)
	g.Reverts = append(g.Reverts, v)
	if len(g.Reverts) > maxReverts {
		g.Reverts = g.Reverts[1:]
	}
}

// RevertOf is the entry about a record.
func (g *Generation) RevertOf(number int64) (Revert, bool) {
	i := slices.IndexFunc(g.Reverts, func(have Revert) bool { return have.Number == number })
	if i < 0 {
		return Revert{}, false
	}
	return g.Reverts[i], true
}

// Reverted removes the entry about a record: the device was told.
func (g *Generation) Reverted(number int64) {
	g.Reverts = slices.DeleteFunc(g.Reverts, func(have Revert) bool { return have.Number == number })
}
