package post_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/away"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// oof sends the Oof element of Settings, as a phone does.
func (h *hub) oof(p *easclient.Phone, inner string) string {
	h.Helper()
	doc, err := wbxml.FromXML(strings.NewReader("<Settings><Oof>" + inner + "</Oof></Settings>"))
	h.must(err)
	a, err := p.Do(h.Context(), "Settings", doc)
	h.must(err)
	if a.Code != 200 || a.Doc.Child(wbxml.SettingsOof).Get(wbxml.SettingsStatus) != "1" {
		h.Fatalf("Settings: HTTP %d %v", a.Code, a.Doc)
	}
	var b strings.Builder
	h.must(wbxml.ToXML(&b, a.Doc))
	return b.String()
}

func oofMessage(tag, text, typ string) string {
	return "<OofMessage><AppliesTo" + tag + "/><Enabled>1</Enabled><ReplyMessage>" + text + "</ReplyMessage><BodyType>" + typ + "</BodyType></OofMessage>"
}

// plain is a message of a person to ann; more are lines of its header.
func plain(from, to, subject string, more ...string) string {
	return crlf(fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\nMessage-ID: <m%d@elsewhere.org>\n%s\nHello\n", from, to, subject, count.Add(1), strings.Join(more, "")))
}

// card is a contact with a mail address.
func (h *hub) contact(user, address string) {
	h.Helper()
	ctx := context.Background()
	list, err := h.st.Home.Collections(ctx, user)
	h.must(err)
	for _, c := range list {
		if c.Kind != tandem.Contact {
			continue
		}
		body := []byte(crlf("BEGIN:VCARD\nVERSION:3.0\nUID:c1\nFN:Yan\nN:Yan;;;;\nEMAIL:" + address + "\nEND:VCARD\n"))
		info, err := h.kinds[tandem.Contact].Inspect(body)
		h.must(err)
		w := store.HomeWrite{Digest: info.Digest, Index: info.Index, Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Meta: tandem.Meta{UID: "c1"}, Body: tandem.Bytes(body)}}}
		_, err = h.st.Home.Write(ctx, c.ID, store.Author{User: user}, []store.HomeWrite{w})
		h.must(err)
		return
	}
}

// TestAway: a phone says that its user is away; each sender is answered once, by who they are; programs know that a program answered. MS-ASCMD 2.2.3.121,
// RFC 3834 2, 3.1
func TestAway(t *testing.T) {
	h := open(t)
	h.contact("ann", "Yan@elsewhere.org")
	p := h.phone("ann", "16.1", "test")
	h.deliver("early@elsewhere.org", "ann@example.org", plain("early@elsewhere.org", "ann@example.org", "before"))
	h.ahead.Add(5)
	h.oof(p, "<Set><OofState>1</OofState>"+oofMessage("Internal", "In house", "Text")+oofMessage("ExternalKnown", "Dear friend", "Text")+
		oofMessage("ExternalUnknown", "&lt;p&gt;Away &lt;b&gt;till&lt;/b&gt; May&lt;script&gt;x&lt;/script&gt;&lt;/p&gt;", "HTML")+"</Set>")
	h.ahead.Add(5)
	for _, from := range []string{"zoe@elsewhere.org", "yan@elsewhere.org", "bob@example.org"} {
		for range 2 {
			h.deliver(from, "ann@example.org", plain("Somebody <"+from+">", "ann+x@example.org", "Grüße"))
		}
	}
	h.until("the answers", func() bool {
		list, err := h.out.List(context.Background(), "ann", 100)
		h.must(err)
		return len(list) == 3 && list[0].State == store.Sent && list[1].State == store.Sent && list[2].State == store.Sent
	})
	byTo := map[string]sent{}
	for _, m := range h.sink.all() {
		byTo[m.to[0]] = m
	}
	if len(byTo) != 2 {
		t.Fatalf("answered %v", byTo)
	}
	for to, want := range map[string]string{"zoe@elsewhere.org": "Away till May", "yan@elsewhere.org": "Dear friend"} {
		m := byTo[to]
		e, text, _, err := mail.Read(tandem.Bytes(m.text))
		h.must(err)
		if m.from != "" || !e.Auto || e.Subject != "Automatic reply: Grüße" || e.From[0].Email != "ann@example.org" || len(e.InReplyTo) != 1 {
			t.Errorf("to %s: from %q, %+v", to, m.from, e)
		}
		has(t, to, text, want, "!script")
		has(t, to, m.text, "Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All")
	}
	has(t, "as HTML", byTo["zoe@elsewhere.org"].text, "<b>till</b>", "!script")
	if in := strings.Join(h.bodies("bob", tandem.Mail), ""); !strings.Contains(in, "In house") {
		t.Errorf("Bob has %s", in)
	}

	// After a week they are answered again; off, nobody is.
	h.ahead.Add(7*24*3600 + 10)
	h.deliver("zoe@elsewhere.org", "ann@example.org", plain("zoe@elsewhere.org", "ann@example.org", "still?"))
	h.until("the next week's answer", func() bool { return len(h.sink.all()) == 3 })
	if got := h.oof(p, "<Get><BodyType>Text</BodyType></Get>"); !strings.Contains(got, "<OofState>1</OofState>") || !strings.Contains(got, "Dear friend") {
		t.Errorf("the phone sees %s", got)
	}
	h.oof(p, "<Set><OofState>0</OofState></Set>")
	h.deliver("new@elsewhere.org", "ann@example.org", plain("new@elsewhere.org", "ann@example.org", "x"))
	h.marker("ann")
	if n := len(h.sink.all()); n != 3 {
		t.Errorf("%d answers", n)
	}
}

