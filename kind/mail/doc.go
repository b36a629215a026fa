// Package mail knows mail: records whose bodies are internet messages (RFC 5322), kept byte for byte. What a person does to a message (read, flagged, answered, sorted by
// keywords) is no part of it and lives in attributes, see [Flags]. What lists and phones want to know of a message is read once, into an [Envelope].
//
// Nothing is rejected: whatever arrives as a message is one.
package mail
