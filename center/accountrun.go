package center

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/provider"
	"tandem/store"
)

// answer is what a person said about folders that are held.
type answer uint8

const (
	unanswered answer = iota
	goAhead           // remove them
	putBack           // put them back where they were removed
	namesOnly         // nobody said anything, and nothing is to be removed now: it is only asked what folders are called
)

// follow keeps the folders of an account in step, once. Trouble with one folder does not stop the others; the first is returned.
func (h *Hub) follow(ctx context.Context, a mailAccount, say answer) error {
	leave, err := h.enterLane(ctx, valueAccount+a.name)
	if err != nil {
		return err
	}
	defer leave()
	if a, err = h.account(ctx, a.name); err != nil { // as it is now
		return err
	}
	p, err := h.partner(ctx, a.name)
	if err != nil {
		return err
	}
	f := &follower{Hub: h, account: a, partner: p, say: say}
	var first error
	for again, round := true, 0; again && round < rounds; round++ {
		steps, err := h.plan(ctx, a, p, f.moves)
		if err != nil {
			return err
		}
		again, first = false, nil // what went wrong because a folder above was renamed is right by now; anything else goes wrong again
		for _, s := range steps {
			if err := ctx.Err(); err != nil {
				return err
			}
			if say == namesOnly && (s.do == stepDropHome || s.do == stepDropPlace) {
				continue
			}
			err := f.step(ctx, s)
			if err != nil && first == nil {
				first = err
			}
			again = again || s.do == stepRenamePlace && err == nil // the folders below it have other names now, too
		}
	}
	if err := f.mend(ctx); err != nil && first == nil {
		first = err
	}
	return first
}

// rounds is how often an account is looked at in one go at most.
const rounds = 5

// plan looks at both sides and decides.
func (h *Hub) plan(ctx context.Context, a mailAccount, p store.Partner, moves []move) ([]step, error) {
	v, err := h.viewOf(ctx, a, p)
	if err != nil {
		return nil, err
	}
	v.follow(moves)
	steps := v.plan()
	if !slices.ContainsFunc(steps, func(s step) bool { return s.do == stepDropHome }) {
		return steps, nil
	}
	// What a list leaves out is asked for once more before anything is concluded from it.
	if v, err = h.viewOf(ctx, a, p); err != nil {
		return nil, err
	}
	v.follow(moves)
	return v.plan(), nil
}

// viewOf looks at both sides.
func (h *Hub) viewOf(ctx context.Context, a mailAccount, p store.Partner) (*view, error) {
	v := &view{account: a, taken: map[int64]bool{}}
	var err error
	if v.found, err = h.listFolders(ctx, p); err != nil {
		return nil, err
	}
	if v.known, err = h.folders(ctx, a.name); err != nil {
		return nil, err
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, a.User)
	if err != nil {
		return nil, err
	}
	v.colls = slices.DeleteFunc(colls, func(c tandem.Collection) bool { return c.Kind != tandem.Mail })
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		v.taken[it.Collection] = v.taken[it.Collection] || it.Partner != a.name
	}
	all, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.User == a.User && o.Under != "" && o.name != a.name {
			v.others = append(v.others, o.Under)
		}
	}
	return v, nil
}

// follower performs the steps of a plan.
type follower struct {
	*Hub
	account mailAccount
	partner store.Partner
	say     answer
	moves   []move // folders that were renamed at the place
}

// move is a new name of a folder at a place.
type move struct{ from, to string }

// follow notes which folders are below one that was renamed: their new path at the place is our doing, and no wish of anybody there.
func (v *view) follow(moves []move) {
	v.ours = map[int64]bool{}
	for _, k := range v.known {
		for _, m := range moves {
			if strings.HasPrefix(k.Path, m.from+"/") {
				v.ours[k.Collection] = true
			}
		}
	}
}

func (f *follower) step(ctx context.Context, s step) error {
	switch s.do {
	case stepPair:
		return f.pair(ctx, s.found, s.coll, s.role)
	case stepMakeHome:
		c, err := f.makeHome(ctx, s.name, s.role)
		if err != nil {
			return err
		}
		return f.pair(ctx, s.found, c, s.role)
	case stepMakePlace:
		return f.makePlace(ctx, s)
	case stepNote:
		return f.note(ctx, s, s.found, s.coll)
	case stepPark:
		c := s.coll
		c.Name = s.name
		_, err := f.cfg.Store.Home.PutCollection(ctx, c)
		return err
	case stepRenameHome:
		c := s.coll
		c.Name = s.name
		delete(c.Props, "title")
		c, err := f.cfg.Store.Home.PutCollection(ctx, c)
		if err != nil {
			return err
		}
		return f.note(ctx, s, s.found, c)
	case stepRenamePlace:
		return f.renamePlace(ctx, s)
	case stepDropHome:
		return f.dropHome(ctx, s)
	case stepDropPlace:
		return f.dropPlace(ctx, s)
	case stepForget:
		return f.forgetPair(ctx, s.known)
	}
	return nil
}

