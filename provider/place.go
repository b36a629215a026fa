package provider

import (
	"context"
	"log/slog"
)

// Place is a place as a person writes it, parsed once: "vdir:~/contacts?kind=contact".
type Place struct {
	Provider string
	Path     string            // what follows the scheme, unescaped; a path or an authority and path
	Options  map[string]string // declared options only, with defaults filled in
	Text     string            // canonical, secrets left out; equal places have equal texts
}

// Env is what a provider may use of the surroundings.
type Env struct {
	Log    *slog.Logger
	Home   HomeOpener                                             // nil where there is no hub
	Secret func(ctx context.Context, name string) (string, error) // never from the command line's own text
}

// HomeOpener opens a home collection as a replica. It lets the provider "home" be named like any other without this package knowing the store.
type HomeOpener interface {
	OpenHome(ctx context.Context, place Place) (*Opened, error)
}
