package store

import (
	"context"
	"fmt"

	"tandem"
)

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

	// Of is the collection as its owner has it, read together with the share. PutShare does not look at it.
	Of tandem.Collection
}

// Shares keeps who else may see home collections. A share goes with its collection and with the user it is with. Every change wakes those
// who listen, with Listed, as a change of the collection itself: for the owner and for the other user, one wake-up each. So do changes of the
// collection itself (PutCollection, RemoveCollection); writes to it wake with the owner's name only.
type Shares interface {
	// PutShare adds a share (ID 0; Exists if the collection is already shared with that user, NotFound if there is no such user or collection, Invalid for
	// one with the owner and for a link that may write), or changes Write, Hidden, Label and Props of the one with that ID (NotFound).
	PutShare(ctx context.Context, s Share) (Share, error)
	SharesOf(ctx context.Context, collection int64) ([]Share, error) // users by name, then links in the order in which they were made
	SharedWith(ctx context.Context, user string) ([]Share, error)    // the hidden ones, too, in the order in which they were made
	ShareByToken(ctx context.Context, token string) (Share, error)   // NotFound
	RemoveShare(ctx context.Context, id int64) error                 // NotFound
}

// Properties keeps what clients want remembered of records and collections beside their bodies (the dead properties of RFC 4918 4). They are named by
// the record's number; number 0 is the collection itself. A record keeps them when it gets another id and loses them when it is deleted: one that is
// made again under the same id, and so perhaps the same number, has none.
type Properties interface {
	// Properties returns what is kept for these numbers: values by name; numbers without any are left out.
	Properties(ctx context.Context, collection int64, numbers ...int64) (map[int64]map[string]string, error)
	// SetProperties changes the named ones and leaves the others; an empty value removes one. NotFound if there is no such collection, or no record of
	// that number in it. It is not a write to the record: its version stays, and nobody is woken.
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
	Until      int64  // Unix seconds; at that second it is over
}

// Covers reports whether the lock holds for what is at path.
func (l Lock) Covers(path string) bool {
	return l.Path == path || l.Deep && below(path, l.Path)
}

// below reports whether path is somewhere under the directory top, "" being the top of all.
func below(path, top string) bool {
	return top == "" || len(path) > len(top) && path[len(top)] == '/' && path[:len(top)] == top
}

// Against reports whether two locks of one collection cannot stand side by side. RFC 4918 6.2, 7.4
func (l Lock) Against(o Lock) bool {
	return !(l.Shared && o.Shared) && (l.Covers(o.Path) || o.Covers(l.Path))
}

// LockHeld is the cause of an error of kind Busy: a lock that another one cannot stand beside.
type LockHeld struct{ Lock Lock }

func (e *LockHeld) Error() string {
	return fmt.Sprintf("%s holds a lock until %d", e.Lock.User, e.Lock.Until)
}

// Locks keeps locks. Those whose time is over are as if they were not there. A lock goes with its collection and with the user who took it; it stays where
// it is when a record is moved or deleted. Whether a write heeds locks is for the front door that gives them out.
type Locks interface {
	// Locks returns those of a collection, in order of path and token.
	Locks(ctx context.Context, collection, now int64) ([]Lock, error)
	// Lock adds a lock. Busy, with a LockHeld as the cause, if another one stands against it (Lock.Against), checked in the same transaction; Exists if
	// there is one with its token; NotFound if there is no such user or collection.
	Lock(ctx context.Context, l Lock, now int64) error
	// Refresh gives the lock with this token a new Until. NotFound.
	Refresh(ctx context.Context, token string, seconds, until, now int64) (Lock, error)
	// Unlock removes locks; those that are not there are passed over.
	Unlock(ctx context.Context, tokens ...string) error
}