// renamePlace renames a folder. A run that goes on is waited for: it would lose the folder from under its writes, and what it did would not be recorded.
func (f *follower) renamePlace(ctx context.Context, s step) error {
	leave, err := f.enterLane(ctx, homeLane(s.coll.ID))
	if err != nil {
		return err
	}
	defer leave()
	return f.withFolders(ctx, f.partner, func(fs provider.Folders) error {
		now, err := fs.Rename(ctx, s.found, s.path)
		if err != nil {
			return err
		}
		if now.Name != s.found.Name {
			f.moves = append(f.moves, move{s.found.Name, now.Name})
		}
		return f.note(ctx, s, now, s.coll)
	})
}

// makeHome makes a mail folder of the user.
func (f *follower) makeHome(ctx context.Context, name, role string) (tandem.Collection, error) {
	if role != "" {
		boxes := mailbox.Service{Home: f.cfg.Store.Home}
		return boxes.Folder(ctx, f.account.User, mailbox.Role(role))
	}
	c := tandem.Collection{User: f.account.User, Kind: tandem.Mail, Name: name}
	for n := 2; ; n++ {
		made, err := f.cfg.Store.Home.PutCollection(ctx, c)
		if !tandem.IsKind(err, tandem.Exists) || n > 100 {
			return made, err
		}
		c.Name = fmt.Sprintf("%s (%d)", name, n)
	}
}

// makePlace makes a folder at the place for a collection, anew if there was one.
func (f *follower) makePlace(ctx context.Context, s step) error {
	if s.path == "" {
		return nil // a name that says nothing
	}
	if s.known.item != "" { // what was agreed on is gone with the folder
		if err := f.forgetPair(ctx, s.known); err != nil {
			return err
		}
	}
	return f.withFolders(ctx, f.partner, func(fs provider.Folders) error {
		found, err := fs.Create(ctx, s.path, s.role)
		if tandem.IsKind(err, tandem.Exists) { // an earlier run made it, or somebody else this moment
			all, lerr := f.listFolders(ctx, f.partner)
			if lerr != nil {
				return lerr
			}
			i := slices.IndexFunc(all, func(x provider.Found) bool { return strings.EqualFold(x.Name, s.path) })
			if i < 0 {
				return err
			}
			if taken, lerr := f.isPaired(ctx, all[i]); lerr != nil || taken {
				return errors.Join(err, lerr)
			}
			found, err = all[i], nil
		}
		if err != nil {
			return err
		}
		return f.pair(ctx, found, s.coll, s.role)
	})
}

// isPaired tells whether a folder has a collection.
func (f *follower) isPaired(ctx context.Context, found provider.Found) (bool, error) {
	list, err := f.folders(ctx, f.account.name)
	return slices.ContainsFunc(list, func(k folder) bool {
		return k.Path == found.Name || k.Stable != "" && k.Stable == found.Stable
	}), err
}

// pair notes a pair and adds its item. The note comes first: should the item be missing, mend adds it.
func (f *follower) pair(ctx context.Context, found provider.Found, c tandem.Collection, role string) error {
	sub, err := f.subOf(found)
	if err != nil {
		return err
	}
	items, err := f.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	k := folder{Partner: f.account.name, Collection: c.ID, Sub: sub, Path: found.Name, Stable: found.Stable, Name: c.Name, Role: role}
	k.item = freeName(slug(f.account.name+"-"+found.Name), func(n string) bool { return findItem(items, n) != nil })
	values, err := f.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	k.item = freeName(k.item, func(n string) bool { return findItem(items, n) != nil || values[valueFolder+n] != "" })
	if err := f.putFolder(ctx, k); err != nil {
		return err
	}
	return f.putItem(ctx, k)
}

