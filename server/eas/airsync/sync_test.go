package airsync_test

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/wire/wbxml"
)

func TestFirstSync(t *testing.T) {
	k := newKit(t)
	for i := range 5 {
		k.write(k.contacts, tandem.Create, tandem.ID(fmt.Sprint("c", i)), vcard(fmt.Sprint("u", i), fmt.Sprint("Person ", i)))
	}
	k.write(k.contacts, tandem.Delete, "c4", "")
	primed := k.sync(k.contacts, "0") // MS-ASCMD_R648, R5555
	k.want(status(primed), "1")
	k.want(cmds(primed), "nothing")
	first := k.sync(k.contacts, key(primed), window(2)) // MS-ASCMD_R4602, R4771, R749
	k.want(cmds(first), fmt.Sprintf("Add %s Person 0, Add %s Person 1", k.serverID(k.contacts, "c0"), k.serverID(k.contacts, "c1")))
	if !first.Has(wbxml.AirSyncMoreAvailable) || key(first) == key(primed) { // MS-ASCMD_R4606
		t.Fatalf("%s", show(first))
	}
	var order []string
	for _, c := range first.Children {
		order = append(order, c.Tag.Name())
	}
	k.want(strings.Join(order, " "), "SyncKey CollectionId Status MoreAvailable Commands")
	second := k.sync(k.contacts, key(first), window(2))
	k.want(cmds(second), fmt.Sprintf("Add %s Person 2, Add %s Person 3", k.serverID(k.contacts, "c2"), k.serverID(k.contacts, "c3")))
	if second.Has(wbxml.AirSyncMoreAvailable) { // MS-ASCMD_R3456
		t.Fatal("more is announced where there is none")
	}
	if e := k.sync(k.contacts, key(second)); e != nil { // MS-ASCMD_R656
		t.Fatalf("nothing changed: %s", show(e))
	}
	k.validate(50)
}

func TestChangesComeDown(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	k.write(k.contacts, tandem.Create, "b", vcard("b", "Bob"))
	ida, idb := k.serverID(k.contacts, "a"), k.serverID(k.contacts, "b")
	at := k.prime(k.contacts)
	k.write(k.contacts, tandem.Update, "a", vcard("a", "Anna"))
	k.write(k.contacts, tandem.Delete, "b", "")
	k.write(k.contacts, tandem.Create, "c", vcard("c", "Cid"))
	k.write(k.contacts, tandem.Create, "d", vcard("d", "Dan"))
	k.write(k.contacts, tandem.Delete, "d", "")
	col := k.sync(k.contacts, at) // MS-ASCMD_R3119
	k.want(cmds(col), fmt.Sprintf("Change %s Anna, Delete %s, Add %s Cid", ida, idb, k.serverID(k.contacts, "c")))
	k.validate(50)
}

func TestClientCommands(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
	k.write(k.contacts, tandem.Create, "b", vcard("b", "Bob"))
	ida, idb := k.serverID(k.contacts, "a"), k.serverID(k.contacts, "b")
	at := k.prime(k.contacts)
	col := k.sync(k.contacts, at, commands(add("new1", name("Cid"), phone("3")), edit(ida, phone("11")), drop(idb)))
	res := col.Child(wbxml.AirSyncResponses)
	if len(res.Children) != 1 || cmds(col) != "nothing" { // MS-ASCMD_R748, R957; nothing comes back that the client sent
		t.Fatalf("%s, %s", resps(col), cmds(col))
	}
	server := res.Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
	k.want(resps(col), "Add new1 "+server+" 1")
	if e := k.sync(k.contacts, key(col)); e != nil {
		t.Fatalf("the client's own changes come back: %s", cmds(e))
	}
	if b := k.body(k.contacts, "a"); !strings.Contains(b, "X-KEEP:me") || !strings.Contains(b, "TEL;TYPE=CELL:11") || !strings.Contains(b, "FN:Ann") {
		t.Errorf("the record lost something: %s", b)
	}
	if k.body(k.contacts, "b") != "" {
		t.Error("the record is still there")
	}
	// Whoever else syncs sees it all.
	k.device, _ = k.st.Devices.ChangeDevice(k.ctx, "ann", "phone2", func(d *store.Device) error { return nil })
	col = k.sync(k.contacts, key(k.sync(k.contacts, "0")))
	k.want(cmds(col), fmt.Sprintf("Add %s Cid 3, Add %s Ann 11", server, ida))
	k.validate(50)
}
