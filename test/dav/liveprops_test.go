package dav_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem"
	"tandem/store/sqlite"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// has checks which of these properties a resource has.
func has(t *testing.T, k *davkit.Kit, at, found, missing string) *davxml.Response {
	t.Helper()
	names := strings.Fields(found + " " + missing)
	r := k.Do("ann", "PROPFIND", at, prop(names...), "Depth", "0").Of(at)
	spaces := map[string]string{"d": davxml.DAV, "c": davxml.CalDAV, "card": davxml.CardDAV, "cs": davxml.Server, "ical": davxml.Apple}
	for i, n := range names {
		prefix, local, _ := strings.Cut(n, ":")
		if got, want := r.Prop(davxml.Name{Space: spaces[prefix], Local: local}) != nil, i < len(strings.Fields(found)); got != want {
			t.Errorf("%s: %s is there: %v", at, n, got)
		}
	}
	return r
}

// TestLiveProperties: what there is on each sort of resource.
func TestLiveProperties(t *testing.T) {
	k := davkit.New(t)
	events, contacts, files := path(k.Collection("ann", tandem.Event)), path(k.Collection("ann", tandem.Contact)), path(k.Collection("ann", tandem.File))
	k.Do("ann", "PUT", events+"e.ics", davkit.Event("e", "E", "20260520T100000Z", "20260520T110000Z")).Is(201)
	k.Do("ann", "PUT", files+"f.txt", "text").Is(201)
	const everywhere = "d:resourcetype d:supported-report-set d:current-user-principal d:current-user-privilege-set d:supported-privilege-set d:owner d:acl d:acl-restrictions d:principal-collection-set d:lockdiscovery d:supportedlock"
	const ofFiles = "d:getetag d:getcontenttype d:getcontentlength d:getlastmodified"
	const ofCalendars = "c:supported-calendar-component-set c:supported-calendar-data c:supported-collation-set c:max-resource-size c:max-attendees-per-instance c:schedule-calendar-transp"
	const ofBooks = "card:supported-address-data card:supported-collation-set card:max-resource-size card:max-image-size"
	const ofPrincipals = "d:principal-URL d:alternate-URI-set d:group-membership c:calendar-home-set card:addressbook-home-set c:calendar-user-address-set c:calendar-user-type c:schedule-inbox-URL c:schedule-outbox-URL cs:email-address-set"
	const ofCollections = "d:displayname d:creationdate d:sync-token cs:getctag d:resource-id d:parent-set d:quota-available-bytes"
	has(t, k, "/dav/", everywhere+" d:displayname", ofFiles+" "+ofCalendars+" "+ofBooks+" "+ofPrincipals+" d:sync-token")
	has(t, k, "/dav/principals/", everywhere, ofPrincipals)
	has(t, k, "/dav/principals/ann/", everywhere+" "+ofPrincipals, ofFiles+" cs:getctag")
	has(t, k, "/dav/calendars/ann/", everywhere+" c:supported-calendar-component-sets", ofPrincipals+" "+ofCalendars)
	has(t, k, events, everywhere+" "+ofCollections+" "+ofCalendars+" d:add-member", ofFiles+" "+ofBooks+" c:calendar-description ical:calendar-color")
	has(t, k, contacts, everywhere+" "+ofCollections+" "+ofBooks+" d:add-member", ofFiles+" "+ofCalendars)
	has(t, k, files, everywhere+" "+ofCollections, ofBooks+" "+ofCalendars+" d:add-member")
	has(t, k, events+"e.ics", everywhere+" "+ofFiles+" d:creationdate d:resource-id d:parent-set", "d:sync-token d:displayname c:schedule-tag "+ofCalendars)
	has(t, k, files+"f.txt", everywhere+" "+ofFiles, "d:sync-token")
	has(t, k, "/dav/calendars/ann/inbox/", everywhere+" c:schedule-default-calendar-URL c:supported-calendar-component-set", "c:schedule-calendar-transp d:add-member")
	has(t, k, "/dav/calendars/ann/outbox/", everywhere, "d:sync-token d:getetag")

	all := k.Do("ann", "PROPFIND", events+"e.ics", "", "Depth", "0").Of(events + "e.ics")
	if len(all.Propstats) != 1 || all.Prop(davxml.D("getetag")) == nil || all.Prop(davxml.D("acl")) != nil {
		t.Errorf("all: %+v", all)
	}
	with := k.Do("ann", "PROPFIND", events, `<d:propfind xmlns:d="DAV:"><d:allprop/><d:include><d:sync-token/></d:include></d:propfind>`, "Depth", "0").Of(events)
	if with.Prop(davxml.D("sync-token")) == nil || with.Prop(davxml.D("resourcetype")) == nil {
		t.Errorf("all and more: %+v", with)
	}
	names := k.Do("ann", "PROPFIND", events, `<d:propfind xmlns:d="DAV:"><d:propname/></d:propfind>`, "Depth", "0").Of(events)
	if e := names.Prop(davxml.D("sync-token")); e == nil || e.Value() != "" {
		t.Errorf("names: %+v", names)
	}
	minimal := k.Do("ann", "PROPFIND", events, prop("d:getetag", "d:displayname"), "Depth", "0", "Prefer", "return=minimal")
	if r := minimal.Of(events); len(r.Propstats) != 1 || r.Propstats[0].Status != 200 || minimal.Header.Get("Preference-Applied") != "return=minimal" {
		t.Errorf("minimal: %+v", r)
	}
	same(t, k.Do("ann", "PROPFIND", events, prop("d:getetag"), "Depth", "1,noroot", "Prefer", "depth-noroot").Hrefs(), events+"e.ics")
}

