package imap

import (
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// span is a range of UIDs, both ends in it.
type span struct{ from, to imap.UID }

// uids is a set of UIDs: ascending spans that do not touch. Most sets of a mailbox are a few spans, whatever their size.
type uids []span

// add puts a UID into the set. In ascending order it takes no time.
func (s *uids) add(u imap.UID) { s.addSpan(span{u, u}) }

func (s *uids) addSpan(n span) {
	l := *s
	if len(l) > 0 {
		switch last := &l[len(l)-1]; {
		case n.from > last.to && n.from-last.to > 1:
			*s = append(l, n)
			return
		case n.from >= last.from:
			last.to = max(last.to, n.to)
			return
		}
	}
	i, _ := slices.BinarySearchFunc(l, n, func(a, b span) int {
		if a.to < b.from && b.from-a.to > 1 {
			return -1
		}
		return 1
	})
	j := i
	for j < len(l) && (l[j].from <= n.to || l[j].from-n.to == 1) {
		n.from, n.to = min(n.from, l[j].from), max(n.to, l[j].to)
		j++
	}
	*s = slices.Replace(l, i, j, n)
}

func (s uids) has(u imap.UID) bool {
	_, found := slices.BinarySearchFunc(s, u, func(a span, u imap.UID) int {
		switch {
		case a.to < u:
			return -1
		case a.from > u:
			return 1
		}
		return 0
	})
	return found
}

// size is how many UIDs are in the set.
func (s uids) size() (n int64) {
	for _, x := range s {
		n += int64(x.to-x.from) + 1
	}
	return n
}

// minus is what is in s and not in o.
func (s uids) minus(o uids) uids {
	var out uids
	for _, x := range s {
		i, _ := slices.BinarySearchFunc(o, x.from, func(a span, u imap.UID) int {
			if a.to < u {
				return -1
			}
			return 1
		})
		at := x.from
		gone := false
		for ; i < len(o) && o[i].from <= x.to; i++ {
			if o[i].from > at {
				out = append(out, span{at, o[i].from - 1})
			}
			if o[i].to >= x.to {
				gone = true
				break
			}
			at = o[i].to + 1
		}
		if !gone {
			out = append(out, span{at, x.to})
		}
	}
	return out
}

// each yields the UIDs one by one.
func (s uids) each() iter.Seq[imap.UID] {
	return func(yield func(imap.UID) bool) {
		for _, x := range s {
			for u := uint64(x.from); u <= uint64(x.to); u++ {
				if !yield(imap.UID(u)) {
					return
				}
			}
		}
	}
}

// set is s for a command.
func (s uids) set() imap.UIDSet {
	out := make(imap.UIDSet, len(s))
	for i, x := range s {
		out[i] = imap.UIDRange{Start: x.from, Stop: x.to}
	}
	return out
}

// fromSet reads what a server named. A set without an end is nonsense in an answer.
func fromSet(set imap.NumSet) (uids, error) {
	l, ok := set.(imap.UIDSet)
	if !ok || set.Dynamic() {
		if set == nil || len(l) == 0 {
			return nil, nil
		}
		return nil, errors.New("the server names a set of messages without end")
	}
	var out uids
	for _, r := range l {
		out.addSpan(span{min(r.Start, r.Stop), max(r.Start, r.Stop)})
	}
	return out, nil
}

// String writes the set as IMAP does: "1:5,8".
func (s uids) String() string {
	var b strings.Builder
	for i, x := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(x.from), 10))
		if x.to != x.from {
			b.WriteByte(':')
			b.WriteString(strconv.FormatUint(uint64(x.to), 10))
		}
	}
	return b.String()
}

// parseUIDs reads what String wrote.
func parseUIDs(text string) (uids, error) {
	var out uids
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		a, b, both := strings.Cut(part, ":")
		if !both {
			b = a
		}
		from, err1 := strconv.ParseUint(a, 10, 32)
		to, err2 := strconv.ParseUint(b, 10, 32)
		if err1 != nil || err2 != nil || from == 0 || to < from || len(out) > 0 && imap.UID(from) <= out[len(out)-1].to {
			return nil, errors.New("no set of UIDs")
		}
		out.addSpan(span{imap.UID(from), imap.UID(to)})
	}
	return out, nil
}
