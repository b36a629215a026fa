package eas_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// people are Ann and Bob, each with a phone.
type people struct {
	*house
	ann, bob *easclient.Phone
}

func newPeople(t *testing.T, version string) *people {
	h := newHouse(t)
	h.user("bob")
	return &people{h, h.phone("ann", "annphone", version), h.phone("bob", "bobphone", version)}
}

// sync brings a phone's calendar up to date, and returns the only event in it, nil if there is none.
func (p *people) sync(phone *easclient.Phone) (string, *easclient.Item) {
	p.Helper()
	folder := phone.FolderOf(8)
	p.must(phone.Sync(p.Context(), folder))
	items := phone.Stores[folder].Items
	if len(items) > 1 || phone.Wipes+phone.Twice+phone.Unknown != 0 {
		p.Fatalf("%d events, %d wipes, %d twice, %d unknown", len(items), phone.Wipes, phone.Twice, phone.Unknown)
	}
	for id, it := range items {
		return id, it
	}
	return "", nil
}

// status is how a phone sees the answer of whoever is invited under an address.
func status(it *easclient.Item, mail string) string {
	for a := range wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.CalendarAttendees).All(wbxml.CalendarAttendee) {
		if strings.EqualFold(a.Get(wbxml.CalendarEmail), mail) {
			return a.Get(wbxml.CalendarAttendeeStatus)
		}
	}
	return ""
}

// answer sends a MeetingResponse of Bob's.
func (p *people) answer(said, id, more string) {
	p.Helper()
	got := p.do(p.bob.Client, "MeetingResponse", "<MeetingResponse><Request><UserResponse>"+said+"</UserResponse><CollectionId>"+p.bob.FolderOf(8)+
		"</CollectionId><RequestId>"+id+"</RequestId>"+more+"</Request></MeetingResponse>")
	if !strings.Contains(got, "Status=1") {
		p.Fatalf("the answer: %s", got)
	}
}

// invite is what Ann's phone sends of a meeting with Bob, every week.
func invite(version string) []*wbxml.Element {
	out := []*wbxml.Element{wbxml.Text(wbxml.CalendarStartTime, "20300304T100000Z"), wbxml.Text(wbxml.CalendarEndTime, "20300304T110000Z"),
		wbxml.Text(wbxml.CalendarSubject, "Talk"), wbxml.Text(wbxml.CalendarAllDayEvent, "0"), wbxml.Text(wbxml.CalendarBusyStatus, "2"),
		wbxml.Text(wbxml.CalendarSensitivity, "0"), wbxml.Text(wbxml.CalendarMeetingStatus, "1"),
		wbxml.New(wbxml.CalendarAttendees, wbxml.New(wbxml.CalendarAttendee, wbxml.Text(wbxml.CalendarEmail, "bob@example.org"), wbxml.Text(wbxml.CalendarName, "Bob"),
			wbxml.Text(wbxml.CalendarAttendeeType, "1"))),
		wbxml.New(wbxml.CalendarRecurrence, wbxml.Text(wbxml.CalendarType, "1"), wbxml.Text(wbxml.CalendarInterval, "1"), wbxml.Text(wbxml.CalendarDayOfWeek, "2"),
			wbxml.Text(wbxml.CalendarOccurrences, "5"))}
	if version < "16" {
		out = append(out, wbxml.Text(wbxml.CalendarUID, "ann-meeting-1"), wbxml.Text(wbxml.CalendarOrganizerEmail, "ann@example.org"), wbxml.Text(wbxml.CalendarOrganizerName, "Ann"))
	}
	return out
}

// TestMeetingBetweenPhones: Ann invites Bob on her phone, and the rest of it. Each sees on their phone what the other did.
func TestMeetingBetweenPhones(t *testing.T) {
	for _, version := range []string{"14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) {
			p := newPeople(t, version)
			p.ann.Add(p.ann.FolderOf(8), invite(version)...)
			hers, _ := p.sync(p.ann)
			his, it := p.sync(p.bob)
			if it == nil || text(it, wbxml.CalendarSubject) != "Talk" || text(it, wbxml.CalendarMeetingStatus) != "3" || text(it, wbxml.CalendarOrganizerEmail) != "ann@example.org" ||
				text(it, wbxml.CalendarResponseType) != "5" {
				t.Fatalf("Bob's phone has %+v", it)
			}

			send := ""
			if version >= "16" {
				send = "<SendResponse/>"
			}
			p.answer("1", his, send)
			if _, it = p.sync(p.ann); status(it, "bob@example.org") != "3" {
				t.Errorf("Ann sees %q of Bob", status(it, "bob@example.org"))
			}

			// She moves it: his answer is taken back, on her phone too, and he is asked again.
			p.ann.Change(p.ann.FolderOf(8), hers, wbxml.Text(wbxml.CalendarStartTime, "20300304T140000Z"), wbxml.Text(wbxml.CalendarEndTime, "20300304T150000Z"))
			p.sync(p.ann)
			if _, it = p.sync(p.ann); status(it, "bob@example.org") == "3" {
				t.Errorf("Ann's phone still shows Bob's answer to the old time: %q", status(it, "bob@example.org"))
			}
			if his, it = p.sync(p.bob); text(it, wbxml.CalendarStartTime) != "20300304T140000Z" || text(it, wbxml.CalendarResponseType) != "5" {
				t.Errorf("Bob's phone has it at %s, answered %s", text(it, wbxml.CalendarStartTime), text(it, wbxml.CalendarResponseType))
			}

			// He cannot come the second time.
			p.answer("1", his, send)
			p.answer("3", his, "<InstanceId>2030-03-11T14:00:00.000Z</InstanceId>"+send)
			p.sync(p.bob)
			body := p.bodies(p.collection("ann", tandem.Event))[0]
			if !strings.Contains(body, "20300311T140000\r\nEND:VEVENT") || strings.Count(body, "PARTSTAT=DECLINED") != 1 || strings.Count(body, "PARTSTAT=ACCEPTED") < 1 {
				t.Errorf("Ann's event:\n%s", body)
			}

			// She calls it off.
			hers, _ = p.sync(p.ann)
			p.ann.Delete(p.ann.FolderOf(8), hers)
			p.sync(p.ann)
			if _, it = p.sync(p.bob); it == nil || text(it, wbxml.CalendarMeetingStatus) != "7" {
				t.Errorf("Bob's phone has %+v", it)
			}
			p.valid()
		})
	}
}

