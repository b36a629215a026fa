package synckey

// day is how finely a window moves, in seconds: often enough for people, and seldom enough not to keep phones busy.
const day = 86400

// Window says which records of a collection a device has: all, those that ended at or after a cutoff (events), or those that are not
// finished (tasks). MS-ASCMD 2.2.3.68.2
type Window struct {
	Limited bool   `json:"limited,omitempty"` // only what ended at Cutoff or later
	Cutoff  int64  `json:"cutoff,omitempty"`  // Unix seconds, a midnight UTC
	Open    bool   `json:"open,omitempty"`    // only what is not finished
	Sweep   *Sweep `json:"sweep,omitempty"`
}

// Sweep is how far the way from a window to the next one has come, so that a window can move without work for the whole folder at once. Events
// are swept in the order of end and number, tasks in that of their sequence numbers.
type Sweep struct {
	Limited bool  `json:"limited,omitempty"` // the window to come
	Cutoff  int64 `json:"cutoff,omitempty"`
	Open    bool  `json:"open,omitempty"`

	End    int64 `json:"end,omitempty"`    // the position reached
	Number int64 `json:"number,omitempty"` // 0: nothing yet
	Seq    int64 `json:"seq,omitempty"`
}

// Facts are what a window asks of a record.
type Facts struct {
	Start, End  int64 // of its index
	Number, Seq int64
	Finished    bool
}

// Floor is the midnight at or before a time.
func Floor(t int64) int64 {
	r := t % day
	if r < 0 {
		r += day
	}
	return t - r
}

func (w Window) flags() (f byte) {
	if w.Limited {
		f |= 1
	}
	if w.Open {
		f |= 2
	}
	return f
}

func windowOf(flags byte) Window { return Window{Limited: flags&1 != 0, Open: flags&2 != 0} }

// Same reports whether two windows show the same, sweeps left aside.
func (w Window) Same(o Window) bool {
	return w.Limited == o.Limited && w.Open == o.Open && (!w.Limited || w.Cutoff == o.Cutoff)
}

// Plain reports whether all records are shown and no sweep is on.
func (w Window) Plain() bool { return !w.Limited && !w.Open && w.Sweep == nil }

// AsksFinished reports whether Has looks at Facts.Finished.
func (w Window) AsksFinished() bool { return w.Open || w.Sweep != nil && w.Sweep.Open }

// Toward begins the way to another window.
func (w Window) Toward(to Window) Window {
	w.Sweep = &Sweep{Limited: to.Limited, Cutoff: to.Cutoff, Open: to.Open}
	return w
}

// Target is the window that a sweep leads to, or w.
func (w Window) Target() Window {
	if w.Sweep == nil {
		return w
	}
	return Window{Limited: w.Sweep.Limited, Cutoff: w.Sweep.Cutoff, Open: w.Sweep.Open}
}

// byFinish reports whether the sweep is one over finished tasks.
func (w Window) byFinish() bool { return w.Open != w.Sweep.Open }

// ByFinish reports whether a sweep is on and goes by sequence number, for finished tasks.
func (w Window) ByFinish() bool { return w.Sweep != nil && w.byFinish() }

// Narrows reports whether the sweep takes records away.
func (w Window) Narrows() bool {
	if w.byFinish() {
		return w.Sweep.Open
	}
	return !w.Limited || w.Sweep.Limited && w.Sweep.Cutoff > w.Cutoff
}

// Bounds are the ends, from inclusive and to exclusive, of the records that the sweep is about.
func (w Window) Bounds() (from, to int64) {
	a, b := w.lowest(), w.Target().lowest()
	return min(a, b), max(a, b)
}

func (w Window) lowest() int64 {
	if !w.Limited {
		return minEnd
	}
	return w.Cutoff
}

// minEnd is below any end.
const minEnd = -1 << 62

// Has reports whether a record with these facts is in the window. What has no time is always in it.
func (w Window) Has(f Facts) bool {
	if w.Sweep == nil {
		return (!w.Limited || f.End >= w.Cutoff || f.Start == 0 && f.End == 0) && (!w.Open || !f.Finished)
	}
	if w.byFinish() {
		if !f.Finished {
			return true
		}
		swept := f.Seq <= w.Sweep.Seq
		return swept != w.Narrows()
	}
	from, to := w.Bounds()
	switch {
	case f.Start == 0 && f.End == 0, f.End >= to:
		return true
	case f.End < from:
		return false
	}
	swept := w.Sweep.Number != 0 && (f.End < w.Sweep.End || f.End == w.Sweep.End && f.Number <= w.Sweep.Number)
	return swept != w.Narrows()
}
