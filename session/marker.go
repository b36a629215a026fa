package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

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
	if isTwinUID(uid) {
		return x.twinMarker(s, uid)
	}
	return newMarker("%s\x00%s\x00%s\x00uid\x00%s", x.pair.Key, s, from.id, uid)
}

func newMarker(format string, args ...any) tandem.Marker {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return tandem.Marker(hex.EncodeToString(sum[:16]))
}

// twinMarker identifies the create of a second version under a UID of its own. It goes to both sides; where a run died after that, a side whose listing is of a moment
// ago is sent it once more, as the copy of what the other side shows, and is to know it.
func (x *executor) twinMarker(s tandem.Side, uid string) tandem.Marker {
	return newMarker("%s\x00%s\x00twin\x00%s", x.pair.Key, s, uid)
}

// twinUID is the UID of a second version. It follows from the content, so that the same twin is never made under two.
func twinUID(of *tandem.Record) string {
	h := sha256.Sum256(append([]byte(of.UID+"\x00"), of.Digest[:]...))
	return hex.EncodeToString(h[:16])
}

// isTwinUID tells whether a UID may be of twinUID. That of another program may look like it, too: then its marker says who the record is, and not where it was.
func isTwinUID(uid string) bool {
	return len(uid) == 32 && strings.Trim(uid, "0123456789abcdef") == ""
}
