package easclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"tandem/wire/wbxml"
)

// Folder is a folder as a phone knows it.
type Folder struct {
	ID, Parent, Name string
	Type             int
}

// Item is what a phone keeps of a record.
type Item struct {
	ServerID string
	Data     []*wbxml.Element // children of ApplicationData
}

// Edit is a change that a person made on the phone and that the server has not confirmed yet.
type Edit struct {
	Op       string // "Add", "Change", "Delete"
	ServerID string // Change, Delete
	ClientID string // Add
	Data     []*wbxml.Element
}

// Store is what a phone keeps of one folder.
type Store struct {
	Key   string // "0" before the first sync
	Items map[string]*Item
	Queue []Edit // oldest first
}

// Phone keeps folders in step with a server as phones do. It is strict: whatever a real phone would choke on is an error, or counted.
type Phone struct {
	*Client
	FolderKey string
	Folders   map[string]Folder
	Stores    map[string]*Store // by folder id
	Window    int               // WindowSize; 0: none is sent
	Body      int               // type of the BodyPreference; 0: none is sent
	Filter    int               // FilterType; 0: none is sent

	// Wipes counts how often the server made the phone forget a folder's items (Status 3). Each is a defect.
	Wipes int
	// Twice counts Adds of records that the phone had.
	Twice int
	// Unknown counts Changes and Deletes of records that the phone did not have.
	Unknown int

	next int // for ClientIds
}

// NewPhone makes a phone that knows nothing yet.
func NewPhone(c *Client) *Phone {
	return &Phone{Client: c, FolderKey: "0", Folders: map[string]Folder{}, Stores: map[string]*Store{}}
}

// Do is Client.Do, and goes where the server sends the phone.
func (p *Phone) Do(ctx context.Context, command string, doc *wbxml.Element) (*Answer, error) {
	a, err := p.Client.Do(ctx, command, doc)
	if err == nil && p.Follow(a) {
		return p.Client.Do(ctx, command, doc)
	}
	return a, err
}

