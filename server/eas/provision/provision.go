// Package provision answers Provision: it gives a device the policy in force for it, takes the device's word that it obeys, and tells it to wipe
// itself or the account. What is decided and remembered is partner/device's. MS-ASPROV
package provision

import (
	"context"
	"strconv"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Service answers Provision.
type Service struct {
	Devices *device.Service
}

// policyType is the only sort of policy since 12.0, MS-ASPROV 2.2.2.43.
const policyType = "MS-EAS-Provisioning-WBXML"

// The statuses, MS-ASPROV 2.2.2.54.
const (
	statusOK     = "1"
	statusSyntax = "2"
	typeUnknown  = "3"   // of a policy
	keyWrong     = "5"   // of a policy
	notCompliant = "139" // of a policy; MS-ASCMD 2.2.2: DeviceNotFullyProvisionable
	wipeFailed   = "2"
)

// What a client says of a policy or a wipe, MS-ASPROV 2.2.2.54.1 and 2.2.2.54.3.
const (
	applied = "1"
	inPart  = "2"
)

// Provision implements proto.Command.
func (s *Service) Provision(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.ProvisionProvision)
	if r.Body != nil && r.Body.Tag != wbxml.ProvisionProvision {
		return proto.Answer(doc.Add(status(statusSyntax))), nil
	}
	if w := r.Device.Wipe; w == store.WipeAsked || w == store.WipeSent || w == store.WipeFail {
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
	if !ok || r.Device.Number == 0 {
		return nil
	}
	_, err := s.Devices.SetInfo(ctx, r.User.Name, r.Device.ID, info)
	return err
}

// trialKey is the key for a device that only tries the account: any will do.
const trialKey = 1

// policy answers for one policy: the first phase hands it out under a temporary key, the second takes the device's word and gives the final one.
// MS-ASPROV 3.1.5.1, 3.2.5.1
func (s *Service) policy(ctx context.Context, r *proto.Request, asked *wbxml.Element) (*wbxml.Element, error) {
	typ := asked.Get(wbxml.ProvisionPolicyType)
	answer := func(status string, more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.ProvisionPolicy, wbxml.Text(wbxml.ProvisionPolicyType, typ), wbxml.Text(wbxml.ProvisionStatus, status)).Add(more...)
	}
	key := func(k uint32) *wbxml.Element {
		return wbxml.Text(wbxml.ProvisionPolicyKey, strconv.FormatUint(uint64(k), 10))
	}
	if typ != policyType {
		return answer(typeUnknown), nil
	}
	said := asked.Child(wbxml.ProvisionStatus)
	switch {
	case said == nil && r.Device.Number == 0:
		return answer(statusOK, key(trialKey), wbxml.New(wbxml.ProvisionData, document(nil))), nil
	case said == nil:
		p, k, err := s.Devices.OfferPolicy(ctx, r.User.Name, r.Device.ID)
		return answer(statusOK, key(k), wbxml.New(wbxml.ProvisionData, document(p))), err
	case said.String() != applied && said.String() != inPart:
		if r.Version < eas.V140 {
			return answer(keyWrong), nil
		}
		return answer(notCompliant), nil // MS-ASPROV_R660
	case r.Device.Number == 0:
		return answer(statusOK, key(trialKey)), nil
	}
	n, err := strconv.ParseUint(asked.Get(wbxml.ProvisionPolicyKey), 10, 32)
	if err != nil {
		return answer(keyWrong), nil
	}
	k, err := s.Devices.AcceptPolicy(ctx, r.User.Name, r.Device.ID, uint32(n), said.String() == inPart)
	if tandem.IsKind(err, tandem.Changed) {
		return answer(keyWrong), nil
	}
	return answer(statusOK, key(k)), err
}

// document is a policy as it is sent: only what is set (field note 16), in the order of the schema. MS-ASPROV 2.2.2.28
func document(p device.Policy) *wbxml.Element {
	doc := wbxml.Empty(wbxml.ProvisionEASProvisionDoc)
	for _, set := range p.Settings() {
		tag, ok := wbxml.Lookup(wbxml.Provision, set.Name)
		if !ok {
			continue // every name is there, as a test shows
		}
		if !set.List {
			doc.Add(wbxml.Text(tag, set.Values[0]))
			continue
		}
		entry := wbxml.ProvisionApplicationName
		if tag == wbxml.ProvisionApprovedApplicationList {
			entry = wbxml.ProvisionHash
		}
		list := wbxml.Empty(tag)
		for _, v := range set.Values {
			list.Add(wbxml.Text(entry, v))
		}
		doc.Add(list)
	}
	return doc
}

// wipe tells a device to wipe itself, and notes what it says of it. MS-ASPROV 3.2.5.1.2
func (s *Service) wipe(ctx context.Context, r *proto.Request, doc *wbxml.Element) (*proto.Response, error) {
	tag := wbxml.ProvisionRemoteWipe
	if r.Device.WipeAccount {
		tag = wbxml.ProvisionAccountOnlyRemoteWipe
	}
	var said *wbxml.Element
	for _, t := range []wbxml.Tag{wbxml.ProvisionRemoteWipe, wbxml.ProvisionAccountOnlyRemoteWipe} {
		if e := r.Body.Child(t); e != nil {
			said = e
		}
	}
	answer, err := statusOK, error(nil)
	switch {
	case said == nil:
		_, err = s.Devices.WipeSent(ctx, r.User.Name, r.Device.ID)
	case said.Get(wbxml.ProvisionStatus) == applied:
		_, err = s.Devices.WipeDone(ctx, r.User.Name, r.Device.ID, true)
	default:
		answer = wipeFailed
		_, err = s.Devices.WipeDone(ctx, r.User.Name, r.Device.ID, false)
	}
	return proto.Answer(doc.Add(status(answer), wbxml.Empty(tag))), err
}
