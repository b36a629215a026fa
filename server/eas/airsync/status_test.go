package airsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/all"
	"tandem/kind/eas"
	"tandem/server/eas/airsync"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// globals is a request as a whole and what it is answered with.
func TestGlobalStatus(t *testing.T) {
	wait := func(n string) *wbxml.Element { return wbxml.Text(wbxml.AirSyncWait, n) }
	beat := func(n string) *wbxml.Element { return wbxml.Text(wbxml.AirSyncHeartbeatInterval, n) }
	partial := wbxml.Empty(wbxml.AirSyncPartial)
	k := newKit(t)
	one := func(more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.AirSyncSync, more...).Add(wbxml.New(wbxml.AirSyncCollections, collection(k.contacts, "0")))
	}
	many := wbxml.New(wbxml.AirSyncCollections)
	for i := range 301 {
		many.Add(wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"), wbxml.Text(wbxml.AirSyncCollectionId, fmt.Sprint(100+i))))
	}
	for _, c := range []struct {
		name string
		req  *wbxml.Element
		want string
	}{
		{"MS-ASCMD_R4748 wait and heartbeat", one(wait("5"), beat("100")), "Status=4"},
		{"MS-ASCMD_R3227 wait too short", one(wait("0")), "Status=14, Limit=1"},
		{"MS-ASCMD_R3228 wait too long", one(wait("60")), "Status=14, Limit=59"},
		{"MS-ASCMD_R3229 heartbeat too short", one(beat("59")), "Status=14, Limit=60"},
		{"MS-ASCMD_R3230 heartbeat too long", one(beat("3541")), "Status=14, Limit=3540"},
		{"wait is no number", one(wait("soon")), "Status=4"},
		{"wait is empty", one(wbxml.Empty(wbxml.AirSyncWait)), "Status=4"},
		{"MS-ASCMD_R4456 empty request, nothing remembered", nil, "Status=13"},
		{"MS-ASCMD_R4456 partial request, nothing remembered", wbxml.New(wbxml.AirSyncSync, partial), "Status=13"},
		{"no collections", wbxml.New(wbxml.AirSyncSync), "Status=13"},
		{"MS-ASCMD_R3231 too many collections", wbxml.New(wbxml.AirSyncSync, many), "Status=15, Limit=300"},
		{"MS-ASCMD_R4545 no CollectionId", syncOf(wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"))), "Status=4"},
		{"one collection twice", syncOf(collection(k.contacts, "0"), collection(k.contacts, "0")), "Status=4"},
		{"another document", wbxml.New(wbxml.PingPing), "Status=4"},
		{"window is no number", one(wbxml.Text(wbxml.AirSyncWindowSize, "x")), "Status=4"},
		{"field note 23: nothing but empty Collections", wbxml.New(wbxml.AirSyncSync, wbxml.Empty(wbxml.AirSyncCollections)), "nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.TB = t
			k.want(show(k.do(k.svc.Sync, "Sync", c.req)), c.want)
		})
	}
	k.TB = t
	k.validate(50)
}

func TestCollectionStatus(t *testing.T) {
	k := newKit(t)
	bobs := k.collection("bob", tandem.Contact, "contacts")
	k.write(bobs, tandem.Create, "x", vcard("x", "Secret"))
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	ida := k.serverID(k.contacts, "a")
	notes := k.collection("ann", tandem.File, "files") // a kind that is not shown
	at, cal, tasks := k.prime(k.contacts), k.prime(k.calendar), k.prime(k.tasks)
	get := func(v string) *wbxml.Element { return wbxml.Text(wbxml.AirSyncGetChanges, v) }
	class := func(s string) *wbxml.Element { return wbxml.Text(wbxml.AirSyncClass, s) }
	var lot []*wbxml.Element
	for i := range 513 {
		lot = append(lot, add(fmt.Sprint(i), name("x")))
	}
	for _, c := range []struct {
		name string
		col  *wbxml.Element
		want string // status
	}{
		{"MS-ASCMD_R4425 foreign key", collection(k.contacts, "123456789"), "3"},
		{"MS-ASCMD_R4425 key for a folder never begun", collection(k.others, at), "3"},
		{"MS-ASCMD_R4453 folder unknown, key 0", wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"), wbxml.Text(wbxml.AirSyncCollectionId, "999")), "12"},
		{"field note 32: folder unknown, with a key", wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, at), wbxml.Text(wbxml.AirSyncCollectionId, "999")), "3"},
		{"field note 52: no id of ours", wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"), wbxml.Text(wbxml.AirSyncCollectionId, "InvalidTaskID")), "12"},
		{"another user's folder", collection(bobs, "0"), "12"},
		{"another user's folder, with a key", collection(bobs, at), "3"},
		{"a folder that is not shown", collection(notes, "0"), "12"},
		{"no key", wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncCollectionId, id(k.contacts))), "4"},
		{"MS-ASCMD_R3128 GetChanges empty with key 0", collection(k.contacts, "0", wbxml.Empty(wbxml.AirSyncGetChanges)), "4"},
		{"MS-ASCMD_R5838 GetChanges 1 with key 0", collection(k.contacts, "0", get("1")), "4"},
		{"MS-ASCMD_R5839 GetChanges 0 with key 0", collection(k.others, "0", get("0")), "1"},
		{"MS-ASCMD_R3129 no GetChanges with key 0", collection(k.others, "0"), "1"},
		{"commands with key 0", collection(k.others, "0", commands(add("1", name("x")))), "4"},
		{"MS-ASCMD_R2117 ConversationMode", collection(k.contacts, at, wbxml.Text(wbxml.AirSyncConversationMode, "1")), "4"},
		{"MS-ASCMD_R930 options of a class twice", collection(k.contacts, at, options(class("Contacts")), options(class("Contacts"))), "4"},
		{"MS-ASCMD_R935 options of two classes", collection(k.contacts, at, options(class("Contacts")), options(class("SMS"))), "4"},
		{"MS-ASCMD_R935 options of another class", collection(k.contacts, at, options(class("Email"))), "4"},
		{"Conflict of no meaning", collection(k.contacts, at, options(wbxml.Text(wbxml.AirSyncConflict, "2"))), "4"},
		{"FilterType 9", collection(k.contacts, at, options(filter(9))), "4"},
		{"MS-ASCMD_R3045 calendar, FilterType 1", collection(k.calendar, cal, options(filter(1))), "4"},
		{"MS-ASCMD_R3046 calendar, FilterType 2", collection(k.calendar, cal, options(filter(2))), "4"},
		{"MS-ASCMD_R3047 calendar, FilterType 3", collection(k.calendar, cal, options(filter(3))), "4"},
		{"MS-ASCMD_R3052 calendar, FilterType 8", collection(k.calendar, cal, options(filter(8))), "4"},
		{"MS-ASCMD_R3054 tasks, FilterType 1", collection(k.tasks, tasks, options(filter(1))), "4"},
		{"MS-ASCMD_R3055 tasks, FilterType 2", collection(k.tasks, tasks, options(filter(2))), "4"},
		{"MS-ASCMD_R3056 tasks, FilterType 3", collection(k.tasks, tasks, options(filter(3))), "4"},
		{"MS-ASCMD_R3057 tasks, FilterType 4", collection(k.tasks, tasks, options(filter(4))), "4"},
		{"MS-ASCMD_R3058 tasks, FilterType 5", collection(k.tasks, tasks, options(filter(5))), "4"},
		{"MS-ASCMD_R3059 tasks, FilterType 6", collection(k.tasks, tasks, options(filter(6))), "4"},
		{"MS-ASCMD_R3060 tasks, FilterType 7", collection(k.tasks, tasks, options(filter(7))), "4"},
		{"MS-ASCMD_R5659 too many commands", collection(k.contacts, at, commands(lot...)), "4"},
		{"Add without ClientId", collection(k.contacts, at, commands(wbxml.New(wbxml.AirSyncAdd))), "4"},
		{"Change without ServerId", collection(k.contacts, at, commands(wbxml.New(wbxml.AirSyncChange))), "4"},
		{"field note 46: empty ServerId", collection(k.contacts, at, commands(edit("", name("x")))), "4"},
		{"ServerId too long", collection(k.contacts, at, commands(drop(strings.Repeat("1", 65)))), "4"},
		{"no such command", collection(k.contacts, at, commands(wbxml.Empty(wbxml.AirSyncSoftDelete))), "4"},
		{"WindowSize below zero", collection(k.contacts, at, window(-1)), "4"},
		{"key too long", collection(k.contacts, strings.Repeat("a", 100)), "3"},
		{"CollectionId too long", wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, "0"), wbxml.Text(wbxml.AirSyncCollectionId, strings.Repeat("1", 65))), "12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.TB = t
			col := k.do(k.svc.Sync, "Sync", syncOf(c.col)).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
			k.want(status(col), c.want)
			if strings.Contains(fmt.Sprint(show(col), cmds(col)), "Secret") {
				t.Error("another user's data")
			}
		})
	}
	k.TB = t
	// Whatever is legal but odd is served.
	for _, c := range []struct {
		name string
		col  *wbxml.Element
	}{
		{"Class, which only 2.5 asks for", collection(k.contacts, at, class("Contacts"), fetches(ida))},
		{"empty Options", collection(k.contacts, at, options(), fetches(ida))},
		{"Options of the folder's own class", collection(k.contacts, at, options(class("Contacts")), fetches(ida))},
		{"MS-ASCMD_R3078 FilterType for contacts", collection(k.contacts, at, options(filter(4)), fetches(ida))},
		{"MS-ASCMD_R3127 empty GetChanges", collection(k.contacts, at, wbxml.Empty(wbxml.AirSyncGetChanges), fetches(ida))},
		{"MS-ASCMD_R2161 empty DeletesAsMoves", collection(k.contacts, at, wbxml.Empty(wbxml.AirSyncDeletesAsMoves), fetches(ida))},
		{"MS-ASCMD_R4551 Supported later", collection(k.contacts, at, wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.ContactsFileAs)), fetches(ida))},
		{"elements in another order", wbxml.New(wbxml.AirSyncCollection, fetches(ida), wbxml.Text(wbxml.AirSyncCollectionId, id(k.contacts)), wbxml.Text(wbxml.AirSyncSyncKey, at))},
		{"MS-ASCMD_R2074 Conflict twice", collection(k.contacts, at, options(wbxml.Text(wbxml.AirSyncConflict, "1"), wbxml.Text(wbxml.AirSyncConflict, "0")), fetches(ida))},
		{"MS-ASCMD_R937 Class twice", collection(k.contacts, at, options(class("Contacts"), class("Contacts")), fetches(ida))},
		{"MS-ASCMD_R3074 FilterType twice", collection(k.contacts, at, options(filter(0), filter(1)), fetches(ida))},
		{"window of nothing", collection(k.contacts, at, window(0), fetches(ida))},
		{"window beyond the limit", collection(k.contacts, at, window(100000), fetches(ida))},
		{"MIMESupport", collection(k.contacts, at, options(wbxml.Text(wbxml.AirSyncMIMESupport, "2"), wbxml.Text(wbxml.AirSyncMIMETruncation, "8")), fetches(ida))},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.TB = t
			col := k.do(k.svc.Sync, "Sync", syncOf(c.col)).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
			k.want(status(col)+" "+resps(col), "1 Fetch "+ida+" 1 Ann")
		})
	}
	k.TB = t
	k.validate(60)
}

