package eas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

// setFlags sets what a person elsewhere did to a message.
func (p *postHouse) setFlags(c tandem.Collection, id tandem.ID, change func(f *mail.Flags)) {
	p.Helper()
	for rec, err := range p.st.Home.Get(context.Background(), c.ID, []tandem.ID{id}) {
		p.must(err)
		f := mail.FlagsOf(rec.Attrs)
		change(&f)
		out, err := p.st.Home.Write(context.Background(), c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.SetAttrs, ID: id, If: rec.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}}}}})
		p.must(err)
		if out[0].Status != tandem.Applied {
			p.Fatalf("%+v", out)
		}
	}
}

// TestMailMarks: of a message that the phone has, it is told just what changed. MS-ASEMAIL 3.2.5.4.1
func TestMailMarks(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			v, _ := eas.ParseVersion(version)
			h := newPostHouse(t)
			inbox := h.box("ann", mailbox.Inbox)
			id := h.arrive(inbox, 1, letterOf("Plan", "zoe@example.org", "ann@example.org", "x"))
			d := h.desk(h.phone("ann", "phone1", version), 2)
			got := d.sync(changes)
			contains(t, got, "Read=0", " Flag ")
			server := serverID(got)
			if v >= eas.V140 {
				contains(t, got, " Categories ConversationId=")
			}
			read := func(f *mail.Flags) { f.Seen = !f.Seen }
			flag := func(f *mail.Flags) { f.Flagged = !f.Flagged }
			kind := func(f *mail.Flags) {
				if f.Keywords = append(f.Keywords, "Work"); len(f.Keywords) > 1 {
					f.Keywords = nil
				}
			}
			const set, none = "Flag{Status=2 FlagType=Flag for follow up}", "Flag"
			for _, step := range []struct {
				name    string
				changes []func(f *mail.Flags)
				want    string
				since   eas.Version
			}{
				{"read", []func(f *mail.Flags){read}, "Read=1", 121},
				{"flag", []func(f *mail.Flags){flag}, set, 121},
				{"both", []func(f *mail.Flags){read, flag}, "Read=0 " + none, 121},
				{"categories", []func(f *mail.Flags){kind}, "Categories{Category=Work}", 140},
				{"no categories", []func(f *mail.Flags){kind}, "Categories", 140},
				{"read and categories", []func(f *mail.Flags){read, kind}, "Read=1 Categories{Category=Work}", 140},
				{"flag and categories", []func(f *mail.Flags){flag, kind}, set + " Categories", 140},
				{"all", []func(f *mail.Flags){flag, kind, read}, "Read=0 Flag Categories{Category=Work}", 140},
			} {
				if v < step.since {
					continue
				}
				h.setFlags(inbox, id, func(f *mail.Flags) {
					for _, c := range step.changes {
						c(f)
					}
				})
				if got := d.sync(changes); !strings.Contains(got, "Commands{Change{ServerId="+server+" ApplicationData{"+step.want+"}}}") {
					t.Errorf("%s: %s, want %s", step.name, got, step.want)
				}
			}
			if got := d.sync(changes); got != "" {
				t.Errorf("nothing changed: %s", got)
			}
			h.valid()
		})
	}
}

