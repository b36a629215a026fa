package center

import (
	"context"
	"errors"

	"tandem"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/store"
)

// Notices is the part of Service about telling people what needs them.
type Notices interface {
	// NotifySettings tells what a user is told, how and when.
	NotifySettings(ctx context.Context, user string) (NotifySettings, error)
	// SetNotify changes settings of a user, all or none; see notify.Keys. An empty value means the default. Invalid names what may be chosen.
	SetNotify(ctx context.Context, user string, set map[string]string) (NotifySettings, error)
	// ListNotices tells what needs a user now, the oldest first, and since when they know; "" : of all users.
	ListNotices(ctx context.Context, user string) ([]store.Notice, error)
	// TestNotify tells a user something by each way, and whether it went.
	TestNotify(ctx context.Context, user string) ([]notify.Sent, error)
	// AddBrowser has a browser told what a user is told (Web Push).
	AddBrowser(ctx context.Context, user string, s notify.Subscription) (store.Push, error)
	RemoveBrowser(ctx context.Context, user string, id int64) error
}

// Webhooks is the part of Service about addresses that are sent what happens.
type Webhooks interface {
	// ListWebhooks lists the webhooks of a user; "": those of the hub, "*": all.
	ListWebhooks(ctx context.Context, user string) (WebhookList, error)
	// AddWebhook adds one; of h it takes User ("": the hub's, which is told of everybody's), URL, Events and Items. The key is told this once.
	AddWebhook(ctx context.Context, h store.Hook) (NewWebhook, error)
	SetWebhook(ctx context.Context, h store.Hook) (store.Hook, error) // URL, Events, Items and Enabled of the one with its ID
	RemoveWebhook(ctx context.Context, id int64) error
	// RenewWebhook gives one another key, which is told this once.
	RenewWebhook(ctx context.Context, id int64) (NewWebhook, error)
	// TestWebhook sends one a test; ListDeliveries tells what became of it.
	TestWebhook(ctx context.Context, id int64) (store.Delivery, error)
	ListDeliveries(ctx context.Context, webhook int64, limit int) ([]store.Delivery, error) // newest first
	// RetryDelivery sends a delivery again, now.
	RetryDelivery(ctx context.Context, webhook, id int64) error
	// SetPrivateWebhooks lets webhooks of members reach addresses that are not public, or no longer.
	SetPrivateWebhooks(ctx context.Context, on bool) error
}

// NotifySettings are what a user is told, how and when.
type NotifySettings struct {
	User     string
	Values   map[string]string // by notify.Keys, with the defaults
	Ways     []notify.Sent     // whether each way leads to the user now
	Browsers []store.Push
	Key      string // what a browser needs to subscribe
}

// WebhookList are webhooks, and what holds for all.
type WebhookList struct {
	Webhooks []store.Hook
	Private  bool // those of members may reach addresses that are not public
}

// NewWebhook is a webhook with its key.
type NewWebhook struct {
	Webhook store.Hook
	Secret  string
}

// untold is the answer of a hub that was built to tell nobody.
func untold(op string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("this hub tells nobody of anything")}
}

// NotifySettings implements Service.
func (h *Hub) NotifySettings(ctx context.Context, user string) (NotifySettings, error) {
	out := NotifySettings{User: user}
	if h.cfg.Notify == nil {
		return out, untold("read notification settings")
	}
	u, err := h.cfg.Store.Accounts.User(ctx, user)
	if err != nil {
		return out, err
	}
	users, err := h.cfg.Store.Accounts.Users(ctx)
	if err != nil {
		return out, err
	}
	out.User, out.Values, out.Ways = u.Name, notify.Values(u, users), h.cfg.Notify.Ways(ctx, u, users)
	if h.cfg.Push == nil {
		return out, nil
	}
	if out.Browsers, err = h.cfg.Store.Notices.Pushes(ctx, u.Name); err == nil {
		out.Key, err = h.cfg.Push.Key(ctx)
	}
	return out, err
}

// SetNotify implements Service.
func (h *Hub) SetNotify(ctx context.Context, user string, set map[string]string) (NotifySettings, error) {
	if h.cfg.Notify == nil {
		return NotifySettings{}, untold("change notifications")
	}
	if err := h.cfg.Notify.Set(ctx, user, set); err != nil {
		return NotifySettings{}, err
	}
	return h.NotifySettings(ctx, user)
}

// ListNotices implements Service.
func (h *Hub) ListNotices(ctx context.Context, user string) ([]store.Notice, error) {
	if err := h.knows(ctx, user); err != nil {
		return nil, err
	}
	return h.cfg.Store.Notices.Notices(ctx, user)
}

