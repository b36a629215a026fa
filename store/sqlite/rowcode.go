package sqlite

import (
	"encoding/binary"
	"errors"

	"tandem"
)

// The encoding of a base row, version 1. A row is
//
//	flags     2 bytes, little endian
//	stamp     uvarint, number of the commit that wrote the row
//	A         id, version, [digest], attrs, node, size
//	B         the same, each field only where the flag "same as A" is not set
//	uid       string
//	body      32 bytes, if rowBody
//	clash     if rowClash: conflict, decision, 1 if new, shown A, shown B, body digest (32 bytes, zeros for none)
//	aside     if rowAside: reason, tries, until, version A, version B
//
// where a string is its length as uvarint and its bytes, and a signed number is a zigzag varint. Most rows of a tree
// have one id, digest, attributes and size on both sides, which the flags then spare.
const (
	sameID = 1 << iota
	sameVersion
	sameDigest
	sameAttrs
	sameNode
	sameSize
	digestA // A's digest is known
	digestB // B's digest is known and not A's
	rowBody
	rowDurable
	rowClash
	rowAside
	asideNew // Aside.New
)

// Within a clash, each side is written whole with these.
const shownDigest = 1

var errPage = errors.New("damaged page of a base")

// appendRow encodes r as written by commit number stamp. Link is not part of it; the page keeps it.
func appendRow(out []byte, r *tandem.Row, stamp int64) []byte {
	flags := rowFlags(r)
	out = binary.LittleEndian.AppendUint16(out, flags)
	out = binary.AppendUvarint(out, uint64(stamp))
	out = appendString(out, string(r.A.ID))
	out = appendString(out, string(r.A.Version))
	if flags&digestA != 0 {
		out = append(out, r.A.Digest[:]...)
	}
	out = appendString(out, string(r.A.Attrs))
	out = appendString(out, r.A.Node)
	out = binary.AppendVarint(out, r.A.Size)
	if flags&sameID == 0 {
		out = appendString(out, string(r.B.ID))
	}
	if flags&sameVersion == 0 {
		out = appendString(out, string(r.B.Version))
	}
	if flags&digestB != 0 {
		out = append(out, r.B.Digest[:]...)
	}
	if flags&sameAttrs == 0 {
		out = appendString(out, string(r.B.Attrs))
	}
	if flags&sameNode == 0 {
		out = appendString(out, r.B.Node)
	}
	if flags&sameSize == 0 {
		out = binary.AppendVarint(out, r.B.Size)
	}
	out = appendString(out, r.UID)
	if flags&rowBody != 0 {
		out = append(out, r.Body[:]...)
	}
	if r.Clash != nil {
		out = appendClash(out, r.Clash)
	}
	if r.Aside != nil {
		out = appendString(out, r.Aside.Reason)
		out = binary.AppendVarint(out, int64(r.Aside.Tries))
		out = binary.AppendVarint(out, r.Aside.Until)
		out = appendString(out, string(r.Aside.A))
		out = appendString(out, string(r.Aside.B))
	}
	return out
}

func rowFlags(r *tandem.Row) (flags uint16) {
	set := func(on bool, flag uint16) {
		if on {
			flags |= flag
		}
	}
	set(r.A.ID == r.B.ID, sameID)
	set(r.A.Version == r.B.Version, sameVersion)
	set(r.A.Digest == r.B.Digest, sameDigest)
	set(r.A.Attrs == r.B.Attrs, sameAttrs)
	set(r.A.Node == r.B.Node, sameNode)
	set(r.A.Size == r.B.Size, sameSize)
	set(!r.A.Digest.IsZero(), digestA)
	set(!r.B.Digest.IsZero() && r.A.Digest != r.B.Digest, digestB)
	set(!r.Body.IsZero(), rowBody)
	set(r.Durable, rowDurable)
	set(r.Clash != nil, rowClash)
	set(r.Aside != nil, rowAside)
	set(r.Aside != nil && r.Aside.New, asideNew)
	return flags
}

func appendClash(out []byte, c *tandem.Clash) []byte {
	out = binary.AppendVarint(out, c.Conflict)
	fresh := byte(0)
	if c.New {
		fresh = 1
	}
	out = append(out, byte(c.Decision), fresh)
	out = appendShown(out, &c.A)
	out = appendShown(out, &c.B)
	return append(out, c.Body[:]...)
}

func appendShown(out []byte, s *tandem.Shown) []byte {
	if s.Digest.IsZero() {
		out = append(out, 0)
	} else {
		out = append(out, shownDigest)
		out = append(out, s.Digest[:]...)
	}
	out = appendString(out, string(s.ID))
	out = appendString(out, string(s.Version))
	out = appendString(out, string(s.Attrs))
	out = appendString(out, s.Node)
	return binary.AppendVarint(out, s.Size)
}

func appendString(out []byte, s string) []byte {
	out = binary.AppendUvarint(out, uint64(len(s)))
	return append(out, s...)
}

