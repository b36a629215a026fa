package api

import (
	"context"
	"strconv"

	"tandem/center"
	"tandem/center/shape"
	"tandem/provider"
)

func (a *API) addAbout() {
	const tag = "hub"
	serve(a, op{id: "log", method: "GET", path: "/api/log", tag: tag, summary: "The results log, oldest first",
		about: "Without after, the newest lines; with it, those after the line with that id."},
		func(ctx context.Context, in *struct {
			Item  string `query:"item"`
			After int64  `query:"after" default:"-1" minimum:"-1"`
			Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*list[shape.Event], error) {
			after := in.After
			if after < 0 {
				after = -int64(in.Limit)
			}
			all, err := a.cfg.Service(ctx).Log(ctx, after, in.Item, in.Limit)
			if err != nil {
				return nil, err
			}
			out := &list[shape.Event]{Body: shape.List(all, shape.OfEvent)}
			if in.After >= 0 && len(all) == in.Limit {
				out.Link = "</api/log?after=" + strconv.FormatInt(all[len(all)-1].ID, 10) + "&limit=" + strconv.Itoa(in.Limit) + itemQuery(in.Item) + `>; rel="next"`
			}
			return out, nil
		})
	get(a, op{id: "checks", method: "GET", path: "/api/checks", tag: tag, summary: "Look for trouble with the store and with places"}, func(ctx context.Context, s center.Service, _ *struct{}) ([]center.Check, error) {
		all, err := s.Checks(ctx, "")
		return append([]center.Check{}, all...), err
	})
	get(a, op{id: "providers", method: "GET", path: "/api/providers", tag: tag, summary: "The sorts of places, with their options"}, func(context.Context, center.Service, *struct{}) ([]provider.Description, error) {
		return a.cfg.Places.Describe(), nil
	})
	get(a, op{id: "secret-names", method: "GET", path: "/api/secrets", tag: tag, summary: "The names of the passwords and logins that are kept for places", about: "Administrators see the hub's, everybody else their own. What they are is told to nobody."},
		func(ctx context.Context, s center.Service, _ *struct{}) ([]string, error) {
			all, err := s.SecretNames(ctx)
			return append([]string{}, all...), err
		})
	do(a, op{id: "keep-secret", method: "PUT", path: "/api/secrets", tag: tag, summary: "Keep a password or login for a place, or forget it", about: "Administrators keep the hub's, everybody else their own, for the places that they named themselves."},
		func(ctx context.Context, s center.Service, in *one[KeptSecret]) error {
			return s.KeepSecret(ctx, in.Body.Name, in.Body.Secret)
		})
	get(a, op{id: "member-bounds", method: "GET", path: "/api/bounds", tag: tag, summary: "What people may reach through the hub who do not administer it"}, func(ctx context.Context, s center.Service, _ *struct{}) (center.Bounds, error) {
		return s.MemberBounds(ctx)
	})
	do(a, op{id: "set-member-bounds", method: "PUT", path: "/api/bounds", tag: tag, summary: "Say what people may reach through the hub who do not administer it", about: "For administrators."},
		func(ctx context.Context, s center.Service, in *one[center.Bounds]) error {
			return s.SetMemberBounds(ctx, in.Body)
		})
	get(a, op{id: "bounds-of", method: "GET", path: "/api/users/{name}/bounds", tag: tag, summary: "What one person may reach through the hub who does not administer it", about: "Everybody sees their own, administrators all."},
		func(ctx context.Context, s center.Service, in *Named) (center.PersonBounds, error) {
			b, err := s.BoundsOf(ctx, in.Name)
			b.Providers = append([]string{}, b.Providers...)
			return b, err
		})
	do(a, op{id: "set-bounds-of", method: "PUT", path: "/api/users/{name}/bounds", tag: tag, summary: "Say what one person may reach through the hub who does not administer it", about: "For administrators. With everybody, what everybody may."},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body struct {
				Providers []string `json:"providers,omitempty" doc:"the sorts of places they may name"`
				Private   bool     `json:"private,omitempty" doc:"servers in the hub's own network, too, but for the hub's computer itself"`
				Everybody bool     `json:"everybody,omitempty" doc:"what everybody may, instead of bounds of their own"`
			}
		}) error {
			if in.Body.Everybody {
				return s.SetBoundsOf(ctx, in.Name, nil)
			}
			return s.SetBoundsOf(ctx, in.Name, &center.Bounds{Providers: in.Body.Providers, Private: in.Body.Private})
		})
	get(a, op{id: "rotate-secrets", method: "POST", path: "/api/secrets/rotate", tag: tag, summary: "Seal everything that is kept with a new key", about: "For administrators."},
		func(ctx context.Context, s center.Service, _ *struct{}) (Sealed, error) {
			n, err := s.RotateSecrets(ctx)
			return Sealed{n}, err
		})
}

// Sealed tells how many secrets were sealed anew.
type Sealed struct {
	Sealed int `json:"sealed"`
}

// KeptSecret is a password or login for a place.
type KeptSecret struct {
	Name   string `json:"name" minLength:"1"`
	Secret string `json:"secret" doc:"empty: forget it"`
}
