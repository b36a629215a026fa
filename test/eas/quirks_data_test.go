package eas_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tandem"
	"tandem/test/easclient"
)

func ical(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n" + strings.Join(append(lines, ""), "\r\n") + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// desk is a phone's view of one folder, with its key.
type desk struct {
	*house
	c           *easclient.Client
	folder, key string
}

func (h *house) desk(p *easclient.Phone, typ int) *desk {
	h.Helper()
	d := &desk{house: h, c: p.Client, folder: p.FolderOf(typ)}
	d.key = h.begin(p.Client, d.folder)
	return d
}

// sync sends what more says of the folder, and returns the answer.
func (d *desk) sync(more string) string {
	d.Helper()
	got := d.do(d.c, "Sync", sync1(collection(d.key, d.folder, more)))
	if m := keyPattern.FindStringSubmatch(got); m != nil && m[1] != "0" {
		d.key = m[1]
	}
	return got
}

// serverID is the last one in an answer.
func serverID(answer string) string {
	all := regexp.MustCompile(`ServerId=([^ }]+)`).FindAllStringSubmatch(answer, -1)
	if all == nil {
		return "none in " + answer
	}
	return all[len(all)-1][1]
}

func change(id, data string) string {
	return "<Commands><Change><ServerId>" + id + "</ServerId><ApplicationData>" + data + "</ApplicationData></Change></Commands>"
}

// An event without attendees is its owner's, or phones would not let them edit it.
func TestFieldNote11Organizer(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:Mine"))
	d := h.desk(h.phone("ann", "a1", "14.1"), 8)
	contains(t, d.sync(changes), "OrganizerEmail=ann@example.org", "MeetingStatus=0")
	h.valid()
}

// A recurrence that ends after 2037 has no end for phones with 32-bit clocks, and keeps its own.
func TestFieldNote12Until(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:Long", "RRULE:FREQ=YEARLY;UNTIL=20450601T100000Z"))
	old := h.phone("ann", "a1", "14.1")
	old.Agent, old.DeviceType = "Android/4.4.4-EAS-1.3", "Android"
	d := h.desk(old, 8)
	got := d.sync(changes)
	contains(t, got, "Recurrence{", "!Until")
	d.sync(change(serverID(got), "<calendar:Subject>Longer</calendar:Subject>"))
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "SUMMARY:Longer", "UNTIL=20450601T100000Z")
	contains(t, h.desk(h.phone("ann", "a2", "14.1"), 8).sync(changes), "Until=20450601T100000Z")
	h.valid()
}

// A birthday is a day, whichever hour a phone writes.
func TestFieldNote15Birthday(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), strings.Replace(card("u1", "Zoe", "1"), "X-ODD", "BDAY:1980-05-20\r\nX-ODD", 1))
	bb := h.phone("ann", "bb", "14.1")
	bb.DeviceType, bb.Agent = "BlackBerryZ10", "RIM-Z10"
	contains(t, h.desk(bb, 9).sync(changes), "Birthday=1980-05-20T11:00:00.000Z")
	for i, hour := range []string{"00", "04", "08", "10", "11", "12", "23"} {
		d := h.desk(h.phone("ann", fmt.Sprint("a", i), "16.1"), 9)
		got := d.sync(changes)
		contains(t, got, "Birthday=1980-05-20T00:00:00.000Z")
		day := "1980-05-20"
		if hour == "23" {
			day = "1980-05-19"
		}
		d.sync(change(serverID(got), "<contacts:Birthday>"+day+"T"+hour+":00:00.000Z</contacts:Birthday>"))
		contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""), "BDAY:1980-05-20", "X-ODD;X-P=1:kept")
	}
	h.valid()
}

// No Range in an answer to who did not ask for one.
func TestFieldNote24Range(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x",
		"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:"+base64.StdEncoding.EncodeToString([]byte("hello"))))
	p := h.phone("ann", "Appl1", "16.1")
	got := h.desk(p, 8).sync(changes)
	contains(t, got, "EstimatedDataSize=5") // note 9
	ref := regexp.MustCompile(`FileReference=([^ }]+)`).FindStringSubmatch(got)
	if ref == nil {
		t.Fatal(got)
	}
	ask := "<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>" + ref[1] + "</airsyncbase:FileReference></Fetch></ItemOperations>"
	contains(t, h.do(p.Client, "ItemOperations", ask), "Data="+base64.StdEncoding.EncodeToString([]byte("hello")), "!Range")
	h.valid()
}

