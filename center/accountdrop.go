package center

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// A folder that was removed on one side is removed on the other only if nothing hangs there that the first side did not know: such a folder has changed since, and
// the change survives. Folders with many messages wait for a person. The messages are in history, from where they can be put back.

const (
	heldHome  = "home"
	heldPlace = "place"

	// manyMessages is how many messages may go without a question: engine.Guard.Deletes.
	manyMessages = 10
)

// dropHome removes a collection whose folder is gone.
func (f *follower) dropHome(ctx context.Context, s step) error {
	f.unkeep(s.known.item)
	n, same, err := f.homeAsAgreed(ctx, s.known)
	if err != nil {
		f.rekeep(ctx, s.known)
		return err
	}
	if !same || f.say == putBack {
		f.tell(ctx, s.known, store.Info, fmt.Sprintf("%s is gone at %s, and there are messages that it did not have: it is made again there", s.coll.Title(), f.account.name), "")
		return f.makePlace(ctx, step{do: stepMakePlace, known: s.known, coll: s.coll, path: s.known.Path, role: s.known.Role})
	}
	if n > manyMessages && f.say != goAhead {
		return f.hold(ctx, s.known, heldHome, fmt.Sprintf("%s with %d messages was removed at %s", s.coll.Title(), n, f.account.name))
	}
	// The collection goes with its item; what is left of the pair is forgotten after it, so that a crash in between does not make the folder again.
	if err := f.cfg.Store.Home.RemoveCollection(ctx, s.coll.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
		f.rekeep(ctx, s.known)
		return err
	}
	f.tell(ctx, s.known, store.Info, fmt.Sprintf("%s was removed, as at %s; its %d messages are in history", s.coll.Title(), f.account.name, n), "")
	return f.forgetPair(ctx, s.known)
}

// rekeep goes on with an item that was stopped.
func (f *follower) rekeep(ctx context.Context, k folder) {
	if it, err := f.item(ctx, k.item); err == nil {
		f.keep(it)
	}
}

// homeAsAgreed counts the messages of a collection and tells whether all are as both sides last agreed.
func (f *follower) homeAsAgreed(ctx context.Context, k folder) (n int, same bool, err error) {
	rows, _, err := f.agreed(ctx, k, tandem.SideA)
	if err != nil {
		return 0, false, err
	}
	same = true
	var seq int64
	for more := true; more; {
		var recs []store.HomeRecord
		if recs, more, err = f.cfg.Store.Home.Since(ctx, k.Collection, seq, 1000); err != nil {
			return n, false, err
		}
		for _, r := range recs {
			seq = r.Seq
			if r.Deleted {
				continue
			}
			n++
			same = same && rows[r.ID] == tandem.Version(strconv.FormatInt(r.Seq, 10))
		}
	}
	return n, same, nil
}

// agreed are the versions of a side's records that both sides last agreed on.
func (f *follower) agreed(ctx context.Context, k folder, side tandem.Side) (map[tandem.ID]tandem.Version, bool, error) {
	out := map[tandem.ID]tandem.Version{}
	pair, ok, err := f.pairOf(ctx, itemOf(k))
	if err != nil || !ok {
		return out, false, err
	}
	for row, err := range f.cfg.Store.Bases.Rows(ctx, pair.ID) {
		if err != nil {
			return nil, false, err
		}
		if row.Agreed() && row.Clash == nil && row.Aside == nil {
			out[row.Side(side).ID] = row.Side(side).Version
		}
	}
	return out, true, nil
}

