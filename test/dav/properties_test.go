package dav_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestDescriptions: what a client says of a collection comes back. RFC 4791 5.2.1, 5.2.2, RFC 6352 6.2.1
func TestDescriptions(t *testing.T) {
	k := davkit.New(t)
	zone := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
	for at, set := range map[string]map[string]string{
		path(k.Collection("ann", tandem.Event)):   {"c:calendar-description": "What I do", "c:calendar-timezone": zone},
		path(k.Collection("ann", tandem.Contact)): {"card:addressbook-description": "Whom I know"},
	} {
		for name, value := range set {
			body := `<d:propertyupdate ` + namespaces + `><d:set><d:prop>` + davxml.NewText(nameOf(name), value).String() + `</d:prop></d:set></d:propertyupdate>`
			if list, _ := k.Do("ann", "PROPPATCH", at, body).Multi(); len(list) != 1 || len(list[0].Propstats) != 1 || list[0].Propstats[0].Status != 200 {
				t.Fatalf("%s: %+v", name, list)
			}
			if got := k.Do("ann", "PROPFIND", at, prop(name), "Depth", "0").Of(at).Prop(nameOf(name)).Chars(); strings.ReplaceAll(got, "\r\n", "\n") != strings.ReplaceAll(value, "\r\n", "\n") {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

func nameOf(s string) davxml.Name {
	prefix, local, _ := strings.Cut(s, ":")
	return map[string]func(string) davxml.Name{"c": davxml.C, "card": davxml.A, "d": davxml.D}[prefix](local)
}

// TestLimitsAreTold: what a client must know before it puts something, and what it may do. RFC 4791 5.2, RFC 6352 6.2, RFC 3744 5.3 to 5.6, RFC 4331 3
func TestLimitsAreTold(t *testing.T) {
	k := davkit.New(t)
	for at, names := range map[string][]string{
		path(k.Collection("ann", tandem.Event)): {"c:supported-calendar-data", "c:max-resource-size", "c:max-attendees-per-instance",
			"c:supported-collation-set", "d:supported-privilege-set", "d:current-user-privilege-set", "d:acl", "d:acl-restrictions", "d:owner", "d:supported-report-set", "d:principal-collection-set"},
		path(k.Collection("ann", tandem.Contact)): {"card:supported-address-data", "card:max-resource-size"},
		path(k.Collection("ann", tandem.File)):    {"d:quota-available-bytes", "d:quota-used-bytes", "d:supportedlock"},
	} {
		r := k.Do("ann", "PROPFIND", at, prop(names...), "Depth", "0").Of(at)
		for _, name := range names {
			if e := r.Prop(nameOf(name)); e == nil || len(e.Children) == 0 {
				t.Errorf("%s of %s: %v", name, at, e)
			}
		}
	}
}

// TestMinimal: what was not found is left out where the client wants that. RFC 8144 2.1
func TestMinimal(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event))
	ask := `<d:propfind xmlns:d="DAV:"><d:prop><d:displayname/><x xmlns="urn:x"/></d:prop></d:propfind>`
	for prefer, want := range map[string]int{"": 2, "return=minimal": 1} {
		if r := k.Do("ann", "PROPFIND", at, ask, "Depth", "0", "Prefer", prefer).Of(at); len(r.Propstats) != want {
			t.Errorf("Prefer: %s gives %+v", prefer, r.Propstats)
		}
	}
	noroot := k.Do("ann", "PROPFIND", at, ask, "Depth", "1", "Prefer", "depth-noroot").Hrefs()
	for _, h := range noroot {
		if h == at {
			t.Error("depth-noroot lists the root")
		}
	}
}
