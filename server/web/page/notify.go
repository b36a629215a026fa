package page

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"slices"
	"strconv"

	"tandem"
	"tandem/center/notify"
	"tandem/partner/outgoing"
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
	Sent     []sentRow         // of a test
	Server   *outgoing.Account // through which the hub's own messages go; nil: only administrators are told
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
		n.Title = w.Say(n.Title)
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
	tongue := spanRow{Name: "language", Label: w.T("Language that it is told in")}
	tongue.Choices = []option{{notify.AsBrowser, w.T("As the browser prefers"), set.Values["language"] == notify.AsBrowser}}
	for _, l := range notify.Languages() {
		tongue.Choices = append(tongue.Choices, option{l, words.Name(l), l == set.Values["language"]})
	}
	d.Spans = append(d.Spans, tongue)
	if c.admin() {
		server, err := c.hub.HubMail(ctx)
		if err != nil {
			return nil, err
		}
		if server.Host == "" {
			server.Port, server.TLS = 587, "starttls"
		}
		d.Server = &server
	}
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

// setServer names the server through which the hub's own messages go, or none.
func (p *Pages) setServer(c *call) error {
	a := outgoing.Account{Host: c.form("host"), TLS: c.form("tls"), User: c.form("login"), From: c.form("from")}
	port, err := strconv.Atoi(c.form("port"))
	switch {
	case c.form("do") == "remove":
		err = c.hub.SetHubMail(c.r.Context(), outgoing.Account{}, "")
	case a.Host == "":
		err = invalid("host", "set mail server", "", "no server was typed", "type its name, or remove the one there is")
	case err != nil:
		err = invalid("port", "set mail server", a.Host, "the port is no number", "give 465, 587 or 25")
	default:
		a.Port = port
		err = c.hub.SetHubMail(c.r.Context(), a, c.r.PostFormValue("password"))
	}
	if err == nil {
		return c.away("/settings/notify", "saved")
	}
	d, other := p.notifyOf(c)
	if other != nil {
		return other
	}
	if a.Port = port; d.Server != nil {
		d.Server = &a
	}
	return c.again(err, "settings", c.words.T("Notifications"), "notify", d)
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
