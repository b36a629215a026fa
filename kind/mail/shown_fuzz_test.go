package mail_test

import (
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/wire/wbxml"
)

// FuzzShown: whatever a message is, it is read and shown in every form and version, with its files and its calendar objects, and what is shown can be written.
func FuzzShown(f *testing.F) {
	f.Add([]byte(inviting("RRULE:FREQ=DAILY;COUNT=5", "RECURRENCE-ID:20261103T090000Z")))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/calendar; method=CANCEL\r\n\r\nx\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\ny\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n--b--"))
	f.Add([]byte("Received: from mx.a by b with LMTP\r\nAuthentication-Results: mx.a; dmarc=fail\r\nFrom: a@b\r\nContent-Type: text/html; charset=utf-7\r\n\r\n<body x>+AGEAY-</body>"))
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		body := tandem.Bytes(raw)
		e, _, _, err := mail.Read(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Calendars(body); err != nil {
			t.Fatal(err)
		}
		if _, err := (mail.Handler{}).Fields(raw); err != nil {
			t.Fatal(err)
		}
		for _, v := range []eas.Version{eas.V121, eas.V161} {
			for kind := eas.Plain; kind <= eas.MIME; kind++ {
				o := eas.Options{Version: v, Zone: time.UTC, Address: "ben@example.org", MIME: 2, Bodies: []eas.BodyPreference{{Type: kind, Truncation: 100, Preview: 20}}, Part: &eas.BodyPreference{Type: eas.HTML, Truncation: 100},
					Attachment: func(int) string { return "1:1:1" }}
				shown, err := mail.View{}.GetRecord(eas.Record{Body: body}, o)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := wbxml.Marshal(wbxml.New(wbxml.AirSyncApplicationData, shown...)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
