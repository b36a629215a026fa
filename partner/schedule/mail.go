package schedule

import (
	"context"
	"strings"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/store"
)

// Letter is a message about a meeting that reached a user by mail. RFC 6047
type Letter struct {
	From string // who sent the mail, as far as that is known; "" if it is not
	Body []byte // the iCalendar object
	Add  bool   // an invitation to what is not in the calendar is put there; else it waits for the person
}

// TakeMail takes in a message that came by mail, if who sent it may say so: an invitation, a change or a cancellation comes from the organizer, an answer from
// the attendee who answers, or from who acts for one of them. Whatever else it is stays mail that the person reads. why tells why the calendar did not change, ""
// if it did or need not. Invalid: the body is no message about one event.
//
// Mail from others is weaker than messages between users of the hub: it never touches an event that is not a meeting, and none whose organizer is another.
func (s *Service) TakeMail(ctx context.Context, to store.User, l Letter) (why string, err error) {
	said, err := itip.Open(l.Body)
	if err != nil {
		return "", err
	}
	m := itip.Message{Method: said.Method, UID: said.UID, From: strings.ToLower(l.From), To: strings.ToLower(to.Address), Body: l.Body}
	switch said.Method {
	case itip.Request, itip.Cancel, itip.Add, itip.Reply, itip.Counter, itip.Refresh:
	default: // RFC 5546 1.4: for people, or of no meaning
		return "is for the person to read", nil
	}
	if inside, err := s.inside(ctx, to, l.From, said.UID); err != nil || inside {
		return "is about a meeting between users of the hub, which needs no mail", err
	}
	may := func(event []byte) string { return vouch(said, l, event) }
	have, _, err := s.event(ctx, to, said.UID)
	if err != nil {
		return "", err
	}
	if why := may(have.body); why != "" {
		return why, nil
	}
	if have.body == nil { // the inbox gets it last, so what is in it was in the calendar
		if known, err := s.filed(ctx, to, m); err != nil || known {
			return "was taken in before, and the person took it away", err
		}
	}
	author := store.User{Name: l.From}
	answers, why, err := s.apply(ctx, author, to, m, may)
	if err != nil {
		return "", err
	}
	if err := s.file(ctx, author, to, m); err != nil {
		return "", err
	}
	return why, s.answer(ctx, to, answers)
}

// inside reports whether who is said to write is another user of the hub and has the meeting in a calendar of theirs. What they do to it is told without mail, and
// mail in their name may be anybody's.
func (s *Service) inside(ctx context.Context, to store.User, from, uid string) (bool, error) {
	who, err := s.Who(ctx, from)
	if tandem.IsKind(err, tandem.NotFound) || err == nil && who.Name == to.Name {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	have, found, err := s.event(ctx, who, uid)
	return found && s.desk(who, 0).Role(have.body) != itip.Nobody, err
}

// vouch tells why a letter must not be taken into an event, "" if it may be.
func vouch(said itip.Letter, l Letter, event []byte) string {
	organizer, attendees := itip.Party{}, []itip.Party(nil)
	if event != nil {
		organizer, attendees = itip.Parties(event)
	}
	switch said.Method {
	case itip.Reply, itip.Counter, itip.Refresh:
		if event == nil {
			return "is about no event that is there"
		}
		if len(said.Attendees) != 1 {
			return "names not one attendee"
		}
		who := said.Attendees[0]
		if strings.EqualFold(who.Address, l.From) {
			return ""
		}
		for _, a := range attendees { // who may act for an attendee says the organizer's event, not the message
			if strings.EqualFold(a.Address, who.Address) && a.Is(l.From) {
				return ""
			}
		}
		return "comes from another than the attendee"
	}
	switch {
	case event == nil && said.Method != itip.Request:
		return "is about no event that is there"
	case event == nil && !said.Organizer.Is(l.From):
		return "comes from another than the organizer, and waits for the person"
	case event == nil && !l.Add:
		return "waits for the person"
	case event == nil:
		return ""
	case organizer.Address == "":
		return "is about an event that is no meeting"
	case !strings.EqualFold(organizer.Address, said.Organizer.Address), !organizer.Is(l.From):
		return "comes from another than the organizer"
	}
	return ""
}

// Invited is an event that a person is invited to, and where it is.
type Invited struct {
	Collection tandem.Collection
	Record     store.HomeRecord
	Known      bool // the message had been taken in before: if there is no event, the person took it away
}

// Invited finds the event of an invitation that a person answers, and puts it into their calendar if it is not there. With a decline one that was there before,
// and that the person took away, is not made again: then Record.Number is 0. NotFound: the message invites nobody, or it is about something else.
func (s *Service) Invited(ctx context.Context, to store.User, l Letter, decline bool) (in Invited, err error) {
	missing := func(why string) error {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find meeting", Thing: why}
	}
	said, err := itip.Open(l.Body)
	if err != nil {
		return in, err
	}
	if said.Method != itip.Request {
		return in, missing("the message is no invitation")
	}
	me := s.Addresses(to)
	if me.Has(said.Organizer.Address) {
		return in, missing("the person's own meeting")
	}
	body := l.Body
	invited := false
	for _, a := range said.Attendees {
		invited = invited || me.Has(a.Address)
	}
	if !invited {
		if body, err = itip.Invite(body, strings.ToLower(me[0])); err != nil {
			return in, err
		}
	}
	m := itip.Message{Method: said.Method, UID: said.UID, From: strings.ToLower(l.From), To: strings.ToLower(to.Address), Body: l.Body}
	have, found, err := s.event(ctx, to, said.UID)
	if err != nil {
		return in, err
	}
	if !found {
		if in.Known, err = s.filed(ctx, to, m); err != nil || in.Known && decline {
			return in, err
		}
	}
	may := func(event []byte) string {
		if event == nil {
			return "" // the person asks for it
		}
		return vouch(said, l, event)
	}
	if err := s.file(ctx, store.User{Name: l.From}, to, m); err != nil {
		return in, err
	}
	m.Body = body
	if _, _, err := s.apply(ctx, store.User{Name: l.From}, to, m, may); err != nil {
		return in, err
	}
	have, found, err = s.event(ctx, to, said.UID)
	if err != nil {
		return in, err
	}
	if organizer, _ := itip.Parties(have.body); !found || !strings.EqualFold(organizer.Address, said.Organizer.Address) {
		return in, missing(said.UID)
	}
	in.Collection, in.Record = have.col, have.rec
	return in, nil
}

// filed reports whether a message is in the inbox.
func (s *Service) filed(ctx context.Context, to store.User, m itip.Message) (bool, error) {
	c, err := s.Inbox(ctx, to)
	if err != nil {
		return false, err
	}
	for _, err := range s.Home.Get(ctx, c.ID, []tandem.ID{messageID(m)}) {
		return err == nil, err
	}
	return false, nil
}
