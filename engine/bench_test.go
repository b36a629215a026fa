package engine

import (
	"fmt"
	"iter"
	"runtime"
	"testing"

	"tandem"
)

// many lists n files in folders of a hundred, as a place would show them.
func many(n int) iter.Seq[tandem.Change] {
	return func(yield func(tandem.Change) bool) {
		for i := range n {
			if i%100 == 0 {
				c := tandem.Change{ID: tandem.ID(fmt.Sprintf("folder-%05d", i/100)), Presence: tandem.Present}
				c.Version, c.Attrs = "v1", "type=dir"
				if !yield(c) {
					return
				}
			}
			c := tandem.Change{ID: tandem.ID(fmt.Sprintf("folder-%05d/some-file-%07d.txt", i/100, i)), Presence: tandem.Present}
			c.Version = tandem.Version(fmt.Sprintf("1700000000123456789-%d-4096", i))
			c.Digest, c.Size, c.Node = sum(string(c.ID)), 4096, fmt.Sprintf("64769-%d", i)
			c.Attrs = tandem.Attrs(fmt.Sprintf("mode=644&mtime=1700000000%09d", i))
			if !yield(c) {
				return
			}
		}
	}
}

func BenchmarkFirstSync(b *testing.B) {
	for _, tree := range []bool{false, true} {
		b.Run(fmt.Sprintf("tree=%v", tree), func(b *testing.B) {
			for b.Loop() {
				base, _ := NewBase(nil, 0)
				va, vb := base.View(sideA, false), base.View(sideB, false)
				for c := range many(200_000) {
					va.See(c)
				}
				va.Finish(tandem.Listing{Complete: true, Full: true})
				vb.Finish(tandem.Listing{Complete: true, Full: true})
				NeedDigests(base, va, vb, Rules{Tree: tree})
				plan := Reconcile(base, va, vb, Rules{Tree: tree})
				b.ReportMetric(liveMiB(), "MiB")
				runtime.KeepAlive(plan)
				runtime.KeepAlive(va)
			}
		})
	}
}

func BenchmarkNothingChanged(b *testing.B) {
	rows := func(yield func(tandem.Row, error) bool) {
		link := int64(0)
		for c := range many(200_000) {
			link++
			s := tandem.Shown{ID: c.ID, Version: c.Version, Digest: c.Digest, Attrs: c.Attrs, Node: c.Node, Size: c.Size}
			if !yield(tandem.Row{Link: link, A: s, B: s}, nil) {
				return
			}
		}
	}
	for b.Loop() {
		base, _ := NewBase(rows, 202_000)
		va, vb := base.View(sideA, false), base.View(sideB, false)
		for c := range many(200_000) {
			va.See(c)
			vb.See(c)
		}
		va.Finish(tandem.Listing{Complete: true, Full: true})
		vb.Finish(tandem.Listing{Complete: true, Full: true})
		plan := Reconcile(base, va, vb, Rules{Tree: true})
		if len(plan.Actions())+plan.Bookkeeping() > 0 {
			b.Fatal("busy")
		}
		b.ReportMetric(liveMiB(), "MiB")
		runtime.KeepAlive(va)
	}
}

func liveMiB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
