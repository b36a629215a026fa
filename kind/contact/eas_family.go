package contact

import (
	"cmp"
	"slices"

	"tandem/wire/contentline"
	"tandem/wire/wbxml"
)

// A family is properties for which the protocol has a fixed number of places.
//
// Each property has places that it likes, by its types; those preferred by the person choose first, then those that stand first. Where an
// edit would make other properties move up into places that the client believes to be empty or to hold something else, properties are
// pinned: the parameter X-EAS names their place, or "none".
type family struct {
	selection
	places []wbxml.Tag
	show   func(s *sheet, l *contentline.Line) string // "" is never in a place
	write  func(s *sheet, l *contentline.Line, v string)
	make   func(s *sheet, place int) *contentline.Line // adds an empty property for a place

	likes  func(s *sheet, l *contentline.Line) []int      // places, the best first; nil: all in order
	spare  func(s *sheet, l *contentline.Line) []int      // places to take where nobody likes to be; nil: none
	settle func(s *sheet, l *contentline.Line, place int) // makes a property fit for a place; nil: nothing to do
	twins  func(v string) string                          // properties of one such key say the same; nil: there are none
}

const (
	pinParam = "X-EAS"
	pinNone  = "none"
)

func pin(l *contentline.Line) string {
	v, _ := l.Param(pinParam)
	return v
}

// assign puts properties into places.
func (f *family) assign(s *sheet) []*contentline.Line {
	if !s.may(&f.selection) {
		return nowhere[:len(f.places)]
	}
	got := make([]*contentline.Line, len(f.places))
	var few [4]*contentline.Line
	rest := few[:0]
	for l := range s.lines(&f.selection) {
		if f.show(s, l) == "" {
			continue
		}
		name, i := pin(l), -1
		if name != "" {
			i = slices.IndexFunc(f.places, func(t wbxml.Tag) bool { return t.Name() == name })
		}
		switch {
		case name == pinNone:
		case i >= 0 && got[i] == nil:
			got[i] = l
		default:
			rest = append(rest, l)
		}
	}
	if len(f.places) > 1 && len(rest) > 1 {
		slices.SortStableFunc(rest, func(a, b *contentline.Line) int { return cmp.Compare(rank(s, a), rank(s, b)) })
	}
	rest = f.seat(s, got, rest, f.liking)
	if f.spare != nil {
		f.seat(s, got, rest, f.spare)
	}
	return got
}

// seat puts properties into the first free of their places, and returns those that found none.
func (f *family) seat(s *sheet, got, list []*contentline.Line, places func(*sheet, *contentline.Line) []int) (rest []*contentline.Line) {
	for _, l := range list {
		if f.twins != nil && slices.ContainsFunc(got, func(o *contentline.Line) bool { return o != nil && f.twin(s, o, l) }) {
			continue
		}
		free := -1
		for _, i := range places(s, l) {
			if got[i] == nil {
				free = i
				break
			}
		}
		if free < 0 {
			rest = append(rest, l)
			continue
		}
		got[free] = l
	}
	return rest
}

func rank(s *sheet, l *contentline.Line) int {
	if n := s.card.Property(l).Pref(); n > 0 {
		return n
	}
	return 101
}

func (f *family) twin(s *sheet, a, b *contentline.Line) bool {
	return a != b && f.twins != nil && f.twins(f.show(s, a)) == f.twins(f.show(s, b))
}

func (f *family) liking(s *sheet, l *contentline.Line) []int {
	if f.likes != nil {
		return f.likes(s, l)
	}
	return anyPlace[:len(f.places)]
}

// anyPlace are the places of a family in order.
var anyPlace = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

// from picks the family's elements.
func (f *family) from(w want) []*string {
	out := make([]*string, len(f.places))
	for i, tag := range f.places {
		out[i] = w[tag]
	}
	return out
}

// put gives the places these values; nil leaves a place alone. A property that has a wanted value already moves to the new place with all
// that belongs to it; else the one that is in the place gets the new value.
func (f *family) put(s *sheet, wanted []*string) {
	have := f.assign(s)
	next := slices.Clone(have)
	var changed []int
	for i, v := range wanted {
		shown := ""
		if have[i] != nil {
			shown = f.show(s, have[i])
		}
		if v != nil && *v != shown {
			changed = append(changed, i)
			next[i] = nil
		}
	}
	if len(changed) == 0 {
		return
	}
	var twins []*contentline.Line
	for _, i := range changed {
		twins = append(twins, f.twinsOf(s, have[i], have)...)
	}
	for _, i := range changed {
		if *wanted[i] != "" {
			next[i] = f.byValue(s, *wanted[i], next, have, i)
		}
	}
	for _, i := range changed {
		if *wanted[i] == "" || next[i] != nil {
			continue
		}
		if next[i] = have[i]; have[i] == nil || slices.Contains(except(next, i), have[i]) {
			next[i] = f.make(s, i)
		}
		f.write(s, next[i], *wanted[i])
	}
	for _, l := range append(twins, have...) {
		if l != nil && !slices.Contains(next, l) {
			s.remove(l)
		}
	}
	f.hold(s, next)
}

// except is the list without its i-th element.
func except(list []*contentline.Line, i int) []*contentline.Line {
	return slices.Delete(slices.Clone(list), i, i+1)
}

// byValue finds a property of this value that is in no place of next, and makes it fit for its new one.
func (f *family) byValue(s *sheet, v string, next, have []*contentline.Line, place int) *contentline.Line {
	for l := range s.lines(&f.selection) {
		if f.show(s, l) != v || slices.Contains(next, l) {
			continue
		}
		if l != have[place] {
			l.DelParam(pinParam)
			if f.settle != nil {
				f.settle(s, l, place)
			}
		}
		return l
	}
	return nil
}

// twinsOf are the properties without a place that say the same as one that changes.
func (f *family) twinsOf(s *sheet, one *contentline.Line, have []*contentline.Line) []*contentline.Line {
	var out []*contentline.Line
	if f.twins == nil || one == nil {
		return nil
	}
	for l := range s.lines(&f.selection) {
		if !slices.Contains(have, l) && f.show(s, l) != "" && f.twin(s, one, l) {
			out = append(out, l)
		}
	}
	return out
}

// hold pins properties where they would not be in their places by themselves. If hiding those that move up brings up others, all that
// have no place are hidden.
func (f *family) hold(s *sheet, next []*contentline.Line) {
	for round := range 5 {
		now := f.assign(s)
		if slices.Equal(now, next) {
			return
		}
		for i := range next {
			if now[i] == next[i] {
				continue
			}
			if now[i] != nil && !slices.Contains(next, now[i]) {
				now[i].SetParam(pinParam, pinNone)
			}
			if next[i] != nil {
				next[i].SetParam(pinParam, f.places[i].Name())
			}
		}
		if round < 1 {
			continue
		}
		for l := range s.lines(&f.selection) {
			if f.show(s, l) != "" && !slices.Contains(next, l) {
				l.SetParam(pinParam, pinNone)
			}
		}
	}
}