// FolderSync brings the list of folders up to date.
func (p *Phone) FolderSync(ctx context.Context) error {
	a, err := p.Do(ctx, "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, p.FolderKey)))
	if err != nil {
		return err
	}
	if a.Code != 200 {
		return fmt.Errorf("FolderSync: HTTP %d", a.Code)
	}
	switch status := a.Doc.Get(wbxml.FolderHierarchyStatus); status {
	case "1":
	case "9":
		p.FolderKey, p.Folders = "0", map[string]Folder{}
		p.Wipes++
		return p.FolderSync(ctx)
	default:
		return fmt.Errorf("FolderSync: status %s", status)
	}
	changes := a.Doc.Child(wbxml.FolderHierarchyChanges)
	if p.FolderKey == "0" {
		clear(p.Folders)
	}
	for _, c := range changes.Children {
		f := Folder{ID: c.Get(wbxml.FolderHierarchyServerId), Parent: c.Get(wbxml.FolderHierarchyParentId), Name: c.Get(wbxml.FolderHierarchyDisplayName)}
		f.Type, _ = strconv.Atoi(c.Get(wbxml.FolderHierarchyType))
		switch c.Tag {
		case wbxml.FolderHierarchyAdd, wbxml.FolderHierarchyUpdate:
			p.Folders[f.ID] = f
			if p.Stores[f.ID] == nil {
				p.Stores[f.ID] = &Store{Key: "0", Items: map[string]*Item{}}
			}
		case wbxml.FolderHierarchyDelete:
			delete(p.Folders, f.ID)
			delete(p.Stores, f.ID)
		}
	}
	p.FolderKey = a.Doc.Get(wbxml.FolderHierarchySyncKey)
	return nil
}

// FolderOf returns the id of the folder of this type, "" if there is none.
func (p *Phone) FolderOf(typ int) string {
	for _, id := range slices.Sorted(maps.Keys(p.Folders)) {
		if p.Folders[id].Type == typ {
			return id
		}
	}
	return ""
}

// Add queues a new record, and returns its ClientId.
func (p *Phone) Add(folder string, data ...*wbxml.Element) string {
	p.next++
	id := p.DeviceID + "-" + strconv.Itoa(p.next)
	s := p.Stores[folder]
	s.Queue = append(s.Queue, Edit{Op: "Add", ClientID: id, Data: data})
	return id
}

// Change queues a change of a record; data are all that is sent of it.
func (p *Phone) Change(folder, serverID string, data ...*wbxml.Element) {
	s := p.Stores[folder]
	s.Queue = append(s.Queue, Edit{Op: "Change", ServerID: serverID, Data: data})
}

// Delete queues the deletion of a record.
func (p *Phone) Delete(folder, serverID string) {
	s := p.Stores[folder]
	delete(s.Items, serverID)
	s.Queue = append(s.Queue, Edit{Op: "Delete", ServerID: serverID})
}

// maxRounds bounds how often a folder is synced in a row; more means that it would go on for ever.
const maxRounds = 10000

// Sync brings a folder in step: what was queued goes up, everything new comes down. After an error it is called again, as phones do.
func (p *Phone) Sync(ctx context.Context, folder string) error {
	for range maxRounds {
		more, err := p.round(ctx, folder)
		if err != nil || !more {
			return err
		}
	}
	return errors.New("the server never comes to an end")
}

// round is one Sync request. more tells that another must follow.
func (p *Phone) round(ctx context.Context, folder string) (more bool, err error) {
	s := p.Stores[folder]
	if s == nil {
		return false, fmt.Errorf("folder %s is not known", folder)
	}
	sent := p.take(s)
	a, err := p.Do(ctx, "Sync", p.request(folder, s, sent))
	if err != nil {
		return false, err
	}
	if a.Code != 200 {
		return false, fmt.Errorf("Sync: HTTP %d", a.Code)
	}
	if a.Doc == nil { // nothing changed
		if len(sent) > 0 {
			return false, errors.New("Sync: an empty answer to a request with commands")
		}
		return false, nil
	}
	if st := a.Doc.Get(wbxml.AirSyncStatus); st != "" && st != "1" {
		return false, fmt.Errorf("Sync: status %s", st)
	}
	c := a.Doc.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
	if c == nil {
		return false, errors.New("Sync: no collection in the answer")
	}
	return p.apply(folder, s, sent, c)
}

// take is what goes up with the next request: at most one edit of each record, since two in one request are not allowed.
func (p *Phone) take(s *Store) []Edit {
	if s.Key == "0" {
		return nil
	}
	var out []Edit
	seen := map[string]bool{}
	for _, e := range s.Queue {
		if e.ServerID != "" && seen[e.ServerID] {
			break
		}
		seen[e.ServerID] = true
		out = append(out, e)
		if len(out) == 50 {
			break
		}
	}
	return out
}

func (p *Phone) request(folder string, s *Store, sent []Edit) *wbxml.Element {
	c := wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, s.Key), wbxml.Text(wbxml.AirSyncCollectionId, folder))
	if s.Key != "0" {
		c.Add(wbxml.Text(wbxml.AirSyncDeletesAsMoves, "1"), wbxml.Text(wbxml.AirSyncGetChanges, "1"))
		if p.Window > 0 {
			c.Add(wbxml.Text(wbxml.AirSyncWindowSize, strconv.Itoa(p.Window)))
		}
		opt := wbxml.New(wbxml.AirSyncOptions)
		if p.Filter > 0 {
			opt.Add(wbxml.Text(wbxml.AirSyncFilterType, strconv.Itoa(p.Filter)))
		}
		if p.Body > 0 {
			opt.Add(wbxml.New(wbxml.AirSyncBaseBodyPreference, wbxml.Text(wbxml.AirSyncBaseType, strconv.Itoa(p.Body)),
				wbxml.Text(wbxml.AirSyncBaseTruncationSize, "1048576")))
		}
		if len(opt.Children) > 0 {
			c.Add(opt)
		}
	}
	if len(sent) > 0 {
		commands := wbxml.New(wbxml.AirSyncCommands)
		for _, e := range sent {
			data := wbxml.New(wbxml.AirSyncApplicationData, e.Data...)
			switch e.Op {
			case "Add":
				commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncClientId, e.ClientID), data))
			case "Change":
				commands.Add(wbxml.New(wbxml.AirSyncChange, wbxml.Text(wbxml.AirSyncServerId, e.ServerID), data))
			case "Delete":
				commands.Add(wbxml.New(wbxml.AirSyncDelete, wbxml.Text(wbxml.AirSyncServerId, e.ServerID)))
			}
		}
		c.Add(commands)
	}
	return wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, c))
}

// apply takes an answer in.
func (p *Phone) apply(folder string, s *Store, sent []Edit, c *wbxml.Element) (more bool, err error) {
	switch st := c.Get(wbxml.AirSyncStatus); st {
	case "1":
	case "3":
		p.Wipes++
		s.Key = "0"
		clear(s.Items)
		return true, nil
	default:
		return false, fmt.Errorf("Sync of %s: status %s", folder, st)
	}
	key := c.Get(wbxml.AirSyncSyncKey)
	first := s.Key == "0"
	if key == "" || key == "0" {
		return false, fmt.Errorf("Sync of %s: key %q", folder, key)
	}
	more = c.Has(wbxml.AirSyncMoreAvailable)
	if more && key == s.Key {
		return false, errors.New("MoreAvailable with the same key: a phone would take it for a loop")
	}
	if err := p.responses(s, sent, c.Child(wbxml.AirSyncResponses)); err != nil {
		return false, err
	}
	s.Queue = s.Queue[len(sent):]
	if err := p.commands(s, mailFolder(p.Folders[folder].Type), c.Child(wbxml.AirSyncCommands)); err != nil {
		return false, err
	}
	s.Key = key
	return more || first || len(s.Queue) > 0, nil
}

