package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
	"tandem/store/sqlite"
)

var (
	doctorRecords = flag.Int("doctor.records", 500, "how many records the store holds over which TestLargeDoctor runs")
	doctorData    = flag.String("doctor.data", "", "the folder of that store, which is made if it is not there and stays; empty: one of the test's own")
)

// largeStore fills a data folder with mail, contacts and their histories: most bodies are small, some are files of their own.
func largeStore(t *testing.T, dir string, records int) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	st, err := sqlite.Open(dir, sqlite.Options{})
	check(err)
	defer st.Close()
	check(st.Accounts.AddUser(ctx, store.User{Name: "anna"}))
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, k := range []struct {
		kind tandem.Kind
		part int
		size func() int
	}{
		{tandem.Mail, 80, func() int {
			if rnd.IntN(50) == 0 {
				return 33<<10 + rnd.IntN(100<<10)
			}
			return 500 + rnd.IntN(8<<10)
		}},
		{tandem.Contact, 20, func() int { return 200 + rnd.IntN(800) }},
	} {
		c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: k.kind, Name: "large"})
		check(err)
		for n, total := 0, records*k.part/100; n < total; {
			var writes []store.HomeWrite
			for ; n < total && len(writes) < 500; n++ {
				body := make([]byte, k.size())
				for i := range body {
					body[i] = "abcdefghijklmnopqrstuvwxyz \n"[rnd.IntN(28)]
				}
				w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprint(n)), Record: tandem.Record{Meta: tandem.Meta{UID: fmt.Sprint(k.kind, n)}, Body: tandem.Bytes(body)}}, Title: fmt.Sprint("Record ", n)}
				w.Index.Text = string(body[:100])
				writes = append(writes, w)
			}
			_, err := st.Home.Write(ctx, c.ID, store.Author{User: "anna"}, writes)
			check(err)
		}
	}
}

// TestLargeDoctor looks a large store over, as `tandem doctor` does, and holds how often it tells how far it is.
func TestLargeDoctor(t *testing.T) {
	dir := *doctorData
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "data")
	}
	if _, err := os.Stat(dir); err != nil {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		largeStore(t, dir, *doctorRecords)
	}
	a := &app{data: dir, in: os.Stdin, out: os.Stderr, err: os.Stderr}
	began := time.Now()
	last, longest, at := began, time.Duration(0), ""
	told := 0
	err := a.with(t.Context(), func(s center.Service) error {
		err := s.Verify(t.Context(), func(v store.Verified) {
			told++
			if now := time.Now(); now.Sub(last) > longest {
				longest, at = now.Sub(last), fmt.Sprintf("%d of %d, %s", v.Done, v.Total, ui.Size(v.Bytes))
			}
			last = time.Now()
		})
		if err != nil {
			return err
		}
		verified := time.Now()
		checks, err := s.Checks(context.WithoutCancel(t.Context()), "")
		for _, c := range checks {
			if c.Level == "fail" {
				t.Errorf("%+v", c)
			}
		}
		t.Logf("bodies: %s, told %d times, at most %s apart (%s); all else: %s", verified.Sub(began), told, longest, at, time.Since(verified))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shows hands on what a progress display is shown.
type shows struct {
	ui.Silent
	list chan ui.State
}

// Show implements ui.Progress.
func (s shows) Show(st ui.State) { s.list <- st }

// TestDuring: what cannot tell how far it is is shown to go on until it is over.
func TestDuring(t *testing.T) {
	s := shows{list: make(chan ui.State)}
	during(s, time.Millisecond, "checks", "looking", func() {
		for range 3 {
			if st := <-s.list; st.Name != "checks" || st.Step != "looking" || st.Thing == "" {
				t.Errorf("%+v", st)
			}
		}
		go func() {
			for range s.list { // one more may be on its way
			}
		}()
	})
	close(s.list)
}
