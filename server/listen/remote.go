package listen

import (
	"net"
	"net/http"
	"strings"
)

// Remote is the network address of a request's client, without port; behind a reverse proxy that trust believes, what that proxy saw. trust may be nil: none is
// believed then.
func Remote(r *http.Request, trust func(remote string) bool) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if trust != nil && trust(host) {
		// The last address is the one that the trusted proxy itself saw; those before it are hearsay.
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(list[len(list)-1]); net.ParseIP(last) != nil {
			return last
		}
	}
	return host
}
