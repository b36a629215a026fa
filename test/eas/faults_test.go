package eas_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

var (
	seeds    = flag.Int("eas.seeds", 20, "how many histories TestFaults runs")
	oneSeed  = flag.Uint64("eas.seed", 0, "run this history alone")
	versions = []string{"12.1", "14.0", "14.1", "16.0", "16.1"}
)

// story is one history of a phone on a bad line: what people did, so that the end can be judged.
type story struct {
	*house
	random *rand.Rand
	col    tandem.Collection
	phone  *easclient.Phone
	folder string
	faults *easclient.Faults
	log    []string

	made    map[string]bool   // names that somebody made
	gone    map[string]bool   // of them, those that somebody deleted
	numbers map[string]string // the number that the phone last gave, by name
	next    int
}

func (s *story) note(format string, args ...any) { s.log = append(s.log, fmt.Sprintf(format, args...)) }

// TestFaults: whatever is lost, repeated, torn or restarted, no record is lost, doubled or wiped, and both sides end equal.
func TestFaults(t *testing.T) {
	first, n := uint64(1), *seeds
	if *oneSeed != 0 {
		first, n = *oneSeed, 1
	}
	if testing.Short() {
		n = min(n, 5)
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			runStory(t, seed)
		})
	}
}

func runStory(t *testing.T, seed uint64) {
	h := newHouse(t)
	s := &story{house: h, random: rand.New(rand.NewPCG(seed, 1)), col: h.collection("ann", tandem.Contact), made: map[string]bool{}, gone: map[string]bool{}, numbers: map[string]string{}}
	for range s.random.IntN(30) {
		s.hubAdds()
	}
	s.phone = h.phone("ann", "phone1", versions[s.random.IntN(len(versions))])
	s.folder = s.phone.FolderOf(9)
	s.phone.Window = []int{0, 1, 3, 10}[s.random.IntN(4)]
	s.faults = easclient.NewFaults(h.srv.Client().Transport, seed, 0.3)
	s.faults.Restart = h.open
	client := *h.srv.Client()
	client.Transport = s.faults
	s.phone.HTTP = &client
	defer func() {
		if t.Failed() {
			t.Logf("run it alone: go test ./test/eas -run TestFaults -eas.seed=%d\n%s", seed, strings.Join(s.log, "\n"))
		}
	}()
	for range 10 + s.random.IntN(30) {
		s.step()
	}
	s.faults.Rate = 0
	for range 40 { // what was taken for a record that breaks the phone is tried again, one a day
		s.ahead.Add(2 * 24 * 3600)
		if err := s.phone.Sync(context.Background(), s.folder); err != nil {
			t.Fatalf("on a good line: %v", err)
		}
	}
	s.judge(t)
}

// step is one thing that happens.
func (s *story) step() {
	items := s.phone.Stores[s.folder].Items
	ids := slices.Sorted(maps.Keys(items))
	switch k := s.random.IntN(10); {
	case k < 4:
		err := s.phone.Sync(context.Background(), s.folder)
		s.note("sync: %v; key %s, %d items", err, s.phone.Stores[s.folder].Key, len(s.phone.Stores[s.folder].Items))
	case k < 5:
		s.hubAdds()
	case k < 6:
		s.hubEdits()
	case k < 7 && len(ids) > 0:
		id := ids[s.random.IntN(len(ids))]
		s.next++
		number := fmt.Sprint("0170 ", s.next)
		name := text(items[id], wbxml.ContactsLastName)
		s.phone.Change(s.folder, id, wbxml.Text(wbxml.ContactsMobilePhoneNumber, number))
		s.numbers[name] = number
		s.note("phone edits %s (%s): %s", name, id, number)
	case k < 8:
		s.next++
		name := fmt.Sprint("Phone", s.next)
		s.phone.Add(s.folder, wbxml.Text(wbxml.ContactsLastName, name), wbxml.Text(wbxml.ContactsFileAs, name), wbxml.Text(wbxml.ContactsMobilePhoneNumber, "1"))
		s.made[name] = true
		s.note("phone adds %s", name)
	case k < 9 && len(ids) > 0:
		id := ids[s.random.IntN(len(ids))]
		name := text(items[id], wbxml.ContactsLastName)
		s.phone.Delete(s.folder, id)
		s.gone[name] = true
		s.note("phone deletes %s (%s)", name, id)
	default:
		s.hubDeletes()
	}
}

