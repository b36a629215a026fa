package wbxml

import "fmt"

// Fault says what made a document unreadable.
type Fault uint8

// The faults.
const (
	Truncated    Fault = iota + 1 // the bytes end inside the document
	BadHeader                     // this is no WBXML, or of a version nobody has seen
	BadCharset                    // text in a character set that is not read
	BadToken                      // a token where it cannot stand
	BadInteger                    // an integer of more than 32 bits
	BadReference                  // an index outside the string table
	TooDeep                       // over Limits.Depth
	TooLarge                      // over Limits.Bytes
	TooMany                       // over Limits.Elements
	ReadFailed                    // the reader failed; Error.Err has its error
)

var faultNames = [...]string{"", "truncated", "not WBXML", "character set", "misplaced token", "integer too large", "no such string", "nested too deep",
	"too large", "too many elements", "read failed"}

func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return fmt.Sprintf("fault %d", uint8(f))
}

// Error says why a document cannot be read, and where.
type Error struct {
	Offset int64 // of the byte at fault, from 0; the length of the document where it is cut short
	Fault  Fault
	Detail string
	Err    error // what the reader said, for ReadFailed
}

func (e *Error) Error() string {
	text := fmt.Sprintf("byte %d: %s", e.Offset, e.Fault)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Flaw says what was wrong with a part of a document that was read all the same.
type Flaw uint8

// The flaws.
const (
	UnknownTag    Flaw = iota + 1 // a tag that ActiveSync does not have: kept under its number, or left out if it is literal
	Attributes                    // attributes, which ActiveSync does not use: left out. MS-ASWBXML 2.1.3
	Extension                     // an extension token, which means nothing without a DTD: left out
	Instruction                   // a processing instruction: left out. MS-ASWBXML 2.1.3
	BadText                       // text that is not UTF-8, repaired with U+FFFD
	BadCharacter                  // characters that XML forbids, NUL among them: left out
	Mixed                         // text beside child elements: kept, its place among them lost
	TrailingBytes                 // bytes behind the document: left out
	MoreNotes                     // further flaws, which are not told one by one
)

var flawNames = [...]string{"", "unknown tag", "attributes", "extension", "processing instruction", "text that is not UTF-8",
	"characters that XML forbids", "text beside elements", "bytes behind the document", "further flaws"}

func (f Flaw) String() string {
	if int(f) < len(flawNames) {
		return flawNames[f]
	}
	return fmt.Sprintf("flaw %d", uint8(f))
}

// Note tells of a flaw.
type Note struct {
	Offset int64
	Flaw   Flaw
	Tag    Tag    // the tag concerned: the unknown one, or the element around the flaw; 0 if there is none
	Detail string // more about it; may be empty
}

func (n Note) String() string {
	text := fmt.Sprintf("byte %d: %s", n.Offset, n.Flaw)
	if n.Tag != 0 {
		text += " in " + n.Tag.String()
	}
	if n.Detail != "" {
		text += ": " + n.Detail
	}
	return text
}

// maxNotes bounds what a malformed document makes us remember.
const maxNotes = 100
