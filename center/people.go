package center

import (
	"context"
	"errors"
	"strings"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/store"
)

// Users is the part of Service about users and how they log in.
type Users interface {
	// AddUser adds a user with the home collections that every user has. The first one administers the hub.
	AddUser(ctx context.Context, u store.User, password string) (store.User, error)
	ListUsers(ctx context.Context) ([]UserStatus, error)
	SetUser(ctx context.Context, u store.User) error // title and address
	// RemoveUser removes a user; Held while there are records, unless all is set.
	RemoveUser(ctx context.Context, name string, all bool) error
	SetPassword(ctx context.Context, name, password string) error
	// SetAdmin makes a user an administrator of the hub, or no longer one. Busy for the last one.
	SetAdmin(ctx context.Context, name string, on bool) error
	// AddAppPassword makes a password for one app or device; without limits it is for everything. It is shown this once.
	AddAppPassword(ctx context.Context, name, label string, limits ...account.Limits) (AppPassword, error)
	RevokeAppPassword(ctx context.Context, name, label string) error
	// BeginCodes makes what an app needs to make the codes that are asked for besides the own password, from ConfirmCodes on. hub names the hub in the app. Exists.
	BeginCodes(ctx context.Context, name, hub string) (account.CodeSetup, error)
	// ConfirmCodes asks for codes from now on, where the app shows a right one, and returns the recovery codes. They are shown this once. Denied, Exists, NotFound.
	ConfirmCodes(ctx context.Context, name, code string) ([]string, error)
	RemoveCodes(ctx context.Context, name string) error // NotFound
	// NewRecoveryCodes makes other recovery codes; those there were are worth nothing.
	NewRecoveryCodes(ctx context.Context, name string) ([]string, error)
	// RenamePasskey and RemovePasskey change one of a user's passkeys. Who was logged in is not any longer, once one is removed. NotFound.
	RenamePasskey(ctx context.Context, name string, id int64, label string) error
	RemovePasskey(ctx context.Context, name string, id int64) error
}

// UserStatus is a user with how they log in. No hash is in it.
type UserStatus struct {
	User    store.User
	Logins  []store.Login
	Factors []store.Factor // what is asked for besides passwords, and passkeys; without what they are checked with
	Devices int
}

// AppPassword is a new password for one app or device.
type AppPassword struct {
	Password string
	Login    store.Login
}

// DeviceStatus is a device with what follows from the settings.
type DeviceStatus struct {
	Device store.Device
	Copied int64         // when two devices were last seen under its id, Unix seconds, 0: never
	Policy device.Policy // in force for it
	Obeys  bool          // it accepted that policy
	News   string        // when it is told of news, as when.ParseNews reads it; "": at once
}

// DeviceOrder is what a person orders about a device: one of the orders, by whom, and what belongs to it.
type DeviceOrder struct {
	User, ID string
	Do       string // see the Device constants
	By       string
	Account  bool   // DeviceWipe: only this account and its data
	Version  string // DeviceVersion: "" for what is right for its sort
	News     string // DeviceTell: when it is told of news, as when.ParseNews reads it; "": at once
}

// The orders.
const (
	DeviceAllow   = "allow"
	DeviceHold    = "hold"
	DeviceBlock   = "block"
	DeviceWipe    = "wipe"
	DeviceKeep    = "cancel wipe"
	DeviceResync  = "resync"
	DeviceRemove  = "remove"
	DeviceVersion = "version"
	DeviceTell    = "news"
)

// Phones is the part of Service about devices.
type Phones interface {
	ListDevices(ctx context.Context, user string) ([]DeviceStatus, error) // "" : of all users
	// FindDevice finds a device by its id or enough of its beginning; user "": whoever's.
	FindDevice(ctx context.Context, user, id string) (DeviceStatus, error)
	OrderDevice(ctx context.Context, o DeviceOrder) (DeviceStatus, error)
	// UnlockPassword is the password that a device, named in full, left to be unlocked with, for the person by. The results log notes that it was shown. NotFound.
	UnlockPassword(ctx context.Context, user, id, by string) (string, error)
	DeviceRules(ctx context.Context) ([]device.Rule, error)
	AddDeviceRule(ctx context.Context, r device.Rule, before int) ([]device.Rule, error)
	RemoveDeviceRule(ctx context.Context, number int) ([]device.Rule, error)
	DevicePolicy(ctx context.Context, scope device.Scope) (device.Policy, error)
	SetDevicePolicy(ctx context.Context, scope device.Scope, values map[string]string) (device.Policy, error)
}

// AddUser implements Service.
func (h *Hub) AddUser(ctx context.Context, u store.User, password string) (store.User, error) {
	have, err := h.cfg.Accounts.Users(ctx)
	if err != nil {
		return store.User{}, err
	}
	if u, err = h.cfg.Accounts.Add(ctx, u, password); err != nil || len(have) > 0 {
		return u, err
	}
	if err := h.cfg.Accounts.SetAdmin(ctx, u.Name, true); err != nil {
		return u, err
	}
	return h.cfg.Store.Accounts.User(ctx, u.Name)
}

