package netguard

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestClient: a server on this computer is reached by who may, and its redirects are not followed.
func TestClient(t *testing.T) {
	t.Parallel()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	defer srv.Close()
	type may struct{}
	c := Client(func(ctx context.Context) bool { return ctx.Value(may{}) != nil }, 10*time.Second)
	get := func(ctx context.Context, url string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Do(req)
	}
	r, err := get(context.WithValue(t.Context(), may{}, 1), srv.URL)
	if err != nil || r.StatusCode != http.StatusFound || asked != 1 {
		t.Fatalf("%v, %v, asked %d times", r, err, asked)
	}
	r.Body.Close()
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	for _, url := range []string{srv.URL, "http://localhost" + port, "http://[::ffff:127.0.0.1]" + port} {
		if _, err := get(t.Context(), url); !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// TestTransport: a way to connect that is given is the only one, and with it no proxy is used, which would connect elsewhere.
func TestTransport(t *testing.T) {
	t.Parallel()
	if tr := Transport(Dialer{}.DialContext); tr.Proxy != nil || tr.DialContext == nil {
		t.Errorf("%+v", tr)
	}
	if tr := Transport(nil); tr.Proxy == nil || tr.DialContext == nil {
		t.Errorf("%+v", tr)
	}
}
