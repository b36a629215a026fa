package imap

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// cursor is a mailbox as it was listed. The set of what was there is what tells of deletions, for without QRESYNC a server only tells what is there now.
type cursor struct {
	validity uint32
	modseq   uint64
	next     imap.UID
	count    uint32 // messages, those marked as deleted among them
	window   int64  // first day that was in sight, days since 1970; 0: all
	known    uids   // what was there and not marked as deleted
}

const cursorFormat = "1"

func (c *cursor) String() string {
	return fmt.Sprintf("%s %d %d %d %d %d %s", cursorFormat, c.validity, c.modseq, c.next, c.count, c.window, c.known)
}

// parseCursor reads what String wrote. false: it is none of ours.
func parseCursor(text tandem.Cursor) (*cursor, bool) {
	f := strings.Split(string(text), " ")
	if len(f) != 7 || f[0] != cursorFormat {
		return nil, false
	}
	var n [5]uint64
	for i := range n {
		bits := 32
		if i == 1 || i == 4 {
			bits = 63
		}
		var err error
		if n[i], err = strconv.ParseUint(f[i+1], 10, bits); err != nil {
			return nil, false
		}
	}
	known, err := parseUIDs(f[6])
	if err != nil {
		return nil, false
	}
	return &cursor{validity: uint32(n[0]), modseq: n[1], next: imap.UID(n[2]), count: uint32(n[3]), window: int64(n[4]), known: known}, true
}
