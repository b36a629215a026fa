package center

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/center/command"
	"tandem/center/handler"
	way "tandem/center/reach"
	"tandem/center/when"
	"tandem/engine"
	"tandem/provider"
	"tandem/store"
)

// The modes of an item.
const (
	Continuous = string(when.Continuous) // kept in step whenever something changes
	Manual     = string(when.Manual)     // run when asked, and by its schedule
	Connection = string(when.Connection) // run when the network or the partner comes into reach
	Scheduled  = string(when.Scheduled)  // run by its schedule and events
)

// defaultUser owns the home collections of a hub that has no users yet.
const defaultUser = "me"

// AddItem implements Service.
func (h *Hub) AddItem(ctx context.Context, n NewItem) (store.Item, error) {
	n, err := n.timed()
	if err != nil {
		return store.Item{}, err
	}
	if err := h.checkNewItem(n); err != nil {
		return store.Item{}, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return store.Item{}, err
	}
	place, known, err := h.partnerPlace(ctx, n)
	if err != nil {
		return store.Item{}, err
	}
	if err := h.holdsData(place); err != nil {
		return store.Item{}, err
	}
	kind, features, err := h.kindOf(ctx, n, place)
	if err != nil {
		return store.Item{}, err
	}
	asked, err := n.Rules.Rules()
	if err != nil {
		return store.Item{}, err
	}
	if features.ReadOnly && asked.Direction == engine.TwoWay { // there is no other way
		n.Rules.Direction = directions()[engine.BToA]
	}
	if err := checkReadOnly(n); err != nil {
		return store.Item{}, err
	}
	user, err := h.user(ctx, n.User)
	if err != nil {
		return store.Item{}, err
	}
	if known.Name == "" && n.Sub == "" { // a partner's place says its kind, even if it was added without
		if known, err = h.partnerAt(ctx, user, h.withKind(place, string(kind))); err != nil {
			return store.Item{}, err
		}
	}
	rules, err := encodeRules(n.Rules)
	if err != nil {
		return store.Item{}, err
	}
	taken := func(name string) bool { return findItem(items, name) != nil }
	if n.Name == "" {
		n.Name = freeName(slug(n.Home+"-"+firstText(known.Name, callPlace(place))), taken)
	} else if taken(n.Name) {
		return store.Item{}, &tandem.Error{Kind: tandem.Exists, Op: "add item", Thing: n.Name, Remedy: "choose another name with --name"}
	}
	// From here on things are written; what was refused above leaves no trace.
	home, err := h.homeCollection(ctx, n, user, kind, features)
	if err != nil {
		return store.Item{}, err
	}
	if known.Name == "" {
		if known, err = h.AddPartner(ctx, user, "", h.withKind(place, string(kind))); err != nil {
			return store.Item{}, err
		}
	}
	it := store.Item{Name: n.Name, User: user, Collection: home.ID, Partner: known.Name, Sub: n.Sub, Enabled: true,
		Mode: n.Mode, Schedule: n.Schedule, Rules: rules, Added: h.now()}
	if err := sameItem(items, it); err != nil {
		return store.Item{}, err
	}
	if err := h.forgetQuestion(ctx, it); err != nil { // of an item that had its name
		return store.Item{}, err
	}
	if n.Look { // before the item is there, so that it never runs unasked
		if err := h.askFirst(ctx, it); err != nil {
			return store.Item{}, err
		}
	}
	if err := h.cfg.Store.Settings.PutItem(ctx, it); err != nil {
		return store.Item{}, err
	}
	h.keep(it)
	h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	return it, nil
}

// timed settles what starts the runs of a new item.
func (n NewItem) timed() (NewItem, error) {
	switch {
	case n.When == "":
		n.Mode = firstText(n.Mode, Continuous)
		return n, nil
	case n.Mode != "" || n.Schedule != "":
		return n, &tandem.Error{Kind: tandem.Invalid, Op: "add item", Thing: n.Home, Err: errors.New("when says mode and schedule, too"), Remedy: "say when alone"}
	}
	it := store.Item{Mode: Continuous}
	err := setWhen(&it, n.When)
	n.Mode, n.Schedule = it.Mode, it.Schedule
	return n, err
}

func (h *Hub) checkNewItem(n NewItem) error {
	if err := checkName("home collection", n.Home); err != nil {
		return err
	}
	if n.Name != "" {
		if err := checkName("item", n.Name); err != nil {
			return err
		}
	}
	if !slices.Contains(modeWords(), n.Mode) {
		return tandem.Errorf(tandem.Invalid, "mode %q is not known; choose one of %s", n.Mode, strings.Join(modeWords(), ", "))
	}
	if err := checkSchedule(n.Schedule); err != nil {
		return err
	}
	if n.Kind != "" {
		if _, ok := h.cfg.Kind(tandem.Kind(n.Kind)); !ok {
			return &tandem.Error{Kind: tandem.Invalid, Op: "add item of", Thing: n.Home, Err: fmt.Errorf("kind %q is not known", n.Kind), Remedy: "name one such as contact, event, task, note, mail or file"}
		}
	}
	return nil
}

