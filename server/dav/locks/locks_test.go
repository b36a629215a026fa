package locks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem"
	"tandem/store"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "/dav/files/ann/files/"

// hub is a hub of which bob may write to the files of ann.
type hub struct{ *davkit.Kit }

func newHub(t *testing.T) hub {
	k := davkit.New(t)
	_, err := k.Store.Shares.PutShare(t.Context(), store.Share{Collection: k.Collection("ann", tandem.File).ID, With: "bob", Write: true, Props: map[string]string{"name": "anns"}})
	k.Must(err)
	for _, dir := range []string{"d", "d/e", "o"} {
		k.Do("ann", "MKCOL", base+dir, "").Is(201)
	}
	for _, name := range []string{"a", "d/x", "d/e/y", "o/z"} {
		k.Do("ann", "PUT", base+name, "body of "+name).Is(201)
	}
	return hub{k}
}

func info(scope string) string {
	return `<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:` + scope + `/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner>me &amp; <b xmlns="urn:b">more</b></D:owner></D:lockinfo>`
}

// lock locks a path and returns the token.
func (h hub) lock(user, path, scope string, headers ...string) string {
	h.Helper()
	a := h.Do(user, "LOCK", path, info(scope), headers...)
	if a.Status != 200 && a.Status != 201 {
		a.Is(200)
	}
	token := strings.Trim(a.Header.Get("Lock-Token"), "<>")
	if !strings.HasPrefix(token, "urn:uuid:") || !strings.Contains(a.Body, token) {
		h.Fatalf("token %q in\n%s", token, a.Body)
	}
	return token
}

// bobs is a path of ann's files as bob knows it.
func (h hub) bobs() string {
	h.Helper()
	a := h.Do("bob", "PROPFIND", "/dav/files/bob/", "", "Depth", "1")
	for _, href := range a.Hrefs() {
		if href != "/dav/files/bob/" && href != "/dav/files/bob/files/" {
			return href
		}
	}
	h.Fatalf("bob does not see what is shared with him\n%s", a.Body)
	return ""
}

func TestLockAnswer(t *testing.T) {
	h := newHub(t)
	a := h.Do("ann", "LOCK", base+"a", info("exclusive"), "Timeout", "Second-120", "Depth", "0").Is(200)
	l := a.XML().Path(davxml.D("lockdiscovery"), davxml.D("activelock"))
	if l.Path(davxml.D("locktoken"), davxml.D("href")).Value() != strings.Trim(a.Header.Get("Lock-Token"), "<>") || l.Get(davxml.D("timeout")) != "Second-120" ||
		l.Get(davxml.D("depth")) != "0" || !l.Child(davxml.D("lockscope")).Has(davxml.D("exclusive")) || !l.Child(davxml.D("locktype")).Has(davxml.D("write")) ||
		l.Path(davxml.D("lockroot"), davxml.D("href")).Value() != base+"a" || !strings.Contains(l.Child(davxml.D("owner")).String(), "me &amp; ") {
		t.Fatalf("answer\n%s", a.Body)
	}
	if more := l.Child(davxml.D("owner")).First(); more == nil || more.Name.Space != "urn:b" || more.Value() != "more" {
		t.Errorf("the owner came back as %s", l.Child(davxml.D("owner")))
	}
	found := h.Do("ann", "PROPFIND", base+"a", `<propfind xmlns="DAV:"><prop><lockdiscovery/><supportedlock/></prop></propfind>`, "Depth", "0").Of(base + "a")
	if d := found.Prop(davxml.D("lockdiscovery")); d.Child(davxml.D("activelock")).Path(davxml.D("lockroot"), davxml.D("href")).Value() != base+"a" {
		t.Errorf("lockdiscovery %s", d)
	}
	if s := found.Prop(davxml.D("supportedlock")); s.Child(davxml.D("lockentry")) == nil {
		t.Errorf("supportedlock %s", s)
	}
}

