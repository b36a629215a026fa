package push

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/partner/access"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// The statuses of Ping, MS-ASCMD 2.2.3.177.11.
const (
	statusExpired   = "1" // nothing changed within the interval
	statusChanged   = "2"
	statusMissing   = "3" // the interval or the folders were never given
	statusSyntax    = "4"
	statusInterval  = "5" // out of bounds; the answer names the nearest bound
	statusTooMany   = "6" // folders; the answer names the limit
	statusHierarchy = "7" // FolderSync is due
)

// Folders is what Ping asks of the folder hierarchy.
type Folders interface {
	// Find returns the collection behind a folder's id; NotFound.
	Find(ctx context.Context, r *proto.Request, id string) (access.Reach, error)
	// Stale reports whether the device must ask for the hierarchy before it goes on.
	Stale(ctx context.Context, r *proto.Request) (bool, error)
}

// Pending tells whether a Sync of the collection would bring the device anything. known is false if the device has not synced it yet.
type Pending func(ctx context.Context, device int64, c tandem.Collection) (pending, known bool, err error)

// Limits bound what a Ping may ask for. The zero value means the defaults.
type Limits struct {
	Min, Max   time.Duration // of the heartbeat; 60 s and 59 min
	MaxFolders int           // 200
}

// Service answers Ping.
type Service struct {
	Devices store.Devices
	Folders Folders
	Pending Pending
	Beside  func(ctx context.Context, device int64, folder tandem.Collection) (int64, error) // another collection that comes with a folder, 0: none; nil: never
	Holds   func(user string, device int64) bool                                             // whether a device is not to be told of news now; nil: never
	Limits  Limits
}

// docName is the name of the document with what the last Ping asked for.
const docName = "ping"

// wish is what a Ping asks for; it is remembered, so that the next may leave out either part. MS-ASCMD 2.2.1.13
type wish struct {
	Interval int      `json:"interval,omitempty"` // seconds
	Folders  []string `json:"folders,omitempty"`
}

// Ping implements proto.Command. MS-ASCMD 2.2.1.13, 3.1.5.8
func (s *Service) Ping(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	w, status, err := s.wish(ctx, r)
	if err != nil || status != "" {
		return answer(status), err
	}
	lim := s.limits()
	asked := time.Duration(w.Interval) * time.Second
	switch {
	case len(w.Folders) > lim.MaxFolders:
		return answer(statusTooMany, wbxml.Text(wbxml.PingMaxFolders, strconv.Itoa(lim.MaxFolders))), nil
	case asked < lim.Min:
		return answer(statusInterval, seconds(lim.Min)), nil
	case asked > lim.Max:
		return answer(statusInterval, seconds(lim.Max)), nil
	}
	if r.Device.Number == 0 { // it only tries the account: one such does not take the place of another, and nothing is ever new for it
		return &proto.Response{Waiting: &proto.Waiting{User: r.User.Name, For: asked, Expired: expired,
			Look: func(context.Context) (*proto.Response, error) { return nil, nil }}}, nil
	}
	return s.wait(ctx, r, w, asked)
}

func (s *Service) limits() Limits {
	l := s.Limits
	if l.Min == 0 {
		l.Min = 60 * time.Second
	}
	if l.Max == 0 {
		l.Max = 59 * time.Minute
	}
	if l.MaxFolders == 0 {
		l.MaxFolders = 200
	}
	return l
}

func seconds(d time.Duration) *wbxml.Element {
	return wbxml.Text(wbxml.PingHeartbeatInterval, strconv.Itoa(int(d/time.Second)))
}

// answer is a Ping answer; nil for no status. Elements are in the order of the schema: Status, Folders, MaxFolders, HeartbeatInterval.
func answer(status string, more ...*wbxml.Element) *proto.Response {
	if status == "" {
		return nil
	}
	return proto.Answer(wbxml.New(wbxml.PingPing, wbxml.Text(wbxml.PingStatus, status)).Add(more...))
}

// wish completes what the request asks for by what earlier ones did, and remembers it. A status tells why that cannot be.
func (s *Service) wish(ctx context.Context, r *proto.Request) (w wish, status string, err error) {
	docs, err := s.Devices.State(ctx, r.Device.Number, docName)
	if err != nil {
		return w, "", err
	}
	old := docs[docName]
	if old != nil && json.Unmarshal(old, &w) != nil {
		w = wish{} // of another version of this program; the client is asked again
	}
	if r.Body != nil {
		if r.Body.Tag != wbxml.PingPing {
			return w, statusSyntax, nil
		}
		if status := w.read(r.Body); status != "" {
			return w, status, nil
		}
	}
	if w.Interval == 0 || len(w.Folders) == 0 {
		return w, statusMissing, nil
	}
	now, err := json.Marshal(w)
	if err != nil || slices.Equal(old, now) || r.Device.Number == 0 {
		return w, "", err
	}
	err = s.Devices.SwapState(ctx, r.Device.Number, store.Swap{Name: docName, Old: old, New: now})
	if tandem.IsKind(err, tandem.Changed) { // by a Ping beside this one; what was remembered is a convenience only
		err = nil
	}
	return w, "", err
}

