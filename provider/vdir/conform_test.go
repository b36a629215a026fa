package vdir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/provider/vdir"
)

func card(n, v, size int) []byte {
	text := fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-%d\r\nFN:Person %d\r\nN:%d;Person;;;\r\nNOTE:version %d", n, n, n, v)
	return []byte(text + strings.Repeat("\r\n  and so on", max(0, size-len(text))/13+1) + "\r\nEND:VCARD\r\n")
}

func event(n, v, size int) []byte {
	text := fmt.Sprintf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\nBEGIN:VEVENT\nUID:uid-%d\nSUMMARY:Version %d\nDESCRIPTION:x", n, v)
	return []byte(text + strings.Repeat("\n  and so on", max(0, size-len(text))/12+1) + "\nDTSTART:20260101T100000Z\nEND:VEVENT\nEND:VCALENDAR\n")
}

func factory(kind tandem.Kind, ext string, body func(n, v, size int) []byte) providertest.Factory {
	return providertest.Factory{
		Kind:   kind,
		Body:   body,
		ID:     func(n int) tandem.ID { return tandem.ID(fmt.Sprintf("record-%d%s", n, ext)) },
		OddIDs: []tandem.ID{"with space" + tandem.ID(ext), "größer" + tandem.ID(ext), "名前" + tandem.ID(ext), "a#b" + tandem.ID(ext), "%41" + tandem.ID(ext), "x.y.z" + tandem.ID(ext)},
		New: func(t *testing.T) *providertest.Place {
			dir := filepath.Join(t.TempDir(), "book")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			return &providertest.Place{
				Open: func(ctx context.Context) (*provider.Opened, error) { return vdir.Open(ctx, dir, kind) },
				Edit: func(id tandem.ID, body []byte) error {
					path := filepath.Join(dir, string(id))
					if body == nil {
						return os.Remove(path)
					}
					return os.WriteFile(path, body, 0o644)
				},
				Spoil: func(id tandem.ID) error {
					return os.WriteFile(filepath.Join(dir, string(id)), body(1, 1, 0)[:40], 0o644)
				},
				Vanish: func() (func(), error) {
					aside := dir + "-aside"
					return func() {
						if err := os.Rename(aside, dir); err != nil {
							t.Error(err)
						}
					}, os.Rename(dir, aside)
				},
			}
		},
	}
}

func TestConformity(t *testing.T) {
	t.Run("Contacts", func(t *testing.T) { providertest.Run(t, factory(tandem.Contact, ".vcf", card)) })
	t.Run("Events", func(t *testing.T) { providertest.Run(t, factory(tandem.Event, ".ics", event)) })
}
