package page

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/partner/account"
	"tandem/partner/outgoing"
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
	d, err := c.peopleList()
	if err != nil {
		return err
	}
	return c.show("people", c.words.T("People"), "people", d)
}

// peoplePage lists users; the rest is what was typed for a new one.
type peoplePage struct {
	People               []personRow
	Name, Title, Address string
}

func (c *call) peopleList() (*peoplePage, error) {
	list, err := c.hub.ListUsers(c.r.Context())
	d := &peoplePage{}
	for _, u := range list {
		d.People = append(d.People, rowOfUser(u))
	}
	return d, err
}

func (p *Pages) addUser(c *call) error {
	u := store.User{Name: c.form("name"), Title: c.form("title"), Address: c.form("address")}
	if _, err := c.hub.AddUser(c.r.Context(), u, c.r.PostFormValue("password")); err != nil {
		d, other := c.peopleList()
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
	Apps  []store.Login
	Own   *store.Login
	Mail  outgoing.Account
	Has   bool // a mail server
	Queue []store.Outgoing
	Self  bool
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
	d.Mail, d.Has = outgoing.AccountOf(list[i].User)
	if !d.Has {
		d.Mail.Port, d.Mail.TLS = 587, "starttls"
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
		if err := c.hub.SetAdmin(ctx, name, admin); err != nil {
			return p.personAgain(c, err)
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

func (p *Pages) setMail(c *call) error {
	name := c.r.PathValue("user")
	port, err := strconv.Atoi(c.form("port"))
	if err != nil {
		return p.personAgain(c, &tandem.Error{Kind: tandem.Invalid, Op: "set mail server", Thing: c.form("host"), Err: errors.New("the port is no number"), Remedy: "give 465, 587 or 25"})
	}
	a := outgoing.Account{Host: c.form("host"), Port: port, TLS: c.form("tls"), User: c.form("login"), From: c.form("from")}
	if err := c.hub.SetMailServer(c.r.Context(), name, a, c.r.PostFormValue("password")); err != nil {
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
	made, err := c.hub.AddAppPassword(c.r.Context(), user, c.form("label"))
	if err != nil {
		return err
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

// collections lists the collections that a person can reach.
func (p *Pages) collections(c *call) error {
	list, err := c.hub.ListCollections(c.r.Context(), c.frame.Person.User.Name)
	if err != nil {
		return err
	}
	return c.show("collections", c.words.T("Collections"), "collections", list)
}

// collectionPage is one collection, and who else may see it.
type collectionPage struct {
	center.CollectionStatus
	People []string // whom it can be shared with
	Link   string   // a new one
}

func (p *Pages) collectionOf(c *call) (*collectionPage, error) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: c.r.PathValue("id")}
	}
	list, err := c.hub.ListCollections(c.r.Context(), c.frame.Person.User.Name)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.Collection.ID == id {
			return &collectionPage{CollectionStatus: s}, nil
		}
	}
	return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: c.r.PathValue("id")}
}

func (p *Pages) collection(c *call) error {
	d, err := p.collectionOf(c)
	if err != nil {
		return err
	}
	return c.show("collections", d.Collection.Name, "collection", d)
}

// share does what a form about a collection orders.
func (p *Pages) share(c *call) error {
	d, err := p.collectionOf(c)
	if err != nil {
		return err
	}
	ctx, id, to := c.r.Context(), d.Collection.ID, "/collections/"+c.r.PathValue("id")
	switch c.form("do") {
	case "share":
		_, err = c.hub.ShareCollection(ctx, id, c.form("with"), c.form("write") == "yes")
	case "unshare":
		link, _ := strconv.ParseInt(c.form("link"), 10, 64) // no number: not a link
		err = c.hub.UnshareCollection(ctx, id, c.form("with"), link)
	case "hide":
		err = c.hub.HideCollection(ctx, id, c.frame.Person.User.Name, c.form("hidden") == "yes")
	case "rename":
		_, err = c.hub.RenameCollection(ctx, id, c.form("name"))
	case "link":
		link, linkErr := c.hub.LinkCollection(ctx, id, c.form("label"))
		if err = linkErr; err == nil {
			d.Link = link.Secret
			if p.cfg.Link != nil {
				d.Link = p.cfg.Link(c.r, link.Secret)
			}
			return c.show("collections", d.Collection.Name, "collection", d)
		}
	default:
		err = &tandem.Error{Kind: tandem.Invalid, Op: "change collection", Thing: d.Collection.Name, Err: errors.New("nothing was chosen")}
	}
	if err != nil {
		return c.again(err, "collections", d.Collection.Name, "collection", d)
	}
	return c.away(to, "saved")
}
