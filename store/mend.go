package store

import (
	"context"

	"tandem"
)

// Dangling is something in a store that nothing leads to any longer, or that leads nowhere.
type Dangling struct {
	Sort  string `json:"sort"`            // "body", "tombstone", "history", "index", "item", "base", "conflict", "device", "device state", "setting", "user", "partner", "record", "message", "lock"
	Thing string `json:"thing,omitempty"` // its name, where it has one
	Text  string `json:"text"`            // what is wrong, and what mending it does
	Count int    `json:"count"`
	Bytes int64  `json:"bytes,omitempty"`
}

// Mending finds what dangles in a store.
type Mending interface {
	// Mend lists what dangles, of tombstones and bodies only what is older than before (Unix seconds), and with do removes it. What people wrote is never removed: versions of a conflict that
	// hangs in the air go to history, and so do records of a collection that is gone. What names a body that is not there goes, too: it says nothing any more.
	Mend(ctx context.Context, before int64, do bool) ([]Dangling, error)
	// Bodiless lists the live records whose bodies are not there. Mend leaves them alone: whoever asks may know where to fetch them from.
	Bodiless(ctx context.Context) ([]Bodiless, error)
	// Verify reads every body, and tells from time to time, one call after another, how far it has come; the last time it is Over. Memory does not follow how many there are.
	Verify(ctx context.Context, tell func(Verified)) error
	// SetAside takes a damaged body out of the way, so that it counts as not there and can be stored again. Its bytes stay, in the file that is returned; "": it is whole after all, or gone.
	SetAside(ctx context.Context, body tandem.Digest) (file string, err error)
}

// MaxDamaged is how many damaged bodies Verify names.
const MaxDamaged = 1000

// Verified is how far a look at all bodies has come.
type Verified struct {
	Done    int       `json:"done"`
	Total   int       `json:"total"`
	Bytes   int64     `json:"bytes"`
	Over    bool      `json:"over"`
	Damaged []Damaged `json:"damaged,omitempty"` // with Over, MaxDamaged of them
	More    int       `json:"more,omitempty"`    // damaged ones that are not among them
}

// Damaged is a body whose bytes are not what was stored, or cannot be read.
type Damaged struct {
	Body  tandem.Digest `json:"-"`
	Size  int64         `json:"bytes"`
	Wrong bool          `json:"wrong"` // it was read, and is wrong; otherwise it could not be read this time
	Why   string        `json:"why"`
	Uses  []string      `json:"uses"` // what says this, in words; none: nothing that is there
}

// Bodiless is a record of a home collection whose body is not there.
type Bodiless struct {
	Collection int64
	ID         tandem.ID
	Version    tandem.Version
	Title      string
	Attrs      tandem.Attrs
	Body       tandem.Digest // that is not there
}
