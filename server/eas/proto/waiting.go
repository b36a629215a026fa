package proto

import (
	"context"
	"time"
)

// Waiting is an answer that is not ready: it comes when something changes, when the time is over, or when a newer request of the device takes its
// place. It says what to look at, and holds nothing else of the request, for there may be many.
type Waiting struct {
	User        string
	Device      int64   // its number
	Sort        string  // what waits: "Ping" or "Sync"
	Collections []int64 // of the user, whose changes are waited for, besides those of the user's list of collections
	Shared      []int64 // collections of other users whose changes are waited for
	For         time.Duration

	// Look answers if there is something to tell, and returns nil if not. It is called when something may have changed, by one goroutine at a time.
	Look func(ctx context.Context) (*Response, error)
	// Expired answers when the time is over, and Superseded when a newer request takes its place; same tells that that is of the same sort.
	Expired    func(ctx context.Context) (*Response, error)
	Superseded func(ctx context.Context, same bool) (*Response, error)
}
