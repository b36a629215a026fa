package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestRoute: each address leads to its door however it is written, and there is nothing at others. MS-ASHTTP_R182, R441
func TestRoute(t *testing.T) {
	say := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	doors := route(say(201), say(202), rootLeads(say(204)), say(203), say(205))
	for path, want := range map[string]int{
		"/Microsoft-Server-ActiveSync": 201, "/microsoft-server-activesync/default.eas": 201, "/Microsoft-Server-ActiveSync/": 201,
		"/Autodiscover/Autodiscover.xml": 202, "/setup": 203, "/setup/tandem-ca.cer": 203, "/": 205,
		"/dav": 204, "/dav/calendars/ann/": 204, "/.well-known/caldav": 204, "/.well-known/carddav/": 204, "/davx": 205, "/.well-known/x": 205,
		"/Microsoft-Server": 205, "/Microsoft-Server-ActiveSync/x": 205, "/owa/": 205, "/EWS/Exchange.asmx": 205, "/setupx": 205, "/login": 205,
	} {
		w := httptest.NewRecorder()
		doors.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	var asked string // a client of CalDAV that knows nothing but the host
	root := rootLeads(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.EscapedPath() }))
	route(say(201), say(202), root, say(203), say(205)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PROPFIND", "/", nil))
	if asked != "/dav/" {
		t.Errorf("PROPFIND /: the door was asked for %q", asked)
	}
}
