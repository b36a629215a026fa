package dav

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/test/davpeers"
)

func card(n, v, size int) []byte {
	text := fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//x//y\r\nUID:uid-%d\r\nFN:Person %d\r\nN:%d;Person;;;\r\nNOTE:version %d", n, n, n, v)
	return []byte(text + strings.Repeat("\r\n  and so on", max(0, size-len(text))/13+1) + "\r\nEND:VCARD\r\n")
}

func component(name, extra string) func(n, v, size int) []byte {
	return func(n, v, size int) []byte {
		text := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:%s\r\nUID:uid-%d\r\nDTSTAMP:20260101T100000Z\r\n%s\r\nSUMMARY:Version %d\r\nDESCRIPTION:x", name, n, extra, v)
		return []byte(text + strings.Repeat("\r\n  and so on", max(0, size-len(text))/13+1) + "\r\nEND:" + name + "\r\nEND:VCALENDAR\r\n")
	}
}

var all = flag.Bool("dav.all", false, "run the suite for every kind a server can hold, not only for the first; it takes minutes")

// sample is a kind with sample bodies.
type sample struct {
	kind tandem.Kind
	body func(n, v, size int) []byte
}

func sorts() map[string]sample {
	return map[string]sample{
		"Contacts": {tandem.Contact, card},
		"Events":   {tandem.Event, component("VEVENT", "DTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z")},
		"Tasks":    {tandem.Task, component("VTODO", "DUE:20260101T100000Z")},
		"Notes":    {tandem.Note, component("VJOURNAL", "DTSTART:20260101T100000Z")},
	}
}

// shared is one server for all tests of a suite, each of which gets a collection of its own.
type shared struct {
	*davpeers.Server
	count atomic.Int64
}

func env(s *davpeers.Server) provider.Env {
	known := kinds.Kinds()
	return provider.Env{
		Secret: func(context.Context, string) (string, error) { return s.Password, nil },
		Kind:   func(k tandem.Kind) (kind.Handler, bool) { h, ok := known[k]; return h, ok },
	}
}

func openAt(ctx context.Context, s *davpeers.Server, scheme, path, query string) (*provider.Opened, error) {
	reg := provider.NewRegistry(Providers()...)
	user := ""
	if s.User != "" {
		user = s.User + "@"
	}
	return reg.Open(ctx, scheme+"://"+user+s.Host()+path+query, env(s))
}

// place makes a collection for one test.
func (s *shared) place(t *testing.T, k sample, components ...string) *providertest.Place {
	name := fmt.Sprintf("c%d", s.count.Add(1))
	scheme, path, query := "carddav", "", ""
	if k.kind == tandem.Contact {
		path = s.AddressBook(t, name)
	} else {
		scheme, path, query = "caldav", s.Calendar(t, name, components...), "?kind="+string(k.kind)
	}
	var vanish func() (func(), error)
	if s.Name == "Radicale" {
		dir := filepath.Join(s.Dir, "collection-root", filepath.FromSlash(path))
		vanish = func() (func(), error) {
			return func() {
				if err := os.Rename(dir+"-aside", dir); err != nil {
					t.Error(err)
				}
			}, os.Rename(dir, dir+"-aside")
		}
	}
	var mu sync.Mutex
	return &providertest.Place{
		Vanish: vanish,
		Open:   func(ctx context.Context) (*provider.Opened, error) { return openAt(ctx, s.Server, scheme, path, query) },
		Edit: func(id tandem.ID, body []byte) error {
			mu.Lock()
			defer mu.Unlock()
			method := "PUT"
			if body == nil {
				method = "DELETE"
			}
			status, text := s.Do(t, method, path+escapeSegment(string(id)), string(body), "Content-Type", mediaType(k.kind))
			if status/100 != 2 {
				return fmt.Errorf("%s %s: %d %s", method, id, status, text)
			}
			return nil
		},
	}
}

func conformity(t *testing.T, s *shared, rewrites bool, names ...string) {
	for i, name := range names {
		k := sorts()[name]
		end := ext(k.kind)
		t.Run(name, func(t *testing.T) {
			if i > 0 && !*all {
				t.Skip("one kind shows how a server behaves; all of them: -dav.all")
			}
			providertest.Run(t, providertest.Factory{
				Kind: k.kind, Body: k.body, Rewrites: rewrites, Repeats: s.Name == "SOGo", Big: 200 << 10,
				ID:     func(n int) tandem.ID { return tandem.ID(fmt.Sprintf("record-%d%s", n, end)) },
				OddIDs: []tandem.ID{tandem.ID("with space" + end), tandem.ID("größer" + end), tandem.ID("a@b" + end), tandem.ID("x.y.z" + end)},
				New:    func(t *testing.T) *providertest.Place { return s.place(t, k) },
			})
		})
	}
}

func TestRadicale(t *testing.T) {
	conformity(t, &shared{Server: davpeers.Radicale(t)}, true, "Contacts", "Events", "Tasks", "Notes")
}

func TestXandikos(t *testing.T) {
	conformity(t, &shared{Server: davpeers.Xandikos(t)}, true, "Contacts", "Events", "Tasks", "Notes")
}

func TestSOGo(t *testing.T) {
	conformity(t, &shared{Server: davpeers.SOGo(t)}, true, "Contacts", "Events", "Tasks")
}
