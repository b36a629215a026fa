package eas_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/center"
	"tandem/kind"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/imap"
	"tandem/provider/maildir"
	runs "tandem/session"
	"tandem/test/easclient"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// accountHouse is a house in which ann's mail is an account elsewhere, and a hub keeps the two in step. Its messages lie in a Maildir++ in both cases.
type accountHouse struct {
	*postHouse
	root  string
	hub   *center.Hub
	phone *easclient.Phone
}

func newAccountHouse(t *testing.T, place, root string) *accountHouse {
	t.Helper()
	h := &accountHouse{postHouse: newPostHouse(t), root: root}
	reg := provider.NewRegistry(append(imap.Providers(), maildir.Provider())...)
	opener := home.Opener{Store: h.st, Kinds: h.kinds}
	known := func(k tandem.Kind) (kind.Handler, bool) { x, ok := h.kinds[k]; return x, ok }
	hub := center.New(center.Config{Store: h.st, Times: center.Times{Poll: 300 * time.Millisecond}, Places: reg, Kind: known,
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Env: provider.Env{Kind: known, Secret: func(context.Context, string) (string, error) { return mailkit.Password, nil }},
		Run: func(ctx context.Context, p runs.Pair, o runs.Options) (*runs.Report, error) {
			return runs.Run(ctx, runs.Deps{Store: h.st}, p, o)
		}})
	t.Cleanup(func() { h.must(hub.Close()) })
	_, err := hub.AddPartner(t.Context(), "ann", "work", place)
	h.must(err)
	h.hub, h.far = hub, hub.Far()
	h.open()
	h.must(hub.Start(t.Context()))
	h.must(hub.FollowFolders(t.Context(), center.Follow{Partner: "work", User: "ann"}))
	h.phone = h.postHouse.phone("ann", "phone1", "16.1")
	return h
}

// file finds the file of the message with a subject in a folder: its path below the root, "" if there is none.
func (h *accountHouse) file(dir, subject string) string {
	for _, sub := range []string{"new", "cur"} {
		list, _ := os.ReadDir(filepath.Join(h.root, dir, sub))
		for _, e := range list {
			path := filepath.Join(dir, sub, e.Name())
			if data, err := os.ReadFile(filepath.Join(h.root, path)); err == nil && strings.Contains(string(data), "Subject: "+subject) {
				return path
			}
		}
	}
	return ""
}

func (h *accountHouse) isDir(dir string) bool {
	info, err := os.Stat(filepath.Join(h.root, dir))
	return err == nil && info.IsDir()
}

// sees reports whether the phone has the message in the folder, and gives it.
func (h *accountHouse) sees(folder, subject string) (*easclient.Item, bool) {
	h.Helper()
	h.must(h.phone.FolderSync(context.Background()))
	for id, f := range h.phone.Folders {
		if f.Name != folder {
			continue
		}
		h.must(h.phone.Sync(context.Background(), id))
		for _, it := range h.phone.Stores[id].Items {
			for _, e := range it.Data {
				if e.Tag == wbxml.EmailSubject && e.Text == subject {
					return it, true
				}
			}
		}
	}
	return nil, false
}

func (h *accountHouse) folder(name string) string {
	h.Helper()
	for id, f := range h.phone.Folders {
		if f.Name == name {
			return id
		}
	}
	h.Fatalf("the phone has no folder %q: %v", name, h.phone.Folders)
	return ""
}

// ask sends a command about folders, whose answer must be good, takes its key over, and returns the answer.
func (h *accountHouse) ask(command, inner string) string {
	h.Helper()
	got := h.do(h.phone.Client, command, "<"+command+"><SyncKey>"+h.phone.FolderKey+"</SyncKey>"+inner+"</"+command+">")
	m := regexp.MustCompile(`SyncKey=([^ }]+)`).FindStringSubmatch(got)
	if !strings.Contains(got, "Status=1") || m == nil {
		h.Fatalf("%s: %s", command, got)
	}
	h.phone.FolderKey = m[1]
	return got
}

// soon waits for something that should come by itself, and says how long it took.
func (h *accountHouse) soon(what string, is func() bool) {
	h.Helper()
	began := time.Now()
	for !is() {
		if time.Since(began) > time.Minute {
			log, _ := h.st.Events.List(context.Background(), -20, "", 0)
			h.Fatalf("%s: does not come; the log: %+v", what, log)
		}
		<-time.After(10 * time.Millisecond)
	}
	h.Logf("%-40s %4d ms", what, time.Since(began).Milliseconds())
}

