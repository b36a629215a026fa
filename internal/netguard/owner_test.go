package netguard

import "testing"

func TestSameOwner(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"mail.example.org", "sieve.example.org", true},
		{"Mail.Example.org.", "example.ORG", true},
		{"example.org", "example.com", false},
		{"anna.co.uk", "ben.co.uk", false},
		{"anna.github.io", "ben.github.io", false},
		{"localhost", "localhost", true},
		{"localhost", "example.org", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "198.51.2.1", false},
		{"", "example.org", false},
	} {
		if got := SameOwner(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}
