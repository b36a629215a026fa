package dav_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/partner/access"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestPublic: who knows a link may look at one collection, and at nothing else.
func TestPublic(t *testing.T) {
	k := davkit.New(t)
	c, files := k.Collection("ann", tandem.Event), k.Collection("ann", tandem.File)
	k.Put(c, map[string]string{"a.ics": davkit.Event("a", "Alpha", "20260520T100000Z", "20260520T110000Z"), "b.ics": davkit.Event("b", "Beta", "20260521T100000Z", "20260521T110000Z")})
	k.Do("ann", "PUT", path(files)+"hello.txt", "hello").Is(201)
	who := &access.Service{Home: k.Store.Home, Shares: k.Store.Shares}
	link := func(id int64) string {
		secret, _, err := who.Link(t.Context(), "ann", id, "for everybody")
		k.Must(err)
		return "/dav/public/" + secret + "/"
	}
	at, tree := link(c.ID), link(files.ID)

	got := k.Do("", "GET", at, "").Is(200)
	if strings.Count(got.Body, "BEGIN:VCALENDAR") != 1 || strings.Count(got.Body, "BEGIN:VEVENT") != 2 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/calendar") {
		t.Errorf("%s", got.Body)
	}
	k.Do("", "GET", strings.TrimSuffix(at, "/")+".ics", "").Is(200)
	if page := k.Do("", "GET", at, "", "Accept", "text/html,*/*").Is(200); !strings.Contains(page.Body, `href="`+at+`a.ics"`) {
		t.Errorf("%s", page.Body)
	}
	k.Do("", "GET", at, "", "If-None-Match", got.Header.Get("ETag")).Is(304)
	k.Do("", "GET", at+"a.ics", "").Is(200)
	list := k.Do("", "PROPFIND", at, prop("d:getetag", "d:owner", "d:current-user-principal", "d:current-user-privilege-set"), "Depth", "1")
	same(t, list.Hrefs(), at, at+"a.ics", at+"b.ics")
	if strings.Contains(list.Body, "/ann/") || strings.Contains(list.Of(at).Prop(davxml.D("current-user-privilege-set")).String(), "write-content") {
		t.Error(list.Body)
	}
	same(t, first2(changes(k.Do("", "REPORT", at, syncBody("")))), at+"a.ics", at+"b.ics")
	k.Do("", "REPORT", at, `<d:principal-property-search `+namespaces+`><d:apply-to-principal-collection-set/><d:property-search><d:prop><d:displayname/></d:prop><d:match>a</d:match></d:property-search></d:principal-property-search>`).Is(403)
	for _, method := range []string{"PUT", "DELETE", "PROPPATCH", "MKCOL", "MOVE", "COPY", "LOCK", "POST"} {
		k.Do("", method, at+"a.ics", "").Is(405)
	}
	k.Do("", "GET", "/dav/public/nothing/", "").Is(404)
	k.Do("", "GET", "/dav/public/", "").Is(404)
	k.Do("", "GET", at+"../../calendars/ann/", "").Is(404)
	if f := k.Do("", "GET", tree+"hello.txt", "").Is(200); f.Body != "hello" {
		t.Error(f.Body)
	}
	same(t, k.Do("", "PROPFIND", tree, prop("d:getetag"), "Depth", "1").Hrefs(), tree, tree+"hello.txt")
}

// TestShared: what is shared is in the other's own list, with a name and color of their own, and as far as they may go.
func TestShared(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Event)
	k.Put(c, map[string]string{"a.ics": davkit.Event("a", "Alpha", "20260520T100000Z", "20260520T110000Z")})
	who := &access.Service{Home: k.Store.Home, Shares: k.Store.Shares}
	at := strings.Replace(path(c), "/ann/", "/bob/", 1)
	k.Do("bob", "PROPFIND", at, "", "Depth", "0").Is(404)
	_, err := who.Share(t.Context(), "ann", c.ID, "bob", false)
	k.Must(err)
	k.Do("bob", "GET", at+"a.ics", "").Is(200)
	k.Do("bob", "PUT", at+"b.ics", davkit.Event("b", "Beta", "20260521T100000Z", "20260521T110000Z")).Fails(403, davxml.D("need-privileges"))
	k.Do("bob", "DELETE", at+"a.ics", "").Fails(403, davxml.D("need-privileges"))
	set := `<d:propertyupdate ` + namespaces + `><d:set><d:prop><d:displayname>Annie</d:displayname></d:prop></d:set></d:propertyupdate>`
	k.Do("bob", "PROPPATCH", at, set).Is(207)
	if got := k.Do("bob", "PROPFIND", at, prop("d:displayname"), "Depth", "0").Of(at).Prop(davxml.D("displayname")).Value(); got != "Annie" {
		t.Errorf("bob calls it %s", got)
	}
	if got := k.Collection("ann", tandem.Event); got.Title() != "events" {
		t.Errorf("ann calls it %s", got.Title())
	}
	_, err = who.Share(t.Context(), "ann", c.ID, "bob", true)
	k.Must(err)
	k.Do("bob", "PUT", at+"b.ics", davkit.Event("b", "Beta", "20260521T100000Z", "20260521T110000Z")).Is(201)
	if k.Body(c, "b.ics") == "" {
		t.Error("what bob wrote is not in ann's calendar")
	}
	k.Do("bob", "DELETE", at, "").Is(403)
}
