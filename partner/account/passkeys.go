package account

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tandem"
	"tandem/store"
)

// checkLabel brings what a person calls a thing into the form in which it is kept.
func checkLabel(op, label string) (string, error) {
	label = strings.TrimSpace(label)
	if label == "" || utf8.RuneCountInString(label) > maxName || strings.ContainsFunc(label, unicode.IsControl) {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("it needs a label of at most 100 letters that says what it is"), Remedy: "name the device, such as \"anna's phone\""}
	}
	return label, nil
}

// maxPasskeys bounds how many passkeys a user has.
const maxPasskeys = 50

// AddPasskey keeps a passkey of a user: its credential by its id, and what the one who verified it needs later. Exists, TooLarge.
func (s *Service) AddPasskey(ctx context.Context, name, label, key string, count int64, data []byte) (store.Factor, error) {
	const op = "add passkey"
	label, err := checkLabel(op, label)
	if err != nil {
		return store.Factor{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	have, err := s.Passkeys(ctx, name)
	if err != nil {
		return store.Factor{}, err
	}
	if len(have) >= maxPasskeys {
		return store.Factor{}, &tandem.Error{Kind: tandem.TooLarge, Op: op, Thing: name, Err: errors.New("there are too many passkeys"), Remedy: "remove those that are not used"}
	}
	return s.cfg.Factors.AddFactor(ctx, store.Factor{User: name, Sort: store.Passkey, Key: key, Label: label, Count: count, Data: data, Added: s.cfg.Now().Unix()})
}

// Passkeys lists a user's passkeys with what they are checked with.
func (s *Service) Passkeys(ctx context.Context, name string) ([]store.Factor, error) {
	if s.cfg.Factors == nil {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: "list passkeys", Err: errors.New("this hub keeps no passkeys")}
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Factors.Factors(ctx, u.Name)
	return slices.DeleteFunc(list, func(f store.Factor) bool { return f.Sort != store.Passkey }), err
}

// PasskeyByID finds a passkey by its credential's id. NotFound.
func (s *Service) PasskeyByID(ctx context.Context, key string) (store.Factor, error) {
	if s.cfg.Factors == nil {
		return store.Factor{}, &tandem.Error{Kind: tandem.NotFound, Op: "find passkey"}
	}
	return s.cfg.Factors.FactorByKey(ctx, store.Passkey, key)
}

// UsePasskey lets in whose passkey it is, after it was verified; its counter and its data are as they are now. Denied: its counter was seen before, or it is gone.
func (s *Service) UsePasskey(ctx context.Context, f store.Factor, remote string) (store.User, error) {
	err := s.cfg.Factors.UseFactor(ctx, f.ID, f.Count, s.cfg.Now().Unix(), host(remote), f.Data)
	if tandem.IsKind(err, tandem.Exists) || tandem.IsKind(err, tandem.NotFound) {
		return store.User{}, &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("the passkey was removed, or a copy of it was used")}
	}
	if err != nil {
		return store.User{}, err
	}
	return s.cfg.Accounts.User(ctx, f.User)
}

// passkey finds one of a user's passkeys by its number.
func (s *Service) passkey(ctx context.Context, op, name string, id int64) error {
	list, err := s.Passkeys(ctx, name)
	if err == nil && !slices.ContainsFunc(list, func(f store.Factor) bool { return f.ID == id }) {
		err = &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: strconv.FormatInt(id, 10), Err: errors.New("the user has no such passkey"), Remedy: "see them with `tandem user show " + fold(name) + "`"}
	}
	return err
}

// RenamePasskey gives one of a user's passkeys another label. NotFound.
func (s *Service) RenamePasskey(ctx context.Context, name string, id int64, label string) error {
	const op = "rename passkey"
	label, err := checkLabel(op, label)
	if err != nil {
		return err
	}
	if err := s.passkey(ctx, op, name, id); err != nil {
		return err
	}
	return s.cfg.Factors.LabelFactor(ctx, id, label)
}

// RemovePasskey removes one of a user's passkeys. NotFound.
func (s *Service) RemovePasskey(ctx context.Context, name string, id int64) error {
	const op = "remove passkey"
	s.change.Lock()
	defer s.change.Unlock()
	if err := s.passkey(ctx, op, name, id); err != nil {
		return err
	}
	return s.cfg.Factors.RemoveFactor(ctx, id)
}
