package dav_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestOwnCard: which card is a user's own is said and seen in two ways, follows the card where it goes, and is for the user alone. RFC 6352 7.1.2
func TestOwnCard(t *testing.T) {
	k := davkit.New(t)
	book, cal := path(k.Collection("ann", tandem.Contact)), path(k.Collection("ann", tandem.Event))
	k.Do("ann", "PUT", book+"me.vcf", davkit.Card("me", "Ann Adams")).Is(201)
	const principal, home = "/dav/principals/ann/", "/dav/contacts/ann/"
	seen := func(user string) string {
		t.Helper()
		a := k.Do(user, "PROPFIND", principal, prop("card:principal-address"), "Depth", "0").Of(principal).Prop(davxml.A("principal-address"))
		b := k.Do("ann", "PROPFIND", home, prop("cs:me-card"), "Depth", "0").Of(home).Prop(davxml.S("me-card"))
		if user == "ann" && a.Get(davxml.D("href")) != b.Get(davxml.D("href")) {
			t.Errorf("principal-address is %v, me-card %v", a, b)
		}
		return a.Get(davxml.D("href"))
	}
	set := func(user, at, name, href string) int {
		t.Helper()
		do := "set"
		value := "<d:href>" + href + "</d:href>"
		if href == "" {
			do, value = "remove", ""
		}
		a := k.Do(user, "PROPPATCH", at, `<d:propertyupdate xmlns:d="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav" xmlns:s="http://calendarserver.org/ns/"><d:`+do+`><d:prop><`+name+`>`+value+`</`+name+`></d:prop></d:`+do+`></d:propertyupdate>`)
		list, _ := a.Multi()
		return list[0].Propstats[0].Status
	}
	for _, step := range []struct {
		user, at, name, href string
		status               int
		then                 string
	}{
		{"ann", home, "s:me-card", book + "me.vcf", 200, book + "me.vcf"},
		{"ann", principal, "a:principal-address", "", 200, ""},
		{"ann", principal, "a:principal-address", k.Server.URL + book + "me.vcf", 200, book + "me.vcf"},
		{"ann", principal, "a:principal-address", book + "none.vcf", 409, book + "me.vcf"},
		{"ann", principal, "a:principal-address", book, 409, book + "me.vcf"},
		{"ann", principal, "a:principal-address", "/dav/principals/ann/", 409, book + "me.vcf"},
		{"ann", book, "s:me-card", book + "me.vcf", 403, book + "me.vcf"},
		{"ann", cal, "a:principal-address", book + "me.vcf", 403, book + "me.vcf"},
		{"bob", principal, "a:principal-address", "/dav/contacts/bob/", 403, book + "me.vcf"},
		{"bob", principal, "a:principal-address", "", 403, book + "me.vcf"},
	} {
		if got := set(step.user, step.at, step.name, step.href); got != step.status {
			t.Errorf("%s sets %s of %s to %q: %d, want %d", step.user, step.name, step.at, step.href, got, step.status)
		}
		if got := seen("ann"); got != step.then {
			t.Errorf("then it is %q, want %q", got, step.then)
		}
	}
	if got := seen("bob"); got != "" {
		t.Errorf("bob sees %s", got)
	}
	k.Do("ann", "MOVE", book+"me.vcf", "", "Destination", book+"moved.vcf").Is(201)
	if got := seen("ann"); !strings.HasSuffix(got, "moved.vcf") {
		t.Errorf("after a move it is %q", got)
	}
	k.Do("ann", "DELETE", book+"moved.vcf", "").Is(204)
	if got := seen("ann"); got != "" {
		t.Errorf("after it was deleted it is %q", got)
	}
}
