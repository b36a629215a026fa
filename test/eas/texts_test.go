package eas_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"tandem"
	"tandem/kind/sms"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/test/easclient"
)

// Options of a phone that wants mail and text messages, and mail alone. MS-ASCMD 2.2.3.125.6
const (
	bothClasses = "<Options><Class>Email</Class></Options><Options><Class>SMS</Class><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type></airsyncbase:BodyPreference></Options>"
	mailAlone   = "<Options><Class>Email</Class></Options>"
)

// handset is a folder of a phone that syncs both classes.
type handset struct {
	*postHouse
	c      *easclient.Client
	folder string
	key    string
}

func (h *postHouse) handset(p *easclient.Phone, typ int) *handset {
	h.Helper()
	s := &handset{postHouse: h, c: p.Client, folder: p.FolderOf(typ), key: "0"}
	s.sync(bothClasses)
	return s
}

func (s *handset) sync(more string) string {
	s.Helper()
	got := s.do(s.c, "Sync", sync1(collection(s.key, s.folder, more)))
	if m := keyPattern.FindStringSubmatch(got); m != nil && m[1] != "0" {
		s.key = m[1]
	}
	return got
}

func newTexts(t *testing.T) *postHouse {
	h := newPostHouse(t)
	h.box("ann", mailbox.Outbox)
	return h
}

func textMessage(id, data string) string {
	return "<Commands><Add><Class>SMS</Class><ClientId>" + id + "</ClientId><ApplicationData>" + data + "</ApplicationData></Add></Commands>"
}

const fromZoe = `<email:From>"Zoë" [MOBILE:+49 170 12345]</email:From><email:DateReceived>2026-05-20T10:00:00.123Z</email:DateReceived><email:Importance>1</email:Importance><email:Read>0</email:Read>` +
	"<airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>Where are you? 😀</airsyncbase:Data></airsyncbase:Body><email:InternetCPID>65001</email:InternetCPID>"

// messages is the user's collection of text messages.
func (h *postHouse) messages(user string) tandem.Collection {
	h.Helper()
	all, err := h.st.Home.Collections(context.Background(), user)
	h.must(err)
	for _, c := range all {
		if c.Kind == tandem.SMS {
			return c
		}
	}
	h.Fatalf("%s has no text messages", user)
	return tandem.Collection{}
}

// incoming puts a text message into a box, as another program would.
func (h *postHouse) incoming(user, box, text string, parts ...sms.Part) {
	h.Helper()
	c, err := h.st.Home.PutCollection(context.Background(), tandem.Collection{User: user, Kind: tandem.SMS, Name: "Text messages"})
	if tandem.IsKind(err, tandem.Exists) {
		c, err = h.messages(user), nil
	}
	h.must(err)
	m := sms.Message{To: []sms.Party{{Number: "+1555"}}, Date: noon.UnixMilli(), Text: text}
	if len(parts) > 0 {
		m.Text, m.Parts = "", append([]sms.Part{{Type: "text/plain", Text: true, Content: tandem.Bytes(text)}}, parts...)
	}
	body, err := tandem.ReadBody(m.Body(), 1<<20)
	h.must(err)
	info, err := sms.Handler{}.Inspect(body)
	h.must(err)
	_, err = h.st.Home.Write(context.Background(), c.ID, store.Author{User: user}, []store.HomeWrite{{Digest: info.Digest, Index: info.Index, Title: info.Summary.String(),
		Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(body), Meta: tandem.Meta{UID: info.Index.UID, Attrs: tandem.MakeAttrs(map[string]string{"box": box})}}}}})
	h.must(err)
}

