package people_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/test/easkit"
)

func calendarObject(component, uid, title string, more ...string) string {
	lines := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:" + component, "UID:" + uid, "DTSTAMP:20260101T000000Z", "SUMMARY:" + title}, more...)
	return strings.Join(append(lines, "END:"+component, "END:VCALENDAR", ""), "\r\n")
}

// inMailbox is a search of the mailbox.
func inMailbox(query, options string) string {
	if options != "" {
		options = "<Options>" + options + "</Options>"
	}
	return "<Search><Store><Name>Mailbox</Name><Query>" + query + "</Query>" + options + "</Store></Search>"
}

var longID = regexp.MustCompile(`Class=(\w+) LongId=([0-9:]+) CollectionId=(\d+) Properties\{`)

// found are the classes and names of what was found, and the status.
func (k *kit) found(query, options string) string {
	k.Helper()
	answer := k.ask(k.svc.Search, "Search", inMailbox(query, options))
	var out []string
	for _, m := range longID.FindAllStringSubmatch(answer, -1) {
		if !strings.HasPrefix(m[2], m[3]+":") {
			k.Errorf("%s is not in folder %s", m[2], m[3])
		}
		out = append(out, m[1]+" "+m[2])
	}
	status := regexp.MustCompile(`Store\{Status=(\d+)`).FindStringSubmatch(answer)[1]
	rng := regexp.MustCompile(`Range=\S+ Total=\d+`).FindString(answer)
	return strings.TrimSpace(strings.Join(append([]string{status}, out...), ", ") + " " + rng)
}

// TestSearchMailbox: people find what they have by the words of its title. MS-ASCMD_R2027, R2028, R2030, R2032, R2146, R5856, R7513 to R7536
func TestSearchMailbox(t *testing.T) {
	k := newKit(t)
	c := k.Put("ann", tandem.Contact, card("Trip Advisor", "trip@example.org", photo(100)), card("Bob", "bob@example.org"))
	e := k.Put("ann", tandem.Event, calendarObject("VEVENT", "e1", "Trip to Rome", "DTSTART:20260301T100000Z", "DTEND:20260301T110000Z", "CATEGORIES:travel", "LOCATION:Airport",
		"DESCRIPTION:Take the early train."), calendarObject("VEVENT", "e2", "Dentist", "DTSTART:20260302T100000Z"))
	task := k.Put("ann", tandem.Task, calendarObject("VTODO", "t1", "Pack for the trip", "DUE;VALUE=DATE:20260228"))
	n := k.Put("ann", tandem.Note, calendarObject("VJOURNAL", "n1", "Trip diary", "DESCRIPTION:It rained."))
	k.Put("bob", tandem.Event, calendarObject("VEVENT", "b1", "Trip of somebody else", "DTSTART:20260301T100000Z"))
	class := func(list ...string) (s string) {
		for _, c := range list {
			s += "<airsync:Class>" + c + "</airsync:Class>"
		}
		return s
	}
	folder := func(list ...tandem.Kind) (s string) {
		for _, kind := range list {
			s += "<airsync:CollectionId>" + k.Folder("ann", kind) + "</airsync:CollectionId>"
		}
		return s
	}
	all := fmt.Sprintf("1, Tasks %s, Contacts %s, Notes %s, Calendar %s Range=0-3 Total=4", task[0], c[0], n[0], e[0])
	for name, q := range map[string]struct{ query, options, want string }{
		"everything":              {"<And><FreeText>trip</FreeText></And>", "", all},
		"two words":               {"<And><FreeText>TRIP rom</FreeText></And>", "", "1, Calendar " + e[0] + " Range=0-0 Total=1"},
		"two texts":               {"<And><FreeText>trip</FreeText><FreeText>diary</FreeText></And>", "", "1, Notes " + n[0] + " Range=0-0 Total=1"},
		"nothing":                 {"<And><FreeText>nowhere</FreeText></And>", "", "1"},
		"no text":                 {"<And>" + class("Calendar") + "</And>", "", "1"},
		"a class":                 {"<And>" + class("Calendar") + "<FreeText>trip</FreeText></And>", "", "1, Calendar " + e[0] + " Range=0-0 Total=1"},
		"classes":                 {"<And>" + class("Contacts", "tasks") + "<FreeText>trip</FreeText></And>", "", fmt.Sprintf("1, Tasks %s, Contacts %s Range=0-1 Total=2", task[0], c[0])},
		"mail":                    {"<And>" + class("Email", "SMS") + "<FreeText>trip</FreeText></And>", "", "1"},
		"a folder":                {"<And>" + folder(tandem.Note) + "<FreeText>trip</FreeText></And>", "", "1, Notes " + n[0] + " Range=0-0 Total=1"},
		"folders":                 {"<And>" + folder(tandem.Note, tandem.Event) + "<FreeText>trip</FreeText></And>", "", fmt.Sprintf("1, Notes %s, Calendar %s Range=0-1 Total=2", n[0], e[0])},
		"somebody's folder":       {"<And><airsync:CollectionId>" + k.Folder("bob", tandem.Event) + "</airsync:CollectionId><FreeText>trip</FreeText></And>", "", "1"},
		"the root":                {"<And><airsync:CollectionId>0</airsync:CollectionId><FreeText>trip</FreeText></And>", "", "1"},
		"the root and below":      {"<And><airsync:CollectionId>0</airsync:CollectionId><FreeText>trip</FreeText></And>", "<DeepTraversal/>", all},
		"a date of mail":          {"<And><FreeText>trip</FreeText><GreaterThan><email:DateReceived/><Value>2026-01-01T00:00:00.000Z</Value></GreaterThan></And>", "", "1"},
		"a range":                 {"<And><FreeText>trip</FreeText></And>", "<Range>1-2</Range>", fmt.Sprintf("1, Contacts %s, Notes %s Range=1-2 Total=4", c[0], n[0])},
		"a range too far":         {"<And><FreeText>trip</FreeText></And>", "<Range>7-9</Range>", "12"},
		"a range too large":       {"<And><FreeText>trip</FreeText></And>", "<Range>0-100</Range>", "12"},
		"text outside of And":     {"<FreeText>trip</FreeText>", "", "8"},
		"a folder outside of And": {folder(tandem.Event) + "<And><FreeText>trip</FreeText></And>", "", "8"},
		"a date outside of And":   {"<GreaterThan><email:DateReceived/><Value>2026-01-01T00:00:00.000Z</Value></GreaterThan><And><FreeText>trip</FreeText></And>", "", "8"},
		"documents":               {"<EqualTo><documentlibrary:LinkId/><Value>x</Value></EqualTo>", "", "1"},
		"Or":                      {"<Or><FreeText>trip</FreeText></Or>", "", "8"},
		"too long":                {"<And><FreeText>" + strings.Repeat("a", 300) + "</FreeText></And>", "", "8"},
	} {
		if got := k.found(q.query, q.options); got != q.want {
			t.Errorf("%s: %s, want %s", name, got, q.want)
		}
	}
	k.Valid()
}

