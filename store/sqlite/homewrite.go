package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// Write implements store.Home. Bodies are read, and large ones made durable, before the transaction begins. On an error no
// write was done and every outcome is RetryAfter, or Maybe if the fate of the transaction is not known.
func (h home) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	out := make([]tandem.Outcome, len(writes))
	fail := func(status tandem.Status, err error) ([]tandem.Outcome, error) {
		for i := range out {
			out[i] = tandem.Outcome{Status: status, ID: writes[i].ID, Err: err}
		}
		return out, err
	}
	list, err := h.stageAll(ctx, writes)
	if err != nil {
		return fail(tandem.RetryAfter, err)
	}
	w := homeWriter{home: h, who: who, list: list}
	err = h.write(ctx, "write collection", func(c *conn) error {
		w.conn = c
		return w.all(collection, out)
	})
	var unsure errCommit
	switch {
	case errors.Is(err, errWhole):
		return w.undone(out), nil
	case errors.As(err, &unsure):
		return fail(tandem.Maybe, err)
	case err != nil:
		return fail(tandem.RetryAfter, err)
	}
	if w.col.Seq != w.before {
		h.wake.tell(store.Wakeup{User: w.col.User, Collection: w.col.ID, Seq: w.col.Seq})
	}
	for _, c := range w.from {
		h.wake.tell(store.Wakeup{User: c.User, Collection: c.ID, Seq: c.Seq})
	}
	return out, nil
}

// errWhole ends a transaction in which a write that was to be done with all the others was not.
var errWhole error = &tandem.Error{Kind: tandem.Changed, Op: "write record", Err: errors.New("another write that belongs to it was not done")}

// undone makes the outcomes of a transaction that was taken back: what was not to blame was not done either.
func (w *homeWriter) undone(out []tandem.Outcome) []tandem.Outcome {
	for i := range out {
		if out[i].Status == tandem.Applied || out[i].Err == nil {
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: w.list[i].ID, Err: errWhole}
		}
	}
	return out
}

// homeWriter performs the writes of one transaction.
type homeWriter struct {
	home
	conn   *conn
	who    store.Author
	list   []staged
	col    tandem.Collection
	before int64 // the collection's sequence number at the start
	live   int64 // how many more live records there are than at the start
	now    int64
	texts  rowTexts                    // of what was written
	words  rowWords                    // of what was written
	from   map[int64]tandem.Collection // other collections out of which records were taken, as they are then
}

func (w *homeWriter) all(collection int64, out []tandem.Outcome) (err error) {
	if w.col, err = collectionByID(w.conn, collection); err != nil {
		return err
	}
	w.before = w.col.Seq
	w.now = w.opt.Now()
	for i := range w.list {
		if out[i], err = w.one(&w.list[i]); err != nil {
			return err
		}
		if w.list[i].Whole && out[i].Status != tandem.Applied {
			return errWhole
		}
	}
	if w.col.Seq == w.before {
		return nil
	}
	if err := w.words.put(w.conn, collection); err != nil {
		return err
	}
	if err := w.texts.put(w.conn); err != nil {
		return err
	}
	_, err = w.conn.exec("UPDATE collection SET seq = ?, live = live + ? WHERE id = ?", w.col.Seq, w.live, collection)
	return err
}

