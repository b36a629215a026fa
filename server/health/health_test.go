package health

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
)

// TestAnswers checks what programs are told, and that it holds no more than names.
func TestAnswers(t *testing.T) {
	var mu sync.Mutex
	var trouble error
	looks := 0
	now := time.Unix(1_800_000_000, 0)
	s := New(Config{Now: func() time.Time { return now }, Checks: []Check{{"addresses", func(context.Context) error { return nil }}, {"store", func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		looks++
		return trouble
	}}}})
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	if w := ask("GET", Live); w.Code != 200 || w.Body.String() != "ok\n" || looks != 0 {
		t.Errorf("live: %d %q", w.Code, w.Body)
	}
	for range 5 {
		if w := ask("GET", Ready); w.Code != 200 || w.Body.String() != `{"ready":true,"checks":{"addresses":"ok","store":"ok"}}`+"\n" {
			t.Errorf("ready: %d %s", w.Code, w.Body)
		}
	}
	if looks != 1 {
		t.Errorf("looked %d times for five that asked", looks)
	}
	trouble = &tandem.Error{Kind: tandem.Full, Op: "write to", Thing: "/home/anna/secret", Remedy: "make room", Err: errors.New("no space left")}
	now = now.Add(5 * time.Second)
	w := ask("GET", Ready)
	if w.Code != 503 || w.Body.String() != `{"ready":false,"checks":{"addresses":"ok","store":"fail"}}`+"\n" || w.Header().Get("Retry-After") == "" {
		t.Errorf("not ready: %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Error("a stranger is told more than names")
	}
	if list, ready := s.Look(t.Context()); ready || list[1].Level != "fail" || list[1].Remedy != "make room" || !strings.Contains(list[1].Text, "no space left") {
		t.Errorf("for administrators: %+v", list)
	}
	trouble, now = nil, now.Add(-time.Hour) // the clock was set
	if w := ask("HEAD", Ready); w.Code != 200 {
		t.Errorf("well again: %d", w.Code)
	}
	s.Stopping()
	if w := ask("GET", Ready); w.Code != 503 || !strings.Contains(w.Body.String(), `"running":"fail"`) {
		t.Errorf("about to end: %d %s", w.Code, w.Body)
	}
	if w := ask("GET", Live); w.Code != 200 {
		t.Errorf("live, about to end: %d", w.Code)
	}
	if w := ask("POST", Live); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("post: %d", w.Code)
	}
}

// TestStuck checks that a check that does not come back is one that failed, and holds nobody up.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := New(Config{Checks: []Check{{"store", func(context.Context) error { <-release; return nil }}}})
		began := time.Now()
		if list, ready := s.Look(t.Context()); ready || list[0].Level != "fail" {
			t.Errorf("%+v", list)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		close(release)
	})
}
