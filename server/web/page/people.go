package page

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/partner/account"
	"tandem/server/web/page/words"
	"tandem/store"
)

// personRow is a user as the list of people shows them.
type personRow struct {
	center.UserStatus
	Admin bool
	Apps  int
}

func rowOfUser(u center.UserStatus) personRow {
	r := personRow{UserStatus: u, Admin: account.IsAdmin(u.User)}
	for _, l := range u.Logins {
		if l.Label != "" {
			r.Apps++
		}
	}
	return r
}

func (p *Pages) people(c *call) error {
	d, err := p.peopleList(c)
	if err != nil {
		return err
	}
	return c.show("people", c.words.T("People"), "people", d)
}

// peoplePage lists users; the rest is what was typed for a new one.
type peoplePage struct {
	People               []personRow
	Name, Title, Address string
	Bounds               *bounding
}

func (p *Pages) peopleList(c *call) (*peoplePage, error) {
	list, err := c.hub.ListUsers(c.r.Context())
	if err != nil {
		return nil, err
	}
	d := &peoplePage{}
	for _, u := range list {
		d.People = append(d.People, rowOfUser(u))
	}
	d.Bounds, err = p.bounds(c, "")
	return d, err
}

func (p *Pages) addUser(c *call) error {
	u := store.User{Name: c.form("name"), Title: c.form("title"), Address: c.form("address")}
	if _, err := c.hub.AddUser(c.r.Context(), u, c.r.PostFormValue("password")); err != nil {
		d, other := p.peopleList(c)
		if other != nil {
			return other
		}
		d.Name, d.Title, d.Address = u.Name, u.Title, u.Address
		return c.again(err, "people", c.words.T("People"), "people", d)
	}
	return c.away("/people/"+url.PathEscape(u.Name), "added")
}

// personPage is what an administrator sees of a user.
type personPage struct {
	personRow
	factors
	Apps []store.Login
	Own  *store.Login
	mailing
	Self bool

	Bounds *bounding // of a member
}

func (p *Pages) personOf(c *call) (*personPage, error) {
	ctx, name := c.r.Context(), c.r.PathValue("user")
	list, err := c.hub.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(u center.UserStatus) bool { return u.User.Name == name })
	if i < 0 {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find user", Thing: name}
	}
	d := &personPage{personRow: rowOfUser(list[i]), factors: factorsOf(list[i].Factors), Self: name == c.frame.Person.User.Name}
	for _, l := range list[i].Logins {
		if l.Label == "" {
			d.Own = &l
		} else {
			d.Apps = append(d.Apps, l)
		}
	}
	d.mailing = mailingOf(c.words, list[i].User, "/people/"+url.PathEscape(name))
	if !d.Admin {
		if d.Bounds, err = p.bounds(c, name); err != nil {
			return nil, err
		}
	}
	if d.Self { // what others send is nobody's business
		d.Queue, err = c.hub.Outgoing(ctx, name, 20)
	}
	return d, err
}

func (p *Pages) person(c *call) error {
	d, err := p.personOf(c)
	if err != nil {
		return err
	}
	return c.show("people", d.User.Name, "person", d)
}

// personAgain shows a user once more, with what was wrong.
func (p *Pages) personAgain(c *call, err error) error {
	d, other := p.personOf(c)
	if other != nil {
		return errors.Join(err, other)
	}
	return c.again(err, "people", d.User.Name, "person", d)
}

func (p *Pages) setUser(c *call) error {
	ctx, name := c.r.Context(), c.r.PathValue("user")
	d, err := p.personOf(c)
	if err != nil {
		return err
	}
	u := d.User
	u.Title, u.Address = c.form("title"), c.form("address")
	if err := c.hub.SetUser(ctx, u); err != nil {
		return p.personAgain(c, err)
	}
	if admin := c.form("admin") == "yes"; admin != d.Admin {
		if err := c.hub.SetAdmin(ctx, name, admin); err != nil { // all of the form or nothing
			return p.personAgain(c, inField("admin", cmp.Or(c.hub.SetUser(ctx, d.User), err)))
		}
	}
	return c.away("/people/"+url.PathEscape(name), "saved")
}

