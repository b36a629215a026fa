package eas_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/test/mailkit"
)

// farHouse is an account with a window of 30 days, before which there is more.
type farHouse struct {
	*accountHouse
	proxy *mailkit.Proxy
	c     *imapclient.Client
	file  []byte // what is attached to one of the older messages
}

func newFarHouse(t *testing.T) *farHouse {
	t.Helper()
	s := mailkit.Dovecot(t, mailkit.Config{Users: []string{"ann"}})
	f := &farHouse{proxy: mailkit.NewProxy(t, s.IMAP)}
	c, err := imapclient.DialInsecure(s.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login("ann", mailkit.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	f.c = c
	for n := range 300 << 10 / sha256.Size {
		sum := sha256.Sum256(fmt.Append(nil, n))
		f.file = append(f.file, sum[:]...)
	}
	f.put(t, 1, letterOf("Recent", "zoe@example.org", "ann@example.org", "cold water"))
	f.put(t, 100, letterOf("Old", "zoe@example.org", "ann@example.org", "warm water", "Cc: dora@example.org"))
	f.put(t, 400, strings.Replace(letterOf("Pipes", "carl@example.org", "ann@example.org",
		"--b\r\nContent-Type: text/plain\r\n\r\nwater pipes\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
			wrapped(f.file)+"\r\n--b--", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"), "\r\n\r\n--b", "\r\n\r\n--b", 1))
	f.put(t, 500, letterOf("Lunch", "zoe@example.org", "ann@example.org", "pizza"))
	f.accountHouse = newAccountHouse(t, "imap://ann@"+f.proxy.Addr+"/?days=30", filepath.Join(s.Home("ann"), "mail"))
	f.soon("what is in the window", func() bool { _, ok := f.sees("Inbox", "Recent"); return ok })
	return f
}

// wrapped is base64 as mail has it.
func wrapped(data []byte) string {
	var b strings.Builder
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return b.String()
}

func (f *farHouse) put(t *testing.T, days int, text string) {
	t.Helper()
	cmd := f.c.Append("INBOX", int64(len(text)), &imap.AppendOptions{Time: time.Now().AddDate(0, 0, -days)})
	_, err := cmd.Write([]byte(text))
	if err == nil {
		err = cmd.Close()
	}
	if err == nil {
		_, err = cmd.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fetch asks for what an element names.
func (f *farHouse) fetch(name, id, options string) string {
	f.Helper()
	return f.do(f.phone.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><"+name+">"+id+"</"+name+"><Options>"+options+"</Options></Fetch></ItemOperations>")
}

func match(t testing.TB, pattern, text string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %.600q", pattern, text)
	}
	return m[1]
}

// data is what an answer holds, decoded.
func data(t testing.TB, answer string) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(match(t, `Data=([^ }]+)`, answer))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const inText = "<airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>1000000</airsyncbase:TruncationSize></airsyncbase:BodyPreference>"

// TestBeyondFound: what a window keeps out of the hub is found at the server and read there, and the phone has no record of it.
func TestBeyondFound(t *testing.T) {
	f := newFarHouse(t)
	for query, want := range map[string]string{
		"water": "Recent Old Pipes", "wat": "Recent Old Pipes", "wa": "Recent", "from:carl": "Pipes", "from:zoe water": "Recent Old", "cc:dora": "Old", "water -warm": "Recent Pipes", "pizza OR warm": "Old Lunch",
		"hasattachment:true water": "Pipes", "&quot;water pipes&quot;": "Pipes", "subject:old": "Old", "nothing": "", "water received&lt;2000-01-01": "",
	} {
		if got := subjects(f.find(f.phone.Client, query, "", "0-99")); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	inbox := f.folder("Inbox")
	got := f.find(f.phone.Client, "pipes", "<airsync:CollectionId>"+inbox+"</airsync:CollectionId>", "0-9")
	contains(t, got, "CollectionId="+inbox, "HasAttachments=1", "Total=1", "Preview=water pipes")
	id := match(t, `ServerId=(`+inbox+`:f[^ ]+)`, got)

	contains(t, f.fetch("airsync:ServerId", id, inText), "Fetch{Status=1 ServerId="+id+" Class=Email", "Subject=Pipes", "Data=water pipes", "FileReference="+id+":0", "DisplayName=plan.pdf")
	if got := data(t, f.fetch("airsyncbase:FileReference", id+":0", "")); !bytes.Equal(got, f.file) {
		t.Errorf("the attachment came as %d bytes, want %d", len(got), len(f.file))
	}
	var whole []byte
	told := f.proxy.Told()
	for at := 0; at < len(f.file); at += 100_000 {
		whole = append(whole, data(t, f.fetch("airsyncbase:FileReference", id+":0", fmt.Sprintf("<Range>%d-%d</Range>", at, at+99_999)))...)
	}
	if !bytes.Equal(whole, f.file) {
		t.Errorf("the attachment in ranges came as %d bytes, want %d", len(whole), len(f.file))
	}
	if more := f.proxy.Told() - told; more > 100_000 {
		t.Errorf("%d bytes came from the server for what was read before", more)
	}
	f.must(f.phone.Sync(context.Background(), inbox))
	if n := len(f.phone.Stores[inbox].Items); n != 1 {
		t.Errorf("the phone has %d messages in its inbox", n)
	}
}

// TestBeyondStays: a phone that moves, marks or deletes what was found at the server is told that its folder has no such message, and nothing comes of it. MS-ASCMD 2.2.3.166.8, 2.2.3.175
func TestBeyondStays(t *testing.T) {
	f := newFarHouse(t)
	inbox, ctx := f.folder("Inbox"), context.Background()
	id := match(t, `ServerId=(`+inbox+`:f[^ ]+)`, f.find(f.phone.Client, "pipes", "", "0-9"))
	other := ""
	for folder := range f.phone.Folders {
		if f.phone.Folders[folder].Type == 4 {
			other = folder
		}
	}
	contains(t, f.do(f.phone.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+inbox+"</SrcFldId><DstFldId>"+other+"</DstFldId></Move></MoveItems>"), "Response{SrcMsgId="+id+" Status=1}")
	f.must(f.phone.Sync(ctx, inbox))
	got := f.do(f.phone.Client, "Sync", sync1(collection(f.phone.Stores[inbox].Key, inbox, "<Commands><Change><ServerId>"+id+"</ServerId><ApplicationData><email:Read>1</email:Read></ApplicationData></Change></Commands>")))
	contains(t, got, "Change{ServerId="+id+" Status=8}")
	f.do(f.phone.Client, "Sync", sync1(collection(keyIn(got), inbox, "<DeletesAsMoves>0</DeletesAsMoves><Commands><Delete><ServerId>"+id+"</ServerId></Delete></Commands>")))
	contains(t, f.fetch("airsync:ServerId", id, inText), "Fetch{Status=1 ServerId="+id, "Data=water pipes")
	list, err := f.c.Select("INBOX", nil).Wait()
	f.must(err)
	if list.NumMessages != 4 {
		t.Errorf("%d messages are at the server", list.NumMessages)
	}
}

// TestBeyondSearched: older phones find the same with Search.
func TestBeyondSearched(t *testing.T) {
	f := newFarHouse(t)
	inbox := f.folder("Inbox")
	for _, version := range []string{"12.1", "14.1", "16.1"} {
		p := f.postHouse.phone("ann", "other"+version, version)
		got := f.search(p.Client, "<airsync:Class>Email</airsync:Class><airsync:CollectionId>"+inbox+"</airsync:CollectionId><FreeText>water</FreeText>", "<Range>0-9</Range>"+inText)
		if list := subjects(got); list != "Recent Old Pipes" {
			t.Errorf("%s: %q", version, list)
		}
		contains(t, got, "Range=0-2 Total=3", "LongId="+inbox+":f")
		id := match(t, `LongId=(`+inbox+`:f[^ ]+) [^=]*=`+inbox+` Properties{[^}]*Subject=Pipes`, got)
		contains(t, got, "Truncated=1")
		contains(t, f.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><search:LongId>"+id+"</search:LongId><Options>"+inText+"</Options></Fetch></ItemOperations>"), "Fetch{Status=1 LongId="+id, "Data=water pipes", "FileReference="+id+":0")
		old := time.Now().AddDate(0, 0, -200).UTC().Format("2006-01-02T15:04:05.000Z")
		if list := subjects(f.search(p.Client, "<airsync:Class>Email</airsync:Class><FreeText>water</FreeText><LessThan><email:DateReceived/><Value>"+old+"</Value></LessThan>", "")); list != "Pipes" {
			t.Errorf("%s: before a day: %q", version, list)
		}
	}
}

// TestBeyondAnswered: what is at the server is answered and forwarded as what is here.
func TestBeyondAnswered(t *testing.T) {
	f := newFarHouse(t)
	id := match(t, `ServerId=(\d+:f[^ ]+)`, f.find(f.phone.Client, "pipes", "", "0-9"))
	folder, _, _ := strings.Cut(id, ":")
	send := func(command, source, text string) string {
		return f.do(f.phone.Client, command, "<"+command+" xmlns='ComposeMail:'><ClientId>"+command+"</ClientId><Source>"+source+"</Source><SaveInSentItems/><Mime>"+base64.StdEncoding.EncodeToString([]byte(letterOf(command, "ann@example.org", "bob@example.org", text)))+"</Mime></"+command+">")
	}
	if got := send("SmartForward", "<FolderId>"+folder+"</FolderId><ItemId>"+id+"</ItemId>", "Look at this"); got != "" {
		t.Errorf("forward: %s", got)
	}
	if got := send("SmartReply", "<LongId>"+id+"</LongId>", "Thank you"); got != "" {
		t.Errorf("answer: %s", got)
	}
	f.sendAll()
	recs := f.live(f.box("bob", mailbox.Inbox))
	if len(recs) != 2 {
		t.Fatalf("%d messages were sent", len(recs))
	}
	for _, rec := range recs {
		e, text, _, err := mail.Read(rec.Body)
		f.must(err)
		files := len(e.Files)
		if !strings.Contains(text, "water pipes") || strings.Contains(text, "Look at this") != (files == 1) {
			t.Errorf("%s has %d files and says %.200q", e.Subject, files, text)
		}
	}
	f.proxy.Down(true) // it is still here, for a while
	contains(t, send("SmartReply", "<LongId>"+id+"0</LongId>", "More"), "Status=120")
}

// TestBeyondNotOthers: nobody reads what is in another's account, and names that nobody gave name nothing.
func TestBeyondNotOthers(t *testing.T) {
	f := newFarHouse(t)
	id := match(t, `ServerId=(\d+:f[^ ]+)`, f.find(f.phone.Client, "pipes", "", "0-9"))
	bob := f.postHouse.phone("bob", "bobs", "16.1")
	ask := func(id string) string {
		return f.do(bob.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId></Fetch></ItemOperations>")
	}
	_, name, _ := strings.Cut(id, ":")
	contains(t, ask(id), "Fetch{Status=6")
	contains(t, ask(match(t, `(\d+)`, fmt.Sprint(f.box("bob", "inbox").ID))+":"+name), "Fetch{Status=6")
	if got := subjects(f.find(bob.Client, "water", "", "0-9")); got != "" {
		t.Errorf("bob finds %q", got)
	}
	folder, _, _ := strings.Cut(id, ":")
	for _, bad := range []string{"f", "f1", "f1-2", "f1-2-3", "f-1-2-3", "fx-1-1", name + "9", name + "-1", "f99-" + name, "F" + name[1:]} {
		contains(t, f.fetch("airsync:ServerId", folder+":"+bad, ""), "Fetch{Status=6")
		contains(t, f.fetch("airsyncbase:FileReference", folder+":"+bad+":0", ""), "Fetch{Status=15")
	}
}

// TestBeyondAway: without its server the hub answers what it has.
func TestBeyondAway(t *testing.T) {
	f := newFarHouse(t)
	id := match(t, `ServerId=(\d+:f[^ ]+)`, f.find(f.phone.Client, "pipes", "", "0-9"))
	f.proxy.Down(true)
	for range 2 {
		if got := subjects(f.find(f.phone.Client, "cold OR warm", "", "0-9")); got != "Recent" {
			t.Errorf("found %q", got)
		}
	}
	contains(t, f.fetch("airsync:ServerId", id, ""), "Fetch{Status=3")
	contains(t, f.fetch("airsyncbase:FileReference", id+":0", ""), "Fetch{Status=15")
}

// TestBeyondWidened: what comes when the window is widened is found once, as a record.
func TestBeyondWidened(t *testing.T) {
	f := newFarHouse(t)
	contains(t, f.find(f.phone.Client, "water", "", "0-9"), "Total=3")
	_, err := f.hub.SetPartner(t.Context(), "work", map[string]string{"days": "200"})
	f.must(err)
	f.soon("what is in the wider window", func() bool { _, ok := f.sees("Inbox", "Old"); return ok })
	got := f.find(f.phone.Client, "water", "", "0-9")
	if list := subjects(got); list != "Recent Old Pipes" {
		t.Errorf("found %q", list)
	}
	if n := strings.Count(got, ":f"); n != 1 {
		t.Errorf("%d of them are not in the hub, want 1: %s", n, got)
	}
	_, err = f.hub.SetPartner(t.Context(), "work", map[string]string{"days": "30"}) // what was fetched stays, and is not found twice
	f.must(err)
	f.soon("the window is narrow again", func() bool {
		return strings.Count(f.find(f.phone.Client, "water", "", "0-9"), "Result{") == 3
	})
	if got := subjects(f.find(f.phone.Client, "warm", "", "0-9")); got != "Old" {
		t.Errorf("found %q", got)
	}
}
