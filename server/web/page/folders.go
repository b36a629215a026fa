package page

import (
	"errors"
	"net/url"
	"slices"

	"tandem"
	"tandem/center"
	"tandem/center/when"
	"tandem/store"
)

// foldersPage is the account of mail of a partner: how its folders stand, or that they can be followed.
type foldersPage struct {
	Partner  store.Partner
	Followed bool
	Folders  []center.FolderStatus
	Held     int // folders that wait for an answer
	When     string
	Under    string // as typed
	More     string // all that times can say
}

func (p *Pages) foldersOf(c *call) (*foldersPage, error) {
	known, err := c.partnerNamed(c.r.PathValue("partner"))
	if err != nil {
		return nil, err
	}
	if !p.hasFolders(known) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "follow folders of", Thing: known.Name, Err: errors.New("it has no mail folders")}
	}
	d := &foldersPage{Partner: known, More: when.Help()}
	d.Folders, err = c.hub.Folders(c.r.Context(), known.Name)
	switch {
	case tandem.IsKind(err, tandem.Invalid), tandem.IsKind(err, tandem.NotFound): // it is no account yet
		return d, nil
	case err != nil:
		return nil, err
	}
	d.Followed = true
	for _, f := range d.Folders {
		d.When = f.When
		if f.Held != "" {
			d.Held++
		}
	}
	return d, nil
}

// hasFolders reports whether a partner is an account of mail, of which all folders can be followed.
func (p *Pages) hasFolders(known store.Partner) bool {
	prov, err := p.cfg.Places.Provider(known.Provider)
	return err == nil && prov.List != nil && slices.Contains(prov.Kinds, tandem.Mail)
}

func foldersPath(partner string) string { return "/partners/" + url.PathEscape(partner) + "/folders" }

func (p *Pages) folders(c *call) error {
	d, err := p.foldersOf(c)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Folders of %s", d.Partner.Call()), "folders", d)
}

// askFolders asks before folders are removed on the other side, and before they are followed no longer.
func (p *Pages) askFolders(c *call) error {
	d, err := p.foldersOf(c)
	if err != nil {
		return err
	}
	t, name := c.words.T, d.Partner.Name
	q := ask{Action: foldersPath(name), Back: foldersPath(name), Fields: []field{{"do", c.query("do")}}}
	switch c.query("do") {
	case "approve":
		q.Question, q.Yes = t("Remove the folders of %s on the other side, too?", name), t("Remove on the other side, too")
		q.Text = t("The messages in them go there, too. Those that were here are in history, from where they can be put back.")
	case "stop":
		q.Question, q.Yes = t("Keep the folders of %s in step no longer?", name), t("Keep the folders in step no longer")
		q.Text = t("Folders and messages stay where they are, on both sides. What both sides last agreed on is forgotten.")
	default:
		return c.away(foldersPath(name), "")
	}
	return c.show("center", q.Question, "ask", q)
}

// setFolders does what a form about the folders of an account orders.
func (p *Pages) setFolders(c *call) error {
	d, err := p.foldersOf(c)
	if err != nil {
		return err
	}
	ctx, name := c.r.Context(), d.Partner.Name
	switch c.form("do") {
	case "follow":
		err = c.hub.FollowFolders(ctx, center.Follow{Partner: name, User: c.frame.Person.User.Name, Under: c.form("under")})
	case "when":
		err = c.hub.SetFolders(ctx, name, c.form("when"))
	case "approve", "restore":
		err = c.hub.AnswerFolders(ctx, name, c.form("do") == "restore")
	case "stop":
		if err = c.hub.UnfollowFolders(ctx, name); err == nil {
			return c.away("/partners/"+url.PathEscape(name), "removed")
		}
	default:
		err = &tandem.Error{Kind: tandem.Invalid, Op: "change account", Thing: name, Err: errors.New("nothing was chosen")}
	}
	if err != nil {
		d.Under = c.form("under")
		if c.r.PostForm.Has("when") {
			d.When = c.form("when")
		}
		return c.again(err, "center", c.words.T("Folders of %s", name), "folders", d)
	}
	return c.away(foldersPath(name), "saved")
}
