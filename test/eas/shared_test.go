package eas_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// share lets bob at ann's first collection of a kind, and returns the folder's id.
func (h *house) share(kind tandem.Kind, write bool) string {
	h.Helper()
	c := h.collection("ann", kind)
	_, err := h.access().Share(context.Background(), "ann", c.ID, "bob", write)
	h.must(err)
	return fmt.Sprint(c.ID)
}

func (h *house) access() *access.Service {
	return &access.Service{Home: h.st.Home, Shares: h.st.Shares}
}

// names are the names of the contacts that a phone has in a folder.
func names(p *easclient.Phone, folder string) string {
	var out []string
	for _, it := range p.Stores[folder].Items {
		for _, e := range it.Data {
			if e.Tag == wbxml.ContactsFileAs {
				out = append(out, e.String())
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (h *house) syncs(p *easclient.Phone, folder, want string) {
	h.Helper()
	h.must(p.Sync(context.Background(), folder))
	if got := names(p, folder); got != want {
		h.Fatalf("the phone has %q, want %q", got, want)
	}
}

func fileAs(s string) *wbxml.Element { return wbxml.Text(wbxml.ContactsFileAs, s) }

// TestShared: ann shares her contacts with bob. His phone hears of it while it waits, shows them beside his own, and hears within the same moment what she
// changes; what it does to them itself is taken back, until he may write.
func TestShared(t *testing.T) {
	h := newHouse(t)
	h.user("bob")
	h.put(h.collection("ann", tandem.Contact), card("u1", "Anna", "1"), card("u2", "Berta", "2"))
	h.put(h.collection("bob", tandem.Contact), card("u3", "Own", "3"))
	p := h.phone("bob", "bobphone", "16.1")
	own := p.FolderOf(9)
	h.syncs(p, own, "Own")
	waits := h.waiting(p.Client, own)
	shared := h.share(tandem.Contact, false)
	if a := <-waits; a.Status() != "7" { // the hierarchy changed
		t.Fatalf("Ping: %s", a.Status())
	}
	h.must(p.FolderSync(t.Context()))
	if f := p.Folders[shared]; f.Name != "Contacts (ann)" && f.Name != "contacts (ann)" || f.Type != 14 {
		t.Fatalf("the folder is %+v", f)
	}
	h.syncs(p, shared, "Anna, Berta")
	waits = h.waiting(p.Client, shared)
	h.put(h.collection("ann", tandem.Contact), card("u4", "Carla", "4"))
	if a := <-waits; a.Status() != "2" {
		t.Fatalf("Ping: %s", a.Status())
	}
	h.syncs(p, shared, "Anna, Berta, Carla")

	before := h.bodies(h.collection("ann", tandem.Contact))
	ids := map[string]string{}
	for id, it := range p.Stores[shared].Items {
		for _, e := range it.Data {
			if e.Tag == wbxml.ContactsFileAs {
				ids[e.String()] = id
			}
		}
	}
	p.Change(shared, ids["Anna"], fileAs("Changed"))
	p.Delete(shared, ids["Berta"])
	p.Add(shared, fileAs("Dora"))
	h.must(p.Sync(t.Context(), shared)) // the answers say that more is to come
	h.syncs(p, shared, "Anna, Berta, Carla")
	if got := h.bodies(h.collection("ann", tandem.Contact)); !slices.Equal(got, before) {
		t.Fatalf("ann has %q, and had %q", got, before)
	}
	past, err := h.st.History.List(t.Context(), store.PastFilter{})
	h.must(err)
	var kept []string
	for _, e := range past {
		kept = append(kept, fmt.Sprint(e.Op, " ", e.Who, " ", e.Title))
	}
	if len(kept) != 2 || !strings.Contains(kept[1], "update bob Anna") || !strings.Contains(kept[0], "delete bob Dora") {
		t.Errorf("history: %q", kept)
	}

	h.share(tandem.Contact, true)
	p.Change(shared, ids["Anna"], fileAs("Annabella"))
	h.syncs(p, shared, "Annabella, Berta, Carla")
	if got := strings.Join(h.bodies(h.collection("ann", tandem.Contact)), ""); !strings.Contains(got, "Annabella") {
		t.Errorf("ann has %q", got)
	}
	waits = h.waiting(p.Client, shared)
	c := h.collection("ann", tandem.Contact)
	h.must(h.access().Unshare(t.Context(), "ann", c.ID, "bob"))
	if a := <-waits; a.Status() != "7" {
		t.Fatalf("Ping: %s", a.Status())
	}
	h.must(p.FolderSync(t.Context()))
	if _, there := p.Folders[shared]; there || p.Wipes != 0 {
		t.Errorf("folders %+v, %d wipes", p.Folders, p.Wipes)
	}
	h.valid()
}

// TestSharedStrangers: that ann shares one folder with bob opens no other to him, and once she does not share it any longer, not that one either. Whoever
// has no share sees nothing in any case.
func TestSharedStrangers(t *testing.T) {
	h := newHouse(t)
	h.user("bob")
	h.user("carl")
	h.put(h.collection("ann", tandem.Contact), card("u1", "Annsecret", "1"))
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:annsecret", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org"))
	h.put(h.collection("ann", tandem.Task), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t1\r\nSUMMARY:shared task\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
	p := h.phone("ann", "annphone", "16.1")
	asks := session(h, p)
	h.put(h.collection("ann", tandem.Contact), card("u3", "Annsecret again", "1"))
	tasks := h.share(tandem.Task, true)
	state := func() []string {
		return slices.Concat(h.bodies(h.collection("ann", tandem.Contact)), h.bodies(h.collection("ann", tandem.Event)), h.bodies(h.collection("ann", tandem.Task)))
	}
	before := state()
	quiet := func(user string) {
		t.Helper()
		phone := h.phone(user, user+"phone", "16.1")
		app, _ := passwords.Load(h.key(user))
		for i, a := range asks {
			if a.command == "Ping" || echoed(a) {
				continue
			}
			if answer := h.rawAs(user, app.(string), user, user+"phone", "16.1", a); strings.Contains(strings.ToLower(answer), "annsecret") {
				t.Errorf("request %d (%s) as %s: %s", i, a.command, user, answer)
			}
		}
		if _, sees := phone.Folders[tasks]; sees != (user == "bob") {
			t.Errorf("%s sees the shared folder: %v", user, sees)
		}
	}
	quiet("bob")
	quiet("carl")
	if got := state(); !slices.Equal(got, before) {
		t.Errorf("ann's data are changed:\n%q\nwere\n%q", got, before)
	}
	bob := h.phone("bob", "bobphone", "16.1")
	h.must(bob.Sync(t.Context(), tasks))
	c := h.collection("ann", tandem.Task)
	h.must(h.access().Unshare(t.Context(), "ann", c.ID, "bob"))
	key := bob.Stores[tasks].Key
	for range 3 {
		contains(t, h.do(bob.Client, "Sync", sync1(collection(key, tasks, changes))), "!shared task")
		contains(t, h.do(bob.Client, "Sync", sync1(collection("0", tasks, ""))), "Status=12", "!shared task")
	}
	h.valid()
}
