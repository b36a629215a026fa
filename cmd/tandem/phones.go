package main

import (
	"context"
	"log/slog"
	"time"

	"tandem/center"
	"tandem/center/notify"
	"tandem/engine"
	kinds "tandem/kind/all"
	phones "tandem/server/eas/all"
	"tandem/server/eas/runs"
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

// newRuns is the book of what phones sync, which the hub records run by run.
func (h *hub) newRuns(log *slog.Logger) *runs.Book {
	totals := func(n runs.Counts) engine.Totals {
		return engine.Totals{Creates: n.New, Updates: n.Changed, Moves: n.Moved, Deletes: n.Deleted}
	}
	phone := func(r runs.Run) center.PhoneRun {
		return center.PhoneRun{User: r.User, DeviceID: r.DeviceID, Collection: r.Collection, Began: r.Began, Ended: r.Ended,
			Done: [2]engine.Totals{totals(r.From), totals(r.To)}, Beyond: r.To.Beyond, Refused: r.Refused, InStep: r.InStep}
	}
	book := runs.New(now, func(r runs.Run) {
		if err := h.PhoneRan(context.Background(), phone(r)); err != nil {
			log.Error("cannot record what a phone synced", "user", r.User, "device", r.DeviceID, "error", err)
		}
	})
	book.Follow(func(r runs.Run, over bool) {
		if err := h.PhoneGoes(context.Background(), phone(r), over); err != nil {
			log.Error("cannot show what a phone syncs", "user", r.User, "device", r.DeviceID, "error", err)
		}
	})
	return book
}

// newPhones puts the phones' door together. It lets in whom the hub knows, so that what a person orders holds at once. What phones sync is noted in synced.
func (h *hub) newPhones(p doorPlan, synced *runs.Book, log *slog.Logger) *phones.Door {
	return phones.New(phones.Config{Store: h.store, Kinds: kinds.Kinds(), Views: kinds.Views(), Accounts: h.accounts, Devices: h.devices, Meetings: h.meetings, Far: h.Far(), Outgoing: h.outgoing, Mail: h.hasMail, Away: h.filters.Changed, Log: log,
		Language: notify.Language, Trust: p.trusts, Watch: append(h.watch.phones(), synced.Watch), Agents: p.agents, Hold: func(user string, device int64, now time.Time) time.Time {
			return h.NewsAt(context.Background(), user, device, now)
		}, Elsewhere: p.elsewhere})
}
