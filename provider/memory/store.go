// Package memory is a place that lives in memory: the model of what a provider may do. Tests and the simulation use it
// with every manner and every fault real places have (see Knobs). It is deterministic: it draws no random numbers and
// reads no clock. It is not offered to people.
package memory

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tandem"
	"tandem/provider"
)

// Store is a place in memory. Replicas of it are opened with Open, any number of times; its other methods are the
// hands of a person working in that place, who is not bound by what replicas may do. All methods are safe for
// concurrent use.
type Store struct {
	mu       sync.Mutex // guards all below
	name     string
	epoch    int64
	knobs    Knobs
	state    *state
	stamp    int64 // last content stamp; never goes back, so that no version ever means two contents
	listings int64
	parked   map[string]tandem.Record
	parkedAt map[string]int64
	watchers map[chan tandem.Hint]struct{}
}

// New makes an empty place. Its name becomes its identity.
func New(name string, knobs Knobs) *Store {
	if knobs.Kind == "" {
		knobs.Kind = tandem.Contact
	}
	return &Store{name: name, epoch: 1, knobs: knobs, parked: map[string]tandem.Record{}, parkedAt: map[string]int64{},
		watchers: map[chan tandem.Hint]struct{}{}, state: &state{live: map[string]*entry{}, tombs: map[string]tomb{}}}
}

// Open opens the place as a replica.
func (s *Store) Open() *provider.Opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.knobs
	f := provider.Features{Tree: k.Tree, ReadOnly: k.ReadOnly, Watch: k.Watch, Cursor: k.Cursor, Rename: !k.ReassignMove,
		Parks: k.Parks, FoldCase: k.FoldCase, NFC: k.NFC, Attrs: k.Attrs || k.Tree, MaxSize: k.MaxSize, Batch: k.Batch, Workers: cmp.Or(k.Workers, 4), Overlap: k.Overlap}
	r := &Replica{store: s, closed: make(chan struct{})}
	o := &provider.Opened{Replica: r, Features: f, Kind: k.Kind, Place: "memory:" + s.name}
	if k.Digester {
		o.Replica = &digesting{r}
	}
	return o
}

// Tune changes the manners of the place.
func (s *Store) Tune(change func(*Knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.knobs)
}

// Snapshot is a copy of all a place holds.
type Snapshot struct{ state *state }

// Snapshot copies all the place holds.
func (s *Store) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Snapshot{s.state.clone()}
}

// Rollback puts back all the place held, as restoring a backup does. Versions made since are not used again. Whether
// the place notices, and says so with another epoch, is up to newEpoch.
func (s *Store) Rollback(snap *Snapshot, newEpoch bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = snap.state.clone()
	if newEpoch {
		s.epoch++
	}
	s.hint("")
}

// Replace makes this another, empty store under the same address.
func (s *Store) Replace(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name, s.epoch = name, 1
	s.state = &state{live: map[string]*entry{}, tombs: map[string]tomb{}, seq: s.state.seq, floor: s.state.seq}
	s.hint("")
}

// ForgetTombstones drops all tombstones: cursors from before can no longer be honoured.
func (s *Store) ForgetTombstones() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.tombs, s.state.floor = map[string]tomb{}, s.state.seq
}

// Put writes a record, new or not. Directories above it are made.
func (s *Store) Put(id tandem.ID, body []byte, attrs tandem.Attrs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.knobs.checkID(id); err != nil {
		return err
	}
	if err := s.makeParents(id); err != nil {
		return err
	}
	if s.knobs.Project != nil && hasBody(attrs) {
		body = s.knobs.Project(slices.Clone(body))
	}
	key := s.knobs.key(id)
	old := s.state.live[key]
	if old != nil && old.isDir() && attrs.Get("type") != "dir" && len(s.state.below(key)) > 0 {
		return tandem.Errorf(tandem.Exists, "%s is a directory with something in it", id)
	}
	if old == nil || !old.same(body, attrs) {
		s.write(id, old, slices.Clone(body), attrs, "")
	}
	return nil
}

// PutDir makes a directory of a tree and those above it.
func (s *Store) PutDir(id tandem.ID) error {
	return s.Put(id, nil, tandem.MakeAttrs(map[string]string{"type": "dir"}))
}

// Remove deletes a record, a directory with all below it. It reports whether there was one.
func (s *Store) Remove(id tandem.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.knobs.key(id)
	if s.state.live[key] == nil {
		return false
	}
	if s.knobs.Tree {
		for _, k := range s.state.below(key) {
			s.state.bury(k)
		}
	}
	s.state.bury(key)
	s.hint(id)
	return true
}

// Rename gives a record another id that must be free; what is below a directory follows.
func (s *Store) Rename(from, to tandem.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.knobs.checkID(to); err != nil {
		return err
	}
	key, dest := s.knobs.key(from), s.knobs.key(to)
	switch {
	case s.state.live[key] == nil:
		return tandem.Errorf(tandem.NotFound, "there is no %s", from)
	case dest != key && s.state.live[dest] != nil:
		return tandem.Errorf(tandem.Exists, "%s is there already", to)
	case s.knobs.Tree && strings.HasPrefix(dest, key+"/"):
		return tandem.Errorf(tandem.Invalid, "%s cannot move into itself", from)
	}
	if err := s.makeParents(to); err != nil {
		return err
	}
	s.state.move(&s.knobs, key, to)
	s.hint(to)
	return nil
}

