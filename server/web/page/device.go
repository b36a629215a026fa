package page

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	devices "tandem/partner/device"
	"tandem/server/web/page/words"
	"tandem/store"
)

// devicesPage lists devices, those that wait for a decision first.
type devicesPage struct {
	Waiting, Known []phoneCard
	Rules          []devices.Rule
}

func (p *Pages) devices(c *call) error {
	list, err := c.hub.ListDevices(c.r.Context(), "")
	if err != nil {
		return err
	}
	d := devicesPage{}
	for _, s := range list {
		card := phoneCard{s, p.deviceLook(c.words, s), deviceName(s.Device)}
		if s.Device.Access == store.Held {
			d.Waiting = append(d.Waiting, card)
		} else {
			d.Known = append(d.Known, card)
		}
	}
	if c.htmx() {
		return c.part("device-list", d)
	}
	c.frame.Live = true
	return c.show("devices", c.words.T("Devices"), "devices", d)
}

// deviceName is what people call a device.
func deviceName(d store.Device) string {
	for _, k := range []string{"name", "model"} {
		if v := d.Info[k]; v != "" {
			return v
		}
	}
	if d.Type != "" {
		return d.Type
	}
	return d.ID
}

// deviceLook says how a device stands.
func (p *Pages) deviceLook(w words.Words, s center.DeviceStatus) look {
	d := s.Device
	switch {
	case d.Wipe == store.WipeAsked:
		return look{"bad", "warn", w.T("Will be wiped at its next request")}
	case d.Wipe == store.WipeSent:
		return look{"bad", "warn", w.T("Was told to wipe itself")}
	case d.Wipe == store.Wiped:
		return look{"off", "off", w.T("Wiped")}
	case d.Wipe == store.WipeFail:
		return look{"bad", "fail", w.T("Says that it could not wipe itself")}
	case d.Access == store.Blocked:
		return look{"off", "off", w.T("Blocked")}
	case d.Access == store.Held:
		return look{"late", "warn", w.T("Waits to be allowed")}
	case s.Copied != 0:
		return look{"bad", "warn", w.T("Two devices use its id")}
	case p.cfg.Now().Unix()-d.Seen > 3*24*3600:
		return look{"late", "warn", w.T("Not seen for days")}
	}
	return look{"good", "ok", w.T("Syncs")}
}

// devicePage shows one device.
type devicePage struct {
	phoneCard
	Facts    []field
	Policy   []policyRow
	Elements []policyGroup // that a policy can have
	Typed    [2]string     // for another element: its name and value
	Versions []option
	News     string // when it is told of news
	Events   []event
	Syncs    *card // what it syncs, as far as it asked for anything
	Runs     []phoneRun
	Windows  []window

	Recoverable bool // its policy has it leave a password by which it can be unlocked
}

// window is what a phone does not ask for of a folder.
type window struct {
	Folder string
	center.LeftOut
}

// windows are what the phone does not ask for. They are for its owner alone, and others are told of none.
func (c *call) windows(items []handler.Item) (out []window, err error) {
	for _, it := range items {
		if it.Kind != tandem.Mail && it.Kind != tandem.Event && it.Kind != tandem.Task {
			continue
		}
		f, err := c.hub.FirstSync(c.r.Context(), it.ID)
		if tandem.IsKind(err, tandem.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range f.LeftOut {
			out = append(out, window{it.Name, l})
		}
	}
	return out, nil
}

// phoneRun is a run of a folder that a phone syncs.
type phoneRun struct {
	*run
	Folder string
	InStep bool
	Lost   bool // it overwrote or deleted something that the reader can put back
}

// shownPhoneRuns is how many runs of a phone are shown.
const shownPhoneRuns = 10

// phoneRuns are the newest runs of what a phone syncs.
func (c *call) phoneRuns(items []handler.Item) (out []phoneRun, err error) {
	for _, it := range items {
		list, err := c.hub.Runs(c.r.Context(), store.RunFilter{Item: it.ID, Limit: shownPhoneRuns})
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			one := phoneRun{run: runOf(r), Folder: it.Name}
			_ = json.Unmarshal([]byte(r.Detail), &struct{ InStep *bool }{&one.InStep}) // as in runOf
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b phoneRun) int { return cmp.Compare(b.ID, a.ID) })
	out = out[:min(len(out), shownPhoneRuns)]
	for i := range out {
		if out[i].Moved(0) == 0 {
			continue
		}
		past, err := c.hub.History(c.r.Context(), store.PastFilter{Session: out[i].ID, Limit: 1})
		if err != nil {
			return nil, err
		}
		out[i].Lost = len(past) > 0
	}
	return out, nil
}

func (p *Pages) device(c *call) error {
	d, err := p.deviceOf(c)
	if err != nil {
		return err
	}
	return c.show("devices", d.Name, "device", d)
}