// TestWhatLocksKeep tries every change against locks: without a token, with it, and by another user with it.
func TestWhatLocksKeep(t *testing.T) {
	type change struct {
		method, path string
		headers      []string
		ok           int
	}
	put := func(path string, ok int) change { return change{"PUT", path, nil, ok} }
	to := func(method, path, dst string, ok int) change {
		return change{method, path, []string{"Destination", base + dst}, ok}
	}
	for i, c := range []struct {
		path  string
		depth string
		change
		blocked bool
	}{
		{"a", "0", put("a", 204), true},
		{"a", "0", change{"DELETE", "a", nil, 204}, true},
		{"a", "0", change{"PROPPATCH", "a", nil, 207}, true},
		{"a", "0", to("MOVE", "a", "b", 201), true},
		{"a", "0", to("COPY", "a", "b", 201), false},
		{"a", "0", to("COPY", "o/z", "a", 204), true},
		{"a", "0", to("MOVE", "o/z", "a", 204), true},
		{"a", "0", put("o/new", 201), false},
		{"a", "0", change{"GET", "a", nil, 200}, false},
		// A lock on a directory alone keeps names from being added to it or taken from it. RFC 4918 7.4
		{"d", "0", put("d/x", 204), false},
		{"d", "0", put("d/new", 201), true},
		{"d", "0", change{"MKCOL", "d/new", nil, 201}, true},
		{"d", "0", change{"DELETE", "d/x", nil, 204}, true},
		{"d", "0", change{"DELETE", "d", nil, 204}, true},
		{"d", "0", to("MOVE", "d/x", "d/new", 201), true},
		{"d", "0", to("COPY", "a", "d/new", 201), true},
		{"d", "0", put("d/e/new", 201), false},
		{"d", "0", change{"DELETE", "d/e/y", nil, 204}, false},
		{"d", "infinity", put("d/x", 204), true},
		{"d", "infinity", put("d/e/new", 201), true},
		{"d", "infinity", change{"DELETE", "d/e/y", nil, 204}, true},
		{"d", "infinity", put("o/new", 201), false},
		// What is locked inside keeps what is around it. RFC 4918 9.6.1
		{"d/e/y", "0", change{"DELETE", "d", nil, 204}, true},
		{"d/e/y", "0", to("MOVE", "d", "n", 201), true},
		{"d/e/y", "0", to("COPY", "d", "n", 201), false},
		{"d/e/y", "0", to("COPY", "o", "d", 204), true},
		{"d/e/y", "0", change{"DELETE", "d/x", nil, 204}, false},
		{"", "0", put("new", 201), true},
		{"", "0", put("a", 204), false},
		{"", "0", put("d/new", 201), false},
		{"", "infinity", put("d/e/y", 204), true},
		{"", "infinity", change{"DELETE", "d", nil, 204}, true},
	} {
		t.Run(fmt.Sprint(i, c.method, c.change.path, " under ", c.path), func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			token := h.lock("ann", base+c.path, "exclusive", "Depth", c.depth)
			body := ""
			switch c.method {
			case "PUT":
				body = "new"
			case "PROPPATCH":
				body = `<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>`
			}
			do := func(headers ...string) *davkit.Answer {
				return h.Do("ann", c.method, base+c.change.path, body, append(headers, c.headers...)...)
			}
			if !c.blocked {
				do().Is(c.ok)
				return
			}
			a := do().Fails(423, davxml.D("lock-token-submitted"))
			if got := a.XML().Path(davxml.D("lock-token-submitted"), davxml.D("href")).Value(); strings.TrimSuffix(got, "/") != strings.TrimSuffix(base+c.path, "/") {
				t.Errorf("what is locked is said to be %q", got)
			}
			bobs := h.bobs()
			other := []string{"If", "<" + bobs + c.path + "> (<" + token + ">)"}
			for _, x := range c.headers {
				other = append(other, strings.Replace(x, base, bobs, 1))
			}
			h.Do("bob", c.method, bobs+c.change.path, body, other...).Is(423)
			do("If", "<"+base+c.path+"> (<"+token+">)").Is(c.ok)
		})
	}
}

