package interop

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem/test/easclient"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// TestMailWhole: a phone, the hub, an account at an IMAP server, another mail program and mbsync at the same account. What each does is seen by all, and in the end
// all hold the same.
func TestMailWhole(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"16.1", "16.0", "14.1", "14.0", "12.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			testMailWhole(t, version)
		})
	}
}

func testMailWhole(t *testing.T, version string) {
	o := openOffice(t, version, func(o *office) {
		for n := range 3 {
			o.append("INBOX", plainLetter(fmt.Sprintf("before %d", n)))
		}
	})
	o.useMbsync()
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"read", o.testRead}, {"flag", o.testFlag}, {"move", o.testMove}, {"delete", o.testDelete}, {"append", o.testAppend}, {"folders", o.testFolders},
		{"drafts", o.testDrafts}, {"send", o.testSend}, {"reply", o.testReply}, {"forward", o.testForward}, {"meeting", o.testMeeting}, {"together", o.testTogether},
	} {
		o.within(part.name, part.run)
	}
	o.within("converge", o.converge)
}

func plainLetter(subject string, header ...string) string {
	return crlf(append(append([]string{"From: Zoe <zoe@elsewhere.org>", "To: anna@example.org", "Subject: " + subject, "Message-ID: <" + strings.ReplaceAll(subject, " ", "-") + "@elsewhere.org>",
		"Date: " + time.Now().Format(time.RFC1123Z)}, header...), "", "What I wanted to say about "+subject+".")...)
}

// arrives has a message come to the account, and waits for it on the phone.
func (o *office) arrives(subject string) {
	o.Helper()
	o.append("INBOX", plainLetter(subject))
	o.onPhone(subject+" on the phone", func() bool { return o.item(o.phone.FolderOf(typeInbox), subject) != nil })
}

func (o *office) testRead() {
	inbox := o.phone.FolderOf(typeInbox)
	o.arrives("to read")
	o.phone.Change(inbox, o.item(inbox, "to read").ServerID, wbxml.Text(wbxml.EmailRead, "1"))
	o.push(inbox)
	o.until("read on the phone", func() bool { return o.letter("INBOX", "to read").has(imap.FlagSeen) })
	o.flag("INBOX", "to read", imap.StoreFlagsDel, imap.FlagSeen)
	o.onPhone("unread at the account", func() bool { return field(o.item(inbox, "to read"), wbxml.EmailRead) == "0" })
	o.flag("INBOX", "to read", imap.StoreFlagsAdd, imap.FlagSeen)
	o.onPhone("read at the account", func() bool { return field(o.item(inbox, "to read"), wbxml.EmailRead) == "1" })
}

func (o *office) testFlag() {
	inbox := o.phone.FolderOf(typeInbox)
	o.arrives("to flag")
	mark := func(status string) *wbxml.Element {
		return wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailStatus, status), wbxml.Text(wbxml.EmailFlagType, "for Follow Up"))
	}
	o.phone.Change(inbox, o.item(inbox, "to flag").ServerID, mark("2"))
	o.push(inbox)
	o.until("flagged on the phone", func() bool { return o.letter("INBOX", "to flag").has(imap.FlagFlagged) })
	o.flag("INBOX", "to flag", imap.StoreFlagsDel, imap.FlagFlagged)
	o.onPhone("not flagged at the account", func() bool { return !flagged(o.item(inbox, "to flag")) })
	o.flag("INBOX", "to flag", imap.StoreFlagsAdd, imap.FlagFlagged, "project")
	o.onPhone("flagged at the account, with a keyword", func() bool {
		it := o.item(inbox, "to flag")
		c := wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.EmailCategories)
		return flagged(it) && (o.before("14.0") || c != nil && c.Get(wbxml.EmailCategory) == "project")
	})
	o.phone.Change(inbox, o.item(inbox, "to flag").ServerID, wbxml.New(wbxml.EmailFlag))
	o.push(inbox)
	o.until("not flagged on the phone", func() bool { return !o.letter("INBOX", "to flag").has(imap.FlagFlagged) })
	if !o.letter("INBOX", "to flag").has("project") {
		o.Error("the keyword is lost")
	}
}

