package session_test

import (
	"context"
	"slices"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/session"
)

// resuming is a place that answers who it is from what it said in the run before, once, where it may.
type resuming struct {
	provider.Replica
	was   *tandem.Identity
	calls *[]string
}

func (r *resuming) Resume(was tandem.Identity, _ tandem.Cursor) bool {
	*r.calls = append(*r.calls, "resume")
	r.was = &was
	return true
}

func (r *resuming) Identity(ctx context.Context) (tandem.Identity, error) {
	if r.was != nil {
		id := *r.was
		r.was = nil
		return id, nil
	}
	*r.calls = append(*r.calls, "identity")
	return r.Replica.Identity(ctx)
}

// TestResume: a place may say from memory who it is where its listing bears that out. Where it does not, it is asked, and what a store that came in its stead lacks is
// nothing that was deleted.
func TestResume(t *testing.T) {
	cards := []string{"uid=1\n", "uid=2\n", "uid=3\n", "uid=4\n"}
	refill := func(w *world) {
		w.side[b].Replace("another")
		for _, c := range cards[1:] {
			w.put(b, "new"+c[4:5], c)
		}
	}
	forget := func(w *world) { // what was deleted after the last run
		w.put(b, "5", "uid=5\n")
		w.put(b, "6", "uid=6\n")
		w.remove(b, "6")
		w.side[b].ForgetTombstones()
	}
	for name, c := range map[string]struct {
		gone  bool // old cursors are refused, not answered with everything
		full  bool
		do    func(*world)
		calls []string
		want  []string
	}{
		"goes on":                        {do: func(w *world) { w.put(b, "5", "uid=5\n") }, calls: []string{"resume"}, want: append([]string{"uid=5\n"}, cards...)},
		"deleted there":                  {do: func(w *world) { w.remove(b, "1") }, calls: []string{"resume"}, want: cards[1:]},
		"another store":                  {gone: true, do: refill, calls: []string{"resume", "identity"}, want: cards},
		"another store lists everything": {do: refill, calls: []string{"resume", "identity"}, want: cards},
		"the cursor is of the past":      {gone: true, do: forget, calls: []string{"resume", "identity"}, want: append([]string{"uid=5\n"}, cards...)},
		"all is looked at":               {full: true, do: func(*world) {}, calls: []string{"identity"}, want: cards},
		"the other side is another":      {do: func(w *world) { w.side[a].Replace("another") }, calls: []string{"resume", "identity"}, want: cards},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(k *memory.Knobs) { k.Cursor, k.CursorGone = true, c.gone })
			w.rules.Guard.Off = true
			for _, c := range cards {
				w.put(a, c[4:5], c)
			}
			w.sync()
			key := w.pair().Key
			c.do(w)
			var calls []string
			p := w.pair()
			p.Key = key // the address is the same
			defer p.A.Close()
			defer p.B.Close()
			p.B.Replica = &resuming{Replica: p.B.Replica, calls: &calls}
			if _, err := session.Run(t.Context(), session.Deps{Store: w.store}, p, session.Options{Now: func() int64 { return w.now }, Full: c.full}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(calls, c.calls) {
				t.Errorf("calls %q, want %q", calls, c.calls)
			}
			w.want(c.want...)
		})
	}
}
