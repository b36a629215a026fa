package vdir

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"tandem"
)

// TestCreatesBesideOneAnother: several calls of Apply make new files at the same time, some of which want the same names. Each name is given
// once, each outcome is what a listing shows, and the next listing need not read what was made.
func TestCreatesBesideOneAnother(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	seq, end := f.Changes(t.Context(), "")
	for range seq {
	}
	const calls, each, shared = 3, 200, 50
	outs := make([][]tandem.Outcome, calls)
	var all sync.WaitGroup
	for c := range calls {
		writes := creates(each)
		for i := shared; i < each; i++ { // the first ones are the same in all calls
			uid := fmt.Sprintf("call%d-%04d", c, i)
			writes[i].ID = tandem.ID(uid + ".vcf")
			writes[i].Record.Body = tandem.Bytes(aCard(uid, "N"))
		}
		all.Go(func() {
			var err error
			if outs[c], err = f.Apply(context.Background(), writes); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	cursor := f.Replica.(*Replica).Advance(end().Next)
	listed, _ := f.after(cursor)
	made := map[tandem.ID]int{}
	for c, out := range outs {
		for i, o := range out {
			switch {
			case o.Status == tandem.Applied:
				made[o.ID]++
				if listed[o.ID].Version != o.Version {
					t.Errorf("%s is listed at %q and was made at %q", o.ID, listed[o.ID].Version, o.Version)
				}
			case i >= shared || o.Status != tandem.PreconditionFailed || !tandem.IsKind(o.Err, tandem.Exists):
				t.Errorf("create %d of call %d: %v (%v)", i, c, o.Status, o.Err)
			}
		}
	}
	if want := shared + calls*(each-shared); len(made) != want || len(listed) != want {
		t.Errorf("%d made and %d listed, want %d", len(made), len(listed), want)
	}
	for id, n := range made {
		if n != 1 {
			t.Errorf("%s was made %d times", id, n)
		}
	}
	if read := f.unread(cursor); len(read) != len(listed) {
		t.Errorf("%d of %d files need not be read again", len(read), len(listed))
	}
	names, err := os.ReadDir(f.dir)
	for _, e := range names {
		if name := e.Name(); name != metaName && (err != nil || !strings.HasSuffix(name, ".vcf")) {
			t.Errorf("%s is left (%v)", name, err)
		}
	}
}

// TestAnUpdateWaitsForCreates: a call that changes what is there works alone.
func TestAnUpdateWaitsForCreates(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"old.vcf": aCard("old", "Old")})
	old := f.list()["old.vcf"]
	writes := creates(100)
	working, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	for i := range writes {
		writes[i].Progress = func(int64) { once.Do(func() { close(working); <-goOn }) }
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := f.Apply(context.Background(), writes); err != nil {
			t.Error(err)
		}
	})
	<-working
	if r := f.Replica.(*Replica); r.writing.TryLock() {
		t.Error("nobody works in the folder")
		r.writing.Unlock()
	}
	close(goOn)
	out := f.write(tandem.Write{Op: tandem.Update, ID: "old.vcf", If: old.Version, Record: tandem.Record{Body: tandem.Bytes(aCard("old", "New"))}})
	if out.Status != tandem.Applied || len(f.list()) != 101 {
		t.Errorf("%v (%v), %d files", out.Status, out.Err, len(f.list()))
	}
	all.Wait()
}
