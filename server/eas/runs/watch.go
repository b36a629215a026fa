package runs

import (
	"strconv"
	"time"

	"tandem/server/eas"
	"tandem/server/eas/airsync"
	"tandem/wire/wbxml"
)

// asked is what a device asked about a folder, as far as it is counted.
type asked struct {
	collection int64
	key        string
	silent     bool // it does not ask what is new
	commands   Counts
}

// Watch is an eas.Watch that hears of what devices sync: Sync and MoveItems. What only reads, such as ItemOperations, is no part of a run. The documents are not kept.
func (b *Book) Watch(a eas.Asked) func(eas.Answered) {
	who := name{user: a.User, device: a.DeviceID}
	switch {
	case a.Refused != 0:
		return nil
	case a.Command == "Sync":
		list := askedOf(a.Body)
		return func(a eas.Answered) { b.synced(who, list, a) }
	case a.Command == "MoveItems" && a.Body != nil:
		return func(a eas.Answered) { b.moved(who, a) }
	}
	return nil
}

// askedOf reads a Sync request. One without a body repeats what was asked before.
func askedOf(body *wbxml.Element) (out []asked) {
	if body == nil {
		return nil
	}
	for c := range body.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
		id, err := strconv.ParseInt(c.Get(wbxml.AirSyncCollectionId), 10, 64)
		if err != nil { // of the cache of recipients, which is nobody's folder
			continue
		}
		one := asked{collection: id, key: c.Get(wbxml.AirSyncSyncKey), silent: c.Get(wbxml.AirSyncGetChanges) == "0"}
		one.commands = count(c)
		out = append(out, one)
	}
	return out
}

// count counts the commands about a folder, in a request or an answer.
func count(c *wbxml.Element) (n Counts) {
	for list := range c.All(wbxml.AirSyncCommands) {
		for _, e := range list.Children {
			switch {
			case e.Tag == wbxml.AirSyncAdd:
				n.New++
			case e.Tag == wbxml.AirSyncChange, e.Tag == wbxml.AirSyncDelete && e.Has(wbxml.AirSyncBaseInstanceId): // of one day of an event
				n.Changed++
			case e.Tag == wbxml.AirSyncDelete:
				n.Deleted++
			case e.Tag == wbxml.AirSyncSoftDelete:
				n.Beyond++
			}
		}
	}
	return n
}

// The statuses of Sync that matter here, MS-ASCMD 2.2.3.177.17.
const (
	statusOK      = "1"
	statusMissing = "8"
)

// synced hears of an answer to Sync.
func (b *Book) synced(who name, list []asked, a eas.Answered) {
	if a.Err != nil || a.Response == nil || a.Response.Body == nil {
		return
	}
	for c := range a.Response.Body.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
		id, err := strconv.ParseInt(c.Get(wbxml.AirSyncCollectionId), 10, 64)
		if err != nil {
			continue
		}
		who.collection = id
		if c.Get(wbxml.AirSyncStatus) != statusOK {
			b.failed(who)
			continue
		}
		one := asked{collection: id} // of a folder that the request left to memory
		for _, x := range list {
			if x.collection == id {
				one = x
			}
		}
		h := heard{name: who, began: b.began(a), key: one.key, known: !one.silent && one.key != "0", inStep: !c.Has(wbxml.AirSyncMoreAvailable)}
		if one.key == "0" { // it begins; there was nothing to be lost
			h.key = ""
		}
		h.to, h.from = count(c), one.commands
		h.refuse(c.Child(wbxml.AirSyncResponses))
		b.hear(h)
	}
}

// began is when a request was sent. One that waited began with what it waited for.
func (b *Book) began(a eas.Answered) time.Time {
	if a.Waited {
		return b.now()
	}
	return b.now().Add(-a.Took)
}

// refuse takes the commands that were not carried out from those that the device gave.
func (h *heard) refuse(responses *wbxml.Element) {
	if responses == nil {
		return
	}
	for _, e := range responses.Children {
		status := e.Get(wbxml.AirSyncStatus)
		if status == statusOK || status == "" {
			continue
		}
		switch {
		case e.Tag == wbxml.AirSyncAdd:
			h.from.New--
		case e.Tag == wbxml.AirSyncChange, e.Tag == wbxml.AirSyncDelete && e.Has(wbxml.AirSyncBaseInstanceId):
			h.from.Changed--
		case e.Tag == wbxml.AirSyncDelete:
			if h.from.Deleted--; status == statusMissing { // it is gone, which is what the device wants
				continue
			}
		default:
			continue
		}
		h.refused++
	}
	h.from.New, h.from.Changed, h.from.Deleted = max(0, h.from.New), max(0, h.from.Changed), max(0, h.from.Deleted)
}

// The statuses of MoveItems that matter here, MS-ASCMD 2.2.3.177.10.
const (
	moved     = "3"
	movedSame = "4"
)

// moved hears of an answer to MoveItems: a record is counted where it came from.
func (b *Book) moved(who name, a eas.Answered) {
	if a.Err != nil || a.Response == nil || a.Response.Body == nil {
		return
	}
	var at []int64
	from := map[int64]*carry{}
	for e := range a.Response.Body.All(wbxml.MoveResponse) {
		id, _, ok := airsync.ParseServerID(e.Get(wbxml.MoveSrcMsgId))
		status := e.Get(wbxml.MoveStatus)
		if !ok || status == movedSame {
			continue
		}
		if from[id] == nil {
			from[id], at = &carry{}, append(at, id)
		}
		if status == moved {
			from[id].from.Moved++
		} else {
			from[id].refused++
		}
	}
	for _, id := range at {
		who.collection = id
		b.hear(heard{name: who, began: b.began(a), carry: *from[id], beside: true})
	}
}
