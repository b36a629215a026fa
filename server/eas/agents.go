package eas

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AgentRule blocks devices that change their User-Agent too often. The zero value blocks none. MS-ASHTTP 3.2.5.1.1
type AgentRule struct {
	Changes int           // that are borne
	Within  time.Duration // this time
	Block   time.Duration // one that changes it more often is blocked for so long
}

// ParseAgentRule reads "2/24h/14h": two changes within 24 hours, else blocked for 14 hours, as the specification recommends. "" is none.
func ParseAgentRule(text string) (r AgentRule, err error) {
	if text == "" {
		return r, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return r, errors.New("it is not of the form changes/time/block, such as 2/24h/14h")
	}
	if r.Changes, err = strconv.Atoi(parts[0]); err != nil || r.Changes < 1 {
		return AgentRule{}, fmt.Errorf("%q is no number of changes from 1", parts[0])
	}
	for i, to := range []*time.Duration{&r.Within, &r.Block} {
		if *to, err = time.ParseDuration(parts[i+1]); err != nil || *to <= 0 {
			return AgentRule{}, fmt.Errorf("%q is no time such as 24h", parts[i+1])
		}
	}
	return r, nil
}

// agents follows the User-Agents of devices. It forgets them when the process ends, which only lets devices in again.
type agents struct {
	mu   sync.Mutex
	seen map[agentOf]*agentTrail // guarded by mu
}

type agentOf struct{ user, device string }

type agentTrail struct {
	agent   string
	changes []time.Time // within the rule's time, at most one more than it bears
	until   time.Time   // blocked
}

// maxTrails bounds what is remembered: beyond it, devices that are not blocked are forgotten.
const maxTrails = 100_000

// see notes a request, and reports whether its device is blocked, and whether it is from now on.
func (a *agents) see(rule AgentRule, who agentOf, agent string, now time.Time) (blocked, anew bool) {
	if rule.Changes == 0 {
		return false, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.seen[who]
	switch {
	case t == nil:
		a.add(who, &agentTrail{agent: agent}, now)
		return false, false
	case now.Before(t.until):
		return true, false
	case t.agent == agent:
		return false, false
	}
	t.agent = agent
	for len(t.changes) > 0 && now.Sub(t.changes[0]) >= rule.Within {
		t.changes = t.changes[1:]
	}
	if t.changes = append(t.changes, now); len(t.changes) <= rule.Changes {
		return false, false
	}
	t.changes, t.until = nil, now.Add(rule.Block)
	return true, true
}

// add begins to follow a device. a.mu is held.
func (a *agents) add(who agentOf, t *agentTrail, now time.Time) {
	if a.seen == nil {
		a.seen = map[agentOf]*agentTrail{}
	}
	if len(a.seen) >= maxTrails {
		for other, t := range a.seen {
			if !now.Before(t.until) {
				delete(a.seen, other)
			}
		}
	}
	a.seen[who] = t
}
