package event_test

import (
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// Every part of a Location comes back as it was sent, from 16.0 on. MS-ASAIRS 2.2.2.28
func TestPlaceParts(t *testing.T) {
	for name, value := range map[string]string{"Accuracy": "12.5", "Altitude": "-3", "AltitudeAccuracy": "1e2", "Annotation": "Grüße; a,b", "City": "Berlin", "Country": "DE", "DisplayName": "Cafe: \"Nord\"",
		"LocationUri": "https://x.org/?a=b;c", "PostalCode": "10115", "State": "BE", "Street": "Weg 1"} {
		t.Run(name, func(t *testing.T) {
			sent := "<b:Location><b:" + name + ">" + value + "</b:" + name + "></b:Location>"
			for _, v := range versions {
				o := options(t, v)
				body := put(t, cal(meet), eas.Put{Options: o}, sent)
				got := all(t, body, o).Child(wbxml.AirSyncBaseLocation)
				if v < eas.V160 {
					if got != nil || body != cal(meet) {
						t.Errorf("in %s: %s", v, body)
					}
					continue
				}
				if len(got.Children) != 1 || got.Children[0].String() != value || !strings.HasSuffix(got.Children[0].Tag.String(), name) {
					t.Errorf("in %s: %s\n%s", v, xml(t, []*wbxml.Element{got}), body)
				}
			}
		})
	}
	t.Run("Latitude, Longitude", func(t *testing.T) {
		body := put(t, cal(meet), eas.Put{Options: options(t, eas.V161)}, "<b:Location><b:Latitude>52.5</b:Latitude><b:Longitude>-13.25</b:Longitude></b:Location>")
		e := all(t, body, options(t, eas.V160)).Child(wbxml.AirSyncBaseLocation)
		if e.Get(wbxml.AirSyncBaseLatitude) != "52.5" || e.Get(wbxml.AirSyncBaseLongitude) != "-13.25" || has(body, "GEO:52.5;-13.25") != nil {
			t.Errorf("%s", body)
		}
	})
	t.Run("no number", func(t *testing.T) {
		r, err := view.Put([]byte(cal(meet)), data(t, "<b:Location><b:Accuracy>far</b:Accuracy><b:DisplayName>x</b:DisplayName></b:Location>"), eas.Put{Options: options(t, eas.V161)})
		if err != nil || len(r.Notes) != 1 || has(string(r.Body), "LOCATION:x|!X-TANDEM") != nil {
			t.Errorf("%v %q\n%s", err, r.Notes, r.Body)
		}
	})
	t.Run("changed since", func(t *testing.T) {
		body := cal(meet + "|LOCATION:Elsewhere|X-TANDEM-PLACE;X-CITY=Berlin:Cafe")
		if e := all(t, body, options(t, eas.V161)).Child(wbxml.AirSyncBaseLocation); len(e.Children) != 1 {
			t.Errorf("%s", xml(t, []*wbxml.Element{e}))
		}
	})
}

// What only mails say of attachments otherwise. MS-ASAIRS 2.2.2.16, 2.2.2.17, 2.2.2.26, 2.2.2.31
func TestAttachmentParts(t *testing.T) {
	for _, v := range []eas.Version{eas.V160, eas.V161} {
		o := options(t, v)
		body := put(t, cal(meet), eas.Put{Options: o}, "<b:Attachments><b:Add><b:ClientId>1</b:ClientId><b:Method>5</b:Method><b:Content>aGk=</b:Content><b:DisplayName>m.eml</b:DisplayName>"+
			"<b:ContentId>a@b</b:ContentId><b:ContentLocation>x/y</b:ContentLocation><b:IsInline/></b:Add></b:Attachments>")
		a := all(t, body, o).Child(wbxml.AirSyncBaseAttachments).Child(wbxml.AirSyncBaseAttachment)
		for tag, want := range map[wbxml.Tag]string{wbxml.AirSyncBaseContentId: "a@b", wbxml.AirSyncBaseContentLocation: "x/y", wbxml.AirSyncBaseIsInline: "1", wbxml.AirSyncBaseMethod: "5",
			wbxml.AirSyncBaseDisplayName: "m.eml", wbxml.AirSyncBaseEstimatedDataSize: "2", wbxml.AirSyncBaseFileReference: "5:7:0"} {
			if a.Get(tag) != want {
				t.Errorf("%s is %q in %s\n%s", tag, a.Get(tag), v, body)
			}
		}
		if _, kind, err := view.Attachment([]byte(body), 0); err != nil || kind != "message/rfc822" {
			t.Errorf("%s, %v", kind, err)
		}
		plain := put(t, cal(meet), eas.Put{Options: o}, "<b:Attachments><b:Add><b:Content>aGk=</b:Content><b:DisplayName>a.txt</b:DisplayName></b:Add></b:Attachments>")
		if a := all(t, plain, o).Child(wbxml.AirSyncBaseAttachments).Child(wbxml.AirSyncBaseAttachment); a.Has(wbxml.AirSyncBaseIsInline) || a.Get(wbxml.AirSyncBaseMethod) != "1" {
			t.Errorf("%s", plain)
		}
	}
	for _, v := range []eas.Version{eas.V121, eas.V140, eas.V141} { // the Calendar class has none before 16.0
		r, err := view.Put([]byte(cal(meet)), data(t, "<b:Attachments><b:Add><b:Content>aGk=</b:Content></b:Add></b:Attachments>"), eas.Put{Options: options(t, v)})
		if err != nil || string(r.Body) != cal(meet) {
			t.Errorf("in %s: %v\n%s", v, err, r.Body)
		}
	}
}
