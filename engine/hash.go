package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"tandem"
)

// sum fills in the totals, and the hash, which identifies what the plan would write. Waits are left out of that: an approval must not
// lapse because somebody else's record became unreadable.
func (p *Plan) sum() {
	h := sha256.New()
	buf := make([]byte, 0, 8<<10)
	p.Totals = [2]Totals{}
	for _, act := range p.All() {
		a := &act
		p.count(a)
		if a.Do == Nothing || a.Do == Wait {
			continue
		}
		bits := byte(0)
		for s := range a.Into {
			if a.Into[s] {
				bits |= 1 << s
			}
		}
		buf = append(buf, byte(a.Do), byte(a.To), bits)
		buf = hashShown(buf, a.A)
		buf = hashShown(buf, a.B)
		buf = hashText(buf, string(a.At[0]), string(a.At[1]), string(a.NewID), string(a.Attrs))
		if len(buf) > 6<<10 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
	p.Hash = hex.EncodeToString(h.Sum(nil))
}

func hashShown(buf []byte, s *tandem.Shown) []byte {
	buf = hashText(buf, string(s.ID), string(s.Version), string(s.Attrs))
	return append(buf, s.Digest[:]...)
}

func hashText(buf []byte, texts ...string) []byte {
	for _, t := range texts {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(t)))
		buf = append(buf, t...)
	}
	return buf
}

// count adds an action to the totals.
func (p *Plan) count(a *Action) {
	t, from := &p.Totals[a.To], a.Shown(a.To.Other())
	switch a.Do {
	case Copy:
		t.Creates++
		t.Bytes += from.Size
	case Update:
		t.Updates++
		t.Bytes += from.Size
		if a.Into[a.To.Other()] {
			p.Totals[a.To.Other()].Attrs++
		}
	case SetAttrs:
		for s := range a.Into {
			if a.Into[s] {
				p.Totals[s].Attrs++
			}
		}
	case Move:
		t.Moves++
	case Delete:
		t.Deletes++
	case Write:
		for s := range a.Into {
			if a.Into[s] {
				p.Totals[s].Updates++
			}
		}
	case KeepBoth:
		t.Updates++
		t.Creates++
		p.Totals[a.To.Other()].Creates++
		t.Bytes += from.Size + a.Shown(a.To).Size
		p.Totals[a.To.Other()].Bytes += a.Shown(a.To).Size
	case Merge:
		p.Totals[0].Merges++
	case Conflict:
		p.Totals[0].Conflicts++
	case Wait:
		p.Totals[0].Waits++
	}
}
