package dav

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/test/davpeers"
)

func fileBody(n, v, size int) []byte {
	text := fmt.Sprintf("sample %06d version %06d\n", n, v)
	return []byte(text + strings.Repeat("x", max(0, size-len(text))))
}

func TestFilesOfRclone(t *testing.T) {
	s := davpeers.Rclone(t)
	var count atomic.Int64
	providertest.Run(t, providertest.Factory{Kind: tandem.File, Body: fileBody,
		OddIDs: []tandem.ID{"with space", "ümlaut-日本", "%41?&=", "-rf *", "a#b", "plus+and;semi", "ends.", tandem.ID(strings.Repeat("n", 200))},
		New: func(t *testing.T) *providertest.Place {
			name := fmt.Sprintf("t%d", count.Add(1))
			root := filepath.Join(s.Dir, name)
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			return &providertest.Place{
				Open: func(ctx context.Context) (*provider.Opened, error) { return openAt(ctx, s, "webdav", "/"+name, "") },
				Edit: func(id tandem.ID, body []byte) error {
					path := filepath.Join(root, string(id))
					if body == nil {
						return os.Remove(path)
					}
					return os.WriteFile(path, body, 0o644)
				},
				Vanish: func() (func(), error) {
					aside := root + "-aside"
					return func() {
						if err := os.Rename(aside, root); err != nil {
							t.Error(err)
						}
					}, os.Rename(root, aside)
				},
			}
		}})
}
