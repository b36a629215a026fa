package airsync_test

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// inHistory reports whether a text is in some version that was kept.
func (k *kit) inHistory(text string) bool {
	k.Helper()
	past, err := k.st.History.List(k.ctx, store.PastFilter{})
	k.must(err)
	for _, p := range past {
		if p.Body.IsZero() {
			continue
		}
		b, err := k.st.Blobs.Get(k.ctx, p.Body)
		k.must(err)
		if strings.Contains(string(b), text) {
			return true
		}
	}
	return false
}

func TestChangeOfDeleted(t *testing.T) {
	for name, before := range map[string]func(k *kit){
		"deleted": func(k *kit) { k.write(k.contacts, tandem.Delete, "a", "") },
		"changed, deleted": func(k *kit) {
			k.write(k.contacts, tandem.Update, "a", vcard("a", "Anna"))
			k.write(k.contacts, tandem.Delete, "a", "")
		},
		"made again and deleted": func(k *kit) {
			k.write(k.contacts, tandem.Delete, "a", "")
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Anna"))
			k.write(k.contacts, tandem.Delete, "a", "")
		},
		"changed, made again and deleted": func(k *kit) {
			k.write(k.contacts, tandem.Update, "a", vcard("a", "Ann", "TITLE:x"))
			k.write(k.contacts, tandem.Delete, "a", "")
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Anna"))
			k.write(k.contacts, tandem.Delete, "a", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
			server := k.serverID(k.contacts, "a")
			at := k.prime(k.contacts)
			before(k)
			col := k.sync(k.contacts, at, commands(edit(server, phone("unheard"))))
			k.want(resps(col), "Change "+server+" 8") // MS-ASCMD_R5846
			k.want(cmds(col), "Delete "+server)
			if !k.inHistory("unheard") {
				t.Error("what the client sent was lost")
			}
			if k.body(k.contacts, "a") != "" {
				t.Error("the record is back")
			}
			if e := k.sync(k.contacts, key(col)); e != nil {
				t.Errorf("and then %s", cmds(e))
			}
			k.validate(20)
		})
	}
}

