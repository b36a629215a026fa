package conn

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A password goes along with the first request of a run, before the server has asked, only where all of this holds: the very server, by scheme, host and port, asked for
// Basic in an earlier run and took it; nobody between can read along, by TLS or because it is this machine; and it did not ask for something better since. RFC 7617 2.2
// lets a client do so for what it knows to be protected.

// basic is what is remembered of a server that asked for Basic.
const basic = "basic"

// manners is how credentials are to be sent, "" where that is not known.
func (c *Client) manners(ctx context.Context, at *url.URL) string {
	c.mu.Lock()
	defer c.mu.Unlock() // held while the manner is read: the second asker waits for the first one's answer
	if c.scheme == "" && !c.recalled && c.remembers() && c.unheard(at) {
		c.recalled = true
		if c.manner = c.cfg.Manner(ctx); c.manner == basic {
			c.scheme = basic
		}
	}
	return c.scheme
}

// learn notes what the answer to a request tells: that Home takes what it asked for, or that what was remembered is not so any more.
func (c *Client) learn(ctx context.Context, at *url.URL, sent used, status int) {
	if sent.scheme != basic || !c.remembers() || !c.unheard(at) {
		return
	}
	c.mu.Lock()
	was := c.manner
	switch {
	case status == http.StatusUnauthorized:
		c.manner, c.offered = "", false
	case c.offered && status < 500:
		c.manner = basic
	}
	now := c.manner
	c.mu.Unlock()
	if now != was {
		c.cfg.Learned(ctx, now)
	}
}

func (c *Client) remembers() bool {
	return c.cfg.Manner != nil && c.cfg.Learned != nil && c.cfg.Login == "auto"
}

// unheard tells whether an address is Home's own and nobody on the way can read what is sent there.
func (c *Client) unheard(at *url.URL) bool {
	home := c.cfg.Home
	if at.Scheme != home.Scheme || !strings.EqualFold(at.Hostname(), home.Hostname()) || port(at) != port(home) {
		return false
	}
	if at.Scheme == "https" {
		return true
	}
	ip, err := netip.ParseAddr(at.Hostname())
	return (err == nil && ip.IsLoopback() || strings.EqualFold(at.Hostname(), "localhost")) && (c.cfg.Proxy == "" || c.cfg.Proxy == "none")
}
