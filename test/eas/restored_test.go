package eas_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/server/eas/airsync"
	runs "tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// backedUp is a house whose store is in a folder, with ten contacts, and the way back to an earlier state of it.
type backedUp struct {
	*house
	dir, file string
	col       tandem.Collection
	ids       []tandem.ID
	fresh     int // phones that began to see what there is
}

func newBackedUp(t *testing.T) *backedUp {
	t.Helper()
	h := &backedUp{dir: filepath.Join(t.TempDir(), "hub"), file: filepath.Join(t.TempDir(), "backup.zip")}
	st, err := sqlite.Open(h.dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h.house = newHouseOn(t, st)
	h.col = h.collection("ann", tandem.Contact)
	for i := range 10 {
		h.ids = append(h.ids, h.put(h.col, card(fmt.Sprint("u", i), fmt.Sprint("Person ", i), "1"))...)
	}
	return h
}

// backup writes one.
func (h *backedUp) backup() {
	h.Helper()
	_, err := sqlite.WriteBackup(context.Background(), h.dir, h.file, "test", 1)
	h.must(err)
}

// putBack restores the backup into another folder, as `tandem backup restore` does, and goes on with that.
func (h *backedUp) putBack() {
	h.Helper()
	ctx := context.Background()
	dir := filepath.Join(h.TB.TempDir(), "restored")
	_, err := sqlite.ReadBackup(ctx, h.file, dir)
	h.must(err)
	h.must(sqlite.Restored(ctx, dir))
	h.mu.Lock()
	h.stop()
	h.stop = nil
	h.mu.Unlock()
	h.must(h.st.Close())
	st, err := sqlite.Open(dir, sqlite.Options{})
	h.must(err)
	h.must(airsync.Restored(ctx, st.Devices))
	h.furnish(st)
	h.open()
}

// people are the contacts of the hub, as "Name 1".
func (h *backedUp) people() (out []string) {
	h.Helper()
	for _, b := range h.bodies(h.col) {
		var name, tel string
		for line := range strings.SplitSeq(b, "\r\n") {
			if s, ok := strings.CutPrefix(line, "N:"); ok {
				name = strings.Trim(s, ";")
			}
			if s, ok := strings.CutPrefix(line, "TEL"); ok {
				_, tel, _ = strings.Cut(s, ":")
			}
		}
		out = append(out, name+" "+tel)
	}
	slices.Sort(out)
	return out
}

// onPhone are those of a phone.
func onPhone(p *easclient.Phone, folder string) (out []string) {
	for _, it := range p.Stores[folder].Items {
		out = append(out, text(it, wbxml.ContactsLastName)+" "+text(it, wbxml.ContactsMobilePhoneNumber))
	}
	slices.Sort(out)
	return out
}

// person is what a phone sends of one.
func person(name, tel string) []*wbxml.Element {
	return []*wbxml.Element{wbxml.Text(wbxml.ContactsLastName, name), wbxml.Text(wbxml.ContactsFileAs, name), wbxml.Text(wbxml.ContactsMobilePhoneNumber, tel)}
}

// personID is the phone's id of a person.
func personID(t testing.TB, p *easclient.Phone, folder, name string) string {
	t.Helper()
	for id, it := range p.Stores[folder].Items {
		if text(it, wbxml.ContactsLastName) == name {
			return id
		}
	}
	t.Fatalf("the phone has no %s", name)
	return ""
}

// equal checks that hub and phone have these, each once.
func (h *backedUp) equal(when string, p *easclient.Phone, folder string, want ...string) {
	h.Helper()
	slices.Sort(want)
	if got := h.people(); !slices.Equal(got, want) {
		h.Errorf("%s: the hub has\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := onPhone(p, folder); !slices.Equal(got, want) {
		h.Errorf("%s: the phone %s has\n%s\nwant\n%s", when, p.DeviceID, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// lived lets a phone sync, the backup be made, and much happen after it of which the backup knows nothing.
func (h *backedUp) lived(p *easclient.Phone, folder string) {
	h.Helper()
	ctx := context.Background()
	h.must(p.Sync(ctx, folder))
	p.Add(folder, person("Early", "1")...)
	h.must(p.Sync(ctx, folder))
	h.backup()
	p.Add(folder, person("Late", "1")...)
	p.Change(folder, personID(h, p, folder, "Person 1"), person("Person 1", "2")...)
	p.Delete(folder, personID(h, p, folder, "Person 2"))
	h.must(p.Sync(ctx, folder))
	h.edit(h.col, h.ids[3], func(s string) string { return strings.Replace(s, "CELL:1", "CELL:3", 1) })
	h.drop(h.col, h.ids[4])
	h.put(h.col, card("later", "Hub later", "1"))
	h.must(p.Sync(ctx, folder))
	h.equal("before", p, folder, "Early 1", "Late 1", "Hub later 1", "Person 0 1", "Person 1 2", "Person 3 3", "Person 5 1", "Person 6 1", "Person 7 1", "Person 8 1", "Person 9 1")
}

// backThen is what the backup holds, changed by what is given as pairs of what was and what is; "": it is gone, or was not.
func backThen(changed ...string) (out []string) {
	out = []string{"Early 1"}
	for i := range 10 {
		out = append(out, fmt.Sprintf("Person %d 1", i))
	}
	for i := 0; i < len(changed); i += 2 {
		out = slices.DeleteFunc(out, func(s string) bool { return s == changed[i] })
		if changed[i+1] != "" {
			out = append(out, changed[i+1])
		}
	}
	return out
}

// TestRestoredHub: a phone that knows more than the hub, which was put back to a backup, begins anew once and ends equal: with what the backup holds, and nothing twice. From then on all is as ever.
func TestRestoredHub(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			p := h.phone("ann", "phone1", version)
			folder := p.FolderOf(9)
			p.Window = 4
			h.lived(p, folder)
			h.putBack()
			h.must(p.FolderSync(ctx))
			h.must(p.Sync(ctx, folder))
			h.equal("restored", p, folder, backThen()...)
			if p.Wipes != 1 || p.Twice != 0 || p.Unknown != 0 {
				t.Errorf("it began anew %d times; %d twice, %d unknown", p.Wipes, p.Twice, p.Unknown)
			}
			h.goesOn(p, folder, backThen())
		})
	}
}

// goesOn checks that phone and hub sync as ever.
func (h *backedUp) goesOn(p *easclient.Phone, folder string, have []string) {
	h.Helper()
	ctx := context.Background()
	wipes := p.Wipes
	p.Add(folder, person("Afterwards", "1")...)
	h.put(h.col, card("afterwards", "Hub afterwards", "1"))
	p.Change(folder, personID(h, p, folder, "Person 9"), person("Person 9", "9")...)
	p.Delete(folder, personID(h, p, folder, "Person 8"))
	h.must(p.Sync(ctx, folder))
	have = slices.DeleteFunc(slices.Clone(have), func(s string) bool { return s == "Person 8 1" || s == "Person 9 1" })
	h.equal("afterwards", p, folder, append(have, "Afterwards 1", "Hub afterwards 1", "Person 9 9")...)
	if p.Wipes != wipes {
		h.Errorf("it began anew once more")
	}
}

// TestRestoredHubTakesWhatWaits: what was done on the phone and not sent before the hub was put back is taken first, whatever the phone has forgotten when it began anew; what is about a record that
// the hub never heard of is kept in history.
func TestRestoredHubTakesWhatWaits(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			p := h.phone("ann", "phone1", version)
			folder := p.FolderOf(9)
			p.Window = 4
			h.lived(p, folder)
			h.putBack()
			p.Add(folder, person("Unsent", "1")...)
			p.Change(folder, personID(h, p, folder, "Person 1"), person("Person 1", "11")...)
			p.Change(folder, personID(h, p, folder, "Person 5"), person("Person 5", "5")...)
			p.Change(folder, personID(h, p, folder, "Late"), person("Late", "2")...)
			p.Delete(folder, personID(h, p, folder, "Person 6"))
			p.Delete(folder, personID(h, p, folder, "Hub later"))
			h.must(p.Sync(ctx, folder))
			want := append(backThen("Person 1 1", "Person 1 11", "Person 5 1", "Person 5 5", "Person 6 1", ""), "Unsent 1")
			h.equal("restored", p, folder, want...)
			if p.Wipes != 1 || p.Twice != 0 {
				t.Errorf("it began anew %d times; %d twice", p.Wipes, p.Twice)
			}
			kept, err := h.st.History.List(ctx, store.PastFilter{Text: "Late"})
			h.must(err)
			if len(kept) != 1 {
				t.Fatalf("%d versions of what the hub never heard of are kept", len(kept))
			}
			open := func(string) (*provider.Opened, error) {
				return home.Opener{Store: h.st, User: "ann", Kinds: h.kinds}.Open(h.col)
			}
			if done := runs.Undo(ctx, runs.Deps{Store: h.st}, open, kept); !done[0].Done {
				t.Errorf("it cannot be put back: %s", done[0].Why)
			}
			want = append(want, "Late 2")
			h.must(p.Sync(ctx, folder))
			h.equal("put back", p, folder, want...)
			h.goesOn(p, folder, want)
		})
	}
}

