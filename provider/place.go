package provider

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind"
)

// Place is a place as a person writes it, parsed once: "vdir:~/contacts?kind=contact". See Registry.ParsePlace.
type Place struct {
	Provider string
	Path     string            // what follows the scheme, unescaped; a path, or, starting with "//", an authority and path as written
	Options  map[string]string // declared options only, with defaults filled in
	Text     string            // canonical, secrets left out; equal places have equal texts
}

// Bool is the value of an option of type bool; false when it is not set.
func (p Place) Bool(option string) bool { return p.Options[option] == "true" }

// Int is the value of an option of type int; 0 when it is not set.
func (p Place) Int(option string) int64 {
	n, err := strconv.ParseInt(p.Options[option], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Size is the value in bytes of an option of type size; 0 when it is not set.
func (p Place) Size(option string) int64 {
	n, err := ParseSize(p.Options[option])
	if err != nil {
		return 0
	}
	return n
}

// List is the value of an option of type list; nil when it is not set.
func (p Place) List(option string) []string { return splitList(p.Options[option]) }

// Env is what a provider may use of the surroundings.
type Env struct {
	Log    *slog.Logger
	Home   HomeOpener                                             // nil where there is no hub
	Secret func(ctx context.Context, name string) (string, error) // never from the command line's own text
	Keep   Keeper                                                 // keeps logins; nil where there is no data folder
	Tell   func(ctx context.Context, text string)                 // shows a text to the person who waits; nil: nobody is there
	Kind   func(tandem.Kind) (kind.Handler, bool)                 // what bodies mean; nil: not known
	// Dial connects to servers; nil: as the system does. Set, it says where may be gone at all, and no proxy is used.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Keeper keeps small secrets, such as logins, sealed in the data folder.
type Keeper interface {
	Get(ctx context.Context, name string) (string, error) // NotFound where nothing is kept under the name
	Put(ctx context.Context, name, secret string) error
}

// HomeOpener opens a home collection as a replica. It lets the provider "home" be named like any other without this package knowing the store.
type HomeOpener interface {
	OpenHome(ctx context.Context, place Place) (*Opened, error)
}

// splitList reads the elements of a list: separated by commas, where a backslash takes the next character literally.
func splitList(s string) []string {
	if s == "" {
		return nil
	}
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == ',' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == ',':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}

// joinList writes what splitList reads.
func joinList(elems []string) string {
	escaped := make([]string, len(elems))
	for i, e := range elems {
		escaped[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(e)
	}
	return strings.Join(escaped, ",")
}
