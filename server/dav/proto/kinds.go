package proto

import (
	"mime"
	"path"

	"tandem"
)

// Component is the component of iCalendar that a collection of a kind holds, "" for those that hold none.
func Component(k tandem.Kind) string {
	switch k {
	case tandem.Event:
		return "VEVENT"
	case tandem.Task:
		return "VTODO"
	case tandem.Note:
		return "VJOURNAL"
	}
	return ""
}

// KindOf is the kind of collections that hold a component of iCalendar, "" for components that none hold by themselves.
func KindOf(component string) tandem.Kind {
	switch component {
	case "VEVENT":
		return tandem.Event
	case "VTODO":
		return tandem.Task
	case "VJOURNAL":
		return tandem.Note
	}
	return ""
}

// ContentType is the media type of a record.
func ContentType(k tandem.Kind, id tandem.ID) string {
	switch k {
	case tandem.Contact:
		return "text/vcard; charset=utf-8"
	case tandem.Event, tandem.Task, tandem.Note:
		return "text/calendar; charset=utf-8; component=" + Component(k)
	case tandem.Invitation:
		return "text/calendar; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(string(id))); t != "" {
		return t
	}
	return "application/octet-stream"
}
