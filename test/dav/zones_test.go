package dav_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestZonesByReference: a client that knows zones by their names need not be sent what they mean, and one that does not can ask for it; what is stored stays. RFC 7809 7.1
func TestZonesByReference(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event))
	bare := strings.NewReplacer("DTSTART:20260520T100000Z", "DTSTART;TZID=Europe/Berlin:20260520T100000", "DTEND:20260520T110000Z", "DTEND;TZID=Europe/Berlin:20260520T110000").
		Replace(davkit.Event("z1", "Talk", "20260520T100000Z", "20260520T110000Z"))
	made := k.Do("ann", "PUT", at+"z1.ics", bare, "CalDAV-Timezones", "F").Is(201)
	tag := made.Header.Get("ETag")

	full := k.Do("ann", "GET", at+"z1.ics", "", "CalDAV-Timezones", "T").Is(200)
	if !strings.Contains(full.Body, "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n") || full.Header.Get("ETag") != tag || full.Header.Get("Vary") != "CalDAV-Timezones" {
		t.Errorf("%v\n%s", full.Header, full.Body)
	}
	if got := k.Do("ann", "GET", at+"z1.ics", "").Is(200).Body; got != bare {
		t.Errorf("who says nothing gets\n%s", got)
	}
	k.Do("ann", "PUT", at+"z2.ics", strings.ReplaceAll(full.Body, "UID:z1", "UID:z2")).Is(201)
	if got := k.Do("ann", "GET", at+"z2.ics", "", "CalDAV-Timezones", "F").Is(200).Body; got != strings.ReplaceAll(bare, "UID:z1", "UID:z2") {
		t.Errorf("without definitions it is\n%s", got)
	}

	query := `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`
	multiget := `<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop><d:href>` + at + `z1.ics</d:href><d:href>` + at + `z2.ics</d:href></c:calendar-multiget>`
	for _, report := range []string{query, multiget} {
		for header, zones := range map[string]int{"T": 2, "F": 0, "": 1} {
			a := k.Do("ann", "REPORT", at, report, "Depth", "1", "CalDAV-Timezones", header).Is(207)
			n := 0
			for _, id := range []string{"z1", "z2"} {
				n += strings.Count(a.Of(at+id+".ics").Prop(davxml.C("calendar-data")).Chars(), "BEGIN:VTIMEZONE")
			}
			if n != zones {
				t.Errorf("%q: %d zones are defined:\n%s", header, n, a.Body)
			}
		}
	}
	k.Do("ann", "PUT", at+"z1.ics", strings.ReplaceAll(bare, "Talk", "Walk"), "If-Match", tag).Is(204)
}
