package engine

import (
	"tandem"
)

// verdict is what a policy says about two versions.
type verdict struct {
	do   Do
	side tandem.Side // Update: the side that is overwritten
}

// choose applies a policy. may tells which sides can be written: a winner that cannot reach the other side stays where it
// is, and both is possible only where both sides can be written.
func choose(p Policy, ma, mb int64, may [2]bool) verdict {
	over := sideB
	switch p {
	case PreferA:
	case PreferB:
		over = sideA
	case Newest:
		if ma == mb || ma == 0 || mb == 0 {
			return verdict{do: Conflict}
		}
		if mb > ma {
			over = sideA
		}
	case Both:
		if may[sideA] && may[sideB] {
			return verdict{do: KeepBoth}
		}
		return verdict{do: Conflict}
	default:
		return verdict{do: Conflict}
	}
	if !may[over] {
		return verdict{do: Link}
	}
	return verdict{do: Update, side: over}
}

// loser names the side whose version gets the second name when both are kept. The contents decide, so that it does not
// matter which side is called A.
func loser(r *record) tandem.Side {
	a, b := &r.cur[sideA].Shown, &r.cur[sideB].Shown
	if (typeOf(a.Attrs) == "dir") != (typeOf(b.Attrs) == "dir") { // a directory keeps its name
		if typeOf(a.Attrs) == "dir" {
			return sideB
		}
		return sideA
	}
	ka, kb := contentOf(a)+"\x00"+string(a.Attrs), contentOf(b)+"\x00"+string(b.Attrs)
	if ka > kb || ka == kb && a.Version > b.Version {
		return sideA
	}
	return sideB
}
