package scope

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/partner/account"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
	"tandem/store"
)

// AddUser implements center.Service, for administrators.
func (s *Scope) AddUser(ctx context.Context, u store.User, password string) (store.User, error) {
	if err := s.adminOnly("add user"); err != nil {
		return store.User{}, err
	}
	u, err := s.cfg.Hub.AddUser(ctx, store.User{Name: u.Name, Title: u.Title, Address: u.Address}, password)
	if err == nil {
		s.audit(ctx, u.Name, "added the user %s", u.Name)
	}
	return u, err
}

// ListUsers implements center.Service: oneself, or for administrators everybody.
func (s *Scope) ListUsers(ctx context.Context) ([]center.UserStatus, error) {
	list, err := s.cfg.Hub.ListUsers(ctx)
	if s.who.Admin {
		return list, err
	}
	return slices.DeleteFunc(list, func(u center.UserStatus) bool { return !s.mine(u.User.Name) }), err
}

// about settles whose account something changes; app passwords change none.
func (s *Scope) about(op, user string) (string, error) {
	if err := s.notApp(op); err != nil {
		return "", err
	}
	return s.person(user)
}

// SetUser implements center.Service.
func (s *Scope) SetUser(ctx context.Context, u store.User) error {
	name, err := s.about("change user", u.Name)
	if err != nil {
		return err
	}
	u.Name = name
	err = s.cfg.Hub.SetUser(ctx, u)
	if err == nil {
		s.audit(ctx, name, "changed what is known of the user %s", name)
	}
	return err
}

// RemoveUser implements center.Service, for administrators.
func (s *Scope) RemoveUser(ctx context.Context, name string, all bool) error {
	if err := s.adminOnly("remove user"); err != nil {
		return err
	}
	err := s.cfg.Hub.RemoveUser(ctx, name, all)
	if err == nil {
		s.audit(ctx, "", "removed the user %s", name)
	}
	return err
}

// SetPassword implements center.Service.
func (s *Scope) SetPassword(ctx context.Context, name, password string) error {
	name, err := s.about("set password", name)
	if err != nil {
		return err
	}
	if err = s.cfg.Hub.SetPassword(ctx, name, password); err == nil {
		s.audit(ctx, name, "set the password of %s", name)
	}
	return err
}

// SetAdmin implements center.Service, for administrators.
func (s *Scope) SetAdmin(ctx context.Context, name string, on bool) error {
	if err := s.adminOnly("change rights"); err != nil {
		return err
	}
	err := s.cfg.Hub.SetAdmin(ctx, name, on)
	if err == nil && on {
		s.audit(ctx, name, "made %s an administrator", name)
	} else if err == nil {
		s.audit(ctx, name, "took the rights of an administrator from %s", name)
	}
	return err
}

// AddAppPassword implements center.Service.
func (s *Scope) AddAppPassword(ctx context.Context, name, label string, limits ...account.Limits) (center.AppPassword, error) {
	name, err := s.about("add app password", name)
	if err != nil {
		return center.AppPassword{}, err
	}
	p, err := s.cfg.Hub.AddAppPassword(ctx, name, label, limits...)
	if err == nil {
		s.audit(ctx, name, "added the app password %q for %s", p.Login.Label, name)
	}
	return p, err
}

// RevokeAppPassword implements center.Service.
func (s *Scope) RevokeAppPassword(ctx context.Context, name, label string) error {
	name, err := s.about("revoke app password", name)
	if err != nil {
		return err
	}
	if err = s.cfg.Hub.RevokeAppPassword(ctx, name, label); err == nil {
		s.audit(ctx, name, "revoked the app password %q of %s", label, name)
	}
	return err
}

// ListDevices implements center.Service: one's own, or for administrators, who name nobody, those of all.
func (s *Scope) ListDevices(ctx context.Context, user string) ([]center.DeviceStatus, error) {
	if user != "" || !s.who.Admin {
		name, err := s.person(user)
		if err != nil {
			return nil, err
		}
		user = name
	}
	return s.cfg.Hub.ListDevices(ctx, user)
}

