package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem/partner/device"
	"tandem/partner/trace"
)

// TestTracePage has a device traced from its page, and looks at what was written down; another's device does not exist.
func TestTracePage(t *testing.T) {
	k := newKit(t)
	_, err := k.devices.Meet(t.Context(), "ben", device.Sighting{ID: "BENS1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	ben := k.in("ben")
	const at = "/devices/ben/BENS1/trace"
	if a := ben.get(at); a.status != http.StatusOK || !strings.Contains(a.body, "not traced") {
		t.Fatalf("before: %d %.500s", a.status, a.body)
	}
	if a := ben.form(at, url.Values{"csrf": {ben.csrf}, "on": {"yes"}}); a.status != http.StatusSeeOther {
		t.Fatalf("begin: %d %.500s", a.status, a.body)
	}
	k.traces.Add("ben", "BENS1", trace.Exchange{Command: "Sync", HTTP: 200, Asked: "<Sync/>"})
	if a := ben.get(at); !strings.Contains(a.body, "&lt;Sync/&gt;") || !strings.Contains(a.body, "It ends by itself") {
		t.Errorf("while it is on: %.2000s", a.body)
	}
	if a := ben.form(at, url.Values{"csrf": {ben.csrf}}); a.status != http.StatusSeeOther || k.traces.On("ben", "BENS1") {
		t.Errorf("end: %d %.500s", a.status, a.body)
	}
	if a := ben.get("/devices/anna/ANNAS1/trace"); a.status != http.StatusNotFound {
		t.Errorf("another's: %d", a.status)
	}
}

// TestBundleButton checks that administrators get a bundle from the Health page, and others do not.
func TestBundleButton(t *testing.T) {
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	if a := anna.get("/health?look=1"); !strings.Contains(a.body, `href="/api/bundle"`) {
		t.Error("the page of an administrator has no button")
	}
	if a := anna.get("/api/bundle"); a.status != http.StatusOK || a.head.Get("Content-Type") != "application/zip" || !strings.HasPrefix(a.body, "PK") || !strings.Contains(a.head.Get("Content-Disposition"), ".zip") {
		t.Errorf("bundle: %d %v", a.status, a.head)
	}
	if a := ben.get("/health?look=1"); strings.Contains(a.body, "/api/bundle") {
		t.Error("others have a button")
	}
	if a := ben.get("/api/bundle"); a.status != http.StatusForbidden {
		t.Errorf("others: %d", a.status)
	}
}
