package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem"
)

// bodyLimit bounds what a place in memory takes of one body.
const bodyLimit = 1 << 30

// Apply implements provider.Replica.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	if err := r.enter(ctx, "apply", ""); err != nil {
		return out, err
	}
	for i, w := range writes {
		if err := r.enter(ctx, "write", w.ID); err != nil {
			return out, err
		}
		var full error
		if out[i], full = r.apply(w); full != nil {
			for j := i + 1; j < len(writes); j++ {
				out[j] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[j].ID, Err: full}
			}
			return out, full
		}
		done := out[i]
		if done.Status != tandem.Applied {
			continue
		}
		out[i] = tandem.Outcome{ID: w.ID} // not known to the caller if the line breaks now
		if err := r.enter(ctx, "written", done.ID); err != nil {
			return out, err
		}
		out[i] = done
	}
	return out, nil
}

// apply performs one write with the fault meant for it. The error is for the place being full.
func (r *Replica) apply(w tandem.Write) (tandem.Outcome, error) {
	r.store.mu.Lock()
	fault, readOnly := r.store.knobs.Fault, r.store.knobs.ReadOnly
	r.store.mu.Unlock()
	var f Fault
	if fault != nil {
		f = fault(w)
	}
	switch {
	case readOnly:
		return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Denied, "the place is read only")), nil
	case f.Reject != nil:
		return refuse(w, tandem.Rejected, f.Reject), nil
	case f.Later != 0:
		o := refuse(w, tandem.RetryAfter, tandem.Errorf(tandem.Transient, "not now"))
		o.Wait = f.Later
		return o, nil
	case f.LostRequest:
		return refuse(w, tandem.Maybe, tandem.Errorf(tandem.Transient, "the answer was lost")), nil
	}
	var body []byte
	if w.Record.Body != nil && (w.Op == tandem.Create || w.Op == tandem.Update) {
		var err error
		if body, err = tandem.ReadBody(w.Record.Body, bodyLimit); err != nil {
			return refuse(w, tandem.RetryAfter, fmt.Errorf("read body: %w", err)), nil
		}
		body = slices.Clone(body)
		if w.Progress != nil {
			w.Progress(int64(len(body)))
		}
	}
	o, full := r.store.perform(w, body)
	if f.LostAnswer && o.Status == tandem.Applied {
		return refuse(w, tandem.Maybe, tandem.Errorf(tandem.Transient, "the answer was lost")), nil
	}
	return o, full
}

func refuse(w tandem.Write, s tandem.Status, err error) tandem.Outcome {
	return tandem.Outcome{Status: s, ID: w.ID, Err: &tandem.Error{Kind: tandem.KindOf(err), Op: w.Op.String(), Thing: string(w.ID), Err: err}}
}

// perform checks the precondition and writes, in one instant.
func (s *Store) perform(w tandem.Write, body []byte) (tandem.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.knobs
	if o, ok := s.inSight(w); !ok {
		return o, nil
	}
	old := s.state.live[k.key(w.ID)]
	if w.Op != tandem.Create {
		if old == nil {
			return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.NotFound, "it is not there")), nil
		}
		if !s.at(old, w.If) {
			return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Changed, "it changed meanwhile")), nil
		}
	}
	if w.Op == tandem.Create || w.Op == tandem.Update {
		attrs := s.attrs(w)
		if hasBody(attrs) {
			body = k.received(body)
		}
		if k.Filter != nil {
			if err := k.Filter(w.ID, body); err != nil {
				return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Invalid, "it is out of scope: %w", err)), nil
			}
		}
		if k.MaxSize > 0 && int64(len(body)) > k.MaxSize {
			return refuse(w, tandem.Rejected, tandem.Errorf(tandem.TooLarge, "it has %d bytes, %d are allowed", len(body), k.MaxSize)), nil
		}
		grow := int64(len(body))
		if old != nil {
			grow -= int64(len(old.body))
		}
		if k.Quota > 0 && grow > 0 && s.state.size()+grow > k.Quota {
			full := tandem.Errorf(tandem.Full, "the quota of %d bytes is used up", k.Quota)
			return refuse(w, tandem.RetryAfter, full), full
		}
	}
	switch w.Op {
	case tandem.Create:
		return s.create(w, body), nil
	case tandem.Update:
		return s.update(w, old, body), nil
	case tandem.SetAttrs:
		e := s.write(old.id, old, old.body, s.attrs(w), "")
		return s.applied(e), nil
	case tandem.Move:
		return s.rename(w, old), nil
	case tandem.Delete:
		return s.remove(w, old), nil
	}
	return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Invalid, "there is no such operation")), nil
}

// inSight checks that a write is about nothing that cannot be read or is out of scope. Where ids mean nothing, what is to be made has
// nothing to do with what is under the id it asks for: that is merely taken.
func (s *Store) inSight(w tandem.Write) (tandem.Outcome, bool) {
	k := &s.knobs
	if w.ID == "" || w.Op == tandem.Create && !k.Tree {
		return tandem.Outcome{}, true
	}
	p, _, err := k.trouble(s.state, w.ID)
	switch {
	case p == tandem.Present:
		return tandem.Outcome{}, true
	case w.Op == tandem.Create && k.Filter != nil && p == tandem.OutOfScope:
		return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Invalid, "it is out of scope: %w", err)), false
	}
	return refuse(w, tandem.PreconditionFailed, fmt.Errorf("it cannot be read: %w", err)), false
}

