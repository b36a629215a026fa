package dav_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// path is a collection's.
func path(c tandem.Collection) string {
	branch := "calendars"
	switch c.Kind {
	case tandem.Contact:
		branch = "contacts"
	case tandem.File:
		return "/dav/files/" + c.User + "/" + c.Name + "/"
	}
	return fmt.Sprintf("/dav/%s/%s/%d/", branch, c.User, c.ID)
}

// prop asks for properties.
func prop(names ...string) string {
	var b strings.Builder
	b.WriteString(`<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:card="urn:ietf:params:xml:ns:carddav" xmlns:cs="http://calendarserver.org/ns/" xmlns:ical="http://apple.com/ns/ical/"><d:prop>`)
	for _, n := range names {
		b.WriteString("<" + n + "/>")
	}
	return b.String() + "</d:prop></d:propfind>"
}

// TestDiscovery goes the way of a client that knows a host and a user: RFC 6764 6.
func TestDiscovery(t *testing.T) {
	k := davkit.New(t)
	for _, p := range []string{"/.well-known/caldav", "/.well-known/carddav"} {
		if a := k.Do("", "PROPFIND", p, "").Is(301); a.Header.Get("Location") != "/dav/" {
			t.Errorf("%s leads to %s", p, a.Header.Get("Location"))
		}
	}
	if a := k.Do("", "PROPFIND", "/dav/", "").Is(401); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Error(a.Header)
	}
	if a := k.Do("", "OPTIONS", "/dav/", "").Is(200); !strings.Contains(a.Header.Get("DAV"), "calendar-access") {
		t.Error(a.Header)
	}
	principal := k.Do("ann", "PROPFIND", "/dav/", prop("d:current-user-principal"), "Depth", "0").Of("/dav/").Prop(davxml.D("current-user-principal")).Get(davxml.D("href"))
	if principal != "/dav/principals/ann/" {
		t.Fatal(principal)
	}
	me := k.Do("ann", "PROPFIND", principal, prop("c:calendar-home-set", "card:addressbook-home-set"), "Depth", "0").Of(principal)
	for name, want := range map[davxml.Name][]string{
		davxml.C("calendar-home-set"):    {"calendar", "VEVENT VTODO VJOURNAL"},
		davxml.A("addressbook-home-set"): {"addressbook", ""},
	} {
		home := me.Prop(name).Get(davxml.D("href"))
		list, _ := k.Do("ann", "PROPFIND", home, prop("d:resourcetype", "d:displayname", "c:supported-calendar-component-set", "d:sync-token", "cs:getctag"), "Depth", "1").Multi()
		comps := map[string]bool{}
		found := 0
		for _, r := range list {
			for e := range r.Prop(davxml.D("resourcetype")).Elements() {
				if e.Name.Local != want[0] {
					continue
				}
				found++
				comps[r.Prop(davxml.C("supported-calendar-component-set")).First().Attr("name")] = true
				if r.Prop(davxml.D("sync-token")).Value() == "" || r.Prop(davxml.S("getctag")).Value() == "" || r.Prop(davxml.D("displayname")).Value() == "" {
					t.Errorf("%s lacks a token or a name", r.Href)
				}
			}
		}
		for c := range strings.FieldsSeq(want[1]) {
			if !comps[c] {
				t.Errorf("no collection of %s", c)
			}
		}
		if found == 0 {
			t.Errorf("no %s", want[0])
		}
	}
}

// TestRecords: what is put is there, byte for byte, and conditions hold.
func TestRecords(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Contact)
	at := path(c) + "zoe.vcf"
	body := davkit.Card("u1", "Zoe") + "\r\n"
	made := k.Do("ann", "PUT", at, body, "If-None-Match", "*", "Content-Type", "text/vcard").Is(201)
	tag := made.Header.Get("ETag")
	if got := k.Do("ann", "GET", at, "").Is(200); got.Body != body || got.Header.Get("ETag") != tag || tag == "" {
		t.Errorf("%q with %s, want %s", got.Body, got.Header.Get("ETag"), tag)
	}
	k.Do("ann", "GET", at, "", "If-None-Match", tag).Is(304)
	k.Do("ann", "PUT", at, body, "If-None-Match", "*").Is(412)
	k.Do("ann", "PUT", at, body, "If-Match", `"wrong"`).Is(412)
	if a := k.Do("ann", "PUT", at, body, "If-Match", tag).Is(204); a.Header.Get("ETag") != tag {
		t.Error("the same body got another entity tag")
	}
	next := k.Do("ann", "PUT", at, strings.Replace(body, "Zoe", "Zoë", 2), "If-Match", tag).Is(204).Header.Get("ETag")
	if next == tag || next == "" {
		t.Error("another body has the entity tag of the old one")
	}
	k.Do("ann", "PUT", at, body, "If-Match", tag).Is(412)
	if head := k.Do("ann", "HEAD", at, "").Is(200); head.Header.Get("Content-Length") != strconv.Itoa(len(body)+2) || head.Header.Get("ETag") != next {
		t.Error(head.Header)
	}
	a := k.Do("ann", "PUT", path(c)+"other.vcf", davkit.Card("u1", "Twin")).Fails(http.StatusConflict, davxml.A("no-uid-conflict"))
	if href := a.XML().First().Get(davxml.D("href")); href != at {
		t.Errorf("the other is said to be %s", href)
	}
	k.Do("bob", "GET", at, "").Is(404)
	k.Do("bob", "PUT", at, body).Is(409)
	k.Do("ann", "PUT", path(k.Collection("ann", tandem.Event))+"x.ics", davkit.Card("u2", "Yan")).Is(403)
	k.Do("ann", "PUT", path(c)+"deep/x.vcf", davkit.Card("u2", "Yan")).Is(409)
	k.Do("ann", "PUT", "/dav/contacts/ann/nowhere/x.vcf", davkit.Card("u2", "Yan")).Is(409)
	post := k.Do("ann", "POST", path(c), davkit.Card("u9", "New"), "Content-Type", "text/vcard").Is(201)
	if loc := strings.TrimPrefix(post.Header.Get("Location"), k.Server.URL); loc != path(c)+"u9.vcf" || k.Do("ann", "GET", loc, "").Is(200).Header.Get("ETag") != post.Header.Get("ETag") {
		t.Errorf("posted to %s", loc)
	}
}

