package interop

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/fsnotify/fsnotify"

	"tandem/internal/need"
	"tandem/kind/eas"
	"tandem/test/easclient"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// The types of a phone's folders. MS-ASCMD 2.2.3.186.3
const (
	typeInbox, typeDrafts, typeTrash, typeSent, typeCalendar, typeMail = 2, 3, 4, 5, 8, 12
)

// patience is how long a test waits for what must come by itself.
const patience = 60 * time.Second

// office is a whole house of mail: an IMAP server, the hub that keeps the account anna has there, a server that mail goes out to, her phone, another mail
// program at the account, and mbsync with a Maildir.
type office struct {
	*testing.T
	hub    *hub
	server *mailkit.Server
	sink   *mailkit.Sink
	phone  *easclient.Phone
	mail   *imapclient.Client // the other program
	stirs  *stirs
	mbsync string
	home   string // of mbsync; its Maildirs are in "Mail"
	client *http.Client

	version string // of the phones
}

// before reports whether the phones are of a version before this one.
func (o *office) before(version string) bool {
	was, _ := eas.ParseVersion(o.version)
	than, _ := eas.ParseVersion(version)
	return was < than
}

// openOffice starts everything, and waits until the phone has the account's folders. prepare fills the account before the hub sees it.
func openOffice(t *testing.T, version string, prepare func(o *office)) *office {
	t.Helper()
	o := &office{T: t, version: version, server: mailkit.Dovecot(t, mailkit.Config{TLS: true}), sink: mailkit.NewSink(t), home: t.TempDir()}
	o.dial()
	if prepare != nil {
		prepare(o)
	}
	o.stirs = watchTree(t, o.server.Home("anna"))
	o.hub = startHubAt(t, "https://127.0.0.1:0")
	o.hub.cli("", "user", "mail", "anna", "--server", o.sink.Addr, "--tls", "none")
	place := "imaps://anna@" + o.server.IMAPS + "/?ca=" + o.server.CA
	o.hub.cli(mailkit.Password, "partner", "login", place, "--password-file", "-")
	o.hub.cli("", "partner", "add", place, "--name", "work")
	o.hub.cli("", "item", "add", "--all", "work", "--user", "anna")
	o.client = trusting(t, filepath.Join(o.hub.data, "tls", "ca.pem"))
	o.phone = o.newPhone("one")
	o.onPhone("the account's inbox", func() bool { return o.phone.FolderOf(typeInbox) != "" && o.phone.FolderOf(typeTrash) != "" })
	o.until("a folder for drafts at the account", func() bool { return slices.Contains(o.mailboxes(), "Drafts") })
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// within runs a part of the test.
func (o *office) within(name string, f func()) {
	o.Helper()
	was := o.T
	defer func() { o.T, o.hub.T = was, was }()
	was.Run(name, func(t *testing.T) {
		o.T, o.hub.T = t, t
		f()
	})
	if was.Failed() {
		was.FailNow()
	}
}

// dial connects the other mail program.
func (o *office) dial() {
	c, err := imapclient.DialInsecure(o.server.IMAP, nil)
	o.must(err)
	o.Cleanup(func() { c.Close() })
	o.must(c.Login("anna", mailkit.Password).Wait())
	o.mail = c
}

// trusting is a client that trusts an authority.
func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// newPhone is a phone of anna's, with its folders.
func (o *office) newPhone(name string) *easclient.Phone {
	o.Helper()
	var app struct{ Password string }
	o.must(json.Unmarshal([]byte(o.hub.cli("", "user", "app-password", "add", "anna", "phone "+name, "--json")), &app))
	p := easclient.NewPhone(&easclient.Client{HTTP: o.client, Base: o.hub.url, User: "anna@example.org", Password: app.Password, DeviceID: "phone" + name, DeviceType: "iPhone",
		Agent: "Apple-iPhone15C2/2101.303", Version: o.version})
	p.Body = 1
	o.must(p.FolderSync(o.Context()))
	return p
}

// stirs tells that something changed in a tree of folders.
type stirs struct {
	t    testing.TB
	w    *fsnotify.Watcher
	root string
	news chan struct{}
}

// watchTree watches the folder of an account's mail. In it the server shows each of its writes as it makes it.
func watchTree(t *testing.T, root string) *stirs {
	t.Helper()
	w, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	s := &stirs{t: t, w: w, root: root, news: make(chan struct{}, 1)}
	s.add(root)
	var wg sync.WaitGroup
	stir := func() {
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
	wg.Go(func() {
		for e := range w.Events {
			if e.Has(fsnotify.Create) {
				s.add(e.Name)
			}
			stir()
		}
	})
	wg.Go(func() { // the watcher stands still, and cannot be closed, while nobody takes an error
		for range w.Errors {
			stir()
		}
	})
	t.Cleanup(func() {
		w.Close()
		wg.Wait()
	})
	return s
}

// add watches a folder and those in it. What is gone again is not watched.
func (s *stirs) add(path string) {
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "tmp" {
			_ = s.w.Add(p)
		}
		return nil
	})
}

