package contact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// everyElement has a value for each element of MS-ASCNTC 2.2.2 that a contact has.
func everyElement() map[string]string {
	return map[string]string{
		"FileAs": "Doe, Jane", "FirstName": "Jane", "LastName": "Doe", "MiddleName": "Q", "Title": "Dr.", "Suffix": "PhD", "NickName": "JD",
		"YomiFirstName": "ジェーン", "YomiLastName": "ドウ", "YomiCompanyName": "エグザンプル", "CompanyName": "Example; Inc", "Department": "R&D",
		"JobTitle": "Head", "OfficeLocation": "3.14", "ManagerName": "M", "AssistantName": "A", "Spouse": "S", "Email1Address": "1@x.example",
		"Email2Address": "2@x.example", "Email3Address": "3@x.example", "IMAddress": "sip:1@x.example", "IMAddress2": "2", "IMAddress3": "xmpp:3@x.example",
		"MobilePhoneNumber": "1", "HomePhoneNumber": "2", "Home2PhoneNumber": "3", "BusinessPhoneNumber": "4", "Business2PhoneNumber": "5",
		"HomeFaxNumber": "6", "BusinessFaxNumber": "7", "PagerNumber": "8", "CarPhoneNumber": "9", "RadioPhoneNumber": "10",
		"AssistantPhoneNumber": "11", "CompanyMainPhone": "12", "MMS": "13", "BusinessAddressStreet": "bs", "BusinessAddressCity": "bc",
		"BusinessAddressState": "bst", "BusinessAddressPostalCode": "bp", "BusinessAddressCountry": "bco", "HomeAddressStreet": "hs",
		"HomeAddressCity": "hc", "HomeAddressState": "hst", "HomeAddressPostalCode": "hp", "HomeAddressCountry": "hco", "OtherAddressStreet": "os",
		"OtherAddressCity": "oc", "OtherAddressState": "ost", "OtherAddressPostalCode": "op", "OtherAddressCountry": "oco",
		"WebPage": "https://x.example/?a=1;b", "CustomerId": "c1", "GovernmentId": "g1", "AccountName": "an", "Categories": "Friends|Work",
		"Children": "Ann|Bob", "Birthday": "1980-04-12T00:00:00.000Z", "Anniversary": "2005-06-07T00:00:00.000Z", "Body": "A note.\r\nTwo lines.",
		"Picture": base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xffpicture")),
	}
}

// Names that are none of a person's are not guessed to be, and a name that a client took away is not guessed again.
func TestViewNoName(t *testing.T) {
	if (View{}).Class() != "Contacts" {
		t.Error("another class")
	}
	for _, lines := range [][]string{{"FN:The Team", "KIND:group"}, {"FN:The Team", "X-ADDRESSBOOKSERVER-KIND:group"}, {"FN:Example Inc", "X-ABSHOWAS:COMPANY"},
		{"FN:j@x.example", "EMAIL:j@x.example"}, {"FN:+1 555", "TEL:+1 555"}, {"FN:Jo", "NICKNAME:Jo"}} {
		got := easShow(t, body("3.0", lines...), easOptions())
		if got["FirstName"]+got["LastName"] != "" || got["FileAs"] != lines[0][3:] {
			t.Errorf("%q: %q", lines, got)
		}
	}
	for _, b := range [][]byte{body("4.0", "FN:Ada Lovelace"), body("3.0", "N:;;;;", "FN:Ada Lovelace")} {
		after := easSend(t, b, easPut(), "FirstName=", "LastName=")
		if got := easShow(t, after, easOptions()); got["FirstName"]+got["LastName"] != "" {
			t.Errorf("%q\n%s", got, after)
		}
		after = easSend(t, after, easPut(), "LastName=King")
		if got := easShow(t, after, easOptions()); got["LastName"] != "King" || got["FirstName"] != "" {
			t.Errorf("%q\n%s", got, after)
		}
	}
}

