package eas_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// parts are the children of an element that is written as XML.
func (h *house) parts(xml string) []*wbxml.Element {
	h.Helper()
	e, err := wbxml.FromXML(strings.NewReader(sync1(collection("1", "1", add("c", xml)))))
	h.must(err)
	return e.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection).Child(wbxml.AirSyncCommands).Child(wbxml.AirSyncAdd).Child(wbxml.AirSyncApplicationData).Children
}

// shows is what a phone has of a folder, in order; a phone that begins now must have the same.
func shows(p *easclient.Phone, folder string) (out []string) {
	for id, it := range p.Stores[folder].Items {
		var b strings.Builder
		_ = wbxml.ToXML(&b, wbxml.New(wbxml.AirSyncApplicationData, it.Data...)) // of what was read
		out = append(out, id+" "+b.String())
	}
	slices.Sort(out)
	return out
}

// asFresh syncs a phone, checks that it has what one has that begins now, and returns the subjects.
func (h *backedUp) asFresh(when string, p *easclient.Phone, folder string, subject wbxml.Tag) (out []string) {
	h.Helper()
	ctx := context.Background()
	for range 2 {
		h.must(p.Sync(ctx, folder))
	}
	h.fresh++
	q := h.phone("ann", fmt.Sprint("fresh", h.fresh), p.Version)
	q.Body = p.Body
	h.must(q.Sync(ctx, folder))
	if got, want := shows(p, folder), shows(q, folder); !slices.Equal(got, want) {
		h.Errorf("%s: the phone shows\n%s\nand one that begins now\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, it := range q.Stores[folder].Items {
		out = append(out, text(it, subject))
	}
	slices.Sort(out)
	return out
}

func itemID(t testing.TB, p *easclient.Phone, folder string, subject wbxml.Tag, name string) string {
	t.Helper()
	for id, it := range p.Stores[folder].Items {
		if text(it, subject) == name {
			return id
		}
	}
	t.Fatalf("the phone has no %s", name)
	return ""
}

// meeting is an event as a phone sends it.
func meeting(subject, day, more string) string {
	return "<calendar:Timezone>" + zeroZone + "</calendar:Timezone><calendar:StartTime>202606" + day + "T100000Z</calendar:StartTime><calendar:EndTime>202606" + day + "T110000Z</calendar:EndTime><calendar:Subject>" +
		subject + "</calendar:Subject><calendar:UID>" + subject + "</calendar:UID>" + more
}

func exceptions(list ...string) string {
	return "<calendar:Exceptions>" + strings.Join(list, "") + "</calendar:Exceptions>"
}

func without(day string) string {
	return "<calendar:Exception><calendar:Deleted>1</calendar:Deleted><calendar:ExceptionStartTime>202606" + day + "T100000Z</calendar:ExceptionStartTime></calendar:Exception>"
}

func otherwise(day, subject string) string {
	return "<calendar:Exception><calendar:ExceptionStartTime>202606" + day + "T100000Z</calendar:ExceptionStartTime><calendar:Subject>" + subject + "</calendar:Subject><calendar:StartTime>202606" + day +
		"T120000Z</calendar:StartTime><calendar:EndTime>202606" + day + "T130000Z</calendar:EndTime></calendar:Exception>"
}

const attendee = "<calendar:Attendees><calendar:Attendee><calendar:Email>zoe@example.net</calendar:Email><calendar:Name>Zoe</calendar:Name></calendar:Attendee></calendar:Attendees>"

// joined is a list in one line, without those who are not there.
func (h *backedUp) holds(when string, c tandem.Collection, want ...string) {
	h.Helper()
	all := strings.Join(h.bodies(c), "\n")
	for _, w := range want {
		w, not := strings.CutPrefix(w, "!")
		if strings.Contains(all, w) == not {
			h.Errorf("%s: %s: %v in\n%s", when, w, !not, all)
		}
	}
}

// TestRestoredHubCalendar: a phone that knows more of a calendar than a hub that was put back ends with what the backup has, and with what was not sent yet: exceptions of a series, and meetings.
func TestRestoredHubCalendar(t *testing.T) {
	for _, version := range []string{"14.1"} { // exceptions as a whole; later versions send one at a time
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			p := h.phone("ann", "phone1", version)
			folder, col := p.FolderOf(8), h.collection("ann", tandem.Event)
			p.Add(folder, h.parts(meeting("series", "01", series+exceptions(without("02"), otherwise("03", "later"))))...)
			p.Add(folder, h.parts(meeting("stays", "10", attendee+"<calendar:MeetingStatus>1</calendar:MeetingStatus>"))...)
			p.Add(folder, h.parts(meeting("goes", "11", ""))...)
			h.must(p.Sync(ctx, folder))
			h.backup()
			id := func(name string) string { return itemID(t, p, folder, wbxml.CalendarSubject, name) }
			p.Change(folder, id("series"), h.parts(meeting("series", "01", series+exceptions(without("02"), without("04"), otherwise("03", "even later"))))...)
			p.Add(folder, h.parts(meeting("lost", "12", attendee+"<calendar:MeetingStatus>1</calendar:MeetingStatus>"))...)
			p.Delete(folder, id("goes"))
			h.must(p.Sync(ctx, folder))
			h.put(col, ical("UID:hub", "SUMMARY:hub", "DTSTART:20260613T100000Z", "DTEND:20260613T110000Z"))
			h.must(p.Sync(ctx, folder))
			h.putBack()
			p.Change(folder, id("series"), h.parts(meeting("series", "01", series+exceptions(without("02"), without("05"), otherwise("03", "unsent"))))...)
			p.Change(folder, id("stays"), h.parts(meeting("stays", "15", attendee+"<calendar:MeetingStatus>1</calendar:MeetingStatus>"))...)
			p.Change(folder, id("lost"), h.parts(meeting("lost", "16", attendee+"<calendar:MeetingStatus>1</calendar:MeetingStatus>"))...)
			p.Add(folder, h.parts(meeting("unsent", "14", ""))...)
			if got := h.asFresh("restored", p, folder, wbxml.CalendarSubject); strings.Join(got, " ") != "goes series stays unsent" {
				t.Errorf("%q", got)
			}
			h.holds("restored", col, "SUMMARY:unsent", "20260602T100000\r\n", "20260605T100000\r\n", "!SUMMARY:later", "RECURRENCE-ID", ":20260615T100000", "zoe@example.net", "!UID:lost", "!UID:hub")
			h.inHistory("lost", ":20260616T100000", "zoe@example.net")
			h.nothingTwice(p, 1)
		})
	}
}

