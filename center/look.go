package center

import (
	"context"
	"errors"
	"strings"
	"sync"

	"tandem"
	"tandem/provider"
)

// Look says how to look at a place.
type Look struct {
	Place    string // a partner's name, or a place
	Password string `json:",omitempty"` // instead of the one that is kept
	Keep     bool   `json:",omitempty"` // keep the password, once it has opened the place
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
	given := &givenSecrets{password: l.Password, kept: env.Secret, used: map[string]string{}}
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
	return []provider.Found{{Name: place.Text, Place: place.Text, Kind: o.Kind, ReadOnly: o.Features.ReadOnly}}, nil
}

// givenSecrets hands out a password that a person gave, and notes for what it was used.
type givenSecrets struct {
	password string
	kept     func(ctx context.Context, name string) (string, error)

	mu   sync.Mutex // guards used
	used map[string]string
}

func (g *givenSecrets) secret(ctx context.Context, name string) (string, error) {
	if g.password != "" && strings.HasPrefix(name, "password ") {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.used[name] = g.password
		return g.password, nil
	}
	if g.kept == nil {
		return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it is not kept here"), Remedy: "give it"}
	}
	return g.kept(ctx, name)
}
