package maildir

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider"
	"tandem/provider/providertest"
)

func message(n, v, size int) []byte {
	text := fmt.Sprintf("From: a@example.org\nTo: b@example.org\nSubject: Message %d\nMessage-ID: <%d@example.org>\n\nVersion %d.\n", n, n, v)
	return []byte(text + strings.Repeat("and so on and on\n", max(0, size-len(text))/17+1))
}

func uniqueOf(n int) tandem.ID { return tandem.ID(fmt.Sprintf("17000000%02d.M%dP1.host", n, n)) }

func attrsOf(v int) tandem.Attrs {
	f := mail.Flags{Received: 1_700_000_000 + int64(v)}
	f.Seen, f.Flagged, f.Answered, f.Draft = v%2 == 0, v%3 == 0, v%4 == 0, v%5 == 0
	if v%2 == 0 {
		f.Keywords = []string{"$Forwarded2", fmt.Sprintf("Label%d", v)}
	}
	return f.Attrs()
}

// plain is a Maildir as the suite wants it.
func plain(t *testing.T, sub string) (*providertest.Place, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "Maildir")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, sub)
	if sub != "" {
		for _, d := range []string{root, dir} {
			if err := makeMaildir(d, root); err != nil {
				t.Fatal(err)
			}
		}
	}
	where := func(id tandem.ID) string {
		for _, pattern := range []string{"cur/%s:2,*", "cur/%s,*", "new/%s*"} {
			if m, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf(pattern, id))); len(m) > 0 {
				return m[0]
			}
		}
		return filepath.Join(dir, "cur", string(id)+":2,")
	}
	return &providertest.Place{
		Open: func(ctx context.Context) (*provider.Opened, error) { return Open(ctx, dir) },
		Edit: func(id tandem.ID, body []byte) error {
			if body == nil {
				return os.Remove(where(id))
			}
			return os.WriteFile(where(id), body, 0o600)
		},
		Spoil: func(id tandem.ID) error {
			path := where(id)
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		},
		Vanish: func() (func(), error) {
			aside := root + "-aside"
			return func() {
				if err := os.Rename(aside, root); err != nil {
					t.Error(err)
				}
			}, os.Rename(root, aside)
		},
	}, dir
}

func factory(sub string, busy bool) providertest.Factory {
	return providertest.Factory{
		Kind: tandem.Mail, Body: message, ID: uniqueOf, Attrs: attrsOf,
		OddIDs: []tandem.ID{"1.2.3", "1700000000.V801I9f2a3M4.mail.example.org", "1700000000.H1P2.a=b&c", "1700000000.x_y-z+1.h"},
		New: func(t *testing.T) *providertest.Place {
			p, dir := plain(t, sub)
			if busy {
				open := p.Open
				var once sync.Once
				p.Open = func(ctx context.Context) (*provider.Opened, error) {
					o, err := open(ctx)
					once.Do(func() { disturb(t, dir) })
					return o, err
				}
			}
			return p
		},
	}
}

// disturb renames messages of its own in the folder until the test ends, to other flags and from new to cur, as a busy server does, and delivers to tmp.
func disturb(t *testing.T, dir string) {
	done := make(chan struct{})
	var all sync.WaitGroup
	t.Cleanup(func() { close(done); all.Wait() })
	tmp := filepath.Join(dir, "tmp", "1700000099.M99P9.other")
	all.Go(func() {
		pace := time.NewTicker(500 * time.Microsecond)
		defer pace.Stop()
		for {
			select {
			case <-done:
				return
			case <-pace.C:
			}
			a, b := filepath.Join(dir, "cur", ".moving:2,S"), filepath.Join(dir, "cur", ".moving:2,RS")
			_ = os.WriteFile(tmp, nil, 0o600)
			_ = os.Rename(tmp, a)
			_ = os.Rename(a, b)
			_ = os.Remove(b)
		}
	})
}

func TestConformity(t *testing.T) {
	t.Run("Plain", func(t *testing.T) { providertest.Run(t, factory("", false)) })
	t.Run("Subfolder", func(t *testing.T) { providertest.Run(t, factory(".Archive.2024", false)) })
	t.Run("Busy", func(t *testing.T) { providertest.Run(t, factory("", true)) })
}
