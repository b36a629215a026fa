package memory_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/provider/providertest"
)

func sample(n, v, size int) []byte {
	head := fmt.Sprintf("record %d version %d", n, v)
	return []byte(head + strings.Repeat(".", max(0, size-len(head))))
}

func flags(v int) tandem.Attrs {
	return tandem.MakeAttrs(map[string]string{"flags": fmt.Sprint("flag", v)})
}

// conform runs the suite on places with these manners.
func conform(t *testing.T, f providertest.Factory, knobs memory.Knobs) {
	f.Kind, f.Body = tandem.Contact, sample
	f.New = func(t *testing.T) *providertest.Place {
		s := memory.New(t.TempDir(), knobs) // a name nobody else has
		return &providertest.Place{
			Open: func(context.Context) (*provider.Opened, error) { return s.Open(), nil },
			Edit: func(id tandem.ID, body []byte) error {
				if body == nil {
					s.Remove(id)
					return nil
				}
				return s.Put(id, body, "")
			},
			Spoil: func(id tandem.ID) error {
				s.Tune(func(k *memory.Knobs) {
					k.Problems = map[tandem.ID]error{id: tandem.Errorf(tandem.Unreadable, "spoiled")}
				})
				return nil
			},
			Vanish: func() (func(), error) {
				s.Tune(func(k *memory.Knobs) { k.Down = tandem.Errorf(tandem.Unreadable, "vanished") })
				return func() { s.Tune(func(k *memory.Knobs) { k.Down = nil }) }, nil
			},
		}
	}
	providertest.Run(t, f)
}

func TestConformity(t *testing.T) {
	odd := []tandem.ID{"with space", "größer", "名前", "a\\b", "%41", "CON", "x.y.z", "a?b"}
	t.Run("Flat", func(t *testing.T) {
		conform(t, providertest.Factory{OddIDs: append(odd, "a/b")}, memory.Knobs{})
	})
	t.Run("Rich", func(t *testing.T) {
		conform(t, providertest.Factory{OddIDs: odd, Attrs: flags}, memory.Knobs{Cursor: true, Attrs: true, Watch: true, Parks: true, MaxSize: 1 << 22,
			FoldCase: true, NFC: true, Inspect: func(b []byte) (tandem.Digest, string) { return sha256.Sum256(b), "" }})
	})
	t.Run("Tree", func(t *testing.T) {
		conform(t, providertest.Factory{OddIDs: odd}, memory.Knobs{Tree: true, Watch: true, Cursor: true, CursorGone: true, Digester: true,
			Inspect: func(b []byte) (tandem.Digest, string) { return sha256.Sum256(b), "" }})
	})
	t.Run("Headstrong", func(t *testing.T) {
		conform(t, providertest.Factory{Rewrites: true}, memory.Knobs{ReassignCreate: true, ReassignUpdate: true, ReassignMove: true,
			Rewrite: func(b []byte) []byte { return append([]byte("as seen here: "), bytes.ToUpper(b)...) }})
	})
	t.Run("Weak", func(t *testing.T) { conform(t, providertest.Factory{}, memory.Knobs{NoVersions: true}) })
	t.Run("ReadOnly", func(t *testing.T) { conform(t, providertest.Factory{}, memory.Knobs{ReadOnly: true}) })
}
