package center

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/store/sqlite"
)

// asked is a calendar at a server that tells whether it invites people, and counts who asks.
type asked struct {
	provider.Replica
	does  bool
	err   error
	times int
}

func (a *asked) Schedules(context.Context) (bool, error) { a.times++; return a.does, a.err }

// A server is asked once in a while whether it invites people; until it said that it does not, it is taken to.
func TestLearnSchedules(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now := time.Unix(1_800_000_000, 0)
	h := &Hub{cfg: Config{Store: st, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}
	const place = "caldavs://anna@Cal.example.org/anna/work"
	for _, step := range []struct {
		what  string
		is    asked
		kind  tandem.Kind
		later time.Duration
		times int
		want  bool
	}{
		{"another kind", asked{}, tandem.Contact, 0, 0, true},
		{"not known", asked{err: errors.New("no")}, tandem.Event, 0, 1, true},
		{"does not", asked{}, tandem.Event, 0, 1, false},
		{"asked before", asked{does: true}, tandem.Event, time.Hour, 0, false},
		{"a week later", asked{does: true}, tandem.Event, 7 * 24 * time.Hour, 1, true},
		{"the clock went back", asked{}, tandem.Event, -24 * time.Hour, 1, false},
	} {
		now = now.Add(step.later)
		h.learnSchedules(t.Context(), &provider.Opened{Replica: &step.is, Kind: step.kind, Place: place})
		values, err := st.Settings.Values(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := Schedules(values, "caldavs://anna@cal.example.org/"); got != step.want || step.is.times != step.times {
			t.Errorf("%s: %v, asked %d times", step.what, got, step.is.times)
		}
	}
}
