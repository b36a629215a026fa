package main

import (
	"log/slog"

	kinds "tandem/kind/all"
	phones "tandem/server/eas/all"
)

// newPhones puts the phones' door together. It lets in whom the hub knows, so that what a person orders holds at once.
func (h *hub) newPhones(p doorPlan, log *slog.Logger) *phones.Door {
	return phones.New(phones.Config{Store: h.store, Kinds: kinds.Kinds(), Views: kinds.Views(), Accounts: h.accounts, Devices: h.devices, Meetings: h.meetings, Outgoing: h.outgoing, Away: h.filters.Changed, Log: log,
		Trust: p.trusts, Watch: h.watch.phones(), Agents: p.agents})
}