// Both sides change a record: what does not clash is merged; what does is decided by Conflict, and the loser is in history. MS-ASCMD 2.2.3.34
func TestConflict(t *testing.T) {
	clients, servers := wbxml.Text(wbxml.AirSyncConflict, "0"), wbxml.Text(wbxml.AirSyncConflict, "1")
	for _, c := range []struct {
		name     string
		options  []*wbxml.Element
		desktop  string // what the record is made into meanwhile
		phone    []*wbxml.Element
		response string
		body     string // what the record then holds
		told     string // what the device is told
		kept     string // what must be in history
	}{
		{"different fields", nil, vcard("a", "Ann", "TEL;TYPE=CELL:1", "TITLE:Boss"), []*wbxml.Element{phone("2")}, "nothing",
			"TITLE:Boss TEL;TYPE=CELL:2", "Change # Ann 2 Boss", "TEL;TYPE=CELL:1"},
		{"MS-ASCMD_R2066 without Conflict the server wins", nil, vcard("a", "Ann", "TEL;TYPE=CELL:3"), []*wbxml.Element{phone("2")}, "Change # 7",
			"TEL;TYPE=CELL:3", "Change # Ann 3", "CELL:2"},
		{"MS-ASCMD_R2068 the server wins", []*wbxml.Element{servers}, vcard("a", "Ann", "TEL;TYPE=CELL:3"), []*wbxml.Element{phone("2")}, "Change # 7", // MS-ASCMD_R2069, R4444
			"TEL;TYPE=CELL:3", "Change # Ann 3", "CELL:2"},
		{"MS-ASCMD_R2067 the client wins", []*wbxml.Element{clients}, vcard("a", "Ann", "TEL;TYPE=CELL:3"), []*wbxml.Element{phone("2")}, "nothing",
			"TEL;TYPE=CELL:2", "nothing", "CELL:3"},
		{"the client wins what clashes only", []*wbxml.Element{clients}, vcard("a", "Ann", "TEL;TYPE=CELL:3", "TITLE:Boss"), []*wbxml.Element{phone("2")}, "nothing",
			"TITLE:Boss TEL;TYPE=CELL:2", "Change # Ann 2 Boss", "CELL:3"},
		{"the server wins what clashes only", nil, vcard("a", "Ann", "TEL;TYPE=CELL:3"), []*wbxml.Element{phone("2"), title("Boss")}, "Change # 7",
			"TITLE:Boss TEL;TYPE=CELL:3", "Change # Ann 3 Boss", "CELL:2"},
		{"both say the same", nil, vcard("a", "Ann", "TEL;TYPE=CELL:2"), []*wbxml.Element{phone("2")}, "nothing", "TEL;TYPE=CELL:2", "nothing", "CELL:1"},
		{"the client says nothing new", nil, vcard("a", "Ann", "TEL;TYPE=CELL:3"), []*wbxml.Element{phone("1")}, "nothing", "TEL;TYPE=CELL:3", "Change # Ann 3", "CELL:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
			server := k.serverID(k.contacts, "a")
			at := k.prime(k.contacts)
			k.write(k.contacts, tandem.Update, "a", c.desktop)
			req := []*wbxml.Element{commands(edit(server, c.phone...))}
			if c.options != nil {
				req = append([]*wbxml.Element{options(c.options...)}, req...)
			}
			col := k.sync(k.contacts, at, req...)
			k.want(resps(col), strings.ReplaceAll(c.response, "#", server))
			for _, want := range strings.Fields(c.body) {
				if !strings.Contains(k.body(k.contacts, "a"), want) {
					t.Errorf("the record lacks %s: %s", want, k.body(k.contacts, "a"))
				}
			}
			if !k.inHistory(c.kept) {
				t.Errorf("%s is not in history", c.kept)
			}
			told := strings.Fields(strings.ReplaceAll(c.told, "#", server))
			if got := cmds(col); len(strings.Fields(got)) != len(told) {
				t.Errorf("told %q, want %q", got, told)
			} else {
				for _, w := range told {
					if !strings.Contains(got, w) {
						t.Errorf("told %q, want %q", got, told)
					}
				}
			}
			if e := k.sync(k.contacts, key(col)); e != nil {
				t.Errorf("and then %s", cmds(e))
			}
			k.validate(10)
		})
	}
}

// A device that edits a record twice before it is told what its first edit was merged into does not clash with itself.
func TestEditTwiceWhileMerged(t *testing.T) {
	for name, meanwhile := range map[string]struct{ desktop, holds string }{
		"another field":                     {vcard("a", "Ann", "TEL;TYPE=CELL:1", "TITLE:Boss"), "TITLE:Boss"},
		"another field, and the same value": {vcard("a", "Ann", "TEL;TYPE=CELL:2", "TITLE:Boss"), "TITLE:Boss"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.fill(k.contacts, "c", 3)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
			server := k.serverID(k.contacts, "a")
			at := k.prime(k.contacts)
			k.write(k.contacts, tandem.Update, "c1", vcard("uc1", "Earlier"))
			k.write(k.contacts, tandem.Update, "a", meanwhile.desktop)
			first := k.sync(k.contacts, at, window(1), commands(edit(server, phone("2"))))
			k.want(resps(first), "nothing")
			again := k.sync(k.contacts, at, window(1), commands(edit(server, phone("2"))))
			k.want(key(again), key(first))
			second := k.sync(k.contacts, key(first), silent(), commands(edit(server, phone("3"))))
			k.want(resps(second), "nothing")
			third := k.sync(k.contacts, key(second), silent(), commands(edit(server, phone("4"))))
			k.want(resps(third), "nothing")
			b := k.body(k.contacts, "a")
			if !strings.Contains(b, "CELL:4") || !strings.Contains(b, meanwhile.holds) {
				t.Errorf("the record is %s", b)
			}
			if got := cmds(k.sync(k.contacts, key(third), window(10))); !strings.Contains(got, "Boss") || !strings.Contains(got, "4") {
				t.Errorf("told %s", got)
			}
		})
	}
}