func (o *office) testMove() {
	inbox := o.phone.FolderOf(typeInbox)
	o.arrives("to move")
	o.folderCommand("FolderCreate", "<ParentId>0</ParentId><DisplayName>Projects</DisplayName><Type>12</Type>")
	projects := o.folder("Projects")
	o.push(projects)
	o.move(inbox, projects, o.item(inbox, "to move"))
	o.until("moved on the phone", func() bool { return o.letter("Projects", "to move") != nil && o.letter("INBOX", "to move") == nil })
	o.with("Projects", "to move", func(set imap.UIDSet) {
		_, err := o.mail.Move(set, "INBOX").Wait()
		o.must(err)
	})
	o.look()
	o.onPhone("moved at the account", func() bool { return o.item(inbox, "to move") != nil && o.item(projects, "to move") == nil })
}

// look has the hub look at the account now, instead of within a minute: the server tells of news in four folders only.
func (o *office) look() {
	o.Helper()
	o.hub.cli("", "sync", "--yes")
}

func (o *office) testDelete() {
	inbox, trash := o.phone.FolderOf(typeInbox), o.phone.FolderOf(typeTrash)
	o.arrives("to throw away")
	o.phone.Delete(inbox, o.item(inbox, "to throw away").ServerID)
	o.push(inbox)
	o.until("thrown away on the phone", func() bool {
		return o.letter("INBOX", "to throw away") == nil && o.letter("Trash", "to throw away") != nil
	})
	o.onPhone("in the phone's trash", func() bool { return o.item(trash, "to throw away") != nil })
	o.phone.Delete(trash, o.item(trash, "to throw away").ServerID)
	o.push(trash)
	o.until("removed on the phone", func() bool { return o.letter("Trash", "to throw away") == nil })
	o.arrives("to remove")
	o.with("INBOX", "to remove", func(set imap.UIDSet) {
		_, err := o.mail.Move(set, "Trash").Wait()
		o.must(err)
	})
	o.look()
	o.onPhone("thrown away at the account", func() bool { return o.item(inbox, "to remove") == nil && o.item(trash, "to remove") != nil })
	o.expunge("Trash", "to remove")
	o.look()
	o.onPhone("removed at the account", func() bool { return o.item(trash, "to remove") == nil })
}

func (o *office) testAppend() {
	for _, box := range []string{"INBOX", "Projects"} {
		o.append(box, plainLetter("put into "+box), imap.FlagSeen, imap.FlagFlagged)
		o.look()
		folder := o.phone.FolderOf(typeInbox)
		if box != "INBOX" {
			folder = o.folder(box)
		}
		o.onPhone("put into "+box+" at the account", func() bool {
			it := o.item(folder, "put into "+box)
			return it != nil && field(it, wbxml.EmailRead) == "1" && flagged(it)
		})
	}
}

