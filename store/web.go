package store

import (
	"context"

	"tandem"
)

// Visit is a browser that is logged in.
type Visit struct {
	ID    int64         // the store's key, never given out twice
	User  string        // who logged in
	Token tandem.Digest // SHA-256 of what the browser shows; the store never sees that itself
	Proof tandem.Digest // stands for the password that was given; whoever asks compares it
	Agent string        // its User-Agent
	From  string        // the network address of its last request
	Added int64         // Unix seconds
	Used  int64         // Unix seconds of its last request; may lag
	Until int64         // Unix seconds at which it is over, whatever is used
}

// Visits keeps browsers that are logged in.
type Visits interface {
	AddVisit(ctx context.Context, v Visit) (Visit, error)                  // NotFound: no such user; Exists: the token is taken. Visits that are over at v.Added are forgotten
	Visit(ctx context.Context, token tandem.Digest) (Visit, error)         // NotFound
	Visits(ctx context.Context, user string) ([]Visit, error)              // newest first
	UseVisit(ctx context.Context, id int64, when int64, from string) error // best effort: need not be durable when it returns; NotFound
	RemoveVisit(ctx context.Context, id int64) error                       // NotFound
}
