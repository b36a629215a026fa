// Package page is what people see of the hub in a browser: HTML made on the hub, from what a person's own view of it says (center.Service). Every page works
// without scripts; where they run, htmx brings in what changed, told by server-sent events (Live). Nothing comes from elsewhere, and nothing is written into a
// page that a strict Content-Security-Policy would refuse: no inline script, no inline style.
//
// A page is a template of the folder files, with the frame of layout.html around it. What it says is looked up in package words by the English text.
package page

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"tandem"
	"tandem/center"
	"tandem/kind"
	"tandem/provider"
	"tandem/server/web/asset"
	"tandem/server/web/page/words"
	"tandem/server/web/streams"
	"tandem/store"
)

//go:embed files static
var files embed.FS

// Config is what the pages stand on. Everything without a remark must be set.
type Config struct {
	// Service is the hub as the person sees it who sent a request.
	Service func(ctx context.Context) center.Service
	// Person is who sent a request, false if nobody is logged in.
	Person func(ctx context.Context) (Person, bool)
	Places *provider.Registry
	Kind   func(tandem.Kind) (kind.Handler, bool)

	Visits   func(ctx context.Context) ([]store.Visit, error)                         // browsers in which the person is logged in
	EndVisit func(ctx context.Context, id int64) error                                // ends one of them
	Password func(w http.ResponseWriter, r *http.Request, old, password string) error // changes the person's own password; Denied: the old one is wrong
	Check    func(r *http.Request, password string) error                             // whether it is the person's own; Denied
	Renew    func(w http.ResponseWriter, r *http.Request) error                       // goes on with the visit after what it hung on was changed
	Reads    func(ctx context.Context, lang string) error                             // notes the language in which the person sees pages; nil: nobody does
	// PasskeysWork reports whether passkeys can be used at the address of a request.
	PasskeysWork func(r *http.Request) bool
	Link         func(r *http.Request, secret string) string // the address of a link to a collection; nil: its secret is shown alone
	Streams      *streams.Count                              // open streams of users; nil: pages are not counted
	Slowest      time.Duration                               // to take a message of a stream; who is slower is cut off, and comes back; 0: 30 s
	Languages    []string                                    // those to choose from; nil: all

	Base        func(r *http.Request) string // the public address without a path; nil: not said
	Fingerprint string                       // of the hub's own authority, "" where a public one vouches for the hub

	Version string           // of the program
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger
}

// Person is who looks at a page.
type Person struct {
	User  store.User
	Admin bool
	CSRF  string // is repeated by every form
	Visit int64  // the browser
}

// Pages makes the pages. Its methods may be called concurrently.
type Pages struct {
	cfg    Config
	byLang map[string]*template.Template
	words  map[string]words.Words
	Assets *asset.Set
}