// An invitation is answered where it is: in the calendar.
func TestFieldNote25Invitation(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x", "ORGANIZER:mailto:ben@x.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@example.org"))
	p := h.phone("ann", "Appl1", "16.1")
	id := serverID(h.desk(p, 8).sync(changes))
	ask := "<MeetingResponse><Request><UserResponse>1</UserResponse><CollectionId>" + p.FolderOf(8) + "</CollectionId><RequestId>" + id + "</RequestId><SendResponse/></Request></MeetingResponse>"
	contains(t, h.do(p.Client, "MeetingResponse", ask), "Status=1 CalendarId="+id)
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "PARTSTAT=ACCEPTED")
	h.valid()
}

// MeetingStatus is always there: cancelled, without attendees, without an organizer, of people without an address.
func TestFieldNote26MeetingStatus(t *testing.T) {
	for name, lines := range map[string][]string{
		"plain":                {"SUMMARY:x"},
		"cancelled":            {"STATUS:CANCELLED", "ORGANIZER:mailto:ben@x.org"},
		"no organizer":         {"ATTENDEE:mailto:ann@example.org"},
		"attendee, no address": {"ORGANIZER:mailto:ben@x.org", "ATTENDEE;CN=Somebody:invalid:nomail"},
		"organizer, no mail":   {"ORGANIZER;CN=Ben:urn:uuid:1", "ATTENDEE:mailto:ann@example.org"},
	} {
		h := newHouse(t)
		h.put(h.collection("ann", tandem.Event), ical(append([]string{"UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z"}, lines...)...))
		for _, v := range versions {
			if got := h.desk(h.phone("ann", "Appl"+v, v), 8).sync(changes); !strings.Contains(got, "MeetingStatus=") {
				t.Errorf("%s, %s: %s", name, v, got)
			}
		}
		h.valid()
	}
}

// iOS names new events by 33 letters and a NUL, and sends an empty recurrence.
func TestFieldNote27ClientUid(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "Appl1", "16.1"), 8)
	when := "<calendar:StartTime>20260601T100000Z</calendar:StartTime><calendar:EndTime>20260601T110000Z</calendar:EndTime>"
	got := d.sync(add("c1", "<calendar:ClientUid>"+strings.Repeat("A", 33)+"</calendar:ClientUid><calendar:Subject>x</calendar:Subject><calendar:Recurrence/>"+when))
	contains(t, got, "Add{ClientId=c1 ServerId=", "Status=1")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "SUMMARY:x", "!RRULE")
	h.valid()
}

// iOS fetches what it found from a folder of its own invention, and bears no broken picture in the directory.
func TestFieldNote28AllFolders(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x"))
	h.put(h.collection("ann", tandem.Contact), strings.Replace(card("u1", "Zoe", "1"), "X-ODD", "EMAIL:zoe@x.org\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nX-ODD", 1))
	p := h.phone("ann", "Appl1", "16.1")
	id := serverID(h.desk(p, 8).sync(changes))
	ask := "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>kDAMailAccountAllMailboxesFolderID</airsync:CollectionId><airsync:ServerId>" + id + "</airsync:ServerId></Fetch></ItemOperations>"
	contains(t, h.do(p.Client, "ItemOperations", ask), "Fetch{Status=1 ", "Subject=x")
	find := "<Find><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>%s</Query><Options><Range>0-9</Range><Picture><MaxSize>%d</MaxSize></Picture></Options></GalSearchCriterion></ExecuteSearch></Find>"
	contains(t, h.do(p.Client, "Find", fmt.Sprintf(find, "zoe", 100)), "Picture{Status=1 Data=")
	contains(t, h.do(p.Client, "Find", fmt.Sprintf(find, "zoe", 1)), "Picture{Status=", "!Data")
	contains(t, h.do(p.Client, "Find", fmt.Sprintf(find, "ann", 100)), "Picture{Status=", "!Data") // she has none
	h.valid()
}