// TestSilentAnswer: from 16.0 on, who does not ask for the answer to be sent does not send it. MS-ASCMD 2.2.3.162
func TestSilentAnswer(t *testing.T) {
	p := newPeople(t, "16.1")
	p.ann.Add(p.ann.FolderOf(8), invite("16.1")...)
	p.sync(p.ann)
	his, _ := p.sync(p.bob)
	p.answer("1", his, "")
	if _, it := p.sync(p.ann); status(it, "bob@example.org") == "3" {
		t.Error("Ann was told")
	}
	if _, it := p.sync(p.bob); text(it, wbxml.CalendarResponseType) != "3" {
		t.Errorf("Bob's phone shows %s", text(it, wbxml.CalendarResponseType))
	}
	p.valid()
}

// TestDeletedInvitation: who deletes an invitation declines it.
func TestDeletedInvitation(t *testing.T) {
	p := newPeople(t, "14.1")
	p.ann.Add(p.ann.FolderOf(8), invite("14.1")...)
	p.sync(p.ann)
	his, _ := p.sync(p.bob)
	p.bob.Delete(p.bob.FolderOf(8), his)
	p.sync(p.bob)
	if _, it := p.sync(p.ann); status(it, "bob@example.org") != "4" {
		t.Errorf("Ann sees %q of Bob", status(it, "bob@example.org"))
	}
	p.valid()
}

// TestFarAway: whom nobody can tell is named in the log, and marked in the event.
func TestFarAway(t *testing.T) {
	p := newPeople(t, "16.1")
	data := invite("16.1")
	for _, e := range data {
		if e.Tag == wbxml.CalendarAttendees {
			e.Children[0] = wbxml.New(wbxml.CalendarAttendee, wbxml.Text(wbxml.CalendarEmail, "zoe@elsewhere.org"), wbxml.Text(wbxml.CalendarName, "Zoe"), wbxml.Text(wbxml.CalendarAttendeeType, "1"))
		}
	}
	p.ann.Add(p.ann.FolderOf(8), data...)
	p.sync(p.ann)
	if body := p.bodies(p.collection("ann", tandem.Event))[0]; !strings.Contains(strings.ReplaceAll(body, "\r\n ", ""), "SCHEDULE-STATUS=3.7") {
		t.Errorf("Ann's event:\n%s", body)
	}
	log, err := p.st.Events.List(t.Context(), 0, "", 0)
	p.must(err)
	var texts []string
	for _, e := range log {
		texts = append(texts, e.Text)
	}
	if all := strings.Join(texts, "\n"); !strings.Contains(all, "nobody tells zoe@elsewhere.org of Talk") {
		t.Errorf("the log: %s", all)
	}
	p.valid()
}

// TestClash: two devices of Ann's change one meeting at the same time. What stands in the end is what Bob has, and his copy was not asked about what lost.
func TestClash(t *testing.T) {
	p := newPeople(t, "16.1")
	other := p.phone("ann", "anntablet", "16.1")
	p.ann.Add(p.ann.FolderOf(8), invite("16.1")...)
	hers, _ := p.sync(p.ann)
	p.sync(other)
	p.ann.Change(p.ann.FolderOf(8), hers, wbxml.Text(wbxml.CalendarSubject, "Walk"))
	other.Change(other.FolderOf(8), hers, wbxml.Text(wbxml.CalendarSubject, "Run"), wbxml.New(wbxml.AirSyncBaseLocation, wbxml.Text(wbxml.AirSyncBaseDisplayName, "Hall")))
	p.sync(p.ann)
	p.sync(other)
	_, stands := p.sync(p.ann)
	_, his := p.sync(p.bob)
	if text(his, wbxml.CalendarSubject) != text(stands, wbxml.CalendarSubject) || text(his, wbxml.CalendarSubject) == "Talk" {
		t.Errorf("Bob has %q, Ann %q", text(his, wbxml.CalendarSubject), text(stands, wbxml.CalendarSubject))
	}
	body := p.bodies(p.collection("bob", tandem.Event))[0]
	if strings.Contains(p.bodies(p.collection("ann", tandem.Event))[0], "LOCATION:Hall") != strings.Contains(body, "LOCATION:Hall") {
		t.Errorf("Bob's event:\n%s", body)
	}
	p.valid()
}
