package propmerge

import (
	"strings"

	"tandem/kind"
)

// Fields is what elements say, as people read it: a field for each label, in the order in which the labels come up. Elements without a label say nothing to people.
func Fields(elems []Elem) []kind.Field {
	var out []kind.Field
	at := map[string]int{}
	for _, e := range elems {
		text := strings.TrimSpace(e.Text)
		if e.Label == "" || text == "" {
			continue
		}
		i, ok := at[e.Label]
		if !ok {
			at[e.Label] = len(out)
			out = append(out, kind.Field{Label: e.Label, Text: text})
			continue
		}
		out[i].Text += "\n" + text
	}
	return out
}
