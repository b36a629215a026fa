package imap

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// Apply implements provider.Replica. Writes to different messages do not hang on each other, so those of one sort go out together. When the connection breaks, what
// was sent and not answered is Maybe.
func (r *replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	for i := range writes {
		out[i] = tandem.Outcome{ID: writes[i].ID}
	}
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return undone(out, err), err
	}
	defer done()
	if len(writes) == 0 {
		return out, nil
	}
	r.seen.Store(nil) // it shows nothing of what is written now
	if r.readOnly {
		for i := range writes {
			fail(&out[i], tandem.Rejected, &tandem.Error{Kind: tandem.Denied, Op: writes[i].Op.String(), Thing: string(writes[i].ID), Err: errors.New("the place is read-only")})
		}
		return out, nil
	}
	err = r.with(ctx, false, func(*box) bool { return sizeOf(writes) >= manyBytes }, func(l *link, b *box) error {
		w := &writer{r: r, l: l, b: b, writes: writes, out: out}
		for from := 0; from < len(writes); {
			n := w.apart(from)
			if err := w.together(ctx, from, from+n); err != nil {
				return err
			}
			from += n
		}
		return nil
	})
	if err != nil {
		return undone(out, err), err
	}
	return out, nil
}

// sizeOf is how many bytes writes send at least.
func sizeOf(writes []tandem.Write) (n int64) {
	for i := range writes {
		if b := writes[i].Record.Body; b != nil {
			n += max(0, b.Size())
		}
	}
	return n
}

// undone settles what was not come to, and says why of what is not known.
func undone(out []tandem.Outcome, err error) []tandem.Outcome {
	for i := range out {
		switch {
		case out[i].Status == tandem.Maybe && out[i].Err == nil:
			out[i].Status, out[i].Err = tandem.RetryAfter, err
		case out[i].Status == tandem.Maybe:
			out[i].Err = err
		}
	}
	return out
}

func fail(o *tandem.Outcome, s tandem.Status, err error) {
	o.Status, o.Err = s, err
	var e *tandem.Error
	if errors.As(err, &e) {
		o.Wait = e.Wait
	}
}

// errUnanswered marks an outcome whose write was sent. It is replaced by the reason for which no answer came.
var errUnanswered = errors.New("the answer did not come")

// writer performs writes on one connection.
type writer struct {
	r      *replica
	l      *link
	b      *box
	writes []tandem.Write
	out    []tandem.Outcome
	hide   bool // what is created is marked as deleted: it is not there yet

	looked    bool // for what came into the mailbox since the listing
	strangers []*message
	found     []imap.UID // creates that were there already, with other flags
}

// apart is how many writes from here on are about different messages.
func (w *writer) apart(from int) int {
	seen := map[tandem.ID]bool{}
	for i := from; i < len(w.writes); i++ {
		if x := &w.writes[i]; x.Op != tandem.Create {
			if seen[x.ID] {
				return i - from
			}
			seen[x.ID] = true
		}
	}
	return len(w.writes) - from
}

// together performs writes that do not hang on each other.
func (w *writer) together(ctx context.Context, from, to int) error {
	sorts := map[tandem.Op][]int{}
	for i := from; i < to; i++ {
		sorts[w.writes[i].Op] = append(sorts[w.writes[i].Op], i)
	}
	for _, i := range sorts[tandem.Move] {
		fail(&w.out[i], tandem.Rejected, &tandem.Error{Kind: tandem.Denied, Op: "move", Thing: string(w.writes[i].ID), Err: errors.New("a message cannot get another number")})
	}
	if err := w.create(ctx, sorts[tandem.Create]); err != nil {
		return err
	}
	if err := w.setFlags(ctx, sorts[tandem.SetAttrs]); err != nil {
		return err
	}
	for _, i := range sorts[tandem.Update] {
		if err := w.update(ctx, i); err != nil {
			return err
		}
	}
	return w.delete(ctx, sorts[tandem.Delete], true)
}

