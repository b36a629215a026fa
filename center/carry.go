package center

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/store"
)

// carryAtOnce is how many records are moved at a place before it is recorded.
const carryAtOnce = 500

// carry has a place move the records that were moved at home between collections of one account, before the runs of their items would make them in one collection with their bodies and
// delete them in the other. It only saves work: what it does not do, or does and cannot record, the runs settle as they do without it. A record counts as moved that its item would now delete at the
// place, and that the other item would make there, of the same digest.
func (h *Hub) carry(ctx context.Context, j job, opt SyncOptions) {
	if !j.item || j.kind != string(tandem.Mail) || !opt.plain() {
		return
	}
	err := h.carryItem(ctx, j.name)
	if err != nil && ctx.Err() == nil {
		h.cfg.Log.Debug("cannot move records at the place", "item", j.name, "error", err)
	}
}

func (h *Hub) carryItem(ctx context.Context, name string) error {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	it := findItem(items, name)
	if it == nil {
		return nil
	}
	mine, err := h.legOf(ctx, *it)
	if err != nil || mine == nil || len(mine.gone)+len(mine.came) == 0 {
		return err
	}
	for _, o := range items {
		if o.Partner != it.Partner || o.Name == it.Name || o.User != it.User || o.Mode == Manual { // the last one waits for a word of its own
			continue
		}
		other, err := h.legOf(ctx, o)
		if err != nil {
			return err
		}
		if other == nil || len(wentTo(mine, other))+len(wentTo(other, mine)) == 0 {
			continue
		}
		if err := h.carryBetween(ctx, *it, o); err != nil {
			return err
		}
	}
	return nil
}

// leg is an item with what happened at home since its last run.
type leg struct {
	item  store.Item
	home  tandem.Collection
	place provider.Place
	carry func(ctx context.Context, from, to provider.Place, env provider.Env, what provider.Carried) ([]tandem.Outcome, []tandem.ID, error)
	pair  store.Pair
	gone  map[tandem.Digest][]tandem.Row    // what both sides had and home has no more
	came  map[tandem.Digest][]tandem.Change // what home has and the base does not know
}

// legOf looks at an item. nil: records of it are not to be moved now, because it does not run by itself, because its rules say otherwise, or because what its base knows does not hold any more.
func (h *Hub) legOf(ctx context.Context, it store.Item) (*leg, error) {
	if why := h.notBegun(ctx, it, false); why != "" {
		return nil, nil
	}
	if p, err := h.planOf(ctx, it); err != nil || p.If.Ask {
		return nil, err
	}
	x := &leg{item: it}
	var err error
	if x.home, err = h.collection(ctx, it); err != nil || x.home.Kind != tandem.Mail {
		return nil, err
	}
	rules, err := h.rulesOf(ctx, it, x.home.Kind)
	if err != nil || rules.Direction != engine.TwoWay {
		return nil, err
	}
	if x.place, err = h.itemPlace(ctx, it); err != nil {
		return nil, err
	}
	prov, err := h.cfg.Places.Provider(x.place.Provider)
	if err != nil || prov.Carry == nil {
		return nil, err
	}
	x.carry = prov.Carry
	known := false
	if x.pair, known, err = h.pairOf(ctx, it); err != nil || !known || x.pair.Cursors[tandem.SideA] == "" || x.pair.Scope != scopeOf(provider.Place{}, x.place) {
		return nil, err
	}
	if ok, err := h.lookHome(ctx, x); err != nil || !ok {
		return nil, err
	}
	return x, nil
}

// lookHome reads what happened at home. false: that cannot be told from what the base knows.
func (h *Hub) lookHome(ctx context.Context, x *leg) (bool, error) {
	o, err := h.cfg.OpenHome(x.home)
	if err != nil {
		return false, err
	}
	defer o.Close()
	if is, err := o.Identity(ctx); err != nil || is != x.pair.Identities[tandem.SideA] {
		return false, err
	}
	x.gone, x.came = map[tandem.Digest][]tandem.Row{}, map[tandem.Digest][]tandem.Change{}
	var page []tandem.Change
	sort := func() error {
		ids := make([]tandem.ID, len(page))
		for i, c := range page {
			ids[i] = c.ID
		}
		rows, err := h.cfg.Store.Bases.RowsOf(ctx, x.pair.ID, tandem.SideA, ids)
		x.sort(rows, page)
		page = page[:0]
		return err
	}
	seq, end := o.Changes(ctx, x.pair.Cursors[tandem.SideA])
	for c, err := range seq {
		if err != nil {
			return false, err
		}
		if c.Presence != tandem.Absent && (c.Presence != tandem.Present || c.Digest.IsZero()) {
			continue
		}
		if page = append(page, c); len(page) < lookAtOnce {
			continue
		}
		if err := sort(); err != nil {
			return false, err
		}
	}
	if l := end(); !l.Complete || l.Full {
		return false, nil
	}
	return true, sort()
}

