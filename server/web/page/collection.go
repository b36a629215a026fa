package page

import (
	"errors"
	"strconv"

	"tandem"
	"tandem/center"
)

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

// askRemoveCollection asks before a collection is removed. What people wrote into it goes only if they say so.
func (p *Pages) askRemoveCollection(c *call) error {
	d, err := p.collectionOf(c)
	if err != nil {
		return err
	}
	t, at, name := c.words.T, "/collections/"+c.r.PathValue("id"), d.Collection.Title()
	q := ask{Question: t("Remove the collection %s?", name), Action: at + "/remove", Yes: t("Remove %s", name), Back: at,
		Text: t("Phones and programs no longer find it, and shares and links of it end.")}
	if d.Records > 0 {
		q.Tick = &tick{"all", c.words.N(d.Records, "Yes, remove its %s record, too. History keeps it for as long as it keeps everything.", "Yes, remove its %s records, too. History keeps them for as long as it keeps everything.")}
	}
	return c.show("collections", q.Question, "ask", q)
}

func (p *Pages) removeCollection(c *call) error {
	d, err := p.collectionOf(c)
	if err != nil {
		return err
	}
	if err := c.hub.RemoveCollection(c.r.Context(), d.Collection.ID, c.form("all") == "yes"); err != nil {
		return err
	}
	return c.away("/collections", "removed")
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
