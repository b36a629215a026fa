// Package api is the hub over HTTP, for programs and for the pages: whatever the command line can do (package center), under /api/, described by OpenAPI 3.1
// at /api/openapi.json and openapi.yaml. Answers look as those of the command line with --json (package shape); errors are problem details (RFC 9457). What
// happens is told as it happens at /api/events (server-sent events).
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/server/web/login"
	"tandem/server/web/streams"
)

// Path is where the API is.
const Path = "/api/"

// Events is where the event stream is.
const Events = Path + "events"

// Config is what the API stands on. Everything must be set.
type Config struct {
	// Service is the hub as the person sees it who sent a request.
	Service func(ctx context.Context) center.Service
	Login   *login.Service
	Places  *provider.Registry
	Streams *streams.Count // of the API and of the pages together
	Slowest time.Duration  // to take a message of a stream; who is slower is cut off, and comes back
	Version string         // of the program
	Log     *slog.Logger
}

// API is the API. It implements http.Handler.
type API struct {
	cfg  Config
	mux  *http.ServeMux
	huma huma.API
}

// New makes the API.
func New(cfg Config) (*API, error) {
	a := &API{cfg: cfg, mux: http.NewServeMux()}
	c := huma.DefaultConfig("Tandem", cfg.Version)
	c.Info.Description = "The Sync Center of a Tandem hub. Programs send a name and a password with each request (HTTP Basic, over TLS); pages of the hub use its cookie, and " +
		"repeat the token of /api/me in the header X-CSRF-Token with every request that changes something. Everybody sees what is their own; what is somebody else's is " +
		"answered as if it did not exist. Lists are paged: the header Link names the next page (RFC 8288)."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/api/openapi", "", ""
	c.CreateHooks = nil // no links to schemas in answers: they look as those of the command line
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"password": {Type: "http", Scheme: "basic", Description: "A user's own password, or an app password, which may look and sync but change neither log-ins nor people."},
		"visit":    {Type: "apiKey", In: "cookie", Name: "__Host-tandem", Description: "A browser that is logged in; with the header X-CSRF-Token where something changes."},
	}
	c.Security = []map[string][]string{{"password": {}}, {"visit": {}}}
	c.Transformers = append(c.Transformers, explained)
	a.huma = humago.New(a.mux, c)
	a.addMe()
	a.addItems()
	a.addFirst()
	a.addProposals()
	a.addSyncs()
	a.addHandlers()
	a.addDecisions()
	a.addAccounts()
	a.addInbox()
	a.addAbout()
	a.addCollections()
	a.addUsers()
	a.addFactors()
	a.addMail()
	a.addDevices()
	a.addDiagnostics()
	a.addNotices()
	a.addWebhooks()
	a.addEvents()
	a.describeProblems()
	return a, nil
}

// ServeHTTP implements http.Handler. Nobody who is not logged in gets anything.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, ok := login.From(r.Context()); !ok {
		Unauthorized(w, r, "nobody is logged in")
		return
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		Fail(w, &tandem.Error{Kind: tandem.NotFound, Op: "answer", Thing: r.Method + " " + r.URL.Path}, a.cfg.Log)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// Unauthorized answers those who are not logged in.
func Unauthorized(w http.ResponseWriter, r *http.Request, why string) {
	if r.Header.Get("Sec-Fetch-Mode") == "" { // no browser, which would ask with a window of its own
		w.Header().Set("WWW-Authenticate", `Basic realm="Tandem", charset="UTF-8"`)
	}
	write(w, &Problem{Title: "not logged in", Status: http.StatusUnauthorized, Detail: why, Kind: "not logged in", Remedy: "log in, or send a name and password"})
}

// OpenAPI is the description of the API, as JSON.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

// one is an answer with one value.
type one[T any] struct{ Body T }

// none is an answer without a value: 204.
type none struct{}

// op describes an operation.
type op struct {
	id, method, path string
	tag, summary     string
	about            string
	status           int // of the answer; 0: 200, or 204 without one
	largest          int64
}

// serve serves an operation. Its id is the name of what it does of center.Service.
func serve[In, Out any](a *API, o op, f func(ctx context.Context, in *In) (*Out, error)) {
	huma.Register(a.huma, huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.about, DefaultStatus: o.status,
		MaxBodyBytes: o.largest, Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}},
		func(ctx context.Context, in *In) (*Out, error) {
			out, err := f(ctx, in)
			if err != nil {
				return nil, problemOf(err, a.cfg.Log)
			}
			return out, nil
		})
}

// get serves an operation that answers with one value.
func get[In, Out any](a *API, o op, f func(ctx context.Context, s center.Service, in *In) (Out, error)) {
	serve(a, o, func(ctx context.Context, in *In) (*one[Out], error) {
		out, err := f(ctx, a.cfg.Service(ctx), in)
		return &one[Out]{out}, err
	})
}

// do serves an operation that answers with nothing.
func do[In any](a *API, o op, f func(ctx context.Context, s center.Service, in *In) error) {
	serve(a, o, func(ctx context.Context, in *In) (*none, error) { return nil, f(ctx, a.cfg.Service(ctx), in) })
}
