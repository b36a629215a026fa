package page

import (
	"tandem"
	"tandem/kind"
)

// record shows one record of a home collection in the words of its kind: what it says, of a message also what servers found out about who sent it.
func (p *Pages) record(c *call, in row, coll tandem.Collection, id tandem.ID) error {
	r, body, err := p.cfg.Record(c.r.Context(), coll, id)
	if err != nil {
		return err
	}
	var fields []kind.Field
	if h, ok := p.cfg.Kind(coll.Kind); ok {
		if f, ok := h.(kind.Fielder); ok {
			fields, _ = f.Fields(body) // error: it says nothing that can be shown, and is there all the same
		}
	}
	title := r.Title
	if title == "" {
		title = string(r.ID)
	}
	return c.show("center", title, "record", struct {
		row
		Record Record
		Kind   tandem.Kind
		Title  string
		Fields []kind.Field
	}{in, r, coll.Kind, title, fields})
}
