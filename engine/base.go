package engine

import (
	"encoding/binary"
	"hash/maphash"
	"iter"
	"strings"

	"tandem"
)

// Base indexes the rows that a run needs: all of them when a side lists everything or ids are paths (Rules.Tree), only
// those concerned (named by a change of either side) when both sides answered with what changed.
//
// Rows are kept packed, without pointers, because a run over an unchanged collection of hundreds of thousands looks at
// little more than ids and versions. After NewBase only NeedDigests changes a Base.
type Base struct {
	total  int
	read   int // rows that were read; those after them were settled since, see settleAlike
	halves int // rows without agreement among those loaded
	chunks [][]byte
	rows   []place
	index  [2]table
	odd    map[int32]oddRow
	buf    []byte
	hidden [2]map[int32]bool // rows whose id on a side another row claims too
}

// place is where a packed row starts.
type place struct{ chunk, off uint32 }

// oddRow is what few rows have.
type oddRow struct {
	clash *tandem.Clash
	aside *tandem.Aside
}

// Chunks of the arena double from the first, so that a small base costs little and a large one few allocations.
const (
	firstChunk = 16 << 10
	lastChunk  = 1 << 20
)

// NewBase reads rows into an index. total is how many rows the pair has in all, for the guard's shares.
func NewBase(rows iter.Seq2[tandem.Row, error], total int) (*Base, error) {
	b := &Base{total: total, odd: map[int32]oddRow{}, hidden: [2]map[int32]bool{{}, {}}}
	seed := maphash.MakeSeed()
	b.index[0].seed, b.index[1].seed = seed, seed
	b.index[0].grow(b, tandem.SideA, total)
	b.index[1].grow(b, tandem.SideB, total)
	if rows == nil {
		return b, nil
	}
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		i := b.add(&r)
		agreed := r.Agreed()
		if !agreed {
			b.halves++
		}
		if !agreed || r.Clash != nil || r.Aside != nil {
			b.odd[i] = oddRow{r.Clash, r.Aside}
		}
	}
	b.read = len(b.rows)
	b.total = max(b.total, b.read)
	b.buf = nil
	return b, nil
}

// add packs a row and enters it under its ids.
func (b *Base) add(r *tandem.Row) int32 {
	b.buf = pack(b.buf[:0], r)
	i := int32(len(b.rows))
	b.rows = append(b.rows, b.keep(b.buf))
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		if id := r.Side(s).ID; id != "" {
			b.index[s].add(b, s, string(id), i)
		}
	}
	return i
}

// keep copies a packed row into the arena.
func (b *Base) keep(row []byte) place {
	n := len(b.chunks)
	if n == 0 || len(b.chunks[n-1])+len(row) > cap(b.chunks[n-1]) {
		b.chunks = append(b.chunks, make([]byte, 0, max(min(lastChunk, firstChunk<<min(n, 10)), len(row))))
		n++
	}
	c := &b.chunks[n-1]
	at := place{uint32(n - 1), uint32(len(*c))}
	*c = append(*c, row...)
	return at
}

// Bits of a packed row: what the B side shares with the A side is stored once.
const (
	sameID = 1 << iota
	sameDigest
	sameAttrs
	noDigests
	hasBody
	durable
)

// pack appends r. Ids and versions come first, because they are all that an unchanged row is asked for.
func pack(buf []byte, r *tandem.Row) []byte {
	var bits byte
	if r.A.ID == r.B.ID {
		bits |= sameID
	}
	if r.A.Digest == r.B.Digest {
		bits |= sameDigest
		if r.A.Digest.IsZero() {
			bits |= noDigests
		}
	}
	if r.A.Attrs == r.B.Attrs {
		bits |= sameAttrs
	}
	if !r.Body.IsZero() {
		bits |= hasBody
	}
	if r.Durable {
		bits |= durable
	}
	buf = append(buf, bits)
	buf = packString(buf, string(r.A.ID))
	if bits&sameID == 0 {
		buf = packString(buf, string(r.B.ID))
	}
	for _, s := range [...]string{string(r.A.Version), string(r.B.Version), r.A.Node, r.B.Node} {
		buf = packString(buf, s)
	}
	if bits&noDigests == 0 {
		buf = append(buf, r.A.Digest[:]...)
		if bits&sameDigest == 0 {
			buf = append(buf, r.B.Digest[:]...)
		}
	}
	buf = packString(buf, string(r.A.Attrs))
	if bits&sameAttrs == 0 {
		buf = packString(buf, string(r.B.Attrs))
	}
	buf = binary.AppendVarint(buf, r.Link)
	buf = binary.AppendVarint(buf, r.A.Size)
	buf = binary.AppendVarint(buf, r.B.Size)
	buf = packString(buf, r.UID)
	if bits&hasBody != 0 {
		buf = append(buf, r.Body[:]...)
	}
	return buf
}

func packString(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}

// reader walks through a packed row.
type reader []byte

func (r *reader) text() []byte {
	n, k := binary.Uvarint(*r)
	s := (*r)[k : k+int(n)]
	*r = (*r)[k+int(n):]
	return s
}

