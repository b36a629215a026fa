package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/store"
)

// homeHands are the hands of a person who works in a home collection, as a front door would on their behalf.
type homeHands struct {
	store      *store.Store
	collection tandem.Collection
	kind       kind.Handler
}

func newHomeHands(st *store.Store, k kind.Handler, s specimen) (*homeHands, error) {
	ctx := context.Background()
	if err := st.Accounts.AddUser(ctx, store.User{Name: "sim"}); err != nil {
		return nil, err
	}
	c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "sim", Kind: s.kind, Name: "middle"})
	return &homeHands{st, c, k}, err
}

func (h *homeHands) open(n *node) (*provider.Opened, error) {
	opener := home.Opener{Store: h.store, User: "sim", Kinds: map[tandem.Kind]kind.Handler{h.kind.Kind(): h.kind}}
	o, err := opener.Open(h.collection)
	if err != nil {
		return nil, err
	}
	o.Replica = &counted{o.Replica, n}
	return o, nil
}

func (h *homeHands) list() []tandem.Record {
	ctx := context.Background()
	recs, _, err := h.store.Home.Since(ctx, h.collection.ID, 0, 0)
	if err != nil {
		panic(err) // the store in memory does not fail by itself; a history has no way to go on
	}
	var ids []tandem.ID
	for _, r := range recs {
		if !r.Deleted {
			ids = append(ids, r.ID)
		}
	}
	bodies := map[tandem.ID]tandem.Record{}
	for r, err := range h.store.Home.Get(ctx, h.collection.ID, ids) {
		if err == nil {
			if r.Body != nil {
				body, _ := tandem.ReadBody(r.Body, 1<<20)
				r.Body = tandem.Bytes(body)
			}
			bodies[r.ID] = r.Record
		}
	}
	var out []tandem.Record
	for _, id := range ids {
		if r, ok := bodies[id]; ok {
			out = append(out, r)
		}
	}
	return out
}

func (h *homeHands) write(w tandem.Write) error {
	hw := store.HomeWrite{Write: w}
	if b, ok := w.Record.Body.(tandem.Bytes); ok {
		info, err := h.kind.Inspect(b)
		if err != nil {
			return err
		}
		hw.Digest, hw.Index, hw.Title = info.Digest, info.Index, info.Summary.String()
	}
	out, err := h.store.Home.Write(context.Background(), h.collection.ID, store.Author{User: "sim", Via: "person"}, []store.HomeWrite{hw})
	if err != nil {
		return err
	}
	if out[0].Status != tandem.Applied {
		return fmt.Errorf("%s %s: %s: %w", w.Op, w.ID, out[0].Status, out[0].Err)
	}
	return nil
}

func (h *homeHands) put(id tandem.ID, body []byte, attrs tandem.Attrs) error {
	w := tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}, Body: tandem.Bytes(body)}}
	for _, r := range h.list() {
		if r.ID == id {
			w.Op, w.If = tandem.Update, r.Version
		}
	}
	return h.write(w)
}

func (h *homeHands) remove(id tandem.ID) {
	list := h.list()
	slices.SortFunc(list, func(a, b tandem.Record) int { return cmp.Compare(b.ID, a.ID) }) // what is in a directory goes before it
	for _, r := range list {
		if r.ID == id || (h.kind.Kind() == tandem.File && strings.HasPrefix(string(r.ID), string(id)+"/")) {
			if err := h.write(tandem.Write{Op: tandem.Delete, ID: r.ID, If: r.Version}); err != nil {
				panic(err) // see list
			}
		}
	}
}

// counted counts the writes that a run makes, and dies with the process.
type counted struct {
	provider.Replica
	n *node
}

func (c *counted) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	for _, w := range writes {
		if err := c.n.hook("write", w.ID); err != nil {
			return make([]tandem.Outcome, len(writes)), err
		}
	}
	return c.Replica.Apply(ctx, writes)
}

func (c *counted) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	return c.Replica.(provider.Parker).Unpark(ctx, parked)
}

func (c *counted) Purge(ctx context.Context, before int64) (int64, error) {
	return c.Replica.(provider.Parker).Purge(ctx, before)
}
