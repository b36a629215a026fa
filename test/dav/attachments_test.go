package dav_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// attached is where the first attachment of an event is read, "" for none.
func attached(t *testing.T, k *davkit.Kit, body string) string {
	t.Helper()
	flat := strings.ReplaceAll(body, "\r\n ", "")
	i := strings.Index(flat, k.Server.URL+"/dav/attachments/")
	if i < 0 {
		return ""
	}
	line, _, _ := strings.Cut(flat[i:], "\r\n")
	return strings.TrimPrefix(line, k.Server.URL)
}

// TestAttachments: RFC 8607 3.
func TestAttachments(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event)) + "e.ics"
	k.Do("ann", "PUT", at, davkit.Event("e", "Talk", "20260520T100000Z", "20260520T110000Z")).Is(201)
	add := k.Do("ann", "POST", at+"?action=attachment-add", "<html>slides</html>", "Content-Type", "text/html", "Content-Disposition", `attachment; filename="sli des.html"`,
		"Prefer", "return=representation").Is(201)
	id := add.Header.Get("Cal-Managed-ID")
	href := attached(t, k, add.Body)
	if id == "" || !strings.Contains(strings.ReplaceAll(add.Body, "\r\n ", ""), "MANAGED-ID="+id) || !strings.HasSuffix(href, "/sli%20des.html") {
		t.Fatalf("%v\n%s", add.Header, add.Body)
	}
	got := k.Do("bob", "GET", href, "").Is(200) // whoever is invited has the path
	if got.Body != "<html>slides</html>" || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%v %s", got.Header, got.Body)
	}
	k.Do("", "GET", href, "").Is(401)
	k.Do("bob", "PUT", href, "x").Is(403)
	k.Do("bob", "DELETE", href, "").Is(403)
	k.Do("bob", "GET", strings.Replace(href, id, "x", 1), "").Is(404)
	k.Do("bob", "POST", at+"?action=attachment-add", "x").Is(404)

	up := k.Do("ann", "POST", at+"?action=attachment-update&managed-id="+id, "new slides", "Content-Type", "text/plain").Is(204)
	second := up.Header.Get("Cal-Managed-ID")
	now := attached(t, k, k.Do("ann", "GET", at, "").Body)
	if second == "" || second == id || k.Do("ann", "GET", now, "").Is(200).Body != "new slides" {
		t.Errorf("%v, %s", up.Header, now)
	}
	k.Do("ann", "GET", href, "").Is(404)
	k.Do("ann", "POST", at+"?action=attachment-remove&managed-id="+id, "").Fails(http.StatusForbidden, davxml.C("valid-managed-id"))
	k.Do("ann", "POST", at+"?action=attachment-grow", "").Fails(http.StatusForbidden, davxml.C("valid-action"))
	k.Do("ann", "POST", at+"?action=attachment-remove&managed-id="+second, "").Is(204)
	if left := attached(t, k, k.Do("ann", "GET", at, "").Body); left != "" {
		t.Errorf("%s is left", left)
	}
	k.Do("ann", "GET", now, "").Is(404)

	k.Do("ann", "POST", at+"?action=attachment-add", "last", "Content-Type", "text/plain").Is(201)
	last := attached(t, k, k.Do("ann", "GET", at, "").Body)
	k.Do("ann", "GET", last, "").Is(200)
	k.Do("ann", "DELETE", at, "").Is(204)
	k.Do("ann", "GET", last, "").Is(404)
	large := k.Do("ann", "PROPFIND", path(k.Collection("ann", tandem.Event)), prop("c:max-attachment-size"), "Depth", "0").Of(path(k.Collection("ann", tandem.Event)))
	if large.Prop(davxml.C("max-attachment-size")).Value() == "" {
		t.Error("how large attachments may be is not told")
	}
}

// TestAttachmentsLeft: what no event names any more is deleted, whichever way it came to that, and what a copy names stays. RFC 8607 3
func TestAttachmentsLeft(t *testing.T) {
	k := davkit.New(t)
	at, second := path(k.Collection("ann", tandem.Event)), "/dav/calendars/ann/second/"
	k.Do("ann", "MKCALENDAR", second, "").Is(201)
	attach := func(href, uid string) (file string) {
		t.Helper()
		k.Do("ann", "PUT", href, davkit.Event(uid, "Talk", "20260520T100000Z", "20260520T110000Z")).Is(201)
		k.Do("ann", "POST", href+"?action=attachment-add", "slides of "+uid, "Content-Type", "text/plain").Is(201)
		return attached(t, k, k.Do("ann", "GET", href, "").Body)
	}
	plain := func(uid string) string { return davkit.Event(uid, "Talk", "20260520T100000Z", "20260520T110000Z") }

	put := attach(at+"put.ics", "put")
	body := k.Do("ann", "GET", at+"put.ics", "").Is(200).Body
	k.Do("ann", "PUT", at+"put.ics", strings.Replace(body, "Talk", "Walk", 1)).Is(204)
	k.Do("ann", "GET", put, "").Is(200)
	k.Do("ann", "PUT", at+"put.ics", plain("put"), "If-Match", `"other"`).Is(412)
	k.Do("ann", "GET", put, "").Is(200)
	k.Do("ann", "PUT", at+"put.ics", plain("put")).Is(204)
	k.Do("ann", "GET", put, "").Is(404)

	copied := attach(at+"copied.ics", "copied")
	k.Do("ann", "COPY", at+"copied.ics", "", "Destination", k.Server.URL+second+"copied.ics").Is(201)
	k.Do("ann", "DELETE", at+"copied.ics", "").Is(204)
	k.Do("ann", "GET", copied, "").Is(200)

	pasted := attach(at+"pasted.ics", "pasted") // a copy under a UID of its own
	k.Do("ann", "PUT", second+"other.ics", strings.ReplaceAll(k.Do("ann", "GET", at+"pasted.ics", "").Body, "UID:pasted", "UID:other")).Is(201)
	k.Do("ann", "DELETE", at+"pasted.ics", "").Is(204)
	k.Do("ann", "GET", pasted, "").Is(200)

	moved := attach(at+"moved.ics", "moved")
	k.Do("ann", "PUT", second+"moved.ics", k.Do("ann", "GET", at+"moved.ics", "").Body).Is(201)
	k.Do("ann", "DELETE", at+"moved.ics", "").Is(204)
	k.Do("ann", "GET", moved, "").Is(200)
	k.Do("ann", "DELETE", second, "").Is(204)
	k.Do("ann", "GET", moved, "").Is(404)
	k.Do("ann", "GET", copied, "").Is(404)
	k.Do("ann", "GET", pasted, "").Is(404)
}

// TestAttachmentsNoRoom: an attachment for which the disk has no room is refused, and leaves nothing.
func TestAttachmentsNoRoom(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event)) + "e.ics"
	k.Do("ann", "PUT", at, davkit.Event("e", "Talk", "20260520T100000Z", "20260520T110000Z")).Is(201)
	k.Free.Store(16<<20 + 3)
	k.Do("ann", "POST", at+"?action=attachment-add", "four").Fails(http.StatusInsufficientStorage, davxml.D("sufficient-disk-space"))
	k.Do("ann", "POST", at+"?action=attachment-add", "two").Is(201)
}