// TestRestoredHubOtherPhone: a phone that has not synced since the backup notices nothing, before another one that has, and after it.
func TestRestoredHubOtherPhone(t *testing.T) {
	t.Parallel()
	h, ctx := newBackedUp(t), context.Background()
	p, quiet := h.phone("ann", "phone1", "16.1"), h.phone("ann", "phone2", "16.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(ctx, folder))
	p.Add(folder, person("Early", "1")...)
	h.must(p.Sync(ctx, folder))
	h.must(quiet.Sync(ctx, folder))
	h.lived2(p, folder)
	h.putBack()
	h.must(quiet.Sync(ctx, folder))
	h.equal("restored", quiet, folder, backThen()...)
	p.Add(folder, person("Unsent", "1")...)
	h.must(p.Sync(ctx, folder))
	h.must(quiet.Sync(ctx, folder))
	h.equal("restored", quiet, folder, append(backThen(), "Unsent 1")...)
	h.equal("restored", p, folder, append(backThen(), "Unsent 1")...)
	if quiet.Wipes != 0 || quiet.Twice != 0 || quiet.Unknown != 0 || p.Wipes != 1 {
		t.Errorf("the other began anew %d times; %d twice, %d unknown", quiet.Wipes, quiet.Twice, quiet.Unknown)
	}
}

// lived2 is the rest of what happens in lived, for a phone that is in step.
func (h *backedUp) lived2(p *easclient.Phone, folder string) {
	h.Helper()
	ctx := context.Background()
	h.backup()
	p.Add(folder, person("Late", "1")...)
	p.Delete(folder, personID(h, p, folder, "Person 2"))
	h.must(p.Sync(ctx, folder))
}

// TestRestoredHubForgetsWhatIsRepeated: a Sync without a body stands for the last one that was answered with nothing. A phone means one that the hub knows nothing of, and is asked to say it.
func TestRestoredHubForgetsWhatIsRepeated(t *testing.T) {
	t.Parallel()
	h, ctx := newBackedUp(t), context.Background()
	p := h.phone("ann", "phone1", "16.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(ctx, folder))
	h.must(p.Sync(ctx, folder)) // nothing is new, which is remembered
	again := func() string {
		t.Helper()
		a, err := p.Do(ctx, "Sync", nil)
		h.must(err)
		return a.Status()
	}
	if got := again(); got != "" {
		t.Fatalf("status %s", got)
	}
	h.backup()
	p.Delete(folder, personID(h, p, folder, "Person 2"))
	h.must(p.Sync(ctx, folder))
	h.must(p.Sync(ctx, folder))
	h.putBack()
	if got := again(); got != "13" {
		t.Errorf("status %q", got)
	}
	h.must(p.Sync(ctx, folder))
	if p.Wipes != 1 || len(p.Stores[folder].Items) != 10 {
		t.Errorf("it began anew %d times, and has %d", p.Wipes, len(p.Stores[folder].Items))
	}
}

// TestRestoredHubLostAnswer: what waits on a phone is taken once, though the answer is lost and the request comes again, as it was or with more.
func TestRestoredHubLostAnswer(t *testing.T) {
	for name, more := range map[string]bool{"the same": false, "more": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ctx := newBackedUp(t), context.Background()
			p := h.phone("ann", "phone1", "16.1")
			folder := p.FolderOf(9)
			h.lived(p, folder)
			h.putBack()
			p.Add(folder, person("Unsent", "1")...)
			s := p.Stores[folder]
			key, queue := s.Key, slices.Clone(s.Queue)
			items := maps.Clone(s.Items)
			h.must(p.Sync(ctx, folder))
			s.Key, s.Queue, s.Items, p.Wipes = key, queue, items, 0 // it heard nothing
			want := append(backThen(), "Unsent 1")
			if more {
				p.Add(folder, person("One more", "1")...)
				want = append(want, "One more 1")
			}
			h.must(p.Sync(ctx, folder))
			h.equal("restored", p, folder, want...)
			h.goesOn(p, folder, want)
		})
	}
}

