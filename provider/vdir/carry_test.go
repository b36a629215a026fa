package vdir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"tandem"
)

func creates(n int) []tandem.Write {
	writes := make([]tandem.Write, n)
	for i := range writes {
		uid := fmt.Sprintf("new%04d", i)
		writes[i] = tandem.Write{Op: tandem.Create, ID: tandem.ID(uid + ".vcf"), Record: tandem.Record{Body: tandem.Bytes(aCard(uid, "N"))}}
	}
	return writes
}

// TestACancelledApply is cut short in the middle: what it says was done is there, the rest is not, and nothing else is.
func TestACancelledApply(t *testing.T) {
	for _, stop := range []int64{1, handful + 1, 300, 699} {
		t.Run(fmt.Sprint(stop), func(t *testing.T) {
			f := open1(t, tandem.Contact, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			writes := creates(700)
			var staged atomic.Int64
			for i := range writes {
				writes[i].Progress = func(int64) {
					if staged.Add(1) == stop {
						cancel()
					}
				}
			}
			out, err := f.Apply(ctx, writes)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			all := f.list()
			done := 0
			for i, o := range out {
				c, there := all[writes[i].ID]
				switch {
				case o.Status == tandem.Applied && (!there || c.Version != o.Version && !strings.Contains(string(o.Version), raceMark)):
					t.Errorf("write %d is applied at %q and listed at %q", i, o.Version, c.Version)
				case o.Status == tandem.Applied:
					done++
				case o.Status != tandem.RetryAfter || there:
					t.Errorf("write %d: %v (%v), there: %v", i, o.Status, o.Err, there)
				}
			}
			if names, err := os.ReadDir(f.dir); err != nil || len(names) != done+1 {
				t.Errorf("%d files, want %d and the identity (%v)", len(names), done, err)
			}
		})
	}
}

// TestWritesAboutOneName are performed in their order, however many others are between them.
func TestWritesAboutOneName(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"old.vcf": aCard("old", "Old"), "gone.vcf": aCard("gone", "Gone"), "two.vcf": aCard("x", "X") + aCard("y", "Y")})
	all := f.list()
	writes := append([]tandem.Write{
		{Op: tandem.Delete, ID: "gone.vcf", If: all["gone.vcf"].Version},
		{Op: tandem.Update, ID: "two.vcf/x", If: all["two.vcf/x"].Version, Record: tandem.Record{Body: tandem.Bytes(aCard("x", "Changed"))}},
	}, creates(300)...)
	writes = append(writes,
		tandem.Write{Op: tandem.Create, ID: "gone.vcf", Record: tandem.Record{Body: tandem.Bytes(aCard("gone", "Back"))}},
		tandem.Write{Op: tandem.Move, ID: "old.vcf", To: "moved.vcf", If: all["old.vcf"].Version},
		tandem.Write{Op: tandem.Update, ID: "new0001.vcf", If: "not known yet", Record: tandem.Record{Body: tandem.Bytes(aCard("new0001", "Too early"))}},
		tandem.Write{Op: tandem.Create, ID: "new0002.vcf", Record: tandem.Record{Body: tandem.Bytes(aCard("new0002", "Again"))}},
	)
	out, err := f.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[tandem.ID]bool{"new0001.vcf": true, "new0002.vcf": true}
	for i, o := range out {
		want := tandem.Applied
		if i >= 302 && refused[writes[i].ID] {
			want = tandem.PreconditionFailed
		}
		if o.Status != want {
			t.Errorf("write %d, %v %s: %v (%v), want %v", i, writes[i].Op, writes[i].ID, o.Status, o.Err, want)
		}
	}
	for name, want := range map[string]string{"gone.vcf": aCard("gone", "Back"), "moved.vcf": aCard("old", "Old"), "new0001.vcf": aCard("new0001", "N"),
		"new0002.vcf": aCard("new0002", "N"), "two.vcf": aCard("x", "Changed") + aCard("y", "Y")} {
		if got := f.get(name); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if now := f.list(); len(now) != 304 || now["moved.vcf"].Version != out[303].Version {
		t.Errorf("%d records, moved at %q, want 304 and %q", len(now), now["moved.vcf"].Version, out[303].Version)
	}
}

// TestFlushesAreGathered has the disk asked once for what waits, and for the rest when there is enough of it.
func TestFlushesAreGathered(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	r := f.Replica.(*Replica)
	d, err := openDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for _, c := range []struct{ jobs, first int }{{0, 0}, {10, 10}, {flushFrom - 1, flushFrom - 1}, {1000, 1000}} {
		jobs := make([]*job, c.jobs)
		staged, flushed := make(chan []*job, 1000), make(chan []*job, 1000)
		for i := range jobs {
			jobs[i] = &job{w: &tandem.Write{Op: tandem.Delete}, out: &tandem.Outcome{}}
		}
		for at := 0; at < len(jobs); at += handful {
			staged <- jobs[at:min(at+handful, len(jobs))]
		}
		close(staged)
		if err := r.flushAll(t.Context(), d, staged, flushed); err != nil {
			t.Fatal(err)
		}
		close(flushed)
		var got []*job
		groups := 0
		for part := range flushed {
			if groups++; groups == 1 && len(part) != c.first {
				t.Errorf("%d jobs: the first flush has %d, want %d", c.jobs, len(part), c.first)
			}
			got = append(got, part...)
		}
		if len(got) != len(jobs) {
			t.Errorf("%d of %d jobs came through", len(got), len(jobs))
		}
		for i := range got {
			if got[i] != jobs[i] {
				t.Fatalf("job %d of %d is out of order", i, c.jobs)
			}
		}
	}
}
