package dav

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

// TestUseOf: what a request is about to do, by its path and where it takes something, is what a limited password must be for.
func TestUseOf(t *testing.T) {
	for _, c := range [][4]string{
		{"PROPFIND", "/dav/", "", "[calendars files] false"},
		{"PROPFIND", "/dav/principals/ann/", "", "[calendars files] false"},
		{"GET", "/dav/files/ann/papers/x", "", "[files] false"},
		{"PUT", "/dav/files/ann/papers/x", "", "[files] true"},
		{"PUT", "/dav/calendars/ann/team/x.ics", "", "[calendars] true"},
		{"REPORT", "/dav/addressbooks/ann/contacts/", "", "[calendars] false"},
		{"POST", "/dav/attachments/1", "", "[calendars] true"},
		{"PROPFIND", "/dav/principals/../files/ann/", "", "[files] false"},
		{"MOVE", "/dav/files/ann/x", "https://hub.test/dav/files/ann/y", "[files] true"},
		{"COPY", "/dav/files/ann/x", "/dav/calendars/ann/team/y", "[] true"},
	} {
		r := httptest.NewRequest(c[0], c[1], nil)
		if c[2] != "" {
			r.Header.Set("Destination", c[2])
		}
		if u := useOf(r); fmt.Sprint(u.Doors, u.Writes) != c[3] {
			t.Errorf("%s %s %s: %v", c[0], c[1], c[2], u)
		}
	}
}
