package center

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"tandem"
	"tandem/partner/device"
	"tandem/store"
)

// FilterOption is the option of LeftOut for what a phone itself leaves out: FilterType. MS-ASCMD 2.2.3.68.2
const FilterOption = "FilterType"

// maxBeyond is how far records that a phone leaves out are counted.
const maxBeyond = 1000

// firstOfPhone is FirstSync for what a phone syncs: it met long ago, and tells what the phone leaves out.
func (h *Hub) firstOfPhone(ctx context.Context, item string) (First, error) {
	missing := &tandem.Error{Kind: tandem.NotFound, Op: "find sync item", Thing: item, Err: errors.New("no phone syncs this"), Remedy: "`tandem handler show` lists what a phone syncs"}
	var number, id int64
	if _, err := fmt.Sscanf(item, devicePrefix+"%d/%d", &number, &id); err != nil {
		return First{}, missing
	}
	devices, err := h.cfg.Store.Devices.Devices(ctx, "")
	if err != nil {
		return First{}, err
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return First{}, err
	}
	at := slices.IndexFunc(devices, func(d store.Device) bool { return d.Number == number })
	of := slices.IndexFunc(colls, func(c tandem.Collection) bool { return c.ID == id })
	if at < 0 || of < 0 {
		return First{}, missing
	}
	d, c := devices[at], colls[of]
	if theirs, err := h.sees(ctx, d.User, c); err != nil {
		return First{}, err
	} else if !theirs { // it was shared when the phone synced it
		return First{}, missing
	}
	docs, err := h.cfg.Store.Devices.State(ctx, d.Number, device.SyncDoc(c.ID))
	if err == nil && len(docs) == 0 {
		err = missing
	}
	if err != nil {
		return First{}, err
	}
	f := First{Item: item, User: d.User, Kind: c.Kind, Places: [2]string{c.Name, deviceName(d)}, Met: true, LeftOut: []LeftOut{}}
	if f.Records[0], _, err = h.cfg.Store.Lookup.Count(ctx, c.ID, math.MaxInt64); err != nil {
		return First{}, err
	}
	f.Records[1] = f.Records[0]
	out, err := h.leftByPhone(ctx, d, c)
	if err == nil && out != nil {
		f.LeftOut = append(f.LeftOut, *out)
		f.Records[1] -= out.Count
	}
	return f, err
}

// sees reports whether a collection is a user's own, or shared with them.
func (h *Hub) sees(ctx context.Context, user string, c tandem.Collection) (bool, error) {
	if strings.EqualFold(c.User, user) {
		return true, nil
	}
	shares, err := h.cfg.Store.Shares.SharedWith(ctx, user)
	return slices.ContainsFunc(shares, func(s store.Share) bool { return s.Collection == c.ID }), err
}

// leftByPhones is what the phones of a collection's user leave out of it. One that leaves out nothing that is there is not told of.
func (h *Hub) leftByPhones(ctx context.Context, c tandem.Collection) ([]LeftOut, error) {
	devices, err := h.cfg.Store.Devices.Devices(ctx, c.User)
	if err != nil {
		return nil, err
	}
	var out []LeftOut
	for _, d := range devices {
		l, err := h.leftByPhone(ctx, d, c)
		if err != nil {
			return nil, err
		}
		if l != nil && (l.Count > 0 || l.Value == unfinished) {
			out = append(out, *l)
		}
	}
	return out, nil
}

// unfinished is the value of FilterOption of a phone that asks only for tasks that are not finished. Those are not counted: it would take reading all.
const unfinished = "not finished"

// leftByPhone is what a phone leaves out of a collection because it asks only for what is new, nil: nothing.
func (h *Hub) leftByPhone(ctx context.Context, d store.Device, c tandem.Collection) (*LeftOut, error) {
	name := device.SyncDoc(c.ID)
	docs, err := h.cfg.Store.Devices.State(ctx, d.Number, name)
	if err != nil || docs[name] == nil {
		return nil, err
	}
	asks := device.AsksFor(docs[name])
	l := &LeftOut{There: true, Phone: deviceName(d), Sort: LeftByWindow, Option: FilterOption}
	cutoff, limited := device.Cutoff(asks.Filter, h.cfg.Now())
	switch {
	case c.Kind == tandem.Task && asks.Filter == device.Unfinished:
		l.Value, l.Why, l.More = unfinished, "the phone asks only for tasks that are not finished", "have the phone show finished tasks, too, if it can"
		return l, nil
	case !limited, c.Kind != tandem.Mail && c.Kind != tandem.Event:
		return nil, nil
	case c.Kind == tandem.Mail:
		l.More = "on the phone, in the settings of the account: choose more days of mail"
	default:
		l.More = "on the phone, in the settings of the calendar: choose to sync further back"
	}
	l.Value = device.Span(asks.Filter)
	l.Why = fmt.Sprintf("the phone asks only for what is newer than %s", l.Value)
	old, err := h.cfg.Store.Lookup.Ended(ctx, c.ID, math.MaxInt64, math.MinInt64, cutoff, 0, 0, maxBeyond+len(asks.Beyond))
	if err != nil {
		return nil, err
	}
	for _, r := range old {
		if r.Index.Start == 0 && r.Index.End == 0 || slices.Contains(asks.Beyond, r.Number) { // without a time, or it has the rest of the conversation
			continue
		}
		if l.Count++; len(l.Records) < 3 {
			l.Records = append(l.Records, r.ID)
		}
	}
	l.AtLeast = l.Count >= maxBeyond
	return l, nil
}
