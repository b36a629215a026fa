package api

import (
	"context"

	"tandem/center"
	"tandem/center/shape"
	"tandem/partner/device"
)

type OfUser struct {
	User string `query:"user" doc:"whose; for administrators, none: of all"`
}

// Order is what is ordered about a device.
type Order struct {
	User    string `json:"user,omitempty" doc:"whose device it is; none: one's own, or for administrators whoever's has this id"`
	Do      string `json:"do" enum:"allow,hold,block,wipe,cancel wipe,resync,remove,version,news"`
	Account bool   `json:"account,omitempty" doc:"wipe: only this account and its data, not the whole device"`
	Version string `json:"version,omitempty" doc:"version: the highest of the protocol to offer it"`
	News    string `json:"news,omitempty" doc:"news: when it is told of news, such as \"peak mon-fri 08:00-18:00 on change; off-peak every 2h\"; empty: at once"`
}

// Unlock is what a device is unlocked with.
type Unlock struct {
	Password string `json:"password"`
}

// NewRule is a rule for devices to be added.
type NewRule struct {
	Rule   device.Rule `json:"rule"`
	Before int         `json:"before,omitempty" doc:"the number of the rule that it comes before; none: at the end"`
}

type PolicyScope struct {
	User   string `query:"user" doc:"whose devices; none: all"`
	Device string `query:"device" doc:"one device of that user"`
}

func (p PolicyScope) scope() device.Scope { return device.Scope{User: p.User, Device: p.Device} }

func (a *API) addDevices() {
	const tag = "devices"
	serve(a, op{id: "list-devices", method: "GET", path: "/api/devices", tag: tag, summary: "List the phones and programs that sync"}, func(ctx context.Context, in *struct {
		Paging
		OfUser
	}) (*list[shape.Device], error) {
		all, err := a.cfg.Service(ctx).ListDevices(ctx, in.User)
		return pageOf(&in.Paging, shape.List(all, shape.OfDevice)), err
	})
	get(a, op{id: "find-device", method: "GET", path: "/api/devices/{id}", tag: tag, summary: "A device"}, func(ctx context.Context, s center.Service, in *struct {
		ID string `path:"id" doc:"enough of its beginning"`
		OfUser
	}) (shape.Device, error) {
		d, err := s.FindDevice(ctx, in.User, in.ID)
		return shape.OfDevice(d), err
	})
	get(a, op{id: "order-device", method: "POST", path: "/api/devices/{id}/orders", tag: tag, summary: "Allow, hold, block, wipe, resync or forget a device",
		about: "Allow, hold and version are for administrators, and so is forgetting a device that may not sync."},
		func(ctx context.Context, s center.Service, in *struct {
			ID   string `path:"id" doc:"in full"`
			Body Order
		}) (shape.Device, error) {
			b := in.Body
			d, err := s.OrderDevice(ctx, center.DeviceOrder{User: b.User, ID: in.ID, Do: b.Do, Account: b.Account, Version: b.Version, News: b.News})
			return shape.OfDevice(d), err
		})
	get(a, op{id: "unlock-password", method: "POST", path: "/api/devices/{id}/unlock", tag: tag, summary: "The recovery password that a device left",
		about: "The device can be unlocked with it when its own was forgotten; it leaves one where its policy says PasswordRecoveryEnabled (MS-ASCMD 2.2.3.46). That it was shown is noted in the results log."},
		func(ctx context.Context, s center.Service, in *struct {
			ID string `path:"id" doc:"in full"`
			OfUser
		}) (Unlock, error) {
			password, err := s.UnlockPassword(ctx, in.User, in.ID, "")
			return Unlock{password}, err
		})
	get(a, op{id: "device-rules", method: "GET", path: "/api/device-rules", tag: tag, summary: "The rules that decide which devices may sync", about: "For administrators."},
		func(ctx context.Context, s center.Service, _ *struct{}) ([]device.Rule, error) {
			return rules(s.DeviceRules(ctx))
		})
	get(a, op{id: "add-device-rule", method: "POST", path: "/api/device-rules", tag: tag, summary: "Add a rule", status: created, about: "For administrators."},
		func(ctx context.Context, s center.Service, in *one[NewRule]) ([]device.Rule, error) {
			return rules(s.AddDeviceRule(ctx, in.Body.Rule, in.Body.Before))
		})
	get(a, op{id: "remove-device-rule", method: "DELETE", path: "/api/device-rules/{number}", tag: tag, summary: "Remove a rule", about: "For administrators. Answers with those that are left."},
		func(ctx context.Context, s center.Service, in *struct {
			Number int `path:"number"`
		}) ([]device.Rule, error) {
			return rules(s.RemoveDeviceRule(ctx, in.Number))
		})
	get(a, op{id: "device-policy", method: "GET", path: "/api/device-policy", tag: tag, summary: "What devices must obey", about: "Elements of the EASProvisionDoc by name (MS-ASPROV 2.2.2.28)."},
		func(ctx context.Context, s center.Service, in *PolicyScope) (device.Policy, error) {
			return policy(s.DevicePolicy(ctx, in.scope()))
		})
	get(a, op{id: "set-device-policy", method: "PATCH", path: "/api/device-policy", tag: tag, summary: "Change what devices must obey", about: "For administrators. An empty text takes an element away."},
		func(ctx context.Context, s center.Service, in *struct {
			PolicyScope
			Body map[string]string
		}) (device.Policy, error) {
			return policy(s.SetDevicePolicy(ctx, in.scope(), in.Body))
		})
}

func rules(list []device.Rule, err error) ([]device.Rule, error) {
	return append([]device.Rule{}, list...), err
}

func policy(p device.Policy, err error) (device.Policy, error) {
	if p == nil {
		p = device.Policy{}
	}
	return p, err
}
