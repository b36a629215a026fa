package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/server/eas"
)

// TestMovedFrom: phones that come by a name the hub had before are sent to its public address, and nobody else is. MS-ASHTTP 3.1.5.2.2
func TestMovedFrom(t *testing.T) {
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	f := doorFlags{listen: []string{"https://127.0.0.1:0"}, public: "https://new.example.org:8443", moved: []string{"Old.example.org", "older.example.org"}, proxies: []string{"127.0.0.1"}}
	plan, err := f.parse()
	if err != nil {
		t.Fatal(err)
	}
	if names := plan.names(); !slices.Contains(names, "old.example.org") || !slices.Contains(names, "new.example.org") {
		t.Errorf("the hub's own certificate is for %v", names)
	}
	d, err := h.openDoors(plan, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	const path, there = "/Microsoft-Server-ActiveSync", "https://new.example.org:8443" + eas.Path
	for _, c := range []struct {
		method, host, path, remote, forwarded string
		code                                  int
		to                                    string
	}{
		{"POST", "old.example.org", path + "?Cmd=Sync&DeviceId=d&DeviceType=t", "192.0.2.1:1", "", 451, there},
		{"POST", "OLD.example.org:8443", path, "192.0.2.1:1", "", 451, there},
		{"OPTIONS", "older.example.org.", path, "192.0.2.1:1", "", 451, there},
		{"POST", "hub:8080", path, "127.0.0.1:1", "old.example.org", 451, there},
		{"POST", "old.example.org", path, "127.0.0.1:1", "new.example.org", 401, ""},
		{"POST", "hub:8080", path, "192.0.2.1:1", "old.example.org", 401, ""}, // whoever claims so is no proxy of ours
		{"POST", "new.example.org:8443", path, "192.0.2.1:1", "", 401, ""},
		{"POST", "notold.example.org", path, "192.0.2.1:1", "", 401, ""},
		{"OPTIONS", "new.example.org:8443", path, "192.0.2.1:1", "", 200, ""},
		{"GET", "old.example.org", path, "192.0.2.1:1", "", 401, ""},         // a browser
		{"PROPFIND", "old.example.org", "/dav/", "192.0.2.1:1", "", 401, ""}, // which has no word for it
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host, r.RemoteAddr = c.host, c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", c.forwarded)
		}
		w := httptest.NewRecorder()
		d.http.ServeHTTP(w, r)
		if to := w.Header().Get("X-MS-Location"); w.Code != c.code || to != c.to {
			t.Errorf("%s at %s of %s: %d %s, to %q", c.method, c.host, c.remote, w.Code, http.StatusText(w.Code), to)
		}
	}
}

// What --moved-from does not take is told before anything is opened.
func TestMovedFromWrong(t *testing.T) {
	for _, c := range []struct {
		flags doorFlags
		want  string
	}{
		{doorFlags{moved: []string{"old.example.org"}}, "needs --public"},
		{doorFlags{public: "https://new.example.org", moved: []string{"https://old.example.org"}}, "takes a name"},
		{doorFlags{public: "https://new.example.org", moved: []string{""}}, "takes a name"},
		{doorFlags{public: "https://new.example.org:8443", moved: []string{"NEW.example.org"}}, "in a circle"},
	} {
		_, err := c.flags.parse()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.flags, err)
		}
	}
}
