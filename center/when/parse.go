package when

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
)

// Help says how a plan is written, for people.
func Help() string {
	return `clauses with semicolons between them:
  continuous | manual | on connection   what starts a run besides
  at 02:30, 14:00 on mon-fri            times of day; "on" and days may be left out
  every 15m on mon-fri 08:00-18:00      intervals; days and hours may be left out
  cron 30 2 * * *                       five cron fields, or @hourly, @daily, @weekly
  peak mon-fri 08:00-18:00 every 5m     how often within hours: every …, on change, or manual,
  off-peak every 2h                     and how often outside of them
  quiet 22:00-07:00                     no run by itself; what is due waits for the end
  on log-on, resume, network-up         events: start, log-on, log-off, suspend, resume, idle,
                                        lock, unlock, network-up, network-down, power
  ask first                             runs by events wait for your word
  not on battery below 20%              or: not on battery; not metered; not slow;
                                        not slow above 35ms; not slow below 500kbit/s
  only on power                         or: only while idle; only on network Home, Office
  connect Office VPN                    bring this connection up for each run, and down after it
  zone Europe/Berlin                    else the zone of the user
  spread 10m                            how far apart many items start; spread 0: not at all
  no catch-up                           do not run at the start for times that were missed`
}

// maxText is how long a plan may be; people write a line or two.
const maxText = 2000

// Parse reads a plan. Five cron fields alone, as older versions kept them, are one.
func Parse(text string) (Plan, error) {
	p := Plan{Spread: -1}
	if len(text) > maxText {
		return p, bad(text[:40]+"…", fmt.Errorf("it is longer than %d characters", maxText))
	}
	seen := map[string]bool{}
	for clause := range strings.SplitSeq(strings.ReplaceAll(text, "\n", ";"), ";") {
		clause = strings.TrimSpace(clause)
		if clause == "" {
			continue
		}
		if err := p.clause(clause, seen); err != nil {
			return Plan{}, bad(clause, err)
		}
	}
	if p.Peak != nil && p.Peak.From == p.Peak.To && p.Peak.Days == (Days{}) {
		return Plan{}, bad(text, fmt.Errorf("off-peak needs a peak"))
	}
	if p.Ask && len(p.On) == 0 { // of no event in particular
		p.Ask, p.If.Ask = false, true
	}
	p.Ask = p.Ask && !p.If.Ask
	return p, nil
}

func bad(text string, err error) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read schedule", Thing: fmt.Sprintf("%q", text), Err: err,
		Remedy: `write such as "at 02:30", "every 15m on mon-fri 08:00-18:00", or five cron fields (minute hour day month weekday) like "30 2 * * *"; see tandem item set --help`}
}

// once refuses a second clause of a sort of which there is one.
func once(seen map[string]bool, name string) error {
	if seen[name] {
		return fmt.Errorf("%s is said twice", name)
	}
	seen[name] = true
	return nil
}

func (p *Plan) clause(text string, seen map[string]bool) error {
	low := strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(text, ",", " , ")), " "))
	words := strings.Fields(strings.ReplaceAll(low, ",", " "))
	if len(words) == 0 {
		return fmt.Errorf("it is empty")
	}
	rest := words[1:]
	switch first := words[0]; {
	case first == "cron":
		return p.cron(strings.TrimSpace(text[len("cron"):]))
	case strings.ContainsAny(first[:1], "0123456789*@") || strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="):
		return p.cron(text)
	case first == "at":
		return p.at(rest)
	case first == "every":
		return p.every(rest)
	case first == "peak", first == "off-peak":
		if err := once(seen, first); err != nil {
			return err
		}
		return p.peak(first == "peak", rest)
	case first == "quiet":
		w, rest, err := window(rest)
		if err == nil && len(rest) > 0 {
			err = unknown(rest[0])
		}
		p.Quiet = append(p.Quiet, w)
		return err
	case first == "not", first == "only":
		return p.condition(text, words)
	case first == "connect" && len(rest) > 0:
		p.Connect = strings.TrimSpace(strings.TrimSpace(text)[len("connect"):])
		return once(seen, "connect")
	case first == "zone" && len(strings.Fields(text)) == 2:
		return p.zoneClause(strings.Fields(text)[1], seen)
	case first == "spread" && len(rest) == 1:
		return p.spread(rest[0], seen)
	}
	switch low {
	case "no catch-up":
		p.NoCatch = true
		return nil
	case "ask first", "ask":
		p.Ask = true
		return nil
	case "ask before every run":
		p.If.Ask = true
		return nil
	case "continuous", "on change":
		return p.mode(Continuous, seen)
	case "on connection", "connection":
		return p.mode(Connection, seen)
	case "manual":
		return p.mode(Manual, seen)
	case "scheduled":
		return p.mode(Scheduled, seen)
	}
	if words[0] == "on" || words[0] == "before" {
		return p.events(rest)
	}
	return unknown(words[0])
}

func unknown(word string) error { return fmt.Errorf("%q is not understood", word) }

func (p *Plan) mode(m Mode, seen map[string]bool) error {
	p.Mode = m
	return once(seen, "the mode")
}

func (p *Plan) cron(text string) error {
	c, err := ParseCron(text)
	if err == nil {
		p.Rules = append(p.Rules, Rule{Cron: c})
	}
	return err
}

