package dav_test

import (
	"net/http"
	"slices"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestMkcalendar: RFC 4791 5.3.1.
func TestMkcalendar(t *testing.T) {
	k := davkit.New(t)
	const home = "/dav/calendars/ann/"
	body := `<c:mkcalendar ` + namespaces + ` xmlns:i="http://apple.com/ns/ical/"><d:set><d:prop><d:displayname>Chores</d:displayname><i:calendar-color>#00FF00</i:calendar-color>` +
		`<c:supported-calendar-component-set><c:comp name="VTODO"/><c:comp name="VEVENT"/></c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>`
	k.Do("ann", "MKCALENDAR", home+"chores/", body).Is(201)
	r := k.Do("ann", "PROPFIND", home+"chores/", prop("d:displayname", "c:supported-calendar-component-set", "ical:calendar-color"), "Depth", "0").Of(home + "chores/")
	comps := r.Prop(davxml.C("supported-calendar-component-set"))
	if r.Prop(davxml.D("displayname")).Value() != "Chores" || comps.First().Attr("name") != "VTODO" || len(comps.Children) != 1 || r.Prop(davxml.Name{Space: davxml.Apple, Local: "calendar-color"}).Value() != "#00FF00" {
		t.Errorf("%+v", r)
	}
	k.Do("ann", "PUT", home+"chores/t.ics", davkit.Todo("t", "Sweep")).Is(201)
	k.Do("ann", "PUT", home+"chores/e.ics", davkit.Event("e", "Party", "20260520T100000Z", "20260520T110000Z")).Fails(http.StatusForbidden, davxml.C("supported-calendar-component"))
	k.Do("ann", "MKCALENDAR", home+"chores/", body).Is(405)
	k.Do("ann", "MKCALENDAR", home+"second/", body).Is(201) // the same name for people: phones see a number with it
	if got := k.Do("ann", "PROPFIND", home+"second/", prop("d:displayname"), "Depth", "0").Of(home + "second/").Prop(davxml.D("displayname")).Value(); got != "Chores" {
		t.Errorf("the second is called %s", got)
	}
	k.Do("ann", "MKCALENDAR", home+"plain/", "").Is(201)
	k.Do("ann", "MKCALENDAR", home+"chores/inner/", "").Fails(http.StatusForbidden, davxml.C("calendar-collection-location-ok"))
	k.Do("ann", "MKCALENDAR", "/dav/contacts/ann/x/", "").Fails(http.StatusForbidden, davxml.C("calendar-collection-location-ok"))
	k.Do("ann", "MKCALENDAR", home+"none/inner/", "").Is(409)
	k.Do("ann", "MKCALENDAR", home+"4711/", "").Is(403)
	k.Do("ann", "MKCALENDAR", home+"inbox/", "").Is(405)
	k.Do("ann", "MKCALENDAR", "/dav/calendars/bob/x/", "").Is(409)
	bad := `<c:mkcalendar ` + namespaces + `><d:set><d:prop><d:getetag>x</d:getetag><d:displayname>Bad</d:displayname></d:prop></d:set></c:mkcalendar>`
	if a := k.Do("ann", "MKCALENDAR", home+"bad/", bad).Is(403); !a.XML().Is(davxml.C("mkcalendar-response")) {
		t.Error(a.Body)
	}
	k.Do("ann", "PROPFIND", home+"bad/", "", "Depth", "0").Is(404)
	k.Do("ann", "MKCALENDAR", home+"poll/", `<c:mkcalendar `+namespaces+`><d:set><d:prop><c:supported-calendar-component-set><c:comp name="VPOLL"/></c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>`).
		Fails(http.StatusForbidden, davxml.C("supported-calendar-component"))
}

// TestMkcol: RFC 4918 9.3, RFC 5689.
func TestMkcol(t *testing.T) {
	k := davkit.New(t)
	const home, files = "/dav/contacts/ann/", "/dav/files/ann/files/"
	extended := func(typ string) string {
		return `<d:mkcol ` + namespaces + `><d:set><d:prop><d:resourcetype><d:collection/>` + typ + `</d:resourcetype><d:displayname>Friends</d:displayname></d:prop></d:set></d:mkcol>`
	}
	k.Do("ann", "MKCOL", home+"friends/", extended("<card:addressbook/>")).Is(201)
	k.Do("ann", "PUT", home+"friends/z.vcf", davkit.Card("z", "Zoe")).Is(201)
	k.Do("ann", "MKCOL", home+"wrong/", extended("<c:calendar/>")).Fails(http.StatusForbidden, davxml.D("valid-resourcetype"))
	k.Do("ann", "MKCOL", home+"wrong/", `<x xmlns="y"/>`).Is(415)
	k.Do("ann", "MKCOL", "/dav/calendars/ann/tasks/", extended("<c:calendar/>")).Is(201)
	k.Do("ann", "MKCOL", files+"dir/", "").Is(201)
	k.Do("ann", "MKCOL", files+"dir/", "").Is(405)
	k.Do("ann", "MKCOL", files+"none/inner", "").Is(409)
	k.Do("ann", "MKCOL", files+"dir/inner", "").Is(201)
	k.Do("ann", "MKCOL", files+"dir%2Finner", "").Is(409)
	k.Do("ann", "MKCOL", "/dav/files/ann/more/", "").Is(201)
	got := k.Do("ann", "PROPFIND", files, prop("d:resourcetype"), "Depth", "infinity").Hrefs()
	same(t, got, files, files+"dir/", files+"dir/inner/")
	list, err := k.Store.Home.Collections(t.Context(), "ann")
	k.Must(err)
	if !slices.ContainsFunc(list, func(c tandem.Collection) bool { return c.Kind == tandem.File && c.Name == "more" }) {
		t.Error("the tree has another name")
	}
}
