package page

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/server/web/page/words"
)

// line is one line of both versions, side by side.
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

// hunk is a place where two versions differ, to be picked from.
type hunk struct {
	N     int
	Label string // the property, as it is written
	A, B  []string
	Last  bool // of a run of lines that differ
	Note  bool // it only says when the record was changed, which nobody is asked about
}

// maxHunks is how many differences are shown to be picked from.
const maxHunks = 100

// hunksOf are the differences of two versions: within each run of lines that differ, one for each property. Lines of a part within (an alarm) stay together.
func hunksOf(lines []line) []hunk {
	var out []hunk
	for i := 0; i < len(lines); {
		if lines[i].Same {
			i++
			continue
		}
		end := i
		for end < len(lines) && !lines[end].Same {
			end++
		}
		for _, h := range block(lines[i:end]) {
			h.N = len(out)
			h.Note = h.Label == "REV" || h.Label == "DTSTAMP" || h.Label == "LAST-MODIFIED" || h.Label == "SEQUENCE"
			out = append(out, h)
		}
		out[len(out)-1].Last = true
		i = end
	}
	if len(out) > maxHunks {
		return nil
	}
	return out
}

// block parts lines that differ by property.
func block(lines []line) []hunk {
	var out []hunk
	whole := hunk{}
	for _, l := range lines {
		whole.A, whole.B = add(whole.A, l.A), add(whole.B, l.B)
	}
	for _, text := range slices.Concat(whole.A, whole.B) {
		if name := propertyOf(text); name == "BEGIN" || name == "END" || name == "" {
			return []hunk{whole}
		}
	}
	at := func(text string) *hunk {
		name := propertyOf(text)
		i := slices.IndexFunc(out, func(h hunk) bool { return h.Label == name })
		if i < 0 {
			i = len(out)
			out = append(out, hunk{Label: name})
		}
		return &out[i]
	}
	for _, l := range lines {
		if l.A != "" {
			h := at(l.A)
			h.A = append(h.A, l.A)
		}
		if l.B != "" {
			h := at(l.B)
			h.B = append(h.B, l.B)
		}
	}
	return slices.DeleteFunc(out, func(h hunk) bool { return len(h.A) == 0 && len(h.B) == 0 })
}

func add(list []string, line string) []string {
	if line == "" {
		return list
	}
	return append(list, line)
}

// propertyOf is the property that a line of a card or calendar is about, "" for other text. RFC 6350 3.3, RFC 5545 3.1
func propertyOf(text string) string {
	name, _, ok := strings.Cut(text, ":")
	name, _, _ = strings.Cut(name, ";")
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
		return ""
	}
	return name
}

// picked puts the version together that a person picked, difference by difference. What both say alike stays.
func (d *clash) picked(c *call) ([]byte, error) {
	var out []string
	n := 0
	for i, l := range d.Lines {
		if l.Same {
			out = append(out, l.A)
			continue
		}
		if i > 0 && !d.Lines[i-1].Same { // of a run that was dealt with
			continue
		}
		for last := false; !last; n++ {
			if n >= len(d.Hunks) {
				return nil, tandem.Errorf(tandem.Changed, "the versions are no longer what they were")
			}
			last = d.Hunks[n].Last
			lines, err := d.side(d.Hunks[n], c.form(fmt.Sprintf("pick-%d", n)))
			if err != nil {
				return nil, err
			}
			out = append(out, lines...)
		}
	}
	like := string(d.Versions[0].Body)
	text := strings.Join(fold(out), "\n")
	if strings.HasSuffix(like, "\n") {
		text += "\n"
	}
	return []byte(asWritten(text, like)), nil
}

// side are the lines of a difference that were picked. What only says when the record was changed is taken from the newest.
func (d *clash) side(h hunk, pick string) ([]string, error) {
	if h.Note {
		pick = "a"
		if d.Versions[1].Newest {
			pick = "b"
		}
	}
	switch pick {
	case "a":
		return h.A, nil
	case "b":
		return h.B, nil
	case "ab":
		return slices.Concat(h.A, h.B), nil
	}
	return nil, &tandem.Error{Kind: tandem.Invalid, Op: "put together", Thing: d.Title, Err: errors.New("a difference has no answer yet"), Remedy: "pick a side for each"}
}

// fold breaks the lines of cards and calendars where they are longer than 75 bytes. RFC 5545 3.1
func fold(lines []string) []string {
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "BEGIN:") {
		return lines
	}
	var out []string
	for _, l := range lines {
		most := 75
		for len(l) > most {
			n := most
			for n > 1 && l[n]&0xc0 == 0x80 { // within a character
				n--
			}
			out = append(out, l[:n])
			l = " " + l[n:]
		}
		out = append(out, l)
	}
	return out
}

// propertyWords name a property as people do.
func propertyWords(w words.Words, name string) string {
	switch name {
	case "FN", "N", "NICKNAME":
		return w.T("Name")
	case "TEL":
		return w.T("Telephone")
	case "EMAIL":
		return w.T("Mail address")
	case "ADR":
		return w.T("Postal address")
	case "ORG", "TITLE", "ROLE":
		return w.T("Work")
	case "BDAY":
		return w.T("Birthday")
	case "NOTE", "DESCRIPTION":
		return w.T("Notes")
	case "PHOTO":
		return w.T("Picture")
	case "SUMMARY":
		return w.T("Title")
	case "DTSTART":
		return w.T("Begins")
	case "DTEND", "DURATION":
		return w.T("Ends")
	case "DUE":
		return w.T("Due")
	case "LOCATION":
		return w.T("Place")
	case "RRULE", "EXDATE", "RDATE":
		return w.T("Repetition")
	case "STATUS", "PERCENT-COMPLETE", "COMPLETED":
		return w.T("State")
	case "ATTENDEE", "ORGANIZER":
		return w.T("People")
	case "":
		return w.T("Text")
	}
	return name
}

// lineText is a line of a card or calendar as people read it: what it says, and of which sort that is. RFC 6350 3.4, RFC 5545 3.3.11
func lineText(line string) string {
	head, value, ok := strings.Cut(line, ":")
	if !ok || propertyOf(line) == "" {
		return line
	}
	value = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(strings.ReplaceAll(strings.Trim(value, ";"), ";", " "))
	var sorts []string
	for _, param := range strings.Split(head, ";")[1:] {
		if name, v, ok := strings.Cut(param, "="); ok && strings.EqualFold(name, "TYPE") || ok && strings.EqualFold(name, "TZID") {
			sorts = append(sorts, strings.ToLower(strings.Trim(v, `"`)))
		}
	}
	if len(sorts) > 0 {
		value += " (" + strings.Join(sorts, ", ") + ")"
	}
	return value
}
