package store

import "context"

// EventFilter selects lines of the results log; zero fields do not restrict.
type EventFilter struct {
	After, Before int64 // events with an id above After and below Before
	Level         Level // of at least this level
	Items         []string
	User          *string // only those that concern this user
	For           *EventsFor
	Since, Until  int64 // written in [Since, Until), Unix seconds
	Code          string
	Text          string // part of the text or of the record's id, without regard to case of ASCII letters
	Newest        bool   // of more than Limit the newest instead of the oldest; in order of id either way
	Limit         int
}

// EventsFor selects the events that somebody may see: of a user, and of items whose names begin so; with Hub those of nobody, too.
type EventsFor struct {
	User     string
	Hub      bool
	Prefixes []string
}

// Results looks through the results log.
type Results interface {
	Find(ctx context.Context, f EventFilter) ([]Event, error)
	// Clear removes the events that a filter selects, without its Limit and Newest. Runs stay.
	Clear(ctx context.Context, f EventFilter) (n int, err error)
}
