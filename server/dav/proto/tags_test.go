package proto_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/server/dav/proto"
)

// TestListsTag: RFC 9110 8.8.3, 13.1.
func TestListsTag(t *testing.T) {
	for _, c := range []struct {
		list, tag string
		weakly    bool
		want      bool
	}{
		{`"a"`, `"a"`, false, true},
		{`"b", "a"`, `"a"`, false, true},
		{`"b","a"`, `"a"`, false, true},
		{`a`, `"a"`, false, true}, // without quotes, as some send it
		{`W/"a"`, `"a"`, false, false},
		{`W/"a"`, `"a"`, true, true},
		{`"a,b"`, `"a,b"`, false, true},
		{`*`, `"a"`, false, true},
		{` * `, `"a"`, false, true},
		{`*`, ``, false, false}, // nothing is there
		{`"a"`, ``, false, false},
		{`""`, ``, false, false},
		{`"a`, `"a"`, false, false},
		{``, `"a"`, false, false},
		{`,,,`, `"a"`, false, false},
	} {
		if got := proto.ListsTag(c.list, c.tag, c.weakly); got != c.want {
			t.Errorf("%q of %q, weakly %v: %v", c.tag, c.list, c.weakly, got)
		}
	}
}

func FuzzListsTag(f *testing.F) {
	for _, s := range []string{`"a"`, `W/"a", b`, `*`, `"`, `W/`, ",", "\"a\"\"b\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		proto.ListsTag(list, `"a"`, true)
		if proto.ListsTag(list, "", false) {
			t.Errorf("%q names what is not there", list)
		}
		if !strings.Contains(list, `W/`) && !strings.ContainsAny(list, `"*`) && !proto.ListsTag(`"x",`+list+`,"a"`, `"a"`, false) {
			t.Errorf("%q hides what stands behind it", list)
		}
	})
}

// TestSyncToken: a token is of one collection in one epoch.
func TestSyncToken(t *testing.T) {
	c := tandem.Collection{ID: 7, Identity: tandem.Identity{Epoch: "e1"}}
	token := proto.SyncToken(c, 42)
	if seq, ok := proto.ParseSyncToken(c, token); !ok || seq != 42 {
		t.Errorf("%s is read as %d, %v", token, seq, ok)
	}
	other, later := c, c
	other.ID, later.Identity.Epoch = 70, "e2"
	for _, x := range []tandem.Collection{other, later} {
		if _, ok := proto.ParseSyncToken(x, token); ok {
			t.Errorf("%s is taken for one of %+v", token, x)
		}
	}
	for _, bad := range []string{"", token + "x", token[:len(token)-2], strings.Replace(token, ":42", ":-1", 1), "urn:x-tandem:sync:7:e1:99999999999999999999"} {
		if _, ok := proto.ParseSyncToken(c, bad); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

// TestParseAttachment: the path of an attachment names its record.
func TestParseAttachment(t *testing.T) {
	for path, want := range map[string]string{
		"/dav/attachments/ann/ID/a%20b.txt": "ann ID-a b.txt", "/dav/attachments/ann/ID/a%2Fb": "ann ID-a_b", "/dav/attachments/ann/ID": "", "/dav/attachments/ann//x": "",
		"/dav/attachments/ann/ID/x/y": "", "/dav/files/ann/ID/x": "", "/dav/attachments/ann/ID/%zz": "",
	} {
		owner, id, ok := proto.ParseAttachment(path)
		if got := strings.TrimSpace(owner + " " + string(id)); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v", path, got, ok)
		}
	}
}

// FuzzPath: whatever a header names as a path is one below the root of this server, and means the same when it is read again.
func FuzzPath(f *testing.F) {
	for _, ref := range []string{"/dav/x", "http://hub:80/dav/a%2Fb", "//evil/dav", "https://u@hub/dav", "/dav/../x", "/dav?x", "http://[::1", "mailto:x", "HTTP://HUB/", "/dav/%zz", "%2F", "http://hub", "/dav/\r\nX: y"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		r := &proto.Request{Request: &http.Request{Host: "hub"}, Base: "https://hub.example.org"}
		path, err := r.Path(ref)
		if err != nil {
			return
		}
		if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			t.Fatalf("%q is the path %q", ref, path)
		}
		if again, err := (&proto.Request{Request: r.Request}).Path("http://hub" + path); err != nil || again != path {
			t.Fatalf("%q is the path %q, and that is %q, %v", ref, path, again, err)
		}
		proto.ParseAttachment(path)
		proto.ParsePrefer(http.Header{"Prefer": {ref}})
	})
}
