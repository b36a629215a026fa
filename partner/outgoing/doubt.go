package outgoing

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// DoubtAnswer is what a person says of recipients of whom nobody knows whether they have a message.
type DoubtAnswer struct {
	Again bool     `json:"again" doc:"send it to them once more; else they count as reached"`
	To    []string `json:"to,omitempty" doc:"to whom of them; all of them where nobody is named"`
}

// AnswerDoubt sends a message once more to those who are in doubt and to nobody else, or counts them as reached. To each it goes as a message of its own, which can be in doubt in its turn; asked for
// twice, or cut short and asked for again, it goes once. Invalid: nobody is in doubt, or one who is named is not.
func (s *Service) AnswerDoubt(ctx context.Context, id int64, a DoubtAnswer) error {
	m, err := s.Queue.ChangeOutgoing(ctx, id, func(m *store.Outgoing) error { return a.fill(*m) })
	if err != nil {
		return err
	}
	if a.Again {
		if err := s.resend(ctx, m, a.To); err != nil {
			return err
		}
	}
	_, err = s.Queue.ChangeOutgoing(ctx, id, func(m *store.Outgoing) error {
		m.Doubt = slices.DeleteFunc(m.Doubt, func(d string) bool { return slices.Contains(a.To, d) })
		if m.Reached += len(a.To); m.State != store.Waiting && len(m.Doubt) == 0 && strings.HasPrefix(m.Error, doubt) {
			end(m, "")
		}
		return nil
	})
	return err
}

// fill checks who is named, and names them as the message does.
func (a *DoubtAnswer) fill(m store.Outgoing) error {
	thing := strconv.FormatInt(m.ID, 10)
	if len(m.Doubt) == 0 {
		return &tandem.Error{Kind: tandem.Invalid, Op: "answer about message", Thing: thing, Err: errors.New("nobody is in doubt who got it")}
	}
	if len(a.To) == 0 {
		a.To = slices.Clone(m.Doubt)
		return nil
	}
	var to []string
	for _, who := range a.To {
		i := slices.IndexFunc(m.Doubt, func(d string) bool { return strings.EqualFold(d, who) })
		if i < 0 {
			return &tandem.Error{Kind: tandem.Invalid, Op: "answer about message", Thing: thing, Err: errors.New(who + " is not in doubt"), Remedy: "name any of " + strings.Join(m.Doubt, ", ")}
		}
		to = append(to, m.Doubt[i])
	}
	a.To = to
	return nil
}

// resend queues a message again for each of some recipients. Its key tells for whom, so that it is queued once.
func (s *Service) resend(ctx context.Context, m store.Outgoing, to []string) error {
	body, err := s.Blobs.Open(ctx, m.Body)
	if err != nil {
		return err
	}
	for _, who := range to {
		again := store.Outgoing{User: m.User, Key: m.Key + "/again/" + who, From: m.From, To: []string{who}, Saved: true}
		if _, _, err := s.Queue.Enqueue(ctx, again, body); err != nil {
			return err
		}
	}
	s.poke()
	return nil
}

// union adds to a list what it does not have.
func union(list, more []string) []string {
	for _, x := range more {
		if !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	return list
}
