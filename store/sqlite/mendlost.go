package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// maxNamed bounds how many names a finding lists.
const maxNamed = 20

// presence tells which bodies are there. It is made anew for each look.
type presence struct {
	*db
	inline map[tandem.Digest]bool
}

func (d *db) presence(c *conn) (*presence, error) {
	p := &presence{db: d, inline: map[tandem.Digest]bool{}}
	return p, c.each(func(s scanner) error {
		var sum []byte
		err := s.Scan(&sum)
		p.inline[toDigest(sum)] = true
		return err
	}, "SELECT sum FROM blob")
}

// has reports whether a body is there, or none is named.
func (p *presence) has(sum tandem.Digest) (bool, error) {
	if sum.IsZero() || p.inline[sum] {
		return true, nil
	}
	switch _, err := p.file(sum); {
	case err == nil:
		return true, nil
	case tandem.IsKind(err, tandem.NotFound):
		return false, nil
	default:
		return false, err
	}
}

// Bodiless implements store.Mending.
func (d mending) Bodiless(ctx context.Context) (list []store.Bodiless, err error) {
	err = d.read(ctx, "look for bodies", func(c *conn) error {
		list = nil
		p, err := d.presence(c)
		if err != nil {
			return err
		}
		return c.each(func(s scanner) error {
			var b store.Bodiless
			var sum []byte
			if err := s.Scan(&b.Collection, &b.ID, &b.Version, &b.Title, &b.Attrs, &sum); err != nil {
				return err
			}
			b.Body = toDigest(sum)
			there, err := p.has(b.Body)
			if err == nil && !there {
				list = append(list, b)
			}
			return err
		}, "SELECT collection, id, CAST(seq AS TEXT), title, attrs, body FROM record WHERE body IS NOT NULL AND deleted = 0 AND collection IN (SELECT id FROM collection) ORDER BY row")
	})
	return list, err
}

// lostBodies finds what names bodies that are not there, other than records and bases. No version that can still be read goes with it.
func (m *mender) lostBodies(c *conn) error {
	p, err := m.presence(c)
	if err != nil {
		return err
	}
	for _, part := range []func(*conn, *presence) error{m.lostVersions, m.lostChoices, m.lostMessages} {
		if err := part(c, p); err != nil {
			return err
		}
	}
	return nil
}

// named are the first of some names, for a finding.
func named(list []string) string {
	n := len(list)
	if n > maxNamed {
		list = append(slices.Clone(list[:maxNamed]), fmt.Sprintf("and %d more", n-maxNamed))
	}
	return strings.Join(list, ", ")
}