// dropPlace removes a folder whose collection is gone: its messages one by one, each only if it is as it was when both sides agreed, and then the empty folder.
func (f *follower) dropPlace(ctx context.Context, s step) error {
	if f.say == putBack {
		return f.restoreHome(ctx, s)
	}
	place, err := f.cfg.Places.ParsePlace(s.found.Place)
	if err != nil {
		return err
	}
	o, err := f.openPlace(ctx, place, string(tandem.Mail))
	if err != nil {
		return err
	}
	defer o.Close()
	rows, _, err := f.agreed(ctx, s.known, tandem.SideB)
	if err != nil {
		return err
	}
	there, err := listed(ctx, o)
	if err != nil {
		return err
	}
	var writes []tandem.Write
	for _, c := range there {
		if c.Presence != tandem.Present || rows[c.ID] == "" || rows[c.ID] != c.Version {
			f.tell(ctx, s.known, store.Info, fmt.Sprintf("%s was removed, and there are messages at %s that it did not have: it is made again", s.known.Name, f.account.name), "")
			return f.restoreHome(ctx, s)
		}
		writes = append(writes, tandem.Write{Op: tandem.Delete, ID: c.ID, If: c.Version})
	}
	if len(writes) > manyMessages && f.say != goAhead {
		return f.hold(ctx, s.known, heldPlace, fmt.Sprintf("%s was removed, which has %d messages at %s", s.known.Name, len(writes), f.account.name))
	}
	if err := f.deleteAll(ctx, o, writes); err != nil {
		return err
	}
	if there, err = listed(ctx, o); err != nil {
		return err
	}
	if len(there) > 0 { // they came while the others went
		return f.restoreHome(ctx, s)
	}
	err = f.withFolders(ctx, f.partner, func(fs provider.Folders) error { return fs.Delete(ctx, s.found) })
	switch {
	case tandem.IsKind(err, tandem.NotFound):
	case tandem.IsKind(err, tandem.Denied):
		f.tell(ctx, s.known, store.Warning, fmt.Sprintf("%s cannot be removed at %s: %v", s.known.Path, f.account.name, err), "remove it there")
		return f.restoreHome(ctx, s)
	case err != nil:
		return err
	}
	f.tell(ctx, s.known, store.Info, fmt.Sprintf("%s was removed at %s, as here; its %d messages are in history", s.known.Path, f.account.name, len(writes)), "")
	return f.forgetPair(ctx, s.known)
}

// listed lists a place completely.
func listed(ctx context.Context, o *provider.Opened) ([]tandem.Change, error) {
	var out []tandem.Change
	seq, end := o.Changes(ctx, "")
	for c, err := range seq {
		if err != nil {
			return nil, err
		}
		if c.Presence != tandem.Absent {
			out = append(out, c)
		}
	}
	if l := end(); !l.Complete || !l.Full {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: o.Place, Err: errors.New("not all of it could be listed")}
	}
	return out, nil
}

// deleteAll deletes records in batches. What changed meanwhile stays.
func (f *follower) deleteAll(ctx context.Context, o *provider.Opened, writes []tandem.Write) error {
	size := o.Features.Batch
	if size <= 0 {
		size = 100
	}
	for len(writes) > 0 {
		n := min(size, len(writes))
		if _, err := o.Apply(ctx, writes[:n]); err != nil {
			return err
		}
		writes = writes[n:]
	}
	return nil
}

// restoreHome makes a collection again that was removed, and pairs it anew: everything at the place comes back.
func (f *follower) restoreHome(ctx context.Context, s step) error {
	c, err := f.makeHome(ctx, s.known.Name, s.known.Role)
	if err != nil {
		return err
	}
	if err := f.forgetPair(ctx, s.known); err != nil {
		return err
	}
	return f.pair(ctx, s.found, c, s.known.Role)
}

// hold leaves a removal to a person, and says so once.
func (f *follower) hold(ctx context.Context, k folder, side, text string) error {
	f.rekeep(ctx, k)
	if k.Held == side {
		return nil
	}
	k.Held = side
	if err := f.putFolder(ctx, k); err != nil {
		return err
	}
	f.tell(ctx, k, store.Warning, text+"; removing it on the other side waits for an answer",
		fmt.Sprintf("say `tandem partner folders %s --approve` to remove it there, too, or --restore to put it back", f.account.name))
	return nil
}

// tell writes into the results log.
func (f *follower) tell(ctx context.Context, k folder, level store.Level, text, remedy string) {
	if err := f.cfg.Store.Events.Add(context.WithoutCancel(ctx), store.Event{When: f.now(), Item: k.item, Level: level, Text: text, Remedy: remedy}); err != nil {
		f.cfg.Log.Error("cannot write to the results log", "item", k.item, "error", err)
	}
}
