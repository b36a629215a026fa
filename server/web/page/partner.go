package page

import (
	"net/url"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// partner is the page of a partner: its handler, what is stored about it, and what could be paired.
func (p *Pages) partner(c *call) error {
	name := c.r.PathValue("partner")
	known, err := c.partnerNamed(name)
	if err != nil {
		return err
	}
	d, err := p.handlerPage(c, name)
	if err != nil {
		return err
	}
	d.Home = &known
	d.Mail = d.Active && p.hasFolders(known)
	if c.query("look") != "" { // its collections are asked for
		found := picking{Text: provider.Unbound(known.Place)}
		if prov, err := p.cfg.Places.Provider(known.Provider); err == nil {
			found.Kinds = prov.Kinds
		}
		if found.Found, err = c.look(center.Look{Place: known.Name}); err != nil {
			d.Err = c.problemOf(err)
		} else {
			d.Pick = &found
		}
		if found.Homes, err = p.homes(c); err != nil {
			return err
		}
		if found.Kept, err = c.keptOf(found.Found); err != nil {
			return err
		}
	}
	c.frame.Live = true
	return c.show("center", name, "handler", d)
}

func (c *call) partnerNamed(name string) (store.Partner, error) {
	list, err := c.hub.ListPartners(c.r.Context())
	if err != nil {
		return store.Partner{}, err
	}
	for _, p := range list {
		if p.Name == name {
			return p, nil
		}
	}
	return store.Partner{}, &tandem.Error{Kind: tandem.NotFound, Op: "find partner", Thing: name}
}

func (p *Pages) askRemovePartner(c *call) error {
	known, err := c.partnerNamed(c.r.PathValue("partner"))
	if err != nil {
		return err
	}
	t, at := c.words.T, "/partners/"+url.PathEscape(known.Name)
	return c.show("center", t("Remove %s?", known.Name), "ask", ask{Question: t("Remove the partner %s?", known.Name),
		Text:   t("Its sync items are removed, too. The records stay where they are, here and there. They are no longer kept in step."),
		Action: at + "/remove", Yes: t("Remove %s", known.Name), Back: at})
}

func (p *Pages) removePartner(c *call) error {
	ctx, name := c.r.Context(), c.r.PathValue("partner")
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Partner == name {
			if err := c.hub.RemoveItem(ctx, it.Name); err != nil {
				return err
			}
		}
	}
	if err := c.hub.RemovePartner(ctx, name); err != nil {
		return err
	}
	return c.away("/", "removed")
}
