package mailbox_test

import (
	"context"
	"fmt"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/store/sqlite"
)

// room is a hub with the user ann.
type room struct {
	testing.TB
	st     *store.Store
	boxes  *mailbox.Service
	always *mailbox.Always
}

func newRoom(t testing.TB) *room {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	r := &room{TB: t, st: st, boxes: mailbox.New(st)}
	r.always = &mailbox.Always{Boxes: r.boxes, Lookup: st.Lookup}
	r.must(st.Accounts.AddUser(context.Background(), store.User{Name: "ann", Address: "ann@example.org"}))
	return r
}

func (r *room) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *room) box(role mailbox.Role) tandem.Collection {
	r.Helper()
	c, err := r.boxes.Folder(context.Background(), "ann", role)
	r.must(err)
	return c
}

func (r *room) put(c tandem.Collection, id, re string, f mail.Flags) {
	r.Helper()
	_, err := r.boxes.Put(context.Background(), c, mailbox.Message{Body: tandem.Bytes("Subject: " + id + "\r\nMessage-ID: <" + id + ">\r\nIn-Reply-To: <" + re + ">\r\n\r\nx"), Flags: f})
	r.must(err)
}

func (r *room) count(c tandem.Collection) int {
	r.Helper()
	n, _, err := r.st.Lookup.Count(context.Background(), c.ID, 0)
	r.must(err)
	return n
}

// conversation is the id of the conversation that a message begins.
func conversation(id string) []byte {
	c := (&mail.Envelope{MessageID: id}).Conversation()
	return c[:]
}

// TestAlways: flags go along, drafts and sent mail stay, nothing is moved twice, and a folder that is gone moves nothing.
func TestAlways(t *testing.T) {
	r, ctx := newRoom(t), context.Background()
	inbox, sent, drafts, archive := r.box(mailbox.Inbox), r.box(mailbox.Sent), r.box(mailbox.Drafts), r.box(mailbox.Archive)
	r.put(inbox, "a1", "a", mail.Flags{Seen: true, Received: 7})
	r.put(inbox, "a2", "a", mail.Flags{Draft: true})
	r.put(sent, "a3", "a", mail.Flags{})
	r.put(drafts, "a4", "a", mail.Flags{})
	r.put(inbox, "b1", "b", mail.Flags{})
	if err := r.always.Set(ctx, "ann", conversation("c"), archive, store.Author{}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("a conversation that is not there: %v", err)
	}
	r.must(r.always.Set(ctx, "ann", conversation("a"), archive, store.Author{User: "ann"}))
	if a, b, c, d := r.count(inbox), r.count(sent), r.count(drafts), r.count(archive); a != 2 || b != 1 || c != 1 || d != 1 {
		t.Errorf("inbox %d, sent %d, drafts %d, archive %d", a, b, c, d)
	}
	recs, _, err := r.st.Home.Since(ctx, archive.ID, 0, 0)
	r.must(err)
	if f := mail.FlagsOf(recs[0].Attrs); !f.Seen || f.Received != 7 {
		t.Errorf("flags %+v", f)
	}
	for range 2 {
		r.must(r.always.Apply(ctx, "ann"))
	}
	r.put(inbox, "a5", "a", mail.Flags{})
	r.must(r.always.Apply(ctx, "ann"))
	if n := r.count(archive); n != 2 {
		t.Errorf("archive %d", n)
	}
	for _, rec := range recs {
		_, err := r.st.Home.Write(ctx, archive.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
		r.must(err)
	}
	r.must(r.st.Home.RemoveCollection(ctx, archive.ID))
	r.put(inbox, "a6", "a", mail.Flags{})
	r.must(r.always.Apply(ctx, "ann"))
	if n := r.count(inbox); n != 3 {
		t.Errorf("inbox %d", n)
	}
	if err := r.always.Apply(ctx, "nobody"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of nobody: %v", err)
	}
}

// TestAlwaysBounded: the rules of a user are bounded, the oldest go first; what another program left in their place is none.
func TestAlwaysBounded(t *testing.T) {
	r, ctx := newRoom(t), context.Background()
	inbox, archive := r.box(mailbox.Inbox), r.box(mailbox.Archive)
	r.must(r.st.Accounts.SetProps(ctx, "ann", map[string]string{"conversations": "nonsense"}))
	r.must(r.always.Apply(ctx, "ann"))
	for i := range 203 {
		id := fmt.Sprint("m", i)
		r.put(inbox, id+"x", id, mail.Flags{})
		r.must(r.always.Set(ctx, "ann", conversation(id), archive, store.Author{}))
	}
	r.put(inbox, "m0y", "m0", mail.Flags{})
	r.put(inbox, "m202y", "m202", mail.Flags{})
	r.must(r.always.Apply(ctx, "ann"))
	if a, b := r.count(inbox), r.count(archive); a != 1 || b != 204 {
		t.Errorf("inbox %d, archive %d", a, b)
	}
}

// TestBlind: who is told blindly is noted, and only that.
func TestBlind(t *testing.T) {
	r, ctx := newRoom(t), context.Background()
	inbox := r.box(mailbox.Inbox)
	for i, test := range []struct {
		text, address string
		want          bool
	}{
		{"To: bob@example.org\r\n\r\nx", "ann@example.org", true}, {"To: Ann@Example.org\r\n\r\nx", "ann@example.org", false}, {"Cc: ann+list@example.org\r\n\r\nx", "ann@example.org", false},
		{"To: ann@example.org\r\n\r\nx", "ann+tag@example.org", false}, {"To: bob@example.org\r\nList-Id: <l.x>\r\n\r\nx", "ann@example.org", false}, {"To: bob@example.org\r\n\r\nx", "", false},
	} {
		id, err := r.boxes.Put(ctx, inbox, mailbox.Message{Body: tandem.Bytes(test.text), For: test.address})
		r.must(err)
		for rec, err := range r.st.Home.Get(ctx, inbox.ID, []tandem.ID{id}) {
			r.must(err)
			if got := mail.FlagsOf(rec.Attrs).Bcc; got != test.want {
				t.Errorf("%d: %v", i, got)
			}
		}
	}
}
