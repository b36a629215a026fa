package ui

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// State is what a progress display shows of one run. Totals are 0 while unknown.
type State struct {
	Name         string // of the run; one line each
	Step         string // "looking", "writing"
	Seen         int    // records looked at so far
	Done, Total  int    // actions
	Bytes, Bound int64
	Left         int64 // estimated seconds, -1 unknown
	Thing        string
}

// Progress shows runs as they go. Methods may be called concurrently.
type Progress interface {
	Show(s State)
	End(name string) // takes the run's line away
	Close()          // takes everything away; prints are safe afterwards
}

// Terminal reports whether f is a terminal that a person looks at.
func Terminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// Width is the terminal's width in columns, 100 where there is none.
func Width(f any) int {
	if file, ok := f.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 100
}

// Silent is a Progress that shows nothing.
type Silent struct{}

// Show implements Progress.
func (Silent) Show(State) {}

// End implements Progress.
func (Silent) End(string) {}

// Close implements Progress.
func (Silent) Close() {}

// Bars is a Progress of bars on a terminal. Nothing appears before a run has lasted half a second, so that quick runs
// leave the screen calm.
type Bars struct {
	mu   sync.Mutex // guards what follows
	out  io.Writer
	all  *mpb.Progress
	bars map[string]*bar
	now  func() time.Time
}

type bar struct {
	since time.Time
	shown *mpb.Bar
	mu    sync.Mutex // guards state, read by the painter
	state State
}

// NewBars paints on out, which should be a terminal.
func NewBars(out io.Writer) *Bars { return &Bars{out: out, bars: map[string]*bar{}, now: time.Now} }

const (
	quiet  = 500 * time.Millisecond
	settle = 3 * time.Second // estimates of the time left are wild before
)

// Show implements Progress.
func (p *Bars) Show(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.bars[s.Name]
	if b == nil {
		b = &bar{since: p.now()}
		p.bars[s.Name] = b
	}
	if p.now().Sub(b.since) < settle {
		s.Left = -1
	}
	b.mu.Lock()
	b.state = s
	b.mu.Unlock()
	if b.shown == nil {
		if p.now().Sub(b.since) < quiet {
			return
		}
		b.shown = p.paint(b)
	}
	total, done := int64(s.Total), int64(s.Done)
	if s.Bound > 0 {
		total, done = s.Bound, s.Bytes
	}
	if total > 0 {
		// A bar at its total completes and stops painting; End does that.
		b.shown.SetTotal(total+1, false)
		b.shown.SetCurrent(min(done, total))
	}
}

func (p *Bars) paint(b *bar) *mpb.Bar {
	if p.all == nil {
		p.all = mpb.New(mpb.WithOutput(p.out), mpb.WithRefreshRate(120*time.Millisecond), mpb.WithAutoRefresh())
	}
	text := func(f func(State) string) decor.Decorator {
		return decor.Any(func(decor.Statistics) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return f(b.state)
		})
	}
	style := mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("┄")
	return p.all.New(0, style, mpb.BarWidth(24), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(text(func(s State) string { return fmt.Sprintf("%-8s ", s.Step) })),
		mpb.AppendDecorators(text(func(s State) string { return " " + s.Figures() + "  " + Cut(s.Thing, 40) })))
}

// Figures are the counts of a state in words: "120 of 4,000, 1.2 MiB of 40.0 MiB, 12 s left".
func (s State) Figures() string {
	if s.Total == 0 {
		return Count(s.Seen, "record")
	}
	out := Number(s.Done) + " of " + Number(s.Total)
	if s.Bound > 0 {
		out += ", " + Size(s.Bytes) + " of " + Size(s.Bound)
	}
	if s.Left >= 0 {
		out += ", " + Seconds(float64(s.Left)) + " left"
	}
	return out
}

// End implements Progress.
func (p *Bars) End(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.bars[name]; b != nil && b.shown != nil {
		b.shown.SetTotal(-1, true)
		b.shown.Abort(true)
	}
	delete(p.bars, name)
}

// Close implements Progress.
func (p *Bars) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, b := range p.bars {
		if b.shown != nil {
			b.shown.Abort(true)
		}
		delete(p.bars, name)
	}
	if p.all != nil {
		p.all.Wait()
		p.all = nil
	}
}
