package contact

import (
	"iter"
	"strings"

	"tandem/wire/contentline"
)

// selection says which properties of a card belong to a family or list.
type selection struct {
	names   []string                                 // in capitals: these do
	perhaps []string                                 // in capitals: these may
	also    func(s *sheet, l *contentline.Line) bool // tells of those that may; nil: there are none
	bit     uint32                                   // in sorted.of; 0: it is looked for in the whole card
}

func named(names ...string) selection { return selection{names: names} }

// of reports whether a property belongs.
func (w *selection) of(s *sheet, l *contentline.Line) bool {
	for _, name := range w.names {
		if l.Is(name) {
			return true
		}
	}
	return w.also != nil && w.also(s, l)
}

// sorted is a property with the selections to which it may belong.
type sorted struct {
	line *contentline.Line
	of   uint32
}

// sortOut looks through the card once for all selections. The card must not be edited afterwards.
func (s *sheet) sortOut() {
	s.sorted = s.few[:0]
	for l := range s.card.Lines() {
		of, ok := selectors[l.Name()]
		if !ok {
			of = selectors[strings.ToUpper(l.Name())]
		}
		if of != 0 {
			s.sorted = append(s.sorted, sorted{l, of})
			s.any |= of
		}
	}
}

// may reports whether the card may have a property of a selection.
func (s *sheet) may(w *selection) bool { return s.sorted == nil || w.bit == 0 || s.any&w.bit != 0 }

// nowhere is what is in the places of a family of which the card has nothing.
var nowhere [len(anyPlace)]*contentline.Line

// lines yields the properties of a selection, in the card's order.
func (s *sheet) lines(w *selection) iter.Seq[*contentline.Line] {
	return func(yield func(*contentline.Line) bool) {
		if s.sorted == nil || w.bit == 0 {
			for l := range s.card.Lines() {
				if w.of(s, l) && !yield(l) {
					return
				}
			}
			return
		}
		for _, o := range s.sorted {
			if o.of&w.bit != 0 && w.of(s, o.line) && !yield(o.line) {
				return
			}
		}
	}
}

// What a card's properties are sorted into never changes, so it is put together once.
var (
	theTextTags  = textTags()
	thePlaces    = addressPlaces()
	theEmails    = emailFamily()
	theChats     = imFamily()
	theFamilies  = families()
	theNote      = noteFamily()
	thePicture   = pictureFamily()
	theAddresses = addressFamily()
	theOrg       = orgFamily()
	theDates     = dates()
	theLists     = lists()
	selectors    = selectorsOf()
)

// selectorsOf numbers the selections, and tells by a property's name which of them it may belong to.
func selectorsOf() map[string]uint32 {
	var all []*selection
	for _, f := range append([]*family{theNote, thePicture, theAddresses, theOrg}, theFamilies...) {
		all = append(all, &f.selection)
	}
	for _, d := range theDates {
		all = append(all, &d.family.selection)
	}
	for i := range theLists {
		all = append(all, &theLists[i].selection)
	}
	out := map[string]uint32{}
	for i, w := range all {
		w.bit = 1 << i
		for _, names := range [][]string{w.names, w.perhaps} {
			for _, name := range names {
				out[name] |= w.bit
			}
		}
	}
	return out
}
