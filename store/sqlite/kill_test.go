package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SQLITE_TEST_WRITE"); dir != "" {
		writeForever(dir)
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

// largeBody is the body of write n: every third is too large for the database.
func largeBody(n int) string {
	if n%3 == 0 {
		return strings.Repeat(fmt.Sprint("body ", n, " "), 5000)
	}
	return fmt.Sprint("body ", n)
}

// writeForever is the child process. Each line it prints acknowledges a write; it runs until it is killed.
func writeForever(dir string) {
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	ctx := context.Background()
	var out sync.Mutex
	say := func(err error, line string) {
		out.Lock()
		defer out.Unlock()
		if err != nil {
			line = "failed " + err.Error()
		}
		fmt.Println(line)
	}
	cols, err := st.Home.Collections(ctx, "ann")
	if err != nil {
		say(err, "")
		os.Exit(1)
	}
	p, err := st.Bases.Open(ctx, "pair")
	if err != nil {
		say(err, "")
		os.Exit(1)
	}
	seen, _, err := st.Home.Since(ctx, cols[0].ID, 0, 0)
	if err != nil {
		say(err, "")
		os.Exit(1)
	}
	first := len(seen) * 10 // ids nobody has used
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := first; ; n++ {
			id := tandem.ID(fmt.Sprint("r", n))
			outs, err := st.Home.Write(ctx, cols[0].ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Body: tandem.Bytes(largeBody(n))}}}})
			if err == nil && outs[0].Status != tandem.Applied {
				err = outs[0].Err
			}
			say(err, fmt.Sprint("record ", n))
		}
	})
	wg.Go(func() {
		for n := first; ; n++ {
			row := tandem.Row{A: tandem.Shown{ID: tandem.ID(fmt.Sprint("a", n))}, B: tandem.Shown{ID: "b"}}
			err := st.Bases.Commit(ctx, p.ID, store.Commit{Put: []tandem.Row{row}, Bodies: []tandem.Bytes{tandem.Bytes(largeBody(n))}, History: []store.Past{{Record: row.A.ID}}})
			say(err, fmt.Sprint("row ", n))
		}
	})
	wg.Go(func() {
		for n := first; ; n++ {
			sum, _, err := st.Blobs.Put(ctx, strings.NewReader(largeBody(n+1)))
			say(err, "blob "+sum.String())
		}
	})
	wg.Wait()
}

// TestKilled kills a process in the midst of writing, several times over one store, and looks for everything that it
// had acknowledged.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	must(t, st.Accounts.AddUser(t.Context(), store.User{Name: "ann"}))
	_, err = st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "c"})
	must(t, err)
	must(t, st.Close())
	var acked []string
	for round := range 5 {
		acked = append(acked, killAfter(t, dir, 40+37*round)...)
		verifyAcked(t, dir, acked)
	}
	found, err := sqlite.Check(t.Context(), dir)
	if err != nil || len(found) != 0 {
		t.Fatal(found, err)
	}
}

// killAfter lets a child write and kills it after so many acknowledgements. It returns all that it gave.
func killAfter(t *testing.T, dir string, lines int) (acked []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "SQLITE_TEST_WRITE="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	in := bufio.NewScanner(out)
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "failed") {
			t.Errorf("child: %s", in.Text())
		}
		acked = append(acked, in.Text())
		if len(acked) == lines {
			must(t, child.Process.Kill())
		}
	}
	child.Wait() // killed: the error says so
	if len(acked) < lines {
		t.Fatalf("the child ended after %d lines", len(acked))
	}
	if !strings.Contains(acked[len(acked)-1], " ") {
		acked = acked[:len(acked)-1] // cut off by the kill
	}
	return acked
}

func verifyAcked(t *testing.T, dir string, acked []string) {
	t.Helper()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	ctx := t.Context()
	cols, err := st.Home.Collections(ctx, "ann")
	must(t, err)
	p, err := st.Bases.Open(ctx, "pair")
	must(t, err)
	rows := map[tandem.ID]bool{}
	for r, err := range st.Bases.Rows(ctx, p.ID) {
		must(t, err)
		rows[r.A.ID] = true
	}
	if p.Rows != len(rows) {
		t.Errorf("%d rows, counted %d", len(rows), p.Rows)
	}
	past, err := st.History.List(ctx, store.PastFilter{})
	must(t, err)
	if len(past) != len(rows) {
		t.Errorf("%d rows and %d history entries, which were committed together", len(rows), len(past))
	}
	for _, line := range acked {
		what, arg, _ := strings.Cut(line, " ")
		switch what {
		case "record":
			var n int
			fmt.Sscan(arg, &n)
			found := false
			for r, err := range st.Home.Get(ctx, cols[0].ID, []tandem.ID{tandem.ID("r" + arg)}) {
				must(t, err)
				data, err := tandem.ReadBody(r.Body, 1<<20)
				must(t, err)
				found = string(data) == largeBody(n)
			}
			if !found {
				t.Errorf("record %s was acknowledged and is lost", arg)
			}
		case "row":
			if !rows[tandem.ID("a"+arg)] {
				t.Errorf("row %s was acknowledged and is lost", arg)
			}
		case "blob":
			sum, err := tandem.ParseDigest(arg)
			must(t, err)
			if _, err := st.Blobs.Get(ctx, sum); err != nil {
				t.Errorf("blob %s was acknowledged: %v", arg, err)
			}
		}
	}
}
