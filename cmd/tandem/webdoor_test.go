package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tandem/server/listen"
)

// TestWebDoor sets a new hub up with the link that it prints, beside the doors of phones and desktops at the same address.
func TestWebDoor(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{})
	must(err)
	d, err := h.openDoors(doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}, slog.New(slog.DiscardHandler))
	must(err)
	var out bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}}
	must(a.addresses(d))
	must(a.firstLink(d))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.serveQuietly(ctx, h, d) }()
	jar, err := cookiejar.New(nil)
	must(err)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority()}}
	client := &http.Client{Transport: tr, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		must(h.Close())
	})
	link := regexp.MustCompile(`https://127\.0\.0\.1:\d+/welcome/\S{43}`).FindString(out.String())
	if link == "" || !strings.Contains(out.String(), "Sync Center: https://127.0.0.1:") {
		t.Fatalf("it says:\n%s", out.String())
	}
	base := link[:strings.Index(link, "/welcome")]
	ask := func(method, path string) (int, string, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
		must(err)
		resp, err := client.Do(req)
		must(err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		must(err)
		return resp.StatusCode, resp.Header.Get("Location"), string(body)
	}
	if code, to, _ := ask("GET", "/"); code != http.StatusSeeOther || to != "/login" {
		t.Errorf("/: %d to %s", code, to)
	}
	for path, want := range map[string]int{"/setup": 200, "/api/items": 401, "/owa/": 404, "/dav/": 401} {
		if code, _, _ := ask("GET", path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	if code, _, _ := ask("OPTIONS", "/Microsoft-Server-ActiveSync"); code != http.StatusOK && code != http.StatusUnauthorized {
		t.Errorf("the phones' door: %d", code)
	}
	resp, err := client.PostForm(link, url.Values{"name": {"anna"}, "password": {"correct horse"}, "again": {"correct horse"}})
	must(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("the link: %s", resp.Status)
	}
	if code, _, body := ask("GET", "/api/me"); code != http.StatusOK || !strings.Contains(body, `"admin":true`) {
		t.Errorf("/api/me: %d %s", code, body)
	}
	out.Reset()
	must(a.firstLink(d))
	if out.Len() != 0 {
		t.Errorf("with an administrator it says %q", out.String())
	}
}
