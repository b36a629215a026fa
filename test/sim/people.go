package sim

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"tandem"
)

// person does what a person does in one place.
func (w *world) person(n *node, s step) {
	records := n.list()
	if w.spec.kind != tandem.File { // ids that a place chose hang on the order of writes
		slices.SortStableFunc(records, func(a, b tandem.Record) int { return strings.Compare(w.nameOf(a), w.nameOf(b)) })
	}
	if s.verb == doCreate || len(records) == 0 {
		w.create(n, s)
		return
	}
	r := records[s.pick%len(records)]
	body := bodyOf(r)
	switch s.verb {
	case doEdit, doAdd:
		if body == nil {
			return
		}
		if s.verb == doAdd && w.spec.kind == tandem.File {
			w.chmod(n, r, s)
			return
		}
		t := w.ledger.issue(w.spec.uidOf(body), n.name)
		var old []token
		if s.verb == doAdd {
			body = w.spec.add(body, t)
		} else {
			w.touch(n, body)
			body, old = w.spec.set(body, s.more, t)
		}
		w.touch(n, body)
		if err := n.put(r.ID, body, r.Attrs); err != nil {
			w.ledger.supersede(t)
			return
		}
		w.ledger.supersede(old...)
		w.log("  %s: %s of %s: %s replaces %s", n.name, verbNames[s.verb], r.ID, t, old)
	case doDelete:
		for _, x := range records {
			if x.ID == r.ID || (w.spec.kind == tandem.File && strings.HasPrefix(string(x.ID), string(r.ID)+"/")) {
				w.ledger.supersede(tokensIn(bodyOf(x))...)
				k := key(w.spec.uidOf(bodyOf(x)), bodyOf(x))
				w.ledger.deleted[k], w.ledger.ever[k] = true, true
				n.vacated[x.ID], n.left[x.ID] = true, true
			}
		}
		w.log("  %s: delete %s", n.name, r.ID)
		n.remove(r.ID)
	case doRename:
		if n.mem == nil || w.spec.kind != tandem.File {
			return
		}
		to := tandem.ID(path.Join(w.directory(n, s.more), w.name(s.more)))
		for _, x := range records {
			if x.ID == r.ID || strings.HasPrefix(string(x.ID), string(r.ID)+"/") {
				w.touch(n, bodyOf(x))
			}
		}
		err := n.mem.Rename(r.ID, to)
		w.log("  %s: rename %s to %s: %v", n.name, r.ID, to, err)
		if err == nil {
			w.renamed(n, records, r.ID, to)
		}
	case doMakeDir:
		if n.mem != nil && w.spec.kind == tandem.File {
			id := tandem.ID(path.Join(w.directory(n, s.pick), "d"+w.name(s.more)))
			w.log("  %s: mkdir %s: %v", n.name, id, n.mem.PutDir(id))
		}
	}
}

// renamed notes which names were left. What takes a name that was another's looks like that one saved anew, as editors save;
// its old name then is one that was deleted, which somebody's change outlives.
func (w *world) renamed(n *node, records []tandem.Record, from, to tandem.ID) {
	for _, x := range records {
		below, ok := strings.CutPrefix(string(x.ID), string(from))
		if !ok || below != "" && below[0] != '/' {
			continue
		}
		if n.vacated[to+tandem.ID(below)] {
			for _, t := range tokensIn(bodyOf(x)) {
				w.ledger.twice[t.String()] = true
			}
		}
		n.vacated[x.ID], n.left[x.ID] = true, true
	}
}

// touch notes that somebody changed a record.
func (w *world) touch(n *node, body []byte) {
	k := key(w.spec.uidOf(body), body)
	w.ledger.edited[k] = true
	if w.way != nil && n == w.way.target {
		w.ledger.own[k] = true
	}
}

// chmod changes nothing but an attribute of a file.
func (w *world) chmod(n *node, r tandem.Record, s step) {
	attrs := tandem.MakeAttrs(map[string]string{"mode": []string{"600", "644", "755"}[s.more%3]})
	w.touch(n, bodyOf(r))
	w.log("  %s: %s of %s: %v", n.name, attrs, r.ID, n.put(r.ID, bodyOf(r), attrs))
}

// name draws a file name from a small set, so that names meet.
func (w *world) name(n int) string {
	w.names++
	if n%3 == 0 {
		return fmt.Sprintf("n%d", n%7)
	}
	return fmt.Sprintf("f%d", w.names)
}

// directory picks a directory of the node, "" for the top.
func (w *world) directory(n *node, pick int) string {
	dirs := []string{""}
	for _, r := range n.list() {
		if r.Attrs.Get("type") == "dir" {
			dirs = append(dirs, string(r.ID))
		}
	}
	return dirs[pick%len(dirs)]
}

func (w *world) create(n *node, s step) {
	var id tandem.ID
	uid := ""
	if w.spec.kind == tandem.File {
		id = tandem.ID(path.Join(w.directory(n, s.pick), w.name(s.more)))
		for _, r := range n.list() {
			if strings.EqualFold(string(r.ID), string(id)) {
				return
			}
		}
	} else {
		w.names++
		uid = fmt.Sprintf("uid-%d@%s", w.names, n.name)
		id = tandem.ID(uid + w.spec.ext)
	}
	t := w.ledger.issue(uid, n.name)
	body := w.spec.create(uid, t)
	if err := n.put(id, body, ""); err != nil {
		w.ledger.supersede(t)
		return
	}
	w.touch(n, body)
	w.log("  %s: create %s with %s", n.name, id, t)
}

// step2 draws an edit that somebody makes while a run is under way.
func step2(r *rand.Rand) step {
	return step{verb: []verb{doCreate, doEdit, doEdit, doAdd, doDelete, doRename}[r.IntN(6)], pick: r.IntN(1000), more: r.IntN(1000)}
}
