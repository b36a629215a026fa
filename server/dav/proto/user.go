package proto

import (
	"strings"

	"tandem"
	"tandem/store"
)

// MaxRecord is the size in bytes of the largest contact, event, task or note that is taken. RFC 4791 5.2.5
const MaxRecord = 16 << 20

// Address is a user's mail address, "" where none is known.
func Address(u store.User) string {
	if u.Address == "" && strings.Contains(u.Name, "@") {
		return u.Name
	}
	return u.Address
}

// ScheduleTag changes with what others do to a meeting, but not with what its own clients do: "" for what is no meeting. RFC 6638 3.2.10
func (r *Resource) ScheduleTag() string {
	if r.Sort != Member || r.Record == nil || r.Reach.Kind != tandem.Event {
		return ""
	}
	return r.Record.Attrs.Get("schedule-tag")
}
