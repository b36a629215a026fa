package propmerge

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
)

// LineRules says how the parts of one line merge when both sides changed it.
type LineRules struct {
	// Value is the value's canonical meaning, together with the parameters it needs to be understood.
	Value func(*contentline.Line) string
	// With are the parameters that travel with the value (VALUE, TZID, ENCODING).
	With []string
	// Sets are the parameters whose values form a set (TYPE, MEMBER), merged by element.
	Sets []string
	// Ignore are the parameters that mean nothing; a's are kept.
	Ignore []string
}

// Combine merges a line by value and by parameter. base may be nil: then each side's parameters are additions, and the
// values must agree. The result is a copy of a with b's changes; ok is false where both changed the same differently.
func (r LineRules) Combine(base, a, b *contentline.Line) (merged *contentline.Line, ok bool) {
	bare := ""
	if base != nil {
		bare = r.Value(base)
	}
	value, ok := Pick(bare, r.Value(a), r.Value(b))
	if !ok {
		return nil, false
	}
	merged = a.Clone()
	if value != r.Value(a) {
		merged.SetValue(b.Value())
		for _, name := range r.With {
			copyParam(merged, b, name)
		}
	}
	for _, name := range paramNames(base, a, b) {
		if has(r.With, name) || has(r.Ignore, name) {
			continue
		}
		was, inA, inB := values(base, name), values(a, name), values(b, name)
		if has(r.Sets, name) {
			set, ok := MergeSet(was, inA, inB)
			if !ok {
				return nil, false
			}
			if !sameSet(set, inA) {
				merged.SetParam(name, set...)
			}
			continue
		}
		one, ok := Pick(strings.Join(was, "\x00"), strings.Join(inA, "\x00"), strings.Join(inB, "\x00"))
		if !ok {
			return nil, false
		}
		if one != strings.Join(inA, "\x00") {
			copyParam(merged, b, name)
		}
	}
	return merged, true
}

// Pick merges one value: whichever side changed it. ok is false if both did, differently.
func Pick(base, a, b string) (merged string, ok bool) {
	switch {
	case a == b || b == base:
		return a, true
	case a == base:
		return b, true
	}
	return a, false
}

// MergeSet merges a set by element. Where both sides took out the same value and put in different ones, they gave the
// same thing two new names, and ok is false.
func MergeSet(base, a, b []string) (merged []string, ok bool) {
	goneA, goneB := without(base, a), without(base, b)
	newA, newB := without(a, base), without(b, base)
	if len(without(goneA, goneB)) < len(goneA) && len(newA) > 0 && len(newB) > 0 && !sameSet(newA, newB) {
		return a, false
	}
	merged = without(a, goneB)
	return append(merged, without(newB, a)...), true
}

// without returns the elements of a that are not in b.
func without(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, v := range b {
		in[v] = true
	}
	var out []string
	for _, v := range a {
		if !in[v] {
			out = append(out, v)
		}
	}
	return out
}

func sameSet(a, b []string) bool { return len(without(a, b)) == 0 && len(without(b, a)) == 0 }

func has(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

func values(l *contentline.Line, name string) []string {
	if l == nil {
		return nil
	}
	return l.ParamValues(name)
}

// copyParam gives merged the parameter as from has it, or takes it away.
func copyParam(merged, from *contentline.Line, name string) {
	merged.SetParam(name, from.ParamValues(name)...)
}

// paramNames lists the names of all parameters in upper case, each once.
func paramNames(lines ...*contentline.Line) []string {
	var names []string
	seen := map[string]bool{}
	for _, l := range lines {
		if l == nil {
			continue
		}
		for _, p := range l.Params() {
			if name := strings.ToUpper(p.Name); !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
