package api

import (
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"tandem/center"
	"tandem/center/notify"
	"tandem/center/shape"
	"tandem/center/webhook"
	"tandem/store"
)

func (a *API) addNotices() {
	const tag = "notifications"
	get(a, op{id: "notify-settings", method: "GET", path: "/api/notify", tag: tag, summary: "What one is told, how and when"}, func(ctx context.Context, s center.Service, _ *struct{}) (shape.NotifySettings, error) {
		set, err := s.NotifySettings(ctx, "")
		return shape.OfNotifySettings(set), err
	})
	get(a, op{id: "set-notify", method: "PATCH", path: "/api/notify", tag: tag, summary: "Change what one is told, all settings or none", about: "Settings by name, as /api/notify/keys lists them; an empty text means the default."},
		func(ctx context.Context, s center.Service, in *struct{ Body map[string]string }) (shape.NotifySettings, error) {
			set, err := s.SetNotify(ctx, "", in.Body)
			return shape.OfNotifySettings(set), err
		})
	serve(a, op{id: "notify-keys", method: "GET", path: "/api/notify/keys", tag: tag, summary: "The settings that there are"}, func(_ context.Context, in *Paging) (*list[notify.Key], error) {
		return pageOf(in, shape.List(notify.Keys(), func(k notify.Key) notify.Key { k.Words = append([]string{}, k.Words...); return k })), nil
	})
	serve(a, op{id: "list-notices", method: "GET", path: "/api/notices", tag: tag, summary: "What needs one now, the oldest first"}, func(ctx context.Context, in *Paging) (*list[shape.Notice], error) {
		all, err := a.cfg.Service(ctx).ListNotices(ctx, "")
		return pageOf(in, shape.List(all, shape.OfNotice)), err
	})
	get(a, op{id: "test-notify", method: "POST", path: "/api/notify/test", tag: tag, summary: "Tell oneself something by each way"}, func(ctx context.Context, s center.Service, _ *struct{}) ([]notify.Sent, error) {
		sent, err := s.TestNotify(ctx, "")
		return append([]notify.Sent{}, sent...), err
	})
	get(a, op{id: "add-browser", method: "POST", path: "/api/notify/browsers", tag: tag, summary: "Have a browser told, by Web Push", status: created,
		about: "What a browser says of its subscription (PushSubscription.toJSON), with its name. The key to subscribe with is among the settings."},
		func(ctx context.Context, s center.Service, in *one[notify.Subscription]) (shape.Browser, error) {
			p, err := s.AddBrowser(ctx, "", in.Body)
			return shape.OfBrowser(p), err
		})
	do(a, op{id: "remove-browser", method: "DELETE", path: "/api/notify/browsers/{id}", tag: tag, summary: "No longer tell a browser"},
		func(ctx context.Context, s center.Service, in *ByNumber) error {
			return s.RemoveBrowser(ctx, "", in.ID)
		})
}

// WebhookRequest is a webhook to be added or changed.
type WebhookRequest struct {
	URL     string   `json:"url"`
	Events  []string `json:"events,omitempty" doc:"which; none: all"`
	Items   []string `json:"items,omitempty" doc:"of which sync items only; none: all"`
	Enabled *bool    `json:"enabled,omitempty" doc:"absent: yes"`
}

// Webhooks are the webhooks of a user, and what holds for all.
type Webhooks struct {
	Webhooks []shape.Webhook     `json:"webhooks"`
	Private  bool                `json:"private" doc:"those of members may reach addresses that are not public"`
	Events   []webhook.EventName `json:"events" doc:"all that can be chosen"`
}

func (r WebhookRequest) hook(id int64) store.Hook {
	return store.Hook{ID: id, URL: r.URL, Events: r.Events, Items: r.Items, Enabled: r.Enabled == nil || *r.Enabled}
}

