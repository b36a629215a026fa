package eas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

// sendAll sends what waits.
func (p *postHouse) sendAll() {
	p.Helper()
	_, err := p.out.Once(context.Background())
	p.must(err)
}

func el(name, value string) string { return "<" + name + ">" + value + "</" + name + ">" }

// plainBody is a text as a phone sends it.
func plainBody(typ int, text string) string {
	return "<airsyncbase:Body>" + el("airsyncbase:Type", fmt.Sprint(typ)) + el("airsyncbase:Data", text) + "</airsyncbase:Body>"
}

// enclose adds an attachment.
func enclose(client, name, typ, content string) string {
	return "<airsyncbase:Attachments><airsyncbase:Add>" + el("airsyncbase:ClientId", client) + el("airsyncbase:Content", base64.StdEncoding.EncodeToString([]byte(content))) + el("airsyncbase:ContentType", typ) +
		el("airsyncbase:DisplayName", name) + el("airsyncbase:Method", "1") + "</airsyncbase:Add></airsyncbase:Attachments>"
}

func rewrite(id, more, data string) string {
	if data != "" {
		data = el("ApplicationData", data)
	}
	return "<Commands><Change><ServerId>" + id + "</ServerId>" + more + data + "</Change></Commands>"
}

const everyHeader = "<email:To>bob@example.org; \"Zoë, X\" &lt;zoe@example.org&gt;</email:To><email:Cc>carl@example.org</email:Cc><email2:Bcc>dora@example.org</email2:Bcc><email:Subject>Größe</email:Subject><email:Importance>2</email:Importance><email:ReplyTo>reply@example.org</email:ReplyTo>"

// TestDrafts: a draft that is begun on a phone is a message on the hub, grows there and on the phone, and loses nothing of what the phone does not know.
// MS-ASEMAIL 2.2.2.42, 3.1.5.4, MS-ASAIRS 2.2.2.8
func TestDrafts(t *testing.T) {
	for _, version := range []string{"16.0", "16.1"} {
		t.Run(version, func(t *testing.T) {
			h := newPostHouse(t)
			p := h.phone("ann", "phone1", version)
			drafts := h.box("ann", mailbox.Drafts)
			d := h.desk(p, 3)
			got := d.sync(changes + add("c1", everyHeader+plainBody(2, "&lt;p&gt;Hello &lt;b&gt;you&lt;/b&gt;&lt;/p&gt;")+enclose("a1", "plan.txt", "text/plain", "the plan")))
			contains(t, got, "Add{ClientId=c1 ServerId=", "Status=1 ApplicationData{ConversationId=", "ConversationIndex=", "Attachments{Attachment{FileReference="+serverID(got)+":0 ClientId=a1}}", "!Commands")
			id := serverID(got)
			rec := h.live(drafts)[0]
			contains(t, h.body(rec), "To: bob@example.org,\r\n =?utf-8?b?Wm/DqywgWA==?= <zoe@example.org>\r\n", "Cc: carl@example.org\r\n", "Bcc: dora@example.org\r\n", "Subject: =?utf-8?b?R3LDtsOfZQ==?=\r\n",
				"Importance: high\r\n", "Reply-To: reply@example.org\r\n", "From: \"Ann\" <ann@example.org>\r\n", "\r\nDate: ", "\r\nMessage-ID: <", "MIME-Version: 1.0\r\n", "multipart/mixed", "multipart/alternative", "<p>Hello <b>you</b></p>", "dGhlIHBsYW4=")
			if f := mail.FlagsOf(rec.Attrs); !f.Draft || !f.Seen || f.Received == 0 {
				t.Errorf("flags %+v", f)
			}
			// Another phone has it as a draft; so does one of an old version, which cannot write it.
			other := h.desk(h.phone("ann", "phone2", version), 3)
			contains(t, other.sync(changes), "IsDraft=1", "Bcc=dora@example.org", "Subject=Größe", "Importance=2", "DisplayName=plan.txt", "EstimatedDataSize=9", "Read=1")
			old := h.desk(h.phone("ann", "phone3", "14.1"), 3)
			contains(t, old.sync(changes), "Subject=Größe", "!IsDraft", "!Bcc=")
			contains(t, old.sync(add("c9", "<email:Subject>x</email:Subject>")), "Add{ClientId=c9 Status=6}")
			// What a program wrote that no phone knows of stays.
			h.edit(drafts, rec.ID, func(s string) string { return "X-Odd:  kept\r\n" + s })
			contains(t, other.sync(changes), "Change{ServerId="+id, "Subject=Größe")
			d.sync(changes)
			got = d.sync(rewrite(id, "", "<email:Subject>Small</email:Subject>"+plainBody(1, "Short")))
			contains(t, got, "!Status=6")
			text := h.body(h.live(drafts)[0])
			contains(t, text, "X-Odd:  kept\r\n", "Subject: Small\r\n", "\r\nShort", "dGhlIHBsYW4=", "Bcc: dora@example.org\r\n", "!Hello")
			contains(t, other.sync(changes), "Change{ServerId="+id, "Subject=Small", "Type=1", "Data=Short", "DisplayName=plan.txt", "IsDraft=1")
			// An attachment goes, another comes, which the phone hears of with its new names.
			got = d.sync(changes + rewrite(id, "", "<airsyncbase:Attachments><airsyncbase:Delete><airsyncbase:FileReference>"+id+":0</airsyncbase:FileReference></airsyncbase:Delete>"+
				strings.TrimPrefix(enclose("a2", "two.bin", "application/x-two", "two"), "<airsyncbase:Attachments>")))
			contains(t, got, "Change{ServerId="+id, "DisplayName=two.bin", "FileReference="+id+":0", "!plan.txt")
			contains(t, h.body(h.live(drafts)[0]), "application/x-two", "!dGhlIHBsYW4=", "Short", "X-Odd")
			contains(t, d.sync(rewrite(id, "", "<airsyncbase:Attachments><airsyncbase:Delete><airsyncbase:FileReference>"+id+":7</airsyncbase:FileReference></airsyncbase:Delete></airsyncbase:Attachments>")), "Change{ServerId="+id+" Status=6}")
			// A change of marks alone is one.
			contains(t, d.sync(changes+rewrite(id, "", "<email:Read>0</email:Read>")), "!Status=6", "!Commands")
			if f := mail.FlagsOf(h.live(drafts)[0].Attrs); !f.Draft || f.Seen {
				t.Errorf("flags %+v", f)
			}
			contains(t, d.sync("<DeletesAsMoves>0</DeletesAsMoves><Commands><Delete><ServerId>"+id+"</ServerId></Delete></Commands>"), "!Status=6")
			if left := h.live(drafts); len(left) != 0 {
				t.Errorf("%d drafts are left", len(left))
			}
			h.valid()
		})
	}
}