// TestSetters: properties that mean something to the hub are checked before they are kept, and can be removed.
func TestSetters(t *testing.T) {
	k := davkit.New(t)
	events := path(k.Collection("ann", tandem.Event))
	set := func(at, what string) (status int) {
		t.Helper()
		list, _ := k.Do("ann", "PROPPATCH", at, `<d:propertyupdate `+namespaces+` xmlns:ical="http://apple.com/ns/ical/">`+what+`</d:propertyupdate>`).Multi()
		return list[0].Propstats[0].Status
	}
	value := func(at, name string) string {
		t.Helper()
		for _, p := range k.Do("ann", "PROPFIND", at, prop(name), "Depth", "0").Of(at).Propstats {
			if p.Status == 200 && len(p.Props) == 1 {
				if first := p.Props[0].First(); first != nil {
					return first.Name.Local + first.Value()
				}
				return p.Props[0].Value()
			}
		}
		return ""
	}
	const zone = "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:x&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Here&#13;\nBEGIN:STANDARD&#13;\nDTSTART:19700101T000000&#13;\nTZOFFSETFROM:+0100&#13;\nTZOFFSETTO:+0100&#13;\nEND:STANDARD&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n"
	for _, c := range []struct {
		name, text, want string
		status           int
	}{
		{"c:calendar-description", "Days off", "Days off", 200},
		{"ical:calendar-order", "3", "3", 200},
		{"c:calendar-timezone-id", "Europe/Berlin", "Europe/Berlin", 200},
		{"c:calendar-timezone-id", "Nowhere/Land", "Europe/Berlin", 403},
		{"c:calendar-timezone", "nonsense", "", 403},
		{"c:schedule-calendar-transp", "<c:transparent/>", "transparent", 200},
		{"c:schedule-calendar-transp", "<c:neither/>", "transparent", 409},
		{"c:calendar-availability", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR", 200},
		{"card:addressbook-description", "x", "", 403},
		{"d:displayname", "", "events", 409},
		{"c:supported-calendar-component-set", "<c:comp name='VTODO'/>", "comp", 403},
	} {
		if got := set(events, "<d:set><d:prop><"+c.name+">"+c.text+"</"+c.name+"></d:prop></d:set>"); got != c.status {
			t.Errorf("%s of %q: %d, want %d", c.name, c.text, got, c.status)
		}
		if got := value(events, c.name); got != c.want {
			t.Errorf("%s is %q, want %q", c.name, got, c.want)
		}
	}
	if got := set(events, "<d:set><d:prop><c:calendar-timezone>"+zone+"</c:calendar-timezone></d:prop></d:set>"); got != 200 || !strings.Contains(value(events, "c:calendar-timezone"), "TZID:Here") {
		t.Errorf("a time zone: %d", got)
	}
	if got := k.Collection("ann", tandem.Event).Props; got["description"] != "Days off" || got["transp"] != "transparent" {
		t.Errorf("the hub sees %v", got)
	}
	for _, name := range []string{"c:calendar-description", "c:schedule-calendar-transp", "c:calendar-timezone"} {
		if got := set(events, "<d:remove><d:prop><"+name+"/></d:prop></d:remove>"); got != 200 {
			t.Errorf("remove %s: %d", name, got)
		}
	}
	if value(events, "c:calendar-description") != "" || value(events, "c:schedule-calendar-transp") != "opaque" || value(events, "c:calendar-timezone") != "" {
		t.Error("what was removed is there")
	}
	k.Do("ann", "MKCALENDAR", "/dav/calendars/ann/second/", "").Is(201)
	inbox := "/dav/calendars/ann/inbox/"
	if got := set(inbox, "<d:set><d:prop><c:schedule-default-calendar-URL><d:href>/dav/calendars/ann/second/</d:href></c:schedule-default-calendar-URL></d:prop></d:set>"); got != 200 ||
		value(inbox, "c:schedule-default-calendar-URL") != "href/dav/calendars/ann/second/" {
		t.Errorf("the default calendar: %d, %s", got, value(inbox, "c:schedule-default-calendar-URL"))
	}
	if got := set(inbox, "<d:set><d:prop><c:schedule-default-calendar-URL><d:href>/dav/calendars/bob/1/</d:href></c:schedule-default-calendar-URL></d:prop></d:set>"); got != 403 {
		t.Errorf("another's calendar by default: %d", got)
	}
	if got := set("/dav/principals/ann/", "<d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set>"); got != 403 {
		t.Errorf("a principal's name: %d", got)
	}
}

// TestDownloads: whole collections as one file.
func TestDownloads(t *testing.T) {
	k := davkit.New(t)
	contacts, events := k.Collection("ann", tandem.Contact), k.Collection("ann", tandem.Event)
	k.Put(contacts, map[string]string{"a": davkit.Card("a", "Anna"), "b": strings.TrimSuffix(davkit.Card("b", "Ben"), "\r\n")})
	zoned := func(uid string) string {
		return strings.Replace(strings.Replace(davkit.Event(uid, uid, "x", "y"), "DTSTART:x\r\nDTEND:y", "DTSTART;TZID=Here:20260520T100000", 1), "BEGIN:VEVENT",
			"BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1)
	}
	k.Put(events, map[string]string{"a": zoned("a"), "b": zoned("b")})
	book := k.Do("ann", "GET", path(contacts), "").Is(200)
	if book.Body != davkit.Card("a", "Anna")+davkit.Card("b", "Ben") || !strings.Contains(book.Header.Get("Content-Disposition"), "contacts.vcf") {
		t.Errorf("%v\n%s", book.Header, book.Body)
	}
	calendar := k.Do("ann", "GET", path(events)+"?export", "", "Accept", "text/html").Is(200).Body
	if strings.Count(calendar, "BEGIN:VTIMEZONE") != 1 || strings.Count(calendar, "BEGIN:VEVENT") != 2 || strings.Count(calendar, "END:VCALENDAR") != 1 {
		t.Error(calendar)
	}
	if _, err := k.Kinds[tandem.Event].Inspect([]byte(zoned("a"))); err != nil {
		t.Error(err)
	}
	if page := k.Do("ann", "GET", "/dav/calendars/ann/", "", "Accept", "text/html").Is(200).Body; !strings.Contains(page, path(events)) {
		t.Error(page)
	}
}

// TestRace: of those who write one record without conditions at the same moment, all succeed and the last one counts; of those with conditions, one does.
func TestRace(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Contact)) + "x.vcf"
	tag := k.Do("ann", "PUT", at, davkit.Card("x", "first")).Is(201).Header.Get("ETag")
	many := func(headers ...string) map[int]int {
		var lock sync.Mutex
		got := map[int]int{}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				a := k.Do("ann", "PUT", at, davkit.Card("x", strings.Repeat("y", i+1+len(headers))), headers...)
				lock.Lock()
				defer lock.Unlock()
				got[a.Status]++
			})
		}
		all.Wait()
		return got
	}
	if got := many("If-Match", tag); got[204] != 1 || got[412] != 7 {
		t.Errorf("under a condition: %v", got)
	}
	if got := many(); got[204]+got[412] != 8 || got[204] < 5 {
		t.Errorf("without: %v", got)
	}
	k.Do("ann", "PUT", at, davkit.Card("other", "x")).Fails(http.StatusConflict, davxml.A("no-uid-conflict"))
	k.Do("ann", "MKCOL", path(k.Collection("ann", tandem.File))+"d/", `<d:mkcol `+namespaces+`><d:set><d:prop><d:resourcetype><d:collection/></d:resourcetype><x xmlns="urn:y">z</x></d:prop></d:set></d:mkcol>`).Is(201)
	if a := k.Do("ann", "MKCOL", path(k.Collection("ann", tandem.File))+"e/", `<d:mkcol `+namespaces+`><d:set><d:prop><d:resourcetype><d:collection/></d:resourcetype><d:getetag>z</d:getetag></d:prop></d:set></d:mkcol>`).Is(403); !a.XML().Is(davxml.D("mkcol-response")) {
		t.Error(a.Body)
	}
	k.Do("ann", "PROPFIND", path(k.Collection("ann", tandem.File))+"e/", "", "Depth", "0").Is(404)
}

