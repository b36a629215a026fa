package mailbox

import (
	"context"
	"fmt"
	"log/slog"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
)

// indexed is the property of a mail folder in which it is kept how far it was looked through for messages that an older program took in: "2 500" for the format 2 up
// to the sequence number 500, "2" for all of it.
const indexed = "tandem:indexed"

// indexBatch is how many messages are looked at between two notes of how far it went, and indexBytes how much of them is read in one transaction.
const (
	indexBatch = 100
	indexBytes = 32 << 20
)

// Reindexer makes anew what messages are found by and shown from, where an older program made it: it knew less of them. Until it has come to a message, the message is
// read each time it is shown. What is written meanwhile is as it should be. Killed anywhere, it goes on where it was.
type Reindexer struct {
	Home   store.Home
	Lookup store.Lookup
	Texts  store.Texts
	Props  store.Properties
	Log    *slog.Logger // nil: nowhere
}

// Run looks through all folders once.
func (x *Reindexer) Run(ctx context.Context) {
	n, err := x.Once(ctx)
	switch {
	case x.Log == nil:
	case err != nil && ctx.Err() == nil:
		x.Log.Error("messages of an older program are not all indexed", "done", n, "err", err)
	case n > 0:
		x.Log.Info("messages of an older program are indexed", "done", n)
	}
}

// Once looks through all folders, and tells how many messages it made an index for. Trouble with one folder does not stop the others; the first is returned.
func (x *Reindexer) Once(ctx context.Context) (n int, err error) {
	all, err := x.Home.Collections(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.Kind != tandem.Mail {
			continue
		}
		some, ferr := x.folder(ctx, c)
		n += some
		if ferr != nil && !tandem.IsKind(ferr, tandem.NotFound) && err == nil { // NotFound: it was removed meanwhile
			err = ferr
		}
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
	}
	return n, err
}

// folder looks through one folder. Messages that are written to meanwhile move to the end, and are met again, as they should be.
func (x *Reindexer) folder(ctx context.Context, c tandem.Collection) (n int, err error) {
	kept, err := x.Props.Properties(ctx, c.ID, 0)
	if err != nil {
		return 0, err
	}
	format, seq := 0, int64(0)
	known, _ := fmt.Sscanf(kept[0][indexed], "%d %d", &format, &seq) // error: nothing is known
	switch {
	case format != mail.Format:
		seq = 0
	case known == 1:
		return 0, nil
	}
	for more := true; more; {
		var recs []store.HomeRecord
		recs, more, err = x.Home.Since(ctx, c.ID, seq, indexBatch)
		if tandem.IsKind(err, tandem.Gone) && seq != 0 { // the store was put back
			seq, more = 0, true
			continue
		}
		if err != nil {
			return n, err
		}
		some, err := x.batch(ctx, c, recs)
		if n += some; err != nil {
			return n, err
		}
		if len(recs) > 0 {
			seq = recs[len(recs)-1].Seq
		}
		note := fmt.Sprint(mail.Format)
		if more {
			note = fmt.Sprintf("%d %d", mail.Format, seq)
		}
		if err := x.Props.SetProperties(ctx, c.ID, 0, map[string]string{indexed: note}); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (x *Reindexer) complain(what string, id tandem.ID, err error) {
	if x.Log != nil {
		x.Log.Error(what, "message", id, "err", err)
	}
}

// batch makes an index for those of some records that have none of today.
func (x *Reindexer) batch(ctx context.Context, c tandem.Collection, recs []store.HomeRecord) (n int, err error) {
	var numbers []int64
	for _, r := range recs {
		if !r.Deleted {
			numbers = append(numbers, r.Number)
		}
	}
	sketches, err := x.Texts.Sketches(ctx, c.ID, numbers...)
	if err != nil {
		return 0, err
	}
	var old []int64
	for _, number := range numbers {
		if _, ok := mail.ParseEnvelope(sketches[number]); !ok {
			old = append(old, number)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	var list []store.Indexed
	size := int64(0)
	flush := func() error {
		err := x.Texts.Reindex(ctx, c.ID, list)
		if err == nil {
			n += len(list)
		}
		list, size = nil, 0
		return err
	}
	for rec, err := range x.Lookup.ByNumber(ctx, c.ID, old) {
		if err != nil {
			return n, err
		}
		if rec.Deleted || rec.Body == nil {
			continue
		}
		info, err := mail.Handler{}.InspectBody(rec.Body)
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		if err != nil { // it cannot be read now; it is tried each time it is shown, and the others are not to wait for it
			x.complain("a message cannot be indexed", rec.ID, err)
			continue
		}
		list = append(list, store.Indexed{Number: rec.Number, At: rec.Version, Index: info.Index})
		if size += rec.Size; size > indexBytes {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}
