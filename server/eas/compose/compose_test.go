package compose_test

import (
	"context"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/server/eas/compose"
	"tandem/server/eas/proto"
	"tandem/test/easkit"
	"tandem/wire/tnef/tneftest"
)

// post is a hub whose users write to each other.
type post struct {
	*easkit.Kit
	svc   *compose.Service
	out   *outgoing.Service
	boxes *mailbox.Service
}

func newPost(t testing.TB) *post {
	k := easkit.New(t)
	k.Views[tandem.Mail] = mail.View{}
	p := &post{Kit: k, boxes: mailbox.New(k.Store)}
	secrets, err := seal.Open(k.Store.Secrets, t.TempDir())
	k.Must(err)
	p.out = outgoing.New(outgoing.Service{Accounts: k.Store.Accounts, Queue: k.Store.Queue, Blobs: k.Store.Blobs, Boxes: p.boxes, Secrets: secrets})
	p.svc = &compose.Service{Home: k.Store.Home, Lookup: k.Store.Lookup, Folders: k.Folders, Sender: p.out, Now: func() time.Time { return time.Unix(k.Now, 0) }}
	return p
}

// do runs a command and returns its status: "" for the empty answer of success.
func (p *post) do(run proto.Command, command, xml string) string {
	p.Helper()
	resp, err := run(context.Background(), p.Request("ann", command, p.XML(xml)))
	p.Must(err)
	if resp.HTTP != 0 {
		p.Fatalf("HTTP %d", resp.HTTP)
	}
	if resp.Body == nil {
		return ""
	}
	return p.Ask(run, "ann", command, xml) // held to the schema; what failed fails again
}

func request(command, id, more, text string) string {
	return "<" + command + ` xmlns="ComposeMail"><ClientId>` + id + "</ClientId>" + more + "<Mime>" + base64.StdEncoding.EncodeToString([]byte(text)) + "</Mime></" + command + ">"
}

// folder are the messages in a user's folder, once what is due was sent.
func (p *post) folder(user string, role mailbox.Role) (all []string) {
	p.Helper()
	ctx := context.Background()
	_, err := p.out.Once(ctx)
	p.Must(err)
	c, err := p.boxes.Folder(ctx, user, role)
	p.Must(err)
	recs, _, err := p.Store.Home.Since(ctx, c.ID, 0, 0)
	p.Must(err)
	for _, r := range recs {
		for rec, err := range p.Store.Home.Get(ctx, c.ID, []tandem.ID{r.ID}) {
			p.Must(err)
			b, err := tandem.ReadBody(rec.Body, 1<<24)
			p.Must(err)
			all = append(all, string(b))
		}
	}
	return all
}

const hello = "To: Bob <bob@example.org>\r\nBcc: ann@example.org\r\nSubject: Hi\r\nX-Odd:  kept\r\n\r\nHello\r\n"

