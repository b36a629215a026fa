package center

import (
	"context"

	"tandem"
	way "tandem/center/reach"
	"tandem/provider"
	"tandem/store"
)

// Pending is what changed in an item's home collection and has not been carried to its place yet (inventory OF-17).
type Pending struct {
	Records int   // created, changed, renamed or deleted
	Bytes   int64 // what those that were created or changed hold
	More    bool  // there may be more: not everything was looked at
}

// maxPending bounds how many changes are looked at to tell what is pending.
const maxPending = 2000

// pending compares what the home collection tells of since the last run with what that run and the ones before agreed on. What the runs wrote themselves is not
// pending, nor is what waits in a conflict or is set aside, which is told by itself, nor what the last run saw and left out.
func (h *Hub) pending(ctx context.Context, c tandem.Collection, p store.Pair, seen int64) (out Pending, err error) {
	home, err := h.cfg.OpenHome(c)
	if err != nil {
		return out, err
	}
	defer home.Close()
	changes, _ := home.Changes(ctx, p.Cursors[tandem.SideA])
	var list []tandem.Change
	for x, err := range changes {
		if err != nil {
			return out, err
		}
		if len(list) == maxPending {
			out.More = true
			break
		}
		list = append(list, x)
	}
	rows, err := h.rowsAtHome(ctx, p, list)
	if err != nil {
		return out, err
	}
	gone := map[string]bool{} // nodes of what is gone under its id: found under another one, it was renamed
	var fresh []tandem.Change
	for _, x := range list {
		row, known := rows[x.ID]
		switch {
		case known && (row.Clash != nil || row.Aside != nil):
		case x.Presence == tandem.Absent && known && row.B.ID != "":
			out.Records++
			if row.A.Node != "" {
				gone[row.A.Node] = true
			}
		case x.Presence == tandem.Present && known && row.A.Version != x.Version:
			out.Records++
			out.Bytes += x.Size
		case x.Presence == tandem.Present && !known:
			fresh = append(fresh, x)
		}
	}
	return out, h.addFresh(ctx, c, fresh, gone, seen, &out)
}

// addFresh counts records that no run has agreed on.
func (h *Hub) addFresh(ctx context.Context, c tandem.Collection, fresh []tandem.Change, gone map[string]bool, seen int64, out *Pending) error {
	ids := make([]tandem.ID, 0, len(fresh))
	for _, x := range fresh {
		if x.Node == "" || !gone[x.Node] {
			ids = append(ids, x.ID)
		}
	}
	for rec, err := range h.cfg.Store.Home.Get(ctx, c.ID, ids) {
		switch {
		case tandem.IsKind(err, tandem.Unreadable):
			out.More = true
			return nil
		case err != nil:
			return err
		case rec.Written >= seen:
			out.Records++
			out.Bytes += rec.Size
		}
	}
	return nil
}

// rowsAtHome are the rows of a base about changes at home, by their ids.
func (h *Hub) rowsAtHome(ctx context.Context, p store.Pair, list []tandem.Change) (map[tandem.ID]tandem.Row, error) {
	out := make(map[tandem.ID]tandem.Row, len(list))
	if len(list) == 0 {
		return out, nil
	}
	ids := make([]tandem.ID, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	rows, err := h.cfg.Store.Bases.RowsOf(ctx, p.ID, tandem.SideA, ids)
	for _, r := range rows {
		out[r.A.ID] = r
	}
	return out, err
}

// notePending fills in what waits to be carried to the place, where the item carries anything there and has run to its end once.
func (h *Hub) notePending(ctx context.Context, st *ItemStatus, c tandem.Collection, p store.Pair) error {
	rules, err := decodeRules(st.Item.Rules)
	if err != nil || inward(rules) || p.Last == 0 || st.Running {
		return nil
	}
	seen := p.Last
	if st.Last != nil && st.Last.Finished != 0 && (st.Last.Result == "ok" || st.Last.Result == "conflicts") {
		seen = st.Last.Started
	}
	st.Pending, err = h.pending(ctx, c, p, seen)
	return err
}

// LinkState is how an item's place is connected, as Folder2.OfflineStatus tells it of a folder (inventory OF-09).
type LinkState string

// The states of a link.
const (
	LinkInactive LinkState = "inactive" // disabled, paused, or never synced: nothing is kept in step
	LinkOnline   LinkState = "online"
	LinkChanged  LinkState = "changed" // on line, and what changed here has not been sent: the "dirty cache"
	LinkOffline  LinkState = "offline" // out of reach
	LinkBack     LinkState = "back"    // its host answers again, and it has not been synced since
	LinkUnknown  LinkState = ""        // nobody has tried since the hub started, and the last run does not tell
)

// linkOf tells how the place of an item is connected, by what is known; nothing is asked for it.
func (h *Hub) linkOf(st ItemStatus, place provider.Place) LinkState {
	target, _ := way.Target(place)
	if place.Options[provider.OnBehalf] != "" {
		target = "" // whether a server is there that may not be reached is nobody's business
	}
	r, tried := h.reached(st.Item.Name)
	answer, asked := h.links.Known(target)
	switch {
	case !st.Item.Enabled, st.Paused, st.Last == nil:
		return LinkInactive
	case target != "" && !way.Local(target) && h.around.now().Offline:
		return LinkOffline
	case tried && !r.ok && asked && answer.Err == nil && answer.At.Unix() >= r.at:
		return LinkBack
	case tried && !r.ok, asked && answer.Err != nil && answer.At.Unix() > r.at:
		return LinkOffline
	case !tried && st.Last.Result == "failed":
		return LinkUnknown
	case st.Pending.Records > 0:
		return LinkChanged
	}
	return LinkOnline
}
