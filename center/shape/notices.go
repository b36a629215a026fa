package shape

import (
	"encoding/base64"

	"tandem/center"
	"tandem/center/notify"
	"tandem/store"
)

// Notice is something that needs a person.
type Notice struct {
	User  string `json:"user"`
	Sort  string `json:"sort" enum:"error,conflict,question,device"`
	Item  string `json:"item,omitempty" doc:"the sync item or device that it is about"`
	Code  string `json:"code,omitempty" doc:"what sort of error, as a word; see /api/codes"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Link  string `json:"link,omitempty" doc:"a path of the page"`
	Since int64  `json:"since"`
	Told  int64  `json:"told,omitempty" doc:"when the person was told"`
}

// OfNotice is something that needs a person.
func OfNotice(n store.Notice) Notice {
	return Notice{n.User, n.Sort, n.Item, n.Code, n.Title, n.Text, n.Link, n.Since, max(n.Told, 0)}
}

// NotifySettings are what a user is told, how and when.
type NotifySettings struct {
	User     string            `json:"user"`
	Settings map[string]string `json:"settings" doc:"by name, as /api/notify/keys lists them"`
	Ways     []notify.Sent     `json:"ways" doc:"whether each way leads to the user now"`
	Browsers []Browser         `json:"browsers"`
	Key      string            `json:"key,omitempty" doc:"the hub's public key, which a browser is given to subscribe with (applicationServerKey)"`
}

// OfNotifySettings are what a user is told.
func OfNotifySettings(s center.NotifySettings) NotifySettings {
	return NotifySettings{s.User, s.Values, List(s.Ways, func(w notify.Sent) notify.Sent { return w }), List(s.Browsers, OfBrowser), s.Key}
}

// Browser is a browser that is told.
type Browser struct {
	ID    int64  `json:"id"`
	Agent string `json:"agent"`
	Key   string `json:"key" doc:"its public key, by which it knows itself"`
	Added int64  `json:"added"`
}

// OfBrowser is a browser that is told. Where it is reached is nobody's business.
func OfBrowser(p store.Push) Browser {
	return Browser{p.ID, p.Agent, base64.RawURLEncoding.EncodeToString(p.Key), p.Added}
}

// Webhook is an address that is sent what happens.
type Webhook struct {
	ID      int64    `json:"id"`
	User    string   `json:"user,omitempty" doc:"whose; none: the hub's"`
	URL     string   `json:"url"`
	Events  []string `json:"events" doc:"which; none: all"`
	Items   []string `json:"items" doc:"of which sync items only; none: all"`
	Enabled bool     `json:"enabled"`
	Added   int64    `json:"added"`
}

// OfWebhook is an address that is sent what happens.
func OfWebhook(h store.Hook) Webhook {
	same := func(s string) string { return s }
	return Webhook{h.ID, h.User, h.URL, List(h.Events, same), List(h.Items, same), h.Enabled, h.Added}
}

// NewWebhook is a webhook with its key.
type NewWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"the key that deliveries are signed with, told this once (whsec_ and base64)"`
}

// OfNewWebhook is a webhook with its key.
func OfNewWebhook(n center.NewWebhook) NewWebhook { return NewWebhook{OfWebhook(n.Webhook), n.Secret} }

// Delivery is one message of a webhook.
type Delivery struct {
	ID      int64  `json:"id"`
	Webhook int64  `json:"webhook"`
	Event   string `json:"event"`
	State   string `json:"state" enum:"waiting,sent,failed"`
	Added   int64  `json:"added"`
	Next    int64  `json:"next,omitempty" doc:"when it is tried"`
	Tries   int    `json:"tries"`
	Status  int    `json:"status,omitempty" doc:"HTTP status of the last try"`
	Error   string `json:"error,omitempty" doc:"of the last try"`
	Body    string `json:"body" doc:"what is sent"`
}

// OfDelivery is one message of a webhook.
func OfDelivery(d store.Delivery) Delivery {
	out := Delivery{ID: d.ID, Webhook: d.Hook, Event: d.Event, State: string(d.State), Added: d.Added, Tries: d.Tries, Status: d.Status, Error: d.Error, Body: string(d.Body)}
	if d.State == store.Waiting {
		out.Next = d.Next
	}
	return out
}