// marker waits until everything that was delivered so far was looked at: an invitation after it is in the calendar.
func (h *hub) marker(user string) {
	h.Helper()
	uid := fmt.Sprintf("marker%d@", count.Add(1))
	h.deliver("x@elsewhere.org", user+"@example.org", letter(zoeAddress, "list@elsewhere.org", "REQUEST",
		strings.ReplaceAll(calendar("REQUEST", vevent(0, "0101", at10, strings.ReplaceAll(strings.ReplaceAll(ann, "Ann", user), "CN="+user, "CN=x"))), "u1@", uid), "Precedence: bulk\n"))
	h.until("the marker", func() bool { return strings.Contains(strings.Join(h.bodies(user, tandem.Event), ""), uid) })
}

// TestAwayQuiet: who is not answered. RFC 3834 2, RFC 5230 4.5, 4.6
func TestAwayQuiet(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	on := away.Settings{State: away.On, Messages: map[string]away.Reply{}}
	for _, a := range away.Audiences() {
		on.Messages[a] = away.Reply{Enabled: true, Text: "away", Type: "Text"}
	}
	h.must(away.Save(ctx, h.st.Accounts, "ann", on, h.now().Unix()-10))
	h.must(away.Save(ctx, h.st.Accounts, "bob", on, h.now().Unix()-10))
	z, a := "zoe@elsewhere.org", "ann@example.org"
	for name, c := range map[string]struct{ envelope, message string }{
		"a bounce":                   {"", plain(z, a, "x")},
		"a program":                  {z, plain(z, a, "x", "Auto-Submitted: auto-generated\n")},
		"an answer":                  {z, plain(z, a, "x", "Auto-Submitted: auto-replied\n")},
		"bulk":                       {z, plain(z, a, "x", "Precedence: bulk\n")},
		"junk":                       {z, plain(z, a, "x", "Precedence: junk\n")},
		"a list":                     {z, plain(z, a, "x", "List-Id: <l.elsewhere.org>\n")},
		"a list's help":              {z, plain(z, a, "x", "List-Help: <mailto:help@elsewhere.org>\n")},
		"one who asks not":           {z, plain(z, a, "x", "X-Auto-Response-Suppress: OOF\n")},
		"a hidden copy":              {z, plain(z, "others@elsewhere.org", "x")},
		"the daemon":                 {z, plain("MAILER-DAEMON@elsewhere.org", a, "x")},
		"no-reply":                   {z, plain("no-reply@elsewhere.org", a, "x")},
		"an owner":                   {"owner-list@elsewhere.org", plain(z, a, "x")},
		"VERP":                       {"bounces+ann=example.org@elsewhere.org", plain(z, a, "x")},
		"herself":                    {"ann+me@example.org", plain("Ann+me@example.org", a, "x")},
		"nobody":                     {z, crlf("To: " + a + "\nSubject: x\n\nx\n")},
		"several":                    {z, plain("a@elsewhere.org, b@elsewhere.org", a, "x")},
		"a report":                   {z, plain(z, a, "x", "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n")},
		"an answer to an invitation": {z, letter(z, a, "REPLY", calendar("REPLY", vevent(0, "0101", at10, zoe)))},
	} {
		_ = name
		h.deliver(c.envelope, a, c.message)
	}
	inbox, err := h.boxes.Find(ctx, "ann", mailbox.Inbox)
	h.must(err)
	for _, f := range []mail.Flags{{Received: h.now().Unix() - 25*3600}, {Received: h.now().Unix(), Keywords: []string{"$Junk"}}, {Received: h.now().Unix(), Draft: true}, {Received: h.now().Unix() - 60}} {
		_, err = h.boxes.Put(ctx, inbox, mailbox.Message{Body: tandem.Bytes(plain(z, a, "brought by a session")), Flags: f})
		h.must(err)
	}
	h.marker("ann")
	list, err := h.out.List(ctx, "", 100)
	h.must(err)
	for _, m := range list {
		t.Errorf("answered %v", m.To)
	}

	// Two who are both away answer each other once, and the answers are not answered.
	u, err := h.st.Accounts.User(ctx, "bob")
	h.must(err)
	_, err = h.out.Send(ctx, u, outgoing.Message{Key: "hello", To: []string{a}, Body: tandem.Bytes(plain("bob@example.org", a, "both away"))})
	h.must(err)
	h.until("her answer", func() bool {
		return strings.Contains(strings.Join(h.bodies("bob", tandem.Mail), ""), "Automatic reply: both away")
	})
	h.marker("bob")
	h.marker("ann")
	if list, err = h.out.List(ctx, "", 100); err != nil || len(list) != 2 {
		t.Errorf("%d messages, %v", len(list), err)
	}
}

