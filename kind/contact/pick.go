package contact

import (
	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/wire/contentline"
)

var _ kind.Picker = Handler{}

// Pick implements kind.Picker.
func (Handler) Pick(body, from []byte, labels []string) ([]byte, error) {
	fa, a, err := parse(body)
	if err != nil {
		return nil, err
	}
	_, b, err := parse(from)
	if err != nil {
		return nil, err
	}
	b.Convert(a.Version)
	m := &merger{doc: fa.Doc, version: a.Version, used: map[string]bool{}, shared: map[string]string{}, single: map[string]bool{}}
	ca, cb := canonize(a), canonize(b)
	m.baseGroups, m.groups = map[string]*group{}, cb.groups
	for name := range ca.groups {
		m.used[name] = true
	}
	want := map[string]bool{}
	for _, l := range labels {
		want[l] = true
	}
	steps := propmerge.PickFields(m.elems(ca), m.elems(cb), want)
	dropEmpty(a, steps)
	propmerge.ApplyWith(fa.Doc, a.Component, steps, propmerge.Hooks{Adopt: m.adopt,
		Plain:    func(l *contentline.Line) string { return a.Property(l).Plain() },
		SetPlain: func(l *contentline.Line, v string) { a.Property(l).SetPlain(v) },
	})
	return fa.Bytes(), nil
}
