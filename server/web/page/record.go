package page

import (
	"tandem"
	"tandem/center"
	"tandem/kind"
)

// record shows one record of a home collection in the words of its kind: what it says, of a message also what servers found out about who sent it.
func (p *Pages) record(c *call, in row, id tandem.ID) error {
	r, err := c.hub.ItemRecord(c.r.Context(), center.RecordQuery{Item: in.Item.Name, ID: id})
	if err != nil {
		return err
	}
	title := r.Title
	if title == "" {
		title = string(r.ID)
	}
	return c.show("center", title, "record", struct {
		row
		Record center.RecordLine
		Kind   tandem.Kind
		Title  string
		Fields []kind.Field
	}{in, r.RecordLine, r.Kind, title, r.Fields})
}
