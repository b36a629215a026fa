package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

// spoil gives all messages of a folder the index of an older program: no conversation, nothing of its text, and an envelope of another format.
func (r *room) spoil(c tandem.Collection) {
	r.Helper()
	recs, _, err := r.st.Home.Since(context.Background(), c.ID, 0, 0)
	r.must(err)
	var list []store.Indexed
	for _, rec := range recs {
		list = append(list, store.Indexed{Number: rec.Number, At: rec.Version, Index: tandem.Index{Name: rec.Index.Name, Sketch: []byte(`{"v":1}`)}})
	}
	r.must(r.st.Texts.Reindex(context.Background(), c.ID, list))
}

// found is how many messages of a conversation are found, and how many by a word of theirs.
func (r *room) found(root, word string, in tandem.Collection) (talk, text int) {
	r.Helper()
	for _, err := range r.st.Lookup.Match(context.Background(), "ann", tandem.Mail, mail.ConversationKey(conversation(root)), 1000) {
		r.must(err)
		talk++
	}
	for _, err := range r.st.Texts.Search(context.Background(), []int64{in.ID}, word, 0, 0, 0, 1000) {
		r.must(err)
		text++
	}
	return talk, text
}

func (r *room) reindexer() *mailbox.Reindexer {
	return &mailbox.Reindexer{Home: r.st.Home, Lookup: r.st.Lookup, Texts: r.st.Texts, Props: r.st.Props}
}

// TestReindex: messages that an older program took in are found as if they came today; no version changes, and it is done once.
func TestReindex(t *testing.T) {
	r := newRoom(t)
	inbox, trash := r.box(mailbox.Inbox), r.box(mailbox.Trash)
	for i := range 250 {
		r.put(inbox, fmt.Sprint("in", i), "root", mail.Flags{Received: int64(i + 1)})
	}
	r.put(trash, "binned", "root", mail.Flags{})
	r.spoil(inbox)
	r.spoil(trash)
	if talk, text := r.found("root", "in123", inbox); talk != 0 || text != 0 {
		t.Fatalf("spoilt, %d and %d are found", talk, text)
	}
	r.put(inbox, "new", "root", mail.Flags{}) // as it should be
	before, err := r.st.Home.Collections(t.Context(), "ann")
	r.must(err)
	n, err := r.reindexer().Once(t.Context())
	if r.must(err); n != 251 {
		t.Errorf("%d messages are indexed, want 251", n)
	}
	if talk, text := r.found("root", "in123", inbox); talk != 252 || text != 1 {
		t.Errorf("%d of the conversation and %d by a word are found", talk, text)
	}
	after, err := r.st.Home.Collections(t.Context(), "ann")
	r.must(err)
	for i := range before {
		if before[i].Seq != after[i].Seq {
			t.Errorf("%s was written to", after[i].Name)
		}
	}
	r.spoil(inbox) // it would be found, were it looked for
	if n, err := r.reindexer().Once(t.Context()); n != 0 || err != nil {
		t.Errorf("done again: %d, %v", n, err)
	}
}

// failing are texts whose writes fail after a while.
type failing struct {
	store.Texts
	left int
}

var errFailing = errors.New("the disk is full")

func (f *failing) Reindex(ctx context.Context, collection int64, list []store.Indexed) error {
	if f.left--; f.left < 0 {
		return errFailing
	}
	return f.Texts.Reindex(ctx, collection, list)
}

// TestReindexGoesOn: cut short anywhere, it goes on where it was, and does nothing twice.
func TestReindexGoesOn(t *testing.T) {
	r := newRoom(t)
	inbox := r.box(mailbox.Inbox)
	for i := range 350 {
		r.put(inbox, fmt.Sprint("in", i), "root", mail.Flags{})
	}
	r.spoil(inbox)
	total := 0
	for range 10 {
		x := r.reindexer()
		x.Texts = &failing{Texts: r.st.Texts, left: 1}
		n, err := x.Once(t.Context())
		if err != nil && !errors.Is(err, errFailing) {
			t.Fatal(err)
		}
		total += n
		if err == nil {
			break
		}
	}
	if talk, _ := r.found("root", "x", inbox); talk != 350 || total != 350 {
		t.Errorf("%d are found, %d were indexed", talk, total)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r.put(r.box(mailbox.Sent), "s", "root", mail.Flags{})
	if _, err := r.reindexer().Once(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// TestReindexFollows: a mark of another format, or of a store that was put back, holds nothing up.
func TestReindexFollows(t *testing.T) {
	for _, mark := range []string{"1", "1 3", "nonsense", fmt.Sprint(mail.Format, " 999999")} {
		r := newRoom(t)
		inbox := r.box(mailbox.Inbox)
		for i := range 3 {
			r.put(inbox, fmt.Sprint("in", i), "root", mail.Flags{})
		}
		r.spoil(inbox)
		r.must(r.st.Props.SetProperties(t.Context(), inbox.ID, 0, map[string]string{"tandem:indexed": mark}))
		if n, err := r.reindexer().Once(t.Context()); n != 3 || err != nil {
			t.Errorf("%q: %d, %v", mark, n, err)
		}
	}
}
