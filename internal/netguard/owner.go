package netguard

import (
	"net"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// SameOwner tells whether two names of servers belong to one registered domain, so that what is trusted to the one may be to the other.
func SameOwner(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSuffix(a, ".")), strings.ToLower(strings.TrimSuffix(b, "."))
	if a == b {
		return true
	}
	if net.ParseIP(a) != nil || net.ParseIP(b) != nil {
		return false
	}
	da, errA := publicsuffix.EffectiveTLDPlusOne(a)
	db, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && da == db
}
