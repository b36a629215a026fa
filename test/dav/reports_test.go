package dav_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

const namespaces = `xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:card="urn:ietf:params:xml:ns:carddav"`

// syncBody asks what changed since a token.
func syncBody(token string, more ...string) string {
	return `<d:sync-collection ` + namespaces + `><d:sync-token>` + token + `</d:sync-token><d:sync-level>1</d:sync-level>` + strings.Join(more, "") +
		`<d:prop><d:getetag/></d:prop></d:sync-collection>`
}

// changes is what a sync-collection tells: hrefs, those of what is gone with a minus, and the next token.
func changes(a *davkit.Answer) (out []string, token string) {
	a.Helper()
	list, tail := a.Multi()
	for _, r := range list {
		switch {
		case r.Status == 404:
			out = append(out, "-"+r.Href)
		case r.Status == 507:
			out = append(out, "more")
		case r.Prop(davxml.D("getetag")).Value() == "":
			a.Errorf("%s without an entity tag", r.Href)
		default:
			out = append(out, r.Href)
		}
	}
	return out, tail.Get(davxml.D("sync-token"))
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

// TestSync: RFC 6578 3.
func TestSync(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Contact)
	at := path(c)
	put := func(id, body string) { k.Do("ann", "PUT", at+id, body) }
	put("a.vcf", davkit.Card("a", "Anna"))
	put("b.vcf", davkit.Card("b", "Ben"))
	got, first := changes(k.Do("ann", "REPORT", at, syncBody("")))
	same(t, got, at+"a.vcf", at+"b.vcf")
	if token := k.Do("ann", "PROPFIND", at, prop("d:sync-token"), "Depth", "0").Of(at).Prop(davxml.D("sync-token")).Value(); token != first {
		t.Errorf("the property says %s, the report %s", token, first)
	}
	got, again := changes(k.Do("ann", "REPORT", at, syncBody(first)))
	if same(t, got); again != first {
		t.Errorf("nothing changed, and %s became %s", first, again)
	}
	put("c.vcf", davkit.Card("c", "Carl"))
	put("a.vcf", davkit.Card("a", "Änna"))
	k.Delete(c, "b.vcf")
	put("d.vcf", davkit.Card("d", "Dora"))
	k.Delete(c, "d.vcf") // came and went: no news
	got, second := changes(k.Do("ann", "REPORT", at, syncBody(first)))
	same(t, got, at+"c.vcf", at+"a.vcf", "-"+at+"b.vcf")
	same(t, first2(changes(k.Do("ann", "REPORT", at, syncBody("")))), at+"c.vcf", at+"a.vcf")

	limit := `<d:limit><d:nresults>2</d:nresults></d:limit>`
	got, part := changes(k.Do("ann", "REPORT", at, syncBody(first, limit)))
	same(t, got, at+"c.vcf", at+"a.vcf", "more")
	got, end := changes(k.Do("ann", "REPORT", at, syncBody(part, limit)))
	if same(t, got, "-"+at+"b.vcf"); end != second {
		t.Errorf("in parts the client got to %s, at once to %s", end, second)
	}
	k.Do("ann", "REPORT", at, syncBody(first, `<d:limit><d:nresults>none</d:nresults></d:limit>`)).Is(400)
	for _, bad := range []string{"x", "urn:x-tandem:sync:1:2:3", strings.Replace(first, ":sync:", ":sync:9", 1), first + "9999", "http://example.org/"} {
		k.Do("ann", "REPORT", at, syncBody(bad)).Fails(http.StatusForbidden, davxml.D("valid-sync-token"))
	}
	k.Do("ann", "REPORT", "/dav/", syncBody("")).Fails(http.StatusForbidden, davxml.D("supported-report"))
	k.Do("ann", "REPORT", at, `<x xmlns="y"/>`).Fails(http.StatusForbidden, davxml.D("supported-report"))
	k.Do("ann", "REPORT", at, "").Is(400)
}

func first2(a []string, _ string) []string { return a }

