package proto

import (
	"strconv"
	"time"

	"tandem/store"
)

// Modified is when a record was changed last: what a file says of itself, for it travels with the file, or else when it was written here.
func Modified(rec *store.HomeRecord) time.Time {
	if ns, err := strconv.ParseInt(rec.Attrs.Get("mtime"), 10, 64); err == nil {
		return time.Unix(0, ns).UTC()
	}
	return time.Unix(rec.Written, 0).UTC()
}