func TestSharedLocks(t *testing.T) {
	h := newHub(t)
	bobs := h.bobs()
	anns := h.lock("ann", base+"a", "shared")
	his := h.lock("bob", bobs+"a", "shared")
	h.Do("bob", "LOCK", bobs+"a", info("exclusive")).Fails(423, davxml.D("no-conflicting-lock"))
	h.Do("ann", "PUT", base+"a", "x").Is(423)
	h.Do("ann", "PUT", base+"a", "x", "If", "(<"+his+">)").Is(423)
	h.Do("ann", "PUT", base+"a", "x", "If", "(<"+anns+">)").Is(204)
	h.Do("bob", "PUT", bobs+"a", "x", "If", "(<"+his+">)").Is(204)
	h.Do("bob", "UNLOCK", bobs+"a", "", "Lock-Token", "<"+anns+">").Is(403)
	h.Do("ann", "UNLOCK", base+"a", "", "Lock-Token", "<"+his+">").Is(204) // the collection is hers
	h.Do("bob", "PUT", bobs+"a", "x", "If", "(<"+his+">)").Is(412)
	h.Do("ann", "UNLOCK", base+"a", "", "Lock-Token", "<"+anns+">").Is(204)
	h.Do("bob", "PUT", bobs+"a", "x").Is(204)
}

func TestConflictingLocks(t *testing.T) {
	h := newHub(t)
	h.lock("ann", base+"d", "exclusive", "Depth", "infinity")
	for path, want := range map[string]string{"d": "d/", "d/e": "d/", "d/e/y": "d/", "d/new": "d/", "": "d/"} {
		a := h.Do("ann", "LOCK", base+path, info("shared"), "Depth", "infinity")
		if path == "d/new" { // to make it, the directory's lock must be held
			a.Fails(423, davxml.D("lock-token-submitted"))
		} else if a.Fails(423, davxml.D("no-conflicting-lock")); a.XML().First().Get(davxml.D("href")) != base+want {
			t.Errorf("%s is locked by\n%s", path, a.Body)
		}
	}
	h.lock("ann", base+"a", "exclusive")
	h.lock("ann", base, "exclusive", "Depth", "0")
}

func TestRefreshAndEnd(t *testing.T) {
	h := newHub(t)
	token := h.lock("ann", base+"d", "exclusive", "Timeout", "Second-100")
	refresh := func(user, path, header string, headers ...string) *davkit.Answer {
		return h.Do(user, "LOCK", path, "", append([]string{"If", header}, headers...)...)
	}
	h.Do("ann", "LOCK", base+"d", "").Is(400)
	refresh("ann", base+"d", "(<urn:uuid:none>)").Is(412)
	refresh("ann", base+"a", "(Not <urn:uuid:none>)").Fails(409, davxml.D("lock-token-matches-request-uri"))
	refresh("bob", h.bobs()+"d", "(<"+token+">)").Is(403)
	h.Now = h.Now.Add(99 * time.Second)
	a := refresh("ann", base+"d/e/y", "(<"+token+">)", "Timeout", "Second-50").Is(200) // by something below it. RFC 4918 9.10.2
	if l := a.XML().Path(davxml.D("lockdiscovery"), davxml.D("activelock")); l.Get(davxml.D("timeout")) != "Second-50" || a.Header.Get("Lock-Token") != "" {
		t.Fatalf("refreshed\n%s", a.Body)
	}
	h.Now = h.Now.Add(49 * time.Second)
	h.Do("ann", "PUT", base+"d/x", "x").Is(423)
	refresh("ann", base+"d", "(<"+token+">)").Is(200) // as long as before
	h.Now = h.Now.Add(49 * time.Second)
	h.Do("ann", "PUT", base+"d/x", "x").Is(423)
	h.Now = h.Now.Add(time.Second)
	h.Do("ann", "PUT", base+"d/x", "x").Is(204)
	refresh("ann", base+"d", "(<"+token+">)").Is(412)
	h.Do("ann", "UNLOCK", base+"d", "", "Lock-Token", "<"+token+">").Fails(409, davxml.D("lock-token-matches-request-uri"))
}