// TestDraftMIME: a draft may come as a message, which is kept with what the older one had besides. MS-ASEMAIL_R14890, R14900
func TestDraftMIME(t *testing.T) {
	h := newPostHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	drafts := h.box("ann", mailbox.Drafts)
	d := h.desk(p, 3)
	message := "To: bob@example.org\r\nSubject: One\r\nX-Mine: 1\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
	id := serverID(d.sync(changes + add("c1", plainBody(4, message)+"<email:Importance>0</email:Importance>")))
	contains(t, unix(h.texts(drafts)[0]), "Subject: One\n", "Importance: low\n", "\n\nfirst\n", "From: ")
	h.edit(drafts, h.live(drafts)[0].ID, func(s string) string { return "X-Odd: kept\r\n" + s })
	d.sync(changes)
	contains(t, d.sync(rewrite(id, "", plainBody(4, strings.NewReplacer("One", "Two", "first", "second", "bob", "carl").Replace(message)))), "!Status=6")
	contains(t, unix(h.texts(drafts)[0]), "Subject: Two\n", "To: carl@example.org\n", "\n\nsecond\n", "X-Odd: kept\n", "Message-ID: <", "!bob@")
	contains(t, d.sync(add("c2", plainBody(4, "no header"))), "Add{ClientId=c2 Status=6}")
	h.valid()
}