// inHistory checks that exactly one version that is called so is kept, and what it says.
func (h *backedUp) inHistory(title string, want ...string) {
	h.Helper()
	kept, err := h.st.History.List(context.Background(), store.PastFilter{Text: title})
	h.must(err)
	kept = slices.DeleteFunc(kept, func(p store.Past) bool { return !strings.HasPrefix(p.Title, title) })
	if len(kept) != 1 {
		h.Fatalf("%d versions of %s are kept", len(kept), title)
	}
	b, err := h.st.Blobs.Open(context.Background(), kept[0].Body)
	h.must(err)
	text, err := tandem.ReadBody(b, 1<<20)
	h.must(err)
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			h.Errorf("what is kept of %s has no %s:\n%s", title, w, text)
		}
	}
}

func (h *backedUp) nothingTwice(p *easclient.Phone, wipes int) {
	h.Helper()
	if p.Wipes != wipes || p.Twice != 0 || p.Unknown != 0 {
		h.Errorf("it began anew %d times; %d twice, %d unknown", p.Wipes, p.Twice, p.Unknown)
	}
}

// TestRestoredHubTasks: the same with tasks, of which one was finished and one renamed.
func TestRestoredHubTasks(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			p := h.phone("ann", "phone1", version)
			folder, col := p.FolderOf(7), h.collection("ann", tandem.Task)
			todo := func(subject, more string) []*wbxml.Element {
				return h.parts("<tasks:Subject>" + subject + "</tasks:Subject><tasks:Importance>1</tasks:Importance>" + more)
			}
			const done, open = "<tasks:Complete>1</tasks:Complete><tasks:DateCompleted>2026-06-01T10:00:00.000Z</tasks:DateCompleted>", "<tasks:Complete>0</tasks:Complete>"
			for _, name := range []string{"one", "two", "three"} {
				p.Add(folder, todo(name, open)...)
			}
			h.must(p.Sync(ctx, folder))
			h.must(p.Sync(ctx, folder))
			h.backup()
			id := func(name string) string { return itemID(t, p, folder, wbxml.TasksSubject, name) }
			one, two, three := id("one"), id("two"), id("three")
			p.Change(folder, one, todo("one", done)...)
			p.Delete(folder, two)
			p.Add(folder, todo("lost", open)...)
			h.must(p.Sync(ctx, folder))
			h.putBack()
			p.Change(folder, three, todo("three", done)...)
			p.Change(folder, id("lost"), todo("lost", done)...)
			p.Add(folder, todo("unsent", open)...)
			if got := h.asFresh("restored", p, folder, wbxml.TasksSubject); strings.Join(got, " ") != "one three two unsent" {
				t.Errorf("%q", got)
			}
			for _, b := range h.bodies(col) {
				if finished := strings.Contains(b, "STATUS:COMPLETED"); finished != strings.Contains(b, "SUMMARY:three") {
					t.Errorf("finished: %v\n%s", finished, b)
				}
			}
			h.inHistory("lost", "STATUS:COMPLETED")
			h.nothingTwice(p, 1)
		})
	}
}

