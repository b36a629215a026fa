package dav_test

import (
	"strings"
	"testing"

	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestHomeProperties: what programs leave on their user's homes and principal comes back, each its own, and to nobody else; macOS gives up on an account that refuses
// its default alarms. RFC 4918 4
func TestHomeProperties(t *testing.T) {
	k := davkit.New(t)
	const calendars, contacts, principal = "/dav/calendars/ann/", "/dav/contacts/ann/", "/dav/principals/ann/"
	alarm := davxml.C("default-alarm-vevent-datetime")
	patch := func(user, at, inner string) *davkit.Answer {
		return k.Do(user, "PROPPATCH", at, `<d:propertyupdate `+namespaces+`>`+inner+`</d:propertyupdate>`)
	}
	set := func(text string) string {
		return `<d:set><d:prop><c:default-alarm-vevent-datetime>` + text + `</c:default-alarm-vevent-datetime></d:prop></d:set>`
	}
	get := func(user, at string) string {
		t.Helper()
		return k.Do(user, "PROPFIND", at, prop("c:default-alarm-vevent-datetime"), "Depth", "0").Of(at).Prop(alarm).Chars()
	}
	status := func(a *davkit.Answer) int {
		list, _ := a.Multi()
		return list[0].Propstats[0].Status
	}
	if got := get("ann", calendars); got != "" {
		t.Fatalf("at first: %s", got)
	}
	for at, text := range map[string]string{calendars: "BEGIN:VALARM", contacts: "other", principal: "third"} {
		if got := status(patch("ann", at, set(text))); got != 200 {
			t.Errorf("%s: %d", at, got)
		}
	}
	for at, text := range map[string]string{calendars: "BEGIN:VALARM", contacts: "other", principal: "third", "/dav/files/ann/": "", "/dav/calendars/ann/inbox/": ""} {
		if got := get("ann", at); got != text {
			t.Errorf("%s has %q, want %q", at, got, text)
		}
	}
	if all := k.Do("ann", "PROPFIND", calendars, "", "Depth", "1"); strings.Count(all.Body, "BEGIN:VALARM") != 1 || all.Of(calendars).Prop(alarm).Chars() != "BEGIN:VALARM" {
		t.Errorf("of all properties:\n%s", all.Body)
	}
	if got := get("bob", principal); got != "" {
		t.Errorf("bob sees %s", got)
	}
	if got := status(patch("bob", principal, set("bob's"))); got != 403 || get("ann", principal) != "third" {
		t.Errorf("bob may set it: %d", got)
	}
	if got := status(patch("ann", calendars, `<d:set><d:prop><d:displayname>Mine</d:displayname></d:prop></d:set>`)); got != 403 {
		t.Errorf("the name of a home: %d", got)
	}
	if got := status(patch("ann", calendars, set("new")+`<d:set><d:prop><d:getetag>x</d:getetag></d:prop></d:set>`)); got == 200 || get("ann", calendars) != "BEGIN:VALARM" {
		t.Errorf("half of a request was done: %d, %s", got, get("ann", calendars))
	}
	patch("ann", calendars, `<d:remove><d:prop><c:default-alarm-vevent-datetime/></d:prop></d:remove>`)
	if get("ann", calendars) != "" || get("ann", contacts) != "other" {
		t.Error("removed is another one")
	}
}