// at looks which messages are at the version that is expected. The others' outcomes say why they are not.
func (w *writer) at(ctx context.Context, idx []int) (ok []int, now map[imap.UID]*message, err error) {
	var of uids
	for _, i := range idx {
		if u, good := number(w.writes[i].ID); good {
			of.add(u)
		}
	}
	if now, err = w.l.states(ctx, of, w.b.modseq != 0); err != nil {
		return nil, nil, err
	}
	for _, i := range idx {
		x := &w.writes[i]
		u, good := number(x.ID)
		m := now[u]
		switch {
		case !good || m == nil || m.deleted():
			fail(&w.out[i], tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Op: x.Op.String(), Thing: string(x.ID)})
		case m.version() != x.If:
			fail(&w.out[i], tandem.PreconditionFailed, changed(x))
		default:
			ok = append(ok, i)
		}
	}
	return ok, now, nil
}

func changed(x *tandem.Write) error {
	return &tandem.Error{Kind: tandem.Changed, Op: x.Op.String(), Thing: string(x.ID), Err: errors.New("it is not as it was")}
}

func (w *writer) uid(i int) imap.UID {
	u, _ := number(w.writes[i].ID) // looked at before
	return u
}

// store changes flags of messages of which nothing else has changed since they were looked at. The server leaves out the others without a word that the library passes on, so
// that it is looked afterwards. RFC 7162 3.1.3
func (w *writer) store(ctx context.Context, of uids, op imap.StoreFlagsOp, flags []imap.Flag, now map[imap.UID]*message) error {
	opt := &imap.StoreOptions{}
	if w.b.modseq != 0 {
		for u := range of.each() {
			opt.UnchangedSince = max(opt.UnchangedSince, now[u].modseq) // what changes later gets a higher one, whichever message it is
		}
	}
	return w.l.do(ctx, func() error {
		return w.l.Client.Store(of.set(), &imap.StoreFlags{Op: op, Silent: true, Flags: flags}, opt).Close()
	})
}

// setFlags gives messages other flags.
func (w *writer) setFlags(ctx context.Context, idx []int) error {
	if len(idx) == 0 {
		return nil
	}
	ok, now, err := w.at(ctx, idx)
	if err != nil || len(ok) == 0 {
		return err
	}
	type change struct {
		of    uids
		flags []imap.Flag
		op    imap.StoreFlagsOp
	}
	var order []string
	changes := map[string]*change{}
	note := func(u imap.UID, op imap.StoreFlagsOp, flags []imap.Flag) {
		key := string(rune('0'+op)) + keyOf(flags)
		if changes[key] == nil {
			order = append(order, key)
			changes[key] = &change{flags: flags, op: op}
		}
		changes[key].of.add(u)
	}
	want := map[int][]imap.Flag{}
	for _, i := range ok {
		m, flags := now[w.uid(i)], w.b.flagsFor(w.writes[i].Record.Attrs)
		flags = append(flags, w.foreign(m.flags)...)
		want[i] = flags
		if keyOf(flags) == keyOf(m.flags) {
			continue
		}
		if w.b.modseq != 0 { // nobody's change is written over, for the condition would not hold
			note(m.uid, imap.StoreFlagsSet, flags)
			continue
		}
		if plus := without(flags, m.flags); len(plus) > 0 {
			note(m.uid, imap.StoreFlagsAdd, plus)
		}
		if minus := without(m.flags, flags); len(minus) > 0 {
			note(m.uid, imap.StoreFlagsDel, minus)
		}
	}
	for _, i := range ok {
		w.out[i].Err = errUnanswered // whatever is sent from here on may be done
	}
	for _, key := range order {
		c := changes[key]
		if err := w.store(ctx, c.of, c.op, c.flags, now); err != nil {
			if no := refusal(err); no == nil {
				return err
			}
			err = explain("set flags in", w.r.name, err)
			for _, i := range ok {
				if c.of.has(w.uid(i)) {
					fail(&w.out[i], refused(err), err)
				}
			}
		}
	}
	return w.verify(ctx, ok, want, now)
}

// refused is how a write ends that the server does not want.
func refused(err error) tandem.Status {
	if tandem.IsKind(err, tandem.Denied) || tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.TooLarge) {
		return tandem.Rejected
	}
	return tandem.RetryAfter
}

