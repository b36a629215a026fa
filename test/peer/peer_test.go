package peer

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestPorts: they differ, and the system gives none of them to somebody who does not ask for it by number.
func TestPorts(t *testing.T) {
	first, last := 32768, 60999
	if data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if _, err := fmt.Sscan(string(data), &first, &last); err != nil {
			t.Fatal(err)
		}
	}
	if first < 32000 {
		t.Skipf("this system gives anybody ports from %d on", first)
	}
	ports := FreePorts(t, 100)
	for _, p := range ports {
		if p >= first && p <= last {
			t.Errorf("port %d is among those that are given to anybody, %d to %d", p, first, last)
		}
	}
	slices.Sort(ports)
	if n := len(slices.Compact(ports)); n != 100 {
		t.Errorf("%d different ports", n)
	}
}
