// Package webhook sends what happens to addresses that people named, as Standard Webhooks 1.0.0 has it: signed JSON by POST, tried again for three days, with an id by
// which a receiver knows a repeat.
//
// What is to be sent is in the store before anybody tries it, once per hook and key. A hook of a member reaches public addresses only, unless an administrator allows
// more: the hub stands in a network that members may not.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/partner/account"
	"tandem/store"
)

// What webhooks tell of.
const (
	RunEnded         = "run.ended"
	ProblemBegan     = "problem.began"
	ProblemSolved    = "problem.solved"
	ConflictFound    = "conflict.found"
	ConflictSolved   = "conflict.solved"
	QuestionAsked    = "question.asked"
	QuestionAnswered = "question.answered"
	DeviceWaits      = "device.waits"
	DeviceDecided    = "device.decided"
	Test             = "test"
)

// EventName is something that webhooks tell of.
type EventName struct {
	Name string `json:"name"`
	Help string `json:"help"`
}

// Events are all that can be chosen.
func Events() []EventName {
	return []EventName{
		{RunEnded, "a run of a sync item changed something, failed or was held"},
		{ProblemBegan, "something fails"}, {ProblemSolved, "it fails no longer"},
		{ConflictFound, "two versions of a record wait for a decision"}, {ConflictSolved, "one was chosen, or they agree again"},
		{QuestionAsked, "a plan waits for a person's word"}, {QuestionAnswered, "it does not wait any more"},
		{DeviceWaits, "a device waits to be let in"}, {DeviceDecided, "somebody decided about it"},
	}
}

// Payload is the body of a delivery.
type Payload struct {
	ID        string    `json:"id" doc:"the same whenever this is sent again, as in the header webhook-id"`
	Type      string    `json:"type" doc:"what happened"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// RunTold is the data of run.ended.
type RunTold struct {
	Item      string    `json:"item"`
	User      string    `json:"user"`
	Partner   string    `json:"partner" doc:"or the phone: device/3, whose items are device/3/17"`
	Run       int64     `json:"run,omitempty" doc:"its number, if it is recorded"`
	Result    string    `json:"result" enum:"ok,conflicts,held,failed,cancelled"`
	Home      Written   `json:"home" doc:"what was written to the home collection"`
	There     Written   `json:"partner_side" doc:"what was written to the partner"`
	Conflicts int       `json:"conflicts" doc:"that are open"`
	Problems  int       `json:"problems" doc:"with single records"`
	Error     string    `json:"error,omitempty"`
	Code      string    `json:"code,omitempty" doc:"what sort of error, as a word; see /api/codes"`
	Seconds   float64   `json:"seconds"`
	By        string    `json:"by,omitempty" doc:"the program that did it and told the hub, or the phone; absent: the hub itself"`
	Ended     time.Time `json:"ended"`
}

// Written counts records that were written.
type Written struct {
	Created int `json:"created"`
	Changed int `json:"changed"`
	Moved   int `json:"moved"`
	Deleted int `json:"deleted"`
}

// CauseTold is the data of what begins and ends.
type CauseTold struct {
	User  string `json:"user"`
	Item  string `json:"item,omitempty" doc:"the sync item or device that it is about"`
	Code  string `json:"code,omitempty" doc:"what sort of error, as a word; see /api/codes"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Link  string `json:"link,omitempty" doc:"a path of the page"`
	Since int64  `json:"since"`
}

// Happening is something to be told.
type Happening struct {
	Key   string // names it: told once to each hook
	Event string
	User  string // whom it concerns
	Item  string
	Data  any
}

// Secrets keep the keys that deliveries are signed with; seal.Keeper does.
type Secrets interface {
	Get(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, secret string) error
}

// Config is what a Service stands on. Everything without a remark must be set.
type Config struct {
	Hooks    store.Hooks
	Accounts store.Accounts
	Settings store.Settings
	Events   store.Events // the results log
	Secrets  Secrets
	Client   *http.Client // asks Private for each request
	Version  string
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nowhere
}

// Service sends. Its methods may be called concurrently.
type Service struct {
	cfg  Config
	wake chan struct{}
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Client != nil { // a redirect is a failure: it would lead where nobody agreed to
		mine := *cfg.Client
		mine.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		cfg.Client = &mine
	}
	return &Service{cfg: cfg, wake: make(chan struct{}, 1)}
}

// Poke hints that there is something to be sent.
func (s *Service) Poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// privateName is the setting that lets webhooks of members reach addresses that are not public.
const privateName = "webhook private"

// SetPrivate lets webhooks of members reach addresses that are not public, or no longer.
func (s *Service) SetPrivate(ctx context.Context, on bool) error {
	return s.cfg.Settings.PutValues(ctx, map[string]string{privateName: map[bool]string{true: "on"}[on]})
}

