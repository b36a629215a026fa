package store

import "context"

// Share lets somebody else than its owner at a home collection: another user, or whoever knows a secret link.
type Share struct {
	ID         int64  // the store's key, never given out twice
	Collection int64  // what is shared
	With       string // the user it is shared with; "": whoever knows the link
	Token      string // SHA-256 of the link's secret in hexadecimal, for a link; the secret itself is not kept
	Label      string // for a link: what it is for, as the owner calls it
	Write      bool   // they may change it, too; links are for reading only
	Hidden     bool   // the other user does not want to see it

	// Props are the other user's own: "name", "color", "order". What is not there is as the owner has it.
	Props map[string]string

	Added int64 // Unix seconds
}

// Shares keeps who else may see home collections. A share goes with its collection and with the user it is with. Every change wakes those
// who listen, with Listed, as a change of the collection itself: for the owner and for the other user.
type Shares interface {
	// PutShare adds a share (ID 0; Exists if the collection is already shared with that user, NotFound if there is no such user or collection), or changes Write,
	// Hidden, Label and Props of the one with that ID (NotFound).
	PutShare(ctx context.Context, s Share) (Share, error)
	SharesOf(ctx context.Context, collection int64) ([]Share, error)
	SharedWith(ctx context.Context, user string) ([]Share, error)
	ShareByToken(ctx context.Context, token string) (Share, error) // NotFound
	RemoveShare(ctx context.Context, id int64) error               // NotFound
}

// Properties keeps what clients want remembered of records and collections beside their bodies (the dead properties of RFC 4918 4). They are named by
// the record's number and go with its tombstone; number 0 is the collection itself. A record keeps them when it gets another id.
type Properties interface {
	// Properties returns what is kept for these numbers: values by name; numbers without any are left out.
	Properties(ctx context.Context, collection int64, numbers ...int64) (map[int64]map[string]string, error)
	// SetProperties changes the named ones and leaves the others; an empty value removes one. NotFound. It is not a write to the record: its version stays.
	SetProperties(ctx context.Context, collection, number int64, set map[string]string) error
}

// Lock keeps others from changing something for a while. RFC 4918 6
type Lock struct {
	Token      string // "urn:uuid:…"
	User       string // who took it
	Collection int64
	Path       string // the record's id, "" for the whole collection
	Deep       bool   // holds for all that is below, too
	Shared     bool   // others may hold shared locks beside it
	Owner      string // what the client says of itself, XML
	Seconds    int64  // how long it was asked for
	Until      int64  // Unix seconds
}

// Locks keeps locks. Those whose time is over are as if they were not there.
type Locks interface {
	// Locks returns those of a collection.
	Locks(ctx context.Context, collection, now int64) ([]Lock, error)
	// Lock adds a lock. Busy if another one stands against it: on the same path, on one above that is Deep, or, if it is Deep itself, on one below; two shared
	// ones do not. Checked in the same transaction.
	Lock(ctx context.Context, l Lock, now int64) error
	// Refresh gives the lock with this token a new Until. NotFound.
	Refresh(ctx context.Context, token string, seconds, until, now int64) (Lock, error)
	// Unlock removes locks; those that are not there are passed over.
	Unlock(ctx context.Context, tokens ...string) error
}
