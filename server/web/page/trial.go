package page

import (
	"context"
	"errors"
	"path"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/provider"
)

// trial opens places with the secrets that a person typed, and remembers which were asked for.
type trial struct {
	mu    sync.Mutex // guards used
	used  map[string]string
	typed map[string]string // by option
	kept  func(ctx context.Context, name string) (string, error)
}

// secret answers a provider. The name begins with the option's: "password anna@dav.example.org".
func (s *trial) secret(ctx context.Context, name string) (string, error) {
	what, _, _ := strings.Cut(name, " ")
	if v := s.typed[what]; v != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.used[name] = v
		return v, nil
	}
	if s.kept != nil {
		if v, err := s.kept(ctx, name); err == nil {
			return v, nil
		}
	}
	return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it was not typed, and is not kept here"), Remedy: "type it into the form"}
}

// kept is a secret that is kept here already.
func (p *Pages) kept(ctx context.Context, name string) (string, error) {
	if p.cfg.Env.Keep == nil {
		return "", &tandem.Error{Kind: tandem.NotFound, Op: "read the", Thing: name}
	}
	return p.cfg.Env.Keep.Get(ctx, name)
}

// tryTime is how long a place may take to answer.
const tryTime = 60 * time.Second

// look lists the collections of a place. A place that is always one is asked whether it opens.
func (p *Pages) look(ctx context.Context, text string, s *trial) ([]provider.Found, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	place, err := p.cfg.Places.ParsePlace(text)
	if err != nil {
		return nil, err
	}
	prov, err := p.cfg.Places.Provider(place.Provider)
	if err != nil {
		return nil, err
	}
	env := p.cfg.Env
	env.Secret = s.secret
	if prov.List != nil {
		return prov.List(ctx, place, env)
	}
	o, err := prov.Open(ctx, place, env)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if _, err := o.Identity(ctx); err != nil {
		return nil, err
	}
	return []provider.Found{{Name: path.Base(place.Path), Place: place.Text, Kind: o.Kind, ReadOnly: o.Features.ReadOnly}}, nil
}