// List returns all records, sorted by id.
func (s *Store) List() []tandem.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]tandem.Record, 0, len(s.state.live))
	for _, id := range s.state.ids() {
		out = append(out, s.record(s.state.live[s.knobs.key(id)]))
	}
	return out
}

// Get returns one record.
func (s *Store) Get(id tandem.ID) (tandem.Record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.state.live[s.knobs.key(id)]
	if e == nil {
		return tandem.Record{}, false
	}
	return s.record(e), true
}

// Parked returns all that the place keeps of overwritten and deleted versions.
func (s *Store) Parked() []tandem.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.parked))
}

// Len is the number of records.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state.live)
}

// write stores a record at id, over old where that is not nil. The caller holds mu and has settled everything else.
func (s *Store) write(id tandem.ID, old *entry, body []byte, attrs tandem.Attrs, marker tandem.Marker) *entry {
	s.stamp++
	e := &entry{id: id, body: body, attrs: attrs, stamp: s.stamp, node: s.stamp, marker: marker}
	if old != nil {
		e.node, e.marker = old.node, old.marker
		if s.knobs.key(old.id) == s.knobs.key(id) {
			e.id = old.id
		} else {
			s.state.bury(s.knobs.key(old.id))
		}
	}
	if s.knobs.Clock != nil {
		e.mtime = s.knobs.Clock()
	}
	s.state.put(s.knobs.key(e.id), e)
	s.hint(e.id)
	return e
}

func (s *Store) makeParents(id tandem.ID) error {
	if !s.knobs.Tree {
		return nil
	}
	up := parent(id)
	if up == "" {
		return nil
	}
	if e := s.state.live[s.knobs.key(up)]; e != nil {
		if !e.isDir() {
			return tandem.Errorf(tandem.Exists, "%s is not a directory", up)
		}
		return nil
	}
	if err := s.makeParents(up); err != nil {
		return err
	}
	s.write(up, nil, nil, tandem.MakeAttrs(map[string]string{"type": "dir"}), "")
	return nil
}

// meta is what a listing shows of an entry. The caller holds mu.
func (s *Store) meta(e *entry) tandem.Meta {
	m := tandem.Meta{Version: s.version(e), Size: int64(len(e.body)), Attrs: e.attrs, Node: e.nodeText(), Modified: e.mtime}
	if s.knobs.Inspect != nil && !s.knobs.Digester && hasBody(e.attrs) {
		m.Digest, m.UID = s.knobs.Inspect(e.body)
	}
	return m
}

func (e *entry) nodeText() string { return strconv.FormatInt(e.node, 10) }

func (s *Store) version(e *entry) tandem.Version {
	switch {
	case s.knobs.NoVersions:
		return ""
	case s.knobs.FlakyVersions:
		return tandem.Version(fmt.Sprintf("%d~%d", e.stamp, s.listings))
	}
	return tandem.Version(strconv.FormatInt(e.stamp, 10))
}

// at tells whether an entry is at the version a write expects.
func (s *Store) at(e *entry, want tandem.Version) bool {
	if s.knobs.NoVersions {
		return true
	}
	stamp, _, _ := strings.Cut(string(want), "~")
	return stamp == strconv.FormatInt(e.stamp, 10)
}

func (s *Store) record(e *entry) tandem.Record {
	r := tandem.Record{ID: e.id, Meta: s.meta(e)}
	if hasBody(e.attrs) {
		r.Body = tandem.Bytes(e.body)
	}
	return r
}

// trouble is what stands in the way of reading id: its own or, in a tree, that of a directory above it.
func (k *Knobs) trouble(st *state, id tandem.ID) (tandem.Presence, tandem.ID, error) {
	for at := id; at != ""; at = parent(at) {
		for _, t := range []struct {
			p   tandem.Presence
			ids map[tandem.ID]error
		}{{tandem.Problem, k.Problems}, {tandem.OutOfScope, k.Hidden}} {
			for troubled, err := range t.ids {
				if k.key(troubled) == k.key(at) {
					return t.p, at, err
				}
			}
		}
		if err := k.filtered(st, at); err != nil {
			return tandem.OutOfScope, at, err
		}
		if !k.Tree {
			break
		}
	}
	return tandem.Present, "", nil
}

// hidden is what a listing tells of a record that it does not show.
func (k *Knobs) hidden(p tandem.Presence, e *entry) (m tandem.Meta) {
	if p != tandem.OutOfScope {
		return m
	}
	m.Node = e.nodeText()
	if k.HiddenUID != nil && hasBody(e.attrs) {
		m.UID = k.HiddenUID(e.body)
	}
	return m
}

// filtered asks the filter about a record that is there.
func (k *Knobs) filtered(st *state, id tandem.ID) error {
	e := st.live[k.key(id)]
	if k.Filter == nil || e == nil {
		return nil
	}
	return k.Filter(id, e.body)
}

func (k *Knobs) checkID(id tandem.ID) error {
	s := string(id)
	if s == "" || k.Tree && (path.Clean("/"+s) != "/"+s || strings.ContainsRune(s, 0)) {
		return tandem.Errorf(tandem.Invalid, "%q cannot be an id here", s)
	}
	return nil
}

// hint tells watchers, who hold at most one hint each: a second one that is not taken yet makes it a hint of nothing
// particular. The caller holds mu.
func (s *Store) hint(id tandem.ID) {
	for ch := range s.watchers {
		select {
		case ch <- tandem.Hint{ID: id}:
		default:
			select {
			case <-ch:
			default:
			}
			ch <- tandem.Hint{} // room was just made, and only this function sends, under mu
		}
	}
}