func (w *wish) read(body *wbxml.Element) (status string) {
	if e := body.Child(wbxml.PingHeartbeatInterval); e != nil {
		n, err := strconv.Atoi(e.String())
		if err != nil || n <= 0 {
			return statusSyntax
		}
		w.Interval = n
	}
	list := body.Child(wbxml.PingFolders)
	if list == nil {
		return ""
	}
	ids := []string{}
	for f := range list.All(wbxml.PingFolder) {
		id := f.Get(wbxml.PingId)
		if id == "" || slices.Contains(ids, id) { // MS-ASCMD_R6699
			return statusSyntax
		}
		if !nonsense(id) {
			ids = append(ids, strings.Clone(id)) // which else would hold on to the whole document
		}
	}
	if len(ids) > 0 { // an empty list is as good as none
		w.Folders = ids
	}
	return ""
}

// nonsense reports an id that no server of ours ever gave: some phones ask for "InvalidTaskID" where a kind has no folder, and would do so
// for ever if they were told to look at the hierarchy again.
func nonsense(id string) bool {
	_, err := strconv.ParseUint(id, 10, 63)
	return err != nil
}

// watched is a folder that a Ping waits on.
type watched struct {
	id   string
	from int64 // sequence number when the wait began, for folders never synced
}

// wait answers if a folder has something for the device already, and otherwise waits until one has, the hierarchy changes, or the interval is over.
func (s *Service) wait(ctx context.Context, r *proto.Request, w wish, interval time.Duration) (*proto.Response, error) {
	list := make([]watched, len(w.Folders))
	var own, shared []int64
	for i, id := range w.Folders {
		c, err := s.Folders.Find(ctx, r, id)
		if tandem.IsKind(err, tandem.NotFound) {
			return answer(statusHierarchy), nil
		}
		if err != nil {
			return nil, err
		}
		list[i] = watched{id, c.Seq}
		if c.Owned {
			own = append(own, c.ID)
			if s.Beside != nil {
				more, err := s.Beside(ctx, r.Device.Number, c.Collection)
				if err != nil {
					return nil, err
				}
				if more != 0 && !slices.Contains(own, more) {
					own = append(own, more)
				}
			}
		} else {
			shared = append(shared, c.ID)
		}
	}
	if s.Holds == nil || !s.Holds(r.User.Name, r.Device.Number) { // what came before this request is held as what comes while it waits
		if resp, err := s.look(ctx, r, list); resp != nil || err != nil {
			return resp, err
		}
	}
	name, number, version := r.User.Name, r.Device.Number, r.Version // the request itself is not kept: there may be many
	again := func(ctx context.Context) (*proto.Response, error) {
		return s.look(ctx, &proto.Request{User: store.User{Name: name}, Device: store.Device{Number: number}, Version: version}, list)
	}
	return &proto.Response{Waiting: &proto.Waiting{User: r.User.Name, Device: r.Device.Number, Sort: "Ping", Collections: own, Shared: shared, For: interval,
		Look:    again,
		Expired: expired,
		Superseded: func(_ context.Context, same bool) (*proto.Response, error) {
			if !same { // a Sync, after which the client asks again
				return answer(statusExpired), nil
			}
			// Most statuses make a client ask again at once, and it has done so already.
			return &proto.Response{HTTP: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"60"}}}, nil
		},
	}}, nil
}

func expired(context.Context) (*proto.Response, error) { return answer(statusExpired), nil }

// look answers if there is something to tell, and returns nil if not.
func (s *Service) look(ctx context.Context, r *proto.Request, list []watched) (*proto.Response, error) {
	stale, err := s.Folders.Stale(ctx, r)
	if err != nil {
		return nil, err
	}
	if stale {
		return answer(statusHierarchy), nil
	}
	changed := wbxml.New(wbxml.PingFolders)
	for _, f := range list {
		c, err := s.Folders.Find(ctx, r, f.id)
		if tandem.IsKind(err, tandem.NotFound) {
			return answer(statusHierarchy), nil
		}
		if err != nil {
			return nil, err
		}
		pending, known, err := s.Pending(ctx, r.Device.Number, c.Collection)
		if err != nil {
			return nil, err
		}
		if pending || !known && c.Seq > f.from {
			changed.Add(wbxml.Text(wbxml.PingFolder, f.id))
		}
	}
	if len(changed.Children) == 0 {
		return nil, nil
	}
	return answer(statusChanged, changed), nil
}
