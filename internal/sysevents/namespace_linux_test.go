package sysevents

import (
	"context"
	"testing"
	"time"

	"tandem/test/netspace"
)

// TestNetworksComeAndGo: where no service tells of networks, the interfaces do. An address that reaches only its own link, a link without an address and the
// loopback are no network.
func TestNetworksComeAndGo(t *testing.T) {
	if !netspace.Enter(t) {
		return
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	events := make(chan Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, Options{Bus: "none", Poll: 5 * time.Millisecond}, func(e Event) { events <- e })
	}()
	next := func(want Kind, offline bool) {
		t.Helper()
		select {
		case e := <-events:
			if e.Kind != want || e.State.Offline != offline {
				t.Fatalf("told of %q, off line: %v; want %q and %v", e.Kind, e.State.Offline, want, offline)
			}
		case <-ctx.Done():
			t.Fatalf("not told of %q", want)
		}
	}
	next(Changed, true)
	netspace.IP(t, "link set lo up")
	netspace.IP(t, "link add one type veth peer name two")
	netspace.IP(t, "link set two up")
	netspace.IP(t, "link set one up") // with a link-local address of IPv6
	netspace.IP(t, "addr add 169.254.7.7/16 dev one")
	if online() {
		t.Error("an address of the link alone is taken for a network")
	}
	netspace.IP(t, "addr add 192.0.2.5/24 dev one")
	next(NetworkUp, false)
	netspace.IP(t, "link set one down")
	next(NetworkDown, true)
	netspace.IP(t, "link set one up")
	next(NetworkUp, false)
	netspace.IP(t, "link del one")
	next(NetworkDown, true)
	stop()
	<-done
}
