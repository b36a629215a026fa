package calendar

import (
	"tandem/kind/propmerge"
)

// Pick does the work of kind.Picker. An occurrence that only one of the two replaces comes whole, or goes when all that is said of it is to be as in the other.
func (h Handler) Pick(body, from []byte, labels []string) ([]byte, error) {
	a, err := h.open(body)
	if err != nil {
		return nil, err
	}
	b, err := h.open(from)
	if err != nil {
		return nil, err
	}
	m := merger{a: a, b: b}
	want := map[string]bool{}
	for _, l := range labels {
		want[l] = true
	}
	only := []string{} // in a
	for _, key := range m.keys() {
		switch {
		case a.parts[key] == nil:
			if some, _ := labelled(b.elems(key, true), want); some {
				m.adopt(key, b.parts[key])
			}
		case b.parts[key] == nil:
			only = append(only, key)
		default:
			m.pickPart(key, b.elems(key, true), want)
		}
	}
	for _, key := range only {
		if some, all := labelled(a.elems(key, true), want); all && len(a.keys) > 1 {
			a.drop(key)
		} else if some {
			m.pickPart(key, nil, want)
		}
	}
	m.zones()
	return a.doc.Bytes(), nil
}

func (m *merger) pickPart(key string, from []propmerge.Elem, want map[string]bool) {
	steps := propmerge.PickFields(m.a.elems(key, true), from, want)
	propmerge.Apply(m.a.doc, m.a.parts[key], steps, nil)
	if len(steps) > 0 {
		dropSilent(m.a.parts[key])
	}
}

// labelled tells whether some, and all, of what a person sees of elements is wanted.
func labelled(elems []propmerge.Elem, want map[string]bool) (some, all bool) {
	shown := 0
	all = true
	for _, e := range elems {
		switch e.Field {
		case "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "RECURRENCE-ID":
			continue
		}
		if e.Label == "" || e.Text == "" {
			continue
		}
		shown++
		some, all = some || want[e.Label], all && want[e.Label]
	}
	return some, all && shown > 0
}
