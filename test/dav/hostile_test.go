package dav_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestHostile: odd requests are refused, and none of them is the hub's own fault.
func TestHostile(t *testing.T) {
	k := davkit.New(t)
	events, contacts, files := path(k.Collection("ann", tandem.Event)), path(k.Collection("ann", tandem.Contact)), path(k.Collection("ann", tandem.File))
	paths := []string{"/dav/", "/dav", "/dav//", "/dav/principals/", "/dav/principals/ann/", "/dav/principals/nobody/", "/dav/calendars/", "/dav/calendars/ann/", "/dav/calendars/ann/outbox/",
		"/dav/calendars/ann/inbox/", "/dav/calendars/ann/none/", events, events + "x.ics", events + "x.ics/", events + "%2e%2e/x", events + "a%2Fb.ics", events + "%00", events + "%0d%0aX:y", events + "%ff",
		contacts, contacts + "x.vcf", files, files + "x/y", files + "..%2f..%2fetc", files + "x%5cy", "/dav/files/ann/", "/dav/nothing/", "/dav/calendars/bob/", "/dav/public/x/", events + strings.Repeat("x", 3000),
		"/.well-known/caldav"}
	bodies := []string{"", "x", "<", "<a/>", `<!DOCTYPE x [<!ENTITY y "z">]><d:propfind xmlns:d="DAV:"><d:prop>&y;</d:prop></d:propfind>`, strings.Repeat("<a>", 1000),
		`<d:propfind xmlns:d="DAV:"/>`, `<d:propfind xmlns:d="DAV:"><d:prop/><d:allprop/></d:propfind>`, `<d:propertyupdate xmlns:d="DAV:"/>`,
		`<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname/><x/></d:prop></d:set><d:remove/></d:propertyupdate>`,
		`<d:sync-collection xmlns:d="DAV:"/>`, `<d:expand-property xmlns:d="DAV:"><d:property/></d:expand-property>`, `<d:principal-match xmlns:d="DAV:"/>`,
		`<d:principal-property-search xmlns:d="DAV:"><d:property-search/></d:principal-property-search>`, `<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"/>`,
		`<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"/>`, `<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:href/><d:href>../../..</d:href></c:calendar-multiget>`,
		`<card:addressbook-query xmlns:card="urn:ietf:params:xml:ns:carddav"><card:filter test="x"/></card:addressbook-query>`, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCARD\r\n",
		`<d:mkcol xmlns:d="DAV:"><d:set><d:prop><d:resourcetype/></d:prop></d:set></d:mkcol>`, `<d:lockinfo xmlns:d="DAV:"/>`}
	methods := []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "TRACE", "BREW"}
	headers := [][]string{nil, {"Depth", "infinity"}, {"Depth", "2"}, {"If", "(<"}, {"If-Match", `"`}, {"Destination", "http://[::1"}, {"Destination", "/dav/calendars/bob/1/"}, {"Destination", events},
		{"Content-Type", "multipart/x"}, {"Range", "bytes=5-1"}, {"Accept", "text/html"}, {"Accept", "text/vcard;version=9.9"}}
	n := 0
	for i, method := range methods {
		for j, p := range paths {
			for b := range 3 {
				if p == events || p == contacts || p == files || strings.HasSuffix(p, "/ann/") {
					if method == "DELETE" || method == "MOVE" {
						continue // that would be done
					}
				}
				n++
				k.Do("ann", method, p, bodies[(i*7+j*5+b*3)%len(bodies)], headers[(i+j+b)%len(headers)]...) // Do reports what is answered with 500
			}
		}
	}
	for _, body := range bodies {
		for _, p := range []string{events, contacts, files, "/dav/principals/"} {
			for _, method := range []string{"REPORT", "PROPFIND", "PROPPATCH"} {
				k.Do("ann", method, p, body)
			}
		}
		k.Do("ann", "PUT", events+"y.ics", body)
		k.Do("ann", "PUT", contacts+"y.vcf", body)
	}
	t.Logf("%d requests", n)
}

// TestLimits: what is too large is refused without being kept.
func TestLimits(t *testing.T) {
	k := davkit.New(t)
	events := path(k.Collection("ann", tandem.Event))
	big := davkit.Event("big", strings.Repeat("x", 17<<20), "20260520T100000Z", "20260520T110000Z")
	k.Do("ann", "PUT", events+"big.ics", big).Fails(http.StatusForbidden, davxml.C("max-resource-size"))
	k.Do("ann", "PROPFIND", events, `<d:propfind xmlns:d="DAV:"><d:prop>`+strings.Repeat(" ", 11<<20)+`</d:prop></d:propfind>`).Is(413)
	value := strings.Repeat("x", 300<<10)
	list, _ := k.Do("ann", "PROPPATCH", events, `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x xmlns="y">`+value+`</x></d:prop></d:set></d:propertyupdate>`).Multi()
	if list[0].Propstats[0].Status != http.StatusInsufficientStorage {
		t.Errorf("%+v", list[0])
	}
	k.Do("ann", "PROPFIND", "/dav/", "", "Depth", "infinity").Fails(http.StatusForbidden, davxml.D("propfind-finite-depth"))
}

// TestHeaders: what a client wrote does not become part of a header.
func TestHeaders(t *testing.T) {
	k := davkit.New(t)
	k.Do("ann", "MKCALENDAR", "/dav/calendars/ann/evil/", `<c:mkcalendar `+namespaces+`><d:set><d:prop><d:displayname>a"&#13;&#10;Set-Cookie: b=c</d:displayname></d:prop></d:set></c:mkcalendar>`).Is(201)
	a := k.Do("ann", "GET", "/dav/calendars/ann/evil/", "").Is(200)
	if a.Header.Get("Set-Cookie") != "" || strings.ContainsAny(a.Header.Get("Content-Disposition"), "\r\n") {
		t.Errorf("%v", a.Header)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(k.Server.URL, "http://"))
	k.Must(err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET /dav/../../etc/passwd HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YW5uOm9wZW4gc2VzYW1l\r\nConnection: close\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 404 ") {
		t.Errorf("%q, %v", line, err)
	}
}
