package push

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"tandem/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func woken(w *Watch) bool {
	select {
	case <-w.C:
		return true
	default:
		return false
	}
}

func TestWatch(t *testing.T) {
	b := NewBroker()
	mine, other, theirs := b.Watch("ann", []int64{1, 2}), b.Watch("ann", []int64{3}), b.Watch("bob", []int64{1})
	for _, c := range []struct {
		w    store.Wakeup
		want [3]bool
	}{
		{store.Wakeup{User: "ann", Collection: 1, Seq: 1}, [3]bool{true, false, false}},
		{store.Wakeup{User: "ann", Collection: 2, Seq: 9}, [3]bool{true, false, false}},
		{store.Wakeup{User: "ann", Collection: 3, Seq: 1}, [3]bool{false, true, false}},
		{store.Wakeup{User: "ann", Collection: 4, Seq: 1}, [3]bool{}},
		{store.Wakeup{User: "ann", Collection: 4, Listed: true}, [3]bool{true, true, false}},
		{store.Wakeup{User: "bob", Collection: 1, Seq: 2}, [3]bool{false, false, true}},
		{store.Wakeup{User: "eve", Collection: 1, Seq: 2}, [3]bool{}},
	} {
		b.pass(c.w)
		b.pass(c.w) // one that nobody took yet is not told twice
		if got := [3]bool{woken(mine), woken(other), woken(theirs)}; got != c.want {
			t.Errorf("%+v wakes %v, want %v", c.w, got, c.want)
		}
		if woken(mine) || woken(other) || woken(theirs) {
			t.Errorf("%+v wakes twice", c.w)
		}
	}
	for _, w := range []*Watch{mine, other, theirs} {
		w.Close()
		w.Close()
	}
	if len(b.users) != 0 {
		t.Errorf("left behind: %v", b.users)
	}
}

// TestEnter: the newest request of a device waits, and no other.
func TestEnter(t *testing.T) {
	b := NewBroker()
	first, leaveFirst := b.Enter(t.Context(), 7)
	elsewhere, leaveElsewhere := b.Enter(t.Context(), 8)
	second, leaveSecond := b.Enter(t.Context(), 7)
	if !errors.Is(context.Cause(first), ErrSuperseded) || second.Err() != nil || elsewhere.Err() != nil {
		t.Fatal("the newer one must end the older of its device only")
	}
	leaveFirst() // late: it must not take the second one's place away
	if b.Waiting() != 2 || second.Err() != nil {
		t.Fatalf("%d wait", b.Waiting())
	}
	leaveSecond()
	leaveElsewhere()
	if b.Waiting() != 0 {
		t.Fatalf("%d wait", b.Waiting())
	}
}

// TestStampede: many requests of one device at once end with one that waits.
func TestStampede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBroker()
		var ended sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for range 100 {
			ended.Go(func() {
				waiting, leave := b.Enter(ctx, 1)
				defer leave()
				<-waiting.Done()
			})
		}
		synctest.Wait()
		if b.Waiting() != 1 {
			t.Errorf("%d wait", b.Waiting())
		}
		cancel()
		ended.Wait()
	})
}