// TestRestoredHubCallsPhones: a phone that waits for news when the hub is put back is told of some, once: one that knows more begins anew, and one that does not has nothing to do.
func TestRestoredHubCallsPhones(t *testing.T) {
	t.Parallel()
	h, ctx := newBackedUp(t), context.Background()
	p, quiet := h.phone("ann", "phone1", "16.1"), h.phone("ann", "phone2", "16.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(ctx, folder))
	h.must(quiet.Sync(ctx, folder))
	h.backup()
	p.Delete(folder, personID(h, p, folder, "Person 2"))
	h.must(p.Sync(ctx, folder))
	h.putBack()
	for _, one := range []*easclient.Phone{p, quiet} {
		status, changed, err := one.Ping(ctx, 600, folder)
		h.must(err)
		if status != "2" || !slices.Equal(changed, []string{folder}) {
			t.Errorf("%s: status %s, %q", one.DeviceID, status, changed)
		}
		h.must(one.Sync(ctx, folder))
	}
	if p.Wipes != 1 || quiet.Wipes != 0 || len(p.Stores[folder].Items) != 10 {
		t.Errorf("%d and %d began anew; one has %d", p.Wipes, quiet.Wipes, len(p.Stores[folder].Items))
	}
	for _, one := range []*easclient.Phone{p, quiet} { // and from then on it waits
		told := make(chan string, 1)
		go func() {
			status, _, err := one.Ping(ctx, 600, folder)
			if err != nil {
				status = err.Error()
			}
			told <- status
		}()
		for h.now().Broker.Waiting() == 0 && len(told) == 0 {
			runtime.Gosched()
		}
		if len(told) > 0 {
			t.Errorf("%s: status %s", one.DeviceID, <-told)
			continue
		}
		h.put(h.col, card("news of "+one.DeviceID, "News", "1"))
		if status := <-told; status != "2" {
			t.Errorf("%s: status %s", one.DeviceID, status)
		}
		h.must(p.Sync(ctx, folder))
		h.must(quiet.Sync(ctx, folder))
	}
}
