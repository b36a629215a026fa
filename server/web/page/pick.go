package page

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// homes are the person's own collections by kind.
func (p *Pages) homes(c *call) (map[tandem.Kind][]string, error) {
	list, err := c.hub.ListCollections(c.r.Context(), c.frame.Person.User.Name)
	out := map[tandem.Kind][]string{}
	for _, s := range list {
		if s.Right == "own" {
			out[s.Collection.Kind] = append(out[s.Collection.Kind], s.Collection.Name)
		}
	}
	return out, err
}

// suggest makes a name for a partner of its place.
func suggest(p provider.Place) string {
	base := path.Base(strings.TrimRight(p.Path, "/"))
	if u, err := url.Parse("x:" + p.Path); err == nil && u.Host != "" {
		base = u.Hostname()
	} else if _, host, ok := strings.Cut(p.Path, "@"); ok {
		base = host
	}
	var b strings.Builder
	for _, r := range strings.ToLower(base) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r > 0x9f {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-.")
}

// addPartner makes the partner, and an item for each collection that was picked. They run once the person has said how the sides meet.
func (p *Pages) addPartner(c *call) error {
	ctx, user := c.r.Context(), c.frame.Person.User.Name
	name, picked := c.form("partner"), []int{}
	for i := range c.r.PostForm["place"] {
		if c.form(fmt.Sprintf("pick-%d", i)) == "yes" {
			picked = append(picked, i)
		}
	}
	if len(picked) == 0 {
		return invalid("pick-0", "add", cmp.Or(name, c.form("name")), "no collection was picked", "tick at least one")
	}
	known := name != ""
	if !known {
		added, err := c.hub.AddPartner(ctx, user, c.form("name"), c.form("text"))
		if err != nil {
			return inField("name", err)
		}
		name = added.Name
	}
	var items []string
	for _, i := range picked {
		it, err := p.addItem(c, name, i)
		if err != nil {
			if len(items) == 0 && !known { // a partner of which nothing could be paired is no use
				return errors.Join(err, c.hub.RemovePartner(ctx, name))
			}
			return err
		}
		items = append(items, it.Name)
	}
	return c.away("/places/first?"+url.Values{"item": items}.Encode(), "")
}

// pickAgain shows once more what was found at the place of a form, to be picked from.
func (p *Pages) pickAgain(c *call) error {
	if name := c.form("partner"); name != "" {
		c.r.SetPathValue("partner", name)
		c.r.PostForm.Set("look", "1")
		return p.partner(c)
	}
	c.r.SetPathValue("provider", schemeOf(c.form("text")))
	d, err := p.providerOf(c)
	if err != nil {
		return err
	}
	d.Text = c.form("text")
	if d.Found, err = c.look(center.Look{Place: d.Text}); err != nil {
		return err
	}
	if d.Homes, err = p.homes(c); err != nil {
		return err
	}
	d.Tried = true
	return c.show("center", d.Provider.Title, "partner-form", d)
}

// addItem pairs one collection of the form. It runs by itself from the moment on at which the person says how the sides meet, and not before.
func (p *Pages) addItem(c *call, partner string, i int) (store.Item, error) {
	place, home := c.r.PostForm["place"][i], c.form(fmt.Sprintf("home-%d", i))
	if home == "" {
		home = c.form(fmt.Sprintf("new-%d", i))
	}
	n := center.NewItem{Home: home, Kind: c.form(fmt.Sprintf("kind-%d", i)), Partner: partner, Look: true, User: c.frame.Person.User.Name}
	text := c.form("text")
	if place != text {
		sub, ok := below(text, place)
		if ok {
			n.Sub = sub
		} else {
			n.Partner = place // a place of its own, which becomes a partner
		}
	}
	return c.hub.AddItem(c.r.Context(), n)
}

// below is the part of a place that leads from another to it.
func below(top, place string) (string, bool) {
	a, q, _ := strings.Cut(top, "?")
	b, r, _ := strings.Cut(place, "?")
	rest, ok := strings.CutPrefix(b, strings.TrimRight(a, "/")+"/")
	return strings.Trim(rest, "/"), ok && q == r && strings.Trim(rest, "/") != ""
}

// picking is what was found at a place, to be picked from.
type picking struct {
	Found []provider.Found
	Homes map[tandem.Kind][]string
	Kinds []tandem.Kind
	Text  string
	Kept  map[string]string // which of them are kept in step already, by their places: the items
}

// keptOf are those of the collections found that items pair already.
func (c *call) keptOf(found []provider.Found) (map[string]string, error) {
	statuses, err := c.hub.Status(c.r.Context(), nil)
	out, bare := map[string]string{}, func(place string) string { return strings.TrimRight(withKind.ReplaceAllString(place, ""), "/") }
	for _, st := range statuses {
		for _, f := range found {
			if bare(f.Place) == bare(st.Place) {
				out[f.Place] = st.Item.Name
			}
		}
	}
	return out, err
}
