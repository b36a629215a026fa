package web_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/partner/device"
	"tandem/partner/trace"
)

// TestBasicMatrix asks for every stream and download by name and password: own passwords and app passwords, of an administrator and a member, wrong ones, ones that were
// revoked, and own ones after codes were set up. Pages take none of them.
func TestBasicMatrix(t *testing.T) {
	now := time.Now()
	k := newKit(t)
	k.clock = func() time.Time { return now }
	k.reopenDoor()
	_, err := k.devices.Meet(t.Context(), "anna", device.Sighting{ID: "ANNAS1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	_, err = k.traces.Start("anna", "ANNAS1", "anna", time.Hour)
	k.must(err)
	k.traces.Add("anna", "ANNAS1", trace.Exchange{Command: "Sync", HTTP: 200, Asked: "<Sync/>"})
	app := func(user, label string) string {
		t.Helper()
		p, err := k.hub.AddAppPassword(t.Context(), user, label)
		k.must(err)
		return p.Password
	}
	annas, bens, revoked := app("anna", "script"), app("ben", "script"), app("anna", "old")
	k.must(k.hub.RevokeAppPassword(t.Context(), "anna", "old"))

	const ok, unknown, refused, missing, away = http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusSeeOther
	paths := []string{"/api/events", "/api/bundle", "/api/devices/ANNAS1/trace", "/api/log", "/live", "/devices/anna/ANNAS1/trace", "/health"}
	nobody := k.browser()
	ask := func(t *testing.T, path, name, password string) (status int, body string) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context()) // a stream goes on until it is left
		defer stop()
		req := nobody.request("GET", path, nil).WithContext(ctx)
		req.SetBasicAuth(name, password)
		resp, err := nobody.client.Do(req)
		k.must(err)
		defer resp.Body.Close()
		if resp.StatusCode != ok || resp.Header.Get("Content-Type") != "text/event-stream" {
			text, err := io.ReadAll(resp.Body)
			k.must(err)
			body = string(text)
		}
		return resp.StatusCode, body
	}
	check := func(who, name, password string, want ...int) {
		t.Helper()
		for i, path := range paths {
			got, body := ask(t, path, name, password)
			if got != want[i] {
				t.Errorf("%s by %s: %d, want %d; %.200s", path, who, got, want[i], body)
			}
			if got != ok && (strings.Contains(body, "ANNAS1") && !strings.Contains(path, "ANNAS1") || strings.Contains(body, "Sync/")) {
				t.Errorf("%s by %s tells what is anna's: %.300s", path, who, body)
			}
		}
	}
	check("an administrator", "anna", password, ok, ok, ok, ok, away, away, away)
	check("an administrator's app password", "anna", annas, ok, refused, ok, ok, away, away, away)
	check("a member", "ben", password, ok, refused, missing, ok, away, away, away)
	check("a member's app password", "ben", bens, ok, refused, missing, ok, away, away, away)
	none := []int{unknown, unknown, unknown, unknown, away, away, away}
	check("a revoked app password", "anna", revoked, none...)
	check("another's app password", "anna", bens, none...)
	check("a wrong password", "anna", "wrong", none...)
	check("a stranger", "carla", password, none...)

	// From now on the password alone opens nothing, and app passwords go on.
	b := k.in("ben")
	k.withCodes(b, &now)
	check("a password where codes are asked for", "ben", password, none...)
	check("an app password where codes are asked for", "ben", bens, ok, refused, missing, ok, away, away, away)
}
