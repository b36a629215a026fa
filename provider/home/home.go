// Package home opens the hub's own collections as replicas. A place is "home:NAME?kind=contact": the collection of that
// name and kind, of the user whom the Opener serves; or of any user, where the Opener serves nobody in particular, then also as "home:USER/NAME". Versions are the store's sequence numbers, and so are cursors.
package home

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/kind/object"
	"tandem/provider"
	"tandem/store"
)

// Provider declares the places of this package. Opening one needs provider.Env.Home, an Opener.
func Provider() *provider.Provider {
	return &provider.Provider{
		Name:     "home",
		Title:    "Collection of this hub",
		Help:     "A collection that the hub itself keeps, with the history of every record. It exists once an item uses it.",
		Examples: []string{"home:contacts?kind=contact"},
		Kinds: []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.Mail, tandem.SMS, tandem.Bookmark, tandem.File,
			tandem.Picture, tandem.Table, tandem.Page, tandem.Setting},
		Options:  []provider.Option{{Name: "kind", Type: "string", Help: "what the collection holds; needed only where several have the name"}},
		Features: features(""),
		Open: func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
			if env.Home == nil {
				return nil, &tandem.Error{Kind: tandem.Invalid, Op: "open place", Thing: place.Text, Err: errors.New("there is no hub here"),
					Remedy: "name a folder or server instead"}
			}
			return env.Home.OpenHome(ctx, place)
		},
	}
}

// writes is how many writes one Apply should carry. The store makes one transaction after the other, each of which waits for the disk, and puts what is to be searched in the better
// into its index the more of it comes at a time; so one call after the other is enough, with the next one at hand, whose bodies are looked into meanwhile.
const writes = 300

func features(k tandem.Kind) provider.Features {
	return provider.Features{Tree: store.IsTree(k), Watch: true, Cursor: true, Rename: true, Parks: true, OneUID: store.OneUID(k), Attrs: true, Batch: writes, Overlap: true}
}

// Opener opens the home collections of one user. It implements provider.HomeOpener.
type Opener struct {
	Store *store.Store
	User  string                       // whose collections
	Kinds map[tandem.Kind]kind.Handler // see package kind/all
}

var _ provider.HomeOpener = Opener{}

// OpenHome implements provider.HomeOpener. The collection must exist.
func (o Opener) OpenHome(ctx context.Context, place provider.Place) (*provider.Opened, error) {
	list, err := o.Store.Home.Collections(ctx, o.User)
	if err != nil {
		return nil, err
	}
	want := tandem.Kind(place.Options["kind"])
	var found []tandem.Collection
	for _, c := range list {
		if c.Name == place.Path && (want == "" || c.Kind == want) {
			found = append(found, c)
		}
	}
	named := "" // with its user
	if user, name, ok := strings.Cut(place.Path, "/"); ok && len(found) == 0 {
		for _, c := range list {
			if strings.EqualFold(c.User, user) && c.Name == name && (want == "" || c.Kind == want) {
				found, named = append(found, c), c.User+"/"+c.Name
			}
		}
	}
	fail := func(kind tandem.ErrorKind, err error, remedy string) (*provider.Opened, error) {
		return nil, &tandem.Error{Kind: kind, Op: "open collection", Thing: place.Path, Err: err, Remedy: remedy}
	}
	switch {
	case len(found) == 0 && want != "":
		return fail(tandem.NotFound, fmt.Errorf("there is no %s collection of this name", want), "add an item that uses it: `tandem item add`")
	case len(found) == 0:
		return fail(tandem.NotFound, errors.New("there is no collection of this name"), "add an item that uses it: `tandem item add`")
	case len(found) > 1 && want == "":
		return fail(tandem.Invalid, errors.New("several collections have this name"), "say which with ?kind="+kindsOf(found))
	case len(found) > 1:
		return fail(tandem.Invalid, errors.New("several users have a collection of this name"), "say whose, such as home:"+found[0].User+"/"+found[0].Name)
	}
	opened, err := o.Open(found[0])
	if err == nil && named != "" { // of two users' collections of one name, each has a base of its own
		opened.Place = "home:" + named + "?kind=" + string(found[0].Kind)
	}
	return opened, err
}

func kindsOf(list []tandem.Collection) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c.Kind)
	}
	return strings.Join(names, " or ?kind=")
}

// Open opens a collection as a replica.
func (o Opener) Open(c tandem.Collection) (*provider.Opened, error) {
	h := o.Kinds[c.Kind]
	if own, ok := object.For(c.Kind); ok && h == nil {
		h = own
	}
	if h == nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "open collection", Thing: c.Name, Err: fmt.Errorf("kind %q is not known", c.Kind)}
	}
	r := &Replica{store: o.Store, collection: c, kind: h, closed: make(chan struct{}), who: store.Author{User: o.User, Via: "sync"}}
	return &provider.Opened{Replica: r, Features: features(c.Kind), Kind: c.Kind, Place: "home:" + c.Name + "?kind=" + string(c.Kind)}, nil
}
