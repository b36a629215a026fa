package page

import (
	"errors"
	"strconv"
	"strings"

	"tandem"
	devices "tandem/partner/device"
	"tandem/server/web/page/words"
	"tandem/store"
)

// deviceRulesPage lists the rules for new devices; the rest is what was typed for a new one.
type deviceRulesPage struct {
	Rules    []deviceRule
	Accesses []option
	New      devices.Rule
	Max      string
	Before   int
}

// deviceRule is a rule as people read it.
type deviceRule struct {
	Number     int
	When, Then string
	Note       string
	Look       look
}

// deviceRuleOf says a rule.
func deviceRuleOf(w words.Words, i int, r devices.Rule) deviceRule {
	out := deviceRule{Number: i + 1, Note: r.Note, Then: accessWords(w, r.Access), Look: look{"good", "ok", ""}, When: deviceRuleText(w, r)}
	switch r.Access {
	case store.Held:
		out.Look = look{"late", "warn", ""}
	case store.Blocked:
		out.Look = look{"off", "off", ""}
	}
	return out
}

// deviceRuleText says of which devices a rule is.
func deviceRuleText(w words.Words, r devices.Rule) string {
	var when []string
	if r.User != "" {
		when = append(when, w.T("user %s", r.User))
	}
	if r.Type != "" {
		when = append(when, w.T("calls itself %s", r.Type))
	}
	if r.Model != "" {
		when = append(when, w.T("model or program %s", r.Model))
	}
	if r.Max > 0 {
		when = append(when, w.N(r.Max, "the user has %s other at least", "the user has %s others at least"))
	}
	if len(when) == 0 {
		return w.T("all devices")
	}
	return strings.Join(when, ", ")
}

func accessWords(w words.Words, a store.Access) string {
	switch a {
	case store.Held:
		return w.T("wait to be allowed")
	case store.Blocked:
		return w.T("are turned away")
	}
	return w.T("may sync")
}

func (p *Pages) deviceRules(c *call) error {
	d, err := p.deviceRulesOf(c, devices.Rule{Access: store.Held})
	if err != nil {
		return err
	}
	return c.show("devices", c.words.T("Rules for new devices"), "device-rules", d)
}

func (p *Pages) deviceRulesOf(c *call, typed devices.Rule) (*deviceRulesPage, error) {
	list, err := c.hub.DeviceRules(c.r.Context())
	if err != nil {
		return nil, err
	}
	d := &deviceRulesPage{New: typed}
	for i, r := range list {
		d.Rules = append(d.Rules, deviceRuleOf(c.words, i, r))
	}
	for _, a := range []store.Access{store.Allowed, store.Held, store.Blocked} {
		d.Accesses = append(d.Accesses, option{string(a), accessWords(c.words, a), a == typed.Access})
	}
	return d, nil
}

// addDeviceRule adds a rule where the form says.
func (p *Pages) addDeviceRule(c *call) error {
	r := devices.Rule{User: c.form("user"), Type: c.form("type"), Model: c.form("model"), Note: c.form("note"), Access: store.Access(c.form("access"))}
	before, _ := strconv.Atoi(c.form("before")) // no number: after all others
	var err error
	if text := c.form("max"); text != "" {
		if r.Max, err = strconv.Atoi(text); err != nil {
			err = invalid("max", "add device rule", text, "this is no number of devices", "give a number, or leave it empty")
		}
	}
	if err == nil {
		_, err = c.hub.AddDeviceRule(c.r.Context(), r, before)
	}
	if err != nil {
		d, other := p.deviceRulesOf(c, r)
		if other != nil {
			return errors.Join(err, other)
		}
		d.Max, d.Before = c.form("max"), before
		return c.again(err, "devices", c.words.T("Rules for new devices"), "device-rules", d)
	}
	return c.away("/device-rules", "added")
}

// deviceRuleNumbered finds a rule by its number.
func (p *Pages) deviceRuleNumbered(c *call, text string) (deviceRule, error) {
	list, err := c.hub.DeviceRules(c.r.Context())
	if err != nil {
		return deviceRule{}, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(list) {
		return deviceRule{}, &tandem.Error{Kind: tandem.NotFound, Op: "find device rule", Thing: text}
	}
	return deviceRuleOf(c.words, n-1, list[n-1]), nil
}

// said is the whole rule in one line.
func (r deviceRule) said() string { return r.When + ": " + r.Then }

// askRemoveDeviceRule asks before a rule is removed. The answer carries the rule, since numbers move.
func (p *Pages) askRemoveDeviceRule(c *call) error {
	r, err := p.deviceRuleNumbered(c, c.query("rule"))
	if err != nil {
		return err
	}
	t := c.words.T
	q := ask{Question: t("Remove rule %s?", strconv.Itoa(r.Number)), Text: r.said() + ". " + t("Devices that are known stay as they are."), Action: "/device-rules/remove",
		Yes: t("Remove rule %s", strconv.Itoa(r.Number)), Back: "/device-rules", Fields: []field{{"rule", strconv.Itoa(r.Number)}, {"said", r.said()}}}
	return c.show("devices", q.Question, "ask", q)
}

func (p *Pages) removeDeviceRule(c *call) error {
	r, err := p.deviceRuleNumbered(c, c.form("rule"))
	if err != nil {
		return err
	}
	if r.said() != c.form("said") {
		return &tandem.Error{Kind: tandem.Changed, Op: "remove device rule", Thing: c.form("rule"), Err: errors.New("this number has another rule now"), Remedy: "look at the rules again"}
	}
	if _, err := c.hub.RemoveDeviceRule(c.r.Context(), r.Number); err != nil {
		return err
	}
	return c.away("/device-rules", "removed")
}
