package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/store"
)

// The arguments of the methods about users and devices, as they travel.
type (
	userArg struct {
		User     store.User
		Password string `json:",omitempty"`
	}
	removeUserArg struct {
		Name string
		All  bool
	}
	passwordArg struct{ Name, Password string }
	adminArg    struct {
		Name string
		On   bool
	}
	labelArg struct {
		Name, Label string
		Limits      []account.Limits `json:",omitempty"`
	}
	codesArg struct {
		Name string
		Hub  string `json:",omitempty"`
		Code string `json:",omitempty"`
	}
	passkeyArg struct {
		Name  string
		ID    int64
		Label string `json:",omitempty"`
	}
	deviceArg struct{ User, ID string }
	ruleArg   struct {
		Rule   device.Rule
		Before int
	}
	numberArg struct{ Number int }
	policyArg struct {
		Scope  device.Scope
		Values map[string]string `json:",omitempty"`
	}
)

func handleUsers(mux *http.ServeMux, s center.Users) {
	handle(mux, "AddUser", func(ctx context.Context, a userArg) (store.User, error) { return s.AddUser(ctx, a.User, a.Password) })
	handle(mux, "ListUsers", func(ctx context.Context, _ nothing) ([]center.UserStatus, error) { return s.ListUsers(ctx) })
	handle(mux, "SetUser", func(ctx context.Context, a userArg) (nothing, error) { return nothing{}, s.SetUser(ctx, a.User) })
	handle(mux, "RemoveUser", func(ctx context.Context, a removeUserArg) (nothing, error) {
		return nothing{}, s.RemoveUser(ctx, a.Name, a.All)
	})
	handle(mux, "SetPassword", func(ctx context.Context, a passwordArg) (nothing, error) {
		return nothing{}, s.SetPassword(ctx, a.Name, a.Password)
	})
	handle(mux, "SetAdmin", func(ctx context.Context, a adminArg) (nothing, error) {
		return nothing{}, s.SetAdmin(ctx, a.Name, a.On)
	})
	handle(mux, "AddAppPassword", func(ctx context.Context, a labelArg) (center.AppPassword, error) {
		return s.AddAppPassword(ctx, a.Name, a.Label, a.Limits...)
	})
	handle(mux, "RevokeAppPassword", func(ctx context.Context, a labelArg) (nothing, error) {
		return nothing{}, s.RevokeAppPassword(ctx, a.Name, a.Label)
	})
	handle(mux, "BeginCodes", func(ctx context.Context, a codesArg) (account.CodeSetup, error) {
		return s.BeginCodes(ctx, a.Name, a.Hub)
	})
	handle(mux, "ConfirmCodes", func(ctx context.Context, a codesArg) ([]string, error) { return s.ConfirmCodes(ctx, a.Name, a.Code) })
	handle(mux, "RemoveCodes", func(ctx context.Context, a codesArg) (nothing, error) { return nothing{}, s.RemoveCodes(ctx, a.Name) })
	handle(mux, "NewRecoveryCodes", func(ctx context.Context, a codesArg) ([]string, error) { return s.NewRecoveryCodes(ctx, a.Name) })
	handle(mux, "RenamePasskey", func(ctx context.Context, a passkeyArg) (nothing, error) {
		return nothing{}, s.RenamePasskey(ctx, a.Name, a.ID, a.Label)
	})
	handle(mux, "RemovePasskey", func(ctx context.Context, a passkeyArg) (nothing, error) {
		return nothing{}, s.RemovePasskey(ctx, a.Name, a.ID)
	})
}

func handlePhones(mux *http.ServeMux, s center.Phones) {
	handle(mux, "ListDevices", func(ctx context.Context, a nameArg) ([]center.DeviceStatus, error) { return s.ListDevices(ctx, a.Name) })
	handle(mux, "FindDevice", func(ctx context.Context, a deviceArg) (center.DeviceStatus, error) {
		return s.FindDevice(ctx, a.User, a.ID)
	})
	handle(mux, "OrderDevice", func(ctx context.Context, o center.DeviceOrder) (center.DeviceStatus, error) {
		return s.OrderDevice(ctx, o)
	})
	handle(mux, "UnlockPassword", func(ctx context.Context, o center.DeviceOrder) (string, error) {
		return s.UnlockPassword(ctx, o.User, o.ID, o.By)
	})
	handle(mux, "DeviceRules", func(ctx context.Context, _ nothing) ([]device.Rule, error) { return s.DeviceRules(ctx) })
	handle(mux, "AddDeviceRule", func(ctx context.Context, a ruleArg) ([]device.Rule, error) {
		return s.AddDeviceRule(ctx, a.Rule, a.Before)
	})
	handle(mux, "RemoveDeviceRule", func(ctx context.Context, a numberArg) ([]device.Rule, error) {
		return s.RemoveDeviceRule(ctx, a.Number)
	})
	handle(mux, "DevicePolicy", func(ctx context.Context, a policyArg) (device.Policy, error) { return s.DevicePolicy(ctx, a.Scope) })
	handle(mux, "SetDevicePolicy", func(ctx context.Context, a policyArg) (device.Policy, error) {
		return s.SetDevicePolicy(ctx, a.Scope, a.Values)
	})
}

