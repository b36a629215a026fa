package device

import (
	"encoding/json"
	"strconv"
	"time"
)

// SyncDoc is the name of the document that holds how far a device is with a collection, as store.Devices keeps it. What is in it belongs to the phones' door.
func SyncDoc(collection int64) string { return SyncPrefix + strconv.FormatInt(collection, 10) }

// SyncPrefix begins those names.
const SyncPrefix = "sync/"

// Unfinished is the FilterType of a device that asks only for tasks that are not finished. MS-ASCMD 2.2.3.68.2
const Unfinished = 8

// Asks is what of a folder a device asks for, of its document (SyncDoc).
type Asks struct {
	Filter int     // FilterType, 0: all
	Beyond []int64 // numbers of records outside of that which it has nevertheless, with the rest of their conversations
}

// AsksFor reads that from the document; one that cannot be read asks for all.
func AsksFor(doc []byte) Asks {
	var st struct {
		Options struct{ Filter int }
		Now     *struct{ Kin []int64 }
	}
	if json.Unmarshal(doc, &st) != nil {
		return Asks{}
	}
	out := Asks{Filter: st.Options.Filter}
	if st.Now != nil {
		out.Beyond = st.Now.Kin
	}
	return out
}

// Cutoff is what a FilterType leaves out at a moment: what ended before that midnight (UTC), in Unix seconds. limited is false if it leaves out nothing for its age. MS-ASCMD 2.2.3.68.2
func Cutoff(filter int, now time.Time) (cutoff int64, limited bool) {
	now = now.UTC()
	var from time.Time
	switch filter {
	case 1:
		from = now.AddDate(0, 0, -1)
	case 2:
		from = now.AddDate(0, 0, -3)
	case 3:
		from = now.AddDate(0, 0, -7)
	case 4:
		from = now.AddDate(0, 0, -14)
	case 5:
		from = now.AddDate(0, -1, 0)
	case 6:
		from = now.AddDate(0, -3, 0)
	case 7:
		from = now.AddDate(0, -6, 0)
	default:
		return 0, false
	}
	return time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC).Unix(), true
}

// Span is how far back a FilterType goes, in words; "" for one that does not go by age.
func Span(filter int) string {
	return map[int]string{1: "one day", 2: "3 days", 3: "a week", 4: "2 weeks", 5: "a month", 6: "3 months", 7: "6 months"}[filter]
}
