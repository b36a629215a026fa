package store

import "context"

// Dangling is something in a store that nothing leads to any longer, or that leads nowhere.
type Dangling struct {
	Sort  string `json:"sort"`            // "body", "tombstone", "history", "index", "item", "base", "conflict", "device state", "setting"
	Thing string `json:"thing,omitempty"` // its name, where it has one
	Text  string `json:"text"`            // what is wrong, and what mending it does
	Count int    `json:"count"`
	Bytes int64  `json:"bytes,omitempty"`
}

// Mending finds what dangles in a store.
type Mending interface {
	// Mend lists what dangles, of tombstones and bodies only what is older than before (Unix seconds), and with do removes it. What people wrote is never removed: versions of a conflict that
	// hangs in the air go to history.
	Mend(ctx context.Context, before int64, do bool) ([]Dangling, error)
}
