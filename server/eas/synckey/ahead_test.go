package synckey

import "testing"

// TestAhead: a key that the hub has not given out yet is of a hub of which this one is an earlier state, and stays so when the hub has given out as many; its own keys are its own.
func TestAhead(t *testing.T) {
	s := &State{Count: 5}
	for _, step := range []struct {
		count uint64
		ahead bool
		next  uint64
	}{{5, false, 5}, {1, false, 5}, {8, true, 8}, {8, true, 8}, {6, true, 8}, {5, false, 8}} {
		if got := s.Ahead(Position{Count: step.count}); got != step.ahead || s.Count != step.next {
			t.Errorf("%d: %v, and %d are given out", step.count, got, s.Count)
		}
	}
	s.Count = 12 // it gave out four more
	for count, ahead := range map[uint64]bool{9: false, 12: false, 7: true} {
		if s.Ahead(Position{Count: count}) != ahead {
			t.Errorf("%d", count)
		}
	}
	for range 3 * maxLost {
		s.Ahead(Position{Count: s.Count + 1})
	}
	if len(s.Lost) != maxLost {
		t.Errorf("%d are remembered", len(s.Lost))
	}
}
