package device

import (
	"context"
	"errors"

	"tandem"
	"tandem/partner/account"
	"tandem/store"
)

// Secrets keep passwords where whoever sees the database cannot read them.
type Secrets interface {
	Get(ctx context.Context, name string) (string, error) // NotFound
	Put(ctx context.Context, name, secret string) error   // an empty one is forgotten
}

// unlockDoc is the name of the document of a device's state in which earlier versions kept its recovery password as it is.
const unlockDoc = "password"

// UnlockSecret is the name under which the recovery password of a device is kept. It goes with the user.
func UnlockSecret(user, id string) string {
	return account.SecretsOf(user) + "recovery password of " + id
}

// KeepPassword keeps the password by which a device can be unlocked when its owner forgot theirs; an empty one is forgotten. Denied where nothing can be kept. MS-ASCMD 2.2.3.46
func (s *Service) KeepPassword(ctx context.Context, d store.Device, password string) error {
	const op = "keep recovery password"
	if s.cfg.Secrets == nil {
		return &tandem.Error{Kind: tandem.Denied, Op: op, Thing: d.ID, Err: errors.New("nothing is kept sealed here")}
	}
	if err := s.cfg.Secrets.Put(ctx, UnlockSecret(d.User, d.ID), password); err != nil {
		return err
	}
	return s.dropUnsealed(ctx, d)
}

// UnlockPassword is the password that a device left to be unlocked with, for the person by, which the results log notes. NotFound where it left none.
func (s *Service) UnlockPassword(ctx context.Context, user, id, by string) (string, error) {
	const op = "show recovery password"
	d, err := s.cfg.Devices.Device(ctx, user, id)
	if err != nil {
		return "", err
	}
	none := &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: id, Err: errors.New("the device left none"),
		Remedy: "have it leave one with `tandem device policy set PasswordRecoveryEnabled=yes --user " + user + " --device " + id + "`; it does so when its password is set the next time"}
	if s.cfg.Secrets == nil {
		return "", none
	}
	password, err := s.cfg.Secrets.Get(ctx, UnlockSecret(d.User, d.ID))
	if tandem.IsKind(err, tandem.NotFound) {
		return "", none
	}
	if err != nil {
		return "", err
	}
	return password, s.log(ctx, d, store.Warning, "if that was nobody you know, have another password set on it", "%s was shown its recovery password", by)
}

// dropUnsealed forgets what an earlier version kept of a device.
func (s *Service) dropUnsealed(ctx context.Context, d store.Device) error {
	docs, err := s.cfg.Devices.State(ctx, d.Number, unlockDoc)
	if err != nil || docs[unlockDoc] == nil {
		return err
	}
	return s.cfg.Devices.SwapState(ctx, d.Number, store.Swap{Name: unlockDoc, Old: docs[unlockDoc]})
}

// SealPasswords seals the recovery passwords that earlier versions kept as they are. Cut short, it goes on the next time.
func (s *Service) SealPasswords(ctx context.Context) error {
	all, err := s.cfg.Devices.Devices(ctx, "")
	if err != nil {
		return err
	}
	for _, d := range all {
		docs, err := s.cfg.Devices.State(ctx, d.Number, unlockDoc)
		if err != nil {
			return err
		}
		if old := docs[unlockDoc]; old != nil {
			if err := s.KeepPassword(ctx, d, string(old)); err != nil {
				return err
			}
		}
	}
	return nil
}
