package memory

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"tandem"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// entry is one record of the place.
type entry struct {
	id     tandem.ID
	body   []byte // never changed in place
	attrs  tandem.Attrs
	stamp  int64 // of the content: what the version shows
	seq    int64 // of the last change of any sort, for cursors
	node   int64
	marker tandem.Marker
	mtime  int64
}

// state is all that a place holds. Keys of its maps are ids as the place tells them apart.
type state struct {
	live  map[string]*entry
	tombs map[string]tomb
	seq   int64 // of the last change
	floor int64 // tombstones up to here were forgotten
}

type tomb struct {
	id  tandem.ID
	seq int64
}

func (st *state) clone() *state {
	c := &state{live: make(map[string]*entry, len(st.live)), tombs: maps.Clone(st.tombs), seq: st.seq, floor: st.floor}
	for k, e := range st.live {
		copied := *e
		c.live[k] = &copied
	}
	return c
}

// key is the id as the place tells ids apart.
func (k *Knobs) key(id tandem.ID) string {
	s := string(id)
	if k.NFC {
		s = norm.NFC.String(s)
	}
	if k.FoldCase {
		s = cases.Fold().String(s)
	}
	return s
}

// ids of the live records, sorted.
func (st *state) ids() []tandem.ID {
	out := make([]tandem.ID, 0, len(st.live))
	for _, e := range st.live {
		out = append(out, e.id)
	}
	slices.Sort(out)
	return out
}

// bury removes a record and leaves a tombstone.
func (st *state) bury(key string) {
	st.seq++
	st.tombs[key] = tomb{st.live[key].id, st.seq}
	delete(st.live, key)
}

// put files an entry under its id and takes the next number for it.
func (st *state) put(key string, e *entry) {
	st.seq++
	e.seq = st.seq
	st.live[key] = e
	delete(st.tombs, key)
}

// below yields the keys of the records below a directory, sorted, so parents come first.
func (st *state) below(key string) []string {
	var out []string
	for k := range st.live {
		if strings.HasPrefix(k, key+"/") {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// move gives the record at from another id; what is below it follows.
func (st *state) move(k *Knobs, from string, to tandem.ID) {
	e := st.live[from]
	old := e.id
	below := st.below(from)
	if !k.Tree {
		below = nil
	}
	for _, key := range append([]string{from}, below...) {
		moved := *st.live[key]
		st.bury(key)
		moved.id = to + moved.id[len(old):]
		if k.Tree {
			moved.marker = "" // a tree knows what it made by its path
		}
		st.put(k.key(moved.id), &moved)
	}
}

func (st *state) size() int64 {
	var n int64
	for _, e := range st.live {
		n += int64(len(e.body))
	}
	return n
}

func (e *entry) isDir() bool { return e.attrs.Get("type") == "dir" }

// hasBody tells whether the record is of a sort that has one.
func hasBody(attrs tandem.Attrs) bool { return attrs.Get("type") == "" }

func parent(id tandem.ID) tandem.ID {
	dir := path.Dir(string(id))
	if dir == "." || dir == "/" {
		return ""
	}
	return tandem.ID(dir)
}

// same tells whether a write would change nothing.
func (e *entry) same(body []byte, attrs tandem.Attrs) bool {
	return e.attrs == attrs && bytes.Equal(e.body, body)
}
