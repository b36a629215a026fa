package when

import (
	"testing"
	"time"
)

// TestSE09Conditions: a run that must wait says for what, in words.
func TestSE09Conditions(t *testing.T) {
	net := State{Network: true}
	for _, c := range []struct {
		name, plan string
		state      State
		why        string
	}{
		{"nothing said, nothing known", "", State{}, ""},
		{"SE-05 mains", "only on power", State{}, ""},
		{"SE-05 battery", "only on power", State{OnBattery: true, Percent: 90}, "external power"},
		{"SE-09 enough", "not on battery below 20%", State{OnBattery: true, Percent: 20}, ""},
		{"SE-09 too little", "not on battery below 20%", State{OnBattery: true, Percent: 19}, "the battery to be charged to 20 % (it has 19 %), or external power"},
		{"SE-09 charging", "not on battery below 20%", State{Percent: 5}, ""},
		{"AS-87 metered", "not metered", State{Metered: true}, "a network that is not metered"},
		{"AS-87 free", "not metered", net, ""},
		{"OF-13 slow by time", "not slow", State{Link: Link{RTT: 81 * time.Millisecond}}, "a faster link (81 ms)"},
		{"OF-13 at the threshold", "not slow", State{Link: Link{RTT: 80 * time.Millisecond}}, ""},
		{"OF-13 own threshold", "not slow above 35ms", State{Link: Link{RTT: 40 * time.Millisecond}}, "a faster link (40 ms)"},
		{"OF-13 slow by throughput", "not slow below 64kbit/s", State{Link: Link{RTT: time.Second, Rate: 63_900}}, "a faster link (1000 ms, 63.9kbit/s)"},
		{"OF-13 fast by throughput", "not slow below 64kbit/s", State{Link: Link{RTT: time.Second, Rate: 64_000}}, ""},
		{"OF-13 either", "not slow above 80ms below 64kbit/s", State{Link: Link{RTT: time.Second, Rate: 1e9}}, "a faster link (1000 ms, 1Gbit/s)"},
		{"OF-13 throughput not measured", "not slow below 64kbit/s", State{Link: Link{RTT: time.Second}}, ""},
		{"OF-13 not measured", "not slow", State{}, ""},
		{"AS-86 named network", "only on network Home, Office", State{Networks: []string{"Office"}}, ""},
		{"AS-86 another network", "only on network Home, Office", State{Networks: []string{"Hotel"}}, "the network Home or Office"},
		{"AS-86 no names", "only on network Home", State{}, "the network Home; this system does not tell the names of networks"},
		{"SM-05 busy", "only while idle", State{IdleKnown: true}, "the computer to be idle"},
		{"SM-05 idle", "only while idle", State{IdleKnown: true, Idle: true}, ""},
		{"SM-05 unknown", "only while idle", State{}, "idleness, which this system does not tell of"},
		{"SE-04 off line, far", "", State{Network: true, Offline: true}, "a network"},
		{"SE-04 off line, near", "", State{Offline: true}, ""},
	} {
		d := plan(t, c.plan).Decide(time.Unix(0, 0), time.UTC, c.state)
		if d.Why != c.why || d.Go != (c.why == "") {
			t.Errorf("%s: %+v, want %q", c.name, d, c.why)
		}
	}
}

// TestAS85Modes: what an item of each mode does without being asked.
func TestAS85Modes(t *testing.T) {
	for _, c := range []struct {
		mode         Mode
		plan         string
		self, follow bool
	}{
		{Continuous, "", true, true}, {Connection, "", true, false}, {Manual, "", false, false}, {Scheduled, "", false, false},
		{Manual, "@hourly", true, false}, {Scheduled, "at 8:00", true, false}, {Manual, "on log-on", true, false}, {Manual, "quiet 1:00-2:00", false, false},
		{Manual, "peak 8:00-9:00 on change; off-peak manual", true, true},
	} {
		p := plan(t, c.plan)
		if p.ByItself(c.mode) != c.self || p.EverFollows(c.mode) != c.follow {
			t.Errorf("%s, %q: by itself %v, follows %v", c.mode, c.plan, p.ByItself(c.mode), p.EverFollows(c.mode))
		}
	}
}
