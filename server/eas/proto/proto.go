// Package proto is what the commands of the Exchange ActiveSync door have in common: the request they are given, the answer they
// give, and the statuses of the protocol. The door itself (package server/eas) reads and writes HTTP.
package proto

import (
	"context"
	"net/http"

	"tandem"
	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Request is one command of a device that has been let in.
type Request struct {
	Command string // "Sync"
	User    store.User
	Device  store.Device // as it stood when the request arrived
	Version eas.Version
	Options eas.Options // for views: user, zone, version and quirks are filled in

	// Body is the document; nil where the request has none.
	Body *wbxml.Element
	// Raw is the body as it came where it is no WBXML (message/rfc822); nil otherwise.
	Raw []byte

	// Parameters of the query, MS-ASHTTP 2.2.1.1.1.2.4; "" where not given.
	CollectionID, ItemID, LongID, AttachmentName, Occurrence string
	SaveInSent                                               bool

	// Multipart tells that the client accepts a multipart answer (MS-ASAcceptMultiPart: T).
	Multipart bool
}

// Response is what a command answers.
type Response struct {
	// Body is the document; nil for an empty answer with status 200 (nothing changed).
	Body *wbxml.Element
	// Parts follow the document in a multipart answer; only where the request accepts them. The element itemoperations:Part n is Parts[n-1].
	Parts []tandem.Body
	// Content, when set, is the answer instead of a document, of this type. Its size is known.
	Content     tandem.Body
	ContentType string
	// HTTP is the status line's code, 0 for 200. With another one Body is not sent.
	HTTP int
	// Header is added to the answer.
	Header http.Header
	// Waiting, when set, says that there is nothing to answer yet; the rest is not looked at.
	Waiting *Waiting
}

// A Command answers requests. An error is answered with HTTP 500, or 503 with Retry-After if its kind is Transient or Busy; whatever a
// client can cause is not an error but a status in the answer.
type Command func(ctx context.Context, r *Request) (*Response, error)

// Answer is a response with a document.
func Answer(e *wbxml.Element) *Response { return &Response{Body: e} }