// Every element of MS-ASCNTC 2.2.2, both ways, in all versions of cards.
func TestViewEveryElement(t *testing.T) {
	sent := everyElement()
	for _, tag := range textTags() {
		if sent[tag.Name()] == "" {
			t.Errorf("%s is not tried", tag)
		}
	}
	var list []string
	for name, v := range sent {
		list = append(list, name+"="+v)
	}
	shown := map[string]map[string]string{}
	for name, b := range map[string][]byte{"new": nil, "2.1": body("2.1", "N:x", "X-OWN:1"), "3.0": body("3.0", "N:x", "FN:y"), "4.0": body("4.0", "FN:y")} {
		shown[name] = easShow(t, easSend(t, b, easPut(), list...), easOptions())
		if len(shown[name]) != len(sent) {
			t.Errorf("%s: %q", name, shown[name])
		}
	}
	for element, want := range sent {
		t.Run(element, func(t *testing.T) {
			for name, got := range shown {
				if got[element] != want {
					t.Errorf("%s: %q, want %q", name, got[element], want)
				}
			}
		})
	}
	made := string(easSend(t, nil, easPut(), list...))
	for _, line := range []string{"VERSION:3.0", "UID:uid-1", "N:Doe;Jane;Q;Dr.;PhD", "FN:Dr. Jane Q Doe PhD", "ORG:Example\\; Inc;R&D", "BDAY:1980-04-12",
		"TEL;TYPE=CELL:1", "TEL;TYPE=WORK,VOICE:4", "EMAIL;TYPE=INTERNET:1@x.example", "ADR;TYPE=HOME:;;hs;hc;hst;hp;hco", "REV:2026-03-01T00:00:00Z"} {
		if !strings.Contains(made, "\r\n"+line+"\r\n") {
			t.Errorf("no line %s in\n%s", line, made)
		}
	}
}

// fortyFields is a card of more than any phone knows.
func fortyFields() []byte {
	return body("3.0", "UID:1", "N:Doe;John,Jack;Q.;Dr.;Jr.,M.D.", "FN:Dr. John Doe", "NICKNAME:JD,Johnny", "ORG:Example;R&D;Lab 3", "TITLE:Head", "ROLE:Boss",
		"TEL;TYPE=HOME,VOICE;X-SIM=2:+1 111", "TEL;TYPE=HOME:+1 112", "TEL;TYPE=HOME:+1 113", "TEL;TYPE=CELL,PREF:+1 114", "TEL;TYPE=WORK,VOICE:+1 115",
		"TEL;TYPE=WORK,MSG:+1 116", "TEL;TYPE=WORK,FAX:+1 117", "TEL;TYPE=PAGER:+1 118", "TEL;TYPE=ISDN:+1 119", "item1.TEL:+1 120", "item1.X-ABLabel:boat",
		"EMAIL;TYPE=INTERNET,HOME:a@x.example", "EMAIL;TYPE=INTERNET,WORK;X-K=1:b@x.example", "EMAIL:c@x.example", "EMAIL:d@x.example",
		"ADR;TYPE=HOME:Box 1;Apt 2;Main St 3,Rear;Town;TX;12345;USA", "ADR;TYPE=HOME:;;Second St;Town;TX;12345;USA", "LABEL;TYPE=HOME:Main St",
		"URL:https://a.example", "URL:https://b.example", "IMPP:xmpp:j@x.example", "X-JABBER:j@x.example", "PHOTO;VALUE=uri:https://x.example/p.jpg",
		"BDAY:1970-01-02", "X-EVOLUTION-SPOUSE:Jane", "CATEGORIES:a,b\\,c", "CATEGORIES;X-L=1:d", "GEO:1;2", "TZ:-05:00", "KEY;ENCODING=b:AAAA",
		"SOUND;VALUE=uri:https://x.example/s", "X-TWITTER:@jd", "X-OWN;A=1:v", "NOTE:one\\ntwo", "NOTE:other", "SORT-STRING:Doe", "CLASS:PRIVATE", "MAILER:x", "X-A:1", "X-B:2")
}

