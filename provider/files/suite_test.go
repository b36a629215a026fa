package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/provider/providertest"
)

func TestReplica(t *testing.T) {
	providertest.Run(t, providertest.Factory{
		Kind:   tandem.File,
		New:    func(t *testing.T) *providertest.Place { return suitePlace(t, "false") },
		Body:   suiteBody,
		OddIDs: []tandem.ID{"with space", "ümlaut-日本", "new\nline", "bad\xff\xfeutf8", "%41?&=", "-rf *", tandem.ID(strings.Repeat("n", 255))},
		Attrs: func(v int) tandem.Attrs {
			return tandem.Attrs(fmt.Sprintf("mode=%o&mtime=%d", 0o600+v%8, 1_500_000_000_000_000_000+int64(v)))
		},
	})
}

func TestReplicaReadOnly(t *testing.T) {
	providertest.Run(t, providertest.Factory{
		Kind: tandem.File,
		New:  func(t *testing.T) *providertest.Place { return suitePlace(t, "true") },
		Body: suiteBody,
	})
}

func suiteBody(n, v, size int) []byte {
	text := fmt.Sprintf("sample %06d version %06d\n", n, v)
	return []byte(text + strings.Repeat("x", max(0, size-len(text))))
}

func suitePlace(t *testing.T, readOnly string) *providertest.Place {
	root := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return &providertest.Place{
		Open: func(ctx context.Context) (*provider.Opened, error) {
			return Provider().Open(ctx, provider.Place{Path: root, Text: "files:" + root, Options: map[string]string{"read-only": readOnly}}, provider.Env{})
		},
		Edit: func(id tandem.ID, body []byte) error {
			path := filepath.Join(root, string(id))
			if body == nil {
				return os.Remove(path)
			}
			if err := os.WriteFile(path, body, 0o644); err != nil {
				return err
			}
			// Where clocks are coarse, versions of what was just modified differ from listing to listing.
			past := time.Now().Add(-time.Second)
			return os.Chtimes(path, past, past)
		},
		Vanish: func() (func(), error) {
			away := root + ".away"
			if err := os.Rename(root, away); err != nil {
				return nil, err
			}
			return func() { _ = os.Rename(away, root) }, nil
		},
	}
}