// one performs one write. An error is about the store and ends the transaction.
func (w *homeWriter) one(s *staged) (tandem.Outcome, error) {
	if s.Still != nil && *s.Still != w.before {
		return failed412(s.ID, fmt.Errorf("the collection is at %d, not %d", w.before, *s.Still)), nil
	}
	if s.From != 0 && (s.Op == tandem.Create || s.Op == tandem.Update) {
		if same, err := w.takeOver(s); !same || err != nil {
			return failed412(s.ID, errors.New("the record that it is a copy of has changed")), err
		}
	}
	switch {
	case s.err != nil:
		return tandem.Outcome{Status: tandem.RetryAfter, ID: s.ID, Err: s.err}, nil
	case s.Op == tandem.Create && s.Take:
		return w.take(s)
	case s.Op == tandem.Create:
		return w.create(s)
	case s.ID == "":
		return rejected(s.ID, errors.New("the write names no record")), nil
	}
	old, body, row, err := w.current(s.ID)
	if err != nil {
		return tandem.Outcome{}, err
	}
	switch {
	case row == 0 || old.Deleted:
		return failed412(s.ID, errors.New("the record is not there")), nil
	case s.If != old.Version:
		return failed412(s.ID, fmt.Errorf("the record is at version %s, not %s", old.Version, s.If)), nil
	}
	switch s.Op {
	case tandem.Update:
		return w.update(s, old, body)
	case tandem.SetAttrs:
		return w.setAttrs(s, old, body)
	case tandem.Move:
		return w.move(s, old, row)
	case tandem.Delete:
		return w.delete(s, old, body)
	}
	return rejected(s.ID, fmt.Errorf("unknown operation %d", s.Op)), nil
}

func rejected(id tandem.ID, err error) tandem.Outcome {
	return tandem.Outcome{Status: tandem.Rejected, ID: id, Err: &tandem.Error{Kind: tandem.Invalid, Op: "write record", Thing: string(id), Err: err}}
}

func failed412(id tandem.ID, err error) tandem.Outcome {
	return tandem.Outcome{Status: tandem.PreconditionFailed, ID: id,
		Err: &tandem.Error{Kind: tandem.Changed, Op: "write record", Thing: string(id), Err: err}}
}

// current reads a record or tombstone; row is 0 if there is neither.
func (w *homeWriter) current(id tandem.ID) (r store.HomeRecord, body tandem.Digest, row int64, err error) {
	err = w.conn.row("SELECT row FROM record WHERE collection = ? AND id = ?", w.col.ID, string(id)).Scan(&row)
	if errors.Is(err, sql.ErrNoRows) {
		return r, body, 0, nil
	}
	if err != nil {
		return r, body, 0, err
	}
	r, body, err = scanRecord(w.conn.row("SELECT "+recordColumns+" FROM record WHERE row = ?", row), w.col.Kind)
	return r, body, row, err
}

