// Package page is what people see of the hub in a browser: HTML made on the hub, from what a person's own view of it (package scope) says.
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

	"tandem/center"
	"tandem/server/web/asset"
	"tandem/server/web/login"
)

//go:embed files static
var files embed.FS

// Config is what the pages stand on. Everything must be set.
type Config struct {
	// Service is the hub as the person sees it who sent a request.
	Service func(ctx context.Context) center.Service
	Log     *slog.Logger
}

// Pages makes the pages.
type Pages struct {
	cfg    Config
	all    *template.Template
	Assets *asset.Set
}

// New reads the templates.
func New(cfg Config) (*Pages, error) {
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	p := &Pages{cfg: cfg}
	if p.Assets, err = asset.New(static); err != nil {
		return nil, err
	}
	if p.all, err = template.New("pages").Funcs(template.FuncMap{"asset": p.Assets.URL}).ParseFS(files, "files/*.html"); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return p, nil
}

// Register serves the pages. Whoever gets here is logged in.
func (p *Pages) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.status)
}

func (p *Pages) status(w http.ResponseWriter, r *http.Request) {
	who, _ := login.From(r.Context())
	items, err := p.cfg.Service(r.Context()).Status(r.Context(), nil)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.Render(w, http.StatusOK, "status.html", struct {
		Person login.Person
		Items  []center.ItemStatus
	}{who, items})
}

// Login shows the page of package login.
func (p *Pages) Login(w http.ResponseWriter, r *http.Request, status int, v login.View) {
	p.Render(w, status, "login.html", v)
}

// Fail shows what went wrong.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.cfg.Log.Error("page", "path", r.URL.Path, "err", err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}

// Render answers with a page, as a whole or not at all.
func (p *Pages) Render(w http.ResponseWriter, status int, name string, data any) {
	var buf bytes.Buffer
	if err := p.all.ExecuteTemplate(&buf, name, data); err != nil {
		p.cfg.Log.Error("page", "name", name, "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	// An error here means that the browser is gone.
	_, _ = buf.WriteTo(w)
}
