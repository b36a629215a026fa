package scope

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/command"
	"tandem/provider"
	"tandem/store"
)

// AddPartner implements center.Service. Administrators say whose it is; everybody else adds their own, within their bounds.
func (s *Scope) AddPartner(ctx context.Context, user, name, place string) (store.Partner, error) {
	const op = "add partner"
	if user != "" && !s.mine(user) && !s.who.Admin {
		return store.Partner{}, missing("user", user)
	}
	place, err := s.place(ctx, op, place)
	if err != nil {
		return store.Partner{}, err
	}
	if user == "" {
		user = s.who.User
	}
	p, err := s.cfg.Hub.AddPartner(ctx, user, name, place)
	if tandem.IsKind(err, tandem.Exists) && !s.who.Admin { // somebody else's may have the name, which is theirs
		err = &tandem.Error{Kind: tandem.Exists, Op: op, Thing: name, Remedy: "choose another name"}
	}
	if err == nil {
		s.audit(ctx, p.User, "added the partner %s", p.Name)
	}
	return p, err
}

// place is a place as the person may name it. Of an administrator that is any but those of the hub itself and of users; of everybody else one on their behalf.
func (s *Scope) place(ctx context.Context, op, text string) (string, error) {
	if !s.who.Admin {
		if err := s.notApp(op); err != nil {
			return "", err
		}
		if s.cfg.Places == nil {
			return "", s.adminOnly(op)
		}
		bound, err := s.cfg.Places.For(s.who.User, text)
		if err != nil {
			return "", err
		}
		b, err := s.cfg.Hub.BoundsOf(ctx, s.who.User)
		if err != nil {
			return "", err
		}
		if scheme, _, _ := strings.Cut(bound, ":"); !slices.Contains(b.Providers, scheme) {
			return "", &tandem.Error{Kind: tandem.Denied, Op: op, Thing: text, Err: errors.New("the administrator allows no places of this sort"), Remedy: "ask one to allow it, or to add the place"}
		}
		return bound, nil
	}
	if err := elsewhere(op, text); err != nil {
		return "", err
	}
	if s.cfg.Places != nil {
		if p, err := s.cfg.Places.ParsePlace(text); err == nil && p.Options[provider.OnBehalf] != "" {
			return "", &tandem.Error{Kind: tandem.Denied, Op: op, Thing: text, Err: errors.New("this would be opened with a user's own passwords"), Remedy: "leave the option " + provider.OnBehalf + " out"}
		}
	}
	return text, nil
}

// elsewhere refuses places of the hub itself: there, its owner's name would open anybody's collection.
func elsewhere(op, place string) error {
	if scheme, _, _ := strings.Cut(place, ":"); strings.EqualFold(strings.TrimSpace(scheme), "home") {
		return &tandem.Error{Kind: tandem.Denied, Op: op, Thing: place, Err: errors.New("this is a collection of the hub itself"), Remedy: "name a place elsewhere"}
	}
	return nil
}

// LookAt implements center.Service. A password is given by administrators, and by everybody for their own places.
func (s *Scope) LookAt(ctx context.Context, l center.Look) ([]provider.Found, error) {
	const op = "look at place"
	if strings.Contains(l.Place, ":") {
		var err error
		if l.Place, err = s.place(ctx, op, l.Place); err != nil {
			return nil, err
		}
		return s.unbound(s.cfg.Hub.LookAt(ctx, l))
	}
	p, err := s.findPartner(ctx, l.Place)
	if err != nil {
		return nil, err
	}
	if l.Gives() && !p.Bounded {
		if err := s.adminOnly(op); err != nil {
			return nil, err
		}
	}
	if l.Gives() {
		if err := s.notApp(op); err != nil {
			return nil, err
		}
	}
	return s.unbound(s.cfg.Hub.LookAt(ctx, l))
}

// unbound names what was found as the person may name it again: of their own places, the hub says on whose behalf they are.
func (s *Scope) unbound(found []provider.Found, err error) ([]provider.Found, error) {
	if !s.who.Admin {
		for i := range found {
			found[i].Name, found[i].Place = provider.Unbound(found[i].Name), provider.Unbound(found[i].Place) // one that is all there is has no other name
		}
	}
	return found, err
}

// ListPartners implements center.Service.
func (s *Scope) ListPartners(ctx context.Context) ([]store.Partner, error) {
	list, err := s.cfg.Hub.ListPartners(ctx)
	return slices.DeleteFunc(list, func(p store.Partner) bool { return !s.seesPartner(p) }), err
}

func (s *Scope) seesPartner(p store.Partner) bool {
	return s.mine(p.User) || p.User == "" && s.who.Admin
}

func (s *Scope) partner(ctx context.Context, name string) error {
	_, err := s.findPartner(ctx, name)
	return err
}

