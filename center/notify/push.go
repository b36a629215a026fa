package notify

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	webpush "github.com/SherClockHolmes/webpush-go"

	"tandem"
	"tandem/store"
)

// vapidName is the name under which the hub's key for push services is kept.
const vapidName = "notify/vapid"

// Secrets keep the hub's key; seal.Keeper does.
type Secrets interface {
	Get(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, secret string) error
}

// Push tells in browsers, by Web Push (RFC 8030), encrypted for the browser (RFC 8291) and signed with the hub's key (RFC 8292).
type Push struct {
	Notices store.Notices
	Secrets Secrets
	Client  *http.Client  // reaches what members may name; see package outside
	Base    func() string // the address of the page, which push services are told; "" if there is none

	mu   sync.Mutex // guards what follows
	keys [2]string  // private and public, once they were read
}

var _ Channel = (*Push)(nil)

// Subscription is how a browser is reached, as it says itself (PushSubscription.toJSON). Push API 8
type Subscription struct {
	Endpoint string `json:"endpoint" doc:"where messages for the browser go"`
	Keys     struct {
		P256dh string `json:"p256dh" doc:"its public key"`
		Auth   string `json:"auth" doc:"its secret"`
	} `json:"keys"`
	Agent string `json:"agent,omitempty" doc:"what the browser calls itself"`
}

// maxPushes is in how many browsers a user is told.
const maxPushes = 20

// Key is the hub's public key, which a browser is given when it subscribes. It is made when it is first asked for.
func (p *Push) Key(ctx context.Context) (string, error) {
	k, err := p.pair(ctx)
	return k[1], err
}

func (p *Push) pair(ctx context.Context) ([2]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys[0] != "" {
		return p.keys, nil
	}
	kept, err := p.Secrets.Get(ctx, vapidName)
	if private, public, ok := strings.Cut(kept, " "); err == nil && ok {
		p.keys = [2]string{private, public}
		return p.keys, nil
	}
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return p.keys, err
	}
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		return p.keys, &tandem.Error{Op: "make key for push services", Err: err}
	}
	if err := p.Secrets.Put(ctx, vapidName, private+" "+public); err != nil {
		return p.keys, err
	}
	p.keys = [2]string{private, public}
	return p.keys, nil
}

// Subscribe adds a browser of a user.
func (p *Push) Subscribe(ctx context.Context, user string, s Subscription, now int64) (store.Push, error) {
	const op = "add browser"
	bad := func(err error) (store.Push, error) {
		return store.Push{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: err, Remedy: "have the browser subscribe anew"}
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(s.Endpoint) > 2000 {
		return bad(errors.New("its push service has no https address"))
	}
	key, err := decode(s.Keys.P256dh)
	if err != nil || len(key) != 65 || key[0] != 4 {
		return bad(errors.New("its key is none"))
	}
	auth, err := decode(s.Keys.Auth)
	if err != nil || len(auth) != 16 {
		return bad(errors.New("its secret is none"))
	}
	have, err := p.Notices.Pushes(ctx, user)
	if err != nil {
		return store.Push{}, err
	}
	for len(have) >= maxPushes { // the oldest are the likeliest to be gone
		if err := p.Notices.RemovePush(ctx, have[0].ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return store.Push{}, err
		}
		have = have[1:]
	}
	return p.Notices.AddPush(ctx, store.Push{User: user, Endpoint: s.Endpoint, Key: key, Auth: auth, Agent: cut(oneLine(s.Agent), 300), Added: now})
}

// decode reads base64url without padding, as browsers write it.
func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// Name implements Channel.
func (p *Push) Name() string { return "push" }

// Twice implements Channel: a browser replaces what it shows under a tag.
func (p *Push) Twice() bool { return true }

// Ready implements Channel.
func (p *Push) Ready(ctx context.Context, u store.User, s Settings) (bool, string) {
	if !s.Push {
		return false, "not wanted"
	}
	list, err := p.Notices.Pushes(ctx, u.Name)
	if err != nil {
		return false, err.Error()
	}
	if len(list) == 0 {
		return false, "no browser asked for it; one does on the page under Settings"
	}
	return true, ""
}

// Payload is what a browser's service worker is sent.
type Payload struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Link  string `json:"link"` // a path of the page
	Tag   string `json:"tag"`  // messages of one tag replace each other
}

// pushTTL is for how long a push service keeps what a browser that is off does not take, in seconds.
const pushTTL = 24 * 3600

// Send implements Channel: it has succeeded if any browser took it, or none is left.
func (p *Push) Send(ctx context.Context, u store.User, m Message) error {
	list, err := p.Notices.Pushes(ctx, u.Name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(Payload{Title: cut(m.Title, 200), Text: cut(m.Text, 1000), Link: m.Link, Tag: m.Key})
	if err != nil {
		return err
	}
	var failed []error
	for _, b := range list {
		if err := p.one(ctx, b, body); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(list) {
		return errors.Join(failed...)
	}
	return nil
}

// one sends to one browser. One that is gone is forgotten. RFC 8030 5, 7.3
func (p *Push) one(ctx context.Context, b store.Push, body []byte) error {
	keys, err := p.pair(ctx)
	if err != nil {
		return err
	}
	sub := &webpush.Subscription{Endpoint: b.Endpoint, Keys: webpush.Keys{P256dh: base64.RawURLEncoding.EncodeToString(b.Key), Auth: base64.RawURLEncoding.EncodeToString(b.Auth)}}
	r, err := webpush.SendNotificationWithContext(ctx, body, sub, &webpush.Options{HTTPClient: p.Client, Subscriber: p.contact(), TTL: pushTTL, Urgency: webpush.UrgencyNormal,
		VAPIDPrivateKey: keys[0], VAPIDPublicKey: keys[1]})
	if err != nil {
		return &tandem.Error{Kind: tandem.Transient, Op: "reach push service of", Thing: b.Agent, Err: err}
	}
	defer r.Body.Close()
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return nil
	case r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone:
		if err := p.Notices.RemovePush(ctx, b.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
		return nil
	}
	said, _ := io.ReadAll(io.LimitReader(r.Body, 200)) // of no more than these bytes anything is shown
	return &tandem.Error{Kind: tandem.Transient, Op: "notify browser", Thing: b.Agent, Err: fmt.Errorf("its push service answered %s: %s", r.Status, oneLine(string(said)))}
}

// contact is whom a push service may turn to. RFC 8292 2.1
func (p *Push) contact() string {
	if base := p.Base(); strings.HasPrefix(base, "https:") {
		return base
	}
	return "postmaster@localhost"
}

// Solved implements Channel: what was sent cannot be taken back.
func (p *Push) Solved([]int64) {}
