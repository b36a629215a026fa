package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

// Versions are the protocol versions that a device may be offered at most.
var versions = []string{"12.1", "14.0", "14.1", "16.0", "16.1"}

// Allow lets a device sync; by is who says so. One that was wiped may start over. Held while a wipe waits.
func (s *Service) Allow(ctx context.Context, user, id, by string) (store.Device, error) {
	return s.decree(ctx, "allow device", user, id, by, store.Allowed)
}

// Block turns a device away.
func (s *Service) Block(ctx context.Context, user, id, by string) (store.Device, error) {
	return s.decree(ctx, "block device", user, id, by, store.Blocked)
}

// Hold lets a device wait.
func (s *Service) Hold(ctx context.Context, user, id, by string) (store.Device, error) {
	return s.decree(ctx, "hold device", user, id, by, store.Held)
}

func (s *Service) decree(ctx context.Context, op, user, id, by string, access store.Access) (store.Device, error) {
	var was store.Device
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		was = *d
		if access == store.Allowed {
			if waits(*d) {
				return &tandem.Error{Kind: tandem.Held, Op: op, Thing: id, Err: errors.New("it is to be wiped"), Remedy: "take that back first: `tandem device wipe --cancel " + id + "`"}
			}
			d.Wipe, d.WipeAccount = store.NoWipe, false
		}
		d.Access, d.Reason = access, string(access)+" by "+by
		return nil
	})
	if err != nil || was.Access == d.Access && was.Wipe == d.Wipe {
		return d, err
	}
	level, remedy := store.Info, ""
	if access == store.Blocked {
		level, remedy = store.Warning, fmt.Sprintf("let it in with `tandem device allow %s`", d.ID)
	}
	return d, s.log(ctx, d, level, remedy, "%s, was %s", d.Reason, was.Access)
}

// waits reports whether a wipe has been asked for and not been answered.
func waits(d store.Device) bool { return d.Wipe == store.WipeAsked || d.Wipe == store.WipeSent }

// Remove forgets a device and its state. If it comes again, that is a first contact. Held while a wipe waits.
func (s *Service) Remove(ctx context.Context, user, id, by string) error {
	const op = "remove device"
	d, err := s.cfg.Devices.Device(ctx, user, id)
	if err != nil {
		return err
	}
	if waits(d) {
		return &tandem.Error{Kind: tandem.Held, Op: op, Thing: id, Err: errors.New("it is to be wiped, and would never hear of it"),
			Remedy: "take that back first: `tandem device wipe --cancel " + id + "`"}
	}
	if err := s.cfg.Devices.RemoveDevice(ctx, user, id); err != nil {
		return err
	}
	if err := s.putNews(ctx, d.Number, ""); err != nil {
		return err
	}
	if s.cfg.Secrets != nil {
		if err := s.cfg.Secrets.Put(ctx, UnlockSecret(d.User, d.ID), ""); err != nil {
			return err
		}
	}
	return s.log(ctx, d, store.Info, "", "removed by %s", by)
}

// Resync lets a device start over: what the front doors remember of it is dropped, and it loads everything anew. What is in the
// home collections stays. What was changed on the device and not sent yet may be lost there, for many devices drop what they have
// when they start over.
func (s *Service) Resync(ctx context.Context, user, id, by string) error {
	const op = "resync device"
	d, err := s.cfg.Devices.Device(ctx, user, id)
	if err != nil {
		return err
	}
	// The device may be talking to us meanwhile; its next answer settles which state is dropped.
	for tries := 0; ; tries++ {
		docs, err := s.cfg.Devices.State(ctx, d.Number)
		if err != nil {
			return err
		}
		var drop []store.Swap
		for name, data := range docs {
			if !strings.HasPrefix(name, keep) {
				drop = append(drop, store.Swap{Name: name, Old: data})
			}
		}
		err = s.cfg.Devices.SwapState(ctx, d.Number, drop...)
		if err == nil {
			break
		}
		if !tandem.IsKind(err, tandem.Changed) {
			return err
		}
		if tries == 10 {
			return &tandem.Error{Kind: tandem.Busy, Op: op, Thing: id, Err: err, Wait: 5, Remedy: "try again"}
		}
	}
	return s.log(ctx, d, store.Info, "", "starts over, asked by %s", by)
}

// SetOffer bounds the protocol version that a device is offered; "" means what is right for its sort.
func (s *Service) SetOffer(ctx context.Context, user, id, version, by string) (store.Device, error) {
	const op = "set protocol version"
	if version != "" && !slices.Contains(versions, version) {
		return store.Device{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: version, Err: errors.New("there is no such version"),
			Remedy: "choose one of " + strings.Join(versions, ", ") + ", or auto"}
	}
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error { d.Offer = version; return nil })
	if err != nil {
		return d, err
	}
	what := version
	if what == "" {
		what = "what is right for its sort"
	}
	return d, s.log(ctx, d, store.Info, "", "is offered %s, asked by %s", what, by)
}

// Bounds of what a device tells about itself.
const (
	maxInfo     = 32
	maxInfoText = 512
)

// SetInfo records what a device told about itself: model, imei, name, os, language, phone, operator, agent. What it does not name stays. If
// a rule decided about the device, the rules are asked again, for some ask for the model.
func (s *Service) SetInfo(ctx context.Context, user, id string, info map[string]string) (store.Device, error) {
	const op = "record device information"
	rules, err := s.Rules(ctx)
	if err != nil {
		return store.Device{}, err
	}
	have, err := s.cfg.Devices.Devices(ctx, user)
	if err != nil {
		return store.Device{}, err
	}
	var was store.Device
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		was = *d
		merged := map[string]string{}
		for k, v := range d.Info {
			merged[k] = v
		}
		for k, v := range info {
			if len(merged) >= maxInfo && merged[k] == "" || len(k) > maxInfoText || v == "" {
				continue
			}
			merged[k] = clip(v)
		}
		news := merged["model"] != d.Info["model"]
		d.Info = merged
		if news && ruled(*d) {
			d.Access, d.Reason = decide(rules, *d, have)
		}
		return nil
	})
	if err != nil || was.Access == d.Access {
		return d, err
	}
	return d, s.log(ctx, d, store.Warning, fmt.Sprintf("let it in with `tandem device allow %s`", d.ID), "%s, was %s (%s)", d.Access, was.Access, d.Reason)
}
