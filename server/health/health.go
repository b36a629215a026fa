// Package health says whether a hub lives and is ready, to programs that start, watch and restart it, and to its own Health page. Strangers are told no more than the names of the checks.
package health

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"tandem/center"
)

// The paths. A hub that answers at Live needs no restart; one that is not well at Ready should be given no work.
const (
	Live  = "/healthz"
	Ready = "/readyz"
)

// Check is one thing that must be well for the hub to be ready. What Look returns in Text and Remedy is for administrators.
type Check struct {
	Name string // "store"
	Look func(ctx context.Context) error
}

// Config is what a Service stands on.
type Config struct {
	Checks   []Check
	Fresh    time.Duration    // how long an answer is good, since some checks write; 0: 5 s
	Patience time.Duration    // how long a check may take; 0: 5 s
	Now      func() time.Time // nil: time.Now
}

// Service answers. Its methods may be called concurrently.
type Service struct {
	cfg Config

	mu     sync.Mutex // guards what follows, and is held while it is looked, so that many askers cost no more than one
	looked time.Time
	last   []center.Check
	stops  bool
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Fresh == 0 {
		cfg.Fresh = 5 * time.Second
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// Stopping says that the hub is about to end: it is not ready from now on.
func (s *Service) Stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = true
}

// Look makes the checks, or tells what they were a moment ago.
func (s *Service) Look(ctx context.Context) (list []center.Check, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.cfg.Now(); s.last == nil || now.Sub(s.looked) >= s.cfg.Fresh || now.Before(s.looked) {
		// Whoever asked may be gone; the answer is for the next one, too.
		ctx = context.WithoutCancel(ctx)
		s.last = []center.Check{}
		for _, c := range s.cfg.Checks {
			s.last = append(s.last, s.check(ctx, c))
		}
		s.looked = now
	}
	list, ready = append(list, s.last...), true
	if s.stops {
		list = append(list, center.Check{Name: "running", Level: "fail", Text: "the hub is about to end"})
	}
	for _, c := range list {
		ready = ready && c.Level == "ok"
	}
	return list, ready
}

// check makes one check, which gets so much time and no more.
func (s *Service) check(ctx context.Context, c Check) center.Check {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	out := center.Check{Name: c.Name, Level: "ok", Text: "ready"}
	done := make(chan error, 1)
	go func() { done <- c.Look(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		f := center.FailureOf(err)
		out.Level, out.Remedy = "fail", f.Remedy
		f.Remedy = ""
		out.Text = f.Err().Error()
	}
	return out
}

// ServeHTTP answers at Live and Ready.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == Live {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n")) // error: nobody is there to hear
		return
	}
	list, ready := s.Look(r.Context())
	answer := struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{ready, map[string]string{}}
	for _, c := range list {
		answer.Checks[c.Name] = c.Level
	}
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	if !ready {
		h.Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n')) // error: nobody is there to hear
}