// partnerPlace finds the place that a new item names, and the partner it belongs to, if it has one already.
func (h *Hub) partnerPlace(ctx context.Context, n NewItem) (provider.Place, store.Partner, error) {
	partners, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return provider.Place{}, store.Partner{}, err
	}
	if p, ok := findPartner(partners, n.Partner); ok {
		place, err := h.subPlace(p.Place, n.Sub)
		return place, p, err
	}
	if !strings.Contains(n.Partner, ":") {
		_, err := h.partner(ctx, n.Partner)
		return provider.Place{}, store.Partner{}, err
	}
	place, err := h.subPlace(n.Partner, n.Sub)
	if err != nil {
		return provider.Place{}, store.Partner{}, err
	}
	for _, p := range partners {
		if p.Place == place.Text && n.Sub == "" && (n.User == "" || p.User == n.User) {
			return place, p, nil
		}
	}
	return place, store.Partner{}, nil
}

// partnerAt is the user's partner with that place, if there is one.
func (h *Hub) partnerAt(ctx context.Context, user, place string) (store.Partner, error) {
	partners, err := h.cfg.Store.Settings.Partners(ctx)
	if i := slices.IndexFunc(partners, func(p store.Partner) bool { return p.Place == place && p.User == user }); i >= 0 {
		return partners[i], err
	}
	return store.Partner{}, err
}

// kindOf settles the kind of a new item: what was asked for, else the kind of the home collection of that name, if
// there is just one, else what the place says. It also tells what the place can do.
func (h *Hub) kindOf(ctx context.Context, n NewItem, place provider.Place) (tandem.Kind, provider.Features, error) {
	if n.Kind == "" {
		colls, err := h.cfg.Store.Home.Collections(ctx, n.User)
		if err != nil {
			return "", provider.Features{}, err
		}
		var kinds []tandem.Kind
		for _, c := range colls {
			if c.Name == n.Home {
				kinds = append(kinds, c.Kind)
			}
		}
		if len(kinds) == 1 {
			n.Kind = string(kinds[0])
		}
	}
	o, err := h.openPlace(ctx, place, n.Kind)
	if err != nil {
		return "", provider.Features{}, err
	}
	defer o.Close()
	if n.Kind != "" && tandem.Kind(n.Kind) != o.Kind {
		return "", provider.Features{}, &tandem.Error{Kind: tandem.Invalid, Op: "add item", Thing: n.Home, Err: fmt.Errorf("%s holds records of kind %s, not %s", o.Place, o.Kind, n.Kind),
			Remedy: "choose another home collection or say --kind " + string(o.Kind)}
	}
	return o.Kind, o.Features, nil
}

// user settles who owns a new home collection.
func (h *Hub) user(ctx context.Context, name string) (string, error) {
	users, err := h.cfg.Store.Accounts.Users(ctx)
	if err != nil {
		return "", err
	}
	if name != "" {
		_, err := h.cfg.Store.Accounts.User(ctx, name)
		return name, err
	}
	switch len(users) {
	case 0:
		return defaultUser, h.cfg.Store.Accounts.AddUser(ctx, store.User{Name: defaultUser, Title: "Me"})
	case 1:
		return users[0].Name, nil
	}
	return "", &tandem.Error{Kind: tandem.Invalid, Op: "choose user", Err: fmt.Errorf("there are several users"), Remedy: "say whose home collection it is with --user NAME"}
}

func sameItem(items []store.Item, it store.Item) error {
	for _, x := range items {
		if x.Collection == it.Collection && x.Partner == it.Partner && x.Sub == it.Sub {
			return &tandem.Error{Kind: tandem.Exists, Op: "add item", Thing: it.Name, Err: fmt.Errorf("the item %s pairs the same two already", x.Name),
				Remedy: "see `tandem item list`; tandem item set changes how it is kept in step"}
		}
	}
	return nil
}

