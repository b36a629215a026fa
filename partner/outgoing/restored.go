package outgoing

import (
	"context"

	"tandem"
	"tandem/store"
)

// Restored prepares a queue that was put back to an earlier state. What waited then may have been sent since, and nobody knows: it is in doubt, so that it is not sent a second time by itself, its
// sender is told at the next start, and a person decides.
func Restored(ctx context.Context, queue store.Queue) error {
	all, err := queue.Outgoing(ctx, "", 0)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.State != store.Waiting {
			continue
		}
		_, err := queue.ChangeOutgoing(ctx, m.ID, func(m *store.Outgoing) error {
			m.Error, m.Next = inDoubt(m.To), 0
			return nil
		})
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	return nil
}
