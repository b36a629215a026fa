package contact

import (
	"tandem/kind"
	"tandem/kind/propmerge"
)

// Fields implements kind.Fielder.
func (Handler) Fields(body []byte) ([]kind.Field, error) {
	_, card, err := parse(body)
	if err != nil {
		return nil, err
	}
	c := canonize(card)
	m := &merger{version: card.Version, used: map[string]bool{}, shared: map[string]string{}, groups: c.groups, baseGroups: c.groups, single: map[string]bool{}}
	var elems []propmerge.Elem
	for _, e := range m.elems(c) {
		switch e.Field {
		case "UID", "PRODID", "REV", "VERSION":
		default:
			elems = append(elems, e)
		}
	}
	return propmerge.Fields(elems), nil
}

// WithTitle implements kind.Titler: it changes the name as it is shown (FN).
func (Handler) WithTitle(body []byte, title string) ([]byte, error) {
	f, card, err := parse(body)
	if err != nil {
		return nil, err
	}
	p, ok := card.Find("FN")
	if !ok {
		p = card.New("FN")
	}
	p.SetText(title)
	return f.Bytes(), nil
}
