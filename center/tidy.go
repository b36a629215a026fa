package center

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// How long is kept what was overwritten or deleted, and what is said about it: versions in history, here and at places
// that keep them themselves, the results log, and tombstones.
const (
	KeepDefault = 30 * day
	KeepMin     = day
	KeepMax     = 366 * day

	day = 24 * time.Hour
)

// Names of the hub's values in the store.
const (
	valueKeep   = "keep-history" // seconds
	valueTidied = "tidied"       // Unix seconds by the clock of the last tidying
	valueLimit  = "tidied-until" // Unix seconds; what is older is gone
)

// maxStep bounds by how much more time than the last time one tidying forgets. A clock that is far ahead for a day then
// costs a week of history and not all of it; after a long pause, the days that follow catch up.
const maxStep = 7 * day

// tidyCheck is how often a hub that runs looks whether a day has passed. It is short against a day, since timers stand
// still while a machine sleeps.
const tidyCheck = time.Hour

// KeepHistory settles for how long history and log are kept, from now on. It is remembered. Invalid: not within KeepMin
// and KeepMax.
func (h *Hub) KeepHistory(ctx context.Context, d time.Duration) error {
	if d < KeepMin || d > KeepMax {
		return &tandem.Error{Kind: tandem.Invalid, Op: "keep history", Err: fmt.Errorf("%s is not between %s and %s", Days(d), Days(KeepMin), Days(KeepMax))}
	}
	v, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil || keepOf(v) == d {
		return err
	}
	// Without the limit of the last time, the next tidying is not held back by maxStep: this change is meant.
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueKeep: strconv.FormatInt(int64(d/time.Second), 10), valueTidied: "1", valueLimit: ""})
}

// Days writes a span in whole days.
func Days(d time.Duration) string {
	if n := int(d / day); n != 1 {
		return strconv.Itoa(n) + " days"
	}
	return "1 day"
}

// ParseDays reads a span of days, "30d" or "30", or weeks, "4w". The error is Invalid.
func ParseDays(text string) (time.Duration, error) {
	unit := day
	number := strings.TrimSuffix(text, "d")
	if weeks, ok := strings.CutSuffix(text, "w"); ok {
		number, unit = weeks, 7*day
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "read span", Thing: strconv.Quote(text), Remedy: "write days like 30d, or weeks like 4w"}
	}
	return time.Duration(n) * unit, nil
}

func keepOf(values map[string]string) time.Duration {
	if s, err := strconv.ParseInt(values[valueKeep], 10, 64); err == nil {
		if d := time.Duration(s) * time.Second; d >= KeepMin && d <= KeepMax {
			return d
		}
	}
	return KeepDefault
}

// tidy forgets what is older than it is to be kept, once a day. When it is not due yet, that costs one query, and
// nothing for the hours that follow. A failure is logged and hinders nothing; the next day tries again.
func (h *Hub) tidy(ctx context.Context) {
	now := h.cfg.Now()
	h.mu.Lock()
	due := !now.Before(h.tidied.Add(tidyCheck)) || now.Before(h.tidied)
	if due {
		h.tidied = now
	}
	h.mu.Unlock()
	if !due {
		return
	}
	if err := h.tidyAt(ctx, now); err != nil && !errors.Is(err, context.Canceled) {
		h.cfg.Log.Warn("old history could not be forgotten", "error", err)
	}
}

func (h *Hub) tidyAt(ctx context.Context, now time.Time) error {
	v, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	last, errLast := strconv.ParseInt(v[valueTidied], 10, 64)
	if since := now.Sub(time.Unix(last, 0)); errLast == nil && since >= 0 && since < day {
		return nil
	}
	limit := now.Add(-keepOf(v)).Unix()
	if old, err := strconv.ParseInt(v[valueLimit], 10, 64); err == nil {
		limit = min(limit, old+int64(maxStep/time.Second))
	}
	if errLast == nil { // the first time, nothing is old
		if err := h.forget(ctx, limit); err != nil {
			return err
		}
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueTidied: strconv.FormatInt(now.Unix(), 10), valueLimit: strconv.FormatInt(limit, 10)})
}

