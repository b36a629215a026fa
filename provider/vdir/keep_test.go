package vdir

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tandem"
)

func TestAListedFileIsFetchedAsItIsNow(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"a.vcf": aCard("a", "Same"), "b.vcf": aCard("b", "Old"), "c.vcf": aCard("c", "Gone"), "two.vcf": aCard("x", "X") + aCard("y", "Y")})
	r := f.Replica.(*Replica)
	r.times = vague // what was written just now is kept only once it cannot change unseen
	all := f.list()
	f.put("b.vcf", aCard("b", "New"))
	f.put("c.vcf", "BEGIN:VCARD")
	for range 2 { // the second time, nothing is kept any more
		for id, want := range map[tandem.ID]string{"a.vcf": aCard("a", "Same"), "b.vcf": aCard("b", "New"), "two.vcf/x": aCard("x", "X")} {
			if got, err := f.body(id); err != nil || got != want {
				t.Errorf("%s: %q, %v", id, got, err)
			}
		}
		if _, err := f.body("c.vcf"); !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("error %v of a file that was torn since", err)
		}
	}
	for rec, err := range f.Fetch(t.Context(), []tandem.ID{"a.vcf"}) {
		c := all["a.vcf"]
		if err != nil || rec.Version != c.Version || rec.UID != "a" || rec.Size != c.Size || rec.Node != c.Node {
			t.Errorf("fetched %+v (%v), listed %+v", rec, err, c)
		}
	}
}

func TestKeptIsBounded(t *testing.T) {
	var k kept
	add := func(name string, n int) {
		k.add(&file{name: name, data: []byte(strings.Repeat("x", n)), records: []record{{uid: name}}})
	}
	add("a", keepBytes-10)
	add("b", 11)
	add("c", 10)
	for name, want := range map[string]bool{"a": true, "b": false, "c": true} {
		got, ok := k.take(name)
		if ok != want || ok && got.uid != name {
			t.Errorf("%s: %v, %q", name, ok, got.uid)
		}
	}
	if _, ok := k.take("a"); ok || k.bytes != 0 {
		t.Errorf("given away twice, or %d bytes left", k.bytes)
	}
	add("b", 11)
	k.forget()
	if _, ok := k.take("b"); ok || k.bytes != 0 {
		t.Error("kept although forgotten")
	}
}

func TestInParallel(t *testing.T) {
	for _, n := range []int{0, 1, 15, 1000} {
		var mu sync.Mutex // guards done
		done := map[int]int{}
		err := inParallel(n, func(part func() (int, bool)) error {
			for i, ok := part(); ok; i, ok = part() {
				mu.Lock()
				done[i]++
				mu.Unlock()
			}
			return nil
		})
		if err != nil || len(done) != n {
			t.Errorf("%d of %d done (%v)", len(done), n, err)
		}
		for i, times := range done {
			if times != 1 || i >= n {
				t.Errorf("number %d of %d done %d times", i, n, times)
			}
		}
	}
	torn := errors.New("torn")
	if err := inParallel(100, func(func() (int, bool)) error { return torn }); !errors.Is(err, torn) {
		t.Errorf("error %v", err)
	}
}

// TestWaysOfCreating goes each way in which a file comes to its name.
func TestWaysOfCreating(t *testing.T) {
	for name, set := range map[string]func(*Replica){
		"as here":           func(*Replica) {}, // also the ticking clock, where files get their times from it
		"temporary names":   func(r *Replica) { r.nameless = 0 },
		"a few nameless":    func(r *Replica) { r.nameless = min(r.nameless, 3) },
		"inexact times":     func(r *Replica) { r.times = vague },
		"unstable inodes":   func(r *Replica) { r.stable, r.times = false, vague },
		"all of them wrong": func(r *Replica) { r.nameless, r.times, r.stable = 0, vague, false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open1(t, tandem.Contact, map[string]string{"u7.vcf": aCard("stranger", "Mine")})
			r := f.Replica.(*Replica)
			set(r)
			var err error
			if r.identity, err = r.readIdentity(); err != nil { // it has the inode number in it
				t.Fatal(err)
			}
			var writes []tandem.Write
			for i := range 10 {
				uid := fmt.Sprintf("u%d", i)
				writes = append(writes, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(uid), Record: tandem.Record{Body: tandem.Bytes(aCard(uid, "N"))}})
			}
			writes = append(writes, tandem.Write{Op: tandem.Create, ID: "u7.vcf", Record: tandem.Record{Body: tandem.Bytes(aCard("u7", "N"))}})
			out, err := f.Apply(t.Context(), writes)
			if err != nil {
				t.Fatal(err)
			}
			all := f.list()
			for i, o := range out[:10] {
				if c := all[o.ID]; o.Status != tandem.Applied || o.Version != c.Version || strings.Contains(string(o.Version), raceMark) {
					t.Errorf("write %d: %v (%v) at %q, listed at %q", i, o.Status, o.Err, o.Version, c.Version)
				}
				if got, err := f.body(o.ID); err != nil || got != aCard(fmt.Sprintf("u%d", i), "N") {
					t.Errorf("write %d: %q (%v)", i, got, err)
				}
			}
			if out[10].Status != tandem.PreconditionFailed || f.get("u7.vcf") != aCard("stranger", "Mine") {
				t.Errorf("a taken name: %v (%v)", out[10].Status, out[10].Err)
			}
			if len(all) != 11 {
				t.Errorf("%d records, want 11", len(all))
			}
		})
	}
}
