package eas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/partner/mailbox"
	"tandem/wire/tnef/tneftest"
	"tandem/wire/wbxml"
)

// withFiles is a message with a picture in its text, a file, and a message.
var withFiles = "From: zoe@example.org\r\nTo: ann@example.org\r\nSubject: Files\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" +
	"--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>See <img src=\"cid:logo\"></p><script>alert(1)</script>\r\n" +
	"--r\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Location: logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n" +
	"--m\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("0123456789")) + "\r\n" +
	"--m\r\nContent-Type: message/rfc822\r\n\r\nFrom: ben@example.org\r\nSubject: older\r\n\r\nnested\r\n--m--\r\n"

// TestMailAttachments: the files of a message are listed with what is to be known of them, and fetched whole, in ranges, as parts and, with 12.1, by GetAttachment.
// MS-ASAIRS 2.2.2.7, MS-ASCMD 2.2.1.7, 2.2.1.10, 2.2.3.143.2
func TestMailAttachments(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			v, _ := eas.ParseVersion(version)
			h := newPostHouse(t)
			h.arrive(h.box("ann", mailbox.Inbox), 1, withFiles)
			h.arrive(h.box("bob", mailbox.Inbox), 1, withFiles)
			p := h.phone("ann", "phone1", version)
			got := h.desk(p, 2).sync(changes)
			id := serverID(got)
			contains(t, got, "Attachments{Attachment{DisplayName=part-1-2.png FileReference="+id+":0 Method=1 EstimatedDataSize=", "ContentId=logo ContentLocation=logo.png IsInline=1} "+
				"Attachment{DisplayName=plan.pdf FileReference="+id+":1 Method=1 EstimatedDataSize=", "Attachment{DisplayName=older.eml FileReference="+id+":2 Method=5 EstimatedDataSize=", "!nested")
			fetch := func(ref, options string) string {
				return h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>"+ref+"</airsyncbase:FileReference>"+options+"</Fetch></ItemOperations>")
			}
			enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
			contains(t, fetch(id+":1", ""), "Fetch{Status=1 FileReference="+id+":1 Properties{ContentType=application/pdf Data="+enc("0123456789")+"}")
			contains(t, fetch(id+":2", ""), "ContentType=message/rfc822", "Data="+enc("From: ben@example.org\r\nSubject: older\r\n\r\nnested"))
			contains(t, fetch(id+":1", "<Options><Range>2-4</Range></Options>"), "Range=2-4 Total=10 ContentType=application/pdf Data="+enc("234"))
			contains(t, fetch(id+":1", "<Options><Range>8-99</Range></Options>"), "Range=8-9 Total=10", "Data="+enc("89"))
			for ref, options := range map[string]string{id + ":1": "<Options><Range>10-11</Range></Options>"} {
				contains(t, fetch(ref, options), "Fetch{Status=8 ")
			}
			bobs := h.box("bob", mailbox.Inbox)
			for _, ref := range []string{id + ":9", id + ":x", "nonsense", id, serverIDOf(bobs, h.live(bobs)[0]) + ":1"} {
				contains(t, fetch(ref, ""), "Fetch{Status=15 ")
			}
			p.Multipart = true
			doc, err := wbxml.FromXML(strings.NewReader("<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>" + id + ":1</airsyncbase:FileReference></Fetch><Fetch><Store>Mailbox</Store><airsync:ServerId>" + id +
				"</airsync:ServerId><Options><airsync:MIMESupport>2</airsync:MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options></Fetch></ItemOperations>"))
			h.must(err)
			a, err := p.Do(context.Background(), "ItemOperations", doc)
			h.must(err)
			if len(a.Parts) != 2 || string(a.Parts[0]) != "0123456789" || string(a.Parts[1]) != withFiles {
				t.Errorf("parts %q", a.Parts)
			}
			p.Multipart = false
			a, err = p.Post(context.Background(), "GetAttachment", url.Values{"AttachmentName": {id + ":1"}}, "", nil)
			if v >= eas.V140 {
				if err != nil || a.Code != 501 {
					t.Errorf("GetAttachment: %+v, %v", a, err)
				}
			} else {
				if a == nil || a.Code != 200 || string(a.Raw) != "0123456789" || a.Header.Get("Content-Type") != "application/pdf" {
					t.Errorf("GetAttachment: %+v, %v", a, err)
				}
				for _, ref := range []string{id + ":9", "", serverIDOf(bobs, h.live(bobs)[0]) + ":1"} {
					if a, err := p.Post(context.Background(), "GetAttachment", url.Values{"AttachmentName": {ref}}, "", nil); err != nil || a.Code != 500 {
						t.Errorf("GetAttachment %q: %+v, %v", ref, a, err)
					}
				}
			}
			h.valid()
		})
	}
}

