// Package wbxml reads and writes WBXML, the binary form of XML in which Exchange ActiveSync speaks.
//
// The 26 code pages of ActiveSync (MS-ASWBXML 2.1.2.1) are built in: every tag of the versions 2.5 to 16.1 is a
// constant, named after its page and itself (CalendarStartTime). A document is a tree of Elements, or a stream of
// Tokens where it is too large for one. Documents are written the way Exchange writes them: WBXML 1.3, UTF-8, no string
// table, inline strings and opaque data. Reading accepts all of WBXML that has a meaning without a DTD: string
// tables, entities, literal tags, attributes and extensions, of which the last two are skipped.
//
// What a stranger sends can only be refused, never harm: work and memory grow with the bytes that were really there,
// depth, size and number of elements are bounded (Limits), and what is wrong is told with its byte offset (Error).
// What can be understood in spite of a flaw is understood, and the flaw is a Note: an unknown tag, an attribute,
// broken UTF-8.
//
// ToXML and FromXML turn documents into text for people and for XML Schema, and back, without loss.
package wbxml
