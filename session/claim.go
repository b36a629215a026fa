package session

import (
	"context"

	"tandem"
)

// spot names a record on one side.
type spot struct {
	tandem.Side
	id tandem.ID
}

// claim is a write that was refused because another record has its id or its UID. The next look may show that record, to
// be paired with, or may find it gone. Only if the next look shows what has the id may the place
// be asked to choose another one. If it does not, then its listing may be that of a moment ago, and what has the id may
// be the very record that is to be made.
type claim struct {
	wish  spot
	known bool
}

// dispute notes that what a write wants is taken. It reports whether that is so for the second time.
func (r *run) dispute(j *job) bool {
	from := spot{j.side.Other(), j.step.seen[j.side.Other()].ID}
	if r.taken[from] != nil {
		return true
	}
	r.taken[from] = &claim{wish: spot{j.side.Side, j.write.ID}}
	return false
}

// wishes are the claims by what they wish for.
func (r *run) wishes() map[spot]*claim {
	out := make(map[spot]*claim, len(r.taken))
	for _, c := range r.taken {
		c.known = false
		out[c.wish] = c
	}
	return out
}

// recognise looks in the base for ids that are taken and were not listed, where the place listed changes only.
func (l *looker) recognise(ctx context.Context) error {
	for wish, c := range l.wanted {
		if c.known || l.lists[wish.Side].Full || !l.known {
			continue
		}
		rows, err := l.deps.Store.Bases.RowsOf(ctx, l.st.ID, wish.Side, []tandem.ID{wish.id})
		if err != nil {
			return err
		}
		c.known = len(rows) > 0
	}
	return nil
}
