package main

import (
	"testing"

	"tandem/center"
	"tandem/wire/wbxml"
)

// TestPhonesRunsAreRecorded: what a phone syncs through the door is recorded as a run of its item, under the id that the Sync Center has for it; a run that goes on when the hub stops is, too.
func TestPhonesRunsAreRecorded(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	p.must(p.phone.FolderSync(ctx))
	contacts := p.phone.FolderOf(9)
	p.must(p.phone.Sync(ctx, contacts))
	for _, name := range []string{"Adams", "Bauer"} {
		p.phone.Add(contacts, wbxml.Text(wbxml.ContactsLastName, name), wbxml.Text(wbxml.ContactsFileAs, name))
	}
	p.must(p.phone.Sync(ctx, contacts))
	p.phone.Delete(contacts, p.item(contacts, "Adams").ServerID)
	p.must(p.phone.Sync(ctx, contacts))
	x, err := p.hub.FindHandler(ctx, "device/1")
	p.must(err)
	if len(x.Items) != 1 {
		t.Fatalf("%+v", x.Items)
	}
	p.stop()
	lines, err := p.hub.FindEvents(ctx, center.EventFilter{Handler: x.ID})
	p.must(err)
	var said []string
	for _, e := range lines {
		if e.Item == x.Items[0].ID {
			said = append(said, e.Text)
		}
	}
	if len(said) != 1 || said[0] != "from the phone: 2 new, 1 deleted; in step" {
		t.Errorf("%q", said)
	}
	if list, err := p.hub.Runs(ctx, x.Items[0].ID, 0); err != nil || len(list) != 1 || list[0].Finished == 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
