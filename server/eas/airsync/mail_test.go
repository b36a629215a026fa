package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/wire/wbxml"
)

// post is a kit with an inbox and a folder of deleted messages.
type post struct {
	*kit
	inbox, trash tandem.Collection
	boxes        *mailbox.Service
}

func newPost(t *testing.T) *post {
	k := newKit(t)
	k.svc.Views[tandem.Mail] = mail.View{}
	k.folders.Views[tandem.Mail] = mail.View{}
	k.version = eas.V161
	p := &post{kit: k, boxes: mailbox.New(k.st)}
	var err error
	p.inbox, err = p.boxes.Folder(k.ctx, "ann", mailbox.Inbox)
	k.must(err)
	p.trash, err = p.boxes.Folder(k.ctx, "ann", mailbox.Trash)
	k.must(err)
	return p
}

// arrive puts a message into the inbox, received so many days ago.
func (p *post) arrive(subject string, days int) tandem.ID {
	p.Helper()
	text := "From: Zoe <zoe@example.org>\r\nTo: ann@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@x>\r\n\r\nHello " + subject + "\r\n"
	id, err := p.boxes.Put(p.ctx, p.inbox, mailbox.Message{Body: tandem.Bytes(text), Flags: mail.Flags{Received: p.clock.Unix() - int64(days)*86400}})
	p.must(err)
	return id
}

// begin begins a collection, and takes nothing yet.
func (p *post) begin(c tandem.Collection) string {
	p.Helper()
	return key(p.sync(c, "0"))
}

func (p *post) flags(c tandem.Collection, id tandem.ID) mail.Flags {
	p.Helper()
	r, ok := p.record(c, id)
	if !ok {
		p.Fatalf("%s is not there", id)
	}
	return mail.FlagsOf(r.Attrs)
}

// subjects are what a collection of an answer adds, by subject.
func subjects(col *wbxml.Element) string {
	var out []string
	for e := range col.Child(wbxml.AirSyncCommands).All(wbxml.AirSyncAdd) {
		out = append(out, e.Child(wbxml.AirSyncApplicationData).Get(wbxml.EmailSubject))
	}
	return strings.Join(out, " ")
}

// TestMail: a message comes as what it is; what is done to it travels alone, both ways, and merges.
func TestMail(t *testing.T) {
	p := newPost(t)
	one := p.arrive("one", 0)
	at := p.begin(p.inbox)
	col := p.sync(p.inbox, at)
	at = key(col)
	if got := subjects(col); got != "one" {
		t.Fatalf("the first sync adds %q: %s", got, show(col))
	}
	data := col.Child(wbxml.AirSyncCommands).Child(wbxml.AirSyncAdd).Child(wbxml.AirSyncApplicationData)
	if data.Get(wbxml.EmailRead) != "0" || !strings.Contains(data.Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseData), "Hello one") {
		t.Errorf("shown as %s", show(data))
	}
	server := p.serverID(p.inbox, one)
	col = p.sync(p.inbox, at, commands(edit(server, wbxml.Text(wbxml.EmailRead, "1"))))
	at = key(col)
	if got := cmds(col); got != "nothing" {
		t.Errorf("the phone hears of its own change: %s", got)
	}
	if f := p.flags(p.inbox, one); !f.Seen || f.Flagged {
		t.Errorf("flags %+v", f)
	}
	// Flagged elsewhere, and marked unread on the phone at the same time: both hold.
	r, _ := p.record(p.inbox, one)
	elsewhere := mail.FlagsOf(r.Attrs)
	elsewhere.Flagged = true
	p.attrs(p.inbox, one, elsewhere)
	col = p.sync(p.inbox, at, commands(edit(server, wbxml.Text(wbxml.EmailRead, "0"))))
	at = key(col)
	if f := p.flags(p.inbox, one); f.Seen || !f.Flagged {
		t.Errorf("merged to %+v", f)
	}
	change := col.Child(wbxml.AirSyncCommands).Child(wbxml.AirSyncChange).Child(wbxml.AirSyncApplicationData)
	if change == nil || change.Child(wbxml.EmailFlag).Get(wbxml.EmailStatus) != "2" || change.Has(wbxml.AirSyncBaseBody) {
		t.Errorf("the phone is told %s", show(col))
	}
	if s := status(p.sync(p.inbox, at)); s != "" && s != "1" {
		t.Errorf("status %s", s)
	}
	p.validate(50)
}

func (p *post) attrs(c tandem.Collection, id tandem.ID, f mail.Flags) {
	p.Helper()
	r, _ := p.record(c, id)
	out, err := p.st.Home.Write(p.ctx, c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.SetAttrs, ID: id, If: r.Version,
		Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}}}}})
	p.must(err)
	if out[0].Status != tandem.Applied {
		p.Fatalf("%+v", out)
	}
}

// TestMailWindow: FilterType counts from when a message came. MS-ASCMD 2.2.3.68.2
func TestMailWindow(t *testing.T) {
	p := newPost(t)
	for _, days := range []int{0, 2, 5, 10, 20, 40} {
		p.arrive(fmt.Sprint("d", days), days)
	}
	for f, want := range map[int]int{0: 6, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5} {
		at := p.begin(p.inbox)
		col := p.sync(p.inbox, at, options(filter(f)))
		if got := len(strings.Fields(subjects(col))); got != want {
			t.Errorf("filter %d shows %d messages: %s", f, got, subjects(col))
		}
	}
	if col := p.sync(p.inbox, p.begin(p.inbox), options(filter(6))); status(col) != "4" {
		t.Errorf("filter 6: status %s", status(col))
	}
}

// TestMailDelete: what a phone deletes goes to the folder of deleted messages, with its flags, unless it says otherwise. MS-ASCMD 2.2.3.42
func TestMailDelete(t *testing.T) {
	p := newPost(t)
	one, two := p.arrive("one", 0), p.arrive("two", 0)
	p.attrs(p.inbox, one, mail.Flags{Seen: true, Received: 7})
	at := key(p.sync(p.inbox, p.begin(p.inbox)))
	server := p.serverID(p.inbox, one)
	at = key(p.sync(p.inbox, at, commands(drop(server))))
	in := p.sync(p.trash, p.begin(p.trash))
	if got := subjects(in); got != "one" {
		t.Errorf("deleted messages: %q", got)
	}
	if data := in.Child(wbxml.AirSyncCommands).Child(wbxml.AirSyncAdd).Child(wbxml.AirSyncApplicationData); data.Get(wbxml.EmailRead) != "1" {
		t.Errorf("it is unread again: %s", show(data))
	}
	p.sync(p.inbox, at, wbxml.Text(wbxml.AirSyncDeletesAsMoves, "0"), commands(drop(p.serverID(p.inbox, two))))
	again := p.sync(p.trash, key(in))
	if got := subjects(again); got != "" {
		t.Errorf("what should be gone is in the folder of deleted messages: %q", got)
	}
	gone := in.Child(wbxml.AirSyncCommands).Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
	p.sync(p.trash, key(in), commands(drop(gone)))
	if recs, _, err := p.st.Home.Since(context.Background(), p.trash.ID, 0, 0); err != nil || len(recs) != 1 || !recs[0].Deleted {
		t.Errorf("emptied, it holds %+v, %v", recs, err)
	}
}
