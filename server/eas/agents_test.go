package eas

import (
	"net/http"
	"testing"
	"time"
)

func TestParseAgentRule(t *testing.T) {
	for text, want := range map[string]AgentRule{
		"": {}, "2/24h/14h": {2, 24 * time.Hour, 14 * time.Hour}, "1/90m/1s": {1, 90 * time.Minute, time.Second},
	} {
		if got, err := ParseAgentRule(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"2", "2/24h", "2/24h/14h/1", "0/24h/14h", "x/24h/14h", "2/1/14h", "2/24h/-1h", "2/24h/", "/24h/1h"} {
		if got, err := ParseAgentRule(text); err == nil || got != (AgentRule{}) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestAgents covers MS-ASHTTP_R416 to R421, R455 to R457: who changes the User-Agent more often than the rule bears is blocked for its time.
func TestAgents(t *testing.T) {
	h := newHeld(0)
	now := time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)
	h.cfg.Now = func() time.Time { return now }
	ask := func(user, agent string) int {
		w := h.post(user, "SmartReply", nil, "User-Agent", agent)
		if (w.Header().Get("X-Tandem-Reason") != "") != (w.Code == http.StatusForbidden) {
			t.Errorf("%s as %s: %d without a reason", user, agent, w.Code)
		}
		return w.Code
	}
	steps := func(rule string, list ...any) {
		t.Helper()
		r, err := ParseAgentRule(rule)
		if err != nil {
			t.Fatal(err)
		}
		h.cfg.Agents = r
		for i, step := range list {
			switch s := step.(type) {
			case time.Duration:
				now = now.Add(s)
			case string:
				name, want := s[1:], http.StatusOK
				if s[0] == '!' {
					want = http.StatusForbidden
				}
				if got := ask(name[:1], name[1:]); got != want {
					t.Errorf("rule %q, step %d, %s: %d", rule, i, s, got)
				}
			}
		}
	}
	// Each step is a user's first letter and an agent; "!" is one that is blocked.
	steps("", " a1", " a2", " a3", " a4", " a5")
	steps("2/24h/14h", " b1", " b1", " b2", " b1", "!b2", "!b2", " c1", 13*time.Hour, "!b1", time.Hour, " b2", " b2", " b3", " b4", "!b5")
	steps("2/24h/14h", " d1", " d2", 12*time.Hour, " d3", 12*time.Hour, " d4", 24*time.Hour, " d5", " d6", "!d7")
	steps("1/1h/10m", " e1", " e2", "!e3", 10*time.Minute, " e3", time.Hour, " e4")
	if len(h.agents.seen) != 4 {
		t.Errorf("%d devices are followed", len(h.agents.seen))
	}
}

// Beyond the bound those are forgotten who are not blocked.
func TestAgentsBound(t *testing.T) {
	var a agents
	rule, now := AgentRule{1, time.Hour, time.Hour}, time.Unix(1_000_000, 0)
	user := func(i int) agentOf { return agentOf{"u", string(rune('a' + i))} }
	for i := range maxTrails + 10 {
		a.see(rule, user(i), "1", now)
		if i < 5 {
			a.see(rule, user(i), "2", now)
			a.see(rule, user(i), "3", now)
		}
	}
	if len(a.seen) > maxTrails {
		t.Errorf("%d are remembered", len(a.seen))
	}
	for i := range 5 {
		if blocked, _ := a.see(rule, user(i), "3", now); !blocked {
			t.Errorf("%d is let in", i)
		}
	}
}
