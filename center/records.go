package center

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

// Records is the part of Service that shows what the home collection of an item holds.
type Records interface {
	// ItemRecords lists records of an item's home collection, the newest first, at most limit. NotFound: no such item.
	ItemRecords(ctx context.Context, item string, limit int) ([]RecordLine, error)
	// ItemRecord shows one of them. NotFound: no such item or record. Full: the body is asked for, and is larger than BodyShown.
	ItemRecord(ctx context.Context, q RecordQuery) (RecordShown, error)
}

// RecordLine is a record as it is listed.
type RecordLine struct {
	ID      tandem.ID `json:"id"`
	Title   string    `json:"title"`
	Changed int64     `json:"changed"` // Unix seconds, 0: not known
	Size    int64     `json:"size"`
}

// RecordQuery names a record.
type RecordQuery struct {
	Item string    `json:"item"`
	ID   tandem.ID `json:"id"`
	Body bool      `json:"body"` // the body is wanted, too
}

// RecordShown is a record in the words of its kind.
type RecordShown struct {
	RecordLine
	Kind   tandem.Kind  `json:"kind"`
	Fields []kind.Field `json:"fields"` // what it says; none: nothing that can be shown
	Body   []byte       `json:"body,omitempty"`
}

const (
	recordRead = 4 << 20 // bytes of a body that are read to show it
	// BodyShown is the size of the largest body that is shown as it is, in bytes.
	BodyShown = 64 << 20
)

// homeOf is the home collection of an item.
func (h *Hub) homeOf(ctx context.Context, item string) (tandem.Collection, error) {
	it, err := h.item(ctx, item)
	if err != nil {
		return tandem.Collection{}, err
	}
	return h.collection(ctx, it)
}

// ItemRecords implements Service.
func (h *Hub) ItemRecords(ctx context.Context, item string, limit int) ([]RecordLine, error) {
	c, err := h.homeOf(ctx, item)
	if err != nil {
		return nil, err
	}
	var newest []store.HomeRecord
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		if recs, more, err = h.cfg.Store.Home.Since(ctx, c.ID, seq, 1000); err != nil {
			return nil, err
		}
		for _, r := range recs {
			seq = r.Seq
			if !r.Deleted {
				newest = append(newest, r)
			}
		}
		if len(recs) == 0 {
			break
		}
		newest = newest[max(0, len(newest)-limit):]
	}
	slices.Reverse(newest)
	out := make([]RecordLine, len(newest))
	for i, r := range newest {
		out[i] = lineOf(r)
	}
	return out, nil
}

func lineOf(r store.HomeRecord) RecordLine {
	return RecordLine{ID: r.ID, Title: r.Title, Size: r.Size, Changed: r.Written}
}

// ItemRecord implements Service.
func (h *Hub) ItemRecord(ctx context.Context, q RecordQuery) (RecordShown, error) {
	c, err := h.homeOf(ctx, q.Item)
	if err != nil {
		return RecordShown{}, err
	}
	for r, err := range h.cfg.Store.Home.Get(ctx, c.ID, []tandem.ID{q.ID}) {
		if err != nil {
			return RecordShown{}, err
		}
		if !r.Deleted && r.ID == q.ID && r.Body != nil {
			return h.showRecord(c.Kind, r, q.Body)
		}
	}
	return RecordShown{}, &tandem.Error{Kind: tandem.NotFound, Op: "show record", Thing: string(q.ID), Err: errors.New("the item has none of this name"), Remedy: fmt.Sprintf("see them with `tandem item records %s`", q.Item)}
}

// showRecord reads a record as far as it is shown, and whole where its body is wanted.
func (h *Hub) showRecord(k tandem.Kind, r store.HomeRecord, whole bool) (RecordShown, error) {
	out := RecordShown{RecordLine: lineOf(r), Kind: k}
	limit := int64(recordRead)
	if whole {
		if limit = BodyShown; r.Size > limit {
			return RecordShown{}, &tandem.Error{Kind: tandem.Full, Op: "show record", Thing: string(r.ID), Err: fmt.Errorf("its %d bytes are too many to be shown", r.Size), Remedy: "sync it with a folder and look there"}
		}
	}
	in, err := r.Body.Open()
	if err != nil {
		return RecordShown{}, err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return RecordShown{}, err
	}
	if whole {
		out.Body = body
	}
	if handler, ok := h.cfg.Kind(k); ok {
		if f, ok := handler.(kind.Fielder); ok {
			out.Fields, _ = f.Fields(body[:min(len(body), recordRead)]) // error: it says nothing that can be shown, and is there all the same
		}
	}
	return out, nil
}
