package interop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	providers "tandem/provider/all"
	"tandem/provider/home"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// bench is a store with the handlers and providers around it.
type bench struct {
	store *store.Store
	kinds map[tandem.Kind]kind.Handler
	reg   *provider.Registry
}

func newBench(t *testing.T) *bench {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Accounts.AddUser(t.Context(), store.User{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	return &bench{st, kinds.Kinds(), providers.Registry()}
}

// records reads everything a place shows, and how many ids it shows as trouble.
func records(t *testing.T, r provider.Replica) (map[tandem.ID][]byte, int) {
	t.Helper()
	ctx := t.Context()
	seq, done := r.Changes(ctx, "")
	var ids []tandem.ID
	trouble := 0
	for c, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		switch c.Presence {
		case tandem.Present:
			ids = append(ids, c.ID)
		case tandem.Problem:
			t.Logf("%v", c.Err)
			trouble++
		}
	}
	if !done().Complete {
		t.Fatal("the listing is not complete")
	}
	out := map[tandem.ID][]byte{}
	for rec, err := range r.Fetch(ctx, ids) {
		if err != nil {
			trouble++
			continue
		}
		body, err := tandem.ReadBody(rec.Body, 1<<26)
		if err != nil {
			t.Fatal(err)
		}
		out[rec.ID] = body
	}
	return out, trouble
}

// through brings one folder through a home collection into another folder and compares the bytes of every body.
func (b *bench) through(t *testing.T, name string, k tandem.Kind, ext string, data []byte) (moved, refused int) {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, d := range []string{from, to} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(from, "corpus"+ext)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // out of reach of the clock's granularity
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	c, err := b.store.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: k, Name: name + string(k)})
	if err != nil {
		t.Fatal(err)
	}
	b.sync(t, from, to, k, c, true)
	b.sync(t, from, to, k, c, false)
	source := b.open(t, from, k)
	defer source.Close()
	target := b.open(t, to, k)
	defer target.Close()
	want, trouble := records(t, source)
	got, more := records(t, target)
	if more > 0 {
		t.Errorf("%s: %d records arrived that cannot be read", name, more)
	}
	arrived := map[string]int{}
	for _, body := range got {
		arrived[string(body)]++
	}
	for id, body := range want {
		if _, err := b.kinds[k].Inspect(body); err != nil {
			t.Logf("%s: %v", name, err)
			refused++ // named as a problem, left where it is
			continue
		}
		if arrived[string(body)] == 0 {
			t.Errorf("%s: %s did not arrive byte for byte\n%s", name, id, firstDifference(body, got))
		}
		moved++
	}
	if len(got) > moved {
		t.Errorf("%s: %d records arrived, %d were there", name, len(got), moved)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, data) {
		t.Errorf("%s: the source was changed (%v)", name, err)
	}
	return moved, refused + trouble
}

func firstDifference(want []byte, got map[tandem.ID][]byte) string {
	for id, body := range got {
		i := 0
		for i < len(want) && i < len(body) && want[i] == body[i] {
			i++
		}
		return fmt.Sprintf("compared with %s: differs at byte %d: %.60q against %.60q", id, i, want[i:], body[i:])
	}
	return "nothing arrived"
}

func (b *bench) open(t *testing.T, dir string, k tandem.Kind) *provider.Opened {
	t.Helper()
	o, err := b.reg.Open(t.Context(), "vdir:"+dir+"?kind="+string(k), provider.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// sync runs folder → home → folder; the second time round nothing may be left to do.
func (b *bench) sync(t *testing.T, from, to string, k tandem.Kind, c tandem.Collection, first bool) {
	t.Helper()
	opener := home.Opener{Store: b.store, User: "anna", Kinds: b.kinds}
	for _, dir := range []string{from, to} {
		h, err := opener.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		v := b.open(t, dir, k)
		rep, err := session.Run(context.Background(), session.Deps{Store: b.store},
			session.Pair{Key: h.Place + dir, Name: dir, A: h, B: v, Kind: b.kinds[k]},
			session.Options{Now: func() int64 { return time.Now().Unix() }})
		h.Close()
		v.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, act := range rep.Plan.All() {
			if !first && act.Do != 0 && act.Reason.String() == "new on the other side" {
				t.Errorf("the second run still has to do: %s %s", act.Do, act.Reason)
			}
		}
	}
}

// components is how a file shows that it may hold records of a kind.
var components = map[tandem.Kind]string{tandem.Contact: "VCARD", tandem.Event: "VEVENT", tandem.Task: "VTODO", tandem.Note: "VJOURNAL"}

// TestCorpora: vCards and calendars from many programs go from a folder through a home collection into another folder
// with every byte of every body preserved.
func TestCorpora(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sets := []struct {
		folder, ext string
		kinds       []tandem.Kind
		least       int
	}{
		{"vcf", ".vcf", []tandem.Kind{tandem.Contact}, 150},
		{"ics", ".ics", []tandem.Kind{tandem.Event, tandem.Task, tandem.Note}, 250},
	}
	for _, s := range sets {
		moved, refused := 0, 0
		for _, f := range corpus.Files(t, s.folder, s.ext) {
			for _, k := range s.kinds {
				if marker := components[k]; !bytes.Contains(bytes.ToUpper(f.Data), []byte(marker)) {
					continue // nothing of this kind, torn or whole
				}
				m, r := b.through(t, f.Name, k, s.ext, f.Data)
				moved, refused = moved+m, refused+r
			}
		}
		t.Logf("%s: %d records arrived byte for byte, %d were named as problems", s.folder, moved, refused)
		if moved < s.least {
			t.Errorf("%s: only %d records could be moved, want at least %d", s.folder, moved, s.least)
		}
	}
}