// TestWinmail: what Outlook packs into winmail.dat is shown as text and files, in every version; the message itself comes as it is.
func TestWinmail(t *testing.T) {
	packed := tneftest.Stream(tneftest.Attribute(1, 0x00078008, []byte("IPM.Microsoft Schedule.MtgReq\x00")), tneftest.Props(tneftest.Binary(0x1013, []byte("<p>Come at ten</p>")), tneftest.Long(0x3fde, 65001)),
		tneftest.File(tneftest.Wide(0x3707, "plan.txt"), tneftest.Binary(0x3701, []byte("0123456789"))),
		tneftest.File(tneftest.Wide(0x3707, "logo.png"), tneftest.Text(0x3712, "logo@x"), tneftest.Long(0x3714, 4), tneftest.Binary(0x3701, []byte("picture"))))
	message := "From: zoe@example.org\r\nTo: ann@example.org\r\nSubject: Packed\r\nMIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(packed) + "\r\n"
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			h := newPostHouse(t)
			h.arrive(h.box("ann", mailbox.Inbox), 1, message)
			p := h.phone("ann", "phone1", version)
			got := h.desk(p, 2).sync(changes + "<Options><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type></airsyncbase:BodyPreference></Options>")
			id := serverID(got)
			contains(t, got, "<p>Come at ten</p>", "Attachments{Attachment{DisplayName=plan.txt FileReference="+id+":0 Method=1 EstimatedDataSize=10}",
				"Attachment{DisplayName=logo.png FileReference="+id+":1 Method=1 EstimatedDataSize=7 ContentId=logo@x IsInline=1}", "!winmail", "MessageClass=IPM.Note")
			fetch := func(options string) string {
				return h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>"+id+":0</airsyncbase:FileReference>"+options+"</Fetch></ItemOperations>")
			}
			enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
			contains(t, fetch(""), "Fetch{Status=1", "ContentType=text/plain Data="+enc("0123456789"))
			contains(t, fetch("<Options><Range>2-4</Range></Options>"), "Range=2-4 Total=10 ContentType=text/plain Data="+enc("234"))
			whole := h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId><Options><airsync:MIMESupport>2</airsync:MIMESupport>"+
				"<airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options></Fetch></ItemOperations>")
			contains(t, whole, base64.StdEncoding.EncodeToString(packed))
			came := h.desk(h.phone("ann", "phone2", version), 2).pull(asMIME)
			if b := came[id].Child(wbxml.AirSyncBaseBody).Child(wbxml.AirSyncBaseData).Content(); string(b) != message {
				t.Errorf("the message itself is %q", b)
			}
			h.valid()
		})
	}
}

