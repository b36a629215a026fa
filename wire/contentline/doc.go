// Package contentline is the layer that vCard and iCalendar share: lines of group, name, parameters and value, folded
// over several physical lines, nested by BEGIN and END (RFC 5545 3.1, RFC 6350 3.2 and 3.3, vCard 2.1 section 2).
//
// The model is lossless. Every byte of the source belongs to exactly one [Line], and a line that nobody touched is
// written back byte for byte, with its own folding, spelling and line ending. A line that makes no sense by itself is
// kept verbatim as an opaque line; only a broken structure (an END that closes nothing, a missing END, nesting that is
// too deep, a text that is too large) is an error, and it tells line and column.
//
// Parsing takes time linear in the text, never panics, and is bounded by [Limits]. A parsed document is safe for
// concurrent reading; editing needs exclusive use.
package contentline

import "fmt"

// Error tells where in a text something is wrong, and what.
type Error struct {
	Line   int // physical line, from 1
	Column int // byte within that line, from 1
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg) }

// Limits bounds what Parse accepts. A zero field means its default.
type Limits struct {
	Size  int // bytes of text; default 64 MiB
	Lines int // content lines; default 4 million
	Depth int // nesting of components; default 64
}

// Defaults of Limits.
const (
	DefaultSize  = 64 << 20
	DefaultLines = 4 << 20
	DefaultDepth = 64
)

func (l Limits) withDefaults() Limits {
	if l.Size <= 0 {
		l.Size = DefaultSize
	}
	if l.Lines <= 0 {
		l.Lines = DefaultLines
	}
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	return l
}
