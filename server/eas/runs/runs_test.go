package runs_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/server/eas"
	"tandem/server/eas/proto"
	"tandem/server/eas/runs"
	"tandem/wire/wbxml"
)

// kit is a book in a bubble whose clock is its own.
type kit struct {
	*testing.T
	book *runs.Book
	stop func()

	mu   sync.Mutex // guards what follows
	told []runs.Run
	goes []string
}

func newKit(t *testing.T) *kit {
	k := &kit{T: t}
	k.book = runs.New(time.Now, func(r runs.Run) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.told = append(k.told, r)
	})
	k.book.Follow(func(r runs.Run, over bool) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.goes = append(k.goes, fmt.Sprint(r.To.New, " ", r.From.New, " ", over))
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.book.Run(ctx) }()
	k.stop = func() { cancel(); <-done }
	t.Cleanup(k.stop)
	return k
}

// after lets time go by, and returns what was told meanwhile.
func (k *kit) after(d time.Duration) []runs.Run {
	time.Sleep(d) // of the bubble
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	out := k.told
	k.told = nil
	return out
}

func (k *kit) ask(device string, command string, asked, answered *wbxml.Element) {
	done := k.book.Watch(eas.Asked{User: "ann", DeviceID: device, Command: command, Body: asked})
	if done == nil {
		k.Fatalf("%s is not watched", command)
	}
	done(eas.Answered{Code: 200, Response: proto.Answer(answered)})
}

// folder is what a Sync says of folder 7.
func folder(key string, more ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, key), wbxml.Text(wbxml.AirSyncCollectionId, "7")).Add(more...)
}

func syncs(list ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, list...))
}

func status(n int) *wbxml.Element { return wbxml.Text(wbxml.AirSyncStatus, strconv.Itoa(n)) }

// fine is an answer about folder 7.
func fine(key string, more ...*wbxml.Element) *wbxml.Element {
	return syncs(folder(key, append([]*wbxml.Element{status(1)}, more...)...))
}

// commands are so many commands of each tag.
func commands(of ...any) *wbxml.Element {
	e := wbxml.New(wbxml.AirSyncCommands)
	for i := 0; i < len(of); i += 2 {
		for n := range of[i+1].(int) {
			e.Add(wbxml.New(of[i].(wbxml.Tag), wbxml.Text(wbxml.AirSyncServerId, fmt.Sprintf("7:%d", n))))
		}
	}
	return e
}

func more() *wbxml.Element { return wbxml.Empty(wbxml.AirSyncMoreAvailable) }

// TestRun: requests that follow one another are one run, which is over after ten seconds of quiet.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.ask("PHONE", "Sync", syncs(folder("0")), fine("k1"))
		k.ask("PHONE", "Sync", syncs(folder("k1")), fine("k2", more(), commands(wbxml.AirSyncAdd, 3)))
		if got := k.after(5 * time.Second); got != nil {
			t.Fatalf("told early: %+v", got)
		}
		k.ask("PHONE", "Sync", syncs(folder("k2", commands(wbxml.AirSyncAdd, 2, wbxml.AirSyncChange, 1, wbxml.AirSyncDelete, 1))),
			fine("k3", commands(wbxml.AirSyncAdd, 1, wbxml.AirSyncChange, 2, wbxml.AirSyncDelete, 1, wbxml.AirSyncSoftDelete, 4)))
		if got := k.after(runs.Quiet - time.Millisecond); got != nil {
			t.Fatalf("told early: %+v", got)
		}
		want := runs.Run{User: "ann", DeviceID: "PHONE", Collection: 7, Began: began, Ended: began.Add(5 * time.Second), InStep: true,
			To: runs.Counts{New: 4, Changed: 2, Deleted: 1, Beyond: 4}, From: runs.Counts{New: 2, Changed: 1, Deleted: 1}}
		if got := k.after(time.Millisecond); len(got) != 1 || got[0] != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if n := k.book.Going(); n != 0 {
			t.Errorf("%d runs go on", n)
		}
	})
}

// TestNoNoise: what carries nothing is no run, and what is no sync is not looked at.
func TestNoNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.ask("PHONE", "Sync", syncs(folder("0")), fine("k1"))
		k.ask("PHONE", "Sync", syncs(folder("k1")), fine("k2"))
		k.ask("PHONE", "Sync", nil, nil)
		k.ask("PHONE", "Sync", syncs(folder("k0")), syncs(folder("k0", status(3))))
		recipients := wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncCollectionId, "RI"), status(1), commands(wbxml.AirSyncAdd, 1))
		k.ask("PHONE", "Sync", syncs(recipients), syncs(recipients))
		for _, name := range []string{"Ping", "ItemOperations", "FolderSync", "Settings", "GetItemEstimate"} {
			if k.book.Watch(eas.Asked{User: "ann", DeviceID: "PHONE", Command: name}) != nil {
				t.Errorf("%s is watched", name)
			}
		}
		if k.book.Watch(eas.Asked{User: "ann", DeviceID: "PHONE", Command: "Sync", Refused: 102}) != nil {
			t.Error("a request that makes no sense is watched")
		}
		if got := k.after(runs.Longest); got != nil || k.book.Going() != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestUnfinished: a device that has not fetched everything gets more time, and is told of as not in step; so is one that could not be told.
func TestUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.ask("PHONE", "Sync", syncs(folder("k1")), fine("k2", more(), commands(wbxml.AirSyncAdd, 3)))
		if got := k.after(runs.Slow - time.Second); got != nil {
			t.Fatalf("told early: %+v", got)
		}
		if got := k.after(time.Second); len(got) != 1 || got[0].InStep || got[0].To.New != 3 {
			t.Errorf("%+v", got)
		}
		k.ask("PHONE", "Sync", syncs(folder("k2")), fine("k3", commands(wbxml.AirSyncAdd, 3)))
		k.ask("PHONE", "Sync", syncs(folder("k3")), syncs(folder("k3", status(5))))
		if got := k.after(runs.Quiet); len(got) != 1 || got[0].InStep {
			t.Errorf("%+v", got)
		}
		// It sends without asking what is new: that says nothing.
		silent := wbxml.Text(wbxml.AirSyncGetChanges, "0")
		k.ask("PHONE", "Sync", syncs(folder("k3")), fine("k4", commands(wbxml.AirSyncAdd, 1)))
		k.ask("PHONE", "Sync", syncs(folder("k4", silent, commands(wbxml.AirSyncAdd, 1))), fine("k5"))
		if got := k.after(runs.Quiet); len(got) != 1 || !got[0].InStep || got[0].From.New != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestRefused: what was not done is not counted as taken, and the deletion of what is gone is as nothing.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		said := func(tag wbxml.Tag, n int) *wbxml.Element { return wbxml.New(tag, status(n)) }
		k.ask("PHONE", "Sync", syncs(folder("k1", commands(wbxml.AirSyncAdd, 2, wbxml.AirSyncChange, 3, wbxml.AirSyncDelete, 2, wbxml.AirSyncFetch, 1))),
			fine("k2", wbxml.New(wbxml.AirSyncResponses, said(wbxml.AirSyncAdd, 1), said(wbxml.AirSyncAdd, 6), said(wbxml.AirSyncChange, 7), said(wbxml.AirSyncDelete, 8), said(wbxml.AirSyncFetch, 8))))
		if got := k.after(runs.Quiet); len(got) != 1 || got[0].From != (runs.Counts{New: 1, Changed: 2, Deleted: 1}) || got[0].Refused != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// TestLostAnswer: a request that comes again, because its answer was lost, counts once.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for range 3 {
			k.ask("PHONE", "Sync", syncs(folder("k1", commands(wbxml.AirSyncAdd, 2))), fine("k2", commands(wbxml.AirSyncAdd, 5)))
		}
		k.ask("PHONE", "Sync", syncs(folder("k2")), fine("k3", commands(wbxml.AirSyncAdd, 1)))
		if got := k.after(runs.Quiet); len(got) != 1 || got[0].To.New != 6 || got[0].From.New != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// TestMoves: a record that was moved is counted in the folder that it left.
func TestMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		resp := func(id string, status int) *wbxml.Element {
			return wbxml.New(wbxml.MoveResponse, wbxml.Text(wbxml.MoveSrcMsgId, id), wbxml.Text(wbxml.MoveStatus, strconv.Itoa(status)))
		}
		k.ask("PHONE", "Sync", syncs(folder("k1")), fine("k2", commands(wbxml.AirSyncAdd, 1)))
		k.ask("PHONE", "MoveItems", wbxml.New(wbxml.MoveMoveItems), wbxml.New(wbxml.MoveMoveItems, resp("7:1", 3), resp("7:2", 3), resp("7:3", 5), resp("8:1", 4), resp("9:1", 3), resp("?", 3)))
		got := k.after(runs.Quiet)
		if len(got) != 2 || got[0].Collection != 7 || got[0].From.Moved != 2 || got[0].Refused != 1 || got[0].To.New != 1 || !got[0].InStep || got[1].Collection != 9 || got[1].From.Moved != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestWaited: the run of a request that waited began with what it waited for.