func TestLockWhatIsNotThere(t *testing.T) {
	h := newHub(t)
	files := h.Collection("ann", tandem.File)
	a := h.Do("ann", "LOCK", base+"new", info("exclusive")).Is(201)
	h.Do("ann", "GET", base+"new", "").Is(200)
	if r := h.Body(files, "new"); r != "" {
		t.Errorf("the new file holds %q", r)
	}
	h.Do("ann", "PUT", base+"new", "x").Is(423)
	h.Do("ann", "PUT", base+"new", "x", "If", "("+a.Header.Get("Lock-Token")+")").Is(204)
	h.Do("ann", "LOCK", base+"none/new", info("exclusive")).Is(409)
	h.Do("ann", "LOCK", base+"none/new", info("exclusive")).Is(409) // and left no lock behind
	h.Do("ann", "LOCK", "/dav/files/ann/none", info("exclusive")).Is(403)
	h.Do("ann", "LOCK", "/dav/files/ann/", info("exclusive")).Is(403)
	h.Do("ann", "LOCK", "/dav/contacts/ann/"+fmt.Sprint(h.Collection("ann", tandem.Contact).ID)+"/new.vcf", info("exclusive")).Is(403)
	h.Do("ann", "LOCK", "/dav/calendars/ann/"+fmt.Sprint(h.Collection("ann", tandem.Event).ID)+"/", info("exclusive")).Is(200)
}

func TestNonsense(t *testing.T) {
	h := newHub(t)
	for _, c := range []struct {
		body    string
		headers []string
		want    int
	}{
		{info("exclusive"), []string{"Depth", "1"}, 400},
		{"<x/>", nil, 400},
		{"<", nil, 400},
		{`<lockinfo xmlns="DAV:"/>`, nil, 422},
		{strings.Replace(info("exclusive"), "write", "read", 1), nil, 422},
		{strings.Replace(info("exclusive"), "exclusive", "both", 1), nil, 422},
		{strings.Replace(info("exclusive"), "me &amp;", strings.Repeat("me", 5000), 1), nil, 413},
		{info("exclusive"), []string{"If", "nonsense"}, 400},
		{info("exclusive"), []string{"If", "(<urn:1>)"}, 412},
		{info("exclusive"), []string{"If-None-Match", "*"}, 412},
	} {
		h.Do("ann", "LOCK", base+"a", c.body, c.headers...).Is(c.want)
	}
	for _, token := range []string{"", "urn:uuid:1", "<>", "<urn:uuid:1"} {
		h.Do("ann", "UNLOCK", base+"a", "", "Lock-Token", token).Is(400)
	}
	for _, path := range []string{base + "a", base + "none", base, "/dav/files/ann/", "/dav/"} {
		h.Do("ann", "UNLOCK", path, "", "Lock-Token", "<urn:uuid:1>").Is(409)
	}
	h.Do("ann", "PUT", base+"a", "x").Is(204) // and nothing is locked
}

// TestReadersDoNotLock: who may only read cannot keep others from writing.
func TestReadersDoNotLock(t *testing.T) {
	h := newHub(t)
	shares, err := h.Store.Shares.SharesOf(t.Context(), h.Collection("ann", tandem.File).ID)
	h.Must(err)
	shares[0].Write = false
	_, err = h.Store.Shares.PutShare(t.Context(), shares[0])
	h.Must(err)
	h.Do("bob", "LOCK", h.bobs()+"a", info("shared")).Fails(403, davxml.D("need-privileges"))
}

