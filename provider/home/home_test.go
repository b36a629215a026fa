package home_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind"
	"tandem/kind/file"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/providertest"
	"tandem/store"
	"tandem/store/sqlite"
)

// plain is a kind whose bodies begin with "record" and mean their bytes; the first two words are the UID.
type plain struct{}

func (plain) Kind() tandem.Kind { return tandem.Contact }

func (plain) Inspect(body []byte) (kind.Info, error) {
	words := strings.Fields(string(body[:min(len(body), 100)]))
	if len(words) < 2 || words[0] != "record" {
		return kind.Info{}, tandem.Errorf(tandem.Invalid, "no record")
	}
	return kind.Info{Digest: sha256.Sum256(body), Index: tandem.Index{UID: words[0] + "-" + words[1]}, Summary: tandem.Summary{Title: words[1]}, Modified: 7}, nil
}

func (plain) Merge(base, a, b []byte) (kind.Merged, error) {
	if !bytes.Equal(a, base) {
		return kind.Merged{Body: a}, nil
	}
	return kind.Merged{Body: b}, nil
}

func kinds(k tandem.Kind) kind.Handler {
	switch k {
	case tandem.Contact:
		return plain{}
	case tandem.File:
		return file.Handler{}
	}
	return nil
}

func sample(n, v, size int) []byte {
	head := fmt.Sprintf("record %d version %d", n, v)
	return []byte(head + strings.Repeat(".", max(0, size-len(head))))
}

func attrs(v int) tandem.Attrs {
	return tandem.MakeAttrs(map[string]string{"flags": fmt.Sprint("flag", v)})
}

// world is a store with a user and a collection.
type world struct {
	*testing.T
	st     *store.Store
	opener home.Opener
	col    tandem.Collection
}

func newWorld(t *testing.T, st *store.Store, k tandem.Kind) *world {
	t.Helper()
	t.Cleanup(func() { st.Close() })
	if err := st.Accounts.AddUser(t.Context(), store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	col, err := st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: k, Name: "things"})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, st, home.Opener{Store: st, User: "ann", Kinds: kinds}, col}
}

func memoryWorld(t *testing.T, k tandem.Kind) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, st, k)
}

func fileWorld(t *testing.T, k tandem.Kind) *world {
	t.Helper()
	st, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, st, k)
}

func (w *world) open(context.Context) (*provider.Opened, error) { return w.opener.Open(w.col) }

// edit changes the collection as a front door would.
func (w *world) edit(id tandem.ID, body []byte) error {
	ctx := context.Background()
	write := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Body: tandem.Bytes(body)}}, Digest: sha256.Sum256(body)}
	for rec, err := range w.st.Home.Get(ctx, w.col.ID, []tandem.ID{id}) {
		if err != nil {
			return err
		}
		write.Op, write.If = tandem.Update, rec.Version
		if body == nil {
			write.Op = tandem.Delete
		}
	}
	out, err := w.st.Home.Write(ctx, w.col.ID, store.Author{User: "ann", Via: "phone"}, []store.HomeWrite{write})
	if err == nil && out[0].Status != tandem.Applied {
		err = out[0].Err
	}
	return err
}

func TestConformity(t *testing.T) {
	worlds := map[string]func(*testing.T, tandem.Kind) *world{"Memory": memoryWorld, "File": fileWorld}
	for name, open := range worlds {
		for _, k := range []tandem.Kind{tandem.Contact, tandem.File} {
			t.Run(name+"/"+string(k), func(t *testing.T) {
				providertest.Run(t, providertest.Factory{
					Kind: k, Body: sample, Attrs: attrs,
					OddIDs: []tandem.ID{"with space", "größer", "名前", "a\\b", "%41", "CON", "x.y.z", "a?b"},
					New: func(t *testing.T) *providertest.Place {
						w := open(t, k)
						return &providertest.Place{Open: w.open, Edit: w.edit}
					},
				})
			})
		}
	}
}
