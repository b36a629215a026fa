package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/partner/trace"
	"tandem/server/control"
	"tandem/server/eas"
	"tandem/server/eas/traced"
	"tandem/server/health"
	"tandem/server/listen"
	"tandem/server/metrics"
	"tandem/store"
)

// watchFlags say how programs may watch a hub.
type watchFlags struct{ listen, token string }

func (f *watchFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.listen, "metrics", "", "an address of this computer alone where Prometheus finds metrics, and programs the hub's health, without logging in: http://127.0.0.1:9464 (default: none)")
	fl.StringVar(&f.token, "metrics-token", "", "a file with a token of at least 16 characters; who sends it as a bearer token is told the metrics at /metrics of the hub's addresses")
}

// parse reads the flags and the token's file.
func (f watchFlags) parse() (at *listen.Address, token string, err error) {
	if f.listen != "" {
		a, err := listen.Parse(f.listen)
		switch {
		case err != nil:
			return nil, "", errUsage{err}
		case !a.Loopback() || a.TLS:
			return nil, "", errUsage{fmt.Errorf("--metrics takes an address that only this computer reaches, such as http://127.0.0.1:9464, not %s; administrators and --metrics-token are told the metrics at the hub's own addresses", f.listen)}
		}
		at = &a
	}
	if f.token != "" {
		data, err := os.ReadFile(f.token)
		if err != nil {
			return nil, "", errUsage{fmt.Errorf("--metrics-token: %w", err)}
		}
		token = string(bytes.TrimSpace(data))
		if len(token) < 16 || strings.ContainsAny(token, " \t\r\n") {
			return nil, "", errUsage{fmt.Errorf("--metrics-token: %s holds no token of at least 16 characters without spaces", f.token)}
		}
	}
	return at, token, nil
}

// watch is how a hub that serves is watched.
type watch struct {
	hub     *hub // set once it is open
	traces  *trace.Book
	metrics *metrics.Metrics
	health  *health.Service
	token   string         // "": none lets in
	srv     *listen.Server // nil: no address of its own
	served  bool           // it closes itself
	log     *slog.Logger
}

// newWatch opens the address of its own, if one is given.
func newWatch(f watchFlags, log *slog.Logger) (*watch, error) {
	at, token, err := f.parse()
	if err != nil {
		return nil, err
	}
	w := &watch{traces: trace.New(now), token: token, log: log}
	w.health = health.New(health.Config{Checks: []health.Check{{Name: "store", Look: w.writes}, {Name: "addresses", Look: w.answers}}})
	w.metrics = metrics.New(metrics.Config{Version: version(), Files: w.files, Streams: w.streams, Waiting: w.waiting,
		Figures: func(ctx context.Context) (store.Figures, error) { return w.hub.store.Counts.Figures(ctx) },
		Load:    func() center.Load { return w.hub.Load() },
		Ready: func(ctx context.Context) bool {
			_, ready := w.health.Look(ctx)
			return ready
		}})
	if at != nil {
		w.srv, err = listen.Open([]listen.Address{*at}, nil)
	}
	return w, err
}

// phones are what watches phones' requests; a hub that does not serve is not watched.
func (w *watch) phones() []eas.Watch {
	if w == nil {
		return nil
	}
	return []eas.Watch{w.metrics.Watch, traced.Watch(w.traces, now)}
}

// ready is a value of the store that is written to see whether it can be.
const ready = "ready"

// writes reports whether the store can be written to.
func (w *watch) writes(ctx context.Context) error {
	return w.hub.store.Settings.PutValues(ctx, map[string]string{ready: strconv.FormatInt(now().Unix(), 10)})
}

// answers reports whether the hub's addresses answer, and the socket of its commands.
func (w *watch) answers(ctx context.Context) error {
	path, err := control.Address(w.hub.dir)
	if err != nil {
		return err
	}
	dial := map[string]string{path: "unix"}
	if w.hub.doors != nil {
		for _, a := range w.hub.doors.srv.Addresses() {
			dial[within(a)] = "tcp"
		}
	}
	for address, network := range dial {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return err
		}
		conn.Close()
	}
	return nil
}

// files is how many bytes bodies take that are files.
func (w *watch) files() (n int64, err error) {
	err = filepath.WalkDir(filepath.Join(w.hub.dir, "blobs"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // swept meanwhile
			return nil
		}
		if err == nil {
			n += fi.Size()
		}
		return err
	})
	return n, err
}

func (w *watch) streams() int {
	if w.hub.doors == nil {
		return 0
	}
	return w.hub.doors.web.Open.Open()
}

func (w *watch) waiting() int {
	if w.hub.doors == nil {
		return 0
	}
	return w.hub.doors.door.Broker.Waiting()
}

// counted has the requests of a door counted.
func (w *watch) counted(door string, next http.Handler) http.Handler {
	if w == nil {
		return next
	}
	return w.metrics.Door(door, next)
}

// beside answers what is about the hub itself, beside its doors: its health to everybody, its metrics to who has the token. Administrators are let in by the web door.
func (w *watch) beside(next http.Handler) http.Handler {
	if w == nil {
		return next
	}
	all := w.metrics.Handler()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case health.Live, health.Ready:
			w.health.ServeHTTP(rw, r)
			return
		case metrics.Path:
			if sent, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && w.lets(sent) {
				rw.Header().Set("Cache-Control", "no-store")
				all.ServeHTTP(rw, r)
				return
			}
		}
		next.ServeHTTP(rw, r)
	})
}

// lets reports whether a token is the one that lets in, in a time that does not tell how much of it is right.
func (w *watch) lets(sent string) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(w.token))
	return w.token != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// serve answers at the address of its own until ctx is done.
func (w *watch) serve(ctx context.Context) error {
	if w == nil {
		<-ctx.Done()
		return nil
	}
	stop := context.AfterFunc(ctx, w.health.Stopping)
	defer stop()
	if w.srv == nil {
		<-ctx.Done()
		return nil
	}
	w.served = true
	all := http.NewServeMux()
	all.Handle(metrics.Path, w.metrics.Handler())
	all.Handle(health.Live, w.health)
	all.Handle(health.Ready, w.health)
	// A page in a browser of this computer that resolves its own name to here gets nothing.
	return w.srv.Serve(ctx, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !(listen.Address{Host: strings.Trim(host, "[]")}).Loopback() {
			http.Error(rw, "this address is for this computer", http.StatusForbidden)
			return
		}
		all.ServeHTTP(rw, r)
	}), w.log)
}

// close gives the address back without having served.
func (w *watch) close() error {
	if w == nil || w.srv == nil || w.served {
		return nil
	}
	return w.srv.Close()
}

// banner says where it is watched.
func (w *watch) banner() string {
	if w == nil || w.srv == nil {
		return ""
	}
	return "Metrics: " + w.srv.Addresses()[0].String() + metrics.Path + "\n"
}