func fetches(server string) *wbxml.Element { return commands(fetch(server)) }

func TestCommandStatus(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
	k.write(k.contacts, tandem.Create, "gone", vcard("gone", "Gone"))
	k.write(k.others, tandem.Create, "o", vcard("o", "Other"))
	k.write(k.calendar, tandem.Create, "e", vevent("e", "Series", "20260101T090000Z", "20260101T100000Z"))
	ida, gone, other, ev := k.serverID(k.contacts, "a"), k.serverID(k.contacts, "gone"), k.serverID(k.others, "o"), k.serverID(k.calendar, "e")
	k.write(k.contacts, tandem.Delete, "gone", "")
	alien := airsync.ServerID(k.contacts.ID, 3) // the other folder's record under this folder's name
	in := func(e *wbxml.Element, instance string) *wbxml.Element {
		e.Children = append(e.Children[:1:1], append([]*wbxml.Element{wbxml.Text(wbxml.AirSyncBaseInstanceId, instance)}, e.Children[1:]...)...)
		return e
	}
	klass := func(e *wbxml.Element, class string) *wbxml.Element {
		e.Children = append([]*wbxml.Element{wbxml.Text(wbxml.AirSyncClass, class)}, e.Children...)
		return e
	}
	for _, c := range []struct {
		name    string
		col     tandem.Collection
		version eas.Version
		cmd     *wbxml.Element
		want    string
	}{
		{"MS-ASCMD_R4440 Add of nonsense", k.contacts, eas.V141, add("1", name("nonsense")), "Add 1 6"},
		{"Add without data", k.contacts, eas.V141, wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncClientId, "1")), "Add 1 6"},
		{"Add of another class", k.contacts, eas.V141, klass(add("1", name("x")), "SMS"), "Add 1 6"},
		{"MS-ASCMD_R4440 Change to nonsense", k.contacts, eas.V141, edit(ida, name("nonsense")), "Change " + ida + " 6"},
		{"Change without data", k.contacts, eas.V141, wbxml.New(wbxml.AirSyncChange, wbxml.Text(wbxml.AirSyncServerId, ida)), "Change " + ida + " 6"},
		{"Change of another class", k.contacts, eas.V141, klass(edit(ida, name("x")), "SMS"), "Change " + ida + " 6"},
		{"MS-ASCMD_R5846 Change of a deleted record", k.contacts, eas.V141, edit(gone, name("x")), "Change " + gone + " 8"},
		{"Change of a record that never was", k.contacts, eas.V141, edit("1:999", name("x")), "Change 1:999 8"},
		{"Change of another folder's record", k.contacts, eas.V141, edit(other, name("x")), "Change " + other + " 8"},
		{"Change of another folder's record under this folder", k.contacts, eas.V141, edit(alien, name("x")), "Change " + alien + " 8"},
		{"Change of no id of ours", k.contacts, eas.V141, edit("../../x", name("x")), "Change ../../x 8"},
		{"MS-ASCMD_R4447 Fetch of a deleted record", k.contacts, eas.V141, fetch(gone), "Fetch " + gone + " 8"},
		{"Fetch of a record that never was", k.contacts, eas.V141, fetch("1:999"), "Fetch 1:999 8"},
		{"Fetch of another folder's record", k.contacts, eas.V141, fetch(other), "Fetch " + other + " 8"},
		{"MS-ASCMD_R2956 Fetch", k.contacts, eas.V141, fetch(ida), "Fetch " + ida + " 1 Ann"},
		{"Delete of a record that never was", k.contacts, eas.V141, drop("1:999"), "Delete 1:999 8"},
		{"Delete of a deleted record", k.contacts, eas.V141, drop(gone), "nothing"},
		{"MS-ASCMD_R6420 Delete of an instance", k.calendar, eas.V161, in(drop(ev), "20260101T090000Z"), "nothing"},
		{"Delete of an instance that there is not", k.calendar, eas.V161, in(drop(ev), "20260102T090000Z"), "Delete " + ev + " 20260102T090000Z 8"},
		{"Delete of an instance before 16.0", k.calendar, eas.V141, in(drop(ev), "20260101T090000Z"), "Delete " + ev + " 20260101T090000Z 4"},
		{"MS-ASCMD_R6238 Change of an instance to nonsense", k.calendar, eas.V161, in(edit(ev, wbxml.Text(wbxml.CalendarSubject, "nonsense")), "20260101T090000Z"),
			"Change " + ev + " 20260101T090000Z 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.TB, k.version = t, c.version
			col := k.sync(c.col, k.prime(c.col), commands(c.cmd))
			k.want(status(col), "1")
			k.want(resps(col), c.want)
		})
	}
	k.TB = t
	k.want(k.body(k.others, "o"), vcard("o", "Other"))
	k.validate(60)
}

