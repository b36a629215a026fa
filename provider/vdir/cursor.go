package vdir

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"sort"
	"strings"

	"tandem"
)

// memory is what a listing leaves for the next one, as its cursor: which files need not be read again. Files are
// spread over buckets by name; a bucket has the sum of the hashes of its files' names and fingerprints. Where the sum
// is the same as last time, the files are, and each is one sound record of the replica's kind. Files that were anything else
// are listed by name and always read.
type memory struct {
	sums [buckets]uint64
	odd  map[string]bool
}

const (
	buckets   = 256
	oddBytes  = 16 << 10 // names of odd files take at most so much; beyond that everything is read each time
	memoryTag = "1"      // of the format
)

// place tells which bucket a file is in and what it adds to its sum.
func (p print) place(name string) (bucket int, sum uint64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	bucket = int(mix(h.Sum64()) % buckets)
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(p.text()))
	return bucket, mix(h.Sum64())
}

// mix spreads the bits of a hash, so that sums of similar ones do not meet.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// add notes a file that is one sound record.
func (m *memory) add(name string, p print) {
	bucket, sum := p.place(name)
	m.sums[bucket] += sum
}

// cursor writes the memory for a replica of a kind.
func (m *memory) cursor(kind tandem.Kind) tandem.Cursor {
	names := make([]string, 0, len(m.odd))
	for name := range m.odd {
		names = append(names, name)
	}
	sort.Strings(names)
	odd := strings.Join(names, "/")
	if len(odd) > oddBytes {
		return ""
	}
	raw := make([]byte, 0, 8*buckets)
	for _, sum := range m.sums {
		raw = binary.BigEndian.AppendUint64(raw, sum)
	}
	return tandem.Cursor(strings.Join([]string{memoryTag, string(kind), base64.RawStdEncoding.EncodeToString(raw), odd}, ":"))
}

// remember reads a cursor; nil if it is none of ours, or of a replica of another kind.
func remember(c tandem.Cursor, kind tandem.Kind) *memory {
	parts := strings.SplitN(string(c), ":", 4)
	if len(parts) != 4 || parts[0] != memoryTag || parts[1] != string(kind) {
		return nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 8*buckets {
		return nil
	}
	m := &memory{odd: map[string]bool{}}
	for i := range m.sums {
		m.sums[i] = binary.BigEndian.Uint64(raw[8*i:])
	}
	if parts[3] != "" {
		for name := range strings.SplitSeq(parts[3], "/") {
			m.odd[name] = true
		}
	}
	return m
}

// known are the files that are as the memory has them, of those with the given fingerprints.
func (m *memory) known(now map[string]print) map[string]print {
	if m == nil {
		return nil
	}
	var sums [buckets]uint64
	for name, p := range now {
		if !m.odd[name] {
			bucket, sum := p.place(name)
			sums[bucket] += sum
		}
	}
	for name, p := range now {
		if bucket, _ := p.place(name); m.odd[name] || sums[bucket] != m.sums[bucket] {
			delete(now, name)
		}
	}
	return now
}

// shift is what one write did to the files that are one sound record each.
type shift struct {
	gone, came          string // names; "" none
	gonePrint, newPrint print
}

// shifted notes a write that was done; p is what its file is like now. Records in files with others do not count: such a
// file is read each time.
func (r *Replica) shifted(j *job, p print) {
	if j.key != "" {
		return
	}
	s := shift{gone: j.name, gonePrint: j.was, came: j.name, newPrint: p}
	switch j.w.Op {
	case tandem.Create:
		s.gone = ""
	case tandem.Delete:
		s.came = ""
	case tandem.Move:
		s.gone = j.from
	}
	r.noting.Lock()
	defer r.noting.Unlock()
	r.shifts = append(r.shifts, s)
}

// startOver forgets what was noted: a listing begins, which comes after the writes that were made.
func (r *Replica) startOver() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.noting.Lock()
	defer r.noting.Unlock()
	r.shifts = nil
}

// Advance implements provider.Advancer. If the listing did not count what a write replaced, the sums do not fit, and the
// files in question are read once more.
func (r *Replica) Advance(next tandem.Cursor) tandem.Cursor {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.noting.Lock()
	defer r.noting.Unlock()
	m := remember(next, r.kind)
	if m == nil || len(r.shifts) == 0 {
		return next
	}
	for _, s := range r.shifts {
		if s.gone != "" {
			bucket, sum := s.gonePrint.place(s.gone)
			m.sums[bucket] -= sum
		}
		if s.came != "" {
			m.add(s.came, s.newPrint)
		}
	}
	return m.cursor(r.kind)
}