// A Delete of a record that somebody else changed wins, whoever wins otherwise; history keeps the change. MS-ASCMD_R2076
func TestDeleteOfChanged(t *testing.T) {
	for _, clients := range []string{"1", "0"} {
		k := newKit(t)
		k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann"))
		server := k.serverID(k.contacts, "a")
		at := k.prime(k.contacts)
		k.write(k.contacts, tandem.Update, "a", vcard("a", "Anna"))
		col := k.sync(k.contacts, at, options(wbxml.Text(wbxml.AirSyncConflict, clients)), commands(drop(server)))
		k.want(resps(col), "nothing")
		k.want(cmds(col), "nothing")
		if b := k.body(k.contacts, "a"); b != "" {
			t.Errorf("Conflict %s: %q", clients, b)
		}
		if !k.inHistory("FN:Anna") {
			t.Errorf("Conflict %s: history lacks the change", clients)
		}
		if e := k.sync(k.contacts, key(col)); e != nil {
			t.Errorf("and then %s", cmds(e))
		}
	}
}

// Somebody writes between our look at a record and our write.
func TestWriteUnderOurHands(t *testing.T) {
	for name, cmd := range map[string]func(server string) *wbxml.Element{
		"change": func(server string) *wbxml.Element { return edit(server, phone("2")) },
		"delete": func(server string) *wbxml.Element { return drop(server) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
			server := k.serverID(k.contacts, "a")
			at := k.prime(k.contacts)
			times := 2
			k.svc.Home = meddling{k.st.Home, func() {
				if times--; times >= 0 {
					k.write(k.contacts, tandem.Update, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1", "TITLE:Boss "+strings.Repeat("!", times)))
				}
			}}
			col := k.sync(k.contacts, at, commands(cmd(server)))
			k.want(resps(col), "nothing")
			body := k.body(k.contacts, "a")
			if name == "change" && (!strings.Contains(body, "CELL:2") || !strings.Contains(body, "TITLE:Boss")) {
				t.Errorf("%s", body)
			}
			if name == "delete" && (body != "" || !k.inHistory("TITLE:Boss")) {
				t.Errorf("%q, and history lacks what somebody changed", body)
			}
			if e := k.sync(k.contacts, key(col)); e != nil {
				t.Errorf("and then %s", cmds(e))
			}
		})
	}
}

// meddling is a store to which somebody else writes just before we do.
type meddling struct {
	store.Home
	before func()
}

func (m meddling) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	m.before()
	return m.Home.Write(ctx, collection, who, writes)
}

// An Add of what is there already under its UID becomes one with it, if the device does not have it; else it gets a UID of its own.
func TestAddOfKnownUID(t *testing.T) {
	k := newKit(t)
	k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TITLE:Boss"))
	at := key(k.sync(k.contacts, "0")) // it has nothing yet
	k.svc.Views = map[tandem.Kind]eas.View{tandem.Contact: sameUID{k.svc.Views[tandem.Contact].(lines), "a"}}
	col := k.sync(k.contacts, at, commands(add("n", name("Ann"), phone("1"))))
	server := k.serverID(k.contacts, "a")
	k.want(resps(col), "Add n "+server+" 1")
	if b := k.body(k.contacts, "a"); !strings.Contains(b, "TITLE:Boss") || !strings.Contains(b, "CELL:1") {
		t.Errorf("%s", b)
	}
	if e := k.sync(k.contacts, key(col)); e != nil {
		col = e
	}
	col = k.sync(k.contacts, key(col), commands(add("m", name("Ann"), phone("2"))))
	if s := col.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd); s.Get(wbxml.AirSyncStatus) != "1" || s.Get(wbxml.AirSyncServerId) == server {
		t.Errorf("%s", resps(col))
	}
	if b := k.body(k.contacts, "a"); !strings.Contains(b, "CELL:1") {
		t.Errorf("%s", b)
	}
}

