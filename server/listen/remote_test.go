package listen_test

import (
	"net/http/httptest"
	"testing"

	"tandem/server/listen"
)

func TestRemote(t *testing.T) {
	proxy := func(remote string) bool { return remote == "10.0.0.1" }
	for _, c := range []struct {
		addr, forwarded string
		trust           func(string) bool
		want            string
	}{
		{"192.0.2.7:1234", "", proxy, "192.0.2.7"},
		{"192.0.2.7:1234", "198.51.100.1", proxy, "192.0.2.7"}, // anybody can write the header
		{"10.0.0.1:1234", "198.51.100.1", proxy, "198.51.100.1"},
		{"10.0.0.1:1234", "203.0.113.9, 198.51.100.1", proxy, "198.51.100.1"}, // the proxy adds at the end
		{"10.0.0.1:1234", "203.0.113.9, nonsense", proxy, "10.0.0.1"},
		{"10.0.0.1:1234", "", proxy, "10.0.0.1"},
		{"10.0.0.1:1234", "198.51.100.1", nil, "10.0.0.1"},
		{"[2001:db8::1]:1234", "", nil, "2001:db8::1"},
		{"@", "", nil, "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.addr
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := listen.Remote(r, c.trust); got != c.want {
			t.Errorf("%s, forwarded for %q: %s, want %s", c.addr, c.forwarded, got, c.want)
		}
	}
}
