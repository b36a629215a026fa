package sieve

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tandem/internal/netguard"
)

// hopsMost is how often a user is sent on to another server before one is believed to go in circles.
const hopsMost = 3

// port is where filters are managed, where an address does not say. RFC 5804 1.8
const port = 4190

// refer is the server that another one sends its users to. The password goes with them, so it is one of the same registered domain as the server that the user named, and the line is encrypted.
func (s Server) refer(first, to string) (Server, error) {
	u, err := url.Parse(to)
	if err != nil || !strings.EqualFold(u.Scheme, "sieve") || u.Hostname() == "" {
		return s, fmt.Errorf("it sends its users to %.80q, which is no server for filters", to)
	}
	if s.TLS == "none" || !netguard.SameOwner(first, u.Hostname()) {
		return s, fmt.Errorf("it sends its users to %.80q, which may be somebody else's", u.Hostname())
	}
	s.Host, s.Port = u.Hostname(), port
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port <= 0 || s.Port > 65535 {
			return s, fmt.Errorf("it sends its users to %.80q, which is no server for filters", to)
		}
	}
	if s.TLS == "tls" { // the port of an address speaks STARTTLS; RFC 5804 knows no other
		s.TLS = "starttls"
	}
	return s, nil
}
