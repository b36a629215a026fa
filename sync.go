package tandem

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Kind is the sort of thing a record is. It decides the body's format and how bodies are compared and merged.
type Kind string

// The kinds. Bodies are in the internet standard format of their kind, exactly as their source gave them.
const (
	Contact  Kind = "contact"  // vCard
	Event    Kind = "event"    // iCalendar with one VEVENT series (master and overrides)
	Task     Kind = "task"     // iCalendar with one VTODO series
	Note     Kind = "note"     // iCalendar with one VJOURNAL
	Mail     Kind = "mail"     // RFC 5322 message
	SMS      Kind = "sms"      // RFC 5322 message
	Bookmark Kind = "bookmark" // JSON
	File     Kind = "file"     // the file's bytes; directories and links have no body, see the attribute "type"
	Picture  Kind = "picture"  // the file's bytes
	Table    Kind = "row"      // JSON
	Page     Kind = "page"     // MHTML
	Setting  Kind = "setting"  // JSON

	Invitation Kind = "invitation" // iCalendar with METHOD: what people's calendars say to each other (RFC 5546)
	Recipient  Kind = "recipient"  // JSON: whom a user writes to
)

// ID names a record within its replica. It is opaque to everyone but the provider, except in a tree (Features.Tree),
// where it is the slash-separated path below the root, spelled with the very bytes the place uses.
type ID string

// Version is a place's own token for the state of one record: an ETag, a sequence number, a file's fingerprint.
// Equal versions of one record promise equal content and attributes. The empty version promises nothing.
type Version string

// Cursor is a place's own token for "what changed since here". The empty cursor asks for everything.
type Cursor string

// Marker is a token chosen by the session and carried by a create, so that its arrival can be established after a
// lost answer. Places that cannot store it derive the record's id from it, or look the record up by UID.
type Marker string

// Digest is what a record's body means: equal digests are equal for the person. The zero digest means "not known".
// Attributes are not part of it.
type Digest [sha256.Size]byte

// IsZero reports whether the digest is unknown.
func (d Digest) IsZero() bool { return d == Digest{} }

// String is the digest in lower-case hexadecimal, or "" when unknown.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// ParseDigest reads what String wrote.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if s == "" {
		return d, nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("parse digest %q: want %d hexadecimal digits", s, 2*len(d))
	}
	copy(d[:], b)
	return d, nil
}

// MarshalText writes what String writes, so that a digest reads well in JSON.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDigest(string(text))
	return err
}

// Body is the content of a record. It can be opened any number of times, also concurrently, until the replica it came
// from is closed. A body that is a local file must notice that the file changed since the record was listed: its
// reader then ends with an error of kind Changed instead of io.EOF.
type Body interface {
	Open() (io.ReadCloser, error)
	Size() int64 // in bytes; -1 when not known before reading
}

// Bytes is a body held in memory.
type Bytes []byte

// Open implements Body.
func (b Bytes) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }

// Size implements Body.
func (b Bytes) Size() int64 { return int64(len(b)) }

// ReadBody reads a whole body, refusing one longer than max bytes with an error of kind TooLarge.
func ReadBody(b Body, max int64) ([]byte, error) {
	if m, ok := b.(Bytes); ok && int64(len(m)) <= max {
		return m, nil
	}
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > max {
		return nil, &Error{Kind: TooLarge, Op: "read body", Err: fmt.Errorf("more than %d bytes", max)}
	}
	return data, nil
}

// Meta is what is known of a record without its body. Only Version is always there; a listing fills in the rest where
// it comes for free.
type Meta struct {
	Version  Version
	Digest   Digest // zero: not known without reading the body
	Size     int64  // of the body in bytes; 0 where not known
	Attrs    Attrs  // small mutable facts beside the body
	UID      string // the identity the body itself claims (vCard and iCalendar UID); a matching hint, never an address
	Node     string // the place's identity of the thing behind the id, surviving a rename (inode); a hint
	Modified int64  // claimed time of the last change, Unix nanoseconds; only the policy "newest" ever looks at it
}

// Record is one record with its body. Body is nil where the kind has none for it (a directory).
type Record struct {
	ID ID
	Meta
	Body Body
}

// Presence is what a listing knows of one id. The zero value concludes nothing.
type Presence uint8

const (
	Unknown    Presence = iota // nothing may be concluded: not listed, or listed with doubt
	Present                    // there, with the given Meta
	Absent                     // known not to be there: from a tombstone or a complete listing
	Problem                    // there, or perhaps there, but unreadable; Change.Err says why
	OutOfScope                 // there, but excluded by a filter, an ignore rule or a size cap
)

func (p Presence) String() string {
	switch p {
	case Present:
		return "present"
	case Absent:
		return "absent"
	case Problem:
		return "problem"
	case OutOfScope:
		return "out of scope"
	}
	return "unknown"
}

// Change is one line of a listing.
type Change struct {
	ID       ID
	Presence Presence
	Meta           // when Present; of a record that is OutOfScope or a Problem its UID and Node where the place knows them: under an id that is new, nothing else tells it from a deleted one
	Err      error // when Problem or OutOfScope: the reason, for people
}

