package account

import (
	"context"
	"errors"

	"tandem"
	"tandem/store"
)

// adminProp is the property of users who administer the hub.
const adminProp = "admin"

// IsAdmin reports whether a user administers the hub: sees its people, devices and health, and decides about them. What other people's records say is not
// among that.
func IsAdmin(u store.User) bool { return u.Props.Get(adminProp) == "1" }

// SetAdmin makes a user an administrator, or no longer one. Busy for the last one: somebody has to be able to undo it.
func (s *Service) SetAdmin(ctx context.Context, name string, on bool) error {
	s.change.Lock()
	defer s.change.Unlock()
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return err
	}
	name = fold(name)
	others := false
	for _, u := range users {
		others = others || u.Name != name && IsAdmin(u)
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil || IsAdmin(u) == on {
		return err
	}
	if !on && !others {
		return &tandem.Error{Kind: tandem.Busy, Op: "change rights", Thing: name, Err: errors.New("this is the last administrator"), Remedy: "make somebody else one first"}
	}
	value := ""
	if on {
		value = "1"
	}
	return s.cfg.Accounts.SetProps(ctx, name, map[string]string{adminProp: value})
}