// TestRestoredHubMail: the same with mail: marks, moves, deletions and drafts.
func TestRestoredHubMail(t *testing.T) {
	for _, version := range []string{"14.1", "16.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			house := &postHouse{house: h.house, boxes: mailbox.New(h.st)}
			inbox, drafts, trash := house.box("ann", mailbox.Inbox), house.box("ann", mailbox.Drafts), house.box("ann", mailbox.Trash)
			for i, name := range []string{"read", "marked", "moved", "deleted", "stays", "waits"} {
				house.arrive(inbox, i, letterOf(name, "zoe@example.net", "ann@example.org", "The letter "+name))
			}
			p := h.phone("ann", "phone1", version)
			p.Body = 1
			in, bin, own := p.FolderOf(2), p.FolderOf(4), p.FolderOf(3)
			all := func() {
				for _, f := range []string{in, bin, own} {
					h.must(p.Sync(ctx, f))
				}
			}
			draft := func(subject, text string) []*wbxml.Element {
				return h.parts("<email:To>zoe@example.net</email:To><email:Subject>" + subject + "</email:Subject>" + plainBody(1, text))
			}
			drafting := version >= "16"
			all()
			if drafting {
				p.Add(own, draft("begun", "It begins")...)
			}
			all()
			h.backup()
			id := func(folder, name string) string { return itemID(t, p, folder, wbxml.EmailSubject, name) }
			seen, flagged := h.parts("<email:Read>1</email:Read>"), h.parts("<email:Flag><email:Status>2</email:Status><email:FlagType>Flag for follow up</email:FlagType></email:Flag>")
			move := func(id, from, to string) string {
				got := h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+from+"</SrcFldId><DstFldId>"+to+"</DstFldId></Move></MoveItems>")
				if _, now, ok := strings.Cut(got, "DstMsgId="); ok { // a phone goes on with what it has, under the new name
					now, _, _ = strings.Cut(now, "}")
					p.Stores[to].Items[now] = p.Stores[from].Items[id]
					delete(p.Stores[from].Items, id)
				}
				return got
			}
			p.Change(in, id(in, "read"), seen...)
			p.Change(in, id(in, "marked"), flagged...)
			p.Delete(in, id(in, "deleted"))
			contains(t, move(id(in, "moved"), in, bin), "Status=3")
			house.arrive(inbox, 0, letterOf("lost", "zoe@example.net", "ann@example.org", "It comes after the backup"))
			if drafting {
				p.Change(own, id(own, "begun"), draft("begun", "It goes on")...)
				p.Add(own, draft("lostdraft", "It is begun after the backup")...)
			}
			all()
			all()
			late := id(bin, "moved")
			h.putBack()
			house.boxes = mailbox.New(h.st)
			p.Change(in, id(in, "stays"), seen...)
			p.Change(in, id(in, "lost"), seen...)
			p.Delete(in, id(in, "waits"))
			if drafting {
				p.Change(own, id(own, "begun"), draft("begun", "It ends")...)
				p.Change(own, id(own, "lostdraft"), draft("lostdraft", "It goes on after it was lost")...)
				p.Add(own, draft("unsent", "It was never sent")...)
			}
			contains(t, move(late, bin, in), "Status=1") // the hub never moved it
			if got := h.asFresh("restored", p, in, wbxml.EmailSubject); strings.Join(got, " ") != "deleted marked moved read stays" {
				t.Errorf("%q", got)
			}
			if got := h.asFresh("restored", p, bin, wbxml.EmailSubject); strings.Join(got, " ") != "waits" {
				t.Errorf("%q", got)
			}
			want := "begun"
			if drafting {
				want = "begun unsent"
			} else {
				want = ""
			}
			if got := h.asFresh("restored", p, own, wbxml.EmailSubject); strings.Join(got, " ") != want {
				t.Errorf("%q", got)
			}
			for _, rec := range house.live(inbox) {
				if f := mail.FlagsOf(rec.Attrs); f.Seen != strings.HasPrefix(rec.Title, "stays") || f.Flagged {
					t.Errorf("%s: %+v", rec.Title, f)
				}
			}
			if got := len(house.live(trash)); got != 1 {
				t.Errorf("%d in the trash", got)
			}
			if drafting {
				h.holds("restored", drafts, "It ends", "!It goes on", "It was never sent")
				h.inHistory("lostdraft", "It goes on after it was lost")
			}
			if p.Twice != 0 || p.Unknown != 0 {
				t.Errorf("%d twice, %d unknown", p.Twice, p.Unknown)
			}
		})
	}
}
