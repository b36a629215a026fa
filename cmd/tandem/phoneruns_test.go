package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/store"
	"tandem/wire/wbxml"
)

// TestPhonesRunsAreRecorded: what a phone syncs through the door is shown while it goes on, and recorded as a run of its item, under the id that the Sync Center has for it; a run that goes on when the hub stops is, too.
func TestPhonesRunsAreRecorded(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	goes := make(chan center.News, 100)
	go func() {
		_ = p.hub.Follow(ctx, func(n center.News) {
			if n.Handler == "device/1" && n.Row != nil {
				goes <- n
			}
		})
	}()
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
	for n := range goes { // the test's own end ends it
		if n.What == center.ProgressNews && n.Row.Text == "from the phone: 2 new, 1 deleted" {
			break
		}
	}
	x, err = p.hub.FindHandler(ctx, "device/1")
	p.must(err)
	if !x.Syncing || !x.Items[0].Syncing {
		t.Errorf("it does not show: %+v", x)
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
	if list, err := p.hub.Runs(ctx, store.RunFilter{Item: x.Items[0].ID}); err != nil || len(list) != 1 || list[0].Finished == 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestUndoOfAPhonesRun: what a phone overwrote and deleted in one run is put back at once, as it was before the run; what changed since is told, and left.
func TestUndoOfAPhonesRun(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	own, err := p.hub.store.Home.Collections(ctx, "anna")
	p.must(err)
	var book tandem.Collection
	for _, c := range own {
		if c.Kind == tandem.Contact {
			book = c
		}
	}
	write := func(op tandem.Op, id tandem.ID, at tandem.Version, tel string) tandem.Version {
		t.Helper()
		body := "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:" + string(id) + "\r\nFN:" + string(id) + "\r\nN:" + string(id) + ";;;;\r\nTEL;TYPE=cell:" + tel + "\r\nEND:VCARD\r\n"
		w := store.HomeWrite{Title: string(id), Index: tandem.Index{UID: string(id)}, Write: tandem.Write{Op: op, ID: id, If: at, Record: tandem.Record{Body: tandem.Bytes(body)}}}
		out, err := p.hub.store.Home.Write(ctx, book.ID, store.Author{User: "anna", Via: "web"}, []store.HomeWrite{w})
		p.must(err)
		if out[0].Status != tandem.Applied {
			t.Fatalf("%+v", out[0])
		}
		return out[0].Version
	}
	for _, id := range []tandem.ID{"Adams", "Bauer", "Cohen"} {
		write(tandem.Create, id, "", "+49 1")
	}
	p.must(p.phone.FolderSync(ctx))
	contacts := p.phone.FolderOf(9)
	p.must(p.phone.Sync(ctx, contacts))
	for _, tel := range []string{"+49 2", "+49 3"} {
		for _, name := range []string{"Adams", "Cohen"} {
			p.phone.Change(contacts, p.item(contacts, name).ServerID, wbxml.Text(wbxml.ContactsMobilePhoneNumber, tel))
		}
		p.must(p.phone.Sync(ctx, contacts))
	}
	p.phone.Delete(contacts, p.item(contacts, "Bauer").ServerID)
	p.must(p.phone.Sync(ctx, contacts))
	p.stop()

	item := "device/1/" + contacts
	runs, err := p.hub.Runs(ctx, store.RunFilter{Item: item})
	p.must(err)
	if len(runs) != 1 {
		t.Fatalf("%+v", runs)
	}
	list, err := p.hub.History(ctx, store.PastFilter{Session: runs[0].ID})
	p.must(err)
	if len(list) != 5 {
		t.Fatalf("%d entries are the run's: %+v", len(list), list)
	}
	for rec, err := range p.hub.store.Home.Get(ctx, book.ID, []tandem.ID{"Cohen"}) {
		p.must(err)
		write(tandem.Update, "Cohen", rec.Version, "+49 4")
	}
	var out bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}}
	results, err := p.hub.Undo(ctx, fmt.Sprintf("s%d", runs[0].ID))
	p.must(err)
	if err := a.showUndo(results); err == nil {
		t.Error("nothing is said to be left")
	}
	for want, n := range map[string]int{"put back Adams": 2, "put back Bauer": 1, "left Cohen": 2, "in home:contacts?kind=contact: it changed since": 2} {
		if strings.Count(out.String(), want) != n {
			t.Errorf("%q not %d times in\n%s", want, n, &out)
		}
	}
	for rec, err := range p.hub.store.Home.Get(ctx, book.ID, []tandem.ID{"Adams", "Bauer", "Cohen"}) {
		p.must(err)
		body, err := tandem.ReadBody(rec.Body, 1<<20)
		p.must(err)
		if want := map[tandem.ID]string{"Adams": "+49 1", "Bauer": "+49 1", "Cohen": "+49 4"}[rec.ID]; !strings.Contains(string(body), want) {
			t.Errorf("%s is %s", rec.ID, body)
		}
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