// FindDevice implements center.Service.
func (s *Scope) FindDevice(ctx context.Context, user, id string) (center.DeviceStatus, error) {
	if user != "" || !s.who.Admin {
		name, err := s.person(user)
		if err != nil {
			return center.DeviceStatus{}, err
		}
		user = name
	}
	d, err := s.cfg.Hub.FindDevice(ctx, user, id)
	if tandem.IsKind(err, tandem.NotFound) {
		err = missing("device", id)
	}
	return d, err
}

// UnlockPassword implements center.Service.
func (s *Scope) UnlockPassword(ctx context.Context, user, id, _ string) (string, error) {
	if err := s.notApp("show recovery password"); err != nil {
		return "", err
	}
	d, err := s.FindDevice(ctx, user, id)
	if err != nil {
		return "", err
	}
	if d.Device.ID != id {
		return "", missing("device", id)
	}
	return s.cfg.Hub.UnlockPassword(ctx, d.Device.User, id, s.who.User)
}

// OrderDevice implements center.Service. Who owns a device may block, wipe and begin it anew; whether one may sync that was turned away is for administrators.
func (s *Scope) OrderDevice(ctx context.Context, o center.DeviceOrder) (center.DeviceStatus, error) {
	const op = "order device"
	if err := s.notApp(op); err != nil {
		return center.DeviceStatus{}, err
	}
	d, err := s.FindDevice(ctx, o.User, o.ID)
	if err != nil {
		return d, err
	}
	if d.Device.ID != o.ID { // an order names its device in full
		return center.DeviceStatus{}, missing("device", o.ID)
	}
	o.User, o.By = d.Device.User, s.who.User
	if !s.who.Admin {
		switch {
		case o.Do == center.DeviceAllow, o.Do == center.DeviceHold, o.Do == center.DeviceVersion,
			o.Do == center.DeviceRemove && d.Device.Access != store.Allowed: // it would come back as a new one
			return center.DeviceStatus{}, s.adminOnly(op)
		}
	}
	return s.cfg.Hub.OrderDevice(ctx, o)
}

// DeviceRules implements center.Service, for administrators.
func (s *Scope) DeviceRules(ctx context.Context) ([]device.Rule, error) {
	if err := s.adminOnly("list device rules"); err != nil {
		return nil, err
	}
	return s.cfg.Hub.DeviceRules(ctx)
}

// AddDeviceRule implements center.Service, for administrators.
func (s *Scope) AddDeviceRule(ctx context.Context, r device.Rule, before int) ([]device.Rule, error) {
	if err := s.adminOnly("add device rule"); err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.AddDeviceRule(ctx, r, before)
	if err == nil {
		s.audit(ctx, "", "added a rule for devices")
	}
	return list, err
}

// RemoveDeviceRule implements center.Service, for administrators.
func (s *Scope) RemoveDeviceRule(ctx context.Context, number int) ([]device.Rule, error) {
	if err := s.adminOnly("remove device rule"); err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.RemoveDeviceRule(ctx, number)
	if err == nil {
		s.audit(ctx, "", "removed rule %d for devices", number)
	}
	return list, err
}

// DevicePolicy implements center.Service: that of oneself, or for administrators any.
func (s *Scope) DevicePolicy(ctx context.Context, c device.Scope) (device.Policy, error) {
	if !s.who.Admin && !s.mine(c.User) {
		if c.User != "" {
			return device.Policy{}, missing("user", c.User)
		}
		return device.Policy{}, s.adminOnly("read the policy of devices")
	}
	return s.cfg.Hub.DevicePolicy(ctx, c)
}

// SetDevicePolicy implements center.Service, for administrators.
func (s *Scope) SetDevicePolicy(ctx context.Context, c device.Scope, values map[string]string) (device.Policy, error) {
	if err := s.adminOnly("change the policy of devices"); err != nil {
		return device.Policy{}, err
	}
	p, err := s.cfg.Hub.SetDevicePolicy(ctx, c, values)
	if err == nil {
		s.audit(ctx, c.User, "changed the policy of devices")
	}
	return p, err
}

