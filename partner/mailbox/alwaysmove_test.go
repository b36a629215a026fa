package mailbox

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
	"tandem/store/sqlite"
)

// hubs are two hubs on one store, with a message in the inbox whose conversation goes to the archive.
type hubs struct {
	testing.TB
	st             *store.Store
	boxes          *Service
	a, b           *Always
	inbox, archive tandem.Collection
}

func newHubs(t testing.TB) *hubs {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h := &hubs{TB: t, st: st, boxes: New(st)}
	h.a, h.b = &Always{Boxes: h.boxes, Lookup: st.Lookup}, &Always{Boxes: h.boxes, Lookup: st.Lookup}
	ctx := context.Background()
	h.must(st.Accounts.AddUser(ctx, store.User{Name: "ann", Address: "ann@example.org"}))
	h.inbox, err = h.boxes.Folder(ctx, "ann", Inbox)
	h.must(err)
	h.archive, err = h.boxes.Folder(ctx, "ann", Archive)
	h.must(err)
	h.put(0)
	h.must(h.a.Set(ctx, "ann", h.id(), h.archive, store.Author{}))
	return h
}

func (h *hubs) must(err error) {
	h.Helper()
	if err != nil {
		h.Error(err)
	}
}

func (h *hubs) id() []byte {
	c := (&mail.Envelope{MessageID: "first"}).Conversation()
	return c[:]
}

func (h *hubs) put(n int) {
	h.Helper()
	_, err := h.boxes.Put(context.Background(), h.inbox, Message{Body: tandem.Bytes(fmt.Sprintf("Subject: %d\r\nMessage-ID: <%d>\r\nIn-Reply-To: <first>\r\n\r\nx", n, n))})
	h.must(err)
}

// read marks all messages of a folder as read.
func (h *hubs) read(c tandem.Collection) {
	ctx := context.Background()
	recs, _, err := h.st.Home.Since(ctx, c.ID, 0, 0)
	h.must(err)
	for _, rec := range recs {
		if rec.Deleted {
			continue
		}
		f := mail.FlagsOf(rec.Attrs)
		f.Seen = !f.Seen
		rec.Attrs = f.Attrs()
		_, err := h.st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{{Digest: rec.Digest, Index: rec.Index, Write: tandem.Write{Op: tandem.SetAttrs, ID: rec.ID, If: rec.Version, Record: rec.Record}}})
		h.must(err)
	}
}

func (h *hubs) counts() [2]int {
	var out [2]int
	for i, c := range []tandem.Collection{h.inbox, h.archive} {
		n, _, err := h.st.Lookup.Count(context.Background(), c.ID, 0)
		h.must(err)
		out[i] = n
	}
	return out
}

// TestMovedOnce: whatever happens between the copy of a message and its deletion, there is one of it after all have looked again.
func TestMovedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		between func(h *hubs)
		want    [2]int // in the inbox, in the archive
	}{
		"nothing":            {func(*hubs) {}, [2]int{0, 2}},
		"the other moves it": {func(h *hubs) { h.must(h.b.Apply(context.Background(), "ann")) }, [2]int{0, 2}},
		"it is read":         {func(h *hubs) { h.read(h.inbox) }, [2]int{0, 2}},
		"read, then moved by hand: two remain": {func(h *hubs) {
			h.read(h.inbox)
			h.must(h.b.Set(context.Background(), "ann", h.id(), h.archive, store.Author{}))
		}, [2]int{0, 3}},
		"the copy is read":          {func(h *hubs) { h.read(h.archive) }, [2]int{0, 2}},
		"both are read: two remain": {func(h *hubs) { h.read(h.inbox); h.read(h.archive) }, [2]int{0, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHubs(t)
			h.put(1)
			done := false
			h.a.copied = func(store.HomeRecord) {
				if !done {
					done = true
					c.between(h)
				}
			}
			for range 2 {
				h.must(h.a.Apply(context.Background(), "ann"))
				h.must(h.b.Apply(context.Background(), "ann"))
			}
			if got := h.counts(); got != c.want || !done {
				t.Errorf("inbox and archive: %v, want %v", got, c.want)
			}
		})
	}
}

// TestMovedOnceByTwo: two hubs move what comes while it is read at the same time; every message is there once.
func TestMovedOnceByTwo(t *testing.T) {
	h := newHubs(t)
	const n = 40
	for i := range n {
		h.put(i + 1)
	}
	var all sync.WaitGroup
	for _, w := range []*Always{h.a, h.b} {
		all.Go(func() {
			for range 5 {
				h.must(w.Apply(context.Background(), "ann"))
			}
		})
	}
	all.Wait()
	if got := h.counts(); got != [2]int{0, n + 1} {
		t.Errorf("inbox and archive: %v", got)
	}
}