// lookAtOnce is how many changes are held against the base together. After the first sync of a large mailbox, all of it is listed as what that run wrote, and nothing of it is kept.
const lookAtOnce = 1000

// sort adds to what both sides had and home has no more, and to what the base does not know. rows are those of the changes.
func (x *leg) sort(rows []tandem.Row, changes []tandem.Change) {
	of := make(map[tandem.ID]tandem.Row, len(rows))
	for _, row := range rows {
		of[row.A.ID] = row
	}
	for _, c := range changes {
		row, known := of[c.ID]
		switch {
		case c.Presence == tandem.Present && !known:
			x.came[c.Digest] = append(x.came[c.Digest], c)
		case c.Presence == tandem.Absent && row.Agreed() && row.Clash == nil && row.Aside == nil && !row.A.Digest.IsZero():
			x.gone[row.A.Digest] = append(x.gone[row.A.Digest], row)
		}
	}
}

// carried is one record that moved: its row where it was, and the record where it is.
type carried struct {
	row tandem.Row
	now tandem.Change
}

// wentTo are the records that went from one item to another.
func wentTo(from, to *leg) (out []carried) {
	for sum, rows := range from.gone {
		for i, c := range to.came[sum] {
			if i < len(rows) {
				out = append(out, carried{rows[i], c})
			}
		}
	}
	slices.SortFunc(out, func(a, b carried) int { return strings.Compare(string(a.now.ID), string(b.now.ID)) })
	return out
}

// carryBetween moves what moved between two items, either way, while neither of them runs.
func (h *Hub) carryBetween(ctx context.Context, a, b store.Item) error {
	lanes := []string{homeLane(a.Collection), homeLane(b.Collection)}
	slices.Sort(lanes) // whoever wants both takes them in this order
	for _, name := range slices.Compact(lanes) {
		leave, err := h.enterLane(ctx, name)
		if err != nil {
			return err
		}
		defer leave()
	}
	one, err := h.legOf(ctx, a) // as it is now
	if err != nil || one == nil {
		return err
	}
	two, err := h.legOf(ctx, b)
	if err != nil || two == nil {
		return err
	}
	for _, x := range []*leg{one, two} {
		release, err := h.cfg.Store.Bases.Lease(ctx, x.pair.ID, "sync of "+x.item.Name)
		if err != nil {
			return err
		}
		defer release()
	}
	if err := h.carryFrom(ctx, one, two); err != nil {
		return err
	}
	return h.carryFrom(ctx, two, one)
}

// carryFrom moves records one way. The base of the item that they are in now learns of them; the other one's forgets those that the place took away, so that one which somebody puts back there meanwhile is
// new to it and not the one that home deleted, and has the others deleted.
func (h *Hub) carryFrom(ctx context.Context, from, to *leg) error {
	env, err := h.envFor(ctx, to.place)
	if err != nil {
		return err
	}
	count := 0
	for part := range slices.Chunk(wentTo(from, to), carryAtOnce) {
		what := provider.Carried{From: from.pair.Identities[tandem.SideB], To: to.pair.Identities[tandem.SideB], Since: to.pair.Cursors[tandem.SideB]}
		for _, c := range part {
			what.IDs = append(what.IDs, c.row.B.ID)
		}
		outs, left, err := from.carry(ctx, from.place, to.place, env, what)
		var c, away store.Commit
		for i, o := range outs {
			if i < len(part) && o.Status == tandem.Applied {
				c.Put = append(c.Put, part[i].landed(o))
			}
		}
		for _, x := range part {
			if slices.Contains(left, x.row.B.ID) {
				away.Drop = append(away.Drop, x.row.Link)
			}
		}
		if len(c.Put) > 0 {
			if cerr := h.cfg.Store.Bases.Commit(context.WithoutCancel(ctx), to.pair.ID, c); cerr != nil {
				return cerr
			}
			count += len(c.Put)
		}
		if len(away.Drop) > 0 {
			if cerr := h.cfg.Store.Bases.Commit(context.WithoutCancel(ctx), from.pair.ID, away); cerr != nil {
				return cerr
			}
		}
		if err != nil {
			return err
		}
	}
	if count == 0 {
		return nil
	}
	return h.cfg.Store.Events.Add(ctx, store.Event{When: h.now(), User: to.item.User, Item: to.item.Name, Level: store.Info,
		Text: fmt.Sprintf("%s moved at the place from %s", countOf(count, "message was", "messages were"), from.home.Title()), Link: "item/" + to.item.Name, LinkText: "look at it"})
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// landed is the row of a record that was moved: what both sides agreed on before, under the names that it has now. What either side changed meanwhile is still to be seen by the run that follows.
func (c carried) landed(o tandem.Outcome) tandem.Row {
	row := c.row
	row.Link = 0
	row.B.ID, row.B.Node = o.ID, ""
	row.A.ID, row.A.Node, row.A.Version = c.now.ID, c.now.Node, ""
	if row.A.Attrs == c.now.Attrs {
		row.A.Version = c.now.Version
	}
	return row
}