// TestAwayBetween: between two times, and only then; an answer that cannot name nobody as its sender goes out all the same.
func TestAwayBetween(t *testing.T) {
	h := open(t)
	h.sink.null = true
	p := h.phone("ann", "14.1", "test")
	at := func(d time.Duration) string { return h.now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	h.oof(p, "<Set><OofState>2</OofState><StartTime>"+at(time.Hour)+"</StartTime><EndTime>"+at(3*time.Hour)+"</EndTime>"+oofMessage("ExternalUnknown", "Not here", "Text")+"</Set>")
	send := func(from string) {
		h.deliver(from, "ann@example.org", plain(from, "ann@example.org", "x"))
		h.marker("ann")
	}
	send("a@elsewhere.org")
	h.ahead.Add(2 * 3600)
	send("b@elsewhere.org")
	h.ahead.Add(2 * 3600)
	send("c@elsewhere.org")
	h.until("the answer", func() bool { return len(h.sink.all()) == 1 })
	list, err := h.out.List(t.Context(), "", 100)
	if m := h.sink.all()[0]; err != nil || len(list) != 1 || m.to[0] != "b@elsewhere.org" || m.from != "ann@example.org" {
		t.Errorf("%d answers, %+v, %v", len(list), m, err)
	}
	root, err := mime.Scan(strings.NewReader(h.sink.all()[0].text), mime.Limits{})
	if err != nil || root.Type != "text/plain" {
		t.Errorf("%v, %v", root.Type, err)
	}
}