// TestMailFlag: a flag has what a task has, is done, and is taken away again. MS-ASEMAIL 2.2.2.34, 3.2.5.3.2
func TestMailFlag(t *testing.T) {
	for _, version := range versions {
		h := newPostHouse(t)
		inbox := h.box("ann", mailbox.Inbox)
		h.arrive(inbox, 1, letterOf("Plan", "zoe@example.org", "ann@example.org", "x"))
		d, other := h.desk(h.phone("ann", "phone1", version), 2), h.desk(h.phone("ann", "phone2", version), 2)
		id := serverID(d.sync(changes))
		other.sync(changes)
		set := func(inner string) string {
			return rewrite(id, "", "<email:Flag>"+inner+"</email:Flag>")
		}
		const at = "2026-06-01T00:00:00.000Z"
		whole := "<tasks:Subject>Call Zoe</tasks:Subject><email:Status>2</email:Status><email:FlagType>Flag for follow up</email:FlagType><tasks:StartDate>" + at + "</tasks:StartDate><tasks:DueDate>" + at +
			"</tasks:DueDate><tasks:UtcStartDate>" + at + "</tasks:UtcStartDate><tasks:UtcDueDate>" + at + "</tasks:UtcDueDate><tasks:ReminderSet>1</tasks:ReminderSet><tasks:ReminderTime>" + at +
			"</tasks:ReminderTime><tasks:OrdinalDate>" + at + "</tasks:OrdinalDate><tasks:SubOrdinalDate>5555</tasks:SubOrdinalDate>"
		contains(t, d.sync(changes+set(whole)), "!Commands", "!Status=6")
		contains(t, other.sync(changes), "ApplicationData{Flag{Subject=Call Zoe Status=2 FlagType=Flag for follow up StartDate="+at+" DueDate="+at+" UtcStartDate="+at+" UtcDueDate="+at+" ReminderSet=1 ReminderTime="+at+" OrdinalDate="+at+" SubOrdinalDate=5555}}")
		contains(t, d.sync(changes+set(strings.Replace(whole, "Call Zoe", "Call Ben", 1))), "!Status=6")
		contains(t, other.sync(changes), "Subject=Call Ben")
		contains(t, d.sync(changes+set("<email:Status>1</email:Status><email:FlagType>Flag for follow up</email:FlagType><email:CompleteTime>"+at+"</email:CompleteTime><tasks:DateCompleted>"+at+"</tasks:DateCompleted>")), "!Status=6")
		contains(t, other.sync(changes), "Flag{Status=1 FlagType=Flag for follow up DateCompleted="+at+" CompleteTime="+at+"}")
		contains(t, d.sync(changes+set("<email:Status>0</email:Status>")), "!Status=6")
		contains(t, other.sync(changes), "ApplicationData{Flag}")
		const later, type2 = "2026-06-02T00:00:00.000Z", "<email:Status>2</email:Status><email:FlagType>Flag for follow up</email:FlagType>"
		dates := func(start, due, utcStart, utcDue string) string {
			return el("tasks:StartDate", start) + el("tasks:DueDate", due) + el("tasks:UtcStartDate", utcStart) + el("tasks:UtcDueDate", utcDue)
		}
		for name, wrong := range map[string]string{
			"no status": "<email:FlagType>x</email:FlagType>", "a status of no meaning": "<email:Status>3</email:Status>", "done at no time": "<email:Status>1</email:Status>",
			"done on no day": "<email:Status>1</email:Status><email:CompleteTime>" + at + "</email:CompleteTime>", "due alone": type2 + el("tasks:DueDate", at), "start alone": type2 + el("tasks:StartDate", at),
			"due in UTC alone": type2 + el("tasks:UtcDueDate", at), "start in UTC alone": type2 + el("tasks:UtcStartDate", at), "due too early": type2 + dates(later, at, at, at), "due too early in UTC": type2 + dates(at, at, later, at),
			"reminded at no time": type2 + "<tasks:ReminderSet>1</tasks:ReminderSet>",
		} {
			if got := d.sync(set(wrong)); !strings.Contains(got, "Change{ServerId="+id+" Status=6}") {
				t.Errorf("%s: %s", name, got)
			}
		}
		// What stands twice is borne. MS-ASEMAIL 7
		contains(t, d.sync(changes+set(type2+dates(at, at, at, at)+dates(at, at, at, at)+strings.Repeat("<email:Status>2</email:Status><tasks:OrdinalDate>"+at+"</tasks:OrdinalDate><tasks:SubOrdinalDate>5</tasks:SubOrdinalDate><tasks:ReminderSet>0</tasks:ReminderSet><tasks:ReminderTime>"+at+"</tasks:ReminderTime>", 2))), "!Status=6")
		other.sync(changes)
		contains(t, d.sync(changes+set("")), "!Status=6")
		other.sync(changes)
		for _, wrong := range []string{"<email:Read>2</email:Read>", "<email2:ConversationId>AAAA</email2:ConversationId>", "<email2:ReceivedAsBcc>1</email2:ReceivedAsBcc>", "<email2:Sender>x@example.org</email2:Sender>",
			"<email2:UmCallerID>1</email2:UmCallerID>", "<email2:UmUserNotes>x</email2:UmUserNotes>"} {
			if got := d.sync(rewrite(id, "", wrong)); version != "12.1" || !strings.Contains(wrong, "email2") {
				contains(t, got, "Change{ServerId="+id+" Status=6}")
			}
		}
		contains(t, d.sync(rewrite(id, "", "<email:Categories><email:Category>Red</email:Category><email:Category>Blue</email:Category></email:Categories>")), "!Status=6")
		if got := other.sync(changes); version != "12.1" {
			contains(t, got, "ApplicationData{Categories{Category=Blue Category=Red}}")
		}
		contains(t, d.sync(changes+rewrite(id, "", "<email:Categories/>")), "!Status=6")
		h.valid()
	}
}

