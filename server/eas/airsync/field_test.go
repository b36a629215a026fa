package airsync_test

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// What phones were seen to do, and to need. Each is named after its entry in the field notes, section 1; others are in the tests of what they are about.
func TestFieldNotes(t *testing.T) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, k *kit)
	}{
		{"1 no key that was given out is refused", func(t *testing.T, k *kit) {
			keys := []string{}
			at := k.prime(k.contacts)
			for i := range 4 {
				k.write(k.contacts, tandem.Create, tandem.ID(fmt.Sprint(i)), vcard(fmt.Sprint(i), "x"))
				at = key(k.sync(k.contacts, at))
				keys = append(keys, at)
			}
			for _, old := range append(keys, keys...) {
				if s := status(k.sync(k.contacts, old)); s == "3" {
					t.Errorf("%s was refused", old)
				}
			}
		}},
		{"3 MoreAvailable never comes with the same key", func(t *testing.T, k *kit) {
			k.fill(k.contacts, "c", 9)
			at := key(k.sync(k.contacts, "0"))
			for range 9 {
				col := k.sync(k.contacts, at, window(1))
				if key(col) == at {
					t.Fatal("the key stays")
				}
				at = key(col)
			}
		}},
		{"36 an empty request repeated for ever costs nothing", func(t *testing.T, k *kit) {
			at := k.prime(k.contacts)
			k.do(k.svc.Sync, "Sync", syncOf(collection(k.contacts, at)))
			before, err := k.st.Devices.State(k.ctx, k.device.Number)
			k.must(err)
			for range 5 {
				if e := k.do(k.svc.Sync, "Sync", nil); e != nil {
					t.Fatal(show(e))
				}
			}
			after, err := k.st.Devices.State(k.ctx, k.device.Number)
			k.must(err)
			if fmt.Sprint(before) != fmt.Sprint(after) {
				t.Error("it writes")
			}
		}},
		{"44 Responses come before Commands, and neither is empty", func(t *testing.T, k *kit) {
			at := k.prime(k.contacts)
			k.fill(k.contacts, "c", 1)
			col := k.sync(k.contacts, at, commands(add("n", name("New"))))
			text := xml(k, col)
			if strings.Index(text, "<Responses>") > strings.Index(text, "<Commands>") {
				t.Error(text)
			}
			k.write(k.contacts, tandem.Update, "c0", vcard("c0", "C"))
			if text = xml(k, k.sync(k.contacts, key(col))); strings.Contains(text, "Responses") {
				t.Error(text)
			}
		}},
		{"45 MoreAvailable follows on SyncKey, CollectionId, Status", func(t *testing.T, k *kit) {
			k.fill(k.contacts, "c", 2)
			col := k.sync(k.contacts, key(k.sync(k.contacts, "0")), window(1))
			var order []string
			for _, e := range col.Children {
				order = append(order, e.Tag.Name())
			}
			k.want(strings.Join(order, " "), "SyncKey CollectionId Status MoreAvailable Commands")
		}},
		{"49 empty Supported", func(t *testing.T, k *kit) {
			k.want(status(k.sync(k.contacts, "0", wbxml.Empty(wbxml.AirSyncSupported))), "1")
		}},
		{"53 two commands for one record, both are done", func(t *testing.T, k *kit) {
			k.version = eas.V161
			k.fill(k.contacts, "c", 1)
			server := k.serverID(k.contacts, "c0")
			at := k.prime(k.contacts)
			col := k.sync(k.contacts, at, commands(edit(server, phone("1")), edit(server, title("Boss")), edit(server, phone("2"))))
			k.want(resps(col)+", "+cmds(col), "nothing, nothing")
			if b := k.body(k.contacts, "c0"); !strings.Contains(b, "CELL:2") || !strings.Contains(b, "TITLE:Boss") {
				t.Error(b)
			}
			col = k.sync(k.contacts, key(col), commands(edit(server, phone("3")), drop(server), edit(server, phone("4"))))
			k.want(resps(col), "Change "+server+" 8")
			if k.body(k.contacts, "c0") != "" || !k.inHistory("CELL:4") {
				t.Error("what came after the deletion")
			}
		}},
	} {
		t.Run("field note "+c.name, func(t *testing.T) {
			k := newKit(t)
			c.test(t, k)
			k.validate(20)
		})
	}
}