// What is found is shown as the client's version has it, and as much of its text as it wants.
func TestSearchMailboxShows(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Event, calendarObject("VEVENT", "e1", "Trip to Rome", "DTSTART:20260301T100000Z", "DTEND:20260301T110000Z", "CATEGORIES:travel", "LOCATION:Airport",
		"DESCRIPTION:Take the early train.", "RRULE:FREQ=WEEKLY", "ATTACH;VALUE=BINARY;ENCODING=BASE64;X-FILENAME=a.txt:aGVsbG8="))
	k.Put("ann", tandem.Note, calendarObject("VJOURNAL", "n1", "Trip diary"))
	body := "<airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>8</airsyncbase:TruncationSize></airsyncbase:BodyPreference>"
	for _, v := range easkit.Versions {
		k.Version = v
		got := k.ask(k.svc.Search, "Search", inMailbox("<And><FreeText>trip</FreeText></And>", body))
		if !strings.Contains(got, "Subject=Trip to Rome") || !strings.Contains(got, "Data=Take the}") || strings.Contains(got, "travel") {
			t.Errorf("%s: %s", v, got)
		}
		if strings.Contains(got, "Class=Notes") != (v >= eas.V140) { // MS-ASCMD_R7534
			t.Errorf("%s: %s", v, got)
		}
	}
	k.Valid()
}

// What is too much for one answer is left to the next, and counted.
func TestSearchMailboxBounds(t *testing.T) {
	k := newKit(t)
	var bodies []string
	for i := range 130 {
		bodies = append(bodies, calendarObject("VJOURNAL", fmt.Sprint("n", i), fmt.Sprintf("Page %03d", i), "DESCRIPTION:"+strings.Repeat("x", 60<<10)))
	}
	k.Put("ann", tandem.Note, bodies...)
	got := k.found("<And><FreeText>page</FreeText></And>", "")
	if n := strings.Count(got, "Notes "); n < 60 || n > 75 || !strings.HasSuffix(got, fmt.Sprintf("Range=0-%d Total=100", n-1)) {
		t.Errorf("%d results: %.60s … %s", n, got, got[len(got)-30:])
	}
}