func findItem(items []store.Item, name string) *store.Item {
	for i := range items {
		if items[i].Name == name {
			return &items[i]
		}
	}
	return nil
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// ListItems implements Service.
func (h *Hub) ListItems(ctx context.Context) ([]store.Item, error) {
	return h.cfg.Store.Settings.Items(ctx)
}

// item finds one by name.
func (h *Hub) item(ctx context.Context, name string) (store.Item, error) {
	items, err := h.selectItems(ctx, []string{name})
	if err != nil {
		return store.Item{}, err
	}
	return items[0], nil
}

// selectItems finds the named items in the given order; none named: all.
func (h *Hub) selectItems(ctx context.Context, names []string) ([]store.Item, error) {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil || len(names) == 0 {
		return items, err
	}
	have := make([]string, 0, len(items))
	for _, it := range items {
		have = append(have, it.Name)
	}
	var out []store.Item
	for _, name := range names {
		it := findItem(items, name)
		if it == nil {
			return nil, notFound("sync item", name, have, "tandem item add")
		}
		if findItem(out, name) == nil {
			out = append(out, *it)
		}
	}
	return out, nil
}

// EnableItem implements Service.
func (h *Hub) EnableItem(ctx context.Context, name string, on bool) error {
	it, err := h.item(ctx, name)
	if err != nil {
		return err
	}
	do := handler.Disable
	if on {
		do = handler.Enable
	}
	if err := h.mayDo(ctx, it.Partner, name, do); err != nil {
		return err
	}
	it.Enabled = on
	if err := h.cfg.Store.Settings.PutItem(ctx, it); err != nil {
		return err
	}
	h.unkeep(name)
	h.keep(it)
	h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	return nil
}

// RemoveItem implements Service.
func (h *Hub) RemoveItem(ctx context.Context, name string) error {
	it, err := h.item(ctx, name)
	if err != nil {
		return err
	}
	if it.Mode == store.OfAccount {
		return &tandem.Error{Kind: tandem.Invalid, Op: "remove item", Thing: name, Err: fmt.Errorf("it pairs a folder of the account %s, and would come back", it.Partner),
			Remedy: fmt.Sprintf("leave it alone with `tandem item disable %s`, or end the account with `tandem partner folders %s --stop`", name, it.Partner)}
	}
	if err := h.mayDo(ctx, it.Partner, name, handler.Delete); err != nil {
		return err
	}
	return h.removeItem(ctx, name)
}

// removeItem is RemoveItem for any item.
func (h *Hub) removeItem(ctx context.Context, name string) error {
	it, err := h.item(ctx, name)
	if err != nil {
		return err
	}
	h.unkeep(name)
	j, err := h.itemJob(ctx, it)
	if err == nil {
		// Wait for a run that is going on; its base must not be taken from under it.
		leave, err := h.enter(ctx, j.lane, j.key)
		if err != nil {
			return err
		}
		defer leave()
	}
	if err := h.cfg.Store.Settings.RemoveItem(ctx, name); err != nil {
		return err
	}
	h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	if err := errors.Join(h.release(ctx, it), h.forgetQuestion(ctx, it), h.forgetPause(ctx, it.Name)); err != nil {
		return err
	}
	pair, ok, err := h.pairOf(ctx, it)
	if err != nil || !ok {
		return err
	}
	return h.cfg.Store.Bases.Remove(ctx, pair.ID)
}

// itemJob prepares a run of an item.
func (h *Hub) itemJob(ctx context.Context, it store.Item) (job, error) {
	place, err := h.itemPlace(ctx, it)
	if err != nil {
		return job{}, err
	}
	home, err := h.collection(ctx, it)
	if err != nil {
		return job{}, err
	}
	rules, err := h.rulesOf(ctx, it, home.Kind)
	if err != nil {
		return job{}, err
	}
	waits, err := h.waitsFirst(ctx, it.Name)
	if err != nil {
		return job{}, err
	}
	if waits { // whoever runs it without having been asked about both sides is asked now
		rules.First = engine.Refuse
	}
	commands, err := command.Read(it.Commands)
	if err != nil {
		return job{}, err
	}
	key := itemKey(it)
	plan, _ := h.planOf(ctx, it) // one that cannot be read keeps nobody from syncing by hand
	target, _ := way.Target(place)
	if place.Options[provider.OnBehalf] != "" { // whether a server is there that may not be reached is nobody's business
		target = ""
	}
	account := ""
	if it.Mode == store.OfAccount {
		account = it.Partner
	}
	return job{name: it.Name, user: it.User, item: true, account: account, target: target, handler: it.Partner, home: home.Name, kind: string(home.Kind), commands: commands, connect: plan.Connect, key: key, every: h.pollOf(place), lane: homeLane(it.Collection), rules: rules, scope: scopeOf(provider.Place{}, place),
		base: func(context.Context, *provider.Opened, *provider.Opened) (string, bool, error) {
			return key, false, nil
		},
		open: func(ctx context.Context) (*provider.Opened, *provider.Opened, error) {
			a, err := h.cfg.OpenHome(home)
			if err != nil {
				return nil, nil, err
			}
			b, err := h.openItem(ctx, it, place, home.Kind)
			if err != nil {
				a.Close()
				return nil, nil, err
			}
			return a, b, nil
		}}, nil
}

// openItem opens the place of an item. A folder of an account may have been renamed since the run was asked for.
func (h *Hub) openItem(ctx context.Context, it store.Item, place provider.Place, kind tandem.Kind) (*provider.Opened, error) {
	if it.Mode == store.OfAccount {
		now, err := h.cfg.Store.Settings.Items(ctx)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(now, func(n store.Item) bool { return itemKey(n) == itemKey(it) }); i >= 0 && now[i].Sub != it.Sub {
			if place, err = h.itemPlace(ctx, now[i]); err != nil {
				return nil, err
			}
		}
	}
	return h.openPlace(ctx, place, string(kind))
}

// homeLane is the lane of a home collection's items.
func homeLane(collection int64) string { return fmt.Sprintf("home %d", collection) }

// itemPrefix tells the keys of items from those of pairs of places.
const itemPrefix = "item "

// itemKey names the base of an item. It holds what the item pairs, not its name: renaming keeps the base, pairing
// something else starts a new one.
func itemKey(it store.Item) string {
	if it.Mode == store.OfAccount { // its folder may be renamed; each collection has one in an account
		return fmt.Sprintf(itemPrefix+"%d %q of account", it.Collection, it.Partner)
	}
	return fmt.Sprintf(itemPrefix+"%d %q %q", it.Collection, it.Partner, it.Sub)
}

// PairCollection is the home collection that a pair with this key is about, false for two places. It holds for items that were removed, too.
func PairCollection(key string) (int64, bool) {
	rest, ok := strings.CutPrefix(key, itemPrefix)
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, " ")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}