// A folder that goes is told once as a change of the hierarchy; a device that comes again all the same is sent away.
func TestFolderGone(t *testing.T) {
	k := newKit(t)
	at := k.prime(k.others)
	k.must(k.st.Home.RemoveCollection(k.ctx, k.others.ID))
	k.want(status(k.sync(k.others, at)), "12") // MS-ASCMD_R4453
	k.want(status(k.sync(k.others, at)), "3")
	k.want(status(k.sync(k.others, "0")), "12")
	k.validate(20)
}

// Collections are independent: what fails in one does not stop another.
func TestOneFails(t *testing.T) {
	k := newKit(t)
	at, bt := k.prime(k.contacts), k.prime(k.others)
	k.write(k.others, tandem.Create, "o", vcard("o", "Other"))
	k.svc.Listing = failing{k.st.Listing, k.contacts.ID}
	e := k.do(k.svc.Sync, "Sync", syncOf(collection(k.contacts, at), collection(k.others, bt)))
	var got []string
	for c := range e.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
		got = append(got, status(c)+" "+cmds(c))
	}
	k.want(strings.Join(got, "; "), "16 nothing; 1 Add "+k.serverID(k.others, "o")+" Other") // MS-ASCMD_R4467
	k.validate(20)
}

// failing is a store of which one collection cannot be listed now.
type failing struct {
	store.Listing
	collection int64
}

func (f failing) Filled(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	if collection == f.collection {
		return nil, false, &tandem.Error{Kind: tandem.Transient, Op: "list collection"}
	}
	return f.Listing.Filled(ctx, collection, seq, limit)
}

var _ proto.Command = (*airsync.Service)(nil).Sync

// MS-ASNOTE_R114: notes have no elements that a device could leave out.
func TestNotesSupportNothing(t *testing.T) {
	k := newKit(t)
	k.svc.Views, k.folders.Views = all.Views(), all.Views()
	notes := k.collection("ann", tandem.Note, "notes")
	for name, supported := range map[string]*wbxml.Element{"one": wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.NotesSubject)), "none": wbxml.Empty(wbxml.AirSyncSupported)} {
		if got := status(k.sync(notes, "0", supported)); got != "4" {
			t.Errorf("%s supported: status %s", name, got)
		}
	}
	k.want(status(k.sync(notes, "0")), "1")
	k.validate(20)
}