// received is what the place makes of a body.
func (k *Knobs) received(body []byte) []byte {
	if k.Project != nil {
		body = k.Project(body)
	}
	if k.Rewrite != nil {
		body = k.Rewrite(body)
	}
	return body
}

func (s *Store) attrs(w tandem.Write) tandem.Attrs {
	if s.knobs.Attrs || s.knobs.Tree {
		return w.Record.Attrs
	}
	return ""
}

func (s *Store) applied(e *entry) tandem.Outcome {
	return tandem.Outcome{Status: tandem.Applied, ID: e.id, Meta: s.meta(e)}
}

// fresh is an id of the place's own choosing beside the wished one. It is free: records may have come here under ids that
// another place chose.
func (s *Store) fresh(wish tandem.ID) tandem.ID {
	for n := s.stamp + 1; ; n++ {
		id := tandem.ID(fmt.Sprintf("m%d", n))
		if up := parent(wish); s.knobs.Tree && up != "" {
			id = up + "/" + id
		}
		if s.state.live[s.knobs.key(id)] == nil {
			return id
		}
	}
}

func (s *Store) create(w tandem.Write, body []byte) tandem.Outcome {
	if s.marked(w.Marker) != nil {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "it was created already"))
	}
	k, id := &s.knobs, w.ID
	if id == "" || k.ReassignCreate {
		id = s.fresh(id)
	} else if k.Spell != nil {
		id = k.Spell(id)
	}
	if err := k.checkID(id); err != nil {
		return refuse(w, tandem.Rejected, err)
	}
	if s.state.live[k.key(id)] != nil {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "the id is taken"))
	}
	if o, ok := s.parentThere(w, id); !ok {
		return o
	}
	return s.applied(s.write(id, nil, body, s.attrs(w), w.Marker))
}

// parentThere checks that the directory an id lies in exists.
func (s *Store) parentThere(w tandem.Write, id tandem.ID) (tandem.Outcome, bool) {
	up := parent(id)
	if !s.knobs.Tree || up == "" {
		return tandem.Outcome{}, true
	}
	if e := s.state.live[s.knobs.key(up)]; e == nil || !e.isDir() {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.NotFound, "there is no directory %s", up)), false
	}
	return tandem.Outcome{}, true
}

func (s *Store) update(w tandem.Write, old *entry, body []byte) tandem.Outcome {
	attrs := s.attrs(w)
	if old.isDir() && attrs.Get("type") != "dir" && len(s.state.below(s.knobs.key(old.id))) > 0 {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "it is a directory with something in it"))
	}
	parked := s.park(old)
	id := old.id
	if s.knobs.ReassignUpdate {
		id = s.fresh(id)
	}
	o := s.applied(s.write(id, old, body, attrs, ""))
	o.Parked = parked
	return o
}

func (s *Store) rename(w tandem.Write, old *entry) tandem.Outcome {
	k, to := &s.knobs, w.To
	if k.ReassignMove {
		to = s.fresh(to)
	} else if k.Spell != nil {
		to = k.Spell(to)
	}
	from, dest := k.key(old.id), k.key(to)
	if err := k.checkID(to); err != nil {
		return refuse(w, tandem.Rejected, err)
	}
	if k.Tree && strings.HasPrefix(dest, from+"/") {
		return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Invalid, "it cannot move into itself"))
	}
	p, _, err := k.trouble(s.state, to)
	if err == nil && k.Filter != nil {
		if err = k.Filter(to, old.body); err != nil {
			p = tandem.OutOfScope
		}
	}
	if k.Filter != nil && p == tandem.OutOfScope {
		return refuse(w, tandem.Rejected, tandem.Errorf(tandem.Invalid, "it is out of scope: %w", err))
	}
	if p != tandem.Present || (dest != from && s.state.live[dest] != nil) {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "the new id is taken"))
	}
	if o, ok := s.parentThere(w, to); !ok {
		return o
	}
	s.state.move(k, from, to)
	e := s.state.live[dest]
	if k.ReassignMove {
		s.stamp++
		e.stamp, e.node = s.stamp, s.stamp
	}
	s.hint(to)
	return s.applied(e)
}

func (s *Store) remove(w tandem.Write, old *entry) tandem.Outcome {
	key := s.knobs.key(old.id)
	if s.knobs.Tree && len(s.state.below(key)) > 0 {
		return refuse(w, tandem.PreconditionFailed, tandem.Errorf(tandem.Exists, "it is a directory with something in it"))
	}
	parked := s.park(old)
	s.state.bury(key)
	s.hint(old.id)
	return tandem.Outcome{Status: tandem.Applied, ID: old.id, Parked: parked}
}

// park keeps a version that is about to go, if the place does so, and returns its name.
func (s *Store) park(e *entry) string {
	if !s.knobs.Parks {
		return ""
	}
	name := fmt.Sprintf("%s@%d", e.id, e.stamp)
	s.parked[name] = s.record(e)
	s.parkedAt[name] = 0
	if s.knobs.Clock != nil {
		s.parkedAt[name] = s.knobs.Clock() / 1e9
	}
	return name
}
