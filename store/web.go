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

// Factor is what a person shows besides, or instead of, a password.
type Factor struct {
	ID    int64      // the store's key, never given out twice
	User  string     // whose it is
	Sort  FactorSort // what it is
	Key   string     // finds it among all of its sort, and is unique there
	Label string     // what its user calls it
	Data  []byte     // what its sort needs; whoever reads it can log in with nothing of it
	Count int64      // moves forward with every use
	Added int64      // Unix seconds
	Used  int64      // Unix seconds of the last use, 0: never
	From  string     // the network address of the last use
}

// FactorSort says what a factor is.
type FactorSort string

const (
	CodeApp  FactorSort = "totp"     // an app that makes codes (RFC 6238); Count is the last time step that was used
	Recovery FactorSort = "recovery" // a code that works once; Data is its hash
	Passkey  FactorSort = "passkey"  // a key pair of a browser, phone or stick (WebAuthn); Count is its signature counter
)

// Factors keeps what people log in with besides passwords.
type Factors interface {
	AddFactor(ctx context.Context, f Factor) (Factor, error)                      // NotFound: no such user; Exists: the key is taken
	Factors(ctx context.Context, user string) ([]Factor, error)                   // oldest first
	FactorByKey(ctx context.Context, sort FactorSort, key string) (Factor, error) // NotFound
	LabelFactor(ctx context.Context, id int64, label string) error                // NotFound
	// UseFactor notes a use, moves the count forward and replaces Data. Of several who do so with one count at once one succeeds: Exists where the count is there already or beyond. A count
	// that is zero and stays zero means that there is none. NotFound.
	UseFactor(ctx context.Context, id, count, when int64, from string, data []byte) error
	RemoveFactor(ctx context.Context, id int64) error // NotFound: gone already, so of several at once one succeeds
}
