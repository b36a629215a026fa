package traced

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem"
	veas "tandem/kind/eas"
	"tandem/partner/trace"
	"tandem/server/eas"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// TestRedact checks what is shown of each sort of element, and what is not.
func TestRedact(t *testing.T) {
	const secret = "Zoe's secret"
	for name, c := range map[string]struct {
		e    *wbxml.Element
		want string // "": not shown
	}{
		"sync key":            {wbxml.Text(wbxml.AirSyncSyncKey, "{42}7"), "{42}7"},
		"folder's id":         {wbxml.Text(wbxml.FolderHierarchyServerId, "17"), "17"},
		"folder's name":       {wbxml.Text(wbxml.FolderHierarchyDisplayName, secret), ""},
		"subject":             {wbxml.Text(wbxml.EmailSubject, secret), ""},
		"body":                {wbxml.Opaque(wbxml.AirSyncBaseData, []byte(secret)), ""},
		"number in a body":    {wbxml.Opaque(wbxml.AirSyncBaseData, []byte("7")), ""},
		"password":            {wbxml.Text(wbxml.SettingsPassword, "42"), ""},
		"status":              {wbxml.Text(wbxml.SearchStatus, "1"), "1"},
		"flag":                {wbxml.Text(wbxml.EmailRead, "1"), "1"},
		"phone number":        {wbxml.Text(wbxml.ContactsMobilePhoneNumber, "+49301234"), ""},
		"type of a body":      {wbxml.Text(wbxml.AirSyncBaseType, "2"), "2"},
		"when":                {wbxml.Text(wbxml.CalendarStartTime, "20261122T100000Z"), "20261122T100000Z"},
		"a long one":          {wbxml.Text(wbxml.AirSyncSyncKey, strings.Repeat(secret, 20)), ""},
		"beside its children": {&wbxml.Element{Tag: wbxml.EmailBody, Text: secret, Children: []*wbxml.Element{wbxml.Text(wbxml.AirSyncStatus, "1")}}, ""},
	} {
		got := Redact(c.e)
		if strings.Contains(got.String(), secret) || c.want == "" && (got.Data != nil || !strings.HasPrefix(got.Text, "[")) || c.want != "" && got.String() != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if len(got.Children) != len(c.e.Children) {
			t.Errorf("%s: what is in it is gone", name)
		}
	}
}

// TestWatch checks what is written down of an exchange, and that nothing is of devices that are not traced.
func TestWatch(t *testing.T) {
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	b := trace.New(now)
	w := Watch(b, now)
	asked := eas.Asked{User: "anna", DeviceID: "PHONE", Command: "Sync", Version: veas.V161, Header: http.Header{"User-Agent": {"Apple-iPhone\r\n"}, "Authorization": {"Basic c2VjcmV0"}, "Cookie": {"x"}},
		Body: wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncApplicationData, wbxml.Text(wbxml.ContactsFileAs, "Zoe Zebra")))}
	if w(asked) != nil {
		t.Fatal("a device is watched that nobody asked for")
	}
	if _, err := b.Start("anna", "PHONE", "", 0); err != nil {
		t.Fatal(err)
	}
	frozen, err := wbxml.Freeze(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, "5"), wbxml.Text(wbxml.ContactsFileAs, "Yan Yak")))
	if err != nil {
		t.Fatal(err)
	}
	w(asked)(eas.Answered{Code: 200, Took: 30 * time.Millisecond, Waited: true, Response: proto.Answer(wbxml.New(wbxml.AirSyncSync, frozen.Element()))})
	w(asked)(eas.Answered{Code: 500, Err: errors.New("password of Zoe is wrong")})
	w(eas.Asked{User: "anna", DeviceID: "PHONE", Command: "SendMail", Raw: 77})(eas.Answered{Code: 200, Response: &proto.Response{Content: tandem.Bytes("12345")}})
	w(eas.Asked{User: "anna", DeviceID: "PHONE", Command: "Ping", Refused: 102})(eas.Answered{Code: 400, Response: &proto.Response{HTTP: 400, Parts: []tandem.Body{tandem.Bytes("x")}}})
	got, err := b.Trace("anna", "PHONE")
	if err != nil || len(got.Exchanges) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	first := got.Exchanges[0]
	if !strings.Contains(first.Asked, "FileAs") || !strings.Contains(first.Asked, "[9 bytes]") || !strings.Contains(first.Answered, "<ServerId>5</ServerId>") || !strings.Contains(first.Answered, "[7 bytes]") {
		t.Errorf("%+v", first)
	}
	if first.Took != 30 || !first.Waited || first.HTTP != 200 || first.Version != "16.1" || strings.Join(first.Head, "|") != "User-Agent: Apple-iPhone??" {
		t.Errorf("%+v", first)
	}
	for i, want := range []string{"", "could not be served", "a message of 77 bytes; the answer is a file of 5 bytes", "makes no sense: status 102; 1 parts"} {
		e := got.Exchanges[i]
		if !strings.Contains(e.Note, want) {
			t.Errorf("note %q, want %q", e.Note, want)
		}
		for _, s := range []string{"Zoe", "Yan", "c2VjcmV0", "Basic", "Cookie", "password"} {
			if strings.Contains(e.Asked+e.Answered+e.Note+strings.Join(e.Head, ""), s) {
				t.Errorf("it tells %q", s)
			}
		}
	}
}
