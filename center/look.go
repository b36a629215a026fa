package center

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"

	"tandem"
	"tandem/provider"
)

// Look says how to look at a place.
type Look struct {
	Place    string // a partner's name, or a place
	Password string `json:",omitempty"` // instead of the one that is kept
	Keep     bool   `json:",omitempty"` // keep what was given, once it has opened the place
	// Secrets are given like the password, by the provider's options that are secret; "password" is another way to say Password.
	Secrets map[string]string `json:",omitempty"`
}

// given are the secrets that a person gave, by option.
func (l Look) given() map[string]string {
	out := maps.Clone(l.Secrets)
	if l.Password != "" {
		if out == nil {
			out = map[string]string{}
		}
		out["password"] = l.Password
	}
	return out
}

// Gives reports whether any secret was given.
func (l Look) Gives() bool {
	for _, secret := range l.given() {
		if secret != "" {
			return true
		}
	}
	return false
}

// LookAt implements Service.
func (h *Hub) LookAt(ctx context.Context, l Look) ([]provider.Found, error) {
	text := l.Place
	if !strings.Contains(text, ":") {
		p, err := h.partner(ctx, text)
		if err != nil {
			return nil, err
		}
		text = p.Place
	}
	place, err := h.cfg.Places.ParsePlace(text)
	if err != nil {
		return nil, err
	}
	prov, err := h.cfg.Places.Provider(place.Provider)
	if err != nil {
		return nil, err
	}
	env, err := h.envFor(ctx, place)
	if err != nil {
		return nil, err
	}
	given := &givenSecrets{typed: l.given(), kept: env.Secret, used: map[string]string{}}
	var keep secretKeeper = h.cfg.Secrets
	if user := place.Options[provider.OnBehalf]; user != "" {
		keep = userKeeper{keep, PlaceSecrets(user)}
	}
	env.Secret = given.secret
	found, err := lookAt(ctx, prov, place, env)
	if err != nil || !l.Keep {
		return found, err
	}
	given.mu.Lock()
	defer given.mu.Unlock()
	for name, secret := range given.used {
		if err := keep.Put(ctx, name, secret); err != nil {
			return found, err
		}
	}
	return found, nil
}

// lookAt lists the collections at a place. One that is always a single collection is asked whether it opens.
func lookAt(ctx context.Context, prov *provider.Provider, place provider.Place, env provider.Env) ([]provider.Found, error) {
	if prov.List != nil {
		return prov.List(ctx, place, env)
	}
	o, err := prov.Open(ctx, place, env)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if _, err := o.Identity(ctx); err != nil { // some open whatever they are told, and look only then
		return nil, err
	}
	return []provider.Found{{Name: place.Text, Place: place.Text, Kind: o.Kind, ReadOnly: o.Features.ReadOnly}}, nil
}

// givenSecrets hands out what a person gave, and notes for what it was used.
type givenSecrets struct {
	typed map[string]string // by option, with which the names of secrets begin: "password anna@dav.example.org"
	kept  func(ctx context.Context, name string) (string, error)

	mu   sync.Mutex // guards used
	used map[string]string
}

func (g *givenSecrets) secret(ctx context.Context, name string) (string, error) {
	option, _, _ := strings.Cut(name, " ")
	if secret := g.typed[option]; secret != "" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.used[name] = secret
		return secret, nil
	}
	if g.kept == nil {
		return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it is not kept here"), Remedy: "give it"}
	}
	return g.kept(ctx, name)
}
