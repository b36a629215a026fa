// Package folders shows the collections that a user can reach as the folder hierarchy of Exchange ActiveSync: FolderSync, FolderCreate, FolderDelete and
// FolderUpdate, MS-ASCMD 2.2.1.3 to 2.2.1.6, and the way from a folder's id to its collection.
//
// What a device knows of the hierarchy is one small document per device, with two generations: the one that its last key stands for, and
// the one before, for an answer that was lost.
//
// What somebody else shares is a folder like those that the user made. Deleting it takes it out of the user's list, and renaming it gives it a name of
// the user's own.
package folders

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"slices"
	"strconv"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/server/eas/proto"
	"tandem/store"
)

// Service answers the folder commands.
type Service struct {
	Home    store.Home
	Access  Access
	Devices store.Devices
	Views   map[tandem.Kind]eas.View // the kinds that are shown
	Within  map[tandem.Kind]eas.View // of kinds that have no folder of their own; nil: none
	Random  io.Reader                // for keys; nil: crypto/rand

	// Mail reports whether a user has mail although there is no folder of it yet: they can send, or receive. nil: who has no folder has no mail.
	Mail func(u store.User) bool
}

// Access tells which collections a user can reach. access.Service implements it.
type Access interface {
	Reachable(ctx context.Context, user string) ([]access.Reach, error)
	Hide(ctx context.Context, user string, collection int64, hidden bool) error
	Change(ctx context.Context, user string, collection int64, set map[string]string) (access.Reach, error)
}

// Root is the id of the root folder.
const Root = "0"

// Folder is one folder as a device sees it.
type Folder struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty"` // the folder in which it lies; "": the root
	Name   string `json:"name"`
	Type   int    `json:"type"` // MS-ASCMD 2.2.3.186.3
}

// types are the folder types of a kind: of the default folder, and of others.
var types = map[tandem.Kind]struct{ first, other int }{
	tandem.Task:    {7, 15},
	tandem.Event:   {8, 13},
	tandem.Contact: {9, 14},
	tandem.Note:    {10, 17},
	tandem.Mail:    {2, 12},

	tandem.Recipient: {19, 0}, // no device makes one
}

// mailTypes are the folder types of mail folders by what they are for.
var mailTypes = map[mailbox.Role]int{mailbox.Inbox: 2, mailbox.Drafts: 3, mailbox.Trash: 4, mailbox.Sent: 5, mailbox.Outbox: 6}

// Recipients is the id of the recipient information cache, and cacheName what phones call it. MS-ASCMD 2.2.3.30.6
const (
	Recipients = "RI"
	cacheName  = "Recipient Information"
)

// special reports whether a folder is a default folder, which devices must leave as it is.
func (f Folder) special(k tandem.Kind) bool {
	if k == tandem.Mail {
		return f.Type != types[k].other
	}
	return f.Type == types[k].first
}

// kindOf is the kind of a user-created folder's type, or "".
func kindOf(folderType int) tandem.Kind {
	for k, t := range types {
		if t.other == folderType && t.other != 0 {
			return k
		}
	}
	return ""
}

// ID is the folder id of a collection.
func ID(collection int64) string { return strconv.FormatInt(collection, 10) }

// Name is the name of a collection as shown.
func Name(c tandem.Collection) string { return c.Title() }

// Shown are the collections that a device of this version sees: the user's own by id, then what others share. The first own one of each kind that can be
// written to is the kind's default folder.
func (s *Service) Shown(ctx context.Context, user string, v eas.Version) ([]access.Reach, error) {
	all, err := s.Access.Reachable(ctx, user)
	if err != nil {
		return nil, err
	}
	shown := slices.DeleteFunc(all, func(c access.Reach) bool {
		_, typed := types[c.Kind]
		return s.Views[c.Kind] == nil || !typed || (c.Kind == tandem.Note || c.Kind == tandem.Recipient) && v < eas.V140 || // MS-ASNOTE 1.7, MS-ASCNTC 3.2.4.4
			c.Kind == tandem.Recipient && !c.Owned
	})
	slices.SortStableFunc(shown, func(a, b access.Reach) int {
		switch {
		case a.Owned && b.Owned:
			return cmp.Compare(a.ID, b.ID)
		case a.Owned:
			return -1
		case b.Owned:
			return 1
		}
		return 0
	})
	return shown, nil
}

// hierarchy is the list of folders that a request would see.
func (s *Service) hierarchy(ctx context.Context, r *proto.Request) ([]Folder, error) {
	shown, err := s.Shown(ctx, r.User.Name, r.Version)
	if err != nil {
		return nil, err
	}
	made, err := s.furnish(ctx, r.User, shown)
	if err != nil {
		return nil, err
	}
	if made {
		if shown, err = s.Shown(ctx, r.User.Name, r.Version); err != nil {
			return nil, err
		}
	}
	return list(shown), nil
}

