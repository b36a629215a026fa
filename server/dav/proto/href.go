package proto

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"tandem/wire/davxml"
)

// Path is the escaped path that a URI or path in a header means (Destination, If). 502 for one on another server, 400 for what is none. RFC 4918 9.8.5, 10.3
func (r *Request) Path(ref string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(ref))
	switch {
	case err != nil, u.Opaque != "", !strings.HasPrefix(u.EscapedPath(), "/"), u.RawQuery != "", u.Fragment != "", u.User != nil:
		return "", davxml.Failf(http.StatusBadRequest, "%q is neither a path nor the URI of one", ref)
	case u.Host == "" && u.Scheme == "":
		return u.EscapedPath(), nil
	case u.Scheme != "http" && u.Scheme != "https", !r.local(u.Host):
		return "", davxml.Failf(http.StatusBadGateway, "%s is on another server", ref)
	}
	return u.EscapedPath(), nil
}

// local reports whether a host is this server, under the name in the request or the one it is known by. Behind a reverse proxy the scheme that the
// client uses is not ours, so the default ports of both are as none.
func (r *Request) local(host string) bool {
	if bare(host) == bare(r.Host) {
		return true
	}
	base, err := url.Parse(r.Base)
	return err == nil && base.Host != "" && bare(host) == bare(base.Host)
}

// bare is a host without a default port.
func bare(host string) string {
	if h, port, err := net.SplitHostPort(host); err == nil && (port == "80" || port == "443") {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
