package file

import (
	"bytes"

	"tandem/kind"
)

// maxTextLines bounds MergeText: comparing lines costs their number times the number of differences.
const maxTextLines = 50_000

// MergeText is a three-way merge by lines, for those who ask for it: two edits of a text may be right line by line and
// wrong together, so Handler.Merge never does it. ok is false for bodies that are not text, are too long, have no base,
// or changed the same lines differently; then the files clash as a whole.
func MergeText(base, a, b []byte) (m kind.Merged, ok bool) {
	if base == nil {
		return m, false
	}
	for _, body := range [][]byte{base, a, b} {
		if bytes.IndexByte(body, 0) >= 0 {
			return m, false
		}
	}
	o, x, y := bytes.SplitAfter(base, nl), bytes.SplitAfter(a, nl), bytes.SplitAfter(b, nl)
	if max(len(o), len(x), len(y)) > maxTextLines {
		return m, false
	}
	hx, okx := diff(o, x)
	hy, oky := diff(o, y)
	if !okx || !oky {
		return m, false
	}
	var out []byte
	pos := 0
	for len(hx) > 0 || len(hy) > 0 {
		var h hunk
		switch {
		case len(hy) == 0 || len(hx) > 0 && before(hx[0], hy[0]):
			h, hx = hx[0], hx[1:]
		case len(hx) == 0 || before(hy[0], hx[0]):
			h, hy = hy[0], hy[1:]
		case hx[0].same(hy[0]):
			h, hx, hy = hx[0], hx[1:], hy[1:]
		default:
			return m, false
		}
		if h.from < pos {
			return m, false
		}
		out = append(out, bytes.Join(o[pos:h.from], nil)...)
		out = append(out, bytes.Join(h.lines, nil)...)
		pos = h.to
	}
	return kind.Merged{Body: append(out, bytes.Join(o[pos:], nil)...)}, true
}

var nl = []byte{'\n'}

// A hunk replaces the base's lines from ≤ i < to.
type hunk struct {
	from, to int
	lines    [][]byte
}

// before reports whether g lies wholly before h with at least one untouched line between them: edits of neighbouring
// lines are a clash.
func before(g, h hunk) bool { return g.to < h.from }

func (g hunk) same(h hunk) bool {
	return g.from == h.from && g.to == h.to && bytes.Equal(bytes.Join(g.lines, nil), bytes.Join(h.lines, nil))
}

// maxEdits bounds the work and memory of diff.
const maxEdits = 2_000

// diff finds the shortest list of line edits that turns o into x (Myers, "An O(ND) difference algorithm", 1986). ok is
// false if it needs more than maxEdits.
func diff(o, x [][]byte) (hunks []hunk, ok bool) {
	n, m := len(o), len(x)
	var trail [][]int32
	v := make([]int32, 2*maxEdits+3)
	mid := maxEdits + 1
	for d := 0; d <= maxEdits; d++ {
		for k := -d; k <= d; k += 2 {
			i := int(v[mid+k-1]) + 1
			if k == -d || k != d && v[mid+k-1] < v[mid+k+1] {
				i = int(v[mid+k+1])
			}
			j := i - k
			for i < n && j >= 0 && j < m && bytes.Equal(o[i], x[j]) {
				i, j = i+1, j+1
			}
			v[mid+k] = int32(i)
			if i >= n && j >= m {
				return hunksOf(o, x, append(trail, copyBand(v, mid, d)), d), true
			}
		}
		trail = append(trail, copyBand(v, mid, d))
	}
	return nil, false
}

// copyBand keeps the diagonals -d-1 … d+1 of one step.
func copyBand(v []int32, mid, d int) []int32 {
	return append([]int32(nil), v[mid-d-1:mid+d+2]...)
}

// hunksOf walks the steps back from the end and joins the edits that touch.
func hunksOf(o, x [][]byte, trail [][]int32, d int) []hunk {
	var back []hunk
	add := func(from, to int, lines [][]byte) {
		if len(back) > 0 && back[len(back)-1].from == to {
			last := &back[len(back)-1]
			last.from = from
			last.lines = append(append([][]byte(nil), lines...), last.lines...)
			return
		}
		back = append(back, hunk{from: from, to: to, lines: lines})
	}
	i, j := len(o), len(x)
	for ; d > 0; d-- {
		prev := trail[d-1]
		at := func(k int) int32 { return prev[k+d] } // the band of step d-1 starts at diagonal -d
		k := i - j
		if k == -d || k != d && at(k-1) < at(k+1) {
			pi := int(at(k + 1))
			pj := pi - (k + 1)
			i, j = pi, pj
			add(i, i, x[j:j+1])
		} else {
			pi := int(at(k - 1))
			i, j = pi, pi-(k-1)
			add(i, i+1, nil)
		}
	}
	for l, r := 0, len(back)-1; l < r; l, r = l+1, r-1 {
		back[l], back[r] = back[r], back[l]
	}
	return back
}
