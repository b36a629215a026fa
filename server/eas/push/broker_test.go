package push

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tandem/server/eas/proto"
	"tandem/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waiter counts how often it is woken.
type waiter struct {
	*watch
	woken int
}

func newWaiter(b *Broker, user string, collections ...int64) *waiter {
	w := &waiter{}
	w.watch = b.watch(user, collections, nil, func() { w.woken++ })
	return w
}

func TestWatch(t *testing.T) {
	b := NewBroker()
	mine, other, theirs := newWaiter(b, "ann", 1, 2), newWaiter(b, "ann", 3), newWaiter(b, "bob", 1)
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
		mine.woken, other.woken, theirs.woken = 0, 0, 0
		b.pass(c.w)
		if got := [3]bool{mine.woken == 1, other.woken == 1, theirs.woken == 1}; got != c.want || mine.woken+other.woken+theirs.woken > 3 {
			t.Errorf("%+v wakes %v, want %v", c.w, got, c.want)
		}
	}
	for _, w := range []*waiter{mine, other, theirs} {
		w.close()
		w.close()
	}
	if len(b.users) != 0 {
		t.Errorf("left behind: %v", b.users)
	}
}

// TestTurn: the newest request of a device waits, and no other; the one before it is told whether the newer is of its sort.
func TestTurn(t *testing.T) {
	b := NewBroker()
	ends := map[string]bool{}
	turn := func(name string, device int64, sort string) (leave func()) {
		return b.turn("ann", device, sort, func(same bool) { ends[name] = same })
	}
	leaveFirst := turn("first", 7, "Ping")
	leaveElsewhere := turn("elsewhere", 8, "Ping")
	leaveSecond := turn("second", 7, "Ping")
	leaveFirst() // late: it must not take the second one's place away
	if same, ended := ends["first"]; !ended || !same || len(ends) != 1 || b.Waiting() != 2 {
		t.Fatalf("ended %v, %d wait", ends, b.Waiting())
	}
	b.Supersede(7, "Sync")
	b.Supersede(9, "Sync")
	if same, ended := ends["second"]; !ended || same || len(ends) != 2 || b.Waiting() != 1 {
		t.Fatalf("ended %v, %d wait", ends, b.Waiting())
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
		nothing := func(context.Context) (*proto.Response, error) { return nil, nil }
		for range 100 {
			ended.Go(func() {
				w := &proto.Waiting{User: "ann", Device: 1, Sort: "Ping", For: time.Hour, Look: nothing, Expired: nothing,
					Superseded: func(context.Context, bool) (*proto.Response, error) { return &proto.Response{HTTP: 503}, nil }}
				if resp, err := b.Await(ctx, w); err == nil && resp.HTTP != 503 {
					t.Errorf("%+v", resp)
				}
			})
		}
		synctest.Wait()
		if b.Waiting() != 1 {
			t.Errorf("%d wait", b.Waiting())
		}
		cancel()
		ended.Wait()
		if b.Waiting() != 0 || len(b.users) != 0 {
			t.Errorf("left behind: %d, %v", b.Waiting(), b.users)
		}
	})
}

// TestWatchShared: a write wakes those who watch the collection as somebody else's, too; that the collection itself changed, they are told by name.
func TestWatchShared(t *testing.T) {
	b := NewBroker()
	watched := func(user string, own, shared []int64) *waiter {
		w := &waiter{}
		w.watch = b.watch(user, own, shared, func() { w.woken++ })
		return w
	}
	owner, sharee, other := watched("ann", []int64{1}, nil), watched("bob", []int64{5}, []int64{1, 2}), watched("bob", []int64{5}, nil)
	for _, c := range []struct {
		w    store.Wakeup
		want [3]int
	}{
		{store.Wakeup{User: "ann", Collection: 1, Seq: 1}, [3]int{1, 1, 0}},
		{store.Wakeup{User: "eve", Collection: 2, Seq: 1}, [3]int{0, 1, 0}},
		{store.Wakeup{User: "ann", Collection: 3, Seq: 1}, [3]int{}},
		{store.Wakeup{User: "bob", Collection: 5, Seq: 1}, [3]int{0, 1, 1}},
		{store.Wakeup{User: "ann", Collection: 1, Listed: true}, [3]int{1, 0, 0}},
		{store.Wakeup{User: "bob", Collection: 1, Listed: true}, [3]int{0, 1, 1}},
	} {
		owner.woken, sharee.woken, other.woken = 0, 0, 0
		b.pass(c.w)
		if got := [3]int{owner.woken, sharee.woken, other.woken}; got != c.want {
			t.Errorf("%+v wakes %v, want %v", c.w, got, c.want)
		}
	}
	for _, w := range []*waiter{owner, sharee, other, sharee} {
		w.close()
	}
	if len(b.users)+len(b.shared) != 0 {
		t.Errorf("left behind: %v, %v", b.users, b.shared)
	}
}
