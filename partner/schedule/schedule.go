// Package schedule carries meetings between the users of a hub (RFC 6638): front doors ask it around every write of an event by a person.
//
// # Around a write
//
//	plan, err := s.Write(ctx, schedule.Change{Collection: c, Old: old, New: new})
//	// err of kind Denied: the change is not this person's to make; errors.As gives an itip.Refused with the precondition of CalDAV
//	// write plan.Body instead of new, under the precondition that the record is still old
//	if written {
//		err = s.Deliver(ctx, plan) // what is in the calendar is: an error is for the log
//	} else {
//		s.Drop(ctx, plan)
//	}
//
// Whose write it is says the collection: messages go out in the name of its owner, also where somebody else writes to what is shared with them.
// Writes of sync sessions, imports and undo do not come here: they say what is, and tell nobody.
//
// # What is durable
//
// Write notes in the store, before the event is written, what the change is: the digests of the old and new body and the moment. Deliver forgets the
// note when everything is delivered. After a crash Resume reads the notes that are left: a change whose new body reached the store (or whose old one left
// it) is computed again from the two bodies, which the record and its history keep; the messages are the same to the byte, for they carry the moment of
// the note, and taking in a message twice changes nothing. A change that was never written is forgotten.
//
// # Where messages go
//
// A local recipient gets the message into the inbox, a home collection of the kind invitation, and its effect on the event with its UID in whichever
// calendar it is; a new event goes to DefaultCalendar. People elsewhere are reached through Outgoing, if there is one.
package schedule

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/event/itip"
	"tandem/kind/recur"
	"tandem/store"
)

// Service carries meetings. Everything without a remark must be set. Its methods may be called concurrently.
type Service struct {
	Home     store.Home
	Lookup   store.Lookup
	Accounts store.Accounts
	Settings store.Settings
	Blobs    store.Blobs
	Kinds    map[tandem.Kind]kind.Handler // event and invitation

	Props    store.Properties                // where DAV clients keep the usual hours of their owner; nil: nobody says any
	Outgoing Outgoing                        // nil: nobody elsewhere can be reached
	URIs     func(store.User) []string       // further calendar user addresses of a user, such as the principal's path; nil: none
	Zone     func(store.User) *time.Location // what floating times are read in for free-busy; nil: UTC
	Zones    *recur.Zones                    // shared memory of zones; nil: none
	Now      func() time.Time                // nil: time.Now
	Log      *slog.Logger                    // nil: nowhere

	// Elsewhere reports that a calendar is kept in step with a server that tells people elsewhere of its meetings by itself: they would be told twice. nil: none is.
	Elsewhere func(ctx context.Context, c tandem.Collection) (bool, error)

	turns [64]sync.Mutex // by recipient and event: those who answer the same event at the same moment wait for each other and need not try again
}

// New makes a service on a store. Further fields may be set before it is used.
func New(st *store.Store, kinds map[tandem.Kind]kind.Handler) *Service {
	return &Service{Home: st.Home, Lookup: st.Lookup, Accounts: st.Accounts, Settings: st.Settings, Blobs: st.Blobs, Props: st.Props, Kinds: kinds,
		Zones: &recur.Zones{}}
}

// Outgoing carries messages to people elsewhere, by mail (RFC 6047).
type Outgoing interface {
	// Send hands a message over; when it returns without an error, the message will be sent even after a crash. It may be called twice with the same
	// message, byte for byte.
	Send(ctx context.Context, from store.User, m itip.Message) error
	// Reaches reports whether there is a way from a user to an address.
	Reaches(ctx context.Context, from store.User, to string) (bool, error)
}

// Change is one write of an event.
type Change struct {
	Collection tandem.Collection
	Old        []byte // the body as it is; nil: it is new
	New        []byte // the body as it is to be; nil: it is deleted

	Tagged  bool   // the new body rests on one with the same schedule tag (If-Schedule-Tag-Match), so that answers may have come in since: they are kept
	Silent  bool   // nobody is told (Schedule-Reply: F, RFC 6638 8.1)
	Lenient bool   // what is not the person's to change is not refused: it stands in their own calendar until the organizer's next message
	Mailed  bool   // who wrote it sends mail to people elsewhere itself, as programs do that know iMIP
	Comment string // for the organizer, with an answer
	Propose Span   // another time that an attendee proposes with their answer; zero: none

	forced []string // whom the body asked to tell in any case, once it is taken up again without saying so
}

