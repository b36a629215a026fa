package meeting

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/partner/imip"
	"tandem/partner/mailbox"
	"tandem/partner/schedule"
	"tandem/server/eas/items"
	"tandem/server/eas/proto"
	"tandem/store"
)

// Boxes finds mail folders and puts messages into them; mailbox.Service does.
type Boxes interface {
	Folder(ctx context.Context, user string, role mailbox.Role) (tandem.Collection, error)
	Copy(ctx context.Context, to tandem.Collection, rec store.HomeRecord, marker tandem.Marker, who store.Author) (tandem.ID, error)
}

// letter is a message that invites.
type letter struct {
	said   schedule.Letter
	from   tandem.Collection
	rec    store.HomeRecord
	marker tandem.Marker // of its copy among what is deleted
	gone   bool          // it is there already: the request comes again
}

// letter finds the message that a request names: where it was, or where an answer that the phone did not hear of has put it.
func (s *Service) letter(ctx context.Context, r *proto.Request, w wanted) (*letter, error) {
	l := &letter{marker: tandem.Marker("answered/" + w.id)}
	t, err := s.find(ctx, r, w.folder, w.id, tandem.Mail)
	switch {
	case err == nil && t.c.User != r.User.Name: // it is its owner who is invited
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find invitation", Thing: w.id}
	case err == nil:
		l.from, l.rec = t.c.Collection, t.rec
	case !tandem.IsKind(err, tandem.NotFound):
		return nil, err
	default:
		if _, _, ok := items.Number(w.id); !ok {
			return nil, err
		}
		if l.rec, err = s.answered(ctx, r.User.Name, l.marker); err != nil {
			return nil, err
		}
		l.gone = true
	}
	e, _, _, err := mail.Read(l.rec.Body)
	if err != nil {
		return nil, err
	}
	l.said, err = imip.LetterOf(l.rec.Body, e)
	return l, err
}

// answered is the copy of a message that was answered before. NotFound.
func (s *Service) answered(ctx context.Context, user string, marker tandem.Marker) (rec store.HomeRecord, err error) {
	trash, err := s.Boxes.Folder(ctx, user, mailbox.Trash)
	if err != nil {
		return rec, err
	}
	found, err := s.Home.Find(ctx, trash.ID, marker)
	if err != nil {
		return rec, err
	}
	for rec, err := range s.Home.Get(ctx, trash.ID, []tandem.ID{found.ID}) {
		return rec, err
	}
	return rec, &tandem.Error{Kind: tandem.NotFound, Op: "find invitation", Thing: string(marker)}
}

// dispose moves an invitation that was answered among what is deleted, as Exchange does. It is made there before it goes from where it was; l may be nil.
func (s *Service) dispose(ctx context.Context, r *proto.Request, l *letter) error {
	if l == nil || l.gone {
		return nil
	}
	trash, err := s.Boxes.Folder(ctx, r.User.Name, mailbox.Trash)
	if err != nil || trash.ID == l.from.ID {
		return err
	}
	who := store.Author{User: r.User.Name, Via: r.Device.Via()}
	if _, err := s.Boxes.Copy(ctx, trash, l.rec, l.marker, who); err != nil {
		return fmt.Errorf("put an answered invitation among what is deleted: %w", err)
	}
	for range tries { // marks may be set at the same time
		out, err := s.Home.Write(ctx, l.from.ID, who, []store.HomeWrite{{Title: l.rec.Title, Write: tandem.Write{Op: tandem.Delete, ID: l.rec.ID, If: l.rec.Version}}})
		if err != nil || out[0].Status != tandem.PreconditionFailed {
			return err
		}
		for rec, err := range s.Lookup.ByNumber(ctx, l.from.ID, []int64{l.rec.Number}) {
			if err != nil || rec.Deleted {
				return err
			}
			l.rec = rec
		}
	}
	return nil // it stays where it is; that is no reason to answer again
}

// mute is the first build of iOS that does not send the mail itself that tells an organizer of an answer, whatever the protocol's version (field note 25): 12.4.
const mute = 1607

// repliesItself reports whether a phone sends the mail with the answer itself. MS-ASCMD_R268
func repliesItself(r *proto.Request) bool {
	if r.Version >= eas.V160 {
		return false
	}
	_, build, ok := strings.Cut(r.Device.Agent, "/")
	if !ok || !strings.HasPrefix(r.Device.Agent, "Apple-") {
		return true
	}
	major, _, _ := strings.Cut(build, ".")
	n, err := strconv.Atoi(major)
	return err != nil || n < mute
}
