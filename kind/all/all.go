// Package all names every kind of record that Tandem knows. It is the one list of them.
package all

import (
	"tandem"
	"tandem/kind"
	"tandem/kind/contact"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/kind/event/itip"
	"tandem/kind/file"
	"tandem/kind/mail"
	"tandem/kind/note"
	"tandem/kind/recipient"
	"tandem/kind/recur"
	"tandem/kind/sms"
	"tandem/kind/task"
)

// Kinds returns a fresh map of all handlers by kind. Those that deal with times share one memory of zones.
func Kinds() map[tandem.Kind]kind.Handler {
	zones := &recur.Zones{}
	kinds := map[tandem.Kind]kind.Handler{}
	for _, h := range []kind.Handler{contact.Handler{}, event.Handler{Zones: zones}, task.Handler{Zones: zones}, note.Handler{Zones: zones}, file.Handler{},
		itip.Handler{Zones: zones}, mail.Handler{}, sms.Handler{}, recipient.Handler{}} {
		kinds[h.Kind()] = h
	}
	return kinds
}

// Views returns a fresh map of what Exchange ActiveSync sees of each kind. Those that deal with times share one memory of zones.
func Views() map[tandem.Kind]eas.View {
	zones := &recur.Zones{}
	return map[tandem.Kind]eas.View{
		tandem.Contact: contact.View{},
		tandem.Event:   event.View{Zones: zones},
		tandem.Task:    task.View{Zones: zones},
		tandem.Note:    note.View{},
		tandem.Mail:    mail.View{Zones: zones},

		tandem.Recipient: recipient.View{},
	}
}
