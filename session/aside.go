package session

import (
	"errors"
	"fmt"

	"tandem"
	"tandem/engine"
	"tandem/store"
)

// refuse sets a record aside that its place will not take as it is.
func (x *executor) refuse(j *job) {
	x.aside(j.step, fmt.Errorf("%s refuses it: %w", j.side.Place, reason(j.out.Err)))
}

// postpone sets a record aside because its place asked to come back later. That is no failure of the record.
func (x *executor) postpone(j *job) {
	now := x.opt.Now()
	err := fmt.Errorf("%s asks to try later: %w", j.side.Place, reason(j.out.Err))
	row := engine.Postpone(j.step.act, err.Error(), now)
	if row.Aside != nil {
		a := *row.Aside
		a.Tries--
		if j.out.Wait > 0 {
			a.Until = now + j.out.Wait
		}
		row.Aside = &a
	}
	x.keepAside(row, j.step, err)
}

// aside leaves a record out of the next runs, longer after each failure.
func (x *executor) aside(st *step, err error) {
	x.keepAside(engine.Postpone(st.act, err.Error(), x.opt.Now()), st, err)
}

// keepAside records the row of a record that is left out. Where both places refuse a step, that is one record, and one row.
func (x *executor) keepAside(row tandem.Row, st *step, err error) {
	if st.aside {
		return
	}
	st.aside = true
	if st.act.Do == engine.Move || x.rules.Tree && row.Agreed() && row.A.ID != row.B.ID {
		// A row set aside holds ids as they are after a rename; this one has to keep the rename in sight.
		x.left++
		x.problem(nameOf(&st.act), err)
		return
	}
	x.report.Aside++
	for s, g := range st.got {
		// What was learned of a record without a partner helps to find it one.
		is := row.Side(tandem.Side(s))
		if row.Agreed() || g == nil || is.ID == "" || is.Version != st.seen[s].Version {
			continue
		}
		if row.UID == "" {
			row.UID = g.rec.UID
		}
		if is.Digest.IsZero() {
			is.Digest = st.seen[s].Digest
		}
	}
	remedy := "it is tried again later, or as soon as it changes"
	if row.Aside != nil {
		remedy = fmt.Sprintf("it is tried again after %s, or as soon as it changes", span(row.Aside.Until-x.opt.Now()))
	}
	x.note(store.Event{Level: store.Warning, Record: nameOf(&st.act), Text: err.Error(), Remedy: remedy, Code: tandem.KindOf(err).Code()})
	x.rec.keep(row)
	x.mu.Lock()
	x.ledger.Postponed(st.act)
	x.mu.Unlock()
}

// reason is why a place did not do a write.
func reason(err error) error {
	if err == nil {
		return errors.New("it gave no reason")
	}
	return err
}

// span is a number of seconds for people.
func span(s int64) string {
	switch {
	case s >= 2*3600:
		return fmt.Sprintf("%d hours", s/3600)
	case s >= 120:
		return fmt.Sprintf("%d minutes", s/60)
	}
	return fmt.Sprintf("%d seconds", s)
}
