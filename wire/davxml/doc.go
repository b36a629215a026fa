// Package davxml reads and writes the XML of WebDAV and of what is built on it: CalDAV, CardDAV, ACL, sync-collection (RFC 4918 14, 4791 9, 6352 10,
// 3744 5, 6578 6).
//
// Documents are trees of [Element] where they are small (requests, properties) and streams where they may be large: a server writes a multistatus
// response by response ([Multistatus]), a client reads it so ([ReadMultistatus]). Nothing is ever fetched or expanded: a document type declaration is
// refused, and depth, size and number of elements are bounded ([Limits]). Documents are read in UTF-8 alone, as all clients write them, and held to XML 1.0 and
// its namespaces strictly.
package davxml

import "encoding/xml"

// The namespaces that are written with prefixes of their own.
const (
	DAV     = "DAV:"
	CalDAV  = "urn:ietf:params:xml:ns:caldav"  // RFC 4791
	CardDAV = "urn:ietf:params:xml:ns:carddav" // RFC 6352
	Server  = "http://calendarserver.org/ns/"  // getctag, sharing, and others that Apple's server began
	Apple   = "http://apple.com/ns/ical/"      // calendar-color, calendar-order
	Tandem  = "urn:x-tandem:dav"               // our own
)

// Name is an element's name.
type Name = xml.Name

// Attr is an attribute. The namespace of xml:lang is "http://www.w3.org/XML/1998/namespace".
type Attr = xml.Attr

// D is a name of the namespace DAV:.
func D(local string) Name { return Name{Space: DAV, Local: local} }

// C is a name of CalDAV.
func C(local string) Name { return Name{Space: CalDAV, Local: local} }

// A is a name of CardDAV.
func A(local string) Name { return Name{Space: CardDAV, Local: local} }

// S is a name of the calendar server's namespace.
func S(local string) Name { return Name{Space: Server, Local: local} }
