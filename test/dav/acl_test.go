package dav_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// entry is one of an ACL: a principal, and privileges to grant.
func entry(principal string, privileges ...string) string {
	out := "<d:ace><d:principal>" + principal + "</d:principal><d:grant>"
	for _, p := range privileges {
		out += "<d:privilege><" + p + "/></d:privilege>"
	}
	return out + "</d:grant></d:ace>"
}

func aclBody(entries ...string) string {
	return `<d:acl xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">` + strings.Join(entries, "") + `</d:acl>`
}

const bob = "<d:href>/dav/principals/bob/</d:href>"

// shown is what others may do with a collection, as its owner is told: users, each with the privileges, and whether the entry can be changed.
func shown(k *davkit.Kit, at string) (out []string) {
	k.Helper()
	acl := k.Do("ann", "PROPFIND", at, prop("d:acl"), "Depth", "0").Of(at).Prop(davxml.D("acl"))
	for ace := range acl.All(davxml.D("ace")) {
		text := ace.Path(davxml.D("principal"), davxml.D("href")).Value()
		for p := range ace.Child(davxml.D("grant")).All(davxml.D("privilege")) {
			for e := range p.Elements() {
				text += " " + e.Name.Local
			}
		}
		if ace.Has(davxml.D("protected")) {
			text += " protected"
		}
		out = append(out, text)
	}
	return out
}

// TestGive: a program shares a collection and takes it back; what the property DAV:acl tells can be sent back as it is. RFC 3744 8.1
func TestGive(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("ann", tandem.Event)
	at := path(c)
	const own = "/dav/principals/ann/ all protected"
	seen := func() (his string) {
		for _, h := range k.Do("bob", "PROPFIND", "/dav/calendars/bob/", prop("d:resourcetype"), "Depth", "1").Hrefs() {
			if strings.HasSuffix(h, at[strings.LastIndexByte(strings.TrimSuffix(at, "/"), '/'):]) {
				his = h
			}
		}
		return his
	}
	for _, step := range []struct {
		body string
		want []string
	}{
		{aclBody(entry(bob, "d:read")), []string{own, "/dav/principals/bob/ read"}},
		{aclBody(entry(bob, "d:read", "d:write")), []string{own, "/dav/principals/bob/ read write"}},
		{aclBody(entry("<d:href>/dav/principals/ann/</d:href>", "d:all"), entry("<d:property><d:owner/></d:property>", "d:all"), entry(bob, "d:read"), entry(bob, "d:read", "d:write-content", "d:bind", "d:unbind")),
			[]string{own, "/dav/principals/bob/ read write"}},
		{aclBody(entry(bob, "d:read", "d:read-current-user-privilege-set", "c:read-free-busy")), []string{own, "/dav/principals/bob/ read"}},
		{aclBody(), []string{own}},
	} {
		k.Do("ann", "ACL", at, step.body).Is(200)
		same(t, shown(k, at), step.want...)
		his := seen()
		if (his != "") != (len(step.want) > 1) {
			t.Fatalf("bob sees it at %q", his)
		}
		if his == "" {
			continue
		}
		status := http.StatusForbidden
		if strings.HasSuffix(step.want[1], "write") {
			status = http.StatusCreated
		}
		if got := k.Do("bob", "PUT", his+"new.ics", davkit.Event("new", "New", "20260520T100000Z", "20260520T110000Z")).Status; got != status {
			t.Errorf("after %s bob's PUT is %d", step.body, got)
		}
		k.Do("ann", "DELETE", at+"new.ics", "")
	}
	k.Do("ann", "ACL", at, aclBody(entry(bob, "d:read"))).Is(200)
	var sent strings.Builder
	k.Must(davxml.Write(&sent, k.Do("ann", "PROPFIND", at, prop("d:acl"), "Depth", "0").Of(at).Prop(davxml.D("acl"))))
	k.Do("ann", "ACL", at, sent.String()).Is(200)
	same(t, shown(k, at), own, "/dav/principals/bob/ read")
}

// TestGiveRefused: what cannot be given, and by whom, changes nothing. RFC 3744 8.1.1
func TestGiveRefused(t *testing.T) {
	k := davkit.New(t)
	at := path(k.Collection("ann", tandem.Event))
	k.Do("ann", "PUT", at+"e.ics", davkit.Event("e", "E", "20260520T100000Z", "20260520T110000Z")).Is(201)
	k.Do("ann", "ACL", at, aclBody(entry(bob, "d:read"))).Is(200)
	before := shown(k, at)
	many := strings.Repeat(entry(bob, "d:read"), 1001)
	for body, want := range map[string]string{
		aclBody(entry(bob, "c:read-free-busy")):                                               "not-supported-privilege",
		aclBody(entry(bob, "d:write")):                                                        "not-supported-privilege",
		aclBody(entry(bob, "d:read", "d:bind")):                                               "not-supported-privilege",
		aclBody(entry(bob, "d:read", "d:write-acl")):                                          "not-supported-privilege",
		aclBody(entry(bob, "d:all")):                                                          "not-supported-privilege",
		aclBody(entry(bob)):                                                                   "not-supported-privilege",
		aclBody(entry("<d:all/>", "d:read")):                                                  "allowed-principal",
		aclBody(entry("<d:authenticated/>", "d:read")):                                        "allowed-principal",
		aclBody(entry("<d:href>/dav/principals/nobody/</d:href>", "d:read")):                  "recognized-principal",
		aclBody(entry("<d:href>https://elsewhere.test/dav/principals/bob/</d:href>")):         "recognized-principal",
		aclBody(entry("<d:href>/dav/calendars/bob/</d:href>", "d:read")):                      "recognized-principal",
		aclBody(strings.ReplaceAll(entry(bob, "d:read"), "d:grant", "d:deny")):                "grant-only",
		aclBody("<d:ace><d:invert><d:principal>" + bob + "</d:principal></d:invert></d:ace>"): "no-invert",
		aclBody(many): "limited-number-of-aces",
	} {
		k.Do("ann", "ACL", at, body).Fails(http.StatusForbidden, davxml.D(want))
	}
	k.Do("bob", "ACL", at, aclBody()).Is(404)
	his := ""
	for _, h := range k.Do("bob", "PROPFIND", "/dav/calendars/bob/", prop("d:owner"), "Depth", "1").Hrefs() {
		if strings.Contains(h, at[len("/dav/calendars/ann/"):]) {
			his = h
		}
	}
	k.Do("bob", "ACL", his, aclBody()).Fails(http.StatusForbidden, davxml.D("need-privileges"))
	k.Do("ann", "ACL", at+"e.ics", aclBody()).Is(403)
	k.Do("ann", "ACL", at+"none.ics", aclBody()).Is(404)
	k.Do("ann", "ACL", at, "<d:x xmlns:d='DAV:'/>").Is(400)
	k.Do("ann", "ACL", at, "").Is(400)
	k.Do("ann", "ACL", at, aclBody(entry("", "d:read"))).Is(403)
	k.Do("ann", "ACL", at, aclBody("<d:ace/>")).Is(400)
	same(t, shown(k, at), before...)
}
