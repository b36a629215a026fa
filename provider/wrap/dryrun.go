package wrap

import (
	"context"
	"errors"

	"tandem"
	"tandem/provider"
)

// DryRun refuses all writes: whoever holds it can look and cannot touch.
func DryRun(o *provider.Opened) *provider.Opened {
	features := o.Features
	features.ReadOnly = true
	return expose(o, &wrapped{Replica: dry{o.Replica}, around: noWrites{}}, features)
}

var errDry = &tandem.Error{Kind: tandem.Denied, Op: "write", Err: errors.New("this is a dry run")}

// dry answers writes without passing them on.
type dry struct{ provider.Replica }

func (d dry) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	if _, err := d.Identity(ctx); err != nil { // a place that is gone or closed still says so
		return undone(writes, tandem.RetryAfter, err), err
	}
	return undone(writes, tandem.Rejected, errDry), nil
}

// noWrites keeps what the optional methods would change.
type noWrites struct{}

func (noWrites) begin(_ context.Context, method string, _ int) (func(error, int), error) {
	if method == "purge" {
		return nil, errDry
	}
	return func(error, int) {}, nil
}