// SetMailServer implements center.Service.
func (s *Scope) SetMailServer(ctx context.Context, user string, a outgoing.Account, password string) error {
	user, err := s.about("set mail server", user)
	if err != nil {
		return err
	}
	a.Guarded = !s.who.Admin
	if err = s.cfg.Hub.SetMailServer(ctx, user, a, password); err == nil {
		s.audit(ctx, user, "set the mail server of %s to %s", user, a.Host)
	}
	return err
}

// HubMail implements center.Service, for administrators.
func (s *Scope) HubMail(ctx context.Context) (outgoing.Account, error) {
	if err := s.adminOnly("show the hub's mail server"); err != nil {
		return outgoing.Account{}, err
	}
	return s.cfg.Hub.HubMail(ctx)
}

// SetHubMail implements center.Service, for administrators.
func (s *Scope) SetHubMail(ctx context.Context, a outgoing.Account, password string) error {
	if err := s.adminOnly("set the hub's mail server"); err != nil {
		return err
	}
	err := s.cfg.Hub.SetHubMail(ctx, a, password)
	if err == nil {
		s.audit(ctx, "", "set the mail server of the hub to %s", firstOf(a.Host, "none"))
	}
	return err
}

// SetAway implements center.Service.
func (s *Scope) SetAway(ctx context.Context, user string, set away.Settings) error {
	user, err := s.about("answer while away", user)
	if err != nil {
		return err
	}
	return s.cfg.Hub.SetAway(ctx, user, set)
}

// SetFilterServer implements center.Service.
func (s *Scope) SetFilterServer(ctx context.Context, user string, a sieve.Account, password string) error {
	user, err := s.about("set filter server", user)
	if err != nil {
		return err
	}
	a.Guarded = !s.who.Admin
	if err = s.cfg.Hub.SetFilterServer(ctx, user, a, password); err == nil {
		s.audit(ctx, user, "set the filter server of %s to %s", user, firstOf(a.Host, "none"))
	}
	return err
}

// SetInvitations implements center.Service.
func (s *Scope) SetInvitations(ctx context.Context, user string, m imip.Mode) error {
	user, err := s.about("set invitations", user)
	if err != nil {
		return err
	}
	return s.cfg.Hub.SetInvitations(ctx, user, m)
}

// Outgoing implements center.Service: one's own mail only.
func (s *Scope) Outgoing(ctx context.Context, user string, limit int) ([]outgoing.Listed, error) {
	if user != "" && !s.mine(user) {
		return nil, missing("user", user)
	}
	return s.cfg.Hub.Outgoing(ctx, s.who.User, limit)
}

// message checks that a message on its way out is one's own.
func (s *Scope) message(ctx context.Context, id int64) error {
	list, err := s.Outgoing(ctx, "", 0)
	if err == nil && !slices.ContainsFunc(list, func(m outgoing.Listed) bool { return m.ID == id }) {
		err = missing("message", strconv.FormatInt(id, 10))
	}
	return err
}

// RetryOutgoing implements center.Service.
func (s *Scope) RetryOutgoing(ctx context.Context, id int64) error {
	if err := s.message(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.RetryOutgoing(ctx, id)
}

// AnswerDoubt implements center.Service.
func (s *Scope) AnswerDoubt(ctx context.Context, id int64, a outgoing.DoubtAnswer) error {
	if err := s.message(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.AnswerDoubt(ctx, id, a)
}

// RemoveOutgoing implements center.Service.
func (s *Scope) RemoveOutgoing(ctx context.Context, id int64) error {
	if err := s.message(ctx, id); err != nil {
		return err
	}
	return s.cfg.Hub.RemoveOutgoing(ctx, id)
}

// Secret implements center.Service: what is kept is not told, to anybody.
func (s *Scope) Secret(context.Context, string) (string, error) {
	return "", &tandem.Error{Kind: tandem.Denied, Op: "read secret", Err: errors.New("secrets are kept, not told"), Remedy: "give a new one"}
}

// KeepSecret implements center.Service: administrators keep the hub's, everybody else their own, which are kept apart.
func (s *Scope) KeepSecret(ctx context.Context, name, secret string) error {
	const op = "keep secret"
	if err := s.notApp(op); err != nil {
		return err
	}
	if s.who.Admin && strings.HasPrefix(name, account.UserSecrets) {
		return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: name, Err: errors.New("users' own secrets are theirs")}
	}
	kept := name
	if !s.who.Admin {
		if name == "" || len(name) > maxSecretName || len(secret) > maxSecret {
			return &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("the name or the secret is missing or too long")}
		}
		kept = center.PlaceSecrets(s.who.User) + name
	}
	err := s.cfg.Hub.KeepSecret(ctx, kept, secret)
	if err == nil {
		user := ""
		if !s.who.Admin {
			user = s.who.User
		}
		s.audit(ctx, user, "changed the secret %q", name)
	}
	return err
}