func (r *reader) number() int64 {
	n, k := binary.Varint(*r)
	*r = (*r)[k:]
	return n
}

func (r *reader) digest() (d tandem.Digest) {
	*r = (*r)[copy(d[:], *r):]
	return d
}

func (b *Base) at(i int32) reader {
	p := b.rows[i]
	return reader(b.chunks[p.chunk][p.off:])
}

// id returns the id of row i on side s, without copying it.
func (b *Base) id(i int32, s tandem.Side) []byte {
	r := b.at(i)
	bits := r[0]
	r = r[1:]
	id := r.text()
	if s == tandem.SideB && bits&sameID == 0 {
		id = r.text()
	}
	return id
}

// sameIDs tells that row i has one id on both sides.
func (b *Base) sameIDs(i int32) bool { return b.at(i)[0]&sameID != 0 }

// stamp returns the version and node of row i on side s, without copying them.
func (b *Base) stamp(i int32, s tandem.Side) (version, node []byte) {
	r := b.at(i)
	bits := r[0]
	r = r[1:]
	r.text()
	if bits&sameID == 0 {
		r.text()
	}
	va, vb, na, nb := r.text(), r.text(), r.text(), r.text()
	if s == tandem.SideA {
		return va, na
	}
	return vb, nb
}

// row unpacks row i.
func (b *Base) row(i int32) *tandem.Row {
	r := b.at(i)
	bits := r[0]
	r = r[1:]
	w := &tandem.Row{Durable: bits&durable != 0}
	w.A.ID = tandem.ID(r.text())
	w.B.ID = w.A.ID
	if bits&sameID == 0 {
		w.B.ID = tandem.ID(r.text())
	}
	w.A.Version, w.B.Version = tandem.Version(r.text()), tandem.Version(r.text())
	w.A.Node = string(r.text())
	w.B.Node = string(r.text())
	if bits&noDigests == 0 {
		w.A.Digest = r.digest()
		w.B.Digest = w.A.Digest
		if bits&sameDigest == 0 {
			w.B.Digest = r.digest()
		}
	}
	w.A.Attrs = tandem.Attrs(r.text())
	w.B.Attrs = w.A.Attrs
	if bits&sameAttrs == 0 {
		w.B.Attrs = tandem.Attrs(r.text())
	}
	w.Link, w.A.Size, w.B.Size = r.number(), r.number(), r.number()
	w.UID = string(r.text())
	if bits&hasBody != 0 {
		w.Body = r.digest()
	}
	if o, ok := b.odd[i]; ok {
		w.Clash, w.Aside = o.clash, o.aside
	}
	return w
}

// find returns the row that has id on side s, or -1.
func (b *Base) find(s tandem.Side, id tandem.ID) int32 { return b.index[s].find(b, s, string(id)) }

// seedOf hashes ids.
type seedOf struct{ maphash.Seed }

func (s seedOf) hash(id tandem.ID) uint64 { return maphash.String(s.Seed, string(id)) }

// table is an open-addressed hash table from ids to rows. It holds row numbers only; ids are read from the arena.
type table struct {
	seed  maphash.Seed
	slots []int32 // row number plus one, 0: free; the length is a power of two
	used  int
}

func (t *table) grow(b *Base, s tandem.Side, rows int) {
	n := 16
	for n < 2*rows {
		n *= 2
	}
	old := t.slots
	t.slots, t.used = make([]int32, n), 0
	for _, v := range old {
		if v != 0 {
			t.add(b, s, string(b.id(v-1, s)), v-1)
		}
	}
}

// add enters row i under id. Where two rows claim one id, as a run that failed between two steps can leave them, the
// first stays and the other is hidden: what is listed under the id says nothing about it.
func (t *table) add(b *Base, s tandem.Side, id string, i int32) {
	if 2*(t.used+1) > len(t.slots) {
		t.grow(b, s, len(t.slots))
	}
	mask := uint64(len(t.slots) - 1)
	for k := maphash.String(t.seed, id) & mask; ; k = (k + 1) & mask {
		v := t.slots[k]
		if v == 0 {
			t.slots[k] = i + 1
			t.used++
			return
		}
		if string(b.id(v-1, s)) == id {
			if v-1 != i {
				b.hidden[s][i] = true
			}
			return
		}
	}
}

func (t *table) find(b *Base, s tandem.Side, id string) int32 {
	mask := uint64(len(t.slots) - 1)
	for k := maphash.String(t.seed, id) & mask; ; k = (k + 1) & mask {
		v := t.slots[k]
		if v == 0 {
			return -1
		}
		if string(b.id(v-1, s)) == id {
			return v - 1
		}
	}
}

// parent returns the path above id, "" at the root.
func parent(id tandem.ID) tandem.ID {
	if i := strings.LastIndexByte(string(id), '/'); i >= 0 {
		return id[:i]
	}
	return ""
}

// name returns the last element of a path.
func name(id tandem.ID) string {
	return string(id[strings.LastIndexByte(string(id), '/')+1:])
}
