package session

import (
	"context"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
)

// merge looks at both bodies of a record that changed on both sides and settles what follows.
func (x *executor) merge(ctx context.Context, st *step) error {
	if done, err := x.halfDone(ctx, st); done || err != nil {
		return err
	}
	a, b := st.got[0], st.got[1]
	var da, db tandem.Digest
	if a != nil && b != nil {
		da, db = a.rec.Digest, b.rec.Digest
	}
	if da.IsZero() || db.IsZero() {
		da, db = st.seen[0].Digest, st.seen[1].Digest
	}
	if !da.IsZero() && da == db {
		st.act = engine.Settle(st.act, true, true, x.rules)
		if st.act.Do == engine.Write {
			st.body = a // the bodies mean the same; attributes may not
		}
		return nil
	}
	if x.stream != nil || a == nil || b == nil || a.body == nil || b.body == nil {
		st.act = engine.Settle(st.act, false, false, x.rules)
		return nil
	}
	base, err := x.agreedBody(ctx, st.act.Row.Body)
	if err != nil {
		return err
	}
	st.datedBy(a, b)
	planned := st.act
	body, clashes := x.mergeBodies(base, a.body, b.body)
	clean := body != nil && len(clashes) == 0 && !x.rules.NoMerge
	st.fields = clashes
	st.act = engine.Settle(planned, false, clean, x.rules)
	if clean {
		st.body = body
		return nil
	}
	rules := x.rules
	switch x.judge(ctx, st) {
	case provider.NoConflict:
		st.fields, st.act = nil, engine.Settle(planned, true, true, rules)
		return nil
	case provider.MineWins:
		rules.Policy = engine.PreferA
		st.act = engine.Settle(planned, false, false, rules)
	case provider.OtherWins:
		rules.Policy = engine.PreferB
		st.act = engine.Settle(planned, false, false, rules)
	}
	x.favour(st, planned, base)
	return nil
}

// judge asks the places whether they know better what becomes of two versions that cannot be merged: MineWins is for A's. One that has no opinion, or cannot be asked, leaves it to
// the other, and both to the rules.
func (x *executor) judge(ctx context.Context, st *step) provider.Verdict {
	for s := range x.sides {
		arbiter, ok := x.sides[s].Replica.(provider.Arbiter)
		if !ok {
			continue
		}
		v, err := arbiter.Judge(ctx, provider.Dispute{ID: st.seen[s].ID, Mine: st.got[s].body, Other: st.got[1-s].body})
		switch {
		case err != nil:
		case v == provider.NoConflict, (v == provider.MineWins || v == provider.OtherWins) && s == 0:
			return v
		case v == provider.MineWins:
			return provider.OtherWins
		case v == provider.OtherWins:
			return provider.MineWins
		}
	}
	return provider.NoVerdict
}

// datedBy takes the times of the last changes from the bodies where a listing tells none: the policy newest looks at them.
func (st *step) datedBy(a, b *got) {
	if st.act.ModifiedA == 0 || st.act.ModifiedB == 0 { // of one sort, so that they can be compared
		st.act.ModifiedA, st.act.ModifiedB = a.claims, b.claims
	}
}

// mergeBodies merges and looks at what came of it. A merge that fails or does not parse is none: body is nil.
func (x *executor) mergeBodies(base, a, b []byte) (*got, []kind.Clash) {
	res, err := x.pair.Kind.Merge(base, a, b)
	if err != nil {
		return nil, nil
	}
	g := x.inspect(tandem.Record{Body: tandem.Bytes(res.Body)})
	if g.err != nil {
		return nil, res.Clashes
	}
	return g, res.Clashes
}

// favour narrows down what a policy overwrites: where it names a winner, that side's values win the fields that clash,
// and the other side's edits of other fields survive.
func (x *executor) favour(st *step, planned engine.Action, base []byte) {
	if st.act.Do != engine.Update || st.act.Reason != engine.PolicyDecided || x.rules.NoMerge || planned.Into != [2]bool{true, true} {
		return
	}
	win, lose := st.act.To.Other(), st.act.To
	body, _ := x.mergeBodies(base, st.got[win].body, st.got[lose].body)
	if body == nil {
		return
	}
	st.act.Do, st.act.Into, st.body = engine.Write, [2]bool{true, true}, body
}

// explain finds the fields in which the versions of a conflict clash.
func (x *executor) explain(ctx context.Context, st *step) error {
	if done, err := x.halfDone(ctx, st); done || err != nil {
		return err
	}
	if st.got[0] == nil || st.got[1] == nil || st.got[0].body == nil || st.got[1].body == nil {
		return nil
	}
	base, err := x.agreedBody(ctx, st.act.Row.Body)
	if err != nil {
		return err
	}
	_, st.fields = x.mergeBodies(base, st.got[0].body, st.got[1].body)
	return nil
}

// halfDone turns a conflict that a person answered with a body of their own into the write that is missing, if one side
// has that body and the other is as the person saw it: a run died while it wrote both. It must not be asked again.
func (x *executor) halfDone(ctx context.Context, st *step) (bool, error) {
	k := st.act.Row.Clash
	if k == nil || k.Decision != tandem.TakeBody {
		return false, nil
	}
	if err := x.fromInbox(ctx, st); err != nil {
		return false, err
	}
	hand := st.body
	st.body = nil
	for s, was := range [2]*tandem.Shown{&k.A, &k.B} {
		is, other := &st.seen[s], &st.seen[1-s]
		if is.ID == was.ID && is.Digest == was.Digest && !is.Digest.IsZero() && other.Digest == hand.rec.Digest {
			st.act.Do, st.act.Reason, st.act.Attrs = engine.Write, engine.PersonDecided, other.Attrs
			st.act.Into = [2]bool{s == 0, s == 1}
			st.body = hand
			return true, nil
		}
	}
	return false, nil
}

// fromInbox reads the version that a person wrote to settle a conflict.
func (x *executor) fromInbox(ctx context.Context, st *step) error {
	if st.act.Row.Clash == nil || st.act.Row.Clash.Body.IsZero() {
		return tandem.Errorf(tandem.Internal, "no body to write to %s", st.seen[0].ID)
	}
	body, err := x.deps.Store.Blobs.Open(ctx, st.act.Row.Clash.Body)
	if err != nil {
		return err
	}
	st.body = x.inspect(tandem.Record{ID: st.seen[0].ID, Body: body})
	return st.body.err
}

// agreedBody is what both sides last agreed on, nil when that is not known.
func (x *executor) agreedBody(ctx context.Context, sum tandem.Digest) ([]byte, error) {
	if sum.IsZero() {
		return nil, nil
	}
	body, err := x.deps.Store.Blobs.Get(ctx, sum)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil, nil
	}
	return body, err
}