// MembersPrivate reports whether webhooks of members may reach addresses that are not public.
func (s *Service) MembersPrivate(ctx context.Context) (bool, error) {
	v, err := s.cfg.Settings.Values(ctx)
	return v[privateName] == "on", err
}

// mayReach reports whether a hook may reach addresses that are not public: those of the hub and of administrators, who name places in its network, too.
func (s *Service) mayReach(ctx context.Context, h store.Hook) bool {
	if h.User == "" {
		return true
	}
	if u, err := s.cfg.Accounts.User(ctx, h.User); err == nil && account.IsAdmin(u) {
		return true
	}
	on, err := s.MembersPrivate(ctx)
	return err == nil && on
}

// maxHooks is how many webhooks somebody has at most.
const maxHooks = 20

func invalid(op, thing string, err error, remedy string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: err, Remedy: remedy}
}

// check refuses what is no webhook.
func check(op string, h store.Hook) error {
	u, err := url.Parse(h.URL)
	thing := h.URL
	if err == nil && u.User != nil {
		thing = u.Redacted()
	}
	switch {
	case err != nil:
		return invalid(op, thing, errors.New("this is no address"), "write such as https://example.org/hook")
	case len(h.URL) > 2000:
		return invalid(op, thing, errors.New("it is longer than 2000 characters"), "write such as https://example.org/hook")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return invalid(op, thing, errors.New("it is no http address"), "write such as https://example.org/hook")
	case u.User != nil:
		return invalid(op, thing, errors.New("a password in an address would be shown in lists"), "have the receiver check the signature instead")
	}
	for _, e := range h.Events {
		if !slices.ContainsFunc(Events(), func(x EventName) bool { return x.Name == e }) {
			var names []string
			for _, x := range Events() {
				names = append(names, x.Name)
			}
			return invalid(op, e, errors.New("nothing of that name happens"), "choose of "+strings.Join(names, ", "))
		}
	}
	if len(h.Items) > 200 {
		return invalid(op, h.URL, errors.New("it names too many items"), "name none, for all of them")
	}
	return nil
}

func secretName(id int64) string { return "webhook/" + strconv.FormatInt(id, 10) }

// newSecret draws a key. Standard Webhooks 1.0.0, "Symmetric": 24 to 64 bytes, in base64 with a prefix
func newSecret() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(raw[:])
}

// Add adds a webhook, and returns it with the key that its deliveries are signed with. The key is told this once.
func (s *Service) Add(ctx context.Context, h store.Hook) (store.Hook, string, error) {
	const op = "add webhook"
	if err := check(op, h); err != nil {
		return h, "", err
	}
	if h.User != "" {
		if _, err := s.cfg.Accounts.User(ctx, h.User); err != nil {
			return h, "", err
		}
	}
	have, err := s.cfg.Hooks.Hooks(ctx, h.User)
	if err != nil {
		return h, "", err
	}
	if len(have) >= maxHooks {
		return h, "", invalid(op, h.URL, fmt.Errorf("there are %d already", len(have)), "remove one")
	}
	// Its key is there before anything is to be sent.
	h.ID, h.Enabled, h.Added = 0, false, s.cfg.Now().Unix()
	if h, err = s.cfg.Hooks.PutHook(ctx, h); err != nil {
		return h, "", err
	}
	secret, err := s.Renew(ctx, h.ID)
	if err != nil {
		return h, "", errors.Join(err, s.cfg.Hooks.RemoveHook(ctx, h.ID))
	}
	h.Enabled = true
	h, err = s.cfg.Hooks.PutHook(ctx, h)
	return h, secret, err
}

// Renew gives a webhook another key, which is told this once.
func (s *Service) Renew(ctx context.Context, id int64) (string, error) {
	secret := newSecret()
	return secret, s.cfg.Secrets.Put(ctx, secretName(id), secret)
}

// Find finds a webhook. NotFound.
func (s *Service) Find(ctx context.Context, id int64) (store.Hook, error) {
	all, err := s.cfg.Hooks.Hooks(ctx, "*")
	if err != nil {
		return store.Hook{}, err
	}
	for _, h := range all {
		if h.ID == id {
			return h, nil
		}
	}
	return store.Hook{}, Missing(id)
}

// Missing is the answer about a webhook that is not there.
func Missing(id int64) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "find webhook", Thing: strconv.FormatInt(id, 10), Err: errors.New("there is no such webhook"), Remedy: "see `tandem webhook list`"}
}

