package device

import (
	"context"
	"errors"

	"tandem"
	"tandem/store"
)

// A wipe is asked for, sent at the device's next request, and answered by it. MS-ASPROV 3.1.5.1.2.2, 3.1.5.1.2.3. Until it has been
// answered the device gets nothing else.

// AskWipe asks for a device to be wiped: all of it, or only the account and its data, which clients know since protocol version 16.1.
func (s *Service) AskWipe(ctx context.Context, user, id string, account bool, by string) (store.Device, error) {
	const op = "wipe device"
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		if account && d.Speaks != "" && d.Speaks != "16.1" {
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: id, Err: errors.New("it speaks version " + d.Speaks + ", which cannot wipe the account only"),
				Remedy: "block it with `tandem device block " + id + "`, or wipe all of it"}
		}
		if d.Wipe == store.Wiped {
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: id, Err: errors.New("it has been wiped"), Remedy: "if it shall sync again, allow it"}
		}
		if waits(*d) && d.WipeAccount == account {
			return nil
		}
		d.Wipe, d.WipeAccount = store.WipeAsked, account
		return nil
	})
	if err != nil {
		return d, err
	}
	return d, s.log(ctx, d, store.Warning, "take it back with `tandem device wipe --cancel "+d.ID+"` before it is next seen", "%s asks for a wipe of %s", by, extent(d))
}

func extent(d store.Device) string {
	if d.WipeAccount {
		return "this account and its data on it"
	}
	return "the whole device"
}

// CancelWipe takes back a wipe that has not been answered. Once it was sent this may be too late. Invalid if none waits.
func (s *Service) CancelWipe(ctx context.Context, user, id, by string) (store.Device, error) {
	const op = "cancel wipe"
	var was store.Device
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		if was = *d; !waits(*d) && d.Wipe != store.WipeFail {
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: id, Err: errors.New("no wipe waits")}
		}
		d.Wipe, d.WipeAccount = store.NoWipe, false
		return nil
	})
	if err != nil {
		return d, err
	}
	late := ""
	if was.Wipe == store.WipeSent {
		late = "; it has been told already and may still do it"
	}
	return d, s.log(ctx, d, store.Warning, "look whether it still syncs as it should", "%s takes the wipe back%s", by, late)
}

// WipeSent records that a device was told to wipe itself. It does nothing unless that was asked for.
func (s *Service) WipeSent(ctx context.Context, user, id string) (store.Device, error) {
	told := false
	d, err := s.change(ctx, "send wipe", user, id, func(d *store.Device) error {
		if told = d.Wipe == store.WipeAsked; told {
			d.Wipe = store.WipeSent
		}
		return nil
	})
	if err != nil || !told {
		return d, err
	}
	return d, s.log(ctx, d, store.Warning, "wait for its answer, which is told here", "was told to wipe %s", extent(d))
}

// WipeDone records a device's answer to being told to wipe itself. One that did it is blocked until somebody allows it, for it
// may be in other hands. One that could not is told again at its next request, and gets nothing else. An answer to nothing does nothing.
func (s *Service) WipeDone(ctx context.Context, user, id string, ok bool) (store.Device, error) {
	const op = "confirm wipe"
	asked := false
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		again := d.Wipe == store.WipeFail
		if asked = waits(*d) || again && ok; !asked {
			return nil
		}
		d.Wipe = store.WipeFail
		if ok {
			d.Wipe, d.Access, d.Reason = store.Wiped, store.Blocked, "it was wiped"
			d.PolicyKey, d.PolicyPending, d.Policy = 0, 0, ""
		}
		return nil
	})
	if err != nil || !asked {
		return d, err
	}
	if !ok {
		return d, s.log(ctx, d, store.Error, "ask again with `tandem device wipe`, or block it", "could not wipe %s", extent(d))
	}
	return d, s.log(ctx, d, store.Warning, "if it shall sync again: `tandem device allow "+d.ID+"`", "has wiped %s", extent(d))
}
