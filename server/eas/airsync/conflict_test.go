package airsync_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/store"
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
