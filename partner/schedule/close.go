package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"

	"tandem"
)

// Closing is what follows from the removal of a whole calendar.
type Closing struct {
	notes map[string]string // by name, as they are in the store
}

// Bounds of Close and Closed: how many notes are written at a time, and how many meetings are told of before the answer. The rest is for Resume.
const (
	closeBatch  = 200
	closeAtOnce = 200
)

// Close notes what others must be told when a calendar is removed: the same as if each of its events was deleted by itself, except of what is over.
// RFC 6638 3.2.1.3, 3.2.2.4
//
// The caller then removes the calendar and calls Closed. After an error, nothing stays noted.
func (s *Service) Close(ctx context.Context, c tandem.Collection) (out Closing, err error) {
	if c.Kind != tandem.Event {
		return out, nil
	}
	out.notes = map[string]string{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Closed(ctx, out, false))
		}
	}()
	batch := map[string]string{}
	keep := func() error {
		maps.Copy(out.notes, batch)
		err := s.Settings.PutValues(ctx, batch)
		clear(batch)
		return err
	}
	for rec, err := range s.Lookup.During(ctx, c.ID, s.now(), math.MaxInt64) {
		if err != nil {
			return out, err
		}
		body, err := tandem.ReadBody(rec.Body, maxEvent)
		if err != nil {
			return out, err
		}
		p, ch, err := s.plan(ctx, Change{Collection: c, Old: body, Lenient: true})
		if err != nil {
			s.log().Warn("nobody is told that an event goes with its calendar", "user", c.User, "record", rec.ID, "err", err)
			continue
		}
		if len(p.list) == 0 {
			continue
		}
		name, text, err := noted(ch, p)
		if err != nil {
			return out, err
		}
		if batch[name] = text; len(batch) == closeBatch {
			if err := keep(); err != nil {
				return out, err
			}
		}
	}
	return out, keep()
}

// Closed tells what Close noted, or forgets it if the calendar was not removed after all. What is too much for one answer, or cannot be delivered, stays noted for
// Resume. It goes on when ctx is cancelled.
func (s *Service) Closed(ctx context.Context, cl Closing, removed bool) error {
	ctx = context.WithoutCancel(ctx)
	if !removed {
		forget := map[string]string{}
		for name := range cl.notes {
			forget[name] = ""
		}
		return s.Settings.PutValues(ctx, forget)
	}
	var failed []error
	for i, name := range slices.Sorted(maps.Keys(cl.notes)) {
		if i == closeAtOnce {
			s.log().Info("the rest of those who take part in a removed calendar's meetings will be told later", "meetings", len(cl.notes)-i)
			break
		}
		var n note
		err := json.Unmarshal([]byte(cl.notes[name]), &n)
		if err == nil {
			err = s.resume(ctx, name, n)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
