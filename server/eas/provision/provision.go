// Package provision answers Provision: it gives a device the policy in force for it, takes the device's word that it obeys, and tells it to wipe
// itself or the account. MS-ASPROV
package provision

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"maps"
	"strconv"

	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Policy is what a device must obey.
type Policy struct {
	// Doc is the EASProvisionDoc: only what is set, in the order of the schema. MS-ASPROV 2.2.2.28
	Doc *wbxml.Element
	// Digest tells one policy from another; "" where nothing is set, and a device need not ask.
	Digest string
}

// Service answers Provision.
type Service struct {
	Devices store.Devices
	Events  store.Events
	// Policy is the policy in force for a device.
	Policy func(ctx context.Context, d store.Device) (Policy, error)
	Now    func() int64 // Unix seconds
	Random io.Reader    // for keys; nil: crypto/rand
}

// policyType is the only sort of policy since 12.0, MS-ASPROV 2.2.2.43.
const policyType = "MS-EAS-Provisioning-WBXML"

// The statuses, MS-ASPROV 2.2.2.54.
const (
	statusOK      = "1"
	statusSyntax  = "2"
	typeUnknown   = "3" // of a policy
	keyWrong      = "5" // of a policy
	notCompliant  = "139"
	clientApplied = "1" // said by the client of a policy or a wipe
	wipeFailed    = "2" // answered to a wipe that failed
)

// Provision implements proto.Command.
func (s *Service) Provision(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.ProvisionProvision)
	if r.Body != nil && r.Body.Tag != wbxml.ProvisionProvision {
		return proto.Answer(doc.Add(status(statusSyntax))), nil
	}
	if r.Device.Wipe == store.WipeAsked || r.Device.Wipe == store.WipeSent || r.Device.Wipe == store.WipeFail {
		return s.wipe(ctx, r, doc)
	}
	if info := r.Body.Child(wbxml.SettingsDeviceInformation); info != nil {
		if err := s.inform(ctx, r, info); err != nil {
			return nil, err
		}
		doc.Add(wbxml.New(wbxml.SettingsDeviceInformation, wbxml.Text(wbxml.SettingsStatus, statusOK)))
	}
	policies := r.Body.Child(wbxml.ProvisionPolicies)
	if policies == nil {
		// The answer to a wipe that was called off meanwhile, or a look whether there is one.
		return proto.Answer(doc.Add(status(statusOK))), nil
	}
	asked := policies.Child(wbxml.ProvisionPolicy)
	if asked == nil {
		return proto.Answer(doc.Add(status(statusSyntax))), nil
	}
	policy, err := s.policy(ctx, r, asked)
	if err != nil {
		return nil, err
	}
	return proto.Answer(doc.Add(status(statusOK), wbxml.New(wbxml.ProvisionPolicies, policy))), nil
}

func status(v string) *wbxml.Element { return wbxml.Text(wbxml.ProvisionStatus, v) }

// inform keeps what a device tells about itself. MS-ASPROV_R488
func (s *Service) inform(ctx context.Context, r *proto.Request, e *wbxml.Element) error {
	info, ok := proto.DeviceInfo(e)
	if !ok || r.Device.Number == 0 || maps.Equal(info, r.Device.Info) {
		return nil
	}
	_, err := s.Devices.ChangeDevice(ctx, r.User.Name, r.Device.ID, func(d *store.Device) error {
		d.Info = info
		return nil
	})
	return err
}

// policy answers for one policy: the first phase hands it out under a temporary key, the second takes the device's word and gives the final one.
// MS-ASPROV 3.1.5.1, 3.2.5.1
func (s *Service) policy(ctx context.Context, r *proto.Request, asked *wbxml.Element) (*wbxml.Element, error) {
	typ := asked.Get(wbxml.ProvisionPolicyType)
	answer := func(status string, more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.ProvisionPolicy, wbxml.Text(wbxml.ProvisionPolicyType, typ), wbxml.Text(wbxml.ProvisionStatus, status)).Add(more...)
	}
	if typ != policyType {
		return answer(typeUnknown), nil
	}
	p, err := s.Policy(ctx, r.Device)
	if err != nil {
		return nil, err
	}
	key := func(k uint32) *wbxml.Element {
		return wbxml.Text(wbxml.ProvisionPolicyKey, strconv.FormatUint(uint64(k), 10))
	}
	said := asked.Child(wbxml.ProvisionStatus)
	if said == nil {
		k, err := s.offer(ctx, r, p)
		return answer(statusOK, key(k), wbxml.New(wbxml.ProvisionData, p.Doc)), err
	}
	n, err := strconv.ParseUint(asked.Get(wbxml.ProvisionPolicyKey), 10, 32)
	if err != nil {
		return answer(keyWrong), nil
	}
	if said.String() != clientApplied {
		return answer(s.refused(ctx, r, said.String())), nil
	}
	k, ok, err := s.accept(ctx, r, uint32(n), p)
	if err != nil || !ok {
		return answer(keyWrong), err
	}
	return answer(statusOK, key(k)), nil
}

