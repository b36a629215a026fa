package eas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
)

// await waits until something holds, looking whenever something was written.
func (p *postHouse) await(what string, holds func() bool) {
	p.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	wakeups := p.st.Home.Subscribe(ctx)
	for !holds() {
		if _, ok := <-wakeups; !ok {
			p.Fatalf("never: %s", what)
		}
	}
}

// talk puts the messages of a conversation into folders, and returns its id as an element has it.
func (p *postHouse) talk(first tandem.Collection, others ...tandem.Collection) string {
	p.Helper()
	p.arrive(first, 5, letterOf("Plan", "zoe@example.org", "ann@example.org", "first"))
	for i, c := range others {
		p.arrive(c, 4-i, letterOf(fmt.Sprint("Answer", i), "ben@example.org", "ann@example.org", "more", "References: <Plan@x>"))
	}
	id := (&mail.Envelope{MessageID: "Plan@x"}).Conversation()
	return base64.StdEncoding.EncodeToString(id[:])
}

func always(conversation, folder, options string) string {
	return "<ItemOperations><Move><ConversationId>" + conversation + "</ConversationId><DstFldId>" + folder + "</DstFldId>" + options + "</Move></ItemOperations>"
}

const moveAlways = "<Options><MoveAlways/></Options>"

// in are the subjects of what is in a folder, the oldest first.
func (p *postHouse) in(c tandem.Collection) string {
	p.Helper()
	var out []string
	for _, text := range p.texts(c) {
		out = append(out, regexp.MustCompile(`Subject: (\S+)`).FindStringSubmatch(text)[1])
	}
	return strings.Join(out, " ")
}

// TestConversationAlwaysMoved: all messages of a conversation go to the folder, from all but that of sent mail, and those that come later, also after a restart; what
// their owner takes out of there again stays out. MS-ASCON 2.2.2.8, 3.2.5.3.1, 3.2.5.3.2
func TestConversationAlwaysMoved(t *testing.T) {
	for _, version := range versions[1:] {
		t.Run(version, func(t *testing.T) {
			h := newPostHouse(t)
			inbox, sent, trash, other, drafts := h.box("ann", mailbox.Inbox), h.box("ann", mailbox.Sent), h.box("ann", mailbox.Trash), h.folder("Projects"), h.box("ann", mailbox.Drafts)
			id := h.talk(inbox, sent, other, inbox)
			h.arrive(inbox, 1, letterOf("Else", "zoe@example.org", "ann@example.org", "x"))
			h.arrive(h.box("bob", mailbox.Inbox), 1, letterOf("OfBob", "zoe@example.org", "bob@example.org", "x", "References: <Plan@x>"))
			p := h.phone("ann", "phone1", version)
			in := h.desk(p, 2)
			in.sync(changes)
			folder := fmt.Sprint(trash.ID)
			for _, c := range []struct{ request, want string }{
				{always(id, folder, ""), "155"}, {always(id, "", moveAlways), "2"}, {always("", folder, moveAlways), "2"}, {always(id, "99", moveAlways), "6"}, {always("AAAA", folder, moveAlways), "6"},
				{always(id, "RI", moveAlways), "105"}, {always(id, p.FolderOf(9), moveAlways), "156"}, {always(id, fmt.Sprint(drafts.ID), moveAlways), "156"},
			} {
				contains(t, h.do(p.Client, "ItemOperations", c.request), "ItemOperations{Status=1 Response{Move{Status="+c.want+" ConversationId")
			}
			contains(t, h.do(p.Client, "ItemOperations", always(id, folder, moveAlways)), "Move{Status=1 ConversationId=")
			if a, b, c, d := h.in(inbox), h.in(other), h.in(sent), h.in(trash); a != "Else" || b != "" || c != "Answer0" || d != "Plan Answer2 Answer1" {
				t.Errorf("inbox %q, other %q, sent %q, trash %q", a, b, c, d)
			}
			contains(t, in.sync(changes), "Delete{ServerId=")
			h.arrive(inbox, 0, letterOf("Later", "zoe@example.org", "ann@example.org", "x", "In-Reply-To: <Plan@x>"))
			h.await("what comes later is moved", func() bool { return h.in(inbox) == "Else" && strings.HasSuffix(h.in(trash), "Later") })
			h.open()
			h.arrive(inbox, 0, letterOf("Restarted", "zoe@example.org", "ann@example.org", "x", "References: <Plan@x>"))
			h.await("it is after a restart", func() bool { return h.in(inbox) == "Else" && strings.HasSuffix(h.in(trash), "Restarted") })
			// Its owner takes one back, which stays.
			list := h.live(trash)
			back := list[len(list)-1]
			contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+serverIDOf(trash, back)+"</SrcMsgId><SrcFldId>"+folder+"</SrcFldId><DstFldId>"+fmt.Sprint(inbox.ID)+"</DstFldId></Move></MoveItems>"), "Status=3")
			h.arrive(inbox, 0, letterOf("Last", "zoe@example.org", "ann@example.org", "x", "References: <Plan@x>"))
			h.await("the next one is moved", func() bool { return strings.HasSuffix(h.in(trash), "Last") && h.in(inbox) == "Else Restarted" })
			// Moved to the inbox, the rule ends.
			contains(t, h.do(p.Client, "ItemOperations", always(id, fmt.Sprint(inbox.ID), moveAlways)), "Move{Status=1")
			if got := h.in(trash); got != "" {
				t.Errorf("trash %q", got)
			}
			if u, err := h.st.Accounts.User(context.Background(), "ann"); err != nil || u.Props.Get("conversations") != "" {
				t.Errorf("%q is left, %v", u.Props.Get("conversations"), err)
			}
			if got := h.in(h.box("bob", mailbox.Inbox)); got != "OfBob" {
				t.Errorf("bob has %q", got)
			}
			h.valid()
		})
	}
}

