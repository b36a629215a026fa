package reports

import (
	"net/http"

	"tandem"
	"tandem/kind/recur"
	"tandem/server/dav/calquery"
	"tandem/server/dav/cardquery"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// content is what a report wants of bodies: CALDAV:calendar-data, CARDDAV:address-data.
type content struct {
	calendar *calquery.Data
	card     *cardquery.Data
	bodies   bool // any at all

	header http.Header // of the request: it says which time zones are to be defined
	zones  *recur.Zones
}

// newContent looks into a DAV:prop.
func newContent(prop *davxml.Element, env calquery.Env) (c *content, err error) {
	c = &content{}
	if e := prop.Child(davxml.C("calendar-data")); e != nil {
		if c.calendar, err = calquery.ParseData(e, env); err != nil {
			return nil, err
		}
		c.bodies = true
	}
	if e := prop.Child(davxml.A("address-data")); e != nil {
		if c.card, err = cardquery.ParseData(e); err != nil {
			return nil, err
		}
		c.bodies = true
	}
	return c, nil
}

// extra gives the content of a record, as a property. It implements props.Extra.
func (c *content) extra(res *proto.Resource, name davxml.Name) (*davxml.Element, error) {
	if res.Sort != proto.Member || res.Record == nil {
		return nil, nil
	}
	var apply func(b []byte) ([]byte, error)
	switch {
	case name == davxml.C("calendar-data") && res.Branch == proto.Calendars:
		apply = func(b []byte) ([]byte, error) {
			out, err := c.calendar.Apply(b)
			if err != nil {
				return nil, err
			}
			return calquery.ZonesFor(c.header, out, c.zones), nil
		}
	case name == davxml.A("address-data") && res.Branch == proto.Contacts:
		apply = c.card.Apply
	default:
		return nil, nil
	}
	data, err := body(res.Record)
	if err != nil {
		return nil, err
	}
	out, err := apply(data)
	if tandem.IsKind(err, tandem.Invalid) { // as it is, for what cannot be read cannot be cut
		out, err = data, nil
	}
	if err != nil {
		return nil, err
	}
	return davxml.NewText(name, string(out)), nil
}

// maxBody bounds what is held in memory of one record.
const maxBody = 256 << 20

func body(rec *store.HomeRecord) ([]byte, error) {
	if rec.Body == nil {
		return nil, nil
	}
	data, err := tandem.ReadBody(rec.Body, maxBody)
	if tandem.IsKind(err, tandem.TooLarge) {
		return nil, davxml.Failf(http.StatusInsufficientStorage, "the record is too large")
	}
	return data, err
}