func (s *Scope) findPartner(ctx context.Context, name string) (store.Partner, error) {
	list, err := s.ListPartners(ctx)
	if err != nil {
		return store.Partner{}, err
	}
	if i := slices.IndexFunc(list, func(p store.Partner) bool { return p.Name == name }); i >= 0 {
		return list[i], nil
	}
	return store.Partner{}, missing("partner", name)
}

// SetPartner implements center.Service. A place that an administrator named is changed by administrators only.
func (s *Scope) SetPartner(ctx context.Context, name string, set map[string]string) (store.Partner, error) {
	const op = "change partner"
	p, err := s.findPartner(ctx, name)
	if err != nil {
		return store.Partner{}, err
	}
	if !p.Bounded {
		if err := s.adminOnly(op); err != nil {
			return store.Partner{}, err
		}
	}
	if err := s.notApp(op); err != nil {
		return store.Partner{}, err
	}
	p, err = s.cfg.Hub.SetPartner(ctx, name, set)
	if err == nil {
		s.audit(ctx, p.User, "changed the partner %s", p.Name)
	}
	return p, err
}

// CallPartner implements center.Service, for one's own partners.
func (s *Scope) CallPartner(ctx context.Context, name, title string) (store.Partner, error) {
	p, err := s.findPartner(ctx, name)
	if err != nil {
		return store.Partner{}, err
	}
	if err := s.notApp("call partner"); err != nil {
		return store.Partner{}, err
	}
	if p, err = s.cfg.Hub.CallPartner(ctx, name, title); err == nil {
		s.audit(ctx, p.User, "called the partner %s %q", p.Name, p.Call())
	}
	return p, err
}

// RemovePartner implements center.Service.
func (s *Scope) RemovePartner(ctx context.Context, name string) error {
	if err := s.partner(ctx, name); err != nil {
		return err
	}
	err := s.cfg.Hub.RemovePartner(ctx, name)
	if tandem.IsKind(err, tandem.Busy) { // somebody else's item may use a partner of the hub; its name is theirs
		items, listErr := s.ListItems(ctx)
		if listErr == nil && !slices.ContainsFunc(items, func(it store.Item) bool { return it.Partner == name }) {
			return &tandem.Error{Kind: tandem.Busy, Op: "remove partner", Thing: name, Err: errors.New("it is in use")}
		}
	}
	if err == nil {
		s.audit(ctx, s.who.User, "removed the partner %s", name)
	}
	return err
}

// AddItem implements center.Service: for oneself, with a partner of one's own or a place that one may name.
func (s *Scope) AddItem(ctx context.Context, n center.NewItem) (store.Item, error) {
	const op = "add item"
	if n.User != "" && !s.mine(n.User) {
		return store.Item{}, missing("user", n.User)
	}
	n.User = s.who.User
	if err := s.mayConnect(op, n.When, n.Schedule); err != nil {
		return store.Item{}, err
	}
	if err := s.partner(ctx, n.Partner); err != nil {
		if !strings.Contains(n.Partner, ":") || !tandem.IsKind(err, tandem.NotFound) {
			return store.Item{}, err
		}
		if n.Partner, err = s.place(ctx, op, n.Partner); err != nil {
			return store.Item{}, err
		}
	}
	it, err := s.cfg.Hub.AddItem(ctx, n)
	if err == nil {
		s.audit(ctx, s.who.User, "added the item %s with %s", it.Name, it.Partner)
	}
	return it, err
}

// ItemRecords implements center.Service, for one's own items.
func (s *Scope) ItemRecords(ctx context.Context, item string, limit int) ([]center.RecordLine, error) {
	if err := s.item(ctx, item); err != nil {
		return nil, err
	}
	return s.cfg.Hub.ItemRecords(ctx, item, limit)
}

// ItemRecord implements center.Service, for one's own items.
func (s *Scope) ItemRecord(ctx context.Context, q center.RecordQuery) (center.RecordShown, error) {
	if err := s.item(ctx, q.Item); err != nil {
		return center.RecordShown{}, err
	}
	return s.cfg.Hub.ItemRecord(ctx, q)
}

// FirstSync implements center.Service.
func (s *Scope) FirstSync(ctx context.Context, item string) (center.First, error) {
	if phone, ok := center.PhoneOf(item); ok {
		mine, err := s.cfg.Store.Devices.Devices(ctx, s.who.User)
		if err == nil && !slices.ContainsFunc(mine, func(d store.Device) bool { return center.PhoneID(d) == phone }) {
			err = missing("sync item", item)
		}
		if err != nil {
			return center.First{}, err
		}
		return s.cfg.Hub.FirstSync(ctx, item)
	}
	if err := s.item(ctx, item); err != nil {
		return center.First{}, err
	}
	return s.cfg.Hub.FirstSync(ctx, item)
}

// ListItems implements center.Service.
func (s *Scope) ListItems(ctx context.Context) ([]store.Item, error) {
	list, err := s.cfg.Hub.ListItems(ctx)
	list = slices.DeleteFunc(list, func(it store.Item) bool { return !s.mine(it.User) })
	for i := range list {
		list[i] = s.quiet(list[i])
	}
	return list, err
}