// sameUID gives every new record one UID.
type sameUID struct {
	lines
	uid string
}

func (v sameUID) Put(body []byte, data []*wbxml.Element, o eas.Put) (eas.Result, error) {
	o.UID = v.uid
	return v.lines.Put(body, data, o)
}

// What a device does not name is kept, unless it said that it manages it. MS-ASCMD 2.2.3.179
func TestGhosting(t *testing.T) {
	managed := wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.ContactsMobilePhoneNumber))
	for _, c := range []struct {
		name      string
		supported *wbxml.Element
		kept      bool
	}{
		{"no Supported: all is kept", nil, true},
		{"MS-ASCMD_R5909 empty Supported: all is kept", wbxml.Empty(wbxml.AirSyncSupported), true},
		{"MS-ASCMD_R5912 managed: removed", managed, false},
		{"MS-ASCMD_R5911 others managed: kept", wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.ContactsEmail1Address)), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
			server := k.serverID(k.contacts, "a")
			var more []*wbxml.Element
			if c.supported != nil {
				more = append(more, c.supported)
			}
			col := k.sync(k.contacts, key(k.sync(k.contacts, "0", more...)))
			k.restart()
			k.sync(k.contacts, key(col), commands(edit(server, name("Anna"))))
			body := k.body(k.contacts, "a")
			if strings.Contains(body, "CELL:1") != c.kept || !strings.Contains(body, "FN:Anna") || !strings.Contains(body, "X-KEEP") {
				t.Errorf("%s", body)
			}
		})
	}
}

// hurried is a store in which a desktop is a moment faster than the first write to a record.
type hurried struct {
	store.Home
	once func()
}

func (h *hurried) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	if f := h.once; f != nil {
		h.once = nil
		f()
	}
	return h.Home.Write(ctx, collection, who, writes)
}

// Somebody writes the record, or another one, just as what the device sent and what is to stand are written one after the other: neither is put over what was not looked at.
func TestWrittenInBetween(t *testing.T) {
	for name, c := range map[string]struct {
		record            tandem.ID
		body, holds, kept string
	}{
		"the same record, the same field":  {"a", vcard("a", "Ann", "TEL;TYPE=CELL:4", "TITLE:Boss"), "TEL;TYPE=CELL:4 TITLE:Boss", "CELL:2"},
		"the same record, another field":   {"a", vcard("a", "Ann", "TEL;TYPE=CELL:3", "TITLE:Boss"), "TEL;TYPE=CELL:3 TITLE:Boss", "CELL:2"},
		"another record, at the same time": {"c0", vcard("c0", "Other"), "TEL;TYPE=CELL:3", "CELL:2"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.fill(k.contacts, "c", 1)
			k.write(k.contacts, tandem.Create, "a", vcard("a", "Ann", "TEL;TYPE=CELL:1"))
			server := k.serverID(k.contacts, "a")
			at := k.prime(k.contacts)
			k.write(k.contacts, tandem.Update, "a", vcard("a", "Ann", "TEL;TYPE=CELL:3"))
			k.svc.Home = &hurried{Home: k.st.Home, once: func() { k.write(k.contacts, tandem.Update, c.record, c.body) }}
			k.sync(k.contacts, at, commands(edit(server, phone("2"))))
			for _, want := range strings.Fields(c.holds) {
				if body := k.body(k.contacts, "a"); !strings.Contains(body, want) {
					t.Errorf("the record lacks %s: %s", want, body)
				}
			}
			if !k.inHistory(c.kept) {
				t.Errorf("%s is not in history", c.kept)
			}
			k.validate(10)
		})
	}
}
