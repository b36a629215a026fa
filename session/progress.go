package session

import (
	"sync"
	"sync/atomic"
	"time"

	"tandem"
)

// progress gathers counts from all goroutines of a run and tells them at most ten times a second, from one goroutine.
type progress struct {
	tellTo func(Progress)
	quit   chan struct{}
	done   chan struct{}

	seen         [2]atomic.Int64
	finished     atomic.Int64
	total        atomic.Int64
	bytes, bound atomic.Int64

	mu    sync.Mutex // guards what follows
	stage Phase
	since time.Time // when applying began
	thing string
}

func newProgress(tellTo func(Progress)) *progress {
	p := &progress{tellTo: tellTo}
	if tellTo == nil {
		return p
	}
	p.quit, p.done = make(chan struct{}), make(chan struct{})
	go p.loop()
	return p
}

func (p *progress) loop() {
	defer close(p.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last Progress
	for {
		select {
		case <-tick.C:
			if now := p.snapshot(); now != last {
				last = now
				p.tellTo(now)
			}
		case <-p.quit:
			p.tellTo(p.snapshot())
			return
		}
	}
}

// stop tells the last state and ends the goroutine.
func (p *progress) stop() {
	if p.tellTo != nil {
		close(p.quit)
		<-p.done
	}
}

func (p *progress) phase(ph Phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage, p.thing = ph, ""
	if ph == Staging {
		p.since = time.Now()
	}
	if ph == Observing {
		for i := range p.seen {
			p.seen[i].Store(0)
		}
	}
}

func (p *progress) saw(s tandem.Side, n int) { p.seen[s].Add(int64(n)) }

func (p *progress) seenOn(s tandem.Side) int { return int(p.seen[s].Load()) }

// expect adds to what there is to do.
func (p *progress) expect(actions int, bytes int64) {
	p.total.Add(int64(actions))
	p.bound.Add(bytes)
}

func (p *progress) finish(actions int) { p.finished.Add(int64(actions)) }

func (p *progress) moved(n int64) { p.bytes.Add(n) }

func (p *progress) about(thing string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.thing = thing
}

func (p *progress) snapshot() Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Progress{Phase: p.stage, Seen: [2]int{int(p.seen[0].Load()), int(p.seen[1].Load())}, Done: int(p.finished.Load()),
		Total: int(p.total.Load()), Bytes: p.bytes.Load(), Bound: p.bound.Load(), Left: -1, Thing: p.thing}
	out.Bound = max(out.Bound, out.Bytes)
	if !p.since.IsZero() {
		out.Left = left(time.Since(p.since), out)
	}
	return out
}

// left estimates the seconds to go from the share that is done; bytes count as much as records, since small records
// cost time and large ones bytes.
func left(spent time.Duration, p Progress) int64 {
	share, parts := 0.0, 0.0
	if p.Total > 0 {
		share, parts = share+float64(p.Done)/float64(p.Total), parts+1
	}
	if p.Bound > 0 {
		share, parts = share+float64(p.Bytes)/float64(p.Bound), parts+1
	}
	if share == 0 {
		return -1
	}
	share /= parts
	return int64((spent.Seconds()/share)*(1-share) + 0.5)
}