// TestLastVerb: answered, answered to all and forwarded, a message says so, and its answer is one level further in the conversation. MS-ASEMAIL 2.2.2.22, 2.2.2.43, 2.2.2.44, MS-ASCON 2.2.2.4
func TestLastVerb(t *testing.T) {
	for _, version := range versions[1:] {
		h := newPostHouse(t)
		inbox := h.box("ann", mailbox.Inbox)
		h.arrive(inbox, 1, letterOf("Plan", "bob@example.org", "ann@example.org, carl@example.org", "x"))
		p := h.phone("ann", "phone1", version)
		d := h.desk(p, 2)
		first := d.sync(changes)
		contains(t, first, "!LastVerb")
		id := serverID(first)
		smart := func(command, client, to string) {
			h.do(p.Client, command, "<"+command+" xmlns=\"ComposeMail\"><ClientId>"+client+"</ClientId><Source><FolderId>"+d.folder+"</FolderId><ItemId>"+id+"</ItemId></Source><Mime>"+
				base64.StdEncoding.EncodeToString([]byte("To: "+to+"\r\nSubject: "+client+"\r\n\r\nmine\r\n"))+"</Mime></"+command+">")
			h.sendAll()
		}
		for i, step := range []struct{ command, to, verb string }{{"SmartReply", "bob@example.org", "1"}, {"SmartReply", "bob@example.org, ann@example.org", "2"}, {"SmartForward", "bob@example.org", "3"}} {
			h.ahead.Add(60)
			smart(step.command, fmt.Sprint(step.command, i), step.to)
			contains(t, d.sync(changes), "Change{ServerId="+id+" ApplicationData{LastVerbExecuted="+step.verb+" LastVerbExecutionTime=20")
		}
		// The answers are of the same conversation, and one level below.
		e, _, _, err := mail.Read(tandem.Bytes(letterOf("Plan", "bob@example.org", "ann@example.org, carl@example.org", "x")))
		h.must(err)
		for _, rec := range h.live(h.box("bob", mailbox.Inbox)) {
			a, _, _, err := mail.Read(rec.Body)
			h.must(err)
			if a.Conversation() != e.Conversation() || len(a.ConversationIndex()) != 10 || string(a.ConversationIndex()[:5]) != string(e.ConversationIndex()) {
				t.Errorf("%s: conversation %x, index %x of %x", a.Subject, a.Conversation(), a.ConversationIndex(), e.ConversationIndex())
			}
			if further, _, _, err := mail.Read(tandem.Bytes("Thread-Index: " + a.Answer(noon.Unix()) + "\r\n\r\n")); err != nil || len(further.ConversationIndex()) != 15 || further.Conversation() != e.Conversation() {
				t.Errorf("the answer to it is at %x", further.ConversationIndex())
			}
		}
		h.valid()
	}
}

// TestReceivedAsBcc: who was told blindly knows that, and nobody else. MS-ASEMAIL 2.2.2.57
func TestReceivedAsBcc(t *testing.T) {
	h := newPostHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	h.do(p.Client, "SendMail", "<SendMail xmlns=\"ComposeMail\"><ClientId>1</ClientId><SaveInSentItems/><Mime>"+base64.StdEncoding.EncodeToString([]byte("To: bob@example.org\r\nBcc: ann@example.org\r\nSubject: Hi\r\n\r\nx\r\n"))+"</Mime></SendMail>")
	h.sendAll()
	contains(t, h.desk(p, 2).sync(changes), "ReceivedAsBcc=1", "IsDraft=0")
	contains(t, h.desk(h.phone("bob", "phone2", "16.1"), 2).sync(changes), "Subject=Hi", "!ReceivedAsBcc", "!Bcc=")
	contains(t, h.desk(p, 5).sync(changes), "Bcc=ann@example.org", "!ReceivedAsBcc")
	h.valid()
}
