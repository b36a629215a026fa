package imip

import (
	"strings"
	"time"

	"tandem/kind/event/itip"
	wiremime "tandem/wire/mime"
)

// Facts are what people want to know of a meeting.
type Facts struct {
	Title, Where, Notes string
	When                []string // a line for each instance that it is told of
	Organizer           wiremime.Address
	Invited             []wiremime.Address
}

// FactsOf reads them of a calendar object, as mail to people without a calendar tells them.
func FactsOf(ics []byte, zone *time.Location) (Facts, error) {
	w, err := describe(itip.Message{Body: ics}, zone)
	if err != nil {
		return Facts{}, err
	}
	named := func(address string) wiremime.Address {
		return wiremime.Address{Name: w.names[strings.ToLower(address)], Email: address}
	}
	f := Facts{Title: w.title, Where: w.where, Notes: w.notes, When: w.when}
	if w.host != "" {
		f.Organizer = named(w.host)
	}
	for _, a := range w.invited {
		f.Invited = append(f.Invited, named(a))
	}
	return f, nil
}
