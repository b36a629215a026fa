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
