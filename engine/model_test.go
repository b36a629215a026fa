package engine

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"tandem"
)

// model is a pure model of a replica: strict about preconditions, parents and names, so that a plan that is out of order
// fails.
type model struct {
	tree        bool
	rule        NameRule
	recs        map[tandem.ID]*thing
	seq         int
	nodes       bool // tells nodes
	hushed      bool // gives no digests in listings
	mute        bool // gives neither digests nor UIDs in listings
	trouble     map[tandem.ID]tandem.Presence
	tellsHidden bool     // tells the UID and node of what it does not show
	gone        []string // contents that were overwritten or deleted, for history
	log         []string
}

type thing struct {
	version  int
	content  string
	attrs    tandem.Attrs
	uid      string
	node     string
	modified int64
}

func newModel(tree bool) *model {
	return &model{tree: tree, nodes: true, recs: map[tandem.ID]*thing{}, trouble: map[tandem.ID]tandem.Presence{}}
}

func (m *model) next() int { m.seq++; return m.seq }

func sum(content string) tandem.Digest { return sha256.Sum256([]byte(content)) }

// put is a person's doing: create or change.
func (m *model) put(id tandem.ID, content string) *thing {
	t := m.recs[id]
	if t == nil {
		t = &thing{node: "n" + strconv.Itoa(m.next())}
		m.recs[id] = t
	}
	t.version, t.content = m.next(), content
	if content == "dir" && m.tree {
		t.attrs = "type=dir"
	}
	return t
}

func (m *model) rename(from, to tandem.ID) {
	if m.recs[from] == nil || m.recs[to] != nil {
		panic("bad rename in test")
	}
	m.shift(from, to)
}

func (m *model) shift(from, to tandem.ID) {
	moved := map[tandem.ID]*thing{}
	for id, t := range m.recs {
		if id == from || m.tree && strings.HasPrefix(string(id), string(from)+"/") {
			moved[to+id[len(from):]] = t
			delete(m.recs, id)
		}
	}
	for id, t := range moved {
		m.recs[id] = t
	}
	for id, p := range m.trouble { // what is inside goes along, seen or not
		if strings.HasPrefix(string(id), string(from)+"/") {
			delete(m.trouble, id)
			m.trouble[to+id[len(from):]] = p
		}
	}
	m.recs[to].version = m.next()
}

func (m *model) remove(id tandem.ID) {
	for k := range m.recs {
		if k == id || m.tree && strings.HasPrefix(string(k), string(id)+"/") {
			delete(m.recs, k)
		}
	}
}

func (t *thing) isDir() bool { return t.attrs.Get("type") == "dir" }

func (m *model) meta(t *thing) tandem.Meta {
	x := tandem.Meta{Version: tandem.Version(strconv.Itoa(t.version)), Attrs: t.attrs, UID: t.uid, Modified: t.modified}
	if m.nodes {
		x.Node = t.node
	}
	if !t.isDir() && t.attrs.Get("type") == "" {
		x.Digest, x.Size = sum(t.content), int64(len(t.content))
	}
	return x
}