// The half-field client: it knows names, one number and one address of e-mail, and edits the number.
func TestViewHalfFieldClient(t *testing.T) {
	before := fortyFields()
	after := easSend(t, before, easPut(), "FirstName=John,Jack", "LastName=Doe", "HomePhoneNumber=+1 999", "Email1Address=a@x.example")
	want := strings.Replace(string(before), "X-SIM=2:+1 111", "X-SIM=2:+1 999", 1)
	if got := dropLine(string(after), "REV:"); got != want {
		t.Errorf("more than the number changed:\n%s", after)
	}
}

func dropLine(s, prefix string) string {
	lines := strings.Split(s, "\r\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) }), "\r\n")
}

// MS-ASCMD_R5911, MS-ASCMD_R5912, MS-ASCNTC_R499: what is left out goes if the client manages it, and stays if not.
func TestViewGhosting(t *testing.T) {
	before := fortyFields()
	if r, err := (View{}).Put(before, elements(t, "FirstName=John,Jack"), easPut()); err != nil || !bytes.Equal(r.Body, before) {
		t.Errorf("ghosted elements are lost: %v\n%s", err, r.Body)
	}
	o := easPut()
	o.Managed = func(tag wbxml.Tag) bool {
		return tag == wbxml.ContactsJobTitle || tag == wbxml.ContactsHomeAddressCity || tag == wbxml.ContactsCategories || tag == wbxml.ContactsBirthday
	}
	after := string(easSend(t, before, o, "FirstName=John,Jack"))
	for _, gone := range []string{"TITLE:", "CATEGORIES", "BDAY"} {
		if strings.Contains(after, "\n"+gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	if !strings.Contains(after, "ADR;TYPE=HOME:Box 1;Apt 2;Main St 3,Rear;;TX;12345;USA") || !strings.Contains(after, "ROLE:Boss") || !strings.Contains(after, "FN:Dr. John Doe") {
		t.Errorf("%s", after)
	}
	if after := easSend(t, before, managed(easPut())); !strings.Contains(string(after), "NOTE:one") { // MS-ASCNTC_R461
		t.Error("a missing body took the note away")
	}
}

// MS-ASCMD_R5911, MS-ASCMD_R5912, element by element: what a client manages and leaves out goes, and nothing else.
func TestViewGhostsEveryElement(t *testing.T) {
	var list []string
	for name, v := range everyElement() {
		list = append(list, name+"="+v)
	}
	full := easSend(t, nil, easPut(), list...)
	for name := range everyElement() {
		t.Run(name, func(t *testing.T) {
			o := easPut()
			o.Managed = func(tag wbxml.Tag) bool { return tag.Name() == name }
			want := everyElement()
			switch name {
			case "Body", "Picture": // MS-ASCNTC_R461, MS-ASCMD_R878: these stay
			case "FileAs": // by default it is the name
				want[name] = "Dr. Jane Q Doe PhD"
			default:
				delete(want, name)
			}
			if as := map[string]string{"FirstName": "Doe", "LastName": "Jane"}[name]; as != "" {
				want["FileAs"] = as // it is made of them, and follows
			}
			if got := easShow(t, easSend(t, full, o), easOptions()); !maps.Equal(got, want) {
				t.Errorf("%q", got)
			}
		})
	}
}

// Numbers and addresses beyond the places neither move up nor get lost.
func TestViewExtrasStay(t *testing.T) {
	b := fortyFields()
	shown := easShow(t, b, easOptions())
	if shown["HomePhoneNumber"] != "+1 111" || shown["Home2PhoneNumber"] != "+1 112" || shown["Email3Address"] != "c@x.example" || shown["MobilePhoneNumber"] != "+1 114" {
		t.Fatalf("%q", shown)
	}
	b = easSend(t, b, easPut(), "Home2PhoneNumber=", "Email2Address=")
	shown = easShow(t, b, easOptions())
	if shown["HomePhoneNumber"] != "+1 111" || shown["Home2PhoneNumber"] != "" || shown["Email1Address"] != "a@x.example" || shown["Email2Address"] != "" ||
		shown["Email3Address"] != "c@x.example" {
		t.Errorf("%q", shown)
	}
	for _, kept := range []string{"+1 113", "+1 119", "+1 120", "d@x.example"} {
		if !strings.Contains(string(b), kept) {
			t.Errorf("%s is lost", kept)
		}
	}
	b = easSend(t, b, easPut(), "Home2PhoneNumber=+1 777")
	if easShow(t, b, easOptions())["Home2PhoneNumber"] != "+1 777" || !strings.Contains(string(b), "+1 113") {
		t.Errorf("%s", b)
	}
}

// A client that deletes the first of three addresses sends the others one place up: they keep what belongs to them.
func TestViewEmailsMoveUp(t *testing.T) {
	b := body("3.0", "UID:1", "N:x", "FN:x", "EMAIL;TYPE=HOME:a@x.example", "EMAIL;TYPE=WORK;X-K=1:b@x.example", "EMAIL;X-L=2:c@x.example")
	after := easSend(t, b, managed(easPut()), "LastName=x", "Email1Address=b@x.example", `Email2Address="See" <c@x.example>`)
	want := string(body("3.0", "UID:1", "N:x", "FN:x", "EMAIL;TYPE=WORK;X-K=1:b@x.example", "EMAIL;X-L=2:c@x.example"))
	if got := dropLine(string(after), "REV:"); got != want {
		t.Errorf("%s", got)
	}
	// MS-ASCNTC_R216: name and address
	after = easSend(t, b, easPut(), `Email1Address="Doe, J <x>" <new@x.example>`)
	if !strings.Contains(string(after), "EMAIL;TYPE=HOME:new@x.example\r\n") {
		t.Errorf("%s", after)
	}
}

// A number that moves to another place takes its parameters along.
func TestViewNumberMoves(t *testing.T) {
	b := body("3.0", "UID:1", "N:x", "FN:x", "TEL;TYPE=HOME,VOICE,PREF;X-SIM=2:+1 111")
	after := easSend(t, b, easPut(), "HomePhoneNumber=", "MobilePhoneNumber=+1 111")
	if !strings.Contains(string(after), "X-SIM=2") || !strings.Contains(string(after), "cell") && !strings.Contains(string(after), "CELL") || strings.Contains(string(after), "HOME") {
		t.Errorf("%s", after)
	}
	if got := easShow(t, after, easOptions()); got["MobilePhoneNumber"] != "+1 111" || got["HomePhoneNumber"] != "" {
		t.Errorf("%q", got)
	}
}

// Numbers that belong to a place come before those that only find room there.
func TestViewPhonesFindRoom(t *testing.T) {
	got := easShow(t, body("3.0", "N:;;;;", "TEL:1", "TEL;TYPE=CELL:2", "TEL;TYPE=CELL:3", "TEL;TYPE=HOME:4", "TEL;TYPE=CELL,WORK:5", "TEL;TYPE=WORK:6", "TEL:7"), easOptions())
	want := map[string]string{"MobilePhoneNumber": "2", "HomePhoneNumber": "4", "Home2PhoneNumber": "1", "BusinessPhoneNumber": "6", "Business2PhoneNumber": "5"}
	if !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestViewPhoneTypes(t *testing.T) {
	for line, want := range map[string]string{
		"TEL:1": "HomePhoneNumber", "TEL;TYPE=HOME:1": "HomePhoneNumber", "TEL;TYPE=WORK:1": "BusinessPhoneNumber", "TEL;TYPE=CELL:1": "MobilePhoneNumber",
		"TEL;TYPE=CELL,WORK:1": "MobilePhoneNumber", "TEL;TYPE=FAX:1": "BusinessFaxNumber", "TEL;TYPE=HOME,FAX:1": "HomeFaxNumber",
		"TEL;TYPE=PAGER:1": "PagerNumber", "TEL;TYPE=CAR:1": "CarPhoneNumber", "TEL;TYPE=MAIN:1": "CompanyMainPhone", "TEL;TYPE=X-MMS:1": "MMS",
		"TEL;TYPE=iPhone,CELL,VOICE:1": "MobilePhoneNumber", "TEL;VALUE=uri;TYPE=home:tel:1": "HomePhoneNumber", "TEL;TYPE=MODEM:1": "",
	} {
		got := easShow(t, body("3.0", "N:;;;;", line), easOptions())
		if want == "" && len(got) != 0 || want != "" && (got[want] != "1" || len(got) != 1) {
			t.Errorf("%s is %q", line, got)
		}
	}
}

// Field note 15, MS-ASCNTC_R999: the hour of a birthday means nothing.
func TestViewBirthday(t *testing.T) {
	for at, want := range map[string]string{
		"1980-04-12T00:00:00.000Z": "1980-04-12", "1980-04-12T12:00:00.000Z": "1980-04-12", "1980-04-11T22:00:00.000Z": "1980-04-12",
		"1980-04-12T10:00:00.000Z": "1980-04-12", "1980-04-12T11:59:00.000Z": "1980-04-12", "1980-04-11T13:00:00.000Z": "1980-04-12",
		"19800412T000000Z": "1980-04-12",
	} {
		if b := easSend(t, nil, easPut(), "Birthday="+at); !strings.Contains(string(b), "\r\nBDAY:"+want+"\r\n") {
			t.Errorf("%s is %s", at, b)
		}
	}
	o := easOptions()
	o.Quirks.BirthdayHour = 12
	b := body("3.0", "N:x", "BDAY;VALUE=date:19800412")
	if got := easShow(t, b, o)["Birthday"]; got != "1980-04-12T12:00:00.000Z" {
		t.Errorf("shown as %s", got)
	}
	if got := easSend(t, b, easPut(), "Birthday=1981-05-06T00:00:00.000Z"); !strings.Contains(string(got), "BDAY;VALUE=date:19810506\r\n") {
		t.Errorf("%s", got)
	}
	for line, want := range map[string]string{
		"BDAY:--0412": "1604-04-12T00:00:00.000Z", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12": "1604-04-12T00:00:00.000Z", "BDAY:1980": "", "BDAY:circa 1800": "",
		"BDAY:1980-02-30": "", "BDAY:1980-04-12T23:30:00-05:00": "1980-04-12T00:00:00.000Z", "BDAY:": "",
	} {
		b := body("3.0", "N:x", line)
		if got := easShow(t, b, easOptions())["Birthday"]; got != want {
			t.Errorf("%s is shown as %q", line, got)
		}
		if after := easSend(t, b, easPut(), "Birthday=1990-01-01T00:00:00.000Z"); want == "" && len(line) > 5 && !strings.Contains(string(after), line) {
			t.Errorf("%s is lost", line)
		}
	}
	for version, want := range map[string]string{"3.0": "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "4.0": "BDAY:--0412"} {
		if b := easSend(t, body(version, "FN:x", "BDAY:19700101"), easPut(), "Birthday=1604-04-12T00:00:00.000Z"); !strings.Contains(string(b), want) &&
			!strings.Contains(string(b), strings.Replace(want, "1604-04-12", "16040412", 1)) {
			t.Errorf("%s: %s", version, b)
		}
	}
	r, err := View{}.Put(b, elements(t, "Birthday=soon"), easPut())
	if err != nil || len(r.Notes) != 1 || !bytes.Equal(r.Body, b) {
		t.Errorf("%v, notes %q", err, r.Notes)
	}
}

// Apple's way to name people and days.
func TestViewAppleLabels(t *testing.T) {
	b := body("3.0", "N:x", "FN:x", "item1.X-ABRELATEDNAMES:Jane", "item1.X-ABLabel:_$!<Spouse>!$_", "item2.X-ABRELATEDNAMES:Kim", "item2.X-ABLabel:_$!<Child>!$_",
		"item3.X-ABDATE:2005-06-07", "item3.X-ABLabel:_$!<Anniversary>!$_", "item4.X-ABRELATEDNAMES:Max", "item4.X-ABLabel:_$!<Manager>!$_")
	want := map[string]string{"FirstName": "", "LastName": "x", "FileAs": "x", "Spouse": "Jane", "Children": "Kim", "Anniversary": "2005-06-07T00:00:00.000Z", "ManagerName": "Max"}
	delete(want, "FirstName")
	if got := easShow(t, b, easOptions()); !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
	b = easSend(t, b, managed(easPut()), "LastName=x", "Spouse=June")
	if got := dropLine(string(b), "REV"); got != string(body("3.0", "N:x", "FN:x", "item1.X-ABRELATEDNAMES:June", "item1.X-ABLabel:_$!<Spouse>!$_")) {
		t.Errorf("%s", b)
	}
}

func TestViewNames(t *testing.T) {
	for _, c := range []struct {
		before []string
		sent   string
		want   string
	}{
		{[]string{"N:Doe;John", "FN:John Doe"}, "LastName=Roe", "FN:John Roe"},
		{[]string{"N:Doe;John", "FN:Doe, John"}, "LastName=Roe", "FN:Roe\\, John"},
		{[]string{"N:Doe;John;Q;Dr.;", "FN:Dr. John Q Doe"}, "Title=Prof.", "FN:Prof. John Q Doe"},
		{[]string{"N:Doe;Robert", "FN:Bob Doe (Sales)"}, "LastName=Roe", "FN:Bob Roe (Sales)"},
		{[]string{"N:Doe;Robert", "FN:Bobby"}, "FirstName=Rob", "FN:Bobby"},
		{[]string{"N:Doe;John", "FN:John Doe"}, "FileAs=Doe, John", "X-EVOLUTION-FILE-AS:Doe\\, John"},
		{[]string{"FN:Ada King Lovelace"}, "MiddleName=B", "N:Lovelace;Ada King;B"},
		{[]string{"N:a,b;c,d;;;e,f", "FN:x"}, "Title=T", "N:a,b;c,d;;T;e,f"},
	} {
		if b := easSend(t, body("3.0", c.before...), easPut(), c.sent); !strings.Contains(string(b), "\r\n"+c.want+"\r\n") {
			t.Errorf("%q, %s: no %s in\n%s", c.before, c.sent, c.want, b)
		}
	}
	for fn, want := range map[string][2]string{"Ada Lovelace": {"Ada", "Lovelace"}, "Lovelace, Ada": {"Ada", "Lovelace"}, "Ada": {"Ada", ""}, "Example Inc": {"", ""}} {
		got := easShow(t, body("3.0", "FN:"+fn, "ORG:Example Inc"), easOptions())
		if got["FirstName"] != want[0] || got["LastName"] != want[1] || got["FileAs"] != fn {
			t.Errorf("%s is %q", fn, got)
		}
	}
	for sent, want := range map[string]string{"CompanyName=Co": "FN:Co", "Email1Address=a@b": "FN:a@b", "FileAs=F": "FN:F", "MobilePhoneNumber=1": "FN:1", "Suffix=Jr": "FN:Jr"} {
		if b := easSend(t, nil, easPut(), sent); !strings.Contains(string(b), "\r\n"+want+"\r\n") {
			t.Errorf("%s: %s", sent, b)
		}
	}
	easSend(t, nil, easPut()) // a contact without anything
}

// MS-ASCNTC_R105, MS-ASCNTC_R415: Alias and WeightedRank are the server's; elements of other classes are noted and left out.
func TestViewForeignElements(t *testing.T) {
	b := body("3.0", "N:x", "FN:x")
	r, err := View{}.Put(b, []*wbxml.Element{wbxml.Text(wbxml.ContactsAlias, "a"), wbxml.Text(wbxml.ContactsWeightedRank, "1"), nil}, easPut())
	if err != nil || len(r.Notes) > 0 || !bytes.Equal(r.Body, b) {
		t.Errorf("%v, %q\n%s", err, r.Notes, r.Body)
	}
	r, err = View{}.Put(b, []*wbxml.Element{wbxml.Text(wbxml.TasksSubject, "a"), wbxml.Empty(wbxml.Tag(0x1a7f))}, easPut())
	if err != nil || len(r.Notes) != 2 || !bytes.Equal(r.Body, b) {
		t.Errorf("%v, %q\n%s", err, r.Notes, r.Body)
	}
	if _, err := (View{}).Put([]byte("no card"), nil, easPut()); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
	if _, err := (View{}).Get([]byte("no card"), easOptions()); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}

// Whatever elements come, the result is a contact or an error that says what is wrong.
func TestViewAnyElements(t *testing.T) {
	all := cards(t)
	names := slices.Sorted(maps.Keys(all))
	var element func(t *rapid.T, depth int) *wbxml.Element
	element = func(t *rapid.T, depth int) *wbxml.Element {
		page := rapid.SampledFrom([]wbxml.Page{wbxml.Contacts, wbxml.Contacts2, wbxml.AirSyncBase, wbxml.Tasks}).Draw(t, "page")
		e := wbxml.Text(wbxml.Tag(uint16(page)<<8|uint16(rapid.IntRange(5, 0x3f).Draw(t, "token"))), rapid.String().Draw(t, "text"))
		for depth > 0 && rapid.Bool().Draw(t, "child") {
			e.Add(element(t, depth-1))
		}
		return e
	}
	rapid.Check(t, func(t *rapid.T) {
		var in []*wbxml.Element
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			in = append(in, element(t, 1))
		}
		b := all[rapid.SampledFrom(names).Draw(t, "card")]
		if rapid.Bool().Draw(t, "new") {
			b = nil
		}
		o := easPut()
		if rapid.Bool().Draw(t, "managed") {
			o = managed(o)
		}
		r, err := View{}.Put(b, in, o)
		if err != nil {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if _, err := (Handler{}).Inspect(r.Body); err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
	})
}

// MS-ASCNTC_R183, MS-ASCNTC_R194: 300 parts of a list are shown; the others stay when these come back.
func TestViewManyParts(t *testing.T) {
	lines := []string{"N:x", "FN:x"}
	for i := range 400 {
		lines = append(lines, fmt.Sprintf("X-MS-CHILD:c%d", i), fmt.Sprintf("CATEGORIES:k%d,l%d", i, i))
	}
	b := body("3.0", lines...)
	shown := easShow(t, b, easOptions())
	for _, name := range []string{"Categories", "Children"} {
		if n := strings.Count(shown[name], "|") + 1; n != 300 {
			t.Errorf("%s: %d parts", name, n)
		}
	}
	after := easSend(t, b, easPut(), "Categories="+strings.Replace(shown["Categories"], "k0|", "", 1))
	if got := string(after); strings.Contains(got, "k0,") || strings.Contains(got, "k0\r") || !strings.Contains(got, "k399,l399") {
		t.Error("more or less than one category is gone")
	}
}

// MS-ASCNTC_R459, MS-ASCNTC_R512: a note is cut where the client asks for that, and stays whole when the part comes back.
func TestViewTruncatedNote(t *testing.T) {
	b := body("3.0", "N:x", "FN:x", "NOTE:0123456789")
	o := easPut()
	o.Bodies = []eas.BodyPreference{{Type: eas.Plain, Truncation: 4}}
	if got := easShow(t, b, o.Options)["Body"]; got != "0123" {
		t.Errorf("shown as %q", got)
	}
	if after := easSend(t, b, o, "Body=0123"); !bytes.Equal(after, b) {
		t.Errorf("%s", after)
	}
	if after := easSend(t, b, o, "Body=other"); !strings.Contains(string(after), "NOTE:other\r\n") {
		t.Errorf("%s", after)
	}
}

// Cards of absurd size are shown and edited in time that grows with them.
func TestViewHugeCards(t *testing.T) {
	for _, property := range []string{"TEL;TYPE=CELL:%d", "EMAIL:%d@x", "IMPP:im:%d", "X-AIM:a", "CATEGORIES:%d", "X-MS-CHILD:%d", "ADR:;;%d", "NOTE:%d", "BDAY:19700101",
		"PHOTO;ENCODING=b:AAAA", "item%d.X-ABRELATEDNAMES:x", "N:;;%d", "ORG:%d", "URL:%d"} {
		lines := []string{"FN:x"}
		for i := range 10000 {
			if strings.Contains(property, "%") {
				lines = append(lines, fmt.Sprintf(property, i))
			} else {
				lines = append(lines, property)
			}
		}
		b := body("3.0", lines...)
		easShow(t, b, easOptions())
		var list []string
		for name, v := range everyElement() {
			list = append(list, name+"="+v)
		}
		easSend(t, b, managed(easPut()), list...)
		easSend(t, b, managed(easPut()))
	}
}
