package page

import (
	"cmp"
	"slices"

	"tandem/provider"
)

// choosable are the providers that somebody can add a place of, grouped for people.
type choosable struct {
	provider.Description
	Icon string
}

func (p *Pages) chooseProvider(c *call) error {
	d, err := p.sorts(c)
	if err != nil {
		return err
	}
	return c.show("center", c.words.T("Add a place"), "choose-provider", d)
}

// choosing is what a new place can be.
type choosing struct {
	Groups  []group
	Private bool // servers in the hub's own network can be named
}

// sorts are the sorts of places that the person can add.
func (p *Pages) sorts(c *call) (*choosing, error) {
	d, all := &choosing{Private: true}, p.cfg.Places.Describe()
	may := func(string) bool { return true }
	if !c.admin() {
		b, err := c.hub.BoundsOf(c.r.Context(), c.frame.Person.User.Name)
		if err != nil {
			return nil, err
		}
		d.Private = b.Private
		may = func(name string) bool { return slices.Contains(b.Providers, name) }
	}
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(d provider.Description) bool { return d.Name == name })
	}
	groups := []group{{}, {Title: c.words.T("Without encryption, within your own network only")}}
	for _, d := range all {
		i := 0
		if has(d.Name + "s") { // its twin is encrypted
			i = 1
		}
		if d.Name != "home" && may(d.Name) {
			groups[i].List = append(groups[i].List, choosable{d, providerIcon(d)})
		}
	}
	slices.SortStableFunc(groups[0].List, func(a, b choosable) int { return cmp.Compare(order(a.Icon), order(b.Icon)) })
	d.Groups = slices.DeleteFunc(groups, func(g group) bool { return len(g.List) == 0 })
	return d, nil
}

// group is some providers under a heading.
type group struct {
	Title string
	List  []choosable
}

// order has sorts of places follow each other as most people would look for them.
func order(icon string) int {
	list := []string{"cloud-contact", "cloud-event", "cloud-file", "feed", "mail", "folder", "cards", "mailbox", "sms"}
	if i := slices.Index(list, icon); i >= 0 {
		return i
	}
	return len(list)
}
