package dav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestCalendarData: parts of a calendar object, and of a series, as reports ask for them. RFC 4791 9.6
func TestCalendarData(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event))
	series := strings.Replace(davkit.Event("s", "Weekly", "20260504T100000Z", "20260504T110000Z"), "SUMMARY", "RRULE:FREQ=WEEKLY;COUNT=10\r\nDESCRIPTION:long\r\nSUMMARY", 1)
	moved := "BEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:Moved\r\nEND:VEVENT\r\n"
	series = strings.Replace(series, "END:VCALENDAR", fmt.Sprintf(moved, "20260511T100000Z", "20260512T100000Z", "20260512T110000Z")+
		fmt.Sprintf(moved, "20260615T100000Z", "20260616T100000Z", "20260616T110000Z")+"END:VCALENDAR", 1)
	k.Do("ann", "PUT", at+"s.ics", series).Is(201)
	query := `<c:calendar-query ` + namespaces + `><d:prop>%s</d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`
	multiget := `<c:calendar-multiget ` + namespaces + `><d:prop>%s</d:prop><d:href>` + at + `s.ics</d:href></c:calendar-multiget>`
	const span = `start="20260510T000000Z" end="20260520T000000Z"`
	for _, c := range []struct {
		data, has, lacks string
		events           int
	}{
		{`<c:calendar-data/>`, "", "", 3},
		{`<c:calendar-data><c:expand ` + span + `/></c:calendar-data>`, "20260512T100000Z 20260518T100000Z RECURRENCE-ID", "RRULE 20260504 20260616", 2},
		{`<c:calendar-data><c:limit-recurrence-set ` + span + `/></c:calendar-data>`, "RRULE 20260512T100000Z", "20260616T100000Z", 2},
		{`<c:calendar-data><c:comp name="VCALENDAR"><c:prop name="VERSION"/><c:comp name="VEVENT"><c:prop name="UID"/><c:prop name="SUMMARY"/></c:comp></c:comp></c:calendar-data>`,
			"VERSION:2.0 UID:s SUMMARY:Weekly", "DTSTART DESCRIPTION PRODID RRULE", 3},
		{`<c:calendar-data><c:comp name="VCALENDAR"><c:comp name="VEVENT"><c:prop name="SUMMARY" novalue="yes"/></c:comp></c:comp></c:calendar-data>`, "SUMMARY:\r\n", "Weekly", 3},
	} {
		for _, report := range []string{query, multiget} {
			got := k.Do("ann", "REPORT", at, fmt.Sprintf(report, c.data), "Depth", "1").Of(at + "s.ics").Prop(davxml.C("calendar-data")).Chars()
			if c.has == "" && got != series {
				t.Errorf("the whole is\n%s", got)
			}
			if n := strings.Count(got, "BEGIN:VEVENT"); n != c.events {
				t.Errorf("%s: %d events in\n%s", c.data, n, got)
			}
			for _, part := range strings.Split(c.has, " ") {
				if !strings.Contains(got, part) {
					t.Errorf("%s: lacks %s:\n%s", c.data, part, got)
				}
			}
			for part := range strings.FieldsSeq(c.lacks) {
				if strings.Contains(got, part) {
					t.Errorf("%s: has %s:\n%s", c.data, part, got)
				}
			}
		}
	}
}

// TestAddressData: parts of a card, and not more cards than were asked for. RFC 6352 8.6.1, 10.4
func TestAddressData(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Contact))
	for i := range 5 {
		k.Do("ann", "PUT", fmt.Sprintf("%sc%d.vcf", at, i), strings.Replace(davkit.Card(fmt.Sprint("u", i), "Zoe"), "FN:", "NOTE:long\r\nTEL:12\r\nFN:", 1)).Is(201)
	}
	query := func(data, limit string) *davkit.Answer {
		return k.Do("ann", "REPORT", at, `<card:addressbook-query `+namespaces+`><d:prop>`+data+`</d:prop><card:filter><card:prop-filter name="FN"/></card:filter>`+limit+`</card:addressbook-query>`, "Depth", "1")
	}
	got := query(`<card:address-data><card:prop name="VERSION"/><card:prop name="FN"/></card:address-data>`, "").Of(at + "c0.vcf").Prop(davxml.A("address-data")).Chars()
	if !strings.Contains(got, "FN:Zoe") || !strings.Contains(got, "VERSION:3.0") || strings.Contains(got, "NOTE") || strings.Contains(got, "TEL") {
		t.Errorf("a part is\n%s", got)
	}
	a := query("<d:getetag/>", `<card:limit><card:nresults>2</card:nresults></card:limit>`)
	list, _ := a.Multi()
	if cut := a.Of(at); len(list) != 3 || cut.Status != http.StatusInsufficientStorage || !cut.Error.Has(davxml.D("number-of-matches-within-limits")) {
		t.Errorf("of five cards two were asked for:\n%s", a.Body)
	}
}

// TestJournals: notes of desktops have calendars of their own. RFC 4791 4.1
func TestJournals(t *testing.T) {
	k := davkit.New(t)
	const at = "/dav/calendars/ann/diary/"
	k.Do("ann", "MKCALENDAR", at, `<c:mkcalendar `+namespaces+`><d:set><d:prop><c:supported-calendar-component-set><c:comp name="VJOURNAL"/></c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>`).Is(201)
	body := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:j\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260520\r\nSUMMARY:Day\r\nDESCRIPTION:It rained\\, a lot\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n"
	k.Do("ann", "PUT", at+"j.ics", body).Is(201)
	if got := k.Do("ann", "GET", at+"j.ics", "").Is(200).Body; got != body {
		t.Errorf("it comes back as\n%s", got)
	}
	k.Do("ann", "PUT", at+"e.ics", davkit.Event("e", "Party", "20260520T100000Z", "20260520T110000Z")).Fails(http.StatusForbidden, davxml.C("supported-calendar-component"))
	for span, want := range map[string]int{`start="20260520T000000Z" end="20260521T000000Z"`: 1, `start="20260601T000000Z" end="20260701T000000Z"`: 0} {
		got := k.Do("ann", "REPORT", at, `<c:calendar-query `+namespaces+`><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VJOURNAL"><c:time-range `+span+
			`/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, "Depth", "1").Hrefs()
		if len(got) != want {
			t.Errorf("%s finds %v", span, got)
		}
	}
}
