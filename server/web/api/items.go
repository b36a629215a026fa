package api

import (
	"context"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/provider"
)

type Named struct {
	Name string `path:"name"`
}

// NewPartner is a partner to be added.
type NewPartner struct {
	Name  string `json:"name,omitempty" doc:"absent: made from the place"`
	Place string `json:"place" doc:"PROVIDER:PATH?OPTION=VALUE, without secrets"`
	User  string `json:"user,omitempty" doc:"whose it is; absent: one's own"`
}

// NewItem is a sync item to be added.
type NewItem struct {
	Home     string           `json:"home" doc:"the home collection, made where it is missing"`
	Kind     string           `json:"kind,omitempty" doc:"absent: what the place says"`
	Partner  string           `json:"partner" doc:"a partner's name, or for administrators a place"`
	Sub      string           `json:"sub,omitempty" doc:"the collection at the partner"`
	Name     string           `json:"name,omitempty"`
	Rules    center.RuleWords `json:"rules,omitempty"`
	When     string           `json:"when,omitempty" doc:"what starts it, and under which conditions: \"at 02:30 on mon-fri; not metered\"; absent: continuous"`
	Mode     string           `json:"mode,omitempty" enum:"continuous,connection,manual,scheduled" doc:"instead of when"`
	Schedule string           `json:"schedule,omitempty" doc:"beside mode: times and conditions, in words or as a cron expression"`
	ReadOnly string           `json:"read_only,omitempty" enum:"yes,no"`
	Look     bool             `json:"look,omitempty" doc:"do not sync before a person said how the sides meet: see first-sync"`
}

