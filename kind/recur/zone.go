package recur

import (
	"strings"
	"sync"
	"time"
)

// A Zone maps between wall-clock times and instants. Wall times are seconds from 1970-01-01T00:00:00 as clocks show
// it; instants are Unix seconds. Zones are safe for concurrent use.
type Zone interface {
	// Instant is when clocks show wall. A time in a gap is read with the offset before it; of two, the first counts.
	Instant(wall int64) int64
	// Offset is how many seconds clocks are ahead of UTC at an instant.
	Offset(instant int64) int
	// Name is the zone's name for people.
	Name() string
}

// Fixed is a zone that is always the given number of seconds ahead of UTC.
func Fixed(name string, offset int) Zone { return fixed{name, offset} }

type fixed struct {
	name   string
	offset int
}

func (z fixed) Instant(wall int64) int64 { return wall - int64(z.offset) }
func (z fixed) Offset(int64) int         { return z.offset }
func (z fixed) Name() string             { return z.name }

// Location is the zone of a time.Location.
func Location(loc *time.Location) Zone { return location{loc} }

type location struct{ loc *time.Location }

func (z location) Name() string { return z.loc.String() }

func (z location) Offset(instant int64) int {
	_, off := time.Unix(instant, 0).In(z.loc).Zone()
	return off
}

func (z location) Instant(wall int64) int64 { return instant(z, wall) }

// No zone was ever further from UTC than this.
const (
	farEast = 16 * 3600
	farWest = 16 * 3600
)

// instant implements Zone.Instant by Zone.Offset. It assumes at most one change of the clocks around the time.
func instant(z Zone, wall int64) int64 {
	before := int64(z.Offset(wall - farEast))
	after := int64(z.Offset(wall + farWest))
	if before == after {
		return wall - before
	}
	if at := wall - before; int64(z.Offset(at)) == before {
		return at // before the change; in a fold this is the first of two
	}
	if at := wall - after; int64(z.Offset(at)) == after {
		return at
	}
	return wall - before // RFC 5545 3.3.5: in a gap, the offset before it
}

// Zones finds zones by the names that calendars use. It remembers what it loaded; it is safe for concurrent use. The
// zero value is ready.
type Zones struct {
	mu    sync.RWMutex
	known map[string]Zone // guarded by mu; nil values are names that do not exist
}

const maxKnown = 2000 // names remembered; data may hold any number of invented ones

// Find returns the zone for a TZID: an IANA name, also behind the prefixes of older programs
// ("/mozilla.org/20050126_1/Europe/Berlin"), or a Windows name. It returns nil when there is none.
func (z *Zones) Find(tzid string) Zone {
	if name := IANA(tzid); name != "" {
		if zone := z.load(name); zone != nil {
			return zone
		}
	}
	return nil
}

// FindWindows returns the zone for a Windows name such as "W. Europe Standard Time", nil when there is none.
func (z *Zones) FindWindows(tzid string) Zone {
	if name := windowsZone(strings.TrimSpace(tzid)); name != "" {
		return z.load(name)
	}
	return nil
}

func (z *Zones) load(name string) Zone {
	z.mu.RLock()
	zone, ok := z.known[name]
	z.mu.RUnlock()
	if ok {
		return zone
	}
	if loc, err := time.LoadLocation(name); err == nil {
		zone = location{loc}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.known == nil {
		z.known = map[string]Zone{}
	}
	if len(z.known) < maxKnown {
		z.known[name] = zone
	}
	return zone
}

var areas = [...]string{"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Brazil", "Canada", "Chile",
	"Etc", "Europe", "Indian", "Mexico", "Pacific", "US"}

// IANA returns the IANA name that a TZID spells, without the prefixes of older programs, or "" if it does not look
// like one. It goes by the form of the name alone, so that the answer is the same on every machine.
func IANA(tzid string) string {
	s := strings.TrimSpace(tzid)
	if strings.HasPrefix(s, "/") {
		for _, a := range areas {
			if i := strings.Index(s, "/"+a+"/"); i >= 0 {
				s = s[i+1:]
				break
			}
		}
	}
	area, rest, ok := strings.Cut(s, "/")
	if !ok || rest == "" {
		switch s {
		case "UTC", "GMT", "CET", "EET", "MET", "WET", "EST", "MST", "HST", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "Japan", "Singapore",
			"Israel", "Turkey", "Egypt", "Iran", "Eire", "GB", "NZ", "PRC", "ROC", "ROK", "Poland", "Portugal", "Hongkong", "Cuba", "Jamaica":
			return s
		}
		return ""
	}
	known := false
	for _, a := range areas {
		known = known || a == area
	}
	if !known {
		return ""
	}
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+' || c == '/') {
			return ""
		}
	}
	return s
}
