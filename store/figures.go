package store

import (
	"context"

	"tandem"
)

// Figures is how much a store holds.
type Figures struct {
	Users, Devices, Collections, Partners, Items int

	Records    map[tandem.Kind]int // live, by kind
	Tombstones int
	Pairs      int
	BaseRows   int
	Past       int // entries of history
	Events     int
	Conflicts  int            // open
	Outgoing   map[string]int // messages, by state
	Bytes      int64          // of the database as it is, with what is free in it
	Format     int64          // number of the schema
}

// Counts counts what the store holds. It costs a look at an index of each table: not for every request.
type Counts interface {
	Figures(ctx context.Context) (Figures, error)
}