// AddUser implements center.Service.
func (c *Client) AddUser(ctx context.Context, u store.User, password string) (store.User, error) {
	return call[store.User](ctx, c, "AddUser", userArg{u, password})
}

// ListUsers implements center.Service.
func (c *Client) ListUsers(ctx context.Context) ([]center.UserStatus, error) {
	return call[[]center.UserStatus](ctx, c, "ListUsers", nothing{})
}

// SetUser implements center.Service.
func (c *Client) SetUser(ctx context.Context, u store.User) error {
	return do(ctx, c, "SetUser", userArg{User: u})
}

// RemoveUser implements center.Service.
func (c *Client) RemoveUser(ctx context.Context, name string, all bool) error {
	return do(ctx, c, "RemoveUser", removeUserArg{name, all})
}

// SetPassword implements center.Service.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	return do(ctx, c, "SetPassword", passwordArg{name, password})
}

// AddAppPassword implements center.Service.
func (c *Client) AddAppPassword(ctx context.Context, name, label string, limits ...account.Limits) (center.AppPassword, error) {
	return call[center.AppPassword](ctx, c, "AddAppPassword", labelArg{Name: name, Label: label, Limits: limits})
}

// RevokeAppPassword implements center.Service.
func (c *Client) RevokeAppPassword(ctx context.Context, name, label string) error {
	return do(ctx, c, "RevokeAppPassword", labelArg{Name: name, Label: label})
}

// BeginCodes implements center.Service.
func (c *Client) BeginCodes(ctx context.Context, name, hub string) (account.CodeSetup, error) {
	return call[account.CodeSetup](ctx, c, "BeginCodes", codesArg{Name: name, Hub: hub})
}

// ConfirmCodes implements center.Service.
func (c *Client) ConfirmCodes(ctx context.Context, name, code string) ([]string, error) {
	return call[[]string](ctx, c, "ConfirmCodes", codesArg{Name: name, Code: code})
}

// RemoveCodes implements center.Service.
func (c *Client) RemoveCodes(ctx context.Context, name string) error {
	return do(ctx, c, "RemoveCodes", codesArg{Name: name})
}

// NewRecoveryCodes implements center.Service.
func (c *Client) NewRecoveryCodes(ctx context.Context, name string) ([]string, error) {
	return call[[]string](ctx, c, "NewRecoveryCodes", codesArg{Name: name})
}

// RenamePasskey implements center.Service.
func (c *Client) RenamePasskey(ctx context.Context, name string, id int64, label string) error {
	return do(ctx, c, "RenamePasskey", passkeyArg{name, id, label})
}

// RemovePasskey implements center.Service.
func (c *Client) RemovePasskey(ctx context.Context, name string, id int64) error {
	return do(ctx, c, "RemovePasskey", passkeyArg{Name: name, ID: id})
}

// ListDevices implements center.Service.
func (c *Client) ListDevices(ctx context.Context, user string) ([]center.DeviceStatus, error) {
	return call[[]center.DeviceStatus](ctx, c, "ListDevices", nameArg{user})
}

// FindDevice implements center.Service.
func (c *Client) FindDevice(ctx context.Context, user, id string) (center.DeviceStatus, error) {
	return call[center.DeviceStatus](ctx, c, "FindDevice", deviceArg{user, id})
}

// OrderDevice implements center.Service.
func (c *Client) OrderDevice(ctx context.Context, o center.DeviceOrder) (center.DeviceStatus, error) {
	return call[center.DeviceStatus](ctx, c, "OrderDevice", o)
}

// UnlockPassword implements center.Service.
func (c *Client) UnlockPassword(ctx context.Context, user, id, by string) (string, error) {
	return call[string](ctx, c, "UnlockPassword", center.DeviceOrder{User: user, ID: id, By: by})
}

// DeviceRules implements center.Service.
func (c *Client) DeviceRules(ctx context.Context) ([]device.Rule, error) {
	return call[[]device.Rule](ctx, c, "DeviceRules", nothing{})
}

// AddDeviceRule implements center.Service.
func (c *Client) AddDeviceRule(ctx context.Context, r device.Rule, before int) ([]device.Rule, error) {
	return call[[]device.Rule](ctx, c, "AddDeviceRule", ruleArg{r, before})
}

// RemoveDeviceRule implements center.Service.
func (c *Client) RemoveDeviceRule(ctx context.Context, number int) ([]device.Rule, error) {
	return call[[]device.Rule](ctx, c, "RemoveDeviceRule", numberArg{number})
}

// DevicePolicy implements center.Service.
func (c *Client) DevicePolicy(ctx context.Context, scope device.Scope) (device.Policy, error) {
	return call[device.Policy](ctx, c, "DevicePolicy", policyArg{Scope: scope})
}

// SetDevicePolicy implements center.Service.
func (c *Client) SetDevicePolicy(ctx context.Context, scope device.Scope, values map[string]string) (device.Policy, error) {
	return call[device.Policy](ctx, c, "SetDevicePolicy", policyArg{scope, values})
}

// SetAdmin implements center.Service.
func (c *Client) SetAdmin(ctx context.Context, name string, on bool) error {
	return do(ctx, c, "SetAdmin", adminArg{name, on})
}
