package eas_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/wire/wbxml"
)

// TestRoundTrip: what is in the hub is on the phone, what the phone writes is in the hub, and nothing echoes.
func TestRoundTrip(t *testing.T) {
	for _, version := range []string{"12.1", "14.0", "14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) {
			h := newHouse(t)
			c := h.collection("ann", tandem.Contact)
			ids := h.put(c, card("u1", "Zoe", "1"), card("u2", "Yan", "2"))
			p := h.phone("ann", "phone1", version)
			folder := p.FolderOf(9)
			h.must(p.Sync(t.Context(), folder))
			items := p.Stores[folder].Items
			if len(items) != 2 {
				t.Fatalf("the phone has %d contacts", len(items))
			}
			for id, it := range items {
				if text(it, wbxml.ContactsMobilePhoneNumber) == "1" {
					p.Change(folder, id, wbxml.Text(wbxml.ContactsMobilePhoneNumber, "0170 1"))
				}
			}
			p.Add(folder, wbxml.Text(wbxml.ContactsFirstName, "Xaver"), wbxml.Text(wbxml.ContactsLastName, "Huber"), wbxml.Text(wbxml.ContactsFileAs, "Huber, Xaver"))
			h.must(p.Sync(t.Context(), folder))
			all := strings.Join(h.bodies(c), "")
			for _, want := range []string{"0170 1", "X-ODD;X-P=1:kept", "Huber", "FN:Zoe"} {
				if !strings.Contains(all, want) {
					t.Errorf("the hub lacks %q:\n%s", want, all)
				}
			}
			h.edit(c, ids[1], func(s string) string { return strings.Replace(s, "CELL:2", "CELL:22", 1) })
			h.must(p.Sync(t.Context(), folder))
			h.drop(c, ids[0])
			h.must(p.Sync(t.Context(), folder))
			if len(p.Stores[folder].Items) != 2 || p.Wipes+p.Twice+p.Unknown != 0 {
				t.Errorf("%d items, %d wipes, %d twice, %d unknown", len(p.Stores[folder].Items), p.Wipes, p.Twice, p.Unknown)
			}
			found := false
			for _, it := range p.Stores[folder].Items {
				found = found || text(it, wbxml.ContactsMobilePhoneNumber) == "22"
			}
			if !found {
				t.Error("the hub's edit did not reach the phone")
			}
			h.valid()
		})
	}
}
