package page

import (
	"math"
	"time"

	"tandem/server/web/page/words"
)

// chart is the history of an item: a bar per run for records, and one for bytes. The table below it says the same.
type chart struct {
	Width, Height int
	Bars          []bar
	Records       string // the largest
	Bytes         string
	Rows          []*run
}

// bar is one run. All heights are above zero where something was moved, however little that was.
type bar struct {
	X, Wide       int
	Y, High       int // records
	Y2, High2     int // bytes
	Class, Spoken string
}

// chartOf draws the newest runs, the oldest at the left. Without runs there is none.
func chartOf(w words.Words, runs []*run, now time.Time) *chart {
	if len(runs) < 2 {
		return nil
	}
	const high, step, wide = 64, 20, 14
	c := &chart{Width: len(runs) * step, Height: 2*high + 24, Rows: runs}
	most, bytes := 0, int64(0)
	for _, r := range runs {
		most, bytes = max(most, r.All()), max(bytes, r.Bytes())
	}
	for i := range runs {
		r := runs[len(runs)-1-i]
		b := bar{X: c.Width - (len(runs)-i)*step + (step-wide)/2, Wide: wide, Class: r.Result}
		b.High, b.High2 = share(float64(r.All()), float64(most), high), share(float64(r.Bytes()), float64(bytes), high)
		b.Y, b.Y2 = high-b.High+2, 2*high+20-b.High2
		b.Spoken = w.When(r.Started, now) + ": " + w.N(r.All(), "%s record", "%s records") + ", " + w.Size(r.Bytes())
		c.Bars = append(c.Bars, b)
	}
	c.Records, c.Bytes = w.N(most, "%s record", "%s records"), w.Size(bytes)
	return c
}

// share is the height of a value, by its root: runs differ by orders of magnitude.
func share(v, most float64, high int) int {
	if v <= 0 || most <= 0 {
		return 0
	}
	return max(2, int(math.Sqrt(v/most)*float64(high)))
}
