// Package objects gives and takes contacts, events, tasks and notes: GET, HEAD, PUT and POST of records of address books and calendars (RFC 4791 5.3,
// RFC 6352 6.3, RFC 5995), and whole collections as one download.
//
// A body is stored byte for byte as it came, so that the entity tag of the answer holds for what the client has.
package objects

import (
	"context"
	"log/slog"

	"tandem"
	"tandem/kind"
	"tandem/server/dav/check"
	"tandem/server/dav/proto"
	"tandem/server/dav/schedule"
	"tandem/store"
)

// Service answers for records that are no files. All fields without a remark must be set.
type Service struct {
	Tree  proto.Tree
	Home  store.Home
	Kinds map[tandem.Kind]kind.Handler
	Guard proto.Guard
	Check *check.Checker
	Meet  *schedule.Service
	Log   *slog.Logger // nil: nowhere
}

// read is the whole body of a record.
func read(rec *store.HomeRecord) ([]byte, error) {
	if rec.Body == nil {
		return nil, nil
	}
	return tandem.ReadBody(rec.Body, maxRead)
}

// maxRead bounds what is held in memory: records that came another way may be larger than those that this door takes.
const maxRead = 256 << 20

// current reads a record as it is now, nil if there is none.
func (s *Service) current(ctx context.Context, res *proto.Resource) (*store.HomeRecord, error) {
	for rec, err := range s.Home.Get(ctx, res.Reach.ID, []tandem.ID{res.ID}) {
		if err != nil {
			return nil, err
		}
		return &rec, nil
	}
	return nil, nil
}
