package page

import (
	"net/http"

	"tandem/center"
)

// started lets the items run that a form names: one, those of a partner, or all.
func (p *Pages) start(c *call) error {
	names, err := c.chosen(func(st center.ItemStatus) bool { return st.Item.Enabled && !st.Running })
	if err != nil {
		return err
	}
	if len(names) > 0 {
		if _, err := c.hub.Begin(c.r.Context(), names, center.SyncOptions{By: c.frame.Person.User.Name}); err != nil {
			return err
		}
	}
	return c.quietly("started")
}

func (p *Pages) stop(c *call) error {
	names, err := c.chosen(func(st center.ItemStatus) bool { return st.Running })
	if err != nil {
		return err
	}
	if len(names) > 0 {
		if _, err := c.hub.Stop(c.r.Context(), names); err != nil {
			return err
		}
	}
	return c.quietly("stopped")
}

// chosen are the items that a form means: one by name, or those of a partner or of all that fit.
func (c *call) chosen(fits func(center.ItemStatus) bool) ([]string, error) {
	if item := c.form("item"); item != "" {
		return []string{item}, nil
	}
	list, err := c.hub.Status(c.r.Context(), nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, st := range list {
		if by := c.form("partner"); (by == "" || by == st.Item.Partner) && fits(st) {
			out = append(out, st.Item.Name)
		}
	}
	return out, nil
}

// quietly ends a request after which the page changes by itself; without scripts, it sends the browser back.
func (c *call) quietly(done string) error {
	if c.htmx() {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return c.back(done)
}

func (p *Pages) enable(c *call) error {
	if err := c.hub.EnableItem(c.r.Context(), c.r.PathValue("item"), c.form("on") == "yes"); err != nil {
		return err
	}
	return c.quietly("saved")
}
