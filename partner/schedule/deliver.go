package schedule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/store"
)

// via is what history says a delivered change came from.
const via = "meeting"

// maxEvent is the size in bytes of the largest event that is read.
const maxEvent = 16 << 20

// Deliver delivers what follows from a change that was written. Every recipient is tried; an error tells of those who could not be reached, and what was
// planned stays noted for Resume. It goes on when ctx is cancelled.
func (s *Service) Deliver(ctx context.Context, p Plan) error {
	if p.note == "" {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	local, err := s.people(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range p.list {
		if err := s.deliver(ctx, local, p.from, m); err != nil {
			s.log().Error("a meeting's message could not be delivered", "method", m.Method, "uid", m.UID, "to", m.To, "err", err)
			failed = append(failed, fmt.Errorf("deliver %s to %s: %w", m.Method, m.To, err))
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	return s.Drop(ctx, p)
}

// deliver takes one message to its recipient.
func (s *Service) deliver(ctx context.Context, local map[string]store.User, from store.User, m itip.Message) error {
	to, here := local[strings.ToLower(m.To)]
	switch {
	case !here:
		if ok, err := s.reaches(ctx, from, m.To); err != nil || !ok {
			return err
		}
		return s.Outgoing.Send(ctx, from, m)
	}
	return s.Take(ctx, from, to, m)
}

// Take puts a message that reached a user into the inbox and its effect into the calendar. It is for messages from elsewhere, too, whose sender must have
// been checked: m.From is who is believed to write. from is the author for history; its name may be that of nobody here.
func (s *Service) Take(ctx context.Context, from, to store.User, m itip.Message) error {
	if err := s.file(ctx, from, to, m); err != nil {
		return err
	}
	answers, _, err := s.apply(ctx, from, to, m, nil)
	if err != nil {
		return err
	}
	return s.answer(ctx, to, answers)
}

// answer sends what a message asked for.
func (s *Service) answer(ctx context.Context, to store.User, answers []itip.Message) error {
	if len(answers) == 0 {
		return nil
	}
	local, err := s.people(ctx)
	if err != nil {
		return err
	}
	for _, a := range answers {
		if a.Method == itip.Request { // what was asked for; an answer is not answered
			a.Auto = true
			if err := s.deliver(ctx, local, to, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// tries is how often a record that others change at the same time is read again.
const tries = 8

// vet tells why a message must not be taken into an event, nil where there is none; "" if it may be.
type vet func(event []byte) string

// apply takes a message into the calendar, unless may, if any, says no. why tells why it changes nothing.
func (s *Service) apply(ctx context.Context, from, to store.User, m itip.Message, may vet) (answers []itip.Message, why string, err error) {
	d := s.desk(to, s.now())
	turn := &s.turns[crc32.ChecksumIEEE([]byte(to.Name+"\x00"+m.UID))%uint32(len(s.turns))]
	turn.Lock()
	defer turn.Unlock()
	for range tries {
		have, found, err := s.event(ctx, to, m.UID)
		if err != nil {
			return nil, "", err
		}
		if may != nil {
			if why := may(have.body); why != "" {
				return nil, why, nil
			}
		}
		got, err := d.Receive(have.body, m.Body)
		if err != nil {
			return nil, "", err
		}
		if got.Ignored != "" {
			s.log().Info("a meeting's message changes nothing", "method", m.Method, "uid", m.UID, "to", to.Name, "why", got.Ignored)
		}
		if got.Body == nil {
			return got.Messages, got.Ignored, nil
		}
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Update, ID: have.rec.ID, If: have.rec.Version}}
		w.Record.Attrs = have.rec.Attrs
		if !found {
			if have.col, err = s.DefaultCalendar(ctx, to); err != nil {
				return nil, "", err
			}
			w = store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}
		}
		done, err := s.put(ctx, have.col, from, w, got.Body)
		if err != nil || done {
			return got.Messages, got.Ignored, err
		}
	}
	return nil, "", &tandem.Error{Kind: tandem.Busy, Op: "deliver meeting", Thing: m.UID, Err: errors.New("the event changes all the time")}
}

// put writes a body whose meaning the kind has looked up. done is false if it was changed meanwhile.
func (s *Service) put(ctx context.Context, c tandem.Collection, from store.User, w store.HomeWrite, body []byte) (done bool, err error) {
	info, err := s.Kinds[c.Kind].Inspect(body)
	if err != nil {
		return false, err
	}
	w.Digest, w.Index, w.Title = info.Digest, info.Index, info.Summary.String()
	w.Record.UID, w.Record.Modified, w.Record.Body = info.Index.UID, info.Modified, tandem.Bytes(body)
	out, err := s.Home.Write(ctx, c.ID, store.Author{User: from.Name, Via: via}, []store.HomeWrite{w})
	switch {
	case err != nil:
		return false, err
	case out[0].Status == tandem.Applied:
		return true, nil
	case out[0].Status == tandem.PreconditionFailed:
		return false, nil
	}
	return false, out[0].Err
}

// found is an event and where it is.
type found struct {
	col  tandem.Collection
	rec  store.HomeRecord
	body []byte
}

// find finds the events of a user with a UID, in their own calendars that may be written to.
func (s *Service) find(ctx context.Context, user, uid string) ([]found, error) {
	if uid == "" {
		return nil, nil
	}
	var out []found
	for rec, err := range s.Lookup.ByUID(ctx, user, tandem.Event, uid) {
		if err != nil {
			return nil, err
		}
		body, err := tandem.ReadBody(rec.Body, maxEvent)
		if err != nil {
			return nil, err
		}
		out = append(out, found{rec: rec, body: body})
	}
	if len(out) == 0 {
		return nil, nil
	}
	calendars, err := s.calendars(ctx, user)
	if err != nil {
		return nil, err
	}
	kept := out[:0]
	for _, f := range out {
		for _, c := range calendars {
			in, err := s.in(ctx, c, f.rec.Number)
			if err != nil {
				return nil, err
			}
			if in {
				f.col = c
				kept = append(kept, f)
				break
			}
		}
	}
	return kept, nil
}

// in reports whether a record is in a collection.
func (s *Service) in(ctx context.Context, c tandem.Collection, number int64) (bool, error) {
	for rec, err := range s.Lookup.ByNumber(ctx, c.ID, []int64{number}) {
		return err == nil && !rec.Deleted, err
	}
	return false, nil
}

// event is the event that messages about a UID are for: one that schedules before one that does not.
func (s *Service) event(ctx context.Context, u store.User, uid string) (found, bool, error) {
	all, err := s.find(ctx, u.Name, uid)
	if err != nil || len(all) == 0 {
		return found{}, false, err
	}
	d := s.desk(u, 0)
	for _, f := range all {
		if d.Role(f.body) != itip.Nobody {
			return f, true, nil
		}
	}
	return all[0], true, nil
}

// messageID names a message in the inbox: the same each time it is delivered.
func messageID(m itip.Message) tandem.ID {
	sum := sha256.Sum256([]byte(m.From + "\x00" + m.To + "\x00" + string(m.Body)))
	return tandem.ID(hex.EncodeToString(sum[:16]) + ".ics")
}