// until waits until something holds that changes at the account or mail on its way out bring about.
func (o *office) until(what string, holds func() bool) {
	o.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	for !holds() {
		select {
		case <-o.stirs.news:
		case <-o.sink.News:
		case <-ctx.Done():
			o.Fatalf("%s: never\n%s", what, o.picture())
		}
	}
	o.Logf("%-50s %5d ms", what, time.Since(began).Milliseconds())
}

// onPhone waits until something holds that comes to the phone by itself.
func (o *office) onPhone(what string, holds func() bool) {
	o.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	for {
		o.pull(o.phone)
		if holds() {
			o.Logf("%-50s %5d ms", what, time.Since(began).Milliseconds())
			return
		}
		var all []string
		for id, f := range o.phone.Folders {
			if isMail(f.Type) || f.Type == typeCalendar {
				all = append(all, id)
			}
		}
		if _, _, err := o.phone.Ping(ctx, 600, all...); err != nil {
			o.Fatalf("%s: never: %v\n%s", what, err, o.picture())
		}
	}
}

func isMail(typ int) bool { return typ >= 2 && typ <= 5 || typ == typeMail }

// pull brings a phone up to date. It is strict: nothing may come twice, or be forgotten.
func (o *office) pull(p *easclient.Phone) {
	o.Helper()
	if err := p.FolderSync(o.Context()); err != nil {
		o.Fatalf("folders: %v", err)
	}
	for id, f := range p.Folders {
		if isMail(f.Type) || f.Type == typeCalendar {
			if err := p.Sync(o.Context(), id); err != nil {
				o.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	if p.Wipes+p.Twice+p.Unknown != 0 {
		o.Fatalf("the phone met %d wipes, %d twice, %d unknown", p.Wipes, p.Twice, p.Unknown)
	}
}

// picture is how all stands, for a test that failed.
func (o *office) picture() string {
	var b strings.Builder
	for name, list := range map[string][]string{"the account": o.atServer(), "the phone": o.atPhone(o.phone)} {
		fmt.Fprintf(&b, "%s:\n  %s\n", name, strings.Join(list, "\n  "))
	}
	return b.String() + o.server.Log() + o.hub.cli("", "status") + o.hub.cli("", "log")
}

// mailboxes are the folders of the account.
func (o *office) mailboxes() []string {
	o.Helper()
	list, err := o.mail.List("", "*", nil).Collect()
	o.must(err)
	var out []string
	for _, l := range list {
		out = append(out, l.Mailbox)
	}
	slices.Sort(out)
	return out
}

// letter is a message at the account, or in a Maildir.
type letter struct {
	folder, subject string
	uid             imap.UID
	flags           []imap.Flag
	text            string
}

func (l letter) has(f imap.Flag) bool {
	return slices.ContainsFunc(l.flags, func(g imap.Flag) bool { return strings.EqualFold(string(f), string(g)) })
}

// letters are the messages of a mailbox, but those that are marked as deleted; none if it is not there.
func (o *office) letters(mailbox string) (out []letter) {
	o.Helper()
	if _, err := o.mail.Select(mailbox, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	msgs, err := o.mail.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	o.must(err)
	o.must(o.mail.Unselect().Wait()) // a server may leave one who has a folder open that goes
	for _, m := range msgs {
		if slices.Contains(m.Flags, imap.FlagDeleted) {
			continue
		}
		text := string(m.FindBodySection(section))
		out = append(out, letter{mailbox, subjectOf(text), m.UID, m.Flags, text})
	}
	return out
}

// letter is the newest message with a subject, nil if there is none. A draft that is edited is there twice for a moment.
func (o *office) letter(mailbox, subject string) *letter {
	o.Helper()
	for _, l := range slices.Backward(o.letters(mailbox)) {
		if l.subject == subject {
			return &l
		}
	}
	return nil
}

func subjectOf(text string) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		if s, ok := strings.CutPrefix(line, "Subject: "); ok {
			return s
		}
	}
	return ""
}

// append puts a message into a mailbox as the other program does.
func (o *office) append(mailbox, text string, flags ...imap.Flag) {
	o.Helper()
	cmd := o.mail.Append(mailbox, int64(len(text)), &imap.AppendOptions{Flags: flags})
	_, err := cmd.Write([]byte(text))
	o.must(err)
	o.must(cmd.Close())
	_, err = cmd.Wait()
	o.must(err)
}

// with selects a mailbox and does something with one message of it.
func (o *office) with(mailbox, subject string, do func(set imap.UIDSet)) {
	o.Helper()
	l := o.letter(mailbox, subject)
	if l == nil {
		o.Fatalf("%q is not in %s", subject, mailbox)
	}
	_, err := o.mail.Select(mailbox, nil).Wait()
	o.must(err)
	do(imap.UIDSetNum(l.uid))
	o.must(o.mail.Unselect().Wait())
}

// flag sets or takes flags of a message as the other program does.
func (o *office) flag(mailbox, subject string, op imap.StoreFlagsOp, flags ...imap.Flag) {
	o.Helper()
	o.with(mailbox, subject, func(set imap.UIDSet) {
		o.must(o.mail.Store(set, &imap.StoreFlags{Op: op, Silent: true, Flags: flags}, nil).Close())
	})
}

// expunge removes a message for good as the other program does.
func (o *office) expunge(mailbox, subject string) {
	o.Helper()
	o.with(mailbox, subject, func(set imap.UIDSet) {
		o.must(o.mail.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
		o.must(o.mail.UIDExpunge(set).Close())
	})
}

// folder is the id of the phone's folder of this name, "" if there is none.
func (o *office) folder(name string) string {
	for id, f := range o.phone.Folders {
		if isMail(f.Type) && pathOf(o.phone, id) == name {
			return id
		}
	}
	return ""
}

// pathOf is where a phone has a folder.
func pathOf(p *easclient.Phone, id string) string {
	f := p.Folders[id]
	name := f.Name
	if f.Type == typeInbox {
		name = "INBOX"
	}
	if _, ok := p.Folders[f.Parent]; ok {
		return pathOf(p, f.Parent) + "/" + name
	}
	return name
}

// item is what the phone has of the message with a subject in a folder, nil if it is not there.
func (o *office) item(folder, subject string) *easclient.Item {
	if s := o.phone.Stores[folder]; s != nil {
		for _, it := range s.Items {
			if field(it, wbxml.EmailSubject) == subject || field(it, wbxml.CalendarSubject) == subject {
				return it
			}
		}
	}
	return nil
}

func field(it *easclient.Item, tag wbxml.Tag) string {
	return wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Get(tag)
}

func flagged(it *easclient.Item) bool {
	f := wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.EmailFlag)
	return f != nil && f.Get(wbxml.EmailStatus) == "2"
}

// push sends what was queued for a folder.
func (o *office) push(folder string) {
	o.Helper()
	o.must(o.phone.Sync(o.Context(), folder))
}

// command sends a command of the phone's, written as XML, and returns the answer; nil for an empty one.
func (o *office) command(name, text string) *wbxml.Element {
	o.Helper()
	doc, err := wbxml.FromXML(strings.NewReader(text))
	o.must(err)
	a, err := o.phone.Do(o.Context(), name, doc)
	o.must(err)
	if a.Code != 200 {
		o.Fatalf("%s: HTTP %d", name, a.Code)
	}
	return a.Doc
}

// folderCommand sends a command about folders, whose answer must be good, and has the phone take the new list in.
func (o *office) folderCommand(name, inner string) {
	o.Helper()
	doc := o.command(name, "<"+name+"><SyncKey>"+o.phone.FolderKey+"</SyncKey>"+inner+"</"+name+">")
	if st := doc.Get(wbxml.FolderHierarchyStatus); st != "1" {
		o.Fatalf("%s: status %s", name, st)
	}
	o.phone.FolderKey = "0" // as a phone that looks at the whole list again
	o.must(o.phone.FolderSync(o.Context()))
}

// move moves messages on the phone, which knows then where they are.
func (o *office) move(from, to string, it *easclient.Item) {
	o.Helper()
	doc := o.command("MoveItems", fmt.Sprintf("<MoveItems><Move><SrcMsgId>%s</SrcMsgId><SrcFldId>%s</SrcFldId><DstFldId>%s</DstFldId></Move></MoveItems>", it.ServerID, from, to))
	r := doc.Child(wbxml.MoveResponse)
	if r.Get(wbxml.MoveStatus) != "3" {
		o.Fatalf("MoveItems: status %s", r.Get(wbxml.MoveStatus))
	}
	delete(o.phone.Stores[from].Items, it.ServerID)
	id := r.Get(wbxml.MoveDstMsgId)
	o.phone.Stores[to].Items[id] = &easclient.Item{ServerID: id, Data: it.Data}
}

// fetch gets a message whole, as a phone does that shows its source.
func fetch(ctx context.Context, p *easclient.Phone, ids ...string) ([][]byte, error) {
	var text strings.Builder
	text.WriteString("<ItemOperations>")
	for _, id := range ids {
		folder, _, _ := strings.Cut(id, ":")
		fmt.Fprintf(&text, "<Fetch><Store>Mailbox</Store><airsync:CollectionId>%s</airsync:CollectionId><airsync:ServerId>%s</airsync:ServerId><Options><airsync:MIMESupport>2</airsync:MIMESupport>"+
			"<airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options></Fetch>", folder, id)
	}
	text.WriteString("</ItemOperations>")
	doc, err := wbxml.FromXML(strings.NewReader(text.String()))
	if err != nil {
		return nil, err
	}
	p.Multipart = true
	defer func() { p.Multipart = false }()
	a, err := p.Do(ctx, "ItemOperations", doc)
	if err == nil && (a.Code != 200 || len(a.Parts) != len(ids)) {
		err = fmt.Errorf("ItemOperations: HTTP %d, %d parts", a.Code, len(a.Parts))
	}
	if err != nil {
		return nil, err
	}
	return a.Parts, nil
}

// tuid is the mark that mbsync puts into what it brings.
var tuid = regexp.MustCompile(`(?m)^X-TUID: .*\n`)

// line is how a message stands in a list of all.
func line(folder string, text []byte, read, flag bool) string {
	mark := ""
	if read {
		mark += " read"
	}
	if flag {
		mark += " flagged"
	}
	text = tuid.ReplaceAll([]byte(strings.ReplaceAll(string(text), "\r\n", "\n")), nil)
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s: %s %.12s%s", folder, subjectOf(string(text)), hex.EncodeToString(sum[:]), mark)
}

// atServer is all that is at the account.
func (o *office) atServer() (out []string) {
	o.Helper()
	for _, box := range o.mailboxes() {
		out = append(out, box)
		for _, l := range o.letters(box) {
			out = append(out, line(box, []byte(l.text), l.has(imap.FlagSeen), l.has(imap.FlagFlagged)))
		}
	}
	slices.Sort(out)
	return out
}

// atPhone is all the mail that a phone has.
func (o *office) atPhone(p *easclient.Phone) (out []string) {
	o.Helper()
	for id, f := range p.Folders {
		if !isMail(f.Type) {
			continue
		}
		name := pathOf(p, id)
		out = append(out, name)
		for server, it := range p.Stores[id].Items {
			parts, err := fetch(o.Context(), p, server)
			if err != nil {
				out = append(out, fmt.Sprintf("%s: %s is gone: %v", name, field(it, wbxml.EmailSubject), err))
				continue
			}
			out = append(out, line(name, parts[0], field(it, wbxml.EmailRead) == "1", flagged(it)))
		}
	}
	slices.Sort(out)
	return out
}

// useMbsync gives the account to mbsync, too.
func (o *office) useMbsync() {
	o.Helper()
	o.mbsync = need.Program(o.T, "mbsync", "isync")
	host, port, _ := strings.Cut(o.server.IMAP, ":")
	write(o.T, filepath.Join(o.home, "mbsyncrc"), fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser anna\nPass \"%s\"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\n"+
		"MaildirStore near\nPath %[4]s/Mail/\nInbox %[4]s/Mail/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nRemove Both\nExpunge Both\nSyncState *\n",
		host, port, mailkit.Password, o.home))
	o.must(os.MkdirAll(filepath.Join(o.home, "Mail"), 0o700))
}

// isync runs mbsync.
func (o *office) isync() {
	o.Helper()
	run(o.T, o.home, "", o.mbsync, "-c", filepath.Join(o.home, "mbsyncrc"), "c")
}

// maildir is a folder of mbsync's.
func (o *office) maildir(name string) string {
	return filepath.Join(o.home, "Mail", strings.ReplaceAll(name, "öß", wide))
}

// wide is "öß" as IMAP writes it, and mbsync with it. RFC 3501 5.1.3
const wide = "&APYA3w-"

// atMbsync is all that mbsync has.
func (o *office) atMbsync() (out []string) {
	o.Helper()
	root := filepath.Join(o.home, "Mail")
	o.must(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, sub := filepath.Split(path)
		folder := strings.ReplaceAll(strings.Trim(strings.TrimPrefix(dir, root), "/"), wide, "öß")
		switch {
		case d.IsDir() && sub == "cur":
			out = append(out, folder)
		case !d.IsDir() && (strings.HasSuffix(folder, "/cur") || strings.HasSuffix(folder, "/new")):
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			_, info, _ := strings.Cut(sub, ":2,")
			out = append(out, line(folder[:len(folder)-4], data, strings.Contains(info, "S"), strings.Contains(info, "F")))
		}
		return nil
	}))
	slices.Sort(out)
	return out
}
