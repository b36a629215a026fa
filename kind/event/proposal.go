package event

import (
	"strings"
	"time"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Proposed is the parameter of ATTENDEE, in the organizer's event, that keeps the time that the attendee proposed, as "start/end" in UTC. It is never sent.
const Proposed = "X-TANDEM-PROPOSED"

// ProposalOf is the time that an attendee proposed. MS-ASCMD 2.2.3.140, 2.2.3.141
func ProposalOf(l *contentline.Line) (start, end time.Time, ok bool) {
	v, _ := l.Param(Proposed)
	from, to, found := strings.Cut(v, "/")
	a, err1 := ical.ParseTime(from, "")
	b, err2 := ical.ParseTime(to, "")
	if !found || err1 != nil || err2 != nil || a.Form != ical.UTC || b.Form != ical.UTC {
		return start, end, false
	}
	return time.Unix(a.Wall, 0).UTC(), time.Unix(b.Wall, 0).UTC(), true
}

// SetProposal keeps the time that an attendee proposes, in Unix seconds; 0, 0 forgets it.
func SetProposal(l *contentline.Line, start, end int64) {
	if start == 0 && end == 0 {
		if _, ok := l.Param(Proposed); ok {
			l.DelParam(Proposed)
		}
		return
	}
	l.SetParam(Proposed, ical.Time{Wall: start, Form: ical.UTC}.String()+"/"+ical.Time{Wall: end, Form: ical.UTC}.String())
}
