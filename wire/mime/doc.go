// Package mime reads internet messages (RFC 5322, RFC 2045 to 2049, RFC 2231, RFC 6532) as they really are: it finds out in one pass, in bounded memory, how a message is
// built and where each part lies, and decodes names, texts and files on demand from the message's own bytes.
//
// It rejects nothing. What is broken (a boundary that never comes, a header without end, a charset nobody knows) is read as a person would guess, and
// nothing of the message is changed: what [Scan] finds are offsets into it. The libraries that exist build a tree of decoded parts in memory, or give up at
// the first error; both are no way to keep a mailbox.
package mime