// Span is a time from its start to its end, in Unix seconds.
type Span struct{ Start, End int64 }

// Plan is what follows from a change.
type Plan struct {
	Body []byte // to be stored instead of Change.New; the same slice where nothing had to be changed

	note  string // name of the note in the store, "" where nothing is to be delivered
	from  store.User
	list  []itip.Message
	moved int64 // the moment of the change, in Unix seconds
	asked bool
	far   []string
}

// Messages are what will be delivered.
func (p Plan) Messages() []itip.Message { return p.list }

// Asked reports that the body takes back answers that others gave, since the meeting was rescheduled: who wrote it has something new to see.
func (p Plan) Asked() bool { return p.asked }

// Unreached are the recipients to whom there is no way.
func (p Plan) Unreached() []string { return p.far }

func (s *Service) now() int64 {
	if s.Now != nil {
		return s.Now().Unix()
	}
	return time.Now().Unix()
}

func (s *Service) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.New(slog.DiscardHandler)
}

// Addresses are the calendar user addresses of a user, the one to be used first: the mail address, the name, and what URIs adds.
func (s *Service) Addresses(u store.User) itip.Addresses {
	var out itip.Addresses
	add := func(a string) {
		if a = itip.Normal(a); a != "" && !out.Has(a) {
			out = append(out, a)
		}
	}
	add(u.Address)
	add(u.Name)
	if s.URIs != nil {
		for _, uri := range s.URIs(u) {
			add(uri)
		}
	}
	return out
}

func (s *Service) desk(u store.User, now int64) itip.Desk {
	return itip.Desk{Me: s.Addresses(u), Now: now, Zones: s.Zones}
}

// Tag is the schedule tag of an event in a calendar of the user, "" where it schedules nothing. RFC 6638 3.2.10
func (s *Service) Tag(u store.User, body []byte) string { return s.desk(u, 0).Tag(body) }

// Write tells what must be stored for a change, and prepares what is to be delivered. Kinds other than events pass unchanged.
func (s *Service) Write(ctx context.Context, ch Change) (Plan, error) {
	p, ch, err := s.plan(ctx, ch)
	if err != nil || len(p.list) == 0 {
		return p, err
	}
	name, text, err := noted(ch, p)
	if err != nil {
		return p, err
	}
	p.note = name
	return p, s.Settings.PutValues(ctx, map[string]string{name: text})
}

// plan is Write without a note in the store. It gives the change as it was found to be, too.
func (s *Service) plan(ctx context.Context, ch Change) (Plan, Change, error) {
	p := Plan{Body: ch.New}
	if ch.Collection.Kind != tandem.Event || !schedules(ch.Old) && !schedules(ch.New) {
		return p, ch, nil
	}
	owner, err := s.Accounts.User(ctx, ch.Collection.User)
	if err != nil {
		return p, ch, err
	}
	p.from, p.moved = owner, s.now()
	d := s.desk(owner, p.moved)
	if ch.Tagged && len(ch.Old) > 0 && len(ch.New) > 0 {
		if p.Body, err = d.Rebase(ch.Old, ch.New); err != nil {
			return p, ch, err
		}
	}
	ch.New = p.Body
	if part(d, ch.Old) == itip.Nobody && part(d, ch.New) == itip.Nobody {
		return p, ch, nil
	}
	switch other, err := s.twin(ctx, d, ch); {
	case err != nil:
		return p, ch, err
	case other != nil && len(ch.New) == 0:
		return p, ch, nil // it goes on elsewhere
	case other != nil:
		ch.Old = other // what was told of it is told already
	}
	if !ch.Lenient {
		if err := d.Allowed(ch.Old, ch.New); err != nil {
			return p, ch, err
		}
	}
	sent, err := s.follow(d, ch)
	if err != nil {
		return p, ch, err
	}
	p.Body, p.asked, ch.forced = sent.Body, sent.Asked, sent.Forced
	if ch.Silent || len(sent.Messages) == 0 {
		return p, ch, nil
	}
	if !ch.Mailed && s.Elsewhere != nil {
		if ch.Mailed, err = s.Elsewhere(ctx, ch.Collection); err != nil {
			return p, ch, err
		}
	}
	local, err := s.people(ctx)
	if err != nil {
		return p, ch, err
	}
	states, err := s.states(ctx, owner, local, sent.Messages, ch.Mailed)
	if err != nil {
		return p, ch, err
	}
	p.list = carried(local, sent.Messages, ch.Mailed)
	for _, m := range sent.Messages {
		if states[strings.ToLower(m.To)] == itip.StatusNobody {
			p.far = append(p.far, m.To)
		}
	}
	if len(p.Body) > 0 {
		if p.Body, err = d.SetStatus(p.Body, states); err != nil {
			return p, ch, err
		}
	}
	return p, ch, nil
}

