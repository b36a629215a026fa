package main

import (
	"context"
	"log/slog"
	"strings"

	"tandem"
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
	meetings.Elsewhere = tellsItself(st.Settings)
	paths := meetings.URIs
	meetings.URIs = func(u store.User) []string { return append(paths(u), outgoing.Address(u)) }
	return &arrival.Watcher{Home: st.Home, Texts: st.Texts, Accounts: st.Accounts, Props: st.Props, Log: log,
		Handlers: []arrival.Handler{&imip.Reader{Calendars: meetings, Events: st.Events}, &away.Responder{Post: out, Users: boxes, Lookup: st.Lookup, Domains: domains, Other: filters.Answers, Log: log}}}
}

// tellsItself reports calendars that are kept in step with a CalDAV server. Most of them send invitations themselves (RFC 6638), and people would be invited twice.
func tellsItself(settings store.Settings) func(context.Context, tandem.Collection) (bool, error) {
	return func(ctx context.Context, c tandem.Collection) (bool, error) {
		items, err := settings.Items(ctx)
		if err != nil {
			return false, err
		}
		for _, it := range items {
			if it.Collection != c.ID || !it.Enabled {
				continue
			}
			partners, err := settings.Partners(ctx)
			if err != nil {
				return false, err
			}
			for _, p := range partners {
				if p.Name == it.Partner && strings.HasPrefix(p.Provider, "caldav") {
					return true, nil
				}
			}
		}
		return false, nil
	}
}