func (a *API) addItems() {
	const tag = "items"
	serve(a, op{id: "list-partners", method: "GET", path: "/api/partners", tag: tag, summary: "List the partners"}, func(ctx context.Context, in *Paging) (*list[shape.Partner], error) {
		all, err := a.cfg.Service(ctx).ListPartners(ctx)
		return pageOf(in, shape.List(all, shape.OfPartner)), err
	})
	get(a, op{id: "add-partner", method: "POST", path: "/api/partners", tag: tag, summary: "Make a partner of a place", status: created, about: "For administrators."},
		func(ctx context.Context, s center.Service, in *one[NewPartner]) (shape.Partner, error) {
			p, err := s.AddPartner(ctx, in.Body.User, in.Body.Name, in.Body.Place)
			return shape.OfPartner(p), err
		})
	get(a, op{id: "look-at", method: "POST", path: "/api/places/look", tag: tag, summary: "List the collections at a place or partner, and so try whether it can be opened",
		about: "Nothing is written there. People who do not administer the hub look at places of the sorts that they may name. What was given and opened the place is kept for it, if that is wanted."},
		func(ctx context.Context, s center.Service, in *one[LookRequest]) ([]provider.Found, error) {
			found, err := s.LookAt(ctx, center.Look(in.Body))
			return append([]provider.Found{}, found...), err
		})
	get(a, op{id: "set-partner", method: "PATCH", path: "/api/partners/{name}", tag: tag, summary: "Change options of a partner's place, all or none",
		about: "Options by name, as the provider declares them; an empty text means the default. What comes into sight is synced, what leaves it stays on both sides. Places that an administrator named are changed by administrators."},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body map[string]string
		}) (shape.Partner, error) {
			p, err := s.SetPartner(ctx, in.Name, in.Body)
			return shape.OfPartner(p), err
		})
	get(a, op{id: "call-partner", method: "PUT", path: "/api/partners/{name}/called", tag: tag, summary: "Say what people call a partner wherever they see it", about: "Its name stays what it is known by here."},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body struct {
				Called string `json:"called" doc:"one line of up to 80 characters; empty: its name"`
			}
		}) (shape.Partner, error) {
			p, err := s.CallPartner(ctx, in.Name, in.Body.Called)
			return shape.OfPartner(p), err
		})
	do(a, op{id: "remove-partner", method: "DELETE", path: "/api/partners/{name}", tag: tag, summary: "Forget a partner; its records stay where they are"},
		func(ctx context.Context, s center.Service, in *Named) error { return s.RemovePartner(ctx, in.Name) })

	serve(a, op{id: "list-items", method: "GET", path: "/api/items", tag: tag, summary: "List the sync items, and how they stand"}, func(ctx context.Context, in *Paging) (*list[shape.Item], error) {
		all, err := a.cfg.Service(ctx).Status(ctx, nil)
		return pageOf(in, shape.List(all, shape.OfStatus)), err
	})
	get(a, op{id: "status", method: "GET", path: "/api/items/{name}", tag: tag, summary: "How a sync item stands"}, func(ctx context.Context, s center.Service, in *Named) (shape.Item, error) {
		all, err := s.Status(ctx, []string{in.Name})
		if err != nil || len(all) == 0 {
			return shape.Item{}, err
		}
		return shape.OfStatus(all[0]), nil
	})
	get(a, op{id: "add-item", method: "POST", path: "/api/items", tag: tag, summary: "Pair a home collection with a collection at a partner", status: created},
		func(ctx context.Context, s center.Service, in *one[NewItem]) (shape.Item, error) {
			b := in.Body
			it, err := s.AddItem(ctx, center.NewItem{Home: b.Home, Kind: b.Kind, Partner: b.Partner, Sub: b.Sub, Name: b.Name, Rules: b.Rules, When: b.When, Mode: b.Mode, Schedule: b.Schedule, ReadOnly: b.ReadOnly, Look: b.Look})
			return shape.OfItem(it), err
		})
	get(a, op{id: "set-item", method: "PATCH", path: "/api/items/{name}", tag: tag, summary: "Change settings of a sync item, all or none",
		about: "Settings by name, as /api/item-settings lists them; an empty text means the default. A run that is going on is stopped for it."},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body map[string]string
		}) (shape.Item, error) {
			it, err := s.SetItem(ctx, in.Name, in.Body)
			return shape.OfItem(it), err
		})
	do(a, op{id: "enable-item", method: "PUT", path: "/api/items/{name}/enabled", tag: tag, summary: "Enable or disable a sync item"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body struct {
			Enabled bool `json:"enabled"`
		}
	}) error {
		return s.EnableItem(ctx, in.Name, in.Body.Enabled)
	})
	do(a, op{id: "remove-item", method: "DELETE", path: "/api/items/{name}", tag: tag, summary: "Forget a sync item; records stay where they are, on both sides"},
		func(ctx context.Context, s center.Service, in *Named) error { return s.RemoveItem(ctx, in.Name) })
	serve(a, op{id: "item-records", method: "GET", path: "/api/items/{name}/records", tag: tag, summary: "List what the home collection of an item holds, the newest first"}, func(ctx context.Context, in *struct {
		Named
		Paging
	}) (*list[shape.Record], error) {
		all, err := a.cfg.Service(ctx).ItemRecords(ctx, in.Name, in.Skip+in.Limit+1)
		return pageOf(&in.Paging, shape.List(all, shape.OfRecord)), err
	})
	get(a, op{id: "item-record", method: "GET", path: "/api/items/{name}/records/{id}", tag: tag, summary: "Show one record in the words of its kind"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		ID   string `path:"id"`
		Body bool   `query:"body" doc:"its body, too"`
	}) (shape.RecordShown, error) {
		r, err := s.ItemRecord(ctx, center.RecordQuery{Item: in.Name, ID: tandem.ID(in.ID), Body: in.Body})
		return shape.OfRecordShown(r), err
	})
	serve(a, op{id: "item-settings", method: "GET", path: "/api/item-settings", tag: tag, summary: "The settings that a sync item has"}, func(_ context.Context, in *Paging) (*list[Setting], error) {
		return pageOf(in, shape.List(center.ItemKeys(), func(k center.ItemKey) Setting { return Setting{k.Name, append([]string{}, k.Words...), k.Help} })), nil
	})
}

// Setting is a setting of sync items.
type Setting struct {
	Name  string   `json:"name"`
	Words []string `json:"words" doc:"what it takes, the default first; none: any text"`
	Help  string   `json:"help"`
}

// LookRequest says how to look at a place.
type LookRequest struct {
	Place    string `json:"place" doc:"a partner's name, or a place"`
	Password string `json:"password,omitempty" doc:"instead of the one that is kept"`
	Keep     bool   `json:"keep,omitempty" doc:"keep what was given, once it has opened the place"`
	// The provider's options say which they are.
	Secrets map[string]string `json:"secrets,omitempty" doc:"given like the password, by the provider's options that are secret"`
}
