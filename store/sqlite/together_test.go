package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

func people(t *testing.T, st *store.Store) tandem.Collection {
	t.Helper()
	must(t, st.Accounts.AddUser(t.Context(), store.User{Name: "ann"}))
	c, err := st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "people"})
	must(t, err)
	return c
}

// TestWordsOfManyWrites: what one transaction did to records, some of them several times, is what they are found by afterwards, and nothing else is kept.
func TestWordsOfManyWrites(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	c := people(t, st)
	want := map[string][]string{} // words by record
	var all []store.HomeWrite
	seq := int64(0)
	do := func(op tandem.Op, id, name string, keys ...string) {
		w := store.HomeWrite{Write: tandem.Write{Op: op, ID: tandem.ID(id), Record: tandem.Record{Body: tandem.Bytes(name)}}, Index: tandem.Index{Name: name, Keys: keys}}
		if op != tandem.Create {
			w.If = tandem.Version(strconv.FormatInt(seq, 10)) // what the write before made
		}
		seq++
		all = append(all, w)
		delete(want, id)
		if op != tandem.Delete {
			want[id] = strings.Fields(strings.Join(append(keys, name), " "))
		}
	}
	for i := range 100 {
		id := fmt.Sprint("r", i)
		do(tandem.Create, id, fmt.Sprint("first", i), "shared", fmt.Sprint("key", i%7))
		if i%2 == 0 {
			do(tandem.Update, id, fmt.Sprint("second", i), "shared", fmt.Sprint("other", i%7))
		}
		if i%4 == 0 {
			do(tandem.Update, id, fmt.Sprint("first", i), "shared", fmt.Sprint("key", i%7))
		}
		if i%5 == 0 {
			do(tandem.Delete, id, "")
		}
		if i%10 == 0 {
			do(tandem.Create, id, fmt.Sprint("third", i), "again")
		}
	}
	out, err := st.Home.Write(t.Context(), c.ID, store.Author{}, all)
	must(t, err)
	for i, o := range out {
		if o.Status != tandem.Applied {
			t.Fatalf("write %d: %v", i, o.Err)
		}
	}
	for _, word := range []string{"shared", "again", "first4", "second6", "second4", "third10", "key3", "other2"} {
		var got, should []string
		for r, err := range st.Lookup.Match(t.Context(), "ann", tandem.Contact, word, 1000) {
			must(t, err)
			got = append(got, string(r.ID))
		}
		for id, words := range want {
			if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) }) {
				should = append(should, id)
			}
		}
		slices.Sort(got)
		slices.Sort(should)
		if !slices.Equal(got, should) {
			t.Errorf("%s finds %v, want %v", word, got, should)
		}
	}
	must(t, st.Close())
	n := 0
	must(t, raw(t, dir).QueryRow("SELECT count(*) FROM word").Scan(&n))
	if want := len(slices.Concat(slices.Collect(maps.Values(want))...)); n != want {
		t.Errorf("%d words are kept, want %d", n, want)
	}
}

// meeting is a body whose readers wait until so many of them have come.
type meeting struct {
	mu   sync.Mutex
	left int
	all  chan struct{}
	fail error
}

// Open implements tandem.Body.
func (m *meeting) Open() (io.ReadCloser, error) {
	m.mu.Lock()
	if m.left--; m.left == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
	if m.fail != nil {
		return nil, m.fail
	}
	return io.NopCloser(strings.NewReader("body")), nil
}

// Size implements tandem.Body.
func (*meeting) Size() int64 { return 4 }

// TestBodiesAreReadTogether: bodies that are not in memory are read several at a time, since large ones wait for the disk; one that cannot be read fails its own write only, and where nothing is done
// any more the whole.
func TestBodiesAreReadTogether(t *testing.T) {
	st := openMemory(t)
	c := people(t, st)
	writes := func(m *meeting) (list []store.HomeWrite) {
		for i := range 4 {
			list = append(list, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: m}}, Title: fmt.Sprint(i)})
		}
		return append(list, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes("in memory")}}})
	}
	count := func(out []tandem.Outcome) (applied int) {
		for _, o := range out {
			if o.Status == tandem.Applied {
				applied++
			}
		}
		return applied
	}
	out, err := st.Home.Write(t.Context(), c.ID, store.Author{}, writes(&meeting{left: 4, all: make(chan struct{})}))
	if must(t, err); count(out) != 5 {
		t.Errorf("outcomes %v", out)
	}
	torn := errors.New("torn")
	out, err = st.Home.Write(t.Context(), c.ID, store.Author{}, writes(&meeting{left: 4, all: make(chan struct{}), fail: torn}))
	if must(t, err); count(out) != 1 || out[0].Status != tandem.RetryAfter || !errors.Is(out[3].Err, torn) {
		t.Errorf("outcomes %v", out)
	}
	for _, cause := range []error{&tandem.Error{Kind: tandem.Full}, context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		if cause == context.Canceled {
			cancel()
		}
		out, err = st.Home.Write(ctx, c.ID, store.Author{}, writes(&meeting{left: 1, all: make(chan struct{}), fail: cause}))
		if !errors.Is(err, cause) || count(out) != 0 || len(out) != 5 || out[4].Status != tandem.RetryAfter || out[4].ID != "" {
			t.Errorf("%v: error %v, outcomes %v", cause, err, out)
		}
		cancel()
	}
}
