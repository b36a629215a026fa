// Package kind is the contract of what Tandem knows about one kind of record: what a body means, how it is summed up,
// and how two edits of it are merged. Each kind has a folder of its own; package all names them. Functions here are
// pure and safe for concurrent use.
package kind

import (
	"io"

	"tandem"
)

// A Handler knows one kind whose bodies fit in memory.
type Handler interface {
	Kind() tandem.Kind

	// Inspect parses a body once and tells all there is to know of it. An error (kind Invalid, with line and column
	// where that applies) means the body is not of this kind or torn; such a record is a Problem, never a deletion.
	Inspect(body []byte) (Info, error)

	// Merge is the three-way merge by field and list element. base is nil when there is none (first sync): then what
	// either side has is kept (union). Laws: Merge(b, a, b)=a; Merge(b, b, c)=c; Merge(b, a, a)=a; symmetric in meaning;
	// properties nobody knows survive. Where both changed one field differently, the merged body holds a's value and the
	// field is listed in Clashes.
	Merge(base, a, b []byte) (Merged, error)
}

// A Streamer is a Handler for bodies too large for memory. Inspect and Merge are used only up to MaxMerge.
type Streamer interface {
	DigestReader(r io.Reader) (tandem.Digest, error)
}

// An Inspector is a Handler that needs no body in memory: InspectBody tells of a body of any size what Inspect tells of a small one.
type Inspector interface {
	InspectBody(b tandem.Body) (Info, error)
}

// An AttrIndexer is a Handler whose index also says what attributes say. IndexAttrs puts it into the index that a body gave.
type AttrIndexer interface {
	IndexAttrs(ix tandem.Index, attrs tandem.Attrs) tandem.Index
}

// An AttrMerger is a Handler that merges attributes by its own rules. Without it, attributes are merged per key and
// the larger value wins a clash, so that the outcome does not depend on which side is called a.
type AttrMerger interface {
	MergeAttrs(base, a, b tandem.Attrs) tandem.Attrs
}

// A Renamer is a Handler whose bodies claim an identity of their own. WithUID returns the body with its UID replaced, so
// that both versions of a conflict can live on as two records.
type Renamer interface {
	WithUID(body []byte, uid string) ([]byte, error)
}

// Info is what one look at a body tells.
type Info struct {
	Digest   tandem.Digest
	Index    tandem.Index
	Summary  tandem.Summary
	Modified int64 // claimed time of the last change, Unix nanoseconds, 0 if the body does not say
}

// Merged is the outcome of a merge.
type Merged struct {
	Body    []byte
	Clashes []Clash
}

// Clash is one field that both sides changed, differently.
type Clash struct {
	Field      string // as a person would name it: "phone (work)", "start of 2026-03-01"
	Base, A, B string // what each had, shortened for people; "" when absent
}

// A Fielder is a Handler that can tell a body field by field, so that people see where versions differ.
type Fielder interface {
	// Fields are what a body says, in an order that makes sense to people, each label once. An error as in Inspect.
	Fields(body []byte) ([]Field, error)
}

// Field is one thing that a body says.
type Field struct {
	Label string // as a person would name it: "phone (work)"; as in Clash.Field
	Text  string // the value as a person reads it; of several ones a line each
}

// A Titler is a Handler whose bodies say what they are called. WithTitle returns the body called otherwise, so that two versions that are both kept can be told apart.
type Titler interface {
	WithTitle(body []byte, title string) ([]byte, error)
}

// A Picker is a Handler that can put a version of a record together from several. Pick returns body with the fields of these labels as from has them, and all else as it
// was; labels are those of Fields. What from does not have goes. Laws: Pick(a, b, nil) means a; after Pick(a, b, labels) those fields read as in b, the others as in a.
type Picker interface {
	Pick(body, from []byte, labels []string) ([]byte, error)
}
