package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/store"
)

// staged is a write whose body has been read.
type staged struct {
	*store.HomeWrite
	sum   tandem.Digest // of the body, zero for none
	size  int64
	made  int64 // when what it is was made elsewhere; 0: now
	small []smallBody
	words []string // by which the record is found, with a body; found before the transaction, while others write
	err   error    // the body could not be read
}

// stagings is how many bodies are read at a time: a large one is waited for until it is on the disk.
const stagings = 4

// stageAll reads the bodies of writes. An error is about all of them.
func (h home) stageAll(ctx context.Context, writes []store.HomeWrite) ([]staged, error) {
	list := make([]staged, len(writes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(stagings)
	for i := range writes {
		if h.stageMemory(&list[i], &writes[i]) {
			continue
		}
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			list[i] = h.stage(gctx, &writes[i])
			if err := list[i].err; err != nil && (gctx.Err() != nil || tandem.IsKind(err, tandem.Full)) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return list, h.fault("store body", ctx.Err())
}

// stageMemory stages a write that needs no reading: one without a body, and one whose small body is in memory. false: it needs it.
func (h home) stageMemory(s *staged, w *store.HomeWrite) bool {
	s.HomeWrite = w
	if w.Record.Body == nil || w.Op != tandem.Create && w.Op != tandem.Update {
		return true
	}
	data, ok := w.Record.Body.(tandem.Bytes)
	if !ok || !h.isSmall(len(data)) {
		return false
	}
	s.sum, s.size = sha256.Sum256(data), data.Size()
	s.small = []smallBody{{s.sum, data}}
	s.words = wordsOfIndex(w.Index)
	if w.Progress != nil {
		w.Progress(s.size)
	}
	return true
}

// stage reads the body of a write. A body that cannot be read fails its own write only.
func (h home) stage(ctx context.Context, w *store.HomeWrite) staged {
	s := staged{HomeWrite: w}
	if h.files != nil { // a body of ours is there already
		sum, ours, err := h.files.Renew(w.Record.Body)
		if s.err = h.fault("store body", err); ours {
			s.sum, s.size = sum, w.Record.Body.Size()
			return s
		}
	}
	r, err := w.Record.Body.Open()
	if err != nil {
		s.err = err
		return s
	}
	defer r.Close()
	var in io.Reader = r
	if w.Progress != nil {
		in = &countingReader{r, w.Progress}
	}
	sum, n, small, err := h.stageBody(ctx, in)
	if err != nil {
		s.err = h.fault("store body", err)
		return s
	}
	s.sum, s.size = sum, n
	if small != nil {
		s.small = []smallBody{{sum, small}}
	}
	return s
}

type countingReader struct {
	r    io.Reader
	tell func(int64)
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if n > 0 {
		c.tell(int64(n))
	}
	return n, err
}

// takeOver gives a write the body of another record, if that is as it was.
func (w *homeWriter) takeOver(s *staged) (same bool, err error) {
	var sum []byte
	err = w.conn.row("SELECT body, size FROM record WHERE row = ? AND seq = ? AND deleted = 0", s.From, s.FromSeq).Scan(&sum, &s.size)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	s.sum = toDigest(sum)
	return err == nil, err
}

// take creates a record and deletes the one that it comes from, which may be in another collection.
func (w *homeWriter) take(s *staged) (tandem.Outcome, error) {
	var collection int64
	var id tandem.ID
	if err := w.conn.row("SELECT collection, id FROM record WHERE row = ?", s.From).Scan(&collection, &id); err != nil {
		return tandem.Outcome{}, err
	}
	from := w
	if collection != w.col.ID {
		from = &homeWriter{home: w.home, conn: w.conn, who: w.who, now: w.now}
		var err error
		if from.col, err = collectionByID(w.conn, collection); err != nil {
			return tandem.Outcome{}, err
		}
	}
	if store.IsTree(w.col.Kind) || store.IsTree(from.col.Kind) {
		return rejected(s.ID, errors.New("in a tree nothing is taken from elsewhere")), nil
	}
	old, body, _, err := from.current(id)
	if err != nil {
		return tandem.Outcome{}, err
	}
	s.made = old.Made
	out, err := w.create(s)
	if err != nil || out.Status != tandem.Applied {
		return out, err
	}
	if _, err := from.delete(&staged{HomeWrite: &store.HomeWrite{Write: tandem.Write{ID: id}}}, old, body); err != nil || from == w {
		return out, err
	}
	if w.from == nil {
		w.from = map[int64]tandem.Collection{}
	}
	w.from[collection] = from.col
	_, err = w.conn.exec("UPDATE collection SET seq = ?, live = live + ? WHERE id = ?", from.col.Seq, from.live, collection)
	return out, err
}
