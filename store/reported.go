package store

import (
	"context"

	"tandem"
)

// Reported is a conflict that a program found in what it syncs itself. It is over when the program says so. ISyncMgrConflict
type Reported struct {
	ID       int64 // of one sequence with Conflict.ID
	Handler  string
	Own      string // the program's id of it
	User     string // whose; "": the hub's
	Item     string
	Kind     tandem.Kind // of the versions' bodies, where the hub knows it; else ""
	When     int64       // Unix seconds of when it was first reported
	Title    string
	Reason   string
	Takes    []string // the sorts of answers that the program takes
	Versions []ReportedVersion
	Mark     string // equal as long as the versions are
	Size     int64  // bytes of all bodies

	Answer   string // a version, as "a", "both", "body" or "out"; "": none is given
	Answered int64  // Unix seconds
	Name     string // with "both"
	Body     []byte // with "body"
}

// ReportedVersion is one of the versions.
type ReportedVersion struct {
	Title   string
	Where   string
	Who     string
	When    int64 // Unix seconds of the last change; 0: the program does not say
	Deleted bool
	HasBody bool
	Body    []byte `json:",omitempty"` // where HasBody, and only of a single conflict
}

// ReportLimits bound what one handler may have in the inbox.
type ReportLimits struct {
	Conflicts int
	Bytes     int64
}

// ReportedConflicts are the conflicts of programs, beside Conflicts.
type ReportedConflicts interface {
	// Report adds conflicts of a handler, or replaces those with the same own ids: these keep ID and When, and their answer where Mark is the same. Those with the ids
	// in closed go first; ids that nothing has are passed over. It returns what was closed, without bodies, and is all or nothing: TooLarge where more is left than most allows.
	Report(ctx context.Context, handler string, put []Reported, closed []string, most ReportLimits) ([]Reported, error)
	Reported(ctx context.Context, id int64) (Reported, error) // with all bodies
	// Reports lists those of a handler, "" of all, in the order of their numbers, without bodies.
	Reports(ctx context.Context, handler string) ([]Reported, error)
	// Waiting counts them by handler and item.
	Waiting(ctx context.Context) (map[[2]string]int, error)
	// Answer writes r.Answer, Answered, Name and Body into the conflict with r.ID; Changed where its Mark is another by now, TooLarge as Report.
	Answer(ctx context.Context, r Reported, most ReportLimits) error
	// Forget removes the conflicts of a handler, or of one item of it, and tells how many there were.
	Forget(ctx context.Context, handler, item string) (int, error)
}
