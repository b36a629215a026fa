package center

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/kind/object"
	"tandem/provider"
	"tandem/store"
)

// What begins the ids of handlers that are no partners. No partner can be called so: names hold no slash.
const (
	devicePrefix = handler.PhonePrefix
	setupPrefix  = "setup/"
)

// partnerHandlers are the partners. Every one has a handler, whether it has items or not.
func (h *Hub) partnerHandlers(ctx context.Context, notes map[string]note) ([]handler.Handler, error) {
	partners, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return nil, err
	}
	statuses, err := h.Status(ctx, nil)
	if err != nil {
		return nil, err
	}
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	last := map[string]int64{}
	for _, p := range pairs {
		last[p.Key] = p.Last
	}
	out := make([]handler.Handler, 0, len(partners))
	for _, p := range partners {
		n := notes[p.Name]
		x := h.partnerHandler(p)
		x.Active, x.Enabled, x.Hidden = !n.Out, !n.Off, n.Hidden
		near := false
		for _, st := range statuses {
			if st.Item.Partner != p.Name {
				continue
			}
			it := h.partnerItem(st, x)
			it.LastSync = last[itemKey(st.Item)]
			near = near || it.Connected
			if !it.Connected {
				x.Why = it.Why
			}
			x.Items = append(x.Items, it)
		}
		if x.Connected = near || len(x.Items) == 0; x.Connected {
			x.Why = ""
		}
		out = append(out, x)
	}
	return out, nil
}

func (h *Hub) partnerHandler(p store.Partner) handler.Handler {
	x := handler.Handler{ID: p.Name, Name: p.Call(), Type: handler.Unspecified, Label: p.Title, Place: p.Place, User: p.User,
		Can: []handler.Capability{handler.HasEvents, handler.HasConflicts, handler.CanSchedule, handler.AskDeactivate}}
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil {
		x.Comment = "this version of the program has no provider " + p.Provider
		x.Policies = []handler.Policy{{Task: handler.Start, How: handler.Greyed, Why: x.Comment}, {Task: handler.Enable, How: handler.Greyed, Why: x.Comment}}
		return x
	}
	x.Type = typeOf(prov)
	if x.Icon = prov.Icon; x.Icon != "" {
		x.Can = append(x.Can, handler.HasIcon)
	}
	if prov.Features.ReadOnly {
		x.Comment = "it can only be read: nothing is ever written there"
	}
	if place, err := h.cfg.Places.ParsePlace(p.Place); err == nil {
		if x.Browse = linkTo(prov, place); x.Browse != "" {
			x.Can = append(x.Can, handler.CanBrowse)
		}
	}
	return x
}

func typeOf(p *provider.Provider) handler.Type {
	switch {
	case p.Local:
		return handler.Folder
	case p.Network || p.Address:
		return handler.Service
	}
	return handler.Application
}

