// Package setup is the page that gets a phone connected: it hands out the certificate authority of the hub, as a file and within an Apple
// profile that also holds the account, says what to type where, and checks the whole way for a user who asks. It keeps no user and no secret.
package setup

import (
	"bytes"
	"context"
	"embed"
	"encoding/pem"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"tandem/internal/qrcode"
	"tandem/server/eas/check"
)

//go:embed page
var files embed.FS

// Config is what the page tells. Everything without a remark must be set.
type Config struct {
	Base        func(r *http.Request) string // the public address without a path: "https://sync.example.org:8443"
	Authority   []byte                       // DER of the hub's own authority; nil where a public one vouches for the hub
	Fingerprint string                       // of the authority
	// Check plays a phone of a user against the hub's own address, which it takes from nothing in the request but what Base would. Denied: name or
	// password are wrong; Busy: too many were, with Wait. nil: no check is offered.
	Check func(ctx context.Context, r *http.Request, user, password string) ([]check.Line, error)
	Log   *slog.Logger
}

// Handler serves the page below Path.
type Handler struct {
	cfg   Config
	pages map[string]*template.Template // by language
	mux   *http.ServeMux

	slots chan bool // taken by check-ups under way
}

// Path is where the page is.
const Path = "/setup"

// New makes a handler.
func New(cfg Config) (*Handler, error) {
	h := &Handler{cfg: cfg, pages: map[string]*template.Template{}, mux: http.NewServeMux(), slots: make(chan bool, checksAtOnce)}
	for _, lang := range languages() {
		name := "setup." + lang + ".html"
		page, err := template.New(name).Funcs(template.FuncMap{"mark": mark, "words": func(l check.Line) string { return say(lang, words(l)) }}).ParseFS(files, "page/"+name)
		if err != nil {
			return nil, fmt.Errorf("setup page: %w", err)
		}
		h.pages[lang] = page
	}
	h.mux.HandleFunc("GET "+Path, h.show)
	h.mux.HandleFunc("GET "+Path+"/style.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "page/style.css") })
	h.mux.HandleFunc("GET "+Path+"/qr.svg", h.code)
	if cfg.Authority != nil {
		h.mux.HandleFunc("GET "+Path+"/tandem-ca.cer", h.authority("application/x-x509-ca-cert", cfg.Authority))
		h.mux.HandleFunc("GET "+Path+"/tandem-ca.pem", h.authority("application/x-pem-file", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cfg.Authority})))
	}
	h.mux.HandleFunc("GET "+Path+"/tandem.mobileconfig", h.profile)
	if cfg.Check != nil {
		h.mux.HandleFunc("POST "+Path+"/check", h.check)
		h.mux.HandleFunc("GET "+Path+"/check", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, Path+"#check", http.StatusSeeOther) })
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	h.mux.ServeHTTP(w, r)
}

// view is what the page shows.
type view struct {
	Base, Host, Port string
	Secure           bool
	Fingerprint      string
	Address          string // as typed into the form or given beforehand
	For              string // the sort of phone that connects: "ios", "android"; "": not known
	Problem          string
	Checks           bool   // the check is offered
	User             string // as typed into the check's form
	CheckProblem     string
	Lines            []check.Line // what a check saw
	Fine             bool         // nothing failed
}

func (h *Handler) view(r *http.Request) view {
	base := h.cfg.Base(r)
	host := strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://")
	v := view{Base: base, Host: host, Secure: strings.HasPrefix(base, "https://"), Fingerprint: h.cfg.Fingerprint}
	v.Checks = h.cfg.Check != nil && (v.Secure || loopback(r)) // a password is not asked for where it can be read on the way
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		v.Host, v.Port = host[:i], host[i+1:]
	}
	return v
}

// loopback reports whether a request comes from this computer and speaks of it as such.
func loopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	v.Address, v.For = given(r)
	h.render(w, r, http.StatusOK, v)
}

// given is what the page's address says beforehand: the mail address of whoever connects, and the sort of phone. What is neither is left out.
func given(r *http.Request) (address, sort string) {
	q := r.URL.Query()
	if a, err := mail.ParseAddress(q.Get("address")); err == nil && a.Name == "" && len(a.Address) <= 254 {
		address = a.Address
	}
	if s := q.Get("for"); s == "ios" || s == "android" {
		sort = s
	}
	return address, sort
}

// render answers with the page, in the language that the browser prefers. What went wrong is said in English until here.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, code int, v view) {
	lang := language(r)
	v.Problem, v.CheckProblem = say(lang, v.Problem), say(lang, v.CheckProblem)
	var buf bytes.Buffer
	if err := h.pages[lang].Execute(&buf, v); err != nil {
		h.cfg.Log.Error("setup page", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(code)
	h.write(w, buf.Bytes())
}

func (h *Handler) write(w http.ResponseWriter, b []byte) {
	if _, err := w.Write(b); err != nil {
		h.cfg.Log.Debug("setup page not sent", "err", err)
	}
}

func (h *Handler) authority(typ string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", typ)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		h.write(w, body)
	}
}

// code is a QR code of the page's own address, for a phone that looks at a computer's screen. What is known beforehand is in it.
func (h *Handler) code(w http.ResponseWriter, r *http.Request) {
	address, sort := given(r)
	q := url.Values{}
	for name, value := range map[string]string{"address": address, "for": sort} {
		if value != "" {
			q.Set(name, value)
		}
	}
	to := h.cfg.Base(r) + Path
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	svg, err := qrcode.SVG(to)
	if err != nil {
		http.Error(w, "the address is too long for a code", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	h.write(w, svg)
}

// profile hands out an Apple configuration profile for the mail address in the query.
func (h *Handler) profile(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	v.Address = strings.TrimSpace(r.URL.Query().Get("address"))
	addr, err := mail.ParseAddress(v.Address)
	if err != nil || addr.Name != "" || len(v.Address) > 254 {
		v.Problem = "Please type your mail address, such as anna@example.org."
		h.render(w, r, http.StatusBadRequest, v)
		return
	}
	body, err := profile(v, addr.Address, h.cfg.Authority)
	if err != nil {
		h.cfg.Log.Error("setup profile", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-apple-aspen-config")
	w.Header().Set("Content-Disposition", `attachment; filename="tandem.mobileconfig"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	h.write(w, body)
}
