package center

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	"tandem"
	"tandem/internal/netguard"
	"tandem/partner/account"
	"tandem/provider"
)

// Bounds is what people may reach through the hub who do not administer it: with the places that they name, and with their servers for mail.
type Bounds struct {
	Providers []string `json:"providers" doc:"the sorts of places they may name"`                                      // the sorts of places they may name
	Private   bool     `json:"private" doc:"servers in the hub's own network, too, but for the hub's computer itself"` // servers in the hub's own network, too, but for the hub's computer itself
}

// Members is the part of Service about those who do not administer the hub.
type Members interface {
	MemberBounds(ctx context.Context) (Bounds, error)
	SetMemberBounds(ctx context.Context, b Bounds) error // Invalid: a sort of place that cannot be allowed
	// BoundsOf is what one of them may reach: what was said for them, or else what everybody may. NotFound: no such user.
	BoundsOf(ctx context.Context, user string) (PersonBounds, error)
	// SetBoundsOf says it for one of them; nil: again what everybody may. NotFound, Invalid.
	SetBoundsOf(ctx context.Context, user string, b *Bounds) error
}

// PersonBounds is what one person may reach.
type PersonBounds struct {
	Bounds
	Own bool `json:"own" doc:"said for this person; otherwise it is what everybody may"` // said for this person
}

// The settings of the bounds.
const (
	boundProviders = "members.providers" // in a row, with commas; "": all that can be allowed, "none"
	boundPrivate   = "members.private"   // "yes" or ""
	boundsOf       = "members.bounds/"   // and a user's name: Bounds as JSON; "": those of everybody
)

// bindable are the providers whose places can be named by people who do not administer the hub, in order.
func (h *Hub) bindable() []string {
	var out []string
	for _, d := range h.cfg.Places.Describe() {
		if p, err := h.cfg.Places.Provider(d.Name); err == nil && p.MayBind() {
			out = append(out, d.Name)
		}
	}
	slices.Sort(out)
	return out
}

// MemberBounds implements Service.
func (h *Hub) MemberBounds(ctx context.Context) (Bounds, error) {
	v, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return Bounds{}, err
	}
	b := Bounds{Providers: h.bindable(), Private: v[boundPrivate] == "yes"}
	if list := v[boundProviders]; list != "" {
		named := strings.Split(list, ",")
		b.Providers = slices.DeleteFunc(b.Providers, func(p string) bool { return !slices.Contains(named, p) })
	}
	return b, nil
}

// checkBounds refuses sorts of places that cannot be left to anybody.
func (h *Hub) checkBounds(b Bounds) error {
	all := h.bindable()
	for _, p := range b.Providers {
		if !slices.Contains(all, p) {
			return &tandem.Error{Kind: tandem.Invalid, Op: "set bounds", Thing: p, Err: errors.New("places of this sort cannot be left to everybody"), Remedy: "choose among " + strings.Join(all, ", ")}
		}
	}
	return nil
}

// SetMemberBounds implements Service.
func (h *Hub) SetMemberBounds(ctx context.Context, b Bounds) error {
	if err := h.checkBounds(b); err != nil {
		return err
	}
	list := strings.Join(b.Providers, ",")
	if list == "" {
		list = "none"
	}
	private := ""
	if b.Private {
		private = "yes"
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{boundProviders: list, boundPrivate: private})
}

// BoundsOf implements Service.
func (h *Hub) BoundsOf(ctx context.Context, user string) (PersonBounds, error) {
	u, err := h.cfg.Store.Accounts.User(ctx, user)
	if err != nil {
		return PersonBounds{}, err
	}
	v, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return PersonBounds{}, err
	}
	text := v[boundsOf+u.Name]
	if text == "" {
		b, err := h.MemberBounds(ctx)
		return PersonBounds{Bounds: b}, err
	}
	own := PersonBounds{Own: true}
	if err := json.Unmarshal([]byte(text), &own.Bounds); err != nil { // what cannot be read allows nothing
		return PersonBounds{}, &tandem.Error{Kind: tandem.Unreadable, Op: "read bounds of", Thing: u.Name, Err: err, Remedy: "set them anew"}
	}
	all := h.bindable()
	own.Providers = slices.DeleteFunc(own.Providers, func(p string) bool { return !slices.Contains(all, p) })
	return own, nil
}

// SetBoundsOf implements Service.
func (h *Hub) SetBoundsOf(ctx context.Context, user string, b *Bounds) error {
	u, err := h.cfg.Store.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	if b == nil {
		return h.forgetBounds(ctx, u.Name)
	}
	if err := h.checkBounds(*b); err != nil {
		return err
	}
	text, err := json.Marshal(Bounds{Providers: append([]string{}, b.Providers...), Private: b.Private})
	if err != nil {
		return err
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{boundsOf + u.Name: string(text)})
}

// forgetBounds forgets what was said for one user.
func (h *Hub) forgetBounds(ctx context.Context, user string) error {
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{boundsOf + user: ""})
}

// guarded connects for those who do not administer the hub.
func guarded(b Bounds) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := netguard.Dialer{}
	if b.Private {
		d.Allow = func(ip netip.Addr) bool { return ip.IsPrivate() }
	}
	return d.DialContext
}

// GuardedDial connects for somebody who does not administer the hub, as their bounds are now.
func (h *Hub) GuardedDial(ctx context.Context, user, network, address string) (net.Conn, error) {
	b, err := h.BoundsOf(ctx, user)
	if err != nil {
		return nil, err
	}
	return guarded(b.Bounds)(ctx, network, address)
}

// envFor is what a place is opened with: the hub's secrets and network, or of a place on behalf of a user, theirs.
func (h *Hub) envFor(ctx context.Context, place provider.Place) (provider.Env, error) {
	env, user := h.cfg.Env, place.Options[provider.OnBehalf]
	if user == "" {
		return env, nil
	}
	b, err := h.BoundsOf(ctx, user)
	if err != nil {
		return provider.Env{}, err
	}
	if err := h.cfg.Places.MayBe(place); err != nil {
		return provider.Env{}, err
	}
	if !slices.Contains(b.Providers, place.Provider) {
		return provider.Env{}, &tandem.Error{Kind: tandem.Denied, Op: "open place", Thing: place.Text, Err: errors.New("the administrator allows no places of this sort"), Remedy: "ask one to allow it, or to add the place"}
	}
	keep := userKeeper{h.cfg.Secrets, PlaceSecrets(user)}
	env.Home, env.Tell, env.Keep, env.Secret = nil, nil, keep, keep.secret
	env.Dial = guarded(b.Bounds)
	return env, nil
}

// PlaceSecrets is how the names of the secrets begin that are kept for a user's own places.
func PlaceSecrets(user string) string { return account.SecretsOf(user) + "place/" }

// secretKeeper keeps secrets; seal.Keeper does.
type secretKeeper interface {
	Get(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, secret string) error
}

// userKeeper keeps a user's secrets apart from the hub's and from everybody else's.
type userKeeper struct {
	all    secretKeeper
	prefix string
}

// Get implements provider.Keeper.
func (k userKeeper) Get(ctx context.Context, name string) (string, error) {
	return k.all.Get(ctx, k.prefix+name)
}

// Put implements provider.Keeper.
func (k userKeeper) Put(ctx context.Context, name, secret string) error {
	return k.all.Put(ctx, k.prefix+name, secret)
}

func (k userKeeper) secret(ctx context.Context, name string) (string, error) {
	secret, err := k.Get(ctx, name)
	if tandem.IsKind(err, tandem.NotFound) {
		return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it is not kept here"), Remedy: "give it on the page of the partner"}
	}
	return secret, err
}
