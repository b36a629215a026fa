// Package note knows notes: iCalendar objects with one series of VJOURNAL (RFC 5545 3.6). What it makes of them is the same
// for all kinds of calendar records and lives in package calendar.
package note

import (
	"tandem"
	"tandem/kind"
	"tandem/kind/internal/calendar"
	"tandem/kind/recur"
)

// Handler is the kind note. The zero value is ready for use; with Zones set, time zones are loaded once and not anew
// for every record.
type Handler struct{ Zones *recur.Zones }

var (
	_ kind.Handler = Handler{}
	_ kind.Renamer = Handler{}
)

func (h Handler) calendar() calendar.Handler {
	return calendar.Handler{Of: tandem.Note, Component: "VJOURNAL", Zones: h.Zones}
}

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.Note }

// Inspect implements kind.Handler.
func (h Handler) Inspect(body []byte) (kind.Info, error) { return h.calendar().Inspect(body) }

// Merge implements kind.Handler.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) { return h.calendar().Merge(base, a, b) }

// WithUID implements kind.Renamer.
func (h Handler) WithUID(body []byte, uid string) ([]byte, error) {
	return h.calendar().WithUID(body, uid)
}
