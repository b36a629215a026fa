package page

import (
	"errors"
	"slices"

	"tandem"
	"tandem/center"
	"tandem/kind/object"
)

// kindRulesPage is what becomes of conflicts in records of each kind: of a person's, or of everybody's who set nothing. M091
type kindRulesPage struct {
	Everybody bool
	Kinds     []kindSettings
}

// kindSettings are the two settings of a kind.
type kindSettings struct {
	Name, Label string
	Settings    []setting
}

// ruleKeys are the settings that a kind can have, as center.RuleChoices names them.
func ruleKeys() []string { return []string{"policy", "delete-vs-change"} }

func (p *Pages) kindRules(c *call) error {
	d, err := p.kindRulesOf(c, c.query("of") == "everybody")
	if err != nil {
		return err
	}
	return c.show("conflicts", c.words.T("Rules"), "kind-rules", d)
}

// kindRulesOf reads the rules of the person, or of everybody.
func (p *Pages) kindRulesOf(c *call, everybody bool) (*kindRulesPage, error) {
	set, err := c.rulesByKind(everybody)
	if err != nil {
		return nil, err
	}
	d := &kindRulesPage{Everybody: everybody}
	kinds, err := p.kinds(c)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		one := kindSettings{Name: string(k), Label: kindName(c.words, k)}
		for _, key := range ruleKeys() {
			s := setting{Name: key, Value: ruleWord(set[k], key)}
			s.Label, _ = settingWords(c.words, center.ItemKey{Name: key})
			s.Choices = []option{{"", c.words.T("not set"), s.Value == ""}}
			for _, w := range center.RuleChoices()[key] {
				if w != center.ByKind {
					s.Choices = append(s.Choices, option{w, choiceWords(c.words, key, w), w == s.Value})
				}
			}
			one.Settings = append(one.Settings, s)
		}
		d.Kinds = append(d.Kinds, one)
	}
	return d, nil
}

// kinds are the kinds of records that there are, as people know them, and those that others made up of which there is a collection.
func (p *Pages) kinds(c *call) (out []tandem.Kind, err error) {
	for _, k := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.Mail, tandem.SMS, tandem.Bookmark, tandem.File, tandem.Picture, tandem.Table, tandem.Page, tandem.Setting} {
		if _, ok := p.cfg.Kind(k); ok {
			out = append(out, k)
		}
	}
	colls, err := c.hub.Collections(c.r.Context())
	for _, x := range colls {
		if object.Is(x.Kind) && !slices.Contains(out, x.Kind) {
			out = append(out, x.Kind)
		}
	}
	return out, err
}

func ruleWord(r center.KindRule, key string) string {
	if key == "policy" {
		return r.Policy
	}
	return r.DeleteVsChange
}

// rulesByKind are the rules that are set, of the person or of everybody.
func (c *call) rulesByKind(everybody bool) (map[tandem.Kind]center.KindRule, error) {
	list, err := c.hub.KindRules(c.r.Context())
	out := map[tandem.Kind]center.KindRule{}
	for _, r := range list {
		if (r.User == center.Everybody) == everybody {
			out[r.Kind] = r
		}
	}
	return out, err
}

// setKindRules sets what the person changed, and leaves alone what somebody else changed meanwhile.
func (p *Pages) setKindRules(c *call) error {
	everybody := c.form("of") == "everybody"
	set, err := c.rulesByKind(everybody)
	if err != nil {
		return err
	}
	to := "/conflicts/rules"
	if everybody {
		to += "?of=everybody"
	}
	kinds, err := p.kinds(c)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		r := set[k]
		r.Kind, r.User = k, c.frame.Person.User.Name
		if everybody {
			r.User = center.Everybody
		}
		before := r
		for key, word := range map[string]*string{"policy": &r.Policy, "delete-vs-change": &r.DeleteVsChange} {
			name := string(k) + "-" + key
			if c.r.PostForm.Has(name) && c.form(name) != c.form("was-"+name) {
				*word = c.form(name)
			}
		}
		if r == before {
			continue
		}
		if err := c.hub.SetKindRule(c.r.Context(), r); err != nil {
			d, other := p.kindRulesOf(c, everybody)
			if other != nil {
				return errors.Join(err, other)
			}
			return c.again(err, "conflicts", c.words.T("Rules"), "kind-rules", d)
		}
	}
	return c.away(to, "saved")
}
