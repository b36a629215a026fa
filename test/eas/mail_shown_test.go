package eas_test

import (
	"strings"
	"testing"

	"tandem/center/notify"
	"tandem/kind/eas"
	"tandem/partner/mailbox"
)

// TestMailShown: what a message says of itself is shown to each version, by Sync, ItemOperations and Search alike, as far as the version and a schema go. MS-ASEMAIL 2.2.2, 3.2.5
func TestMailShown(t *testing.T) {
	const text = "From: Zoe <zoe@example.org>\r\nSender: pa@example.org\r\nTo: Ann <ann@example.org>, carl@example.org\r\nCc: dora@example.org, \"E, F\" <ef@example.org>\r\nReply-To: one@example.org, two@example.org\r\n" +
		"Subject: Re: Plan\r\nImportance: high\r\nDate: Wed, 20 May 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe\r\n"
	for _, version := range versions {
		v, _ := eas.ParseVersion(version)
		h := newPostHouse(t)
		inbox := h.box("ann", mailbox.Inbox)
		id := h.server(inbox, h.arrive(inbox, 2, text))
		p := h.phone("ann", "phone1", version)
		shown := []string{"{To=\"Ann\" <ann@example.org>, carl@example.org Cc=dora@example.org, \"E, F\" <ef@example.org> From=\"Zoe\" <zoe@example.org> Subject=Re: Plan ReplyTo=one@example.org; two@example.org " +
			"DateReceived=2026-05-20T10:00:00.000Z DisplayTo=Ann;carl@example.org ThreadTopic=Plan Importance=2 Read=0 Body{Type=1 EstimatedDataSize=9 Data=Grüße\r\n} MessageClass=IPM.Note InternetCPID=28591 Flag ContentClass=urn:content-classes:message NativeBodyType=1"}
		if v >= eas.V140 {
			shown = append(shown, " Categories ConversationId=\"", "ConversationIndex=\"", "Sender=pa@example.org", "!LastVerb", "!ReceivedAsBcc", "!AccountId", "!UmCallerID")
		} else {
			shown = append(shown, "!Categories", "!Conversation", "!Sender=")
		}
		if v >= eas.V160 {
			shown = append(shown, "IsDraft=0")
		} else {
			shown = append(shown, "!IsDraft")
		}
		fetch := func(options string) string {
			return h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>"+strings.Split(id, ":")[0]+"</airsync:CollectionId><airsync:ServerId>"+id+"</airsync:ServerId>"+options+"</Fetch></ItemOperations>")
		}
		contains(t, h.desk(p, 2).sync(changes), append(shown, "Add{ServerId="+id+" ApplicationData{To=")...)
		contains(t, fetch(""), append(shown, "Status=1 ", "Class=Email Properties{To=")...)
		contains(t, fetch("<Options><Schema><email:Subject/><email:From/></Schema></Options>"), "Properties{From=\"Zoe\" <zoe@example.org> Subject=Re: Plan}")
		contains(t, h.search(p.Client, "<FreeText>plan</FreeText>", ""), append(shown, "Class=Email LongId="+id, "Properties{To=")...)
		contains(t, h.search(p.Client, "<email:Subject>plan</email:Subject>", ""), "Store{Status=2}") // MS-ASEMAIL_R68
		h.valid()
	}
}

