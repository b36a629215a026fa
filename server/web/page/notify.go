package page

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"slices"
	"strconv"

	"tandem"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/server/web/page/words"
	"tandem/store"
)

// WorkerPath is where the service worker is that shows notifications. A worker serves what is below its own path, and is known by it for good, so that it has no
// hash in its name.
const WorkerPath = "/push.js"

// Worker serves the service worker, to everybody: browsers look for a new one whether or not somebody is logged in.
func (p *Pages) Worker(w http.ResponseWriter, _ *http.Request) {
	body, err := fs.ReadFile(files, "static/push.js")
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// An error here means that the browser is gone.
	_, _ = w.Write(body)
}

// toggle is a setting that is on or off.
type toggle struct {
	Name, Label string
	On          bool
}

// notifyPage is what a person is told, how and when.
type notifyPage struct {
	Notices  []noticeRow
	Ways     []wayRow
	Sorts    []toggle
	Quiet    string
	Spans    []spanRow
	Browsers []browserRow
	Key      string
	Sent     []sentRow // of a test
}

type noticeRow struct {
	store.Notice
	Icon string
}

type wayRow struct {
	toggle
	Why string // it is on and leads nowhere
}

type spanRow struct {
	Name, Label string
	Choices     []option
}

type browserRow struct {
	store.Push
	Key string
}

type sentRow struct {
	notify.Sent
	Label string
}

// wayWords are the ways to tell somebody, in words.
func wayWords(w words.Words, name string) string {
	switch name {
	case "desktop":
		return w.T("On the desktop of the hub's computer")
	case "mail":
		return w.T("By mail")
	case "push":
		return w.T("In browsers")
	}
	return name
}

// sortWords are what somebody is told, in words.
func sortWords(w words.Words, name string) string {
	switch name {
	case "errors":
		return w.T("Failures that last, or that only you can mend")
	case "conflicts":
		return w.T("Conflicts")
	case "questions":
		return w.T("Questions, such as whether much is to be deleted")
	case "devices":
		return w.T("Devices that wait to be let in")
	}
	return name
}

func (p *Pages) notifyOf(c *call) (*notifyPage, error) {
	ctx, w := c.r.Context(), c.words
	set, err := c.hub.NotifySettings(ctx, "")
	if err != nil {
		return nil, err
	}
	list, err := c.hub.ListNotices(ctx, "")
	if err != nil {
		return nil, err
	}
	d := &notifyPage{Quiet: set.Values["quiet"], Key: set.Key}
	for _, n := range list {
		icon := map[string]string{notify.Conflict: "split", notify.Question: "split", notify.Device: "phone"}[n.Sort]
		if icon == "" {
			icon = "warn"
		}
		d.Notices = append(d.Notices, noticeRow{n, icon})
	}
	for _, name := range []string{"desktop", "mail", "push"} {
		if name == "desktop" && !c.admin() && set.Values[name] != "on" { // it is somebody else's computer
			continue
		}
		x := wayRow{toggle: toggle{Name: name, Label: wayWords(w, name), On: set.Values[name] == "on"}}
		if i := slices.IndexFunc(set.Ways, func(s notify.Sent) bool { return s.Channel == name }); i >= 0 && x.On && !set.Ways[i].Done {
			x.Why = set.Ways[i].Why
		}
		d.Ways = append(d.Ways, x)
	}
	for _, name := range []string{"errors", "conflicts", "questions", "devices"} {
		d.Sorts = append(d.Sorts, toggle{Name: name, Label: sortWords(w, name), On: set.Values[name] == "on"})
	}
	d.Spans = []spanRow{spans(w, "every", w.T("From one message to the next"), set.Values["every"], "0s", "15m", "1h", "6h", "24h"),
		spans(w, "after", w.T("What may mend itself is told if it lasts for"), set.Values["after"], "0s", "30m", "2h", "24h")}
	for _, b := range set.Browsers {
		d.Browsers = append(d.Browsers, browserRow{b, base64.RawURLEncoding.EncodeToString(b.Key)})
	}
	return d, nil
}

// spans are times to choose from, with the one that is set.
func spans(w words.Words, name, label, now string, list ...string) spanRow {
	said := map[string]string{"0s": w.T("no time at all"), "15m": w.T("15 minutes"), "30m": w.T("30 minutes"), "1h": w.T("an hour"), "2h": w.T("2 hours"), "6h": w.T("6 hours"), "24h": w.T("a day")}
	if !slices.Contains(list, now) {
		list = append(list, now)
	}
	row := spanRow{Name: name, Label: label}
	for _, v := range list {
		text := said[v]
		if text == "" {
			text = v
		}
		row.Choices = append(row.Choices, option{v, text, v == now})
	}
	return row
}

func (p *Pages) notify(c *call) error {
	d, err := p.notifyOf(c)
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Notifications"), "notify", d)
}

// saveNotify saves what the form says, and only what is not so already.
func (p *Pages) saveNotify(c *call) error {
	ctx := c.r.Context()
	now, err := c.hub.NotifySettings(ctx, "")
	if err != nil {
		return err
	}
	set := map[string]string{}
	for _, k := range notify.Keys() {
		value := c.form(k.Name)
		if k.Words != nil && value == "" {
			value = "off"
		}
		if k.Name == "desktop" && !c.admin() && now.Values[k.Name] != "on" { // it is not in the form
			continue
		}
		if value != now.Values[k.Name] {
			set[k.Name] = value
		}
	}
	_, err = c.hub.SetNotify(ctx, "", set)
	return err
}

// notifyAgain shows the page once more, with what was wrong.
func (p *Pages) notifyAgain(c *call, err error) error {
	d, other := p.notifyOf(c)
	if other != nil {
		return other
	}
	d.Quiet = c.form("quiet")
	return c.again(err, "settings", c.words.T("Notifications"), "notify", d)
}

func (p *Pages) setNotify(c *call) error {
	if err := p.saveNotify(c); err != nil {
		return p.notifyAgain(c, err)
	}
	return c.away("/settings/notify", "saved")
}

// testNotify saves what the form says, since that is what is to be tested, and tells the person something.
func (p *Pages) testNotify(c *call) error {
	if err := p.saveNotify(c); err != nil {
		return p.notifyAgain(c, err)
	}
	sent, err := c.hub.TestNotify(c.r.Context(), "")
	if err != nil {
		return p.notifyAgain(c, err)
	}
	d, err := p.notifyOf(c)
	if err != nil {
		return err
	}
	for _, s := range sent {
		if slices.ContainsFunc(d.Ways, func(w wayRow) bool { return w.Name == s.Channel && w.On }) {
			d.Sent = append(d.Sent, sentRow{s, wayWords(c.words, s.Channel)})
		}
	}
	return c.show("settings", c.words.T("Notifications"), "notify", d)
}

func (p *Pages) removeBrowser(c *call) error {
	id, err := strconv.ParseInt(c.form("browser"), 10, 64)
	if err != nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find browser", Thing: c.form("browser")}
	}
	if err := c.hub.RemoveBrowser(c.r.Context(), "", id); err != nil {
		return err
	}
	return c.away("/settings/notify", "removed")
}

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