// Set changes address, events, items and whether it is enabled.
func (s *Service) Set(ctx context.Context, h store.Hook) (store.Hook, error) {
	old, err := s.Find(ctx, h.ID)
	if err != nil {
		return h, err
	}
	if err := check("change webhook", h); err != nil {
		return h, err
	}
	h.User, h.Added = old.User, old.Added
	return s.cfg.Hooks.PutHook(ctx, h)
}

// Remove removes a webhook, with what is on its way.
func (s *Service) Remove(ctx context.Context, id int64) error {
	if err := s.cfg.Hooks.RemoveHook(ctx, id); err != nil {
		if tandem.IsKind(err, tandem.NotFound) {
			return Missing(id)
		}
		return err
	}
	return s.cfg.Secrets.Put(ctx, secretName(id), "")
}

// Compose makes the deliveries that tell all hooks that want them of what happened.
func (s *Service) Compose(ctx context.Context, list []Happening) ([]store.Delivery, error) {
	if len(list) == 0 {
		return nil, nil
	}
	hooks, err := s.cfg.Hooks.Hooks(ctx, "*")
	if err != nil {
		return nil, err
	}
	var out []store.Delivery
	for _, h := range hooks {
		for _, x := range list {
			if !wants(h, x) {
				continue
			}
			d, err := s.delivery(h, x)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// wants reports whether a hook is told of something.
func wants(h store.Hook, x Happening) bool {
	return h.Enabled && (h.User == "" || h.User == x.User) && (len(h.Events) == 0 || slices.Contains(h.Events, x.Event)) && (len(h.Items) == 0 || slices.Contains(h.Items, x.Item))
}

func (s *Service) delivery(h store.Hook, x Happening) (store.Delivery, error) {
	now := s.cfg.Now()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", h.ID, x.Key))
	body, err := json.Marshal(Payload{ID: "msg_" + hex.EncodeToString(sum[:12]), Type: x.Event, Timestamp: now.UTC().Truncate(time.Second), Data: x.Data})
	if err != nil {
		return store.Delivery{}, &tandem.Error{Op: "write webhook delivery", Err: err}
	}
	return store.Delivery{Hook: h.ID, Key: x.Key, Event: x.Event, Body: body, Added: now.Unix(), Next: now.Unix()}, nil
}

// Tell queues what happened for all hooks that want it.
func (s *Service) Tell(ctx context.Context, list ...Happening) error {
	all, err := s.Compose(ctx, list)
	if err != nil || len(all) == 0 {
		return err
	}
	if _, err := s.cfg.Hooks.Deliver(ctx, all); err != nil {
		return err
	}
	s.Poke()
	return nil
}

// Try queues a test for one hook, whatever it wants.
func (s *Service) Try(ctx context.Context, id int64) (store.Delivery, error) {
	h, err := s.Find(ctx, id)
	if err != nil {
		return store.Delivery{}, err
	}
	key := "test/" + strconv.FormatInt(s.cfg.Now().UnixNano(), 10)
	d, err := s.delivery(h, Happening{Key: key, Event: Test, Data: CauseTold{User: h.User, Title: "This is a test", Since: s.cfg.Now().Unix()}})
	if err != nil {
		return d, err
	}
	if _, err := s.cfg.Hooks.Deliver(ctx, []store.Delivery{d}); err != nil {
		return d, err
	}
	s.Poke()
	return s.find(ctx, id, func(d store.Delivery) bool { return d.Key == key })
}

func (s *Service) find(ctx context.Context, hook int64, is func(store.Delivery) bool) (store.Delivery, error) {
	list, err := s.cfg.Hooks.Deliveries(ctx, hook, 0)
	if err != nil {
		return store.Delivery{}, err
	}
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], nil
	}
	return store.Delivery{}, &tandem.Error{Kind: tandem.NotFound, Op: "find delivery", Thing: fmt.Sprintf("of webhook %d", hook), Err: errors.New("there is no such delivery of this webhook"), Remedy: fmt.Sprintf("see them with `tandem webhook deliveries %d`", hook)}
}

// Retry tries a delivery now that waits or was given up, or sends one again.
func (s *Service) Retry(ctx context.Context, hook, id int64) error {
	if _, err := s.Find(ctx, hook); err != nil {
		return err
	}
	d, err := s.find(ctx, hook, func(d store.Delivery) bool { return d.ID == id })
	if err != nil {
		return err
	}
	d.State, d.Next, d.Tries = store.Waiting, s.cfg.Now().Unix(), 0
	if err := s.cfg.Hooks.PutDelivery(ctx, d); err != nil {
		return err
	}
	s.Poke()
	return nil
}

// sign is the signature of a delivery. Standard Webhooks 1.0.0, "Signature scheme"
func sign(secret, id string, when int64, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "read key of webhook", Err: errors.New("it is not one of ours"), Remedy: "make another with `tandem webhook renew`"}
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.%s", id, when, body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}