func (o *office) testFolders() {
	o.append("Projects", plainLetter("goes along"))
	o.look()
	o.onPhone("a message to go along", func() bool { return o.item(o.folder("Projects"), "goes along") != nil })
	o.folderCommand("FolderUpdate", "<ServerId>"+o.folder("Projects")+"</ServerId><ParentId>0</ParentId><DisplayName>Work &amp; more</DisplayName>")
	o.until("renamed on the phone", func() bool {
		return o.letter("Work & more", "goes along") != nil && !slices.Contains(o.mailboxes(), "Projects")
	})
	o.must(o.mail.Rename("Work & more", "Größeres", nil).Wait())
	o.look()
	o.onPhone("renamed at the account", func() bool {
		return o.folder("Work & more") == "" && o.folder("Größeres") != "" && o.item(o.folder("Größeres"), "goes along") != nil
	})
	mailkit.MakeFolder(o.T, o.mail, "Lists")
	o.append("Lists", plainLetter("on a list"))
	o.look()
	o.onPhone("made at the account", func() bool { return o.item(o.folder("Lists"), "on a list") != nil })
	o.folderCommand("FolderCreate", "<ParentId>"+o.folder("Lists")+"</ParentId><DisplayName>go</DisplayName><Type>12</Type>")
	o.until("made on the phone within it", func() bool { return slices.Contains(o.mailboxes(), "Lists/go") })
	o.append("Lists/go", plainLetter("deep within"))
	o.look()
	o.onPhone("a message within", func() bool { return o.item(o.folder("Lists/go"), "deep within") != nil })
	o.folderCommand("FolderUpdate", "<ServerId>"+o.folder("Lists/go")+"</ServerId><ParentId>"+o.folder("Größeres")+"</ParentId><DisplayName>golang</DisplayName>")
	o.until("moved on the phone", func() bool {
		return o.letter("Größeres/golang", "deep within") != nil && !slices.Contains(o.mailboxes(), "Lists/go")
	})
	o.folderCommand("FolderCreate", "<ParentId>"+o.folder("Lists")+"</ParentId><DisplayName>c</DisplayName><Type>12</Type>")
	o.until("another one", func() bool { return slices.Contains(o.mailboxes(), "Lists/c") })
	o.folderCommand("FolderDelete", "<ServerId>"+o.folder("Lists/c")+"</ServerId>")
	o.until("deleted on the phone", func() bool { return !slices.Contains(o.mailboxes(), "Lists/c") })
	o.must(o.mail.Delete("Lists").Wait())
	o.look()
	o.onPhone("deleted at the account", func() bool { return o.folder("Lists") == "" })
}

func plain(text string) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, text))
}

func (o *office) testDrafts() {
	if o.before("16.0") {
		o.Skip("these phones keep their drafts to themselves")
	}
	drafts := o.phone.FolderOf(typeDrafts)
	o.phone.Add(drafts, wbxml.Text(wbxml.EmailTo, "bert@elsewhere.org"), wbxml.Text(wbxml.EmailSubject, "my draft"), plain("first thought"))
	o.push(drafts)
	o.until("begun on the phone", func() bool {
		l := o.letter("Drafts", "my draft")
		return l != nil && l.has(imap.FlagDraft) && strings.Contains(l.text, "first thought")
	})
	o.phone.Change(drafts, o.item(drafts, "my draft").ServerID, plain("second thought"))
	o.push(drafts)
	o.until("edited on the phone", func() bool {
		all := o.letters("Drafts")
		return len(all) == 1 && all[0].has(imap.FlagDraft) && strings.Contains(all[0].text, "second thought")
	})
	o.look() // so that the hub knows that it is there: a draft that is removed before would be taken for one that changed here meanwhile, and survive
	// Mail programs write an edited draft anew, and remove the old one.
	was := o.letter("Drafts", "my draft")
	o.append("Drafts", strings.NewReplacer("second thought", "third thought", "Subject: my draft", "Subject: our draft").Replace(was.text), imap.FlagDraft, imap.FlagSeen)
	o.expunge("Drafts", "my draft")
	o.look()
	o.onPhone("edited at the account", func() bool {
		it := o.item(drafts, "our draft")
		return it != nil && o.item(drafts, "my draft") == nil && strings.Contains(bodyText(it), "third thought") && field(it, wbxml.Email2IsDraft) == "1"
	})
	o.phone.Change(drafts, o.item(drafts, "our draft").ServerID, plain("fourth thought"))
	o.push(drafts)
	o.until("and again on the phone, one draft in all", func() bool {
		all := o.letters("Drafts")
		return len(all) == 1 && strings.Contains(all[0].text, "fourth thought")
	})
	o.sendDraft(drafts)
}

