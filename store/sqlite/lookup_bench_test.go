package sqlite_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"testing"

	"tandem"
	"tandem/store"
)

// BenchmarkLookup measures the look-ups of front doors on collections of two sizes: the cost must follow what is found, not what is there.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{2_000, 50_000} {
		st, ctx := openFile(b), context.Background()
		if err := st.Accounts.AddUser(ctx, store.User{Name: "u"}); err != nil {
			b.Fatal(err)
		}
		c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "u", Kind: tandem.Event, Name: "c"})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; i < n; i += 1000 {
			var writes []store.HomeWrite
			for k := i; k < i+1000; k++ {
				id := fmt.Sprint("record-", k)
				start := int64(k) * 3600
				writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Record: tandem.Record{Body: tandem.Bytes(id)}}, Digest: sha256.Sum256([]byte(id)),
					Index: tandem.Index{UID: id, Start: start, End: start + 1800, Name: fmt.Sprintf("name%d person", k)}})
			}
			if _, err := st.Home.Write(ctx, c.ID, store.Author{User: "u"}, writes); err != nil {
				b.Fatal(err)
			}
		}
		count := func(seq iter.Seq2[store.HomeRecord, error]) (found int) {
			for _, err := range seq {
				if err != nil {
					b.Fatal(err)
				}
				found++
			}
			return found
		}
		from := int64(n/2) * 3600
		for name, f := range map[string]func() int{
			"byNumber": func() int { return count(st.Lookup.ByNumber(ctx, c.ID, []int64{int64(n / 2)})) },
			"byUID":    func() int { return count(st.Lookup.ByUID(ctx, "u", tandem.Event, fmt.Sprint("record-", n/2))) },
			"during":   func() int { return count(st.Lookup.During(ctx, c.ID, from, from+10*3600)) - 9 },
			"match":    func() int { return count(st.Lookup.Match(ctx, "u", tandem.Event, fmt.Sprint("name", n/2), 1)) },
			"ended": func() int {
				list, err := st.Lookup.Ended(ctx, c.ID, int64(n), from, from+10*3600, 0, 0, 0)
				if err != nil {
					b.Fatal(err)
				}
				return len(list) - 9
			},
			"at": func() int {
				if _, err := st.Lookup.At(ctx, c.ID, int64(n/2), int64(n)); err != nil {
					b.Fatal(err)
				}
				return 1
			},
			"count": func() int {
				live, changed, err := st.Lookup.Count(ctx, c.ID, int64(n-1))
				if err != nil || live != n {
					b.Fatal(live, err)
				}
				return changed
			},
		} {
			b.Run(fmt.Sprint(name, "-", n), func(b *testing.B) {
				for b.Loop() {
					if got := f(); got != 1 {
						b.Fatal(got)
					}
				}
			})
		}
	}
}

// BenchmarkBelow lists a directory of 20 directories, with few files below them and with many: what is deeper must cost nothing.
func BenchmarkBelow(b *testing.B) {
	for _, n := range []int{10, 1000} {
		st, ctx := openFile(b), context.Background()
		if err := st.Accounts.AddUser(ctx, store.User{Name: "u"}); err != nil {
			b.Fatal(err)
		}
		c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "u", Kind: tandem.File, Name: "c"})
		if err != nil {
			b.Fatal(err)
		}
		for d := range 20 {
			dir := tandem.ID(fmt.Sprint("dir", d))
			writes := []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: dir, Record: tandem.Record{Meta: tandem.Meta{Attrs: "type=dir"}}}}}
			for f := range n {
				writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: dir + tandem.ID(fmt.Sprint("/file", f)), Record: tandem.Record{Body: tandem.Bytes("x")}}})
			}
			if _, err := st.Home.Write(ctx, c.ID, store.Author{User: "u"}, writes); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprint("files=", 20*n), func(b *testing.B) {
			for b.Loop() {
				found := 0
				for _, err := range st.Lookup.Below(ctx, c.ID, "", false) {
					if err != nil {
						b.Fatal(err)
					}
					found++
				}
				if found != 20 {
					b.Fatalf("found %d", found)
				}
			}
		})
	}
}
