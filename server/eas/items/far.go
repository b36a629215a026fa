package items

import (
	"context"
	"strings"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/store"
)

// FarID reads the id of a message that Search or Find told of and that is not in the hub: where there is the number of a record in others, it has a name.
func FarID(id string) (folder, name string, ok bool) {
	folder, name, ok = strings.Cut(id, ":")
	return folder, name, ok && strings.HasPrefix(name, "f")
}

// FarRecord reads such a message from where it is, as if it were a record of its folder; it has no ID. NotFound; Unreadable while nobody there answers.
func FarRecord(ctx context.Context, far mailbox.Far, user string, collection int64, name string) (store.HomeRecord, error) {
	m, err := far.Open(ctx, user, collection, name)
	if tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.TooLarge) || ctx.Err() != nil {
		return store.HomeRecord{}, err
	}
	if err != nil {
		return store.HomeRecord{}, &tandem.Error{Kind: tandem.Unreadable, Op: "read message at its server", Thing: name, Err: err}
	}
	rec := tandem.Record{Body: m.Body, Meta: tandem.Meta{Attrs: m.Attrs, Size: m.Size, Version: tandem.Version(name)}}
	return store.HomeRecord{Record: rec, Kind: tandem.Mail}, nil
}
