package center

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem"
	"tandem/center/progress"
	"tandem/center/webhook"
	"tandem/engine"
	"tandem/store"
)

// PhoneRun is what a phone and the hub told each other about one folder until both were quiet, as the phones' door tells of it.
type PhoneRun struct {
	User, DeviceID string // as the phone calls itself
	Collection     int64
	Began, Ended   time.Time
	Done           [2]engine.Totals // here, and on the phone
	Beyond         int              // taken off the phone, because they left the window that it asks for
	Refused        int              // what the phone wanted, and was not done
	InStep         bool             // it has everything that it asks for
}

// PhoneRan records a run of a phone: as a run of its sync item (device/N/C), with a line of the log, and with what webhooks are told, in one transaction. What the phone overwrote and deleted
// becomes the run's in history before, so that it can be undone as a whole once the log tells of it. A run of a phone that was removed meanwhile is nobody's, and passed over.
func (h *Hub) PhoneRan(ctx context.Context, p PhoneRun) error {
	d, err := h.cfg.Store.Devices.Device(ctx, p.User, p.DeviceID)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	phone := PhoneID(d)
	r := store.Run{Item: phone + "/" + number(p.Collection), Started: p.Began.Unix(), Finished: max(p.Ended.Unix(), p.Began.Unix()), Result: "ok"}
	detail, err := json.Marshal(phoneCounts{p.Done, p.Refused, p.Ended.Sub(p.Began).Seconds(), p.Beyond, p.InStep})
	if err != nil {
		return err
	}
	r.Detail = string(detail)
	e := store.Event{When: r.Finished, User: d.User, Item: r.Item, Level: store.Info, Text: phoneText(p), Link: LinkDevice + "/" + d.ID, LinkText: progress.Cut(deviceName(d)+": "+h.folderName(ctx, d.User, p.Collection), progress.MaxText)}
	if r.ID, err = h.cfg.Store.Events.StartRun(ctx, r); err != nil {
		return err
	}
	e.Session = r.ID
	wrote := store.Claim{Collection: p.Collection, User: d.User, Via: d.Via(), Since: r.Started, Until: r.Finished}
	if _, err = h.cfg.Store.History.Claim(ctx, r.ID, wrote); err != nil {
		return err
	}
	tell, terr := h.phoneDeliveries(ctx, p, d, phone, r)
	err = errors.Join(terr, h.cfg.Store.Events.EndRun(ctx, r, []store.Event{e}, tell...))
	if len(tell) > 0 && err == nil {
		h.cfg.Hooks.Poke()
	}
	return err
}

// PhoneID is the id of a phone's handler.
func PhoneID(d store.Device) string { return devicePrefix + number(d.Number) }

// PhoneOf is the handler of a phone, given the id of something that it syncs; ok is false for other items.
func PhoneOf(item string) (handler string, ok bool) {
	number, folder, ok := strings.Cut(strings.TrimPrefix(item, devicePrefix), "/")
	if !ok || !strings.HasPrefix(item, devicePrefix) || number == "" || folder == "" {
		return "", false
	}
	return devicePrefix + number, true
}

// phoneCounts is what Run.Detail keeps of a phone's run; the first three are those of every run.
type phoneCounts struct {
	Done     [2]engine.Totals
	Problems int
	Seconds  float64
	Beyond   int  `json:",omitempty"`
	InStep   bool `json:",omitempty"`
}

func deviceName(d store.Device) string {
	return firstText(d.Info["name"], d.Info["model"], d.Type, d.ID)
}

// folderName is what people call a collection that a user syncs, their own or one that is shared with them, and its number once it is gone.
func (h *Hub) folderName(ctx context.Context, user string, id int64) string {
	own, _ := h.cfg.Store.Home.Collections(ctx, user) // error: the number does
	for _, c := range own {
		if c.ID == id {
			return c.Title()
		}
	}
	shares, _ := h.cfg.Store.Shares.SharedWith(ctx, user) // error: likewise
	for _, s := range shares {
		if s.Collection == id {
			return s.Of.Title()
		}
	}
	return number(id)
}

// phoneText sums a phone's run up for people.
func phoneText(p PhoneRun) string {
	end := "it has not fetched everything yet"
	if p.InStep {
		end = "in step"
	}
	return strings.Trim(phoneCarried(p)+"; "+end, "; ")
}

// phoneCarried is what a phone's run carried, in words.
func phoneCarried(p PhoneRun) string {
	var parts []string
	for _, x := range []struct {
		before string
		counts []tally
	}{
		{"to the phone: ", append(talliesOf(p.Done[1]), tally{p.Beyond, "beyond its window"})},
		{"from the phone: ", talliesOf(p.Done[0])},
	} {
		var some []string
		for _, c := range x.counts {
			if c.n > 0 {
				some = append(some, fmt.Sprintf("%d %s", c.n, c.word))
			}
		}
		if len(some) > 0 {
			parts = append(parts, x.before+strings.Join(some, ", "))
		}
	}
	if p.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", p.Refused))
	}
	return strings.Join(parts, "; ")
}

// tally is a number of records with what became of them.
type tally struct {
	n    int
	word string
}

func talliesOf(t engine.Totals) []tally {
	return []tally{{t.Creates, "new"}, {t.Updates, "changed"}, {t.Moves, "moved"}, {t.Deletes, "deleted"}}
}

// phoneDeliveries are the deliveries of what webhooks are told of a phone's run.
func (h *Hub) phoneDeliveries(ctx context.Context, p PhoneRun, d store.Device, phone string, r store.Run) ([]store.Delivery, error) {
	if h.cfg.Hooks == nil {
		return nil, nil
	}
	written := func(t engine.Totals) webhook.Written {
		return webhook.Written{Created: t.Creates, Changed: t.Updates, Moved: t.Moves, Deleted: t.Deletes}
	}
	told := webhook.RunTold{Item: r.Item, User: d.User, Partner: phone, Run: r.ID, Result: r.Result, Home: written(p.Done[0]), There: written(p.Done[1]), Problems: p.Refused,
		Seconds: p.Ended.Sub(p.Began).Seconds(), By: progress.Cut(deviceName(d), progress.MaxName), Ended: time.Unix(r.Finished, 0).UTC()}
	return h.cfg.Hooks.Compose(ctx, []webhook.Happening{{Key: "run/" + number(r.ID), Event: webhook.RunEnded, User: d.User, Item: r.Item, Data: told}})
}
