// Package eas is the contract of the views that Exchange ActiveSync has of records. A view is a lens: Get shows a body as the children of an
// ApplicationData element; Put writes such elements into a body and leaves everything else in it alone. Each kind's own view is in the
// kind's folder (eas.go); package kind/all names them. Views are pure and safe for concurrent use.
//
// Laws, held over the corpora: Put(b, Get(b)) means the same as b; Get(Put(b, v)) equals v as far as the protocol version can express it.
package eas

import (
	"fmt"
	"io"
	"time"

	"tandem"
	"tandem/wire/wbxml"
)

// Version is a protocol version times ten.
type Version uint8

// The versions that are served.
const (
	V121 Version = 121
	V140 Version = 140
	V141 Version = 141
	V160 Version = 160
	V161 Version = 161
)

// String is the version as it stands in headers: "16.1".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v/10, v%10) }

// ParseVersion reads what String writes.
func ParseVersion(s string) (Version, bool) {
	for _, v := range []Version{V121, V140, V141, V160, V161} {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}

// BodyType is a format of text, MS-ASAIRS 2.2.2.41.
type BodyType uint8

// The formats.
const (
	Plain BodyType = 1
	HTML  BodyType = 2
	RTF   BodyType = 3
	MIME  BodyType = 4
)

// BodyPreference says how a client wants a text, MS-ASAIRS 2.2.2.12.
type BodyPreference struct {
	Type       BodyType
	Truncation int64 // bytes; -1: none
	AllOrNone  bool  // nothing rather than a part
	Preview    int   // characters; 0: none
}

// Options are what a view depends on besides the body.
type Options struct {
	Version Version

	// Bodies are the client's preferences, in its order; without any, the view's native format is shown whole.
	Bodies []BodyPreference

	// Part is the client's preference for the part of a message that is its own, beside or instead of the body; nil: it wants none. MS-ASAIRS 2.2.2.11
	Part *BodyPreference

	// MIME says for which messages the client wants the message itself where it asks for it in Bodies: 0 for none, 1 for those that are signed or encrypted, 2 for
	// all. MS-ASCMD 2.2.3.110
	MIME int

	// Name and Address are the user's own: the organizer of events that name none, and who of the attendees "I" is.
	Name, Address string

	// Zone is the user's, never nil: floating times, and days where the version needs instants, are shown in it.
	Zone *time.Location

	// Language is the user's, as they chose it or as the client calls it: "de", "de-AT", "Deutsch (Österreich)". What a view says itself, it says in it; "": in English.
	Language string

	// Now is the present in Unix seconds: the claimed time of changes, and what "now" in a default means.
	Now int64

	// Quirks are what the client is known to get wrong.
	Quirks Quirks

	// Attachment gives the name by which the client can ask for the n-th attachment of the record (0-based) later, MS-ASAIRS 2.2.2.26.1
	// FileReference. nil: attachments are not shown.
	Attachment func(n int) string

	// Event is the user's own event with a UID, nil where there is none; nil: nobody knows.
	Event func(uid string) []byte
}

// Quirks are deviations of single clients that a view minds. The zero value is a client that does what the specification says.
type Quirks struct {
	// BirthdayHour is the hour of the day, UTC, at which the client wants dates without a time (birthdays); they are always read as the
	// nearest midnight.
	BirthdayHour int
	// MaxPicture is the largest picture in bytes of base64 it bears; 0: the specification's 48 KB.
	MaxPicture int
	// NoLateUntil: a recurrence that ends in or after 2037 is shown as one without end.
	NoLateUntil bool
}

// Put is what writing depends on.
type Put struct {
	Options

	// UID is given to a new record whose data name none.
	UID string

	// Managed reports whether the client manages an element, so that leaving it out of a change removes it. nil: it manages none, and
	// what is left out is kept (MS-ASCMD 2.2.3.179, ghosting).
	Managed func(wbxml.Tag) bool

	// Instance is the instance of a series that alone is meant, as the client wrote it; "": the record. Only 16.x, MS-ASAIRS 2.2.2.29.
	Instance string
}

// Result is what a write made.
type Result struct {
	Body []byte

	// Attrs are the attributes of a new record whose view is a Recorder.
	Attrs tandem.Attrs

	// Answer is what the client must be told of what it wrote: elements for ApplicationData in the response (16.x).
	Answer []*wbxml.Element

	// Notes are elements that were not understood and what was made of them, for the log.
	Notes []string
}

// A View is a kind's face to Exchange ActiveSync.
type View interface {
	// Class is the protocol's name for the kind: "Contacts", "Calendar", "Tasks", "Notes".
	Class() string

	// Get shows a body. The elements are valid by the protocol's schemas, in the order in which Exchange sends them.
	Get(body []byte, o Options) ([]*wbxml.Element, error)

	// Put writes data into body, which is nil for a new record. Data that make no sense are an error of kind Invalid; elements that are
	// missing, empty or out of order get the defaults of the specification.
	Put(body []byte, data []*wbxml.Element, o Put) (Result, error)
}

// An Instancer is a View whose records happen several times.
type Instancer interface {
	// DropInstance removes one instance of a series (16.x: Delete with InstanceId). NotFound if the series has no such instance.
	DropInstance(body []byte, instance string, o Options) ([]byte, error)
}

// A Finisher is a View whose records can be done with, which FilterType 8 leaves out (MS-ASCMD 2.2.3.68.2).
type Finisher interface {
	Finished(body []byte) bool
}

// An Attacher is a View whose records have attachments.
type Attacher interface {
	// Attachment is the n-th attachment's content and media type; NotFound.
	Attachment(body []byte, n int) (data []byte, mediaType string, err error)
}

// Record is a record as a Recorder sees it.
type Record struct {
	Body   tandem.Body
	Attrs  tandem.Attrs
	Sketch []byte // what the kind noted of the body (tandem.Index), nil where it is to be made anew
}

// A Recorder is a View of records that are more than their bodies and whose bodies do not change: mail.
type Recorder interface {
	// GetRecord shows a record as Get does.
	GetRecord(r Record, o Options) ([]*wbxml.Element, error)
	// GetChange shows what changed of a record that the client has; was are the attributes that it has, nil where that is not known.
	GetChange(r Record, was *tandem.Attrs, o Options) []*wbxml.Element
	// PutAttrs writes what a client changed into attributes. Data that make no sense are an error of kind Invalid.
	PutAttrs(r Record, data []*wbxml.Element, o Put) (tandem.Attrs, error)
	// AttachmentOf is the n-th attachment; NotFound.
	AttachmentOf(r Record, n int) (Enclosure, error)
}

// Enclosure is an attachment in the encoding that it lies in its record with.
type Enclosure struct {
	Media    string // its type
	Encoding string // as wire/mime calls it; "" for none
	// Raw opens its bytes from an offset on, still encoded.
	Raw func(off int64) (io.ReadCloser, error)
}