func (h *Hub) itemPlace(ctx context.Context, it store.Item) (provider.Place, error) {
	p, err := h.partner(ctx, it.Partner)
	if err != nil {
		return provider.Place{}, err
	}
	return h.subPlace(p.Place, it.Sub)
}

func (h *Hub) collection(ctx context.Context, it store.Item) (tandem.Collection, error) {
	colls, err := h.cfg.Store.Home.Collections(ctx, it.User)
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range colls {
		if c.ID == it.Collection {
			return c, nil
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.NotFound, Op: "open home collection of", Thing: it.Name, Remedy: "remove the item and add it again"}
}

func (h *Hub) pairOf(ctx context.Context, it store.Item) (store.Pair, bool, error) {
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return store.Pair{}, false, err
	}
	for _, p := range pairs {
		if p.Key == itemKey(it) {
			return p, true, nil
		}
	}
	return store.Pair{}, false, nil
}

// Sync implements Service.
func (h *Hub) Sync(ctx context.Context, names []string, opt SyncOptions, tell func(SyncNews)) error {
	once := provider.AsOf(ctx, time.Now()) // many folders of one account are looked at together
	if len(names) == 0 && !opt.Preview {
		if err := h.followAll(once, tell); err != nil {
			return err
		}
	}
	items, err := h.selectItems(ctx, names)
	if err != nil {
		return err
	}
	unmet, err := h.unmet(ctx)
	if err != nil {
		return err
	}
	paused, err := h.pauses(ctx)
	if err != nil {
		return err
	}
	var jobs []watched
	for _, it := range items {
		off, err := h.isOff(ctx, it.Partner)
		if err != nil {
			return err
		}
		if _, rests := paused[it.Name]; len(names) == 0 && (!it.Enabled || off != "" || (unmet[it.Name] || rests) && !opt.Preview) {
			continue
		}
		if off != "" {
			return &tandem.Error{Kind: tandem.Denied, Op: "sync", Thing: it.Name, Err: errors.New(off), Remedy: "`tandem handler enable " + it.Partner + "`"}
		}
		j, err := h.itemJob(ctx, it)
		if err != nil {
			return err
		}
		jobs = append(jobs, watched{job: j, item: it})
	}
	if len(jobs) == 0 {
		remedy := "add one with `tandem item add`"
		if len(items) > 0 {
			remedy = "enable one with `tandem item enable`"
		}
		return &tandem.Error{Kind: tandem.NotFound, Op: "sync", Err: fmt.Errorf("there is no sync item to run"), Remedy: remedy}
	}
	if opt.Watch {
		return h.watchJobs(ctx, jobs, opt, tell)
	}
	for i := range jobs {
		jobs[i].job.single = true
	}
	h.runAll(once, jobs, opt, tell)
	h.tidyAfter(ctx, opt)
	return nil
}
