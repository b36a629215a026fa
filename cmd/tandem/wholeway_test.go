package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/center"
	"tandem/internal/corpus"
	"tandem/server/listen"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// phoneHub is a running hub with a folder of vCards on one side and a phone on the other.
type phoneHub struct {
	*testing.T
	hub   *hub
	cards string // the folder
	phone *easclient.Phone
	news  chan struct{} // holds a token when a run ended since it was last taken
	stop  func()        // has it serve no longer; the hub stays open
}

func newPhoneHub(t *testing.T) *phoneHub {
	t.Helper()
	news := make(chan struct{}, 1)
	h, err := openHub(filepath.Join(t.TempDir(), "hub"), hubOptions{news: func(center.SyncNews) {
		select {
		case news <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := &phoneHub{T: t, hub: h, cards: filepath.Join(t.TempDir(), "cards"), news: news}
	p.must(os.Mkdir(p.cards, 0o700))
	_, err = h.accounts.Add(t.Context(), store.User{Name: "anna", Address: "anna@example.org"}, "correct horse battery")
	p.must(err)
	password, _, err := h.accounts.NewAppPassword(t.Context(), "anna", "phone")
	p.must(err)
	_, err = h.AddItem(t.Context(), center.NewItem{Home: "contacts", Partner: "vdir:" + escape(p.cards), Kind: "contact", Name: "cards", User: "anna"})
	p.must(err)
	d, err := h.openDoors(doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}, slog.New(slog.DiscardHandler))
	p.must(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	go func() { done <- a.serveQuietly(ctx, h, d) }()
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority()}}
	p.stop = sync.OnceFunc(func() {
		tr.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		p.stop()
		p.must(h.Close())
	})
	p.phone = easclient.NewPhone(&easclient.Client{HTTP: &http.Client{Transport: tr}, Base: d.srv.Addresses()[0].String(), User: "anna@example.org", Password: password,
		DeviceID: "phone1", DeviceType: "iPhone", Agent: "Apple-iPhone15C2/2101.303", Version: "16.1"})
	return p
}

func (p *phoneHub) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// folder waits for the hub's runs until a predicate holds for the texts of all cards in the folder.
func (p *phoneHub) folder(what string, holds func(all []string) bool) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	for {
		var all []string
		files, err := filepath.Glob(filepath.Join(p.cards, "*.vcf"))
		p.must(err)
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil {
				all = append(all, string(b))
			}
		}
		if holds(all) {
			return
		}
		select {
		case <-p.news:
		case <-ctx.Done():
			p.Fatalf("%s: the folder holds %q", what, all)
		}
	}
}

func holding(part string) func([]string) bool {
	return func(all []string) bool { return strings.Contains(strings.Join(all, ""), part) }
}

// item is the phone's record whose last name is this.
func (p *phoneHub) item(folder, name string) *easclient.Item {
	p.Helper()
	for _, it := range p.phone.Stores[folder].Items {
		if wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Get(wbxml.ContactsLastName) == name {
			return it
		}
	}
	p.Fatalf("the phone has no %s", name)
	return nil
}

// TestPhoneToFolder: what a phone does arrives in a folder of vCards through the hub and the other way round: add, edit, push, move, delete; then the
// phone is wiped.
func TestPhoneToFolder(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	p.must(p.phone.FolderSync(ctx))
	contacts := p.phone.FolderOf(9)
	p.must(p.phone.Sync(ctx, contacts))

	p.phone.Add(contacts, wbxml.Text(wbxml.ContactsLastName, "Adams"), wbxml.Text(wbxml.ContactsFileAs, "Adams"), wbxml.Text(wbxml.ContactsMobilePhoneNumber, "+49 1"))
	p.must(p.phone.Sync(ctx, contacts))
	p.folder("the phone adds", holding("+49 1"))

	pushed := make(chan string, 1)
	go func() {
		status, _, err := p.phone.Ping(ctx, 600, contacts)
		if err != nil {
			status = err.Error()
		}
		pushed <- status
	}()
	p.must(os.WriteFile(filepath.Join(p.cards, "ben.vcf"), []byte("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:ben\r\nFN:Ben Bauer\r\nN:Bauer;Ben;;;\r\nX-ODD:kept\r\nEND:VCARD\r\n"), 0o600))
	if status := <-pushed; status != "2" {
		t.Fatalf("Ping: %s", status)
	}
	p.must(p.phone.Sync(ctx, contacts))
	ben := p.item(contacts, "Bauer")
	p.phone.Change(contacts, ben.ServerID, wbxml.Text(wbxml.ContactsMobilePhoneNumber, "+49 2"))
	p.must(p.phone.Sync(ctx, contacts))
	p.folder("the phone edits", func(all []string) bool {
		text := strings.Join(all, "")
		return strings.Contains(text, "+49 2") && strings.Contains(text, "X-ODD:kept")
	})

	a, err := p.phone.Do(ctx, "FolderCreate", wbxml.New(wbxml.FolderHierarchyFolderCreate, wbxml.Text(wbxml.FolderHierarchySyncKey, p.phone.FolderKey),
		wbxml.Text(wbxml.FolderHierarchyParentId, "0"), wbxml.Text(wbxml.FolderHierarchyDisplayName, "Old"), wbxml.Text(wbxml.FolderHierarchyType, "14")))
	p.must(err)
	old := a.Doc.Get(wbxml.FolderHierarchyServerId)
	a, err = p.phone.Do(ctx, "MoveItems", wbxml.New(wbxml.MoveMoveItems, wbxml.New(wbxml.MoveMove, wbxml.Text(wbxml.MoveSrcMsgId, ben.ServerID),
		wbxml.Text(wbxml.MoveSrcFldId, contacts), wbxml.Text(wbxml.MoveDstFldId, old))))
	p.must(err)
	if st := a.Doc.Child(wbxml.MoveResponse).Get(wbxml.MoveStatus); st != "3" {
		t.Fatalf("MoveItems: status %s", st)
	}
	p.folder("the phone moves", func(all []string) bool { return !holding("Bauer")(all) })

	p.phone.Delete(contacts, p.item(contacts, "Adams").ServerID)
	p.must(p.phone.Sync(ctx, contacts))
	p.folder("the phone deletes", func(all []string) bool { return len(all) == 0 })
	if past, err := p.hub.History(ctx, store.PastFilter{Text: "Adams"}); err != nil || len(past) == 0 {
		t.Errorf("what the phone deleted is not in history: %v", err)
	}
	p.wipe(ctx)
}