// A text message that came to one phone is on the other, with what is done to it, beside the mails of the folder. MS-ASMS 2.2.1, MS-ASCMD 2.2.3.27.6
func TestTextMessages(t *testing.T) {
	for _, version := range []string{"14.0", "14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) {
			h := newTexts(t)
			h.arrive(h.box("ann", mailbox.Inbox), 1, letterOf("letter", "zoe@example.org", "ann@example.org", "Hello"))
			p := h.phone("ann", "phone1", version)
			one := h.handset(p, 2)
			contains(t, one.sync(changes+bothClasses), "Subject=letter", "!Class=SMS")
			got := one.sync(changes + bothClasses + textMessage("t1", fromZoe))
			contains(t, got, "Responses{Add{Class=SMS ClientId=t1 ServerId=", "Status=1", "!Commands")
			id := serverID(got)
			rec := h.live(h.messages("ann"))
			if len(rec) != 1 {
				t.Fatalf("%d text messages", len(rec))
			}
			contains(t, h.body(rec[0]), "From: =?utf-8?b?Wm/Dqw==?= <%", fmt.Sprintf("X-SMS-Date: %d\r\n", noon.Add(-2*time.Hour).UnixMilli()+123))

			two := h.handset(h.phone("ann", "phone2", version), 2)
			got = two.sync(changes + bothClasses)
			contains(t, got, "Subject=letter", "Add{Class=SMS ServerId="+id, `From="Zoë" [MOBILE:+49 170 12345]`, "DateReceived=2026-05-20T10:00:00.123Z", "Type=1", "Data=Where are you? 😀", "Read=0",
				"InternetCPID=65001", "!MessageClass=IPM.Note.SMS")
			contains(t, two.sync("<Commands><Change><ServerId>"+id+"</ServerId><ApplicationData><email:Read>1</email:Read></ApplicationData></Change></Commands>"), "!Status=6", "!Status=8")
			contains(t, one.sync(changes), "Change{Class=SMS ServerId="+id, "Read=1", "!Subject=letter")
			// What a phone adds again after it started over is not doubled. Field note 20
			one.key = "0"
			one.sync(bothClasses)
			contains(t, one.sync(changes+bothClasses+textMessage("t9", fromZoe)), "ClientId=t9 ServerId="+id+" Status=1", "Subject=letter")
			if n := len(h.live(h.messages("ann"))); n != 1 {
				t.Errorf("%d text messages", n)
			}
			two.sync("<Commands><Delete><ServerId>" + id + "</ServerId></Delete></Commands>")
			got = one.sync(changes)
			if version == "14.0" { // MS-ASCMD_R6300
				contains(t, got, "Delete{ServerId="+id+"}")
			} else {
				contains(t, got, "Delete{Class=SMS ServerId="+id+"}")
			}
			h.valid()
		})
	}
}

// A phone that does not ask for text messages does not get them; one that no longer does, loses them and keeps its mails. MS-ASCMD_R3968
func TestTextMessagesUnwanted(t *testing.T) {
	h := newTexts(t)
	h.incoming("ann", "", "hidden")
	h.arrive(h.box("ann", mailbox.Inbox), 1, letterOf("letter", "zoe@example.org", "ann@example.org", "Hello"))
	p := h.phone("ann", "phone1", "14.1")
	s := &handset{postHouse: h, c: p.Client, folder: p.FolderOf(2), key: "0"}
	s.sync(mailAlone)
	contains(t, s.sync(changes+mailAlone), "Subject=letter", "!hidden")
	contains(t, s.sync(textMessage("t1", fromZoe)), "ClientId=t1 Status=6")
	contains(t, s.sync(changes+bothClasses), "Data=hidden", "!Subject=letter", "!Status=3")
	contains(t, s.sync(changes), "!Data=hidden")
	got := s.sync(changes + mailAlone)
	contains(t, got, "SoftDelete{ServerId=", "!letter")
	h.incoming("ann", "", "another")
	contains(t, s.sync(changes), "!another")
	contains(t, s.sync(changes+bothClasses), "Data=hidden", "Data=another")

	old := h.handset(h.phone("ann", "phone2", "12.1"), 2)
	contains(t, old.sync(changes), "Subject=letter", "!hidden")
	h.valid()
}

// Each folder shows its box; a message that moves goes from one to the other.
func TestTextMessagesMove(t *testing.T) {
	h := newTexts(t)
	p := h.phone("ann", "phone1", "14.1")
	inbox, sent := h.handset(p, 2), h.handset(p, 5)
	got := sent.sync(changes + bothClasses + textMessage("t1", "<email:To>[MOBILE:+1555]</email:To><email:DateReceived>2026-05-20T10:00:00.000Z</email:DateReceived><airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>sent</airsyncbase:Data></airsyncbase:Body>"))
	contains(t, got, "Status=1", "!Commands")
	id := serverID(got)
	contains(t, inbox.sync(changes), "!sent")
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+sent.folder+"</SrcFldId><DstFldId>"+inbox.folder+"</DstFldId></Move></MoveItems>"), "Status=3", "DstMsgId="+id)
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+sent.folder+"</SrcFldId><DstFldId>"+inbox.folder+"</DstFldId></Move></MoveItems>"), "Status=3")
	contains(t, sent.sync(changes), "Delete{Class=SMS ServerId="+id)
	contains(t, inbox.sync(changes), "Add{Class=SMS ServerId="+id, "Data=sent")
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+inbox.folder+"</SrcFldId><DstFldId>"+p.FolderOf(4)+"</DstFldId></Move></MoveItems>"), "Status=5")
	h.valid()
}

