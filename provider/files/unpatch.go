package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/file"
)

// unparkPatch opens an old version of a patched file. That needs the content that it was patched to: the file as it is, one
// of its kept copies, or what a later patch leads back to.
func (r *Replica) unparkPatch(ctx context.Context, name string) (tandem.Record, error) {
	b := &patchedBody{r: r, name: name}
	log, done, err := b.build(ctx)
	if err != nil {
		return tandem.Record{}, err
	}
	done()
	b.size = log.head.Size
	w := stat{kind: regular, mode: log.head.Mode, mtime: log.head.Mtime, size: log.head.Size}
	return tandem.Record{ID: tandem.ID(log.path), Body: b, Meta: tandem.Meta{Version: log.head.At, Size: log.head.Size,
		Attrs: tandem.Attrs(w.appendAttrs(nil, "")), Modified: log.head.Mtime}}, nil
}

// patchedBody is the old version of a patched file.
type patchedBody struct {
	r    *Replica
	name string
	size int64
}

// Size implements tandem.Body.
func (b *patchedBody) Size() int64 { return b.size }

// Open implements tandem.Body.
func (b *patchedBody) Open() (io.ReadCloser, error) {
	if err := b.r.enter(); err != nil {
		return nil, err
	}
	defer b.r.use.RUnlock()
	over, done, err := b.open(context.Background())
	if err != nil {
		return nil, err
	}
	return &sectionCloser{io.NewSectionReader(over, 0, over.size), done}, nil
}

type sectionCloser struct {
	*io.SectionReader
	done func()
}

func (s *sectionCloser) Close() error {
	s.done()
	return nil
}

func (b *patchedBody) build(ctx context.Context) (*journal, func(), error) {
	f, err := b.r.meta.sub(patchesName)
	if err != nil {
		return nil, nil, err
	}
	defer f.close()
	file, err := f.open(b.name)
	if err != nil {
		return nil, nil, err
	}
	log, err := readJournal(file, b.name)
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("kept version is damaged: %w", err)
	}
	return log, func() { file.Close() }, nil
}

func (b *patchedBody) open(ctx context.Context) (*overlay, func(), error) {
	log, done, err := b.build(ctx)
	if err != nil {
		return nil, nil, err
	}
	under, undone, err := b.r.patchedTo(ctx, log)
	if err != nil {
		done()
		return nil, nil, err
	}
	over := &overlay{under: under, log: log.file, blocks: log.head.Blocks, size: log.head.Size}
	return over, func() { undone(); done() }, nil
}

// patchedTo finds the content that a patch led to.
func (r *Replica) patchedTo(ctx context.Context, log *journal) (io.ReaderAt, func(), error) {
	want, err := tandem.ParseDigest(log.head.Digest)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range append([]string{log.path}, r.keptCopies(log.path)...) {
		dir, err := r.root.sub(parent(path))
		if err != nil {
			continue
		}
		f, err := dir.open(base(path))
		dir.close()
		if err != nil {
			continue
		}
		st, err := statFile(f)
		if err == nil && st.kind == regular && st.size == log.head.New {
			if path == log.path && log.tail != nil && st.at(log.tail.Version, "") {
				return f, func() { f.Close() }, nil
			}
			if sum, err := file.SumAt(ctx, f, st.size, 0, nil); err == nil && sum == want {
				return f, func() { f.Close() }, nil
			}
		}
		f.Close()
	}
	for _, later := range r.laterPatches(log) {
		over, done, err := (&patchedBody{r: r, name: later}).open(ctx)
		if err != nil {
			continue
		}
		if over.size == log.head.New {
			if sum, err := file.SumAt(ctx, over, over.size, 0, nil); err == nil && sum == want {
				return over, done, nil
			}
		}
		done()
	}
	return nil, nil, &tandem.Error{Kind: tandem.Gone, Op: "rebuild old version of", Thing: show(log.path),
		Err: errors.New("the file was changed by another program since, and only the differences were kept")}
}

// keptCopies are the versions of a path in the history, relative to the root.
func (r *Replica) keptCopies(path string) (out []string) {
	for _, run := range r.namesIn(historyName) {
		out = append(out, metaName+"/"+historyName+"/"+run+"/"+path)
	}
	return out
}

// laterPatches are the patches of the same file that came after one, the next first.
func (r *Replica) laterPatches(log *journal) (out []string) {
	for _, name := range r.namesIn(patchesName) {
		if name <= log.name {
			continue
		}
		if next, done, err := (&patchedBody{r: r, name: name}).build(context.Background()); err == nil {
			if next.path == log.path {
				out = append(out, name)
			}
			done()
		}
	}
	return out
}

// namesIn lists one of our own directories, sorted.
func (r *Replica) namesIn(area string) (names []string) {
	f, err := r.meta.child(area)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return nil
	}
	defer f.close()
	_ = f.list(newLister(), func(name []byte, _ *stat, _ error) error {
		if !strings.HasPrefix(string(name), ".") {
			names = append(names, string(name))
		}
		return nil
	})
	slices.Sort(names)
	return names
}

// overlay is the old version of a patched file: the new one, except where the journal has what was overwritten.
type overlay struct {
	under  io.ReaderAt
	log    io.ReaderAt
	blocks []journalBlock
	size   int64
}

// ReadAt implements io.ReaderAt.
func (o *overlay) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= o.size {
			return n, io.EOF
		}
		block := at / file.BlockSize
		within := at - block*file.BlockSize
		part := p[n:][:min(int64(len(p)-n), file.BlockSize-within, o.size-at)]
		k, saved := slices.BinarySearchFunc(o.blocks, block, func(b journalBlock, block int64) int { return int(b.Block - block) })
		if saved {
			err = file.ReadFullAt(o.log, part, o.blocks[k].at+within)
		} else {
			err = file.ReadFullAt(o.under, part, at)
		}
		if err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}
