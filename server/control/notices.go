package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/center/notify"
	"tandem/store"
)

// noticeArg are the arguments of the methods about notifications and webhooks, as they travel: each uses some of them.
type noticeArg struct {
	User    string              `json:",omitempty"`
	ID      int64               `json:",omitempty"`
	Other   int64               `json:",omitempty"` // the delivery
	Limit   int                 `json:",omitempty"`
	On      bool                `json:",omitempty"`
	Set     map[string]string   `json:",omitempty"`
	Browser notify.Subscription `json:",omitzero"`
	Hook    store.Hook          `json:",omitzero"`
}

func handleNotices(mux *http.ServeMux, s center.Notices) {
	handle(mux, "NotifySettings", func(ctx context.Context, a noticeArg) (center.NotifySettings, error) {
		return s.NotifySettings(ctx, a.User)
	})
	handle(mux, "SetNotify", func(ctx context.Context, a noticeArg) (center.NotifySettings, error) {
		return s.SetNotify(ctx, a.User, a.Set)
	})
	handle(mux, "ListNotices", func(ctx context.Context, a noticeArg) ([]store.Notice, error) { return s.ListNotices(ctx, a.User) })
	handle(mux, "TestNotify", func(ctx context.Context, a noticeArg) ([]notify.Sent, error) { return s.TestNotify(ctx, a.User) })
	handle(mux, "AddBrowser", func(ctx context.Context, a noticeArg) (store.Push, error) {
		return s.AddBrowser(ctx, a.User, a.Browser)
	})
	handle(mux, "RemoveBrowser", func(ctx context.Context, a noticeArg) (nothing, error) {
		return nothing{}, s.RemoveBrowser(ctx, a.User, a.ID)
	})
}

func handleWebhooks(mux *http.ServeMux, s center.Webhooks) {
	handle(mux, "ListWebhooks", func(ctx context.Context, a noticeArg) (center.WebhookList, error) { return s.ListWebhooks(ctx, a.User) })
	handle(mux, "AddWebhook", func(ctx context.Context, a noticeArg) (center.NewWebhook, error) { return s.AddWebhook(ctx, a.Hook) })
	handle(mux, "SetWebhook", func(ctx context.Context, a noticeArg) (store.Hook, error) { return s.SetWebhook(ctx, a.Hook) })
	handle(mux, "RemoveWebhook", func(ctx context.Context, a noticeArg) (nothing, error) { return nothing{}, s.RemoveWebhook(ctx, a.ID) })
	handle(mux, "RenewWebhook", func(ctx context.Context, a noticeArg) (center.NewWebhook, error) { return s.RenewWebhook(ctx, a.ID) })
	handle(mux, "TestWebhook", func(ctx context.Context, a noticeArg) (store.Delivery, error) { return s.TestWebhook(ctx, a.ID) })
	handle(mux, "ListDeliveries", func(ctx context.Context, a noticeArg) ([]store.Delivery, error) {
		return s.ListDeliveries(ctx, a.ID, a.Limit)
	})
	handle(mux, "RetryDelivery", func(ctx context.Context, a noticeArg) (nothing, error) {
		return nothing{}, s.RetryDelivery(ctx, a.ID, a.Other)
	})
	handle(mux, "SetPrivateWebhooks", func(ctx context.Context, a noticeArg) (nothing, error) {
		return nothing{}, s.SetPrivateWebhooks(ctx, a.On)
	})
}

// NotifySettings implements center.Service.
func (c *Client) NotifySettings(ctx context.Context, user string) (center.NotifySettings, error) {
	return call[center.NotifySettings](ctx, c, "NotifySettings", noticeArg{User: user})
}

// SetNotify implements center.Service.
func (c *Client) SetNotify(ctx context.Context, user string, set map[string]string) (center.NotifySettings, error) {
	return call[center.NotifySettings](ctx, c, "SetNotify", noticeArg{User: user, Set: set})
}

// ListNotices implements center.Service.
func (c *Client) ListNotices(ctx context.Context, user string) ([]store.Notice, error) {
	return call[[]store.Notice](ctx, c, "ListNotices", noticeArg{User: user})
}

// TestNotify implements center.Service.
func (c *Client) TestNotify(ctx context.Context, user string) ([]notify.Sent, error) {
	return call[[]notify.Sent](ctx, c, "TestNotify", noticeArg{User: user})
}

// AddBrowser implements center.Service.
func (c *Client) AddBrowser(ctx context.Context, user string, s notify.Subscription) (store.Push, error) {
	return call[store.Push](ctx, c, "AddBrowser", noticeArg{User: user, Browser: s})
}

// RemoveBrowser implements center.Service.
func (c *Client) RemoveBrowser(ctx context.Context, user string, id int64) error {
	return do(ctx, c, "RemoveBrowser", noticeArg{User: user, ID: id})
}

// ListWebhooks implements center.Service.
func (c *Client) ListWebhooks(ctx context.Context, user string) (center.WebhookList, error) {
	return call[center.WebhookList](ctx, c, "ListWebhooks", noticeArg{User: user})
}

// AddWebhook implements center.Service.
func (c *Client) AddWebhook(ctx context.Context, h store.Hook) (center.NewWebhook, error) {
	return call[center.NewWebhook](ctx, c, "AddWebhook", noticeArg{Hook: h})
}

// SetWebhook implements center.Service.
func (c *Client) SetWebhook(ctx context.Context, h store.Hook) (store.Hook, error) {
	return call[store.Hook](ctx, c, "SetWebhook", noticeArg{Hook: h})
}

// RemoveWebhook implements center.Service.
func (c *Client) RemoveWebhook(ctx context.Context, id int64) error {
	return do(ctx, c, "RemoveWebhook", noticeArg{ID: id})
}

// RenewWebhook implements center.Service.
func (c *Client) RenewWebhook(ctx context.Context, id int64) (center.NewWebhook, error) {
	return call[center.NewWebhook](ctx, c, "RenewWebhook", noticeArg{ID: id})
}

// TestWebhook implements center.Service.
func (c *Client) TestWebhook(ctx context.Context, id int64) (store.Delivery, error) {
	return call[store.Delivery](ctx, c, "TestWebhook", noticeArg{ID: id})
}

// ListDeliveries implements center.Service.
func (c *Client) ListDeliveries(ctx context.Context, webhook int64, limit int) ([]store.Delivery, error) {
	return call[[]store.Delivery](ctx, c, "ListDeliveries", noticeArg{ID: webhook, Limit: limit})
}

// RetryDelivery implements center.Service.
func (c *Client) RetryDelivery(ctx context.Context, webhook, id int64) error {
	return do(ctx, c, "RetryDelivery", noticeArg{ID: webhook, Other: id})
}

// SetPrivateWebhooks implements center.Service.
func (c *Client) SetPrivateWebhooks(ctx context.Context, on bool) error {
	return do(ctx, c, "SetPrivateWebhooks", noticeArg{On: on})
}