// A picture that a phone does not send is kept; one that it sends empty, too, unless it said that it manages pictures.
func TestFieldNote29Picture(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), strings.Replace(card("u1", "Zoe", "1"), "X-ODD", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nX-ODD", 1))
	d := h.desk(h.phone("ann", "Appl1", "14.1"), 9)
	got := d.sync(changes)
	contains(t, got, "Picture=")
	id := serverID(got)
	d.sync(change(id, "<contacts:MobilePhoneNumber>22</contacts:MobilePhoneNumber>"))
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""), "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==", "22")
	d.sync(change(id, "<contacts:MobilePhoneNumber>33</contacts:MobilePhoneNumber><contacts:Picture/>"))
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""), "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==", "33")
	manages := &desk{house: h, c: h.phone("ann", "Appl2", "14.1").Client, folder: d.folder, key: "0"}
	manages.sync("<Supported><contacts:Picture/></Supported>")
	id = serverID(manages.sync(changes))
	manages.sync(change(id, "<contacts:MobilePhoneNumber>44</contacts:MobilePhoneNumber><contacts:Picture/>"))
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""), "!PHOTO", "44")
	h.valid()
}

// A body that is empty is shown whole, as a text of no length.
func TestFieldNote30EmptyBody(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x", "DESCRIPTION:"))
	p := h.phone("ann", "Appl1", "16.1")
	for _, typ := range []int{8, 9} {
		got := h.desk(p, typ).sync(changes + "<Options><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>0</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>")
		contains(t, got, "Add{", "!Body}", "!Truncated=1")
		if strings.Contains(got, "Body{") {
			contains(t, got, "Body{Type=1 EstimatedDataSize=0 ")
		}
	}
	h.valid()
}

// The status comes before the order to wipe, and no policy key is 0.
func TestFieldNote31Wipe(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "Appl1", "14.1")
	ask := "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"
	contains(t, h.do(c, "Provision", ask), "PolicyKey=", "!PolicyKey=0")
	_, err := h.devices.AskWipe(t.Context(), "ann", "Appl1", false, "ann")
	h.must(err)
	contains(t, h.do(c, "Provision", "<provision:Provision/>"), "Provision{Status=1 RemoteWipe}")
	h.valid()
}

// An attachment without content, as iOS sends when an event changes its calendar.
func TestFieldNote37Attachment(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "Appl1", "16.1"), 8)
	when := "<calendar:StartTime>20260601T100000Z</calendar:StartTime><calendar:EndTime>20260601T110000Z</calendar:EndTime><calendar:Subject>x</calendar:Subject>"
	got := d.sync(add("c1", when+"<airsyncbase:Attachments><airsyncbase:Add><airsyncbase:ClientId>1</airsyncbase:ClientId><airsyncbase:Method>1</airsyncbase:Method><airsyncbase:DisplayName>a.txt</airsyncbase:DisplayName></airsyncbase:Add></airsyncbase:Attachments>"))
	contains(t, got, "Add{ClientId=c1 ", "!HTTP")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "SUMMARY:x", "DTSTART", "!ATTACH")
	h.valid()
}

// BlackBerry: an empty ServerId in an Add.
func TestFieldNote46EmptyServerId(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "bb", "14.1"), 9)
	got := d.sync("<Commands><Add><ServerId/><ClientId>c1</ClientId><ApplicationData><contacts:FileAs>Zoe</contacts:FileAs></ApplicationData></Add></Commands>")
	contains(t, got, "Add{ClientId=c1 ServerId=", "Status=1")
	h.valid()
}

// Nokia: a yearly day of no length.
func TestFieldNote47ZeroDay(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "nokia", "12.1"), 8)
	day := "<calendar:AllDayEvent>1</calendar:AllDayEvent><calendar:StartTime>20260601T000000Z</calendar:StartTime><calendar:EndTime>20260601T000000Z</calendar:EndTime><calendar:Subject>Birthday</calendar:Subject>" +
		"<calendar:Recurrence><calendar:Type>5</calendar:Type><calendar:Interval>1</calendar:Interval><calendar:DayOfMonth>1</calendar:DayOfMonth><calendar:MonthOfYear>6</calendar:MonthOfYear></calendar:Recurrence>"
	contains(t, d.sync(add("c1", day)), "Status=1 ", "ClientId=c1 ServerId=")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "FREQ=YEARLY")
	h.valid()
}

// HTC: folders that do not exist in a Ping, and every answer has a date.
func TestFieldNote48Ping(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "htc", "12.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(t.Context(), folder))
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	got := h.do(p.Client, "Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>InvalidTaskID</Id><Class>Tasks</Class></Folder><Folder><Id>"+folder+"</Id><Class>Contacts</Class></Folder></Folders></Ping>")
	contains(t, got, "Ping{Status=2 Folders{Folder="+folder+"}}")
	a, err := p.Options(t.Context())
	h.must(err)
	if a.Header.Get("Date") == "" {
		t.Error("no date")
	}
	h.valid()
}

