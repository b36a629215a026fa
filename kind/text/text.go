// Package text merges texts that people write by hand: notes, descriptions, comments. A text is a sequence of lines;
// edits of different lines merge, edits of the same line clash.
package text

import "strings"

// Bounds that keep a merge of hostile texts cheap. Beyond maxLines no merge is tried; beyond maxEdits a difference is
// taken as one large edit, which may clash where a finer look would not.
const (
	maxLines = 50_000
	maxEdits = 1_000
)

// Merge3 merges two edits of one text by lines. Lines are what stands between line feeds. clean tells whether all
// changes of both sides are in merged; otherwise merged is a.
//
// Laws: Merge3(x, a, x) = a; Merge3(x, x, b) = b; Merge3(x, a, a) = a; all clean. Merge3(x, a, b) and Merge3(x, b, a)
// are both clean and equal, or both not clean. A text that is not empty never merges with its deletion.
func Merge3(base, a, b string) (merged string, clean bool) {
	switch {
	case a == b || b == base:
		return a, true
	case a == base:
		return b, true
	case a == "" || b == "" || base == "":
		return a, false
	}
	lines := [3][]string{strings.Split(base, "\n"), strings.Split(a, "\n"), strings.Split(b, "\n")}
	for _, l := range lines {
		if len(l) > maxLines {
			return a, false
		}
	}
	out, clean := weave(lines[0], lines[1], lines[2], diff(lines[0], lines[1]), diff(lines[0], lines[2]))
	if !clean {
		return a, false
	}
	return strings.Join(out, "\n"), true
}

// weave applies two lists of edits to base, in the order of their places. Edits that share a line of base, or insert at
// the same place, clash unless they are the same edit.
func weave(base, a, b []string, ofA, ofB []edit) (out []string, clean bool) {
	at := 0 // lines of base done so far
	take := func(e edit, from []string) {
		out = append(out, base[at:e.start]...)
		out = append(out, from[e.from:e.to]...)
		at = e.end
	}
	for len(ofA) > 0 && len(ofB) > 0 {
		x, y := ofA[0], ofB[0]
		switch {
		case x.start == y.start && x.end == y.end && equal(a[x.from:x.to], b[y.from:y.to]):
			take(x, a)
			ofA, ofB = ofA[1:], ofB[1:]
		case x.before(y):
			take(x, a)
			ofA = ofA[1:]
		case y.before(x):
			take(y, b)
			ofB = ofB[1:]
		default:
			return nil, false
		}
	}
	for _, e := range ofA {
		take(e, a)
	}
	for _, e := range ofB {
		take(e, b)
	}
	return append(out, base[at:]...), true
}

// before reports whether e is over before f starts. Two insertions at one place have no order.
func (e edit) before(f edit) bool {
	return e.end < f.start || e.end == f.start && (e.start < e.end || f.start < f.end)
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