// TestMailAccount: what a person does to mail on the phone is done at the account, and the other way round.
func TestMailAccount(t *testing.T) {
	t.Run("Maildir", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "Maildir")
		makeMaildirs(t, root, "")
		testMailAccount(newAccountHouse(t, "maildir:"+root, root), func() { makeMaildirs(t, root, ".Listen.go") })
	})
	t.Run("IMAP", func(t *testing.T) {
		s := mailkit.Dovecot(t, mailkit.Config{Users: []string{"ann"}})
		testMailAccount(newAccountHouse(t, "imap://ann@"+s.IMAP, filepath.Join(s.Home("ann"), "mail")), func() {
			c, err := imapclient.DialInsecure(s.IMAP, nil)
			if err == nil {
				err = errors.Join(c.Login("ann", mailkit.Password).Wait(), c.Create("Listen/go", nil).Wait(), c.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}

func makeMaildirs(t testing.TB, root, dir string) {
	t.Helper()
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		path := filepath.Join(root, dir, sub)
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o777); err != nil { // a server that is somebody else works here, too
			t.Fatal(err)
		}
	}
}

func testMailAccount(h *accountHouse, makeFolder func()) {
	path := func(p string) string { return filepath.Join(h.root, p) }
	h.soon("the account's folders", func() bool { return h.isDir(".Trash/cur") && h.isDir("cur") })

	h.must(os.WriteFile(path("tmp/1700000001.M1P1.mx"), []byte(letterOf("Plan", "zoe@example.org", "ann@example.org", "Hello")), 0o666))
	h.must(os.Chmod(path("tmp/1700000001.M1P1.mx"), 0o666))
	h.must(os.Rename(path("tmp/1700000001.M1P1.mx"), path("new/1700000001.M1P1.mx")))
	var it *easclient.Item
	h.soon("a message on the phone", func() (ok bool) { it, ok = h.sees("Inbox", "Plan"); return ok })

	h.phone.Change(h.folder("Inbox"), it.ServerID, wbxml.Text(wbxml.EmailRead, "1"))
	h.must(h.phone.Sync(context.Background(), h.folder("Inbox")))
	h.soon("read on the phone", func() bool { return strings.HasSuffix(h.file("", "Plan"), ":2,S") })

	was := h.file("", "Plan")
	h.must(os.Rename(path(was), path(strings.TrimSuffix(was, "S")+"FS")))
	h.soon("flagged at the account", func() bool {
		h.sees("Inbox", "") // a change says only what changed
		now := h.phone.Stores[h.folder("Inbox")].Items[it.ServerID]
		if now == nil {
			h.Fatal("the phone lost the message")
		}
		for _, e := range now.Data {
			if e.Tag == wbxml.EmailFlag && e.Get(wbxml.EmailStatus) == "2" {
				return true
			}
		}
		return false
	})

	made := serverID(h.ask("FolderCreate", "<ParentId>0</ParentId><DisplayName>Reisen</DisplayName><Type>12</Type>"))
	h.phone.Folders[made] = easclient.Folder{ID: made, Parent: "0", Name: "Reisen", Type: 12}
	h.phone.Stores[made] = &easclient.Store{Key: "0", Items: map[string]*easclient.Item{}}
	h.soon("a folder made on the phone", func() bool { return h.isDir(".Reisen/cur") })
	got := h.do(h.phone.Client, "MoveItems", fmt.Sprintf("<MoveItems><Move><SrcMsgId>%s</SrcMsgId><SrcFldId>%s</SrcFldId><DstFldId>%s</DstFldId></Move></MoveItems>", it.ServerID, h.folder("Inbox"), h.folder("Reisen")))
	contains(h, got, "Status=3")
	h.soon("the message in its new folder", func() bool {
		return strings.HasSuffix(h.file(".Reisen", "Plan"), ":2,FS") && h.file("", "Plan") == ""
	})

	h.ask("FolderUpdate", "<ServerId>"+h.folder("Reisen")+"</ServerId><ParentId>0</ParentId><DisplayName>Fahrten</DisplayName>")
	h.phone.Folders[made] = easclient.Folder{ID: made, Parent: "0", Name: "Fahrten", Type: 12}
	h.soon("a folder renamed on the phone", func() bool { return h.file(".Fahrten", "Plan") != "" && !h.isDir(".Reisen") })

	kid := serverID(h.ask("FolderCreate", "<ParentId>"+made+"</ParentId><DisplayName>Sued</DisplayName><Type>12</Type>"))
	h.soon("a folder made within it on the phone", func() bool { return h.isDir(".Fahrten.Sued/cur") })
	h.ask("FolderUpdate", "<ServerId>"+made+"</ServerId><ParentId>0</ParentId><DisplayName>Wege</DisplayName>")
	h.soon("renamed with what is in it", func() bool {
		return h.isDir(".Wege.Sued/cur") && h.file(".Wege", "Plan") != "" && !h.isDir(".Fahrten.Sued") && !h.isDir(".Fahrten")
	})
	h.ask("FolderUpdate", "<ServerId>"+kid+"</ServerId><ParentId>0</ParentId><DisplayName>Sued</DisplayName>")
	h.soon("taken out of it on the phone", func() bool { return h.isDir(".Sued/cur") && !h.isDir(".Wege.Sued") })
	h.ask("FolderUpdate", "<ServerId>"+kid+"</ServerId><ParentId>"+made+"</ParentId><DisplayName>Nord</DisplayName>")
	h.soon("put into it again by another name", func() bool { return h.isDir(".Wege.Nord/cur") && !h.isDir(".Sued") })
	h.ask("FolderUpdate", "<ServerId>"+made+"</ServerId><ParentId>0</ParentId><DisplayName>Fahrten</DisplayName>")
	h.soon("renamed back", func() bool {
		return h.isDir(".Fahrten.Nord/cur") && h.file(".Fahrten", "Plan") != "" && !h.isDir(".Wege")
	})

	h.soon("the message in the renamed folder", func() (ok bool) { it, ok = h.sees("Fahrten", "Plan"); return ok })
	h.phone.Delete(h.folder("Fahrten"), it.ServerID)
	h.must(h.phone.Sync(context.Background(), h.folder("Fahrten")))
	h.soon("deleted on the phone", func() bool { return h.file(".Fahrten", "Plan") == "" && h.file(".Trash", "Plan") != "" })

	h.ask("FolderDelete", "<ServerId>"+h.folder("Fahrten")+"</ServerId>")
	delete(h.phone.Folders, made)
	h.soon("a folder deleted on the phone", func() bool { return !h.isDir(".Fahrten") && !h.isDir(".Fahrten.Nord") })
	if h.file(".Trash", "Plan") == "" {
		h.Error("the message is lost")
	}
	makeFolder()
	h.soon("a folder made at the account", func() bool {
		h.must(h.phone.FolderSync(context.Background()))
		for _, f := range h.phone.Folders {
			if f.Name == "Listen/go" {
				return true
			}
		}
		return false
	})
}
