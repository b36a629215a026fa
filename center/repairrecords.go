package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// records finds records whose bodies are gone, and fetches them from where they are.
func (r *repairer) records(ctx context.Context) error { return r.recordsOf(ctx, 0) }

// recordsOf is records for one collection, 0: for all. Of those that stay without a body it is noted, so that the next run of their collection tries again.
func (r *repairer) recordsOf(ctx context.Context, collection int64) error {
	list, err := r.cfg.Store.Mending.Bodiless(ctx)
	if err != nil {
		return err
	}
	waits := map[int64]bool{}
	for _, b := range list {
		if collection != 0 && b.Collection != collection {
			continue
		}
		before := len(r.out)
		r.add(store.Dangling{Sort: "record", Thing: cmp.Or(b.Title, string(b.ID)), Text: "what it says is not there; it is fetched from a partner that has it, or else its newest version in history comes back", Count: 1},
			func() error { return r.refetch(ctx, b) })
		if !r.out[before].Mended {
			waits[b.Collection] = true
		}
	}
	if !r.mend {
		return nil
	}
	values, err := r.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	for _, id := range lostCollections(values) {
		if (collection == 0 || id == collection) && !waits[id] {
			if err := r.waitsForBodies(ctx, id, false); err != nil {
				return err
			}
		}
	}
	for id := range waits {
		if err := r.waitsForBodies(ctx, id, true); err != nil {
			return err
		}
	}
	return nil
}

// refetch gives a record its body back: from a partner that it is in step with, else from history.
func (r *repairer) refetch(ctx context.Context, b store.Bodiless) error {
	colls, err := r.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(colls, func(c tandem.Collection) bool { return c.ID == b.Collection })
	if i < 0 {
		return nil // it went with its collection
	}
	home, err := r.cfg.OpenHome(colls[i])
	if err != nil {
		return err
	}
	defer home.Close()
	items, err := r.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Collection != b.Collection {
			continue
		}
		done, err := r.fromPartner(ctx, home, it, b)
		if done || err != nil {
			return err
		}
	}
	return r.fromHistory(ctx, home, b)
}

// fromPartner takes what the partner of an item has. A partner that cannot be asked is an error: it may have what history has not.
func (r *repairer) fromPartner(ctx context.Context, home *provider.Opened, it store.Item, b store.Bodiless) (done bool, err error) {
	if r.isBusy(itemKey(it)) {
		return false, &tandem.Error{Kind: tandem.Busy, Op: "fetch", Thing: b.Title, Err: fmt.Errorf("the item %s is being synced", it.Name), Remedy: "repair again when it has ended"}
	}
	pair, ok, err := r.pairOf(ctx, it)
	if err != nil || !ok {
		return false, err
	}
	rows, err := r.cfg.Store.Bases.RowsOf(ctx, pair.ID, tandem.SideA, []tandem.ID{b.ID})
	if err != nil || len(rows) == 0 || rows[0].B.ID == "" {
		return false, err
	}
	j, err := r.itemJob(ctx, it)
	if err != nil {
		return false, err
	}
	a, place, err := j.open(ctx)
	if err != nil {
		return false, fmt.Errorf("the partner %s, which may have it, cannot be asked: %w", it.Partner, err)
	}
	defer a.Close()
	defer place.Close()
	for rec, err := range place.Fetch(ctx, []tandem.ID{rows[0].B.ID}) {
		if tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Gone) || err == nil && rec.Body == nil {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("the partner %s, which may have it, cannot be asked: %w", it.Partner, err)
		}
		return true, r.giveBody(ctx, home, b, rec.Body)
	}
	return false, nil
}

// fromHistory takes the newest version of the record whose body is there.
func (r *repairer) fromHistory(ctx context.Context, home *provider.Opened, b store.Bodiless) error {
	list, err := r.cfg.Store.History.List(ctx, store.PastFilter{Record: b.ID})
	if err != nil {
		return err
	}
	for _, p := range list {
		if id, err := strconv.ParseInt(p.Parked, 10, 64); err == nil && p.Collection == 0 { // what a run keeps of the same version leads to it
			if p, err = r.cfg.Store.History.Past(ctx, id); tandem.IsKind(err, tandem.NotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		if p.Record != b.ID || p.Collection != b.Collection || p.Body.IsZero() {
			continue
		}
		body, err := r.cfg.Store.Blobs.Open(ctx, p.Body)
		if tandem.IsKind(err, tandem.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		return r.giveBody(ctx, home, b, body)
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "fetch", Thing: b.Title, Err: errors.New("no partner and no version in history has it"),
		Remedy: "restore it from a backup (`tandem backup restore`), or change or delete the record on a device, which gives it a new body; each run tries again"}
}

// giveBody gives a record a body. If it is the very one that is missing, the record itself stays as it is.
func (r *repairer) giveBody(ctx context.Context, home *provider.Opened, b store.Bodiless, body tandem.Body) error {
	in, err := body.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	sum, _, err := r.cfg.Store.Blobs.Put(ctx, in)
	if err != nil || sum == b.Body {
		return err
	}
	if body, err = r.cfg.Store.Blobs.Open(ctx, sum); err != nil {
		return err
	}
	out, err := home.Apply(ctx, []tandem.Write{{Op: tandem.Update, ID: b.ID, If: b.Version, Record: tandem.Record{ID: b.ID, Meta: tandem.Meta{Attrs: b.Attrs}, Body: body}}})
	if err != nil {
		return err
	}
	if out[0].Status == tandem.PreconditionFailed {
		return nil // it was changed meanwhile, and has what it was changed to
	}
	return out[0].Err
}
