package outgoing

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// List lists the messages of a user, the newest first; user "": of all.
func (s *Service) List(ctx context.Context, user string, limit int) ([]store.Outgoing, error) {
	return s.Queue.Outgoing(ctx, user, limit)
}

// Retry tries a message now: one that waits, or one that was given up, to those who did not get it. Those in doubt are not among them. Invalid: it was sent, or nobody is left to get it.
func (s *Service) Retry(ctx context.Context, id int64) error {
	const op = "retry message"
	thing := strconv.FormatInt(id, 10)
	_, err := s.Queue.ChangeOutgoing(ctx, id, func(m *store.Outgoing) error {
		switch {
		case m.State != store.Waiting && len(m.To) == 0 && len(m.Doubt) > 0:
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("nobody knows whether " + strings.Join(m.Doubt, ", ") + " got it"),
				Remedy: "send it to them again, or count them as reached: tandem mail doubt " + thing + " --again|--drop"}
		case m.State == store.Sent:
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("it was sent")}
		case m.State != store.Waiting && len(m.To) == 0:
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("nobody is left to get it")}
		case m.State != store.Waiting: // a person decides
			m.State, m.Tries, m.Error, m.Refused = store.Waiting, 0, "", nil
		case strings.HasPrefix(m.Error, doubt): // on its way at this moment
			return nil
		}
		m.Next = s.Now().Unix()
		return nil
	})
	if err != nil {
		return err
	}
	s.poke()
	return nil
}

// Remove takes a message out of the queue. A client that asks for the same again sends it again.
func (s *Service) Remove(ctx context.Context, id int64) error { return s.Queue.RemoveOutgoing(ctx, id) }

// Forget removes the password that is kept for a user who is no more.
func (s *Service) Forget(ctx context.Context, user string) error {
	return s.Secrets.Put(ctx, secretName(user), "")
}

// poke has Run look at the queue.
func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