func (s *story) hubAdds() {
	s.next++
	name := fmt.Sprint("Hub", s.next)
	s.put(s.col, card("uid-"+name, name, "1"))
	s.made[name] = true
	s.note("hub adds %s", name)
}

// some is a live record of the hub, with its name.
func (s *story) some() (tandem.ID, string, bool) {
	recs, _, err := s.st.Home.Since(context.Background(), s.col.ID, 0, 0)
	s.must(err)
	recs = slices.DeleteFunc(recs, func(r store.HomeRecord) bool { return r.Deleted })
	if len(recs) == 0 {
		return "", "", false
	}
	r := recs[s.random.IntN(len(recs))]
	return r.ID, nameOf(s.bodyOf(r.ID)), true
}

func (s *story) bodyOf(id tandem.ID) string {
	for rec, err := range s.st.Home.Get(context.Background(), s.col.ID, []tandem.ID{id}) {
		s.must(err)
		return s.body(rec)
	}
	return ""
}

func (s *story) hubEdits() {
	id, name, ok := s.some()
	if !ok {
		return
	}
	s.next++
	title := fmt.Sprint("Title", s.next)
	s.edit(s.col, id, func(b string) string {
		if i := strings.Index(b, "TITLE:"); i >= 0 {
			j := strings.Index(b[i:], "\r\n")
			b = b[:i] + b[i+j+2:]
		}
		return strings.Replace(b, "END:VCARD", "TITLE:"+title+"\r\nEND:VCARD", 1)
	})
	s.note("hub edits %s: %s", name, title)
}

func (s *story) hubDeletes() {
	id, name, ok := s.some()
	if !ok {
		return
	}
	s.drop(s.col, id)
	s.gone[name] = true
	s.note("hub deletes %s", name)
}

// nameOf is the family name in a card.
func nameOf(body string) string {
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, "N:"); ok {
			name, _, _ := strings.Cut(rest, ";")
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// judge compares the ends.
func (s *story) judge(t *testing.T) {
	t.Helper()
	p := s.phone
	if p.Wipes+p.Twice != 0 {
		t.Errorf("the phone was wiped %d times, and given %d records twice", p.Wipes, p.Twice)
	}
	hub, phone := map[string]string{}, map[string]string{}
	for _, b := range s.bodies(s.col) {
		name := nameOf(b)
		if _, twice := hub[name]; twice {
			t.Errorf("the hub has %s twice", name)
		}
		hub[name] = b
	}
	for _, it := range p.Stores[s.folder].Items {
		name := text(it, wbxml.ContactsLastName)
		if _, twice := phone[name]; twice {
			t.Errorf("the phone has %s twice", name)
		}
		phone[name] = text(it, wbxml.ContactsMobilePhoneNumber)
	}
	for name := range s.made {
		if !s.gone[name] && (hub[name] == "" || phone[name] == "") {
			t.Errorf("%s is lost: hub %v, phone %v", name, hub[name] != "", phone[name] != "")
		}
	}
	for name, body := range hub {
		number, there := phone[name]
		if !there || !strings.Contains(body, ":"+number+"\r\n") {
			t.Errorf("%s differs: the phone has %q (%v), the hub\n%s", name, number, there, body)
		}
		if want := s.numbers[name]; want != "" && number != want {
			t.Errorf("the phone's number of %s is %s, not %s", name, number, want)
		}
		if strings.HasPrefix(name, "Hub") && !strings.Contains(body, "X-ODD;X-P=1:kept") {
			t.Errorf("%s lost what the phone does not know:\n%s", name, body)
		}
	}
	for name := range phone {
		if hub[name] == "" {
			t.Errorf("the phone alone has %s", name)
		}
	}
}