func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		done := k.book.Watch(eas.Asked{User: "ann", DeviceID: "PHONE", Command: "Sync"})
		time.Sleep(20 * time.Minute)
		done(eas.Answered{Code: 200, Waited: true, Took: time.Millisecond, Response: proto.Answer(fine("k2", commands(wbxml.AirSyncAdd, 1)))})
		if got := k.after(runs.Quiet); len(got) != 1 || got[0].Began != got[0].Ended {
			t.Errorf("%+v", got)
		}
		done = k.book.Watch(eas.Asked{User: "ann", DeviceID: "PHONE", Command: "Sync"})
		done(eas.Answered{Code: 200, Took: 3 * time.Second, Response: proto.Answer(fine("k3", commands(wbxml.AirSyncAdd, 1)))})
		if got := k.after(runs.Quiet); len(got) != 1 || got[0].Ended.Sub(got[0].Began) != 3*time.Second {
			t.Errorf("%+v", got)
		}
	})
}

// TestNeverQuiet: a folder that is never quiet is told of every hour, and what goes on when the hub stops is told, too.
func TestNeverQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		n, told := 0, 0
		for range 2 * runs.Longest / (5 * time.Second) {
			k.ask("PHONE", "Sync", syncs(folder(fmt.Sprint("k", n))), fine(fmt.Sprint("k", n+1), commands(wbxml.AirSyncAdd, 1)))
			n++
			for _, r := range k.after(5 * time.Second) {
				told += r.To.New
			}
		}
		if told < n/2-2 {
			t.Errorf("of %d only %d were told", n, told)
		}
		k.stop()
		for _, r := range k.told {
			told += r.To.New
		}
		if told != n {
			t.Errorf("of %d, %d were told in the end", n, told)
		}
	})
}

// TestManyPhones: a thousand phones that sync ten folders each at once take little memory, all of it for a while, and one more is left out.
func TestManyPhones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		answer := syncs()
		for c := range 10 {
			answer.Child(wbxml.AirSyncCollections).Add(wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "k1"), wbxml.Text(wbxml.AirSyncCollectionId, strconv.Itoa(c+1)), status(1), commands(wbxml.AirSyncAdd, 1)))
		}
		before := held()
		for n := range 1000 {
			k.ask(fmt.Sprint("PHONE", n), "Sync", nil, answer)
		}
		took := held() - before
		if k.book.Going() != 10_000 || took > 10<<20 {
			t.Errorf("%d runs take %d bytes", k.book.Going(), took)
		}
		k.ask("PHONE1000", "Sync", nil, answer)
		if got := k.after(runs.Quiet); len(got) != 10_000 || k.book.Going() != 0 {
			t.Errorf("%d were told, %d go on", len(got), k.book.Going())
		}
		k.ask("PHONE1000", "Sync", nil, answer)
		if got := k.after(runs.Quiet); len(got) != 10 {
			t.Errorf("%d were told", len(got))
		}
	})
}

func held() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkWatch is what a request pays: one of ten folders that brings nothing, and one that brings a hundred records.
func BenchmarkWatch(b *testing.B) {
	asked := syncs()
	for c := range 10 {
		asked.Child(wbxml.AirSyncCollections).Add(wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "k1"), wbxml.Text(wbxml.AirSyncCollectionId, strconv.Itoa(c+1))))
	}
	for name, answer := range map[string]*wbxml.Element{"nothing": nil, "hundred": fine("k2", commands(wbxml.AirSyncAdd, 100))} {
		b.Run(name, func(b *testing.B) {
			book := runs.New(time.Now, func(runs.Run) {})
			b.ReportAllocs()
			for b.Loop() {
				book.Watch(eas.Asked{User: "ann", DeviceID: "PHONE", Command: "Sync", Body: asked})(eas.Answered{Code: 200, Response: proto.Answer(answer)})
			}
		})
	}
}

// TestGoes: whoever follows is told how far a run is each time that it carried something, once that it is over, and nothing of what carries nothing.
func TestGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		heard := func(want ...string) {
			t.Helper()
			k.mu.Lock()
			defer k.mu.Unlock()
			if !slices.Equal(k.goes, want) {
				t.Errorf("told %q, want %q", k.goes, want)
			}
			k.goes = nil
		}
		k.ask("PHONE", "Sync", syncs(folder("0")), fine("k1"))
		k.after(time.Second)
		heard()
		k.ask("PHONE", "Sync", syncs(folder("k1")), fine("k2", more(), commands(wbxml.AirSyncAdd, 3)))
		k.after(time.Second)
		heard("3 0 false")
		k.ask("PHONE", "Sync", syncs(folder("k2", commands(wbxml.AirSyncAdd, 2))), fine("k3", commands(wbxml.AirSyncAdd, 1)))
		k.ask("PHONE", "Sync", syncs(folder("k3")), fine("k4"))
		k.after(time.Second)
		heard("4 2 false")
		k.after(runs.Quiet)
		heard("4 2 true")
		k.ask("PHONE", "Sync", syncs(folder("k4")), fine("k5", commands(wbxml.AirSyncAdd, 7)))
		k.after(time.Second)
		heard("7 0 false")
		k.stop()
		heard("7 0 true")
	})
}
