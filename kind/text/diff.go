package text

import "slices"

// An edit replaces the lines start to end (exclusive) of one text by the lines from to to (exclusive) of another.
type edit struct{ start, end, from, to int }

// diff finds edits that turn a into b, in order, with at least one common line between any two. It is the greedy
// algorithm of Myers, "An O(ND) difference algorithm", 1986, on what is left when common ends are cut off.
func diff(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	ma, mb := number(a[head:len(a)-tail], b[head:len(b)-tail])
	edits := middle(ma, mb)
	for i := range edits {
		e := &edits[i]
		e.start, e.end, e.from, e.to = e.start+head, e.end+head, e.from+head, e.to+head
	}
	return edits
}

// number gives equal lines equal numbers, so that comparing them costs the same whatever their length.
func number(a, b []string) (na, nb []int32) {
	ids := make(map[string]int32, len(a))
	of := func(lines []string) []int32 {
		out := make([]int32, len(lines))
		for i, l := range lines {
			id, ok := ids[l]
			if !ok {
				id = int32(len(ids))
				ids[l] = id
			}
			out[i] = id
		}
		return out
	}
	return of(a), of(b)
}

// middle diffs what has no common ends.
func middle(a, b []int32) []edit {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	if len(a) == 0 || len(b) == 0 {
		return []edit{{0, len(a), 0, len(b)}}
	}
	limit := min(len(a)+len(b), maxEdits)
	// reach[k+limit] is how far into a the furthest path on diagonal k = x-y has come; trail keeps its state before
	// each round, only the diagonals in use.
	reach := make([]int32, 2*limit+2)
	var trail [][]int32
	for d := 0; d <= limit; d++ {
		trail = append(trail, slices.Clone(reach[limit-d:limit+d+2]))
		for k := -d; k <= d; k += 2 {
			x := step(reach, limit, k, d)
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			if reach[limit+k] = int32(min(x, len(a)+1)); x >= len(a) && y >= len(b) {
				return retrace(trail, d, len(a), len(b))
			}
		}
	}
	return []edit{{0, len(a), 0, len(b)}}
}

// step is where round d starts on diagonal k: one line down from diagonal k+1 or one to the right from k-1, whichever
// has come further.
func step(reach []int32, origin, k, d int) int {
	if d == 0 {
		return 0
	}
	if k == -d || k != d && reach[origin+k-1] < reach[origin+k+1] {
		return int(reach[origin+k+1])
	}
	return int(reach[origin+k-1]) + 1
}

// retrace walks the shortest path back from the ends and gathers its steps into edits.
func retrace(trail [][]int32, d, x, y int) []edit {
	var edits []edit
	for ; d > 0; d-- {
		reach, k := trail[d], x-y
		prevK := k - 1
		if k == -d || k != d && reach[d+k-1] < reach[d+k+1] {
			prevK = k + 1
		}
		px := int(reach[d+prevK])
		py := px - prevK
		// The step leads from (px, py) to where the common run that ends at (x, y) starts.
		sx, sy := px, py+1
		if prevK == k-1 {
			sx, sy = px+1, py
		}
		if n := len(edits); n > 0 && edits[n-1].start == sx && edits[n-1].from == sy {
			edits[n-1].start, edits[n-1].from = px, py
		} else {
			edits = append(edits, edit{px, sx, py, sy})
		}
		x, y = px, py
	}
	slices.Reverse(edits)
	return edits
}
