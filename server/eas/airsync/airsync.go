// Package airsync answers Sync, GetItemEstimate and MoveItems of Exchange ActiveSync: the records of home collections, both ways.
// MS-ASCMD 2.2.1.21, 2.2.1.9, 2.2.1.12
//
// What a device has is kept in one small document per collection (package synckey), whatever the size of the folder. A Sync of one
// collection goes: find the generation that the key stands for; perform the client's commands, each merged with what happened meanwhile;
// list what was last written after the generation's cursor; render as much as fits; save the new generation; answer. A request that comes
// again is answered again: its results are in the document, its changes are listed again between the same numbers.
//
// What may be done twice is done so that the second time finds it done: an Add carries a marker, a Change that is stored already is not
// written, a Delete of a tombstone is a success. So nothing is lost between the write and the save.
package airsync

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/server/eas/push"
	"tandem/store"
)

// Folders finds the collections of a user.
type Folders interface {
	// Find returns the collection behind a folder's id, if the user can reach it and this version sees it; NotFound.
	Find(ctx context.Context, r *proto.Request, id string) (access.Reach, error)
	// Stale reports whether the device must ask for the hierarchy before it goes on.
	Stale(ctx context.Context, r *proto.Request) (bool, error)
}

// Service answers the commands. All fields but the last five must be set.
type Service struct {
	Home    store.Home
	Lookup  store.Lookup
	Listing store.Listing
	Texts   store.Texts
	Devices store.Devices
	Events  store.Events
	History store.History
	Blobs   store.Blobs
	Folders Folders
	Kinds   map[tandem.Kind]kind.Handler
	Views   map[tandem.Kind]eas.View
	Broker  *push.Broker

	Drafts   proto.Drafts     // nil: drafts are kept, and not sent
	Meetings proto.Meetings   // nil: nobody is told of changes to meetings
	Now      func() time.Time // nil: time.Now
	Random   io.Reader        // for secrets of keys; nil: crypto/rand
	Limits   Limits

	locks locks
	shelf shelf
	ahead ahead
}

// Limits bound what one request may ask for. The zero value means the defaults.
type Limits struct {
	Collections int // in one Sync; 300
	Commands    int // of the client in one collection; 512
	Bytes       int // about how large an answer gets; 1 MiB
	Look        int // how many records one answer looks at, for one folder, of which it need not tell; 5,000
	Patience    int // how often an answer is given before the device is taken not to cope with it; 3
}

func (s *Service) limits() Limits {
	l := s.Limits
	if l.Collections == 0 {
		l.Collections = 300
	}
	if l.Commands == 0 {
		l.Commands = 512
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 20
	}
	if l.Look == 0 {
		l.Look = 5000
	}
	if l.Patience == 0 {
		l.Patience = 3
	}
	return l
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// patience is how long a client of this sort waits for an answer, less what the way takes.
func patience(d store.Device) time.Duration {
	who := strings.ToLower(d.Type + " " + d.Agent)
	switch {
	case strings.Contains(who, "iphone"), strings.Contains(who, "ipad"), strings.Contains(who, "ipod"), strings.Contains(who, "apple-"):
		return 200 * time.Second
	case strings.Contains(who, "samsung"):
		return 85 * time.Second
	}
	return 25 * time.Second
}

// budget bounds one answer.
type budget struct {
	room  int // commands left in the whole answer
	bytes int // left
	until time.Time
	now   func() time.Time
}

func (b *budget) spent() bool { return b.bytes <= 0 || !b.now().Before(b.until) }

// author says who writes.
func author(r *proto.Request) store.Author {
	return store.Author{User: r.User.Name, Via: r.Device.Via()}
}

// ServerID names a record of a collection to devices.
func ServerID(collection, number int64) string {
	return strconv.FormatInt(collection, 10) + ":" + strconv.FormatInt(number, 10)
}

// ParseServerID reads what ServerID wrote.
func ParseServerID(id string) (collection, number int64, ok bool) {
	c, n, found := strings.Cut(id, ":")
	collection, err := strconv.ParseInt(c, 10, 64)
	number, err2 := strconv.ParseInt(n, 10, 64)
	ok = found && err == nil && err2 == nil && ServerID(collection, number) == id
	return collection, number, ok
}

// docName is the name of the part's document. Text messages have one for each folder that shows them.
func (p *part) docName() string {
	if p.box != "" {
		return docName(p.folder) + "/texts"
	}
	return docName(p.col.ID)
}

// docName is the name of the state's document.
func docName(collection int64) string { return device.SyncDoc(collection) }

// tell adds a line to the results log. That it fails must not fail a sync: the next one would meet the same.
func (s *Service) tell(ctx context.Context, r *proto.Request, e store.Event) {
	e.When, e.User, e.Item = s.now().Unix(), r.Device.User, "eas:"+r.Device.ID
	_ = s.Events.Add(ctx, e)
}
