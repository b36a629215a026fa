package schedule

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tandem"
)

// notes is how the names of notes in the store begin.
const notes = "meeting/"

// note is what the store remembers of a change until everything is delivered.
type note struct {
	User       string        `json:"user"`
	Collection int64         `json:"collection"`
	UID        string        `json:"uid"`
	Old        tandem.Digest `json:"old"` // SHA-256 of the body before, zero: none
	New        tandem.Digest `json:"new"` // of the body after
	At         int64         `json:"at"`
	Comment    string        `json:"comment,omitempty"`
	Mailed     bool          `json:"mailed,omitempty"`
	Propose    *Span         `json:"propose,omitempty"`
	Forced     []string      `json:"forced,omitempty"`
}

func sum(body []byte) tandem.Digest {
	if len(body) == 0 {
		return tandem.Digest{}
	}
	return sha256.Sum256(body)
}

// noted is the note of a change, with its name.
func noted(ch Change, p Plan) (name, text string, err error) {
	n := note{User: p.from.Name, Collection: ch.Collection.ID, UID: p.list[0].UID, Old: sum(ch.Old), New: sum(p.Body), At: p.moved, Comment: ch.Comment, Mailed: ch.Mailed, Forced: ch.forced}
	if ch.Propose != (Span{}) {
		n.Propose = &ch.Propose
	}
	out, err := json.Marshal(n)
	return notes + rand.Text(), string(out), err
}

// Drop forgets what a plan would have delivered: its change was not written.
func (s *Service) Drop(ctx context.Context, p Plan) error {
	if p.note == "" {
		return nil
	}
	return s.Settings.PutValues(context.WithoutCancel(ctx), map[string]string{p.note: ""})
}

// resumeAfter is how old, in seconds, a note is at least when Resume takes it up: younger ones may be of writes that are under way.
const resumeAfter = 60

// Resume delivers what was written and not delivered, because the program ended or a recipient could not be reached. It is for the start of a hub,
// before its doors open (all set), and for now and then.
func (s *Service) Resume(ctx context.Context, all bool) error {
	values, err := s.Settings.Values(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for name, text := range values {
		if !strings.HasPrefix(name, notes) {
			continue
		}
		var n note
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			n = note{} // of no use to anybody: it is forgotten
		}
		if !all && s.now()-n.At < resumeAfter {
			continue
		}
		if err := s.resume(ctx, name, n); err != nil {
			s.log().Error("a meeting's messages could not be taken up again", "user", n.User, "uid", n.UID, "err", err)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// resume takes up one note.
func (s *Service) resume(ctx context.Context, name string, n note) error {
	p := Plan{note: name, moved: n.At}
	done, err := s.written(ctx, n)
	if err != nil {
		return err
	}
	if !done {
		return s.Drop(ctx, p)
	}
	if p.from, err = s.Accounts.User(ctx, n.User); err != nil {
		if tandem.IsKind(err, tandem.NotFound) {
			return s.Drop(ctx, p)
		}
		return err
	}
	ch := Change{Collection: tandem.Collection{ID: n.Collection, User: n.User, Kind: tandem.Event}, Comment: n.Comment, forced: n.Forced}
	if n.Propose != nil {
		ch.Propose = *n.Propose
	}
	if ch.Old, err = s.body(ctx, n.Old); err == nil {
		ch.New, err = s.body(ctx, n.New)
	}
	if tandem.IsKind(err, tandem.NotFound) { // longer ago than history reaches
		s.log().Warn("what a meeting's change meant can no longer be told", "user", n.User, "uid", n.UID)
		return s.Drop(ctx, p)
	}
	if err != nil {
		return err
	}
	sent, err := s.follow(s.desk(p.from, n.At), ch)
	if err != nil {
		return fmt.Errorf("take up the delivery of %s: %w", n.UID, err)
	}
	local, err := s.people(ctx)
	if err != nil {
		return err
	}
	p.list = carried(local, sent.Messages, n.Mailed)
	return s.Deliver(ctx, p)
}

// written reports whether a change that was noted reached the store.
func (s *Service) written(ctx context.Context, n note) (bool, error) {
	if !n.New.IsZero() {
		_, err := s.Blobs.Get(ctx, n.New)
		if tandem.IsKind(err, tandem.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
	all, err := s.find(ctx, n.User, n.UID)
	if err != nil {
		return false, err
	}
	for _, f := range all {
		if f.col.ID == n.Collection && sum(f.body) == n.Old {
			return false, nil
		}
	}
	return true, nil
}

func (s *Service) body(ctx context.Context, d tandem.Digest) ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return s.Blobs.Get(ctx, d)
}
