package recipients_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind/recipient"
	"tandem/partner/recipients"
	"tandem/store"
	"tandem/store/sqlite"
)

type desk struct {
	testing.TB
	st  *store.Store
	svc *recipients.Service
	now time.Time
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	d := &desk{TB: t, st: st, now: time.Unix(1_790_000_000, 0)}
	d.svc = &recipients.Service{Home: st.Home, Now: func() time.Time { return d.now }}
	if err := st.Accounts.AddUser(context.Background(), store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) wrote(header string, to ...string) {
	d.Helper()
	if err := d.svc.Wrote(context.Background(), "ann", to, tandem.Bytes(header+"\r\n\r\ntext")); err != nil {
		d.Error(err)
	}
}

// known are the recipients by address.
func (d *desk) known() map[string]recipient.Recipient {
	d.Helper()
	ctx, out := context.Background(), map[string]recipient.Recipient{}
	all, err := d.st.Home.Collections(ctx, "ann")
	if err != nil {
		d.Fatal(err)
	}
	for _, c := range all {
		recs, _, err := d.st.Home.Since(ctx, c.ID, 0, 0)
		if err != nil {
			d.Fatal(err)
		}
		for _, r := range recs {
			for full, err := range d.st.Home.Get(ctx, c.ID, []tandem.ID{r.ID}) {
				if err != nil {
					d.Fatal(err)
				}
				b, err := tandem.ReadBody(full.Body, 1<<20)
				if err != nil {
					d.Fatal(err)
				}
				one, err := recipient.Parse(b)
				if err != nil {
					d.Fatal(err)
				}
				out[one.Email] = one
			}
		}
	}
	return out
}

// TestWrote: an address is one recipient however it is written, with the name that it was given last; messages to many count for nobody.
func TestWrote(t *testing.T) {
	d := newDesk(t)
	d.wrote("To: ben@x.org", "ben@x.org")
	d.wrote("To: =?utf-8?q?Ben_B=C3=B6hm?= <Ben@x.org>\r\nCc: Zoe <zoe@x.org>", "Ben@X.org", "zoe@x.org", "blind@x.org")
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint("m", i, "@x.org"))
	}
	d.wrote("To: all", many...)
	d.wrote("To: nobody")
	got := d.known()
	if len(got) != 3 || got["ben@x.org"].Name != "Ben Böhm" || got["ben@x.org"].Score != 2 || got["zoe@x.org"].Name != "Zoe" || got["blind@x.org"].Name != "" {
		t.Errorf("%+v", got)
	}
	if got["ben@x.org"].Rank() <= got["zoe@x.org"].Rank() {
		t.Errorf("who got two messages is not above who got one: %+v", got)
	}
}

// TestForgotten: who is not written to any more is forgotten, and there are never more than a bound.
func TestForgotten(t *testing.T) {
	d := newDesk(t)
	d.wrote("To: old@x.org", "old@x.org")
	d.now = d.now.AddDate(0, 7, 0)
	for i := range 210 {
		d.now = d.now.Add(time.Hour)
		d.wrote("", fmt.Sprint("n", i, "@x.org"))
	}
	got := d.known()
	if _, there := got["old@x.org"]; there || len(got) != 200 || got["n209@x.org"].Email == "" || got["n9@x.org"].Email != "" {
		t.Errorf("%d are known", len(got))
	}
}

// TestAtOnce: messages at the same moment are all counted.
func TestAtOnce(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { d.wrote("To: ben@x.org", "ben@x.org") })
	}
	all.Wait()
	if got := d.known(); len(got) != 1 || got["ben@x.org"].Score != 4 {
		t.Errorf("%+v", got)
	}
}