// TestCreationDate: a resource says when it was stored first, whatever is done to it; a directory and a collection, too. RFC 4918 15.1
func TestCreationDate(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC).Unix())
	st, err := sqlite.OpenMemory(sqlite.Options{Now: now.Load})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := davkit.On(t, st)
	files := path(k.Collection("ann", tandem.File))
	date := func(at string) string {
		t.Helper()
		if p := k.Do("ann", "PROPFIND", at, prop("d:creationdate"), "Depth", "0").Of(at).Prop(davxml.D("creationdate")); p != nil {
			return p.Value()
		}
		return ""
	}
	now.Add(60)
	k.Do("ann", "PUT", files+"f", "one").Is(201)
	k.Do("ann", "MKCOL", files+"d/", "").Is(201)
	now.Add(60)
	k.Do("ann", "PUT", files+"f", "two").Is(204)
	k.Do("ann", "MOVE", files+"f", "", "Destination", files+"d/f").Is(201)
	k.Do("ann", "COPY", files+"d/f", "", "Destination", files+"copy").Is(201)
	for at, want := range map[string]string{files: "2026-05-20T10:00:00Z", files + "d/": "2026-05-20T10:01:00Z", files + "d/f": "2026-05-20T10:01:00Z",
		files + "copy": "2026-05-20T10:02:00Z", "/dav/principals/ann/": ""} {
		if got := date(at); got != want {
			t.Errorf("%s was made at %s, want %s", at, got, want)
		}
	}
	if p := k.Do("ann", "PROPPATCH", files+"copy", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:creationdate>2000-01-01T00:00:00Z</d:creationdate></d:prop></d:set></d:propertyupdate>`); !strings.Contains(p.Body, "403") {
		t.Errorf("it can be set:\n%s", p.Body)
	}
}
