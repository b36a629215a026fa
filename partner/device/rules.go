package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tandem"
	"tandem/store"
)

// Rule decides about devices at first contact. The first rule that fits does; if none fits, the device may sync. The texts are
// patterns in which * stands for anything and ? for one letter, without regard to case; an empty one fits everything.
type Rule struct {
	User   string       `json:"user,omitempty"`
	Type   string       `json:"type,omitempty"`
	Model  string       `json:"model,omitempty"` // fits the model that the device tells, or its User-Agent
	Max    int          `json:"max,omitempty"`   // fits only if the user has that many other devices that may sync
	Access store.Access `json:"access"`
	Note   string       `json:"note,omitempty"` // why, for people
}

// rulesValue is the name of the setting that holds the rules.
const rulesValue = "device.rules"

// Rules are the rules in force, in order.
func (s *Service) Rules(ctx context.Context) (rules []Rule, err error) {
	return rules, s.read(ctx, rulesValue, &rules)
}

// read reads a setting, if there is one.
func (s *Service) read(ctx context.Context, name string, into any) error {
	values, err := s.cfg.Settings.Values(ctx)
	if err != nil || values[name] == "" {
		return err
	}
	if err := json.Unmarshal([]byte(values[name]), into); err != nil {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "read setting", Thing: name, Err: err, Remedy: "set it anew"}
	}
	return nil
}

func (s *Service) write(ctx context.Context, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.cfg.Settings.PutValues(ctx, map[string]string{name: string(text)})
}

// AddRule puts a rule before the one that has this number now, counted from 1; 0 puts it last.
func (s *Service) AddRule(ctx context.Context, r Rule, before int) ([]Rule, error) {
	const op = "add device rule"
	if err := r.check(); err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: err}
	}
	s.set.Lock()
	defer s.set.Unlock()
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	if before < 0 || before > len(rules) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: fmt.Errorf("there are %d rules, none has number %d", len(rules), before)}
	}
	at := before - 1
	if before == 0 {
		at = len(rules)
	}
	rules = append(rules[:at:at], append([]Rule{r}, rules[at:]...)...)
	return rules, s.write(ctx, rulesValue, rules)
}

// RemoveRule removes the rule with this number, counted from 1. NotFound.
func (s *Service) RemoveRule(ctx context.Context, number int) ([]Rule, error) {
	s.set.Lock()
	defer s.set.Unlock()
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	if number < 1 || number > len(rules) {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "remove device rule", Thing: fmt.Sprint(number), Remedy: "see them with `tandem device rule list`"}
	}
	rules = append(rules[:number-1:number-1], rules[number:]...)
	return rules, s.write(ctx, rulesValue, rules)
}

// maxRuleText bounds each text of a rule, in letters.
const maxRuleText = 500

func (r Rule) check() error {
	switch r.Access {
	case store.Allowed, store.Held, store.Blocked:
	default:
		return errors.New("a rule needs to say whether devices are allowed, held or blocked")
	}
	if r.Max < 0 {
		return errors.New("a number of devices is not negative")
	}
	for _, text := range []string{r.User, r.Type, r.Model, r.Note} {
		if utf8.RuneCountInString(text) > maxRuleText {
			return fmt.Errorf("a text of a rule has at most %d letters", maxRuleText)
		}
	}
	return nil
}

// fits reports whether a rule is about a device of a user who has so many others.
func (r Rule) fits(d store.Device, others int) bool {
	model := like(r.Model, d.Agent)
	if m := d.Info["model"]; m != "" {
		model = model || like(r.Model, m)
	}
	return like(r.User, d.User) && like(r.Type, d.Type) && model && others >= r.Max
}

// Text says a rule in words.
func (r Rule) Text() string {
	var when []string
	for _, part := range [...]struct{ name, pattern string }{{"user", r.User}, {"type", r.Type}, {"model", r.Model}} {
		if part.pattern != "" {
			when = append(when, part.name+" "+part.pattern)
		}
	}
	if r.Max > 0 {
		when = append(when, fmt.Sprintf("the user has %d others", r.Max))
	}
	if len(when) == 0 {
		return "always"
	}
	return strings.Join(when, ", ")
}

// byRule begins the reason of what a rule decided.
const byRule = "rule "

// byDefault is the reason where no rule fits.
const byDefault = "no rule is against it"

// decide applies the rules to a device of a user who has these devices.
func decide(rules []Rule, d store.Device, have []store.Device) (store.Access, string) {
	others := 0
	for _, h := range have {
		if h.Access == store.Allowed && h.ID != d.ID {
			others++
		}
	}
	for i, r := range rules {
		if r.fits(d, others) {
			why := r.Note
			if why == "" {
				why = r.Text()
			}
			return r.Access, fmt.Sprintf("%s%d: %s", byRule, i+1, why)
		}
	}
	return store.Allowed, byDefault
}

// ruled reports whether a rule, and no person, decided about a device.
func ruled(d store.Device) bool {
	return d.Reason == byDefault || strings.HasPrefix(d.Reason, byRule)
}

// like matches a pattern, without regard to case. It takes time proportional to both lengths multiplied, whatever they hold.
func like(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(text))
	i, star, mark := 0, -1, 0
	for j := 0; j < len(t); {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0: // let the last star take one more letter
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
