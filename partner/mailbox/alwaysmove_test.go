package mailbox

import (
	"context"
	"errors"
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

// TestMovedOnce: whatever happens between the look at a message and its move, there is one of it after all have looked again.
func TestMovedOnce(t *testing.T) {
	ctx := context.Background()
	for name, between := range map[string]func(h *hubs){
		"nothing":                func(*hubs) {},
		"the other moves it":     func(h *hubs) { h.must(h.b.Apply(ctx, "ann")) },
		"it is read":             func(h *hubs) { h.read(h.inbox) },
		"read, moved by hand":    func(h *hubs) { h.read(h.inbox); h.must(h.b.Set(ctx, "ann", h.id(), h.archive, store.Author{})) },
		"the other mail is read": func(h *hubs) { h.read(h.archive) },
		"all is read":            func(h *hubs) { h.read(h.inbox); h.read(h.archive) },
		"read and moved, read":   func(h *hubs) { h.read(h.inbox); h.must(h.b.Apply(ctx, "ann")); h.read(h.archive) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHubs(t)
			h.put(1)
			done := false
			h.a.looked = func(store.HomeRecord) {
				if !done {
					done = true
					between(h)
				}
			}
			for range 2 {
				h.must(h.a.Apply(ctx, "ann"))
				h.must(h.b.Apply(ctx, "ann"))
			}
			if got := h.counts(); got != [2]int{0, 2} || !done {
				t.Errorf("inbox and archive: %v", got)
			}
		})
	}
}

// dying is a store's home that dies at a write: before it, or after it and before the answer.
type dying struct {
	store.Home
	left  int
	after bool
}

var errDied = errors.New("the hub died")

// Write implements store.Home.
func (d *dying) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	if d.left--; d.left == 0 && d.after {
		_, _ = d.Home.Write(ctx, collection, who, writes) // nobody is left to hear how it went
	}
	if d.left <= 0 {
		return nil, errDied
	}
	return d.Home.Write(ctx, collection, who, writes)
}

// TestMovedOnceThoughKilled: a hub dies at each of its writes; afterwards another one leaves each message once, and those that their owner put back where they are.
func TestMovedOnceThoughKilled(t *testing.T) {
	const n = 3
	for at := 1; at <= n+1; at++ {
		for _, after := range []bool{false, true} {
			h, ctx := newHubs(t), context.Background()
			for i := range n {
				h.put(i + 1)
			}
			mine := *h.boxes
			mine.Home = &dying{h.st.Home, at, after}
			h.a.Boxes = &mine
			if err := h.a.Apply(ctx, "ann"); (err == nil) != (at > n) {
				t.Errorf("died at write %d: %v", at, err)
			}
			for range 2 {
				h.must(h.b.Apply(ctx, "ann"))
			}
			if got := h.counts(); got != [2]int{0, n + 1} {
				t.Errorf("died at write %d, done %v: inbox and archive %v", at, after, got)
			}
		}
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
