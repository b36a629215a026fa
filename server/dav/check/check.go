// Package check decides whether a body may be put into a home collection: the preconditions of PUT, COPY and MOVE (RFC 4791 5.3.2.1, RFC 6352 5.3.2.1).
//
// # What is refused, and why
//
//   - More bytes than [Limits] allow, in any kind (max-resource-size).
//   - Another media type, or a version of the format that the door does not hand out (supported-calendar-data, supported-address-data): clients that ask for
//     what they understand would get what they do not. A missing type, or application/octet-stream, tells nothing, and the body decides.
//   - What is not UTF-8, or has a NUL in it: it could not be shown in a report, which is XML.
//   - What does not parse, or holds several records, for none of it could be kept apart from the rest (valid-calendar-data,
//     valid-calendar-object-resource, valid-address-data). METHOD belongs to messages, not to calendars.
//   - Another sort of component than the collection holds (supported-calendar-component).
//   - Dates that cannot be read where they say when something happens: no search would find the record again. And those beyond [Limits].
//
// # What is let through although a standard says otherwise
//
// Bodies come back byte for byte, so what is odd but readable harms nobody. Missing UID, DTSTART, DTSTAMP, VERSION, PRODID, FN or N; rules that cannot be
// followed (RSCALE of RFC 7529 among them: a search then finds too much rather than too little); an end before the start; control characters; lines
// that make no sense; times of zones that nobody defined. Programs that people use write each of these.
package check

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"tandem"
	"tandem/kind/contact"
	"tandem/kind/event"
	"tandem/kind/note"
	"tandem/kind/recur"
	"tandem/kind/task"
	"tandem/wire/davxml"
)

// Limits bound what may be put. A zero field means no limit. RFC 4791 5.2.5 to 5.2.9, RFC 6352 6.2.3
type Limits struct {
	Size      int64 // bytes of a body
	Instances int   // of a series that ends
	Attendees int   // of one instance
	MinDate   int64 // Unix seconds: nothing happens earlier
	MaxDate   int64 // or later, but for series that never end
}

// Checker checks bodies. The zero value is ready for use; it is safe for concurrent use.
type Checker struct {
	Limits Limits
	Zones  *recur.Zones // memory of zones; nil: one of each call
}

// Body checks a body that is to be stored in a collection of a kind. media is the header Content-Type, "" for none. The error is a *davxml.Condition. Kinds
// that are neither of calendars nor of address books are held to the size alone.
func (c *Checker) Body(k tandem.Kind, media string, body []byte) error {
	switch k {
	case tandem.Event, tandem.Task, tandem.Note:
		if c.tooLarge(body) {
			return refuse(davxml.C("max-resource-size"), fmt.Sprintf("the calendar object has more than %d bytes", c.Limits.Size))
		}
		return c.calendar(k, media, body)
	case tandem.Contact:
		if c.tooLarge(body) {
			return refuse(davxml.A("max-resource-size"), fmt.Sprintf("the card has more than %d bytes", c.Limits.Size))
		}
		return c.card(media, body)
	}
	if c.tooLarge(body) {
		return davxml.Failf(413, "the body has more than %d bytes", c.Limits.Size)
	}
	return nil
}

func (c *Checker) tooLarge(body []byte) bool {
	return c.Limits.Size > 0 && int64(len(body)) > c.Limits.Size
}

func refuse(name davxml.Name, text string, details ...*davxml.Element) error {
	e := davxml.Fail(403, name, details...)
	e.Text = text
	return e
}

// mediaType reads a Content-Type: the type in lower case, "" where it tells nothing, and the character set in lower case.
func mediaType(header string) (media, charset string) {
	media, params, err := mime.ParseMediaType(header)
	if err != nil {
		media, _, _ = strings.Cut(header, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	if media == "application/octet-stream" {
		media = ""
	}
	return media, strings.ToLower(params["charset"])
}

// readable reports whether a body is text in UTF-8 and was not declared to be something else.
func readable(charset string, body []byte) bool {
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	default:
		for _, c := range body {
			if c >= utf8.RuneSelf {
				return false
			}
		}
	}
	return utf8.Valid(body) && bytes.IndexByte(body, 0) < 0
}

// card checks a vCard. RFC 6352 5.3.2.1
func (c *Checker) card(header string, body []byte) error {
	media, charset := mediaType(header)
	unsupported := func(text string) error {
		return refuse(davxml.A("supported-address-data"), text, davxml.New(davxml.A("address-data-type")).With("content-type", "text/vcard").With("version", "3.0"),
			davxml.New(davxml.A("address-data-type")).With("content-type", "text/vcard").With("version", "4.0"))
	}
	switch media {
	case "", "text/vcard", "text/x-vcard", "text/directory":
	default:
		return unsupported("an address book holds text/vcard, not " + media)
	}
	if !readable(charset, body) {
		return refuse(davxml.A("valid-address-data"), "the card is no text in UTF-8")
	}
	if _, err := (contact.Handler{}).Inspect(body); err != nil {
		return refuse(davxml.A("valid-address-data"), err.Error())
	}
	if v := versionOf(body); v == "2.1" {
		return unsupported("a vCard of version " + v + "; write it as 3.0 or 4.0")
	}
	return nil
}

// calendar checks a calendar object. RFC 4791 5.3.2.1
func (c *Checker) calendar(k tandem.Kind, header string, body []byte) error {
	media, charset := mediaType(header)
	switch media {
	case "", "text/calendar", "text/x-vcalendar", "application/ics":
	default:
		return unsupportedCalendar("a calendar holds text/calendar, not " + media)
	}
	if !readable(charset, body) {
		return refuse(davxml.C("valid-calendar-data"), "the calendar object is no text in UTF-8")
	}
	zones := c.Zones
	if zones == nil {
		zones = &recur.Zones{}
	}
	ob, err := c.object(k, body, zones)
	if err != nil {
		return err
	}
	switch k { // what the kind itself cannot make sense of
	case tandem.Event:
		_, err = event.Handler{Zones: zones}.Inspect(body)
	case tandem.Task:
		_, err = task.Handler{Zones: zones}.Inspect(body)
	default:
		_, err = note.Handler{}.Inspect(body)
	}
	if err != nil {
		return refuse(davxml.C("valid-calendar-data"), err.Error())
	}
	return c.limits(ob)
}

func unsupportedCalendar(text string) error {
	return refuse(davxml.C("supported-calendar-data"), text, davxml.New(davxml.C("calendar-data")).With("content-type", "text/calendar").With("version", "2.0"))
}