// sendDraft sends the draft from the phone: once to the world, once in Sent, and no more among the drafts.
func (o *office) sendDraft(drafts string) {
	o.Helper()
	o.hub.cli("", "sync", "--yes")
	o.pull(o.phone)
	o.command("Sync", "<Sync><Collections><Collection><SyncKey>"+o.phone.Stores[drafts].Key+"</SyncKey><CollectionId>"+drafts+"</CollectionId><Commands><Change><ServerId>"+
		o.item(drafts, "our draft").ServerID+"</ServerId><email2:Send/></Change></Commands></Collection></Collections></Sync>")
	o.once("our draft", "fourth thought")
	o.until("no draft any more", func() bool { return len(o.letters("Drafts")) == 0 })
	o.onPhone("nor on the phone", func() bool { return len(o.phone.Stores[drafts].Items) == 0 })
}

func bodyText(it *easclient.Item) string {
	b := wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.AirSyncBaseBody)
	if b == nil {
		return ""
	}
	return b.Get(wbxml.AirSyncBaseData)
}

// once waits until a message is in the world and in Sent at the account, and holds that it is in each once.
func (o *office) once(subject string, parts ...string) (sent string) {
	o.Helper()
	var all []string
	o.until(subject+" in the world, and in Sent at the account", func() bool {
		all = nil
		for _, m := range o.sink.All() {
			if subjectOf(m.Text) == subject {
				all = append(all, m.Text)
			}
		}
		return len(all) > 0 && o.letter("Sent", subject) != nil
	})
	if len(all) != 1 {
		o.Fatalf("%q went out %d times", subject, len(all))
	}
	for _, text := range []string{all[0], o.letter("Sent", subject).text} {
		for _, p := range parts {
			if !strings.Contains(text, p) {
				o.Errorf("%s: no %q in\n%s", subject, p, text)
			}
		}
	}
	o.onPhone(subject+" in the phone's Sent", func() bool { return o.item(o.phone.FolderOf(typeSent), subject) != nil })
	return all[0]
}

// compose sends SendMail, SmartReply or SmartForward.
func (o *office) compose(command, id, source, text string) {
	o.Helper()
	if o.before("14.0") { // the body is the message
		params := url.Values{"SaveInSent": {"T"}}
		if m := regexp.MustCompile(`<FolderId>(.*)</FolderId><ItemId>(.*)</ItemId>`).FindStringSubmatch(source); m != nil {
			params["CollectionId"], params["ItemId"] = m[1:2], m[2:3]
		}
		if a, err := o.phone.Post(o.Context(), command, params, "message/rfc822", []byte(text)); err != nil || a.Code != 200 {
			o.Fatalf("%s: %+v, %v", command, a, err)
		}
		return
	}
	a := o.command(command, "<"+command+` xmlns="ComposeMail"><ClientId>`+id+"</ClientId><SaveInSentItems/>"+source+"<Mime>"+base64.StdEncoding.EncodeToString([]byte(text))+"</Mime></"+command+">")
	if a != nil {
		o.Fatalf("%s: %v", command, a)
	}
}

func source(folder, id string) string {
	return "<Source><FolderId>" + folder + "</FolderId><ItemId>" + id + "</ItemId></Source>"
}

func (o *office) testSend() {
	text := crlf("From: anna@example.org", "To: bert@elsewhere.org", "Subject: a word", "Content-Type: text/plain", "", "Just a word.")
	o.compose("SendMail", "s1", "", text)
	o.compose("SendMail", "s1", "", text) // the phone did not hear the answer
	o.once("a word", "Just a word.")
}

func (o *office) testReply() {
	inbox := o.phone.FolderOf(typeInbox)
	o.arrives("a question")
	it := o.item(inbox, "a question")
	o.compose("SmartReply", "r1", source(inbox, it.ServerID), crlf("From: anna@example.org", "To: zoe@elsewhere.org", "Subject: Re: a question", "Content-Type: text/plain; charset=utf-8", "", "My answer."))
	o.once("Re: a question", "My answer.", "What I wanted to say about a question.")
	o.until("answered, at the account", func() bool { return o.letter("INBOX", "a question").has(imap.FlagAnswered) })
}

