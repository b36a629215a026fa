package airsync_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/internal/easschema"
	"tandem/kind/all"
	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

var versions = []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}

// Every version has the three commands, with the elements that belong to them.
func TestVersions(t *testing.T) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			k := newKit(t)
			k.version = v
			k.fill(k.contacts, "c", 3)
			c0, c1, c2 := k.serverID(k.contacts, "c0"), k.serverID(k.contacts, "c1"), k.serverID(k.contacts, "c2")
			col := k.sync(k.contacts, "0", wbxml.New(wbxml.AirSyncSupported, wbxml.Empty(wbxml.ContactsJobTitle)))
			k.want(k.estimate(id(k.contacts), key(col)), "1 3")
			col = k.sync(k.contacts, key(col), wbxml.Text(wbxml.AirSyncGetChanges, "1"), wbxml.Text(wbxml.AirSyncDeletesAsMoves, "1"), window(2),
				options(filter(0), wbxml.Text(wbxml.AirSyncConflict, "1")))
			k.want(fmt.Sprint(cmds(col), col.Has(wbxml.AirSyncMoreAvailable)), "Add "+c0+" c0, Add "+c1+" c1true")
			col = k.sync(k.contacts, key(col), commands(add("n", name("New")), edit(c0, phone("1")), drop(c1), fetch(c0), edit("1:99", name("x"))))
			server := col.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncAdd).Get(wbxml.AirSyncServerId)
			k.want(resps(col), "Add n "+server+" 1, Fetch "+c0+" 1 c0 1, Change 1:99 8")
			k.want(cmds(col), "Add "+c2+" c2")
			k.write(k.contacts, tandem.Delete, "c2", "")
			k.write(k.contacts, tandem.Update, "c0", vcard("c0", "C0"))
			col = k.sync(k.contacts, key(col))
			k.want(cmds(col), "Delete "+c2+", Change "+c0+" C0")
			k.want(k.move(moveOf(c0, id(k.contacts), id(k.others))), "3 "+k.serverID(k.others, "c0"))
			k.elements()
			for _, e := range k.answers {
				if strings.Contains(xml(k, e), "<Class") { // MS-ASCMD_R942
					t.Error("a class is named where it goes without saying")
				}
			}
			k.validate(20)
		})
	}
}

// elements uses the elements that only some requests have.
func (k *kit) elements() {
	k.Helper()
	whole := func(more ...*wbxml.Element) string {
		return show(k.do(k.svc.Sync, "Sync", wbxml.New(wbxml.AirSyncSync, more...)))
	}
	cols := wbxml.New(wbxml.AirSyncCollections, collection(k.calendar, "0"))
	k.want(whole(wbxml.Text(wbxml.AirSyncWait, "60"), cols), "Status=14, Limit=59")
	k.want(whole(wbxml.Text(wbxml.AirSyncHeartbeatInterval, "59"), cols), "Status=14, Limit=60")
	k.want(whole(wbxml.Empty(wbxml.AirSyncPartial)), "Status=13")
	k.write(k.calendar, tandem.Create, "e", vevent("e", "Past", "20250101T090000Z", "20250101T100000Z"))
	server := k.serverID(k.calendar, "e")
	col := k.sync(k.calendar, key(k.sync(k.calendar, "0")), options(wbxml.Text(wbxml.AirSyncMIMESupport, "0")))
	k.want(cmds(col), "Add "+server+" Past 20250101T090000Z 20250101T100000Z")
	at := key(col)
	k.want(status(k.sync(k.calendar, at, wbxml.Text(wbxml.AirSyncConversationMode, "1"))), "4")
	k.want(k.estimate(id(k.calendar), at, wbxml.Text(wbxml.AirSyncConversationMode, "1")), "whole 103")
	k.want(k.estimate(id(k.calendar), at, options(wbxml.Text(wbxml.AirSyncMaxItems, "1"))), "2")
	k.want(k.estimate(id(k.calendar), at, options(wbxml.Text(wbxml.AirSyncClass, "Calendar"), filter(4))), "1 1")
	col = k.sync(k.calendar, at, options(wbxml.Text(wbxml.AirSyncClass, "Calendar"), filter(4)))
	k.want(cmds(col), "SoftDelete "+server)
}

// What people really have goes down to phones of every version, in valid answers. The views are those of the kinds.
func TestCorpora(t *testing.T) {
	type source struct {
		kind   tandem.Kind
		folder string
		ending string
	}
	for _, src := range []source{{tandem.Contact, "vcf", ".vcf"}, {tandem.Event, "ics", ".ics"}, {tandem.Task, "ics", ".ics"}} {
		among := versions
		if testing.Short() {
			among = []eas.Version{versions[0], versions[len(versions)-1]}
		}
		for _, v := range among {
			t.Run(fmt.Sprint(src.kind, " ", v), func(t *testing.T) {
				t.Parallel()
				files := corpus.Files(t, src.folder, src.ending)
				k := newKit(t)
				k.version = v
				k.svc.Views = all.Views()
				c := map[tandem.Kind]tandem.Collection{tandem.Contact: k.contacts, tandem.Event: k.calendar, tandem.Task: k.tasks}[src.kind]
				n := k.load(c, files)
				if n == 0 {
					t.Fatal("nothing to send")
				}
				t.Logf("%d records", n)
				col := k.sync(c, "0")
				got := map[string]bool{}
				pref := wbxml.New(wbxml.AirSyncBaseBodyPreference, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseTruncationSize, "500"))
				for col != nil {
					if list := col.Child(wbxml.AirSyncCommands); list != nil {
						for _, e := range list.Children {
							got[e.Get(wbxml.AirSyncServerId)] = true
						}
					}
					col = k.sync(c, key(col), window(100), options(pref))
				}
				events, err := k.st.Events.List(k.ctx, 0, "", 100)
				k.must(err)
				for _, e := range events {
					t.Errorf("%s: %s", e.Record, e.Text)
				}
				if len(got) != n {
					t.Errorf("%d of %d records arrived", len(got), n)
				}
				k.validateAll()
			})
		}
	}
}

// load puts the records of files into a collection, each once, and returns how many there are.
func (k *kit) load(c tandem.Collection, files []corpus.File) (n int) {
	var writes []store.HomeWrite
	seen := map[string]bool{}
	for _, f := range files {
		info, err := k.kinds[c.Kind].Inspect(f.Data)
		if err != nil || info.Index.UID == "" || seen[info.Index.UID] {
			continue
		}
		seen[info.Index.UID] = true
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(f.Name)}, Digest: info.Digest, Index: info.Index, Title: info.Summary.String()}
		w.Record.Body, w.Record.UID = tandem.Bytes(f.Data), info.Index.UID
		writes = append(writes, w)
	}
	outs, err := k.st.Home.Write(k.ctx, c.ID, store.Author{}, writes)
	k.must(err)
	for _, o := range outs {
		if o.Status == tandem.Applied {
			n++
		}
	}
	return n
}

// validateAll holds every answer to its schema.
func (k *kit) validateAll() {
	k.Helper()
	s := easschema.New(k.TB)
	for _, e := range k.answers {
		var text bytes.Buffer
		k.must(wbxml.ToXML(&text, e))
		if err := s.Validate(k.schema[e.Tag], text.Bytes()); err != nil {
			lines := strings.SplitN(err.Error(), "\n", 6)
			k.Errorf("%s", strings.Join(lines[:min(5, len(lines))], "\n"))
			return
		}
	}
}