// unix is a text with the line ends of a document in XML.
func unix(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// TestDraftSend: a draft is sent once, however often that is asked for, is in the folder of sent mail then, and no draft any longer. MS-ASEMAIL 2.2.2.69
func TestDraftSend(t *testing.T) {
	h := newPostHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	drafts, sent, bob := h.box("ann", mailbox.Drafts), h.box("ann", mailbox.Sent), h.box("bob", mailbox.Inbox)
	d := h.desk(p, 3)
	id := serverID(d.sync(changes + add("c1", "<email:To>bob@example.org</email:To><email2:Bcc>ann@example.org</email2:Bcc><email:Subject>One</email:Subject>"+plainBody(1, "Hello"))))
	key := d.key
	for range 2 { // the first answer is lost
		d.key = key
		contains(t, d.sync(changes+rewrite(id, "<email2:Send/>", plainBody(1, "Hello Bob"))), "Delete{ServerId="+id+"}", "!Status=5", "!Status=8")
	}
	h.sendAll()
	if in := h.texts(bob); len(in) != 1 || !strings.Contains(in[0], "\r\n\r\nHello Bob") || strings.Contains(in[0], "Bcc") || !strings.Contains(in[0], "Message-ID: <") {
		t.Errorf("bob has %q", in)
	}
	if out := h.texts(sent); len(out) != 1 || !strings.Contains(out[0], "Bcc: ann@example.org\r\n") {
		t.Errorf("sent: %q", out)
	}
	if left := h.live(drafts); len(left) != 0 {
		t.Errorf("%d drafts are left", len(left))
	}
	// Sent as it stands, without further changes; and written and sent at once.
	id = serverID(d.sync(changes + add("c2", "<email:To>bob@example.org</email:To><email:Subject>Two</email:Subject>"+plainBody(1, "x"))))
	contains(t, d.sync(changes+rewrite(id, "<email2:Send/>", "")), "Delete{ServerId="+id+"}")
	key = d.key
	for range 2 {
		d.key = key
		got := d.sync("<Commands><Add><ClientId>c3</ClientId><email2:Send/><ApplicationData><email:To>bob@example.org</email:To><email:Subject>Three</email:Subject>" + plainBody(1, "x") + "</ApplicationData></Add></Commands>")
		contains(t, got, "Add{ClientId=c3 Status=1}", "!Commands")
	}
	h.sendAll()
	var all []string
	for _, text := range h.texts(bob) {
		all = append(all, regexp.MustCompile(`Subject: (\w+)`).FindStringSubmatch(text)[1])
	}
	if got := strings.Join(all, " "); got != "One Two Three" {
		t.Errorf("bob has %s", got)
	}
	// For nobody, or for what is no address: it stays. MS-ASCMD_R7472
	for i, to := range []string{"", "bob", "bob@"} {
		id = serverID(d.sync(changes + add(fmt.Sprint("n", i), "<email:To>"+to+"</email:To>"+plainBody(1, "x"))))
		contains(t, d.sync(changes+rewrite(id, "<email2:Send/>", "")), "Change{ServerId="+id+" Status=183}", "!Delete")
	}
	contains(t, d.sync("<Commands><Add><ClientId>n9</ClientId><email2:Send/><ApplicationData>"+plainBody(1, "x")+"</ApplicationData></Add></Commands>"), "Add{ClientId=n9 Status=183}")
	if left := h.live(drafts); len(left) != 3 {
		t.Errorf("%d drafts are left", len(left))
	}
	h.valid()
}

// TestDraftElsewhere: edited in two places at once, what differs is joined or kept; sent by two phones at once, it is sent once; what is no draft does not change.
func TestDraftElsewhere(t *testing.T) {
	h := newPostHouse(t)
	drafts, bob, inbox := h.box("ann", mailbox.Drafts), h.box("bob", mailbox.Inbox), h.box("ann", mailbox.Inbox)
	one, two := h.desk(h.phone("ann", "phone1", "16.1"), 3), h.desk(h.phone("ann", "phone2", "16.1"), 3)
	id := serverID(one.sync(changes + add("c1", "<email:To>bob@example.org</email:To><email:Subject>One</email:Subject>"+plainBody(1, "Hello"))))
	two.sync(changes)
	contains(t, two.sync(rewrite(id, "", plainBody(1, "Two says"))), "!Status=7")
	got := one.sync(changes + rewrite(id, "", plainBody(1, "One says")))
	contains(t, got, "Change{ServerId="+id+" Status=7}", "Two says")
	contains(t, h.texts(drafts)[0], "Two says")
	past, err := h.st.History.List(context.Background(), store.PastFilter{Record: h.live(drafts)[0].ID, Limit: 10})
	h.must(err)
	kept := false
	for _, v := range past {
		body, err := h.st.Blobs.Get(context.Background(), v.Body)
		kept = kept || err == nil && strings.Contains(string(body), "One says")
	}
	if !kept {
		t.Error("what the phone wrote is lost")
	}
	two.sync(changes)
	contains(t, one.sync(changes+rewrite(id, "<email2:Send/>", "")), "Delete{ServerId="+id)
	contains(t, two.sync(changes+rewrite(id, "<email2:Send/>", plainBody(1, "again"))), "Change{ServerId="+id+" Status=8}")
	h.sendAll()
	if in := h.texts(bob); len(in) != 1 {
		t.Errorf("bob has %q", in)
	}
	// Mail that came in does not change, and nothing is added to the inbox.
	h.arrive(inbox, 0, letterOf("Fixed", "zoe@example.org", "ann@example.org", "text"))
	in := h.desk(h.phone("ann", "phone3", "16.1"), 2)
	id = serverID(in.sync(changes))
	before := h.texts(inbox)[0]
	in.sync(changes + rewrite(id, "", "<email:Subject>Changed</email:Subject>"+plainBody(1, "changed")))
	if after := h.texts(inbox)[0]; after != before {
		t.Errorf("it is %q", after)
	}
	contains(t, in.sync(rewrite(id, "", "<email2:ConversationId>AAAA</email2:ConversationId>")), "Change{ServerId="+id+" Status=6}") // MS-ASEMAIL_R347
	contains(t, in.sync(add("c5", "<email:Subject>x</email:Subject>")), "Add{ClientId=c5 Status=6}")
	h.valid()
}
