// Package device keeps the phones and programs that sync through a front door: how they are recorded at first contact, which may
// sync, what they must obey, and how they are wiped.
//
// A device names itself, and its name means something together with its user only. Whatever a person decides about one, and whatever
// it is told and answers about being wiped, is written to the results log.
package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/store"
)

// Config is what a Service stands on. Everything without a remark must be set.
type Config struct {
	Devices  store.Devices
	Settings store.Settings
	Events   store.Events
	Now      func() time.Time // nil: time.Now

	// Secrets keep, sealed, the passwords by which devices can be unlocked; seal.Keeper does. nil: devices cannot leave one here.
	Secrets Secrets
	// Seen is told of devices that were seen after a while, or that somebody decided about; it must not wait. nil: nobody listens.
	Seen func(d store.Device)
	// Policy is told of devices whose policy changed; it must not wait. nil: nobody listens.
	Policy func(d store.Device)
}

// Service keeps devices. There is one per store; its methods may be called concurrently.
type Service struct {
	cfg   Config
	first sync.Mutex // held at first contacts, which count the user's devices
	set   sync.Mutex // held while settings change

	news   sync.Mutex       // guards newsOf
	newsOf map[int64]string // when devices are told of news, by number; nil before it was read; never changed, but replaced
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Seen == nil {
		cfg.Seen = func(store.Device) {}
	}
	if cfg.Policy == nil {
		cfg.Policy = func(store.Device) {}
	}
	return &Service{cfg: cfg}
}

// Sighting is what a request tells of its device.
type Sighting struct{ ID, Type, Agent, Address, Protocol string }

// maxID is the longest id of a device that is believed. MS-ASHTTP 2.2.1.1.1.2.3 has 32 letters; some clients send more.
const maxID = 128

// validate is the id under which clients try an account. No device is recorded for it, and it may always come in.
const validate = "validate"

// seenAfter is for how long in seconds a device counts as just seen, so that nothing is written.
const seenAfter = 60

// Meet records that a device was seen and returns how it stands. At first contact the rules decide whether it may sync. For an id that
// only tries the account, Number is 0.
func (s *Service) Meet(ctx context.Context, user string, g Sighting) (store.Device, error) {
	if strings.EqualFold(g.ID, validate) {
		return store.Device{User: user, ID: g.ID, Type: g.Type, Agent: g.Agent, Speaks: g.Protocol, Access: store.Allowed}, nil
	}
	if err := checkSighting(g); err != nil {
		return store.Device{}, &tandem.Error{Kind: tandem.Invalid, Op: "meet device", Thing: g.ID, Err: err}
	}
	d, err := s.cfg.Devices.Device(ctx, user, g.ID)
	if tandem.IsKind(err, tandem.NotFound) {
		return s.greet(ctx, user, g)
	}
	if err != nil {
		return d, err
	}
	odd := g.Type != "" && g.Type != d.Type || !sameProgram(g.Agent, d.Agent)
	now := s.cfg.Now().Unix()
	if !odd && (g.Protocol == "" || g.Protocol == d.Speaks) && g.Address == d.Address && d.Seen <= now && now-d.Seen < seenAfter {
		return d, nil
	}
	if odd {
		switch fits, err := s.follow(ctx, d, g); {
		case err != nil:
			return d, err
		case !fits: // another part of the same device, or a copy of it: what is recorded stays
			g.Type, g.Agent = "", ""
		}
	}
	d, err = s.cfg.Devices.ChangeDevice(ctx, user, g.ID, func(d *store.Device) error {
		if d.Number == 0 {
			return errRemoved
		}
		see(d, g, now)
		return nil
	})
	if err == nil {
		s.cfg.Seen(d)
	}
	return d, err
}

var errRemoved error = &tandem.Error{Kind: tandem.Transient, Op: "meet device", Err: errors.New("it was removed just now"), Wait: 1, Remedy: "try again"}

func checkSighting(g Sighting) error {
	if g.ID == "" || len(g.ID) > maxID {
		return fmt.Errorf("a device needs an id of at most %d letters", maxID)
	}
	for _, text := range []string{g.ID, g.Type} {
		if len(text) > maxID || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return errors.New("its id or type is no text")
		}
	}
	return nil
}

