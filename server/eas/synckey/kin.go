package synckey

import "slices"

// HasKin reports whether the device has a record because of its conversation.
func (g *Generation) HasKin(number int64) bool { return slices.Contains(g.Kin, number) }

// Join adds a record to those that the device has because of their conversations.
func (g *Generation) Join(number int64) {
	if !g.HasKin(number) {
		g.Kin = append(g.Kin, number)
	}
}

// Leave removes a record from those that the device has because of their conversations.
func (g *Generation) Leave(number int64) {
	g.Kin = slices.DeleteFunc(g.Kin, func(have int64) bool { return have == number })
}
