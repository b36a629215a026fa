package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/server/listen"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// doorsHub is a hub of anna's, who invited ben, with all its doors at one address.
type doorsHub struct {
	*testing.T
	dir, password, web string // her password and the address of the doors
	hub                *hub
}

// hrefOf is where the desktops' door has a calendar.
func hrefOf(c tandem.Collection) string { return fmt.Sprintf("/dav/calendars/%s/%d/", c.User, c.ID) }

const annasPassword = "correct horse battery"

func newDoorsHub(t *testing.T) *doorsHub {
	t.Helper()
	d := &doorsHub{T: t, dir: filepath.Join(t.TempDir(), "hub")}
	d.open()
	for _, name := range []string{"anna", "ben"} {
		_, err := d.hub.accounts.Add(t.Context(), store.User{Name: name, Address: name + "@example.org"}, annasPassword)
		d.must(err)
	}
	var err error
	d.password, _, err = d.hub.accounts.NewAppPassword(t.Context(), "anna", "all")
	d.must(err)
	doors, err := d.hub.openDoors(doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}, slog.New(slog.DiscardHandler))
	d.must(err)
	srv := httptest.NewServer(doors.http)
	t.Cleanup(func() {
		srv.Close()
		d.must(doors.srv.Close())
		d.shut()
	})
	d.web = srv.URL
	return d
}

func (d *doorsHub) open() {
	d.Helper()
	h, err := openHub(d.dir, hubOptions{})
	d.must(err)
	d.hub = h
}

func (d *doorsHub) shut() {
	d.Helper()
	if d.hub != nil {
		d.must(d.hub.Close())
		d.hub = nil
	}
}

func (d *doorsHub) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// ask sends a request as anna, with a password, and wants it to succeed.
func (d *doorsHub) ask(method, path, password, body string) {
	d.Helper()
	req, err := http.NewRequestWithContext(d.Context(), method, d.web+path, strings.NewReader(body))
	d.must(err)
	req.SetBasicAuth("anna", password)
	resp, err := http.DefaultClient.Do(req)
	d.must(err)
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		d.Fatalf("%s %s: %s\n%s", method, path, resp.Status, text)
	}
}

const offMeeting = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:off-1\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:21300304T100000Z\r\nDTEND:21300304T110000Z\r\n" +
	"SUMMARY:Talk\r\nORGANIZER:mailto:anna@example.org\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// bens is ben's event of the meeting, "" if he has none.
func (d *doorsHub) bens() string {
	d.Helper()
	for rec, err := range d.hub.store.Lookup.ByUID(d.Context(), "ben", tandem.Event, "off-1") {
		d.must(err)
		b, err := tandem.ReadBody(rec.Body, 1<<20)
		d.must(err)
		return string(b)
	}
	return ""
}

// TestCalendarGone: through whichever door a calendar is removed, those who take part in its meetings hear that they are off.
func TestCalendarGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(d *doorsHub, c tandem.Collection){
		"desktop": func(d *doorsHub, c tandem.Collection) { d.ask("DELETE", hrefOf(c), d.password, "") },
		"web": func(d *doorsHub, c tandem.Collection) {
			d.ask("DELETE", "/api/collections/"+strconv.FormatInt(c.ID, 10)+"?all=true", annasPassword, "")
		},
		"phone": func(d *doorsHub, c tandem.Collection) { d.folderDelete(c) },
		"phone that empties it": func(d *doorsHub, c tandem.Collection) {
			d.phone("ItemOperations", func(string) *wbxml.Element {
				return wbxml.New(wbxml.ItemOperationsItemOperations, wbxml.New(wbxml.ItemOperationsEmptyFolderContents, wbxml.Text(wbxml.AirSyncCollectionId, strconv.FormatInt(c.ID, 10))))
			}, wbxml.ItemOperationsStatus)
		},
		"command at the hub": func(d *doorsHub, c tandem.Collection) {
			d.must(d.hub.RemoveCollection(d.Context(), c.ID, true))
		},
		"command": func(d *doorsHub, c tandem.Collection) {
			d.shut()
			var out, errs bytes.Buffer
			if got := Main([]string{"collection", "remove", "anna/meetings", "--yes", "--data", d.dir}, strings.NewReader(""), &out, &errs); got != 0 {
				d.Fatalf("status %d: %s%s", got, out.String(), errs.String())
			}
			d.open()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoorsHub(t)
			c, err := d.hub.store.Home.PutCollection(t.Context(), tandem.Collection{User: "anna", Kind: tandem.Event, Name: "meetings"})
			d.must(err)
			d.ask("PUT", hrefOf(c)+"off-1.ics", d.password, offMeeting)
			if body := d.bens(); body == "" || strings.Contains(body, "CANCELLED") {
				t.Fatalf("before, ben has:\n%s", body)
			}
			remove(d, c)
			if body := d.bens(); !strings.Contains(body, "STATUS:CANCELLED") {
				t.Errorf("ben has:\n%s", body)
			}
		})
	}
}

// TestCalendarGoneWithUser: who is removed calls nothing off; what others have of the meetings stays as it is.
func TestCalendarGoneWithUser(t *testing.T) {
	t.Parallel()
	d := newDoorsHub(t)
	c, err := d.hub.store.Home.PutCollection(t.Context(), tandem.Collection{User: "anna", Kind: tandem.Event, Name: "meetings"})
	d.must(err)
	d.ask("PUT", hrefOf(c)+"off-1.ics", d.password, offMeeting)
	d.must(d.hub.RemoveUser(t.Context(), "anna", true))
	if body := d.bens(); body == "" || strings.Contains(body, "CANCELLED") {
		t.Errorf("ben has:\n%s", body)
	}
}

// folderDelete removes a calendar on a phone.
func (d *doorsHub) folderDelete(c tandem.Collection) {
	d.Helper()
	d.phone("FolderDelete", func(key string) *wbxml.Element {
		return wbxml.New(wbxml.FolderHierarchyFolderDelete, wbxml.Text(wbxml.FolderHierarchySyncKey, key), wbxml.Text(wbxml.FolderHierarchyServerId, strconv.FormatInt(c.ID, 10)))
	}, wbxml.FolderHierarchyStatus)
}

// phone has anna's phone, which knows the folders, send a command made with their key; its status, in an element of this tag, is 1.
func (d *doorsHub) phone(command string, body func(key string) *wbxml.Element, status wbxml.Tag) {
	d.Helper()
	p := easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, Base: d.web, User: "anna", Password: d.password, DeviceID: "phone1", DeviceType: "iPhone",
		Agent: "Apple-iPhone15C2/2101.303", Version: "16.1"})
	d.must(p.FolderSync(context.Background()))
	a, err := p.Do(context.Background(), command, body(p.FolderKey))
	d.must(err)
	if got := a.Doc.Get(status); got != "1" {
		d.Fatalf("%s: status %s", command, got)
	}
}
