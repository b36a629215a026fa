package page

import "strings"

// line is one line of two versions, side by side.
type line struct {
	A, B string
	Same bool
}

// maxShownBody is the largest version that is shown line by line, in bytes.
const maxShownBody = 64 << 10

// text reports whether a version can be shown.
func text(s string) bool {
	return s != "" && len(s) <= maxShownBody && !strings.ContainsRune(s, 0)
}

// sideBySide aligns two versions line by line: the longest common subsequence stays together. Versions with too many lines for that are set beside each other as they are.
func sideBySide(a, b string) []line {
	x, y := linesOf(a), linesOf(b)
	if len(x)*len(y) > 1_000_000 {
		var out []line
		for i := range max(len(x), len(y)) {
			out = append(out, pair(at(x, i), at(y, i)))
		}
		return out
	}
	length := make([][]int, len(x)+1)
	for i := range length {
		length[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out []line
	var onlyA, onlyB []string
	flush := func() {
		for k := range max(len(onlyA), len(onlyB)) {
			out = append(out, pair(at(onlyA, k), at(onlyB, k)))
		}
		onlyA, onlyB = nil, nil
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			flush()
			out = append(out, line{x[i], y[j], true})
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && length[i+1][j] >= length[i][j+1]:
			onlyA = append(onlyA, x[i])
			i++
		default:
			onlyB = append(onlyB, y[j])
			j++
		}
	}
	flush()
	return out
}

func pair(a, b string) line { return line{a, b, a == b} }

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// linesOf are the lines of a text; folded ones (RFC 5545 3.1) are put together, since folding means nothing.
func linesOf(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		l = strings.TrimRight(l, "\r\n")
		if len(out) > 0 && (strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t")) && strings.HasPrefix(out[0], "BEGIN:") {
			out[len(out)-1] += l[1:]
			continue
		}
		out = append(out, l)
	}
	return out
}

// asWritten gives an edited text the line ends that the version has which it was made from: browsers send CRLF for any.
func asWritten(edited, like string) string {
	edited = strings.ReplaceAll(edited, "\r\n", "\n")
	if strings.Contains(like, "\r\n") {
		return strings.ReplaceAll(edited, "\n", "\r\n")
	}
	return edited
}