// Bounds of what people keep who do not administer the hub, in bytes.
const (
	maxSecretName = 500
	maxSecret     = 16 << 10
)

// SecretNames implements center.Service: administrators see the hub's, everybody else their own. App passwords see none.
func (s *Scope) SecretNames(ctx context.Context) ([]string, error) {
	if err := s.notApp("list secrets"); err != nil {
		return nil, err
	}
	list, err := s.cfg.Hub.SecretNames(ctx)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, n := range list {
		own, mine := strings.CutPrefix(n, center.PlaceSecrets(s.who.User))
		switch {
		case s.who.Admin && !strings.HasPrefix(n, account.UserSecrets):
			out = append(out, n)
		case !s.who.Admin && mine:
			out = append(out, own)
		}
	}
	return out, nil
}

// MemberBounds implements center.Service. What they may do may be known to everybody.
func (s *Scope) MemberBounds(ctx context.Context) (center.Bounds, error) {
	return s.cfg.Hub.MemberBounds(ctx)
}

// BoundsOf implements center.Service. Everybody knows their own, administrators all.
func (s *Scope) BoundsOf(ctx context.Context, user string) (center.PersonBounds, error) {
	name, err := s.about("find bounds of", user)
	if err != nil {
		return center.PersonBounds{}, err
	}
	return s.cfg.Hub.BoundsOf(ctx, name)
}

// SetBoundsOf implements center.Service, for administrators.
func (s *Scope) SetBoundsOf(ctx context.Context, user string, b *center.Bounds) error {
	if err := s.adminOnly("set bounds"); err != nil {
		return err
	}
	err := s.cfg.Hub.SetBoundsOf(ctx, user, b)
	switch {
	case err != nil:
	case b == nil:
		s.audit(ctx, user, "allowed %s to add the places that everybody may", user)
	default:
		s.audit(ctx, user, "allowed %s to add places of the sorts %s, at servers %s", user, firstOf(strings.Join(b.Providers, ", "), "none"), reaches(*b))
	}
	return err
}

// reaches says which servers bounds let somebody reach.
func reaches(b center.Bounds) string {
	if b.Private {
		return "on the internet and in the hub's own network"
	}
	return "on the internet"
}

// SetMemberBounds implements center.Service, for administrators.
func (s *Scope) SetMemberBounds(ctx context.Context, b center.Bounds) error {
	if err := s.adminOnly("set bounds"); err != nil {
		return err
	}
	err := s.cfg.Hub.SetMemberBounds(ctx, b)
	if err == nil {
		s.audit(ctx, "", "allowed everybody to add places of the sorts %s, at servers %s", firstOf(strings.Join(b.Providers, ", "), "none"), reaches(b))
	}
	return err
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// RotateSecrets implements center.Service, for administrators.
func (s *Scope) RotateSecrets(ctx context.Context) (int, error) {
	if err := s.adminOnly("rotate secrets"); err != nil {
		return 0, err
	}
	n, err := s.cfg.Hub.RotateSecrets(ctx)
	if err == nil {
		s.audit(ctx, "", "sealed the secrets with a new key")
	}
	return n, err
}