// lostVersions finds entries of history whose bodies are not there: nothing can be put back from them.
func (m *mender) lostVersions(c *conn, p *presence) error {
	var doomed []int64
	var titles []string
	err := c.each(func(s scanner) error {
		var id int64
		var title, record string
		var sum []byte
		if err := s.Scan(&id, &title, &record, &sum); err != nil {
			return err
		}
		there, err := p.has(toDigest(sum))
		if err == nil && !there {
			if title == "" {
				title = record
			}
			doomed, titles = append(doomed, id), append(titles, title)
		}
		return err
	}, "SELECT id, title, record, body FROM past WHERE body IS NOT NULL ORDER BY id")
	if err != nil || len(doomed) == 0 {
		return err
	}
	m.add("history", named(titles), "versions in history whose bodies are not there, so that they cannot be put back; the entries are removed", len(doomed))
	if !m.do {
		return nil
	}
	for _, id := range doomed {
		for _, q := range []string{
			// what a run keeps of the same version leads to it
			"DELETE FROM past WHERE parked = CAST(? AS TEXT) AND EXISTS (SELECT 1 FROM past AS it WHERE it.id = CAST(past.parked AS INTEGER) AND it.record = past.record AND it.place = past.place AND it.collection <> 0)",
			"DELETE FROM past WHERE id = ?",
			"DELETE FROM version WHERE past = ?",
		} {
			if _, err := c.exec(q, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// lostChoices finds conflicts one of whose versions has lost its body, or whose answer has. The versions themselves are at their places; only the copies to look at are gone.
func (m *mender) lostChoices(c *conn, p *presence) error {
	var broken []store.Conflict
	var answers []bool
	err := c.each(func(s scanner) error {
		f, err := scanConflict(s)
		if err != nil {
			return err
		}
		changed := false
		for i := range f.Versions {
			there, err := p.has(f.Versions[i].Body)
			if err != nil {
				return err
			}
			if !there {
				f.Versions[i].Body, changed = tandem.Digest{}, true
			}
		}
		there, err := p.has(f.Body)
		if changed || !there {
			broken, answers = append(broken, f), append(answers, !there)
		}
		return err
	}, "SELECT "+conflictColumns+" FROM conflict")
	if err != nil {
		return err
	}
	for i, f := range broken {
		m.add("conflict", strconv.FormatInt(f.ID, 10), fmt.Sprintf("a body of a version of %q is not there; the conflict stays, and is decided by what the places have", f.Title), 1)
		if !m.do {
			continue
		}
		if answers[i] { // asked anew
			f.Body, f.Decision = tandem.Digest{}, tandem.Undecided
		}
		if _, err := putConflict(c, f.Pair, &f); err != nil {
			return err
		}
	}
	return nil
}

// lostMessages finds messages on their way out whose text is not there.
func (m *mender) lostMessages(c *conn, p *presence) error {
	var doomed []int64
	err := c.each(func(s scanner) error {
		var id int64
		var key, owner string
		var sum []byte
		if err := s.Scan(&id, &owner, &key, &sum); err != nil {
			return err
		}
		there, err := p.has(toDigest(sum))
		if err == nil && !there {
			m.add("message", key, "a message of "+owner+" on its way out whose text is not there, so that it cannot be sent; it is removed from the queue", 1)
			doomed = append(doomed, id)
		}
		return err
	}, "SELECT id, owner, key, body FROM outgoing")
	if err != nil || !m.do {
		return err
	}
	for _, id := range doomed {
		if _, err := c.exec("DELETE FROM outgoing WHERE id = ?", id); err != nil {
			return err
		}
	}
	return nil
}

// looseRows are what a base has that leads nowhere.
type looseRows struct {
	pair    int64
	key     string
	bodies  []tandem.Row // without the bodies they named, which are not there
	clashes []tandem.Row // the conflicts they name are not there
	inbox   []int64      // conflicts that no row carries
}

// rows finds rows of bases whose agreed bodies or conflicts are not there, and open conflicts that no row carries. Pairs that a run has are left alone.
func (m *mender) rows(ctx context.Context) error {
	var list []looseRows
	err := m.read(ctx, "mend store", func(c *conn) (err error) {
		list, err = m.looseRows(c)
		return err
	})
	if errors.Is(err, errPage) {
		return nil // Check tells of it
	}
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := m.mendRows(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (m *mender) looseRows(c *conn) (list []looseRows, err error) {
	p, err := m.presence(c)
	if err != nil {
		return nil, err
	}
	inbox := map[int64]map[int64]bool{} // open and closed conflicts by pair; true: open and to be carried by a row
	err = c.each(func(s scanner) error {
		var id, pair, link, resolved int64
		if err := s.Scan(&id, &pair, &link, &resolved); err != nil {
			return err
		}
		if inbox[pair] == nil {
			inbox[pair] = map[int64]bool{}
		}
		inbox[pair][id] = link != 0 && resolved == 0
		return nil
	}, "SELECT id, pair, link, resolved FROM conflict")
	if err != nil {
		return nil, err
	}
	var pairs []looseRows
	err = c.each(func(s scanner) error {
		var l looseRows
		err := s.Scan(&l.pair, &l.key)
		pairs = append(pairs, l)
		return err
	}, "SELECT id, key FROM pair ORDER BY id")
	if err != nil {
		return nil, err
	}
	for _, l := range pairs {
		if err := l.read(c, p, inbox[l.pair]); err != nil {
			return nil, err
		}
		if len(l.bodies)+len(l.clashes)+len(l.inbox) > 0 {
			list = append(list, l)
		}
	}
	return list, nil
}

// read looks at all rows of the pair.
func (l *looseRows) read(c *conn, p *presence, inbox map[int64]bool) error {
	var rows []tandem.Row
	err := c.each(func(s scanner) (err error) {
		if rows, _, err = scanPage(s, rows[:0], 0); err != nil {
			return err
		}
		for _, r := range rows {
			if r.Clash != nil {
				if _, ok := inbox[r.Clash.Conflict]; !ok {
					l.clashes = append(l.clashes, r)
					continue
				}
				inbox[r.Clash.Conflict] = false
			}
			if err := l.bodiesOf(r, p); err != nil {
				return err
			}
		}
		return nil
	}, "SELECT page, data FROM base WHERE pair = ? ORDER BY page", l.pair)
	for id, loose := range inbox {
		if loose {
			l.inbox = append(l.inbox, id)
		}
	}
	slices.Sort(l.inbox)
	return err
}

// bodiesOf looks for the bodies that a row names, and has it name none that is not there.
func (l *looseRows) bodiesOf(r tandem.Row, p *presence) error {
	agreed, err := p.has(r.Body)
	if err != nil {
		return err
	}
	answer := true
	if r.Clash != nil {
		if answer, err = p.has(r.Clash.Body); err != nil {
			return err
		}
	}
	if !agreed {
		r.Body = tandem.Digest{}
	}
	if !answer { // asked anew
		clash := *r.Clash
		clash.Body, clash.Decision = tandem.Digest{}, tandem.Undecided
		r.Clash = &clash
	}
	if !agreed || !answer {
		l.bodies = append(l.bodies, r)
	}
	return nil
}

func (m *mender) mendRows(ctx context.Context, l looseRows) error {
	b := bases{m.db}
	release, err := b.Lease(ctx, l.pair, "repair")
	if tandem.IsKind(err, tandem.Busy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	var in store.Commit
	if n := len(l.bodies); n > 0 {
		m.add("base", l.key, "agreed versions whose bodies are not there; they are forgotten, and a record that was changed on both sides since is asked about instead of merged", n)
		in.Put = append(in.Put, l.bodies...)
	}
	if n := len(l.clashes); n > 0 {
		m.add("conflict", l.key, "records that wait for conflicts which are gone; the next run looks at everything, and asks anew where the sides differ", n)
		for _, r := range l.clashes {
			if !r.Agreed() {
				in.Drop = append(in.Drop, r.Link)
				continue
			}
			r.Clash = nil
			in.Put = append(in.Put, r)
		}
	}
	if n := len(l.inbox); n > 0 {
		m.add("conflict", l.key, "conflicts that no record waits for; their versions go to history, they are closed, and the next run looks at everything", n)
		for _, id := range l.inbox {
			keep, err := m.versionsOf(ctx, id)
			if err != nil {
				return err
			}
			in.History, in.Resolved = append(in.History, keep...), append(in.Resolved, id)
		}
	}
	if len(l.clashes)+len(l.inbox) > 0 {
		in.Cursors = &[2]tandem.Cursor{}
	}
	if !m.do {
		return nil
	}
	return b.Commit(ctx, l.pair, in)
}

// versionsOf are entries of history for the versions that a conflict holds.
func (m *mender) versionsOf(ctx context.Context, id int64) ([]store.Past, error) {
	f, err := conflicts{m.db}.Conflict(ctx, id)
	if err != nil {
		return nil, err
	}
	return m.kept(f, "a conflict that no record waits for"), nil
}

// kept are entries of history for the versions of a conflict, so that they outlive it.
func (m *mender) kept(f store.Conflict, from string) (list []store.Past) {
	for _, v := range f.Versions {
		if v.Deleted || v.Body.IsZero() {
			continue
		}
		list = append(list, store.Past{When: m.opt.Now(), Place: v.Place, Kind: f.Kind, Record: v.ID, Op: tandem.Delete, Who: "repair", From: from, Title: v.Title, Attrs: v.Attrs, Digest: v.Digest, Body: v.Body})
	}
	return list
}
