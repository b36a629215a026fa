package page

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"tandem"
	"tandem/server/web/page/words"
	"tandem/store"
)

// settingsPage is what a person can set for themselves.
type settingsPage struct {
	factors
	Visits    []store.Visit
	Apps      []store.Login
	Languages []option
	Themes    []option
}

func (p *Pages) settingsOfPerson(c *call) (*settingsPage, error) {
	ctx, d := c.r.Context(), &settingsPage{}
	var err error
	if d.Visits, err = p.cfg.Visits(ctx); err != nil {
		return nil, err
	}
	users, err := c.hub.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.User.Name == c.frame.Person.User.Name {
			d.factors = factorsOf(u.Factors)
			d.Apps = slices.DeleteFunc(u.Logins, func(l store.Login) bool { return l.Label == "" })
		}
	}
	chosen := choice(c.r, langCookie, append([]string{""}, p.cfg.Languages...)...)
	d.Languages = []option{{"", c.words.T("As the browser prefers"), chosen == ""}}
	for _, l := range p.cfg.Languages {
		d.Languages = append(d.Languages, option{l, words.Name(l), l == chosen})
	}
	for _, o := range []option{{"auto", c.words.T("As the system has it"), false}, {"light", c.words.T("Light"), false}, {"dark", c.words.T("Dark"), false}} {
		o.Chosen = o.Value == c.frame.Theme
		d.Themes = append(d.Themes, o)
	}
	return d, nil
}

func (p *Pages) settings(c *call) error {
	d, err := p.settingsOfPerson(c)
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Settings"), "settings", d)
}

// setLook keeps language and colours in the browser, for a year.
func (p *Pages) setLook(c *call) error {
	const op = "choose how pages look"
	if lang := c.form("lang"); lang != "" && !slices.Contains(p.cfg.Languages, lang) {
		return invalid("lang", op, lang, "the pages do not speak it", "choose one of the list")
	}
	if theme := c.form("theme"); !slices.Contains([]string{"", "auto", "light", "dark"}, theme) {
		return invalid("theme", op, theme, "there are no such colours", "choose one of the list")
	}
	for name, value := range map[string]string{langCookie: c.form("lang"), themeCookie: c.form("theme")} {
		k := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 3600, Secure: c.r.TLS != nil}
		if value == "" {
			k.MaxAge = -1
		}
		http.SetCookie(c.w, k)
	}
	return c.away("/settings", "saved")
}

func (p *Pages) ownPassword(c *call) error {
	old, password := c.r.PostFormValue("old"), c.r.PostFormValue("password")
	var err error
	if password != c.r.PostFormValue("again") {
		err = invalid("again", "change password", "", "the two new passwords differ", "type the same twice")
	} else {
		err = p.cfg.Password(c.w, c.r, old, password)
	}
	if err != nil {
		d, other := p.settingsOfPerson(c)
		if other != nil {
			return errors.Join(err, other)
		}
		return c.again(err, "settings", c.words.T("Settings"), "settings", d)
	}
	return c.away("/settings", "saved")
}

func (p *Pages) endVisit(c *call) error {
	id, err := strconv.ParseInt(c.form("visit"), 10, 64)
	if err != nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "end visit", Thing: c.form("visit")}
	}
	if err := p.cfg.EndVisit(c.r.Context(), id); err != nil {
		return err
	}
	return c.away("/settings", "removed")
}
