package eas_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

func serverIDOf(c tandem.Collection, rec store.HomeRecord) string {
	return strconv.FormatInt(c.ID, 10) + ":" + strconv.FormatInt(rec.Number, 10)
}

// mails fills ann's and bob's folders.
func (p *postHouse) mails() (inbox, other tandem.Collection) {
	inbox, other = p.box("ann", mailbox.Inbox), p.folder("Projects")
	p.arrive(inbox, 5, letterOf("Lunch", "Zoe <zoe@example.org>", "ann@example.org", "pizza tomorrow"))
	p.arrive(inbox, 3, letterOf("Plan", "Ben <ben@example.org>", "ann@example.org, Carl <carl@example.org>", "the water plan"))
	p.arrive(other, 2, letterOf("Water", "Zoe <zoe@example.org>", "list@example.org", "pipes", "Cc: Dora <dora@example.org>", "References: <Plan@x>", "Importance: high",
		"Content-Type: multipart/mixed; boundary=b")+"--b\r\n\r\nwater pipes\r\n--b\r\nContent-Type: application/pdf; name=pipes.pdf\r\n\r\nx\r\n--b--\r\n")
	p.arrive(inbox, 1, letterOf("Re-Plan", "Carl <carl@example.org>", "ann@example.org", "no water", "In-Reply-To: <Plan@x>"))
	p.arrive(p.box("bob", mailbox.Inbox), 0, letterOf("Secret", "Zoe <zoe@example.org>", "bob@example.org", "water of bob"))
	return inbox, other
}

// TestMailSearch: messages are found by words, dates, folder, class and conversation, the latest first, by their owner alone. MS-ASCMD 2.2.1.16, MS-ASEMAIL 3.2.5.3, MS-ASCON 3.2.5.5
func TestMailSearch(t *testing.T) {
	for _, version := range versions {
		v, _ := eas.ParseVersion(version)
		h := newPostHouse(t)
		inbox, other := h.mails()
		p := h.phone("ann", "phone1", version)
		text := func(s string) string { return "<FreeText>" + s + "</FreeText>" }
		when := func(op, at string) string {
			return "<" + op + "><email:DateReceived/><Value>" + at + "</Value></" + op + ">"
		}
		folder := func(c tandem.Collection) string {
			return fmt.Sprintf("<airsync:CollectionId>%d</airsync:CollectionId>", c.ID)
		}
		e := &mail.Envelope{MessageID: "Plan@x"}
		id := e.Conversation()
		conversation := "<ConversationId>" + base64.StdEncoding.EncodeToString(id[:]) + "</ConversationId>"
		for name, c := range map[string]struct{ query, options, want string }{
			"words":             {text("water"), "", "Re-Plan Water Plan"},
			"two words":         {text("WATER pip"), "", "Water"},
			"a phrase":          {text(`"water plan"`), "", "Plan"},
			"two texts":         {text("water") + text("ben"), "", "Plan"},
			"its sender":        {text("zoe@example.org"), "", "Water Lunch"},
			"a folder":          {text("water") + folder(inbox), "", "Re-Plan Plan"},
			"another folder":    {text("water") + folder(other), "", "Water"},
			"two folders":       {text("water") + folder(other) + folder(inbox), "", "Re-Plan Water Plan"},
			"the class":         {"<airsync:Class>Email</airsync:Class>" + text("water"), "", "Re-Plan Water Plan"},
			"another class":     {"<airsync:Class>Calendar</airsync:Class>" + text("water"), "", ""},
			"since":             {text("water") + when("GreaterThan", "2026-05-20T09:30:00.000Z"), "", "Re-Plan Water"},
			"exactly then":      {text("water") + when("GreaterThan", "2026-05-20T10:00:00.000Z"), "", "Re-Plan"},
			"until":             {when("LessThan", "2026-05-20T09:30:00.000Z"), "", "Plan Lunch"},
			"between":           {when("GreaterThan", "2026-05-20T08:00:00.000Z") + when("LessThan", "2026-05-20T10:30:00.000Z"), "", "Water Plan"},
			"a range":           {text("water"), "<Range>1-1</Range>", "Water"},
			"a range too far":   {text("water"), "<Range>5-6</Range>", ""},
			"all folders below": {text("water") + "<airsync:CollectionId>0</airsync:CollectionId>", "<DeepTraversal/>", "Re-Plan Water Plan"},
			"rebuilt":           {text("pizza"), "<RebuildResults/>", "Lunch"},
			"of somebody else":  {text("secret"), "", ""},
			"a conversation":    {conversation, "", "Re-Plan Water Plan"},
			"part of one":       {conversation + text("pipes"), "", "Water"},
			"one in a folder":   {conversation + folder(inbox), "", "Re-Plan Plan"},
			"recent in one":     {conversation + when("GreaterThan", "2026-05-20T10:30:00.000Z"), "", "Re-Plan"},
			"no conversation":   {"<ConversationId>AAAA</ConversationId>", "", ""},
		} {
			got := h.search(p.Client, c.query, c.options)
			if s := subjects(got); s != c.want {
				t.Errorf("%s, %s: %q, want %q: %s", version, name, s, c.want, got)
			}
		}
		contains(t, h.search(p.Client, text("water"), "<Range>0-1</Range>"), "Store{Status=1 Result{Class=Email LongId=", "Range=0-1 Total=3")
		contains(t, h.search(p.Client, when("GreaterThan", "yesterday"), ""), "Store{Status=2}")
		contains(t, h.search(p.Client, "<GreaterThan><Value>2026-05-20T09:30:00.000Z</Value></GreaterThan>", ""), "Store{Status=2}")
		contains(t, h.search(p.Client, text("water"), "<Range>0-150</Range>"), "Store{Status=12}")
		contains(t, h.search(p.Client, conversation+conversation, ""), "Store{Status=2}")                 // MS-ASCMD_R5815
		contains(t, h.search(p.Client, text("water")+"</And><And>"+text("pipes"), ""), "Store{Status=8}") // MS-ASCMD_R772
		// What was found can be fetched by its LongId, and be shown with its body at once.
		got := h.search(p.Client, text("pizza"), "<airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>5</airsyncbase:TruncationSize></airsyncbase:BodyPreference>")
		contains(t, got, "Body{Type=1 EstimatedDataSize=16 Truncated=1 Data=pizza}")
		long := got[strings.Index(got, "LongId=")+7:]
		long = long[:strings.IndexByte(long, ' ')]
		contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><search:LongId>"+long+"</search:LongId><Options><airsync:MIMESupport>2</airsync:MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options></Fetch></ItemOperations>"),
			"Status=1 ", "LongId="+long, "Class=Email", "From: Zoe <zoe@example.org>\r\n", "pizza tomorrow")
		contains(t, h.search(p.Client, text("pizza"), "<airsync:MIMESupport>2</airsync:MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference>"), "Type=4", "From: Zoe <zoe@example.org>\r\n")
		part := "<airsyncbase:BodyPartPreference><airsyncbase:Type>2</airsyncbase:Type></airsyncbase:BodyPartPreference>"
		if got = h.search(p.Client, text("pizza"), part); v >= eas.V141 {
			contains(t, got, "BodyPart{Status=1 Type=2 EstimatedDataSize=", "pizza tomorrow", "! Body{")
		} else {
			contains(t, got, "Body{Type=1", "!BodyPart")
		}
		h.valid()
	}
}

