package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"tandem"
)

// marker identifies a create by what it copies, so that the same create is known again after a crash. Versions say less
// than digests, since some places show another one in each listing.
func (x *executor) marker(st *step, s tandem.Side) tandem.Marker {
	from := &st.seen[s.Other()]
	state := from.Digest.String()
	if state == "" {
		state = string(from.Version)
	}
	return newMarker("%s\x00%s\x00%s\x00%s\x00%s", x.pair.Key, s, from.ID, from.Node, state)
}

// copyMarker identifies the create of a record that only one side has. Where the record says who it is, that counts and not
// what it holds: it may be edited before what a run that died has made of it is seen.
func (x *executor) copyMarker(st *step) tandem.Marker {
	s := st.act.To
	from := spot{s.Other(), st.seen[s.Other()].ID}
	uid := st.act.Row.UID // of a body that was not parsed, the listing told it
	if g := st.got[s.Other()]; g != nil && g.rec.UID != "" {
		uid = g.rec.UID
	}
	if uid == "" || x.spent[from] {
		return x.marker(st, s)
	}
	return newMarker("%s\x00%s\x00%s\x00uid\x00%s", x.pair.Key, s, from.id, uid)
}

func newMarker(format string, args ...any) tandem.Marker {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return tandem.Marker(hex.EncodeToString(sum[:16]))
}