// LG: an empty Supported: nothing is managed, and what is not sent is kept.
func TestFieldNote49Supported(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "lg", "12.1")
	d := &desk{house: h, c: p.Client, folder: p.FolderOf(9), key: "0"}
	contains(t, d.sync("<Supported/>"), "Status=1")
	id := serverID(d.sync(changes))
	contains(t, d.sync(change(id, "<contacts:FileAs>Zoe Z</contacts:FileAs>")), "Status=1")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""), "TEL;TYPE=CELL:1", "Zoe Z")
	h.valid()
}

// TouchDown: no categories where there are none.
func TestFieldNote50Categories(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	contains(t, h.desk(h.phone("ann", "TD", "12.1"), 9).sync(changes), "FileAs=Zoe", "!Categories")
	h.valid()
}

// Nine: a device id of hexadecimal digits, in a query in base64 of bytes that are no text.
func TestFieldNote51HexID(t *testing.T) {
	h := newHouse(t)
	app, _ := passwords.Load(h.key("ann"))
	query := "\xa1\x09\x09\x04\x04\x01\xfe\x02\xff\x00\x04Nine"
	resp, err := h.request(http.MethodPost, "?"+base64.StdEncoding.EncodeToString([]byte(query)), map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:"+app.(string)))}, nil)
	h.must(err)
	if resp.StatusCode != 200 {
		t.Errorf("HTTP %d", resp.StatusCode)
	}
	if _, err := h.st.Devices.Device(t.Context(), "ann", "01fe02ff"); err != nil {
		t.Error(err)
	}
}

// Palm: folders at the first sync that nobody has; the others are served.
func TestFieldNote52UnknownFirst(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "palm", "12.1")
	got := h.do(p.Client, "Sync", sync1(collection("0", "inbox", ""), collection("0", p.FolderOf(9), "")))
	contains(t, got, "CollectionId=inbox Status=", "CollectionId="+p.FolderOf(9)+" Status=1")
	h.valid()
}

const zeroZone = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

const series = "<calendar:Recurrence><calendar:Type>0</calendar:Type><calendar:Interval>1</calendar:Interval><calendar:Occurrences>5</calendar:Occurrences></calendar:Recurrence>"

// A change of one instance in 16.1 that brings a time zone is refused as Exchange refuses it; another command for the same record is done all the same.
func TestFieldNote53Instance(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "TbSync1", "16.1"), 8)
	when := "<calendar:StartTime>20260601T100000Z</calendar:StartTime><calendar:EndTime>20260601T110000Z</calendar:EndTime>"
	id := serverID(d.sync(add("c1", "<calendar:Subject>x</calendar:Subject>"+when+series)))
	one := func(zone string) string {
		return "<Change><ServerId>" + id + "</ServerId><airsyncbase:InstanceId>20260603T100000Z</airsyncbase:InstanceId><ApplicationData>" + zone + "<calendar:Subject>other</calendar:Subject></ApplicationData></Change>"
	}
	two := "<Change><ServerId>" + id + "</ServerId><ApplicationData><calendar:Sensitivity>2</calendar:Sensitivity></ApplicationData></Change>"
	got := d.sync("<Commands>" + one("<calendar:Timezone>"+zeroZone+"</calendar:Timezone>") + two + "</Commands>")
	contains(t, got, "Responses{Change{ServerId="+id+" InstanceId=20260603T100000Z Status=6}}")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "CLASS:PRIVATE", "!SUMMARY:other")
	contains(t, d.sync("<Commands>"+one("")+"</Commands>"), "!Status=6")
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "SUMMARY:other", "RECURRENCE-ID")
	h.valid()
}

