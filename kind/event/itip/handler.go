package itip

import (
	"tandem"
	"tandem/kind"
	"tandem/kind/internal/calendar"
	"tandem/kind/recur"
)

// Handler is the kind invitation: messages about events, as they came. The zero value is ready for use.
type Handler struct{ Zones *recur.Zones }

var _ kind.Handler = Handler{}

func (h Handler) calendar() calendar.Handler {
	return calendar.Handler{Of: tandem.Invitation, Component: "VEVENT", Zones: h.Zones}
}

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.Invitation }

// Inspect implements kind.Handler.
func (h Handler) Inspect(body []byte) (kind.Info, error) { return h.calendar().Inspect(body) }

// Merge implements kind.Handler.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) { return h.calendar().Merge(base, a, b) }
