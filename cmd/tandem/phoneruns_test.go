package main

import (
	"bytes"
	"strings"
	"testing"

	"tandem"
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

// TestPhonesWindowIsTold: `tandem item first` tells what a phone does not ask for, and that this is changed on the phone.
func TestPhonesWindowIsTold(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	p.must(p.phone.FolderSync(ctx))
	calendar := p.phone.FolderOf(8)
	p.must(p.phone.Sync(ctx, calendar)) // all of it
	for _, day := range []string{"20200101", "20210101"} {
		p.phone.Add(calendar, wbxml.Text(wbxml.CalendarSubject, "Day "+day), wbxml.Text(wbxml.CalendarStartTime, day+"T100000Z"), wbxml.Text(wbxml.CalendarEndTime, day+"T110000Z"))
	}
	p.must(p.phone.Sync(ctx, calendar))
	item := "device/1/" + calendar
	told := func() string {
		t.Helper()
		var out bytes.Buffer
		a := &app{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}}
		p.must(a.first(ctx, p.hub, item, "", false))
		return out.String()
	}
	if got := told(); !strings.Contains(got, "phone  iPhone") || !strings.Contains(got, "the phone asks for everything") {
		t.Error(got)
	}
	p.phone.Filter = 4
	p.must(p.phone.Sync(ctx, calendar))
	if got := told(); !strings.Contains(got, "left out at the phone iPhone: 2 records: the phone asks only for what is newer than 2 weeks\n  to get more: on the phone, in the settings of the calendar") || strings.Contains(got, "tandem sync") {
		t.Error(got)
	}
	if n := len(p.phone.Stores[calendar].Items); n != 0 {
		t.Errorf("the phone has %d", n)
	}
	a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	if err := a.first(ctx, p.hub, item, center.Combine, false); !tandem.IsKind(err, tandem.Invalid) {
		t.Error(err)
	}
}