// Exceptions that come with an Add are stored, and shown to the next phone.
func TestFieldNote54Exceptions(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "TbSync1", "14.1"), 8)
	when := "<calendar:Timezone>" + zeroZone + "</calendar:Timezone><calendar:StartTime>20260601T100000Z</calendar:StartTime><calendar:EndTime>20260601T110000Z</calendar:EndTime><calendar:Subject>x</calendar:Subject>"
	exceptions := "<calendar:Exceptions><calendar:Exception><calendar:ExceptionStartTime>20260602T100000Z</calendar:ExceptionStartTime><calendar:Deleted>1</calendar:Deleted></calendar:Exception>" +
		"<calendar:Exception><calendar:ExceptionStartTime>20260603T100000Z</calendar:ExceptionStartTime><calendar:Subject>moved</calendar:Subject><calendar:StartTime>20260603T120000Z</calendar:StartTime><calendar:EndTime>20260603T130000Z</calendar:EndTime></calendar:Exception></calendar:Exceptions>"
	contains(t, d.sync(add("c1", when+series+exceptions)), "Status=1")
	got := h.desk(h.phone("ann", "other", "14.1"), 8).sync(changes)
	contains(t, got, "Subject=moved", "StartTime=20260603T120000Z", "Deleted=1", "ExceptionStartTime=20260602T100000Z")
	h.valid()
}

// A time zone of zeros is UTC and nothing drifts; days have either of two forms.
func TestFieldNote55ZeroZone(t *testing.T) {
	h := newHouse(t)
	d := h.desk(h.phone("ann", "TbSync1", "14.1"), 8)
	d.sync(add("c1", "<calendar:Timezone>"+zeroZone+"</calendar:Timezone><calendar:StartTime>20260325T100000Z</calendar:StartTime><calendar:EndTime>20260325T110000Z</calendar:EndTime><calendar:Subject>weekly</calendar:Subject>"+strings.Replace(series, "<calendar:Type>0</calendar:Type>", "<calendar:Type>1</calendar:Type><calendar:DayOfWeek>8</calendar:DayOfWeek>", 1)))
	contains(t, strings.Join(h.bodies(h.collection("ann", tandem.Event)), ""), "20260325T100000", "!DAYLIGHT")
	d.sync(add("c2", "<calendar:Timezone>"+zeroZone+"</calendar:Timezone><calendar:AllDayEvent>1</calendar:AllDayEvent><calendar:StartTime>20260601T000000Z</calendar:StartTime><calendar:EndTime>20260602T000000Z</calendar:EndTime><calendar:Subject>day</calendar:Subject>"))
	late := h.desk(h.phone("ann", "TbSync2", "16.1"), 8)
	late.sync(add("c3", "<calendar:AllDayEvent>1</calendar:AllDayEvent><calendar:StartTime>20260701T000000Z</calendar:StartTime><calendar:EndTime>20260702T000000Z</calendar:EndTime><calendar:Subject>later day</calendar:Subject>"))
	all := strings.Join(h.bodies(h.collection("ann", tandem.Event)), "")
	contains(t, all, "DTSTART;VALUE=DATE:20260601", "DTSTART;VALUE=DATE:20260701")
	h.valid()
}

// Part of half an hour counts for all of it, and no question is refused for that.
func TestFieldNote56FreeBusy(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T101000Z", "DTEND:20260601T102000Z", "SUMMARY:x"))
	ask := "<ResolveRecipients><To>ann</To><Options><Availability><StartTime>2026-06-01T10:05:00.000Z</StartTime><EndTime>2026-06-01T10:50:00.000Z</EndTime></Availability></Options></ResolveRecipients>"
	contains(t, h.do(h.client("ann", "TbSync1", "14.1"), "ResolveRecipients", ask), "ResolveRecipients{Status=1", "Availability{Status=1 MergedFreeBusy=20}")
	h.valid()
}

// Each header is sent once, and every Provision has a status of its own.
func TestFieldNote57Headers(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "TbSync1", "14.1")
	a, err := c.Options(t.Context())
	h.must(err)
	if n := len(a.Header.Values("MS-ASProtocolCommands")); n != 1 {
		t.Errorf("%d times", n)
	}
	ask := "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"
	contains(t, h.do(c, "Provision", ask), "Provision{Status=1 Policies{Policy{PolicyType=MS-EAS-Provisioning-WBXML Status=1 ")
	h.valid()
}

