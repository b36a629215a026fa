package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"

	"tandem"
	"tandem/kind/file"
)

const (
	fetchBlock = 1024 // how many records Fetch looks at before it gives them away
	fetchPart  = 64   // how many are worth a worker of their own
)

// Fetch implements provider.Replica. Bodies are opened when they are read; they notice when the file is no longer what
// Fetch saw.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if err := r.enter(); err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer r.use.RUnlock()
		f := &fetcher{r: r}
		defer f.close()
		for len(ids) > 0 {
			part := ids[:min(fetchBlock, len(ids))]
			ids = ids[len(part):]
			f.look(ctx, part)
			for i, id := range part {
				if err := ctx.Err(); err != nil {
					yield(tandem.Record{ID: id}, err)
					return
				}
				if !yield(f.found[i].rec, f.found[i].err) {
					return
				}
			}
		}
	}
}

// fetcher looks at records, several at a time.
type fetcher struct {
	r     *Replica
	found []fetched
	open  []*folders // of each worker
}

type fetched struct {
	rec tandem.Record
	err error
}

// look fills in found. Neighbours in the list go to one worker, since they are mostly in one directory.
func (f *fetcher) look(ctx context.Context, ids []tandem.ID) {
	f.found = make([]fetched, len(ids))
	workers := min(f.r.workers, len(ids)/fetchPart+1)
	for len(f.open) < workers {
		f.open = append(f.open, newFolders(f.r.root))
	}
	size := (len(ids) + workers - 1) / workers
	var all sync.WaitGroup
	for w := range workers {
		from, to := min(w*size, len(ids)), min((w+1)*size, len(ids))
		work := func() {
			for i := from; i < to && ctx.Err() == nil; i++ {
				f.found[i] = f.one(f.open[w], ids[i])
			}
		}
		if w+1 < workers {
			all.Go(work)
		} else {
			work()
		}
	}
	all.Wait()
}

func (f *fetcher) one(open *folders, id tandem.ID) fetched {
	rec, err := f.r.record(open, id)
	if err != nil {
		return fetched{tandem.Record{ID: id}, classify("read", id, err)}
	}
	return fetched{rec, nil}
}

func (f *fetcher) close() {
	for _, open := range f.open {
		open.forget()
	}
}

func (r *Replica) record(open *folders, id tandem.ID) (tandem.Record, error) {
	st, target, err := r.look(open, id)
	if err != nil {
		return tandem.Record{}, err
	}
	rec := tandem.Record{ID: id, Meta: r.shown(&st, target)}
	if st.kind == regular {
		b := &body{r: r, id: string(id), st: st, digest: r.knownDigest(string(id), &st)}
		rec.Body, rec.Digest = b, b.digest
	}
	return rec, nil
}

// look tells the state of a record.
func (r *Replica) look(open *folders, id tandem.ID) (st stat, target string, err error) {
	if err := checkID(id); err != nil {
		return st, "", err
	}
	f, err := open.at(parent(string(id)))
	if isNotFolder(err) {
		err = fs.ErrNotExist // whatever is there, it has no children
	}
	if err != nil {
		return st, "", err
	}
	if st, err = f.stat(base(string(id))); err != nil {
		return st, "", err
	}
	switch st.kind {
	case special:
		err = errNotRegular
	case link:
		target, err = f.readlink(base(string(id)))
	}
	return st, target, err
}

// shown is what a listing made now shows of an entry.
func (r *Replica) shown(st *stat, target string) tandem.Meta {
	m := st.meta(r.rootStat.dev, target)
	if r.racy(st, now()) {
		m.Version += racyMark + tandem.Version(token()[:8])
	}
	return m
}

func (r *Replica) knownDigest(id string, st *stat) tandem.Digest {
	r.digestMu.Lock()
	defer r.digestMu.Unlock()
	if k, ok := r.digests[id]; ok && k.st.same(st) {
		return k.digest
	}
	return tandem.Digest{}
}

// maxKnown bounds the memory of remembered digests.
const maxKnown = 10_000

func (r *Replica) remember(id string, st *stat, d tandem.Digest) {
	if st.size < largeFile {
		return
	}
	r.digestMu.Lock()
	defer r.digestMu.Unlock()
	if len(r.digests) >= maxKnown {
		clear(r.digests)
	}
	r.digests[id] = known{*st, d}
}

// body is a file of the tree in the state st. The digest is zero if it was not computed.
type body struct {
	r      *Replica
	id     string
	st     stat
	digest tandem.Digest
}

// Size implements tandem.Body.
func (b *body) Size() int64 { return b.st.size }

// Open implements tandem.Body.
func (b *body) Open() (io.ReadCloser, error) {
	f, err := b.file()
	if err != nil {
		return nil, err
	}
	return &reader{file: f, body: b}, nil
}

// file opens the file and makes sure that it is still in the state it was listed in.
func (b *body) file() (*os.File, error) {
	if err := b.r.enter(); err != nil {
		return nil, err
	}
	defer b.r.use.RUnlock()
	dir, err := b.r.root.sub(parent(b.id))
	if err != nil {
		return nil, classify("open", tandem.ID(b.id), err)
	}
	defer dir.close()
	f, err := dir.open(base(b.id))
	if err != nil {
		return nil, classify("open", tandem.ID(b.id), err)
	}
	if err := b.unchanged(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// unchanged fails with an error of kind Changed if the open file is not in the listed state. Asked after reading, it
// vouches for all that was read.
func (b *body) unchanged(f *os.File) error {
	st, err := statFile(f)
	if err != nil {
		return classify("read", tandem.ID(b.id), err)
	}
	if !st.same(&b.st) {
		return b.changed()
	}
	return nil
}

func (b *body) changed() error {
	return &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: show(b.id), Err: errors.New("it changed since it was listed")}
}

// reader reads a file and ends with an error of kind Changed where it is not the listed version.
type reader struct {
	file *os.File
	body *body
	read int64
}

func (rd *reader) Read(p []byte) (int, error) {
	n, err := rd.file.Read(p)
	rd.read += int64(n)
	if err == io.EOF {
		if rd.read != rd.body.st.size {
			return n, rd.body.changed()
		}
		if cerr := rd.body.unchanged(rd.file); cerr != nil {
			return n, cerr
		}
	} else if err != nil {
		err = classify("read", tandem.ID(rd.body.id), err)
	}
	return n, err
}

func (rd *reader) Close() error { return rd.file.Close() }

// digestOf reads a body to its end.
func digestOf(b tandem.Body) (tandem.Digest, error) {
	rd, err := b.Open()
	if err != nil {
		return tandem.Digest{}, err
	}
	defer rd.Close()
	return file.Handler{}.DigestReader(rd)
}
