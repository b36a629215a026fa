package schedule_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	kinds "tandem/kind/all"
	"tandem/kind/event/itip"
	"tandem/partner/schedule"
	"tandem/store"
	"tandem/store/sqlite"
)

// kit is a hub with Anna, Ben and Carl, and a door that writes as front doors do.
type kit struct {
	testing.TB
	ctx   context.Context
	st    *store.Store
	svc   *schedule.Service
	clock time.Time
}

func newKit(t testing.TB) *kit {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := &kit{TB: t, ctx: t.Context(), st: st, clock: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	k.svc = schedule.New(st, kinds.Kinds())
	k.svc.Now = func() time.Time { return k.clock }
	for _, name := range []string{"anna", "ben", "carl"} {
		k.must(st.Accounts.AddUser(k.ctx, store.User{Name: name, Address: name + "@x.org"}))
		k.collection(name, tandem.Event, "calendar")
	}
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) collection(user string, kind tandem.Kind, name string) tandem.Collection {
	k.Helper()
	c, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: user, Kind: kind, Name: name})
	k.must(err)
	return c
}

func (k *kit) user(name string) store.User {
	k.Helper()
	u, err := k.st.Accounts.User(k.ctx, name)
	k.must(err)
	return u
}

// all are the live records of a user's collections of a kind.
func (k *kit) all(user string, kind tandem.Kind) (cols []tandem.Collection, recs []store.HomeRecord, bodies []string) {
	k.Helper()
	list, err := k.st.Home.Collections(k.ctx, user)
	k.must(err)
	for _, c := range list {
		if c.Kind != kind {
			continue
		}
		listed, _, err := k.st.Home.Since(k.ctx, c.ID, 0, 0)
		k.must(err)
		for _, r := range listed {
			if r.Deleted {
				continue
			}
			for r, err := range k.st.Home.Get(k.ctx, c.ID, []tandem.ID{r.ID}) {
				k.must(err)
				b, err := tandem.ReadBody(r.Body, 1<<20)
				k.must(err)
				cols, recs, bodies = append(cols, c), append(recs, r), append(bodies, string(b))
			}
		}
	}
	return cols, recs, bodies
}

// body is the only event of a user, "" if there is none.
func (k *kit) body(user string) string {
	k.Helper()
	_, _, bodies := k.all(user, tandem.Event)
	if len(bodies) > 1 {
		k.Fatalf("%s has %d events", user, len(bodies))
	}
	return strings.Join(bodies, "")
}

// inbox are the methods of the messages in a user's inbox.
func (k *kit) inbox(user string) string {
	k.Helper()
	_, _, bodies := k.all(user, tandem.Invitation)
	var out []string
	for _, b := range bodies {
		out = append(out, string(itip.MethodOf([]byte(b))))
	}
	return strings.Join(out, " ")
}

// write writes the only event of a user anew, or deletes it with "", as a door does; half stops before the delivery.
func (k *kit) write(user, body string, half ...bool) schedule.Plan {
	k.Helper()
	k.clock = k.clock.Add(time.Minute)
	cols, recs, bodies := k.all(user, tandem.Event)
	ch := schedule.Change{New: []byte(body)}
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}
	if len(recs) > 0 {
		ch.Collection, ch.Old = cols[0], []byte(bodies[0])
		w = store.HomeWrite{Write: tandem.Write{Op: tandem.Update, ID: recs[0].ID, If: recs[0].Version}}
	} else {
		var err error
		ch.Collection, err = k.svc.DefaultCalendar(k.ctx, k.user(user))
		k.must(err)
	}
	if body == "" {
		ch.New, w.Op = nil, tandem.Delete
	}
	plan, err := k.svc.Write(k.ctx, ch)
	k.must(err)
	k.store(ch.Collection, user, w, plan.Body)
	if len(half) == 0 {
		k.must(k.svc.Deliver(k.ctx, plan))
		k.settled()
	}
	return plan
}

func (k *kit) store(c tandem.Collection, user string, w store.HomeWrite, body []byte) {
	k.Helper()
	if w.Op != tandem.Delete {
		info, err := k.svc.Kinds[c.Kind].Inspect(body)
		k.must(err)
		w.Digest, w.Index, w.Record.UID, w.Record.Body = info.Digest, info.Index, info.Index.UID, tandem.Bytes(body)
	}
	out, err := k.st.Home.Write(k.ctx, c.ID, store.Author{User: user}, []store.HomeWrite{w})
	k.must(err)
	if out[0].Status != tandem.Applied {
		k.Fatalf("%+v", out[0])
	}
}

// settled checks that nothing waits for delivery.
func (k *kit) settled() {
	k.Helper()
	v, err := k.st.Settings.Values(k.ctx)
	k.must(err)
	for name := range v {
		if strings.HasPrefix(name, "meeting/") {
			k.Errorf("%s is left: %s", name, v[name])
		}
	}
}

// has checks that a text holds all of some parts, and none of those behind "!".
func (k *kit) has(what, text string, parts ...string) {
	k.Helper()
	flat := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n ", ""), "\r\n", "\n")
	for _, p := range parts {
		if not, is := strings.CutPrefix(p, "!"); is == strings.Contains(flat, not) {
			k.Errorf("%s: %q:\n%s", what, p, flat)
		}
	}
}

func edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for pair := range slices.Chunk(pairs, 2) {
		old, new := strings.ReplaceAll(pair[0], "\n", "\r\n"), strings.ReplaceAll(pair[1], "\n", "\r\n")
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in\n%s", old, text)
		}
		text = strings.Replace(text, old, new, 1)
	}
	return text
}

func meeting(lines ...string) string {
	return strings.ReplaceAll("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nBEGIN:VEVENT\nUID:u1\nDTSTAMP:20260301T000000Z\nDTSTART:20260309T100000Z\nDTEND:20260309T110000Z\n"+
		"SUMMARY:Talk\n"+strings.Join(append(lines, ""), "\n")+"ORGANIZER:mailto:anna@x.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@x.org\n"+
		"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@x.org\nEND:VEVENT\nEND:VCALENDAR\n", "\n", "\r\n")
}

const weekly = "RRULE:FREQ=WEEKLY;COUNT=5"
