// Package scope is the hub as one person sees it: a center.Service that shows a user what is theirs, answers for everything else as if it did not exist, and
// lets only administrators decide about the hub. Front doors for people give each request its own; nothing else stands between one user and another's
// records.
//
// A user has partners, sync items, home collections, devices, log-ins and mail of their own; runs, conflicts, history and the log belong to whom the item
// or collection behind them belongs to. An administrator sees, besides, the people and devices of all, partners of the hub itself, lines of the log about
// the hub, about devices and about log-ins, and decides about them. Other people's records, conflicts and history are not shown to administrators.
// What reaches beyond the hub's own records is bounded. A place that an administrator names is opened with the hub's rights and the passwords that the hub keeps. One that somebody
// else names is opened on their behalf (provider.OnBehalf): with their own passwords, at servers on the internet only, unless an administrator allows more, and never as a path.
package scope

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// Who is a person as far as rights go.
type Who struct {
	User  string
	Admin bool
	// App says that an app password let them in: it syncs and looks, and changes neither log-ins nor people.
	App  bool
	From string // where they ask from, for the log and for history: "web", "api"
}

// Config is what a Scope stands on.
type Config struct {
	Hub   center.Service
	Store *store.Store
	// Places knows the sorts of places; nil: only administrators name any.
	Places *provider.Registry
	Now    func() time.Time // nil: time.Now
}

// Scope is the hub as one person sees it.
type Scope struct {
	cfg Config
	who Who
}

var _ center.Service = (*Scope)(nil)

// New makes the view of one person.
func New(cfg Config, who Who) *Scope {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if who.App {
		who.Admin = false
	}
	return &Scope{cfg: cfg, who: who}
}

// Who is whose view it is.
func (s *Scope) Who() Who { return s.who }

// by is how history names the person.
func (s *Scope) by() string { return s.who.From + ":" + s.who.User }

// missing is the answer about whatever is not there, and about whatever is somebody else's. They must not differ.
func missing(what, name string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "find " + what, Thing: name, Err: fmt.Errorf("there is no such %s", what)}
}

// adminOnly refuses what is decided for the hub as a whole.
func (s *Scope) adminOnly(op string) error {
	if s.who.Admin {
		return nil
	}
	return &tandem.Error{Kind: tandem.Denied, Op: op, Err: errors.New("this is for administrators of the hub"), Remedy: "ask one to do it"}
}

// notApp refuses what an app password is not for.
func (s *Scope) notApp(op string) error {
	if !s.who.App {
		return nil
	}
	return &tandem.Error{Kind: tandem.Denied, Op: op, Err: errors.New("an app password does not reach so far"), Remedy: "log in with your own password"}
}

// mine reports whether a user is the person; names are compared as they are stored.
func (s *Scope) mine(user string) bool { return user != "" && strings.EqualFold(user, s.who.User) }

// person settles about whom something is to be done: oneself, or for administrators anybody. What others ask about others does not exist.
func (s *Scope) person(user string) (string, error) {
	if user == "" || s.mine(user) {
		return s.who.User, nil
	}
	if s.who.Admin {
		return user, nil
	}
	return "", missing("user", user)
}

// audit notes in the log what was decided about rights. user is whom it concerns.
func (s *Scope) audit(ctx context.Context, user, format string, args ...any) {
	// What was done is done; that it could not be noted must not make it look otherwise.
	_ = s.cfg.Store.Events.Add(context.WithoutCancel(ctx), store.Event{When: s.cfg.Now().Unix(), User: strings.ToLower(user), Item: s.by(),
		Text: s.who.User + " " + fmt.Sprintf(format, args...)})
}

// owned is what belongs to the person, by the numbers that the store knows it by.
type owned struct {
	collections map[int64]bool
	pairs       map[int64]bool
}

func (s *Scope) owned(ctx context.Context) (owned, error) {
	o := owned{map[int64]bool{}, map[int64]bool{}}
	colls, err := s.cfg.Store.Home.Collections(ctx, s.who.User)
	if err != nil {
		return o, err
	}
	for _, c := range colls {
		o.collections[c.ID] = true
	}
	pairs, err := s.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return o, err
	}
	for _, p := range pairs {
		if c, ok := center.PairCollection(p.Key); ok && o.collections[c] {
			o.pairs[p.ID] = true
		}
	}
	return o, nil
}

// past selects the history of what is owned.
func (o owned) past() *store.PastOf {
	of := &store.PastOf{}
	for id := range o.collections {
		of.Collections = append(of.Collections, id)
	}
	for id := range o.pairs {
		of.Pairs = append(of.Pairs, id)
	}
	return of
}

func (o owned) has(p store.Past) bool {
	if p.Collection != 0 {
		return o.collections[p.Collection]
	}
	return o.pairs[p.Pair]
}