func (p *Plan) at(words []string) error {
	var r Rule
	for len(words) > 0 && words[0] != "on" {
		m, err := minute(words[0])
		if err != nil || m == 24*60 {
			return fmt.Errorf("%q is not a time of day", words[0])
		}
		if !slices.Contains(r.At, m) {
			r.At = append(r.At, m)
		}
		words = words[1:]
	}
	if len(r.At) == 0 {
		return fmt.Errorf("a time of day is missing")
	}
	slices.Sort(r.At)
	if len(words) > 0 {
		var err error
		if r.Days, words, err = days(words[1:]); err != nil {
			return err
		}
		if len(words) > 0 {
			return unknown(words[0])
		}
	}
	p.Rules = append(p.Rules, r)
	return nil
}

func (p *Plan) every(words []string) error {
	every, words, err := interval(words)
	if err != nil {
		return err
	}
	r := Rule{Every: every}
	if len(words) > 0 {
		if words[0] == "on" {
			words = words[1:]
		}
		w, rest, err := window(words)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return unknown(rest[0])
		}
		r.Within = &w
	}
	p.Rules = append(p.Rules, r)
	return nil
}

func (p *Plan) peak(in bool, words []string) error {
	if p.Peak == nil {
		p.Peak = &Peak{}
	}
	rate := &p.Peak.Out
	if in {
		rate = &p.Peak.In
		w, rest, err := window(words)
		if err != nil {
			return err
		}
		p.Peak.Window, words = w, rest
	}
	switch {
	case len(words) == 0 || slices.Equal(words, []string{"manual"}):
		return nil
	case slices.Equal(words, []string{"on", "change"}) || slices.Equal(words, []string{"continuous"}):
		rate.Change = true
		return nil
	case words[0] != "every":
		return unknown(words[0])
	}
	every, rest, err := interval(words[1:])
	if err == nil && len(rest) > 0 {
		err = unknown(rest[0])
	}
	rate.Every = every
	return err
}

func (p *Plan) events(words []string) error {
	for i, w := range words {
		if w == "ask" && (i == len(words)-1 || slices.Equal(words[i+1:], []string{"first"})) && i > 0 {
			p.Ask = true
			return nil
		}
		if !slices.Contains(Triggers(), Trigger(w)) {
			return fmt.Errorf("%q is no event; choose of %s", w, join(Triggers()))
		}
		if !p.Has(Trigger(w)) {
			p.On = append(p.On, Trigger(w))
		}
	}
	if len(words) == 0 {
		return fmt.Errorf("an event is missing")
	}
	return nil
}

func (p *Plan) condition(text string, words []string) error {
	line := strings.Join(words, " ")
	switch {
	case line == "not on battery" || line == "only on power":
		p.If.Power = true
		return nil
	case line == "not metered" || line == "not on metered":
		p.If.Unmetered = true
		return nil
	case line == "only while idle":
		p.If.Idle = true
		return nil
	case strings.HasPrefix(line, "only on network "):
		return p.networks(text)
	case strings.HasPrefix(line, "not on battery below "):
		n, err := number(strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(line, "not on battery below "), " ", ""), "%"), 100)
		p.If.Battery = int(n)
		return err
	case line == "not slow" || strings.HasPrefix(line, "not slow "):
		return p.slow(words[2:])
	}
	return unknown(line)
}

// networks reads names as they are written: they tell case apart and may hold spaces.
func (p *Plan) networks(text string) error {
	fields := strings.Fields(text)
	if len(fields) < 4 {
		return unknown(text)
	}
	rest := strings.TrimSpace(text)
	for _, f := range fields[:3] {
		rest = strings.TrimSpace(rest[len(f):])
	}
	for name := range strings.SplitSeq(rest, ",") {
		if name = strings.TrimSpace(name); name != "" {
			p.If.Networks = append(p.If.Networks, name)
		}
	}
	if len(p.If.Networks) == 0 {
		return fmt.Errorf("the name of a network is missing")
	}
	return nil
}

func (p *Plan) slow(words []string) error {
	p.If.Slow = &Slow{}
	for len(words) > 0 {
		if len(words) < 2 {
			return unknown(words[0])
		}
		switch words[0] {
		case "above":
			d, err := time.ParseDuration(words[1])
			if err != nil || d <= 0 || d > time.Minute {
				return fmt.Errorf("%q is not a time such as 80ms", words[1])
			}
			p.If.Slow.Above = d
		case "below":
			n, err := ParseRate(words[1])
			if err != nil {
				return err
			}
			p.If.Slow.Below = n
		default:
			return unknown(words[0])
		}
		words = words[2:]
	}
	return nil
}

func (p *Plan) zoneClause(name string, seen map[string]bool) error {
	z, err := time.LoadLocation(name)
	if err != nil {
		return fmt.Errorf("%q is not a time zone such as Europe/Berlin", name)
	}
	p.Zone = z
	return once(seen, "the zone")
}

func (p *Plan) spread(word string, seen map[string]bool) error {
	if word == "0" || word == "off" {
		p.Spread = 0
		return once(seen, "spread")
	}
	d, err := time.ParseDuration(word)
	if err != nil || d < 0 || d > day {
		return fmt.Errorf("%q is not a time such as 10m", word)
	}
	p.Spread = d
	return once(seen, "spread")
}
