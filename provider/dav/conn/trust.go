package conn

import (
	"net/url"
	"strings"

	"tandem/internal/netguard"
)

// Trusts tells whether credentials may go to a server: the account's own, one that was named by it (Allow), or one of the same registered domain to which
// the connection is encrypted. A big provider keeps the door and the rooms on different hosts, such as caldav.icloud.com and p52-caldav.icloud.com.
func (c *Client) Trusts(u *url.URL) bool {
	home := c.cfg.Home
	if sameHost(home, u) {
		return u.Scheme == home.Scheme || u.Scheme == "https"
	}
	c.mu.Lock()
	named := c.hosts[strings.ToLower(u.Host)]
	c.mu.Unlock()
	if named {
		return u.Scheme == home.Scheme || u.Scheme == "https"
	}
	return u.Scheme == "https" && netguard.SameOwner(home.Hostname(), u.Hostname())
}

// Allow lets the credentials go to a further host.
func (c *Client) Allow(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts[strings.ToLower(host)] = true
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && (port(a) == port(b) || a.Scheme == "http" && port(a) == "80" && b.Scheme == "https" && port(b) == "443")
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