// New reads the templates.
func New(cfg Config) (*Pages, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Slowest == 0 {
		cfg.Slowest = 30 * time.Second
	}
	if cfg.Languages == nil {
		cfg.Languages = words.Languages()
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	p := &Pages{cfg: cfg, byLang: map[string]*template.Template{}, words: map[string]words.Words{}}
	if p.Assets, err = asset.New(static); err != nil {
		return nil, err
	}
	for _, l := range cfg.Languages {
		p.words[l] = words.In(l)
		t := template.New("pages").Funcs(p.funcs(p.words[l]))
		if p.byLang[l], err = t.ParseFS(files, "files/*.html"); err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
	}
	return p, nil
}

// Register serves the pages for people who are logged in. Whoever gets here must be.
func (p *Pages) Register(mux *http.ServeMux) {
	for pattern, h := range p.routes() {
		mux.HandleFunc(pattern, p.serve(h))
	}
}

// routes are all pages, and all that their forms do.
func (p *Pages) routes() map[string]func(*call) error {
	return map[string]func(*call) error{
		"GET /{$}":            p.center,
		"GET /center/list":    p.centerList,
		"GET /center/sum":     p.centerSum,
		"GET /center/waiting": p.waiting,
		"POST /sync/start":    p.start,
		"POST /sync/stop":     p.stop,
		"GET " + Live:         p.live,

		"GET /items/{item}":            p.item,
		"GET /items/{item}/row":        p.row,
		"GET /items/{item}/runs":       p.runs,
		"GET /items/{item}/runs/{run}": p.oneRun,
		"GET /items/{item}/records":    p.records,
		"GET /items/{item}/preview":    p.preview,
		"GET /items/{item}/plan":       p.plan,
		"POST /items/{item}/plan":      p.runPlan,
		"POST /items/{item}/enabled":   p.enable,
		"GET /items/{item}/settings":   p.itemSettings,
		"POST /items/{item}/settings":  p.setItem,
		"GET /items/{item}/schedule":   p.schedule,
		"POST /items/{item}/schedule":  p.setSchedule,
		"GET /items/{item}/remove":     p.askRemoveItem,
		"POST /items/{item}/remove":    p.removeItem,
		"GET /history":                 p.history,
		"GET /undo":                    p.askUndo,
		"POST /undo":                   p.undo,

		"GET /handler":         p.handler,
		"GET /handler/ask":     p.askHandler,
		"POST /handler/order":  p.orderHandler,
		"GET /handler/forget":  p.askForget,
		"POST /handler/forget": p.forgetHandler,
		"GET /sync-setup":      p.syncSetup,

		"GET /places/add":                     p.chooseProvider,
		"GET /places/add/{provider}":          p.partnerForm,
		"POST /places/add/{provider}":         p.tryPartner,
		"POST /places/pick":                   p.addPartner,
		"GET /places/first":                   p.first,
		"POST /places/first":                  p.runFirst,
		"GET /partners/{partner}":             p.partner,
		"GET /partners/{partner}/settings":    p.partnerSettings,
		"POST /partners/{partner}/settings":   p.setPartner,
		"GET /partners/{partner}/folders":     p.folders,
		"POST /partners/{partner}/folders":    p.setFolders,
		"GET /partners/{partner}/folders/ask": p.askFolders,
		"GET /partners/{partner}/remove":      p.askRemovePartner,
		"POST /partners/{partner}/remove":     p.removePartner,

		"GET /conflicts":                   p.conflicts,
		"POST /conflicts":                  p.decideSeveral,
		"POST /questions":                  p.answerQuestion,
		"GET /conflicts/rules":             p.kindRules,
		"POST /conflicts/rules":            p.setKindRules,
		"GET /conflicts/{id}":              p.conflict,
		"POST /conflicts/{id}":             p.decide,
		"GET /log":                         p.results,
		"GET /log/clear":                   p.askClear,
		"GET /log/codes":                   p.errorCodes,
		"POST /log/clear":                  p.clearLog,
		"GET /phone":                       p.phone,
		"GET /phone/seen":                  p.phoneSeen,
		"GET /devices":                     p.devices,
		"GET /device-rules":                p.deviceRules,
		"POST /device-rules":               p.addDeviceRule,
		"GET /device-rules/remove":         p.askRemoveDeviceRule,
		"POST /device-rules/remove":        p.removeDeviceRule,
		"GET /devices/{user}/{id}":         p.device,
		"POST /devices/{user}/{id}":        p.orderDevice,
		"GET /devices/{user}/{id}/ask":     p.askDevice,
		"POST /devices/{user}/{id}/policy": p.setPolicy,
		"GET /devices/{user}/{id}/trace":   p.trace,
		"POST /devices/{user}/{id}/trace":  p.setTrace,

		"GET /people":                     p.people,
		"POST /bounds":                    p.setBounds,
		"POST /people":                    p.addUser,
		"GET /people/{user}":              p.person,
		"POST /people/{user}":             p.setUser,
		"POST /people/{user}/password":    p.setPassword,
		"POST /people/{user}/mail":        p.setMail,
		"POST /people/{user}/invitations": p.setInvitations,
		"POST /people/{user}/away":        p.setAway,
		"POST /people/{user}/filter":      p.setFilter,
		"GET /settings/mail":              p.ownMail,
		"GET /mail/{id}/remove":           p.askRemoveMail,
		"POST /mail/{id}":                 p.changeMail,
		"GET /people/{user}/remove":       p.askRemoveUser,
		"POST /people/{user}/remove":      p.removeUser,
		"GET /collections":                p.collections,
		"GET /collections/{id}":           p.collection,
		"POST /collections/{id}":          p.share,
		"GET /collections/{id}/remove":    p.askRemoveCollection,
		"POST /collections/{id}/remove":   p.removeCollection,
		"GET /health":                     p.health,
		"GET /health/repair":              p.askRepair,
		"POST /health/repair":             p.repair,
		"GET /settings":                   p.settings,
		"POST /settings/look":             p.setLook,
		"POST /settings/password":         p.ownPassword,
		"POST /settings/visits":           p.endVisit,
		"GET /settings/codes":             p.codes,
		"POST /settings/codes":            p.beginCodes,
		"POST /settings/codes/confirm":    p.confirmCodes,
		"POST /settings/codes/recovery":   p.renewRecovery,
		"POST /settings/codes/remove":     p.removeCodes,
		"GET /settings/passkeys":          p.passkeys,
		"POST /settings/passkeys":         p.changePasskey,
		"GET /settings/notify":            p.notify,
		"POST /settings/notify":           p.setNotify,
		"POST /settings/notify/server":    p.setServer,
		"POST /settings/notify/test":      p.testNotify,
		"POST /settings/notify/browser":   p.removeBrowser,
		"GET /settings/webhooks":          p.webhooks,
		"POST /settings/webhooks":         p.addWebhook,
		"POST /settings/webhooks/private": p.privateWebhooks,
		"GET /settings/webhooks/{id}":     p.webhook,
		"POST /settings/webhooks/{id}":    p.changeWebhook,
		"POST /people/{user}/factors":     p.removeFactor,
		"POST /people/{user}/bounds":      p.setBoundsOf,
		"POST /app-passwords":             p.addAppPassword,
		"POST /app-passwords/revoke":      p.revokeAppPassword,
	}
}

// maxForm bounds a form in bytes.
const maxForm = 4 << 20

// serve answers requests by h, and shows its error.
func (p *Pages) serve(h func(*call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := p.newCall(w, r)
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				c.fail(&tandem.Error{Kind: tandem.Invalid, Op: "read form", Err: err, Remedy: "go back and try again"})
				return
			}
		}
		if err := h(c); err != nil && r.Method == http.MethodPost {
			p.refuse(c, err)
		} else if err != nil {
			c.fail(err)
		}
	}
}

// Login shows the page of package login.
func (p *Pages) Login(w http.ResponseWriter, r *http.Request, status int, v LoginView) {
	c := p.newCall(w, r)
	c.frame.Person = Person{}
	c.frame.Title = c.words.T("Log in")
	if v.First {
		c.frame.Title = c.words.T("Welcome to Tandem")
	}
	if v.Refused != nil {
		c.refused, c.frame.Problem = v.Refused, c.problemOf(v.Refused)
	}
	c.render(status, "login", v)
}

// LoginView is what the page of package login shows.
type LoginView struct {
	First    bool   // the first administrator is made
	Problem  string // what was wrong with the last attempt
	Refused  error  // the same of what was typed to make the first administrator
	Name     string // as typed
	Fixed    bool   // the name is given
	Next     string // where to go afterwards, a path of this hub
	Insecure bool   // a password is not asked for here: others could read it
	Ticket   string // not empty: the password was right, and a code is asked for
	Passkeys bool   // a passkey can be used here
}

// write answers with a page, as a whole or not at all.
func write(w http.ResponseWriter, status int, body *bytes.Buffer) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	// An error here means that the browser is gone.
	_, _ = body.WriteTo(w)
}