func (m *model) ids() []tandem.ID {
	ids := make([]tandem.ID, 0, len(m.recs))
	for id := range m.recs {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	return ids
}

func (m *model) changes() []tandem.Change {
	var out []tandem.Change
	under := func(id tandem.ID) bool {
		for p := id; p != ""; p = parent(p) {
			if _, ok := m.trouble[p]; ok {
				return true
			}
		}
		return false
	}
	for _, id := range m.ids() {
		if under(id) {
			continue
		}
		c := tandem.Change{ID: id, Presence: tandem.Present, Meta: m.meta(m.recs[id])}
		if m.mute {
			c.UID = ""
		}
		if m.hushed || m.mute {
			c.Digest = tandem.Digest{}
		}
		out = append(out, c)
	}
	for id, p := range m.trouble {
		c := tandem.Change{ID: id, Presence: p, Err: fmt.Errorf("trouble with %s", id)}
		if t := m.recs[id]; t != nil && m.tellsHidden {
			c.UID = t.uid
			if m.nodes {
				c.Node = t.node
			}
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (m *model) key(id tandem.ID) string {
	s := string(id)
	if m.rule.NFC {
		s = norm.NFC.String(s)
	}
	if m.rule.FoldCase {
		s = strings.ToLower(s)
	}
	return s
}

func (m *model) taken(id tandem.ID) bool {
	for k := range m.recs {
		if m.key(k) == m.key(id) {
			return true
		}
	}
	for k := range m.trouble {
		if m.key(k) == m.key(id) {
			return true
		}
	}
	return false
}

// apply performs one write and refuses whatever a real place would refuse.
func (m *model) apply(w tandem.Write, content string) (tandem.Outcome, error) {
	m.log = append(m.log, fmt.Sprintf("%s %s %s", w.Op, w.ID, w.To))
	if w.Op == tandem.Create {
		id := w.ID
		if id == "" {
			id = tandem.ID("made" + strconv.Itoa(m.next()))
		}
		if m.taken(id) {
			return tandem.Outcome{}, fmt.Errorf("create %s: taken", id)
		}
		if err := m.roomIn(id); err != nil {
			return tandem.Outcome{}, err
		}
		t := &thing{version: m.next(), content: content, attrs: w.Record.Attrs, uid: w.Record.UID, node: "n" + strconv.Itoa(m.next()), modified: w.Record.Modified}
		m.recs[id] = t
		return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: m.meta(t)}, nil
	}
	t := m.recs[w.ID]
	if t == nil {
		return tandem.Outcome{}, fmt.Errorf("%s %s: not there", w.Op, w.ID)
	}
	if have := strconv.Itoa(t.version); have != string(w.If) {
		return tandem.Outcome{}, fmt.Errorf("%s %s: at %s, not %s", w.Op, w.ID, have, w.If)
	}
	id := w.ID
	switch w.Op {
	case tandem.Update:
		if t.isDir() != (w.Record.Attrs.Get("type") == "dir") {
			return tandem.Outcome{}, fmt.Errorf("update %s: another type", id)
		}
		m.gone = append(m.gone, t.content)
		t.content, t.attrs, t.version = content, w.Record.Attrs, m.next()
	case tandem.SetAttrs:
		t.attrs, t.version = w.Record.Attrs, m.next()
	case tandem.Move:
		if m.taken(w.To) {
			return tandem.Outcome{}, fmt.Errorf("move %s to %s: taken", w.ID, w.To)
		}
		if strings.HasPrefix(string(w.To), string(w.ID)+"/") {
			return tandem.Outcome{}, fmt.Errorf("move %s into itself", w.ID)
		}
		if err := m.roomIn(w.To); err != nil {
			return tandem.Outcome{}, err
		}
		m.shift(w.ID, w.To)
		id = w.To
	case tandem.Delete:
		for k := range m.recs {
			if m.tree && strings.HasPrefix(string(k), string(id)+"/") {
				return tandem.Outcome{}, fmt.Errorf("delete %s: holds %s", id, k)
			}
		}
		for k := range m.trouble {
			if strings.HasPrefix(string(k), string(id)+"/") {
				return tandem.Outcome{}, fmt.Errorf("delete %s: holds %s", id, k)
			}
		}
		m.gone = append(m.gone, t.content)
		delete(m.recs, id)
		return tandem.Outcome{Status: tandem.Applied, ID: id}, nil
	}
	return tandem.Outcome{Status: tandem.Applied, ID: id, Meta: m.meta(t)}, nil
}

func (m *model) roomIn(id tandem.ID) error {
	if p := parent(id); m.tree && p != "" && (m.recs[p] == nil || !m.recs[p].isDir()) {
		return fmt.Errorf("no directory %q for %q", p, id)
	}
	return nil
}

func (m *model) String() string {
	var b strings.Builder
	for _, id := range m.ids() {
		t := m.recs[id]
		fmt.Fprintf(&b, "%s=%s ", id, t.content)
	}
	return strings.TrimSpace(b.String())
}