// ListUsers implements Service.
func (h *Hub) ListUsers(ctx context.Context) ([]UserStatus, error) {
	users, err := h.cfg.Accounts.Users(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := h.cfg.Devices.Devices(ctx, "")
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, d := range devices {
		count[d.User]++
	}
	list := make([]UserStatus, 0, len(users))
	for _, u := range users {
		logins, err := h.cfg.Accounts.Logins(ctx, u.Name)
		if tandem.IsKind(err, tandem.NotFound) { // removed meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		factors, err := h.cfg.Accounts.Factors(ctx, u.Name)
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return nil, err
		}
		list = append(list, UserStatus{User: u, Logins: logins, Factors: factors, Devices: count[u.Name]})
	}
	return list, nil
}

// SetUser implements Service.
func (h *Hub) SetUser(ctx context.Context, u store.User) error { return h.cfg.Accounts.Set(ctx, u) }

// RemoveUser implements Service.
func (h *Hub) RemoveUser(ctx context.Context, name string, all bool) error {
	if err := h.withoutAccounts(ctx, name); err != nil {
		return err
	}
	var stays error // what could not be taken from a mail server: the user goes all the same, and the person hears of it
	if h.cfg.Filters != nil {
		stays = h.cfg.Filters.Leave(ctx, name)
	}
	if err := h.cfg.Accounts.Remove(ctx, name, all); err != nil {
		if h.cfg.Filters != nil {
			return errors.Join(err, h.cfg.Filters.Stay(ctx, name))
		}
		return err
	}
	if err := h.forgetBounds(ctx, name); err != nil { // whoever is called so later is somebody else
		return err
	}
	if err := h.forgetKindRules(ctx, name); err != nil || h.cfg.Outgoing == nil {
		return err
	}
	if err := h.cfg.Outgoing.Forget(ctx, name); err != nil || h.cfg.Filters == nil {
		return err
	}
	if err := h.cfg.Filters.Forget(ctx, name); err != nil {
		return err
	}
	return stays
}

// SetPassword implements Service.
func (h *Hub) SetPassword(ctx context.Context, name, password string) error {
	return h.cfg.Accounts.SetPassword(ctx, name, password)
}

// SetAdmin implements Service.
func (h *Hub) SetAdmin(ctx context.Context, name string, on bool) error {
	return h.cfg.Accounts.SetAdmin(ctx, name, on)
}

// AddAppPassword implements Service.
func (h *Hub) AddAppPassword(ctx context.Context, name, label string, limits ...account.Limits) (AppPassword, error) {
	password, login, err := h.cfg.Accounts.NewAppPassword(ctx, name, label, limits...)
	return AppPassword{password, login}, err
}

// RevokeAppPassword implements Service.
func (h *Hub) RevokeAppPassword(ctx context.Context, name, label string) error {
	return h.cfg.Accounts.Revoke(ctx, name, label)
}

// BeginCodes implements Service.
func (h *Hub) BeginCodes(ctx context.Context, name, hub string) (account.CodeSetup, error) {
	return h.cfg.Accounts.BeginCodes(ctx, name, hub)
}

// ConfirmCodes implements Service.
func (h *Hub) ConfirmCodes(ctx context.Context, name, code string) ([]string, error) {
	return h.cfg.Accounts.ConfirmCodes(ctx, name, code)
}

// RemoveCodes implements Service.
func (h *Hub) RemoveCodes(ctx context.Context, name string) error {
	return h.cfg.Accounts.RemoveCodes(ctx, name)
}

// NewRecoveryCodes implements Service.
func (h *Hub) NewRecoveryCodes(ctx context.Context, name string) ([]string, error) {
	return h.cfg.Accounts.NewRecoveryCodes(ctx, name)
}

// RenamePasskey implements Service.
func (h *Hub) RenamePasskey(ctx context.Context, name string, id int64, label string) error {
	return h.cfg.Accounts.RenamePasskey(ctx, name, id, label)
}

// RemovePasskey implements Service.
func (h *Hub) RemovePasskey(ctx context.Context, name string, id int64) error {
	if err := h.cfg.Accounts.RemovePasskey(ctx, name, id); err != nil {
		return err
	}
	visits, err := h.cfg.Store.Visits.Visits(ctx, name)
	for _, v := range visits {
		if err := h.cfg.Store.Visits.RemoveVisit(ctx, v.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	return err
}

// ListDevices implements Service.
func (h *Hub) ListDevices(ctx context.Context, user string) ([]DeviceStatus, error) {
	if err := h.knows(ctx, user); err != nil {
		return nil, err
	}
	devices, err := h.cfg.Devices.Devices(ctx, user)
	if err != nil {
		return nil, err
	}
	list := make([]DeviceStatus, 0, len(devices))
	for _, d := range devices {
		s, err := h.standing(ctx, d)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// standing tells of a device.
func (h *Hub) standing(ctx context.Context, d store.Device) (s DeviceStatus, err error) {
	s.Device = d
	if s.Copied, err = h.cfg.Devices.Copied(ctx, d); err != nil {
		return s, err
	}
	if s.Policy, err = h.cfg.Devices.PolicyFor(ctx, d.User, d.ID); err != nil {
		return s, err
	}
	if s.News, err = h.cfg.Devices.News(ctx, d.Number); err != nil {
		return s, err
	}
	s.Obeys, err = h.cfg.Devices.Provisioned(ctx, d, d.PolicyKey)
	return s, err
}

// FindDevice implements Service.
func (h *Hub) FindDevice(ctx context.Context, user, id string) (DeviceStatus, error) {
	d, err := h.cfg.Devices.Find(ctx, user, id)
	if err != nil {
		return DeviceStatus{}, err
	}
	return h.standing(ctx, d)
}

// OrderDevice implements Service. The device must be named in full.
func (h *Hub) OrderDevice(ctx context.Context, o DeviceOrder) (DeviceStatus, error) {
	dev := h.cfg.Devices
	d, err := h.cfg.Store.Devices.Device(ctx, o.User, o.ID)
	if err != nil {
		return DeviceStatus{}, err
	}
	switch o.Do {
	case DeviceAllow:
		d, err = dev.Allow(ctx, o.User, o.ID, o.By)
	case DeviceHold:
		d, err = dev.Hold(ctx, o.User, o.ID, o.By)
	case DeviceBlock:
		d, err = dev.Block(ctx, o.User, o.ID, o.By)
	case DeviceWipe:
		d, err = dev.AskWipe(ctx, o.User, o.ID, o.Account, o.By)
	case DeviceKeep:
		d, err = dev.CancelWipe(ctx, o.User, o.ID, o.By)
	case DeviceVersion:
		d, err = dev.SetOffer(ctx, o.User, o.ID, o.Version, o.By)
	case DeviceTell:
		if _, err := when.ParseNews(o.News); err != nil {
			return DeviceStatus{}, err
		}
		d, err = dev.SetNews(ctx, o.User, o.ID, strings.TrimSpace(o.News), o.By)
	case DeviceResync:
		err = dev.Resync(ctx, o.User, o.ID, o.By)
	case DeviceRemove:
		if h.cfg.Traces != nil {
			h.cfg.Traces.Forget(o.User, o.ID)
		}
		return DeviceStatus{Device: d}, dev.Remove(ctx, o.User, o.ID, o.By)
	default:
		err = &tandem.Error{Kind: tandem.Invalid, Op: "order device", Thing: o.Do, Err: errors.New("there is no such order")}
	}
	if err != nil {
		return DeviceStatus{}, err
	}
	return h.standing(ctx, d)
}

// UnlockPassword implements Service.
func (h *Hub) UnlockPassword(ctx context.Context, user, id, by string) (string, error) {
	return h.cfg.Devices.UnlockPassword(ctx, user, id, by)
}

// DeviceRules implements Service.
func (h *Hub) DeviceRules(ctx context.Context) ([]device.Rule, error) {
	return h.cfg.Devices.Rules(ctx)
}

// AddDeviceRule implements Service.
func (h *Hub) AddDeviceRule(ctx context.Context, r device.Rule, before int) ([]device.Rule, error) {
	return h.cfg.Devices.AddRule(ctx, r, before)
}

// RemoveDeviceRule implements Service.
func (h *Hub) RemoveDeviceRule(ctx context.Context, number int) ([]device.Rule, error) {
	return h.cfg.Devices.RemoveRule(ctx, number)
}

// DevicePolicy implements Service.
func (h *Hub) DevicePolicy(ctx context.Context, c device.Scope) (device.Policy, error) {
	return h.cfg.Devices.Policy(ctx, c)
}

// SetDevicePolicy implements Service.
func (h *Hub) SetDevicePolicy(ctx context.Context, c device.Scope, values map[string]string) (device.Policy, error) {
	return h.cfg.Devices.SetPolicy(ctx, c, values)
}

// NewsAt is the first instant from now on at which a device may be told of news, now where nothing is set; zero if it is never told, and only syncs by hand.
func (h *Hub) NewsAt(ctx context.Context, user string, number int64, now time.Time) time.Time {
	text, err := h.cfg.Devices.News(ctx, number)
	if err != nil || text == "" {
		return now
	}
	p, err := when.ParseNews(text)
	if err != nil { // from another version
		return now
	}
	return p.News(now, h.zoneOf(ctx, user))
}
