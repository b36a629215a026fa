package outgoing

import (
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

// hubSecret is the name under which the hub's own server is kept, its password with it, sealed.
const hubSecret = "hub/submission"

// hubKey is how the keys of messages begin that the hub itself sends to a user. They go through the user's own server, or else through the hub's.
const hubKey = "hub/"

// hubServer is what is sealed.
type hubServer struct {
	Account
	Password string `json:"password,omitempty"`
}

func (s *Service) hubServer(ctx context.Context) (x hubServer, ok bool, err error) {
	text, err := s.Secrets.Get(ctx, hubSecret)
	if tandem.IsKind(err, tandem.NotFound) || err == nil && text == "" {
		return x, false, nil
	}
	if err != nil {
		return x, false, err
	}
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		return x, false, &tandem.Error{Op: "read the hub's mail server", Err: err, Remedy: "name it anew with `tandem mail server`"}
	}
	return x, true, nil
}

// HubAccount is the server that the hub's own messages go through for users who have none; ok is false if none was named.
func (s *Service) HubAccount(ctx context.Context) (a Account, ok bool, err error) {
	x, ok, err := s.hubServer(ctx)
	return x.Account, ok, err
}

// SetHubAccount names the hub's own server. An empty password leaves the one that is kept for that host; without a host there is no server any more.
func (s *Service) SetHubAccount(ctx context.Context, a Account, password string) error {
	const op = "set the hub's mail server"
	if a.Host == "" {
		return s.Secrets.Put(ctx, hubSecret, "")
	}
	a.Guarded = false // who administers the hub names it
	err := a.check()
	if _, bad := mail.ParseAddress(a.From); err == nil && bad != nil {
		err = errors.New("it needs an address that its mail comes from")
	}
	if err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: a.Host, Err: err, Remedy: "give host, port, tls|starttls and from, as the provider's help says"}
	}
	if password == "" && a.User != "" {
		old, ok, err := s.hubServer(ctx)
		if err != nil {
			return err
		}
		if ok && !strings.EqualFold(old.Host, a.Host) {
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: a.Host, Err: errors.New("the password that is kept is for another server"), Remedy: "give the password, too"}
		}
		password = old.Password
	}
	text, err := json.Marshal(hubServer{a, password})
	if err != nil {
		return &tandem.Error{Op: op, Err: err}
	}
	return s.Secrets.Put(ctx, hubSecret, string(text))
}

// NoticeFrom is the address that a message of the hub itself to a user comes from, "" if none would arrive: the user's own, if they have a server or this hub receives
// their mail, or that of the hub's server. Without one, a message ends in the user's inbox here, if there is such a thing.
func (s *Service) NoticeFrom(ctx context.Context, u store.User) (string, error) {
	to := Address(u)
	if to == "" {
		return "", nil
	}
	if _, ok := AccountOf(u); ok || s.receives(to) {
		return to, nil
	}
	if a, ok, err := s.HubAccount(ctx); ok || err != nil {
		return a.From, err
	}
	if ok, err := s.Reaches(ctx, u, to); !ok || err != nil {
		return "", err
	}
	return to, nil
}

// receives reports whether the mail of an address comes to this hub.
func (s *Service) receives(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(s.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// elsewhere reports whether a message of the hub goes out although its address is that of a user: nobody looks for it in an inbox of this hub.
func (s *Service) elsewhere(ctx context.Context, u store.User, m *store.Outgoing, address string) (bool, error) {
	if s.receives(address) {
		return false, nil
	}
	_, hub, ok, err := s.route(ctx, u, *m)
	return hub && ok, err
}

// Notify sends a message of the hub itself to a user. The message is durable when it returns; one key is sent once.
func (s *Service) Notify(ctx context.Context, u store.User, key string, body tandem.Body) error {
	const op = "send message"
	from, err := s.NoticeFrom(ctx, u)
	if err != nil {
		return err
	}
	if from == "" {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: u.Name, Err: errors.New("there is no server to send through"), Remedy: "name one: tandem mail server, or tandem user mail " + u.Name}
	}
	_, _, err = s.Queue.Enqueue(ctx, store.Outgoing{User: u.Name, Key: hubKey + key, To: []string{Address(u)}, Saved: true}, body)
	if err == nil {
		s.poke()
	}
	return err
}

// route is the server that a message goes through, and whether it is the hub's own.
func (s *Service) route(ctx context.Context, u store.User, m store.Outgoing) (a Account, hub, ok bool, err error) {
	if a, ok = AccountOf(u); ok || !strings.HasPrefix(m.Key, hubKey) {
		return a, false, ok, nil
	}
	a, ok, err = s.HubAccount(ctx)
	return a, true, ok, err
}

// passwordOf is the password of a route.
func (s *Service) passwordOf(ctx context.Context, u store.User, hub bool) (string, error) {
	if !hub {
		return s.Secrets.Get(ctx, secretName(u.Name))
	}
	x, _, err := s.hubServer(ctx)
	return x.Password, err
}