// offer gives out the temporary key of a policy: the same one as long as the policy is, so that a repeated request changes nothing.
func (s *Service) offer(ctx context.Context, r *proto.Request, p Policy) (uint32, error) {
	fresh, err := s.key()
	if err != nil || r.Device.Number == 0 {
		return fresh, err
	}
	d, err := s.Devices.ChangeDevice(ctx, r.User.Name, r.Device.ID, func(d *store.Device) error {
		if d.PolicyPending == 0 || d.Policy != p.Digest || d.PolicyKey != 0 {
			d.PolicyPending, d.PolicyKey, d.Policy = fresh, 0, p.Digest
		}
		return nil
	})
	return d.PolicyPending, err
}

// accept takes the device's word that it obeys the policy of a temporary key, and gives out the final key. A repeated acknowledgement gets the same one.
func (s *Service) accept(ctx context.Context, r *proto.Request, pending uint32, p Policy) (final uint32, ok bool, err error) {
	fresh, err := s.key()
	if err != nil || r.Device.Number == 0 {
		return fresh, true, err
	}
	d, err := s.Devices.ChangeDevice(ctx, r.User.Name, r.Device.ID, func(d *store.Device) error {
		ok = pending != 0 && d.PolicyPending == pending && d.Policy == p.Digest
		if ok && d.PolicyKey == 0 {
			d.PolicyKey = fresh
		}
		return nil
	})
	return d.PolicyKey, ok, err
}

// refused notes that a device does not obey, or not wholly, and answers with what it is told.
func (s *Service) refused(ctx context.Context, r *proto.Request, said string) string {
	what := map[string]string{"2": "applies the policy in part only", "3": "does not apply the policy", "4": "leaves the policy to another program"}[said]
	if what == "" {
		return statusSyntax
	}
	// The phone is not let in either way; that the line may be missing from the log is no reason for an error.
	_ = s.Events.Add(ctx, store.Event{When: s.Now(), Item: "device " + r.Device.ID, Level: store.Warning,
		Text: "the device of " + r.User.Name + " " + what, Remedy: "see `tandem device policy show`; leave out what the device cannot do"})
	if r.Version < eas.V140 {
		return keyWrong
	}
	return notCompliant // MS-ASCMD 2.2.2: DeviceNotFullyProvisionable
}

// wipe tells a device to wipe itself, and notes what it says of it. MS-ASPROV 3.2.5.1.2
func (s *Service) wipe(ctx context.Context, r *proto.Request, doc *wbxml.Element) (*proto.Response, error) {
	tag := wbxml.ProvisionRemoteWipe
	if r.Device.WipeAccount {
		tag = wbxml.ProvisionAccountOnlyRemoteWipe
	}
	said, answered := "", false
	for _, t := range []wbxml.Tag{wbxml.ProvisionRemoteWipe, wbxml.ProvisionAccountOnlyRemoteWipe} {
		if e := r.Body.Child(t); e != nil {
			said, answered = e.Get(wbxml.ProvisionStatus), true
		}
	}
	answer, level, text := statusOK, store.Info, ""
	_, err := s.Devices.ChangeDevice(ctx, r.User.Name, r.Device.ID, func(d *store.Device) error {
		switch {
		case !answered:
			if d.Wipe == store.WipeAsked || d.Wipe == store.WipeFail {
				text = "was told to wipe "
			}
			d.Wipe = store.WipeSent
		case said == clientApplied:
			text = "confirms that it wiped "
			d.Wipe = store.Wiped
			d.Access, d.Reason = store.Blocked, "wiped; allow it to let it in again"
			d.PolicyKey, d.PolicyPending, d.Policy = 0, 0, ""
		default:
			text, level = "says that it could not wipe ", store.Error
			d.Wipe = store.WipeFail
			answer = wipeFailed
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if text != "" {
		what := "itself"
		if r.Device.WipeAccount {
			what = "the account"
		}
		if err := s.Events.Add(ctx, store.Event{When: s.Now(), Item: "device " + r.Device.ID, Level: level, Text: "the device of " + r.User.Name + " " + text + what}); err != nil {
			return nil, err
		}
	}
	return proto.Answer(doc.Add(status(answer), wbxml.Empty(tag))), nil
}

// key draws a key, which is never 0.
func (s *Service) key() (uint32, error) {
	src := s.Random
	if src == nil {
		src = rand.Reader
	}
	var b [4]byte
	if _, err := io.ReadFull(src, b[:]); err != nil {
		return 0, err
	}
	return max(binary.BigEndian.Uint32(b[:]), 1), nil
}
