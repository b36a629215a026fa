package home_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"tandem"
	"tandem/kind"
)

// opened is a body that tells when it is read.
type opened struct {
	tandem.Bytes
	tell func()
}

// Open implements tandem.Body.
func (b opened) Open() (io.ReadCloser, error) {
	b.tell()
	return b.Bytes.Open()
}

// TestLargeBodiesAreSeveralTransactions: what is held in memory at a time is bounded; what is done when a run is cut stays done, and the outcomes tell what.
func TestLargeBodiesAreSeveralTransactions(t *testing.T) {
	w := fileWorld(t, tandem.Contact)
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writes []tandem.Write
	for i := range 12 {
		body := opened{sample(i, 1, 1<<20), func() {}}
		if i == 8 { // the first beyond 8 MiB
			body.tell = func() {
				if c, err := w.st.Home.Collections(t.Context(), "ann"); err != nil || c[0].Seq == 0 {
					t.Errorf("the ninth is read before the first eight are stored: %v, %v", c, err)
				}
				cancel()
			}
		}
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprint(i)), Marker: tandem.Marker(fmt.Sprint("m", i)), Record: tandem.Record{Body: body}})
	}
	out, err := r.Apply(ctx, writes)
	if !errors.Is(err, context.Canceled) || len(out) != len(writes) {
		t.Fatalf("error %v, %d outcomes", err, len(out))
	}
	for i, o := range out {
		want := tandem.Applied
		if i >= 8 {
			want = tandem.RetryAfter
		}
		if o.Status != want || o.ID != writes[i].ID {
			t.Errorf("write %d: status %v of %s, error %v", i, o.Status, o.ID, o.Err)
		}
	}
	out, err = r.Apply(t.Context(), writes) // again, as a run would that did not hear the answer
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Status != tandem.Applied || string(o.Version) != fmt.Sprint(i+1) {
			t.Errorf("write %d: status %v, version %s, error %v", i, o.Status, o.Version, o.Err)
		}
	}
}

// pairwise is a kind that looks into two bodies at a time, each waiting for the other.
type pairwise struct {
	plain
	meet chan bool
}

func (p pairwise) Inspect(body []byte) (kind.Info, error) {
	if text := string(body[:8]); text == "record 0" || text == "record 9" {
		select {
		case p.meet <- true:
		case <-p.meet:
		}
	}
	return p.plain.Inspect(body)
}

// TestBodiesAreLookedIntoTogether: on all processors, and yet each outcome is that of its write.
func TestBodiesAreLookedIntoTogether(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		t.Skip("there is one processor")
	}
	w := memoryWorld(t, tandem.Contact)
	w.opener.Kinds = map[tandem.Kind]kind.Handler{tandem.Contact: pairwise{meet: make(chan bool)}}
	r, err := w.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var writes []tandem.Write
	for i := range 40 {
		body := sample(i, 1, 30)
		if i%5 == 3 {
			body = []byte("no record of any kind")
		}
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprint(i)), Record: tandem.Record{Body: tandem.Bytes(body)}})
	}
	out, err := r.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for i, o := range out {
		switch {
		case i%5 == 3:
			if o.Status != tandem.Rejected || !tandem.IsKind(o.Err, tandem.Invalid) {
				t.Errorf("write %d: %v, %v", i, o.Status, o.Err)
			}
		default:
			made++
			if o.Status != tandem.Applied || o.ID != writes[i].ID || string(o.Version) != fmt.Sprint(made) || o.UID != fmt.Sprint("record-", i) {
				t.Errorf("write %d: %+v", i, o)
			}
		}
	}
}
