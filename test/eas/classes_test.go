package eas_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/test/easclient"
)

// classes are the kinds of records as they are kept, what a phone is shown of them, and one element by itself.
var classes = []struct {
	kind          tandem.Kind
	folder        int
	class         string
	since         eas.Version
	body, change  string // as it is kept, and another text for "Water"
	shown         []string
	schema, alone string
}{
	{tandem.Contact, 9, "Contacts", 121, card("u1", "Water", "1"), "Stone", []string{"FileAs=Water", "MobilePhoneNumber=1", "Body{"}, "<contacts:FileAs/>", "Properties{FileAs=Water}"},
	{tandem.Event, 8, "Calendar", 121, ical("UID:e1", "DTSTART:20990601T100000Z", "DTEND:20990601T110000Z", "SUMMARY:Water", "DESCRIPTION:much of it"), "Stone",
		[]string{"Subject=Water", "StartTime=20990601T100000Z", "Body{"}, "<calendar:Subject/><calendar:StartTime/>", "Properties{StartTime=20990601T100000Z Subject=Water}"},
	{tandem.Task, 7, "Tasks", 121, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Water\r\nDESCRIPTION:much of it\r\nEND:VTODO\r\nEND:VCALENDAR\r\n", "Stone",
		[]string{"Subject=Water", "Complete=0", "Body{"}, "<tasks:Subject/>", "Properties{Subject=Water}"},
	{tandem.Note, 10, "Notes", 140, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:n1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Water\r\nCATEGORIES:home\r\nDESCRIPTION:much of it\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n", "Stone",
		[]string{"Subject=Water", "MessageClass=IPM.StickyNote", "LastModifiedDate=", "Categories{Category=home}", "Body{"}, "<notes:Subject/>", "Properties{Subject=Water}"},
}

// TestClasses: every kind of record is shown by Sync as it is added and changed, and by ItemOperations as a whole, as far as a schema names it, and with its body
// as a preference wants it, in every version that has its class; a search for it is answered. MS-ASNOTE 3.2, MS-ASTASK 3.2, MS-ASCNTC 3.2, MS-ASAIRS 2.2.2.12, 2.2.3.1
func TestClasses(t *testing.T) {
	for _, version := range versions {
		v, _ := eas.ParseVersion(version)
		h := newHouse(t)
		p := h.phone("ann", "phone1", version)
		for _, c := range classes {
			if v < c.since {
				continue
			}
			t.Run(version+" "+c.class, func(t *testing.T) {
				home := h.collection("ann", c.kind)
				ids := h.put(home, c.body, strings.NewReplacer("Water", "Fire", "UID:", "UID:x").Replace(c.body))
				d := h.desk(p, c.folder)
				got := d.sync(changes)
				contains(t, got, append([]string{"Commands{Add{ServerId=", "ApplicationData{", "Fire"}, c.shown...)...)
				if n := strings.Count(got, "Add{"); n != 2 {
					t.Errorf("%d of 2 records are shown", n)
				}
				h.edit(home, ids[0], func(s string) string { return strings.ReplaceAll(s, "Water", c.change) })
				got = d.sync(changes)
				contains(t, got, "Commands{Change{ServerId=", "ApplicationData{", "="+c.change, "!Fire")
				id := serverID(got)
				fetch := func(options string) string {
					return h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>"+d.folder+"</airsync:CollectionId><airsync:ServerId>"+id+"</airsync:ServerId>"+options+"</Fetch></ItemOperations>")
				}
				h.edit(home, ids[0], func(s string) string { return strings.ReplaceAll(s, c.change, "Water") })
				contains(t, fetch(""), append([]string{"Status=1 CollectionId=" + d.folder + " ServerId=" + id + " Class=" + c.class + " Properties{", "!Fire"}, c.shown...)...)
				contains(t, fetch("<Options><Schema>"+c.schema+"</Schema></Options>"), c.alone)
				contains(t, fetch("<Options><Schema><airsyncbase:Body/></Schema><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type></airsyncbase:BodyPreference></Options>"), "Properties{Body{Type=", "!Subject")
				if c.kind != tandem.Contact { // it has no note
					contains(t, fetch("<Options><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type></airsyncbase:BodyPreference></Options>"), "Body{Type=2 ")
				}
				search := "<Search><Store><Name>Mailbox</Name><Query><And><airsync:Class>" + c.class + "</airsync:Class><airsync:CollectionId>" + d.folder + "</airsync:CollectionId><FreeText>Water</FreeText></And></Query></Store></Search>"
				contains(t, h.do(p.Client, "Search", search), "Search{Status=1 Response{Store{Status=1 ")
			})
		}
		h.valid()
	}
}