// Tasks that repeat from an instant or from a wall time are the same to their owner.
func TestFieldNote58TaskStart(t *testing.T) {
	for _, v := range []string{"14.1", "16.1"} {
		h := newHouse(t)
		d := h.desk(h.phone("ann", "TbSync1", v), 7)
		task := "<tasks:Subject>Water</tasks:Subject><tasks:UtcStartDate>2026-06-01T00:00:00.000Z</tasks:UtcStartDate><tasks:StartDate>2026-06-01T00:00:00.000Z</tasks:StartDate><tasks:UtcDueDate>2026-06-01T00:00:00.000Z</tasks:UtcDueDate><tasks:DueDate>2026-06-01T00:00:00.000Z</tasks:DueDate>" +
			"<tasks:Recurrence><tasks:Type>0</tasks:Type><tasks:Start>2026-06-01T00:00:00.000Z</tasks:Start><tasks:Interval>1</tasks:Interval></tasks:Recurrence>"
		contains(t, d.sync(add("c1", task)), "Status=1")
		all := strings.Join(h.bodies(h.collection("ann", tandem.Task)), "")
		contains(t, all, "20260601", "FREQ=DAILY", "!20260531", "!20260602")
		h.valid()
	}
}

// Two programs with one device id are noticed, and neither loses anything.
func TestFieldNote59Cloned(t *testing.T) {
	h := newHouse(t)
	one, two := h.phone("ann", "same", "14.1"), h.client("ann", "same", "14.1")
	two.Agent, two.DeviceType = "Thunderbird/TbSync", "Thunderbird"
	folder := one.FolderOf(9)
	h.must(one.Sync(t.Context(), folder))
	for range 4 {
		h.do(two, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>")
		h.put(h.collection("ann", tandem.Contact), card(fmt.Sprint("u", len(h.bodies(h.collection("ann", tandem.Contact)))), "Zoe", "1"))
		h.must(one.Sync(t.Context(), folder))
	}
	if len(one.Stores[folder].Items) != 4 || one.Wipes != 0 {
		t.Errorf("%d items, %d wipes", len(one.Stores[folder].Items), one.Wipes)
	}
	d, err := h.devices.Find(t.Context(), "ann", "same")
	h.must(err)
	if at, err := h.devices.Copied(t.Context(), d); err != nil || at == 0 {
		t.Errorf("nobody noticed: %d, %v", at, err)
	}
	h.valid()
}

// A phone that comes by a name the hub had before is sent to the one it has now, whatever it asks and in every version, before it gives a password away; it
// goes on there with all it has. MS-ASHTTP 2.2.2.1.2.6, 3.1.5.2.2
func TestFieldNote60Moved(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	h.moved = func(r *http.Request) string {
		if strings.HasPrefix(r.Host, "example.com") {
			return h.srv.URL
		}
		return ""
	}
	h.open()
	const before = "https://example.com" // the test server's client finds it there, too
	for _, version := range versions {
		p := h.phone("ann", "p"+version, version)
		folder := p.FolderOf(9)
		h.must(p.Sync(t.Context(), folder))
		p.Base = before
		for _, ask := range []func() (*easclient.Answer, error){
			func() (*easclient.Answer, error) { return p.Options(t.Context()) },
			func() (*easclient.Answer, error) {
				return p.Post(t.Context(), "Ping", nil, "application/vnd.ms-sync.wbxml", []byte("nonsense"))
			},
		} {
			a, err := ask()
			h.must(err)
			if want := h.srv.URL + easclient.Path; a.Code != 451 || a.Header.Get("X-MS-Location") != want || len(a.Raw) != 0 {
				t.Errorf("%s: %d, to %q, %q", version, a.Code, a.Header.Get("X-MS-Location"), a.Raw)
			}
		}
		id := h.put(h.collection("ann", tandem.Contact), card("u"+version, "New "+version, "1"))
		h.must(p.Sync(t.Context(), folder))
		if p.Base != h.srv.URL || p.Wipes+p.Twice != 0 {
			t.Errorf("%s: at %s, %d wipes, %d twice", version, p.Base, p.Wipes, p.Twice)
		}
		if n := len(p.Stores[folder].Items); n != 2 {
			t.Errorf("%s: %d contacts", version, n)
		}
		h.drop(h.collection("ann", tandem.Contact), id[0])
	}
	h.valid()
}

// Microsoft's tool that tries servers out is a device like others, by whatever rule there is.
func TestFieldNoteConnectivityAnalyzer(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "TestActiveSyncConnectivity", "14.1")
	c.Agent, c.DeviceType = "TestActiveSyncConnectivity", "TestActiveSyncConnectivity"
	contains(t, h.do(c, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"), "Status=1", "Count=4")
	if _, err := h.devices.Find(t.Context(), "ann", c.DeviceID); err != nil {
		t.Error(err)
	}
}
