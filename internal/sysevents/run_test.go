package sysevents

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// diary keeps events in order.
type diary struct {
	mu   sync.Mutex
	list []Event
	more chan struct{} // holds one token if something was added
}

func newDiary() *diary { return &diary{more: make(chan struct{}, 1)} }

func (d *diary) add(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, e)
	select {
	case d.more <- struct{}{}:
	default:
	}
}

func (d *diary) kinds() []Kind {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []Kind
	for _, e := range d.list {
		out = append(out, e.Kind)
	}
	return out
}

// TestSE01SE02WithoutBus: without any service networks are seen by looking, within one look.
func TestSE01SE02WithoutBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		up.Store(true)
		ctx, stop := context.WithCancel(t.Context())
		d := newDiary()
		var group sync.WaitGroup
		group.Go(func() { Run(ctx, Options{Bus: "none", Online: up.Load}, d.add) })
		synctest.Wait()
		up.Store(false)
		time.Sleep(16 * time.Second)
		up.Store(true)
		time.Sleep(time.Minute)
		stop()
		group.Wait()
		if got := d.kinds(); !slices.Equal(got, []Kind{Changed, NetworkDown, NetworkUp}) {
			t.Errorf("told of %v", got)
		}
		if d.list[0].State.Offline || !d.list[1].State.Offline || d.list[2].State.Offline || d.list[0].State.IdleKnown || d.list[0].State.Named {
			t.Errorf("states %+v", d.list)
		}
	})
}

// TestSM04ResumeWithoutBus: a clock that jumps ahead between two looks is a computer that slept; a look that is a little late is not.
func TestSM04ResumeWithoutBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var slept time.Duration
		ctx, stop := context.WithCancel(t.Context())
		d := newDiary()
		var group sync.WaitGroup
		group.Go(func() {
			Run(ctx, Options{Bus: "none", Online: func() bool { return true }, Wall: func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return time.Now().Add(slept)
			}}, d.add)
		})
		sleep := func(by time.Duration) {
			mu.Lock()
			slept += by
			mu.Unlock()
			time.Sleep(time.Minute)
		}
		sleep(20 * time.Second)
		if got := d.kinds(); len(got) != 1 {
			t.Errorf("told of %v", got)
		}
		sleep(time.Hour)
		stop()
		group.Wait()
		if got := d.kinds(); !slices.Equal(got, []Kind{Changed, Resume}) {
			t.Errorf("told of %v", got)
		}
	})
}

// What a change of the state means.
func TestEventsOfStates(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new State
		want     []Kind
	}{
		{"nothing", State{Metered: true}, State{Metered: true}, nil},
		{"SE-05 power came", State{OnBattery: true, Percent: 5}, State{}, []Kind{Power}},
		{"SE-05 power went", State{}, State{OnBattery: true, Percent: 99}, []Kind{Changed}},
		{"SM-05 idle", State{IdleKnown: true}, State{IdleKnown: true, Idle: true}, []Kind{Idle}},
		{"SM-05 busy again", State{IdleKnown: true, Idle: true}, State{IdleKnown: true}, []Kind{Changed}},
		{"SE-01 another network", State{Named: true, Networks: []string{"a"}}, State{Named: true, Networks: []string{"b"}}, []Kind{NetworkUp}},
		{"SE-02 one of two networks went", State{Named: true, Networks: []string{"a", "b"}}, State{Named: true, Networks: []string{"b"}}, []Kind{Changed}},
		{"SM-07 a network is left", State{}, State{Leaving: true}, []Kind{NetworkDown}},
		{"SE-02 it is gone then", State{Leaving: true}, State{Offline: true}, []Kind{Changed}},
		{"SM-07 it stays after all", State{Leaving: true}, State{}, []Kind{Changed}},
		{"two at once", State{Offline: true, OnBattery: true}, State{}, []Kind{NetworkUp, Power}},
	} {
		d := newDiary()
		w := &watcher{tell: d.add, state: c.old, told: true}
		w.become(c.new)
		if got := d.kinds(); !slices.Equal(got, c.want) {
			t.Errorf("%s: told of %v, want %v", c.name, got, c.want)
		}
	}
}

// What is looked at says something on every system.
func TestSourcesWithoutBus(t *testing.T) {
	list := Sources(t.Context(), Options{Bus: "none"})
	if len(list) != 3 {
		t.Fatalf("%v", list)
	}
	for _, s := range list {
		if s.Gone == "" || s.Text == "" || s.Name == "" {
			t.Errorf("%+v", s)
		}
	}
}