// TestConditions holds a PUT to headers. RFC 9110 13.1, RFC 4918 10.4
func TestConditions(t *testing.T) {
	h := newHub(t)
	token := h.lock("ann", base+"d/x", "exclusive")
	for i, c := range []struct {
		path    string
		headers []string
		want    int
	}{
		{"a", []string{"If-Match", "$a"}, 204},
		{"a", []string{"If-Match", `"other", $a`}, 204},
		{"a", []string{"If-Match", `"other"`}, 412},
		{"a", []string{"If-Match", "W/$a"}, 412},
		{"a", []string{"If-Match", "*"}, 204},
		{"none", []string{"If-Match", "*"}, 412},
		{"none", []string{"If-None-Match", "*"}, 201},
		{"a", []string{"If-None-Match", "*"}, 412},
		{"a", []string{"If-None-Match", "$a"}, 412},
		{"a", []string{"If-None-Match", `"other"`}, 204},
		{"a", []string{"If-Unmodified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, 412},
		{"a", []string{"If-Unmodified-Since", "Mon, 02 Jan 2126 15:04:05 GMT"}, 204},
		{"a", []string{"If-Unmodified-Since", "yesterday"}, 204},
		{"a", []string{"If", "([$a])"}, 204},
		{"a", []string{"If", `(["other"])`}, 412},
		{"a", []string{"If", `(Not ["other"])`}, 204},
		{"a", []string{"If", `(["other"]) ([$a])`}, 204},
		{"a", []string{"If", `([$a] ["other"])`}, 412},
		{"a", []string{"If", "(<urn:none>)"}, 412},
		{"a", []string{"If", "(Not <DAV:no-lock>)"}, 204},
		{"a", []string{"If", "<" + base + "d/x> (<" + token + ">)"}, 204},
		{"a", []string{"If", "<" + h.Server.URL + base + "d/x> (<" + token + ">)"}, 204},
		{"a", []string{"If", "<http://elsewhere.example" + base + "d/x> (<" + token + ">)"}, 412},
		{"a", []string{"If", "<http://elsewhere.example" + base + "d/x> (Not <" + token + ">)"}, 204},
		{"a", []string{"If", "<" + base + "none/none> (Not <" + token + ">)"}, 204},
		{"a", []string{"If", "</dav/../x> (Not <" + token + ">)"}, 204},
		{"a", []string{"If", "<" + base + "> (Not <" + token + ">)"}, 204},
		{"d/x", []string{"If", "(<" + token + ">)"}, 204},
		{"d/x", []string{"If", `(["other"]) (Not <DAV:no-lock>)`}, 423},
		{"d/x", []string{"If", "(<urn:none>) (Not <DAV:no-lock> <" + token + ">)"}, 204},
	} {
		h.Do("ann", "DELETE", base+"none", "")
		tag := h.Do("ann", "GET", base+"a", "").Is(200).Header.Get("ETag")
		var headers []string
		for _, x := range c.headers {
			headers = append(headers, strings.ReplaceAll(x, "$a", tag))
		}
		if a := h.Do("ann", "PUT", base+c.path, fmt.Sprint("new ", i), headers...); a.Status != c.want {
			t.Errorf("%d: PUT %s %q: %d, want %d\n%s", i, c.path, c.headers, a.Status, c.want, a.Body)
		}
	}
}

// TestLocksGo with what they are on.
func TestLocksGo(t *testing.T) {
	h := newHub(t)
	x, y := h.lock("ann", base+"d/x", "exclusive"), h.lock("ann", base+"d/e/y", "exclusive")
	with := "<" + base + "d/x> (<" + x + ">) <" + base + "d/e/y> (<" + y + ">)"
	h.Do("ann", "MOVE", base+"d", "", "Destination", base+"n", "If", with).Is(201)
	h.Do("ann", "PUT", base+"n/x", "x").Is(204) // locks do not move. RFC 4918 7.6
	h.Do("ann", "MKCOL", base+"d", "").Is(201)
	h.Do("ann", "PUT", base+"d/x", "x").Is(201)
	token := h.lock("ann", base+"a", "exclusive")
	h.Do("ann", "DELETE", base+"a", "", "If", "(<"+token+">)").Is(204)
	h.Do("ann", "PUT", base+"a", "x").Is(201)
	list, err := h.Store.Locks.Locks(t.Context(), h.Collection("ann", tandem.File).ID, h.Now.Unix())
	h.Must(err)
	if len(list) != 0 {
		t.Errorf("locks that are left: %+v", list)
	}
}

// TestOneOfManyLocks: of those who want an exclusive lock at once, one gets it.
func TestOneOfManyLocks(t *testing.T) {
	h := newHub(t)
	status := make(chan int)
	for range 8 {
		go func() {
			req, _ := http.NewRequest("LOCK", h.Server.URL+base+"a", strings.NewReader(info("exclusive")))
			req.SetBasicAuth("ann", davkit.Password)
			resp, err := h.Server.Client().Do(req)
			if err != nil {
				status <- 0
				return
			}
			resp.Body.Close()
			status <- resp.StatusCode
		}()
	}
	got := map[int]int{}
	for range 8 {
		got[<-status]++
	}
	if got[200] != 1 || got[423] != 7 {
		t.Errorf("statuses %v", got)
	}
}
