package page

import (
	"slices"
	"strconv"

	"tandem"
	"tandem/center/webhook"
	"tandem/server/web/page/words"
	"tandem/store"
)

// hookForm is a webhook as a form shows it.
type hookForm struct {
	URL    string
	Events []toggle
}

// hookPage is a webhook with what it was sent.
type hookPage struct {
	hookForm
	ID      int64
	Number  int
	Enabled bool
	Secret  string // told this once
	Sent    []deliveryRow
}

type deliveryRow struct {
	store.Delivery
	Number      int
	Class, Said string
}

// hooksPage lists the webhooks.
type hooksPage struct {
	Hooks   []store.Hook
	Private bool
	New     hookForm
}

func hookFormOf(w words.Words, url string, chosen []string) hookForm {
	said := map[string]string{
		webhook.RunEnded: w.T("a run changed something, failed or was held"), webhook.ProblemBegan: w.T("something fails"), webhook.ProblemSolved: w.T("it fails no longer"),
		webhook.ConflictFound: w.T("two versions wait for a decision"), webhook.ConflictSolved: w.T("one was chosen, or they agree again"), webhook.QuestionAsked: w.T("something waits for your word"),
		webhook.QuestionAnswered: w.T("it does not wait any more"), webhook.DeviceWaits: w.T("a device waits to be let in"), webhook.DeviceDecided: w.T("somebody decided about it"),
	}
	f := hookForm{URL: url}
	for _, e := range webhook.Events() {
		f.Events = append(f.Events, toggle{Name: e.Name, Label: said[e.Name], On: slices.Contains(chosen, e.Name)})
	}
	return f
}

func (p *Pages) hooksOf(c *call) (*hooksPage, error) {
	list, err := c.hub.ListWebhooks(c.r.Context(), "")
	return &hooksPage{Hooks: list.Webhooks, Private: list.Private, New: hookFormOf(c.words, "", nil)}, err
}

func (p *Pages) webhooks(c *call) error {
	d, err := p.hooksOf(c)
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Webhooks"), "webhooks", d)
}

func (p *Pages) addWebhook(c *call) error {
	h := store.Hook{URL: c.form("url"), Events: c.r.PostForm["event"]}
	made, err := c.hub.AddWebhook(c.r.Context(), h)
	if err != nil {
		d, other := p.hooksOf(c)
		if other != nil {
			return other
		}
		d.New = hookFormOf(c.words, h.URL, h.Events)
		return c.again(err, "settings", c.words.T("Webhooks"), "webhooks", d)
	}
	return p.showHook(c, made.Webhook.ID, made.Secret)
}

func (p *Pages) privateWebhooks(c *call) error {
	if err := c.hub.SetPrivateWebhooks(c.r.Context(), c.form("private") == "on"); err != nil {
		return err
	}
	return c.away("/settings/webhooks", "saved")
}

// hookID is the webhook that a path names.
func (c *call) hookID() (int64, error) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, &tandem.Error{Kind: tandem.NotFound, Op: "find webhook", Thing: c.r.PathValue("id")}
	}
	return id, nil
}

func (p *Pages) hookOf(c *call, id int64) (store.Hook, error) {
	list, err := c.hub.ListWebhooks(c.r.Context(), "")
	if err != nil {
		return store.Hook{}, err
	}
	i := slices.IndexFunc(list.Webhooks, func(h store.Hook) bool { return h.ID == id })
	if i < 0 {
		return store.Hook{}, webhook.Missing(id)
	}
	return list.Webhooks[i], nil
}

// showHook shows a webhook; secret is its key, if it was made just now.
func (p *Pages) showHook(c *call, id int64, secret string) error {
	h, err := p.hookOf(c, id)
	if err != nil {
		return err
	}
	d, err := p.hookPage(c, h)
	if err != nil {
		return err
	}
	d.Secret = secret
	return c.show("settings", c.words.T("Webhook %s", strconv.FormatInt(id, 10)), "webhook", d)
}

func (p *Pages) hookPage(c *call, h store.Hook) (*hookPage, error) {
	t := c.words.T
	list, err := c.hub.ListDeliveries(c.r.Context(), h.ID, 50)
	d := &hookPage{hookForm: hookFormOf(c.words, h.URL, h.Events), ID: h.ID, Number: int(h.ID), Enabled: h.Enabled}
	for _, x := range list {
		r := deliveryRow{Delivery: x, Number: int(x.ID), Class: "late", Said: t("waits for its next try")}
		switch x.State {
		case store.Sent:
			r.Class, r.Said = "good", t("arrived")
		case store.Failed:
			r.Class, r.Said = "bad", t("given up")
		}
		d.Sent = append(d.Sent, r)
	}
	return d, err
}

func (p *Pages) webhook(c *call) error {
	id, err := c.hookID()
	if err != nil {
		return err
	}
	return p.showHook(c, id, "")
}

func (p *Pages) changeWebhook(c *call) error {
	id, err := c.hookID()
	if err != nil {
		return err
	}
	ctx, at := c.r.Context(), "/settings/webhooks/"+strconv.FormatInt(id, 10)
	switch c.form("do") {
	case "test":
		if _, err := c.hub.TestWebhook(ctx, id); err != nil {
			return err
		}
		return c.away(at, "sent")
	case "renew":
		n, err := c.hub.RenewWebhook(ctx, id)
		if err != nil {
			return err
		}
		return p.showHook(c, id, n.Secret)
	case "remove":
		if err := c.hub.RemoveWebhook(ctx, id); err != nil {
			return err
		}
		return c.away("/settings/webhooks", "removed")
	case "retry":
		delivery, err := strconv.ParseInt(c.form("delivery"), 10, 64)
		if err != nil {
			return &tandem.Error{Kind: tandem.NotFound, Op: "find delivery", Thing: c.form("delivery")}
		}
		if err := c.hub.RetryDelivery(ctx, id, delivery); err != nil {
			return err
		}
		return c.away(at, "sent")
	}
	h, err := p.hookOf(c, id)
	if err != nil {
		return err
	}
	h.URL, h.Events, h.Enabled = c.form("url"), c.r.PostForm["event"], c.form("enabled") == "on"
	if _, err := c.hub.SetWebhook(ctx, h); err != nil {
		d, other := p.hookPage(c, h)
		if other != nil {
			return other
		}
		return c.again(err, "settings", c.words.T("Webhook %s", strconv.FormatInt(id, 10)), "webhook", d)
	}
	return c.away(at, "saved")
}
