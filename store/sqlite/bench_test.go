package sqlite_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

func fileRows(n int) []tandem.Row {
	rows := make([]tandem.Row, n)
	for i := range rows {
		sum := sha256.Sum256(fmt.Append(nil, i))
		attrs := tandem.Attrs("mode=644&mtime=17000000000" + fmt.Sprint(i))
		show := func(side string) tandem.Shown {
			return tandem.Shown{ID: tandem.ID(fmt.Sprintf("folder-%d/sub folder %d/file number %d.txt", i/1000, i/30, i)), Version: tandem.Version(fmt.Sprintf("%s%x-%x-%x", side, i*977, i, 1700000000000+i)),
				Digest: sum, Attrs: attrs, Node: fmt.Sprintf("%s:%d", side, i), Size: int64(i)}
		}
		rows[i] = tandem.Row{A: show("a"), B: show("b")}
	}
	return rows
}

func openFile(tb testing.TB) *store.Store {
	tb.Helper()
	st, err := sqlite.Open(tb.TempDir(), sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { st.Close() })
	return st
}

func BenchmarkBaseCommit(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			st := openFile(b)
			ctx := context.Background()
			rows := fileRows(n)
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				p, err := st.Bases.Open(ctx, fmt.Sprint(i))
				if err != nil {
					b.Fatal(err)
				}
				for i := range rows {
					rows[i].Link = 0
				}
				b.StartTimer()
				if err := st.Bases.Commit(ctx, p.ID, store.Commit{Put: rows}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBaseUse(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		st := openFile(b)
		ctx := context.Background()
		rows := fileRows(n)
		p, err := st.Bases.Open(ctx, "k")
		if err != nil {
			b.Fatal(err)
		}
		if err := st.Bases.Commit(ctx, p.ID, store.Commit{Put: rows}); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("rows-", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				count := 0
				for _, err := range st.Bases.Rows(ctx, p.ID) {
					if err != nil {
						b.Fatal(err)
					}
					count++
				}
				if count != n {
					b.Fatal(count)
				}
			}
		})
		b.Run(fmt.Sprint("rowsOf-", n), func(b *testing.B) {
			for b.Loop() {
				got, err := st.Bases.RowsOf(ctx, p.ID, tandem.SideB, []tandem.ID{rows[7].B.ID, rows[n/2].B.ID})
				if err != nil || len(got) != 2 {
					b.Fatal(len(got), err)
				}
			}
		})
		b.Run(fmt.Sprint("commit-1%-", n), func(b *testing.B) {
			var some []tandem.Row
			for i := 0; i < n; i += 100 {
				some = append(some, rows[i])
			}
			for b.Loop() {
				if err := st.Bases.Commit(ctx, p.ID, store.Commit{Put: some}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			st, err := sqlite.OpenMemory(sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			st.Close()
		}
	})
	b.Run("existing", func(b *testing.B) {
		dir := filepath.Join(b.TempDir(), "data")
		for b.Loop() {
			st, err := sqlite.Open(dir, sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := st.Bases.Open(context.Background(), "k"); err != nil {
				b.Fatal(err)
			}
			st.Close()
		}
	})
	b.Run("new", func(b *testing.B) {
		top := b.TempDir()
		for i := 0; b.Loop(); i++ {
			st, err := sqlite.Open(filepath.Join(top, fmt.Sprint(i)), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			st.Close()
		}
	})
}

func BenchmarkHomeWrite(b *testing.B) {
	st := openFile(b)
	ctx := context.Background()
	if err := st.Accounts.AddUser(ctx, store.User{Name: "u"}); err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 700)
	for i := 0; b.Loop(); i++ {
		c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "u", Kind: tandem.Contact, Name: fmt.Sprint(i)})
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < 5000; n += 100 {
			var writes []store.HomeWrite
			for k := range 100 {
				uid := fmt.Sprintf("%d-%d-%d", i, n, k)
				writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Marker: tandem.Marker(uid), Record: tandem.Record{Body: tandem.Bytes(append(body, uid...))}},
					Digest: sha256.Sum256([]byte(uid)), Index: tandem.Index{UID: uid, Name: "name"}})
			}
			if _, err := st.Home.Write(ctx, c.ID, store.Author{User: "u"}, writes); err != nil {
				b.Fatal(err)
			}
		}
		recs, _, err := st.Home.Since(ctx, c.ID, 0, 0)
		if err != nil || len(recs) != 5000 {
			b.Fatal(len(recs), err)
		}
		ids := make([]tandem.ID, len(recs))
		for i := range recs {
			ids[i] = recs[i].ID
		}
		count := 0
		for _, err := range st.Home.Get(ctx, c.ID, ids) {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != 5000 {
			b.Fatal(count)
		}
	}
}

// BenchmarkContactsCommit is what a first sync of 5,000 contacts leaves in the store.
func BenchmarkContactsCommit(b *testing.B) {
	st := openFile(b)
	ctx := context.Background()
	for i := 0; b.Loop(); i++ {
		p, err := st.Bases.Open(ctx, fmt.Sprint(i))
		if err != nil {
			b.Fatal(err)
		}
		rows := fileRows(5000)
		bodies := make([]tandem.Bytes, len(rows))
		for k := range rows {
			bodies[k] = fmt.Appendf(make([]byte, 0, 800), "%d %d %0700d", i, k, k)
			rows[k].Body = sha256.Sum256(bodies[k])
		}
		if err := st.Bases.Commit(ctx, p.ID, store.Commit{Put: rows, Bodies: bodies}); err != nil {
			b.Fatal(err)
		}
	}
}