// TestMailClasses: what sort of message it is. MS-ASEMAIL 2.2.2.49
func TestMailClasses(t *testing.T) {
	h := newPostHouse(t)
	d := h.desk(h.phone("ann", "phone1", "14.1"), 2)
	report := func(sort, part string) string {
		return "Content-Type: multipart/report; report-type=" + sort + "; boundary=b\r\n\r\n--b\r\n\r\nit says\r\n--b\r\nContent-Type: message/" + part + "\r\n\r\nx: y\r\n--b--\r\n"
	}
	for want, text := range map[string]string{
		"IPM.Note ":                "\r\nplain\r\n",
		"REPORT.IPM.NOTE.NDR ":     report("delivery-status", "delivery-status"),
		"REPORT.IPM.NOTE.DR ":      strings.Replace(report("delivery-status", "delivery-status"), "x: y", "Action: delivered", 1),
		"REPORT.IPM.NOTE.DELAYED ": strings.Replace(report("delivery-status", "delivery-status"), "x: y", "Action: delayed", 1),
		"REPORT.IPM.NOTE.IPNNRN ":  strings.Replace(report("disposition-notification", "disposition-notification"), "x: y", "Disposition: automatic-action/MDN-sent-automatically; deleted", 1),
		"REPORT.IPM.NOTE.IPNRN ":   report("disposition-notification", "disposition-notification"),
		"IPM.Note.SMIME ":          "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nx\r\n",
		"IPM.Note.SMIME.MultipartSigned ": "Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\n" +
			"x\r\n--b--\r\n",
	} {
		h.arrive(h.box("ann", mailbox.Inbox), 1, "From: zoe@example.org\r\nSubject: S\r\n"+text)
		contains(t, d.sync(changes), "MessageClass="+want)
	}
	h.valid()
}

// TestRightsManagementIgnored: a phone that can read protected mail gets mail as any other; there is none that is protected. MS-ASRM 3.2.5.1
func TestRightsManagementIgnored(t *testing.T) {
	const rm = "<Options><rightsmanagement:RightsManagementSupport>1</rightsmanagement:RightsManagementSupport></Options>"
	for _, version := range versions[2:] {
		h := newPostHouse(t)
		inbox := h.box("ann", mailbox.Inbox)
		id := h.server(inbox, h.arrive(inbox, 1, letterOf("Plan", "zoe@example.org", "ann@example.org", "hello")))
		p := h.phone("ann", "phone1", version)
		contains(t, h.desk(p, 2).sync(changes+rm), "Status=1 ", "Subject=Plan", "Data=hello", "!RightsManagement")
		contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId>"+rm+"</Fetch></ItemOperations>"), "Fetch{Status=1 ", "Data=hello", "!RightsManagement")
		contains(t, h.search(p.Client, "<FreeText>plan</FreeText>", "<rightsmanagement:RightsManagementSupport>1</rightsmanagement:RightsManagementSupport>"), "Subject=Plan", "!RightsManagement")
		h.valid()
	}
}

// TestWarningLanguage: the warning before a message that its domain disowns is in the language that its reader chose, else in that of the phone.
func TestWarningLanguage(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	id := h.server(inbox, h.arrive(inbox, 2, "Received: from mx.example.org by hub.test with LMTP\r\nAuthentication-Results: mx.example.org; dmarc=fail\r\nReceived: by mx.example.org\r\nFrom: boss@bank.test\r\n\r\nPay\r\n"))
	const german, english = "Vorsicht: mx.example.org konnte nicht bestätigen, dass diese Nachricht von boss@bank.test kommt.", "Careful: mx.example.org could not confirm that this message comes from boss@bank.test."
	for _, c := range []struct{ phone, chosen, want string }{
		{"", "", english}, {"en-GB", "", english}, {"fr", "", english}, {"de", "", german}, {"de-AT", "", german}, {"de", "en", english}, {"en", "de", german},
	} {
		h.must(h.st.Accounts.SetProps(t.Context(), "ann", map[string]string{notify.Prop: `{"language":"` + c.chosen + `"}`}))
		p := h.phone("ann", "phone"+c.phone+c.chosen, "16.1")
		if c.phone != "" {
			contains(t, h.do(p.Client, "Settings", "<Settings><DeviceInformation><Set><OSLanguage>"+c.phone+"</OSLanguage></Set></DeviceInformation></Settings>"), "DeviceInformation{Status=1}")
		}
		contains(t, h.desk(p, 2).sync(changes), "Add{ServerId="+id, "Data="+c.want+"\r\n\r\nPay")
	}
}