func (p *Pages) deviceOf(c *call) (*devicePage, error) {
	ctx, t := c.r.Context(), c.words.T
	s, err := c.hub.FindDevice(ctx, c.r.PathValue("user"), c.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	d := &devicePage{phoneCard: phoneCard{s, p.deviceLook(c.words, s), deviceName(s.Device)}}
	dev := s.Device
	for _, f := range []field{{t("Owner"), dev.User}, {t("Sort"), dev.Type}, {t("Model"), dev.Info["model"]}, {t("System"), dev.Info["os"]}, {t("Program"), dev.Agent},
		{t("Protocol"), dev.Speaks}, {t("Id"), dev.ID}, {t("Address"), dev.Address}, {t("Why"), c.words.Say(dev.Reason)}} {
		if f.Value != "" {
			d.Facts = append(d.Facts, f)
		}
	}
	d.News, d.Recoverable = s.News, s.Policy["PasswordRecoveryEnabled"] == "1"
	d.Policy, d.Elements = policyOf(c.words, s.Policy)
	for _, v := range []string{"", "12.1", "14.0", "14.1", "16.0", "16.1"} {
		name := v
		if v == "" {
			name = t("What is right for its sort")
		}
		d.Versions = append(d.Versions, option{v, name, v == dev.Offer})
	}
	if x, err := c.hub.FindHandler(ctx, deviceHandler(dev)); err == nil && len(x.Items) > 0 {
		k := p.cardOf(c.words, x, nil)
		d.Syncs = &k
		if d.Runs, err = c.phoneRuns(x.Items); err != nil {
			return nil, err
		}
		if d.Windows, err = c.windows(x.Items); err != nil {
			return nil, err
		}
	}
	lines, err := c.hub.Log(ctx, -12, "device "+dev.ID, 0)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(lines) {
		d.Events = append(d.Events, eventOf(c.words, e))
	}
	return d, nil
}

func devicePath(user, id string) string {
	return "/devices/" + url.PathEscape(user) + "/" + url.PathEscape(id)
}

// orderDevice does what a form orders. What cannot be taken back was asked for on a page of its own, which names the device.
func (p *Pages) orderDevice(c *call) error {
	o := center.DeviceOrder{User: c.r.PathValue("user"), ID: c.r.PathValue("id"), Do: c.form("do"), By: c.frame.Person.User.Name, Account: c.form("account") == "yes", Version: c.form("version"), News: c.form("news")}
	if o.Do == "unlock" {
		return p.unlockDevice(c, o)
	}
	if _, err := c.hub.OrderDevice(c.r.Context(), o); err != nil {
		return err
	}
	if o.Do == center.DeviceRemove {
		return c.away("/devices", "removed")
	}
	return c.away(devicePath(o.User, o.ID), "ordered")
}

// unlockDevice shows the recovery password that a device left.
func (p *Pages) unlockDevice(c *call, o center.DeviceOrder) error {
	d, err := p.deviceOf(c)
	if err != nil {
		return err
	}
	password, err := c.hub.UnlockPassword(c.r.Context(), o.User, o.ID, o.By)
	if err != nil {
		return err
	}
	return c.show("devices", c.words.T("Recovery password of %s", d.Name), "device-unlock", struct{ Name, User, Password, Back string }{d.Name, d.Device.User, password, devicePath(o.User, o.ID)})
}

// askDevice asks before a wipe and the like.
func (p *Pages) askDevice(c *call) error {
	d, err := p.deviceOf(c)
	if err != nil {
		return err
	}
	t, at, do := c.words.T, devicePath(d.Device.User, d.Device.ID), c.query("do")
	q := ask{Action: at, Back: at, Fields: []field{{"do", do}}}
	switch do {
	case center.DeviceWipe:
		q.Question = t("Wipe %s of %s?", d.Name, d.Device.User)
		q.Text = t("The whole device is set back to how it left the factory at its next request: pictures, messages and apps, too. The records here stay. This cannot be taken back once it has been told.")
		q.Yes = t("Wipe %s", d.Name)
	case "wipe-account":
		q.Fields = []field{{"do", center.DeviceWipe}, {"account", "yes"}}
		q.Question = t("Remove the account and its data from %s of %s?", d.Name, d.Device.User)
		q.Text = t("What it got from this hub is deleted from the device at its next request; all else stays. The records here stay, too.")
		q.Yes = t("Remove the account from %s", d.Name)
	case "unlock":
		q.Question, q.Yes = t("Show the recovery password of %s of %s?", d.Name, d.Device.User), t("Show it")
		q.Text = t("Whoever knows it can unlock the device without the password of its owner. The results tell that you were shown it.")
	case center.DeviceBlock:
		q.Question, q.Yes = t("Block %s of %s?", d.Name, d.Device.User), t("Block %s", d.Name)
		q.Text = t("It is turned away from now on. What it has already stays on it.")
	case center.DeviceRemove:
		q.Question, q.Yes = t("Forget %s of %s?", d.Name, d.Device.User), t("Forget %s", d.Name)
		q.Text = t("If it comes again, it is met as a new device and syncs from the beginning. To keep it out, block it instead.")
	default:
		return c.away(at, "")
	}
	return c.show("devices", q.Question, "ask", q)
}

// setPolicy changes one element of the policy for a device. An empty value takes the element away.
func (p *Pages) setPolicy(c *call) error {
	user, id := c.r.PathValue("user"), c.r.PathValue("id")
	values := map[string]string{c.form("name"): policyValue(c.words, c.form("value"))}
	if _, err := c.hub.SetDevicePolicy(c.r.Context(), devices.Scope{User: user, Device: id}, values); err != nil {
		d, other := p.deviceOf(c)
		if other != nil {
			return other
		}
		at := "name"
		for _, g := range d.Elements {
			if slices.ContainsFunc(g.List, func(o option) bool { return o.Value == c.form("name") }) {
				at = "value"
			}
		}
		err = inField(at, err)
		d.Typed = [2]string{c.form("name"), c.form("value")}
		return c.again(err, "devices", d.Name, "device", d)
	}
	return c.away(devicePath(user, id), "saved")
}