// verify looks what became of flags that were set; was is how the messages stood before. Where another program took back at once what was set, it was set: the next listing
// tells of what the other did, which would be undone if it were tried again.
func (w *writer) verify(ctx context.Context, idx []int, want map[int][]imap.Flag, was map[imap.UID]*message) error {
	var of uids
	for _, i := range idx {
		of.add(w.uid(i))
	}
	now, err := w.l.states(ctx, of, w.b.modseq != 0)
	if err != nil {
		return err
	}
	for _, i := range idx {
		o, m := &w.out[i], now[w.uid(i)]
		switch {
		case o.Status != tandem.Maybe:
		case m == nil || m.deleted():
			fail(o, tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Op: w.writes[i].Op.String(), Thing: string(o.ID)})
		case keyOf(m.flags) == keyOf(want[i]):
			*o = tandem.Outcome{Status: tandem.Applied, ID: o.ID, Meta: m.meta()}
		case m.version() == w.writes[i].If && m.modseq > was[m.uid].modseq:
			set := m.state
			set.flags = want[i]
			*o = tandem.Outcome{Status: tandem.Applied, ID: o.ID, Meta: set.meta()}
		case m.version() == w.writes[i].If:
			fail(o, tandem.RetryAfter, &tandem.Error{Kind: tandem.Transient, Op: "set flags in", Thing: w.r.name, Err: errors.New("the server did not set them")})
		default:
			fail(o, tandem.PreconditionFailed, changed(&w.writes[i]))
		}
	}
	return nil
}

// foreign are the flags that no attribute tells and that stay as they are: those of a system we do not know.
func (w *writer) foreign(flags []imap.Flag) []imap.Flag {
	var out []imap.Flag
	for _, f := range flags {
		switch keyOf([]imap.Flag{f}) {
		case `\seen`, `\flagged`, `\answered`, `\draft`, `\deleted`, "":
			continue
		}
		if f[0] == '\\' {
			out = append(out, f)
		}
	}
	return out
}

// without is what is in a and not in b.
func without(a, b []imap.Flag) []imap.Flag {
	has := map[string]bool{"": true}
	for _, f := range b {
		has[keyOf([]imap.Flag{f})] = true
	}
	var out []imap.Flag
	for _, f := range a {
		if !has[keyOf([]imap.Flag{f})] {
			out = append(out, f)
		}
	}
	return out
}

// delete removes messages: they are marked, and, if wanted, those very ones are removed. A server that can only remove all that is marked is not asked to, since others mark, too.
func (w *writer) delete(ctx context.Context, idx []int, remove bool) error {
	if len(idx) == 0 {
		return nil
	}
	ok, now, err := w.at(ctx, idx)
	if err != nil || len(ok) == 0 {
		return err
	}
	var of uids
	for _, i := range ok {
		of.add(w.uid(i))
		w.out[i].Err = errUnanswered
	}
	if err := w.store(ctx, of, imap.StoreFlagsAdd, []imap.Flag{imap.FlagDeleted}, now); err != nil {
		if no := refusal(err); no == nil {
			return err
		}
		err = explain("delete in", w.r.name, err)
		for _, i := range ok {
			fail(&w.out[i], refused(err), err)
		}
		return nil
	}
	after, err := w.l.states(ctx, of, w.b.modseq != 0)
	if err != nil {
		return err
	}
	var marked uids
	for _, i := range ok {
		m := after[w.uid(i)]
		switch {
		case m == nil: // another removed it at the same moment
		case m.deleted():
			marked.add(m.uid)
		default:
			fail(&w.out[i], tandem.PreconditionFailed, changed(&w.writes[i]))
			continue
		}
		w.out[i] = tandem.Outcome{Status: tandem.Applied, ID: w.writes[i].ID}
	}
	if !remove {
		return nil
	}
	return w.expunge(ctx, marked)
}

// expunge removes messages that are marked. They are gone for us already; a server that does not want to leaves them marked.
func (w *writer) expunge(ctx context.Context, of uids) error {
	if len(of) == 0 || !w.r.plus {
		return nil
	}
	err := w.l.do(ctx, func() error { return w.l.UIDExpunge(of.set()).Close() })
	if refusal(err) != nil {
		return nil
	}
	return err
}