// Listing closes a sequence of changes.
type Listing struct {
	Complete bool   // everything that the question asked for arrived; only then is silence evidence of absence
	Full     bool   // everything was listed, whatever the cursor; false: only what changed since the cursor
	Next     Cursor // ask with this one next time; valid only if Complete
}

// Identity names the store behind a replica. If Store differs from what the base remembers, this is another store and
// nothing of the base holds for it. If only Epoch differs, history is not continuous (restored from a backup): the
// base's absence evidence does not hold.
type Identity struct {
	Store string
	Epoch string
}

// Op is what a write does.
type Op uint8

const (
	Create   Op = iota + 1 // make a record that must not be there
	Update                 // replace body and attributes of the record at If
	SetAttrs               // replace the attributes only
	Move                   // give the record at If another id, body and attributes unchanged; children of a tree follow
	Delete                 // remove the record at If; a directory must be empty of all that is not ignorable
)

func (o Op) String() string {
	switch o {
	case Create:
		return "create"
	case Update:
		return "update"
	case SetAttrs:
		return "set attributes"
	case Move:
		return "move"
	case Delete:
		return "delete"
	}
	return "nothing"
}

// Write is one conditional change to a replica.
type Write struct {
	Op     Op
	ID     ID      // the record's id; for Create the wished id, which the place may replace ("": let the place choose)
	To     ID      // Move: the new id, which must be free
	If     Version // what the record must be at (all but Create); checked at the last instant
	Marker Marker  // Create: identifies this very create
	Record Record  // Create, Update: body and attributes; SetAttrs: attributes. ID and Version inside are the source's.

	// Progress, when set, is called with byte counts as the body is written. It may be called concurrently.
	Progress func(n int64)
}

// Status is how one write ended.
type Status uint8

const (
	Maybe              Status = iota // the answer was lost; ask Find before anything else
	Applied                          // done and durable
	PreconditionFailed               // the record was not at If, or the id was taken; nothing was done
	Rejected                         // the place will never take this record as it is; Err says why
	RetryAfter                       // not now; Wait says when
)

func (s Status) String() string {
	switch s {
	case Applied:
		return "applied"
	case PreconditionFailed:
		return "precondition failed"
	case Rejected:
		return "rejected"
	case RetryAfter:
		return "retry"
	}
	return "maybe"
}

// Outcome answers one write. On Applied, ID and Meta are the record's as a listing would show them right after, so
// that the next listing is no news (Version always, Digest and Attrs where known).
type Outcome struct {
	Status Status
	ID     ID
	Meta
	Wait   int64  // RetryAfter: seconds, 0 when the place did not say
	Parked string // where the place kept what was overwritten or deleted, if it keeps history itself
	Err    error  // for people, on anything but Applied
}

// Hint says that something may have changed. ID is empty when the place does not know what.
type Hint struct{ ID ID }

// Side is one of the two replicas of a pair.
type Side uint8

const (
	SideA Side = iota
	SideB
)

// Other is the opposite side.
func (s Side) Other() Side { return 1 - s }

func (s Side) String() string {
	if s == SideA {
		return "A"
	}
	return "B"
}

// Collection is a named set of records of one kind in a user's home.
type Collection struct {
	ID    int64  // the store's key
	User  string // the owner
	Kind  Kind
	Name  string            // unique per user and kind, as people see it
	Props map[string]string // colour, order, description: what front doors want kept
	Seq   int64             // the sequence number of the last write
	Made  int64             // when the store made it, Unix seconds; 0: not known

	// Identity is assigned by the store. Its epoch changes when somebody comes with a sequence number that was never
	// given out, which shows that the store was put back to an earlier state.
	Identity Identity
}

// Title is the name of the collection as people see it: the property "title", where a front door had to give it another
// Name because that one was taken.
func (c Collection) Title() string {
	if t := c.Props["title"]; t != "" {
		return t
	}
	return c.Name
}

// Index is what a store can look records up by without parsing bodies. Times are Unix seconds; End is exclusive.
type Index struct {
	UID   string
	Start int64    // events and tasks: first instant of the first occurrence; 0 with End 0: no time
	End   int64    // last instant of the last occurrence within the expansion window; math.MaxInt64: never ends
	Name  string   // contacts: as sorted and searched
	Keys  []string // contacts: e-mail addresses in lower case, phone numbers as digits

	// Text is what full-text search looks in, and Sketch what the kind wants to see of a body without reading it; only the kind reads it. Both are given
	// with a write and kept beside the record; listings leave them out.
	Text   string
	Sketch []byte
}

// Summary is what a person sees of a record in a list or a conflict.
type Summary struct {
	Title string // "Anna Müller", "Standup", "report.odt"
	When  string // "2026-11-24 09:30 Europe/Berlin", or ""
	Who   string // organizer, e-mail, or ""
}

func (s Summary) String() string {
	var parts []string
	for _, part := range []string{s.Title, s.When, s.Who} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