// putItem adds the item of a pair, or changes it, and keeps it.
func (f *follower) putItem(ctx context.Context, k folder) error {
	items, err := f.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	it := store.Item{Name: k.item, User: f.account.User, Collection: k.Collection, Partner: k.Partner, Enabled: true, Mode: store.OfAccount, Added: f.now()}
	if old := findItem(items, k.item); old != nil {
		it = *old
	}
	it.Sub = k.Sub
	if err := f.cfg.Store.Settings.PutItem(ctx, it); err != nil {
		return err
	}
	f.unkeep(it.Name)
	f.keep(it)
	f.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	return nil
}

// note notes what both sides call a folder now.
func (f *follower) note(ctx context.Context, s step, found provider.Found, c tandem.Collection) error {
	k := s.known
	sub, err := f.subOf(found)
	if err != nil {
		return err
	}
	moved := sub != k.Sub
	if moved && (s.do == stepRenamePlace || k.Stable != "" && k.Stable == found.Stable) {
		f.unkeep(k.item)
		if err := f.carryBase(ctx, k, found); err != nil {
			f.rekeep(ctx, k)
			return err
		}
	}
	k.Sub, k.Path, k.Stable, k.Name, k.Held = sub, found.Name, found.Stable, c.Name, ""
	if err := f.putFolder(ctx, k); err != nil || !moved {
		return err
	}
	return f.putItem(ctx, k)
}

// carryBase lets a pair's base hold for a renamed folder whose place calls it another store because of its name. Its epoch must be the same: then it is the
// same folder, with the history that the base knows.
func (f *follower) carryBase(ctx context.Context, k folder, found provider.Found) error {
	pair, ok, err := f.pairOf(ctx, itemOf(k))
	if err != nil || !ok || pair.Identities[tandem.SideB].Store == "" {
		return err
	}
	place, err := f.cfg.Places.ParsePlace(found.Place)
	if err != nil {
		return err
	}
	o, err := f.openPlace(ctx, place, string(tandem.Mail))
	if err != nil {
		return err
	}
	defer o.Close()
	now, err := o.Identity(ctx)
	was := pair.Identities[tandem.SideB]
	if err != nil || now == was || now.Epoch != was.Epoch {
		return err
	}
	release, err := f.cfg.Store.Bases.Lease(ctx, pair.ID, "account "+f.account.name)
	if err != nil {
		return err
	}
	defer release()
	return f.cfg.Store.Bases.Commit(ctx, pair.ID, store.Commit{Identities: &[2]tandem.Identity{pair.Identities[tandem.SideA], now}})
}

// subOf is where a folder is below the account's place.
func (f *follower) subOf(found provider.Found) (string, error) {
	base, _, _ := strings.Cut(f.partner.Place, "?")
	place, _, _ := strings.Cut(found.Place, "?")
	sub := strings.TrimPrefix(strings.TrimPrefix(place, strings.TrimRight(base, "/")), "/")
	got, err := f.subPlace(f.partner.Place, sub)
	if err != nil {
		return "", err
	}
	want, err := f.cfg.Places.ParsePlace(found.Place)
	if err != nil {
		return "", err
	}
	if bare(got) != bare(want) {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "follow folder", Thing: found.Name, Err: fmt.Errorf("%s is not below %s", found.Place, f.partner.Place), Remedy: "pair it by itself with `tandem item add`"}
	}
	return sub, nil
}

// mend adds the items that a run which died did not come to.
func (f *follower) mend(ctx context.Context) error {
	list, err := f.folders(ctx, f.account.name)
	if err != nil {
		return err
	}
	items, err := f.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, k := range list {
		if findItem(items, k.item) == nil && k.Held == "" {
			if err := f.putItem(ctx, k); err != nil && !tandem.IsKind(err, tandem.NotFound) {
				return err
			}
		}
	}
	return nil
}

// forgetPair ends a pair: its item and its base.
func (f *follower) forgetPair(ctx context.Context, k folder) error {
	if err := f.removeItem(ctx, k.item); err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return err
	}
	if err := f.forgetBase(ctx, k); err != nil {
		return err
	}
	return f.forgetFolder(ctx, k)
}

// itemOf is the item of a pair as far as its base is concerned.
func itemOf(k folder) store.Item {
	return store.Item{Name: k.item, Collection: k.Collection, Partner: k.Partner, Sub: k.Sub, Mode: store.OfAccount}
}

func (f *follower) forgetBase(ctx context.Context, k folder) error {
	pair, ok, err := f.pairOf(ctx, itemOf(k))
	if err != nil || !ok {
		return err
	}
	return f.cfg.Store.Bases.Remove(ctx, pair.ID)
}
