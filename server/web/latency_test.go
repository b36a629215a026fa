package web_test

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"tandem"
	"tandem/center"
)

// TestLatencyDuringARun asks for pages while a first sync of many records goes on, and tells how long they took. TANDEM_MANY is how many records, 100000 as a goal.
func TestLatencyDuringARun(t *testing.T) {
	many := 2000
	if n, err := strconv.Atoi(os.Getenv("TANDEM_MANY")); err == nil {
		many = n
	}
	k := newKit(t, "phone")
	for i := range many {
		id := strconv.Itoa(i)
		k.must(k.places["phone"].Put(tandem.ID("r"+id), card("u"+id, "Person "+id), ""))
	}
	k.item("anna", "phone", "mine")
	anna := k.in("anna")
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		done <- k.hub.Sync(t.Context(), []string{"mine"}, center.SyncOptions{}, func(center.SyncNews) {})
	}()
	var took []time.Duration
	for running := true; running; {
		select {
		case err := <-done:
			k.must(err)
			running = false
		default:
		}
		for _, path := range []string{"/", "/items/mine", "/log"} {
			at := time.Now()
			if a := anna.get(path); a.status != http.StatusOK {
				t.Fatalf("%s: %d", path, a.status)
			}
			took = append(took, time.Since(at))
		}
	}
	slices.Sort(took)
	p99 := took[(len(took)-1)*99/100]
	t.Logf("%d records in %v; %d pages meanwhile: median %v, p99 %v, slowest %v", many, time.Since(began).Round(time.Millisecond), len(took), took[len(took)/2], p99, took[len(took)-1])
	if p99 > 2*time.Second {
		t.Errorf("of a hundred pages one takes %v or longer", p99)
	}
}
