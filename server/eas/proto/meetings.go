package proto

import (
	"context"

	"tandem"
	"tandem/partner/schedule"
	"tandem/store"
)

// Meetings tells others of what a phone changes about a meeting; package schedule says in which order it is asked. It is nil where nobody is told.
type Meetings interface {
	Write(ctx context.Context, ch schedule.Change) (schedule.Plan, error)
	Deliver(ctx context.Context, p schedule.Plan) error
	Drop(ctx context.Context, p schedule.Plan) error
	// Close and Closed stand around the deletion of all that is in a calendar.
	Close(ctx context.Context, c tandem.Collection) (schedule.Closing, error)
	Closed(ctx context.Context, cl schedule.Closing, removed bool) error
	// Invited finds, or makes, the event of an invitation that came by mail.
	Invited(ctx context.Context, to store.User, l schedule.Letter, decline bool) (schedule.Invited, error)
}

var _ Meetings = (*schedule.Service)(nil)
