package eas_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"tandem/kind/mail"
	"tandem/partner/mailbox"
)

// A message within a message has a name that ends in .eml, attachments have a size, and low importance is said.
func TestFieldNote09Embedded(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	h.arrive(inbox, 1, strings.Replace(withFiles, "MIME-Version", "X-Priority: 5\r\nMIME-Version", 1))
	contains(t, h.desk(h.phone("ann", "phone1", "12.1"), 2).sync(changes), "Importance=0", "DisplayName=older.eml", "EstimatedDataSize=47")
	h.valid()
}

// Mail that is sent without From or Sender is completed; recipients in a draft may be separated by semicolons.
func TestFieldNote10From(t *testing.T) {
	h := newPostHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	h.do(p.Client, "SendMail", "<SendMail xmlns=\"ComposeMail\"><ClientId>1</ClientId><Mime>"+base64.StdEncoding.EncodeToString([]byte("To: bob@example.org\r\nSubject: Hi\r\n\r\nx\r\n"))+"</Mime></SendMail>")
	d := h.desk(p, 3)
	id := serverID(d.sync(add("c1", "<email:To>bob@example.org;\"Zoe; Y\" &lt;ann@example.org&gt;</email:To>"+plainBody(1, "x"))))
	contains(t, d.sync(changes+rewrite(id, "<email2:Send/>", "")), "Delete{ServerId="+id)
	h.sendAll()
	in := h.texts(h.box("bob", mailbox.Inbox))
	if len(in) != 2 || !strings.Contains(in[0], "\r\nFrom: \"Ann\" <ann@example.org>\r\n") || !strings.Contains(in[1], "From: \"Ann\" <ann@example.org>\r\n") {
		t.Errorf("bob has %q", in)
	}
	if own := h.live(h.box("ann", mailbox.Inbox)); len(own) != 1 {
		t.Errorf("ann has %d messages", len(own))
	}
	h.valid()
}

// The outbox may be synced, and is empty.
func TestFieldNote14Outbox(t *testing.T) {
	h := newPostHouse(t)
	p := h.phone("ann", "phone1", "14.1")
	if p.FolderOf(6) == "" {
		t.Fatal("there is no outbox")
	}
	if got := h.desk(p, 6).sync(changes); got != "" && !strings.Contains(got, "Status=1") {
		t.Errorf("answered %s", got)
	}
	h.valid()
}

// A message without a date shows when it came; one without text, or with an encoding that nobody knows, has a body all the same.
func TestFieldNote30Mail(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	h.arrive(inbox, 2, "From: zoe@example.org\r\nSubject: empty\r\n\r\n")
	h.arrive(inbox, 2, "From: zoe@example.org\r\nSubject: odd\r\nContent-Type: text/plain; charset=klingon\r\n\r\nGr\xfc\xdfe\r\n")
	got := h.desk(h.phone("ann", "phone1", "16.1"), 2).sync(changes)
	contains(t, got, "DateReceived=2026-05-20T10:00:00.000Z", "Body{Type=1 EstimatedDataSize=0 Data}", "Data=Grüße", "!DateReceived=2026-11")
	h.valid()
}

// Encrypted mail comes as a whole message, whatever its size; so does signed mail (BlackBerry), where that is asked for.
func TestFieldNote34Encrypted(t *testing.T) {
	h := newPostHouse(t)
	text := "From: zoe@example.org\r\nSubject: S\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJD", 50000) + "\r\n"
	h.arrive(h.box("ann", mailbox.Inbox), 1, text)
	got := h.desk(h.phone("ann", "phone1", "14.1"), 2).sync(changes + "<Options><MIMESupport>1</MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options>")
	contains(t, got, "MessageClass=IPM.Note.SMIME ", "Type=4 EstimatedDataSize="+fmt.Sprint(len(text))+" Data=\""+text+"\"")
	h.valid()
}

// A message that the phone moved is not told of again, in either folder.
func TestFieldNote39MovedMail(t *testing.T) {
	h := newPostHouse(t)
	inbox, other := h.box("ann", mailbox.Inbox), h.folder("Projects")
	id := h.server(inbox, h.arrive(inbox, 1, letterOf("Plan", "zoe@example.org", "ann@example.org", "x")))
	p := h.phone("ann", "phone1", "14.1")
	in := h.desk(p, 2)
	to := &desk{house: h.house, c: p.Client, folder: fmt.Sprint(other.ID)}
	to.key = h.begin(p.Client, to.folder)
	in.sync(changes)
	to.sync(changes)
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+in.folder+"</SrcFldId><DstFldId>"+to.folder+"</DstFldId></Move></MoveItems>"), "Status=3 DstMsgId="+to.folder+":")
	for _, d := range []*desk{in, to} {
		if got := d.sync(changes); got != "" {
			t.Errorf("told %s", got)
		}
	}
	if got := h.in(other); got != "Plan" {
		t.Errorf("there is %q", got)
	}
	h.valid()
}

// A change of a flag says nothing but the flag: no class, and no text.
func TestFieldNote44FlagChange(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	id := h.arrive(inbox, 1, letterOf("Plan", "zoe@example.org", "ann@example.org", "x"))
	d := h.desk(h.phone("ann", "phone1", "14.0"), 2)
	d.sync(changes)
	h.setFlags(inbox, id, func(f *mail.Flags) { f.Flagged = true })
	contains(t, d.sync(changes), "ApplicationData{Flag{Status=2 FlagType=Flag for follow up}}", "!MessageClass")
	h.valid()
}

// Drafts may be messages with line ends of all sorts.
func TestFieldNote51Drafts(t *testing.T) {
	h := newPostHouse(t)
	d := h.desk(h.phone("ann", "phone1", "16.1"), 3)
	got := d.sync(changes + add("c1", plainBody(4, "To: bob@example.org&#13;\nSubject: mixed\n\none&#13;\ntwo\n")))
	contains(t, got, "Add{ClientId=c1 ServerId=", "Status=1")
	contains(t, d.sync(changes+rewrite(serverID(got), "<email2:Send/>", "")), "Delete{")
	h.sendAll()
	if in := h.texts(h.box("bob", mailbox.Inbox)); len(in) != 1 || !strings.Contains(in[0], "Subject: mixed") || !strings.Contains(in[0], "two") {
		t.Errorf("bob has %q", in)
	}
	h.valid()
}
