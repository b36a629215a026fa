package engine

import (
	"tandem"
)

// A listing that was cut may show a record under the id that its place gave it lately, and not say that the old id is gone. Where ids
// mean nothing, what is new in such a listing may be any record that the listing is silent about. Its UID tells, or its node, or what
// it holds: if that is a record's of which nothing is known, nothing is concluded about it either.

// cutShort tells that the listing of side s does not say what became of records that the base has.
func (w *work) cutShort(s tandem.Side) bool {
	return !w.tree && w.b.read > 0 && len(w.v[s].fresh) > 0 && w.v[s].silence() == unknown
}

// addSilent adds what the records are known by that side s is silent about.
func (w *work) addSilent(k *keys, s tandem.Side) {
	for i := range w.b.read {
		if w.v[s].rows[i] != unseen || len(w.b.id(int32(i), s)) == 0 {
			continue
		}
		row := w.b.row(int32(i))
		was := row.Side(s)
		k.add(byUID, row.UID)
		k.add(byNode, was.Node)
		k.addDigest(&was.Digest)
	}
}

// doubtNew has what is new on side s count as unknown where it may be a record that the listing is silent about.
func (w *work) doubtNew(s tandem.Side) {
	if !w.cutShort(s) {
		return
	}
	k := w.newKeys()
	w.addSilent(k, s)
	for _, r := range w.recs {
		if r.row < 0 && r.st[s] == fresh && k.knows(r.cur[s]) {
			r.st[s] = unknown
		}
	}
}

// needNew asks who the new records of a listing are that was cut.
func (w *work) needNew(want func(tandem.Side, *seen)) {
	for s, v := range w.v {
		if !w.cutShort(tandem.Side(s)) {
			continue
		}
		for _, n := range v.fresh {
			if v.pairable(n) {
				want(tandem.Side(s), n)
			}
		}
	}
}
