package session_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/session"
)

// answering is a replica that answers questions for records in a way of its own.
type answering struct {
	provider.Replica
	fetch func(ids []tandem.ID) iter.Seq2[tandem.Record, error]
}

func (a answering) Fetch(_ context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return a.fetch(ids)
}

// What a full listing leaves out is asked for by name. A place that says nothing of it has not said that it is gone, and one that fails as a whole ends the run, which does not
// ask on and on.
func TestPlaceThatDoesNotSayWhatIsGone(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error // of all records; nil: silence
	}{{"silent", nil}, {"failing", &tandem.Error{Kind: tandem.Transient, Op: "fetch", Err: errors.New("the line is down")}}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.put(a, "1", "name=Anna\nuid=x\n")
			w.put(a, "2", "name=Otto\nuid=y\n")
			w.sync()
			w.remove(a, "1")
			p := w.pair()
			defer p.A.Close()
			defer p.B.Close()
			asked := 0
			p.A.Replica = answering{p.A.Replica, func([]tandem.ID) iter.Seq2[tandem.Record, error] {
				return func(yield func(tandem.Record, error) bool) {
					if asked++; asked > 100 {
						t.Fatal("it asks on and on")
					}
					if c.err != nil {
						yield(tandem.Record{}, c.err)
					}
				}
			}}
			_, err := session.Run(t.Context(), session.Deps{Store: w.store}, p, session.Options{Now: func() int64 { return w.now }})
			if !errors.Is(err, c.err) {
				t.Errorf("the run ended with %v", err)
			}
			if n := len(w.dump(b)); n != 2 {
				t.Errorf("B holds %q", w.dump(b))
			}
			w.sync() // by now the place answers
			w.want("name=Otto\nuid=y\n")
			w.quiet()
		})
	}
}