// TestSendMail: sent once however often it is asked for, complete, from nobody but its user, and Bcc is told nobody else.
func TestSendMail(t *testing.T) {
	p := newPost(t)
	for range 2 {
		if st := p.do(p.svc.SendMail, "SendMail", request("SendMail", "c1", "<SaveInSentItems/>", hello)); st != "" {
			t.Fatalf("answered %s", st)
		}
	}
	in := p.folder("bob", mailbox.Inbox)
	if len(in) != 1 || !strings.HasPrefix(in[0], "To: Bob <bob@example.org>\r\nSubject: Hi\r\nX-Odd:  kept\r\n") || !strings.HasSuffix(in[0], "\r\n\r\nHello\r\n") {
		t.Fatalf("bob has %q", in)
	}
	for _, want := range []string{"Ann Adams", "<ann@example.org>", "\r\nDate: Wed, 20 May 2026 10:00:00 +0000\r\n", "\r\nMessage-ID: <"} {
		if !strings.Contains(in[0], want) {
			t.Errorf("it lacks %q: %q", want, in[0])
		}
	}
	if own := p.folder("ann", mailbox.Inbox); len(own) != 1 || strings.Contains(own[0], "Bcc") {
		t.Errorf("ann has %q", own)
	}
	if sent := p.folder("ann", mailbox.Sent); len(sent) != 1 || !strings.Contains(sent[0], "\r\nBcc: ann@example.org\r\n") {
		t.Errorf("sent: %q", sent)
	}
	if st := p.do(p.svc.SendMail, "SendMail", request("SendMail", "c2", "", "From: Eve <eve@example.org>\r\nSender: eve@example.org\r\n"+hello)); st != "" {
		t.Error(st)
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 2 || strings.Contains(in[1], "eve@") {
		t.Errorf("in another's name: %q", in)
	}
	if sent := p.folder("ann", mailbox.Sent); len(sent) != 1 {
		t.Errorf("a copy that was not asked for: %q", sent)
	}
	p.Valid()
}

// TestReusedClientId: a phone that gives a ClientId out twice loses no message by it, and one that writes a message anew does not send it twice.
func TestReusedClientId(t *testing.T) {
	p := newPost(t)
	for _, text := range []string{hello, strings.Replace(hello, "Hello", "Hello\r\n", 1), strings.Replace(hello, "Subject: Hi", "Subject: Another", 1),
		"Message-ID: <1@x>\r\n" + hello, "Message-ID: <1@x>\r\nDate: Wed, 20 May 2026 10:00:07 +0000\r\n" + hello} {
		if st := p.do(p.svc.SendMail, "SendMail", request("SendMail", "c1", "", text)); st != "" {
			t.Fatalf("answered %s", st)
		}
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 3 {
		t.Errorf("bob has %q", in)
	}
}

func TestRefusals(t *testing.T) {
	p := newPost(t)
	source := "<Source><FolderId>1</FolderId><ItemId>1:99</ItemId></Source>"
	for _, test := range []struct{ name, command, more, id, text, want string }{
		{"no recipient", "SendMail", "", "1", "Subject: x\r\n\r\nx", "119"},
		{"recipient that is none", "SendMail", "", "1", "To: bob\r\n\r\nx", "116"},
		{"no MIME", "SendMail", "", "1", "", "107"},
		{"no header", "SendMail", "", "1", "Hello you\r\n\r\nTo: bob@example.org", "107"},
		{"folded without a field", "SendMail", "", "1", " To: bob@example.org\r\n\r\n", "107"},
		{"a line in the header that is none", "SendMail", "", "1", "To: bob@example.org\r\nhello\r\n\r\n", "107"},
		{"no server", "SendMail", "", "1", "To: zoe@elsewhere.test\r\n\r\nx", "120"},
		{"no ClientId", "SendMail", "", "", hello, "103"},
		{"ClientId too long", "SendMail", "", strings.Repeat("x", 41), hello, "103"},
		{"an account", "SendMail", "<AccountId>2</AccountId>", "1", hello, "166"},
		{"no source", "SmartReply", "", "1", hello, "103"},
		{"source that is not there", "SmartReply", source, "1", hello, "150"},
		{"forward of nothing", "SmartForward", source, "1", hello, "150"},
		{"an instance", "SmartForward", "<Source><LongId>1:99</LongId><InstanceId>2026-01-01T00:00:00.000Z</InstanceId></Source>", "1", hello, "104"},
	} {
		run := map[string]proto.Command{"SendMail": p.svc.SendMail, "SmartReply": p.svc.SmartReply, "SmartForward": p.svc.SmartForward}[test.command]
		if st := p.do(run, test.command, request(test.command, test.id, test.more, test.text)); st != test.command+"{Status="+test.want+"}" {
			t.Errorf("%s: %s, want %s", test.name, st, test.want)
		}
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 0 {
		t.Errorf("bob has %q", in)
	}
	p.Valid()
}

const original = "From: Zoe <zoe@elsewhere.test>\r\nTo: ann@example.org\r\nSubject: Plan\r\nMessage-ID: <2@x>\r\nReferences: <1@x>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\ngr\xfcn\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n" +
	"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\nUERG\r\n--b--\r\n"

// arrive puts the original into ann's inbox and returns what names it, and its flags.
func (p *post) arrive() (source string, flags func() mail.Flags) { return p.arriving(original) }

func (p *post) arriving(text string) (source string, flags func() mail.Flags) {
	p.Helper()
	ctx := context.Background()
	c, err := p.boxes.Folder(ctx, "ann", mailbox.Inbox)
	p.Must(err)
	id, err := p.boxes.Put(ctx, c, mailbox.Message{Body: tandem.Bytes(text)})
	p.Must(err)
	var server string
	flags = func() (f mail.Flags) {
		for rec, err := range p.Store.Home.Get(ctx, c.ID, []tandem.ID{id}) {
			p.Must(err)
			server, f = easkit.ServerID(c.ID, rec.Number), mail.FlagsOf(rec.Attrs)
		}
		return f
	}
	flags()
	return "<Source><FolderId>" + strings.Split(server, ":")[0] + "</FolderId><ItemId>" + server + "</ItemId></Source>", flags
}

func (p *post) text(message string) (e *mail.Envelope, plain, markup string) {
	p.Helper()
	e, _, _, err := mail.Read(tandem.Bytes(message))
	p.Must(err)
	plain, err = e.Text(tandem.Bytes(message), 1<<20)
	p.Must(err)
	markup, err = e.Markup(tandem.Bytes(message), 1<<20)
	p.Must(err)
	return e, plain, markup
}

func TestSmartReply(t *testing.T) {
	p := newPost(t)
	source, flags := p.arrive()
	if st := p.do(p.svc.SmartReply, "SmartReply", request("SmartReply", "1", source, hello)); st != "" || !flags().Answered || flags().Forwarded {
		t.Fatalf("%s %+v", st, flags())
	}
	in := p.folder("bob", mailbox.Inbox)
	e, plain, _ := p.text(in[0])
	if !strings.HasPrefix(plain, "Hello\n") || !strings.Contains(plain, "From: Zoe <zoe@elsewhere.test>\n") || !strings.Contains(plain, "grün") {
		t.Errorf("the text: %q", plain)
	}
	if strings.Join(e.InReplyTo, " ") != "2@x" || strings.Join(e.References, " ") != "1@x 2@x" || len(e.Files) != 0 {
		t.Errorf("%+v", e)
	}
	both := "To: bob@example.org\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nShort\r\n--c\r\nContent-Type: text/html\r\n\r\n<body>Long</body>\r\n--c--\r\n"
	p.do(p.svc.SmartReply, "SmartReply", request("SmartReply", "2", source, both))
	in = p.folder("bob", mailbox.Inbox)
	_, plain, markup := p.text(in[1])
	if !strings.HasPrefix(plain, "Short") || !strings.Contains(plain, "grün") || !strings.HasPrefix(markup, "<body>Long<hr>") || !strings.Contains(markup, "grün") || !strings.Contains(markup, "</body>") {
		t.Errorf("the texts: %q, %q", plain, markup)
	}
	p.do(p.svc.SmartReply, "SmartReply", request("SmartReply", "3", source+"<ReplaceMime/>", hello))
	if in = p.folder("bob", mailbox.Inbox); !strings.HasSuffix(in[2], "\r\n\r\nHello\r\n") {
		t.Errorf("with ReplaceMime: %q", in[2])
	}
}

func TestSmartForward(t *testing.T) {
	p := newPost(t)
	source, flags := p.arrive()
	if st := p.do(p.svc.SmartForward, "SmartForward", request("SmartForward", "1", source, hello)); st != "" || !flags().Forwarded || flags().Answered {
		t.Fatalf("%s %+v", st, flags())
	}
	in := p.folder("bob", mailbox.Inbox)
	e, plain, _ := p.text(in[0])
	if !strings.HasPrefix(plain, "Hello\n") || !strings.Contains(plain, "grün") || len(e.Files) != 1 || e.Files[0].Name != "a.pdf" || !strings.Contains(in[0], "\r\n\r\nUERG\r\n") || len(e.InReplyTo) != 0 {
		t.Errorf("%q %+v in %q", plain, e, in[0])
	}
	p.do(p.svc.SmartForward, "SmartForward", request("SmartForward", "2", source+"<ReplaceMime/>", hello))
	if in = p.folder("bob", mailbox.Inbox); strings.Contains(in[1], "UERG") {
		t.Errorf("with ReplaceMime: %q", in[1])
	}
}

// TestPicturesWithin: a text goes on with the pictures that it shows, below an answer as below a forward, and without what could do harm; an answer takes no other file along.
func TestPicturesWithin(t *testing.T) {
	const letter = "From: Zoe <zoe@elsewhere.test>\r\nTo: ann@example.org\r\nSubject: Plan\r\nMessage-ID: <2@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" +
		"--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<html><body><table width=\"600\"><tr><td>See <img src=\"cid:logo%40x\" width=\"7\">" +
		"<img src=\"https://elsewhere.test/a.png\"><script>alert(1)</script><img src=x onerror=alert(2)></td></tr></table></body></html>\r\n" +
		"--r\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline; filename=logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\nUE5H\r\n" +
		"--r\r\nContent-Type: image/png\r\nContent-ID: <other@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nQUFB\r\n--r--\r\n" +
		"--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nUERG\r\n--m--\r\n"
	const plain, markup = "To: bob@example.org\r\nContent-Type: text/plain\r\n\r\nShort\r\n", "To: bob@example.org\r\nContent-Type: text/html\r\n\r\n<body>Long</body>\r\n"
	const both = "To: bob@example.org\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nShort\r\n--c\r\nContent-Type: text/html\r\n\r\n<body>Long</body>\r\n--c--\r\n"
	for i, c := range []struct{ command, text, files string }{
		{"SmartReply", plain, ""}, {"SmartReply", markup, "inline logo.png"}, {"SmartReply", both, "inline logo.png"},
		{"SmartForward", plain, "inline logo.png|part-1-3.png|a.pdf"}, {"SmartForward", markup, "inline logo.png|part-1-3.png|a.pdf"}, {"SmartForward", both, "inline logo.png|part-1-3.png|a.pdf"},
	} {
		p := newPost(t)
		source, _ := p.arriving(letter)
		run := map[string]proto.Command{"SmartForward": p.svc.SmartForward, "SmartReply": p.svc.SmartReply}[c.command]
		if st := p.do(run, c.command, request(c.command, "1", source, c.text)); st != "" {
			t.Fatalf("%d: %s", i, st)
		}
		in := p.folder("bob", mailbox.Inbox)
		e, text, shown := p.text(in[0])
		var files []string
		for _, f := range e.Files {
			name := f.Name
			if f.ID == "logo@x" {
				name = "inline " + name
			}
			files = append(files, name)
		}
		if got := strings.Join(files, "|"); strings.Count(got, "|") != strings.Count(c.files, "|") || !strings.HasPrefix(got, strings.SplitN(c.files, "|", 2)[0]) || strings.Contains(c.files, "a.pdf") != strings.Contains(got, "a.pdf") {
			t.Errorf("%d: files %q, want %q", i, got, c.files)
		}
		if c.text != plain && (!strings.Contains(shown, `<img src="cid:logo%40x"`) || !strings.Contains(shown, `"https://elsewhere.test/a.png"`) || !strings.Contains(shown, `width="600"`) ||
			strings.Contains(shown, "alert") || !strings.HasPrefix(shown, "<body>Long<hr>") || !strings.Contains(in[0], "multipart/related") || !e.Files[0].Inline) {
			t.Errorf("%d: %q in %s", i, shown, in[0])
		}
		if c.text != markup && !strings.HasPrefix(text, "Short\n") {
			t.Errorf("%d: %q", i, text)
		}
	}
}

// TestForwardPacked: what Outlook packed goes on as files that everybody can open.
func TestForwardPacked(t *testing.T) {
	p := newPost(t)
	packed := tneftest.Stream(tneftest.Props(tneftest.Wide(0x1000, "the plan")), tneftest.File(tneftest.Wide(0x3707, "plän.pdf"), tneftest.Binary(0x3701, []byte("PDF"))),
		tneftest.File(tneftest.Wide(0x3707, "b.txt"), tneftest.Binary(0x3701, []byte("text"))))
	source, flags := p.arriving("From: Zoe <zoe@elsewhere.test>\r\nTo: ann@example.org\r\nSubject: Plan\r\nMessage-ID: <2@x>\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(packed) + "\r\n")
	for i, command := range []string{"SmartForward", "SmartReply"} {
		run := map[string]proto.Command{"SmartForward": p.svc.SmartForward, "SmartReply": p.svc.SmartReply}[command]
		if st := p.do(run, command, request(command, command, source, hello)); st != "" || !flags().Forwarded {
			t.Fatalf("%s: %s %+v", command, st, flags())
		}
		in := p.folder("bob", mailbox.Inbox)
		e, plain, _ := p.text(in[i])
		var files []string
		for _, f := range e.Files {
			r, err := f.Open(tandem.Bytes(in[i]))
			p.Must(err)
			data, err := io.ReadAll(r)
			p.Must(err)
			files = append(files, f.Type+" "+f.Name+" "+string(data))
		}
		want := "application/pdf plän.pdf PDF|text/plain b.txt text"
		if command == "SmartReply" {
			want = ""
		}
		if got := strings.Join(files, "|"); got != want || !strings.Contains(plain, "the plan") {
			t.Errorf("%s: %q with %q", command, plain, got)
		}
	}
}

// TestRaw: before 14.0 the body is the message, and what is wrong is told by HTTP.
func TestRaw(t *testing.T) {
	p := newPost(t)
	p.Version = eas.V121
	source, flags := p.arrive()
	item := strings.Split(strings.Split(source, "<ItemId>")[1], "<")[0]
	send := func(run proto.Command, command, item, text string) int {
		r := p.Request("ann", command, nil)
		r.Raw, r.ItemID, r.SaveInSent = []byte(text), item, true
		resp, err := run(context.Background(), r)
		p.Must(err)
		if resp.Body != nil {
			t.Errorf("a document for 12.1")
		}
		return resp.HTTP
	}
	for range 2 {
		if got := send(p.svc.SendMail, "SendMail", "", hello); got != 0 {
			t.Errorf("HTTP %d", got)
		}
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 1 {
		t.Errorf("bob has %q", in)
	}
	if sent := p.folder("ann", mailbox.Sent); len(sent) != 1 {
		t.Errorf("sent %q", sent)
	}
	if got := send(p.svc.SmartReply, "SmartReply", item, hello); got != 0 || !flags().Answered {
		t.Errorf("HTTP %d, %+v", got, flags())
	}
	for text, want := range map[string]int{"": 400, "nonsense": 400, "Subject: x\r\n\r\n": 500} {
		if got := send(p.svc.SendMail, "SendMail", "", text); got != want {
			t.Errorf("%q: HTTP %d, want %d", text, got, want)
		}
	}
	if got := send(p.svc.SmartForward, "SmartForward", "x", hello); got != 500 {
		t.Errorf("forward of nothing: HTTP %d", got)
	}
}

// FuzzSend: whatever a phone sends is answered, and a message that is sent is from its user alone.
func FuzzSend(f *testing.F) {
	for _, s := range []string{hello, original, "To: bob@example.org\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n", "To:bob@example.org\nContent-Type: text/html\n\n</body", "To: a@b\r\n\tX\r\nFrom: x\r\n\r\n"} {
		f.Add([]byte(s))
	}
	p := newPost(f)
	source, _ := p.arrive()
	long := strings.Split(strings.Split(source, "<ItemId>")[1], "<")[0]
	p.Version = eas.V121
	template := *p.Request("ann", "SendMail", nil)
	f.Fuzz(func(t *testing.T, text []byte) {
		for command, run := range map[string]proto.Command{"SendMail": p.svc.SendMail, "SmartReply": p.svc.SmartReply, "SmartForward": p.svc.SmartForward} {
			r := template
			r.Command, r.Raw, r.LongID = command, text, long
			if _, err := run(context.Background(), &r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestVersions: all commands in all versions that have documents; TestRaw has the one that has none.
func TestVersions(t *testing.T) {
	p := newPost(t)
	source, _ := p.arrive()
	for i, v := range easkit.Versions[1:] {
		p.Version = v
		id := "v" + v.String()
		if st := p.do(p.svc.SendMail, "SendMail", request("SendMail", id, "", hello)) + p.do(p.svc.SmartReply, "SmartReply", request("SmartReply", id+"r", source, hello)) +
			p.do(p.svc.SmartForward, "SmartForward", request("SmartForward", id+"f", "<Source><LongId>"+item(source)+"</LongId></Source>", hello)); st != "" {
			t.Errorf("%s: %s", v, st)
		}
		if in := p.folder("bob", mailbox.Inbox); len(in) != 3*(i+1) {
			t.Errorf("%s: bob has %d messages", v, len(in))
		}
	}
}