func (w *homeWriter) create(s *staged) (tandem.Outcome, error) {
	if s.Marker != "" {
		r, err := findMarker(w.conn, w.col.ID, s.Marker)
		if err == nil && !r.Deleted && r.Digest == s.Digest && r.Size == s.size && r.Attrs == s.Record.Attrs {
			return tandem.Outcome{Status: tandem.Applied, ID: r.ID, Meta: r.Meta}, nil
		}
		// With other content, or when what it made is gone, it is another create: it must not be told that it has been done.
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return tandem.Outcome{}, err
		}
	}
	id, grave, err := w.place(s)
	if err != nil {
		return tandem.Outcome{}, err
	}
	if bad, err := w.mayHold(id); bad != nil || err != nil {
		return rejected(s.ID, bad), err
	}
	if id == "" {
		return failed412(s.ID, errors.New("there is a record of that id")), nil
	}
	if by, err := w.sharer(s.uid(), grave.Number); by != "" || err != nil {
		return uidTaken(s, by), err
	}
	if grave.WasBorn != 0 { // a third life: two are all that can be told of one number
		if err := w.displace(grave); err != nil {
			return tandem.Outcome{}, err
		}
		grave = store.HomeRecord{}
	}
	meta, err := w.put(s, id, grave)
	if err != nil {
		return tandem.Outcome{}, err
	}
	if s.Marker != "" {
		_, err := w.conn.exec(`INSERT OR REPLACE INTO marker (collection, marker, id, seq, at, digest, size, attrs, uid, modified)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, w.col.ID, string(s.Marker), string(id), w.col.Seq, w.now, ofDigest(meta.Digest), meta.Size,
			string(meta.Attrs), meta.UID, meta.Modified)
		if err != nil {
			return tandem.Outcome{}, err
		}
	}
	return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: meta}, nil
}

// uid is the UID that the record will have.
func (s *staged) uid() string {
	if s.Index.UID != "" {
		return s.Index.UID
	}
	return s.Record.UID
}

// querySharer says what the partial index record_by_uid wants to hear.
const querySharer = "SELECT id FROM record WHERE collection = ? AND uid = ? AND uid <> '' AND deleted = 0 AND row <> ? LIMIT 1"

// sharer names the record in another row than the given one that has this UID, where that may not be. Writers come one
// after another, so that what is free now is free when the transaction commits. The rule is checked here and is no unique
// index of the schema, for stores of earlier versions may hold a UID twice.
func (w *homeWriter) sharer(uid string, row int64) (by tandem.ID, err error) {
	if uid == "" || !store.OneUID(w.col.Kind) {
		return "", nil
	}
	err = w.conn.row(querySharer, w.col.ID, uid, row).Scan(&by)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return by, err
}

func uidTaken(s *staged, by tandem.ID) tandem.Outcome {
	return tandem.Outcome{Status: tandem.PreconditionFailed, ID: s.ID, Err: &tandem.Error{Kind: tandem.Exists, Op: "write record",
		Thing: cmp.Or(string(s.ID), s.Title), Err: &store.UIDTaken{UID: s.uid(), By: by}, Remedy: "delete one of the two, or give one a UID of its own"}}
}

// place chooses the id of a create, and the tombstone that it takes over, Number 0 if there is none. The id is "" if the
// wished one is taken.
func (w *homeWriter) place(s *staged) (id tandem.ID, grave store.HomeRecord, err error) {
	id = s.ID
	if id == "" && safeID(s.Index.UID) {
		id = tandem.ID(s.Index.UID)
	}
	for range 2 {
		if id == "" {
			name, err := w.token()
			if err != nil {
				return "", grave, err
			}
			id = tandem.ID(name)
		}
		r, _, row, err := w.current(id)
		if err != nil || row == 0 || r.Deleted {
			return id, r, err
		}
		if s.ID != "" {
			return "", grave, nil
		}
		id = ""
	}
	return "", grave, errors.New("two random ids were taken")
}

// safeID reports whether a UID can serve as an id, also in a URL and as a file's name.
func safeID(uid string) bool {
	if uid == "" || len(uid) > 120 || uid[0] == '.' {
		return false
	}
	for i := range len(uid) {
		c := uid[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.@+", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// put writes a record whole under the next sequence number, over old or its tombstone, or, if old has no Number, as a new one.
func (w *homeWriter) put(s *staged, id tandem.ID, old store.HomeRecord) (tandem.Meta, error) {
	if err := w.putSmall(w.conn, s.small); err != nil {
		return tandem.Meta{}, err
	}
	w.col.Seq++
	uid := s.uid()
	meta := tandem.Meta{Version: versionOf(w.col.Seq), Digest: s.Digest, Size: s.size, Attrs: s.Record.Attrs, UID: uid, Modified: s.Record.Modified}
	life := w.lives(old)
	made := s.made
	if made == 0 {
		made = w.now
	}
	if old.Number != 0 && !old.Deleted {
		made = old.Made
	}
	args := []any{w.col.Seq, w.now, ofDigest(s.Digest), ofDigest(s.sum), s.size, string(s.Record.Attrs), s.Record.Modified, s.Title, uid,
		s.Index.Start, s.Index.End, s.Index.Name, strings.Join(s.Index.Keys, "\n"), w.col.Seq, life.Born, life.WasBorn, life.WasGone, made}
	row := old.Number
	var err error
	if row == 0 {
		var res sql.Result
		res, err = w.conn.exec(`INSERT INTO record (seq, at, digest, body, size, attrs, modified, title, uid, starts, ends, name, keys, wrote, born, was_born,
			was_gone, made, collection, id, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`, append(args, w.col.ID, string(id))...)
		if err == nil {
			row, err = res.LastInsertId()
		}
	} else {
		_, err = w.conn.exec(`UPDATE record SET seq = ?, at = ?, digest = ?, body = ?, size = ?, attrs = ?, modified = ?, title = ?, uid = ?,
			starts = ?, ends = ?, name = ?, keys = ?, wrote = ?, born = ?, was_born = ?, was_gone = ?, made = ?, deleted = 0 WHERE row = ?`, append(args, row)...)
	}
	if err != nil {
		return meta, err
	}
	if row != old.Number || old.Deleted {
		w.live++
	}
	meta.Node = nodeOf(row)
	w.texts.add(row, s.Index)
	if err := setSketch(w.conn, row, s.Index); err != nil {
		return meta, err
	}
	return meta, w.words.set(w.conn, w.col.ID, row, old.Index, s.Index, s.words)
}

// park records what is about to be overwritten and returns what Outcome.Parked says of it.
func (w *homeWriter) park(op tandem.Op, old *store.HomeRecord, body tandem.Digest, after tandem.Version) (string, error) {
	id, err := insertPast(w.conn, &store.Past{When: w.now, Session: w.who.Session, Collection: w.col.ID, Place: homePlace(w.col.Name, w.col.Kind),
		Kind: w.col.Kind, Record: old.ID, Op: op, Who: w.who.User, From: w.who.Via, Title: old.Title, Attrs: old.Attrs, Digest: old.Digest,
		Body: body, After: after})
	if err != nil {
		return "", err
	}
	_, err = w.conn.exec("INSERT INTO version (number, until, wrote, past) SELECT row, ?, wrote, ? FROM record WHERE row = ?", w.col.Seq+1, id, old.Number)
	return strconv.FormatInt(id, 10), err
}

func (w *homeWriter) update(s *staged, old store.HomeRecord, body tandem.Digest) (tandem.Outcome, error) {
	if old.Attrs.Get("type") == "dir" && s.Record.Attrs.Get("type") != "dir" {
		if full, err := w.filled(s.ID); full || err != nil {
			return rejected(s.ID, errors.New("the directory is not empty")), err
		}
	}
	if s.uid() != old.Index.UID {
		if by, err := w.sharer(s.uid(), old.Number); by != "" || err != nil {
			return uidTaken(s, by), err
		}
	}
	parked, err := w.park(tandem.Update, &old, body, versionOf(w.col.Seq+1))
	if err != nil {
		return tandem.Outcome{}, err
	}
	meta, err := w.put(s, s.ID, old)
	return tandem.Outcome{Status: tandem.Applied, ID: s.ID, Meta: meta, Parked: parked}, err
}

func (w *homeWriter) setAttrs(s *staged, old store.HomeRecord, body tandem.Digest) (tandem.Outcome, error) {
	parked, err := w.park(tandem.SetAttrs, &old, body, versionOf(w.col.Seq+1))
	if err != nil {
		return tandem.Outcome{}, err
	}
	w.col.Seq++
	meta := old.Meta
	meta.Version, meta.Attrs = versionOf(w.col.Seq), s.Record.Attrs
	_, err = w.conn.exec("UPDATE record SET seq = ?, wrote = ?, at = ?, attrs = ? WHERE row = ?", w.col.Seq, w.col.Seq, w.now, string(meta.Attrs), old.Number)
	return tandem.Outcome{Status: tandem.Applied, ID: s.ID, Meta: meta, Parked: parked}, err
}

func (w *homeWriter) delete(s *staged, old store.HomeRecord, body tandem.Digest) (tandem.Outcome, error) {
	if full, err := w.filled(s.ID); full || err != nil {
		return failed412(s.ID, errors.New("the directory is not empty")), err
	}
	parked, err := w.park(tandem.Delete, &old, body, "")
	if err != nil {
		return tandem.Outcome{}, err
	}
	return tandem.Outcome{Status: tandem.Applied, ID: s.ID, Parked: parked}, w.bury(old)
}
