package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"tandem/server/listen"
	"tandem/store"
)

// checkPage is a hub with its doors open, and a client that posts to the check of its set-up page.
type checkPage struct {
	*testing.T
	client *http.Client
	at     string
	hub    *hub
}

func newCheckPage(t *testing.T, public string) *checkPage {
	t.Helper()
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := h.accounts.Add(t.Context(), store.User{Name: "anna", Address: "anna@example.org"}, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	plan := doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}
	if public != "" {
		if plan.public, err = url.Parse(public); err != nil {
			t.Fatal(err)
		}
	}
	d, err := h.openDoors(plan, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	pool := d.authority()
	return &checkPage{t, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, d.srv.Addresses()[0].String(), h}
}

// check posts the form under a Host header and returns code and page.
func (c *checkPage) check(host, password string) (int, string) {
	c.Helper()
	form := url.Values{"user": {"anna"}, "password": {password}}
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.at+"/setup/check", strings.NewReader(form.Encode()))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if host != "" {
		r.Host = host
	}
	resp, err := c.client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestCheckPage: a user who asks in a browser is told how the hub's own address does.
func TestCheckPage(t *testing.T) {
	t.Parallel()
	c := newCheckPage(t, "")
	if code, page := c.check("", "correct horse battery"); code != 200 || !strings.Contains(page, "Your phone can connect.") || !strings.Contains(page, "4 folders") {
		t.Errorf("%d %s", code, page)
	}
	if code, page := c.check("", "incorrect horse battery"); code != 403 || strings.Contains(page, "4 folders") {
		t.Errorf("%d", code)
	}
}

// TestDoorsAreChecked: who looks the hub over is told how its doors do, as phones and desktops see them, and so is whoever gets the bundle.
func TestDoorsAreChecked(t *testing.T) {
	t.Parallel()
	h := newCheckPage(t, "").hub
	list, err := h.Checks(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]string{}
	for _, c := range list {
		levels[c.Name] = c.Level
	}
	b, err := h.Bundle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Data), int64(len(b.Data)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(z, "checks.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own certificate", "own door", "own autodiscover 1", "own autodiscover 2", "own well-known", "own desktops", "public address"} {
		if levels[name] != "ok" {
			t.Errorf("%s: %q in %v", name, levels[name], list)
		}
		if !strings.Contains(string(text), `"name": "`+name+`"`) {
			t.Errorf("the bundle has no %s:\n%s", name, text)
		}
	}
	mine, err := h.Checks(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range mine {
		if strings.HasPrefix(c.Name, "own ") {
			t.Errorf("a user is told of the hub: %+v", c)
		}
	}
}

// TestCheckPageStranger: nothing in a request makes the hub call anybody but itself, nor send a password there.
func TestCheckPageStranger(t *testing.T) {
	t.Parallel()
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan bool, 1)
	go func() {
		if conn, err := stranger.Accept(); err == nil {
			called <- true
			conn.Close()
		}
	}()
	c := newCheckPage(t, "")
	code, page := c.check(stranger.Addr().String(), "correct horse battery")
	if code != 200 || !strings.Contains(page, "4 folders") { // it was the hub that answered
		t.Errorf("%d %s", code, page)
	}
	code, page = c.check("evil.example:1", "correct horse battery")
	if code != 200 || !strings.Contains(page, "it does not hold for evil.example") || strings.Contains(page, "log-in") {
		t.Errorf("%d %s", code, page)
	}
	// Where the hub has a public address, only that is called.
	c = newCheckPage(t, "https://hub.invalid")
	if _, page := c.check(stranger.Addr().String(), "correct horse battery"); !strings.Contains(page, "hub.invalid has no address in DNS") {
		t.Errorf("%s", page)
	}
	if err := stranger.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-called:
		t.Error("a stranger was called")
	default:
	}
}