// TestMultiget: order is kept, what is not there or not the user's is 404, bodies are whole.
func TestMultiget(t *testing.T) {
	k := davkit.New(t)
	c, theirs := k.Collection("ann", tandem.Event), k.Collection("bob", tandem.Event)
	one, two := davkit.Event("e1", "One", "20260520T100000Z", "20260520T110000Z"), davkit.Event("e2", "Two", "20260521T100000Z", "20260521T110000Z")
	k.Put(c, map[string]string{"e1": one, "zwei ü.ics": two}) // e1 came from a phone: it has no ending
	k.Put(theirs, map[string]string{"secret.ics": two})
	at := path(c)
	hrefs := []string{at + "zwei%20%C3%BC.ics", at + "nothing.ics", at + "e1.ics", path(theirs) + "secret.ics", "http://elsewhere.example/x.ics", k.Server.URL + at + "e1.ics", "//", at + "%zz", at}
	body := `<c:calendar-multiget ` + namespaces + `><d:prop><d:getetag/><c:calendar-data/></d:prop>`
	for _, h := range hrefs {
		body += "<d:href>" + h + "</d:href>"
	}
	list, _ := k.Do("ann", "REPORT", at, body+"</c:calendar-multiget>").Multi()
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprint(r.Href, " ", r.Status))
	}
	same(t, got, hrefs[0]+" 0", hrefs[1]+" 404", hrefs[2]+" 0", hrefs[3]+" 404", hrefs[4]+" 404", hrefs[2]+" 0", hrefs[6]+" 404", hrefs[7]+" 404", hrefs[8]+" 404")
	if data := list[0].Prop(davxml.C("calendar-data")).Chars(); data != two {
		t.Errorf("%q", data)
	}
	if tag := list[2].Prop(davxml.D("getetag")).Value(); tag == "" || tag != k.Do("ann", "GET", at+"e1.ics", "").Is(200).Header.Get("ETag") {
		t.Errorf("the entity tag of a report is %s", tag)
	}
	k.Do("ann", "REPORT", at, `<c:calendar-multiget `+namespaces+`/>`).Is(400)
	k.Do("ann", "REPORT", at, `<card:addressbook-multiget `+namespaces+`/>`).Fails(403, davxml.D("supported-report"))
}

