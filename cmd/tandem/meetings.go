package main

import (
	"log/slog"

	"tandem/center"
	"tandem/partner/arrival"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/schedule"
	phones "tandem/server/eas/all"
	"tandem/store"
)

// byMail lets meetings reach people elsewhere, and what they send reach calendars.
func byMail(st *store.Store, meetings *schedule.Service, out *outgoing.Service, boxes *mailbox.Service, domains []string, filters *sieve.Service, log *slog.Logger) *arrival.Watcher {
	meetings.Zone = phones.Zone
	meetings.Outgoing = &imip.Sender{Post: out, Zone: phones.Zone, Log: log}
	meetings.Elsewhere = center.SendsItself(st.Settings)
	paths := meetings.URIs
	meetings.URIs = func(u store.User) []string { return append(paths(u), outgoing.Address(u)) }
	return &arrival.Watcher{Home: st.Home, Texts: st.Texts, Accounts: st.Accounts, Props: st.Props, Log: log,
		Handlers: []arrival.Handler{&imip.Reader{Calendars: meetings, Events: st.Events}, &away.Responder{Post: out, Users: boxes, Lookup: st.Lookup, Domains: domains, Other: filters.Answers, Log: log}}}
}
