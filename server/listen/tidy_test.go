package listen

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Memory is given back once many have come to wait, when no more come; and again after many went and came.
func TestTidy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var freed atomic.Int64
		s := &Server{free: func() { freed.Add(1) }}
		var parked []*Parked
		come := func(n int, every time.Duration) {
			for range n {
				p := &Parked{server: s}
				if !s.remember(p) {
					t.Fatal("it has stopped")
				}
				parked = append(parked, p)
				time.Sleep(every)
			}
		}
		for _, step := range []struct {
			name        string
			come, leave int
			every       time.Duration
			then        time.Duration
			want        int64
		}{
			{name: "few", come: tidyStep - 1, then: time.Hour, want: 0},
			{name: "enough, too soon", come: 1, then: tidyAfter / 2, want: 0},
			{name: "one more, so it begins anew", come: 1, then: tidyAfter * 3 / 4, want: 0},
			{name: "quiet", then: tidyAfter / 2, want: 1},
			{name: "for good", then: time.Hour, want: 1},
			{name: "some more", come: tidyStep / 2, then: time.Hour, want: 1},
			{name: "many more, slowly", come: tidyStep, every: time.Second, then: time.Hour, want: 2},
			{name: "all go", leave: 2*tidyStep + tidyStep/2 + 1, then: time.Hour, want: 2},
			{name: "and come again", come: tidyStep, then: time.Hour, want: 3},
		} {
			come(step.come, step.every)
			for range step.leave {
				s.forget(parked[0])
				parked = parked[1:]
			}
			time.Sleep(step.then)
			if freed.Load() != step.want {
				t.Errorf("%s: %d times, want %d", step.name, freed.Load(), step.want)
			}
		}
		come(tidyStep, 0)
		s.mu.Lock()
		s.parked = nil // none of them has a connection to be ended
		s.mu.Unlock()
		s.unpark()
		time.Sleep(time.Hour)
		if freed.Load() != 3 {
			t.Error("memory is given back after the end")
		}
	})
}