// What waits in the outbox goes to the one phone that sends for the server, and is in what was sent when the phone says so. MS-ASMS 2.2.2.2.2
func TestTextMessagesSend(t *testing.T) {
	for _, version := range []string{"14.0", "14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) { sendsTexts(t, version) })
	}
}

func sendsTexts(t *testing.T, version string) {
	h := newTexts(t)
	h.incoming("ann", sms.Outbox, "please send")
	info := func(c *easclient.Client, on string) {
		contains(t, h.do(c, "Settings", "<Settings><DeviceInformation><Set><Model>m</Model><EnableOutboundSMS>"+on+"</EnableOutboundSMS></Set></DeviceInformation></Settings>"), "DeviceInformation{Status=1}")
	}
	first, second := h.phone("ann", "phone1", version), h.phone("ann", "phone2", version)
	info(first.Client, "0")
	quiet := h.handset(first, 6)
	contains(t, quiet.sync(changes), "!please send")
	info(second.Client, "1")
	sender := h.handset(second, 6)
	got := sender.sync(changes)
	contains(t, got, "Add{Class=SMS ServerId=", "To=[MOBILE:+1555]", "Data=please send")
	id := serverID(got)
	contains(t, quiet.sync(changes), "!please send")
	contains(t, h.do(second.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+sender.folder+"</SrcFldId><DstFldId>"+second.FolderOf(5)+"</DstFldId></Move></MoveItems>"), "Status=3")
	contains(t, h.handset(first, 5).sync(changes), "Data=please send")
	contains(t, sender.sync(changes), "Delete{", "ServerId="+id)
	if rec := h.live(h.messages("ann")); len(rec) != 1 || sms.BoxOf(rec[0].Attrs) != sms.Sent {
		t.Errorf("%d messages, %v", len(rec), rec[0].Attrs)
	}
	// Two that would send: one does.
	info(first.Client, "1")
	h.incoming("ann", sms.Outbox, "only once")
	a, b := quiet.sync(changes), sender.sync(changes)
	contains(t, a, "Data=only once")
	contains(t, b, "!only once")
	h.valid()
}

// A phone that waits on a folder of mail hears of a text message, by Ping and by a Sync that waits; the estimate counts both classes.
func TestTextMessagesPush(t *testing.T) {
	h := newTexts(t)
	h.incoming("ann", "", "first")
	p := h.phone("ann", "phone1", "14.1")
	s := h.handset(p, 2)
	estimate := func() string {
		return h.do(p.Client, "GetItemEstimate", "<GetItemEstimate><Collections><Collection><airsync:SyncKey>"+s.key+"</airsync:SyncKey><CollectionId>"+s.folder+"</CollectionId><airsync:Options><airsync:Class>Email</airsync:Class></airsync:Options><airsync:Options><airsync:Class>SMS</airsync:Class></airsync:Options></Collection></Collections></GetItemEstimate>")
	}
	h.arrive(h.box("ann", mailbox.Inbox), 1, letterOf("letter", "zoe@example.org", "ann@example.org", "Hello"))
	contains(t, estimate(), "Status=1", "Estimate=2")
	contains(t, s.sync(changes), "Data=first")
	contains(t, estimate(), "Estimate=0")
	for i, wait := range []func() string{
		func() string {
			return h.do(p.Client, "Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>"+s.folder+"</Id><Class>Email</Class></Folder></Folders></Ping>")
		},
		func() string {
			return h.do(p.Client, "Sync", "<Sync><Collections>"+collection(s.key, s.folder, changes)+"</Collections><HeartbeatInterval>60</HeartbeatInterval></Sync>")
		},
	} {
		answer := make(chan string, 1)
		go func() { answer <- wait() }()
		for h.door.Broker.Waiting() == 0 {
			runtime.Gosched()
		}
		h.incoming("ann", "", fmt.Sprint("news ", i))
		select {
		case got := <-answer:
			contains(t, got, "="+s.folder)
		case <-time.After(time.Minute):
			t.Fatal("nobody heard of the message")
		}
		contains(t, s.sync(changes), "!Status=3")
	}
	h.valid()
}