// linkTo is where the content of a place can be looked at, "" where nobody can say.
func linkTo(prov *provider.Provider, place provider.Place) string {
	if prov.Local && place.Path != "" {
		return "file://" + strings.ReplaceAll(place.Path, `\`, "/")
	}
	scheme, rest, ok := strings.Cut(place.Text, "://")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	switch scheme {
	case "caldavs", "carddavs", "webcal", "webcals", "davs", "webdavs":
		return "https://" + rest
	case "caldav", "carddav", "dav", "webdav":
		return "http://" + rest
	}
	return ""
}

// partnerItem is a sync item.
func (h *Hub) partnerItem(st ItemStatus, x handler.Handler) handler.Item {
	it := handler.Item{ID: st.Item.Name, Name: st.Item.Name, Label: kindLabel(st.Kind), Home: st.Home, Kind: st.Kind, User: st.Item.User,
		Can:     []handler.Capability{handler.HasEvents, handler.HasConflicts, handler.CanDelete, handler.AskDelete, handler.CanPause},
		Enabled: st.Item.Enabled, Paused: st.Paused, PausedUntil: st.PausedUntil, Connected: true, Conflicts: st.Conflicts}
	if x.Browse != "" {
		it.Browse = strings.TrimSuffix(x.Browse+"/"+st.Item.Sub, "/")
		it.Can = append(it.Can, handler.CanBrowse)
	}
	if st.Failing != "" || st.Last != nil && st.Last.Result == "failed" {
		it.Errors = 1
	}
	if rules, err := decodeRules(st.Item.Rules); err == nil && inward(rules) {
		it.Comment = "records are only brought in"
	}
	if r, ok := h.reached(st.Item.Name); ok {
		it.Connected, it.Why = r.ok, r.why
	}
	return it
}

// kindLabel is what people call a collection of a kind.
func kindLabel(k tandem.Kind) string {
	switch k {
	case tandem.Contact:
		return "address book"
	case tandem.Event:
		return "calendar"
	case tandem.Task:
		return "task list"
	case tandem.Note:
		return "notebook"
	case tandem.Mail:
		return "mail folder"
	case tandem.SMS:
		return "text messages"
	case tandem.File:
		return "folder"
	case tandem.Picture:
		return "pictures"
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(k), object.Prefix), "-", " ") + "s"
}

// awake is for how long a phone may say nothing and still be there: it asks to be told of news for at most 3540 seconds at a time
// (MS-ASCMD 2.2.3.84), and what is written down of its last request may lag by a minute.
const awake = 3540 + 120

// deviceHandlers are the phones. What they sync is known from how far the store says they are with which collection; they are not asked.
func (h *Hub) deviceHandlers(ctx context.Context, notes map[string]note) ([]handler.Handler, error) {
	devices, err := h.cfg.Store.Devices.Devices(ctx, "")
	if err != nil || len(devices) == 0 {
		return nil, err
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return nil, err
	}
	byID := map[int64]tandem.Collection{}
	for _, c := range colls {
		byID[c.ID] = c
	}
	var out []handler.Handler
	for _, d := range devices {
		x := deviceHandler(d, h.now())
		x.Hidden = notes[x.ID].Hidden
		written, err := h.cfg.Store.Devices.Written(ctx, d.Number)
		if err != nil {
			return nil, err
		}
		for _, w := range written {
			rest, ok := strings.CutPrefix(w.Name, "sync/")
			id, err := strconv.ParseInt(rest, 10, 64)
			c, known := byID[id]
			if !ok || err != nil || !known {
				continue
			}
			x.Items = append(x.Items, deviceItem(d, c, w.When, x))
		}
		out = append(out, x)
	}
	return out, nil
}

func deviceHandler(d store.Device, now int64) handler.Handler {
	const why = "a phone asks for what is new by itself"
	x := handler.Handler{ID: PhoneID(d), Name: progress.Cut(deviceName(d), progress.MaxName), Type: handler.Device, User: d.User,
		Label: progress.Cut(strings.TrimSpace(firstText(d.Info["model"], d.Type)+" "+d.Info["os"]), progress.MaxText), Comment: why,
		Can:      []handler.Capability{handler.HasEvents, handler.Concurrent},
		Policies: handler.BackgroundOnly(why), Active: d.Access != store.Held, Enabled: d.Access == store.Allowed, Connected: now-d.Seen < awake}
	if d.Access != store.Allowed {
		x.Comment = d.Reason
	}
	if d.Wipe != store.NoWipe {
		x.Comment = "a wipe is " + string(d.Wipe)
	}
	if !x.Connected {
		x.Why = "it has not asked for anything since then"
	}
	return x
}

func deviceItem(d store.Device, c tandem.Collection, when int64, x handler.Handler) handler.Item {
	const why = "what is synced is chosen on the phone"
	return handler.Item{ID: fmt.Sprintf("%s/%d", x.ID, c.ID), Name: progress.Cut(c.Title(), progress.MaxName), Label: kindLabel(c.Kind), Comment: why, Home: c.Name, Kind: c.Kind, User: d.User,
		Can:      []handler.Capability{handler.HasEvents},
		Policies: []handler.Policy{{Task: handler.Enable, How: handler.Hidden, Why: why}, {Task: handler.Disable, How: handler.Hidden, Why: why}},
		Enabled:  true, Connected: x.Connected, Why: x.Why, LastSync: when}
}

// obeyDevice: a phone in Sync Setup is one that waits to be let in, a disabled one is blocked.
func (h *Hub) obeyDevice(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	number, err := strconv.ParseInt(strings.TrimPrefix(x.ID, devicePrefix), 10, 64)
	if err != nil || h.cfg.Devices == nil {
		return tandem.Errorf(tandem.NotFound, "there is no device %s", x.ID)
	}
	devices, err := h.cfg.Store.Devices.Devices(ctx, x.User)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if d.Number != number {
			continue
		}
		do := map[handler.Task]string{handler.Activate: DeviceAllow, handler.Enable: DeviceAllow, handler.Deactivate: DeviceHold, handler.Disable: DeviceBlock}[o.Do]
		_, err := h.OrderDevice(ctx, DeviceOrder{User: d.User, ID: d.ID, Do: do, By: firstText(o.By, "the Sync Center")})
		return err
	}
	return tandem.Errorf(tandem.NotFound, "there is no device %s any more", x.ID)
}

// deviceID is the id by which a device with this number calls itself.
func (h *Hub) deviceID(ctx context.Context, user, number string) (string, error) {
	devices, err := h.cfg.Store.Devices.Devices(ctx, user)
	for _, d := range devices {
		if strconv.FormatInt(d.Number, 10) == number {
			return d.ID, nil
		}
	}
	return "", errors.Join(err, tandem.Errorf(tandem.NotFound, "there is no device %s any more", number))
}

// programHandlers are those that other programs report.
func (h *Hub) programHandlers(ctx context.Context, notes map[string]note) ([]handler.Handler, error) {
	var out []handler.Handler
	waiting, err := h.cfg.Store.Reported.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	for id, n := range notes {
		if n.Says == nil {
			continue
		}
		x := *n.Says
		x.ID, x.Active, x.Enabled, x.Connected, x.Hidden = id, !n.Out, !n.Off, true, n.Hidden
		x.Items = make([]handler.Item, 0, len(n.Says.Items))
		for _, it := range n.Says.Items {
			it.Enabled, it.Connected, it.Conflicts = !n.NoItem[it.ID], true, waiting[[2]string{id, it.ID}]
			if err := h.fillFromRuns(ctx, &it); err != nil {
				return nil, err
			}
			x.Items = append(x.Items, it)
		}
		if !h.reports(id) {
			why := "it is started by the program itself"
			x.Policies = append(x.Policies[:len(x.Policies):len(x.Policies)], handler.Policy{Task: handler.Start, How: handler.Greyed, Why: why})
		}
		out = append(out, x)
	}
	return out, nil
}

// fillFromRuns tells when an item was last synced, from what its program reported.
func (h *Hub) fillFromRuns(ctx context.Context, it *handler.Item) error {
	runs, err := h.cfg.Store.Events.Runs(ctx, store.RunFilter{Item: it.ID, Limit: 20})
	for i, r := range runs {
		if i == 0 && r.Result == "failed" {
			it.Errors = 1
		}
		if r.Result == "ok" {
			it.LastSync = r.Finished
			break
		}
	}
	return err
}

// setupHandlers are what could be set up: what was discovered, and every provider.
func (h *Hub) setupHandlers(ctx context.Context, notes map[string]note) ([]handler.Handler, error) {
	var out []handler.Handler
	add := func(x handler.Handler) {
		x.Enabled, x.Connected, x.Hidden = true, true, notes[x.ID].Hidden
		x.Can = []handler.Capability{handler.AskActivate}
		out = append(out, x)
	}
	if h.cfg.Discover != nil {
		found, err := h.cfg.Discover(ctx)
		if err != nil {
			return nil, err
		}
		partners, err := h.cfg.Store.Settings.Partners(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if !hasPlace(partners, d.Place) {
				add(handler.Handler{ID: setupPrefix + d.ID, Name: d.Name, Type: d.Type, Comment: d.Comment, Place: d.Place, Label: "discovered"})
			}
		}
	}
	for _, name := range h.cfg.Places.Names() {
		p, err := h.cfg.Places.Provider(name)
		if err != nil || name == "home" { // the hub's own collections are no partner
			continue
		}
		add(handler.Handler{ID: setupPrefix + name, Name: p.Title, Type: typeOf(p), Label: "provider", Comment: p.Help, Icon: p.Icon})
	}
	return out, nil
}

func hasPlace(partners []store.Partner, place string) bool {
	for _, p := range partners {
		if p.Place == place {
			return true
		}
	}
	return false
}

// obeySetup makes a partner of what was discovered, or of a provider and the place that was named.
func (h *Hub) obeySetup(ctx context.Context, x *handler.Handler, o HandlerOrder) error {
	place := firstText(o.Place, x.Place)
	if o.Do != handler.Activate || place == "" {
		provider := strings.TrimPrefix(x.ID, setupPrefix)
		return &tandem.Error{Kind: tandem.Invalid, Op: "activate", Thing: x.ID, Err: fmt.Errorf("it must be said which place"), Remedy: "name it: tandem partner add " + provider + " path=..."}
	}
	_, err := h.AddPartner(ctx, "", "", place)
	return err
}
