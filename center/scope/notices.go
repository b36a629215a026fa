package scope

import (
	"context"
	"slices"
	"strings"

	"tandem/center"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/store"
)

// forSelf settles that something is asked about oneself. What others are told is theirs: administrators neither read nor change it.
func (s *Scope) forSelf(op, user string) (string, error) {
	if err := s.notApp(op); err != nil {
		return "", err
	}
	if user != "" && !s.mine(user) {
		return "", missing("user", user)
	}
	return s.who.User, nil
}

// NotifySettings implements center.Service.
func (s *Scope) NotifySettings(ctx context.Context, user string) (center.NotifySettings, error) {
	user, err := s.forSelf("read notification settings", user)
	if err != nil {
		return center.NotifySettings{}, err
	}
	return s.cfg.Hub.NotifySettings(ctx, user)
}

// SetNotify implements center.Service. The desktop of the hub's computer is for administrators, and for who alone uses the hub: others would tell their troubles to
// whoever sits there.
func (s *Scope) SetNotify(ctx context.Context, user string, set map[string]string) (center.NotifySettings, error) {
	const op = "change notifications"
	user, err := s.forSelf(op, user)
	if err != nil {
		return center.NotifySettings{}, err
	}
	if strings.EqualFold(strings.TrimSpace(set["desktop"]), "on") && !s.who.Admin {
		users, err := s.cfg.Store.Accounts.Users(ctx)
		if err != nil {
			return center.NotifySettings{}, err
		}
		if len(users) > 1 {
			return center.NotifySettings{}, s.adminOnly(op)
		}
	}
	return s.cfg.Hub.SetNotify(ctx, user, set)
}

// ListNotices implements center.Service: one's own.
func (s *Scope) ListNotices(ctx context.Context, user string) ([]store.Notice, error) {
	if user != "" && !s.mine(user) {
		return nil, missing("user", user)
	}
	return s.cfg.Hub.ListNotices(ctx, s.who.User)
}

// TestNotify implements center.Service.
func (s *Scope) TestNotify(ctx context.Context, user string) ([]notify.Sent, error) {
	user, err := s.forSelf("test notifications", user)
	if err != nil {
		return nil, err
	}
	return s.cfg.Hub.TestNotify(ctx, user)
}

// AddBrowser implements center.Service.
func (s *Scope) AddBrowser(ctx context.Context, user string, b notify.Subscription) (store.Push, error) {
	user, err := s.forSelf("add browser", user)
	if err != nil {
		return store.Push{}, err
	}
	return s.cfg.Hub.AddBrowser(ctx, user, b)
}

// RemoveBrowser implements center.Service.
func (s *Scope) RemoveBrowser(ctx context.Context, user string, id int64) error {
	user, err := s.forSelf("remove browser", user)
	if err != nil {
		return err
	}
	return s.cfg.Hub.RemoveBrowser(ctx, user, id)
}

// ListWebhooks implements center.Service: one's own. Those of the hub are for the owner of its machine, since they are told of everybody's records.
func (s *Scope) ListWebhooks(ctx context.Context, user string) (center.WebhookList, error) {
	if user != "" && !s.mine(user) {
		return center.WebhookList{}, missing("user", user)
	}
	return s.cfg.Hub.ListWebhooks(ctx, s.who.User)
}

// hook checks that a webhook is one's own.
func (s *Scope) hook(ctx context.Context, op string, id int64) error {
	if err := s.notApp(op); err != nil {
		return err
	}
	list, err := s.ListWebhooks(ctx, "")
	if err == nil && !slices.ContainsFunc(list.Webhooks, func(h store.Hook) bool { return h.ID == id }) {
		err = webhook.Missing(id)
	}
	return err
}

// AddWebhook implements center.Service.
func (s *Scope) AddWebhook(ctx context.Context, h store.Hook) (center.NewWebhook, error) {
	const op = "add webhook"
	user, err := s.forSelf(op, h.User)
	if err != nil {
		return center.NewWebhook{}, err
	}
	h.User = user
	made, err := s.cfg.Hub.AddWebhook(ctx, h)
	if err == nil {
		s.audit(ctx, user, "added the webhook %d to %s", made.Webhook.ID, made.Webhook.URL)
	}
	return made, err
}

// SetWebhook implements center.Service.
func (s *Scope) SetWebhook(ctx context.Context, h store.Hook) (store.Hook, error) {
	if err := s.hook(ctx, "change webhook", h.ID); err != nil {
		return store.Hook{}, err
	}
	set, err := s.cfg.Hub.SetWebhook(ctx, h)
	if err == nil {
		s.audit(ctx, s.who.User, "changed the webhook %d to %s", set.ID, set.URL)
	}
	return set, err
}

// RemoveWebhook implements center.Service.
func (s *Scope) RemoveWebhook(ctx context.Context, id int64) error {
	if err := s.hook(ctx, "remove webhook", id); err != nil {
		return err
	}
	err := s.cfg.Hub.RemoveWebhook(ctx, id)
	if err == nil {
		s.audit(ctx, s.who.User, "removed the webhook %d", id)
	}
	return err
}

// RenewWebhook implements center.Service.
func (s *Scope) RenewWebhook(ctx context.Context, id int64) (center.NewWebhook, error) {
	if err := s.hook(ctx, "renew webhook", id); err != nil {
		return center.NewWebhook{}, err
	}
	made, err := s.cfg.Hub.RenewWebhook(ctx, id)
	if err == nil {
		s.audit(ctx, s.who.User, "made another key for the webhook %d", id)
	}
	return made, err
}

// TestWebhook implements center.Service.
func (s *Scope) TestWebhook(ctx context.Context, id int64) (store.Delivery, error) {
	if err := s.hook(ctx, "test webhook", id); err != nil {
		return store.Delivery{}, err
	}
	return s.cfg.Hub.TestWebhook(ctx, id)
}

// ListDeliveries implements center.Service.
func (s *Scope) ListDeliveries(ctx context.Context, id int64, limit int) ([]store.Delivery, error) {
	if err := s.hook(ctx, "list deliveries", id); err != nil {
		return nil, err
	}
	return s.cfg.Hub.ListDeliveries(ctx, id, limit)
}

// RetryDelivery implements center.Service.
func (s *Scope) RetryDelivery(ctx context.Context, hook, id int64) error {
	if err := s.hook(ctx, "retry delivery", hook); err != nil {
		return err
	}
	return s.cfg.Hub.RetryDelivery(ctx, hook, id)
}

// SetPrivateWebhooks implements center.Service, for administrators.
func (s *Scope) SetPrivateWebhooks(ctx context.Context, on bool) error {
	if err := s.adminOnly("change webhooks"); err != nil {
		return err
	}
	err := s.cfg.Hub.SetPrivateWebhooks(ctx, on)
	if err == nil {
		s.audit(ctx, "", "%s", map[bool]string{true: "let webhooks reach private addresses", false: "kept webhooks from private addresses"}[on])
	}
	return err
}
