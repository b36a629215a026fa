package vdir

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

var (
	_ provider.Replica = (*Replica)(nil)
	_ provider.Flusher = (*Replica)(nil)
)

// Replica is a folder opened for syncing.
type Replica struct {
	path     string
	kind     tandem.Kind // "": any
	identity tandem.Identity
	planted  bool // the identity is a file in the folder
	stable   bool // inode numbers last
	times    times
	nameless int // see namelessFiles
	readOnly bool
	foldCase bool
	nfc      bool

	writing sync.RWMutex // held while Apply works: it reads and rewrites files; shared by those that only make new ones
	making  sync.Mutex   // held while new files are made: those of one Apply go to the disk while the next makes its own
	sweep   sync.Once    // looks for left-overs of dead processes
	noting  sync.Mutex   // guards shifts
	shifts  []shift      // what Apply did since the last listing began
	kept    kept
	once    sync.Once
	closed  chan struct{}
}

// enter begins an operation.
func (r *Replica) enter(ctx context.Context) error {
	select {
	case <-r.closed:
		return tandem.Errorf(tandem.Invalid, "%s is closed", r.path)
	default:
		return ctx.Err()
	}
}

// Identity implements provider.Replica.
func (r *Replica) Identity(ctx context.Context) (tandem.Identity, error) {
	if err := r.enter(ctx); err != nil {
		return tandem.Identity{}, err
	}
	if err := r.checkRoot(); err != nil {
		return tandem.Identity{}, err
	}
	return r.identity, nil
}

// Close implements provider.Replica.
func (r *Replica) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Flush implements provider.Flusher: other programs write here without waiting for the disk.
func (r *Replica) Flush(ctx context.Context) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	err := atomicfile.SyncFS(r.path)
	if errors.Is(err, errors.ErrUnsupported) {
		err = r.flushEach(ctx)
	}
	if err != nil {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "flush folder", Thing: r.path, Err: cause(err)}
	}
	return nil
}

// flushEach makes one file after the other durable, where the system cannot do all at once.
func (r *Replica) flushEach(ctx context.Context) error {
	names, err := r.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.Open(filepath.Join(r.path, name))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err != nil {
			return err
		}
		err = f.Sync()
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrInvalid) {
			return err
		}
	}
	return atomicfile.SyncDir(r.path)
}

// names lists the files that may be records, in the order of the folder.
func (r *Replica) names() ([]string, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	names := all[:0]
	for _, name := range all {
		if !r.skip(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Fetch implements provider.Replica.
func (r *Replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if err := r.enter(ctx); err != nil {
			yield(tandem.Record{}, err)
			return
		}
		// Records of one file are fetched together, so that it is read once.
		ids := slices.Clone(ids)
		slices.Sort(ids)
		d, err := openDir(r.path)
		if err != nil {
			yield(tandem.Record{}, r.rootTrouble(err))
			return
		}
		defer d.close()
		f := &file{}
		var read []recalled // of the ids from at on
		at := 0
		for i, id := range ids {
			if err := r.enter(ctx); err != nil {
				yield(tandem.Record{ID: id}, err)
				return
			}
			if i == at+len(read) {
				at, read = i, r.recallAll(d, ids[i:min(i+recallAtOnce, len(ids))])
			}
			name, key := split(id)
			rec, known := read[i-at].rec, read[i-at].known
			var err error
			if !known {
				if f.name != name || key == "" {
					f = r.readInto(d, name, nil)
				}
				rec, err = r.fetched(f, key)
			}
			rec.ID = id
			if !yield(rec, err) {
				return
			}
		}
	}
}

// guessKind tells what the folder holds from its files: what most of the first ones are.
func (r *Replica) guessKind(ctx context.Context) (tandem.Kind, error) {
	names, err := r.names()
	if err != nil {
		return "", r.rootTrouble(err)
	}
	d, err := openDir(r.path)
	if err != nil {
		return "", r.rootTrouble(err)
	}
	defer d.close()
	sort.Strings(names)
	const enough = 50
	votes := map[tandem.Kind]int{}
	looked := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if extOf(name) == ".vcf" {
			votes[tandem.Contact]++
			continue
		}
		if looked++; looked > enough {
			break
		}
		f := r.readInto(d, name, nil)
		if f.err != nil {
			continue
		}
		seen := map[string]bool{}
		for _, p := range f.outline.parts {
			if kind := kindOf(p.name); kind != "" && kind != tandem.Contact && !seen[p.name+p.uid] {
				seen[p.name+p.uid] = true
				votes[kind]++
			}
		}
	}
	best := tandem.Kind("")
	for _, kind := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note} {
		if votes[kind] > votes[best] {
			best = kind
		}
	}
	return best, nil
}

// notThere is the error of a record that is gone.
func notThere(id tandem.ID) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: string(id)}
}

// article names a kind in a sentence.
func article(kind tandem.Kind) string {
	if strings.HasPrefix(string(kind), "e") {
		return "an " + string(kind)
	}
	return "a " + string(kind)
}