func (o *office) testForward() {
	inbox := o.phone.FolderOf(typeInbox)
	file := base64.StdEncoding.EncodeToString([]byte("the plan in full"))
	o.append("INBOX", crlf("From: Zoe <zoe@elsewhere.org>", "To: anna@example.org", "Subject: with a plan", "Message-ID: <plan@elsewhere.org>", "Date: "+time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0",
		"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "See the plan.", "--b", "Content-Type: application/pdf; name=plan.pdf",
		"Content-Disposition: attachment; filename=plan.pdf", "Content-Transfer-Encoding: base64", "", file, "--b--"))
	o.onPhone("a message with a file", func() bool { return o.item(inbox, "with a plan") != nil })
	it := o.item(inbox, "with a plan")
	o.compose("SmartForward", "f1", source(inbox, it.ServerID), crlf("From: anna@example.org", "To: bert@elsewhere.org", "Subject: Fwd: with a plan", "Content-Type: text/plain", "", "For you."))
	o.once("Fwd: with a plan", "For you.", "plan.pdf", file)
	o.until("forwarded, at the account", func() bool { return o.letter("INBOX", "with a plan").has(imap.FlagForwarded) })
}

func (o *office) testMeeting() {
	inbox, calendar := o.phone.FolderOf(typeInbox), o.phone.FolderOf(typeCalendar)
	ics := crlf("BEGIN:VCALENDAR", "PRODID:-//Elsewhere//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:talk@elsewhere.org", "SEQUENCE:0", "DTSTAMP:20300101T000000Z", "DTSTART:20300304T100000Z",
		"DTEND:20300304T110000Z", "SUMMARY:Talk", "ORGANIZER;CN=Zoe:mailto:zoe@elsewhere.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Anna:mailto:anna@example.org", "END:VEVENT", "END:VCALENDAR")
	o.append("INBOX", crlf("From: Zoe <zoe@elsewhere.org>", "To: anna@example.org", "Subject: Invitation to the talk", "Message-ID: <talk@elsewhere.org>", "Date: "+time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0",
		"Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "", "You are invited.", "--b", "Content-Type: text/calendar; charset=UTF-8; method=REQUEST", "",
		strings.TrimSuffix(ics, "\r\n"), "--b--"))
	o.onPhone("the invitation, and the event to be answered", func() bool {
		it := o.item(calendar, "Talk")
		return o.item(inbox, "Invitation to the talk") != nil && it != nil && (o.before("14.0") || field(it, wbxml.CalendarResponseType) == "5")
	})
	id := o.item(inbox, "Invitation to the talk").ServerID
	send := "" // iOS leaves the mail to the hub before 16.0, too
	if !o.before("16.0") {
		send = "<SendResponse/>"
	}
	doc := o.command("MeetingResponse", "<MeetingResponse><Request><UserResponse>1</UserResponse><CollectionId>"+inbox+"</CollectionId><RequestId>"+id+"</RequestId>"+send+"</Request></MeetingResponse>")
	if r := doc.Child(wbxml.MeetingResponseResult); r.Get(wbxml.MeetingResponseStatus) != "1" {
		o.Fatalf("MeetingResponse: status %s", r.Get(wbxml.MeetingResponseStatus))
	}
	o.onPhone("the event, accepted", func() bool {
		it := o.item(calendar, "Talk")
		return it != nil && (o.before("14.0") || field(it, wbxml.CalendarResponseType) == "3") && o.item(inbox, "Invitation to the talk") == nil
	})
	replies := func() (n int) {
		for _, m := range o.sink.All() {
			if strings.Contains(m.Text, "method=REPLY") && slices.Contains(m.To, "zoe@elsewhere.org") {
				n++
			}
		}
		return n
	}
	o.until("the answer to the organizer, the invitation in Trash at the account", func() bool {
		return replies() > 0 && o.letter("INBOX", "Invitation to the talk") == nil && o.letter("Trash", "Invitation to the talk") != nil
	})
	if n, events := replies(), len(o.phone.Stores[calendar].Items); n != 1 || events != 1 {
		o.Errorf("%d answers, %d events", n, events)
	}
}
