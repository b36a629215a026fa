package device

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"tandem"
	"tandem/store"
)

// A device id is in two places when a profile, a disk or a phone was copied. Both then use the same keys and undo each other's state.
// A trail tells a copy from an upgrade: an upgrade goes from one version to the next and stays there, two copies go to and fro. Different
// programs of one device are no copies; phones ask for mail with another program than for calendars.

// trailName is the document that holds a device's trail. Resync leaves it alone.
const trailName = keep + "trail"

// keep begins the names of documents that belong to this package.
const keep = "partner/"

// How often within a day a device has to go back to what it was before, to count as two.
const (
	returnsOfCopy = 2
	day           = int64(24 * time.Hour / time.Second)
)

// trail is what a device has been seen as.
type trail struct {
	Seen    map[string]step `json:"seen"`              // by what is compared: "type", or a program's name
	Returns int             `json:"returns,omitempty"` // since First
	First   int64           `json:"first,omitempty"`
	Copied  int64           `json:"copied,omitempty"` // when it was last found to be in two places, Unix seconds
}

type step struct {
	Now    string `json:"now"`
	Before string `json:"before,omitempty"`
	Since  int64  `json:"since"`
}

// program takes a User-Agent apart: "iOS/17.0 (21A329) dataaccessd/1.0" is "iOS" in version "17.0".
func program(agent string) (name, version string) {
	first, _, _ := strings.Cut(strings.TrimSpace(agent), " ")
	name, version, _ = strings.Cut(first, "/")
	return clip(name), clip(version)
}

func sameProgram(a, b string) bool {
	if a == "" {
		return true
	}
	name, version := program(a)
	name2, version2 := program(b)
	return name == name2 && version == version2
}

// note follows one thing, and reports whether it is other than last time, and whether it is what it was before that.
func (t *trail) note(what, value string, now int64) (changed, back bool) {
	s, known := t.Seen[what]
	if known && s.Now == value {
		return false, false
	}
	back = known && s.Before == value && now-s.Since < day
	t.Seen[what] = step{Now: value, Before: s.Now, Since: now}
	return true, back
}

// follow writes an odd sighting into the device's trail. It reports whether it replaces what is recorded: not if it is another
// program of the device, and not while the device is in two places.
func (s *Service) follow(ctx context.Context, d store.Device, g Sighting) (fits bool, err error) {
	docs, err := s.cfg.Devices.State(ctx, d.Number, trailName)
	if err != nil {
		return false, err
	}
	var t trail
	if old := docs[trailName]; old != nil && json.Unmarshal(old, &t) != nil {
		t = trail{} // a trail that cannot be read is begun anew
	}
	now := s.cfg.Now().Unix()
	if t.Copied != 0 && now-t.Copied < day {
		return false, nil // told already; writing down every change would only cost
	}
	if t.Seen == nil {
		name, version := program(d.Agent)
		t.Seen = map[string]step{"type": {Now: d.Type, Since: now}, "program " + name: {Now: version, Since: now}}
	}
	if len(t.Seen) > 20 { // nonsense that changes its name all the time
		return false, nil
	}
	var changed, back bool
	if g.Type != "" {
		changed, back = t.note("type", g.Type, now)
	}
	fits = changed
	if name, version := program(g.Agent); name != "" {
		_, known := t.Seen["program "+name]
		c, b := t.note("program "+name, version, now)
		own, _ := program(d.Agent)
		fits = fits || c && known && name == own
		changed, back = changed || c, back || b
	}
	if !changed {
		return false, nil
	}
	copied := back && t.back(now)
	if err := s.keepTrail(ctx, d, docs[trailName], t); err != nil || !copied {
		return fits && !copied, err
	}
	return false, s.log(ctx, d, store.Warning, "set the account up anew on one of them, under another profile; then `tandem device resync "+d.ID+"`",
		"two devices use its id: one is %s, the other %s; they disturb each other", describe(d.Type, d.Agent), describe(g.Type, g.Agent))
}

// back counts a return, and reports whether the device is now taken for two.
func (t *trail) back(now int64) bool {
	if now-t.First >= day {
		t.Returns, t.First = 0, now
	}
	if t.Returns++; t.Returns < returnsOfCopy {
		return false
	}
	t.Returns, t.Copied = 0, now
	return true
}

// keepTrail saves a trail; if another request did so meanwhile, that one's is as good.
func (s *Service) keepTrail(ctx context.Context, d store.Device, old []byte, t trail) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	err = s.cfg.Devices.SwapState(ctx, d.Number, store.Swap{Name: trailName, Old: old, New: text})
	if tandem.IsKind(err, tandem.Changed) || tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	return err
}

func describe(kind, agent string) string { return strings.TrimSpace(kind + " " + clip(agent)) }

// Copied tells when a device was last found to be in two places, 0: never.
func (s *Service) Copied(ctx context.Context, d store.Device) (int64, error) {
	docs, err := s.cfg.Devices.State(ctx, d.Number, trailName)
	if err != nil || docs[trailName] == nil {
		return 0, err
	}
	var t trail
	if json.Unmarshal(docs[trailName], &t) != nil {
		return 0, nil
	}
	return t.Copied, nil
}