// carried are the messages that are delivered here: where mailed, without those for people elsewhere.
func carried(local map[string]store.User, list []itip.Message, mailed bool) []itip.Message {
	if !mailed {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(m itip.Message) bool { _, here := local[strings.ToLower(m.To)]; return !here })
}

// schedules reports whether a body can be of a meeting at all, which is cheap to see for most that are not.
func schedules(body []byte) bool {
	flat := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n "), nil), []byte("\n "), nil) // a name may be folded
	return bytes.Contains(bytes.ToUpper(flat), []byte("ORGANIZER"))
}

// part is what the person is in an event, if there is one.
func part(d itip.Desk, body []byte) itip.Role {
	if len(body) == 0 {
		return itip.Nobody
	}
	return d.Role(body)
}

// follow computes what follows from a change for whoever the person is in the meeting.
func (s *Service) follow(d itip.Desk, ch Change) (itip.Sent, error) {
	d.Forced = ch.forced
	if part(d, ch.New) == itip.Organizer || part(d, ch.Old) == itip.Organizer {
		return d.Organized(ch.Old, ch.New)
	}
	sent, err := d.Answered(ch.Old, ch.New, ch.Comment)
	if err != nil || ch.Propose.End <= ch.Propose.Start {
		return sent, err
	}
	event := sent.Body
	if len(event) == 0 {
		event = ch.Old
	}
	for i, m := range sent.Messages {
		if sent.Messages[i], err = d.Propose(event, m, ch.Propose.Start, ch.Propose.End); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// twin is the same meeting in another calendar of one person, which shows that a creation or deletion is half of a move between two calendars; nil if
// there is none.
func (s *Service) twin(ctx context.Context, d itip.Desk, ch Change) ([]byte, error) {
	body := ch.New
	if len(ch.Old) > 0 && len(ch.New) > 0 {
		return nil, nil
	}
	if len(body) == 0 {
		body = ch.Old
	}
	info, err := s.Kinds[tandem.Event].Inspect(body)
	if err != nil {
		return nil, err
	}
	all, err := s.find(ctx, ch.Collection.User, info.Index.UID)
	for _, f := range all {
		if f.col.ID != ch.Collection.ID && d.Role(f.body) != itip.Nobody {
			return f.body, err
		}
	}
	return nil, err
}

// states are the delivery states of messages, by recipient. RFC 6638 3.2.9
func (s *Service) states(ctx context.Context, from store.User, local map[string]store.User, list []itip.Message, mailed bool) (map[string]string, error) {
	out := map[string]string{}
	for _, m := range list {
		to := strings.ToLower(m.To)
		_, here := local[to]
		reached, err := mailed, error(nil)
		if !here && !mailed {
			reached, err = s.reaches(ctx, from, to)
		}
		switch {
		case err != nil:
			return nil, err
		case here:
			out[to] = itip.StatusDelivered
		case reached:
			out[to] = itip.StatusSent
		default:
			out[to] = itip.StatusNobody
		}
	}
	return out, nil
}

// reaches reports whether there is a way to somebody elsewhere.
func (s *Service) reaches(ctx context.Context, from store.User, to string) (bool, error) {
	if s.Outgoing == nil || !strings.Contains(to, "@") {
		return false, nil
	}
	return s.Outgoing.Reaches(ctx, from, to)
}

// people are the users of the hub by address.
func (s *Service) people(ctx context.Context) (map[string]store.User, error) {
	all, err := s.Accounts.Users(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]store.User{}
	for _, u := range all {
		for _, a := range s.Addresses(u) {
			if _, taken := out[strings.ToLower(a)]; !taken {
				out[strings.ToLower(a)] = u
			}
		}
	}
	return out, nil
}

// Who is the user of the hub with a calendar user address. NotFound.
func (s *Service) Who(ctx context.Context, address string) (store.User, error) {
	all, err := s.people(ctx)
	if err != nil {
		return store.User{}, err
	}
	u, ok := all[strings.ToLower(itip.Normal(address))]
	if !ok {
		return u, &tandem.Error{Kind: tandem.NotFound, Op: "find calendar user", Thing: address, Err: errors.New("no user has this address")}
	}
	return u, nil
}
