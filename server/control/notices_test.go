package control

import (
	"context"
	"reflect"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/notify"
	"tandem/store"
)

// noticeService answers for notifications and webhooks only, with what it was asked.
type noticeService struct {
	center.Service
	asked map[string]any
}

func (s *noticeService) NotifySettings(_ context.Context, user string) (center.NotifySettings, error) {
	return center.NotifySettings{User: user, Values: map[string]string{"mail": "on"}, Ways: []notify.Sent{{Channel: "mail", Why: "none"}}, Browsers: []store.Push{{ID: 3, Key: []byte{4, 0}, Agent: "x"}}, Key: "k"}, nil
}

func (s *noticeService) SetNotify(ctx context.Context, user string, set map[string]string) (center.NotifySettings, error) {
	s.asked["SetNotify"] = set
	return s.NotifySettings(ctx, user)
}

func (s *noticeService) ListNotices(_ context.Context, user string) ([]store.Notice, error) {
	return []store.Notice{{ID: 1, User: user, Key: "k", Told: 5}}, nil
}

func (s *noticeService) TestNotify(_ context.Context, user string) ([]notify.Sent, error) {
	return []notify.Sent{{Channel: user, Done: true}}, nil
}

func (s *noticeService) AddBrowser(_ context.Context, user string, b notify.Subscription) (store.Push, error) {
	return store.Push{ID: 7, User: user, Endpoint: b.Endpoint, Auth: []byte(b.Keys.Auth)}, nil
}

func (s *noticeService) RemoveBrowser(_ context.Context, user string, id int64) error {
	s.asked["RemoveBrowser"] = []any{user, id}
	return nil
}

func (s *noticeService) ListWebhooks(_ context.Context, user string) (center.WebhookList, error) {
	return center.WebhookList{Webhooks: []store.Hook{{ID: 2, User: user, Events: []string{"e"}}}, Private: true}, nil
}

func (s *noticeService) AddWebhook(_ context.Context, h store.Hook) (center.NewWebhook, error) {
	return center.NewWebhook{Webhook: h, Secret: "s"}, nil
}

func (s *noticeService) SetWebhook(_ context.Context, h store.Hook) (store.Hook, error) {
	return h, nil
}

func (s *noticeService) RemoveWebhook(_ context.Context, id int64) error {
	return tandem.Errorf(tandem.NotFound, "no webhook %d", id)
}

func (s *noticeService) RenewWebhook(_ context.Context, id int64) (center.NewWebhook, error) {
	return center.NewWebhook{Webhook: store.Hook{ID: id}, Secret: "t"}, nil
}

func (s *noticeService) TestWebhook(_ context.Context, id int64) (store.Delivery, error) {
	return store.Delivery{Hook: id, Body: []byte{0, 255}}, nil
}

func (s *noticeService) ListDeliveries(_ context.Context, id int64, limit int) ([]store.Delivery, error) {
	return []store.Delivery{{Hook: id, Tries: limit}}, nil
}

func (s *noticeService) RetryDelivery(_ context.Context, hook, id int64) error {
	s.asked["RetryDelivery"] = []int64{hook, id}
	return nil
}

func (s *noticeService) SetPrivateWebhooks(_ context.Context, on bool) error {
	s.asked["SetPrivateWebhooks"] = on
	return nil
}

// TestNoticesOverTheSocket: every method answers over the socket as it does without.
func TestNoticesOverTheSocket(t *testing.T) {
	s := &noticeService{asked: map[string]any{}}
	c, stop := serve(t, &hub{Service: s}, t.TempDir())
	ctx := t.Context()
	b := notify.Subscription{Endpoint: "https://push.example.org/"}
	b.Keys.Auth = "x"
	h := store.Hook{ID: 9, User: "anna", URL: "https://example.org/", Items: []string{"i"}, Enabled: true}
	type answer struct {
		v   any
		err error
	}
	pair := func(v any, err error) answer {
		if err != nil {
			err = tandem.Errorf(tandem.KindOf(err), "%v", err)
		}
		return answer{v, err}
	}
	ask := func(x center.Service) map[string]answer {
		return map[string]answer{
			"NotifySettings": pair(x.NotifySettings(ctx, "anna")), "SetNotify": pair(x.SetNotify(ctx, "anna", map[string]string{"a": "b"})), "ListNotices": pair(x.ListNotices(ctx, "anna")),
			"TestNotify": pair(x.TestNotify(ctx, "anna")), "AddBrowser": pair(x.AddBrowser(ctx, "anna", b)), "RemoveBrowser": pair(nil, x.RemoveBrowser(ctx, "anna", 4)),
			"ListWebhooks": pair(x.ListWebhooks(ctx, "*")), "AddWebhook": pair(x.AddWebhook(ctx, h)), "SetWebhook": pair(x.SetWebhook(ctx, h)), "RenewWebhook": pair(x.RenewWebhook(ctx, 5)),
			"TestWebhook": pair(x.TestWebhook(ctx, 5)), "ListDeliveries": pair(x.ListDeliveries(ctx, 5, 6)), "RetryDelivery": pair(nil, x.RetryDelivery(ctx, 5, 6)),
			"SetPrivateWebhooks": pair(nil, x.SetPrivateWebhooks(ctx, true)),
		}
	}
	far := ask(c)
	asked := s.asked
	s.asked = map[string]any{}
	for name, want := range ask(s) {
		if !reflect.DeepEqual(far[name], want) {
			t.Errorf("%s: %+v, want %+v", name, far[name], want)
		}
	}
	if !reflect.DeepEqual(asked, s.asked) || len(asked) != 4 {
		t.Errorf("asked %v, want %v", asked, s.asked)
	}
	if err := c.RemoveWebhook(ctx, 5); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
