package file

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"tandem"
)

// BlockSize is the unit of a file's digest, and of patching a large file. It is part of what a digest means and never
// changes.
const BlockSize = 1 << 20

// treeDomain keeps the digest of a list of block hashes apart from that of a file that happens to hold those bytes.
const treeDomain = "tandem file tree 1\x00"

// The digest of a file of at most one block is the SHA-256 of its bytes. That of a longer one is the SHA-256 of
// treeDomain, its length as eight bytes big-endian, and the SHA-256 of each of its blocks, so that blocks can be
// hashed on several processors.

// Sum is the digest of a file held in memory.
func Sum(data []byte) tandem.Digest {
	if len(data) <= BlockSize {
		return sha256.Sum256(data)
	}
	h := NewHash()
	_, _ = h.Write(data)
	return h.Digest()
}

// Combine is the digest of a file of the given size from the SHA-256 of each of its blocks. A file of at most one block
// has one entry.
func Combine(blocks []tandem.Digest, size int64) tandem.Digest {
	if size <= BlockSize {
		if len(blocks) == 0 {
			return sha256.Sum256(nil)
		}
		return blocks[0]
	}
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(size))
	h.Write([]byte(treeDomain))
	h.Write(n[:])
	for i := range blocks {
		h.Write(blocks[i][:])
	}
	return tandem.Digest(h.Sum(nil))
}

// Blocks is how many blocks a file of the given size has.
func Blocks(size int64) int64 { return (size + BlockSize - 1) / BlockSize }

// Hash computes a digest of what is written to it. It is not safe for concurrent use.
type Hash struct {
	block hash.Hash
	fill  int
	done  []tandem.Digest
	size  int64
}

// NewHash returns a hash of nothing yet.
func NewHash() *Hash { return &Hash{block: sha256.New()} }

// Write implements io.Writer. It never fails.
func (h *Hash) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if h.fill == BlockSize {
			h.closeBlock()
		}
		part := p[:min(len(p), BlockSize-h.fill)]
		h.block.Write(part)
		h.fill += len(part)
		p = p[len(part):]
	}
	h.size += int64(n)
	return n, nil
}

func (h *Hash) closeBlock() {
	h.done = append(h.done, tandem.Digest(h.block.Sum(nil)))
	h.block.Reset()
	h.fill = 0
}

// Size is how many bytes were written.
func (h *Hash) Size() int64 { return h.size }

// Digest is the digest of what was written so far. It ends the hash: nothing may be written after.
func (h *Hash) Digest() tandem.Digest {
	if h.fill > 0 {
		h.closeBlock()
	}
	return Combine(h.done, h.size)
}

// SumAt is the digest of the first size bytes of r, computed on up to workers processors (0: as many as there are).
// It stops early when ctx is done, and fails with io.ErrUnexpectedEOF if r holds fewer bytes. progress, when not nil,
// is called with byte counts, concurrently.
func SumAt(ctx context.Context, r io.ReaderAt, size int64, workers int, progress func(int64)) (tandem.Digest, error) {
	n := Blocks(size)
	blocks := make([]tandem.Digest, n)
	err := EachBlock(ctx, size, workers, func(i int64, buf []byte) error {
		if err := ReadFullAt(r, buf, i*BlockSize); err != nil {
			return err
		}
		blocks[i] = sha256.Sum256(buf)
		if progress != nil {
			progress(int64(len(buf)))
		}
		return nil
	})
	if err != nil {
		return tandem.Digest{}, err
	}
	return Combine(blocks, size), nil
}

// EachBlock calls do for every block of a file of the given size, in rising order of start but concurrently on up to
// workers goroutines (0: one per processor), with a buffer of the block's length that belongs to the call. The first
// error ends it.
func EachBlock(ctx context.Context, size int64, workers int, do func(i int64, buf []byte) error) error {
	n := Blocks(size)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = int(min(int64(workers), max(n, 1)))
	var (
		next  atomic.Int64
		wg    sync.WaitGroup
		once  sync.Once
		first error
		stop  atomic.Bool
	)
	fail := func(err error) {
		once.Do(func() { first = err })
		stop.Store(true)
	}
	run := func() {
		buf := make([]byte, min(BlockSize, size))
		for !stop.Load() {
			i := next.Add(1) - 1
			if i >= n {
				return
			}
			if err := ctx.Err(); err != nil {
				fail(err)
				return
			}
			if err := do(i, buf[:min(BlockSize, size-i*BlockSize)]); err != nil {
				fail(err)
				return
			}
		}
	}
	for range workers - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	return first
}

// ReadFullAt fills buf from offset off; a shorter file is io.ErrUnexpectedEOF.
func ReadFullAt(r io.ReaderAt, buf []byte, off int64) error {
	n, err := r.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	if err == io.EOF || err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