func (a *API) addWebhooks() {
	const tag = "webhooks"
	get(a, op{id: "list-webhooks", method: "GET", path: "/api/webhooks", tag: tag, summary: "List one's webhooks"}, func(ctx context.Context, s center.Service, _ *struct{}) (Webhooks, error) {
		all, err := s.ListWebhooks(ctx, "")
		return Webhooks{shape.List(all.Webhooks, shape.OfWebhook), all.Private, webhook.Events()}, err
	})
	get(a, op{id: "add-webhook", method: "POST", path: "/api/webhooks", tag: tag, summary: "Have an address sent what happens", status: created,
		about: "Deliveries are signed and sent as Standard Webhooks 1.0.0 says; see the webhooks of this document. Addresses that are not public are for administrators, unless one allows more."},
		func(ctx context.Context, s center.Service, in *one[WebhookRequest]) (shape.NewWebhook, error) {
			n, err := s.AddWebhook(ctx, in.Body.hook(0))
			return shape.OfNewWebhook(n), err
		})
	get(a, op{id: "set-webhook", method: "PUT", path: "/api/webhooks/{id}", tag: tag, summary: "Change a webhook"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Body WebhookRequest
	}) (shape.Webhook, error) {
		h, err := s.SetWebhook(ctx, in.Body.hook(in.ID))
		return shape.OfWebhook(h), err
	})
	do(a, op{id: "remove-webhook", method: "DELETE", path: "/api/webhooks/{id}", tag: tag, summary: "Remove a webhook, with what is on its way"},
		func(ctx context.Context, s center.Service, in *ByNumber) error { return s.RemoveWebhook(ctx, in.ID) })
	get(a, op{id: "renew-webhook", method: "POST", path: "/api/webhooks/{id}/renew", tag: tag, summary: "Give a webhook another key"}, func(ctx context.Context, s center.Service, in *ByNumber) (shape.NewWebhook, error) {
		n, err := s.RenewWebhook(ctx, in.ID)
		return shape.OfNewWebhook(n), err
	})
	get(a, op{id: "test-webhook", method: "POST", path: "/api/webhooks/{id}/test", tag: tag, summary: "Send a webhook a test"}, func(ctx context.Context, s center.Service, in *ByNumber) (shape.Delivery, error) {
		d, err := s.TestWebhook(ctx, in.ID)
		return shape.OfDelivery(d), err
	})
	serve(a, op{id: "list-deliveries", method: "GET", path: "/api/webhooks/{id}/deliveries", tag: tag, summary: "What a webhook was sent, the newest first"}, func(ctx context.Context, in *struct {
		ByNumber
		Paging
	}) (*list[shape.Delivery], error) {
		all, err := a.cfg.Service(ctx).ListDeliveries(ctx, in.ID, in.Skip+in.Limit+1)
		return pageOf(&in.Paging, shape.List(all, shape.OfDelivery)), err
	})
	do(a, op{id: "retry-delivery", method: "POST", path: "/api/webhooks/{id}/deliveries/{delivery}/retry", tag: tag, summary: "Send a delivery again, now"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Delivery int64 `path:"delivery"`
	}) error {
		return s.RetryDelivery(ctx, in.ID, in.Delivery)
	})
	do(a, op{id: "set-private-webhooks", method: "PUT", path: "/api/webhook-rules/private", tag: tag, summary: "Let webhooks of members reach addresses that are not public, or no longer", about: "For administrators."},
		func(ctx context.Context, s center.Service, in *struct {
			Body struct {
				Private bool `json:"private"`
			}
		}) error {
			return s.SetPrivateWebhooks(ctx, in.Body.Private)
		})
	a.describeWebhooks()
}

// describeWebhooks writes down what receivers are sent. OpenAPI 3.1.0 4.8.1
func (a *API) describeWebhooks() {
	doc := a.huma.OpenAPI()
	doc.Webhooks = map[string]*huma.PathItem{}
	of := map[string]any{webhook.RunEnded: webhook.RunTold{}}
	header := func(name, about string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Description: about, Schema: &huma.Schema{Type: "string"}}
	}
	for _, e := range webhook.Events() {
		data := any(webhook.CauseTold{})
		if d, ok := of[e.Name]; ok {
			data = d
		}
		schema := &huma.Schema{Type: "object", Required: []string{"id", "type", "timestamp", "data"}, Properties: map[string]*huma.Schema{
			"id":        {Type: "string", Description: "the same whenever this is sent again, as in the header webhook-id"},
			"type":      {Type: "string", Enum: []any{e.Name}},
			"timestamp": {Type: "string", Format: "date-time"},
			"data":      doc.Components.Schemas.Schema(reflect.TypeOf(data), true, "Webhook"),
		}}
		doc.Webhooks[e.Name] = &huma.PathItem{Post: &huma.Operation{OperationID: "webhook-" + e.Name, Tags: []string{"webhooks"}, Summary: e.Help,
			Description: "Sent as Standard Webhooks 1.0.0 says. A receiver answers with 2xx within 20 seconds; otherwise it is sent again, for three days. It may come twice: the id is the same then. 410 switches the webhook off.",
			Parameters: []*huma.Param{header("webhook-id", "names the message"), header("webhook-timestamp", "when it was sent, Unix seconds"),
				header("webhook-signature", "v1, and the base64 of HMAC-SHA256 over ID.TIMESTAMP.BODY with the webhook's key")},
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
			Responses:   map[string]*huma.Response{"204": {Description: "It was taken."}}}}
	}
}