// knows refuses a name that is no user's; "" stands for all.
func (h *Hub) knows(ctx context.Context, user string) error {
	if user == "" {
		return nil
	}
	_, err := h.cfg.Store.Accounts.User(ctx, user)
	return err
}

// TestNotify implements Service.
func (h *Hub) TestNotify(ctx context.Context, user string) ([]notify.Sent, error) {
	if h.cfg.Notify == nil {
		return nil, untold("test notifications")
	}
	return h.cfg.Notify.Test(ctx, user)
}

// AddBrowser implements Service.
func (h *Hub) AddBrowser(ctx context.Context, user string, s notify.Subscription) (store.Push, error) {
	if h.cfg.Push == nil {
		return store.Push{}, untold("add browser")
	}
	p, err := h.cfg.Push.Subscribe(ctx, user, s, h.now())
	if err == nil {
		h.stir()
	}
	return p, err
}

// RemoveBrowser implements Service.
func (h *Hub) RemoveBrowser(ctx context.Context, user string, id int64) error {
	list, err := h.cfg.Store.Notices.Pushes(ctx, user)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.ID == id {
			return h.cfg.Store.Notices.RemovePush(ctx, id)
		}
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "find browser", Thing: number(id), Err: errors.New("there is no such browser"), Remedy: "see `tandem notify show`"}
}

// ListWebhooks implements Service.
func (h *Hub) ListWebhooks(ctx context.Context, user string) (WebhookList, error) {
	if h.cfg.Hooks == nil {
		return WebhookList{}, nil
	}
	list, err := h.cfg.Store.Hooks.Hooks(ctx, user)
	if err != nil {
		return WebhookList{}, err
	}
	private, err := h.cfg.Hooks.MembersPrivate(ctx)
	return WebhookList{list, private}, err
}

// AddWebhook implements Service.
func (h *Hub) AddWebhook(ctx context.Context, x store.Hook) (NewWebhook, error) {
	if h.cfg.Hooks == nil {
		return NewWebhook{}, untold("add webhook")
	}
	made, secret, err := h.cfg.Hooks.Add(ctx, x)
	return NewWebhook{made, secret}, err
}

// SetWebhook implements Service.
func (h *Hub) SetWebhook(ctx context.Context, x store.Hook) (store.Hook, error) {
	if h.cfg.Hooks == nil {
		return x, webhook.Missing(x.ID)
	}
	return h.cfg.Hooks.Set(ctx, x)
}

// RemoveWebhook implements Service.
func (h *Hub) RemoveWebhook(ctx context.Context, id int64) error {
	if h.cfg.Hooks == nil {
		return webhook.Missing(id)
	}
	return h.cfg.Hooks.Remove(ctx, id)
}

// RenewWebhook implements Service.
func (h *Hub) RenewWebhook(ctx context.Context, id int64) (NewWebhook, error) {
	if h.cfg.Hooks == nil {
		return NewWebhook{}, webhook.Missing(id)
	}
	found, err := h.cfg.Hooks.Find(ctx, id)
	if err != nil {
		return NewWebhook{}, err
	}
	secret, err := h.cfg.Hooks.Renew(ctx, id)
	return NewWebhook{found, secret}, err
}

// TestWebhook implements Service.
func (h *Hub) TestWebhook(ctx context.Context, id int64) (store.Delivery, error) {
	if h.cfg.Hooks == nil {
		return store.Delivery{}, webhook.Missing(id)
	}
	return h.cfg.Hooks.Try(ctx, id)
}

// ListDeliveries implements Service.
func (h *Hub) ListDeliveries(ctx context.Context, id int64, limit int) ([]store.Delivery, error) {
	if h.cfg.Hooks == nil {
		return nil, webhook.Missing(id)
	}
	if _, err := h.cfg.Hooks.Find(ctx, id); err != nil {
		return nil, err
	}
	return h.cfg.Store.Hooks.Deliveries(ctx, id, limit)
}

// RetryDelivery implements Service.
func (h *Hub) RetryDelivery(ctx context.Context, hook, id int64) error {
	if h.cfg.Hooks == nil {
		return webhook.Missing(hook)
	}
	return h.cfg.Hooks.Retry(ctx, hook, id)
}

// SetPrivateWebhooks implements Service.
func (h *Hub) SetPrivateWebhooks(ctx context.Context, on bool) error {
	if h.cfg.Hooks == nil {
		return untold("change webhooks")
	}
	return h.cfg.Hooks.SetPrivate(ctx, on)
}
