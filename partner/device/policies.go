package device

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"

	"tandem"
	"tandem/store"
)

// policiesValue is the name of the setting that holds the policies.
const policiesValue = "device.policies"

// Scope says for whom a policy is: all, one user, or one device of a user.
type Scope struct{ User, Device string }

// String is how the setting names a scope. A user's name has no slash.
func (c Scope) String() string {
	switch {
	case c.User == "":
		return "all"
	case c.Device == "":
		return "user/" + strings.ToLower(c.User)
	}
	return "device/" + strings.ToLower(c.User) + "/" + c.Device
}

// Policies are all policies by the text of their scope.
func (s *Service) Policies(ctx context.Context) (map[string]Policy, error) {
	all := map[string]Policy{}
	return all, s.read(ctx, policiesValue, &all)
}

// Policy is what is set for a scope itself.
func (s *Service) Policy(ctx context.Context, c Scope) (Policy, error) {
	all, err := s.Policies(ctx)
	return all[c.String()], err
}

// SetPolicy changes elements of the policy of a scope; an empty text takes one out. Devices that it concerns are asked to accept it
// at their next request; those that wait are told of it (Config.Policy), so that they make one.
func (s *Service) SetPolicy(ctx context.Context, c Scope, values map[string]string) (Policy, error) {
	if c.User == "" && c.Device != "" {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set policy", Thing: c.Device, Err: errors.New("a device needs its user")}
	}
	s.set.Lock()
	defer s.set.Unlock()
	all, err := s.Policies(ctx)
	if err != nil {
		return nil, err
	}
	p, err := all[c.String()].Set(values)
	if err != nil {
		return nil, err
	}
	same := maps.Equal(all[c.String()], p)
	if all[c.String()] = p; len(p) == 0 {
		delete(all, c.String())
	}
	if err := s.write(ctx, policiesValue, all); err != nil || same {
		return p, err
	}
	return p, s.tellPolicy(ctx, c)
}

// tellPolicy tells of the devices of a scope, whose policy changed.
func (s *Service) tellPolicy(ctx context.Context, c Scope) error {
	list, err := s.cfg.Devices.Devices(ctx, strings.ToLower(c.User))
	if err != nil {
		return err
	}
	for _, d := range list {
		if c.Device == "" || d.ID == c.Device {
			s.cfg.Policy(d)
		}
	}
	return nil
}

// PolicyFor is what a device must obey: what is set for all, for its user and for itself, the narrower one first.
func (s *Service) PolicyFor(ctx context.Context, user, device string) (Policy, error) {
	all, err := s.Policies(ctx)
	if err != nil {
		return nil, err
	}
	out := Policy{}
	for _, c := range []Scope{{}, {User: user}, {User: user, Device: device}} {
		maps.Copy(out, all[c.String()])
	}
	return out, nil
}

// Provisioned reports whether a device obeys the policy in force for it, given the key it sent. A device for which no policy is set
// does. MS-ASPROV 3.2.5.1.
func (s *Service) Provisioned(ctx context.Context, d store.Device, key uint32) (bool, error) {
	if d.Number == 0 { // it only tries the account
		return true, nil
	}
	p, err := s.PolicyFor(ctx, d.User, d.ID)
	if err != nil || len(p) == 0 {
		return err == nil, err
	}
	return key != 0 && key == d.PolicyKey && d.Policy == p.Digest(), nil
}

// keys are the key under which a policy is offered to a device, and the one it gets for accepting it. They are made from the policy, so
// that a repeated request gets the same answer, and accepting one policy is never taken for accepting another. Neither is a secret.
func keys(d store.Device, p Policy) (offer, final uint32) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", d.Number, p.Digest()))
	n := binary.LittleEndian.Uint32(sum[:])
	return n&^1 | 2, n | 3
}

// OfferPolicy gives a device the policy that it is to accept, with the key for that.
func (s *Service) OfferPolicy(ctx context.Context, user, id string) (p Policy, key uint32, err error) {
	if p, err = s.PolicyFor(ctx, user, id); err != nil {
		return nil, 0, err
	}
	_, err = s.change(ctx, "offer policy", user, id, func(d *store.Device) error {
		key, _ = keys(*d, p)
		d.PolicyPending = key
		return nil
	})
	return p, key, err
}

// AcceptPolicy records that a device accepted what it was offered under a key, and returns the key that it is to send from now on. Changed
// if the policy is another one by now, or the key was never offered. part says that it obeys in part only.
func (s *Service) AcceptPolicy(ctx context.Context, user, id string, key uint32, part bool) (final uint32, err error) {
	const op = "accept policy"
	p, err := s.PolicyFor(ctx, user, id)
	if err != nil {
		return 0, err
	}
	news := false
	d, err := s.change(ctx, op, user, id, func(d *store.Device) error {
		var offer uint32
		offer, final = keys(*d, p)
		if key != offer || d.PolicyPending != offer && d.PolicyKey != final {
			return &tandem.Error{Kind: tandem.Changed, Op: op, Thing: id, Err: errors.New("it is not the policy in force"), Remedy: "look at the policy again"}
		}
		news = d.PolicyKey != final || d.Policy != p.Digest()
		d.PolicyKey, d.PolicyPending, d.Policy = final, 0, p.Digest()
		return nil
	})
	if err != nil || !news || !part {
		return final, err
	}
	return final, s.log(ctx, d, store.Warning, "see its policy with `tandem device show "+d.ID+"`; what it does not know it cannot obey, so block it if that must not be", "obeys its policy in part only")
}
