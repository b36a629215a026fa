package eas_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"tandem"
	"tandem/wire/wbxml"
)

// A phone that is told to start over, or whose partnership is removed, is refused its keys once, begins anew and has everything, nothing twice and
// nothing lost: what it made before is there, and what it makes afterwards arrives.
func TestResyncAndRemove(t *testing.T) {
	for name, act := range map[string]func(h *house) error{
		"resync": func(h *house) error { return h.devices.Resync(context.Background(), "ann", "phone1", "cli") },
		"remove": func(h *house) error { return h.devices.Remove(context.Background(), "ann", "phone1", "cli") },
	} {
		for _, version := range versions {
			t.Run(name+" "+version, func(t *testing.T) {
				h, ctx := newHouse(t), context.Background()
				col := h.collection("ann", tandem.Contact)
				for i := range 30 {
					h.put(col, card(fmt.Sprint("u", i), fmt.Sprint("Person ", i), "1"))
				}
				p := h.phone("ann", "phone1", version)
				folder := p.FolderOf(9)
				p.Window = 7
				h.must(p.Sync(ctx, folder))
				p.Add(folder, wbxml.Text(wbxml.ContactsLastName, "Mine"), wbxml.Text(wbxml.ContactsFileAs, "Mine"))
				h.must(p.Sync(ctx, folder))
				h.must(act(h))
				h.must(p.Sync(ctx, folder))
				h.must(p.FolderSync(ctx))
				if p.Wipes != 2 { // the folder and the hierarchy, once each
					t.Errorf("it began anew %d times", p.Wipes)
				}
				var names []string
				for _, item := range p.Stores[folder].Items {
					names = append(names, wbxml.New(wbxml.AirSyncApplicationData, item.Data...).Get(wbxml.ContactsFileAs))
				}
				slices.Sort(names)
				if len(names) != 31 || len(slices.Compact(names)) != 31 {
					t.Errorf("%d records, %q", len(names), names)
				}
				p.Add(folder, wbxml.Text(wbxml.ContactsLastName, "Later"), wbxml.Text(wbxml.ContactsFileAs, "Later"))
				h.must(p.Sync(ctx, folder))
				if n := len(h.bodies(col)); n != 32 {
					t.Errorf("the hub has %d records", n)
				}
				h.valid()
			})
		}
	}
}
