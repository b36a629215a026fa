package page

import (
	"net/url"
	"slices"
	"strings"

	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// partnerSettings is the form of a partner's options, with what they are now.
type partnerSettings struct {
	placeForm
	Partner store.Partner
	Called  string // what it is called, as it was typed
	Back    string // where the person came from
}

// settingsOfPartner makes the form. What was typed stands in it, otherwise what is stored.
func (p *Pages) settingsOfPartner(c *call) (*partnerSettings, error) {
	known, err := c.partnerNamed(c.r.PathValue("partner"))
	if err != nil {
		return nil, err
	}
	prov, err := p.cfg.Places.Provider(known.Provider)
	if err != nil {
		return nil, err
	}
	place, err := p.cfg.Places.ParsePlace(known.Place)
	if err != nil {
		return nil, err
	}
	d := &partnerSettings{placeForm: placeForm{Provider: prov, Icon: providerIcon(prov.Describe())}, Partner: known, Called: known.Call()}
	d.Path, _, _ = strings.Cut(placeName(c.words, known.Place), "?")
	if d.Back = c.r.FormValue("back"); !strings.HasPrefix(d.Back, "/") || strings.HasPrefix(d.Back, "//") {
		d.Back = "/partners/" + url.PathEscape(known.Name)
	}
	d.options(c, func(o provider.Option) string {
		if v, ok := place.Options[o.Name]; ok {
			return v
		}
		return o.Default
	})
	return d, nil
}

func (p *Pages) partnerSettings(c *call) error {
	d, err := p.settingsOfPartner(c)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Settings of %s", d.Partner.Call()), "partner-settings", d)
}

// setPartner changes options of a partner. A password that was typed is tried there before it takes the place of the one that is kept.
func (p *Pages) setPartner(c *call) error {
	d, err := p.settingsOfPartner(c)
	if err != nil {
		return err
	}
	title := c.words.T("Settings of %s", d.Partner.Call())
	set, l := map[string]string{}, center.Look{Place: d.Partner.Name, Secrets: map[string]string{}, Keep: true}
	for _, o := range slices.Concat(d.Basic, d.Advanced) {
		switch {
		case o.Secret:
			if secret := c.r.PostFormValue(o.ID); secret != "" {
				l.Secrets[o.Name] = secret
			}
		case o.Value == o.Default:
			set[o.Name] = ""
		default:
			set[o.Name] = o.Value
		}
	}
	if d.Called = strings.TrimSpace(c.form("called")); c.r.PostForm.Has("called") && d.Called != d.Partner.Call() {
		if _, err := c.hub.CallPartner(c.r.Context(), d.Partner.Name, d.Called); err != nil {
			return c.again(err, "center", title, "partner-settings", d)
		}
	}
	if _, err := c.hub.SetPartner(c.r.Context(), d.Partner.Name, set); err != nil {
		return c.again(err, "center", title, "partner-settings", d)
	}
	if l.Gives() {
		if _, err := c.look(l); err != nil {
			return c.again(d.deniedAt(err), "center", title, "partner-settings", d)
		}
	}
	return c.away(d.Back, "saved")
}
