package event

import (
	"tandem/kind/eas"
	"tandem/kind/recur"
	"tandem/wire/wbxml"
)

// View is how Exchange ActiveSync sees events: the Calendar class, MS-ASCAL. The zero value is ready for use; with Zones
// set, time zones are loaded once and not anew for every record.
//
// Put compares what the client sends with what Get shows of the body at that moment, element by element, and edits only
// what differs. So what the protocol cannot say survives: rules that no pattern expresses, further alarms, properties
// nobody knows.
type View struct{ Zones *recur.Zones }

var (
	_ eas.View      = View{}
	_ eas.Instancer = View{}
	_ eas.Attacher  = View{}
)

// Class implements eas.View.
func (View) Class() string { return "Calendar" }

func (v View) zones() *recur.Zones {
	if v.Zones != nil {
		return v.Zones
	}
	return &recur.Zones{}
}

// Get implements eas.View.
func (v View) Get(body []byte, o eas.Options) ([]*wbxml.Element, error) {
	ob, err := open(v.zones(), body, userZone(o.Zone, o.Now))
	if err != nil {
		return nil, err
	}
	s := shower{ob: ob, o: o}
	return s.event(), nil
}