// TestMailBodies: the text comes in the form that is asked for, cut between characters, whole or not at all, with the beginning of it beside it; HTML and the message
// itself come as they are. MS-ASAIRS 2.2.2.12, 2.2.2.9, MS-ASCMD 2.2.3.110
func TestMailBodies(t *testing.T) {
	const plain = "From: zoe@example.org\r\nTo: ann@example.org\r\nSubject: P\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße an alle\r\n"
	for _, version := range versions {
		v, _ := eas.ParseVersion(version)
		h := newPostHouse(t)
		inbox := h.box("ann", mailbox.Inbox)
		ids := []string{}
		for i, text := range []string{plain, withFiles} {
			id := h.arrive(inbox, 5-i, text)
			ids = append(ids, h.server(inbox, id))
		}
		c := h.phone("ann", "phone1", version).Client
		pref := func(typ int, more string) string {
			return "<airsyncbase:BodyPreference><airsyncbase:Type>" + fmt.Sprint(typ) + "</airsyncbase:Type>" + more + "</airsyncbase:BodyPreference>"
		}
		size := func(n int) string { return el("airsyncbase:TruncationSize", fmt.Sprint(n)) }
		all, preview := el("airsyncbase:AllOrNone", "1"), el("airsyncbase:Preview", "5")
		mime := func(n int) string { return el("airsync:MIMESupport", fmt.Sprint(n)) }
		part := func(typ int, more string) string {
			return "<airsyncbase:BodyPartPreference><airsyncbase:Type>" + fmt.Sprint(typ) + "</airsyncbase:Type>" + more + "</airsyncbase:BodyPartPreference>"
		}
		for _, test := range []struct {
			name    string
			message int
			options string
			since   eas.Version
			want    []string
		}{
			{"plain as plain", 0, pref(1, ""), 121, []string{"Body{Type=1 EstimatedDataSize=17 Data=Grüße an alle\r\n}", "NativeBodyType=1"}},
			{"plain as HTML", 0, pref(2, ""), 121, []string{"Body{Type=2 ", "Grüße an alle<br", "NativeBodyType=1"}},
			{"HTML as plain", 1, pref(1, ""), 121, []string{"Body{Type=1 ", "Data=See", "NativeBodyType=2", "!alert"}},
			{"HTML as HTML", 1, pref(2, ""), 121, []string{"Body{Type=2 ", "<p>See <img src=\"cid:logo\"></p><script>alert(1)</script>"}},
			{"both", 1, pref(1, "") + pref(2, ""), 121, []string{"Body{Type=2 "}},
			{"cut between characters", 0, pref(1, size(3)), 121, []string{"EstimatedDataSize=17 Truncated=1 Data=Gr}"}},
			{"cut after a character", 0, pref(1, size(4)), 121, []string{"Truncated=1 Data=Grü}"}},
			{"nothing of it", 0, pref(1, size(0)), 121, []string{"Truncated=1 Data}"}},
			{"all or none", 0, pref(1, size(4)+all), 140, []string{"EstimatedDataSize=17 Truncated=1}", "!Data="}},
			{"all", 0, pref(1, size(400)+all), 140, []string{"Data=Grüße"}},
			{"another that fits", 0, pref(1, size(4)+all) + pref(2, ""), 140, []string{"Body{Type=2 "}},
			{"preview", 1, pref(2, preview), 140, []string{"Preview=See"}},
			{"message", 0, mime(2) + pref(4, ""), 121, []string{"Body{Type=4 EstimatedDataSize=" + fmt.Sprint(len(plain)) + " Data=\"" + plain + "\"}", "!NativeBodyType"}},
			{"message cut", 0, mime(2) + pref(4, size(9)), 121, []string{"Truncated=1 Data=\"From: zoe\"}"}},
			{"no message", 0, mime(0) + pref(4, "") + pref(1, ""), 121, []string{"Body{Type=1 "}},
			{"message of signed mail alone", 0, mime(1) + pref(4, "") + pref(1, ""), 121, []string{"Body{Type=1 "}},
			{"part", 1, part(2, ""), 141, []string{"BodyPart{Status=1 Type=2 EstimatedDataSize=", "<p>See", "! Body{"}},
			{"part and body", 1, pref(1, "") + part(2, size(8)+preview), 141, []string{" Body{Type=1 ", "BodyPart{Status=1 Type=2 EstimatedDataSize=", "Truncated=1 Data=<p>See", "Preview=See"}},
			{"part all or none", 1, part(2, size(8)+all), 141, []string{"BodyPart{Status=1 Type=2 EstimatedDataSize=", "Truncated=1}", "!Data=<p>"}},
			{"whole part, all or none", 1, part(2, all), 141, []string{"Data=<p>See", "!Truncated"}},
			{"part in two forms", 1, part(1, "") + part(2, ""), 141, []string{"BodyPart{Status=1 Type=2 "}},
			{"part as plain", 1, part(1, ""), 141, []string{"Fetch{Status=164 "}},
		} {
			if v < test.since {
				continue
			}
			got := h.do(c, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+ids[test.message]+"</airsync:ServerId><Options>"+test.options+"</Options></Fetch></ItemOperations>")
			t.Run(version+" "+test.name, func(t *testing.T) { contains(t, got, test.want...) })
		}
		if v >= eas.V141 {
			d := h.desk(h.phone("ann", "phone2", version), 2)
			contains(t, d.sync(changes+"<Options>"+part(1, "")+"</Options>"), "Status=164", "!Commands")
			contains(t, d.sync(changes+"<Options>"+part(2, "")+"</Options>"), "BodyPart{Status=1 Type=2", "! Body{")
			contains(t, h.search(c, "<FreeText>See</FreeText>", part(1, "")), "Store{Status=164}")
		}
		h.valid()
	}
}