// decodeRow reads what appendRow wrote into r, except Link. Rows written by commit durable or earlier are Durable. The
// strings of r are parts of in, so that a page costs one allocation and not one per field.
func decodeRow(in string, durable int64, r *tandem.Row) error {
	d := decoder{in: in}
	flags := d.uint16()
	stamp := int64(d.uvarint())
	a, b := &r.A, &r.B
	a.ID = tandem.ID(d.string())
	a.Version = tandem.Version(d.string())
	if flags&digestA != 0 {
		d.digest(&a.Digest)
	}
	a.Attrs = tandem.Attrs(d.string())
	a.Node = d.string()
	a.Size = d.varint()
	*b = *a
	if flags&sameID == 0 {
		b.ID = tandem.ID(d.string())
	}
	if flags&sameVersion == 0 {
		b.Version = tandem.Version(d.string())
	}
	if flags&sameDigest == 0 {
		b.Digest = tandem.Digest{}
		if flags&digestB != 0 {
			d.digest(&b.Digest)
		}
	}
	if flags&sameAttrs == 0 {
		b.Attrs = tandem.Attrs(d.string())
	}
	if flags&sameNode == 0 {
		b.Node = d.string()
	}
	if flags&sameSize == 0 {
		b.Size = d.varint()
	}
	r.UID = d.string()
	if flags&rowBody != 0 {
		d.digest(&r.Body)
	}
	r.Durable = flags&rowDurable != 0 || stamp <= durable
	if flags&rowClash != 0 {
		r.Clash = d.clash()
	}
	if flags&rowAside != 0 {
		r.Aside = &tandem.Aside{Reason: d.string(), Tries: int(d.varint()), Until: d.varint(),
			A: tandem.Version(d.string()), B: tandem.Version(d.string()), New: flags&asideNew != 0}
	}
	if d.bad || d.in != "" {
		return errPage
	}
	return nil
}

// keys is what a page tells of a row outside its encoding.
type keys struct {
	a, b    tandem.ID
	pending bool // in conflict or set aside
}

// append writes the hashes of the row's ids.
func (k keys) append(out []byte) []byte {
	if k.a != "" {
		out = binary.LittleEndian.AppendUint32(out, hashID(k.a))
	}
	if k.b != "" && k.b != k.a {
		out = binary.LittleEndian.AppendUint32(out, hashID(k.b))
	}
	return out
}

// rowKeys reads the keys of an encoded row.
func rowKeys(row string) (keys, error) {
	d := decoder{in: row}
	flags := d.uint16()
	d.uvarint()
	k := keys{pending: flags&(rowClash|rowAside) != 0}
	k.a = tandem.ID(d.string())
	if k.b = k.a; flags&sameID == 0 {
		d.string()
		if flags&digestA != 0 {
			d.take(uint64(len(tandem.Digest{})))
		}
		d.string()
		d.string()
		d.varint()
		k.b = tandem.ID(d.string())
	}
	if d.bad {
		return keys{}, errPage
	}
	return k, nil
}

// decoder reads from the front of in. After a read beyond the end it is bad and yields zeros.
type decoder struct {
	in  string
	bad bool
}

func (d *decoder) take(n uint64) string {
	if n > uint64(len(d.in)) {
		d.bad, d.in = true, ""
		return ""
	}
	s := d.in[:n]
	d.in = d.in[n:]
	return s
}

func (d *decoder) uint16() uint16 {
	s := d.take(2)
	if len(s) < 2 {
		return 0
	}
	return uint16(s[0]) | uint16(s[1])<<8
}

func (d *decoder) uvarint() uint64 {
	var x uint64
	for i := 0; i < len(d.in) && i < binary.MaxVarintLen64; i++ {
		c := d.in[i]
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.in = d.in[i+1:]
			return x
		}
	}
	d.bad, d.in = true, ""
	return 0
}

func (d *decoder) varint() int64 {
	x := d.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

func (d *decoder) string() string { return d.take(d.uvarint()) }

func (d *decoder) digest(out *tandem.Digest) { copy(out[:], d.take(uint64(len(out)))) }

func (d *decoder) clash() *tandem.Clash {
	c := &tandem.Clash{Conflict: d.varint()}
	if s := d.take(2); s != "" {
		c.Decision, c.New = tandem.Decision(s[0]), s[1] == 1
	}
	d.shown(&c.A)
	d.shown(&c.B)
	d.digest(&c.Body)
	return c
}

func (d *decoder) shown(s *tandem.Shown) {
	if d.take(1) == string(rune(shownDigest)) {
		d.digest(&s.Digest)
	}
	s.ID = tandem.ID(d.string())
	s.Version = tandem.Version(d.string())
	s.Attrs = tandem.Attrs(d.string())
	s.Node = d.string()
	s.Size = d.varint()
}

// rowStamp reads the number of the commit that wrote an encoded row.
func rowStamp(row string) (int64, error) {
	d := decoder{in: row}
	d.uint16()
	stamp := int64(d.uvarint())
	if d.bad {
		return 0, errPage
	}
	return stamp, nil
}