// TestProperties: a client's own properties come back, a collection's name is what phones see.
func TestProperties(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Event)
	set := `<d:propertyupdate xmlns:d="DAV:" xmlns:i="http://apple.com/ns/ical/" xmlns:x="urn:x" xml:lang="de"><d:set><d:prop><d:displayname>Arbeit</d:displayname>` +
		`<i:calendar-color>#FF0000FF</i:calendar-color><x:own><x:b/>text</x:own></d:prop></d:set></d:propertyupdate>`
	list, _ := k.Do("ann", "PROPPATCH", path(c), set).Multi()
	if len(list[0].Propstats) != 1 || list[0].Propstats[0].Status != 200 {
		t.Fatalf("%+v", list[0])
	}
	if now := k.Collection("ann", tandem.Event); now.Name != "Arbeit" || now.Props["color"] != "#FF0000FF" {
		t.Errorf("%+v", now)
	}
	got := k.Do("ann", "PROPFIND", path(c), `<d:propfind xmlns:d="DAV:" xmlns:x="urn:x"><d:prop><x:own/><d:displayname/></d:prop></d:propfind>`, "Depth", "0").Of(path(c))
	own := got.Prop(davxml.Name{Space: "urn:x", Local: "own"})
	if own.Chars() != "text" || !own.Has(davxml.Name{Space: "urn:x", Local: "b"}) || len(own.Attrs) != 1 || own.Attrs[0].Value != "de" || got.Prop(davxml.D("displayname")).Value() != "Arbeit" {
		t.Errorf("%s", own)
	}
	bad := strings.Replace(set, "<x:own>", "<d:getetag>x</d:getetag><x:own>", 1)
	list, _ = k.Do("ann", "PROPPATCH", path(c), strings.Replace(bad, "Arbeit", "Other", 1)).Multi()
	if p := list[0].Propstats; len(p) != 2 || p[0].Status != 403 || p[0].Error.First().Name != davxml.D("cannot-modify-protected-property") || p[1].Status != 424 || len(p[1].Props) != 3 {
		t.Errorf("%+v", p)
	}
	if now := k.Collection("ann", tandem.Event); now.Name != "Arbeit" {
		t.Errorf("half of it was done: %s", now.Name)
	}
}

// TestVersions: a card comes in the version that the header Accept asks for. RFC 6352 5.1.1
func TestVersions(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Contact)) + "zoe.vcf"
	tag := k.Do("ann", "PUT", at, davkit.Card("u1", "Zoe")).Is(201).Header.Get("ETag")
	for accept, want := range map[string]string{"": "3.0", "*/*": "3.0", "text/vcard": "3.0", "text/vcard;version=4.0": "4.0", "text/vcard;version=4.0;q=0.5, text/vcard;version=3.0": "3.0"} {
		got := k.Do("ann", "GET", at, "", "Accept", accept).Is(200)
		if !strings.Contains(got.Body, "VERSION:"+want) || got.Header.Get("ETag") != tag {
			t.Errorf("%q: %s", accept, got.Body)
		}
	}
	k.Do("ann", "GET", at, "", "Accept", "text/vcard;version=9.9").Fails(http.StatusNotAcceptable, davxml.A("supported-address-data-conversion"))
	list := k.Do("ann", "REPORT", path(k.Collection("ann", tandem.Contact)), `<card:addressbook-query `+namespaces+`><d:prop><card:address-data content-type="text/vcard" version="4.0"/></d:prop>`+
		`<card:filter><card:prop-filter name="FN"><card:text-match>zoe</card:text-match></card:prop-filter></card:filter></card:addressbook-query>`, "Depth", "1")
	if data := list.Of(at).Prop(davxml.A("address-data")).Chars(); !strings.Contains(data, "VERSION:4.0") {
		t.Error(data)
	}
}
