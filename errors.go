package tandem

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorKind says what sort of failure an error is, and so what may be done about it. Each kind has one meaning.
type ErrorKind uint8

const (
	Internal   ErrorKind = iota // a bug or something nobody foresaw
	NotFound                    // the named thing does not exist
	Exists                      // the named thing exists already
	Changed                     // the thing is not what it was when the decision was made; look again
	Denied                      // not allowed; trying again without other rights is useless
	Invalid                     // the input is malformed or makes no sense; trying again unchanged is useless
	TooLarge                    // over a limit of the place or of ours
	Unreadable                  // it is there, but it cannot be read now; never to be taken for absent
	Busy                        // somebody else holds it (a lock, a lease, an open file)
	Gone                        // a cursor, key or store of the past that can no longer be honoured: start over from a full look
	Full                        // no space or quota left
	Transient                   // a fault of the way there; trying again later may work
	TooNew                      // made by a newer version of the program
	Held                        // stopped by the guard; a person must say go on
)

var kindNames = [...]string{"internal error", "not found", "already exists", "changed meanwhile", "not allowed", "invalid", "too large",
	"unreadable", "busy", "gone", "no space left", "temporary failure", "made by a newer version", "held by the guard"}

func (k ErrorKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Internal]
}

var kindCodes = [...]string{"internal", "not-found", "exists", "changed", "denied", "invalid", "too-large", "unreadable", "busy", "gone", "full", "temporary", "too-new", "held"}

// Code is the kind as one word that does not change, for programs and for looking it up.
func (k ErrorKind) Code() string {
	if int(k) < len(kindCodes) {
		return kindCodes[k]
	}
	return kindCodes[Internal]
}

// Error is an error with a kind, the thing it is about and what a person can do. Its text is
// "op thing: cause; remedy", in lower case.
type Error struct {
	Kind   ErrorKind
	Op     string // verb and object: "open store"
	Thing  string // the name of the one concerned: a path, a collection, a record
	Remedy string // what to do about it, a full clause: "run `tandem doctor`"
	Wait   int64  // Transient, Busy: seconds to wait, 0 when not known
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(e.Op + " " + e.Thing))
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	} else {
		b.WriteString(e.Kind.String())
	}
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a kind with a message.
func Errorf(kind ErrorKind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost Error in err's chain, Internal if there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// IsKind reports whether err is of the given kind.
func IsKind(err error, kind ErrorKind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