// TestConversationAsAWhole: what a phone does to a conversation, message by message: read, flag, delete, move. MS-ASCON 3.2.5.1, 3.2.5.4
func TestConversationAsAWhole(t *testing.T) {
	h := newPostHouse(t)
	inbox, trash, other := h.box("ann", mailbox.Inbox), h.box("ann", mailbox.Trash), h.folder("Projects")
	h.talk(inbox, inbox, inbox)
	p := h.phone("ann", "phone1", "14.1")
	d := h.desk(p, 2)
	got := d.sync(changes)
	ids := regexp.MustCompile(`ServerId=([0-9:]+)`).FindAllStringSubmatch(got, -1)
	if first := regexp.MustCompile(`ConversationId="[^"]*"`).FindAllString(got, -1); len(first) != 3 || first[0] != first[1] || first[0] != first[2] {
		t.Errorf("conversations %q", first)
	}
	each := func(command, data string, from int) (out string) {
		for _, id := range ids[from:] {
			out += "<" + command + "><ServerId>" + id[1] + "</ServerId>" + data + "</" + command + ">"
		}
		return "<Commands>" + out + "</Commands>"
	}
	count := func(holds func(f mail.Flags) bool) (n int) {
		for _, rec := range h.live(inbox) {
			if holds(mail.FlagsOf(rec.Attrs)) {
				n++
			}
		}
		return n
	}
	seen := func(f mail.Flags) bool { return f.Seen }
	flagged := func(f mail.Flags) bool { return f.Flagged }
	for _, step := range []struct {
		request string
		holds   func(mail.Flags) bool
		want    int
	}{
		{each("Change", "<ApplicationData><email:Read>1</email:Read></ApplicationData>", 0), seen, 3},
		{each("Change", "<ApplicationData><email:Read>0</email:Read></ApplicationData>", 0), seen, 0},
		{each("Change", "<ApplicationData><email:Flag><email:Status>2</email:Status><email:FlagType>for Follow Up</email:FlagType></email:Flag></ApplicationData>", 2), flagged, 1},
		{each("Change", "<ApplicationData><email:Flag/></ApplicationData>", 0), flagged, 0},
	} {
		contains(t, d.sync(step.request), "!Status=6")
		if n := count(step.holds); n != step.want {
			t.Errorf("%d after %s", n, step.request)
		}
	}
	contains(t, d.sync("<Commands><Delete><ServerId>"+ids[0][1]+"</ServerId></Delete><Delete><ServerId>"+ids[1][1]+"</ServerId></Delete></Commands>"), "!Status=8")
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+ids[2][1]+"</SrcMsgId><SrcFldId>"+d.folder+"</SrcFldId><DstFldId>"+fmt.Sprint(other.ID)+"</DstFldId></Move></MoveItems>"), "Status=3")
	if a, b, c := h.in(inbox), h.in(trash), h.in(other); a != "" || b != "Plan Answer0" || c != "Answer1" {
		t.Errorf("inbox %q, trash %q, other %q", a, b, c)
	}
	h.arrive(inbox, 0, letterOf("Later", "zoe@example.org", "ann@example.org", "x", "References: <Plan@x>"))
	contains(t, d.sync(changes), "Subject=Later")
	contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations><EmptyFolderContents><airsync:CollectionId>"+fmt.Sprint(trash.ID)+"</airsync:CollectionId></EmptyFolderContents></ItemOperations>"), "EmptyFolderContents{Status=1 ")
	if got := h.in(trash); got != "" {
		t.Errorf("emptied, it holds %q", got)
	}
	contains(t, d.sync("<ConversationMode>1</ConversationMode>"+changes), "!Status=4")
	contacts := h.desk(p, 9)
	contains(t, contacts.sync("<ConversationMode>1</ConversationMode>"+changes), "Status=4")
	h.arrive(inbox, 0, letterOf("Uncounted", "zoe@example.org", "ann@example.org", "x"))
	estimate := func(key, folder string) string {
		return h.do(p.Client, "GetItemEstimate", "<GetItemEstimate><Collections><Collection><airsync:SyncKey>"+key+"</airsync:SyncKey><CollectionId>"+folder+"</CollectionId><airsync:ConversationMode>1</airsync:ConversationMode></Collection></Collections></GetItemEstimate>")
	}
	contains(t, estimate(contacts.key, contacts.folder), "Status=103")
	contains(t, estimate(d.key, d.folder), "Response{Status=1 ", "Estimate=1")
	h.valid()
}