// wipe has the admin wipe the phone, which waits for changes, hears of it at once, and obeys.
func (p *phoneHub) wipe(ctx context.Context) {
	p.Helper()
	waited := make(chan string, 1)
	go func() {
		status, _, err := p.phone.Ping(ctx, 600, p.phone.FolderOf(9))
		if err != nil {
			status = err.Error()
		}
		waited <- status
	}()
	for p.hub.doors.door.Broker.Waiting() == 0 {
		runtime.Gosched()
	}
	_, err := p.hub.devices.AskWipe(ctx, "anna", "phone1", false, "admin")
	p.must(err)
	if status := <-waited; status != "1" {
		p.Fatalf("the Ping that waited: %s", status)
	}
	a, err := p.phone.Do(ctx, "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
	p.must(err)
	if a.Status() != "140" {
		p.Fatalf("FolderSync: status %s", a.Status())
	}
	a, err = p.phone.Do(ctx, "Provision", wbxml.Empty(wbxml.ProvisionProvision))
	p.must(err)
	if !a.Doc.Has(wbxml.ProvisionRemoteWipe) {
		p.Fatal("the phone is not told to wipe itself")
	}
	_, err = p.phone.Do(ctx, "Provision", wbxml.New(wbxml.ProvisionProvision, wbxml.New(wbxml.ProvisionRemoteWipe, wbxml.Text(wbxml.ProvisionStatus, "1"))))
	p.must(err)
	d, err := p.hub.store.Devices.Device(ctx, "anna", "phone1")
	p.must(err)
	if d.Wipe != store.Wiped || d.Access != store.Blocked {
		p.Errorf("after the wipe: %+v", d)
	}
}

// TestCorpusToPhone: the first sync of the corpus: every card that the hub takes is on the phone, once. Many of the files share UIDs, which one
// collection holds once.
func TestCorpusToPhone(t *testing.T) {
	t.Parallel()
	dir := corpus.Dir(t)
	p := newPhoneHub(t)
	ctx := t.Context()
	n := 0
	files, err := filepath.Glob(filepath.Join(dir, "vcf", "*", "*.vcf"))
	p.must(err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		p.must(err)
		n++
		p.must(os.WriteFile(filepath.Join(p.cards, "card-"+filepath.Base(filepath.Dir(f))+"-"+filepath.Base(f)), b, 0o600))
	}
	if n == 0 {
		t.Fatal("the corpus has no cards")
	}
	var failed *center.SyncNews
	p.must(p.hub.Sync(ctx, []string{"cards"}, center.SyncOptions{}, func(n center.SyncNews) {
		if n.Err != nil {
			failed = &n
		}
	}))
	if failed != nil {
		t.Fatal(failed.Err.Err())
	}
	p.must(p.phone.FolderSync(ctx))
	contacts := p.phone.FolderOf(9)
	p.phone.Window, p.phone.Body = 100, 1
	p.must(p.phone.Sync(ctx, contacts))
	cols, err := p.hub.store.Home.Collections(ctx, "anna")
	p.must(err)
	live := 0
	for _, c := range cols {
		if c.Kind == "contact" {
			live, _, err = p.hub.store.Lookup.Count(ctx, c.ID, 0)
			p.must(err)
		}
	}
	if got := len(p.phone.Stores[contacts].Items); got != live || live < n/3 || p.phone.Twice+p.phone.Wipes != 0 {
		t.Errorf("the phone has %d of %d contacts (%d files), %d twice, %d wipes", got, live, n, p.phone.Twice, p.phone.Wipes)
	}
}