// forget removes what is older than limit, in Unix seconds.
func (h *Hub) forget(ctx context.Context, limit int64) error {
	versions, err := h.cfg.Store.History.Purge(ctx, limit)
	if err != nil {
		return err
	}
	events, err := h.cfg.Store.Events.Purge(ctx, limit)
	if err != nil {
		return err
	}
	freed, err := h.cfg.Store.Blobs.Sweep(ctx)
	if err != nil {
		return err
	}
	parked, err := h.forgetParked(ctx, limit)
	if versions > 0 || events > 0 || freed+parked > 0 {
		h.cfg.Log.Info("forgot what was too old to keep", "versions", versions, "log lines", events, "bytes", freed+parked)
	}
	return err
}

// forgetParked lets places that keep overwritten versions themselves forget the old ones. Only places that were synced
// lately are opened, and only the very place that was synced then is touched; what cannot be reached waits for another day.
func (h *Hub) forgetParked(ctx context.Context, limit int64) (freed int64, err error) {
	places, err := h.knownPlaces(ctx, limit-int64(maxStep/time.Second))
	if err != nil {
		return 0, err
	}
	for _, k := range places {
		n, err := h.forgetAt(ctx, k, limit)
		freed += n
		if ctx.Err() != nil {
			return freed, ctx.Err()
		}
		if err != nil {
			h.cfg.Log.Info("the history of a place could not be tidied", "place", k.text, "error", err)
		}
	}
	return freed, nil
}

// known is a place with the identities of the pair that it belongs to.
type known struct {
	text string
	ids  [2]tandem.Identity
}

// knownPlaces lists the places of all pairs that were synced after a time and that may keep versions themselves.
func (h *Hub) knownPlaces(ctx context.Context, after int64) (out []known, err error) {
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	byKey := map[string]store.Item{}
	for _, it := range items {
		byKey[itemKey(it)] = it
	}
	for _, p := range pairs {
		if p.Last < after {
			continue
		}
		var texts []string
		if it, ok := byKey[p.Key]; ok {
			if place, err := h.itemPlace(ctx, it); err == nil {
				texts = []string{place.Text}
			}
		} else if _, a, b, ok := placesOf(p.Key); ok {
			texts = []string{a, b}
		}
		for _, text := range texts {
			if h.mayPark(text) && !slices.ContainsFunc(out, func(k known) bool { return k.text == text }) {
				out = append(out, known{text, p.Identities})
			}
		}
	}
	return out, nil
}

// mayPark reports whether a place keeps versions outside of the store, whose own history is forgotten as a whole.
func (h *Hub) mayPark(text string) bool {
	place, err := h.cfg.Places.ParsePlace(text)
	if err != nil {
		return false
	}
	prov, err := h.cfg.Places.Provider(place.Provider)
	return err == nil && prov.Features.Parks && prov.Name != homeProvider
}

// homeProvider is the provider of home collections, whose parked versions are the store's history.
const homeProvider = "home"

func (h *Hub) forgetAt(ctx context.Context, k known, limit int64) (int64, error) {
	place, err := h.cfg.Places.ParsePlace(k.text)
	if err != nil {
		return 0, err
	}
	env, err := h.envFor(ctx, place)
	if err != nil {
		return 0, err
	}
	o, err := h.cfg.Places.Open(ctx, k.text, env)
	if err != nil {
		return 0, err
	}
	defer o.Close()
	parker, ok := o.Replica.(provider.Parker)
	if !ok {
		return 0, nil
	}
	id, err := o.Identity(ctx)
	if err != nil || !slices.Contains(k.ids[:], id) {
		return 0, err
	}
	// A day later than the store's own history, so that no entry is left that speaks of a version which is gone.
	return parker.Purge(ctx, limit-int64(day/time.Second))
}

// tidyDaily tidies until ctx is done.
func (h *Hub) tidyDaily(ctx context.Context) {
	for {
		h.tidy(ctx)
		if h.isStarted() {
			if err := h.remind(ctx); err != nil && ctx.Err() == nil {
				h.cfg.Log.Error("cannot remind of items that do not sync", "error", err)
			}
		}
		if !sleep(ctx, tidyCheck) {
			return
		}
	}
}

// tidyAfter tidies after runs that were asked for, where no hub does so by itself. A preview changes nothing.
func (h *Hub) tidyAfter(ctx context.Context, opt SyncOptions) {
	if !opt.Preview && ctx.Err() == nil && !h.isStarted() {
		h.tidy(ctx)
	}
}

// isStarted reports whether the hub works by itself, and so tidies by itself.
func (h *Hub) isStarted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started != nil
}