// TestMailFind: messages are found with restrictions as people type them, the latest first. MS-ASCMD 2.2.1.2, 2.2.3.80.1
func TestMailFind(t *testing.T) {
	h := newPostHouse(t)
	inbox, _ := h.mails()
	p := h.phone("ann", "phone1", "16.1")
	for query, want := range map[string]string{
		"water": "Re-Plan Water Plan", "from:zoe": "Water Lunch", "from:zoe water": "Water", "to:carl": "Plan", "cc:dora": "Water", "subject:plan": "Re-Plan Plan",
		"hasattachment:true": "Water", "hasattachment:false subject:plan": "Re-Plan Plan", "has:attachment": "Water", "water NOT pipes": "Re-Plan Plan", "water -from:carl": "Water Plan",
		"pizza OR pipes": "Water Lunch", "attachment:pipes": "Water", "importance:high": "Water", "received&gt;=2026-05-20": "Re-Plan Water Plan Lunch", "received&lt;2026-05-20": "",
		"&quot;water plan&quot;": "Plan", "isread:false from:ben": "Plan", "participants:carl": "Re-Plan Plan", "secret": "", "from:": "",
	} {
		if got := subjects(h.find(p.Client, query, "", "0-99")); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	contains(t, h.find(p.Client, "pipes", "", "0-0"), "Find{Status=1 Response{Store=Mailbox Status=1 Result{Class=Email ServerId=", "CollectionId=", "Properties{Subject=Water DateReceived=2026-05-20T10:00:00.000Z DisplayTo=list@example.org "+
		"DisplayCc=Dora Importance=2 Read=0 IsDraft=0 Preview=water pipes HasAttachments=1 From=\"Zoe\" <zoe@example.org>}", "Range=0-0 Total=1")
	contains(t, h.find(p.Client, "water", "", "0-1"), "Range=0-1 Total=3")
	contains(t, h.find(p.Client, "water", fmt.Sprintf("<airsync:CollectionId>%d</airsync:CollectionId>", inbox.ID), "0-9"), "Range=0-1 Total=2", "!=Water")
	contains(t, h.find(p.Client, "water", "<airsync:CollectionId>kDAMailAccountAllMailboxesFolderID</airsync:CollectionId>", "0-9"), "Total=3")
	contains(t, h.find(p.Client, "water", "<airsync:Class>Email</airsync:Class>", "0-9"), "Total=3")
	contains(t, h.find(p.Client, "water", "<airsync:Class>Calendar</airsync:Class>", "0-9"), "Status=1", "!Result")
	contains(t, h.find(p.Client, "water", "", "1-2"), "Response{Store=Mailbox Status=4}")
	contains(t, h.find(p.Client, "", "", "0-2"), "Find{Status=2}")
	contains(t, h.find(p.Client, "water", "", "2-0"), "Find{Status=2}")
	h.valid()
}

// TestMailFindDeleted: what was deleted is found no more.
func TestMailFindDeleted(t *testing.T) {
	h := newPostHouse(t)
	inbox, _ := h.mails()
	p := h.phone("ann", "phone1", "16.1")
	for _, rec := range h.live(inbox) {
		h.drop(inbox, rec.ID)
	}
	if got := subjects(h.find(p.Client, "water", "", "0-9")); got != "Water" {
		t.Errorf("found %q", got)
	}
}