// An answer that was lost is given again: the same keys, the same ServerIds, nothing twice; an older key leads on, too.
func TestTextMessagesLostAnswer(t *testing.T) {
	h := newTexts(t)
	p := h.phone("ann", "phone1", "16.1")
	s := h.handset(p, 2)
	before := s.key
	first := s.sync(changes + bothClasses + textMessage("t1", fromZoe))
	s.key = before
	if again := s.sync(changes + bothClasses + textMessage("t1", fromZoe)); again != first {
		t.Errorf("answered\n%s\nand then\n%s", first, again)
	}
	h.incoming("ann", "", "meanwhile")
	h.arrive(h.box("ann", mailbox.Inbox), 1, letterOf("letter", "zoe@example.org", "ann@example.org", "Hello"))
	s.key = before // the answer was lost once more, and meanwhile there is news
	again := s.sync(changes + bothClasses + textMessage("t1", fromZoe))
	contains(t, again, "ClientId=t1 ServerId="+serverID(first)+" Status=1")
	contains(t, again+s.sync(changes), "Data=meanwhile", "Subject=letter")
	s.key = before
	contains(t, s.sync(changes), "!Status=3", "Subject=letter", "Data=meanwhile")
	contains(t, s.sync(changes), "!Add{")
	if n := len(h.live(h.messages("ann"))); n != 2 {
		t.Errorf("%d text messages", n)
	}
	h.valid()
}

// A text message with a picture is fetched whole, and so is the picture; those of others are not.
func TestTextMessagesFetch(t *testing.T) {
	h := newTexts(t)
	h.incoming("ann", "", "with a picture", sms.Part{Type: "image/png", Name: "a.png", Content: tandem.Bytes("the picture")})
	p := h.phone("ann", "phone1", "14.1")
	got := h.handset(p, 2).sync(changes)
	contains(t, got, "DisplayName=a.png", "Data=with a picture")
	id := serverID(got)
	fetch := func(c *easclient.Client, what string) string {
		return h.do(c, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store>"+what+"</Fetch></ItemOperations>")
	}
	item := "<airsync:CollectionId>" + p.FolderOf(2) + "</airsync:CollectionId><airsync:ServerId>" + id + "</airsync:ServerId>"
	contains(t, fetch(p.Client, item), "Status=1", "Class=SMS", "Data=with a picture")
	file := "<airsyncbase:FileReference>" + id + ":0</airsyncbase:FileReference>"
	contains(t, fetch(p.Client, file), "ContentType=image/png", "Data=dGhlIHBpY3R1cmU=")
	bob := h.phone("bob", "phone2", "14.1")
	contains(t, fetch(bob.Client, file), "!dGhlIHBpY3R1cmU=", "!ContentType")
	contains(t, fetch(bob.Client, item), "!with a picture")
	h.valid()
}

// Text messages are found by their text and by their number, in the folder that shows them, by those who ask for the class. MS-ASCMD_R920
func TestTextMessagesSearch(t *testing.T) {
	for _, version := range []string{"14.0", "14.1", "16.0", "16.1"} {
		t.Run(version, func(t *testing.T) { findsTexts(t, version) })
	}
}

func findsTexts(t *testing.T, version string) {
	h := newTexts(t)
	h.incoming("ann", "", "the key is under the mat")
	h.incoming("ann", sms.Sent, "which mat")
	h.arrive(h.box("ann", mailbox.Inbox), 1, letterOf("letter", "zoe@example.org", "ann@example.org", "a new mat"))
	p := h.phone("ann", "phone1", version)
	ask := func(c *easclient.Client, query string) string { return h.search(c, query, "<Range>0-9</Range>") }
	texts := "<airsync:Class>SMS</airsync:Class>"
	got := ask(p.Client, texts+"<FreeText>mat</FreeText>")
	contains(t, got, "Class=SMS", "Data=the key is under the mat", "Data=which mat", "CollectionId="+p.FolderOf(2), "CollectionId="+p.FolderOf(5), "Total=2", "!letter")
	contains(t, ask(p.Client, texts+"<FreeText>1555</FreeText>"), "Total=2")
	contains(t, ask(p.Client, texts+"<airsync:CollectionId>"+p.FolderOf(5)+"</airsync:CollectionId><FreeText>mat</FreeText>"), "Data=which mat", "!the key")
	contains(t, ask(p.Client, texts+"<airsync:Class>Email</airsync:Class><FreeText>mat</FreeText>"), "Subject=letter", "Data=which mat", "Total=3")
	contains(t, ask(p.Client, "<FreeText>mat</FreeText>"), "Subject=letter", "!Class=SMS")
	contains(t, ask(h.client("ann", "phone2", "12.1"), texts+"<FreeText>mat</FreeText>"), "!which mat")
	contains(t, ask(h.phone("bob", "phone3", version).Client, texts+"<FreeText>mat</FreeText>"), "!which mat")
	h.valid()
}
