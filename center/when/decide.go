package when

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions must hold for a run that nobody asked for (inventory AS-87, SE-05, SE-09, OF-13).
type Conditions struct {
	Power     bool     // only on external power
	Battery   int      // not on battery below so many percent; 0: any
	Unmetered bool     // not on links that are paid by volume
	Slow      *Slow    // not on slow links
	Networks  []string // only on networks of these names
	Idle      bool     // only while nobody uses the computer
	Ask       bool     // only after a person has agreed; Decide, which waits for nobody, does not look at it
}

// Slow is from where on a link is slow. Zero: the default.
type Slow struct {
	Above time.Duration // round trip; 0: DefaultSlow, or any where Below is said
	Below int64         // throughput in bits per second; 0: any
}

// DefaultSlow is a link that the Offline Files of old took for slow: 80 ms (Windows 7).
func DefaultSlow() Slow { return Slow{Above: 80 * time.Millisecond} }

func (s Slow) filled() Slow {
	if s.Above == 0 && s.Below == 0 {
		return DefaultSlow()
	}
	return s
}

// Is reports whether a link is slow; what is not known does not make it so.
func (s Slow) Is(l Link) bool {
	s = s.filled()
	return s.Above > 0 && l.RTT > s.Above || l.Rate > 0 && l.Rate < s.Below
}

// Link is how good the way to a partner is; zero: not known.
type Link struct {
	RTT  time.Duration
	Rate int64 // bits per second
}

// State is what is known of the computer. The zero value knows nothing: such a computer stands on a desk.
type State struct {
	OnBattery bool
	Percent   int // of the battery; meaningless while OnBattery is false
	Metered   bool
	Networks  []string // names of the networks in use; nil: names are not told here
	Offline   bool     // there is no network at all
	Idle      bool
	IdleKnown bool // whether the system tells of idleness
	Link      Link // to the partner in question
	Network   bool // the partner is across a network
}

// Decision is whether an item runs now.
type Decision struct {
	Go    bool
	Why   string    // what it waits for, in words
	Until time.Time // when to decide anew at the latest; zero: when the state changes
	Link  bool      // it waits for a better link to the partner
}

func wait(format string, args ...any) Decision { return Decision{Why: fmt.Sprintf(format, args...)} }

// Decide says whether a run that is due may start, or what it waits for.
func (p Plan) Decide(now time.Time, zone *time.Location, s State) Decision {
	for _, q := range p.Quiet {
		if _, to, ok := q.around(now, p.zone(zone)); ok {
			return Decision{Why: "quiet hours until " + to.In(p.zone(zone)).Format("15:04"), Until: to}
		}
	}
	c := p.If
	switch {
	case c.Power && s.OnBattery:
		return wait("external power")
	case s.OnBattery && s.Percent < c.Battery:
		return wait("the battery to be charged to %d %% (it has %d %%), or external power", c.Battery, s.Percent)
	case c.Idle && !s.IdleKnown:
		return wait("idleness, which this system does not tell of")
	case c.Idle && !s.Idle:
		return wait("the computer to be idle")
	}
	if p.Connect != "" { // the run brings its own way
		s.Offline = false
		if s.Networks != nil {
			s.Networks = append(slices.Clone(s.Networks), p.Connect)
		}
	}
	if s.Network && s.Offline {
		return wait("a network")
	}
	switch {
	case c.Unmetered && s.Metered:
		return wait("a network that is not metered")
	case len(c.Networks) > 0 && s.Networks == nil:
		return wait("the network %s; this system does not tell the names of networks", strings.Join(c.Networks, " or "))
	case len(c.Networks) > 0 && !slices.ContainsFunc(c.Networks, func(n string) bool { return slices.Contains(s.Networks, n) }):
		return wait("the network %s", strings.Join(c.Networks, " or "))
	case c.Slow != nil && c.Slow.Is(s.Link):
		d := wait("a faster link (%s)", s.Link)
		d.Link = true
		return d
	}
	return Decision{Go: true}
}

// String is the link in words.
func (l Link) String() string {
	var parts []string
	if l.RTT > 0 {
		parts = append(parts, fmt.Sprintf("%d ms", max(1, l.RTT.Milliseconds())))
	}
	if l.Rate > 0 {
		parts = append(parts, RateText(l.Rate))
	}
	if len(parts) == 0 {
		return "not measured"
	}
	return strings.Join(parts, ", ")
}

// rates are the units of throughput, the largest first.
func rates() []struct {
	name string
	n    int64
} {
	return []struct {
		name string
		n    int64
	}{{"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"bit/s", 1}}
}

// RateText writes bits per second as ParseRate reads them, rounded to three digits or so.
func RateText(bits int64) string {
	for _, u := range rates() {
		if bits >= u.n {
			text := strconv.FormatFloat(float64(bits)/float64(u.n), 'f', 1, 64)
			return strings.TrimSuffix(text, ".0") + u.name
		}
	}
	return "0bit/s"
}

// ParseRate reads a throughput such as 64kbit/s or 1.5 Mbit.
func ParseRate(text string) (int64, error) {
	low := strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(text, " ", "")), "/s")
	for _, u := range rates() {
		digits, ok := strings.CutSuffix(low, strings.TrimSuffix(strings.ToLower(u.name), "/s"))
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil || !(n > 0) || n*float64(u.n) > 1e15 || n*float64(u.n) < 1 {
			break
		}
		return int64(n * float64(u.n)), nil
	}
	return 0, fmt.Errorf("%q is not a throughput such as 500kbit/s", text)
}
