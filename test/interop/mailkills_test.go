package interop

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem/test/hubkit"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

var kills = flag.String("imap.kills", "some", "where the hub is killed in its talk with a mail server: some, or all commands, also with servers that cannot do much")

// mortalOffice is an office whose hub speaks with the account through a proxy, and can be killed at what it says there.
type mortalOffice struct {
	*office
	whole *testing.T // with which the hub ends
	proxy *mailkit.Proxy
	end   func()
	kill  func()
}

// openMortal starts everything and waits until the phone has what is at the account.
func openMortal(t *testing.T, conf mailkit.Config, prepare func(m *mortalOffice)) *mortalOffice {
	t.Helper()
	m := &mortalOffice{whole: t, office: &office{T: t, version: "16.1", server: mailkit.Dovecot(t, conf), sink: mailkit.NewSink(t), client: http.DefaultClient}}
	m.dial()
	prepare(m)
	m.proxy = mailkit.NewProxy(t, m.server.IMAP)
	m.stirs = watchTree(t, m.server.Home("anna"))
	m.hub = &hub{T: t, data: t.TempDir(), user: "anna", password: "correct horse battery"}
	m.hub.cli(m.hub.password, "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	place := "imap://anna@" + m.proxy.Addr + "/"
	m.hub.cli(mailkit.Password, "partner", "login", place, "--password-file", "-")
	m.hub.cli("", "partner", "add", place, "--name", "work")
	m.hub.cli("", "item", "add", "--all", "work", "--user", "anna")
	m.start()
	m.phone = m.newPhone("one")
	m.onPhone("the account's folders", func() bool { return m.phone.FolderOf(typeInbox) != "" && m.folder("Projects") != "" })
	m.until("a folder for drafts at the account", func() bool { return slices.Contains(m.mailboxes(), "Drafts") })
	m.same()
	return m
}

// start starts the hub, at a new address.
func (m *mortalOffice) start() {
	m.Helper()
	m.hub.url, m.end, m.kill = hubkit.Mortal(m.whole, m.hub.data, "http://127.0.0.1:0", regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`))
	if m.phone != nil {
		m.phone.Base = m.hub.url
	}
}

// die has the hub killed at a fault, makes the change that leads to it, and starts the hub again. The change is made by somebody who may have to do it twice: the answer may be lost with the hub.
func (m *mortalOffice) die(fault func(), change func() error) {
	m.Helper()
	dead := make(chan struct{})
	m.proxy.Then(func() {
		m.kill()
		close(dead)
	})
	fault()
	broken := change()
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	defer cancel()
	select {
	case <-dead:
	case <-ctx.Done():
		m.Fatalf("the hub was never killed (%v)\n%s", broken, m.picture())
	}
	m.proxy.Heal()
	m.start()
	if broken != nil {
		if err := change(); err != nil {
			m.Fatalf("once more: %v", err)
		}
	}
}

// same holds that the phone has what is at the account, each message once, and that another run changes nothing.
func (m *mortalOffice) same() {
	m.Helper()
	m.hub.cli("", "sync")
	if n, what := m.changed(); n != 0 {
		m.Errorf("a second run changed something:\n%s", what)
	}
	m.pull(m.phone)
	if d := difference(m.atServer(), m.atPhone(m.phone)); d != "" {
		m.Errorf("the phone differs from the account:\n%s", d)
	}
	times := map[string]int{}
	for _, box := range m.mailboxes() {
		for _, l := range m.letters(box) {
			for _, name := range []string{l.subject, messageID(l.text)} {
				if times[name]++; times[name] == 2 {
					m.Errorf("%q is there twice", name)
				}
			}
		}
	}
	if m.Failed() {
		m.Fatal(m.picture())
	}
}

func messageID(text string) string {
	return strings.TrimSpace(regexp.MustCompile(`(?i)\r\nMessage-ID:([^\r]*)`).FindString(text))
}

// changed runs all items and says how much that changed.
func (m *mortalOffice) changed() (n int, what string) {
	m.Helper()
	what = m.hub.cli("", "sync", "--json")
	for text := range strings.Lines(what) {
		var l struct {
			Report *struct {
				A, B struct{ Creates, Updates, Attributes, Moves, Deletes int }
			}
		}
		m.must(json.Unmarshal([]byte(text), &l))
		if l.Report != nil {
			n += l.Report.A.Creates + l.Report.A.Updates + l.Report.A.Attributes + l.Report.A.Moves + l.Report.A.Deletes +
				l.Report.B.Creates + l.Report.B.Updates + l.Report.B.Attributes + l.Report.B.Moves + l.Report.B.Deletes
		}
	}
	return n, what
}

// moments are where a command can be when the hub dies: half of it went out; the server did it, and the answer is lost; the hub heard the answer, and goes on.
// That the command arrived whole and was not begun on cannot be told from the second: the server does it all the same.
func (m *mortalOffice) moments(command string, half int64) map[string]func() {
	return map[string]func(){
		"half":  func() { m.proxy.Cut(true, half, command) },
		"done":  func() { m.proxy.Deafen(command) },
		"heard": func() { m.proxy.Hearken(command) },
	}
}

// killing is a change that needs a command at the server. In it and in what must hold in the end %s is the moment.
type killing struct {
	name, command string
	half          int64 // bytes of the command that go out, after its name
	change        func(m *mortalOffice, moment string) error
	holds         func(m *mortalOffice, moment string) bool
	more          bool // only with -imap.kills=all
	last          bool // nothing need follow the answer
}

// at is what the account has of the letter for one moment of a killing.
func (m *mortalOffice) at(mailbox, name, moment string) *letter {
	return m.letter(mailbox, name+" "+moment)
}

// edit is a change that the phone makes to the letter for one moment of a killing. What was not answered it sends again with the next sync.
func (m *mortalOffice) edit(folder, subject string, do func(id string)) error {
	m.Helper()
	if len(m.phone.Stores[folder].Queue) == 0 {
		it := m.item(folder, subject)
		if it == nil {
			m.Fatalf("the phone has no %q", subject)
		}
		do(it.ServerID)
	}
	return m.phone.Sync(m.Context(), folder)
}

// messageKillings are changes of messages.
func messageKillings() []killing {
	return []killing{
		{name: "draft", command: " APPEND ", half: 150, change: func(m *mortalOffice, moment string) error {
			drafts := m.phone.FolderOf(typeDrafts)
			if len(m.phone.Stores[drafts].Queue) == 0 {
				m.phone.Add(drafts, wbxml.Text(wbxml.EmailTo, "bert@elsewhere.org"), wbxml.Text(wbxml.EmailSubject, "draft "+moment), wbxml.Text(wbxml.EmailRead, "1"), plain("A thought of some length."))
			}
			return m.phone.Sync(m.Context(), drafts)
		}, holds: func(m *mortalOffice, moment string) bool {
			l := m.at("Drafts", "draft", moment)
			return l != nil && l.has(imap.FlagDraft)
		}},
		{name: "flag", command: " UID STORE ", half: 12, change: func(m *mortalOffice, moment string) error {
			inbox := m.phone.FolderOf(typeInbox)
			return m.edit(inbox, "flag "+moment, func(id string) {
				m.phone.Change(inbox, id, wbxml.Text(wbxml.EmailRead, "1"), wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailStatus, "2"), wbxml.Text(wbxml.EmailFlagType, "x")))
			})
		}, holds: func(m *mortalOffice, moment string) bool {
			l := m.at("INBOX", "flag", moment)
			return l != nil && l.has(imap.FlagSeen) && l.has(imap.FlagFlagged)
		}},
		moving("move", " UID MOVE "),
		removing("remove", " UID EXPUNGE ", 1, false, true),
		removing("mark", "+FLAGS.SILENT", 3, true, false),
		{name: "come", command: "BODY.PEEK[]", half: 1, last: true, change: func(m *mortalOffice, moment string) error {
			m.append("INBOX", plainLetter("come "+moment, "X-Long: "+strings.Repeat("long ", 100)))
			return nil
		}, holds: func(m *mortalOffice, moment string) bool {
			return m.item(m.phone.FolderOf(typeInbox), "come "+moment) != nil
		}},
	}
}

// moving is a killing while a message goes to another folder.
func moving(name, command string) killing {
	return killing{name: name, command: command, half: 3, change: func(m *mortalOffice, moment string) error {
		inbox := m.phone.FolderOf(typeInbox)
		m.move(inbox, m.folder("Projects"), m.item(inbox, name+" "+moment))
		return nil
	}, holds: func(m *mortalOffice, moment string) bool {
		return m.at("INBOX", name, moment) == nil && m.at("Projects", name, moment) != nil
	}}
}

// removing is a killing while a message is removed for good.
func removing(name, command string, half int64, more, last bool) killing {
	return killing{name: name, command: command, half: half, more: more, last: last, change: func(m *mortalOffice, moment string) error {
		trash := m.phone.FolderOf(typeTrash)
		return m.edit(trash, name+" "+moment, func(id string) { m.phone.Delete(trash, id) })
	}, holds: func(m *mortalOffice, moment string) bool { return m.at("Trash", name, moment) == nil }}
}

// folderKillings are changes of folders.
func folderKillings() []killing {
	return []killing{
		{name: "create", command: " CREATE ", half: 3, change: func(m *mortalOffice, moment string) error {
			return m.tryFolder("FolderCreate", "<ParentId>0</ParentId><DisplayName>new "+moment+"</DisplayName><Type>12</Type>", func() bool { return m.folder("new "+moment) != "" })
		}, holds: func(m *mortalOffice, moment string) bool { return slices.Contains(m.mailboxes(), "new "+moment) }},
		{name: "rename", command: " RENAME ", half: 8, change: func(m *mortalOffice, moment string) error {
			return m.tryFolder("FolderUpdate", "<ServerId>"+m.folder("rename "+moment)+"</ServerId><ParentId>0</ParentId><DisplayName>now "+moment+"</DisplayName>",
				func() bool { return m.folder("now "+moment) != "" })
		}, holds: func(m *mortalOffice, moment string) bool {
			return !slices.Contains(m.mailboxes(), "rename "+moment) && m.letter("now "+moment, "in rename "+moment) != nil
		}},
		{name: "delete", command: " DELETE ", half: 3, change: func(m *mortalOffice, moment string) error {
			return m.tryFolder("FolderDelete", "<ServerId>"+m.folder("delete "+moment)+"</ServerId>", func() bool { return m.folder("delete "+moment) == "" })
		}, holds: func(m *mortalOffice, moment string) bool { return !slices.Contains(m.mailboxes(), "delete "+moment) }},
	}
}

// tryFolder sends a command about folders. One that was not answered is sent again, unless the list of folders shows that it was done.
func (m *mortalOffice) tryFolder(name, inner string, done func() bool) error {
	m.Helper()
	if done() {
		return nil
	}
	doc, err := wbxml.FromXML(strings.NewReader("<" + name + "><SyncKey>" + m.phone.FolderKey + "</SyncKey>" + inner + "</" + name + ">"))
	m.must(err)
	a, err := m.phone.Do(m.Context(), name, doc)
	if err == nil && a.Code != 200 {
		err = fmt.Errorf("%s: HTTP %d", name, a.Code)
	}
	if err == nil && a.Doc.Get(wbxml.FolderHierarchyStatus) != "1" {
		err = fmt.Errorf("%s: status %s", name, a.Doc.Get(wbxml.FolderHierarchyStatus))
	}
	if serr := m.phone.FolderSync(m.Context()); serr != nil {
		return errors.Join(err, serr)
	}
	if done() {
		return nil
	}
	return err
}

// TestAccountKilled: the hub is killed while it tells a mail server of a change, or hears of one, at each step of the command that does it, and started again. In the end the account and the phone hold the
// same, each message once and as it was changed, and nothing is left to do.
func TestAccountKilled(t *testing.T) {
	t.Parallel()
	t.Run("messages", func(t *testing.T) {
		t.Parallel()
		testAccountKilled(t, mailkit.Config{}, messageKillings())
	})
	t.Run("folders", func(t *testing.T) {
		t.Parallel()
		testAccountKilled(t, mailkit.Config{}, folderKillings())
	})
	if *kills != "all" {
		return
	}
	const basic = "IMAP4rev1 ENABLE IDLE LITERAL+ NAMESPACE"
	for name, caps := range map[string]string{"without MOVE": basic + " UIDPLUS CONDSTORE", "without CONDSTORE": basic + " UIDPLUS MOVE", "old": "IMAP4rev1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := slices.DeleteFunc(messageKillings(), func(k killing) bool {
				return k.name == "move" && !strings.Contains(caps, "MOVE") || k.name == "remove" && !strings.Contains(caps, "UIDPLUS") || k.name == "come" && !strings.Contains(caps, "IDLE") // there it is looked once a minute
			})
			if name == "without MOVE" {
				list = append(list, moving("copy", " UID COPY "))
			}
			testAccountKilled(t, mailkit.Config{Capabilities: caps}, append(list, folderKillings()...))
		})
	}
}

func testAccountKilled(t *testing.T, conf mailkit.Config, list []killing) {
	m := openMortal(t, conf, func(m *mortalOffice) {
		for _, box := range []string{"Projects", "Trash"} {
			mailkit.MakeFolder(m, m.mail, box)
		}
		for _, moment := range []string{"done", "half", "heard"} {
			for _, k := range list {
				switch k.name {
				case "flag", "move", "copy":
					m.append("INBOX", plainLetter(k.name+" "+moment))
				case "remove", "mark":
					m.append("Trash", plainLetter(k.name+" "+moment))
				case "rename", "delete":
					mailkit.MakeFolder(m, m.mail, k.name+" "+moment)
				}
				if k.name == "rename" {
					m.append("rename "+moment, plainLetter("in rename "+moment))
				}
			}
		}
	})
	for _, k := range list {
		if k.more && *kills != "all" {
			continue
		}
		faults := m.moments(k.command, k.half)
		for _, moment := range slices.Sorted(maps.Keys(faults)) {
			if moment == "heard" && k.last {
				continue
			}
			m.within(k.name+" "+moment, func() {
				m.die(faults[moment], func() error { return k.change(m, moment) })
				if k.name == "come" {
					m.onPhone("as it was changed", func() bool { return k.holds(m, moment) })
				} else {
					m.until("as it was changed", func() bool { return k.holds(m, moment) })
				}
				m.same()
			})
		}
	}
	fresh := m.newPhone("two")
	m.pull(fresh)
	if d := difference(m.atServer(), m.atPhone(fresh)); d != "" {
		t.Errorf("a new phone differs from the account:\n%s", d)
	}
	if out := m.hub.cli("", "conflict", "list"); strings.Contains(out, "work") {
		t.Errorf("conflicts:\n%s", out)
	}
}
