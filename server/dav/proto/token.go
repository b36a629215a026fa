package proto

import (
	"strconv"
	"strings"

	"tandem"
)

// syncTokens begin the URIs by which a collection's state is named. RFC 6578 3, 4
const syncTokens = "urn:x-tandem:sync:"

// SyncToken names the state of a collection when its last write had the number seq. Another collection, or the same one put back to an earlier state, never
// has the same.
func SyncToken(c tandem.Collection, seq int64) string {
	return syncTokens + strconv.FormatInt(c.ID, 10) + ":" + c.Identity.Epoch + ":" + strconv.FormatInt(seq, 10)
}

// ParseSyncToken reads what SyncToken wrote for a collection; false for anything else. Whether the number was ever given out is for store.Home.Since to say.
func ParseSyncToken(c tandem.Collection, token string) (seq int64, ok bool) {
	rest, ok := strings.CutPrefix(token, syncTokens+strconv.FormatInt(c.ID, 10)+":"+c.Identity.Epoch+":")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseInt(rest, 10, 64)
	return seq, err == nil && seq >= 0
}

// CTag changes with every change in a collection; what getctag says.
func CTag(c tandem.Collection) string {
	return `"` + strconv.FormatInt(c.Seq, 10) + "-" + c.Identity.Epoch[:min(len(c.Identity.Epoch), 8)] + `"`
}
