// Package imip carries meetings by mail (iMIP, RFC 6047): what people elsewhere are to be told goes out as messages that Outlook, Gmail and Apple's programs
// understand, and what they send is taken into the calendars of users.
package imip

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/partner/arrival"
	"tandem/partner/outgoing"
	"tandem/partner/schedule"
	"tandem/store"
)

// Post sends mail; outgoing.Service does.
type Post interface {
	Send(ctx context.Context, u store.User, m outgoing.Message) (added bool, err error)
	Reaches(ctx context.Context, u store.User, address string) (bool, error)
}

// Sender sends messages about meetings by mail. Everything without a remark must be set.
type Sender struct {
	Post Post
	Zone func(store.User) *time.Location // in which times are told that are in none; nil: UTC
	Now  func() time.Time                // nil: time.Now
	Log  *slog.Logger                    // nil: nowhere
}

var _ schedule.Outgoing = (*Sender)(nil)

// Reaches implements schedule.Outgoing.
func (s *Sender) Reaches(ctx context.Context, from store.User, to string) (bool, error) {
	return s.Post.Reaches(ctx, from, to)
}

// Send implements schedule.Outgoing. The same message is sent once; what a program answers by itself, at most once a day.
func (s *Sender) Send(ctx context.Context, from store.User, m itip.Message) error {
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	key := keyOf(m, now)
	body, err := compose(from, m, key, now, s.zone(from))
	if err != nil {
		return err
	}
	_, err = s.Post.Send(ctx, from, outgoing.Message{Key: "imip/" + key, From: outgoing.Address(from), To: []string{m.To}, Body: tandem.Bytes(body), Auto: m.Auto})
	if tandem.IsKind(err, tandem.Invalid) { // there is no way any longer, and trying again makes none
		if s.Log != nil {
			s.Log.Warn("a meeting's message cannot be sent", "method", m.Method, "uid", m.UID, "to", m.To, "err", err)
		}
		return nil
	}
	return err
}

func (s *Sender) zone(u store.User) *time.Location {
	if s.Zone != nil {
		if z := s.Zone(u); z != nil {
			return z
		}
	}
	return time.UTC
}

// keyOf names a message. Two that were written at different moments are two, except where nobody wrote them.
func keyOf(m itip.Message, now time.Time) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00", m.Method, m.From, m.To)
	if !m.Auto {
		h.Write(m.Body)
		return hex.EncodeToString(h.Sum(nil)[:16])
	}
	fmt.Fprintf(h, "%s\x00", now.UTC().Format(time.DateOnly))
	for line := range bytes.Lines(m.Body) {
		if !bytes.HasPrefix(line, []byte("DTSTAMP")) {
			h.Write(line)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Mode is what a user wants done with invitations that come by mail.
type Mode string

// The modes.
const (
	Add    Mode = "add"    // they stand in the calendar, to be answered; changes and cancellations follow
	Ask    Mode = "ask"    // they stand in the calendar once they are answered; changes and cancellations of those follow
	Ignore Mode = "ignore" // mail never changes the calendar by itself
)

// ModeProp is the property of a user that keeps the Mode.
const ModeProp = "invitations"

// ModeOf is what a user wants.
func ModeOf(u store.User) Mode {
	switch m := Mode(u.Props.Get(ModeProp)); m {
	case Ask, Ignore:
		return m
	}
	return Add
}

// Check reports whether it is one of the modes.
func (m Mode) Check() error {
	switch m {
	case Add, Ask, Ignore:
		return nil
	}
	return &tandem.Error{Kind: tandem.Invalid, Op: "set invitations", Thing: string(m), Remedy: "say add, ask or ignore"}
}

// Calendars take in messages; schedule.Service does.
type Calendars interface {
	TakeMail(ctx context.Context, to store.User, l schedule.Letter) (why string, err error)
}

// Reader takes messages about meetings that come by mail into calendars.
type Reader struct {
	Calendars Calendars
	Events    store.Events
	Now       func() time.Time // nil: time.Now
}

var _ arrival.Handler = (*Reader)(nil)

// Arrived implements arrival.Handler. A message that makes no sense is left to the person who reads it.
func (r *Reader) Arrived(ctx context.Context, m arrival.Message) error {
	if m.Envelope.Event == nil || ModeOf(m.User) == Ignore {
		return nil
	}
	if m.Envelope.Checked.Forged() {
		return r.note(ctx, m, "the calendar stays as it is: its sender is another than it says ("+m.Envelope.Checked.String()+")")
	}
	list, err := letters(m.Record.Body, m.Envelope)
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := r.take(ctx, m, l); err != nil {
			return err
		}
	}
	return nil
}

// take takes one of a message's calendar objects in.
func (r *Reader) take(ctx context.Context, m arrival.Message, l opened) error {
	if l.err != nil {
		return r.note(ctx, m, "its invitation cannot be read: "+l.err.Error())
	}
	l.Add = ModeOf(m.User) == Add
	why, err := r.Calendars.TakeMail(ctx, m.User, l.Letter)
	switch {
	case tandem.IsKind(err, tandem.Invalid):
		return r.note(ctx, m, "its invitation cannot be read: "+err.Error())
	case err != nil:
		return err
	case why != "":
		return r.note(ctx, m, "the calendar stays as it is: it "+why)
	}
	return nil
}

// opened is what one calendar object says, or why it cannot be read.
type opened struct {
	schedule.Letter
	err error
}

// letters are what a message says about meetings. RFC 6047 2.4
func letters(body tandem.Body, e *mail.Envelope) (all []opened, err error) {
	objects, err := e.Calendars(body)
	if err != nil {
		return nil, err
	}
	left := room{embedAll, embedTries}
	for _, o := range objects {
		l := opened{Letter: schedule.Letter{Body: o.Data}, err: o.Err}
		if len(e.From) == 1 {
			l.From = strings.ToLower(e.From[0].Email)
		}
		if within := itip.MethodOf(o.Data); l.err == nil && (within == "" || o.Method != "" && !strings.EqualFold(o.Method, string(within))) {
			l.err = &tandem.Error{Kind: tandem.Invalid, Op: "read invitation", Thing: e.Subject, Err: errors.New("the message and its calendar part name different methods")}
		}
		if l.err == nil {
			if l.Body, err = embed(o.Data, body, e, &left); err != nil {
				return nil, err
			}
		}
		all = append(all, l)
	}
	return all, nil
}

// LetterOf is what a message says about a meeting, the first if there are several. Invalid: its two methods are not the same, which no honest program writes; TooLarge. RFC 6047 2.4
func LetterOf(body tandem.Body, e *mail.Envelope) (schedule.Letter, error) {
	list, err := letters(body, e)
	if err != nil {
		return schedule.Letter{}, err
	}
	if len(list) == 0 {
		return schedule.Letter{}, &tandem.Error{Kind: tandem.Invalid, Op: "read invitation", Thing: e.Subject, Err: errors.New("the message has no calendar part")}
	}
	return list[0].Letter, list[0].err
}

// note tells in the log why a message changed nothing.
func (r *Reader) note(ctx context.Context, m arrival.Message, text string) error {
	now := time.Now()
	if r.Now != nil {
		now = r.Now()
	}
	return r.Events.Add(ctx, store.Event{When: now.Unix(), Item: "mail of " + m.User.Name, Level: store.Info, Record: m.Record.ID,
		Text: "a message about a meeting, " + m.Record.Title + ": " + text})
}
