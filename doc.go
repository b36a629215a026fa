// Package tandem is the vocabulary of the sync center: the few types that every other package speaks, with their
// contracts as prose. It holds no behaviour beyond what keeps those values well-formed.
//
// # Words
//
// A [Record] is one thing that syncs (a contact, an event, a file). Records of one [Kind] live in a [Collection]. A
// replica is a place that holds a copy of a collection, opened for syncing. A provider is the driver for one sort of
// place. The base is what two replicas last agreed on: one [Row] per record. A [Version] is what a place says about
// the state of a record; a [Digest] is what the record means. A [Cursor] says "what changed since here".
//
// # What everything rests on
//
// Unreadable is not absent, and ignored is neither. A [Change] is Present, Absent, Unknown, Problem or OutOfScope;
// only Absent, which only a complete listing or an explicit tombstone may produce, is evidence for a deletion.
//
// Versions come from places, never from clocks. Equal versions of a record promise equal content; unequal versions
// promise nothing, and the digest decides.
//
// Every [Write] carries the state it expects to find. A place performs it against exactly that state or answers
// PreconditionFailed; it acknowledges only what is durable.
package tandem
