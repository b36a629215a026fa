package device

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCopies lets two devices use one id, in the ways in which that happens.
func TestCopies(t *testing.T) {
	at := func(kind, agent string) Sighting { return Sighting{ID: "X", Type: kind, Agent: agent} }
	ios17, ios18 := at("iPhone", "iOS/17.0 (21A) dataaccessd/1.0"), at("iPhone", "iOS/18.0 (22A) dataaccessd/1.0")
	mail17 := at("iPhone", "Apple-iPhone12C1/2101.329")
	pad := at("iPad", "iOS/17.0 (21A) dataaccessd/1.0")
	for name, test := range map[string]struct {
		seen   []Sighting
		apart  time.Duration
		copied bool
	}{
		"one":                       {[]Sighting{ios17, ios17, ios17, ios17}, time.Minute, false},
		"upgrade":                   {[]Sighting{ios17, ios17, ios18, ios18, ios18}, time.Minute, false},
		"two programs":              {[]Sighting{ios17, mail17, ios17, mail17, ios17, mail17, ios17, mail17}, time.Minute, false},
		"upgrade and back once":     {[]Sighting{ios17, ios18, ios17, ios17}, time.Minute, false},
		"two versions":              {[]Sighting{ios17, ios18, ios17, ios18}, time.Minute, true},
		"two types":                 {[]Sighting{ios17, pad, ios17, pad}, time.Minute, true},
		"two types, slowly":         {[]Sighting{ios17, pad, ios17, pad}, 25 * time.Hour, false},
		"without an agent":          {[]Sighting{ios17, at("", ""), ios17, at("iPhone", ""), ios17}, time.Minute, false},
		"two programs and versions": {[]Sighting{ios17, mail17, ios18, at("iPhone", "Apple-iPhone12C1/2201.1"), ios18, ios17, mail17, ios18}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			for _, g := range test.seen {
				k.meet("anna", g)
				k.now = k.now.Add(test.apart)
			}
			when, err := k.Copied(k.ctx, k.have("anna", "X"))
			k.must(err)
			if (when != 0) != test.copied {
				t.Fatalf("taken for two: %v", when)
			}
			var at int64
			lines := slices.DeleteFunc(k.logged(&at), func(s string) bool { return !strings.Contains(s, "two devices use its id") })
			if (len(lines) == 1) != test.copied {
				t.Fatalf("log %q", lines)
			}
			if test.copied { // said once, not with every request
				for _, g := range append(test.seen, test.seen...) {
					k.meet("anna", g)
				}
				if more := k.logged(&at); len(more) != 0 {
					t.Fatalf("log %q", more)
				}
			}
		})
	}
}

func TestManyPrograms(t *testing.T) {
	k := newKit(t)
	for i := range 100 {
		k.meet("anna", Sighting{ID: "X", Type: "x", Agent: fmt.Sprint("name", i, "/1")})
	}
	docs, err := k.st.Devices.State(k.ctx, k.have("anna", "X").Number)
	k.must(err)
	if n := len(docs[trailName]); n > 4096 {
		t.Fatalf("a trail of %d bytes", n)
	}
	if d := k.have("anna", "X"); d.Agent != "name0/1" {
		t.Fatalf("agent %s", d.Agent)
	}
}