// TestSecureMail: what is signed or encrypted comes whole, under its class. MS-ASEMAIL 2.2.2.49
func TestSecureMail(t *testing.T) {
	for name, test := range map[string]struct{ text, class string }{
		"signed":    {"Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"; micalg=sha256\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n", "IPM.Note.SMIME.MultipartSigned"},
		"encrypted": {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n", "IPM.Note.SMIME"},
		"PGP":       {"Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n", "IPM.Note"},
	} {
		h := newPostHouse(t)
		text := "From: zoe@example.org\r\nTo: ann@example.org\r\nSubject: S\r\nMIME-Version: 1.0\r\n" + test.text
		h.arrive(h.box("ann", mailbox.Inbox), 1, text)
		got := h.desk(h.phone("ann", "phone1", "16.1"), 2).sync(changes + "<Options><MIMESupport>1</MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options>")
		t.Run(name, func(t *testing.T) {
			contains(t, got, "MessageClass="+test.class+" ", "Body{Type=4 EstimatedDataSize="+fmt.Sprint(len(text))+" Data=\""+text+"\"}")
		})
		h.valid()
	}
}

// TestMIMETruncation: how much of a message comes as it is. MS-ASCMD 2.2.3.111
func TestMIMETruncation(t *testing.T) {
	h := newPostHouse(t)
	text := "From: zoe@example.org\r\nSubject: long\r\n\r\n" + strings.Repeat("0123456789\r\n", 20000)
	h.arrive(h.box("ann", mailbox.Inbox), 1, text)
	p := h.phone("ann", "phone1", "14.1")
	for n, size := range []int{0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, len(text)} {
		got := h.desk(p, 2).pull("<Options><MIMETruncation>" + fmt.Sprint(n) + "</MIMETruncation><MIMESupport>2</MIMESupport></Options>")
		for _, data := range got {
			b := data.Child(wbxml.AirSyncBaseBody)
			if d := b.Child(wbxml.AirSyncBaseData).Content(); string(d) != text[:size] || b.Has(wbxml.AirSyncBaseTruncated) != (size < len(text)) || b.Get(wbxml.AirSyncBaseType) != "4" {
				t.Errorf("%d: %d bytes, want %d", n, len(d), size)
			}
		}
	}
	h.valid()
}
