package schedule

import (
	"context"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/event"
	"tandem/kind/event/itip"
	"tandem/store"
	"tandem/wire/davxml"
)

// Answer is what is told of one recipient of a free-busy request. RFC 6638 5, 10.2
type Answer struct {
	Recipient string // the address as it was asked for
	Status    string // REQUEST-STATUS: "2.0;Success"
	Body      []byte // a REPLY with a VFREEBUSY; nil where there is none
}

// FreeBusy answers a request that a user put into the outbox. An error of kind Invalid has the precondition valid-scheduling-message, one of kind Denied
// valid-organizer: the one who asks must be the organizer.
func (s *Service) FreeBusy(ctx context.Context, asker store.User, request []byte) ([]Answer, error) {
	f, err := itip.ParseFreeBusy(request)
	if err != nil {
		return nil, err
	}
	if !s.Addresses(asker).Has(f.Organizer) {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: "ask when people are busy", Thing: f.Organizer, Remedy: "ask in your own name",
			Err: &itip.Refused{Condition: "valid-organizer", What: "the ORGANIZER", Why: "is not the one who asks"}}
	}
	local, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	var out []Answer
	for _, who := range f.Attendees {
		a := Answer{Recipient: who, Status: "3.7;Invalid calendar user"}
		if u, here := local[strings.ToLower(who)]; here {
			taken, err := s.Busy(ctx, u, f.From, f.To, f.Mask)
			if err != nil {
				return nil, err
			}
			a.Status, a.Body = "2.0;Success", f.Reply(who, taken, s.now())
		}
		out = append(out, a)
	}
	return out, nil
}

// Busy lists what takes a user's time between two instants, from all own calendars that are not transparent, and what lies outside of the usual hours. mask
// is the UID of an event that does not count, "" for none.
func (s *Service) Busy(ctx context.Context, u store.User, from, to int64, mask string) ([]event.Span, error) {
	all, err := s.Home.Collections(ctx, u.Name)
	if err != nil {
		return nil, err
	}
	zone := time.UTC
	if s.Zone != nil {
		zone = s.Zone(u)
	}
	me := u.Name
	if u.Address != "" {
		me = u.Address
	}
	out, err := s.unavailable(ctx, u, all, from, to, zone)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Kind != tandem.Event || strings.EqualFold(c.Props[PropTransp], Transparent) {
			continue
		}
		for rec, err := range s.Lookup.During(ctx, c.ID, from, to) {
			if err != nil {
				return nil, err
			}
			if mask != "" && rec.Index.UID == mask {
				continue
			}
			body, err := tandem.ReadBody(rec.Body, maxEvent)
			if err != nil {
				return nil, err
			}
			spans, err := event.Busy(body, me, from, to, zone)
			if err != nil {
				s.log().Warn("an event that cannot be read does not count as time taken", "user", u.Name, "record", rec.ID, "err", err)
				continue
			}
			out = append(out, spans...)
		}
	}
	return out, nil
}

// availability is the property of the inbox in which a client keeps the usual hours of its owner, as the front door names it in the store. RFC 7953 7.2.4
const availability = "{urn:ietf:params:xml:ns:caldav}calendar-availability"

// unavailable is what lies outside of the hours that a user said to be the usual ones. What cannot be read says nothing.
func (s *Service) unavailable(ctx context.Context, u store.User, all []tandem.Collection, from, to int64, zone *time.Location) ([]event.Span, error) {
	i := slices.IndexFunc(all, func(c tandem.Collection) bool { return c.Kind == tandem.Invitation && c.Props[PropRole] == Inbox })
	if s.Props == nil || i < 0 {
		return nil, nil
	}
	kept, err := s.Props.Properties(ctx, all[i].ID, 0)
	if err != nil {
		return nil, err
	}
	text := kept[0][availability]
	if text == "" {
		return nil, nil
	}
	e, err := davxml.Parse(strings.NewReader(text), davxml.Limits{})
	var out []event.Span
	if err == nil {
		out, err = s.desk(u, 0).Unavailable([]byte(e.Chars()), from, to, zone)
	}
	if err != nil {
		s.log().Warn("usual hours that cannot be read do not count", "user", u.Name, "err", err)
	}
	return out, nil
}
