package center

import (
	"strconv"
	"strings"

	"tandem/store"
)

// EventLink is where a line of the log leads: to what it is about, or to help. ISyncMgrEvent: GetLinkText, GetLinkReference
type EventLink struct {
	Sort string // see below
	Name string // of the thing
	Text string // what following it does
}

// The sorts of links of events.
const (
	LinkConflict  = "conflict"  // one, by its number
	LinkConflicts = "conflicts" // those of an item
	LinkQuestion  = "question"  // of an item
	LinkItem      = "item"
	LinkDevice    = "device" // by its id
	LinkRun       = "run"    // s12, which undo takes
	LinkRecord    = "record" // its history
	LinkCode      = "code"   // what a code of an error means, and what to do
	LinkAddress   = "address"
)

// LinksOf tells where a line of the log leads. What it says itself comes first, then what it is about, then help.
func LinksOf(e store.Event) []EventLink {
	var out []EventLink
	add := func(sort, name, text string) {
		for _, l := range out {
			if l.Sort == sort && l.Name == name {
				return
			}
		}
		out = append(out, EventLink{sort, name, text})
	}
	sort, name, ok := strings.Cut(e.Link, "/")
	switch {
	case !ok:
	case sort == "https:" || sort == "http:":
		add(LinkAddress, e.Link, firstText(e.LinkText, "open it"))
	case sort == LinkDevice:
		add(LinkDevice, name, "look at the device")
	case sort == LinkConflict || sort == LinkConflicts || sort == LinkQuestion || sort == LinkItem:
		add(sort, name, firstText(e.LinkText, "look at it"))
	}
	phones := strings.HasPrefix(e.Item, devicePrefix)
	device, isDevice := strings.CutPrefix(e.Item, "device ")
	switch {
	case isDevice:
		add(LinkDevice, device, "look at the device")
	case e.Item != "" && !strings.ContainsAny(e.Item, " :") && !phones: // not places, log-ins and rights (package scope)
		add(LinkItem, e.Item, "look at the item")
	}
	if e.Session != 0 && !phones { // what a phone overwrote is found by its record
		add(LinkRun, "s"+strconv.FormatInt(e.Session, 10), "what the run overwrote")
	}
	if e.Record != "" {
		add(LinkRecord, string(e.Record), "the record's history")
	}
	if e.Code != "" {
		add(LinkCode, e.Code, "what this means, and what to do")
	}
	return out
}