func (p *Pages) setPassword(c *call) error {
	name := c.r.PathValue("user")
	if own := c.frame.Person.User.Name; strings.EqualFold(name, own) || strings.ToLower(name) == own { // one's own needs the present one, see ownPassword
		return &tandem.Error{Kind: tandem.Denied, Op: "set password", Thing: name, Err: errors.New("this is your own password"), Remedy: "change it under Settings"}
	}
	if err := c.hub.SetPassword(c.r.Context(), name, c.r.PostFormValue("password")); err != nil {
		return p.personAgain(c, err)
	}
	return c.away("/people/"+url.PathEscape(name), "saved")
}

func (p *Pages) askRemoveUser(c *call) error {
	d, err := p.personOf(c)
	if err != nil {
		return err
	}
	t, at := c.words.T, "/people/"+url.PathEscape(d.User.Name)
	return c.show("people", t("Remove %s?", d.User.Name), "ask", ask{Question: t("Remove the user %s?", d.User.Name),
		Text:   t("All collections of this user on the hub are deleted with their records, and so are devices and passwords. This cannot be undone. What is at partners stays there."),
		Action: at + "/remove", Yes: t("Remove %s", d.User.Name), Back: at,
		Tick: &tick{"all", t("Yes, delete all records of %s", d.User.Name)}})
}

func (p *Pages) removeUser(c *call) error {
	if err := c.hub.RemoveUser(c.r.Context(), c.r.PathValue("user"), c.form("all") == "yes"); err != nil {
		return err
	}
	return c.away("/people", "removed")
}

// addAppPassword makes a password and shows it, this once.
func (p *Pages) addAppPassword(c *call) error {
	user := c.form("user")
	if user == "" {
		user = c.frame.Person.User.Name
	}
	lim := account.Limits{ReadOnly: c.form("read-only") == "yes"}
	for _, d := range c.r.PostForm["door"] {
		lim.Doors = append(lim.Doors, account.Door(d))
	}
	made, err := c.hub.AddAppPassword(c.r.Context(), user, c.form("label"), lim)
	if err != nil {
		return err
	}
	if sort := c.form("for"); sort != "" && user == c.frame.Person.User.Name { // made on the way to connect a phone
		return p.showPhone(c, sort, &made)
	}
	back := "/settings"
	if user != c.frame.Person.User.Name {
		back = "/people/" + url.PathEscape(user)
	}
	return c.show("settings", c.words.T("App password"), "app-password", struct {
		center.AppPassword
		Back string
	}{made, back})
}

func (p *Pages) revokeAppPassword(c *call) error {
	user := c.form("user")
	if user == "" {
		user = c.frame.Person.User.Name
	}
	if err := c.hub.RevokeAppPassword(c.r.Context(), user, c.form("label")); err != nil {
		return err
	}
	return c.back("removed")
}

// appDoors are the doors that an app password can open.
func appDoors(w words.Words) []option {
	return []option{{string(account.Phones), w.T("Phones (ActiveSync)"), false}, {string(account.Calendars), w.T("Calendars and address books (CalDAV, CardDAV)"), false},
		{string(account.Files), w.T("Files (WebDAV)"), false}, {string(account.API), w.T("Pages and programs (API)"), false}}
}

// appFor says what an app password is for, "" for everything.
func appFor(w words.Words, l store.Login) string {
	lim := account.LimitsOf(l)
	var out []string
	for _, d := range appDoors(w) {
		if slices.Contains(lim.Doors, account.Door(d.Value)) {
			out = append(out, d.Text)
		}
	}
	if lim.ReadOnly {
		out = append(out, w.T("It only reads"))
	}
	return strings.Join(out, ", ")
}
