package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/test/mailkit"
)

// TestRecordPage: a person sees what a record of an item says, of a message also what servers found out about its sender; what it says does no harm, and nobody else sees it.
func TestRecordPage(t *testing.T) {
	k := newKit(t, "phone")
	ctx := t.Context()
	k.item("anna", "phone", "mine")
	items, err := k.st.Settings.Items(ctx)
	k.must(err)
	c, err := k.st.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Mail, Name: "INBOX"})
	k.must(err)
	items[0].Collection = c.ID
	k.must(k.st.Settings.PutItem(ctx, items[0]))
	const text = "Received: from mx.example.org by hub.test with LMTP\r\nAuthentication-Results: mx.example.org; spf=pass; dkim=fail; dmarc=fail\r\nReceived: by mx.example.org\r\n" +
		"From: boss@bank.test\r\nSubject: Pay <script>alert(1)</script> now\r\n\r\nPlease <b>pay</b>\r\n"
	out, err := k.st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "m 1&2", Record: tandem.Record{Body: tandem.Bytes(text)}}, Title: "Pay <script>alert(1)</script> now"},
		{Write: tandem.Write{Op: tandem.Create, ID: "junk", Record: tandem.Record{Body: tandem.Bytes("\x00\xff")}}}})
	k.must(err)
	for _, o := range out {
		k.must(o.Err)
	}
	bombs := mailkit.Bombs()
	if testing.Short() { // one goroutine works through much: the race detector is told nothing new
		clear(bombs)
	}
	for name, bomb := range bombs {
		out, err := k.st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(name), Record: tandem.Record{Body: tandem.Bytes(bomb)}}}})
		k.must(err)
		k.must(out[0].Err)
	}
	anna, ben := k.in("anna"), k.in("ben")
	for name := range bombs {
		if a := anna.get("/items/mine/records?id=" + url.QueryEscape(name)); a.status != http.StatusOK || !strings.Contains(a.body, "harmless text") {
			t.Errorf("%s: %d: %.2000s", name, a.status, a.body)
		}
	}
	if a := anna.get("/items/mine/records"); !strings.Contains(a.body, `href="?id=m&#43;1%262"`) && !strings.Contains(a.body, `href="?id=m+1%262"`) {
		t.Errorf("the list does not lead to it: %s", a.body)
	}
	const at = "/items/mine/records?id=m+1%262"
	a := anna.get(at)
	for _, want := range []string{"sender checked", "mx.example.org: spf=pass, dkim=fail, dmarc=fail", "boss@bank.test", "Please &lt;b&gt;pay&lt;/b&gt;", `/history?record=m`, `1%262"`} {
		if a.status != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("%d, without %q: %s", a.status, want, a.body)
		}
	}
	if strings.Contains(a.body, "<script>alert") {
		t.Error("what a message says became part of the page")
	}
	if a := anna.get("/items/mine/records?id=junk"); a.status != http.StatusOK {
		t.Errorf("what nobody can read: %d", a.status)
	}
	for path, b := range map[string]*browser{at: ben, "/items/mine/records?id=other": anna} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
