package center

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
)

// shaky fails the first listings for a moment.
type shaky struct {
	provider.Replica
	left *int
}

func (s shaky) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	if *s.left > 0 {
		*s.left--
		return func(yield func(tandem.Change, error) bool) {
			yield(tandem.Change{}, &tandem.Error{Kind: tandem.Transient, Op: "list", Wait: 2})
		}, func() tandem.Listing { return tandem.Listing{} }
	}
	return s.Replica.Changes(ctx, since)
}

// What fails for a moment at a place across a network is tried again, when the place says; at a local one it ends the run.
func TestPlacesAcrossNetworks(t *testing.T) {
	for _, network := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, memory.Knobs{}, "a", "b")
			defer w.close()
			w.put("a", "1.vcf", card("1", "Anna"))
			left := 2
			p := w.provider()
			open := p.Open
			p.Name, p.Network = "net", network
			p.Open = func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
				o, err := open(ctx, place, env)
				if err == nil {
					o.Replica, o.Rate = shaky{o.Replica, &left}, 50
				}
				return o, err
			}
			w.hub.cfg.Places = provider.NewRegistry(w.provider(), p)
			start := time.Now()
			var failed *Failure
			err := w.hub.SyncPlaces(t.Context(), Places{A: "mem:a", B: "net:b"}, SyncOptions{}, func(n SyncNews) {
				if n.Err != nil {
					failed = n.Err
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := w.names("b"), map[bool]string{true: "Anna", false: ""}[network]; got != want || (failed == nil) != network {
				t.Errorf("network %v: b has %q, want %q; failure %v", network, got, want, failed)
			}
			if took := time.Since(start); network && took < 4*time.Second {
				t.Errorf("it was tried again after %v, the place said 2 s each time", took)
			}
		})
	}
}