// optional are requests with what they may hold besides, and the answer they have if that is understood.
func optional(p *easclient.Phone, v eas.Version, event, cert string) []struct{ command, request, want string } {
	fetch := "<Fetch><Store>Mailbox</Store><airsync:ServerId>" + event + "</airsync:ServerId>%</Fetch>"
	type ask = struct{ command, request, want string }
	list := []ask{
		{"ItemOperations", "<ItemOperations>" + strings.Replace(fetch, "%", "<Options><Schema><calendar:Subject/></Schema></Options>", 1) + "</ItemOperations>", "Properties{Subject=Water}"},
		{"ItemOperations", "<ItemOperations><EmptyFolderContents><airsync:CollectionId>" + p.FolderOf(7) + "</airsync:CollectionId><Options><DeleteSubFolders/></Options></EmptyFolderContents></ItemOperations>", "EmptyFolderContents{Status=1 "},
		{"ResolveRecipients", "<ResolveRecipients><To>zoe</To><To>yan</To><Options><CertificateRetrieval>2</CertificateRetrieval><MaxCertificates>1</MaxCertificates></Options></ResolveRecipients>", "Certificates{Status="},
		{"ValidateCert", "<ValidateCert><CertificateChain><Certificate>" + cert + "</Certificate></CertificateChain><Certificates><Certificate>" + cert + "</Certificate></Certificates><CheckCRL>0</CheckCRL></ValidateCert>", "Certificate{Status="},
		{"Settings", "<Settings><DeviceInformation><Set><Model>m</Model><IMEI>1</IMEI><FriendlyName>f</FriendlyName><OS>o</OS><OSLanguage>l</OSLanguage><PhoneNumber>2</PhoneNumber><UserAgent>u</UserAgent></Set></DeviceInformation></Settings>", "DeviceInformation{Status=1}"},
	}
	if v >= 140 {
		list = append(list, ask{"ItemOperations", "<ItemOperations><Move><ConversationId/><DstFldId>" + p.FolderOf(8) + "</DstFldId><Options><MoveAlways/></Options></Move></ItemOperations>", "Move{Status=156 "},
			ask{"Settings", "<Settings><DeviceInformation><Set><Model>m</Model><UserAgent>u</UserAgent><EnableOutboundSMS>0</EnableOutboundSMS><MobileOperator>o</MobileOperator></Set></DeviceInformation></Settings>", "DeviceInformation{Status=1}"})
	}
	if v >= 141 {
		list = append(list, ask{"MeetingResponse", "<MeetingResponse><Request><UserResponse>1</UserResponse><CollectionId>" + p.FolderOf(8) + "</CollectionId><RequestId>" + event + "</RequestId><InstanceId>2099-06-01T10:00:00.000Z</InstanceId></Request></MeetingResponse>", "Result{RequestId="},
			ask{"Search", "<Search><Store><Name>GAL</Name><Query>zoe</Query><Options><Picture><MaxSize>1</MaxSize><MaxPictures>1</MaxPictures></Picture></Options></Store></Search>", "Picture{Status=174}"},
			ask{"ResolveRecipients", "<ResolveRecipients><To>zoe</To><Options><Picture><MaxSize>1</MaxSize><MaxPictures>1</MaxPictures></Picture></Options></ResolveRecipients>", "Picture{Status=174}"})
	}
	if v >= 161 {
		list = append(list, ask{"Find", "<Find><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>zoe</Query><Options><Range>0-9</Range><Picture><MaxSize>1</MaxSize><MaxPictures>1</MaxPictures></Picture></Options></GalSearchCriterion></ExecuteSearch></Find>", "Picture{Status=174}"})
	}
	return list
}

// TestOptional: what a request may hold besides is understood in every version that has it. MS-ASCMD 2.2.3
func TestOptional(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			v, _ := eas.ParseVersion(version)
			h := newHouse(t)
			h.put(h.collection("ann", tandem.Contact), "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nN:Young;Zoe;;;\r\nFN:Zoe Young\r\nEMAIL:zoe@x.org\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nEND:VCARD\r\n")
			h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20990601T100000Z", "DTEND:20990601T110000Z", "SUMMARY:Water", "RRULE:FREQ=DAILY;COUNT=3", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org"))
			p := h.phone("ann", "phone1", version)
			event := serverID(h.desk(p, 8).sync(changes))
			for _, c := range optional(p, v, event, (&shape{house: h}).certificate()) {
				contains(t, h.do(p.Client, c.command, c.request), c.want)
			}
			h.valid()
		})
	}
}

