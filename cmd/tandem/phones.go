package main

import (
	"log/slog"

	"tandem/center/notify"
	kinds "tandem/kind/all"
	phones "tandem/server/eas/all"
	"tandem/store"
)

// decided has phones that wait hear of what was decided about them.
func (h *hub) decided(d store.Device) {
	if h.doors != nil {
		h.doors.door.Decided(d)
	}
}

// policyChanged has a phone that waits hear of its new policy.
func (h *hub) policyChanged(d store.Device) {
	if h.doors != nil {
		h.doors.door.PolicyChanged(d)
	}
}

// lockedOut has the phones of a user log in again.
func (h *hub) lockedOut(user string) {
	if h.doors != nil {
		h.doors.door.LockedOut(user)
	}
}

// newPhones puts the phones' door together. It lets in whom the hub knows, so that what a person orders holds at once.
func (h *hub) newPhones(p doorPlan, log *slog.Logger) *phones.Door {
	return phones.New(phones.Config{Store: h.store, Kinds: kinds.Kinds(), Views: kinds.Views(), Accounts: h.accounts, Devices: h.devices, Meetings: h.meetings, Far: h.Far(), Outgoing: h.outgoing, Away: h.filters.Changed, Log: log,
		Language: notify.Language, Trust: p.trusts, Watch: h.watch.phones(), Agents: p.agents, Elsewhere: p.elsewhere})
}