// see writes a sighting into a device.
func see(d *store.Device, g Sighting, now int64) {
	if g.Type != "" {
		d.Type = g.Type
	}
	if g.Agent != "" {
		d.Agent = clip(g.Agent)
	}
	if g.Protocol != "" {
		d.Speaks = clip(g.Protocol)
	}
	d.Seen, d.Address = now, g.Address
}

// clip bounds what a client says about itself.
func clip(text string) string {
	const most = 512
	return strings.ToValidUTF8(text[:min(len(text), most)], "?")
}

// greet records a device at first contact.
func (s *Service) greet(ctx context.Context, user string, g Sighting) (store.Device, error) {
	s.first.Lock()
	defer s.first.Unlock()
	rules, err := s.Rules(ctx)
	if err != nil {
		return store.Device{}, err
	}
	have, err := s.cfg.Devices.Devices(ctx, user)
	if err != nil {
		return store.Device{}, err
	}
	now := s.cfg.Now().Unix()
	added := false
	d, err := s.cfg.Devices.ChangeDevice(ctx, user, g.ID, func(d *store.Device) error {
		see(d, g, now)
		if added = d.Number == 0; added {
			d.Added = now
			d.Access, d.Reason = decide(rules, *d, have)
		}
		return nil
	})
	if err == nil {
		s.cfg.Seen(d)
	}
	if err != nil || !added {
		return d, err
	}
	level, remedy := store.Info, ""
	if d.Access != store.Allowed {
		level, remedy = store.Warning, fmt.Sprintf("let it in with `tandem device allow %s`", d.ID)
	}
	return d, s.log(ctx, d, level, remedy, "first contact from %s: %s (%s)", d.Address, d.Access, d.Reason)
}

// log writes a line about a device to the results log.
func (s *Service) log(ctx context.Context, d store.Device, level store.Level, remedy, format string, args ...any) error {
	what := d.Type
	if model := d.Info["model"]; model != "" {
		what = model
	}
	text := strings.TrimSpace(what+" "+d.ID) + " of " + d.User + ": " + fmt.Sprintf(format, args...)
	return s.cfg.Events.Add(ctx, store.Event{When: s.cfg.Now().Unix(), User: d.User, Item: "device " + d.ID, Level: level, Text: text, Remedy: remedy})
}

// Devices lists the devices of a user, or of all with "".
func (s *Service) Devices(ctx context.Context, user string) ([]store.Device, error) {
	return s.cfg.Devices.Devices(ctx, user)
}

// Find finds a device by its id, or by its beginning where that is enough, of any user if user is "". NotFound, or Invalid if several have it.
func (s *Service) Find(ctx context.Context, user, id string) (store.Device, error) {
	const op = "find device"
	list, err := s.cfg.Devices.Devices(ctx, user)
	if err != nil {
		return store.Device{}, err
	}
	pick := func(fits func(store.Device) bool) []store.Device {
		var out []store.Device
		for _, d := range list {
			if fits(d) {
				out = append(out, d)
			}
		}
		return out
	}
	found := pick(func(d store.Device) bool { return d.ID == id })
	if len(found) == 0 && len(id) >= 4 {
		found = pick(func(d store.Device) bool { return len(d.ID) >= len(id) && strings.EqualFold(d.ID[:len(id)], id) })
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return store.Device{}, &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: id, Remedy: "see them with `tandem device list`"}
	}
	var who []string
	for _, d := range found {
		who = append(who, d.ID+" of "+d.User)
	}
	slices.Sort(who)
	return store.Device{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: id, Err: errors.New("several have it: " + strings.Join(who, ", ")),
		Remedy: "write the id in full, and name the user with --user"}
}

// change changes a device that is there.
func (s *Service) change(ctx context.Context, op, user, id string, f func(d *store.Device) error) (store.Device, error) {
	d, err := s.cfg.Devices.ChangeDevice(ctx, user, id, func(d *store.Device) error {
		if d.Number == 0 {
			return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: id, Remedy: "see them with `tandem device list`"}
		}
		return f(d)
	})
	if err == nil {
		s.cfg.Seen(d)
	}
	return d, err
}
