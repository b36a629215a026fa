package scope

import (
	"context"
	"errors"

	"tandem"
	"tandem/partner/account"
)

// self settles that something is about oneself: what a person carries is set up by nobody else, administrators included.
func (s *Scope) self(op, user string) (string, error) {
	if err := s.notApp(op); err != nil {
		return "", err
	}
	if user != "" && !s.mine(user) {
		if s.who.Admin {
			return "", &tandem.Error{Kind: tandem.Denied, Op: op, Thing: user, Err: errors.New("only the user can do that"), Remedy: "an administrator can remove it"}
		}
		return "", missing("user", user)
	}
	return s.who.User, nil
}

// BeginCodes implements center.Service, for oneself.
func (s *Scope) BeginCodes(ctx context.Context, name, hub string) (account.CodeSetup, error) {
	name, err := s.self("set up codes", name)
	if err != nil {
		return account.CodeSetup{}, err
	}
	return s.cfg.Hub.BeginCodes(ctx, name, hub)
}

// ConfirmCodes implements center.Service, for oneself.
func (s *Scope) ConfirmCodes(ctx context.Context, name, code string) ([]string, error) {
	name, err := s.self("confirm codes", name)
	if err != nil {
		return nil, err
	}
	codes, err := s.cfg.Hub.ConfirmCodes(ctx, name, code)
	if err == nil {
		s.audit(ctx, name, "set up an app for codes: they are asked for besides the password")
	}
	return codes, err
}

// RemoveCodes implements center.Service.
func (s *Scope) RemoveCodes(ctx context.Context, name string) error {
	name, err := s.about("remove codes", name)
	if err != nil {
		return err
	}
	if err = s.cfg.Hub.RemoveCodes(ctx, name); err == nil {
		s.audit(ctx, name, "removed the app for codes of %s: no codes are asked for any longer", name)
	}
	return err
}

// NewRecoveryCodes implements center.Service, for oneself.
func (s *Scope) NewRecoveryCodes(ctx context.Context, name string) ([]string, error) {
	name, err := s.self("make recovery codes", name)
	if err != nil {
		return nil, err
	}
	codes, err := s.cfg.Hub.NewRecoveryCodes(ctx, name)
	if err == nil {
		s.audit(ctx, name, "made other recovery codes")
	}
	return codes, err
}

// RenamePasskey implements center.Service, for oneself.
func (s *Scope) RenamePasskey(ctx context.Context, name string, id int64, label string) error {
	name, err := s.self("rename passkey", name)
	if err != nil {
		return err
	}
	return s.cfg.Hub.RenamePasskey(ctx, name, id, label)
}

// RemovePasskey implements center.Service.
func (s *Scope) RemovePasskey(ctx context.Context, name string, id int64) error {
	name, err := s.about("remove passkey", name)
	if err != nil {
		return err
	}
	if err = s.cfg.Hub.RemovePasskey(ctx, name, id); err == nil {
		s.audit(ctx, name, "removed passkey %d of %s", id, name)
	}
	return err
}
