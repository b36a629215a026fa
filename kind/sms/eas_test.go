package sms_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/wire/wbxml"
)

func shownAs(t *testing.T, data []*wbxml.Element, tag wbxml.Tag) string {
	t.Helper()
	return wbxml.New(wbxml.AirSyncApplicationData, data...).Get(tag)
}

// What a phone sends comes back as it sent it.
func TestViewRoundTrip(t *testing.T) {
	v := sms.View{}
	for _, c := range []struct{ to, want string }{
		{`"Anna, B" [MOBILE:+49 170 1]; [MOBILE:555]`, `"Anna, B" [MOBILE:+49 170 1], [MOBILE:555]`},
		{`+4917012345`, `[MOBILE:+4917012345]`},
		{`"Anna" <+4917012345>`, `"Anna" [MOBILE:+4917012345]`},
		{`Info`, `[MOBILE:Info]`},
		{`"Say \"hi\"" [mobile:1]`, `"Say \"hi\"" [MOBILE:1]`},
		{`,;[MOBILE:],`, ``},
	} {
		data := []*wbxml.Element{wbxml.Text(wbxml.EmailTo, c.to), wbxml.Text(wbxml.EmailDateReceived, "2026-05-20T10:00:00.123Z"), wbxml.Text(wbxml.EmailRead, "1"),
			wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, "Hello\r\n😀"))}
		made, err := v.Put(nil, data, eas.Put{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.GetRecord(eas.Record{Body: tandem.Bytes(made.Body), Attrs: made.Attrs}, eas.Options{Version: eas.V141})
		if err != nil {
			t.Fatal(err)
		}
		if to := shownAs(t, got, wbxml.EmailTo); to != c.want {
			t.Errorf("%q came back as %q, want %q", c.to, to, c.want)
		}
		if shownAs(t, got, wbxml.EmailDateReceived) != "2026-05-20T10:00:00.123Z" || shownAs(t, got, wbxml.EmailRead) != "1" {
			t.Errorf("shown as %v", got)
		}
		for _, e := range got {
			if e.Tag == wbxml.AirSyncBaseBody && strings.ReplaceAll(e.Get(wbxml.AirSyncBaseData), "\r\n", "\n") != "Hello\n😀" {
				t.Errorf("the text is %q", e.Get(wbxml.AirSyncBaseData))
			}
		}
	}
}

// A change of marks keeps the box; nothing at all is no message; a text is plain whatever is asked for.
func TestViewMarks(t *testing.T) {
	v := sms.View{}
	attrs, err := v.PutAttrs(eas.Record{Attrs: "box=sent"}, []*wbxml.Element{wbxml.Text(wbxml.EmailRead, "1")}, eas.Put{})
	if err != nil || attrs != "box=sent&seen=1" {
		t.Errorf("%q, %v", attrs, err)
	}
	if _, err := v.Put(nil, []*wbxml.Element{wbxml.Text(wbxml.EmailRead, "1")}, eas.Put{}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an empty message: %v", err)
	}
	m := hello()
	for _, want := range [][]eas.BodyPreference{nil, {{Type: eas.HTML, Truncation: 5}}, {{Type: eas.MIME, Truncation: -1}}, {{Type: eas.HTML}, {Type: eas.Plain, Truncation: -1}}} {
		got, err := v.Get(bodyOf(t, m), eas.Options{Version: eas.V161, Bodies: want, MIME: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if e.Tag == wbxml.AirSyncBaseBody && e.Get(wbxml.AirSyncBaseType) != "1" {
				t.Errorf("asked for %v: type %s", want, e.Get(wbxml.AirSyncBaseType))
			}
		}
	}
	for _, e := range v.GetChange(eas.Record{Attrs: "seen=1&answered=1"}, nil, eas.Options{Version: eas.V141}) {
		if e.Tag == wbxml.Email2LastVerbExecuted {
			t.Error("a text message has no last verb")
		}
	}
}
