package session

import (
	"cmp"
	"errors"
	"slices"

	"tandem"
	"tandem/provider"
)

// LeftOut is what a place listed and a run does not touch, for one reason.
type LeftOut struct {
	Side    tandem.Side
	Option  string // of the place, which leaves it out; "": no option does
	Problem bool   // it cannot be read; otherwise it is out of scope
	Why     string
	Count   int
	Records []tandem.ID // the first few
}

const (
	maxReasons  = 50 // that are told apart on both sides together
	maxExamples = 3
)

// leftOuts gathers what is left out. It belongs to the goroutine of the run.
type leftOuts struct {
	list []LeftOut
	at   map[leftKey]int
	last [2]struct { // a place mostly gives one reason many times over
		err error
		at  int
	}
}

type leftKey struct {
	side    tandem.Side
	problem bool
	why     string
}

// note takes in a change that is not to be touched.
func (l *leftOuts) note(s tandem.Side, c *tandem.Change) {
	at := l.last[s].at
	if c.Err == nil || c.Presence == tandem.Problem || l.last[s].err != c.Err {
		at = l.reason(s, c)
		l.last[s].err, l.last[s].at = c.Err, at
	}
	x := &l.list[at]
	x.Count++
	if len(x.Records) < maxExamples {
		x.Records = append(x.Records, c.ID)
	}
}

// reason finds the entry for why a change is left out, or makes it.
func (l *leftOuts) reason(s tandem.Side, c *tandem.Change) int {
	x := LeftOut{Side: s, Problem: c.Presence == tandem.Problem, Why: whyLeft(c)}
	var out *provider.Outside
	if errors.As(c.Err, &out) {
		x.Option = out.Option
	}
	key := leftKey{s, x.Problem, x.Why}
	if at, ok := l.at[key]; ok {
		return at
	}
	if len(l.list) >= maxReasons {
		x.Why, x.Option = "for other reasons", ""
		key = leftKey{s, x.Problem, x.Why}
		if at, ok := l.at[key]; ok {
			return at
		}
	}
	if l.at == nil {
		l.at = map[leftKey]int{}
	}
	l.list = append(l.list, x)
	l.at[key] = len(l.list) - 1
	return len(l.list) - 1
}

// whyLeft is the reason without what is of this record only.
func whyLeft(c *tandem.Change) string {
	var e *tandem.Error
	switch {
	case c.Err == nil:
		return "the place does not say why"
	case c.Presence == tandem.Problem && errors.As(c.Err, &e) && e.Err != nil:
		return e.Err.Error()
	case c.Presence == tandem.Problem && errors.As(c.Err, &e):
		return e.Kind.Code()
	}
	return c.Err.Error()
}

// sorted are the reasons, the ones that concern the most first.
func (l *leftOuts) sorted() []LeftOut {
	slices.SortStableFunc(l.list, func(a, b LeftOut) int { return cmp.Compare(b.Count, a.Count) })
	return l.list
}
