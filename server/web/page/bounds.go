package page

import (
	"net/url"
	"slices"

	"tandem/center"
)

// bounding is what members may name, as an administrator sets it: everybody, or one of them.
type bounding struct {
	Sorts   []option
	Private bool
	User    string // of whom; "": everybody
	Own     bool   // it was said for this user
	At      string // where the form goes
}

// bounds is the form of what everybody may name, or one user.
func (p *Pages) bounds(c *call, user string) (*bounding, error) {
	d, ctx := &bounding{User: user, At: "/bounds"}, c.r.Context()
	var b center.Bounds
	if user == "" {
		var err error
		if b, err = c.hub.MemberBounds(ctx); err != nil {
			return nil, err
		}
	} else {
		of, err := c.hub.BoundsOf(ctx, user)
		if err != nil {
			return nil, err
		}
		b, d.Own, d.At = of.Bounds, of.Own, "/people/"+url.PathEscape(user)+"/bounds"
	}
	d.Private = b.Private
	for _, one := range p.cfg.Places.Describe() {
		if prov, err := p.cfg.Places.Provider(one.Name); err == nil && prov.MayBind() {
			d.Sorts = append(d.Sorts, option{one.Name, one.Title, slices.Contains(b.Providers, one.Name)})
		}
	}
	return d, nil
}

// boundsTyped are the bounds that a form says.
func (c *call) boundsTyped() center.Bounds {
	return center.Bounds{Providers: c.r.PostForm["provider"], Private: c.form("private") == "yes"}
}

// setBounds says what everybody may name who does not administer the hub.
func (p *Pages) setBounds(c *call) error {
	if err := c.hub.SetMemberBounds(c.r.Context(), c.boundsTyped()); err != nil {
		return err
	}
	return c.away("/people", "saved")
}

// setBoundsOf says it for one of them, or has them do again what everybody may.
func (p *Pages) setBoundsOf(c *call) error {
	user := c.r.PathValue("user")
	b := c.boundsTyped()
	said := &b
	if c.form("do") == "everybody" {
		said = nil
	}
	if err := c.hub.SetBoundsOf(c.r.Context(), user, said); err != nil {
		return p.personAgain(c, err)
	}
	return c.away("/people/"+url.PathEscape(user), "saved")
}