// furnish makes the mail folders that phones take for granted, for a user who has mail at all.
func (s *Service) furnish(ctx context.Context, user store.User, shown []access.Reach) (made bool, err error) {
	has := map[mailbox.Role]bool{}
	mail := s.Mail != nil && s.Mail(user)
	for _, c := range shown {
		if c.Kind == tandem.Mail && c.Owned {
			mail, has[mailbox.RoleOf(c.Collection)] = true, true
		}
	}
	if !mail {
		return false, nil
	}
	boxes := mailbox.Service{Home: s.Home}
	for _, role := range []mailbox.Role{mailbox.Inbox, mailbox.Drafts, mailbox.Trash, mailbox.Sent, mailbox.Outbox} {
		if has[role] {
			continue
		}
		if _, err := boxes.Folder(ctx, user.Name, role); err != nil {
			return made, err
		}
		made = true
	}
	return made, nil
}

func list(shown []access.Reach) []Folder {
	seen := map[tandem.Kind]bool{}
	out := make([]Folder, len(shown))
	tree := treeOf(shown)
	for i, c := range shown {
		t := types[c.Kind].other
		if c.Kind == tandem.Mail {
			if special, ok := mailTypes[mailbox.RoleOf(c.Collection)]; ok && c.Right == access.Own {
				t = special
			}
		} else if !seen[c.Kind] && c.Right == access.Own {
			t, seen[c.Kind] = types[c.Kind].first, true
		}
		parent, name := tree.place(c)
		out[i] = Folder{ID: ID(c.ID), Parent: parent, Name: name, Type: t}
		if c.Kind == tandem.Recipient {
			out[i].ID, out[i].Name = Recipients, cacheName
		}
	}
	return unique(out)
}

// unique makes the names within a folder different, as MS-ASCMD_R2198 asks: collections of different kinds may share one.
func unique(list []Folder) []Folder {
	taken := map[[2]string]bool{}
	for i := range list {
		f := &list[i]
		base := f.Name
		for n := 2; taken[[2]string{f.Parent, f.Name}]; n++ {
			f.Name = base + " (" + strconv.Itoa(n) + ")"
		}
		taken[[2]string{f.Parent, f.Name}] = true
	}
	return list
}

// Find returns the collection behind a folder's id, if the user can reach it and this version sees it; NotFound.
func (s *Service) Find(ctx context.Context, r *proto.Request, id string) (access.Reach, error) {
	if id == Recipients {
		return s.recipients(ctx, r)
	}
	c, _, err := s.FindView(ctx, r, id)
	return c, err
}

// recipients is Find for the recipient information cache, which is synchronized and nothing else: FindView does not know it. MS-ASCMD_R196
func (s *Service) recipients(ctx context.Context, r *proto.Request) (access.Reach, error) {
	shown, err := s.Shown(ctx, r.User.Name, r.Version)
	if err != nil {
		return access.Reach{}, err
	}
	for _, c := range shown {
		if c.Kind == tandem.Recipient {
			return c, nil
		}
	}
	return access.Reach{}, &tandem.Error{Kind: tandem.NotFound, Op: "find folder", Thing: Recipients}
}

// FindView is Find together with the view of the collection's kind.
func (s *Service) FindView(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error) {
	shown, err := s.Shown(ctx, r.User.Name, r.Version)
	if err != nil {
		return access.Reach{}, nil, err
	}
	for _, c := range shown {
		if ID(c.ID) == id && c.Kind != tandem.Recipient {
			return c, s.Views[c.Kind], nil
		}
	}
	return s.within(ctx, r, id)
}

// within is FindView for a collection that is no folder of its own, whose records are shown in folders of others: text messages in those of mail.
func (s *Service) within(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error) {
	if r.Version >= eas.V140 && len(s.Within) > 0 {
		all, err := s.Home.Collections(ctx, r.User.Name)
		if err != nil {
			return access.Reach{}, nil, err
		}
		for _, c := range all {
			if v := s.Within[c.Kind]; v != nil && ID(c.ID) == id {
				return access.Reach{Collection: c, Owned: true, Right: access.Write}, v, nil
			}
		}
	}
	return access.Reach{}, nil, &tandem.Error{Kind: tandem.NotFound, Op: "find folder", Thing: id}
}

// key draws a fresh key: a number, for old clients expect one, and never zero.
func (s *Service) key() (string, error) {
	src := s.Random
	if src == nil {
		src = rand.Reader
	}
	var b [8]byte
	if _, err := io.ReadFull(src, b[:]); err != nil {
		return "", &tandem.Error{Op: "draw key", Err: err}
	}
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:])>>12|1<<40, 10), nil
}