// quiet is an item without its commands, which may hold secrets of the machine's owner. That there are some is no secret.
func (s *Scope) quiet(it store.Item) store.Item {
	if !s.who.Admin {
		it.Commands = command.Hide(it.Commands)
	}
	return it
}

// item checks that a name is that of one's own item.
func (s *Scope) item(ctx context.Context, name string) error {
	_, err := s.items(ctx, []string{name})
	return err
}

// items are one's own items of these names, or all.
func (s *Scope) items(ctx context.Context, names []string) ([]store.Item, error) {
	list, err := s.ListItems(ctx)
	if err != nil || len(names) == 0 {
		return list, err
	}
	var out []store.Item
	for _, n := range names {
		i := slices.IndexFunc(list, func(it store.Item) bool { return it.Name == n })
		if i < 0 {
			return nil, missing("sync item", n)
		}
		out = append(out, list[i])
	}
	return out, nil
}

// EnableItem implements center.Service.
func (s *Scope) EnableItem(ctx context.Context, name string, on bool) error {
	if err := s.item(ctx, name); err != nil {
		return err
	}
	return s.cfg.Hub.EnableItem(ctx, name, on)
}

// SetItem implements center.Service.
func (s *Scope) SetItem(ctx context.Context, name string, set map[string]string) (store.Item, error) {
	if err := s.item(ctx, name); err != nil {
		return store.Item{}, err
	}
	for _, key := range center.CommandKeys() {
		if _, has := set[key]; has {
			return store.Item{}, &tandem.Error{Kind: tandem.Denied, Op: "set command of", Thing: name, Err: errors.New("commands run with the rights of the hub, so only the owner of its machine sets them"),
				Remedy: "there: `tandem item set " + name + " " + key + "=…`"}
		}
	}
	if err := s.mayConnect("change item", set["when"], set["schedule"]); err != nil {
		return store.Item{}, err
	}
	it, err := s.cfg.Hub.SetItem(ctx, name, set)
	return s.quiet(it), err
}

// mayConnect refuses texts of when something runs that bring up connections of the hub's computer, unless an administrator says them.
func (s *Scope) mayConnect(op string, texts ...string) error {
	for _, text := range texts {
		if name := center.Connects(text); name != "" && !s.who.Admin {
			return &tandem.Error{Kind: tandem.Denied, Op: op, Thing: "connect " + name, Err: errors.New("connections of the hub's computer are for administrators"), Remedy: "ask one to set it, or leave it out"}
		}
	}
	return nil
}

// RemoveItem implements center.Service.
func (s *Scope) RemoveItem(ctx context.Context, name string) error {
	if err := s.item(ctx, name); err != nil {
		return err
	}
	err := s.cfg.Hub.RemoveItem(ctx, name)
	if err == nil {
		s.audit(ctx, s.who.User, "removed the item %s", name)
	}
	return err
}

// chosen are the names of one's own items that are meant: those named, or all that are enabled.
func (s *Scope) chosen(ctx context.Context, op string, names []string) ([]string, error) {
	list, err := s.items(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, it := range list {
		if len(names) > 0 || it.Enabled {
			out = append(out, it.Name)
		}
	}
	if len(out) == 0 { // no name would mean everybody's
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: op, Err: errors.New("there is no sync item to run"), Remedy: "add or enable one"}
	}
	return out, nil
}

// Sync implements center.Service.
func (s *Scope) Sync(ctx context.Context, names []string, opt center.SyncOptions, tell func(center.SyncNews)) error {
	names, err := s.chosen(ctx, "sync", names)
	if err != nil {
		return err
	}
	opt.By = s.by()
	return s.cfg.Hub.Sync(ctx, names, opt, tell)
}

// Begin implements center.Service.
func (s *Scope) Begin(ctx context.Context, names []string, opt center.SyncOptions) ([]center.Begun, error) {
	names, err := s.chosen(ctx, "begin sync", names)
	if err != nil {
		return nil, err
	}
	opt.By = s.by()
	return s.cfg.Hub.Begin(ctx, names, opt)
}

// Stop implements center.Service.
func (s *Scope) Stop(ctx context.Context, names []string) ([]string, error) {
	list, err := s.items(ctx, names)
	if err != nil || len(list) == 0 {
		return []string{}, err
	}
	names = nil
	for _, it := range list {
		names = append(names, it.Name)
	}
	return s.cfg.Hub.Stop(ctx, names)
}

// SyncPlaces implements center.Service, for administrators.
func (s *Scope) SyncPlaces(ctx context.Context, p center.Places, opt center.SyncOptions, tell func(center.SyncNews)) error {
	const op = "sync"
	if err := s.adminOnly(op); err != nil {
		return err
	}
	for _, place := range []string{p.A, p.B} {
		if _, err := s.place(ctx, op, place); err != nil {
			return err
		}
	}
	opt.By = s.by()
	return s.cfg.Hub.SyncPlaces(ctx, p, opt, tell)
}