// responses takes in what became of the phone's own edits. Silence means success for changes and deletions, never for additions.
func (p *Phone) responses(s *Store, sent []Edit, r *wbxml.Element) error {
	added := map[string]string{}
	failed := map[string]string{}
	if r != nil {
		for _, e := range r.Children {
			switch st := e.Get(wbxml.AirSyncStatus); {
			case e.Tag == wbxml.AirSyncAdd && st == "1":
				added[e.Get(wbxml.AirSyncClientId)] = e.Get(wbxml.AirSyncServerId)
			case e.Tag == wbxml.AirSyncAdd:
				return fmt.Errorf("Add refused with status %s", st)
			case st != "" && st != "1":
				failed[e.Get(wbxml.AirSyncServerId)] = st
			}
		}
	}
	for _, e := range sent {
		switch e.Op {
		case "Add":
			id := added[e.ClientID]
			if id == "" {
				return fmt.Errorf("no answer to the Add of %s", e.ClientID)
			}
			s.Items[id] = &Item{ServerID: id, Data: e.Data}
		case "Change":
			if it := s.Items[e.ServerID]; it != nil && failed[e.ServerID] == "" {
				it.Data = overlay(it.Data, e.Data)
			}
		case "Delete": // it may have come back by a change that the server told of before it heard of the deletion
			delete(s.Items, e.ServerID)
		}
	}
	return nil
}

// overlay is data with what an edit sent put over it.
func overlay(data, edit []*wbxml.Element) []*wbxml.Element {
	out := slices.DeleteFunc(slices.Clone(data), func(d *wbxml.Element) bool {
		return slices.ContainsFunc(edit, func(e *wbxml.Element) bool { return e.Tag == d.Tag })
	})
	return append(out, edit...)
}

// mailFolder reports whether folders of this type hold mail. MS-ASCMD 2.2.3.186.3
func mailFolder(typ int) bool { return typ >= 1 && typ <= 6 || typ == 12 }

// commands takes in what the server tells. A change of mail says only what changed.
func (p *Phone) commands(s *Store, partial bool, list *wbxml.Element) error {
	if list == nil {
		return nil
	}
	for _, e := range list.Children {
		id := e.Get(wbxml.AirSyncServerId)
		switch e.Tag {
		case wbxml.AirSyncAdd:
			if s.Items[id] != nil {
				p.Twice++
			}
			s.Items[id] = &Item{ServerID: id, Data: e.Child(wbxml.AirSyncApplicationData).Children}
		case wbxml.AirSyncChange:
			data := e.Child(wbxml.AirSyncApplicationData).Children
			if was := s.Items[id]; was == nil {
				p.Unknown++
			} else if partial {
				data = overlay(was.Data, data)
			}
			s.Items[id] = &Item{ServerID: id, Data: data}
		case wbxml.AirSyncDelete, wbxml.AirSyncSoftDelete:
			if s.Items[id] == nil {
				p.Unknown++
			}
			delete(s.Items, id)
		default:
			return fmt.Errorf("command %s", e.Tag)
		}
	}
	return nil
}

// Ping waits for changes in folders, for at most the given seconds, and returns the status and the folders that changed.
func (p *Phone) Ping(ctx context.Context, seconds int, folders ...string) (status string, changed []string, err error) {
	list := wbxml.New(wbxml.PingFolders)
	for _, f := range folders {
		list.Add(wbxml.New(wbxml.PingFolder, wbxml.Text(wbxml.PingId, f), wbxml.Text(wbxml.PingClass, "Contacts")))
	}
	a, err := p.Do(ctx, "Ping", wbxml.New(wbxml.PingPing, wbxml.Text(wbxml.PingHeartbeatInterval, strconv.Itoa(seconds)), list))
	if err != nil {
		return "", nil, err
	}
	if a.Code != 200 {
		return "", nil, fmt.Errorf("Ping: HTTP %d", a.Code)
	}
	if fs := a.Doc.Child(wbxml.PingFolders); fs != nil {
		for f := range fs.All(wbxml.PingFolder) {
			changed = append(changed, f.String())
		}
	}
	return a.Doc.Get(wbxml.PingStatus), changed, nil
}