// TestCalendarQuery: what the index leaves out and what it finds.
func TestCalendarQuery(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Event)
	at := path(c)
	k.Put(c, map[string]string{
		"may.ics":    davkit.Event("may", "May", "20260520T100000Z", "20260520T110000Z"),
		"june.ics":   davkit.Event("june", "June", "20260620T100000Z", "20260620T110000Z"),
		"weekly.ics": strings.Replace(davkit.Event("weekly", "Weekly", "20260105T100000Z", "20260105T110000Z"), "SUMMARY", "RRULE:FREQ=WEEKLY\r\nSUMMARY", 1),
	})
	query := func(comp, inner string) []string {
		a := k.Do("ann", "REPORT", at, `<c:calendar-query `+namespaces+`><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="`+comp+`">`+
			inner+`</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, "Depth", "1")
		out := a.Hrefs()
		slices.Sort(out)
		for i := range out {
			out[i] = strings.TrimPrefix(out[i], at)
		}
		return out
	}
	same(t, query("VEVENT", ""), "june.ics", "may.ics", "weekly.ics")
	same(t, query("VTODO", ""))
	same(t, query("VEVENT", `<c:time-range start="20260520T000000Z" end="20260521T000000Z"/>`), "may.ics")
	same(t, query("VEVENT", `<c:time-range start="20260615T000000Z" end="20260622T000000Z"/>`), "june.ics", "weekly.ics")
	same(t, query("VEVENT", `<c:prop-filter name="SUMMARY"><c:text-match>may</c:text-match></c:prop-filter>`), "may.ics")
	same(t, query("VEVENT", `<c:time-range start="20300101T000000Z"/>`), "weekly.ics")

	tasks := k.Collection("ann", tandem.Task)
	k.Put(tasks, map[string]string{"t.ics": davkit.Todo("t", "Some day")})
	a := k.Do("ann", "REPORT", path(tasks), `<c:calendar-query `+namespaces+`><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VTODO">`+
		`<c:time-range start="20260101T000000Z" end="20270101T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, "Depth", "1")
	same(t, a.Hrefs(), path(tasks)+"t.ics") // a task without dates is always due. RFC 4791 9.9

	busy := k.Do("ann", "REPORT", at, `<c:free-busy-query `+namespaces+`><c:time-range start="20260520T000000Z" end="20260521T000000Z"/></c:free-busy-query>`, "Depth", "1").Is(200)
	if !strings.Contains(busy.Body, "20260520T100000Z") || strings.Contains(busy.Body, "May") {
		t.Error(busy.Body)
	}
}

// TestPrincipals: RFC 3744 9, RFC 3253 3.8.
func TestPrincipals(t *testing.T) {
	k := davkit.New(t)
	search := func(what string) []string {
		return k.Do("ann", "REPORT", "/dav/principals/", `<d:principal-property-search `+namespaces+`><d:property-search><d:prop><d:displayname/></d:prop><d:match>`+what+
			`</d:match></d:property-search><d:prop><d:displayname/></d:prop></d:principal-property-search>`, "Depth", "0").Hrefs()
	}
	same(t, search("adams"), "/dav/principals/ann/", "/dav/principals/bob/")
	same(t, search("BOB"), "/dav/principals/bob/")
	same(t, search("nobody"))
	k.Do("ann", "REPORT", "/dav/principals/", `<d:principal-search-property-set `+namespaces+`/>`).Is(200)
	same(t, k.Do("ann", "REPORT", "/dav/principals/", `<d:principal-match `+namespaces+`><d:self/></d:principal-match>`).Hrefs(), "/dav/principals/ann/")
	same(t, k.Do("ann", "REPORT", path(k.Collection("ann", tandem.Event)), `<d:acl-principal-prop-set `+namespaces+`><d:prop><d:displayname/></d:prop></d:acl-principal-prop-set>`).Hrefs(), "/dav/principals/ann/")
	a := k.Do("ann", "REPORT", "/dav/", `<d:expand-property `+namespaces+`><d:property name="current-user-principal"><d:property name="displayname"/></d:property></d:expand-property>`)
	inner := a.Of("/dav/").Prop(davxml.D("current-user-principal")).Child(davxml.D("response"))
	if got := davxml.ParseResponse(inner).Prop(davxml.D("displayname")).Value(); got != "Ann Adams" {
		t.Errorf("%s", a.Body)
	}
}

// TestSyncTokenAsCondition: a client can have a request done only if a collection is as it knows it. RFC 6578 5
func TestSyncTokenAsCondition(t *testing.T) {
	k := davkit.New(t)
	events, files := path(k.Collection("ann", tandem.Event)), path(k.Collection("ann", tandem.File))
	k.Do("ann", "MKCOL", files+"d/", "").Is(201)
	token := func(at string) string {
		return k.Do("ann", "PROPFIND", at, prop("d:sync-token"), "Depth", "0").Of(at).Prop(davxml.D("sync-token")).Value()
	}
	put := func(at, name, cond string) *davkit.Answer {
		return k.Do("ann", "PUT", at+name, davkit.Event(name, "Talk", "20260520T100000Z", "20260520T110000Z"), "If", cond)
	}
	for at, dir := range map[string]string{events: events, files: files, files + "d/": files + "d/"} {
		old := token(dir)
		if old == "" {
			t.Fatalf("%s has no token", dir)
		}
		put(at, "a.ics", "<"+dir+"> (<"+old+">)").Is(201)
		put(at, "b.ics", "<"+dir+"> (<"+old+">)").Is(412)
		put(at, "b.ics", "<"+dir+"> (Not <"+old+">)").Is(201)
		put(at, "c.ics", "<"+dir+"> (<"+token(dir)+">)").Is(201)
		put(at, "d.ics", "<"+dir+"> (<urn:x-tandem:sync:other>)").Is(412)
		k.Do("ann", "DELETE", at+"a.ics", "", "If", "<"+dir+"> (<"+old+">)").Is(412)
		k.Do("ann", "DELETE", at+"a.ics", "", "If", "<"+dir+"> (<"+token(dir)+">)").Is(204)
	}
}

// TestPrincipalSearch: people are found by the beginning, the end or a part of their name or address, as programs look for whom to invite. RFC 3744 9.4
func TestPrincipalSearch(t *testing.T) {
	k := davkit.New(t)
	one := func(property, how, text string) string {
		return `<d:property-search><d:prop><` + property + `/></d:prop><d:match` + how + `>` + text + `</d:match></d:property-search>`
	}
	const ann, bob, starts = "/dav/principals/ann/", "/dav/principals/bob/", ` match-type="starts-with"`
	for _, c := range []struct {
		at, test, inner string
		want            []string
	}{
		{"/dav/principals/", "", one("cs:email-address-set", starts, "bob"), []string{bob}},
		{"/dav/principals/", "", one("cs:email-address-set", starts, "example"), nil},
		{"/dav/principals/", "", one("cs:email-address-set", ` match-type="ends-with"`, "@Example.org"), []string{ann, bob}},
		{"/dav/principals/", "", one("c:calendar-user-address-set", ` match-type="equals"`, "mailto:ann@example.org"), []string{ann}},
		{"/dav/principals/", ` test="anyof"`, one("d:displayname", starts, "bo") + one("cs:email-address-set", starts, "ann"), []string{ann, bob}},
		{"/dav/principals/", ` test="allof"`, one("d:displayname", starts, "bo") + one("cs:email-address-set", starts, "ann"), nil},
		{"/dav/principals/", ` test="allof"`, one("d:displayname", "", "adams") + one("c:calendar-user-type", "", "individual") + one("cs:email-address-set", "", "bob"), []string{bob}},
		{"/dav/principals/", "", one("d:getetag", "", "a"), nil},
		{"/dav/calendars/ann/", "", one("d:displayname", "", "bob"), nil},
		{"/dav/calendars/ann/", "", one("d:displayname", "", "bob") + "<d:apply-to-principal-collection-set/>", []string{bob}},
	} {
		got := k.Do("ann", "REPORT", c.at, `<d:principal-property-search xmlns:cs="http://calendarserver.org/ns/" `+namespaces+c.test+`>`+c.inner+`<d:prop><c:calendar-user-address-set/></d:prop></d:principal-property-search>`, "Depth", "0")
		same(t, got.Hrefs(), c.want...)
		for _, who := range c.want {
			if !strings.Contains(got.Of(who).Prop(davxml.C("calendar-user-address-set")).String(), "mailto:") {
				t.Errorf("%s has no address:\n%s", who, got.Body)
			}
		}
	}
	k.Do("ann", "REPORT", "/dav/principals/", `<d:principal-property-search `+namespaces+`/>`).Is(400)
}
