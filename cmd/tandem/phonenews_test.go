package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"tandem/center"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// ping begins to wait on a phone's behalf, and goes on once the hub has it wait or has answered. The answer is its status.
func (p *phoneHub) ping(phone *easclient.Phone, folder string, others int) <-chan string {
	p.Helper()
	told := make(chan string, 1)
	go func() {
		status, _, err := phone.Ping(p.Context(), 600, folder)
		if err != nil {
			status = err.Error()
		}
		told <- status
	}()
	for p.hub.doors.door.Broker.Waiting() == others && len(told) == 0 {
		runtime.Gosched()
	}
	return told
}

// tell says when the phone is told of news.
func (p *phoneHub) tell(text string) {
	p.Helper()
	_, err := p.hub.OrderDevice(p.Context(), center.DeviceOrder{User: "anna", ID: "phone1", Do: center.DeviceTell, By: "anna", News: text})
	p.must(err)
}

// silent holds that a wait goes on.
func (p *phoneHub) silent(what string, told <-chan string) {
	p.Helper()
	select {
	case status := <-told:
		p.Fatalf("%s: told %s", what, status)
	default:
	}
}

// TestM112PhoneHearsInItsHours: a phone that is not to be told of news waits though there are some, also if it began to wait after they came, by Ping and by Sync; another
// phone is told at once; what is asked for by hand comes; and once the hours are over the phone is told.
func TestM112PhoneHearsInItsHours(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	p.must(p.phone.FolderSync(ctx))
	contacts := p.phone.FolderOf(9)
	p.must(p.phone.Sync(ctx, contacts))
	second := *p.phone.Client
	second.DeviceID = "tablet"
	tablet := easclient.NewPhone(&second)
	p.must(tablet.FolderSync(ctx))
	p.must(tablet.Sync(ctx, contacts))
	write := func(name string) {
		p.must(os.WriteFile(filepath.Join(p.cards, name+".vcf"), []byte("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:"+name+"\r\nFN:"+name+"\r\nN:"+name+";;;;\r\nEND:VCARD\r\n"), 0o600))
	}

	p.tell("quiet 00:00-24:00")
	held := p.ping(p.phone, contacts, 0)
	atOnce := p.ping(tablet, contacts, 1)
	write("Bauer")
	if status := <-atOnce; status != "2" {
		t.Fatalf("the tablet is told %s", status)
	}
	p.silent("in quiet hours", held)

	// Another rule ends the wait, as if its time were over; the next one begins with the news there already.
	p.tell("manual")
	if status := <-held; status != "1" {
		t.Fatalf("the rule is another: %s", status)
	}
	held = p.ping(p.phone, contacts, 0)
	p.silent("news from before the wait", held)

	// By hand the record comes, while the hours go on.
	p.must(p.phone.Sync(ctx, contacts))
	p.item(contacts, "Bauer")
	if status := <-held; status != "1" { // a Sync takes the place of a Ping
		t.Fatalf("the Ping beside a Sync: %s", status)
	}

	// A Sync that waits is held as a Ping is.
	must := func(a *easclient.Answer, err error) *easclient.Answer { p.must(err); return a }
	write("Costa")
	p.must(tablet.Sync(ctx, contacts))
	for len(tablet.Stores[contacts].Items) < 2 {
		if status := <-p.ping(tablet, contacts, p.hub.doors.door.Broker.Waiting()); status != "2" {
			t.Fatalf("the tablet is told %s", status)
		}
		p.must(tablet.Sync(ctx, contacts))
	}
	hanging := make(chan *easclient.Answer, 1)
	go func() {
		hanging <- must(p.phone.Do(ctx, "Sync", wbxml.New(wbxml.AirSyncSync, wbxml.Text(wbxml.AirSyncHeartbeatInterval, "600"), wbxml.New(wbxml.AirSyncCollections,
			wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, p.phone.Stores[contacts].Key), wbxml.Text(wbxml.AirSyncCollectionId, contacts))))))
	}()
	for p.hub.doors.door.Broker.Waiting() == 0 && len(hanging) == 0 {
		runtime.Gosched()
	}
	p.tell("quiet 00:00-24:00")
	if a := <-hanging; a.Doc != nil {
		t.Fatalf("a Sync that waits is told %v", a.Doc)
	}

	held = p.ping(p.phone, contacts, 0)
	p.silent("still", held)
	p.tell("")
	if status := <-held; status != "1" {
		t.Fatalf("the hours are over: %s", status)
	}
	if status := <-p.ping(p.phone, contacts, 0); status != "2" {
		t.Fatalf("after the hours: %s", status)
	}
	p.must(p.phone.Sync(ctx, contacts))
	p.item(contacts, "Costa")
}
