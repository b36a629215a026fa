package listen_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/server/listen"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://:8443":         "https://:8443",
		"https://*":             "https://:443",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://[::1]":          "http://[::1]:80",
		"https://box.local/":    "https://box.local:443",
	} {
		a, err := listen.Parse(in)
		if err != nil || a.String() != want {
			t.Errorf("%s: %v, %v", in, a, err)
		}
		if a.Loopback() != (strings.Contains(in, "127.") || strings.Contains(in, "::1")) {
			t.Errorf("%s: loopback %v", in, a.Loopback())
		}
	}
	for _, bad := range []string{"", ":8443", "8443", "ftp://x", "https://x/path", "https://x?y", "https://a@b", "https://x:99999x"} {
		if a, err := listen.Parse(bad); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), listen.Default) {
			t.Errorf("%q: %v, %v", bad, a, err)
		}
	}
}

// TestServe: requests that wait are ended when it is time to stop.
func TestServe(t *testing.T) {
	a, err := listen.Parse("http://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := listen.Open([]listen.Address{a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listen.Open([]listen.Address{a, s.Addresses()[0]}, nil); !tandem.IsKind(err, tandem.Busy) {
		t.Fatalf("a port in use: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-r.Context().Done()
		io.WriteString(w, "ended")
	})
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, h, slog.New(slog.DiscardHandler)) }()
	go func() {
		<-waiting
		cancel()
	}()
	resp, err := http.Get(s.Addresses()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "ended" || err != nil {
		t.Fatalf("%q, %v", body, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
