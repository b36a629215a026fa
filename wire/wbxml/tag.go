package wbxml

import (
	"fmt"
	"strconv"
	"strings"
)

// Page is the number of a code page. MS-ASWBXML 2.1.2.1
type Page uint8

// The code pages. MS-ASWBXML 2.1.2.1
const (
	AirSync           Page = 0
	Contacts          Page = 1
	Email             Page = 2
	AirNotify         Page = 3 // no longer in use: it has no tags. MS-ASWBXML 2.1.2.1.4
	Calendar          Page = 4
	Move              Page = 5
	GetItemEstimate   Page = 6
	FolderHierarchy   Page = 7
	MeetingResponse   Page = 8
	Tasks             Page = 9
	ResolveRecipients Page = 10
	ValidateCert      Page = 11
	Contacts2         Page = 12
	Ping              Page = 13
	Provision         Page = 14
	Search            Page = 15
	GAL               Page = 16
	AirSyncBase       Page = 17
	Settings          Page = 18
	DocumentLibrary   Page = 19
	ItemOperations    Page = 20
	ComposeMail       Page = 21
	Email2            Page = 22
	Notes             Page = 23
	RightsManagement  Page = 24
	Find              Page = 25
)

// Version is a version of the protocol times ten: 141 is 14.1.
type Version uint8

// The versions of the protocol. MS-ASWBXML 2.1.2.1
const (
	V25  Version = 25
	V120 Version = 120
	V121 Version = 121
	V140 Version = 140
	V141 Version = 141
	V160 Version = 160
	V161 Version = 161
)

const (
	tagsPerPage = 64   // a tag's token has six bits
	firstTag    = 0x05 // the tokens below are global. MS-ASWBXML 1.6
)

// entry is one token of a page. A zero version sets no bound.
type entry struct {
	name        string
	first, last Version
}

type page struct {
	name string
	tags [tagsPerPage]entry
}

// pages is the whole of MS-ASWBXML 2.1.2.1, by page number.
var pages = [...]*page{
	&pageAirSync, &pageContacts, &pageEmail, &pageAirNotify, &pageCalendar, &pageMove, &pageGetItemEstimate,
	&pageFolderHierarchy, &pageMeetingResponse, &pageTasks, &pageResolveRecipients, &pageValidateCert, &pageContacts2,
	&pagePing, &pageProvision, &pageSearch, &pageGAL, &pageAirSyncBase, &pageSettings, &pageDocumentLibrary,
	&pageItemOperations, &pageComposeMail, &pageEmail2, &pageNotes, &pageRightsManagement, &pageFind,
}

var pageAirNotify = page{name: "AirNotify"}

// String returns the name of the page, which is the XML namespace of its tags: "Calendar". A page that ActiveSync
// does not have is "Page-26".
func (p Page) String() string {
	if int(p) < len(pages) {
		return pages[p].name
	}
	return "Page-" + strconv.Itoa(int(p))
}

// ParsePage finds the page with this name, as String gives it.
func ParsePage(name string) (Page, bool) {
	for i, p := range pages {
		if p.name == name {
			return Page(i), true
		}
	}
	if digits, ok := strings.CutPrefix(name, "Page-"); ok {
		n, err := strconv.ParseUint(digits, 10, 8)
		return Page(n), err == nil && int(n) >= len(pages) && digits == strconv.FormatUint(n, 10)
	}
	return 0, false
}

// Tag is a tag: its page times 256, plus its six-bit token.
type Tag uint16

// Page returns the code page of the tag.
func (t Tag) Page() Page { return Page(t >> 8) }

// Token returns the tag's token in its page, between 0x05 and 0x3f.
func (t Tag) Token() byte { return byte(t & 0x3f) }

func (t Tag) entry() *entry {
	if int(t.Page()) < len(pages) {
		return &pages[t.Page()].tags[t.Token()]
	}
	return &entry{}
}

// Known reports whether ActiveSync has this tag.
func (t Tag) Known() bool { return t.entry().name != "" }

// Valid reports whether the value can be written as a tag at all, known or not.
func (t Tag) Valid() bool { return t&0xc0 == 0 && t.Token() >= firstTag }

// Name returns the tag's name within its namespace: "StartTime". A tag that ActiveSync does not have is named after
// its token: "Unknown-0x2b".
func (t Tag) Name() string {
	if name := t.entry().name; name != "" {
		return name
	}
	return fmt.Sprintf("Unknown-0x%02x", uint8(t))
}

// Namespace returns the target namespace of the XML schema that defines the tag: "Calendar".
func (t Tag) Namespace() string { return t.Page().String() }

// String returns namespace and name: "Calendar:StartTime".
func (t Tag) String() string { return t.Namespace() + ":" + t.Name() }

// Versions returns the first and the last version of the protocol that have the tag, both zero for an unknown tag. Tags
// which the specification no longer lists are those of 2.5. MS-ASWBXML 2.1.2.1
func (t Tag) Versions() (first, last Version) {
	e := t.entry()
	if e.name == "" {
		return 0, 0
	}
	first, last = e.first, e.last
	if first == 0 {
		first = V25
	}
	if last == 0 {
		last = V161
	}
	return first, last
}

// In reports whether a version of the protocol has the tag.
func (t Tag) In(v Version) bool {
	first, last := t.Versions()
	return first <= v && v <= last
}

// Lookup finds a tag by its page and its exact name, as Tag.Name gives it.
func Lookup(p Page, name string) (Tag, bool) {
	base := Tag(p) << 8
	if int(p) < len(pages) {
		tags := &pages[p].tags
		for i := firstTag; i < tagsPerPage; i++ {
			if tags[i].name == name && name != "" {
				return base | Tag(i), true
			}
		}
	}
	if digits, ok := strings.CutPrefix(name, "Unknown-0x"); ok && len(digits) == 2 {
		n, err := strconv.ParseUint(digits, 16, 8)
		t := base | Tag(n)
		return t, err == nil && t.Valid() && !t.Known()
	}
	return 0, false
}

// ParseTag finds a tag by namespace and name, as Tag.String gives them: "Calendar:StartTime".
func ParseTag(s string) (Tag, bool) {
	space, name, ok := strings.Cut(s, ":")
	if !ok {
		return 0, false
	}
	p, ok := ParsePage(space)
	if !ok {
		return 0, false
	}
	return Lookup(p, name)
}