// TestUnsound: a preference of bodies that is against its form is refused with the status of each command. MS-ASAIRS 3.2.5.1
func TestUnsound(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "phone1", "16.1")
	id := serverID(h.desk(p, 9).sync(changes))
	el := func(name, value string) string {
		return "<airsyncbase:" + name + ">" + value + "</airsyncbase:" + name + ">"
	}
	for name, inner := range map[string]string{
		"the type of a value":   el("Type", "1") + el("AllOrNone", "maybe"),
		"the number of a value": el("Type", "1") + el("AllOrNone", "1") + el("AllOrNone", "1"),
		"the order":             el("TruncationSize", "1") + el("Type", "1"),
		"the place":             el("Type", "1") + el("Data", "1"),
	} {
		options := "<Options>" + el("BodyPreference", inner) + "</Options>"
		t.Run(name, func(t *testing.T) {
			contains(t, h.desk(p, 9).sync(changes+options), "Status=4", "!Zoe")                                                                                                                              // MS-ASAIRS_R348, R350, R351
			contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId>"+options+"</Fetch></ItemOperations>"), "Fetch{Status=2 ") // MS-ASAIRS_R346
			contains(t, h.do(p.Client, "Search", "<Search><Store><Name>Mailbox</Name><Query><And><FreeText>x</FreeText></And></Query>"+options+"</Store></Search>"), "Store{Status=2}")                      // MS-ASAIRS_R10033
		})
	}
	contains(t, h.desk(p, 9).sync(changes+"<Options>"+el("BodyPreference", el("Type", "1"))+el("BodyPreference", el("Type", "1"))+"</Options>"), "Status=4")                   // MS-ASAIRS_R349
	contains(t, h.do(p.Client, "Search", "<Search><Store><Name>Mailbox</Name><Query><And><tasks:Subject>x</tasks:Subject></And></Query></Store></Search>"), "Store{Status=2}") // MS-ASTASK_R364
	contains(t, h.desk(p, 8).sync(add("c1", "<calendar:Subject>Ada</calendar:Subject><calendar:StartTime>soon</calendar:StartTime>")), "Add{ClientId=c1 Status=6}", "!Ada")
	h.valid()
}

// TestTwice: what stands twice where it should stand once, and Commands without any, are borne. MS-ASCMD 7
func TestTwice(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20990601T100000Z", "DTEND:20990601T110000Z", "SUMMARY:Water"))
	p := h.phone("ann", "phone1", "14.1")
	for name, inner := range map[string]string{
		"Class": "<Class>Calendar</Class>", "Conflict": "<Conflict>1</Conflict>", "FilterType": "<FilterType>4</FilterType>", "MIMESupport": "<MIMESupport>0</MIMESupport>",
		"MIMETruncation": "<MIMETruncation>1</MIMETruncation>", "MaxItems": "<MaxItems>9</MaxItems>",
	} {
		if got := h.desk(p, 8).sync(changes + "<Options>" + inner + inner + "</Options>"); !strings.Contains(got, "Status=1 ") || !strings.Contains(got, "Water") {
			t.Errorf("%s: %s", name, got)
		}
	}
	contains(t, h.desk(p, 8).sync(changes+"<Commands/>"), "Status=1 ", "Water") // MS-ASCMD_R2058
	store := func(query, options string) string {
		return "<Store><Name>Mailbox</Name><Query>" + query + "</Query><Options>" + options + "</Options></Store>"
	}
	free := "<And><FreeText>x</FreeText></And>"
	for name, inner := range map[string]string{
		"DeepTraversal": store(free, "<DeepTraversal/><DeepTraversal/>"), "MIMESupport": store(free, "<airsync:MIMESupport>0</airsync:MIMESupport><airsync:MIMESupport>0</airsync:MIMESupport>"),
		"Range": store(free, "<Range>0-9</Range><Range>0-9</Range>"), "RebuildResults": store(free, "<RebuildResults/><RebuildResults/>"), "Store": store(free, "") + store(free, ""),
		"EqualTo": store("<EqualTo><Value>1</Value></EqualTo><EqualTo><Value>1</Value></EqualTo>", ""), "LessThan": store("<And><LessThan><email:DateReceived/><Value>2026-05-20T10:00:00.000Z</Value></LessThan><LessThan><email:DateReceived/><Value>2026-05-20T10:00:00.000Z</Value></LessThan></And>", ""),
		"GreaterThan": store("<And><GreaterThan><email:DateReceived/><Value>2026-05-20T10:00:00.000Z</Value></GreaterThan><GreaterThan><email:DateReceived/><Value>2026-05-20T10:00:00.000Z</Value></GreaterThan></And>", ""),
	} {
		if got := h.do(p.Client, "Search", "<Search>"+inner+"</Search>"); !strings.HasPrefix(got, "Search{Status=1 Response{Store{Status=1 ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	h.valid()
}
