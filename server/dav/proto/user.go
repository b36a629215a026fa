package proto

import (
	"strings"

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
